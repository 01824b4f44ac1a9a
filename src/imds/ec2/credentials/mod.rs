//! Credentials: `iam/…` and `identity-credentials/…`.

use super::leaf_context::LeafContext;
use crate::imds::keys::{self, BASE32, IssuedKeys, KeyRequest, KeySlot, NoKeys, Seed, generated};
use crate::model::json::{object, string};
use crate::model::{CredentialState, Credentials, Keys, Timestamp};

impl<'f> LeafContext<'f> {
    /// The credentials of the instance profile, once it is attached.
    fn profile(&self) -> Option<&'f Credentials> {
        self.instance.role_as_shown().filter(|_| self.profile_attached)
    }

    /// The instance profile that `iam/info` shows, once it is attached.
    fn profile_of_info(&self) -> Option<&'f Credentials> {
        self.instance.info_as_shown().filter(|_| self.profile_attached)
    }
}

/// `iam/info`.
pub(crate) fn info(context: &LeafContext<'_>) -> Option<String> {
    let credentials = context.profile_of_info()?;
    let partition = context.instance.region().partition().name;
    let profile = credentials.instance_profile.as_deref().unwrap_or(credentials.role.as_str());
    let arn = format!("arn:{partition}:iam::{}:instance-profile/{profile}", context.instance.account_id);
    let made_up =
        || format!("AIPA{}EXAMPLE", Seed::new(context.instance, profile, 0).text("profile", 10, BASE32));
    let id = credentials.instance_profile_id.as_ref().map_or_else(made_up, ToString::to_string);
    let updated = string(&KeySlot::at(credentials, context.now).updated.rfc3339());
    let with_profile = |more: &[(&str, String)]| {
        let ids = [("InstanceProfileArn", string(&arn)), ("InstanceProfileId", string(&id))];
        object(&[&[("Code", string("Success")), ("LastUpdated", updated.clone())], more, &ids].concat())
    };
    Some(match credentials.state {
        CredentialState::ProfileNotFound => object(&[
            ("Code", string("InstanceProfileNotFound")),
            ("Message", string(&format!("Instance Profile with id {id} cannot be found. {HELP}"))),
            ("LastUpdated", updated),
        ]),
        CredentialState::NoRole => {
            let message = format!("Instance Profile does not contain a role. {HELP}");
            with_profile(&[("Message", string(&message))])
        }
        _ => with_profile(&[]),
    })
}

/// `iam/security-credentials/<role>`. Absent without a role, and until a file or process gave the first keys.
pub(crate) fn role(context: &LeafContext<'_>) -> Option<String> {
    role_with(context, &[])
}

/// `iam/security-credentials-extended/<role>`: the account beside the same.
pub(crate) fn role_extended(context: &LeafContext<'_>) -> Option<String> {
    context.profile().filter(|credentials| credentials.extended)?;
    role_with(context, &[("AccountId", string(context.instance.account_id.as_str()))])
}

fn role_with(context: &LeafContext<'_>, more: &[(&str, String)]) -> Option<String> {
    let credentials = context.profile()?;
    let issued = keys::issue(&KeyRequest {
        instance: context.instance,
        credentials,
        name: credentials.role.as_str(),
        asked_anew: None,
        fetched: context.fetched,
        now: context.now,
    });
    match issued {
        Ok(IssuedKeys { keys, updated, expires }) => Some(key_object(&keys, updated, expires, more)),
        Err(NoKeys::NoRole | NoKeys::NotYet) => None,
        Err(NoKeys::Unauthorized) => {
            let message = format!("EC2 cannot assume the role {}. {HELP}", credentials.role);
            Some(failure("AssumeRoleUnauthorizedAccess", &message, context.now))
        }
        Err(NoKeys::Failed) => Some(failure("Failed", "Credentials are not available.", context.now)),
        Err(NoKeys::SourceFailed(at)) => {
            let message = "The credential source of this service failed; its log says why.";
            Some(failure("Failed", message, at))
        }
    }
}

// The identity role's credentials have a lifetime of their own, the usual one; nobody configures it on EC2 either.

/// `identity-credentials/ec2/info`.
pub(crate) fn identity_info(context: &LeafContext<'_>) -> String {
    object(&[
        ("Code", string("Success")),
        ("LastUpdated", string(&KeySlot::at(&Credentials::default(), context.now).updated.rfc3339())),
        ("AccountId", string(context.instance.account_id.as_str())),
    ])
}

/// `identity-credentials/ec2/security-credentials/ec2-instance`.
pub(crate) fn identity_role(context: &LeafContext<'_>) -> String {
    let slot = KeySlot::at(&Credentials::default(), context.now);
    key_object(&generated(context.instance, "aws:ec2-instance", &slot), slot.updated, slot.expires, &[])
}

/// The reference to documentation in messages about a role.
const HELP: &str = "Please see documentation at https://docs.aws.amazon.com/IAM/latest/UserGuide/\
                    troubleshoot_iam-ec2.html#troubleshoot_iam-ec2_errors-info-doc.";

/// An error, which is 200 with a code.
fn failure(code: &str, message: &str, updated: Timestamp) -> String {
    object(&[
        ("Code", string(code)),
        ("Message", string(message)),
        ("LastUpdated", string(&updated.rfc3339())),
    ])
}

fn key_object(keys: &Keys, updated: Timestamp, expires: Timestamp, more: &[(&str, String)]) -> String {
    let members = [
        ("Code", string("Success")),
        ("LastUpdated", string(&updated.rfc3339())),
        ("Type", string("AWS-HMAC")),
        ("AccessKeyId", string(&keys.access_key_id)),
        ("SecretAccessKey", string(keys.secret_access_key.reveal())),
        ("Token", string(keys.token.reveal())),
        ("Expiration", string(&expires.rfc3339())),
    ];
    object(&[&members, more].concat())
}

#[cfg(test)]
mod tests;
