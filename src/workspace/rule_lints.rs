//! What is wrong, or looks wrong, in a rule file. Only what can be proven is told: a rule is called unreachable when
//! every path that it matches is matched before.

use std::path::PathBuf;

use super::RuleFile;
use crate::base::span::line_of;
use crate::base::{KeyKind, Kind, Node, RecipientId};
use crate::document::Document;
use crate::keys::WrapError;
use crate::keys::age::AgeRecipient;
use crate::keys::plugin::NoPlugins;
use crate::policy::rule::{Accepted, covers, fields_of};
use crate::policy::{Rule, RuleError, Rules, SelectorKind};

/// One thing to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The rule file.
    pub path: PathBuf,
    /// Where.
    pub line: usize,
    /// The rule, from 1; `None`: it is about the whole file.
    pub rule: Option<usize>,
    /// One word for programs.
    pub kind: &'static str,
    /// What it is. Never a line of the file.
    pub message: String,
}

/// Everything in `file`, in order of the rules.
#[must_use]
pub fn lint(file: &RuleFile) -> Vec<Lint> {
    let mut lints = Lints { file, found: Vec::new() };
    let rules: Vec<_> = file.rules.iter().flat_map(Rules::all).collect();
    let maps = match file.tree().and_then(|tree| tree.entry("creation_rules")) {
        Some(Node::List(maps)) => maps.as_slice(),
        _ => &[],
    };
    if rules.is_empty() {
        lints.add(None, 1, "no-rules", "there is no creation rule, so the file counts as absent");
    }
    for (index, rule) in rules.iter().enumerate() {
        match rule {
            Ok(rule) => lints.rule(rule, rules.get(..index).unwrap_or_default()),
            Err(error) => lints.broken(index, error),
        }
        lints.unknown_fields(index, maps.get(index));
    }
    lints.names();
    lints.elsewhere();
    lints.found
}

struct Lints<'a> {
    file: &'a RuleFile,
    found: Vec<Lint>,
}

impl Lints<'_> {
    fn add(&mut self, rule: Option<usize>, line: usize, kind: &'static str, message: impl Into<String>) {
        let path = self.file.path.clone();
        self.found.push(Lint { path, line, rule, kind, message: message.into() });
    }

    fn of(&mut self, index: usize, kind: &'static str, message: impl Into<String>) {
        self.add(Some(index + 1), self.file.line(index).unwrap_or(1), kind, message);
    }

    fn broken(&mut self, index: usize, error: &RuleError) {
        let kind = match error {
            RuleError::PathRegex { .. } => "invalid-regex",
            RuleError::TwoSelectors { .. } => "two-selectors",
            _ => "invalid-field",
        };
        let message = error.to_string();
        // The line and the number stand before it anyway.
        let message = message.split_once(": ").map_or(&*message, |(_, cause)| cause).to_owned();
        self.of(index, kind, message);
    }

    fn rule(&mut self, rule: &Rule, before: &[Result<&Rule, &RuleError>]) {
        let index = rule.index;
        let shadow = before
            .iter()
            .flatten()
            .find(|earlier| covers(earlier.path_regex.as_deref(), rule.path_regex.as_deref()));
        if let Some(earlier) = shadow {
            let number = earlier.index + 1;
            self.of(
                index,
                "unreachable",
                format!("it can never match: rule {number} matches all its files before"),
            );
        }
        if rule.selector.as_ref().is_some_and(|selector| selector.matcher().is_err()) {
            self.of(index, "invalid-regex", "the regular expression of the selector is not valid");
        }
        let count = rule.groups.iter().flatten().count();
        let groups = rule.groups.len();
        if count == 0 {
            self.of(index, "no-recipients", "it names no recipient");
        } else if let Some(empty) = rule.groups.iter().position(Vec::is_empty) {
            self.of(
                index,
                "empty-group",
                format!("key group {} is empty, so nothing can be encrypted", empty + 1),
            );
        } else if count == 1 {
            self.of(
                index,
                "single-recipient",
                "it has a single recipient: if its identity is lost, so are the secrets",
            );
        }
        match rule.shamir_threshold {
            Some(_) if groups < 2 => {
                self.of(index, "threshold", "`shamir_threshold` says nothing without several key groups");
            }
            Some(threshold)
                if threshold < 2 || usize::try_from(threshold).is_ok_and(|needed| needed > groups) =>
            {
                self.of(index, "threshold", format!("`shamir_threshold` must lie between 2 and {groups}"));
            }
            _ => {}
        }
        for key in rule.groups.iter().flatten() {
            if let Some(problem) = doubt(key) {
                let line = line_of_text(self.file.document(), &key.id);
                let line = line.or(self.file.line(index)).unwrap_or(1);
                self.add(Some(index + 1), line, "invalid-recipient", problem);
            }
        }
    }

    /// A name that sops passes over in silence.
    fn unknown_fields(&mut self, index: usize, map: Option<&Node>) {
        const OWN: [&str; 6] =
            ["path_regex", "shamir_threshold", "mac_only_encrypted", "aws_profile", "key_groups", "lacre"];
        let Some(map) = map else { return };
        let is_kind = |name: &str, flat: bool| {
            let field = |kind: &KeyKind| if flat { fields_of(*kind).flat } else { fields_of(*kind).group };
            KeyKind::ALL.iter().any(|kind| field(kind) == name)
        };
        let in_rule = |name: &str| {
            OWN.contains(&name) || SelectorKind::from_name(name).is_some() || is_kind(name, true)
        };
        let mut unknown = names_outside(map, &in_rule);
        let mut open: Vec<&Node> = map.entry("key_groups").into_iter().flat_map(items).collect();
        // As deep as the reading of merged groups, and no more of them than a file can hold.
        let mut left = 10_000;
        while let Some(group) = open.pop() {
            left -= 1;
            if left == 0 {
                break;
            }
            unknown.extend(names_outside(group, &|name| name == "merge" || is_kind(name, false)));
            open.extend(group.entry("merge").into_iter().flat_map(items));
        }
        unknown.sort();
        unknown.dedup();
        for name in unknown {
            let line = self.file.line(index).unwrap_or(1);
            let message = format!("`{}` is no field that sops knows; it is passed over", name.escape_debug());
            self.add(Some(index + 1), line, "unknown-field", message);
        }
    }

    fn names(&mut self) {
        let mut told: Vec<&str> = Vec::new();
        let file = self.file;
        let pairs = file.names.pairs();
        for (at, (name, key)) in pairs.iter().enumerate() {
            let earlier = pairs.get(..at).unwrap_or_default();
            let shares = earlier.iter().any(|(other, theirs)| other == name && theirs != key);
            if shares && !told.contains(&name.as_str()) {
                told.push(name);
                let line = line_of_text(file.document(), key).unwrap_or(1);
                let message =
                    format!("two recipients are called `{}`, so the name means neither", name.escape_debug());
                self.add(None, line, "shared-name", message);
            }
        }
    }

    /// What stands beside the creation rules.
    fn elsewhere(&mut self) {
        if let Err(error) = self.file.stores() {
            self.add(None, 1, "invalid-field", error.to_string());
        }
        if let Some(Err(error)) = self.file.tree().map(Accepted::parse) {
            self.add(None, 1, "invalid-field", error.to_string());
        }
        match self.file.destinations() {
            Err(error) => self.add(None, 1, "invalid-field", error.to_string()),
            Ok(destinations) => {
                let errors: Vec<String> =
                    destinations.all().filter_map(Result::err).map(ToString::to_string).collect();
                for error in errors {
                    self.add(None, 1, "invalid-field", error);
                }
            }
        }
    }
}

fn items(node: &Node) -> impl Iterator<Item = &Node> {
    let items = if let Node::List(items) = node { items.as_slice() } else { &[] };
    items.iter()
}

fn names_outside(map: &Node, known: &dyn Fn(&str) -> bool) -> Vec<String> {
    let Node::Map(entries) = map else { return Vec::new() };
    let names = entries.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned());
    names.filter(|name| !known(name)).collect()
}

/// Why `key` cannot be a recipient; `None` where nothing speaks against it.
fn doubt(key: &RecipientId) -> Option<&'static str> {
    match key.kind {
        KeyKind::Age => match AgeRecipient::parse(&key.id, &NoPlugins) {
            Err(WrapError::Secret) => {
                Some("a secret key stands here: replace it, it is in the history of git")
            }
            Err(_) => Some("this is no age or ssh recipient"),
            Ok(_) => None,
        },
        KeyKind::Pgp => {
            let digits = key.id.strip_suffix('!').unwrap_or(&key.id);
            let digits = digits.strip_prefix("0x").unwrap_or(digits);
            let is_fingerprint =
                matches!(digits.len(), 16 | 40 | 64) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            (!is_fingerprint).then_some("this is no PGP fingerprint")
        }
        KeyKind::Kms => (!key.id.starts_with("arn:")).then_some("this is no ARN of a key"),
        KeyKind::GcpKms => {
            let is_one = key.id.starts_with("projects/") && key.id.contains("/cryptoKeys/");
            (!is_one).then_some("this is no resource id of a GCP key")
        }
        KeyKind::HcKms => (!key.id.contains(':')).then_some("this is no key id `REGION:UUID`"),
        _ => None,
    }
}

/// The line of the first scalar that holds `text`.
fn line_of_text(document: &Document, text: &str) -> Option<usize> {
    let events = &document.outline().events;
    let scalars = events.iter().filter(|event| matches!(event.kind, Kind::Scalar(..)));
    let holds = |written: &[u8]| memchr::memmem::find(written, text.as_bytes());
    scalars.into_iter().find_map(|event| {
        let within = holds(event.span.of(document.text()))?;
        Some(line_of(document.text(), event.span.range().start + within))
    })
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test writes its own files")]
mod tests {
    use super::*;

    const ALICE: &str = "age1uyc8v2nuzsp3qugkgg9hx03nm8xr6h8wnm8jnzrvqwqcfe98zpcqdwf65j";
    const BOB: &str = "age1x2cyvczmzklcracq2d4t0mj9m3yuyjq4f7uswllhe6aqcntgtfwqcs7khp";

    /// Line, rule and kind of each.
    fn found(text: &str) -> Vec<(usize, Option<usize>, &'static str)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".sops.yaml");
        std::fs::write(&path, text.replace("ALICE", ALICE).replace("BOB", BOB)).unwrap();
        let file = RuleFile::read(&path).unwrap();
        lint(&file).into_iter().map(|lint| (lint.line, lint.rule, lint.kind)).collect()
    }

    #[test]
    fn a_good_file_has_none() {
        assert_eq!(
            found(
                "keys: [&a ALICE, &b BOB]\ncreation_rules:\n- path_regex: ^a\n  age: ALICE,BOB\n- key_groups:\n  - age: [*a]\n  - age: [*b]\n    merge: []\n  shamir_threshold: 2\n"
            ),
            []
        );
    }

    #[test]
    fn each_has_its_word_and_its_line() {
        let both = "  age: ALICE,BOB\n";
        for (rule, line, kind) in [
            (format!("- path_regex: '('\n{both}"), 2, "invalid-regex"),
            (format!("- encrypted_regex: '('\n{both}"), 2, "invalid-regex"),
            (format!("- encrypted_regex: a\n  encrypted_suffix: b\n{both}"), 2, "two-selectors"),
            ("- path_regex: a\n".to_owned(), 2, "no-recipients"),
            ("- key_groups: [{age: [ALICE]}, {}]\n".to_owned(), 2, "empty-group"),
            ("- age: ALICE\n".to_owned(), 2, "single-recipient"),
            (format!("- shamir_threshold: 2\n{both}"), 2, "threshold"),
            (
                "- key_groups: [{age: [ALICE]}, {age: [BOB]}]\n  shamir_threshold: 3\n".to_owned(),
                2,
                "threshold",
            ),
            (
                "- key_groups: [{age: [ALICE]}, {age: [BOB]}]\n  shamir_threshold: 1\n".to_owned(),
                2,
                "threshold",
            ),
            (format!("- gpg: x\n{both}"), 2, "unknown-field"),
            (
                "- key_groups: [{age: [ALICE], merge: [{age: [BOB], kmss: []}]}]\n".to_owned(),
                2,
                "unknown-field",
            ),
            ("- age:\n  - ALICE\n  - age1nobody\n".to_owned(), 4, "invalid-recipient"),
            (format!("- pgp: 85D7\n{both}"), 2, "invalid-recipient"),
            (format!("- kms: key\n{both}"), 2, "invalid-recipient"),
            (format!("- age: [12]\n  path_regex: x\n- path_regex: b\n{both}"), 2, "invalid-field"),
        ] {
            let all = found(&format!("creation_rules:\n{rule}"));
            assert_eq!(all, [(line, Some(1), kind)], "{rule}");
        }
        assert_eq!(found("keys: []\n"), [(1, None, "no-rules")]);
        let shared = "creation_rules:\n- age:\n  - ALICE # x\n  - BOB # x\n";
        assert_eq!(found(shared), [(4, None, "shared-name")]);
        let stores =
            "creation_rules:\n- age: ALICE,BOB\nstores: {yaml: {indent: x}}\ndestination_rules: [{}]\n";
        assert_eq!(found(stores), [(1, None, "invalid-field"), (1, None, "invalid-field")]);
    }

    #[test]
    fn a_rule_behind_a_catch_all_is_unreachable() {
        let text = "creation_rules:\n- age: ALICE,BOB\n- path_regex: b\n  age: ALICE,BOB\n";
        assert_eq!(found(text), [(3, Some(2), "unreachable")]);
    }
}
