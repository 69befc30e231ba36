//! The fields of one creation rule: recipients in all their spellings, selector, threshold and our own settings.

use super::{Extension, Rule, RuleError};
use crate::base::{KeyKind, Node, RecipientId, Value};
use crate::policy::selector::{Selector, SelectorKind};

/// Merged groups within merged groups.
const DEEPEST: usize = 32;
/// As many groups, and as many recipients in one, as a file may have.
const MOST_GROUPS: usize = 255;
const MOST_KEYS: usize = 1024;
/// The other fields of a key, in the order of the metadata.
const OTHER: [&str; 5] = ["role", "context", "aws_profile", "vault_url", "version"];

/// Where the recipients of one kind stand.
#[derive(Debug)]
pub struct KindFields {
    /// The kind.
    pub kind: KeyKind,
    /// The field of a rule.
    pub flat: &'static str,
    /// The field of a key group.
    pub group: &'static str,
    /// The field of a map that holds the id.
    pub id: &'static str,
    /// Whether a key group holds maps of this kind, not texts.
    pub is_map: bool,
}

/// In the order in which sops writes the keys of a group (spec 7.3).
const KINDS: [KindFields; 7] = [
    KindFields { kind: KeyKind::Age, flat: "age", group: "age", id: "recipient", is_map: false },
    KindFields { kind: KeyKind::Pgp, flat: "pgp", group: "pgp", id: "fp", is_map: false },
    KindFields { kind: KeyKind::Kms, flat: "kms", group: "kms", id: "arn", is_map: true },
    KindFields { kind: KeyKind::GcpKms, flat: "gcp_kms", group: "gcp_kms", id: "resource_id", is_map: true },
    KindFields { kind: KeyKind::HcKms, flat: "hckms", group: "hckms", id: "key_id", is_map: true },
    KindFields {
        kind: KeyKind::AzureKv,
        flat: "azure_keyvault",
        group: "azure_keyvault",
        id: "key",
        is_map: true,
    },
    KindFields {
        kind: KeyKind::HcVault,
        flat: "hc_vault_transit_uri",
        group: "hc_vault",
        id: "uri",
        is_map: false,
    },
];

/// The map of one rule, or of a part of it.
#[derive(Clone, Copy)]
pub struct Fields<'a> {
    pub map: &'a Node,
    /// From 1, for errors.
    pub rule: usize,
}

impl<'a> Fields<'a> {
    pub fn rule(self, index: usize) -> Result<Rule, RuleError> {
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
        let known = |name: &[u8]| matches!(name, b"dotenv" | b"must_encrypt" | b"require_seal");
        if !matches!(map, Node::Map(entries) if entries.iter().all(|(name, _)| known(name))) {
            return Err(self.wrong("lacre"));
        }
        let fields = Fields { map, ..self };
        let dotenv_literal = match fields.text("dotenv")? {
            None => false,
            Some("literal") => true,
            Some(_) => return Err(self.wrong("dotenv")),
        };
        let must_encrypt = fields.flag("must_encrypt")?;
        Ok(Extension { must_encrypt, require_seal: fields.flag("require_seal")?, dotenv_literal })
    }

    fn wrong(self, field: &'static str) -> RuleError {
        RuleError::Field { rule: self.rule, field }
    }

    /// A field that is there and not null.
    pub fn given(self, field: &str) -> Option<&'a Node> {
        self.map.entry(field).filter(|node| !matches!(node, Node::Value(Value::Null)))
    }

    pub fn text(self, field: &'static str) -> Result<Option<&'a str>, RuleError> {
        match self.given(field).map(Node::text) {
            None | Some(Some("")) => Ok(None),
            Some(Some(text)) => Ok(Some(text)),
            Some(None) => Err(self.wrong(field)),
        }
    }

    pub fn flag(self, field: &'static str) -> Result<bool, RuleError> {
        match self.given(field) {
            None => Ok(false),
            Some(Node::Value(Value::Bool(flag))) => Ok(*flag),
            // The words of YAML 1.1 that sops takes for a flag.
            Some(node) => match node.text() {
                Some("y" | "Y" | "yes" | "on") => Ok(true),
                Some("n" | "N" | "no" | "off") => Ok(false),
                _ => Err(self.wrong(field)),
            },
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
    fn groups(self) -> Result<Vec<Vec<RecipientId>>, RuleError> {
        let field = "key_groups";
        match self.given(field) {
            Some(Node::List(groups)) if !groups.is_empty() => {
                if groups.len() > MOST_GROUPS {
                    return Err(RuleError::TooMany { rule: self.rule });
                }
                groups.iter().map(|map| Fields { map, ..self }.group(field, DEEPEST)).collect()
            }
            None | Some(Node::List(_)) => {
                let keys = self.flat()?;
                Ok(if keys.is_empty() { Vec::new() } else { vec![keys] })
            }
            Some(_) => Err(self.wrong(field)),
        }
    }

    /// The flat fields: texts with commas, or lists of such.
    fn flat(self) -> Result<Vec<RecipientId>, RuleError> {
        let mut keys = Vec::new();
        let profile = self.text("aws_profile")?.unwrap_or_default();
        for kind in &KINDS {
            let wrong = || self.wrong(kind.flat);
            let texts: Vec<&Node> = match self.given(kind.flat) {
                None => continue,
                Some(Node::List(items)) => items.iter().collect(),
                // This one is a list for sops, too.
                Some(_) if kind.kind == KeyKind::HcKms => return Err(wrong()),
                Some(node) => vec![node],
            };
            for text in texts {
                for text in text.text().ok_or_else(wrong)?.split(',') {
                    let key = spelled(kind, text).map_err(|()| wrong())?;
                    let is_kms = kind.kind == KeyKind::Kms;
                    let key = key.map(|key| if is_kms { key.with("aws_profile", profile) } else { key });
                    self.add(&mut keys, key)?;
                }
            }
        }
        Ok(keys)
    }

    /// One element of `key_groups` or `merge`; merged keys come first.
    fn group(self, parent: &'static str, depth: usize) -> Result<Vec<RecipientId>, RuleError> {
        let depth = depth.checked_sub(1).ok_or_else(|| self.wrong("merge"))?;
        let mut keys: Vec<RecipientId> = Vec::new();
        match (self.map, self.given("merge")) {
            (Node::Map(_), Some(Node::List(groups))) => {
                for map in groups {
                    for key in (Fields { map, ..self }).group("merge", depth)? {
                        self.add(&mut keys, Some(key))?;
                    }
                }
            }
            (Node::Map(_) | Node::Value(Value::Null), None) => {}
            (Node::Map(_), Some(_)) => return Err(self.wrong("merge")),
            _ => return Err(self.wrong(parent)),
        }
        for kind in &KINDS {
            let wrong = || self.wrong(kind.group);
            let items = match self.given(kind.group) {
                None => continue,
                Some(Node::List(items)) => items,
                Some(_) => return Err(wrong()),
            };
            for item in items {
                if kind.is_map {
                    self.add(&mut keys, Some(mapped(kind, item).ok_or_else(wrong)?))?;
                    continue;
                }
                for text in item.text().ok_or_else(wrong)?.split(',') {
                    self.add(&mut keys, spelled(kind, text).map_err(|()| wrong())?)?;
                }
            }
        }
        Ok(keys)
    }

    /// Adds a key that names somebody and is not there yet.
    fn add(self, keys: &mut Vec<RecipientId>, key: Option<RecipientId>) -> Result<(), RuleError> {
        let Some(key) = key.filter(|key| !key.id.is_empty() && !keys.contains(key)) else { return Ok(()) };
        keys.push(key);
        if keys.len() > MOST_KEYS { Err(RuleError::TooMany { rule: self.rule }) } else { Ok(()) }
    }
}

/// The fields of the recipients of `kind`.
#[must_use]
pub fn fields_of(kind: KeyKind) -> &'static KindFields {
    // The table has every kind; the first stands in for what cannot be.
    const FIRST: &KindFields = &KINDS[0];
    KINDS.iter().find(|fields| fields.kind == kind).unwrap_or(FIRST)
}

/// The one recipient of `kind` that an item of a list names, a text or a map.
#[must_use]
pub fn key_of(kind: KeyKind, item: &Node) -> Option<RecipientId> {
    match item {
        Node::Map(_) => mapped(fields_of(kind), item),
        // Also for the kinds that sops wants as a map in groups: flat, they are texts.
        _ => spelled(fields_of(kind), item.text()?).ok()?,
    }
}

/// A key in a map: `{arn: …, role: …}`. What no sops knows is passed over.
fn mapped(kind: &KindFields, map: &Node) -> Option<RecipientId> {
    let Node::Map(fields) = map else { return None };
    let text = |node: &Node| match node {
        Node::Value(Value::Null) => Some(String::new()),
        // `version: 1234` of a vault.
        Node::Value(Value::Int(number)) => Some(number.to_string()),
        node => node.text().map(|text| text.trim().to_owned()),
    };
    let id = map.entry(kind.id).and_then(text)?;
    let mut key = RecipientId::new(kind.kind, id);
    for (name, node) in fields {
        let known = match (kind.kind, name.as_slice()) {
            (KeyKind::Kms, b"role") => "role",
            (KeyKind::Kms, b"aws_profile") => "aws_profile",
            (KeyKind::AzureKv, b"vaultUrl") => "vault_url",
            (KeyKind::AzureKv, b"version") => "version",
            (KeyKind::Kms, b"context") => {
                let Node::Map(pairs) = node else {
                    matches!(node, Node::Value(Value::Null)).then_some(())?;
                    continue;
                };
                let pairs: Option<Vec<_>> =
                    pairs.iter().map(|(name, node)| Some((name.clone(), Node::str(&text(node)?)))).collect();
                let mut pairs = pairs?;
                // As sops writes them.
                pairs.sort_by(|one, other| one.0.cmp(&other.0));
                if !pairs.is_empty() {
                    key.other.push((name.clone(), Node::Map(pairs)));
                }
                continue;
            }
            _ => continue,
        };
        key = key.with(known, &text(node)?);
    }
    key.other.sort_by_key(|(name, _)| OTHER.iter().position(|known| known.as_bytes() == name.as_slice()));
    Some(key)
}

/// A key in one text; `None` where a list has a comma too many.
fn spelled(kind: &KindFields, text: &str) -> Result<Option<RecipientId>, ()> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    RecipientId::spelled(kind.kind, text).map(Some).ok_or(())
}
