//! The recorded calls.
//!
//! A line is `METHOD path body @Header: value`, below `/v1/`, with the root token unless a header names
//! another. `name := ` keeps the signature or HMAC of the answer as `{name}`, and what follows its last colon
//! as `{name.bytes}`. `{app}` and `{short}` are tokens with the rules of [`POLICY`]. There is a namespace
//! `team-a`.

/// What both answer alike.
pub(super) const SCRIPT: &str = r#"
# Health
GET sys/health @X-Vault-Token:
HEAD sys/health @X-Vault-Token:
GET sys/health @X-Vault-Namespace: team-a
POST sys/health {}
GET sys/seal-status @X-Vault-Token:

# Which mount a path is in
GET sys/internal/ui/mounts/secret
GET sys/internal/ui/mounts/kv1/a/b
GET sys/internal/ui/mounts/transit/keys/ed
GET sys/internal/ui/mounts/gone/x
GET sys/internal/ui/mounts/secret @X-Vault-Token: canary-unknown
GET sys/internal/ui/mounts/secret @X-Vault-Token:
GET sys/internal/ui/mounts/secret @X-Vault-Token: {app}
GET sys/internal/ui/mounts/transit @X-Vault-Token: {app}

# KV version 1
GET kv1/db
POST kv1/db {"user":"app","password":"canary-1"}
GET kv1/db
PUT kv1/db {"password":"canary-2","ttl":"1h","n":null,"o":{"b":[1]}}
GET kv1/db
POST kv1/db {}
POST kv1/dir/a {"x":"y"}
POST kv1/dir/sub/b {"x":"y"}
LIST kv1
GET kv1/dir?list=true
LIST kv1/gone
DELETE kv1/db
DELETE kv1/db
GET kv1/db

# KV version 2
GET secret/data/db
POST secret/data/db {"data":{"password":"canary-1"}}
GET secret/data/db
POST secret/data/db {"data":{"password":"canary-2"},"options":{"cas":0}}
POST secret/data/db {"data":{"password":"canary-2"},"options":{"cas":1}}
POST secret/data/db {"data":{"password":"canary-3"},"options":{"cas":1}}
POST secret/data/db {"data":{"password":"canary-3"},"options":{"cas":"x"}}
POST secret/data/new {"data":{},"options":{"cas":1}}
POST secret/data/new {"data":{},"options":{"cas":0}}
POST secret/data/db {"password":"canary"}
POST secret/data/db {"data":"canary"}
POST secret/data/db {"data":{"password":"canary-3"},"extra":1}
GET secret/data/db?version=1
GET secret/data/db?version=0
GET secret/data/db?version=99
GET secret/data/db?version=abc
GET secret/data/db?version=3&other=1

# Versions that go and come back
DELETE secret/data/db
GET secret/data/db
GET secret/data/db?version=2
POST secret/undelete/db {"versions":[3]}
GET secret/data/db
POST secret/delete/db {"versions":[1,2,99]}
GET secret/data/db?version=1
PUT secret/destroy/db {"versions":[1]}
GET secret/data/db?version=1
POST secret/undelete/db {"versions":[1,2]}
GET secret/data/db?version=1
GET secret/metadata/db
POST secret/delete/db {}
POST secret/destroy/db {"versions":["x"]}

# Metadata and lists
GET secret/metadata/gone
POST secret/metadata/q {"max_versions":2,"cas_required":true,"delete_version_after":"30m","custom_metadata":{"owner":"a"}}
GET secret/metadata/q
GET secret/data/q
POST secret/data/q {"data":{"x":1}}
POST secret/data/q {"data":{"x":1},"options":{"cas":0}}
POST secret/data/q {"data":{"x":2},"options":{"cas":1}}
POST secret/data/q {"data":{"x":3},"options":{"cas":2}}
GET secret/data/q?version=1
GET secret/data/q
GET secret/metadata/q
POST secret/metadata/q {"max_versions":"x"}
POST secret/data/dir/a {"data":{"x":1}}
POST secret/data/dir/sub/b {"data":{"x":1}}
LIST secret/metadata
GET secret/metadata/dir?list=true
LIST secret/metadata/gone
DELETE secret/metadata/q
DELETE secret/metadata/q

# Patches
POST secret/data/m {"data":{"a":{"b":1,"c":2},"k":"canary-k"}}
PATCH secret/data/m {"data":{"a":{"b":null,"d":3}}} @Content-Type: application/merge-patch+json
GET secret/data/m
PATCH secret/data/m {"data":{"z":1},"options":{"cas":1}} @Content-Type: application/merge-patch+json
PATCH secret/data/gone {"data":{"z":1}} @Content-Type: application/merge-patch+json
PATCH secret/data/m {"data":{"z":1}} @Content-Type: application/json
PATCH secret/data/m {"data":{"z":1}}
DELETE secret/data/m
PATCH secret/data/m {"data":{"z":1}} @Content-Type: application/merge-patch+json

# Keys of Transit
LIST transit/keys
GET transit/keys/ed
POST transit/keys/ed {"type":"ed25519"}
POST transit/keys/hm {"type":"hmac","key_size":32}
POST transit/keys/ed {"type":"hmac","key_size":32}
POST transit/keys/x {"type":"hmac"}
POST transit/keys/x {"type":"hmac","key_size":16}
POST transit/keys/x {"type":"unheard-of"}
GET transit/keys/ed
GET transit/keys/hm
LIST transit/keys

# Signing
sig1 := POST transit/sign/ed {"input":"aGVsbG8="}
POST transit/sign/ed/sha2-256 {"input":"aGVsbG8="}
POST transit/sign/ed {}
POST transit/sign/ed {"input":"!!"}
POST transit/sign/ed {"input":"aGVsbG8=","extra":1}
POST transit/sign/ed {"input":"aGVsbG8=","key_version":99}
POST transit/sign/ed/unheard-of {"input":"aGVsbG8="}
POST transit/sign/gone {"input":"aGVsbG8="}
POST transit/sign/hm {"input":"aGVsbG8="}
GET transit/sign/ed
POST transit/sign/ed {"batch_input":[{"input":"aGVsbG8="},{"input":"!!","reference":"b"},{"reference":"c"},{"input":""}]}
POST transit/sign/ed {"batch_input":[]}

# HMACs
mac1 := POST transit/hmac/hm {"input":"aGVsbG8="}
mac512 := POST transit/hmac/hm/sha2-512 {"input":"aGVsbG8="}
POST transit/hmac/ed {"input":"aGVsbG8="}
POST transit/hmac/hm {}
POST transit/hmac/hm {"input":"!!"}
POST transit/hmac/hm {"input":"aGVsbG8=","key_version":99}
POST transit/hmac/gone {"input":"aGVsbG8="}
POST transit/hmac/hm {"batch_input":[{"input":"aGVsbG8=","reference":"a"},{"input":"!!","reference":"b"},{"reference":"c"}]}

# Verifying signatures
POST transit/verify/ed {"input":"aGVsbG8=","signature":"{sig1}"}
POST transit/verify/ed {"input":"b3RoZXI=","signature":"{sig1}"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"vault:v1:AAAA"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"garbage"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"vault:v1"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"vault:v1:!!"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"vault:vx:{sig1.bytes}"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"vault:v99:{sig1.bytes}"}
POST transit/verify/ed {"input":"!!","signature":"{sig1}"}
POST transit/verify/ed {"input":"aGVsbG8="}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"{sig1}","hmac":"{mac1}"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"garbage","hmac":"{mac1}"}
POST transit/verify/hm {"input":"aGVsbG8=","signature":"{sig1}"}
POST transit/verify/gone {"input":"aGVsbG8=","signature":"{sig1}"}
POST transit/verify/ed {"batch_input":[{"input":"aGVsbG8=","signature":"{sig1}"},{"input":"b3RoZXI=","signature":"{sig1}","reference":"b"},{"input":"aGVsbG8=","signature":"garbage"},{"signature":"{sig1}"}]}
POST transit/verify/ed {"batch_input":[{"input":"aGVsbG8=","signature":"{sig1}"},{"input":"aGVsbG8="}]}
POST transit/verify/ed {"batch_input":[{"input":"aGVsbG8=","signature":"{sig1}"},{"input":"aGVsbG8=","hmac":"{mac1}"}]}

# Verifying HMACs
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"{mac1}"}
POST transit/verify/hm {"input":"b3RoZXI=","hmac":"{mac1}"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"{mac512}"}
POST transit/verify/hm/sha2-512 {"input":"aGVsbG8=","hmac":"{mac512}"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"vault:v1:AAAA"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"garbage"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"vault:v1:!!"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"vault:v99:{mac1.bytes}"}
POST transit/verify/gone {"input":"aGVsbG8=","hmac":"{mac1}"}
mac256 := POST transit/hmac/hm/sha2-256 {"input":"aGVsbG8="}
POST transit/hmac/hm/sha2-256 {"batch_input":[{"input":"aGVsbG8="}]}
POST transit/hmac/gone/sha2-256 {"batch_input":[{"input":"aGVsbG8="}]}
POST transit/sign/ed {"batch_input":[{"input":"aGVsbG8="}]}
POST transit/sign/hm {"batch_input":[{"input":"aGVsbG8="}]}
POST transit/sign/gone {"batch_input":[{"input":"aGVsbG8="}]}
POST transit/verify/hm/sha2-256 {"batch_input":[{"input":"aGVsbG8=","hmac":"{mac256}"},{"input":"b3RoZXI=","hmac":"{mac256}"},{"input":"aGVsbG8=","hmac":"vault:v99:{mac256.bytes}"}]}
POST transit/verify/gone/sha2-256 {"batch_input":[{"input":"aGVsbG8=","hmac":"{mac256}"}]}
POST transit/verify/ed {"batch_input":[{"input":"aGVsbG8=","signature":"vault:v99:{sig1.bytes}"}]}
POST transit/hmac/hm/sha2-256 {"batch_input":[{"input":"aGVsbG8="}]} @X-Vault-Token: {app}
POST transit/verify/hm/sha2-256 {"batch_input":[{"input":"aGVsbG8=","hmac":"{mac256}"}]} @X-Vault-Token: {app}
POST transit/verify/hm {"batch_input":[{"input":"aGVsbG8=","hmac":"{mac1}"},{"input":"b3RoZXI=","hmac":"{mac1}","reference":"b"},{"input":"aGVsbG8=","hmac":"garbage"},{"input":"!!","hmac":"{mac1}"}]}

# Versions of keys
POST transit/keys/ed/rotate
POST transit/keys/hm/rotate {}
POST transit/keys/gone/rotate
sig2 := POST transit/sign/ed {"input":"aGVsbG8="}
POST transit/sign/ed {"input":"aGVsbG8=","key_version":1}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"{sig1}"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"vault:v2:{sig1.bytes}"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"{mac1}"}
POST transit/keys/ed/config {"min_decryption_version":2}
POST transit/keys/hm/config {"min_decryption_version":2}
GET transit/keys/ed
POST transit/verify/ed {"input":"aGVsbG8=","signature":"{sig1}"}
POST transit/verify/ed {"input":"aGVsbG8=","signature":"{sig2}"}
POST transit/verify/hm {"input":"aGVsbG8=","hmac":"{mac1}"}
POST transit/verify/hm {"batch_input":[{"input":"aGVsbG8=","hmac":"{mac1}"}]}
POST transit/sign/ed {"input":"aGVsbG8=","key_version":1}
POST transit/hmac/hm {"input":"aGVsbG8=","key_version":1}
POST transit/keys/ed/config {"min_decryption_version":99}
POST transit/keys/ed/config {"min_encryption_version":1}
POST transit/keys/ed/config {"min_decryption_version":0}
POST transit/keys/ed/config {"min_encryption_version":2}
POST transit/sign/ed {"input":"aGVsbG8=","key_version":1}
POST transit/keys/gone/config {"min_decryption_version":1}
DELETE transit/keys/ed
POST transit/keys/ed/config {"deletion_allowed":true}
DELETE transit/keys/ed
DELETE transit/keys/ed

# Tokens and policies
GET auth/token/lookup-self
POST auth/token/lookup-self {} @X-Vault-Token: {app}
GET auth/token/lookup-self @X-Vault-Token: canary-unknown
GET auth/token/lookup-self @X-Vault-Token: @Authorization: Bearer {app}
POST auth/token/renew-self {"increment":"1h"} @X-Vault-Token: {app}
GET auth/token/lookup-self @X-Vault-Token: {app}
POST auth/token/renew-self {}
POST sys/capabilities-self {"paths":["secret/data/app/db","secret/data/other","secret/data/app/closed"]} @X-Vault-Token: {app}
POST sys/capabilities-self {"paths":["secret/data/app/db"]}
POST secret/data/app/db {"data":{"x":1}}
GET secret/data/app/db @X-Vault-Token: {app}
GET secret/data/app/gone @X-Vault-Token: {app}
GET secret/data/app/closed @X-Vault-Token: {app}
GET secret/data/other @X-Vault-Token: {app}
GET secret/data/other @X-Vault-Token: canary-unknown
POST secret/data/app/db {"data":{"x":1}} @X-Vault-Token: {app}
LIST secret/metadata/app @X-Vault-Token: {app}
POST kv1/make/a {"x":1} @X-Vault-Token: {app}
POST kv1/make/a {"x":2} @X-Vault-Token: {app}
POST kv1/change/a {"x":1} @X-Vault-Token: {app}
POST transit/sign/hm {"input":""} @X-Vault-Token: {app}
POST transit/hmac/hm {"input":""} @X-Vault-Token: {app}
GET gone/x @X-Vault-Token: {app}
POST auth/token/revoke-self {} @X-Vault-Token: {short}
GET secret/data/app/db @X-Vault-Token: {short}

# Namespaces
GET secret/data/db @X-Vault-Namespace: team-a
POST secret/data/db {"data":{"x":1}} @X-Vault-Namespace: team-a
GET team-a/secret/data/db
GET secret/data/db @X-Vault-Namespace: /team-a/
LIST secret/metadata @X-Vault-Namespace: team-a
GET sys/internal/ui/mounts/secret @X-Vault-Namespace: team-a
GET secret/data/app/db @X-Vault-Namespace: team-a @X-Vault-Token: {app}
GET auth/token/lookup-self @X-Vault-Namespace: team-a
GET gone/x @X-Vault-Namespace: team-a
GET secret/data/db @X-Vault-Namespace: nobody
GET secret/data/db @X-Vault-Namespace: root

# Bodies that are not JSON
POST kv1/db not json
POST kv1/db {"a":
POST kv1/db [1]
POST kv1/db not json @X-Vault-Token: canary-unknown
POST transit/sign/hm [1]
PATCH secret/data/m not json @Content-Type: application/merge-patch+json

# Wrong paths and methods
GET gone/x
GET secret/db
POST secret/db {"x":1}
LIST secret
GET secret/data
GET secret/undelete/db
GET transit/keys/hm/rotate
DELETE auth/token/lookup-self
HEAD secret/data/db
FOO kv1/dir/a
GET secret//data/db
GET secret/data/x%2F..%2Fy
POST secret/data/db/ {"data":{}}
GET transit/unheard-of
GET sys/unheard-of
"#;

/// What both answer alike once they are sealed.
pub(super) const SEALED: &str = r#"
GET sys/health @X-Vault-Token:
HEAD sys/health @X-Vault-Token:
GET sys/seal-status @X-Vault-Token:
GET secret/data/db
GET secret/data/db @X-Vault-Token: canary-unknown
GET secret/data/db @X-Vault-Namespace: nobody
POST secret/data/db not json
GET auth/token/lookup-self
GET sys/internal/ui/mounts/secret
POST transit/sign/hm {"input":""}
LIST kv1
"#;

/// What the tokens may do.
pub(super) const POLICY: &[(&str, &[&str])] = &[
    ("secret/data/app/*", &["read"]),
    ("secret/data/app/closed", &["deny"]),
    ("secret/metadata/app/*", &["list"]),
    ("kv1/make/*", &["create"]),
    ("kv1/change/*", &["update"]),
    ("transit/sign/*", &["create"]),
    ("transit/hmac/hm", &["update"]),
];
