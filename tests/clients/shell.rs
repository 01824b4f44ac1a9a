//! Shell scripts: curl as AWS's documentation and amazon-ec2-utils use it, wget, busybox.

use support::{ClientHost, ClientRun, TOKENS, installed_program};

const LISTING: &str = "ami-id
ami-launch-index
ami-manifest-path
ancestor-ami-ids
block-device-mapping/
events/
hostname
iam/
identity-credentials/
instance-action
instance-id
instance-life-cycle
instance-type
ipv6
kernel-id
local-hostname
local-ipv4
mac
metrics/
network/
placement/
product-codes
profile
public-hostname
public-ipv4
public-keys/
ramdisk-id
reservation-id
security-groups
services/
system
tags/";

const USER_DATA: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff\r\n\r\nnot text\xff";

/// As the documentation writes it.
const CURL_TOKEN: &str = r#"TOKEN=`curl -sS -X PUT "http://169.254.169.254/latest/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 21600"` && "#;
const CURL: &str = r#"curl -sS -H "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest"#;

fn sh(host: &ClientHost, line: &str) -> ClientRun {
    host.run(&["sh", "-c", line])
}

#[test]
fn curl() {
    let Some(_) = installed_program("curl") else { return };
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        let with_token = |path: &str| sh(&host, &format!("{CURL_TOKEN} {CURL}{path}"));
        with_token("/meta-data/").says(LISTING);
        with_token("/meta-data").says(LISTING);
        with_token("/user-data").says(USER_DATA);
        with_token("/meta-data/tags/instance").says("Empty\nName");
        with_token("/meta-data/tags/instance/Empty").says("");
        with_token("/meta-data/public-keys/").says("0=me, at home\n1=second key");
        with_token("/meta-data/network/interfaces/macs/06:01:02:03:04:aa/local-ipv4s")
            .says("10.20.30.40\n10.20.30.41\n10.20.30.42");
        // What `ec2-metadata` of amazon-ec2-utils asks.
        sh(
            &host,
            r#"TOKEN=$(curl -s -X PUT "http://169.254.169.254/latest/api/token" -H "X-aws-ec2-metadata-token-ttl-seconds: 900")
            ask() { curl -fs -H "X-aws-ec2-metadata-token: $TOKEN" "http://169.254.169.254/latest/$1"; }
            ask meta-data/instance-id; echo; ask /meta-data/reservation-id; echo; ask meta-data/spot/instance-action || echo none
            for line in $(ask meta-data/public-keys/ | tr ' ' _); do
                ask "meta-data/public-keys/$(echo "$line" | cut -d= -f1)/openssh-key"
            done"#,
        )
        .says(
            "i-0a1b2c3d4e5f60718\nr-046cb3eca3e201d2f\nnone\n\
             ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEONE me, at home\n\
             ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAEXAMPLETWO second@example\n",
        );
        // Without a token, as older scripts do.
        let without = sh(&host, "curl -sf http://169.254.169.254/latest/meta-data/instance-id");
        if host.needs_token() {
            without.ended(22);
        } else {
            without.says("i-0a1b2c3d4e5f60718");
        }
    }
}

#[test]
fn wget() {
    let Some(_) = installed_program("wget") else { return };
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        let with_token = |path: &str| {
            sh(
                &host,
                &format!(
                    r#"TOKEN=$(wget -qO- --method PUT --header "X-aws-ec2-metadata-token-ttl-seconds: 60" http://169.254.169.254/latest/api/token) &&
                    wget -qO- --header "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/{path}"#
                ),
            )
        };
        with_token("meta-data/").says(LISTING);
        with_token("meta-data/placement/availability-zone").says("eu-west-1b");
        with_token("user-data").says(USER_DATA);
        // 6 is its word for a 401.
        let without = sh(&host, "wget -qO- http://169.254.169.254/latest/meta-data/instance-id");
        if host.needs_token() {
            without.ended(6);
        } else {
            without.says("i-0a1b2c3d4e5f60718");
        }
    }
}

#[test]
fn busybox_wget() {
    let (Some(_), Some(_)) = (installed_program("busybox"), installed_program("curl")) else {
        return;
    };
    for tokens in TOKENS {
        let Some(host) = ClientHost::new("instance.toml", tokens) else { return };
        // It can't PUT, so somebody else fetches the token.
        let with_token = sh(
            &host,
            &format!(
                r#"{CURL_TOKEN} busybox wget -qO- --header "X-aws-ec2-metadata-token: $TOKEN" http://169.254.169.254/latest/user-data"#
            ),
        );
        with_token.says(USER_DATA);
        let without = sh(&host, "busybox wget -qO- http://169.254.169.254/latest/meta-data/");
        if host.needs_token() {
            without.ended(1);
        } else {
            without.says(LISTING);
        }
    }
}
