//! Keys under the sandbox: a credential process with and without the shipped drop-in, and certificates for everybody.

use std::time::Duration;

use support::machine::{Machine, System};

const SOON: Duration = Duration::from_secs(10);

/// A helper that needs what an AWS CLI needs: a network, a home that it can write to, and a file of its own.
const HELPER: &str = r#"#!/usr/bin/python3
import json, os, socket
with open(os.environ["AWS_CONFIG_FILE"]) as config:
    key = config.read().strip()
os.makedirs(os.path.join(os.environ["HOME"], ".aws/cli/cache"), exist_ok=True)
with socket.create_connection(("127.0.0.1", 7007), timeout=5) as sts:
    secret = sts.recv(64).decode().strip()
print(json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": secret}))
"#;

/// Answers every connection with a secret, as an STS of this machine.
const STS: &str = r#"#!/usr/bin/python3
import socket
listener = socket.create_server(("127.0.0.1", 7007))
while True:
    connection, _ = listener.accept()
    connection.sendall(b"s3cret\n")
    connection.close()
"#;

const SCENARIO: &str =
    "[credentials]\nsource = \"process\"\nrole = \"dev-role\"\ncommand = [\"/usr/local/bin/keys\"]\n";

const ROLE: &str = "token=$(curl -sfX PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' \
                    http://169.254.169.254/latest/api/token) && \
                    curl -s -H \"X-aws-ec2-metadata-token: $token\" \
                    http://169.254.169.254/latest/meta-data/iam/security-credentials/dev-role";

#[test]
fn a_credential_process_works_with_the_shipped_drop_in() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    for (path, program) in [("/usr/local/bin/keys", HELPER), ("/usr/local/bin/sts", STS)] {
        machine.ok(&format!("cat >{path} <<'END'\n{program}END\nchmod 0755 {path}"));
    }
    machine.ok("systemd-run --unit=sts /usr/local/bin/sts");
    machine.ok("install -d -m 0750 -g mock-imds /etc/mock-imds/aws");
    machine.ok("echo ASIAHELPED >/etc/mock-imds/aws/config; chgrp mock-imds /etc/mock-imds/aws/config");
    machine.ok(&format!("cat >/etc/mock-imds/scenario.toml <<'END'\n{SCENARIO}END"));
    machine.ok("systemctl reload mock-imds");
    role_says(
        &machine,
        "without the drop-in, the sandbox keeps the helper from its needs",
        "\"Code\" : \"Failed\"",
    );

    machine.ok("install -D -m 0644 /usr/share/mock-imds/dropins/credential-process.conf \
         /etc/systemd/system/mock-imds.service.d/credential-process.conf && \
         systemctl daemon-reload && systemctl restart mock-imds");
    role_says(&machine, "with the drop-in", "\"AccessKeyId\" : \"ASIAHELPED\"");
    let open = machine.run("curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/");
    machine.expect("a request without a token, with real credentials", &open.stdout, "401");
    let journal = machine.ok("journalctl --no-pager -u mock-imds");
    if journal.contains("s3cret") {
        machine.fail(&format!("expected no secret in the journal, found one:\n{journal}"));
    }
}

#[test]
fn everybody_can_verify_the_identity_document() {
    let Some(machine) = Machine::boot(System::Debian12) else { return };
    machine.install();
    let script = "cd $(mktemp -d) && mock-imds show identity-certificate >certificate.pem && \
         document=http://169.254.169.254/latest/dynamic/instance-identity && \
         curl -sf $document/document >document && \
         { echo '-----BEGIN PKCS7-----'; curl -sf $document/rsa2048; echo; echo '-----END PKCS7-----'; } >rsa2048 && \
         openssl smime -verify -inform PEM -in rsa2048 -content document -certfile certificate.pem -noverify \
             2>&1 >recovered && cmp recovered document";
    let said = machine
        .run(&format!("setpriv --reuid=nobody --regid=nogroup --clear-groups sh -c {}", quoted(script)));
    if said.code != Some(0) {
        machine.fail(&format!("expected that nobody can verify the document\n{said}"));
    }
    machine.expect(
        "who may read the keys",
        machine.ok("stat -c '%a %n' /var/lib/mock-imds/identity/*.key | cut -d' ' -f1 | sort -u").trim(),
        "600",
    );
}

fn role_says(machine: &Machine, when: &str, expected: &str) {
    machine.within(SOON, &format!("{expected} {when}"), || {
        let said = machine.run(ROLE).stdout;
        if said.contains(expected) { Ok(()) } else { Err(said) }
    });
}

fn quoted(script: &str) -> String {
    format!("'{}'", script.replace('\'', r"'\''"))
}
