//! The creation rules of `.sops.yaml` (spec 7.2 to 7.4): for whom a new file is encrypted, and which of its leaves.
//! Finding the rule file is the business of `workspace`; wrapping for the keys, and refusing those that cannot be
//! written, that of `keys`.

mod accept;
mod cover;
pub mod destination;
mod fields;
pub mod stores;
#[cfg(test)]
mod tests;

use regex::bytes::Regex;

pub use accept::{AcceptError, Accepted};
pub use cover::covers;
pub use destination::{Destination, DestinationError, Destinations, Target};
pub use fields::{KindFields, fields_of, key_of};
pub use stores::{Stores, StoresError};

use self::fields::Fields;
use super::re2;
use super::selector::Selector;
use crate::base::{Node, RecipientId, Value};

/// The rules of one file, in order.
#[derive(Debug)]
pub struct Rules {
    candidates: Vec<Candidate>,
}

/// One creation rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Position in the file, from 0.
    pub index: usize,
    /// What it matches, in Go's syntax; `None` matches everything.
    pub path_regex: Option<String>,
    /// Who may open the files: one key of each group, or of as many groups as the threshold says. No group at all when
    /// the rule names nobody; a group may be empty, which must not be written.
    pub groups: Vec<Vec<RecipientId>>,
    /// Groups needed to open a file.
    pub shamir_threshold: Option<u32>,
    /// Which leaves are encrypted; `None` is the default of sops.
    pub selector: Option<Selector>,
    /// Whether the MAC covers only what is encrypted.
    pub mac_only_encrypted: bool,
    /// Our own settings.
    pub lacre: Extension,
}

/// The map `lacre` of a rule, which sops ignores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// `must_encrypt: true`: files in the clear may not be committed.
    pub must_encrypt: bool,
    /// `require_seal: true`: files without a valid seal are refused.
    pub require_seal: bool,
    /// `dotenv: literal`: quotes are part of a dotenv value, as in sops.
    pub dotenv_literal: bool,
}

/// What is wrong with a rule file. Rules are counted from 1, as people do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// A field holds something else than it may.
    #[error("creation rule {rule}: `{field}` does not hold what it should")]
    Field {
        /// The rule, from 1.
        rule: usize,
        /// The field's name.
        field: &'static str,
    },
    /// `creation_rules` is no list.
    #[error("`creation_rules` is not a list")]
    NotAList,
    /// A rule is no map.
    #[error("creation rule {rule} is not a map")]
    NotAMap {
        /// The rule, from 1.
        rule: usize,
    },
    /// `path_regex` does not compile.
    #[error("creation rule {rule}: `path_regex` is not a valid regular expression")]
    PathRegex {
        /// The rule, from 1.
        rule: usize,
    },
    /// Aliases of aliases, standing for more than can be held.
    #[error("the aliases of the rule file stand for too much")]
    TooLarge,
    /// More recipients or groups than a file can have.
    #[error("creation rule {rule} has too many recipients or key groups")]
    TooMany {
        /// The rule, from 1.
        rule: usize,
    },
    /// More than one of the six selectors.
    #[error(
        "creation rule {rule}: only one selector may be given, e.g. `encrypted_regex` or `encrypted_suffix`"
    )]
    TwoSelectors {
        /// The rule, from 1.
        rule: usize,
    },
}

impl RuleError {
    /// The rule it is about, from 1.
    #[must_use]
    pub const fn rule(&self) -> Option<usize> {
        match self {
            Self::Field { rule, .. }
            | Self::NotAMap { rule }
            | Self::PathRegex { rule }
            | Self::TooMany { rule }
            | Self::TwoSelectors { rule } => Some(*rule),
            Self::NotAList | Self::TooLarge => None,
        }
    }
}

impl Rules {
    /// Reads a rule file; `None` when it has no `creation_rules`, which counts as no rule file. What is wrong with a
    /// single rule is said when that rule is asked for, so that it does not stop files that other rules match.
    ///
    /// # Errors
    /// When `creation_rules` is no list.
    pub fn parse(file: &Node) -> Result<Option<Self>, RuleError> {
        match file.entry("creation_rules") {
            None | Some(Node::Value(Value::Null)) => Ok(None),
            Some(Node::List(rules)) => {
                let candidates =
                    rules.iter().enumerate().map(|(index, map)| Candidate::read(index, map)).collect();
                Ok(Some(Self { candidates }))
            }
            Some(_) => Err(RuleError::NotAList),
        }
    }

    /// The first rule whose `path_regex` is found in `path`: relative to the folder of the rule file, or absolute
    /// where the file is outside of it (spec 7.3).
    ///
    /// # Errors
    /// When that rule, or the `path_regex` of one before it, is wrong.
    pub fn first_match(&self, path: &str) -> Result<Option<&Rule>, RuleError> {
        let is_match = |candidate: &&Candidate| {
            candidate.regex.as_ref().is_none_or(|regex| regex.is_match(path.as_bytes()))
        };
        match self.candidates.iter().find(is_match) {
            Some(candidate) => candidate.rule.as_ref().map(Some).map_err(Clone::clone),
            None => Ok(None),
        }
    }

    /// The rules whose `path_regex` is found in `path`, in order of the file, those that are wrong left out.
    pub fn matches(&self, path: &str) -> impl Iterator<Item = &Rule> {
        self.candidates.iter().filter_map(move |candidate| {
            let hits = candidate.regex.as_ref().is_none_or(|regex| regex.is_match(path.as_bytes()));
            candidate.rule.as_ref().ok().filter(|_| hits)
        })
    }

    /// All of them, in order, each with what is wrong with it.
    pub fn all(&self) -> impl Iterator<Item = Result<&Rule, &RuleError>> {
        self.candidates.iter().map(|candidate| candidate.rule.as_ref())
    }
}

/// A rule, and when to try it. A `path_regex` that does not compile is tried by every path.
#[derive(Debug)]
struct Candidate {
    regex: Option<Regex>,
    rule: Result<Rule, RuleError>,
}

impl Candidate {
    fn read(index: usize, map: &Node) -> Self {
        let fields = Fields { map, rule: index + 1 };
        let regex = fields.text("path_regex").and_then(|pattern| match pattern {
            Some(pattern) => {
                re2::compile(pattern).map(Some).map_err(|_| RuleError::PathRegex { rule: index + 1 })
            }
            None => Ok(None),
        });
        match regex {
            Ok(regex) => Self { regex, rule: fields.rule(index) },
            Err(error) => Self { regex: None, rule: Err(error) },
        }
    }
}
