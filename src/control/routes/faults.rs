//! `POST /v1/faults`: something goes wrong, now or later. `DELETE /v1/faults`: no more.

use super::{ControlRequest, ControlResponse};
use crate::control::order::Order;

pub(super) async fn post(mut ask: ControlRequest) -> ControlResponse {
    match ask.read().await {
        Ok(fault) => ask.order(|outcome| Order::Fault { by: ask.caller, fault, outcome }).await,
        Err(refused) => refused,
    }
}

pub(super) async fn delete(ask: ControlRequest) -> ControlResponse {
    ask.order(|outcome| Order::ClearFaults { by: ask.caller, outcome }).await
}
