//! Reading several secrets.

use strongroom_core::{Error, ErrorKind, Field, GetOptions, Reason, Result, Secret, SecretRef};
use tokio::time::{Instant, timeout_at};

use crate::inner::Inner;

impl Inner {
    /// One result a name, in their order, within the time of one operation.
    pub(crate) async fn get_many(&self, names: &[&str]) -> Vec<Result<Secret>> {
        let references: Vec<Result<SecretRef>> =
            names.iter().map(|name| self.resolve(name)).collect();
        let picks = self.store.capabilities().fields;
        // A batch has one set of options: one batch for each field that is asked for, if the store picks it.
        let field_of = |reference: &SecretRef| reference.field().filter(|_| picks).cloned();
        let mut fields: Vec<Option<Field>> = Vec::new();
        for field in references.iter().flatten().map(field_of) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        let mut results: Vec<Result<Secret>> = references
            .iter()
            .map(|reference| match reference {
                Ok(_) => Err(Error::new(ErrorKind::Internal, "a store left out a name of a batch")),
                Err(error) => Err(error.clone()),
            })
            .collect();
        // However many batches it takes, it is one operation.
        let deadline = Instant::now() + self.common.timeout;
        for field in fields {
            let asked = references.iter().enumerate().filter_map(|(at, reference)| {
                reference.as_ref().ok().filter(|one| field_of(one) == field).map(|one| (at, one))
            });
            let asked: Vec<(usize, &SecretRef)> = asked.collect();
            let names: Vec<_> = asked.iter().map(|(_, one)| one.name().clone()).collect();
            let read = self.store.get_many(&names, GetOptions::default().field(field));
            let read = timeout_at(deadline, read).await.unwrap_or_else(|_| {
                let late = Error::new(ErrorKind::Unavailable, "the batch was not read in time");
                names.iter().map(|_| Err(late.clone().with_reason(Reason::Timeout))).collect()
            });
            for ((at, reference), secret) in asked.into_iter().zip(read) {
                if let Some(result) = results.get_mut(at) {
                    *result = match picks {
                        true => secret,
                        false => secret.and_then(|secret| self.pick(reference, secret)),
                    };
                }
            }
        }
        results
    }
}
