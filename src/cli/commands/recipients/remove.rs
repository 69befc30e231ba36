//! `lacre recipients remove`: somebody is taken out of the rules, and what they could open gets a new data key.

use clap::Args;

use super::super::super::{Context, Failure};
use super::super::count;
use super::rules::{RuleTarget, Words};
use super::{Manner, Task, Terms, carry_out};
use crate::base::RecipientId;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::members::{Members, is_same};
use crate::workspace::tree::{self, Found};
use crate::workspace::{Error, Handover, RuleBook, RuleEditError, rule_edit};

/// Let somebody open files no more
#[derive(Args, Debug)]
#[command(
    after_help = "Takes them out of every rule of `.sops.yaml` that names them (or of `--rule N`, or of the rule of the files that are named), and gives every file that they could open a new data key. What they have read before they still know: replace those values too, for the old ones stay in git's history.\n\nExamples:\n  lacre recipients remove bob\n  lacre recipients remove age1… --rule 2\n  lacre recipients remove --file-only bob .env.enc"
)]
pub struct Remove {
    /// Who: a name from `.sops.yaml` or a recipient; and encrypted files that follow the rule
    #[arg(required = true, value_name = "NAME | RECIPIENT | FILE")]
    pub words: Vec<String>,
    /// The creation rule, from 1
    #[arg(long, value_name = "N")]
    pub rule: Option<usize>,
    /// Change the named files, and no rule
    #[arg(long, conflicts_with = "rule")]
    pub file_only: bool,
    /// Change the rules, and no file: who leaves can open the files until somebody runs `lacre recipients sync --rekey`
    #[arg(long, conflicts_with = "file_only")]
    pub rule_only: bool,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
}

/// Runs it.
///
/// # Errors
/// When nobody is called so, or a file cannot be changed here.
pub fn run(arguments: &Remove, context: &Context<'_>) -> Result<u8, Failure> {
    let words = Words::sort(context, &arguments.words)?;
    let make =
        || if arguments.file_only { files_only(context, &words) } else { task(arguments, context, &words) };
    let outcome = carry_out(context, &arguments.manner, Terms::default(), &make)?;
    if arguments.manner.dry_run {
        return Ok(0);
    }
    for path in &outcome.along {
        context.ui.say(context.world, format!("changed {}", context.shown(path)));
    }
    if outcome.written > 0 {
        context.ui.say(context.world, format!("rekeyed {}", count(outcome.written, "file")));
        context
            .ui
            .note(context.world, "who left still knows the values: replace them, the old ones stay in git");
    }
    Ok(u8::from(!outcome.stuck.is_empty()))
}

fn files_only<'w>(context: &Context<'w>, words: &Words) -> Result<Task<'w>, Failure> {
    if words.files.is_empty() {
        return Err(Failure::usage("`--file-only` wants FILE"));
    }
    let leavers = words.ids();
    let handovers: Vec<_> = tree::named(context.world, &words.files)?
        .into_iter()
        .filter(|found| holds(found, &leavers))
        .map(|found| without(found, &leavers))
        .collect();
    let book = RuleBook::new(context.world);
    if handovers.is_empty() {
        return Err(Failure::user("none of these files has such a recipient"));
    }
    Ok(Task { handovers, along: Vec::new(), book })
}

fn holds(found: &Found, leavers: &[RecipientId]) -> bool {
    let members = Members::of_file(found.sealed.metadata());
    leavers.iter().any(|id| members.has(id))
}

/// By its own recipients, less those.
fn without(found: Found, leavers: &[RecipientId]) -> Handover {
    let mut wanted = Members::of_file(found.sealed.metadata());
    for id in leavers {
        wanted.remove(id);
    }
    Handover::new(found, wanted, true)
}

fn task<'w>(arguments: &Remove, context: &Context<'w>, words: &Words) -> Result<Task<'w>, Failure> {
    let mut target = RuleTarget::find(context, &words.files)?;
    let rules = if arguments.rule.is_some() || !words.files.is_empty() {
        Some(target.rules(context, arguments.rule, &words.files)?)
    } else {
        None
    };
    let leavers = words.ids();
    let mut unnamed = Vec::new();
    for id in &leavers {
        let spelled = target.spelled(id);
        match target.change(|text| rule_edit::remove(text, rules.as_deref(), &spelled)) {
            Ok(()) => {}
            // A run that was stopped may have changed the rules already.
            Err(RuleEditError::NotNamed) => unnamed.push(id),
            Err(cause) => return Err(Error::RuleEdit { path: target.file.path.clone(), cause }.into()),
        }
    }
    let book = target.book(context)?;
    let mut handovers = Vec::new();
    for found in if arguments.rule_only { Vec::new() } else { target.tree(context, &words.files)? } {
        if !holds(&found, &leavers) {
            continue;
        }
        let handover = match book.rule(&found.path)? {
            Some((_, rule)) if rules.as_ref().is_some_and(|rules| !rules.contains(&rule.index)) => continue,
            Some((_, rule)) => match Members::of_rule(&rule) {
                Some(wanted) => Handover::new(found, wanted, true),
                None => without(found, &leavers),
            },
            None if rules.is_some() => continue,
            None => without(found, &leavers),
        };
        handovers.push(handover);
    }
    let is_held = |id: &RecipientId| {
        handovers.iter().any(|one: &Handover| one.drift.leaves.iter().any(|other| is_same(other, id)))
    };
    if let Some(id) = unnamed.into_iter().find(|id| !is_held(id)) {
        let shown = shown_recipient(id, &target.file.names);
        return Err(Failure::user(format!("no rule and no file names `{shown}`"))
            .hint("`lacre recipients list` shows who can open what"));
    }
    handovers.retain(|one| leavers.iter().any(|id| one.drift.leaves.iter().any(|other| is_same(other, id))));
    Ok(Task { handovers, along: target.along(), book })
}
