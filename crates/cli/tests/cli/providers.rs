//! `providers` and `completions`, which need no provider.

use serde_json::Value;

use crate::support::{Cli, folder, members};

#[test]
fn every_id_is_listed_with_its_settings_and_no_value() {
    let cli = Cli::with(&[("SECRETS_PROVIDER", "canary"), ("VAULT_TOKEN", "canary-token")]);
    let run = cli.run(&["providers", "--json"]);
    let listed = run.json();
    assert!(!run.text().contains("canary"), "{run:?}");
    let providers = listed["providers"].as_array().unwrap();
    let ids: Vec<_> = providers.iter().map(|one| one["id"].as_str().unwrap()).collect();
    for id in [
        "vault_dev",
        "vault_hcp",
        "vault",
        "infisical_cloud",
        "infisical_self_host",
        "aws_sm",
        "azure_kv",
        "file",
        "env",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
    for one in providers {
        assert_eq!(members(one), ["compiled", "feature", "id", "variables"]);
    }
    let of = |id: &str| providers.iter().find(|one| one["id"] == id).unwrap();
    assert_eq!((&of("file")["compiled"], &of("file")["feature"]), (&true.into(), &Value::Null));
    assert_eq!(
        (&of("vault")["compiled"], &of("vault")["feature"]),
        (&true.into(), &"vault".into())
    );
    for one in providers {
        assert_eq!(one["compiled"], true, "{one}");
        assert!(!one["variables"].as_array().unwrap().is_empty(), "{one}");
    }
    let variables = of("vault")["variables"].as_array().unwrap();
    assert_eq!(members(&variables[0]), ["default", "name", "required", "secret", "set"]);
    let of = |name: &str| variables.iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(
        (&of("VAULT_TOKEN")["secret"], &of("VAULT_TOKEN")["set"]),
        (&true.into(), &true.into())
    );
    assert_eq!(
        (&of("VAULT_KV_MOUNT")["set"], &of("VAULT_KV_MOUNT")["default"]),
        (&false.into(), &"secret".into())
    );
}

#[test]
fn a_file_twin_counts_as_set() {
    let folder = folder();
    let path = folder.path().join("db");
    let cli = Cli::with(&[("VAULT_TOKEN_FILE", path.to_str().unwrap())]);
    let listed = cli.run(&["providers", "--provider", "vault", "--json"]).json();
    let providers = listed["providers"].as_array().unwrap();
    let vault = providers.iter().find(|one| one["id"] == "vault").unwrap();
    let is_set = |name: &str| {
        let mut variables = vault["variables"].as_array().unwrap().iter();
        variables.find(|one| one["name"] == name).unwrap()["set"].clone()
    };
    assert_eq!((is_set("VAULT_TOKEN"), is_set("SECRETS_PROVIDER")), (true.into(), true.into()));
}

#[test]
fn people_get_tables() {
    let run = Cli::default().run(&["providers"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    for part in [
        "every provider\nVARIABLE",
        "vault_dev, vault_hcp, vault\nVARIABLE",
        "needed",
        "infisical_cloud, infisical_self_host\nVARIABLE",
    ] {
        assert!(run.text().contains(part), "{part}: {}", run.text());
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = Cli::default().run(&["completions", shell]);
        assert_eq!(run.code, 0);
        assert!(run.text().contains("strongroom") && run.text().contains("reveal"), "{shell}");
    }
}
