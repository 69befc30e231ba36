//! Names and values held against a schema.

use time::OffsetDateTime;

use super::hygiene::{is_placeholder, public_prefix, sounds_secret};
use super::kind::Kind;
use super::values::lifetime;
use super::{Finding, Item, Problem, Schema};

impl Schema {
    /// What names alone tell: which are missing, unknown, or sensitive and published. No value is needed.
    #[must_use]
    pub fn check_names(&self, names: &[&str]) -> Vec<Finding> {
        let missing = self.items.iter().filter(|item| item.required && !names.contains(&item.name.as_str()));
        let missing = missing.map(|item| Finding::error(&item.name, Problem::Missing));
        let known = names.iter().filter_map(|&name| match self.item(name) {
            None if self.partial => None,
            None => Some(Finding::warning(name, Problem::Unknown)),
            // Who says so means it; a name alone may mislead.
            Some(item) if item.sensitive && item.is_stated => {
                public_prefix(name).map(|prefix| Finding::error(name, Problem::PublicName { prefix }))
            }
            Some(_) => None,
        });
        missing.chain(known).chain(self.check_public(names)).collect()
    }

    /// Names that look like secrets and are published, unless the schema says of them.
    fn check_public(&self, names: &[&str]) -> Vec<Finding> {
        let unstated =
            names.iter().copied().filter(|name| !self.item(name).is_some_and(|item| item.is_stated));
        super::hygiene::public_names(unstated)
    }

    /// What values tell beside [`Schema::check_names`]: those that are empty, look otherwise, were never filled in, or
    /// are certificates that end. `now` is for the latter. Of an empty value only that it is empty is said.
    #[must_use]
    pub fn check_values(&self, values: &[(&str, &[u8])], now: OffsetDateTime) -> Vec<Finding> {
        let check = |&(name, value): &(&str, &[u8])| match self.item(name) {
            Some(item) => check(item, value, now),
            None => {
                Vec::from_iter(is_placeholder(value).then(|| Finding::warning(name, Problem::Placeholder)))
            }
        };
        values.iter().flat_map(check).collect()
    }
}

fn check(item: &Item, value: &[u8], now: OffsetDateTime) -> Vec<Finding> {
    if value.is_empty() {
        return Vec::from_iter(item.required.then(|| Finding::error(&item.name, Problem::Empty)));
    }
    let is_example = item.example.as_ref().is_some_and(|example| example.as_bytes() == value);
    let is_example = is_example && item.sensitive && (item.is_stated || sounds_secret(&item.name));
    if is_placeholder(value) || is_example {
        let is_bad = item.sensitive || item.required;
        let finding = if is_bad { Finding::error } else { Finding::warning };
        return vec![finding(&item.name, Problem::Placeholder)];
    }
    if !item.kind.fits(value) {
        return vec![Finding::error(&item.name, Problem::WrongKind { expected: item.kind.expected() })];
    }
    match item.kind {
        Kind::Certificate { days } => Vec::from_iter(certificate(&item.name, value, days, now)),
        _ => Vec::new(),
    }
}

fn certificate(name: &str, value: &[u8], soon: i64, now: OffsetDateTime) -> Option<Finding> {
    let lifetime = lifetime(value)?;
    if now < lifetime.from {
        return Some(Finding::error(name, Problem::NotYetValid));
    }
    let left = lifetime.until - now;
    if left.is_negative() {
        return Some(Finding::error(name, Problem::Expired { days: -left.whole_days() }));
    }
    let days = left.whole_days();
    (days < soon).then(|| Finding::warning(name, Problem::Expires { days }))
}
