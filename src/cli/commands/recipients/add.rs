//! `lacre recipients add`: somebody is named in a rule, and its files are wrapped for them too.

use std::path::PathBuf;

use clap::Args;

use super::super::super::{Context, Failure};
use super::super::count;
use super::ask::MOST_FILES;
use super::rules::{RuleTarget, Words};
use super::{Manner, Outcome, Task, Terms, carry_out, in_full};
use crate::policy::Names;
use crate::workspace::members::Members;
use crate::workspace::{Error, Handover, RuleBook, rule_edit, tree};
use crate::world::git::repository_root;

/// Let somebody open the files of a rule
#[derive(Args, Debug)]
#[command(
    after_help = "Names them in the rule of `.sops.yaml`, then makes its files match it. Who cannot open those files gets the rule written, and the line that a colleague must run: so the commit is the request.\n\nFiles that are named say which rule is meant; `--rule` does, too. With a single rule, neither is needed.\n\nExamples:\n  lacre recipients add bob=age1…\n  lacre recipients add 'bob=ssh-ed25519 AAAA…' --rule 2\n  lacre recipients add bob=@bob_keys prod.env.enc\n  lacre recipients add --file-only age1… .env.enc"
)]
pub struct Add {
    /// Who: NAME=RECIPIENT, RECIPIENT, @FILE with public keys; and encrypted files that follow the rule
    #[arg(required = true, value_name = "NAME=RECIPIENT | FILE")]
    pub words: Vec<String>,
    /// The creation rule, from 1
    #[arg(long, value_name = "N")]
    pub rule: Option<usize>,
    /// The key group of that rule, from 1
    #[arg(long, value_name = "N")]
    pub group: Option<usize>,
    /// Change the named files, and no rule
    #[arg(long, conflicts_with_all = ["rule", "group"])]
    pub file_only: bool,
    /// Change the rule, and no file
    #[arg(long, conflicts_with = "file_only")]
    pub rule_only: bool,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
}

/// Runs it.
///
/// # Errors
/// When the rule cannot be changed, or a file cannot be written.
pub fn run(arguments: &Add, context: &Context<'_>) -> Result<u8, Failure> {
    let words = Words::sort(context, &arguments.words)?;
    let make =
        || if arguments.file_only { files_only(context, &words) } else { task(arguments, context, &words) };
    let terms = Terms { seen: &words.ids(), lenient: !arguments.file_only, ..Terms::default() };
    let outcome = carry_out(context, &arguments.manner, terms, &make)?;
    if arguments.manner.dry_run {
        return Ok(0);
    }
    for path in &outcome.along {
        let who: Vec<_> = words
            .who
            .iter()
            .map(|one| one.name.clone().unwrap_or_else(|| in_full(&one.recipient, &Names::default())))
            .collect();
        context.ui.say(context.world, format!("{} names {}", context.shown(path), who.join(", ")));
    }
    if outcome.written > 0 {
        context.ui.say(context.world, format!("changed {}", count(outcome.written, "file")));
    }
    request(context, &outcome)?;
    Ok(if outcome.tampered { 5 } else { 0 })
}

/// The line for somebody who can open what does not open here.
fn request(context: &Context<'_>, outcome: &Outcome) -> Result<(), Failure> {
    if outcome.closed.is_empty() {
        return Ok(());
    }
    context.ui.note(context.world, "commit the rule, and ask somebody who can open these files to run:");
    let root = repository_root(&context.world.folder).unwrap_or_else(|| context.world.folder.clone());
    let files = outcome.closed.iter().map(|path| path.strip_prefix(&root).unwrap_or(path).to_string_lossy());
    let mut line = vec!["lacre".into(), "recipients".into(), "sync".into()];
    if outcome.closed.len() > MOST_FILES {
        line.push("--all".into());
    } else {
        line.extend(files);
    }
    context.print_row(&shell_words::join(line))
}

fn files_only<'w>(context: &Context<'w>, words: &Words) -> Result<Task<'w>, Failure> {
    if words.files.is_empty() {
        return Err(Failure::usage("`--file-only` wants FILE"));
    }
    let handovers = tree::named(context.world, &words.files)?.into_iter().map(|found| {
        let mut wanted = Members::of_file(found.sealed.metadata());
        for one in &words.who {
            wanted.add(&one.recipient);
        }
        Handover::new(found, wanted, false)
    });
    Ok(Task { handovers: handovers.collect(), along: Vec::new(), book: RuleBook::new(context.world) })
}

fn task<'w>(arguments: &Add, context: &Context<'w>, words: &Words) -> Result<Task<'w>, Failure> {
    let mut target = RuleTarget::find(context, &words.files)?;
    let rules = target.rules(context, arguments.rule, &words.files)?;
    let group = match arguments.group {
        Some(0) => return Err(Failure::usage("key groups are counted from 1")),
        group => group.map(|number| number - 1),
    };
    for newcomer in &words.who {
        target
            .change(|text| rule_edit::add(text, &rules, group, newcomer))
            .map_err(|cause| Error::RuleEdit { path: target.file.path.clone(), cause })?;
    }
    let book = target.book(context)?;
    let mut handovers = Vec::new();
    let files: Vec<PathBuf> = words.files.clone();
    for found in if arguments.rule_only { Vec::new() } else { target.tree(context, &files)? } {
        let Some((file, rule)) = book.rule(&found.path)? else { continue };
        if file.path == target.file.path && rules.contains(&rule.index) {
            handovers.extend(Members::of_rule(&rule).map(|wanted| Handover::new(found, wanted, false)));
        }
    }
    Ok(Task { handovers, along: target.along(), book })
}
