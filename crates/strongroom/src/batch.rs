//! Reading several secrets.

use strongroom_core::{Error, ErrorKind, Result, Secret};

use crate::inner::Inner;
use crate::reads::Read;

impl Inner {
    /// One result a name, in their order, within the time of one operation.
    pub(crate) async fn get_many(&self, names: &[&str]) -> Vec<Result<Secret>> {
        let reads: Vec<Result<Read>> = names
            .iter()
            .map(|name| self.resolve(name).map(|reference| Read::current(&reference)))
            .collect();
        let asked: Vec<(Read, Option<&str>)> = reads
            .iter()
            .zip(names)
            .filter_map(|(read, name)| Some((read.as_ref().ok()?.clone(), Some(*name))))
            .collect();
        let mut read = self.reads.get_many(&asked, None).await.into_iter();
        let left_out = || Error::new(ErrorKind::Internal, "a store left out a name of a batch");
        let answer =
            |one: Result<Read>| one.and_then(|_| read.next().unwrap_or_else(|| Err(left_out())));
        reads.into_iter().map(answer).collect()
    }
}
