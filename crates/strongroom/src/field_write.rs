//! Writing one field of a secret that is a JSON object, on stores that keep plain values.

use strongroom_core::{
    Error, ErrorKind, Field, GetOptions, IfVersion, PutOptions, Result, SecretName, SecretStore,
    SecretValue, SecretVersion,
};

/// How often a write starts over because somebody else wrote another field meanwhile.
const TRIES: usize = 5;

/// Reads the object, puts the field into it, and writes it back if nobody else has.
///
/// # Errors
/// `Unsupported` on a store without check-and-set: a sibling written at the same time would be lost.
pub(crate) async fn put(
    store: &dyn SecretStore,
    name: &SecretName,
    field: &Field,
    value: &SecretValue,
    options: PutOptions,
) -> Result<Option<SecretVersion>> {
    let located = |error: Error| error.located(store.info().id(), "put", Some(name));
    if !store.capabilities().cas {
        let message =
            "one field cannot be written without check-and-set, which this provider lacks";
        return Err(located(Error::new(ErrorKind::Unsupported, message)));
    }
    let mut tries = 0;
    loop {
        let (object, expected) = read(store, name, &options.if_version).await.map_err(located)?;
        let whole = field.replace(&object, value).map_err(located)?;
        whole.check_size().map_err(located)?;
        let written = store.put(name, whole, options.clone().if_version(expected)).await;
        tries += 1;
        match written {
            Err(error)
                if error.kind() == ErrorKind::Conflict
                    && options.if_version == IfVersion::Any
                    && tries < TRIES => {}
            written => return written,
        }
    }
}

/// The object as it is, and what has to hold for it still to be so. A secret that does not exist is an
/// empty object.
async fn read(
    store: &dyn SecretStore,
    name: &SecretName,
    if_version: &IfVersion,
) -> Result<(SecretValue, IfVersion)> {
    let conflict =
        || Error::new(ErrorKind::Conflict, "the current version is not the expected one");
    match store.get(name, GetOptions::default()).await {
        Ok(secret) => {
            let version = secret.version().cloned().ok_or_else(|| {
                Error::new(ErrorKind::Internal, "a store with check-and-set gave no version")
            })?;
            match if_version {
                IfVersion::Absent => Err(conflict()),
                IfVersion::Is(expected) if *expected != version => Err(conflict()),
                _ => Ok((secret.value().clone(), IfVersion::Is(version))),
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => match if_version {
            IfVersion::Is(_) => Err(conflict()),
            _ => Ok((SecretValue::from("{}"), IfVersion::Absent)),
        },
        Err(error) => Err(error),
    }
}
