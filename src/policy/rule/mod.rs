//! The creation rules of `.sops.yaml` (spec 7.2 to 7.4): for whom a new file is encrypted, and which of its leaves.
//! Finding the rule file is the business of `workspace`; wrapping for the keys, and refusing those that cannot be
//! written, that of `keys`.

#[cfg(test)]
mod tests;

use regex::bytes::Regex;

use super::re2;
use super::selector::{Selector, SelectorKind};
use crate::base::{Node, Value};

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
    pub groups: Vec<Vec<RuleKey>>,
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
    /// `require_seal: true`: files without a valid seal are refused.
    pub require_seal: bool,
    /// `dotenv: literal`: quotes are part of a dotenv value, as in sops.
    pub dotenv_literal: bool,
}

/// One key that a rule names.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleKey {
    /// The name of its list in the metadata: `age`, `azure_kv`, `gcp_kms`, `hc_vault`, `hckms`, `kms` or `pgp`.
    pub kind: &'static str,
    /// Whose: `age1…`, a fingerprint, an ARN, a resource id; for `hc_vault` and flat `azure_kv` the whole address.
    pub id: String,
    /// Every other field, as read.
    pub other: Vec<(Vec<u8>, Node)>,
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
    /// More than one of the six selectors.
    #[error(
        "creation rule {rule}: only one selector may be given, e.g. `encrypted_regex` or `encrypted_suffix`"
    )]
    TwoSelectors {
        /// The rule, from 1.
        rule: usize,
    },
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

/// Where the keys of one kind stand: in the metadata, flat in a rule, in a key group; and there, the field with the id.
struct KindFields {
    metadata: &'static str,
    flat: &'static str,
    group: &'static str,
    id: &'static str,
}

/// In the order in which sops writes the keys of a group (spec 7.3).
const KINDS: [KindFields; 7] = [
    KindFields { metadata: "age", flat: "age", group: "age", id: "recipient" },
    KindFields { metadata: "pgp", flat: "pgp", group: "pgp", id: "fp" },
    KindFields { metadata: "kms", flat: "kms", group: "kms", id: "arn" },
    KindFields { metadata: "gcp_kms", flat: "gcp_kms", group: "gcp_kms", id: "resource_id" },
    KindFields { metadata: "hckms", flat: "hckms", group: "hckms", id: "key_id" },
    KindFields { metadata: "azure_kv", flat: "azure_keyvault", group: "azure_keyvault", id: "key" },
    KindFields { metadata: "hc_vault", flat: "hc_vault_transit_uri", group: "hc_vault", id: "uri" },
];

/// The map of one rule, or of a part of it.
#[derive(Clone, Copy)]
struct Fields<'a> {
    map: &'a Node,
    /// From 1, for errors.
    rule: usize,
}

impl<'a> Fields<'a> {
    fn rule(self, index: usize) -> Result<Rule, RuleError> {
        if !matches!(self.map, Node::Map(_)) {
            return Err(RuleError::NotAMap { rule: self.rule });
        }
        // An ignored selector would leave secrets in the clear.
        for kind in SelectorKind::ALL {
            self.text(kind.name())?;
        }
        let selector = Selector::among(self.map).map_err(|_| RuleError::TwoSelectors { rule: self.rule })?;
        Ok(Rule {
            index,
            path_regex: self.text("path_regex")?.map(str::to_owned),
            groups: self.groups()?,
            shamir_threshold: self.threshold()?,
            selector,
            mac_only_encrypted: self.flag("mac_only_encrypted")?,
            lacre: self.extension()?,
        })
    }

    /// Our own map. An unknown name in it may be a misspelled `require_seal`, so it is not passed over.
    fn extension(self) -> Result<Extension, RuleError> {
        let Some(map) = self.given("lacre") else { return Ok(Extension::default()) };
        let known = |name: &[u8]| matches!(name, b"dotenv" | b"require_seal");
        if !matches!(map, Node::Map(entries) if entries.iter().all(|(name, _)| known(name))) {
            return Err(self.wrong("lacre"));
        }
        let fields = Fields { map, ..self };
        let dotenv_literal = match fields.text("dotenv")? {
            None => false,
            Some("literal") => true,
            Some(_) => return Err(self.wrong("dotenv")),
        };
        Ok(Extension { require_seal: fields.flag("require_seal")?, dotenv_literal })
    }

    fn wrong(self, field: &'static str) -> RuleError {
        RuleError::Field { rule: self.rule, field }
    }

    /// A field that is there and not null.
    fn given(self, field: &str) -> Option<&'a Node> {
        self.map.entry(field).filter(|node| !matches!(node, Node::Value(Value::Null)))
    }

    fn text(self, field: &'static str) -> Result<Option<&'a str>, RuleError> {
        match self.given(field).map(Node::text) {
            None | Some(Some("")) => Ok(None),
            Some(Some(text)) => Ok(Some(text)),
            Some(None) => Err(self.wrong(field)),
        }
    }

    fn flag(self, field: &'static str) -> Result<bool, RuleError> {
        match self.given(field) {
            None => Ok(false),
            Some(Node::Value(Value::Bool(flag))) => Ok(*flag),
            Some(_) => Err(self.wrong(field)),
        }
    }

    fn threshold(self) -> Result<Option<u32>, RuleError> {
        let field = "shamir_threshold";
        match self.given(field) {
            None | Some(Node::Value(Value::Int(0))) => Ok(None),
            Some(Node::Value(Value::Int(count))) => {
                u32::try_from(*count).map(Some).map_err(|_| self.wrong(field))
            }
            Some(_) => Err(self.wrong(field)),
        }
    }

    /// The key groups, or else the flat fields as a single one.
    fn groups(self) -> Result<Vec<Vec<RuleKey>>, RuleError> {
        let field = "key_groups";
        match self.given(field) {
            Some(Node::List(groups)) if !groups.is_empty() => {
                groups.iter().map(|map| Fields { map, ..self }.group(field)).collect()
            }
            None | Some(Node::List(_)) => {
                let mut keys = Vec::new();
                for kind in &KINDS {
                    self.keys(kind, kind.flat, &mut keys)?;
                }
                Ok(if keys.is_empty() { Vec::new() } else { vec![keys] })
            }
            Some(_) => Err(self.wrong(field)),
        }
    }

    /// One element of `key_groups` or `merge`; merged keys come first.
    fn group(self, parent: &'static str) -> Result<Vec<RuleKey>, RuleError> {
        let mut keys: Vec<RuleKey> = Vec::new();
        match (self.map, self.given("merge")) {
            (Node::Map(_), Some(Node::List(groups))) => {
                for map in groups {
                    for key in (Fields { map, ..self }).group("merge")? {
                        add(&mut keys, key);
                    }
                }
            }
            (Node::Map(_) | Node::Value(Value::Null), None) => {}
            (Node::Map(_), Some(_)) => return Err(self.wrong("merge")),
            _ => return Err(self.wrong(parent)),
        }
        for kind in &KINDS {
            self.keys(kind, kind.group, &mut keys)?;
        }
        Ok(keys)
    }

    /// The keys of one kind: a text with commas, or a list of texts and maps.
    fn keys(self, kind: &KindFields, field: &'static str, keys: &mut Vec<RuleKey>) -> Result<(), RuleError> {
        let wrong = || self.wrong(field);
        match self.given(field) {
            None => {}
            Some(Node::List(items)) => {
                for item in items {
                    let key = match item {
                        Node::Map(fields) => {
                            let id = item.entry(kind.id).and_then(Node::text).ok_or_else(wrong)?;
                            let other = fields.iter().filter(|(name, _)| name != kind.id.as_bytes());
                            RuleKey {
                                kind: kind.metadata,
                                id: id.trim().to_owned(),
                                other: other.cloned().collect(),
                            }
                        }
                        _ => spelled_key(kind, item.text().ok_or_else(wrong)?),
                    };
                    add(keys, key);
                }
            }
            Some(node) => {
                for text in node.text().ok_or_else(wrong)?.split(',') {
                    add(keys, spelled_key(kind, text));
                }
            }
        }
        Ok(())
    }
}

/// A key in one text; an ARN may have a role behind a plus sign.
fn spelled_key(kind: &KindFields, text: &str) -> RuleKey {
    let (id, role) = match text.split_once('+') {
        Some((arn, role)) if kind.metadata == "kms" => (arn, Some(role)),
        _ => (text, None),
    };
    let other = role.map(|role| (b"role".to_vec(), Node::str(role.trim())));
    RuleKey { kind: kind.metadata, id: id.trim().to_owned(), other: other.into_iter().collect() }
}

/// Adds a key that names somebody and is not there yet.
fn add(keys: &mut Vec<RuleKey>, key: RuleKey) {
    if !key.id.is_empty() && !keys.contains(&key) {
        keys.push(key);
    }
}
