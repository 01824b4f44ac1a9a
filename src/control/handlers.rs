//! The handlers of the control socket's routes, but for the journal's.

use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::task::spawn_blocking;

use super::api::{
    ClearOrder, ClearScope, ClockOrder, LiveOrder, ReloadOrder, RemoveFaultsOrder, ShownContent, ShownReply,
    UseOrder,
};
use super::environment_query::{EnvironmentError, EnvironmentQuery};
use super::exchange::{ControlRequest, ControlResponse, RequestRefusal, json};
use super::order::{ClockMovement, Order, ScenarioChoice};
use super::query::Query;
use crate::imds::absolute;
use crate::metrics::MEDIA_TYPE;
use crate::model::Accepted;

pub(super) async fn status(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    request.compute(|backend| json(StatusCode::OK, &(backend.status)())).await
}

pub(super) async fn metrics(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let text = |text: String| {
        let mut response = Response::new(Full::new(text.into()));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        response
    };
    request.compute(move |backend| text((backend.metrics)())).await
}

pub(super) async fn reload(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let ReloadOrder { keep } = request.read().await?;
    request.order(|reply| Order::Reload { by: request.source(), keep, reply }).await
}

pub(super) async fn add_event(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let order = LiveOrder::Event(request.read().await?);
    request.order(|reply| Order::Live { by: request.source(), order, reply }).await
}

pub(super) async fn add_fault(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let order = LiveOrder::Fault(request.read().await?);
    request.order(|reply| Order::Live { by: request.source(), order, reply }).await
}

pub(super) async fn faults(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    request.compute(|backend| json(StatusCode::OK, &(backend.status)().faults)).await
}

pub(super) async fn set_fault(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let words = request.read().await?;
    request.order(|reply| Order::SetFault { by: request.source(), words, reply }).await
}

pub(super) async fn remove_faults(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let order: RemoveFaultsOrder = request.read().await?;
    if order.all != order.names.is_empty() {
        let accepted = "accepted: one of {\"names\": [\"NAME\"]} and {\"all\": true}";
        return Err(RequestRefusal::new(StatusCode::BAD_REQUEST, accepted));
    }
    request.order(|reply| Order::RemoveFaults { by: request.source(), order, reply }).await
}

pub(super) async fn clear_faults(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    request.order(|reply| Order::Clear { by: request.source(), what: ClearScope::Faults, reply }).await
}

pub(super) async fn clear(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let ClearOrder { what } = request.read().await?;
    request.order(|reply| Order::Clear { by: request.source(), what, reply }).await
}

pub(super) async fn move_clock(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let movement = movement(request.read().await?)
        .map_err(|error| RequestRefusal::new(StatusCode::BAD_REQUEST, error))?;
    request.order(|reply| Order::Clock { by: request.source(), movement, reply }).await
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

pub(super) async fn use_scenario(mut request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let scenario = match request.read().await? {
        UseOrder { scenario: Some(name), content: None } => ScenarioChoice::Named(name),
        UseOrder { scenario: None, content: Some(content) } => {
            content.check().map_err(|why| RequestRefusal::new(StatusCode::BAD_REQUEST, why))?;
            ScenarioChoice::Sent(content)
        }
        UseOrder { .. } => {
            let accepted = "accepted: one of {\"scenario\": \"NAME\"} and {\"content\": {\"text\": \"…\"}}";
            return Err(RequestRefusal::new(StatusCode::BAD_REQUEST, accepted));
        }
    };
    request.order(|reply| Order::Use { by: request.source(), scenario, reply }).await
}

pub(super) async fn library(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    match spawn_blocking(move || (request.backend.library)()).await {
        Ok(Ok(library)) => Ok(json(StatusCode::OK, &library)),
        Ok(Err(why)) => Err(RequestRefusal::new(StatusCode::SERVICE_UNAVAILABLE, why)),
        Err(_) => Err(RequestRefusal::stopping()),
    }
}

pub(super) async fn show(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let mut query = Query::read(request.request.uri().query());
    let parameters = || {
        let path = query.take("path", |text| Ok(absolute(text)))?;
        let client = query.take("client", |text| text.parse().map_err(|_| Accepted("an address")))?;
        query.finish()?;
        Ok((path.ok_or("no path is given; accepted: path=PATH, such as path=meta-data/instance-id")?, client))
    };
    let (path, client) =
        parameters().map_err(|why: String| RequestRefusal::new(StatusCode::BAD_REQUEST, why))?;
    let asked = path.clone();
    let reply = spawn_blocking(move || (request.backend.show)(&asked, client));
    let reply = reply.await.map_err(|_| RequestRefusal::stopping())?;
    let media = reply.headers.iter().find(|(name, _)| name == CONTENT_TYPE);
    let shown = ShownReply {
        path,
        status: reply.status.as_u16(),
        content_type: media.and_then(|(_, media)| media.to_str().ok()).unwrap_or_default().to_owned(),
        content: ShownContent::of(&reply.body),
    };
    Ok(json(StatusCode::OK, &shown))
}

pub(super) async fn environment(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let query = EnvironmentQuery::read(Query::read(request.request.uri().query()))
        .map_err(|why| RequestRefusal::new(StatusCode::BAD_REQUEST, why))?;
    let listed = spawn_blocking(move || (request.backend.environment)(&query));
    match listed.await.map_err(|_| RequestRefusal::stopping())? {
        Ok(listing) => Ok(json(StatusCode::OK, &listing)),
        Err(EnvironmentError::Unknown(why)) => Err(RequestRefusal::new(StatusCode::NOT_FOUND, why)),
        Err(EnvironmentError::Unavailable(why)) => {
            Err(RequestRefusal::new(StatusCode::SERVICE_UNAVAILABLE, why))
        }
    }
}

pub(super) async fn tree(request: ControlRequest) -> Result<ControlResponse, RequestRefusal> {
    let mut query = Query::read(request.request.uri().query());
    let parameters = || {
        let instance = query.take("instance", |text| Ok(text.to_owned()))?;
        query.finish()?;
        Ok(instance)
    };
    let instance: Option<String> =
        parameters().map_err(|why: String| RequestRefusal::new(StatusCode::BAD_REQUEST, why))?;
    let unknown = format!("there is no instance {:?}", instance.as_deref().unwrap_or_default());
    let listed = spawn_blocking(move || (request.backend.tree)(instance.as_deref()));
    match listed.await.map_err(|_| RequestRefusal::stopping())? {
        Some(tree) => Ok(json(StatusCode::OK, &tree)),
        None => Err(RequestRefusal::new(StatusCode::NOT_FOUND, unknown)),
    }
}
