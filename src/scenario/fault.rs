//! `[[fault]]`: what goes wrong on purpose. The control socket takes faults in the same words.

use std::time::Duration;

use super::{contradictions, set_if_some};
use crate::config::{INSTANTS, Item, Section, parse_duration};
use crate::model::Scenario;
use crate::model::fault::{
    BodyDamage, ErrorStatus, Fault, FaultEffect, FaultStart, Latency, MAX_FAULTS, Method, Probability,
    ReplyAlteration, Throttle, ThrottleAction, TokenFault,
};

/// The longest way that a clock may be wrong. Credentials last for hours.
const LONGEST_SKEW: Duration = Duration::from_hours(10 * 365 * 24);

/// Reads all faults of a scenario.
pub(crate) fn read_all(item: &Item<'_>, scenario: &Scenario) -> Vec<Fault> {
    let sections = item.sections().unwrap_or_default();
    if sections.len() > MAX_FAULTS {
        item.key_error(
            format!("{} faults", sections.len()),
            format!("accepted: at most {MAX_FAULTS}; a path with * or ** stands for many"),
        );
    }
    sections.iter().filter_map(|section| read(section, scenario)).collect()
}

/// Reads one fault; the scenario has the instances that it may be about.
pub(crate) fn read(section: &Section<'_>, scenario: &Scenario) -> Option<Fault> {
    let problems = section.problems();
    let effects = Effects::of(section);
    let [count, probability, seed] = ["count", "probability", "seed"].map(|key| section.get(key));
    if let Some(throttle) = &effects.throttle {
        for item in [&count, &probability, &seed].into_iter().flatten() {
            contradicts(item, throttle, "throttle counts requests by itself");
        }
    }
    let effect = effects.read();
    let mut fault = Fault::always(effect.clone().unwrap_or(FaultEffect::Hang));
    set_if_some(&mut fault.path, section.get("path").and_then(|item| item.parse()));
    set_if_some(&mut fault.methods, section.get("methods").and_then(|item| methods(&item)));
    set_if_some(&mut fault.clients, section.get("clients").and_then(|item| some_of(&item, Item::parse)));
    fault.instance = section.get("instance").and_then(|item| item.line());
    contradictions::instance_is_there(section, fault.instance.as_deref(), scenario);
    set_if_some(&mut fault.from, section.get("from").and_then(|item| start(&item)));
    fault.lasts = section.get("for").and_then(|item| lasting(&item));
    fault.count = count.and_then(|item| item.integer(1..=u32::MAX.into())).and_then(|n| n.try_into().ok());
    let chance = probability.as_ref().and_then(Item::fraction).and_then(Probability::new);
    set_if_some(&mut fault.probability, chance);
    let number = seed.as_ref().and_then(|item| item.integer(0..=i64::MAX));
    set_if_some(&mut fault.seed, number.and_then(|number| number.try_into().ok()));
    section.finish();
    // What is wrong with its effects has been said.
    if effect.is_none() && section.problems() == problems {
        section.error(
            "the fault does nothing",
            "accepted: at least one of latency, status, body, tokens, clock-skew, reset, hang, throttle",
        );
    }
    if let (Some(seed), Some(effect), true) = (&seed, &effect, fault.probability == Probability::ALWAYS)
        && !leaves_to_chance(effect)
    {
        seed.warn(
            format!("{} has no effect: nothing is random", seed.name()),
            "only probability, and latency from min to max, use it",
        );
    }
    effect.map(|_| fault)
}

fn methods(item: &Item<'_>) -> Option<Vec<Method>> {
    some_of(item, Item::choice::<Method>)
}

/// The elements of an array that is not empty: an empty one would be everything, and look like nothing.
fn some_of<'a, T>(item: &Item<'a>, read: impl Fn(&Item<'a>) -> Option<T>) -> Option<Vec<T>> {
    let items = item.array()?;
    if items.is_empty() {
        item.error(
            format!("{} is empty", item.name()),
            "accepted: at least one; without the key it is all of them",
        );
    }
    let all: Vec<Option<T>> = items.iter().map(read).collect();
    all.into_iter().collect()
}

/// `"30s"` after loading, or an instant.
fn start(item: &Item<'_>) -> Option<FaultStart> {
    if item.kind() != "string" {
        return item.instant().map(|instant| FaultStart::At(instant.into()));
    }
    let text = item.string()?;
    let at = || text.parse::<jiff::Timestamp>().ok().map(|instant| FaultStart::At(instant.into()));
    parse_duration(text).map(FaultStart::AfterLoad).or_else(at).or_else(|| {
        item.error(
            format!("{} is {text:?}", item.name()),
            format!("accepted: a duration after loading such as \"1m30s\", or {INSTANTS}"),
        );
        None
    })
}

fn lasting(item: &Item<'_>) -> Option<Duration> {
    let lasts = item.duration()?;
    if lasts.is_zero() {
        item.error(format!("{} is zero", item.name()), "accepted: a duration above 0");
        return None;
    }
    Some(lasts)
}

fn contradicts(item: &Item<'_>, other: &Item<'_>, why: &str) {
    let key = |item: &Item<'_>| item.name().rsplit('.').next().unwrap_or_default().to_owned();
    item.key_error(
        format!("{} cannot be combined with {}", key(item), key(other)),
        format!("accepted: one of them, or a [[fault]] for each; {why}"),
    );
}

fn leaves_to_chance(effect: &FaultEffect) -> bool {
    match effect {
        FaultEffect::Answer(ReplyAlteration { latency, .. }) | FaultEffect::Reset(latency) => {
            latency.is_some_and(|latency| latency.varies())
        }
        FaultEffect::Hang | FaultEffect::Throttle(_) => false,
    }
}

// === What goes wrong ===

/// The keys that say it.
struct Effects<'a> {
    latency: Option<Item<'a>>,
    status: Option<Item<'a>>,
    body: Option<Item<'a>>,
    tokens: Option<Item<'a>>,
    clock_skew: Option<Item<'a>>,
    reset: Option<Item<'a>>,
    hang: Option<Item<'a>>,
    throttle: Option<Item<'a>>,
}

impl<'a> Effects<'a> {
    fn of(section: &Section<'a>) -> Self {
        // `reset = false` is what it is without the key.
        let on = |key| {
            let item: Item<'a> = section.get(key)?;
            item.boolean().unwrap_or(true).then_some(item)
        };
        Self {
            latency: section.get("latency"),
            status: section.get("status"),
            body: section.get("body"),
            tokens: section.get("tokens"),
            clock_skew: section.get("clock-skew"),
            reset: on("reset"),
            hang: on("hang"),
            throttle: section.get("throttle"),
        }
    }

    fn read(&self) -> Option<FaultEffect> {
        let Self { latency, status, body, tokens, clock_skew, reset, hang, throttle } = self;
        let altering = [status, body, tokens, clock_skew];
        let clash = |one: &Option<Item<'a>>, others: &[&Option<Item<'a>>], why| {
            for other in others.iter().filter_map(|other| other.as_ref()) {
                if let Some(one) = one {
                    contradicts(other, one, why);
                }
            }
        };
        clash(hang, &[latency, reset, throttle], "a request that hangs gets nothing else");
        clash(hang, &altering, "a request that hangs gets no response");
        clash(reset, &altering, "a connection that is reset gets no response");
        clash(reset, &[throttle], "a connection that is reset gets no response");
        clash(throttle, &[latency], "throttle sets the response to excess requests");
        clash(throttle, &altering, "throttle sets the response to excess requests");
        clash(tokens, &[status], "a lost token is answered with 401");
        // Every value is judged, whichever of them counts.
        let late = latency.as_ref().map(read_latency);
        let limit = throttle.as_ref().map(read_throttle);
        let alteration = self.alteration(late.flatten());
        match (hang, reset, limit) {
            (Some(_), ..) => Some(FaultEffect::Hang),
            (_, Some(_), _) => Some(FaultEffect::Reset(late.flatten())),
            (.., Some(limit)) => limit.map(FaultEffect::Throttle),
            _ if altering.into_iter().chain([latency]).any(Option::is_some) => {
                Some(FaultEffect::Answer(alteration))
            }
            _ => None,
        }
    }

    fn alteration(&self, latency: Option<Latency>) -> ReplyAlteration {
        let status = self.status.as_ref().and_then(read_status);
        let body = self.body.as_ref().and_then(Item::choice::<BodyDamage>);
        if let (Some(item), Some(status)) = (&self.body, status)
            && !matches!(status.get(), 404 | 417)
        {
            item.warn(
                format!("the body of {} is empty anyway", status.get()),
                "body = … has an effect with [http] profile = \"legacy\", whose errors have a page",
            );
        }
        let tokens = self.tokens.as_ref().and_then(Item::choice::<TokenFault>);
        let clock_skew = self.clock_skew.as_ref().and_then(|item| item.signed_duration(LONGEST_SKEW));
        ReplyAlteration { latency, status, body, tokens, clock_skew }
    }
}

fn read_status(item: &Item<'_>) -> Option<ErrorStatus> {
    let (first, last) = (*ErrorStatus::RANGE.start(), *ErrorStatus::RANGE.end());
    item.integer(first.into()..=last.into()).and_then(|status| ErrorStatus::new(status.try_into().ok()?))
}

/// `"200ms"`, or from `min` to `max`.
fn read_latency(item: &Item<'_>) -> Option<Latency> {
    let (min, max) = if item.kind() == "table" {
        let section = item.section()?;
        let ends = ["min", "max"].map(|key| {
            let item = section.get(key);
            if item.is_none() {
                section.error(format!("latency has no {key}"), "accepted: { min = \"100ms\", max = \"2s\" }");
            }
            item.and_then(|item| item.duration())
        });
        section.finish();
        let [Some(min), Some(max)] = ends else { return None };
        (min, max)
    } else {
        let fixed = item.duration()?;
        (fixed, fixed)
    };
    let latency = Latency::new(min, max);
    if latency.is_none() {
        let minutes = Latency::LONGEST.as_secs() / 60;
        item.error(
            match item.kind() {
                "string" => format!("{} is {:?}", item.name(), item.string().unwrap_or_default()),
                _ => format!("{} is from {min:?} to {max:?}", item.name()),
            },
            format!("accepted: at most \"{minutes}m\", and min not above max; hang = true never answers"),
        );
    }
    latency
}

/// `{ per-second = 5, then = 429 }`
fn read_throttle(item: &Item<'_>) -> Option<Throttle> {
    let section = item.section()?;
    let rate = section.get("per-second");
    let then = section.get("then");
    section.finish();
    if rate.is_none() {
        section.error("throttle has no per-second", "accepted: { per-second = 5, then = 429 }");
    }
    let per_second =
        rate.and_then(|item| item.integer(1..=Throttle::FASTEST)).and_then(|rate| rate.try_into().ok());
    let then = match then {
        None => ErrorStatus::new(429).map(ThrottleAction::Status),
        Some(item) if item.kind() == "integer" => match item.integer(0..=i64::MAX)? {
            status @ (429 | 503) => {
                status.try_into().ok().and_then(ErrorStatus::new).map(ThrottleAction::Status)
            }
            other => {
                item.error(format!("{} is {other}", item.name()), "accepted: 429, 503, \"drop\"");
                None
            }
        },
        Some(item) if item.kind() == "string" => match item.string()? {
            "drop" => Some(ThrottleAction::Drop),
            other => {
                item.error(format!("{} is {other:?}", item.name()), "accepted: 429, 503, \"drop\"");
                None
            }
        },
        Some(item) => item.mismatch("429, 503, \"drop\""),
    };
    Some(Throttle { per_second: per_second?, then: then? })
}

#[cfg(test)]
mod tests;
