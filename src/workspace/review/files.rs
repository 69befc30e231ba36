//! Two versions of one encrypted file, told apart without opening either.

use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Base, Remark};
use crate::base::span::line_of;
use crate::base::{Path as ValuePath, RecipientId};
use crate::envelope::Sealed;
use crate::keys::escaped;
use crate::policy::Rule;
use crate::schema::Severity::{self, Error, Warning};
use crate::workspace::members::is_same;
use crate::workspace::open_file;
use crate::workspace::revision::{Change, Difference, Hash, Revision, between};

/// What a file was at the base, and what it is.
pub(super) struct Pair<'p> {
    /// Its name at the base, from the root.
    pub path: &'p Path,
    pub then: &'p Revision,
    pub now: &'p Revision,
    /// Its text now.
    pub text: &'p [u8],
}

/// Who can read a new file, though the rules of then name them not.
pub(super) fn of_new(base: &Base<'_>, path: &Path, now: &Revision, text: &[u8]) -> Vec<Remark> {
    let Some(rule) = base.rules.then(path, &base.root) else { return Vec::new() };
    let strangers = now.members.all().filter(|id| !names(rule, id));
    let message = format!("can read this new file; the rules of {} do not name it", base.rev);
    strangers.map(|id| about(base, path, text, id, ("recipient-added", Error), &message)).collect()
}

/// What is worth a look.
pub(super) fn judge(base: &mut Base<'_>, pair: &Pair<'_>) -> Vec<Remark> {
    let difference = between(&[Some(pair.then)], Some(pair.now));
    let mut remarks = Vec::new();
    remarks.extend(key(base, pair, &difference));
    remarks.extend(age(base, pair));
    remarks.extend(recipients(base, pair, &difference));
    remarks.extend(groups(base, pair));
    remarks.extend(selector(base, pair, &difference));
    if difference.seal == Some(false) {
        let wanted = base.rules.then(pair.path, &base.root).is_some_and(|rule| rule.lacre.require_seal);
        let severity = if wanted { Error } else { Warning };
        let message = format!("had a seal at {}, and has none: another tool wrote it", base.rev);
        remarks.push(whole("seal-lost", severity, message));
    }
    remarks
}

/// Another data key: of another file, of nobody knows what, or of a rekey.
fn key(base: &mut Base<'_>, pair: &Pair<'_>, difference: &Difference) -> Option<Remark> {
    if !difference.rekeyed {
        return None;
    }
    let owner = pair.now.marks().find_map(|mark| base.owner(mark));
    Some(if let Some(owner) = owner.filter(|owner| owner != pair.path) {
        let message = format!("holds now what `{}` held at {}", owner.display(), base.rev);
        whole("swapped", Error, message)
    } else {
        let message =
            format!("was given a new data key since {}: rekeyed, or replaced by another file", base.rev);
        whole("key-replaced", Warning, message)
    })
}

/// An older version of the same file.
fn age(base: &mut Base<'_>, pair: &Pair<'_>) -> Option<Remark> {
    if pair.now.mac == pair.then.mac {
        return None;
    }
    if let Some(commit) = pair.now.mac.and_then(|mac| earlier(base, pair.path, &mac)) {
        let message = format!("is again what it was at commit {commit}, with the values of then");
        return Some(whole("reverted", Error, message));
    }
    let time = |revision: &Revision| OffsetDateTime::parse(&revision.last_modified, &Rfc3339).ok();
    let is_older = time(pair.now)? < time(pair.then)?;
    is_older.then(|| {
        let message = format!("says that it was written before that of {}: an older version?", base.rev);
        whole("older", Warning, message)
    })
}

/// The commit that made the file with this MAC, which every writing has another of.
fn earlier(base: &mut Base<'_>, path: &Path, mac: &Hash) -> Option<String> {
    let lineage = base.reader.git().lineage_of(&base.id, &[path])?;
    lineage.steps.iter().take(MOST_VERSIONS).find_map(|step| {
        let versions = step.made.iter().filter_map(|made| made.after.as_ref());
        let mut same = versions.filter_map(|id| base.reader.unopened(path, id));
        same.any(|other| other.mac.as_ref() == Some(mac)).then(|| step.commit.id.short().to_owned())
    })
}

/// Who can read it now, and who cannot any more.
fn recipients(base: &Base<'_>, pair: &Pair<'_>, difference: &Difference) -> Vec<Remark> {
    let rule = base.rules.then(pair.path, &base.root);
    let joined = difference.joins.iter().map(|id| {
        let (severity, why) = if rule.is_some_and(|rule| names(rule, id)) {
            (Warning, format!("can read it now; the rules of {} name it", base.rev))
        } else {
            (Error, format!("can read it now; the rules of {} do not name it", base.rev))
        };
        about(base, pair.path, pair.text, id, ("recipient-added", severity), &why)
    });
    // Who left with the old data key in hand can open what is encrypted with it later.
    let left = difference.leaves.iter().filter(|_| !difference.rekeyed).map(|id| {
        let message = "cannot read it any more, but knows its data key: `lacre rekey` gives it a new one";
        about(base, pair.path, pair.text, id, ("recipient-removed", Warning), message)
    });
    joined.chain(left).collect()
}

fn names(rule: &Rule, id: &RecipientId) -> bool {
    rule.groups.iter().flatten().any(|one| is_same(one, id))
}

fn about(
    base: &Base<'_>,
    path: &Path,
    text: &[u8],
    id: &RecipientId,
    (code, severity): (&'static str, Severity),
    message: &str,
) -> Remark {
    let spelling = id.spelling();
    let line = memchr::memmem::find(text, id.id.as_bytes()).map_or(1, |at| line_of(text, at));
    // A name that is new may be part of what is to be looked at.
    let name = match (base.rules.name_then(path, &spelling), base.rules.name_now(path, &spelling)) {
        (Some(name), _) => format!("({}) ", escaped(name)),
        (None, Some(name)) => format!("({}, a new name) ", escaped(name)),
        (None, None) => String::new(),
    };
    Remark { line, subject: escaped(&spelling), code, severity, message: format!("{name}{message}") }
}

fn groups(base: &Base<'_>, pair: &Pair<'_>) -> Option<Remark> {
    pair.now.members.may_be_easier_than(&pair.then.members).then(|| {
        let message = format!("may be opened by fewer people together than at {}", base.rev);
        whole("groups-loosened", Error, message)
    })
}

/// What was encrypted and is clear.
fn selector(base: &Base<'_>, pair: &Pair<'_>, difference: &Difference) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let cleared = difference.values.iter().filter(|(_, change)| *change == Change::Cleared);
    for (path, _) in cleared {
        remarks.push(Remark {
            line: line_of_leaf(pair, path),
            subject: path.to_string(),
            code: "selector-loosened",
            severity: Error,
            message: format!("was encrypted at {}, and stands in the clear", base.rev),
        });
    }
    if let Some(selector) = &difference.selector
        && remarks.is_empty()
    {
        let then = pair.then.selector.shown();
        let message = format!("encrypts by another selector than at {}: {selector}, not {then}", base.rev);
        remarks.push(whole("selector-changed", Warning, message));
    }
    if difference.mac_only_encrypted == Some(true) {
        let message = format!("has a MAC over encrypted values only, unlike at {}", base.rev);
        remarks.push(Remark {
            subject: "mac_only_encrypted".to_owned(),
            ..whole("selector-loosened", Error, message)
        });
    }
    remarks
}

fn line_of_leaf(pair: &Pair<'_>, path: &ValuePath) -> usize {
    let leaf = pair.now.leaves.iter().find(|leaf| leaf.path == *path);
    let sealed: Option<Sealed> = open_file::parse(pair.text.to_vec(), pair.path, None).ok();
    let (Some(leaf), Some(sealed)) = (leaf, sealed) else { return 1 };
    let event = sealed.document().outline().events.get(leaf.event);
    event.map_or(1, |event| line_of(pair.text, event.span.range().start))
}

fn whole(code: &'static str, severity: Severity, message: String) -> Remark {
    Remark { line: 1, subject: String::new(), code, severity, message }
}

/// Earlier versions of one file that are looked at, the newest first.
const MOST_VERSIONS: usize = 2_000;
