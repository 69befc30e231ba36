//! How commits look in whatever tells of history: to people, and in JSON.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use super::super::Context;
use crate::workspace::history::Moment;
use crate::world::git::Person;

/// The day, and the first digits of its name.
pub fn shown(commit: &Moment) -> String {
    format!("{} ({})", commit.time.date(), commit.id.short())
}

/// The same, and who made the change.
pub fn shown_with_author(commit: &Moment) -> String {
    format!("{} by {}", shown(commit), person(&commit.author))
}

/// As git writes it. Untrusted: for rows only.
pub fn person(person: &Person) -> String {
    format!("{} <{}>", person.name, person.email)
}

/// A commit for `--json`.
pub fn as_json(commit: &Moment) -> Value {
    json!({
        "commit": commit.id.as_str(),
        "time": commit.time.format(&Rfc3339).ok(),
        "author": person_json(&commit.author),
    })
}

/// A person for `--json`.
pub fn person_json(person: &Person) -> Value {
    json!({"name": person.name, "email": person.email})
}

/// Older commits are not here; `so` says what that means.
pub fn warn_shallow(context: &Context<'_>, so: &str) {
    let words = format!("this clone is shallow, so {so}; `git fetch --unshallow` brings older commits");
    context.ui.warn(context.world, words);
}
