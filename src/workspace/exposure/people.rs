//! Who stands behind the keys: what rule files call them, now and ever.

use std::collections::HashMap;

use super::super::keyring::shown_recipient;
use super::super::members::is_same;
use super::version::Key;
use crate::base::{KeyKind, RecipientId};
use crate::policy::Names;

/// Every key that was ever wrapped for, with its names.
#[derive(Default)]
pub struct People {
    keys: Vec<RecipientId>,
    /// By kind and text, for keys that have no other fields.
    numbers: HashMap<(KeyKind, String), Key>,
    /// What rule files say today.
    now: Vec<(String, RecipientId)>,
    /// What they said before, newest first.
    before: Vec<(String, RecipientId)>,
}

/// Somebody, by all keys that carry one name; or a key without one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    /// Their name, if a rule file ever gave one. Untrusted text.
    pub name: Option<String>,
    /// Their keys, sorted.
    pub keys: Vec<Key>,
}

impl People {
    /// The number of a key.
    pub fn key(&mut self, id: &RecipientId) -> Key {
        let simple = id.other.is_empty().then(|| (id.kind, id.id.clone()));
        if let Some(number) = simple.as_ref().and_then(|simple| self.numbers.get(simple)) {
            return *number;
        }
        let number = self.number_of(id).unwrap_or_else(|| {
            self.keys.push(id.clone());
            self.keys.len() - 1
        });
        self.numbers.extend(simple.map(|simple| (simple, number)));
        number
    }

    fn number_of(&self, id: &RecipientId) -> Option<Key> {
        self.keys.iter().position(|other| is_same(other, id))
    }

    /// The recipient with this number.
    #[must_use]
    pub fn id(&self, key: Key) -> Option<&RecipientId> {
        self.keys.get(key)
    }

    /// How many keys there are; they are numbered from 0.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.keys.len()
    }

    /// Names that count today.
    pub fn called_now(&mut self, names: &Names) {
        self.now.extend(recipients(names));
    }

    /// Names of an older version of a rule file; newer ones are told first.
    pub fn called_before(&mut self, names: &Names) {
        for pair in recipients(names) {
            if !self.before.contains(&pair) {
                self.before.push(pair);
            }
        }
    }

    /// What a key is called; by an older name only where no rule file names it today.
    pub fn names(&self, key: Key) -> impl Iterator<Item = &str> {
        let id = self.keys.get(key);
        let of = move |pairs: &'_ [(String, RecipientId)]| {
            pairs.iter().any(|(_, other)| id.is_some_and(|id| is_same(other, id)))
        };
        let pairs = if of(&self.now) { &self.now } else { &self.before };
        pairs
            .iter()
            .filter(move |(_, other)| id.is_some_and(|id| is_same(other, id)))
            .map(|(name, _)| name.as_str())
    }

    /// Everybody, keys of one name together; by name.
    #[must_use]
    pub fn everybody(&self) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        for key in 0..self.keys.len() {
            let name = self.names(key).next().map(str::to_owned);
            match people.iter_mut().find(|person| person.name.is_some() && person.name == name) {
                Some(person) => person.keys.push(key),
                None => people.push(Person { name, keys: vec![key] }),
            }
        }
        people.sort_by(|one, two| (one.name.is_none(), one).cmp(&(two.name.is_none(), two)));
        people
    }

    /// Whom `word` means: a name that a rule file gives or gave, or a recipient in full.
    #[must_use]
    pub fn find(&self, word: &str) -> Option<Person> {
        let called: Vec<Key> =
            (0..self.keys.len()).filter(|key| self.names(*key).any(|name| name == word)).collect();
        if !called.is_empty() {
            return Some(Person { name: Some(word.to_owned()), keys: called });
        }
        let key = self.number_of(&RecipientId::guess(word)?)?;
        Some(Person { name: self.names(key).next().map(str::to_owned), keys: vec![key] })
    }

    /// The person who holds `key`.
    #[must_use]
    pub fn holder(&self, key: Key) -> Person {
        let name = self.names(key).next().map(str::to_owned);
        Person { name, keys: vec![key] }
    }

    /// A key for people: `alice (…last six)`, or all of it.
    #[must_use]
    pub fn shown(&self, key: Key) -> String {
        let Some(id) = self.keys.get(key) else { return String::new() };
        let names = self.names(key).next().map(|name| Names::of_one(name, &id.spelling()));
        shown_recipient(id, &names.unwrap_or_default())
    }

    /// All keys of a person for people.
    #[must_use]
    pub fn shown_person(&self, person: &Person) -> String {
        let keys: Vec<String> = person.keys.iter().map(|key| self.shown(*key)).collect();
        keys.join(", ")
    }
}

/// Anchors stand on other things too; those name nobody.
fn recipients(names: &Names) -> impl Iterator<Item = (String, RecipientId)> {
    names.pairs().iter().filter_map(|(name, text)| Some((name.clone(), RecipientId::guess(text)?)))
}
