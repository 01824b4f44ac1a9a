//! `POST /v1/clock`: the scenario's clock is moved.

use hyper::StatusCode;

use super::{ControlRequest, ControlResponse, refusal};
use crate::control::api::ClockOrder;
use crate::control::order::{ClockMovement, Order};

pub(super) async fn post(mut ask: ControlRequest) -> ControlResponse {
    let movement = match ask.read().await.map(movement) {
        Ok(Ok(movement)) => movement,
        Ok(Err(why)) => return refusal(StatusCode::BAD_REQUEST, why),
        Err(refused) => return refused,
    };
    ask.order(|outcome| Order::Clock { by: ask.caller, movement, outcome }).await
}

fn movement(order: ClockOrder) -> Result<ClockMovement, String> {
    match order {
        ClockOrder { seek: Some(to), pause: false, resume: false } => {
            to.parse().map_err(|accepted| format!("seek is {to:?}; {accepted}"))
        }
        ClockOrder { seek: None, pause: true, resume: false } => Ok(ClockMovement::Pause),
        ClockOrder { seek: None, pause: false, resume: true } => Ok(ClockMovement::Resume),
        _ => {
            Err("accepted: one of {\"seek\": \"1m30s\"}, {\"pause\": true} and {\"resume\": true}".to_owned())
        }
    }
}
