//! Parts of the endpoints of containers.

use std::time::Duration;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{StatusCode, Version};

use super::parts::Counted;
use super::{LOADED, fleet};
use crate::imds::ecs::{TaskIds, with_ids};
use crate::imds::go_replies::GoReplies;
use crate::imds::{
    EndpointMemory, Ingress, NetworkFault, RateBucket, TokenAuthority, Visit, credential_path_shortened,
    pod_credentials_state, pod_role, show_endpoint,
};
use crate::model::fault::{Fault, FaultEffect, ReplyAlteration, ReplyStatus};
use crate::model::{
    AgentPhase, ContainerSignals, CredentialState, Credentials, EcsTask, EndpointRole, Instance, PodIdentity,
    RestartedAgent, ScaleInProtection, Scenario, Service, Timestamp,
};

/// Go's buffer has 2048 bytes: what fits is sent with its length.
#[test]
fn a_reply_that_is_longer_than_gos_buffer_comes_in_chunks() {
    for (length, version, expected) in [
        (2_047, Version::HTTP_11, CONTENT_LENGTH),
        (2_048, Version::HTTP_11, CONTENT_LENGTH),
        (2_049, Version::HTTP_11, TRANSFER_ENCODING),
        (2_049, Version::HTTP_10, CONTENT_LENGTH),
    ] {
        let reply = GoReplies { now: LOADED, headers: vec![], version };
        let reply = reply.json(StatusCode::OK, vec![b'x'; length]);
        let found = reply.headers.last().map(|(name, _)| name);
        assert_eq!(found, Some(&expected), "{length} bytes, asked with {version:?}");
    }
}

/// As the kubelet does it.
#[test]
fn a_token_of_a_pod_is_renewed_after_four_fifths_of_its_life() {
    for (lifetime, expected) in [(100, 80), (86_400, 69_120)] {
        let token_lifetime = Duration::from_secs(lifetime);
        let mut scenario = Scenario::default();
        scenario.instance.pod_identity =
            Some(PodIdentity { token_lifetime, ..PodIdentity::default() }.into());
        let authority = TokenAuthority::new([7; 32]);
        let issued = fleet(scenario).issue_pod_token(&authority, None, LOADED).expect("there is a pod");
        assert_eq!(issued.renewed_after(), Duration::from_secs(expected), "of {lifetime} s");
    }
}

#[test]
fn what_an_authority_authenticates_follows_from_its_key_and_the_message() {
    let of = |key, message: &[u8]| TokenAuthority::new([key; 32]).authenticate(message);
    assert_eq!(of(7, b"a"), of(7, b"a"));
    assert_ne!(of(7, b"a"), of(7, b"b"));
    assert_ne!(of(7, b"a"), of(8, b"a"));
}

/// So that people see what a client asks for in vain.
#[test]
fn a_path_that_is_too_short_for_a_credential_id_is_recorded_whole() {
    for (path, expected) in [
        ("/v2/credentials/unknown-id", "/v2/credentials/unknown-id"),
        ("/v2/credentials/01234567-89ab-4cde-8f01", "/v2/credentials/01234567-89ab-4cde-8f01"),
        ("/credentials/01234567-89ab-4cde-8f01-23456789abcd", "/credentials/012345..."),
        // No other of its bytes says that there may be an id.
        ("/credentials/c1234567-89ab-4fde-8f01-23456789abfd", "/credentials/c12345..."),
        ("%2Fcredentials/01234567-89ab-4cde-8f01-23456789abcd", "/credentials/012345..."),
    ] {
        assert_eq!(credential_path_shortened(path), expected);
    }
}

/// As `status` tells it.
#[test]
fn what_becomes_of_a_pods_request_is_told_in_a_word() {
    let role = EndpointRole::Named("app-role".parse().expect("a role"));
    let pod = |role: &EndpointRole| Some(PodIdentity { role: role.clone(), ..PodIdentity::default() }.into());
    let with = |state| Instance {
        pod_identity: pod(&role),
        credentials: Some(Credentials { state, ..Credentials::default() }),
        ..Instance::default()
    };
    let word = |instance: &Instance| pod_credentials_state(instance, None, LOADED);
    for (state, expected) in [
        (CredentialState::Ok, None),
        (CredentialState::Expired, Some("expired")),
        (CredentialState::Failed, Some("failed")),
        (CredentialState::AssumeRoleUnauthorized, Some("assume-role-unauthorized")),
        (CredentialState::NoRole, Some("no-role")),
    ] {
        let mut instance = with(state);
        assert_eq!(pod_role(&instance).map(ToString::to_string).as_deref(), Some("app-role"));
        assert_eq!(word(&instance), expected, "{state:?}");
        for (phase, expected) in [
            (AgentPhase::Down, Some("down")),
            (AgentPhase::WithoutCredentials, expected),
            (AgentPhase::Up, expected),
        ] {
            let pod_agent = Some(RestartedAgent { up_at: LOADED, phase });
            let signals = ContainerSignals { pod_agent, ..ContainerSignals::default() };
            instance.signals.containers = Some(signals.into());
            assert_eq!(word(&instance), expected, "{state:?}, {phase:?}");
        }
    }
    let without = Instance { pod_identity: pod(&EndpointRole::None), ..with(CredentialState::Failed) };
    assert_eq!((pod_role(&without), word(&without)), (None, None), "no association");
}

// === Looks at what a container would get ===

#[test]
fn names_in_the_path_of_a_task_stand_for_its_ids() {
    let role = EndpointRole::Named("app-role".parse().expect("a role"));
    let task = EcsTask { role, ..EcsTask::default() };
    let instance = Instance { ecs: Some(task.into()), ..Instance::default() };
    let authority = TokenAuthority::new([7; 32]);
    let ids = TaskIds::of(&instance);
    let (role, app) = (ids.credential_id(&authority), ids.endpoint_id("app"));
    for (path, expected) in [
        ("v2/credentials/app-role", format!("v2/credentials/{role}")),
        ("v4/app", format!("v4/{app}")),
        ("v4/app/task", format!("v4/{app}/task")),
        ("v3/app/task/stats", format!("v3/{app}/task/stats")),
        ("api/app/task-protection/v1/state", format!("api/{app}/task-protection/v1/state")),
    ] {
        assert_eq!(with_ids(&instance, path, &authority), expected, "{path}");
        assert_eq!(with_ids(&instance, &expected, &authority), expected, "ids stay as they are");
    }
    // Other places of these names, and other names.
    for path in [
        "v1/credentials/app-role",
        "v2/metadata/app-role",
        "v4/other/app-role",
        "v2/credentials/other",
        "v2/app",
        "v4/other",
        "v4/other/app",
        "app",
        "",
    ] {
        assert_eq!(with_ids(&instance, path, &authority), path);
    }
}

/// A memory that must not be told anything.
struct Unchanged;

impl EndpointMemory for Unchanged {
    fn admit(&self, _: RateBucket<'_>, _: Duration, _: u32, _: Timestamp) -> bool {
        panic!("a request was counted")
    }

    fn protection(&self, _: &str) -> Option<ScaleInProtection> {
        None
    }

    fn protect(&self, _: &str, _: ScaleInProtection) {
        panic!("a protection was set")
    }

    fn is_running(&self, _: &str, _: NetworkFault, _: &str) -> bool {
        false
    }

    fn set_running(&self, _: &str, _: NetworkFault, _: &str, _: bool) {
        panic!("a network fault was set")
    }
}

/// As a request would be the 41st that matches the fault.
#[test]
fn a_look_at_an_endpoint_shows_the_next_reply_and_counts_nothing() {
    let authority = TokenAuthority::new([7; 32]);
    let peer = "172.18.0.5".parse().expect("an address");
    let visit = Visit { peer, ingress: Ingress::Bridge, nonce: [0; 12], counters: &Counted };
    for (after, expected) in [(40, 503), (41, 200)] {
        let answer = ReplyAlteration { status: ReplyStatus::new(503), ..ReplyAlteration::default() };
        let fault = Fault { after, ..Fault::always(FaultEffect::Answer(answer)) };
        let instance = Instance { ecs: Some(EcsTask::default().into()), ..Instance::default() };
        let fleet = fleet(Scenario { instance, faults: vec![fault], ..Scenario::default() });
        let path = (Service::Ecs, "v4/app/task");
        let reply = show_endpoint(&fleet, &authority, &visit, &Unchanged, path, LOADED.into());
        assert_eq!(reply.status.as_u16(), expected, "a fault after {after} requests");
    }
}
