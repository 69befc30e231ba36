//! `lacre offboard --status`: what is still to be rotated, computed from the history each time.

use super::super::super::{Context, Failure};
use super::super::{count, ledger};
use super::{Offboard, todo};
use crate::workspace::exposure::{Exposure, Ledger, Person, When, Who};

/// Runs it.
///
/// # Errors
/// Outside a repository, or when nobody is or was called so.
pub fn run(arguments: &Offboard, context: &Context<'_>) -> Result<u8, Failure> {
    let ledger = ledger::read(context, When::Now)?;
    let named = arguments.who.as_deref().map(|word| ledger::person(&ledger, word)).transpose()?;
    let exposures = ledger.exposures(named.as_ref().map_or(Who::Everybody, Who::Former));
    let rows = todo::rows(context, &ledger, &exposures);
    if arguments.json {
        todo::print_json(context, &ledger, &rows)?;
        return Ok(0);
    }
    if let Some(person) = &named {
        todo::print(context, &ledger, person, &rows)?;
        still_there(context, &ledger, person);
        return Ok(0);
    }
    if rows.is_empty() {
        context.ui.say(context.world, "no value that somebody who left could read is in use");
    }
    let is_same = |one: &todo::Row<'_>, two: &todo::Row<'_>| one.exposure.person == two.exposure.person;
    for rows in rows.chunk_by(is_same) {
        if let Some(todo::Row { exposure: Exposure { person, .. }, .. }) = rows.first() {
            todo::print(context, &ledger, person, rows)?;
        }
    }
    Ok(0)
}

/// Who has not left needs no list.
fn still_there(context: &Context<'_>, ledger: &Ledger, person: &Person) {
    let holds = |file: usize| ledger.recipients_now(file).iter().any(|key| person.keys.contains(key));
    let files = ledger.current.iter().filter(|current| holds(current.file)).count();
    if files > 0 {
        let who = ledger::shown(ledger, person);
        let files = count(files, "file");
        context
            .ui
            .note(context.world, format!("{who} can still open {files}: what stands there is not listed"));
    }
}
