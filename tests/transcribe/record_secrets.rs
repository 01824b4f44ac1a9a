//! No secret is in a recording unless somebody asked for it.

use mock_imds::transcribe::SecretsPolicy;
use support::{Client, PureService, library};

use crate::aemm::AEMM;
use crate::record::FAULTS;
use crate::service::{RERUN, record, values, written};

/// Values of a JSON body that nobody may see.
fn secrets_of(body: &[u8]) -> Vec<String> {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let secrets = ["AccessKeyId", "SecretAccessKey", "Token"];
    secrets.iter().filter_map(|key| Some(value.get(key)?.as_str()?.to_owned())).collect()
}

#[test]
fn no_secret_is_in_a_recording_unless_it_was_asked_for() {
    let everything = support::sources().join("tests/golden/everything.toml");
    let mut checked = 0;
    for (name, file) in library().into_iter().chain([("everything".to_owned(), everything)]) {
        let mut service = PureService::read(&file);
        let all = values(
            &mut if FAULTS.contains(&name.as_str()) {
                PureService::new("")
            } else {
                PureService::read(&file)
            },
            Client::HOST,
        );
        let of = |path: &str, only: &str| path.starts_with(&format!("/latest/{only}"));
        let mut secrets = vec![];
        for (path, (_, body)) in &all {
            let text = String::from_utf8_lossy(body).into_owned();
            if of(path, "meta-data/iam/security-credentials")
                || of(path, "meta-data/identity-credentials/ec2/security-credentials")
            {
                secrets.extend(secrets_of(body));
            } else if name != AEMM // Its signatures are fixed texts, and sign nothing.
                && of(path, "dynamic/instance-identity/")
                && !path.ends_with('/')
                && !path.ends_with("/document")
            {
                secrets.extend(text.lines().filter(|line| line.len() > 16).map(str::to_owned));
            } else if of(path, "user-data") {
                secrets.extend(text.lines().filter(|line| line.len() > 3).map(str::to_owned));
            }
        }
        let seen = record(&mut service, Client::HOST, "5", SecretsPolicy::default()).expect("it answers");
        let transcript = written(seen, &service);
        let shown = format!("{transcript:?}\n{}", transcript.text);
        for secret in &secrets {
            checked += 1;
            assert!(
                !shown.contains(secret.as_str()),
                "expected no {secret:?} in the recording of {name}:\n{shown}\n{RERUN}"
            );
        }
        assert!(!transcript.has_credentials && !transcript.has_user_data);
    }
    assert!(checked > 500, "only {checked} secrets were looked for\n{RERUN}");
}

#[test]
fn credentials_that_were_asked_for_are_there_and_need_tokens() {
    let mut service = PureService::new("[metadata-options]\nhttp-tokens = \"optional\"\n");
    let keep = SecretsPolicy { credentials: true, user_data: false };
    let seen = record(&mut service, Client::HOST, "1000", keep).expect("it answers");
    let transcript = written(seen, &service);
    assert!(transcript.has_credentials);
    for line in
        ["source = \"static\"", "role = \"dev-role\"", "http-tokens = \"required\"", "# REAL CREDENTIALS"]
    {
        assert!(transcript.text.contains(line), "expected {line:?}, found\n{}\n{RERUN}", transcript.text);
    }
    let token = service.token(Client::HOST, "60");
    let path = "/latest/meta-data/identity-credentials/ec2/security-credentials/ec2-instance";
    let reply = service.reply(Client::HOST, "GET", path, &[(support::TOKEN, &token)]);
    for secret in secrets_of(&reply.body) {
        assert!(
            !transcript.text.contains(&secret),
            "the identity role's {secret} was not asked for\n{RERUN}"
        );
    }
}
