//! An entry for machines.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::super::commits::person_json;
use super::super::recipients::people;
use super::Told;
use crate::base::RecipientId;
use crate::workspace::revision::{Change, Held, Reader, State};
use crate::workspace::timeline::{Entry, Fate, Gap};
use crate::world::git::ObjectId;

/// The object of `entry`.
pub(super) fn object(told: &mut Told<'_>, entry: &Entry, reader: &mut Reader<'_>) -> Value {
    let file = told.place(&entry.path, reader);
    let former_file = entry.former_path.as_ref().map(|path| told.place(path, reader));
    let mut persons = |ids: &[RecipientId]| -> Vec<Value> {
        let one = |id: &RecipientId| people(std::slice::from_ref(id), told.names.of(id, reader.archive()));
        ids.iter().flat_map(one).collect()
    };
    let (difference, revision) = (&entry.difference, entry.held.revision());
    let values = difference.values.iter().map(|(path, change)| {
        json!({"path": path.to_string(), "document": path.document, "change": change_word(*change)})
    });
    let groups =
        revision.map(|one| one.members.groups.iter().map(|group| persons(group)).collect::<Vec<_>>());
    let commit = entry.commit.as_ref();
    json!({
        "commit": commit.map(|commit| commit.id.as_str()),
        "parents": commit.map(|commit| commit.parents.iter().map(ObjectId::as_str).collect::<Vec<_>>()),
        "time": commit.and_then(|commit| commit.time.format(&Rfc3339).ok()),
        "author": commit.map(|commit| person_json(&commit.author)),
        "committer": commit.map(|commit| person_json(&commit.committer)),
        "subject": commit.map(|commit| &commit.subject),
        "file": file,
        "former_file": former_file,
        "fate": fate_word(entry.fate),
        "version": version_word(&entry.held),
        "reason": reason(entry),
        "values": values.collect::<Vec<_>>(),
        "joins": persons(&difference.joins),
        "leaves": persons(&difference.leaves),
        "regroups": difference.regroups,
        "rekeyed": difference.rekeyed,
        "selector": difference.selector,
        "mac_only_encrypted": difference.mac_only_encrypted,
        "seal": revision.map(|one| if one.is_sealed { "present" } else { "none" }),
        "groups": groups,
        "shamir_threshold": revision.filter(|one| one.members.groups.len() > 1).map(|one| one.members.threshold),
    })
}

const fn change_word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Changed => "changed",
        Change::Cleared => "cleared",
        Change::Encrypted => "encrypted",
        Change::Removed => "removed",
        Change::Unknown => "unknown",
    }
}

const fn fate_word(fate: Fate) -> &'static str {
    match fate {
        Fate::Created => "created",
        Fate::Deleted => "deleted",
        Fate::Encrypted => "encrypted",
        Fate::Kept => "kept",
        Fate::Replaced => "replaced",
    }
}

fn version_word(held: &Held) -> &'static str {
    match held {
        Held::LeftOut => "left out",
        Held::Nothing => "none",
        Held::Other => "other",
        Held::Sealed(revision) => match revision.state {
            State::Broken(_) => "tampered",
            State::Closed(_) => "closed",
            State::Opened => "open",
            State::Unasked => "unasked",
        },
    }
}

fn reason(entry: &Entry) -> Option<&str> {
    match (entry.gap, entry.state()) {
        (Some(Gap::Cut), _) => Some("the commits before are not here"),
        (Some(Gap::LeftOut), _) => Some("a version is not here"),
        (None, Some(State::Broken(words))) => Some(words),
        (None, Some(State::Closed(words))) => Some(words),
        (None, _) => None,
    }
}
