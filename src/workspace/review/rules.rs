//! Rules of then and now: who is let in, what is not asked for any more, which files follow another rule.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Base, Finding, Remark};
use crate::cipher::Ciphertext;
use crate::keys::escaped;
use crate::policy::rule::{Accepted, covers};
use crate::policy::{Rule, Rules};
use crate::schema::Severity::{self, Error, Warning};
use crate::workspace::RuleFile;
use crate::workspace::members::Members;
use crate::workspace::revision::Reader;
use crate::workspace::rule_file::RULE_FILE;
use crate::world::files::{self as disk, SIZE_LIMIT};
use crate::world::git::{Change, ObjectId};

/// The rule files of then and now, by the folder that they rule, from the root. Those that cannot be read are none.
pub(super) struct Books {
    then: BTreeMap<PathBuf, RuleFile>,
    now: BTreeMap<PathBuf, RuleFile>,
}

/// Two rules of which the second counts where the first did.
type Turn<'b> = (Ruled<'b>, Ruled<'b>);

/// A rule, and the file that it stands in.
type Ruled<'b> = (&'b RuleFile, &'b Rule);

impl Books {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        tree: &BTreeMap<PathBuf, ObjectId>,
        changes: &[Change],
    ) -> Self {
        let root = reader.git().root().to_owned();
        let mut books = Self { then: BTreeMap::new(), now: BTreeMap::new() };
        let is_rules = |path: &Path| path.file_name().is_some_and(|name| name == RULE_FILE);
        let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
        for (path, blob) in tree.iter().filter(|(path, _)| is_rules(path)) {
            let Some(text) = reader.bytes(blob) else { continue };
            if let Ok(file) = RuleFile::parse(&root.join(path), text) {
                books.then.insert(folder(path), file);
            }
        }
        let new = changes.iter().map(|change| &change.path);
        for path in tree.keys().chain(new).filter(|path| is_rules(path)) {
            let Ok(text) = disk::read(&root.join(path), SIZE_LIMIT) else { continue };
            if let Ok(file) = RuleFile::parse(&root.join(path), text) {
                books.now.insert(folder(path), file);
            }
        }
        books
    }

    /// The rule that the file at `path` followed.
    pub(super) fn then(&self, path: &Path, root: &Path) -> Option<&Rule> {
        nearest(&self.then, path)?.rule_for(&root.join(path)).ok()?
    }

    /// What a recipient of the file at `path` was called.
    pub(super) fn name_then(&self, path: &Path, recipient: &str) -> Option<&str> {
        nearest(&self.then, path)?.names.name_of(recipient)
    }

    /// What it is called.
    pub(super) fn name_now(&self, path: &Path, recipient: &str) -> Option<&str> {
        nearest(&self.now, path)?.names.name_of(recipient)
    }
}

fn nearest<'b>(books: &'b BTreeMap<PathBuf, RuleFile>, path: &Path) -> Option<&'b RuleFile> {
    path.ancestors().skip(1).find_map(|folder| books.get(folder))
}

/// What the rule files that changed allow now and did not.
pub(super) fn judge(base: &mut Base<'_>) -> Vec<Finding> {
    let changed = base.changes.iter().filter(|change| change.path.ends_with(RULE_FILE));
    let folders = changed.filter_map(|change| change.path.parent().map(Path::to_owned));
    let folders: BTreeSet<PathBuf> = folders.collect();
    let mut findings: Vec<Finding> = folders.iter().filter_map(|folder| unruled(base, folder)).collect();
    findings.extend(folders.iter().flat_map(|folder| accepted(base, folder)));
    let mut judged = BTreeSet::new();
    for folder in &folders {
        for (then, now) in turns(base, folder) {
            let ((former, old), (file, new)) = (then, now);
            if judged.insert((&former.path, old.index, &file.path, new.index)) {
                let line = file.line(new.index).unwrap_or(1);
                let remarks = loosened(base, then, now);
                let remarks = remarks.into_iter().map(|remark| Remark { line, ..remark });
                findings.extend(remarks.map(|remark| remark.at(&file.path)));
            }
        }
    }
    findings
}

/// Which rules took the place of which: those of one `path_regex`, those that files follow, and those that stand before
/// one which covered all that they match.
fn turns<'b>(base: &'b Base<'_>, folder: &Path) -> Vec<Turn<'b>> {
    let books = &base.rules;
    let mut turns = Vec::new();
    for path in base.tree.keys().filter(|path| path.starts_with(folder)) {
        let (Some(then), Some(now)) = (nearest(&books.then, path), nearest(&books.now, path)) else {
            continue;
        };
        let place = base.root.join(path);
        if let (Ok(Some(old)), Ok(Some(new))) = (then.rule_for(&place), now.rule_for(&place)) {
            turns.push(((then, old), (now, new)));
        }
    }
    let (Some(then), Some(now)) = (books.then.get(folder), books.now.get(folder)) else { return turns };
    let rules = |file: &'b RuleFile| file.rules.iter().flat_map(Rules::all).filter_map(Result::ok);
    let mut taken = BTreeSet::new();
    for old in rules(then) {
        let same = |new: &&Rule| new.path_regex == old.path_regex && !taken.contains(&new.index);
        let same = rules(now).find(same);
        if let Some(new) = same {
            taken.insert(new.index);
            turns.push(((then, old), (now, new)));
        }
        // A newcomer that stands before it, or in its place.
        let end = same.map_or(usize::MAX, |new| new.index);
        let is_newcomer =
            |new: &&Rule| new.index < end && !rules(then).any(|other| other.path_regex == new.path_regex);
        for new in rules(now).filter(is_newcomer) {
            if covers(old.path_regex.as_deref(), new.path_regex.as_deref()) {
                turns.push(((then, old), (now, new)));
            }
        }
    }
    turns
}

/// What `new` allows and `old` did not.
fn loosened(base: &Base<'_>, (former, old): Ruled<'_>, (file, new): Ruled<'_>) -> Vec<Remark> {
    let rev = &base.rev;
    let mut remarks = Vec::new();
    let mut say = |severity: Severity, subject: &str, message: String| {
        let subject = escaped(subject);
        remarks.push(Remark { line: 1, subject, code: "rule-loosened", severity, message });
    };
    let nobody = Members { groups: Vec::new(), threshold: 0 };
    let (before, after) = (Members::of_rule(old), Members::of_rule(new));
    let (before, after) = (before.unwrap_or_else(|| nobody.clone()), after.unwrap_or(nobody));
    for id in after.all().filter(|id| !before.has(id)) {
        let spelling = id.spelling();
        let name = match (former.names.name_of(&spelling), file.names.name_of(&spelling)) {
            (Some(name), _) => format!("({}) ", escaped(name)),
            (None, Some(name)) => format!("({}, a new name) ", escaped(name)),
            (None, None) => String::new(),
        };
        say(Error, &spelling, format!("{name}is let in by rule {}, and was not at {rev}", new.index + 1));
    }
    if after.may_be_easier_than(&before) {
        say(Error, "shamir_threshold", format!("lets fewer people open files together than at {rev}"));
    }
    if old.lacre.require_seal && !new.lacre.require_seal {
        say(Error, "require_seal", format!("was set at {rev}, and is not"));
    }
    if old.lacre.must_encrypt && !new.lacre.must_encrypt {
        say(Error, "must_encrypt", format!("was set at {rev}, and is not"));
    }
    if !old.mac_only_encrypted && new.mac_only_encrypted {
        say(Error, "mac_only_encrypted", format!("was not set at {rev}: clear values leave the MAC"));
    }
    let (then, now) = (old.selector.clone().unwrap_or_default(), new.selector.clone().unwrap_or_default());
    if then != now {
        // From all but some to only some.
        let is_narrower = then.kind.name().starts_with("un") && !now.kind.name().starts_with("un");
        let message = format!("selects what is encrypted, where {} did at {rev}", then.shown());
        say(if is_narrower { Error } else { Warning }, &now.shown(), message);
    }
    remarks
}

/// Findings of guards that the rule file of `folder` accepts, and did not.
fn accepted(base: &Base<'_>, folder: &Path) -> Vec<Finding> {
    let read = |books: &BTreeMap<PathBuf, RuleFile>| {
        let tree = books.get(folder).and_then(RuleFile::tree);
        tree.and_then(|tree| Accepted::parse(tree).ok()).unwrap_or_default()
    };
    let (then, now) = (read(&base.rules.then), read(&base.rules.now));
    let is_new = |one: &(&str, &str)| !then.all().any(|other| other == *one);
    let remark = |(pattern, code): (&str, &str)| Remark {
        line: 1,
        subject: escaped(code),
        code: "rule-loosened",
        severity: Warning,
        message: format!(
            "is accepted in files that match `{}`, and was not at {}",
            escaped(pattern),
            base.rev
        ),
    };
    let place = base.root.join(folder).join(RULE_FILE);
    now.all().filter(is_new).map(|one| remark(one).at(&place)).collect()
}

/// An encrypted file that a rule asked a seal of, and which follows no rule any more.
fn unruled(base: &mut Base<'_>, folder: &Path) -> Option<Finding> {
    let Base { rules, tree, root, reader, .. } = base;
    let mut paths = tree.iter().filter(|(path, _)| path.starts_with(folder));
    let (path, _) = paths.find(|(path, id)| {
        let asked = rules.then(path, root).is_some_and(|rule| rule.lacre.require_seal);
        let now = nearest(&rules.now, path).and_then(|file| file.rule_for(&root.join(path)).ok());
        asked && now.flatten().is_none() && reader.bytes(id).is_some_and(|text| Ciphertext::stands_in(&text))
    })?;
    let remark = Remark {
        line: 1,
        subject: path.to_string_lossy().into_owned(),
        code: "rule-loosened",
        severity: Error,
        message: format!("followed a rule with `require_seal` at {}, and follows none", base.rev),
    };
    Some(remark.at(&base.root.join(folder).join(RULE_FILE)))
}
