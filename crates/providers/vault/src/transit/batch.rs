//! Several messages in one call. A single one is a batch of one.

use std::time::Duration;

use strongroom_core::{
    Error, ErrorKind, KeyId, Reason, Result, SecretName, SignOptions, Signature, Verified,
    signed_bytes,
};

use super::TransitSigner;
use super::calls::input;
use super::config::KeyType;
use super::key::Known;
use super::signer::{TRIES, to_sign};
use super::tag::Tag;
use super::wire::Input;

/// How long after a key was learnt a signature of another type has it learnt again.
const COOLDOWN: Duration = Duration::from_secs(30);

/// Bytes of messages of one call: well below the server's limit of 32 MiB for a body.
const CHUNK_BYTES: usize = 4 << 20;

/// Messages of one call. OpenBao refuses JSON with more than 1,000 strings ("refused JSON input due to high
/// complexity"), and a message to verify takes four.
const CHUNK: usize = 200;

impl TransitSigner {
    pub(super) async fn sign_batch(
        &self,
        name: &SecretName,
        messages: &[&[u8]],
        options: &SignOptions,
    ) -> Vec<Result<Signature>> {
        let mut signed = Vec::with_capacity(messages.len());
        for chunk in chunks(messages, |message| message.len()) {
            signed.extend(self.sign_chunk(name, chunk, options).await);
        }
        signed
    }

    /// Asks for all, then again for those that another version than expected has signed.
    async fn sign_chunk(
        &self,
        name: &SecretName,
        messages: &[&[u8]],
        options: &SignOptions,
    ) -> Vec<Result<Signature>> {
        let mut results: Vec<Option<Result<Signature>>> = messages.iter().map(|_| None).collect();
        for _ in 0..TRIES {
            let open: Vec<usize> = results
                .iter()
                .enumerate()
                .filter(|(_, one)| one.is_none())
                .map(|(at, _)| at)
                .collect();
            if open.is_empty() {
                break;
            }
            let asked = open.iter().filter_map(|at| messages.get(*at)).copied();
            let answers = self.sign_once(name, asked, options).await;
            for (at, answer) in open.into_iter().zip(answers) {
                if let Some(slot) = results.get_mut(at) {
                    *slot = answer.transpose();
                }
            }
        }
        let rotating = || {
            let message = "the key is rotated faster than it can sign";
            Err(Error::new(ErrorKind::Unavailable, message))
        };
        results.into_iter().map(|one| one.unwrap_or_else(rotating)).collect()
    }

    /// One call. `None` for a message that another version has signed than its bytes say.
    async fn sign_once(
        &self,
        name: &SecretName,
        messages: impl Iterator<Item = &[u8]> + Send + Clone,
        options: &SignOptions,
    ) -> Vec<Result<Option<Signature>>> {
        let known = match self.known(name).await {
            Ok(known) => known,
            Err(error) => return messages.map(|_| Err(error.clone())).collect(),
        };
        let inputs: Vec<Input> =
            messages.map(|message| input(&to_sign(name, known, message, options))).collect();
        let count = inputs.len();
        let tags = match self.sign_there(name, known.key_type, inputs).await {
            Ok(tags) => tags,
            Err(error) => return (0..count).map(|_| Err(error.clone())).collect(),
        };
        tags.into_iter().map(|tag| self.signature(name, known, tag?)).collect()
    }

    fn signature(&self, name: &SecretName, known: Known, tag: Tag) -> Result<Option<Signature>> {
        if !self.notes_signing(name, known, tag.version) || tag.version > known.next {
            return Ok(None);
        }
        let id = KeyId::transit(name.as_str(), tag.version);
        Signature::new(id, known.key_type.algorithm(), &tag.bytes).map(Some)
    }

    /// Notes which version has signed; `false` if the key was replaced since it was learnt, which is then
    /// forgotten.
    pub(super) fn notes_signing(&self, name: &SecretName, known: Known, version: u32) -> bool {
        if version < known.next {
            // Deleted and made again, or restored: not even the type need be the same.
            self.keys().remove(name);
            return false;
        }
        self.saw(name, version, true);
        true
    }

    /// HMACs are verified by the server, in one call a key; Ed25519 here, with the published keys.
    pub(super) async fn verify_batch(
        &self,
        asked: &SecretName,
        pairs: &[(&[u8], &Signature)],
        options: &SignOptions,
    ) -> Vec<Result<Verified>> {
        let mut results: Vec<Result<Verified>> = Vec::with_capacity(pairs.len());
        let mut claims: Vec<(SecretName, Vec<Claim>)> = Vec::new();
        for (at, (message, signature)) in pairs.iter().enumerate() {
            let found = self.find(asked, signature.key());
            // Replaced below by what is found out, unless no key of ours is meant.
            results.push(Err(Error::signature(Reason::UnknownKey)));
            let Ok((name, version)) = found else { continue };
            let message =
                signed_bytes(signature.key(), signature.algorithm(), &options.purpose, message);
            let claim = Claim { at, version, message, signature: **signature };
            match claims.iter_mut().find(|(known, _)| *known == name) {
                Some((_, claims)) => claims.push(claim),
                None => claims.push((name, vec![claim])),
            }
        }
        for (name, claims) in claims {
            let signs = name == *asked;
            for chunk in chunks(&claims, |claim| claim.message.len()) {
                let (found, latest) = self.verify_chunk(&name, chunk).await;
                for (claim, found) in chunk.iter().zip(found) {
                    let current = signs && latest.is_some_and(|latest| claim.version >= latest);
                    let verified = found.map(|()| Verified::by(*claim.signature.key(), current));
                    if let Some(slot) = results.get_mut(claim.at) {
                        *slot = verified;
                    }
                }
            }
        }
        results
    }

    /// One result a claim, and the latest version of the key as far as it is known.
    pub(super) async fn verify_chunk(
        &self,
        name: &SecretName,
        claims: &[Claim],
    ) -> (Vec<Result<()>>, Option<u32>) {
        let all = |error: Error| claims.iter().map(|_| Err(error.clone())).collect();
        let known = match self.known_for(name, claims).await {
            Ok(known) => known,
            Err(error) => return (all(error), None),
        };
        let checked = match known.key_type {
            KeyType::Hmac => self.verify_there(name, claims, known.key_type).await,
            KeyType::Ed25519 => self.verify_here(name, claims).await,
        };
        let results = checked.unwrap_or_else(all).into_iter().zip(claims);
        let results = results.map(|(result, claim)| match result {
            _ if !claim.is_of(known) => Err(self.of_another_type(known)),
            // A standby that lags must not make a forgery of what this process has seen at work.
            Err(error)
                if error.reason() == Some(Reason::UnknownKey)
                    && known.has_seen(claim.version, &*self.clock) =>
            {
                let message = "this server has not seen the version of the key yet";
                Err(Error::new(ErrorKind::Unavailable, message))
            }
            result => result,
        });
        let results: Vec<Result<()>> = results.collect();
        for (claim, _) in claims.iter().zip(&results).filter(|(_, result)| result.is_ok()) {
            self.saw(name, claim.version, false);
        }
        (results, self.keys().get(name).and_then(|known| known.latest))
    }

    /// What is known of the key; learnt again, at most once a cooldown, if a signature says that it is of
    /// another type: the key may have been deleted and made again.
    async fn known_for(&self, name: &SecretName, claims: &[Claim]) -> Result<Known> {
        let known = self.known(name).await?;
        let is_old = known.learnt.age(&*self.clock) >= COOLDOWN;
        match is_old && claims.iter().any(|claim| !claim.is_of(known)) {
            true => self.learn(name).await,
            false => Ok(known),
        }
    }

    fn of_another_type(&self, known: Known) -> Error {
        let left = COOLDOWN.saturating_sub(known.learnt.age(&*self.clock));
        Error::signature(Reason::Alg).with_retry_after(left)
    }

    /// With the public keys, which the server lists; by the server where they may not be read.
    async fn verify_here(&self, name: &SecretName, claims: &[Claim]) -> Result<Vec<Result<()>>> {
        match self.read_key(name).await {
            Ok(key) => {
                let verify = |claim: &Claim| {
                    key.verify(claim.version, &claim.message, claim.signature.tag())
                };
                Ok(claims.iter().map(verify).collect())
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                self.verify_there(name, claims, KeyType::Ed25519).await
            }
            Err(error) => Err(error),
        }
    }
}

/// Cuts a batch into calls. A message that is too long for company goes alone.
fn chunks<T>(mut items: &[T], bytes: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut chunks = Vec::new();
    while !items.is_empty() {
        let mut sum = 0_usize;
        let fits = |item: &&T| {
            sum = sum.saturating_add(bytes(item));
            sum <= CHUNK_BYTES
        };
        let count = items.iter().take(CHUNK).take_while(fits).count().max(1);
        let (chunk, rest) = items.split_at(count.min(items.len()));
        chunks.push(chunk);
        items = rest;
    }
    chunks
}

/// A signature that says it was made by a version of a key of ours.
pub(super) struct Claim {
    /// Its place among those that were asked about together.
    pub(super) at: usize,
    pub(super) version: u32,
    /// What was signed, byte by byte.
    pub(super) message: Vec<u8>,
    pub(super) signature: Signature,
}

impl Claim {
    fn is_of(&self, known: Known) -> bool {
        self.signature.algorithm() == known.key_type.algorithm()
    }
}

/// A bug in here: every message has a result.
pub(super) fn left_out() -> Error {
    Error::new(ErrorKind::Internal, "a batch lost one of its results")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_cut_by_number_and_by_bytes() {
        let lengths = |sizes: &[usize]| -> Vec<usize> {
            chunks(sizes, |size| *size).into_iter().map(<[usize]>::len).collect()
        };
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[1; 450]), [200, 200, 50]);
        let (half, most) = (CHUNK_BYTES / 2, CHUNK_BYTES);
        assert_eq!(lengths(&[half, half, 1, most, most + 1, usize::MAX, 1]), [2, 1, 1, 1, 1, 1]);
    }
}
