//! `POST /v1/reload`: the scenario is loaded anew.

use hyper::StatusCode;
use tokio::sync::oneshot;

use super::{Answer, Ask, json, stopping};
use crate::control::order::Order;

pub(super) async fn post(ask: Ask) -> Answer {
    let (outcome, answer) = oneshot::channel();
    if ask.desk.orders.send(Order::Reload { by: ask.caller, outcome }).await.is_err() {
        return stopping();
    }
    match answer.await {
        Ok(Ok(reloaded)) => json(StatusCode::OK, &reloaded),
        Ok(Err(rejected)) => json(StatusCode::UNPROCESSABLE_ENTITY, &rejected),
        Err(_) => stopping(),
    }
}
