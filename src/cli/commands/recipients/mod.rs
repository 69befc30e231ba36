//! `lacre recipients`: who may open which files. What the four of them share stands here: which files are meant, and
//! how people are named.

pub mod add;
mod ask;
pub mod list;
pub mod remove;
mod rows;
pub mod rules;
pub mod sync;

pub use ask::{Outcome, Task, Terms, carry_out, fates, file_list};

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::super::{Context, Failure};
use super::NOTHING_TRACKED;
use crate::base::RecipientId;
use crate::policy::Names;
use crate::workspace::RuleBook;
use crate::workspace::keyring::shown_recipient;
use crate::workspace::tree::{self, Found};

/// List, add and remove those who may open files, or make files match their rules
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre recipients list\n  lacre recipients add bob=age1…\n  lacre recipients remove bob\n  lacre recipients sync --all"
)]
pub struct Recipients {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What to do about recipients.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum Action {
    List(list::List),
    Add(add::Add),
    Remove(remove::Remove),
    Sync(sync::Sync),
}

/// Which files.
#[derive(Args, Debug)]
pub struct Files {
    /// Encrypted files
    pub file: Vec<PathBuf>,
    /// All encrypted files that git tracks in this repository
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
}

/// How to go about a change of many files.
#[derive(Args, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Manner {
    /// Show what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Change the files that can be changed here, although others cannot
    #[arg(long)]
    pub keep_going: bool,
    /// Print a JSON array, an object a file
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// Those of the action.
pub fn run(arguments: &Recipients, context: &Context<'_>) -> Result<u8, Failure> {
    match &arguments.action {
        Action::List(arguments) => list::run(arguments, context),
        Action::Add(arguments) => add::run(arguments, context),
        Action::Remove(arguments) => remove::run(arguments, context),
        Action::Sync(arguments) => sync::run(arguments, context),
    }
}

impl Recipients {
    /// Whom the person named.
    #[must_use]
    pub fn words(&self) -> &[String] {
        match &self.action {
            Action::Add(arguments) => &arguments.words,
            Action::Remove(arguments) => &arguments.words,
            Action::List(_) | Action::Sync(_) => &[],
        }
    }
}

impl Files {
    /// Those that are meant. Many files are never meant by saying nothing.
    ///
    /// # Errors
    /// When nothing was said, or a file that was named is no encrypted file.
    pub fn load(&self, context: &Context<'_>) -> Result<Vec<Found>, Failure> {
        if self.all {
            let found = tree::tracked(context.world, &context.world.folder)?;
            if found.is_empty() {
                context.ui.note(context.world, NOTHING_TRACKED);
            }
            return Ok(found);
        }
        if self.file.is_empty() {
            return Err(Failure::usage("no file is named")
                .hint("name FILE…, or `--all` for every encrypted file that git tracks here"));
        }
        Ok(tree::named(context.world, &self.file)?)
    }
}

/// A recipient for `--json`.
fn person(id: &RecipientId, names: &Names) -> serde_json::Value {
    let spelling = id.spelling();
    json!({
        "kind": id.kind.name(),
        "recipient": spelling,
        "name": names.name_of(&spelling),
        "shown": shown_recipient(id, names),
    })
}

pub(super) fn people(ids: &[RecipientId], names: &Names) -> Vec<serde_json::Value> {
    ids.iter().map(|id| person(id, names)).collect()
}

/// Says whom a merge let in, and whom it took out, of the file at `path`.
pub(super) fn note_merged_recipients(
    context: &Context<'_>,
    path: &Path,
    joins: &[RecipientId],
    leaves: &[RecipientId],
) {
    let (names, file) = (RuleBook::new(context.world).names(path), context.shown(path));
    for (what, ids) in [("adds", joins), ("removes", leaves)] {
        for id in ids {
            let who = shown_recipient(id, &names);
            context.ui.note(context.world, format!("{file}: the merge {what} recipient {who}"));
        }
    }
}

/// A newcomer is named with the whole key: six characters are no proof.
fn in_full(id: &RecipientId, names: &Names) -> String {
    let spelling = id.spelling();
    match names.name_of(&spelling) {
        Some(name) => format!("{name}  {spelling}"),
        None => spelling,
    }
}
