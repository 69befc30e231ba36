//! Changing who a rule file names, by splicing: comments, order and every other byte stay. A result is read again and
//! compared before anybody gets it: exactly the intended rules name exactly one recipient more, or less.
//!
//! Where a new recipient goes, and how it keeps its name:
//!
//! | the rule has | the recipient becomes | its name |
//! | --- | --- | --- |
//! | a list, and the file an anchor list (`keys:`) | `- *carol` in the rule | `- &carol age1…` in that list |
//! | a list in lines | `- age1…` | a comment, `# carol` |
//! | a list in brackets | `&carol age1…` | the anchor |
//! | a text with commas | `,age1…` behind it | `- &carol age1…` in `keys:`, which is made if there is none |
//! | one alias, `age: *alice` | `age: [*alice, …]` | as in brackets |
//!
//! A text with commas stays one, because not every sops reads a list there. Where the comment behind it was the name
//! of the only recipient, that name goes to `keys:` too.

mod add;
mod comma;
mod find;
mod remove;
#[cfg(test)]
mod tests;

use crate::base::assemble::assemble;
use crate::base::{ParseError, RecipientId};
use crate::document::Document;
use crate::document::yaml::{Yaml, line_ends};
use crate::policy::{Names, Rule, RuleError, Rules};

/// Bytes of a rule file that is changed, at the most.
const LARGEST: usize = 1 << 20;

/// A recipient, and what people call it.
#[derive(Clone, Debug, PartialEq)]
pub struct Newcomer {
    /// Its name, if it gets one.
    pub name: Option<String>,
    /// Its key.
    pub recipient: RecipientId,
}

/// Why a rule file cannot be changed as asked. Rules and groups are counted from 1, as people do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleEditError {
    /// The rule has several key groups, and it was not said which is meant.
    #[error("creation rule {rule} has {groups} key groups; say which one is meant")]
    GroupNeeded {
        /// The rule.
        rule: usize,
        /// How many.
        groups: usize,
    },
    /// Nobody would be left to open the files.
    #[error("creation rule {rule} would have nobody left{}", match group {
        Some(group) => format!(" in key group {group}"),
        None => String::new(),
    })]
    LastOne {
        /// The rule.
        rule: usize,
        /// The group, where there are several.
        group: Option<usize>,
    },
    /// A name is no name.
    #[error(
        "a name of a recipient is one line without `#`; as an anchor it has only letters, digits, `-` and `_`"
    )]
    Name,
    /// Somebody else is called so.
    #[error("line {line}: the name is already taken by another recipient")]
    NameTaken {
        /// Where.
        line: usize,
    },
    /// The rule has no such group.
    #[error("creation rule {rule} has no key group {group}")]
    NoGroup {
        /// The rule.
        rule: usize,
        /// The group.
        group: usize,
    },
    /// There is no such rule.
    #[error("there is no creation rule {0}")]
    NoRule(usize),
    /// Not one of the rules names the recipient.
    #[error("no creation rule names this recipient")]
    NotNamed,
    /// It is no YAML.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// It cannot be done without touching more than was asked for.
    #[error("line {0}: this cannot be changed without touching more than the recipient; change it by hand")]
    Refused(usize),
    /// The rules are wrong.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// Other rules would change too.
    #[error("creation rule {} gets its recipients from the same place", {
        let rules: Vec<String> = .0.iter().map(ToString::to_string).collect();
        rules.join(" and ")
    })]
    Shared(Vec<usize>),
    /// A megabyte of rules.
    #[error("the rule file is too large to be changed")]
    TooLarge,
}

impl RuleEditError {
    /// What to do next.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::GroupNeeded { .. } => Some("`--group N` names one, from 1"),
            Self::LastOne { .. } => Some("add somebody else first, or remove the rule by hand"),
            Self::Shared(_) => Some("name those rules too, or give this rule a list of its own"),
            _ => None,
        }
    }
}

/// A rule file, read.
struct RuleText {
    document: Document,
    rules: Vec<Result<Rule, RuleError>>,
    names: Names,
}

impl RuleText {
    fn read(text: &[u8]) -> Result<Self, RuleEditError> {
        if text.len() > LARGEST {
            return Err(RuleEditError::TooLarge);
        }
        line_ends::refuse_all(text)?;
        let document = Document::parse(text.to_vec(), &Yaml)?;
        let rules = match assemble(&document.outline().events, document.text()) {
            Some(node) => Rules::parse(&node)?,
            None => None,
        };
        let rules = rules.iter().flat_map(Rules::all).map(|rule| rule.cloned().map_err(Clone::clone));
        let rules = rules.collect();
        let names = Names::of(document.outline(), document.text());
        Ok(Self { document, rules, names })
    }

    fn rule(&self, index: usize) -> Result<&Rule, RuleEditError> {
        let rule = self.rules.get(index).ok_or(RuleEditError::NoRule(index + 1))?;
        rule.as_ref().map_err(|error| error.clone().into())
    }
}

/// The rule file `text` with `new` among the recipients of `rules` (from 0, as [`Rule::index`]), in the key group
/// `group` (from 0), which may be left out where a rule has at most one. Rules that name it already stay as they are,
/// so doing it twice changes nothing.
///
/// # Errors
/// When the name is taken, or it cannot be done without changing another rule.
pub fn add(
    text: &[u8],
    rules: &[usize],
    group: Option<usize>,
    new: &Newcomer,
) -> Result<Vec<u8>, RuleEditError> {
    let before = RuleText::read(text)?;
    let mut current = text.to_vec();
    for index in rules {
        current = add::to_rule(&RuleText::read(&current)?, *index, group, new)?;
    }
    let after = RuleText::read(&current)?;
    let joined = |index: usize| rules.contains(&index);
    compare(&before, &after, &joined, &|index, rule| {
        let group = group.unwrap_or_default();
        if !joined(index) || rule.groups.get(group).is_some_and(|keys| keys.contains(&new.recipient)) {
            return;
        }
        if rule.groups.is_empty() {
            rule.groups.push(Vec::new());
        }
        if let Some(keys) = rule.groups.get_mut(group) {
            keys.push(new.recipient.clone());
        }
    })?;
    let is_new = |pair: &Pair| Some(&pair.0) == new.name.as_ref();
    same_names(&before, &after, &|_| false, &is_new)?;
    Ok(current)
}

/// The rule file `text` without `recipient` in `rules` (from 0); `None`: in any rule. Its name goes when no rule names
/// it any more; where an anchor that goes is still needed, the first alias takes its place.
///
/// # Errors
/// When none of the rules names it, a rule or group would be empty, or it cannot be done without changing another rule.
pub fn remove(
    text: &[u8],
    rules: Option<&[usize]>,
    recipient: &RecipientId,
) -> Result<Vec<u8>, RuleEditError> {
    let before = RuleText::read(text)?;
    let chosen = |index: usize| rules.is_none_or(|rules| rules.contains(&index));
    let mut found = false;
    for index in rules.unwrap_or_default() {
        before.rule(*index)?;
    }
    for (index, rule) in before.rules.iter().enumerate().filter(|(index, _)| chosen(*index)) {
        let Ok(rule) = rule else { continue };
        for (group, keys) in rule.groups.iter().enumerate() {
            found |= keys.contains(recipient);
            if !keys.is_empty() && keys.iter().all(|key| key == recipient) {
                let group = (rule.groups.len() > 1).then_some(group + 1);
                return Err(RuleEditError::LastOne { rule: index + 1, group });
            }
        }
    }
    if !found {
        return Err(RuleEditError::NotNamed);
    }
    let indices: Vec<usize> = (0..before.rules.len()).filter(|index| chosen(*index)).collect();
    let mut current = text.to_vec();
    for index in indices {
        while let Some(next) = remove::from_rule(&RuleText::read(&current)?, index, recipient)? {
            current = next;
        }
    }
    while let Some(next) = remove::definition(&RuleText::read(&current)?, recipient)? {
        current = next;
    }
    let after = RuleText::read(&current)?;
    compare(&before, &after, &chosen, &|index, rule| {
        for keys in rule.groups.iter_mut().filter(|_| chosen(index)) {
            keys.retain(|key| key != recipient);
        }
    })?;
    let spelling = recipient.spelling();
    // The text of a map names only a part of the recipient; and the comment behind a text with commas becomes a name
    // when one recipient is left of it.
    let free = |pair: &Pair| before.names.pairs().iter().all(|other| other.0 != pair.0);
    same_names(&before, &after, &|pair| spelling.starts_with(&pair.1), &free)?;
    Ok(current)
}

/// A name and its recipient.
type Pair = (String, String);

/// Whether everybody else is called as before; `gone` may be missing after, `new` be missing before.
fn same_names(
    before: &RuleText,
    after: &RuleText,
    gone: &dyn Fn(&Pair) -> bool,
    new: &dyn Fn(&Pair) -> bool,
) -> Result<(), RuleEditError> {
    let (before, after) = (before.names.pairs(), after.names.pairs());
    // An anchor may stand on a text of several recipients, which changes with them.
    let is_one = |pair: &&Pair| !pair.1.contains(',');
    let kept = before.iter().filter(is_one).all(|pair| gone(pair) || after.contains(pair));
    let known = after.iter().filter(is_one).all(|pair| new(pair) || before.contains(pair));
    if kept && known { Ok(()) } else { Err(RuleEditError::Refused(1)) }
}

/// Whether `after` is what `change` makes of `before`, the order of recipients aside.
fn compare(
    before: &RuleText,
    after: &RuleText,
    chosen: &dyn Fn(usize) -> bool,
    change: &dyn Fn(usize, &mut Rule),
) -> Result<(), RuleEditError> {
    if before.rules.len() != after.rules.len() {
        return Err(RuleEditError::Refused(1));
    }
    let mut shared = Vec::new();
    for (index, (before, after)) in before.rules.iter().zip(&after.rules).enumerate() {
        let same = match (before, after) {
            (Ok(before), Ok(after)) => {
                let (mut expected, mut after) = (before.clone(), after.clone());
                change(index, &mut expected);
                let groups = |rule: &mut Rule| {
                    let mut groups = std::mem::take(&mut rule.groups);
                    for keys in &mut groups {
                        keys.sort_by_key(|key| (key.kind, key.spelling()));
                    }
                    groups
                };
                groups(&mut expected) == groups(&mut after) && expected == after
            }
            (Err(before), Err(after)) => before == after,
            _ => false,
        };
        match (same, chosen(index)) {
            (true, _) => {}
            (false, true) => return Err(RuleEditError::Refused(1)),
            (false, false) => shared.push(index + 1),
        }
    }
    if shared.is_empty() { Ok(()) } else { Err(RuleEditError::Shared(shared)) }
}
