//! Rows for the errors of every store.

use strongroom_core::{
    Error, ErrorKind, GetOptions, IfVersion, PutOptions, SecretName, SecretValue, Select,
};

use super::{Checked, Outcome, Run, Subject, ensure, refused};

/// Each failure has the kind to act upon, and names provider, operation and secret.
pub async fn errors(subject: &Subject) -> Outcome {
    let can = subject.can;
    let mut run = Run::new();
    run.row("missing_secret_is_named", true, async {
        let name = subject.name("errors", "/missing");
        let error = refused(subject.get(&name).await, ErrorKind::NotFound)?;
        names(subject, &error, "get", Some(&name))?;
        let checked = refused(subject.store.check(&name).await, ErrorKind::NotFound)?;
        ensure(checked.name() == Some(name.as_str()), format!("{checked:?}"))
    })
    .await;
    run.row("missing_version_is_named", can.versions, async {
        let name = subject.name("errors", "/version");
        subject.put(&name, "canary-error").await?;
        let options = GetOptions::default().select(Select::Exact("77".into()));
        let error = refused(subject.store.get(&name, options).await, ErrorKind::NotFound)?;
        names(subject, &error, "get", Some(&name))
    })
    .await;
    run.row("conflict_is_named", can.cas, async {
        let name = subject.name("errors", "/conflict");
        subject.put(&name, "canary-error").await?;
        let put = subject.put_if(&name, "canary-error", IfVersion::Absent).await;
        names(subject, &refused(put, ErrorKind::Conflict)?, "put", Some(&name))
    })
    .await;
    run.row("deleted_secret_is_named", can.delete, async {
        let name = subject.name("errors", "/deleted");
        subject.put(&name, "canary-error").await?;
        subject.store.delete(&name).await?;
        match subject.get(&name).await {
            Err(error) => names(subject, &error, "get", Some(&name)),
            Ok(_) => ensure(false, "can still be read"),
        }
    })
    .await;
    run.row("what_cannot_be_done_is_named", true, async {
        let name = subject.name("errors", "/retire");
        match subject.store.retire(&name, &"1".into()).await {
            // Stores that can retire say that the secret is not there.
            Err(error) => {
                let kinds = [ErrorKind::Unsupported, ErrorKind::NotFound];
                ensure(kinds.contains(&error.kind()), format!("{error:?}"))?;
                names(subject, &error, "retire", Some(&name))
            }
            Ok(()) => ensure(false, "retired what is not there"),
        }
    })
    .await;
    run.row("no_error_about_the_secret_asks_to_try_again", true, async {
        let name = subject.name("errors", "/missing");
        let error = refused(subject.get(&name).await, ErrorKind::NotFound)?;
        ensure(error.retry_after().is_none() && error.attempts() == 1, format!("{error:?}"))
    })
    .await;
    run.row("failed_write_of_binary_is_about_the_value", can.put && !can.binary, async {
        let name = subject.name("errors", "/binary");
        let value = SecretValue::from(b"\xff\xfe".to_vec());
        match subject.store.put(&name, value, PutOptions::default()).await {
            Err(error) => names(subject, &error, "put", Some(&name)),
            Ok(_) => ensure(false, "was taken"),
        }
    })
    .await;
    run.outcome()
}

fn names(subject: &Subject, error: &Error, operation: &str, name: Option<&SecretName>) -> Checked {
    let right = error.provider() == Some(subject.store.info().id())
        && error.operation() == Some(operation)
        && error.name() == name.map(SecretName::as_str)
        && name.is_none_or(|name| error.to_string().contains(name.as_str()));
    ensure(right, format!("{error:?}"))
}
