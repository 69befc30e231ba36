//! `lacre find`: where a value stands, in the files of the repository and in their history.

mod former;
mod rows;

use std::path::Path;

use clap::Args;

use super::super::failure::Code;
use super::super::ui::{self, Progress};
use super::super::{Context, Failure};
use super::recipients::file_list;
use super::{FOUND, commits, count, listing};
use crate::base::Secret;
use crate::redact::Needle;
use crate::workspace::find::{Answer, Question};
use crate::workspace::history::Archive;
use crate::workspace::{Error, RuleBook};
use crate::world::git::{Git, repository_root};
use former::Former;

/// Find a leaked value: in which files, under which names, since which commit, and who can read it
///
/// The value is asked for without echo, or read from stdin; it is never an argument, never printed, and so is no line that holds it.
#[derive(Args, Debug)]
#[command(
    override_usage = "lacre find [OPTIONS] [-]",
    after_help = "Looked at is what git tracks, as it stands in the work tree: the values and comments of encrypted files, and all other text. Encoded forms are found too (base64, URL, hex, escapes), and longer values of which it is a part, e.g. the address of a database.\n\nExit code 3 if it was found, 0 if not, 4 if not one encrypted file could be opened.\n\nExamples:\n  lacre find                       asks, without echo\n  pass old/stripe | lacre find -\n  lacre find --history             also in versions that are no longer current"
)]
pub struct Find {
    /// `-` reads stdin, less one final line feed; without it you are asked
    #[arg(value_name = "-", value_parser = secret)]
    pub words: Vec<Secret<String>>,
    /// Search every version that a branch, tag or stash leads to
    #[arg(long)]
    pub history: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that could fail")]
fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}

/// Files named in one error, at most.
const MOST_CLOSED: usize = 8;

/// Runs it.
///
/// # Errors
/// When there is no value or no repository, or what could hold the value could not be opened.
pub fn run(arguments: &Find, context: &Context<'_>) -> Result<u8, Failure> {
    let nowhere = || {
        Failure::usage("this is no git repository, so there is nothing to search")
            .hint("go into one, or make one with `git init`")
    };
    let root = repository_root(&context.world.folder).ok_or_else(nowhere)?;
    let git = Git::find(&root, &context.world.variables).ok_or(Error::GitSilent)?;
    let needle = needle(arguments, context)?;
    let mut progress: Option<(&str, Progress<'_>)> = None;
    let (world, keyring, in_history) = (context.world, &context.keyring, arguments.history);
    let archive = Archive::new(world, keyring, git.clone())?;
    let question = Question { world, keyring, git, needle: &needle, in_history };
    let answer = question.answer(&mut |verb, done, of| {
        if progress.as_ref().is_none_or(|(known, _)| *known != verb) {
            progress = Some((verb, Progress::new(world, verb, of)));
        }
        if let Some((_, progress)) = &mut progress {
            progress.step(done);
        }
    })?;
    drop(progress);
    context.tell_about_services();
    if answer.places.is_empty() {
        refuse(context, &answer)?;
    }
    let (book, mut former) = (RuleBook::new(world), Former::new(world, archive));
    if arguments.json {
        context.print_line(&listing(&rows::json(context, &answer, &book, &mut former)))?;
    } else {
        let rows = answer.places.iter().flat_map(|place| rows::text(context, place, &book, &mut former));
        rows.into_iter().try_for_each(|row| context.print_row(&row))?;
    }
    tell(context, &answer);
    Ok(if answer.places.is_empty() { 0 } else { FOUND })
}

fn needle(arguments: &Find, context: &Context<'_>) -> Result<Needle, Failure> {
    let value = match arguments.words.as_slice() {
        [] => {
            let answer = context.world.prompt.secret("Value to look for (not shown): ");
            let answer = answer.ok_or_else(|| {
                Failure::usage("no value: there is no terminal to ask on").hint("give it on stdin with `-`")
            })?;
            Secret::new(answer.expose().as_bytes().to_vec())
        }
        [word] if word.expose() == "-" => {
            let mut value = Secret::new(context.input(Path::new("-"))?.bytes);
            if value.expose().last() == Some(&b'\n') {
                value.expose_mut().pop();
            }
            value
        }
        _ => {
            return Err(Failure::usage(
                "the value is no argument: others see it there, and your shell keeps it",
            )
            .hint("`lacre find` asks for it, `lacre find -` reads it from stdin"));
        }
    };
    let needle = Needle::new(value.expose());
    if needle.is_empty() {
        return Err(Failure::usage("the value is empty"));
    }
    if !needle.is_searchable() {
        context.ui.warn(
            context.world,
            "the value is too short, too common or too long to be told from other text: only whole values of \
             encrypted files are compared with it",
        );
    }
    Ok(needle)
}

/// Nothing was found; that says nothing where nothing could be looked at.
fn refuse(context: &Context<'_>, answer: &Answer) -> Result<(), Failure> {
    let code = |error: &Error| Code::of(error);
    let broken = answer.closed.iter().find(|(_, error)| code(error) == Code::Tampered);
    let shut = answer.closed.iter().find(|(_, error)| code(error) == Code::NoIdentity);
    let (code, error) = match (broken, shut) {
        (Some((_, error)), _) => (Code::Tampered, error),
        (None, Some((_, error))) if answer.closed.len() == answer.encrypted => (Code::NoIdentity, error),
        _ => return Ok(()),
    };
    let message = if code == Code::Tampered {
        "not found, but not all files could be searched".to_owned()
    } else {
        let files = count(answer.encrypted, "file");
        format!("not found in the clear, and no identity opens what is encrypted: {files}")
    };
    let mut failure = Failure { code, hint: error.hint(), ..Failure::user(message) };
    for (_, error) in answer.closed.iter().take(MOST_CLOSED) {
        failure = failure.detail(ui::shown(context.world, &error.to_string()));
    }
    if answer.closed.len() > MOST_CLOSED {
        failure = failure.detail(format!("and {} more", answer.closed.len() - MOST_CLOSED));
    }
    Err(failure)
}

/// What was not searched, and how much was.
fn tell(context: &Context<'_>, answer: &Answer) {
    let (ui, world) = (context.ui, context.world);
    let (shut, other): (Vec<_>, Vec<_>) =
        answer.closed.iter().partition(|(_, error)| Code::of(error) == Code::NoIdentity);
    if !shut.is_empty() {
        let files: Vec<&Path> = shut.iter().map(|(path, _)| path.as_path()).collect();
        ui.warn(world, format!("not searched, for no identity opens it: {}", file_list(context, &files)));
    }
    for (_, error) in other {
        ui.warn(world, format!("not searched: {error}"));
    }
    if !answer.closed_versions.is_empty() {
        let versions = answer.closed_versions.values().sum();
        let files: Vec<&Path> = answer.closed_versions.keys().map(AsRef::as_ref).collect();
        let (versions, files) = (count(versions, "version"), file_list(context, &files));
        ui.warn(
            world,
            format!("not searched, for they do not open here: {versions} in the history of {files}"),
        );
    }
    if answer.absent_versions > 0 {
        let versions = count(answer.absent_versions, "version");
        ui.warn(world, format!("not searched: {versions} in history that git lacks here, or too large"));
    }
    if answer.is_shallow {
        commits::warn_shallow(context, "what older commits held is not known");
    }
    let searched = count(answer.searched, "file");
    let now = answer.places.iter().filter(|place| place.is_current).count();
    let found = match (now, answer.places.len() - now) {
        (0, 0) => "not found".to_owned(),
        (now, 0) => format!("found in {}", count(now, "place")),
        (0, past) => format!("not there any more; found in {} of the past", count(past, "place")),
        (now, past) => format!("found in {}, and in {past} of the past", count(now, "place")),
    };
    ui.say(world, format!("{found}; searched {searched}"));
}
