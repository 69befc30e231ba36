//! `lacre ci`: what a job's log must be told to hide, and variables for the steps that follow.

mod later_steps;
mod mask;

use clap::{Args, Subcommand, ValueEnum};

use super::super::{Context, Failure};

/// Inside a job of a pipeline: hide the values in its log, hand them to later steps
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre ci mask                          hide all values in the log of this job\n  lacre ci env --only RELEASE_TOKEN      hand one to all later steps\n  lacre help ci                          keys, forks, environments, GitLab"
)]
pub struct Ci {
    /// What to do
    #[command(subcommand)]
    pub action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum Action {
    Mask(mask::Mask),
    Env(later_steps::Env),
}

/// Who runs the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Service {
    /// GitHub Actions, and what speaks its language: Gitea, Forgejo
    Github,
    /// GitLab
    Gitlab,
}

/// Runs it.
///
/// # Errors
/// Outside a job, where the service has no such thing, and when a file does not open; nothing was printed or written
/// then.
pub fn run(arguments: &Ci, context: &Context<'_>) -> Result<u8, Failure> {
    match &arguments.action {
        Action::Mask(arguments) => mask::run(arguments, context),
        Action::Env(arguments) => later_steps::run(arguments, context),
    }
}

/// Whose job this is: the one that was named, or the one whose variable is set. Elsewhere nothing may be printed: it
/// would put the values where a person or a file sees them.
fn service(named: Option<Service>, context: &Context<'_>) -> Result<Service, Failure> {
    let is_set = |name| context.world.variable(name).is_some_and(|value| value == "true");
    match named {
        Some(service) => Ok(service),
        None if is_set("GITHUB_ACTIONS") => Ok(Service::Github),
        None if is_set("GITLAB_CI") => Ok(Service::Gitlab),
        None => Err(Failure::user(
            "this is no job of GitHub Actions or GitLab, and what would be printed is plaintext",
        )
        .hint("`--for github` insists")),
    }
}
