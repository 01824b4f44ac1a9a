//! Real clients, unmodified, at the true address, with no endpoint setting.
//!
//! Each test has a network namespace of its own, with `mock-imds net hold` and `mock-imds serve` in it, and runs a client
//! in an environment without AWS_* variables and with an empty home; once with tokens optional, once required.
//! Root only. `scripts/clients` installs the clients; `scripts/test clients` does that and runs the tests.
//!
//! | file | clients |
//! |---|---|
//! | `sdk` | boto3, the AWS CLI, the AWS SDKs for Rust, JavaScript and Go (1 and 2) |
//! | `cloud_init` | Debian's cloud-init |
//! | `ec2metadata` | Debian's ec2metadata |
//! | `containers` | botocore, by the variables of `mock-imds env`, on loopback |
//! | `endpoints` | botocore, the AWS CLI, SDKs and OpenTelemetry detectors at the addresses of containers |
//! | `late` | cloud-init, amazon-ec2-net-utils, SDKs: what they make of metadata that arrives late |
//! | `moto` | moto's server: boto3 with the keys of this service at its STS, EC2 and S3 |
//! | `shell` | curl, wget and busybox in the ways of the documentation and of amazon-ec2-utils |

mod cloud_init;
mod containers;
mod ec2metadata;
mod endpoints;
mod late;
mod moto;
mod sdk;
mod shell;
