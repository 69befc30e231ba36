//! What is exposed, as findings of `check`.

use std::collections::BTreeMap;

use super::super::validation::Finding;
use super::super::{Error, Keyring};
use super::{Ledger, When, Who, Why};
use crate::schema::Severity;
use crate::world::World;

/// Every value in use that somebody could read who is no recipient of its file any more.
///
/// # Errors
/// When not all of the history is here: what it does not show may be exposed.
pub fn exposed(world: &World, keyring: &Keyring<'_>) -> Result<Vec<Finding>, Error> {
    let ledger = Ledger::read(world, keyring, When::Now, &mut |_, _| {})?;
    if ledger.gaps.shallow || ledger.gaps.absent > 0 {
        return Err(Error::HistoryMissing { shallow: ledger.gaps.shallow });
    }
    let mut found: BTreeMap<(usize, usize), (bool, Vec<String>)> = BTreeMap::new();
    for exposure in ledger.exposures(Who::Everybody) {
        let mut who = ledger.people.shown_person(&exposure.person);
        if exposure.why == Why::NotCompared {
            who.push_str(" (not compared: it does not open here)");
        }
        let (telling, people) = found.entry((exposure.current, exposure.leaf)).or_default();
        *telling |= exposure.telling;
        people.push(who);
    }
    let finding = |((file, leaf), (telling, who)): ((usize, usize), (bool, Vec<String>))| {
        let file = ledger.current.get(file)?;
        let leaf = file.leaves.get(leaf)?;
        Some(Finding {
            file: ledger.path(file.file),
            line: leaf.line,
            subject: leaf.shown.clone(),
            code: "exposed",
            // What looks like a setting need not be a secret.
            severity: if telling { Severity::Error } else { Severity::Warning },
            message: format!("could be read by who is no recipient any more: {}", who.join(", ")),
        })
    };
    Ok(found.into_iter().filter_map(finding).collect())
}
