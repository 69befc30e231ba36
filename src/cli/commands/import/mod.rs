//! `lacre import`: from plaintext `.env` files, from dotenvx, from sops. What the three have in common stands here: the
//! plan, the question, the writing, the report. Nothing is written until every value was compared, old and new.

mod batch;
pub mod dotenv;
pub mod dotenvx;
pub mod sops;

use clap::{Args, Subcommand};

use super::super::{Context, Failure};
use crate::workspace::import::ImportError;

/// Take over files from plaintext, dotenvx or sops; every value is compared before anything is written
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Without a word it is `lacre import dotenv`. Each shows its plan and asks; nothing is written until every file is encrypted in memory and opened again, and every value is the same as before. Running it again finishes what an interruption left.\n\nExamples:\n  lacre import .                        every plaintext .env file below here, into its twin\n  lacre import dotenvx . --dry-run      what would come over from dotenvx\n  lacre import sops --all               seal all files that sops wrote"
)]
pub struct Import {
    /// From what; plaintext `.env` files if it is not said.
    #[command(subcommand)]
    pub source: Option<Source>,
    /// The flags of `import dotenv`.
    #[command(flatten)]
    pub plain: dotenv::Dotenv,
}

/// The tools that files come from.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum Source {
    Dotenv(dotenv::Dotenv),
    Dotenvx(dotenvx::Dotenvx),
    Sops(sops::Sops),
}

/// Flags that all three have.
#[derive(Args, Clone, Copy, Debug)]
pub struct Common {
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
    /// Encrypt and compare in memory, show the plan, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Print the plan or the result as a JSON object
    #[arg(long)]
    pub json: bool,
}

impl Import {
    /// Recipients that the user named.
    #[must_use]
    pub fn recipients(&self) -> &[String] {
        match &self.source {
            None => &self.plain.recipient,
            Some(Source::Dotenv(arguments)) => &arguments.recipient,
            Some(Source::Dotenvx(arguments)) => &arguments.recipient,
            Some(Source::Sops(_)) => &[],
        }
    }
}

/// Runs it.
///
/// # Errors
/// Every reason why nothing was imported.
pub fn run(arguments: &Import, context: &Context<'_>) -> Result<u8, Failure> {
    match &arguments.source {
        None => dotenv::run(&arguments.plain, context),
        Some(Source::Dotenv(arguments)) => dotenv::run(arguments, context),
        Some(Source::Dotenvx(arguments)) => dotenvx::run(arguments, context),
        Some(Source::Sops(arguments)) => sops::run(arguments, context),
    }
}

/// Asks before anything is written.
fn ask(common: Common, question: &str, context: &Context<'_>) -> Result<(), Failure> {
    if common.yes {
        return Ok(());
    }
    match context.world.prompt.confirm(question) {
        Some(true) => Ok(()),
        Some(false) => Err(Failure::user("nothing was imported")),
        None => Err(Failure::usage("there is no terminal to ask on, so nothing was imported")
            .hint("`--yes` imports without asking, `--dry-run` only shows the plan")),
    }
}

/// Names for people, in backticks.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        let hint = error.hint();
        let code = match &error {
            ImportError::Locked { .. } => super::super::failure::Code::NoIdentity,
            _ => super::super::failure::Code::User,
        };
        match error {
            ImportError::Workspace(error) => error.into(),
            ImportError::Environment(error) => error.into(),
            error => Self { code, hint, ..Self::user(error.to_string()) },
        }
    }
}
