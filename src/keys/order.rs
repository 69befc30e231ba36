//! In which order the kinds of key are tried (spec 6.3).

use super::{KeyKind, WrappedKey};

/// Kinds that are tried first, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecryptionOrder(Vec<KeyKind>);

/// A kind that is named twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the decryption order names `{}` twice", .0.name())]
pub struct NamedTwice(pub KeyKind);

impl Default for DecryptionOrder {
    fn default() -> Self {
        Self(vec![KeyKind::Age, KeyKind::Pgp])
    }
}

impl DecryptionOrder {
    /// Reads names between commas, as in `SOPS_DECRYPTION_ORDER`. Names that are not known say nothing, as in sops.
    ///
    /// # Errors
    /// When a name stands twice.
    pub fn parse(text: &str) -> Result<Self, NamedTwice> {
        let mut order = Vec::new();
        for name in text.split(',').map(str::trim) {
            let Some(kind) = KeyKind::ALL.into_iter().find(|kind| kind.name() == name) else { continue };
            if order.contains(&kind) {
                return Err(NamedTwice(kind));
            }
            order.push(kind);
        }
        Ok(Self(order))
    }

    /// Brings the keys of a group into this order; what it does not name follows as it stood.
    pub fn sort(&self, keys: &mut [WrappedKey]) {
        keys.sort_by_key(|key| self.0.iter().position(|kind| *kind == key.kind).unwrap_or(usize::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_kinds_come_first_and_the_rest_keeps_its_order() {
        let key = |kind| WrappedKey { kind, recipient: String::new(), enc: String::new(), other: Vec::new() };
        let mut keys = KeyKind::ALL.map(key);
        DecryptionOrder::parse("pgp, nonsense,age").unwrap().sort(&mut keys);
        let kinds = keys.map(|key| key.kind.name());
        assert_eq!(kinds, ["pgp", "age", "kms", "gcp_kms", "hckms", "azure_kv", "hc_vault"]);
    }

    #[test]
    fn a_name_that_stands_twice_is_an_error() {
        assert_eq!(DecryptionOrder::parse("age,kms,age"), Err(NamedTwice(KeyKind::Age)));
    }
}
