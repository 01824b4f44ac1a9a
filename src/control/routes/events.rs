//! `POST /v1/events`: something happens, now or later.

use super::{ControlRequest, ControlResponse};
use crate::control::order::Order;

pub(super) async fn post(mut ask: ControlRequest) -> ControlResponse {
    match ask.read().await {
        Ok(event) => ask.order(|outcome| Order::Event { by: ask.caller, event, outcome }).await,
        Err(refused) => refused,
    }
}
