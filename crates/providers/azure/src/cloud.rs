//! The clouds of Azure: which vaults, tokens and authorities belong together.

use strongroom_core::{Error, ErrorKind, Result};

/// One cloud ("Azure Key Vault DNS suffixes", "National clouds").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cloud {
    /// What the hosts of its vaults end in.
    suffix: &'static str,
    /// For whom its vaults want tokens.
    pub(crate) resource: &'static str,
    /// Where its tokens come from, unless a setting says otherwise.
    pub(crate) authority: &'static str,
    /// Another name of that, which its vaults or its documents give.
    other_authority: &'static str,
}

const CLOUDS: [Cloud; 3] = [
    Cloud {
        suffix: ".vault.azure.net",
        resource: "https://vault.azure.net",
        authority: "https://login.microsoftonline.com",
        other_authority: "https://login.windows.net",
    },
    Cloud {
        suffix: ".vault.azure.cn",
        resource: "https://vault.azure.cn",
        authority: "https://login.chinacloudapi.cn",
        other_authority: "https://login.partner.microsoftonline.cn",
    },
    Cloud {
        suffix: ".vault.usgovcloudapi.net",
        resource: "https://vault.usgovcloudapi.net",
        authority: "https://login.microsoftonline.us",
        other_authority: "https://login.usgovcloudapi.net",
    },
];

impl Cloud {
    /// The cloud whose vault this host is.
    ///
    /// # Errors
    /// `Misconfigured` if it is a managed HSM, which keeps no secrets.
    pub(crate) fn of_vault(host: &str) -> Result<Option<Self>> {
        if host.contains(".managedhsm.") {
            let message = "is a managed HSM, which keeps keys and no secrets; expected https://NAME.vault.azure.net";
            return Err(Error::new(ErrorKind::Misconfigured, message));
        }
        let is_of = |cloud: &&Self| {
            host.strip_suffix(cloud.suffix)
                .is_some_and(|name| !name.is_empty() && !name.contains('.'))
        };
        Ok(CLOUDS.iter().find(is_of).copied())
    }

    /// The cloud that has this authority; the public one if none has.
    pub(crate) fn of_authority(origin: Option<&str>) -> Self {
        let has = |cloud: &&Self| origin.is_some_and(|origin| cloud.has(origin));
        CLOUDS.iter().find(has).copied().unwrap_or(CLOUDS[0])
    }

    /// What the hosts of vaults may end in, for people.
    pub(crate) fn suffixes() -> String {
        CLOUDS.map(|cloud| format!("`{}`", cloud.suffix)).join(", ")
    }

    /// Whether an origin is an authority of Microsoft's.
    pub(crate) fn is_authority(origin: &str) -> bool {
        CLOUDS.iter().any(|cloud| cloud.has(origin))
    }

    fn has(&self, authority: &str) -> bool {
        [self.authority, self.other_authority].contains(&authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b047_vaults_are_told_by_their_suffix() {
        let resource = |host| Cloud::of_vault(host).unwrap().map(|cloud| cloud.resource);
        assert_eq!(resource("contoso.vault.azure.net"), Some("https://vault.azure.net"));
        assert_eq!(resource("contoso.vault.azure.cn"), Some("https://vault.azure.cn"));
        for host in [
            "vault.azure.net",
            ".vault.azure.net",
            "a.b.vault.azure.net",
            "contoso.vault.azure.net.example",
            "evilvault.azure.net",
            "127.0.0.1",
        ] {
            assert_eq!(resource(host), None, "{host}");
        }
        let error = Cloud::of_vault("contoso.managedhsm.azure.net").unwrap_err();
        assert!(error.to_string().contains("managed HSM"), "{error}");
    }
}
