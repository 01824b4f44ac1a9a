//! `mock-imds ecs` and `pod-identity`: each sends an event, in the words of `[[event]]`.

use serde_json::{Map, Value, json as object};

use super::change;
use crate::cli::{
    AccountArgs, ContainerArgs, EcsArgs, EcsCommand, PodIdentityArgs, PodIdentityCommand, ProtectionArg,
    ProtectionArgs,
};
use crate::exit::{ExitStatus, Failure};

pub(crate) fn ecs(args: &EcsArgs) -> Result<(), Failure> {
    let (timing, words) = match &args.change {
        EcsCommand::Stop(args) => {
            let (timeout, code) = (&args.timeout, args.exit_code);
            let task = object!({ "desired-status": "STOPPED", "stop-timeout": timeout, "exit-code": code });
            (&args.timing, object!({ "ecs-task": task }))
        }
        EcsCommand::Run(args) => (&args.timing, object!({ "ecs-task": { "desired-status": "RUNNING" } })),
        EcsCommand::Container(args) => (&args.timing, object!({ "ecs-container": container(args) })),
        EcsCommand::Protection(args) => (&args.timing, object!({ "task-protection": protection(args)? })),
        EcsCommand::RestartAgent(args) => {
            let (down, ready) = (&args.down, &args.credentials_ready_after);
            let agent = object!({ "endpoint": "ecs", "down": down, "credentials-ready-after": ready });
            (&args.timing, object!({ "agent": agent }))
        }
    };
    change::exec(timing, words)
}

fn container(args: &ContainerArgs) -> Map<String, Value> {
    let mut words = Map::from_iter([("name".to_owned(), object!(args.name.as_str()))]);
    words.extend(args.health.as_ref().map(|health| ("health".to_owned(), object!(health))));
    words.extend(args.stopped.then(|| ("known-status".to_owned(), object!("STOPPED"))));
    words.extend(args.exit_code.map(|code| ("exit-code".to_owned(), object!(code))));
    words.extend(args.restart.then(|| ("restart".to_owned(), object!(true))));
    words
}

fn protection(args: &ProtectionArgs) -> Result<Value, Failure> {
    if args.span.is_some() && args.answer != ProtectionArg::On {
        let message = "--for is set, and the protection is not set to on; accepted: mock-imds ecs protection on --for 1h";
        return Err(Failure::new(ExitStatus::Usage, message));
    }
    Ok(match args.answer {
        ProtectionArg::On => {
            let mut words = Map::from_iter([("enabled".to_owned(), object!(true))]);
            words.extend(args.span.as_ref().map(|span| ("for".to_owned(), object!(span))));
            Value::Object(words)
        }
        ProtectionArg::Off => object!({ "enabled": false }),
        ProtectionArg::Allowed => object!("allowed"),
        ProtectionArg::Denied => object!("denied"),
        ProtectionArg::Blocked => object!("blocked"),
        ProtectionArg::Slow => object!("slow"),
    })
}

pub(crate) fn pod_identity(args: &PodIdentityArgs) -> Result<(), Failure> {
    let of = |account: &AccountArgs, key: &str, value: Value| {
        let mut words = Map::from_iter([(key.to_owned(), value)]);
        let name = account.service_account.as_ref().map(ToString::to_string);
        words.extend(name.map(|name| ("service-account".to_owned(), object!(name))));
        object!({ "pod-identity": words })
    };
    let (timing, words) = match &args.change {
        PodIdentityCommand::Associate(args) => {
            (&args.account.timing, of(&args.account, "role", object!(args.role.as_str())))
        }
        PodIdentityCommand::Remove(args) => (&args.timing, of(args, "association", object!(false))),
        PodIdentityCommand::Restore(args) => (&args.timing, of(args, "association", object!(true))),
        PodIdentityCommand::RestartAgent(args) => {
            (&args.timing, object!({ "agent": { "endpoint": "pod-identity", "down": args.down } }))
        }
    };
    change::exec(timing, words)
}
