//! An entry for people: who and when, why, what is new, and who could read it.

use super::super::commits::person;
use super::Told;
use crate::base::RecipientId;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::revision::{Change, Difference, Held, Reader, Revision, State};
use crate::workspace::timeline::{Entry, Fate, Gap};

/// Adds the lines of `entry` to `lines`.
pub(super) fn lines(told: &mut Told<'_>, entry: &Entry, reader: &mut Reader<'_>, lines: &mut Vec<String>) {
    if !lines.is_empty() {
        lines.push(String::new());
    }
    match &entry.commit {
        Some(commit) => {
            let (id, time) = (commit.id.short(), commit.time);
            let (date, hour, minute) = (time.date(), time.hour(), time.minute());
            let committer = if commit.committer == commit.author {
                String::new()
            } else {
                format!(", committed by {}", person(&commit.committer))
            };
            let author = person(&commit.author);
            lines.push(format!("{id}  {date} {hour:02}:{minute:02} UTC  {author}{committer}"));
            lines.push(format!("  {}", commit.subject));
        }
        None => lines.push("not committed yet".to_owned()),
    }
    let mut say = |line: String| lines.push(format!("  {line}"));
    let place = told.place(&entry.path, reader);
    if let Some(former) = &entry.former_path {
        say(format!("renamed: `{}` to `{place}`", told.place(former, reader)));
    }
    fate(entry, &place, &mut say);
    values(&entry.difference, &mut say);
    let mut people = |ids: &[RecipientId]| -> String {
        let shown = ids.iter().map(|id| shown_recipient(id, told.names.of(id, reader.archive())));
        shown.collect::<Vec<_>>().join(", ")
    };
    let Difference { joins, leaves, .. } = &entry.difference;
    for (word, ids) in [("joined", joins), ("left", leaves)] {
        if !ids.is_empty() {
            say(format!("{word}: {}", people(ids)));
        }
    }
    metadata(&entry.difference, &mut say);
    let Some(revision) = entry.held.revision() else { return };
    state(entry, revision, &mut say);
    let readers: Vec<String> = revision.members.groups.iter().map(|group| people(group)).collect();
    say(match readers.as_slice() {
        [] => "recipients: nobody".to_owned(),
        [one] => format!("recipients: {one}"),
        groups => {
            let needed = revision.members.threshold;
            format!("recipients: {needed} of {} key groups: {}", groups.len(), groups.join("; "))
        }
    });
}

fn fate(entry: &Entry, place: &str, say: &mut impl FnMut(String)) {
    match (entry.fate, &entry.held) {
        (Fate::Created, Held::Other) => say(format!("created: `{place}`, not encrypted")),
        (Fate::Created, _) => say(format!("created: `{place}`")),
        (Fate::Deleted, _) => say(format!("deleted: `{place}`")),
        (Fate::Encrypted, _) => say(format!("encrypted: `{place}` stood in the clear, or could not be read")),
        (Fate::Replaced, _) => {
            say(format!("no encrypted file any more, or none that can be read: `{place}`"));
        }
        (Fate::Kept, _) => {}
    }
    match entry.gap {
        Some(Gap::Cut) => say("what is new is not known: the commits before are not here".to_owned()),
        Some(Gap::LeftOut) => say("what is new is not known: a version is not here".to_owned()),
        None => {}
    }
}

#[rustfmt::skip]
fn values(difference: &Difference, say: &mut impl FnMut(String)) {
    for (change, word) in WORDS {
        let paths = difference.values.iter().filter(|(_, other)| *other == change);
        let shown: Vec<String> = paths.map(|(path, _)| shown_path(path)).collect();
        let more = match shown.len().saturating_sub(MOST_SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        if !shown.is_empty() {
            let first = shown.iter().take(MOST_SHOWN).map(String::as_str).collect::<Vec<_>>();
            say(format!("{word}: {}{more}", first.join(", ")));
        }
    }
}

fn shown_path(path: &crate::base::Path) -> String {
    match path.document {
        0 => path.to_string(),
        number => format!("{path} (document {number})"),
    }
}

fn metadata(difference: &Difference, say: &mut impl FnMut(String)) {
    if difference.regroups {
        say("key groups: others, of the same people".to_owned());
    }
    if difference.rekeyed {
        say("rekeyed: it has a new data key".to_owned());
    }
    if let Some(selector) = &difference.selector {
        say(format!("selector: {selector}"));
    }
    match difference.mac_only_encrypted {
        Some(true) => say("mac_only_encrypted: the MAC covers no clear values any more".to_owned()),
        Some(false) => say("mac_only_encrypted: off, the MAC covers clear values too".to_owned()),
        None => {}
    }
    match difference.seal {
        Some(true) => say("sealed: lacre wrote it".to_owned()),
        Some(false) => say("no seal any more: another tool wrote it".to_owned()),
        None => {}
    }
}

fn state(entry: &Entry, revision: &Revision, say: &mut impl FnMut(String)) {
    if matches!(entry.fate, Fate::Created | Fate::Encrypted) && !revision.is_sealed {
        say("no seal: another tool wrote it".to_owned());
    }
    if let State::Broken(words) = &revision.state {
        say(format!("tampered with: {words}"));
    }
}

/// Values of one kind that are named.
const MOST_SHOWN: usize = 20;

/// How each change is told, in this order.
const WORDS: [(Change, &str); 6] = [
    (Change::Changed, "changed"),
    (Change::Unknown, "re-encrypted or changed"),
    (Change::Added, "added"),
    (Change::Removed, "removed"),
    (Change::Encrypted, "encrypted now"),
    (Change::Cleared, "in the clear now"),
];
