//! `POST /v1/reload`: the scenario is loaded anew.

use super::{ControlRequest, ControlResponse};
use crate::control::api::ReloadOrder;
use crate::control::order::Order;

pub(super) async fn post(mut ask: ControlRequest) -> ControlResponse {
    match ask.read().await {
        Ok(ReloadOrder { keep }) => {
            ask.order(|outcome| Order::Reload { by: ask.caller, keep, outcome }).await
        }
        Err(refused) => refused,
    }
}
