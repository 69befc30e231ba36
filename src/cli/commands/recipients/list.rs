//! `lacre recipients list`: who can open what, and what the rules say about it. Needs no identity.

use clap::Args;
use serde_json::json;

use super::super::super::{Context, Failure};
use super::super::{NOTHING_TRACKED, listing};
use super::{Files, people, person};
use crate::base::{KeyKind, RecipientId};
use crate::policy::Names;
use crate::workspace::RuleBook;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::members::{Drift, Members, is_same};
use crate::workspace::tree::{self, Found};

/// Show who can open which files, and who should by the rules; needs no identity
#[derive(Args, Debug)]
#[command(
    after_help = "Without FILE: all encrypted files that git tracks here.\n\nExamples:\n  lacre recipients list\n  lacre recipients list .env.enc\n  lacre recipients list --all --json"
)]
pub struct List {
    /// Which files.
    #[command(flatten)]
    pub files: Files,
    /// Print a JSON array, an object a file
    #[arg(long)]
    pub json: bool,
}

/// A file beside its rule.
struct Row {
    found: Found,
    names: Names,
    /// From 1, as people count.
    rule: Option<usize>,
    drift: Drift,
}

/// Runs it.
///
/// # Errors
/// When a file that was named cannot be read, or a rule file is wrong.
pub fn run(arguments: &List, context: &Context<'_>) -> Result<u8, Failure> {
    let found = if arguments.files.file.is_empty() {
        tree::tracked(context.world, &context.world.folder)?
    } else {
        arguments.files.load(context)?
    };
    let book = RuleBook::new(context.world);
    let rows = found.into_iter().map(|found| row(&book, found)).collect::<Result<Vec<_>, _>>()?;
    if arguments.json {
        let rows: Vec<_> = rows.iter().map(|row| as_json(context, row)).collect();
        context.print_line(&listing(&rows.into()))?;
        return Ok(0);
    }
    if rows.is_empty() {
        context.ui.note(context.world, NOTHING_TRACKED);
    }
    for row in &rows {
        print(context, row)?;
    }
    if rows.iter().any(|row| !row.drift.is_none()) {
        context.ui.note(context.world, "`lacre recipients sync` makes files match their rules");
    }
    Ok(0)
}

fn row(book: &RuleBook<'_>, found: Found) -> Result<Row, Failure> {
    let rule = book.rule(&found.path)?;
    let wanted = rule.as_ref().and_then(|(_, rule)| Members::of_rule(rule));
    let drift = wanted.map(|wanted| Drift::between(found.sealed.metadata(), &wanted)).unwrap_or_default();
    let names = book.names(&found.path);
    Ok(Row { found, names, rule: rule.map(|(_, rule)| rule.index + 1), drift })
}

fn print(context: &Context<'_>, row: &Row) -> Result<(), Failure> {
    let Row { found, names, rule, drift } = row;
    let members = Members::of_file(found.sealed.metadata());
    let rule = rule.map_or_else(|| "no rule".to_owned(), |rule| format!("rule {rule}"));
    let threshold = match members.groups.len() {
        0 | 1 => String::new(),
        count => format!(", {} of {count} key groups open it", members.threshold),
    };
    context.print_row(&format!("{}  ({rule}{threshold})", context.here(&found.path)))?;
    let one = |group: &str, id: &RecipientId, remark: &str| {
        context.print_row(&format!("  {group}{}{}{remark}", shown_recipient(id, names), kind(id)))
    };
    for (number, group) in members.groups.iter().enumerate() {
        let label = if members.groups.len() > 1 { format!("group {}: ", number + 1) } else { String::new() };
        for id in group {
            let leaves = drift.leaves.iter().any(|other| is_same(other, id));
            one(&label, id, if leaves { ", but the rule does not name it" } else { "" })?;
        }
    }
    for id in &drift.joins {
        one("", id, ", cannot open it yet, but the rule names it")?;
    }
    if drift.regroups {
        context.print_row("  its key groups are not those of the rule")?;
    }
    Ok(())
}

/// The kind of key. Those of other programs and services are shown with theirs.
fn kind(id: &RecipientId) -> &'static str {
    match id.kind {
        KeyKind::Age if id.id.starts_with("ssh-") => "  ssh",
        KeyKind::Age => "  age",
        _ => "",
    }
}

fn as_json(context: &Context<'_>, row: &Row) -> serde_json::Value {
    let Row { found, names, rule, drift } = row;
    let members = Members::of_file(found.sealed.metadata());
    let groups: Vec<_> = members
        .groups
        .iter()
        .map(|group| group.iter().map(|id| person(id, names)).collect::<Vec<_>>())
        .collect();
    json!({
        "file": context.here(&found.path),
        "rule": rule,
        "groups": groups,
        "shamir_threshold": (members.groups.len() > 1).then_some(members.threshold),
        "drifts": !drift.is_none(),
        "joins": people(&drift.joins, names),
        "leaves": people(&drift.leaves, names),
    })
}
