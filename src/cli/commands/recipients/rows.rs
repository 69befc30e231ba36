//! What `--json` tells of a plan: an object a file.

use serde_json::json;

use super::super::super::{Context, Failure};
use super::super::listing;
use super::ask::Terms;
use super::{Manner, people};
use crate::workspace::transaction::Why;
use crate::workspace::{Handover, Plan, RuleBook};

/// The rows of `plan`, which was carried out unless it was a rehearsal; printed, where nobody else does it.
///
/// # Errors
/// When nobody reads them any more.
pub fn rows(
    context: &Context<'_>,
    manner: &Manner,
    terms: Terms<'_>,
    plan: &Plan,
    book: &RuleBook<'_>,
) -> Result<Vec<serde_json::Value>, Failure> {
    if !manner.json {
        return Ok(Vec::new());
    }
    let done = if manner.dry_run { "planned" } else { "written" };
    let row = |handover: &Handover, state: &str| {
        let (names, former) = (book.names(&handover.path), book.former_names(&handover.path));
        json!({
            "file": context.here(&handover.path),
            "state": state,
            "rekey": handover.rekeys,
            "joins": people(&handover.drift.joins, &names),
            "leaves": people(&handover.drift.leaves, &former),
            "regroups": handover.drift.regroups,
            "respells": handover.drift.respells,
        })
    };
    let stuck = plan.stuck.iter().map(|stuck| {
        let state = if matches!(stuck.why, Why::Closed(_)) { "closed" } else { "unwrappable" };
        row(&stuck.handover, state)
    });
    let rows: Vec<_> = stuck.chain(plan.ready.iter().map(|ready| row(&ready.handover, done))).collect();
    if !terms.keeps_rows {
        context.print_line(&listing(&rows.clone().into()))?;
    }
    Ok(rows)
}
