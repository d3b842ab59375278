//! What `cargo metadata` knows of the workspace.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::command::{cargo, output};
use crate::rust_version::RustVersion;

/// The workspace and everything it is built from, on every platform and with every feature.
pub(crate) struct Workspace {
    /// Ids of the workspace's own packages.
    pub(crate) members: Vec<Id>,
    /// Every package, ours and others'.
    pub(crate) packages: BTreeMap<Id, Package>,
}

/// Cargo's opaque name of one package in one version.
pub(crate) type Id = String;

/// One package.
pub(crate) struct Package {
    /// The name in its manifest.
    pub(crate) name: String,
    /// Its version, to print.
    pub(crate) version: String,
    /// The oldest Rust it promises to build with.
    pub(crate) rust_version: Option<RustVersion>,
    /// Names of its features, sorted.
    pub(crate) features: Vec<String>,
    /// Package names its manifest depends on, optional ones included.
    pub(crate) declared: Vec<(String, Kind)>,
    /// Packages the resolver linked it to.
    pub(crate) resolved: Vec<(Id, Kind)>,
}

/// What a dependency is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The code itself.
    Normal,
    /// Its build script.
    Build,
    /// Its tests, examples and benches.
    Dev,
}

impl Workspace {
    /// Asks cargo.
    ///
    /// # Errors
    /// If cargo fails, for example because `Cargo.lock` is out of date, or answers in another shape.
    pub(crate) fn load() -> Result<Self, String> {
        let json = output(&mut cargo("metadata --format-version 1 --locked --all-features"))?;
        let json = serde_json::from_str(&json)
            .map_err(|cause| format!("cargo metadata is not JSON: {cause}"))?;
        Self::parse(&json).ok_or_else(|| "cargo metadata has an unknown shape".to_owned())
    }

    /// The workspace's own packages.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.members.iter().filter_map(|id| self.packages.get(id))
    }

    fn parse(json: &Value) -> Option<Self> {
        let mut packages = array(json, "packages")?
            .iter()
            .map(|package| Some((string(package, "id")?, Package::parse(package)?)))
            .collect::<Option<BTreeMap<_, _>>>()?;
        for node in array(json.get("resolve")?, "nodes")? {
            packages.get_mut(&string(node, "id")?)?.resolved = resolved(node)?;
        }
        let members =
            array(json, "workspace_members")?.iter().map(|id| Some(id.as_str()?.to_owned()));
        Some(Self { members: members.collect::<Option<_>>()?, packages })
    }
}

impl Package {
    fn parse(json: &Value) -> Option<Self> {
        let declared = array(json, "dependencies")?
            .iter()
            .map(|dependency| Some((string(dependency, "name")?, kind(dependency)?)));
        Some(Self {
            name: string(json, "name")?,
            version: string(json, "version")?,
            rust_version: match json.get("rust_version")? {
                Value::Null => None,
                version => Some(version.as_str()?.parse().ok()?),
            },
            features: json.get("features")?.as_object()?.keys().cloned().collect(),
            declared: declared.collect::<Option<_>>()?,
            resolved: Vec::new(),
        })
    }
}

fn resolved(node: &Value) -> Option<Vec<(Id, Kind)>> {
    let mut edges = Vec::new();
    for dependency in array(node, "deps")? {
        for edge in array(dependency, "dep_kinds")? {
            edges.push((string(dependency, "pkg")?, kind(edge)?));
        }
    }
    Some(edges)
}

fn kind(edge: &Value) -> Option<Kind> {
    match edge.get("kind")? {
        Value::Null => Some(Kind::Normal),
        kind if kind == "build" => Some(Kind::Build),
        kind if kind == "dev" => Some(Kind::Dev),
        _ => None,
    }
}

fn array<'a>(json: &'a Value, key: &str) -> Option<&'a Vec<Value>> {
    json.get(key)?.as_array()
}

fn string(json: &Value, key: &str) -> Option<String> {
    Some(json.get(key)?.as_str()?.to_owned())
}

/// A made-up graph, whose ids are names and whose edges are declared and resolved alike.
#[cfg(test)]
pub(crate) fn sketch(members: &[&str], edges: &[(&str, &str, Kind)]) -> Workspace {
    let ends = edges.iter().flat_map(|(from, to, _)| [from, to]);
    let package = |&name: &&str| {
        let edges = edges.iter().filter(|(from, _, _)| *from == name);
        let edges: Vec<_> = edges.map(|(_, to, kind)| ((*to).to_owned(), *kind)).collect();
        let package = Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            rust_version: None,
            features: Vec::new(),
            declared: edges.clone(),
            resolved: edges,
        };
        (name.to_owned(), package)
    };
    Workspace {
        members: members.iter().map(|&name| name.to_owned()).collect(),
        packages: members.iter().chain(ends).map(package).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_gives_members_features_and_both_kinds_of_edges() {
        let json = json!({
            "packages": [
                { "id": "a 1", "name": "a", "version": "1.0.0", "rust_version": "1.88", "features": { "y": [], "x": [] },
                  "dependencies": [{ "name": "b", "kind": "dev" }, { "name": "c", "kind": null }] },
                { "id": "b 2", "name": "b", "version": "2.0.0", "rust_version": null, "features": {}, "dependencies": [] },
            ],
            "workspace_members": ["a 1"],
            "resolve": { "nodes": [
                { "id": "a 1", "deps": [{ "pkg": "b 2", "dep_kinds": [{ "kind": "dev" }, { "kind": "build" }] }] },
                { "id": "b 2", "deps": [] },
            ] },
        });
        let workspace = Workspace::parse(&json).expect("the shape of cargo metadata");
        let [a] = workspace.members().collect::<Vec<_>>()[..] else { panic!("one member") };
        assert_eq!(a.features, ["x", "y"]);
        assert_eq!(a.declared, [("b".to_owned(), Kind::Dev), ("c".to_owned(), Kind::Normal)]);
        assert_eq!(a.resolved, [("b 2".to_owned(), Kind::Dev), ("b 2".to_owned(), Kind::Build)]);
        assert!(a.rust_version.is_some());
    }

    #[test]
    fn another_shape_is_refused() {
        assert!(Workspace::parse(&json!({ "packages": [] })).is_none());
    }
}
