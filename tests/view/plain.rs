//! The page without scripts, and the tree that it and the other one show.

use serde_json::Value;

use crate::viewed;

const SCENARIO: &str = "\
[instance]
user-data = { text = \"password=hunter2\" }
[instance.tags]
Name = \"<script>alert(1)</script>\"
[metadata-options]
instance-metadata-tags = \"enabled\"
[[event]]
at = \"1h\"
rebalance-recommendation = {}
[[fault]]
name = \"no-mac\"
path = \"meta-data/mac\"
status = 503
[instances.web]
clients = [\"10.0.0.0/8\"]
instance-id = \"i-0fedcba0987654321\"
";

/// `name:TOKEN` in base64, by the table of RFC 4648.
fn basic(text: &str) -> String {
    const TABLE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |number: u32, at: u32| char::from(TABLE[(number >> (18 - 6 * at)) as usize & 63]);
    let chunk = |bytes: &[u8]| {
        let number = (0..3).fold(0, |number, at| number << 8 | u32::from(*bytes.get(at).unwrap_or(&0)));
        let used = u32::try_from(bytes.len()).expect("three at most") + 1;
        (0..4).map(|at| if at < used { digit(number, at) } else { '=' }).collect::<String>()
    };
    let coded: String = text.as_bytes().chunks(3).map(chunk).collect();
    format!("Authorization: Basic {coded}")
}

#[test]
fn the_plain_page_has_everything_to_read_and_no_markup_of_others() {
    let (_sandbox, _server, view) = viewed(SCENARIO);
    let asked = view.ask("GET /plain", &[], "");
    assert!(asked.raw.to_lowercase().contains("www-authenticate: basic "), "{asked:?}");
    assert_eq!(view.ask("GET /plain", &[&basic("x:wrong")], "").status, 401);
    let page = view.ask("GET /plain", &[&basic(&format!("me:{}", view.token))], "");
    assert_eq!(page.status, 200, "{page:?}");
    for part in [
        "<h2>Status</h2><dl><dt>Server</dt><dd>mock-imds ",
        "<dt>Scenario</dt><dd>",
        "<dt>Requests</dt><dd>0 v1, 0 v2, 0 for a token, 0 refused</dd><dt>Host</dt><dd>no guardian runs</dd></dl>",
        "<h2>Timeline</h2>",
        "rebalance recommendation",
        "no-mac",
        "i-0fedcba0987654321",
        "meta-data/instance-id",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "hidden, because it may be a secret",
    ] {
        assert!(page.body.contains(part), "expected {part:?}, found {}", page.body);
    }
    for part in ["<script", "hunter2", "SecretAccessKey"] {
        assert!(!page.body.contains(part), "expected no {part:?}, found {}", page.body);
    }
    // It opens that page alone.
    assert_eq!(view.ask("GET /api/v1/status", &[&basic(&format!("me:{}", view.token))], "").status, 401);
}

#[test]
fn the_tree_has_each_path_and_hides_secrets() {
    let (_sandbox, server, view) = viewed(SCENARIO);
    let tree = |route: &str| {
        let found = view.api("GET", route, "");
        assert_eq!(found.status, 200, "{found:?}");
        serde_json::from_str::<Value>(&found.body).expect("JSON")["paths"].as_array().expect("a list").clone()
    };
    let entry = |tree: &[Value], path: &str| {
        let found = tree.iter().find(|entry| entry["path"] == path).cloned();
        found.unwrap_or_else(|| panic!("expected {path}, found {tree:#?}"))
    };
    let before = tree("/v1/tree");
    let id = server.get("/latest/meta-data/instance-id").body;
    assert_eq!(entry(&before, "meta-data/instance-id")["body"], id.as_str());
    for path in ["user-data", "meta-data/iam/security-credentials/dev-role"] {
        let found = entry(&before, path);
        assert!(found["hidden"] == "secret" && found.get("body").is_none(), "{found}");
    }
    assert_eq!(entry(&before, "dynamic/instance-identity/pkcs7")["hidden"], "signature");
    assert_eq!(entry(&tree("/v1/tree?instance=web"), "meta-data/instance-id")["body"], "i-0fedcba0987654321");
    let unknown = view.api("GET", "/v1/tree?instance=nobody", "");
    assert!(unknown.status == 404 && unknown.body.contains("there is no instance"), "{unknown:?}");

    // A secret that changes is seen to change.
    let rotated = view.api("POST", "/v1/events", r#"{"credentials": {"rotate": true}}"#);
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let after = tree("/v1/tree");
    let digest = |tree: &[Value], path: &str| entry(tree, path)["digest"].clone();
    let path = "meta-data/iam/security-credentials/dev-role";
    assert_ne!(digest(&before, path), digest(&after, path));
    assert_eq!(digest(&before, "user-data"), digest(&after, "user-data"));
}
