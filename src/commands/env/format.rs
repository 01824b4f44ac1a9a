//! The variables of `mock-imds env` in the form that is asked for: lines, a shell's exports, JSON, Compose, Kubernetes. Pure.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::cli::EnvFormat;
use crate::control::api::{EnvironmentListing, EnvironmentSetting};

/// The path of the token in a pod of EKS.
const EKS_TOKEN: &str = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token";
const TOKEN_VARIABLE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// The variables in a form, with a newline at the end.
pub(super) fn written(listing: &EnvironmentListing, format: EnvFormat) -> String {
    match format {
        EnvFormat::Env => lines(listing, |name, value| format!("{name}={value}")),
        EnvFormat::Export => lines(listing, |name, value| format!("export {name}={}", quoted(value))),
        EnvFormat::Json => {
            let values = listing.variables.iter();
            let values: Map<String, Value> =
                values.map(|EnvironmentSetting { name, value }| (name.clone(), json!(value))).collect();
            format!("{:#}\n", Value::Object(values))
        }
        EnvFormat::Compose => compose(listing),
        EnvFormat::Kubernetes => kubernetes(listing),
    }
}

fn lines(listing: &EnvironmentListing, line: impl Fn(&str, &str) -> String) -> String {
    listing.variables.iter().fold(String::new(), |mut text, EnvironmentSetting { name, value }| {
        let _ = writeln!(text, "{}", line(name, value));
        text
    })
}

/// A word of a shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// JSON's texts are YAML's too.
fn yaml(value: &str) -> String {
    Value::from(value).to_string()
}

fn compose(listing: &EnvironmentListing) -> String {
    if listing.variables.is_empty() {
        return "environment: {}\n".to_owned();
    }
    let mut text = "environment:\n".to_owned();
    text += &lines(listing, |name, value| format!("  {name}: {}", yaml(value)));
    if let Some(file) = &listing.token_file {
        // The directory: a file that is replaced would stay the old one in the container.
        let directory = file.path.parent().unwrap_or(&file.path).display();
        let _ = writeln!(text, "volumes:\n  - {}", yaml(&format!("{directory}:{directory}:ro")));
    }
    text
}

fn kubernetes(listing: &EnvironmentListing) -> String {
    if listing.variables.is_empty() {
        return "env: []\n".to_owned();
    }
    let mut text = "env:\n".to_owned();
    text += &lines(listing, |name, value| {
        let value = if name == TOKEN_VARIABLE { EKS_TOKEN } else { value };
        format!("  - name: {name}\n    value: {}", yaml(value))
    });
    if let Some(file) = &listing.token_file {
        let (mount, _) = EKS_TOKEN.rsplit_once('/').unwrap_or_default();
        let directory = file.path.parent().unwrap_or(&file.path).display().to_string();
        let _ = writeln!(
            text,
            "volumeMounts:\n  - name: eks-pod-identity-token\n    mountPath: {}\n    readOnly: true\n\
             # In the spec of the pod:\n\
             volumes:\n  - name: eks-pod-identity-token\n    hostPath:\n      path: {}\n      type: Directory",
            yaml(mount),
            yaml(&directory)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::api::TokenFile;
    use crate::model::Timestamp;

    fn listing() -> EnvironmentListing {
        let setting = |name: &str, value: &str| EnvironmentSetting { name: name.into(), value: value.into() };
        EnvironmentListing {
            endpoint: "pod-identity".into(),
            variables: vec![
                setting("A", "it's"),
                setting(TOKEN_VARIABLE, "/run/x/pod-identity/default.web/eks-pod-identity-token"),
            ],
            token_file: Some(TokenFile {
                path: "/run/x/pod-identity/default.web/eks-pod-identity-token".into(),
                expires: Timestamp::from_secs(1),
            }),
        }
    }

    #[test]
    fn each_form_has_the_variables() {
        let written = |format| written(&listing(), format);
        let token = "/run/x/pod-identity/default.web/eks-pod-identity-token";
        assert_eq!(written(EnvFormat::Env), format!("A=it's\n{TOKEN_VARIABLE}={token}\n"));
        assert_eq!(
            written(EnvFormat::Export),
            format!("export A='it'\\''s'\nexport {TOKEN_VARIABLE}='{token}'\n")
        );
        assert_eq!(
            written(EnvFormat::Json),
            format!("{{\n  \"A\": \"it's\",\n  \"{TOKEN_VARIABLE}\": \"{token}\"\n}}\n")
        );
        assert_eq!(
            written(EnvFormat::Compose),
            format!(
                "environment:\n  A: \"it's\"\n  {TOKEN_VARIABLE}: \"{token}\"\n\
                 volumes:\n  - \"/run/x/pod-identity/default.web:/run/x/pod-identity/default.web:ro\"\n"
            )
        );
        let kubernetes = written(EnvFormat::Kubernetes);
        let mount = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount";
        assert!(
            kubernetes.contains(&format!("    value: \"{mount}/eks-pod-identity-token\"\n")),
            "{kubernetes}"
        );
        assert!(kubernetes.contains(&format!("    mountPath: \"{mount}\"\n")), "{kubernetes}");
        assert!(kubernetes.contains("      path: \"/run/x/pod-identity/default.web\"\n"), "{kubernetes}");
    }

    #[test]
    fn nothing_is_said_where_nothing_is_to_be_set() {
        let nothing = EnvironmentListing { variables: vec![], token_file: None, ..listing() };
        assert_eq!(written(&nothing, EnvFormat::Env), "");
        assert_eq!(written(&nothing, EnvFormat::Json), "{}\n");
        assert_eq!(written(&nothing, EnvFormat::Compose), "environment: {}\n");
        assert_eq!(written(&nothing, EnvFormat::Kubernetes), "env: []\n");
    }
}
