//! For whom a new file is encrypted, and which of its leaves: as its creation rule says, and the command line over it
//! (spec 7.4).

use std::path::Path;

use super::{Error, Keyring, RuleFile};
use crate::base::ports::Random;
use crate::base::{DataKey, RecipientId};
use crate::envelope::Metadata;
use crate::keys::WrapError;
use crate::policy::{Rule, Selector, SelectorKind, TwoSelectors};

/// For whom a new file is encrypted, and which of its leaves.
pub struct Chosen {
    /// Recipients in order, by key group: mostly one.
    pub groups: Vec<Vec<RecipientId>>,
    /// How many groups must open; 0: all of them.
    pub threshold: usize,
    /// Which leaves.
    pub selector: Selector,
    /// Whether clear leaves are outside the MAC.
    pub mac_only_encrypted: bool,
}

/// What stands over a rule. Nothing, by default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides {
    /// Any of them replaces all key groups of the rule.
    pub recipients: Vec<RecipientId>,
    /// Each replaces the rule's, if that is of the same kind.
    pub selectors: Vec<Selector>,
    /// Replaces the rule's.
    pub threshold: Option<u32>,
    /// Holds even if the rule says nothing of it.
    pub mac_only_encrypted: bool,
}

impl Overrides {
    /// The selector that counts: a flag over the same field of the rule.
    fn selector(&self, rule: Option<&Rule>) -> Result<Option<Selector>, TwoSelectors> {
        let of_rule = rule.and_then(|rule| rule.selector.as_ref());
        let of_kind = |kind: SelectorKind| {
            let given = self.selectors.iter().rfind(|selector| selector.kind == kind);
            given.or(of_rule.filter(|selector| selector.kind == kind))
        };
        let mut all = SelectorKind::ALL.into_iter().filter_map(of_kind).filter(|one| !one.text.is_empty());
        match (all.next(), all.next()) {
            (_, Some(_)) => Err(TwoSelectors),
            (selector, None) => Ok(selector.cloned()),
        }
    }
}

impl Chosen {
    /// For the new file `output`, made from `source`. `given` are the user's own `-r`, by recipient or name.
    ///
    /// # Errors
    /// When nobody is named, a rule is wrong, or it names keys that we cannot write yet.
    pub fn find(
        rules: Option<&RuleFile>,
        output: &Path,
        source: Option<&Path>,
        given: &[String],
    ) -> Result<Self, Error> {
        let subjects: Vec<&Path> = std::iter::once(output).chain(source).collect();
        let rule = rules.map(|file| file.first_match(&subjects)).transpose()?.flatten();
        let nobody =
            || Error::NoRecipients { path: output.to_owned(), rules: rules.map(|file| file.path.clone()) };
        if given.is_empty() && rule.is_none() {
            return Err(nobody());
        }
        let named = |text: &String| rules.and_then(|file| file.names.recipient_of(text)).map(str::to_owned);
        let named = given.iter().map(|text| named(text).unwrap_or_else(|| text.clone()));
        let recipients: Result<Vec<_>, _> = named.map(|text| RecipientId::guess(&text).ok_or(text)).collect();
        let recipients = recipients.map_err(|text| Error::Wrap {
            path: output.to_owned(),
            cause: if text.contains("://") { WrapError::Address } else { WrapError::Invalid(text) },
        })?;
        // Without a selector of its own it cannot contradict the rule.
        let over = Overrides { recipients, ..Overrides::default() };
        let chosen = Self::under(rule, &over).unwrap_or_else(|TwoSelectors| Self::nobody());
        if chosen.groups.iter().all(Vec::is_empty) {
            return Err(nobody());
        }
        Ok(chosen)
    }

    fn nobody() -> Self {
        Self { groups: Vec::new(), threshold: 0, selector: Selector::default(), mac_only_encrypted: false }
    }

    /// All of them, of all groups.
    pub fn recipients(&self) -> impl Iterator<Item = &RecipientId> {
        self.groups.iter().flatten()
    }

    /// Metadata for a new file whose `key` is wrapped for each of them.
    ///
    /// # Errors
    /// When one of them cannot be wrapped for.
    pub fn wrap(
        &self,
        keyring: &Keyring<'_>,
        key: &DataKey,
        path: &Path,
        random: &dyn Random,
    ) -> Result<Metadata, Error> {
        let groups = keyring.wrap(path, &self.groups, self.threshold, key, random)?;
        let mut metadata = Metadata::new(groups, self.selector.clone(), self.mac_only_encrypted);
        metadata.threshold = Metadata::threshold_of(self.groups.len(), self.threshold);
        Ok(metadata)
    }

    /// By `rule`, if there is one, under `over`. May have no recipient at all: that is for the caller to refuse.
    ///
    /// # Errors
    /// When a selector of `over` meets another of the rule.
    pub fn under(rule: Option<&Rule>, over: &Overrides) -> Result<Self, TwoSelectors> {
        let groups = match rule {
            Some(rule) if over.recipients.is_empty() => rule.groups.clone(),
            _ if over.recipients.is_empty() => Vec::new(),
            _ => vec![over.recipients.clone()],
        };
        // A threshold is for several groups; with one there is nothing to share.
        let threshold = over.threshold.or(rule.and_then(|rule| rule.shamir_threshold)).unwrap_or_default();
        let threshold = if groups.len() > 1 { threshold } else { 0 };
        Ok(Self {
            groups,
            threshold: usize::try_from(threshold).unwrap_or(usize::MAX),
            selector: over.selector(rule)?.unwrap_or_default(),
            mac_only_encrypted: over.mac_only_encrypted || rule.is_some_and(|rule| rule.mac_only_encrypted),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::KeyKind;

    fn selector(kind: SelectorKind, text: &str) -> Selector {
        Selector { kind, text: text.to_owned() }
    }

    fn rule() -> Rule {
        let age = |id: &str| vec![RecipientId::new(KeyKind::Age, id.to_owned())];
        Rule {
            index: 0,
            path_regex: None,
            groups: vec![age("age1a"), age("age1b")],
            shamir_threshold: Some(2),
            selector: Some(selector(SelectorKind::EncryptedRegex, "rule")),
            mac_only_encrypted: true,
            lacre: crate::policy::Extension::default(),
        }
    }

    #[test]
    fn any_recipient_replaces_all_groups_and_the_selection_stays() {
        let rule = rule();
        let over = Overrides {
            recipients: vec![RecipientId::new(KeyKind::Pgp, "F".to_owned())],
            ..Overrides::default()
        };
        let chosen = Chosen::under(Some(&rule), &over).unwrap();
        assert_eq!((chosen.groups, chosen.threshold), (vec![over.recipients], 0));
        assert_eq!(Some(chosen.selector), rule.selector);
        assert!(chosen.mac_only_encrypted);
        let chosen = Chosen::under(Some(&rule), &Overrides { threshold: Some(1), ..Overrides::default() });
        assert_eq!(chosen.map(|chosen| (chosen.groups.len(), chosen.threshold)).ok(), Some((2, 1)));
    }

    #[test]
    fn a_selector_replaces_the_same_field_and_contradicts_another() {
        let rule = rule();
        let with = |kind, text: &str| {
            let over = Overrides { selectors: vec![selector(kind, text)], ..Overrides::default() };
            Chosen::under(Some(&rule), &over).map(|chosen| chosen.selector.text)
        };
        assert_eq!(with(SelectorKind::EncryptedRegex, "flag"), Ok("flag".to_owned()));
        assert_eq!(with(SelectorKind::EncryptedSuffix, "flag"), Err(TwoSelectors));
        assert_eq!(with(SelectorKind::EncryptedSuffix, ""), Ok("rule".to_owned()));
    }
}
