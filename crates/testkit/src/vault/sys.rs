//! What the server says of itself: `sys/*`.

use serde_json::{Map, Value, json};

use crate::vault::ServerState;
use crate::vault::ask::{Ask, Operation};
use crate::vault::reply::{Outcome, Reply};
use crate::vault::token::Token;

/// Answers what needs no token, and no server that serves.
pub(super) fn public(ask: &Ask, state: ServerState, unix_seconds: i64) -> Option<Outcome> {
    match (ask.path.as_str(), ask.operation) {
        ("sys/health", Operation::Read | Operation::Head) if !ask.namespace.is_empty() => {
            Some(Err(Reply::error(400, "operation unavailable in namespaces")))
        }
        ("sys/health", Operation::Read | Operation::Head) => Some(Ok(health(state, unix_seconds))),
        ("sys/seal-status", Operation::Read) => Some(Ok(seal_status(state))),
        ("sys/health" | "sys/health/" | "sys/seal-status" | "sys/seal-status/", _) => {
            Some(Err(Reply::silent(405)))
        }
        _ => None,
    }
}

fn health(state: ServerState, unix_seconds: i64) -> Reply {
    let mode = if state.is_sealed() { "unknown" } else { "disabled" };
    let body = json!({
        "initialized": state != ServerState::Uninitialised, "sealed": state.is_sealed(),
        "standby": !matches!(state, ServerState::Active | ServerState::DrSecondary),
        "replication_performance_mode": mode, "replication_dr_mode": mode,
        "server_time_utc": unix_seconds, "version": VERSION,
    });
    let reply = Reply::plain(state.health_status(), body);
    match state {
        ServerState::Sealed | ServerState::Uninitialised => return reply,
        ServerState::Active | ServerState::Standby => reply,
        ServerState::PerformanceStandby => reply.with("performance_standby", true),
        ServerState::DrSecondary => reply.with("replication_dr_mode", "secondary"),
        ServerState::CutOff => reply.with("ha_connection_healthy", false),
        ServerState::Removed => reply.with("removed_from_cluster", true),
    }
    .with("cluster_name", CLUSTER)
    .with("cluster_id", UUID)
}

fn seal_status(state: ServerState) -> Reply {
    let shares = u8::from(state != ServerState::Uninitialised);
    let reply = Reply::plain(
        200,
        json!({
            "type": "shamir", "initialized": shares == 1, "sealed": state.is_sealed(), "t": shares,
            "n": shares, "progress": 0, "nonce": "", "recovery_seal": false, "version": VERSION,
            "commit_date": "2026-10-26T20:32:27Z", "migration": false, "storage_type": "inmem",
        }),
    );
    match state.is_sealed() {
        true => reply,
        false => reply.with("cluster_name", CLUSTER).with("cluster_id", UUID),
    }
}

/// Answers `sys/internal/ui/mounts/<path>` about a mount that was found, of this type and these options.
/// `prefix` is that of the namespace.
pub(super) fn mount(prefix: &str, path: &str, kind: &str, options: &Value) -> Reply {
    // Dev mode describes the mount that it makes itself.
    let description = match (prefix, path) {
        ("", "secret/") => "key/value secret storage",
        _ => "",
    };
    Reply::data(json!({
        "accessor": format!("{kind}_00000000"),
        "config": { "default_lease_ttl": 0, "force_no_cache": false, "max_lease_ttl": 0 },
        "deprecation_status": "supported", "description": description,
        "external_entropy_access": false, "local": false, "options": options, "path": path,
        "plugin_version": "", "running_plugin_version": format!("v{VERSION}+builtin.bao"),
        "running_sha256": "", "seal_wrap": false, "type": kind, "uuid": UUID,
    }))
}

/// Answers the same about one that was not, or that the token may not know of.
pub(super) fn no_mount(path: &str) -> Reply {
    let path = path.trim_end_matches('/');
    Reply::error(
        403,
        format!(
            "preflight capability check returned 403, please ensure client's policies grant access to path \"{path}/\""
        ),
    )
}

/// Answers `sys/capabilities-self`, whose answer has everything twice. `prefix` is that of the namespace.
pub(super) fn capabilities(token: &Token, ask: &mut Ask, prefix: &str) -> Outcome {
    let listed = ask.fields.take("paths").or_else(|| ask.fields.take("path"));
    let paths: Vec<_> = match listed {
        Some(Value::Array(paths)) => {
            paths.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(paths)) => paths.split(',').map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    if paths.is_empty() {
        return Err(Reply::error(400, "paths must be supplied"));
    }
    if paths.iter().any(String::is_empty) {
        return Err(Reply::listed(400, "missing path"));
    }
    let on = |path: &String| token.capabilities(&format!("{prefix}{path}"));
    let mut found: Map<_, Value> =
        paths.iter().map(|path| (path.clone(), on(path).into())).collect();
    if let [path] = paths.as_slice() {
        found.insert("capabilities".to_owned(), on(path).into());
    }
    let reply = Reply::data(Value::Object(found.clone()));
    Ok(found.into_iter().fold(reply, |reply, (path, found)| reply.with(&path, found)))
}

const VERSION: &str = "2.7.2";
const CLUSTER: &str = "vault-cluster-fake";
const UUID: &str = "00000000-0000-4000-8000-000000000000";
