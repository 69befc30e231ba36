//! `lacre import dotenvx`: files whose values dotenvx encrypted, opened with its own keys, each into its twin.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::super::{Context, Failure};
use super::super::encrypt::parse;
use super::batch::Batch;
use super::{Common, listed};
use crate::document::Format;
use crate::document::dotenv::Dotenv as DotenvFormat;
use crate::workspace::RuleFile;
use crate::workspace::import::dotenvx::{Choice, KEY_FILE, Keys, convert, is_theirs};
use crate::workspace::import::plain::{Found, find};
use crate::workspace::import::{Draft, ImportError};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::Git;

/// Take over files that dotenvx encrypted, with the keys of `.env.keys`
#[derive(Args, Debug)]
#[command(
    after_help = "Private keys are looked for in `--keys FILE`, in `.env.keys` beside each file, and in variables called `DOTENV_PRIVATE_KEY…`. Public keys and the banner above them stay behind; all else comes over, and `lacre run` hands on what `dotenvx run` did.\n\nlacre never expands and never runs what stands in a value. Names with `${NAME}` in their value are listed; `--resolve` writes out what stands above in the same file. `$(command)` is refused by name; `--as-data NAME` takes its text as it stands.\n\nExamples:\n  lacre import dotenvx .\n  lacre import dotenvx .env.production --resolve --yes\n  lacre import dotenvx apps/api --keys .env.keys --dry-run"
)]
pub struct Dotenvx {
    /// Folders and files
    #[arg(value_name = "DIR|FILE", required = true)]
    pub file: Vec<PathBuf>,
    /// Who may open the new files: an age or ssh public key, or a name from `.sops.yaml` (repeatable)
    #[arg(short, long, value_name = "RECIPIENT")]
    pub recipient: Vec<String>,
    /// A file with private keys of dotenvx, tried before others (repeatable)
    #[arg(long, value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Write `${NAME}` references to names above in the same file out, once
    #[arg(long)]
    pub resolve: bool,
    /// Take the value of NAME as it stands, whatever dotenvx would expand or run in it (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub as_data: Vec<String>,
    /// Plan and question.
    #[command(flatten)]
    pub common: Common,
}

/// Runs it.
///
/// # Errors
/// Every reason why nothing was imported.
pub fn run(arguments: &Dotenvx, context: &Context<'_>) -> Result<u8, Failure> {
    let mut batch = Batch::new(context, arguments.common, &arguments.recipient);
    let mut seen = Vec::new();
    let mut key_files = Vec::new();
    for place in &arguments.file {
        // Without the `.` that stands for a folder itself.
        let place: PathBuf = context.world.path(place).components().collect();
        let before = seen.len();
        let mut again = false;
        for Found { path, named } in find(&place)? {
            if seen.contains(&path) {
                again = true;
                continue;
            }
            let bytes = files::read(&path, SIZE_LIMIT)?;
            if !named && !is_theirs(&bytes) {
                continue;
            }
            one(arguments, context, &path, bytes, &mut batch, &mut key_files)?;
            seen.push(path);
        }
        if seen.len() == before && !again {
            return Err(ImportError::Nothing { path: place, what: "file of dotenvx" }.into());
        }
    }
    let written = batch.finish()?;
    tell_about(&key_files, context);
    if !written.is_empty() {
        context.ui.note(
            context.world,
            format!("when all is well, remove the old files and `{KEY_FILE}`; git's history keeps both"),
        );
    }
    Ok(0)
}

fn one(
    arguments: &Dotenvx,
    context: &Context<'_>,
    path: &Path,
    bytes: Vec<u8>,
    batch: &mut Batch<'_>,
    key_files: &mut Vec<PathBuf>,
) -> Result<(), Failure> {
    let (ui, world, shown) = (context.ui, context.world, context.shown(path));
    let keys = Keys::find(world, path, &arguments.keys)?;
    for name in &keys.unusable {
        ui.warn(world, format!("`{name}` does not hold a private key of dotenvx"));
    }
    for file in &keys.files {
        if !key_files.contains(file) {
            key_files.push(file.clone());
        }
    }
    let twin = Draft::twin_of(path)?;
    let literal = RuleFile::wants_literal(world, &twin)?;
    let choice = Choice { resolve: arguments.resolve, as_data: &arguments.as_data, literal };
    let prepared = DotenvFormat.prepare(bytes);
    let converted = convert(path, prepared.text.expose(), &keys, choice)?;
    // Parsed as any plaintext, so that lines which dotenvx passes over are an error with their number.
    let text = DotenvFormat.restore(converted.text.expose().clone(), prepared.layout);
    let (plain, layout) = parse(context, path, text, &DotenvFormat)?;
    if !converted.mentions.is_empty() {
        let names = listed(&converted.mentions);
        ui.note(
            world,
            format!(
                "{shown}: dotenvx expands references in {names}; lacre will not (`--resolve` writes them out)"
            ),
        );
    }
    let draft = Draft { source: path.to_owned(), twin, plain, layout, handed: Some(converted.handed) };
    batch.add(&draft, converted.mentions)
}

/// Keys that git tracks open everything that was ever encrypted for them.
fn tell_about(key_files: &[PathBuf], context: &Context<'_>) {
    for file in key_files {
        if Git::around(file, &context.world.variables).and_then(|git| git.is_tracked(file)) == Some(true) {
            let shown = context.shown(file);
            context.ui.warn(
                context.world,
                format!(
                    "git tracks {shown}: whoever has the history can open the old files; change their values"
                ),
            );
        }
    }
}
