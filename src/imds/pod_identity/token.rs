//! Service account tokens: JSON Web Tokens, as the kubelet puts them into pods.
//!
//! Those of this service are signed with its own key, by HMAC: nobody else can make one, and none is stored.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::imds::TokenAuthority;
use crate::imds::keys::{Seed, uuid};
use crate::imds::ordered_json::Members;
use crate::imds::prepared_keys::is_same_secret;
use crate::model::{Instance, PodIdentity, ServiceAccount, Timestamp};

/// The audience of the tokens.
const AUDIENCE: &str = "pods.eks.amazonaws.com";

/// The service account of an instance's pod.
pub(crate) fn service_account_of(pod: &PodIdentity) -> ServiceAccount {
    ServiceAccount { namespace: pod.namespace.clone(), name: pod.service_account.clone() }
}

/// A token for a service account, from now on.
pub(crate) fn issued_token(
    instance: &Instance,
    pod: &PodIdentity,
    account: &ServiceAccount,
    authority: &TokenAuthority,
    now: Timestamp,
) -> String {
    let expires = now.plus(pod.token_lifetime);
    let seed = |name: &str| {
        let seed = Seed::new(instance, &format!("pod identity {account} {name}"), 0);
        uuid(&seed.bytes("uid", 16))
    };
    let named = |name: String, uid: String| Members::default().with("name", name).with("uid", uid);
    let kubernetes = Members::default()
        .with("namespace", account.namespace.to_string())
        .with("node", named(instance.local_hostname(), seed("node")))
        .with("pod", named(format!("{}-0", account.name), seed("pod")))
        .with("serviceaccount", named(account.name.to_string(), seed("serviceaccount")));
    let issuer = seed(pod.cluster.as_str()).replace('-', "").to_uppercase();
    let claims = Members::default()
        .with("aud", vec![AUDIENCE])
        .with("exp", expires.as_secs())
        .with("iat", now.as_secs())
        .with("iss", format!("https://oidc.eks.{}.amazonaws.com/id/{issuer}", instance.region()))
        .with("kubernetes.io", kubernetes)
        .with("nbf", now.as_secs())
        .with("sub", account.subject());
    let header = Members::default().with("alg", "HS256").with("typ", "JWT");
    let part = |members: Members| BASE64_URL_SAFE_NO_PAD.encode(members.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature(&signed, authority));
    format!("{signed}.{signature}")
}

fn signature(signed: &str, authority: &TokenAuthority) -> [u8; 32] {
    authority.authenticate(format!("service account token {signed}").as_bytes())
}

/// Whether this service issued a token.
pub(super) fn is_issued(token: &str, authority: &TokenAuthority) -> bool {
    let Some((signed, found)) = token.rsplit_once('.') else { return false };
    let Ok(found) = BASE64_URL_SAFE_NO_PAD.decode(found) else { return false };
    is_same_secret(&signature(signed, authority), &found)
}

/// The claims that the agent looks at.
#[derive(Debug, PartialEq)]
pub(super) struct Claims {
    expires: Option<f64>,
    not_before: Option<f64>,
    subject: String,
}

impl Claims {
    /// Reads a token, whoever signed it. The error is in the words of the library that the agent reads tokens with.
    pub(super) fn read(token: &str) -> Result<Self, String> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, _signature] = *parts.as_slice() else {
            return Err("token contains an invalid number of segments".into());
        };
        read_part(header, "header")?;
        let claims = read_part(claims, "claim")?;
        let number = |name: &str| match claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_f64()
                .map(Some)
                .ok_or_else(|| format!("could not JSON decode claim: {name} is not a number")),
        };
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Self { expires: number("exp")?, not_before: number("nbf")?, subject })
    }

    /// The times, in seconds since the epoch.
    pub(super) fn check(&self, now: Timestamp) -> Result<(), &'static str> {
        #[expect(clippy::cast_precision_loss, reason = "seconds until the year 9999 are exact")]
        let now = now.as_secs() as f64;
        if self.expires.is_some_and(|expires| now >= expires) {
            return Err("token is expired");
        }
        if self.not_before.is_some_and(|not_before| now < not_before) {
            return Err("token is not valid yet");
        }
        Ok(())
    }

    /// The service account that the token is for.
    pub(super) fn account(&self) -> Option<ServiceAccount> {
        ServiceAccount::of_subject(&self.subject)
    }
}

fn read_part(part: &str, name: &str) -> Result<Value, String> {
    let bytes = BASE64_URL_SAFE_NO_PAD
        .decode(part)
        .map_err(|_| format!("could not base64 decode {name}: illegal base64 data"))?;
    let value: Value = serde_json::from_slice(&bytes)
        .map_err(|_| format!("could not JSON decode {name}: it is not JSON"))?;
    if value.is_object() { Ok(value) } else { Err(format!("could not JSON decode {name}: it is no object")) }
}
