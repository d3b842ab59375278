//! Rows for what may never be shown.

use std::error::Error as _;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use strongroom_core::{
    Error, Field, GetOptions, IfVersion, PutOptions, SecretName, SecretValue, Select,
};

use super::{Checked, Outcome, Run, Subject, ensure};

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

/// Whether a text holds a value: as it is, escaped, in hexadecimal, in base64 or percent-encoded.
pub fn reveals(text: &str, value: &[u8]) -> bool {
    let plain = String::from_utf8_lossy(value);
    let hex = |upper: bool| {
        let digits = value.iter().map(|byte| match upper {
            true => format!("{byte:02X}"),
            false => format!("{byte:02x}"),
        });
        digits.collect::<String>()
    };
    let percent = value.iter().map(|byte| match byte.is_ascii_alphanumeric() || *byte == b'-' {
        true => char::from(*byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    let forms = [
        plain.escape_debug().to_string(),
        plain.clone().into_owned(),
        format!("{value:?}"),
        hex(true),
        hex(false),
        Base64::encode_string(value),
        Base64UrlUnpadded::encode_string(value),
        percent.collect(),
    ];
    forms.iter().any(|form| text.contains(form.as_str()))
}

fn hides(text: &str) -> Checked {
    ensure(!reveals(text, CANARY.as_bytes()), "shows the value")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_in_every_usual_form() {
        let value = b"canary+/ \xc3\xa9";
        let lower: String = value.iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [
            "say canary+/ é here",
            &format!("{:?}", value),
            &lower,
            &lower.to_uppercase(),
            &Base64::encode_string(value),
            &Base64UrlUnpadded::encode_string(value),
            "canary%2B%2F%20%C3%A9",
        ] {
            assert!(reveals(text, value), "{text}");
        }
        assert!(!reveals("[REDACTED]", value));
    }
}
