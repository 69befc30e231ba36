//! What must change so that somebody can open nothing more: every rule file, and every tracked file with a key of theirs.

use std::path::Path;

use super::super::super::{Context, Failure};
use super::super::recipients::Task;
use super::super::recipients::rules::RuleTarget;
use crate::base::RecipientId;
use crate::workspace::members::Members;
use crate::workspace::tree::{self, Found};
use crate::workspace::{Error, Handover, RuleBook, RuleEditError, rule_edit};
use crate::world::files::{self, SIZE_LIMIT};

/// Without `leavers`, in the whole repository.
///
/// # Errors
/// When a rule that names them cannot be changed, or nobody would be left.
pub fn make<'w>(context: &Context<'w>, root: &Path, leavers: &[RecipientId]) -> Result<Task<'w>, Failure> {
    let book = RuleBook::new(context.world);
    let mut along = Vec::new();
    for place in book.all(root)? {
        let mut target = match RuleTarget::read(&place) {
            Ok(target) => target,
            // A rule file that cannot be read and does not name them is none of our business.
            Err(_) if !mentions(&place, leavers)? => continue,
            Err(failure) => return Err(failure),
        };
        for id in leavers {
            let spelled = target.spelled(id);
            match target.change(|text| rule_edit::remove(text, None, &spelled)) {
                // It names others; or a run that was stopped has changed it already.
                Ok(()) | Err(RuleEditError::NotNamed) => {}
                Err(cause) => return Err(Error::RuleEdit { path: place, cause }.into()),
            }
        }
        target.put_into(&book)?;
        along.extend(target.along());
    }
    let found = tree::tracked(context.world, root)?.into_iter();
    let held = found.filter(|found| {
        let members = Members::of_file(found.sealed.metadata());
        leavers.iter().any(|id| members.has(id))
    });
    let handovers = held.map(|found| without(context, &book, found, leavers)).collect::<Result<_, _>>()?;
    Ok(Task { handovers, along, book })
}

/// Nobody else joins or leaves, unless a key group would be empty: then the rule says who is in it.
fn without(
    context: &Context<'_>,
    book: &RuleBook<'_>,
    found: Found,
    leavers: &[RecipientId],
) -> Result<Handover, Failure> {
    let mut wanted = Members::of_file(found.sealed.metadata());
    for id in leavers {
        wanted.remove(id);
    }
    if !has_empty_group(&wanted) {
        return Ok(Handover::new(found, wanted, true));
    }
    let ruled = book.rule(&found.path)?.and_then(|(_, rule)| Members::of_rule(&rule));
    match ruled.filter(|ruled| !has_empty_group(ruled) && !leavers.iter().any(|id| ruled.has(id))) {
        Some(ruled) => Ok(Handover::new(found, ruled, true)),
        None => Err(Failure::user(format!("nobody would be left to open {}", context.shown(&found.path)))
            .hint("let somebody else in first, with `lacre recipients add`; or remove the file")),
    }
}

fn has_empty_group(members: &Members) -> bool {
    members.groups.is_empty() || members.groups.iter().any(Vec::is_empty)
}

fn mentions(place: &Path, leavers: &[RecipientId]) -> Result<bool, Failure> {
    let text = files::read(place, SIZE_LIMIT)?;
    let key = |id: &RecipientId| id.id.split_whitespace().nth(1).unwrap_or(&id.id).to_owned();
    Ok(leavers.iter().any(|id| memchr::memmem::find(&text, key(id).as_bytes()).is_some()))
}
