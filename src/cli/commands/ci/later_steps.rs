//! `lacre ci env`: variables for the later steps of a job. The values are hidden in its log first, as GitHub prints the
//! environment of every step.

use clap::Args;
use zeroize::Zeroizing;

use super::super::super::{Context, Failure};
use super::super::export::draw_delimiter;
use super::super::{count, selection::Selection};
use super::mask::{print, warn_of_visible};
use super::{Service, service};
use crate::document::consumers::github::Github;
use crate::document::consumers::{Consumer, written};
use crate::redact::Known;
use crate::workspace::environment::Variable;
use crate::world::files;

/// Hand the variables to all later steps of the job, hidden in its log
///
/// Every later step gets them, each action of others too: `lacre run -- CMD` gives them to one program. GitHub Actions
/// only, by the file that `GITHUB_ENV` names.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre ci env --only DATABASE_URL,API_TOKEN\n  lacre ci env --env prod --no-identity skip\n\nGitLab: refused. Jobs hand variables on in a report that is stored in clear; use `lacre run -- CMD`, or in one job `eval \"$(lacre export --format shell)\"`."
)]
pub struct Env {
    /// Which variables.
    #[command(flatten)]
    pub selection: Selection,
    /// Whose way; without it, that of the job around us
    #[arg(long = "for", value_name = "SERVICE")]
    pub service: Option<Service>,
}

/// Runs it.
///
/// # Errors
/// Outside a job, on GitLab, when a file does not open, a variable cannot be handed on, or the runner's file cannot be
/// written.
pub fn run(arguments: &Env, context: &Context<'_>) -> Result<u8, Failure> {
    context.plaintext_allowed()?;
    if service(arguments.service, context)? == Service::Gitlab {
        return Err(Failure::user("GitLab stores in clear what a job hands to later jobs")
            .hint("start programs with `lacre run -- CMD`; `lacre help ci` tells more"));
    }
    let file = context.world.variable("GITHUB_ENV").ok_or_else(|| {
        Failure::user("GITHUB_ENV is not set, so there is no file that sets variables for later steps")
    })?;
    let environment = arguments.selection.gather(context)?;
    let consumer = Github::env(&draw_delimiter(context)?);
    let skips = arguments.selection.skip_invalid;
    let (kept, left_out): (Vec<&Variable>, Vec<&Variable>) =
        environment.variables().iter().partition(|one| !skips || consumer.takes_name(&one.name));
    let text = text(&consumer, &kept)?;
    print(environment.secrets(), context)?;
    Selection::tell(&environment, context);
    for one in left_out {
        let name = String::from_utf8_lossy(&one.name);
        context.ui.warn(context.world, format!("`{name}` is no name for later steps; skipped"));
    }
    files::append_plaintext(&context.world.path(file.as_ref()), &text)?;
    let handed_on = |known: &&Known| kept.iter().any(|one| one.value == known.value);
    warn_of_visible(environment.secrets().iter().filter(handed_on), context);
    context.ui.say(context.world, format!("later steps get {}", count(kept.len(), "variable")));
    Ok(0)
}

fn text(consumer: &Github, variables: &[&Variable]) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let variables = variables.iter().map(|one| (one.name.as_slice(), one.value.expose().as_slice()));
    let written = written(consumer, variables).map_err(|refused| {
        let names: Vec<_> = refused.iter().map(|one| String::from_utf8_lossy(&one.name)).collect();
        let failure = Failure::user("later steps cannot have all variables")
            .hint(format!("leave out with `--except {}`", shell_words::quote(&names.join(","))));
        refused.iter().fold(failure, |failure, one| failure.detail(one.to_string()))
    })?;
    // An empty line is skipped, and ends one that somebody left open.
    Ok(Zeroizing::new([b"\n", written.expose().as_slice()].concat()))
}
