//! The `sops` block of a file (spec 4): read liberally, written strictly. Formats hand it over as a `Node`.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::base::{Node, RecipientId, Value};
use crate::document::Layout;
use crate::keys::{KeyKind, WrappedKey};
use crate::policy::{Selector, SelectorKind};

/// The release of sops whose format we follow, for `version`.
const VERSION: &str = "3.11.0";

/// Wrapped keys in one file, at most. Each is tried with each identity, and the user's own command is asked for each.
const MOST_KEYS: usize = 1024;

/// Key groups in one file, at most.
const MOST_GROUPS: usize = 255;

/// The metadata of one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Metadata {
    /// Key groups; one, flat, unless Shamir's sharing is used. Empty when no key is named.
    pub groups: Vec<Vec<WrappedKey>>,
    /// How many groups must open; 0: all of them.
    pub threshold: usize,
    /// RFC 3339, as written. The AAD of the MAC is made from it.
    pub last_modified: String,
    /// The encrypted MAC, or empty.
    pub mac: String,
    /// The one selector that is set, or the default.
    pub selector: Selector,
    /// Whether the MAC covers encrypted values only.
    pub mac_only_encrypted: bool,
    /// The sops version that wrote the file.
    pub version: String,
    /// Ours.
    pub extension: Extension,
    /// Fields that we do not know, kept as they are.
    pub unknown: Vec<(Vec<u8>, Node)>,
}

/// What lacre adds under the name `lacre`, and every sops ignores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// `seal.md`: `v1:` and base64.
    pub seal: Option<String>,
    /// The form of lines that the plaintext had, where the format sets it aside.
    pub layout: Layout,
}

/// A field of the metadata that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// A field has the wrong shape.
    #[error("`sops.{0}` is not well formed")]
    Malformed(&'static str),
    /// A field that no file can do without.
    #[error("`sops.{0}` is missing")]
    Missing(&'static str),
    /// Shamir shares are numbered by one byte.
    #[error("the file has more than {MOST_GROUPS} key groups")]
    TooManyGroups,
    /// No team is that large: somebody wants us to be busy.
    #[error("the file names more than {MOST_KEYS} keys")]
    TooManyKeys,
    /// Two selectors: sops cannot tell which counts, and neither can we.
    #[error("the file names more than one selector")]
    TwoSelectors,
    /// `version` is no version.
    #[error("`sops.version` is no version number")]
    Version,
}

impl Metadata {
    /// Metadata for a new file: no MAC yet, written by this version of us.
    #[must_use]
    pub fn new(groups: Vec<Vec<WrappedKey>>, selector: Selector, mac_only_encrypted: bool) -> Self {
        Self {
            groups,
            threshold: 0,
            last_modified: String::new(),
            mac: String::new(),
            selector,
            mac_only_encrypted,
            version: VERSION.to_owned(),
            extension: Extension::default(),
            unknown: Vec::new(),
        }
    }

    /// How many of `count` groups must open when a rule or a file says `said`: all of them, where that is 0. A single
    /// group has nothing to share.
    #[must_use]
    pub const fn threshold_of(count: usize, said: usize) -> usize {
        match (count, said) {
            (0 | 1, _) => 0,
            (_, 0) => count,
            _ => said,
        }
    }

    /// Who can open it, by key group.
    #[must_use]
    pub fn recipients(&self) -> Vec<Vec<RecipientId>> {
        let group = |group: &Vec<WrappedKey>| group.iter().map(WrappedKey::recipient_id).collect();
        self.groups.iter().map(group).collect()
    }

    /// Reads a block. Letter case of names, strings for numbers, single maps for lists and missing lists are
    /// accepted (spec 4.5).
    ///
    /// # Errors
    /// When a field that matters is missing or has the wrong shape.
    pub fn from_node(node: &Node) -> Result<Self, MetadataError> {
        let Node::Map(entries) = node else { return Err(MetadataError::Malformed("sops")) };
        let mut fields = Fields { entries: entries.clone() };
        let metadata = Self {
            groups: groups(&mut fields)?,
            threshold: fields.number("shamir_threshold")?,
            last_modified: fields.text("lastmodified").ok_or(MetadataError::Missing("lastmodified"))?,
            mac: fields.text("mac").unwrap_or_default(),
            selector: selector(&mut fields)?,
            mac_only_encrypted: fields.flag("mac_only_encrypted")?,
            version: fields.text("version").ok_or(MetadataError::Missing("version"))?,
            extension: extension(&mut fields),
            unknown: fields.entries,
        };
        if metadata.groups.len() > MOST_GROUPS {
            return Err(MetadataError::TooManyGroups);
        }
        if metadata.keys().nth(MOST_KEYS).is_some() {
            return Err(MetadataError::TooManyKeys);
        }
        if parse_time(&metadata.last_modified).is_none() {
            return Err(MetadataError::Malformed("lastmodified"));
        }
        if !is_version(&metadata.version) {
            return Err(MetadataError::Version);
        }
        Ok(metadata)
    }

    /// The block as it is written: names sorted, what is empty left out.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut entries = self.unknown.clone();
        let mut put = |name: &str, node: Node| entries.push((name.as_bytes().to_vec(), node));
        match self.groups.as_slice() {
            [] => {}
            [group] => {
                for kind in KeyKind::ALL {
                    let keys = key_list(group, kind);
                    if !keys.is_empty() {
                        put(kind.name(), Node::List(keys));
                    }
                }
            }
            groups => put("key_groups", Node::List(groups.iter().map(|group| group_node(group)).collect())),
        }
        if self.threshold > 0 {
            put(
                "shamir_threshold",
                Node::Value(Value::Int(i64::try_from(self.threshold).unwrap_or(i64::MAX))),
            );
        }
        put("lastmodified", Node::str(&self.last_modified));
        put("mac", Node::str(&self.mac));
        if !self.selector.text.is_empty() {
            put(self.selector.kind.name(), Node::str(&self.selector.text));
        }
        if self.mac_only_encrypted {
            put("mac_only_encrypted", Node::Value(Value::Bool(true)));
        }
        put("version", Node::str(&self.version));
        if self.extension != Extension::default() {
            put("lacre", self.extension.to_node());
        }
        entries.sort_by(|one, two| one.0.cmp(&two.0));
        Node::Map(entries)
    }

    /// The AAD of the MAC: the time as sops prints it again, without a fraction (spec 3.3).
    #[must_use]
    pub fn mac_aad(&self) -> Vec<u8> {
        parse_time(&self.last_modified).map(print_time).unwrap_or_default().into_bytes()
    }

    /// Sets the time of the last change.
    pub fn touch(&mut self, now: OffsetDateTime) {
        self.last_modified = print_time(now.to_offset(time::UtcOffset::UTC));
    }

    /// All wrapped keys of all groups.
    pub fn keys(&self) -> impl Iterator<Item = &WrappedKey> {
        self.groups.iter().flatten()
    }
}

impl Extension {
    fn to_node(&self) -> Node {
        let mut entries = Vec::new();
        if self.layout.bom {
            entries.push((b"bom".to_vec(), Node::Value(Value::Bool(true))));
        }
        if self.layout.crlf {
            entries.push((b"eol".to_vec(), Node::str("crlf")));
        }
        if let Some(seal) = &self.seal {
            entries.push((b"seal".to_vec(), Node::str(seal)));
        }
        Node::Map(entries)
    }
}

/// The entries that were not taken yet.
struct Fields {
    entries: Vec<(Vec<u8>, Node)>,
}

impl Fields {
    fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))?;
        Some(self.entries.remove(at).1)
    }

    fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Node::Value(Value::Null) | Node::List(_) | Node::Map(_) => None,
            Node::Value(value) => String::from_utf8(value.plain_bytes().into_owned()).ok(),
        }
    }

    fn number(&mut self, name: &'static str) -> Result<usize, MetadataError> {
        match self.text(name) {
            None => Ok(0),
            // Old releases wrote `2.000000` into INI files.
            Some(text) => {
                text.split('.').next().unwrap_or_default().parse().map_err(|_| MetadataError::Malformed(name))
            }
        }
    }

    fn flag(&mut self, name: &'static str) -> Result<bool, MetadataError> {
        match self.text(name).as_deref() {
            None | Some("" | "false" | "False") => Ok(false),
            Some("true" | "True") => Ok(true),
            Some(_) => Err(MetadataError::Malformed(name)),
        }
    }
}

fn selector(fields: &mut Fields) -> Result<Selector, MetadataError> {
    let mut found = Vec::new();
    for kind in SelectorKind::ALL {
        if let Some(text) = fields.text(kind.name()).filter(|text| !text.is_empty()) {
            found.push(Selector { kind, text });
        }
    }
    match found.len() {
        0 => Ok(Selector::default()),
        1 => found.pop().ok_or(MetadataError::TwoSelectors),
        _ => Err(MetadataError::TwoSelectors),
    }
}

fn extension(fields: &mut Fields) -> Extension {
    let Some(Node::Map(entries)) = fields.take("lacre") else { return Extension::default() };
    let mut ours = Fields { entries };
    Extension {
        seal: ours.text("seal"),
        layout: Layout {
            bom: ours.flag("bom").unwrap_or(false),
            crlf: ours.text("eol").as_deref() == Some("crlf"),
        },
    }
}

fn groups(fields: &mut Fields) -> Result<Vec<Vec<WrappedKey>>, MetadataError> {
    let flat = group(fields)?;
    let nested = fields.take("key_groups");
    if !flat.is_empty() {
        return Ok(vec![flat]);
    }
    let Some(nested) = nested else { return Ok(Vec::new()) };
    let groups = list(nested).into_iter().map(|node| match node {
        Node::Map(entries) => group(&mut Fields { entries }),
        Node::List(_) | Node::Value(_) => Err(MetadataError::Malformed("key_groups")),
    });
    groups.collect()
}

fn group(fields: &mut Fields) -> Result<Vec<WrappedKey>, MetadataError> {
    let mut keys = Vec::new();
    for kind in KeyKind::ALL {
        for node in fields.take(kind.name()).map(list).unwrap_or_default() {
            let Node::Map(entries) = node else { return Err(MetadataError::Malformed(kind.name())) };
            let mut entry = Fields { entries };
            keys.push(WrappedKey {
                kind,
                recipient: entry.text(kind.id_field()).unwrap_or_default(),
                enc: entry.text("enc").ok_or(MetadataError::Malformed(kind.name()))?,
                other: entry.entries,
            });
        }
    }
    Ok(keys)
}

/// A list; a single map counts as a list of one, an empty map and null as empty.
fn list(node: Node) -> Vec<Node> {
    match node {
        Node::List(items) => items,
        Node::Map(entries) if entries.is_empty() => Vec::new(),
        Node::Map(_) => vec![node],
        Node::Value(_) => Vec::new(),
    }
}

fn key_list(group: &[WrappedKey], kind: KeyKind) -> Vec<Node> {
    group
        .iter()
        .filter(|key| key.kind == kind)
        .map(|key| {
            let mut entries = key.other.clone();
            entries.push((b"enc".to_vec(), Node::str(&key.enc)));
            entries.push((kind.id_field().as_bytes().to_vec(), Node::str(&key.recipient)));
            entries.sort_by(|one, two| one.0.cmp(&two.0));
            Node::Map(entries)
        })
        .collect()
}

/// In `key_groups`, sops writes `age` and `hc_vault` even when they are empty.
fn group_node(group: &[WrappedKey]) -> Node {
    let mut entries: Vec<_> = KeyKind::ALL
        .into_iter()
        .map(|kind| (kind, key_list(group, kind)))
        .filter(|(kind, keys)| !keys.is_empty() || matches!(kind, KeyKind::Age | KeyKind::HcVault))
        .map(|(kind, keys)| (kind.name().as_bytes().to_vec(), Node::List(keys)))
        .collect();
    entries.sort_by(|one, two| one.0.cmp(&two.0));
    Node::Map(entries)
}

fn parse_time(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn print_time(time: OffsetDateTime) -> String {
    time.replace_nanosecond(0).ok().and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default()
}

/// Three numeric parts; files of the Python era (`1.…`) are taken as they are.
fn is_version(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<_> = core.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.starts_with("1.") || (parts.len() == 3 && parts.iter().all(numeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_keys_than_any_team_has_are_refused() {
        let key =
            WrappedKey { kind: KeyKind::Age, recipient: "r".into(), enc: "x".into(), other: Vec::new() };
        let read = |count: usize| {
            let mut metadata = Metadata::new(vec![vec![key.clone(); count]], Selector::default(), false);
            metadata.touch(OffsetDateTime::UNIX_EPOCH);
            Metadata::from_node(&metadata.to_node()).map(|metadata| metadata.keys().count())
        };
        assert_eq!(read(MOST_KEYS), Ok(MOST_KEYS));
        assert_eq!(read(MOST_KEYS + 1), Err(MetadataError::TooManyKeys));
    }
}
