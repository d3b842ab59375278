//! Rows for what may never be shown.

use std::error::Error as _;

use strongroom_core::{
    Error, Field, GetOptions, IfVersion, PutOptions, SecretName, SecretValue, Select,
};

use super::{Checked, Outcome, Run, Subject, ensure};
use crate::Canary;

/// No value is shown by what a store prints: itself, what it reads, and every error that it gives.
pub async fn redaction(subject: &Subject) -> Outcome {
    let mut run = Run::new();
    let put = subject.can.put;
    run.row("store_does_not_show_what_it_holds", put, async {
        subject.put(&subject.name("redaction", "/held"), CANARY).await?;
        subject.get(&subject.name("redaction", "/held")).await?;
        hides(&format!("{:?} {:#?}", subject.store, subject.store))
    })
    .await;
    run.row("secret_does_not_show_its_value", put, async {
        let name = subject.name("redaction", "/shown");
        subject.put(&name, CANARY).await?;
        let secret = subject.store.get(&name, GetOptions::default()).await?;
        hides(&format!("{secret:?} {secret:#?} {:?}", secret.value()))
    })
    .await;
    run.row("errors_do_not_show_values", true, async {
        for error in failures(subject).await? {
            hides_in(&error)?;
        }
        Ok(())
    })
    .await;
    run.outcome()
}

const CANARY: &str = "canary-9f27c1-value+of/a secret";

fn hides(text: &str) -> Checked {
    ensure(Canary::new(CANARY).hits(text.as_bytes()).is_empty(), "shows the value")
}

fn hides_in(error: &Error) -> Checked {
    hides(&format!("{error} {error:?} {error:#?}"))?;
    let mut source = error.source();
    while let Some(cause) = source {
        hides(&format!("{cause} {cause:?}"))?;
        source = cause.source();
    }
    Ok(())
}

/// Errors of every sort that can be had without a fault of the provider.
async fn failures(subject: &Subject) -> strongroom_core::Result<Vec<Error>> {
    let store = &subject.store;
    let name = subject.name("redaction", "/failing");
    let mut errors = Vec::new();
    let mut put = async |name: &SecretName, value: SecretValue, options: PutOptions| {
        errors.extend(store.put(name, value, options).await.err());
    };
    let binary = [CANARY.as_bytes(), b"\xff"].concat();
    put(&name, CANARY.into(), PutOptions::default()).await;
    put(&name, CANARY.into(), PutOptions::default().if_version(IfVersion::Absent)).await;
    put(&name, binary.into(), PutOptions::default()).await;
    let pointer = Field::new("/no/such/place")?;
    put(&name, CANARY.into(), PutOptions::default().field(Some(pointer))).await;
    for options in [
        GetOptions::default().select(Select::Previous),
        GetOptions::default().select(Select::Pending),
        GetOptions::default().select(Select::Exact("no-such-version".into())),
        GetOptions::default().field(Some(Field::new("/value/deeper")?)),
        GetOptions::default().field(Some(Field::new("absent")?)),
    ] {
        errors.extend(store.get(&name, options).await.err());
    }
    errors.extend(store.restore(&name).await.err());
    errors.extend(store.promote(&name, &"9".into(), None).await.err());
    errors.extend(store.delete(&name).await.err());
    errors.extend(store.delete(&name).await.err());
    Ok(errors)
}
