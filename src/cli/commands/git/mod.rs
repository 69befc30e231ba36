//! `lacre git`: what git calls, and what makes git call it.

mod install;
mod merge;
mod textconv;
mod view;

use clap::{Args, Subcommand};

use super::super::{Context, Failure};
pub use merge::CALLED_WRONGLY;

/// Make git compare and merge encrypted files by value, and guard commits
#[derive(Args, Debug)]
#[command(
    after_help = "`lacre help git` explains the pieces.\n\nExamples:\n  lacre git install            once in every clone\n  lacre git uninstall"
)]
pub struct Git {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum Verb {
    Install(install::Install),
    Uninstall(install::Uninstall),
    Textconv(textconv::Textconv),
    Merge(merge::Merge),
}

/// Runs it.
///
/// # Errors
/// Those of its verbs.
pub fn run(arguments: &Git, context: &Context<'_>) -> Result<u8, Failure> {
    match &arguments.verb {
        Verb::Install(arguments) => install::run(arguments, context),
        Verb::Uninstall(arguments) => install::undo(arguments, context),
        Verb::Textconv(arguments) => textconv::run(arguments, context),
        Verb::Merge(arguments) => Ok(merge::run(arguments, context)),
    }
}
