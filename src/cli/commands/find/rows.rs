//! What is printed about a place where a value stands: names, lines, commits and people, never a value.

use std::slice;

use serde_json::{Value, json};

use super::super::super::Context;
use super::super::super::failure::Code;
use super::super::commits::{self, shown_with_author as commit};
use super::super::recipients::people;
use super::former::Former;
use crate::base::RecipientId;
use crate::policy::Names;
use crate::workspace::RuleBook;
use crate::workspace::find::{Answer, Place, Spot};
use crate::workspace::keyring::{shown_recipient, shown_recipients};
use crate::workspace::members::Members;

/// Lines named of one file, at most.
const MOST_LINES: usize = 10;

/// For people.
pub(super) fn text(
    context: &Context<'_>,
    place: &Place,
    book: &RuleBook<'_>,
    former: &mut Former<'_>,
) -> Vec<String> {
    let names = book.names(&place.path);
    let mut rows = vec![format!("{}: {}", context.here(&place.path), what(&place.spot))];
    rows.push(match (&place.since, place.is_current, &place.gone) {
        (None, ..) => "  not committed yet".to_owned(),
        (Some(since), true, _) => format!("  since {}", commit(since)),
        (Some(since), false, None) => {
            format!("  since {}; gone here, still in a branch, tag or stash", commit(since))
        }
        (Some(since), false, Some(gone)) => format!("  from {} to {}", commit(since), commit(gone)),
    });
    match &place.now {
        _ if !place.spot.is_encrypted => {
            rows.push("  can be read by whoever has the repository".to_owned());
        }
        Some(now) => rows.push(format!("  can be read by {}", members(now, &names))),
        None => {}
    }
    if !place.others.is_empty() {
        let when = if place.is_current { ", in earlier versions," } else { "" };
        let others = place.others.iter().map(|id| shown_recipient(id, former.names(&place.path, id)));
        rows.push(format!("  could be read{when} by {}", others.collect::<Vec<_>>().join(", ")));
    }
    rows
}

/// For programs.
pub(super) fn json(
    context: &Context<'_>,
    answer: &Answer,
    book: &RuleBook<'_>,
    former: &mut Former<'_>,
) -> Value {
    let mut row = |place: &Place| {
        let names = book.names(&place.path);
        let Spot { name, lines, is_encrypted, is_comment, likeness } = &place.spot;
        let other = |id: &RecipientId| people(slice::from_ref(id), former.names(&place.path, id));
        let others: Vec<Value> = place.others.iter().flat_map(other).collect();
        let now: Option<Vec<_>> = place.now.as_ref().map(|now| now.all().cloned().collect());
        json!({
            "file": context.here(&place.path),
            "name": name,
            "lines": lines,
            "comment": is_comment,
            "state": if *is_encrypted { "encrypted" } else { "clear" },
            "match": if likeness.whole { "whole" } else { "part" },
            "encoded": !likeness.plain,
            "current": place.is_current,
            "since": place.since.as_ref().map(commits::as_json),
            "gone": place.gone.as_ref().map(commits::as_json),
            "recipients": now.map(|now| people(&now, &names)),
            "shamir_threshold": place.now.as_ref().filter(|now| now.groups.len() > 1).map(|now| now.threshold),
            "earlier_recipients": others,
        })
    };
    let closed = answer.closed.iter().map(|(path, error)| {
        let why = match Code::of(error) {
            Code::NoIdentity => "closed",
            Code::Tampered => "tampered",
            _ => "unreadable",
        };
        json!({"file": context.here(path), "why": why, "versions": null})
    });
    let versions = answer.closed_versions.iter();
    let versions =
        versions.map(|(path, count)| json!({"file": context.here(path), "why": "closed", "versions": count}));
    json!({
        "found": answer.places.iter().map(&mut row).collect::<Vec<_>>(),
        "not_searched": closed.chain(versions).collect::<Vec<_>>(),
        "absent_versions": answer.absent_versions,
        "shallow": answer.is_shallow,
    })
}

/// The name, or where there is none the lines; and how it is like the value.
fn what(spot: &Spot) -> String {
    let lines = lines(&spot.lines);
    let place = match (&spot.name, spot.is_comment, spot.is_encrypted) {
        (Some(name), _, true) => name.clone(),
        (Some(name), _, false) => format!("{name}, {lines}, in the clear"),
        (None, true, _) => format!("comment, {lines}"),
        (None, false, true) => "the file itself".to_owned(),
        (None, false, false) => format!("{lines}, in the clear"),
    };
    let is_text = spot.name.is_none() && !spot.is_encrypted;
    match (spot.likeness.whole || is_text, spot.likeness.plain) {
        (true, true) => place,
        (true, false) => format!("{place}, encoded"),
        (false, true) => format!("{place}, as a part"),
        (false, false) => format!("{place}, as an encoded part"),
    }
}

fn lines(lines: &[usize]) -> String {
    let shown: Vec<String> = lines.iter().take(MOST_LINES).map(ToString::to_string).collect();
    let (word, shown) = (if lines.len() == 1 { "line" } else { "lines" }, shown.join(", "));
    match lines.len().saturating_sub(MOST_LINES) {
        0 => format!("{word} {shown}"),
        more => format!("{word} {shown} and {more} more"),
    }
}

fn members(members: &Members, names: &Names) -> String {
    let groups: Vec<String> = members.groups.iter().map(|group| shown_recipients(group, names)).collect();
    match groups.as_slice() {
        [group] => group.clone(),
        groups => format!("{} of {} together: {}", members.threshold, groups.len(), groups.join(" | ")),
    }
}
