//! Facts of the service that several checks need. What is missing is another check's to say: here it means that there
//! is nothing to judge.

use std::rc::Rc;

use serde_json::Value;

use super::finding::CheckFinding;
use super::raw_response::RawResponse;
use super::service::ServiceUnderTest;

pub(super) const META: &str = "/latest/meta-data/";
pub(super) const MACS: &str = "/latest/meta-data/network/interfaces/macs/";
pub(super) const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
pub(super) const DOCUMENT: &str = "/latest/dynamic/instance-identity/document";

impl ServiceUnderTest<'_> {
    /// A path with what its placeholders stand for.
    pub(super) fn resolve(&mut self, path: &str) -> Result<String, CheckFinding> {
        let mut resolved = path.to_owned();
        if path.contains("{mac}") {
            resolved = resolved.replace("{mac}", &self.primary()?);
        }
        if path.contains("{role}") {
            resolved = resolved.replace("{role}", &self.role()?);
        }
        Ok(resolved)
    }

    /// What a path answers with 200.
    pub(super) fn optional(&mut self, path: &str) -> Result<Option<Rc<RawResponse>>, CheckFinding> {
        let response = self.get(path)?;
        Ok((response.status == 200).then_some(response))
    }

    pub(super) fn there(&mut self, path: &str) -> Result<Rc<RawResponse>, CheckFinding> {
        let response = self.get(path)?;
        if response.status == 200 {
            return Ok(response);
        }
        Err(CheckFinding::not_applicable(format!("GET {path} answers {}", response.status)))
    }

    /// The text at a path.
    pub(super) fn text(&mut self, path: &str) -> Result<String, CheckFinding> {
        let response = self.there(path)?;
        let text =
            response.text().ok_or_else(|| CheckFinding::not_applicable(format!("{path} is no text")))?;
        Ok(text.to_owned())
    }

    /// The text at a path below `/latest/meta-data/`.
    pub(super) fn meta(&mut self, path: &str) -> Result<String, CheckFinding> {
        self.text(&format!("{META}{path}"))
    }

    /// The lines of a listing, or of a value.
    pub(super) fn lines(&mut self, path: &str) -> Result<Vec<String>, CheckFinding> {
        Ok(self.text(path)?.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    pub(super) fn json(&mut self, path: &str) -> Result<Value, CheckFinding> {
        let text = self.text(path)?;
        serde_json::from_str(&text).map_err(|_| CheckFinding::not_applicable(format!("{path} is no JSON")))
    }

    /// A text of a JSON object; none for null and for what is no text.
    pub(super) fn json_text(&mut self, path: &str, key: &str) -> Result<Option<String>, CheckFinding> {
        Ok(self.json(path)?.get(key).and_then(Value::as_str).map(str::to_owned))
    }

    /// The MAC addresses of all interfaces.
    pub(super) fn macs(&mut self) -> Result<Vec<String>, CheckFinding> {
        Ok(self.lines(MACS)?.iter().map(|line| line.trim_end_matches('/').to_owned()).collect())
    }

    /// The MAC address of the primary interface.
    pub(super) fn primary(&mut self) -> Result<String, CheckFinding> {
        Ok(self.meta("mac")?.trim_end().to_owned())
    }

    /// A value of an interface, if it has one.
    pub(super) fn interface(&mut self, mac: &str, leaf: &str) -> Result<Option<String>, CheckFinding> {
        let response = self.optional(&format!("{MACS}{mac}/{leaf}"))?;
        Ok(response.and_then(|response| response.text().map(str::to_owned)))
    }

    /// A value of the primary interface.
    pub(super) fn primary_interface(&mut self, leaf: &str) -> Result<String, CheckFinding> {
        let mac = self.primary()?;
        let value = self.interface(&mac, leaf)?;
        value.ok_or_else(|| CheckFinding::not_applicable(format!("the primary interface has no {leaf}")))
    }

    /// The name of the role.
    pub(super) fn role(&mut self) -> Result<String, CheckFinding> {
        let roles = self.lines(ROLES)?;
        roles.into_iter().next().ok_or_else(|| CheckFinding::not_applicable("no role is listed"))
    }

    /// The listed versions, in their order, without `latest`.
    pub(super) fn versions(&mut self) -> Result<Vec<String>, CheckFinding> {
        let listed = self.lines("/")?;
        Ok(listed.into_iter().filter(|version| version != "latest").collect())
    }

    /// The newest listed version that is older than a date.
    pub(super) fn version_before(&mut self, date: &str) -> Result<String, CheckFinding> {
        let age = |version: &str| if version == "1.0" { String::new() } else { version.to_owned() };
        let older = self.versions()?.into_iter().filter(|version| age(version) < age(date));
        let newest = older.max_by_key(|version| age(version));
        newest.ok_or_else(|| CheckFinding::not_applicable(format!("no version older than {date} is listed")))
    }
}
