//! The list of versions, and the tree as of a version.

use super::bases::{CAPTURES, CATEGORIES, RETRIEVAL};
use crate::conform::check::{Basis, CheckRow, answer, facts};
use crate::conform::expectation::Expectation::{IfAnswered, Status, Text};
use crate::conform::finding::{CheckFinding, Judgement};
use crate::conform::forms;
use crate::conform::probe::get;
use crate::conform::service::ServiceUnderTest;

const CLOUD_INIT: Basis =
    Basis::ReliedOn("cloud-init asks 2021-03-23, 2018-09-24, 2016-09-02, then 2009-04-04");
const OHAI: &str = "ohai";

pub(super) const ROWS: &[CheckRow] = &[
    answer("version-list", get("/"), &[Status(200)], RETRIEVAL, OHAI),
    answer(
        "version-list-lines",
        get("/"),
        &[IfAnswered, Text("lines of 1.0, dates and latest", |text| text.lines().all(is_version))],
        CAPTURES,
        OHAI,
    ),
    answer(
        "version-list-latest-last",
        get("/"),
        &[IfAnswered, Text("latest as the last line", |text| text.trim_end().ends_with("latest"))],
        CAPTURES,
        OHAI,
    ),
    answer(
        "version-list-ascending",
        get("/"),
        &[IfAnswered, Text("older versions first", |text| text.lines().is_sorted())],
        CAPTURES,
        "",
    ),
    answer(
        "version-list-no-slashes",
        get("/"),
        &[IfAnswered, Text("no slashes", |text| !text.contains('/'))],
        CAPTURES,
        OHAI,
    ),
    answer(
        "version-list-no-final-line-feed",
        get("/"),
        &[IfAnswered, Text("no line feed at the end", |text| !text.ends_with('\n'))],
        CAPTURES,
        "",
    ),
    facts(
        "version-list-has-first",
        "GET /",
        "1.0 among the lines",
        |service| {
            let has_first = service.lines("/")?.iter().any(|line| line == "1.0");
            if has_first { Ok(()) } else { Err(CheckFinding::fails("no 1.0")) }
        },
        CAPTURES,
        OHAI,
    ),
    pinned("version-1.0", get("/1.0/meta-data/instance-id"), ""),
    pinned("version-2009-04-04", get("/2009-04-04/meta-data/instance-id"), "cloud-init, ec2metadata"),
    pinned("version-2016-09-02", get("/2016-09-02/meta-data/instance-id"), "cloud-init"),
    pinned("version-2018-09-24", get("/2018-09-24/meta-data/instance-id"), "cloud-init"),
    pinned("version-2021-01-03", get("/2021-01-03/meta-data/instance-id"), "afterburn"),
    pinned("version-2021-03-23", get("/2021-03-23/meta-data/instance-id"), "cloud-init"),
    pinned("version-2021-07-15", get("/2021-07-15/meta-data/instance-id"), "Bottlerocket"),
    answer("version-without-slash", get("/latest"), &[Status(200)], CAPTURES, ""),
    answer("version-dated-listing", get("/2009-04-04/"), &[Status(200)], RETRIEVAL, OHAI),
    answer(
        "version-dated-meta-data",
        get("/2009-04-04/meta-data/"),
        &[Status(200)],
        RETRIEVAL,
        "cloud-init, ec2metadata",
    ),
    answer("version-unknown", get("/2030-01-01/meta-data/"), &[Status(404)], CLOUD_INIT, "cloud-init"),
    answer(
        "version-unknown-leaf",
        get("/2030-01-01/meta-data/instance-id"),
        &[Status(404)],
        CLOUD_INIT,
        "cloud-init",
    ),
    facts(
        "version-all-answer",
        "GET /VERSION/meta-data/ of each listed version",
        "status 200",
        all_answer,
        RETRIEVAL,
        "ohai, cloud-init",
    ),
    facts(
        "version-same-instance",
        "GET /VERSION/meta-data/instance-id of each listed version",
        "the same instance",
        same_instance,
        RETRIEVAL,
        "cloud-init, Bottlerocket",
    ),
    facts(
        "version-2016-09-02-listing",
        "GET /2016-09-02/meta-data/",
        "neither events/ nor identity-credentials/, which came later",
        |service| lacks(service, "/2016-09-02/meta-data/", &["events/", "identity-credentials/"]),
        Basis::Observed("fixtures of cloud-init, recorded from instances"),
        "cloud-init",
    ),
    facts(
        "version-1.0-listing",
        "GET /1.0/meta-data/",
        "none of mac, network/, placement/ and services/, which came later",
        |service| lacks(service, "/1.0/meta-data/", &["mac", "network/", "placement/", "services/"]),
        CATEGORIES,
        "",
    ),
    facts(
        "version-2009-04-04-listing",
        "GET /2009-04-04/meta-data/",
        "none of iam/, mac, network/ and tags/, which came later",
        |service| lacks(service, "/2009-04-04/meta-data/", &["iam/", "mac", "network/", "tags/"]),
        CATEGORIES,
        "",
    ),
    facts(
        "version-listings-grow",
        "GET /VERSION/meta-data/ of each listed version",
        "what a version lists, each later one lists",
        listings_grow,
        CATEGORIES,
        "ohai",
    ),
    facts(
        "version-user-data",
        "GET /1.0/user-data",
        "what /latest/user-data answers",
        same_user_data,
        RETRIEVAL,
        "ec2metadata, cloud-init",
    ),
];

const fn pinned(
    name: &'static str,
    probe: crate::conform::probe::CheckProbe,
    clients: &'static str,
) -> CheckRow {
    answer(
        name,
        probe,
        &[Status(200), Text("the id of an instance", forms::INSTANCE.holds)],
        CLOUD_INIT,
        clients,
    )
}

fn is_version(line: &str) -> bool {
    let is_date = |text: &str| text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    line == "1.0" || line == "latest" || is_date(line)
}

fn all_answer(service: &mut ServiceUnderTest<'_>) -> Judgement {
    for version in service.versions()? {
        let path = format!("/{version}/meta-data/");
        let status = service.get(&path)?.status;
        if status != 200 {
            return Err(CheckFinding::fails(format!("status {status} at {path}")));
        }
    }
    Ok(())
}

fn same_instance(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let id = service.meta("instance-id")?;
    for version in service.versions()? {
        let path = format!("/{version}/meta-data/instance-id");
        let found = service.text(&path)?;
        if found != id {
            return Err(CheckFinding::differs(format!("{id:?} at {path}"), format!("{found:?}")));
        }
    }
    Ok(())
}

fn lacks(service: &mut ServiceUnderTest<'_>, path: &str, later: &[&str]) -> Judgement {
    let listed = service.lines(path)?;
    let early = listed.iter().find(|line| later.contains(&line.as_str()));
    early.map_or(Ok(()), |name| Err(CheckFinding::fails(format!("{name} in {path}"))))
}

fn listings_grow(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let mut before: Option<(String, Vec<String>)> = None;
    let versions = service.versions()?.into_iter().chain(["latest".to_owned()]);
    for version in versions {
        let listed = service.lines(&format!("/{version}/meta-data/"))?;
        if let Some((older, names)) = &before
            && let Some(gone) = names.iter().find(|name| !listed.contains(name))
        {
            return Err(CheckFinding::fails(format!("{gone} under {older}, and not under {version}")));
        }
        before = Some((version, listed));
    }
    Ok(())
}

fn same_user_data(service: &mut ServiceUnderTest<'_>) -> Judgement {
    let (old, latest) = (service.get("/1.0/user-data")?, service.get("/latest/user-data")?);
    if (old.status, &old.body) == (latest.status, &latest.body) {
        return Ok(());
    }
    let found = |status, length| format!("status {status} and {length} bytes");
    Err(CheckFinding::differs(found(latest.status, latest.body.len()), found(old.status, old.body.len())))
}
