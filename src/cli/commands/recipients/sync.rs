//! `lacre recipients sync`: files get the recipients that their rules name.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::super::super::{Context, Failure};
use super::super::{FOUND, count, listing};
use super::{Files, Manner, Outcome, Task, Terms, carry_out, fates, file_list, people};
use crate::workspace::members::Members;
use crate::workspace::{Error, Handover, RuleBook};

/// Make files openable by exactly those whom their rules name
#[derive(Args, Debug)]
#[command(
    after_help = "Who stays keeps the key there is, values stay as they are, and all files are written in one transaction: if one cannot be, none is. Who joins is named with the whole key and asked about (`--yes` in CI).\n\nWho leaves may have kept the old data key; `--rekey` gives those files a new one.\n\nExamples:\n  lacre recipients sync --all\n  lacre recipients sync --all --check         exit code 3 if a file differs from its rule\n  lacre recipients sync --rekey .env.enc"
)]
pub struct Sync {
    /// Which files.
    #[command(flatten)]
    pub files: Files,
    /// Only say which files differ from their rules; needs no identity, exit code 3 if any does
    #[arg(long, conflicts_with_all = ["dry_run", "yes", "keep_going"])]
    pub check: bool,
    /// Give a new data key to files that somebody leaves
    #[arg(long)]
    pub rekey: bool,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
}

/// Runs it.
///
/// # Errors
/// When a file cannot be changed, or nobody says yes to a newcomer.
pub fn run(arguments: &Sync, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.check {
        return check(arguments, context);
    }
    let Outcome { written, stuck, .. } =
        carry_out(context, &arguments.manner, Terms::default(), &|| task(arguments, context))?;
    if written > 0 {
        context.ui.say(context.world, format!("changed {}", count(written, "file")));
    }
    Ok(u8::from(!stuck.is_empty()))
}

fn task<'w>(arguments: &Sync, context: &Context<'w>) -> Result<Task<'w>, Failure> {
    let book = RuleBook::new(context.world);
    let (mut handovers, mut without) = (Vec::new(), Vec::new());
    for found in arguments.files.load(context)? {
        match book.rule(&found.path)?.and_then(|(_, rule)| Members::of_rule(&rule)) {
            Some(wanted) => {
                let mut handover = Handover::new(found, wanted, false);
                handover.rekeys = arguments.rekey && !handover.drift.leaves.is_empty();
                handovers.push(handover);
            }
            None if arguments.files.all => without.push(found.path),
            None => {
                let rules = book.find(&found.path)?.map(|file| file.path.clone());
                return Err(Error::NoRecipients { path: found.path, rules }.into());
            }
        }
    }
    if !without.is_empty() {
        let files: Vec<&Path> = without.iter().map(AsRef::as_ref).collect();
        let files = file_list(context, &files);
        context.ui.note(context.world, format!("no rule names recipients for {files}"));
    }
    Ok(Task { handovers, along: Vec::new(), book })
}

fn check(arguments: &Sync, context: &Context<'_>) -> Result<u8, Failure> {
    let Task { mut handovers, book, .. } = task(arguments, context)?;
    handovers.retain(Handover::is_needed);
    if arguments.manner.json {
        let row = |handover: &Handover| {
            let names = book.names(&handover.path);
            json!({
                "file": context.here(&handover.path),
                "joins": people(&handover.drift.joins, &names),
                "leaves": people(&handover.drift.leaves, &names),
                "regroups": handover.drift.regroups,
                "respells": handover.drift.respells,
            })
        };
        let rows: Vec<_> = handovers.iter().map(row).collect();
        context.print_line(&listing(&rows.into()))?;
    } else {
        let lines = fates(context, handovers.iter(), &book, true);
        lines.iter().try_for_each(|line| context.print_row(line))?;
    }
    Ok(if handovers.is_empty() { 0 } else { FOUND })
}
