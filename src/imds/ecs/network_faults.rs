//! Fault injection: `/api/ID/fault/v1/KIND/ACTION`. The faults are remembered and answered; nothing is done to the network.
//! Source: Amazon ECS developer guide, "Fault injection endpoints".

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::ids::TaskIds;
use super::lookup::with_task;
use super::tasks::task_of;
use crate::imds::Reply;
use crate::imds::endpoint::{EndpointContext, NetworkFault, RateBucket};
use crate::imds::go_replies::GoReplies;
use crate::imds::ordered_json::Members;
use crate::model::NetworkMode;

/// What is done to a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultAction {
    Start,
    Stop,
    Status,
}

/// The time from one request of a client for a path to the next.
const INTERVAL: Duration = Duration::from_secs(5);

/// The request of a path; `None`: there is no such path.
pub(super) fn request_of(kind: &str, action: &str) -> Option<(NetworkFault, FaultAction)> {
    let fault = match kind {
        "network-blackhole-port" => NetworkFault::BlackholePort,
        "network-latency" => NetworkFault::Latency,
        "network-packet-loss" => NetworkFault::PacketLoss,
        _ => return None,
    };
    let action = match action {
        "start" => FaultAction::Start,
        "stop" => FaultAction::Stop,
        "status" => FaultAction::Status,
        _ => return None,
    };
    Some((fault, action))
}

pub(super) fn respond(
    context: &EndpointContext<'_>,
    replies: &GoReplies,
    id: &str,
    (fault, action): (NetworkFault, FaultAction),
) -> Reply {
    let bucket = RateBucket { client: Some(context.client()), name: context.request.head.path };
    if !context.request.memory.admit(bucket, INTERVAL, 1, context.uptime) {
        // Unlike the one of all other paths it has no full stop.
        return replies.text(StatusCode::TOO_MANY_REQUESTS, "You have reached maximum request limit");
    }
    let refuse =
        |status, text: String| replies.json(status, Members::default().with("Error", text).to_string());
    let what = match parameters(context.request.body, fault, action) {
        Ok(what) => what,
        Err(text) => return refuse(StatusCode::BAD_REQUEST, text),
    };
    with_task(
        context,
        |ids| ids.has_endpoint(id),
        |context| {
            let (instance, memory) = (&context.compiled.instance, context.request.memory);
            let ids = TaskIds::of(instance);
            let arn = ids.task_arn();
            if !task_of(instance).fault_injection {
                let text = format!("enableFaultInjection is not enabled for task: {arn}");
                return refuse(StatusCode::BAD_REQUEST, text);
            }
            if task_of(instance).network_mode == NetworkMode::Bridge {
                let text = "bridge mode is not supported. Please use either host or awsvpc mode.";
                return refuse(StatusCode::BAD_REQUEST, text.to_owned());
            }
            let task = ids.remembered_as();
            let runs = memory.is_running(&task, fault, &what);
            let status = match action {
                FaultAction::Start => {
                    if let Some(other) = conflicting(context, &task, fault) {
                        let text = format!("There is already one {other} fault running");
                        return refuse(StatusCode::CONFLICT, text);
                    }
                    memory.set_running(&task, fault, &what, true);
                    "running"
                }
                FaultAction::Stop => {
                    memory.set_running(&task, fault, &what, false);
                    "stopped"
                }
                FaultAction::Status if runs => "running",
                FaultAction::Status => "not-running",
            };
            replies.json(StatusCode::OK, Members::default().with("Status", status).to_string())
        },
    )
    .unwrap_or_else(|| refuse(StatusCode::NOT_FOUND, format!("unable to lookup container: {id}")))
}

/// The fault that runs already, of which there may be one: latency or packet loss.
fn conflicting(context: &EndpointContext<'_>, task: &str, fault: NetworkFault) -> Option<&'static str> {
    if fault == NetworkFault::BlackholePort {
        return None;
    }
    let named =
        [(NetworkFault::Latency, "network latency"), (NetworkFault::PacketLoss, "network packet loss")];
    let running = named.into_iter().find(|(other, _)| context.request.memory.is_running(task, *other, ""));
    running.map(|(_, name)| name)
}

/// Checks the parameters, and gives what tells apart faults of which several may run.
fn parameters(body: &[u8], fault: NetworkFault, action: FaultAction) -> Result<String, String> {
    let is_port = fault == NetworkFault::BlackholePort;
    if body.iter().all(u8::is_ascii_whitespace) {
        let needs_none = !is_port && action != FaultAction::Start;
        return if needs_none { Ok(String::new()) } else { Err("required request body is missing".into()) };
    }
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(body) else {
        return Err("failed to decode request body: it is no JSON object".into());
    };
    let required = |name: &str| {
        let missing = || format!("required parameter {name} is missing");
        body.get(name).filter(|value| !value.is_null()).ok_or_else(missing)
    };
    let number = |name: &str, least: u64, most: u64| {
        let value = required(name)?;
        let number = value.as_u64().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("invalid value {value} for parameter {name}"))
    };
    let one_of = |name: &str, words: [&str; 2]| {
        let value = required(name)?;
        let word = value.as_str().filter(|word| words.contains(word)).map(str::to_owned);
        let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        word.ok_or_else(|| format!("invalid value {shown} for parameter {name}"))
    };
    match fault {
        NetworkFault::BlackholePort => {
            let port = number("Port", 0, u16::MAX.into())?;
            let protocol = one_of("Protocol", ["tcp", "udp"])?;
            let traffic = one_of("TrafficType", ["ingress", "egress"])?;
            return Ok(format!("{traffic} {protocol} {port}"));
        }
        _ if action != FaultAction::Start => return Ok(String::new()),
        NetworkFault::Latency => {
            number("DelayMilliseconds", 0, u32::MAX.into())?;
            number("JitterMilliseconds", 0, u32::MAX.into())?;
        }
        NetworkFault::PacketLoss => {
            number("LossPercent", 1, 100)?;
        }
    }
    let sources = required("Sources")?;
    let is_list = sources.as_array().is_some_and(|sources| !sources.is_empty());
    if is_list { Ok(String::new()) } else { Err("required parameter Sources is missing".into()) }
}
