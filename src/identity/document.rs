//! `dynamic/instance-identity/document`: the exact bytes.
//!
//! The order of the keys, the blanks and the missing newline at the end are the service's: signatures are
//! made over these bytes, and a genuine one verifies over no others.
//! Source: EC2 User Guide, "Instance identity documents", and published samples.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{KeyRing, Signed};
use crate::model::json::{array_or_null, object, optional, string};
use crate::model::{Instance, KernelId, Override, RamdiskId, StringEnum, Timestamp};

/// The document's format, as in its `version` key.
const VERSION: &str = "2017-09-30";

/// Where it is, below the version.
const PATH: &str = "dynamic/instance-identity/document";

/// How long after the launch the document was signed: on EC2 some seconds. A constant, so that the signed texts
/// stay the same over reloads and restarts.
const SIGNED_AFTER: Duration = Duration::from_secs(3);

/// A document, and its signatures once somebody asks for one: signing takes a millisecond or two.
#[derive(Debug)]
pub(crate) struct SignedDocument {
    /// The exact bytes.
    pub document: String,
    signing_time: Timestamp,
    keys: Arc<KeyRing>,
    signed: OnceLock<Signed>,
}

impl SignedDocument {
    /// The document of an instance.
    pub(crate) fn of(instance: &Instance, keys: &Arc<KeyRing>) -> Self {
        Self {
            document: said(instance).unwrap_or_else(|| document(instance)),
            signing_time: instance.launch_time.plus(SIGNED_AFTER),
            keys: Arc::clone(keys),
            signed: OnceLock::new(),
        }
    }

    /// The signatures.
    pub(crate) fn signed(&self) -> &Signed {
        self.signed.get_or_init(|| self.keys.sign(self.document.as_bytes(), self.signing_time))
    }
}

/// The last word on the document, if it is text: what is served is what is signed.
fn said(instance: &Instance) -> Option<String> {
    match instance.overrides.get(PATH) {
        Some(Override::Value(content)) => String::from_utf8(content.bytes.clone()).ok(),
        _ => None,
    }
}

/// The document of an instance. Absent facts are `null`, never left out.
fn document(instance: &Instance) -> String {
    let private_ip = instance.local_ipv4().map(|address| address.to_string());
    object(&[
        ("accountId", string(instance.account_id.as_str())),
        ("architecture", string(instance.architecture().as_str())),
        ("availabilityZone", string(instance.availability_zone.as_str())),
        ("billingProducts", array_or_null(&instance.billing_products)),
        ("devpayProductCodes", "null".into()),
        ("marketplaceProductCodes", array_or_null(&instance.product_codes)),
        ("imageId", string(instance.ami_id.as_str())),
        ("instanceId", string(instance.instance_id.as_str())),
        ("instanceType", string(instance.instance_type.as_str())),
        ("kernelId", optional(instance.kernel_id.as_ref().map(KernelId::as_str))),
        ("pendingTime", string(&instance.launch_time.rfc3339())),
        ("privateIp", optional(private_ip.as_deref())),
        ("ramdiskId", optional(instance.ramdisk_id.as_ref().map(RamdiskId::as_str))),
        ("region", string(instance.region().as_str())),
        ("version", string(VERSION)),
    ])
}
