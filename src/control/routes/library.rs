//! `GET /v1/scenarios`: the library. `POST /v1/use`: one of it is served until the next reload.

use hyper::StatusCode;
use tokio::task::spawn_blocking;

use super::{ControlRequest, ControlResponse, json, refusal, stopping};
use crate::control::api::UseOrder;
use crate::control::order::Order;

pub(super) async fn get(ask: ControlRequest) -> ControlResponse {
    match spawn_blocking(move || (ask.desk.library)()).await {
        Ok(Ok(library)) => json(StatusCode::OK, &library),
        Ok(Err(why)) => refusal(StatusCode::SERVICE_UNAVAILABLE, why),
        Err(_) => stopping(),
    }
}

pub(super) async fn post(mut ask: ControlRequest) -> ControlResponse {
    match ask.read().await {
        Ok(UseOrder { scenario }) => {
            ask.order(|outcome| Order::Use { by: ask.caller, scenario, outcome }).await
        }
        Err(refused) => refused,
    }
}
