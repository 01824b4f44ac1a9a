//! Credentials, options and overrides: what is read, and what real keys demand.

use super::{accepted, problems, scenario};
use crate::model::{CredentialSource, HttpTokens, Override};

#[test]
fn options_credentials_and_overrides_are_read() {
    let found = scenario(
        "[metadata-options]\nhttp-tokens = \"required\"\n[credentials]\nrole = \"web\"\nlifetime = \"1h\"\n\
         [metadata]\n\"/latest/meta-data/x/\" = \"y\"\n\"meta-data/public-ipv4\" = false\n\
         \"meta-data/raw\" = { base64 = \"AAE=\" }\n",
    );
    assert_eq!(found.instance.metadata_options.http_tokens, HttpTokens::Required);
    let credentials = found.instance.credentials.expect("a role");
    assert_eq!(credentials.role.as_str(), "web");
    assert_eq!((credentials.lifetime.as_secs(), credentials.refresh.as_secs()), (3600, 600));
    let overrides = found.instance.overrides;
    assert_eq!(overrides["meta-data/x"], Override::Value(b"y".to_vec().into()));
    assert_eq!(overrides["meta-data/raw"], Override::Value(vec![0, 1].into()));
    assert_eq!(overrides["meta-data/public-ipv4"], Override::Removed);
}

#[test]
fn real_credentials_need_tokens_unless_set_otherwise() {
    let sources = [
        "source = \"static\"\naccess-key-id = \"AKIAX\"\nsecret-access-key = \"s\"\n",
        "source = \"file\"\nfile = \"keys.json\"\n",
        "source = \"process\"\ncommand = [\"/usr/bin/aws\", \"configure\", \"export-credentials\"]\n",
    ];
    for source in sources {
        let text = format!("[credentials]\n{source}");
        let found = accepted(&text).instance;
        assert_eq!(found.metadata_options.http_tokens, HttpTokens::Required, "{text}");
        assert!(found.credentials.is_some_and(|c| c.source != CredentialSource::Generated), "{text}");
        let open = format!("{text}[metadata-options]\nhttp-tokens = \"optional\"\n");
        assert_eq!(accepted(&open).instance.metadata_options.http_tokens, HttpTokens::Optional, "{open}");
    }
    let wrong = [
        ("source = \"static\"", "credentials has no access-key-id"),
        (
            "source = \"static\"\naccess-key-id = \"A\"\nsecret-access-key = \"a b\"",
            "secret-access-key is empty, or has",
        ),
        ("source = \"file\"", "credentials has no file"),
        ("source = \"process\"\ncommand = [\"aws\"]", "does not start with an absolute path"),
        ("source = \"process\"\ncommand = \"/usr/bin/aws\"", "credentials.command is a string"),
    ];
    for (source, expected) in wrong {
        let found = problems(&format!("[credentials]\n{source}\n"));
        assert!(found.contains(expected), "expected {expected:?} for {source}, found:\n{found}");
    }
}

#[test]
fn keys_of_credentials_without_effect_are_errors() {
    let named = "[instances.a]\nderive = true\nclients = [\"host\"]\n[instances.a.credentials]\n";
    for (table, text, key, source) in [
        ("[credentials]\n", "source = \"none\"\nrole = \"x\"\n", "credentials.role", "none"),
        ("[credentials]\n", "source = \"none\"\nextended = true\n", "credentials.extended", "none"),
        ("[credentials]\n", "access-key-id = \"AKIAEXAMPLE\"\n", "credentials.access-key-id", "generated"),
        (
            "[credentials]\n",
            "source = \"process\"\ncommand = [\"/bin/true\"]\nfile = \"x\"\n",
            "credentials.file",
            "process",
        ),
        (named, "source = \"none\"\nlifetime = \"1h\"\n", "instances.a.credentials.lifetime", "none"),
    ] {
        let found = problems(&format!("{table}{text}"));
        let expected = format!("error: {key} has no effect: source is \"{source}\"");
        assert!(found.contains(&expected), "{table}{text}\nexpected {expected}, found {found}");
    }
}
