//! Reading from another region while the first cannot answer.

use std::time::SystemTime;

use async_trait::async_trait;
use strongroom_core::{
    Capabilities, ErrorKind, GetOptions, LiveVersion, Probe, ProviderInfo, PutOptions, Result,
    Secret, SecretName, SecretStore, SecretValue, SecretVersion, VersionInfo,
};

use crate::name;
use crate::store::AwsStore;

/// The secrets of one region, and their replicas in others, which are read in their order while the region before
/// is unavailable. Writes go to the first region only: AWS copies them.
#[derive(Debug)]
pub(crate) struct Regions {
    pub(crate) first: AwsStore,
    /// With the names of their regions.
    pub(crate) replicas: Vec<(String, AwsStore)>,
}

/// Asks the first region, and the others in their order while it is unavailable. A replica is believed what it has,
/// and nothing else: what is missing or denied there may be there and allowed in the first.
macro_rules! anywhere {
    ($self:ident, |$store:ident, $region:ident| $ask:expr) => {{
        let ($store, $region): (&AwsStore, Option<&str>) = (&$self.first, None);
        let mut answer = $ask;
        for (region, store) in &$self.replicas {
            if !answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable) {
                break;
            }
            let ($store, $region): (&AwsStore, Option<&str>) = (store, Some(region));
            answer = $ask.or(answer);
        }
        answer
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl SecretStore for Regions {
    fn info(&self) -> &ProviderInfo {
        self.first.info()
    }

    fn capabilities(&self) -> Capabilities {
        self.first.capabilities()
    }

    async fn get(&self, name: &SecretName, options: GetOptions) -> Result<Secret> {
        anywhere!(self, |store, region| {
            store.get(&name::in_region(name, region), options.clone()).await
        })
    }

    async fn get_many(&self, names: &[SecretName], options: GetOptions) -> Vec<Result<Secret>> {
        let mut results = self.first.get_many(names, options.clone()).await;
        for (region, store) in &self.replicas {
            let is_down = |result: &Result<Secret>| {
                result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Unavailable)
            };
            let (places, missing): (Vec<usize>, Vec<SecretName>) = results
                .iter()
                .zip(names)
                .enumerate()
                .filter(|(_, (result, _))| is_down(result))
                .map(|(place, (_, name))| (place, name::in_region(name, Some(region)).into_owned()))
                .unzip();
            if missing.is_empty() {
                break;
            }
            let answers = store.get_many(&missing, options.clone()).await;
            for (place, answer) in places.into_iter().zip(answers) {
                if let (Ok(_), Some(result)) = (&answer, results.get_mut(place)) {
                    *result = answer;
                }
            }
        }
        results
    }

    async fn put(
        &self,
        name: &SecretName,
        value: SecretValue,
        options: PutOptions,
    ) -> Result<Option<SecretVersion>> {
        self.first.put(name, value, options).await
    }

    async fn promote(
        &self,
        name: &SecretName,
        version: &SecretVersion,
        expected_current: Option<&SecretVersion>,
    ) -> Result<()> {
        self.first.promote(name, version, expected_current).await
    }

    async fn retire(&self, name: &SecretName, version: &SecretVersion) -> Result<()> {
        self.first.retire(name, version).await
    }

    async fn restore(&self, name: &SecretName) -> Result<()> {
        self.first.restore(name).await
    }

    async fn delete(&self, name: &SecretName) -> Result<()> {
        self.first.delete(name).await
    }

    /// Of the first region alone: others may have fewer.
    async fn list(&self, prefix: Option<&SecretName>) -> Result<Vec<SecretName>> {
        self.first.list(prefix).await
    }

    async fn versions(&self, name: &SecretName) -> Result<Vec<VersionInfo>> {
        anywhere!(self, |store, region| { store.versions(&name::in_region(name, region)).await })
    }

    async fn live_versions(
        &self,
        name: &SecretName,
        since: SystemTime,
    ) -> Result<Vec<LiveVersion>> {
        anywhere!(self, |store, region| {
            store.live_versions(&name::in_region(name, region), since).await
        })
    }

    async fn check(&self, name: &SecretName) -> Result<()> {
        self.get(name, GetOptions::default()).await.map(drop)
    }

    async fn probe(&self) -> Result<Probe> {
        anywhere!(self, |store, region| {
            // A replica serves what it has been given.
            store.probe().await.map(|probe| if region.is_some() { Probe::Standby } else { probe })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_that_of_the_region_that_is_asked() {
        let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-a1B2c3";
        let arn = SecretName::new(arn).unwrap();
        let there = name::in_region(&arn, Some("eu-central-1"));
        assert_eq!(
            there.as_str(),
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app/db-a1B2c3"
        );
        assert_eq!(*name::in_region(&arn, None), arn);
        let name = SecretName::new("app/db").unwrap();
        assert_eq!(*name::in_region(&name, Some("eu-central-1")), name);
    }
}
