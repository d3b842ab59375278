//! What stands below the options of `--help`: examples, what is printed, exit codes.

pub(crate) const TOP: &str = "\
Examples:
  export SECRETS_PROVIDER=file SECRETS_DIR=/run/secrets
  strongroom put billing/database-url --stdin     ask for the value, and write it
  strongroom get billing/database-url --reveal    print it
  strongroom doctor                               look for what is wrong

Exit codes: 0 done, 1 signature refused or not ready, 2 usage, 29 throttled, 41 credential refused,
43 permission denied, 44 not found, 45 deleted, 46 disabled, expired or not yet valid, 65 malformed,
66 unusable value, 69 unsupported, 70 bug, 73 conflict, 75 unavailable, 76 TLS refused,
78 misconfigured, 130 cancelled.";

pub(crate) const PROVIDERS: &str = "\
Examples:
  strongroom providers
  strongroom providers --json | jq -r '.providers[].id'

Prints every provider with its settings: whether each is set, its default, its meaning; never its value.
JSON: {\"providers\":[{\"id\",\"compiled\",\"feature\",\"variables\":[{\"name\",\"required\",\"secret\",\"default\",\"set\"}]}]}
Exits with 0.";

pub(crate) const GET: &str = "\
Examples:
  strongroom get billing/database-url
  strongroom get billing/database#password --reveal | pg-login
  strongroom get billing/database-url --version 3 --json

Prints name, provider, version, time of writing, size and freshness; with --reveal the bytes of the value
and nothing else, without a newline of ours.
JSON: {\"name\",\"provider\",\"version\",\"created_at\",\"bytes\"}; with --reveal also \"value\", or \"value_base64\"
where it is not UTF-8.
Exits with 0, 44 if it is not there, 43 if it may not be read, or the code of another kind.";

pub(crate) const PUT: &str = "\
Examples:
  strongroom put billing/database-url --stdin               ask for it without showing it
  pg-password | strongroom put billing/database#password --stdin
  strongroom put tls/key --from-file key.pem --if-version absent
  strongroom put signing-key --generate 32

Writes the bytes as they are, a newline at the end included. Prints the new version, where there are
versions.
JSON: {\"name\",\"version\"}
Exits with 0, 73 if --if-version does not hold, 69 if the provider cannot write, or the code of another
kind.";

pub(crate) const LIST: &str = "\
Examples:
  strongroom list
  strongroom list billing --json

Prints the logical names, one a line, recursively.
JSON: {\"names\":[..]}
Exits with 0, also if there are none; 69 if the provider cannot list; or the code of another kind.";

pub(crate) const VERSIONS: &str = "\
Examples:
  strongroom versions signing-key
  strongroom versions signing-key --json | jq -r '.versions[0].version'

Prints version, state (pending, current, previous, disabled, deleted) and time of writing; never values.
JSON: {\"versions\":[{\"version\",\"state\",\"created_at\"}]}
Exits with 0, 44 if it is not there, 69 if the provider keeps no versions, or the code of another kind.";

pub(crate) const DELETE: &str = "\
Examples:
  strongroom delete billing/old-database-url --yes

Prints nothing on stdout.
JSON: {\"name\",\"deleted\":true}
Exits with 0, 2 without --yes, 44 if it is not there, or the code of another kind.";

pub(crate) const SIGN: &str = "\
Examples:
  strongroom sign --in release.tar
  echo -n 'hello' | strongroom sign --purpose webhook
  strongroom sign --key partner/webhook --format hex --in body.json

Prints the signature and a newline. `hex` and `base64` are plain HMAC-SHA256 with a key of the store;
`native` is the provider's own signature over the bare message; only `sr1` has purposes.
JSON: {\"signature\",\"key\"}; the key is null unless the signature names it.
Exits with 0, 69 if the provider has no such signatures, or the code of another kind.";

pub(crate) const VERIFY: &str = "\
Examples:
  strongroom verify --signature \"$(cat release.sig)\" --in release.tar
  echo -n 'hello' | strongroom verify --purpose webhook --signature sr1.abcd.hs256.efgh
  strongroom verify --key partner/webhook --format hex --signature \"$DIGEST\" --in body.json

Prints `valid` and the key, or `not valid`. A signature that cannot be read is not valid.
JSON: {\"valid\",\"key\",\"current\"}; key and current are null where the form does not tell.
Exits with 0 if it is valid, 1 if it is not, or the code of another kind if it could not be told.";

pub(crate) const ROTATE: &str = "\
Examples:
  strongroom rotate --no-wait                               the configured signing key
  strongroom rotate partner/webhook --generate 64 --no-wait
  pg-new-password | strongroom rotate billing/database#password --stdin --no-wait

Writes the new version and makes it current at once. Prints the new version. Phase `retiring`: until
next_step_at the version before it still verifies, and may still be in use; where the provider signs, its
operator decides, and next_step_at is null.
JSON: {\"name\",\"version\",\"previous\",\"phase\",\"next_step_at\"}
Exits with 0, 69 if the provider keeps no previous version or without --no-wait, 73 if somebody else
wrote, or the code of another kind.";

pub(crate) const DOCTOR: &str = "\
Examples:
  strongroom doctor
  strongroom doctor billing/database-url billing/database#password --strict
  strongroom doctor --json | jq -r '.status'

Prints each check with its outcome, how long it took and what was found, then the status. Changes nothing.
JSON: {\"provider\",\"status\",\"checks\":[{\"name\",\"status\",\"detail\",\"latency_ms\"}]}
Exits with 0 if the status is `ready` or `degraded` (with --strict: 1), and with 1 if it is `not_ready`.";

pub(crate) const COMPLETIONS: &str = "\
Examples:
  strongroom completions bash > ~/.local/share/bash-completion/completions/strongroom
  strongroom completions zsh > ~/.zfunc/_strongroom

Prints a script for the shell. Exits with 0.";
