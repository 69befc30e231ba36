//! `lacre offboard`: somebody leaves. Their keys go from every rule and every file; what they knew stays to be rotated.

mod status;
mod task;
mod todo;

use clap::Args;
use serde_json::json;

use super::super::{Context, Failure};
use super::recipients::{Manner, Outcome, Terms, carry_out, file_list};
use super::{count, ledger, listing};
use crate::base::RecipientId;
use crate::workspace::exposure::{Ledger, Person, When, Who, branches};

/// Remove somebody everywhere, and list the values that must be rotated
#[derive(Args, Debug)]
#[command(
    after_help = "Takes all keys of NAME out of every rule file of the repository and every encrypted file that git tracks, gives those files new data keys, all in one transaction, and prints what is left to do: every value that is in use and that NAME could read, in any commit, with the command that replaces it. Files that do not open here stay, and are named (exit code 1).\n\n`--status` tells any time later what is still to be rotated, by all who left, or by NAME. `lacre help history` says what counts.\n\nExamples:\n  lacre offboard alice\n  lacre offboard alice --dry-run\n  lacre offboard --status\n  lacre check --no-exposed                 the same for CI, exit code 3"
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Offboard {
    /// Who: a name that `.sops.yaml` gives or gave, or a recipient in full
    #[arg(value_name = "NAME | RECIPIENT", required_unless_present = "status")]
    pub who: Option<String>,
    /// Change nothing: list the values that are still in use and that somebody who left could read
    #[arg(long, conflicts_with_all = ["dry_run", "yes"])]
    pub status: bool,
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Print JSON: an object, with `--status` an array
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// When nobody is called so, a rule cannot be changed, or the answer is no.
pub fn run(arguments: &Offboard, context: &Context<'_>) -> Result<u8, Failure> {
    let word = arguments.who.as_deref();
    let Some(word) = word.filter(|_| !arguments.status) else { return status::run(arguments, context) };
    // Read before anything changes: files that were never committed were readable, too.
    let ledger = ledger::read(context, When::Now)?;
    let person = ledger::person(&ledger, word)?;
    let leavers: Vec<RecipientId> =
        person.keys.iter().filter_map(|key| ledger.people.id(*key).cloned()).collect();
    let manner =
        Manner { dry_run: arguments.dry_run, yes: arguments.yes, keep_going: true, json: arguments.json };
    let terms = Terms { lenient: true, asks: true, keeps_rows: true, ..Terms::default() };
    let outcome = carry_out(context, &manner, terms, &|| task::make(context, &ledger.root, &leavers))?;
    let exposures = ledger.exposures(Who::Leaving(&person));
    let rows = todo::rows(context, &ledger, &exposures);
    if arguments.json {
        let branches: Vec<_> = branches::readable(&ledger, &person)
            .iter()
            .map(|branch| json!({"branch": branch.name, "files": branch.files}))
            .collect();
        let rotate: Vec<_> = rows.iter().map(|row| row.as_json(&ledger)).collect();
        let all = json!({"files": outcome.rows, "rotate": rotate, "branches": branches});
        context.print_line(&listing(&all))?;
    } else {
        tell(context, &outcome);
        todo::print(context, &ledger, &person, &rows)?;
    }
    if !arguments.dry_run {
        remain(context, word, &outcome);
    }
    limits(context, &ledger, &person);
    Ok(match (outcome.tampered, outcome.stuck.is_empty()) {
        (true, _) => 5,
        (false, false) => 1,
        (false, true) => 0,
    })
}

/// What was done.
fn tell(context: &Context<'_>, outcome: &Outcome) {
    for path in &outcome.along {
        context.ui.say(context.world, format!("changed {}", context.shown(path)));
    }
    if outcome.written > 0 {
        context.ui.say(context.world, format!("rekeyed {}", count(outcome.written, "file")));
    }
}

/// What could not be done here.
fn remain(context: &Context<'_>, word: &str, outcome: &Outcome) {
    if outcome.stuck.is_empty() {
        return;
    }
    let files: Vec<_> = outcome.stuck.iter().map(AsRef::as_ref).collect();
    let line = shell_words::join(["lacre", "offboard", word]);
    let message = format!("{} can still be opened by who leaves", file_list(context, &files));
    context.ui.warn(context.world, message);
    context.ui.note(context.world, format!("ask somebody who can open them to run `{line}`"));
}

/// What is out of reach.
fn limits(context: &Context<'_>, ledger: &Ledger, person: &Person) {
    let branches = branches::readable(ledger, person);
    if !branches.is_empty() {
        let shown = branches.iter().take(MOST_BRANCHES).map(|branch| format!("`{}`", branch.name));
        let more = branches.len().saturating_sub(MOST_BRANCHES);
        let more = (more > 0).then(|| format!("{more} more"));
        let shown: Vec<_> = shown.chain(more).collect();
        let message = format!("other branches still carry files that they can open: {}", shown.join(", "));
        context.ui.note(context.world, message);
    }
    context.ui.note(
        context.world,
        "git's history and every clone keep what they could read: only new values end that",
    );
}

/// Branches that one line names.
const MOST_BRANCHES: usize = 8;
