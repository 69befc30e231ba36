//! What `access` and `offboard` share: reading the ledger, saying what it does not know, and how people look.

use serde_json::{Value, json};

use super::super::ui::Progress;
use super::super::{Context, Failure};
use super::{commits, count};
use crate::workspace::exposure::{Ledger, Person, When};

/// Reads the ledger of this repository, and says what it does not know.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn read(context: &Context<'_>, when: When) -> Result<Ledger, Failure> {
    let mut progress: Option<Progress<'_>> = None;
    let mut step = |done: usize, total: usize| {
        progress.get_or_insert_with(|| Progress::new(context.world, "reading commit", total)).step(done);
    };
    let ledger = Ledger::read(context.world, &context.keyring, when, &mut step)?;
    drop(progress);
    context.tell_about_services();
    if ledger.gaps.shallow {
        commits::warn_shallow(context, "what older commits hold is not known");
    }
    if ledger.gaps.absent > 0 {
        let absent = count(ledger.gaps.absent, "version");
        context.ui.warn(context.world, format!("{absent} of files were left out of this clone"));
    }
    if ledger.gaps.closed > 0 {
        let closed = count(ledger.gaps.closed, "value");
        context
            .ui
            .note(context.world, format!("{closed} do not open here, so what equals them is not known"));
    }
    Ok(ledger)
}

/// Whom `word` means.
///
/// # Errors
/// When nobody is or was called so.
pub fn person(ledger: &Ledger, word: &str) -> Result<Person, Failure> {
    ledger.people.find(word).ok_or_else(|| {
        // Not repeated: somebody may have pasted the wrong half of a key.
        Failure::user("nobody is or was called so, in no rule file and no encrypted file")
            .hint("a name stands in `.sops.yaml`, today or in an older commit; or give the recipient in full")
    })
}

/// A person for people: the name, and the end of each key.
pub fn shown(ledger: &Ledger, person: &Person) -> String {
    ledger.people.shown_person(person)
}

/// A person for `--json`.
pub fn person_json(ledger: &Ledger, person: &Person) -> Value {
    json!({
        "name": person.name,
        "recipients": person.keys.iter().map(|key| key_json(ledger, *key)).collect::<Vec<_>>(),
    })
}

/// A recipient for `--json`.
pub fn key_json(ledger: &Ledger, key: usize) -> Value {
    let id = ledger.people.id(key);
    json!({
        "kind": id.map(|id| id.kind.name()),
        "recipient": id.map(crate::base::RecipientId::spelling),
        "name": ledger.people.names(key).next(),
        "shown": ledger.people.shown(key),
    })
}

/// A file as the person would type it here.
pub fn file(context: &Context<'_>, ledger: &Ledger, file: usize) -> String {
    context.here(&ledger.path(file))
}
