//! `dynamic/instance-identity/document`, byte for byte.
//!
//! The order of the keys, the blanks and the missing newline at the end are the service's: signatures are
//! made over these bytes, and a genuine one verifies over no others.
//! Source: EC2 User Guide, "Instance identity documents", and published samples.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::{KeyRing, Signatures};
use crate::model::json::{array_or_null, object, optional, string};
use crate::model::{Instance, KernelId, Override, RamdiskId, StringEnum, Timestamp};

/// Value of the key `version`: the format of the document.
const VERSION: &str = "2017-09-30";

const PATH: &str = "dynamic/instance-identity/document";

/// Time between launch and signature: on EC2 some seconds. A constant, so that the signed texts stay the same over
/// reloads and restarts.
const SIGNING_DELAY: Duration = Duration::from_secs(3);

/// A document, and its signatures once somebody asks for one: signing takes a millisecond or two.
#[derive(Debug)]
pub(crate) struct SignedDocument {
    pub document: String,
    signing_time: Timestamp,
    keys: Arc<KeyRing>,
    signatures: OnceLock<Signatures>,
}

impl SignedDocument {
    pub(crate) fn of(instance: &Instance, keys: &Arc<KeyRing>) -> Self {
        Self {
            document: overridden(instance).unwrap_or_else(|| document(instance)),
            signing_time: instance.launch_time.plus(SIGNING_DELAY),
            keys: Arc::clone(keys),
            signatures: OnceLock::new(),
        }
    }

    pub(crate) fn signatures(&self) -> &Signatures {
        self.signatures.get_or_init(|| self.keys.sign(self.document.as_bytes(), self.signing_time))
    }
}

/// The override of the document, if it is text: the bytes that are served must be those that are signed.
fn overridden(instance: &Instance) -> Option<String> {
    match instance.overrides.get(PATH) {
        Some(Override::Value(content)) => String::from_utf8(content.bytes.to_vec()).ok(),
        _ => None,
    }
}

/// Absent facts are `null`, never left out.
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
