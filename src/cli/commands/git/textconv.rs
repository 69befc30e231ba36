//! `lacre git textconv`: the view of an encrypted file that git compares.
//!
//! git calls it for both sides of every file, under a made-up name, and gives up on the whole diff when it fails. So it
//! never does, asks nobody, and takes the format from the content.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::super::{Context, Failure};
use super::view;
use crate::envelope::{FormError, Sealed};
use crate::workspace::{Error, OpenFile, open_file};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::terminal::sanitise;

/// Print what git compares of an encrypted file (called by git)
#[derive(Args, Debug)]
#[command(
    after_help = "A line a value: its path, its type, and a digest that changes with it. Then who can open\nthe file. It ends with 0 whatever the file holds, since git shows no diff otherwise, and\nasks for no passphrase.\n\nExamples:\n  lacre git textconv .env.enc\n  git config diff.lacre.textconv 'lacre git textconv --'     what `lacre git install` does"
)]
pub struct Textconv {
    /// The file; its name means nothing
    #[arg(allow_hyphen_values = true)]
    pub file: PathBuf,
}

/// Runs it.
///
/// # Errors
/// When nobody reads what it prints.
pub fn run(arguments: &Textconv, context: &Context<'_>) -> Result<u8, Failure> {
    context.keyring.ask_nobody();
    context.print(text(context, &arguments.file).as_bytes())?;
    Ok(0)
}

fn text(context: &Context<'_>, file: &Path) -> String {
    let bytes = match files::read(&context.world.path(file), SIZE_LIMIT) {
        Ok(bytes) => bytes,
        Err(error) => return format!("lacre: {}\n", sanitise(&error.to_string())),
    };
    // Also where one of a set was taken out by hand.
    let has_markers = bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(b"<<<<<<< "));
    // Without an extension: the content decides.
    let problem = match open_file::parse(bytes.clone(), Path::new(NAMELESS), None) {
        Ok(sealed) => return of_sealed(context, sealed),
        Err(_) if has_markers => {
            Some("it has conflict markers; `lacre resolve FILE` settles them".to_owned())
        }
        Err(Error::Form { cause: FormError::NotEncrypted, .. }) => None,
        Err(Error::Form { cause, .. }) => Some(format!("it cannot be read: {cause}")),
        Err(error) => Some(error.to_string()),
    };
    let mut text = problem.map(|problem| format!("lacre: {}\n", sanitise(&problem))).unwrap_or_default();
    raw(&bytes, &mut text);
    text
}

fn of_sealed(context: &Context<'_>, sealed: Sealed) -> String {
    let mut text = String::new();
    match open_file::open(context.world, &context.keyring, Path::new(NAMELESS), &sealed) {
        Ok((key, opened)) => {
            let file = OpenFile { path: PathBuf::from(NAMELESS), sealed, opened, key };
            match view::plaintext_wanted(context).then(|| file.plaintext()) {
                Some(Ok(plaintext)) => raw(&plaintext, &mut text),
                _ => view::values(context, &file, &mut text),
            }
            view::members(context, &file.sealed, Some(&file.key), &mut text);
        }
        Err(error) => {
            let problem = match error {
                Error::Open { cause, .. } => cause.to_string(),
                _ => "no identity at hand opens it".to_owned(),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "lacre: {}; digests are of the ciphertexts", sanitise(&problem));
            view::ciphertexts(&sealed, &mut text);
            view::members(context, &sealed, None, &mut text);
        }
    }
    text
}

/// Line by line, with nothing in it that steers a terminal.
fn raw(bytes: &[u8], text: &mut String) {
    if bytes.contains(&0) {
        let _ = writeln!(text, "{} bytes, not text: {}", bytes.len(), view::fingerprint(bytes));
        return;
    }
    for line in String::from_utf8_lossy(bytes).lines() {
        let parts: Vec<_> = line.trim_end_matches('\r').split('\t').map(sanitise).collect();
        text.push_str(&parts.join("\t"));
        text.push('\n');
    }
}

/// For the rooms that want a name.
const NAMELESS: &str = "the-file";
