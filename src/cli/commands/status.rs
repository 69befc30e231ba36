//! `lacre status`: which files are encrypted, for whom, and how. Needs no identity.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::super::{Context, Failure};
use super::{NOTHING_TRACKED, listing};
use crate::envelope::{FormError, Sealed};
use crate::keys::WrappedKey;
use crate::workspace::tree::{self, Text};
use crate::workspace::{Error, RuleBook, open_file, shown_key};

/// Show format, recipients, selector and seal of files; needs no identity
#[derive(Args, Debug)]
#[command(
    after_help = "Without FILE: all encrypted files that git tracks here.\n\nExamples:\n  lacre status\n  lacre status --json .env.enc"
)]
pub struct Status {
    /// The files
    pub file: Vec<PathBuf>,
    /// All encrypted files that git tracks in this repository
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
    /// Print a JSON array, an object a file
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// When a file that was named cannot be read.
pub fn run(arguments: &Status, context: &Context<'_>) -> Result<u8, Failure> {
    let mut is_broken = false;
    let files: Vec<(PathBuf, Option<Sealed>)> = if arguments.file.is_empty() {
        let shown = |path: &Path| path.strip_prefix(&context.world.folder).unwrap_or(path).to_owned();
        let mut files = Vec::new();
        for (path, text) in tree::tracked_texts(context.world, &context.world.folder)? {
            match text {
                Text::Sealed(sealed) => files.push((shown(&path), Some(*sealed))),
                Text::Broken(_, error) => {
                    context.ui.warn(context.world, error.to_string());
                    is_broken = true;
                }
                Text::Clear(_) => {}
            }
        }
        files
    } else {
        let load = |file: &PathBuf| match open_file::load(&context.world.path(file), None) {
            Ok(sealed) => Ok((file.clone(), Some(sealed))),
            Err(Error::Form { cause: FormError::NotEncrypted, .. }) => Ok((file.clone(), None)),
            Err(error) => Err(error),
        };
        arguments.file.iter().map(load).collect::<Result<_, _>>()?
    };
    let mut rows = Vec::new();
    let book = RuleBook::new(context.world);
    for (file, sealed) in &files {
        rows.push(row(context, &book, file, sealed.as_ref())?);
    }
    if arguments.json {
        context.print_line(&listing(&rows.into()))?;
        return Ok(0);
    }
    if rows.is_empty() && !is_broken {
        context.ui.note(context.world, NOTHING_TRACKED);
    }
    for row in &rows {
        let word = |name: &str| row.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        context.print_row(&word("file"))?;
        if row.get("encrypted") != Some(&json!(true)) {
            context.print_row("  not encrypted")?;
            continue;
        }
        let people = row.get("recipients").and_then(|list| list.as_array()).cloned().unwrap_or_default();
        let people: Vec<_> = people.iter().filter_map(|one| one.get("shown")?.as_str()).collect();
        context.print_row(&format!("  {}, written {}", word("format"), word("lastmodified")))?;
        context.print_row(&format!("  recipients: {}", people.join(", ")))?;
        context.print_row(&format!("  selector: {}", word("selector")))?;
        context.print_row(&format!("  seal: {}", word("seal")))?;
    }
    Ok(0)
}

fn row(
    context: &Context<'_>,
    book: &RuleBook<'_>,
    file: &Path,
    sealed: Option<&Sealed>,
) -> Result<serde_json::Value, Failure> {
    let shown = file.to_string_lossy();
    let Some(sealed) = sealed else { return Ok(json!({"file": shown, "encrypted": false})) };
    let names = book.find(&context.world.path(file))?;
    let names = names.map(|file| file.names.clone()).unwrap_or_default();
    let metadata = sealed.metadata();
    let person = |key: &WrappedKey| {
        json!({
            "kind": key.kind.name(),
            "recipient": key.recipient,
            "name": names.name_of(&key.recipient),
            "shown": shown_key(key, &names),
        })
    };
    let people: Vec<_> = metadata.keys().map(person).collect();
    let seal = if metadata.extension.seal.is_some() { "present" } else { "none" };
    Ok(json!({
        "file": shown,
        "encrypted": true,
        "format": sealed.document().format().name(),
        "recipients": people,
        "selector": metadata.selector.shown(),
        "mac_only_encrypted": metadata.mac_only_encrypted,
        "seal": seal,
        "lastmodified": metadata.last_modified,
        "version": metadata.version,
    }))
}
