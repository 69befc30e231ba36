//! Whose key wraps a share: the seven kinds of key that sops knows, and how one of them is named in a rule, in a flag
//! and in the metadata. What is done with such a key is the business of `keys` and `providers`.

use super::Node;

/// The kinds of key entry that sops knows (spec 4.2), named as in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyKind {
    /// `age`: X25519, ssh, plugin and post-quantum recipients.
    Age,
    /// `azure_kv`
    AzureKv,
    /// `gcp_kms`
    GcpKms,
    /// `hc_vault`
    HcVault,
    /// `hckms`
    HcKms,
    /// `kms`
    Kms,
    /// `pgp`
    Pgp,
}

impl KeyKind {
    /// All of them, in the order sops keeps a group in after reading (spec 4.3).
    pub const ALL: [Self; 7] =
        [Self::Kms, Self::GcpKms, Self::HcKms, Self::AzureKv, Self::HcVault, Self::Pgp, Self::Age];

    /// The name of its list in the metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::AzureKv => "azure_kv",
            Self::GcpKms => "gcp_kms",
            Self::HcVault => "hc_vault",
            Self::HcKms => "hckms",
            Self::Kms => "kms",
            Self::Pgp => "pgp",
        }
    }

    /// The kind called `name`, if it is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The field of its entries that says whose key it is.
    #[must_use]
    pub const fn id_field(self) -> &'static str {
        match self {
            Self::Age => "recipient",
            Self::AzureKv => "name",
            Self::GcpKms => "resource_id",
            Self::HcVault => "key_name",
            Self::HcKms => "key_id",
            Self::Kms => "arn",
            Self::Pgp => "fp",
        }
    }

    /// Whether it opens with what is on this machine, without a network.
    #[must_use]
    pub const fn is_local(self) -> bool {
        matches!(self, Self::Age | Self::Pgp)
    }
}

/// Names a recipient: the fields of its key entry, without the wrapped share and its date.
#[derive(Clone, Debug, PartialEq)]
pub struct RecipientId {
    /// What kind of key it has.
    pub kind: KeyKind,
    /// The text of the kind's [`id_field`](KeyKind::id_field), e.g. `age1…`, a fingerprint, an ARN.
    pub id: String,
    /// Every other field that its key entry has, named as in the metadata (spec 4.2): of `hc_vault` `vault_address`
    /// and `engine_path`, of `azure_kv` `vault_url` and `version`, of `kms` `role`, `context` and `aws_profile`. Sorted
    /// by name, so that two of the same recipient are equal.
    pub other: Vec<(Vec<u8>, Node)>,
}

impl RecipientId {
    /// A recipient with no other fields.
    #[must_use]
    pub const fn new(kind: KeyKind, id: String) -> Self {
        Self { kind, id, other: Vec::new() }
    }

    /// Reads one text of a flag or a rule: `age1…`, a fingerprint (blanks in it go), `arn:…` or `arn:…+role`,
    /// `projects/…`, `https://HOST/v1/ENGINE/keys/NAME`, `https://VAULT/keys/NAME/VERSION`. `None` when an address has
    /// another shape, or nothing is left without blanks.
    #[must_use]
    pub fn spelled(kind: KeyKind, text: &str) -> Option<Self> {
        let text = text.trim();
        let found = match kind {
            KeyKind::AzureKv => azure(text)?,
            KeyKind::HcVault => vault(text)?,
            KeyKind::Kms => match text.split_once('+') {
                Some((arn, role)) => Self::new(kind, arn.trim().to_owned()).with("role", role.trim()),
                None => Self::new(kind, text.to_owned()),
            },
            KeyKind::Pgp => Self::new(kind, text.split_whitespace().collect()),
            KeyKind::Age | KeyKind::GcpKms | KeyKind::HcKms => Self::new(kind, text.to_owned()),
        };
        (!found.id.is_empty()).then_some(found)
    }

    /// The kind that `text` can only be, as a person may name a recipient without saying the kind.
    #[must_use]
    pub fn guess(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_fingerprint = |text: &str| {
            let digits: String = text.split_whitespace().collect();
            let digits = digits.strip_suffix('!').unwrap_or(&digits);
            digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let kind = match text {
            _ if text.starts_with("arn:") => KeyKind::Kms,
            _ if text.starts_with("projects/") && text.contains("/cryptoKeys/") => KeyKind::GcpKms,
            _ if text.contains("://") && text.contains("/v1/") => KeyKind::HcVault,
            _ if text.contains("://") && text.contains("/keys/") => KeyKind::AzureKv,
            _ if is_fingerprint(text) => KeyKind::Pgp,
            _ => KeyKind::Age,
        };
        Self::spelled(kind, text)
    }

    /// The text that names it among others, as sops prints it; the inverse of [`spelled`](Self::spelled).
    #[must_use]
    pub fn spelling(&self) -> String {
        let id = &self.id;
        match self.kind {
            KeyKind::AzureKv => {
                let version = self.field("version").map(|version| format!("/{version}")).unwrap_or_default();
                format!("{}/keys/{id}{version}", self.field("vault_url").unwrap_or_default())
            }
            KeyKind::HcVault => {
                let address = self.field("vault_address").unwrap_or_default();
                format!("{address}/v1/{}/keys/{id}", self.field("engine_path").unwrap_or_default())
            }
            KeyKind::Kms => match self.field("role") {
                Some(role) => format!("{id}+{role}"),
                None => id.clone(),
            },
            KeyKind::Age | KeyKind::GcpKms | KeyKind::HcKms | KeyKind::Pgp => id.clone(),
        }
    }

    /// The text of another field; `None` when it is missing or empty.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        let (_, node) = self.other.iter().find(|(key, _)| key == name.as_bytes())?;
        node.text().filter(|text| !text.is_empty())
    }

    /// With another field, if `text` says anything.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        if !text.is_empty() {
            let at = self.other.partition_point(|(key, _)| key.as_slice() <= name.as_bytes());
            self.other.insert(at, (name.as_bytes().to_vec(), Node::str(text)));
        }
        self
    }
}

/// `https://VAULT/keys/NAME[/VERSION]`
fn azure(text: &str) -> Option<RecipientId> {
    let (vault, rest) = text.split_once("/keys/")?;
    let (name, version) = rest.split_once('/').unwrap_or((rest, ""));
    let host = vault.strip_prefix("https://")?;
    (!host.is_empty() && !host.contains('/') && !version.contains('/')).then(|| {
        RecipientId::new(KeyKind::AzureKv, name.to_owned()).with("vault_url", vault).with("version", version)
    })
}

/// `http[s]://HOST/v1/ENGINE…/keys/NAME`
fn vault(text: &str) -> Option<RecipientId> {
    let text = text.trim_end_matches('/');
    let (scheme, rest) = text.split_once("://")?;
    let (host, path) = rest.split_once("/v1/")?;
    let (engine, name) = path.rsplit_once("/keys/")?;
    let is_address =
        matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '@', '?', '#']);
    (is_address && !engine.is_empty() && !name.contains('/')).then(|| {
        RecipientId::new(KeyKind::HcVault, name.to_owned())
            .with("vault_address", &format!("{scheme}://{host}"))
            .with("engine_path", engine)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spelled_is_spelled_again() {
        for (kind, text) in [
            (KeyKind::Age, "age1xyz"),
            (KeyKind::Pgp, "85D77543B3D624B63CEA9E6DBC17301B491B3F21"),
            (KeyKind::Kms, "arn:aws:kms:us-east-1:1:key/a"),
            (KeyKind::Kms, "arn:aws:kms:us-east-1:1:key/a+arn:aws:iam::1:role/r"),
            (KeyKind::GcpKms, "projects/p/locations/l/keyRings/r/cryptoKeys/k"),
            (KeyKind::HcVault, "https://vault.example:8200/v1/team/transit/keys/app"),
            (KeyKind::AzureKv, "https://v.vault.azure.net/keys/app/0123"),
            (KeyKind::AzureKv, "https://v.vault.azure.net/keys/app"),
        ] {
            let id = RecipientId::spelled(kind, text).unwrap();
            assert_eq!((id.kind, id.spelling().as_str()), (kind, text));
            assert_eq!(RecipientId::guess(text), Some(id));
        }
    }

    #[test]
    fn blanks_in_a_fingerprint_go() {
        let id = RecipientId::spelled(KeyKind::Pgp, " 85D7 7543 \n").unwrap();
        assert_eq!(id.id, "85D77543");
    }

    #[test]
    fn an_address_of_another_shape_is_none() {
        for text in [
            "vault.example/v1/transit/keys/a",
            "https://u:p@h/v1/transit/keys/a",
            "https://h/v1/keys/a",
            "ftp://h/v1/t/keys/a",
        ] {
            assert_eq!(RecipientId::spelled(KeyKind::HcVault, text), None, "{text}");
        }
        assert_eq!(RecipientId::spelled(KeyKind::AzureKv, "https:///keys/a"), None);
        assert_eq!(RecipientId::spelled(KeyKind::Age, "  "), None);
    }
}
