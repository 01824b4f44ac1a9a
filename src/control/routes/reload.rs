//! `POST /v1/reload`: the scenario is loaded anew.

use super::{Answer, Ask};
use crate::control::api::ReloadOrder;
use crate::control::order::Order;

pub(super) async fn post(mut ask: Ask) -> Answer {
    match ask.read().await {
        Ok(ReloadOrder { keep }) => {
            ask.order(|outcome| Order::Reload { by: ask.caller, keep, outcome }).await
        }
        Err(refused) => refused,
    }
}
