//! `POST /v1/events`: something happens, now or later.

use super::{Answer, Ask};
use crate::control::order::Order;

pub(super) async fn post(mut ask: Ask) -> Answer {
    match ask.read().await {
        Ok(event) => ask.order(|outcome| Order::Event { by: ask.caller, event, outcome }).await,
        Err(refused) => refused,
    }
}
