//! `lacre import dotenv`: a tree of plaintext `.env` files, each into its twin.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::super::{Context, Failure};
use super::super::encrypt::{parse, warn_if_tracked};
use super::Common;
use super::batch::Batch;
use crate::document::dotenv::Dotenv as DotenvFormat;
use crate::document::{Document, Format};
use crate::workspace::import::plain::{Found, find};
use crate::workspace::import::{Draft, ImportError, dotenvx};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, repository_root};

/// Encrypt every plaintext `.env` file of a tree into its twin
#[derive(Args, Debug)]
#[command(
    after_help = "Of a folder it takes `.env`, `.env.NAME` and `*.env`, also what git ignores; not examples, `.env.keys`, encrypted files, links, and what is in `.git`, `node_modules` and `target`. Twins that say the same already are left as they are; one that differs is refused, for `lacre encrypt` to merge.\n\nExamples:\n  lacre import .\n  lacre import dotenv services/api/.env services/web\n  lacre import . --dry-run --json"
)]
pub struct Dotenv {
    /// Folders and files
    #[arg(value_name = "DIR|FILE", required = true)]
    pub file: Vec<PathBuf>,
    /// Who may open the new files: an age or ssh public key, or a name from `.sops.yaml` (repeatable)
    #[arg(short, long, value_name = "RECIPIENT")]
    pub recipient: Vec<String>,
    /// Plan and question.
    #[command(flatten)]
    pub common: Common,
}

/// Runs it.
///
/// # Errors
/// Every reason why nothing was imported.
pub fn run(arguments: &Dotenv, context: &Context<'_>) -> Result<u8, Failure> {
    let mut batch = Batch::new(context, arguments.common, &arguments.recipient);
    let mut seen = Vec::new();
    for place in &arguments.file {
        // Without the `.` that stands for a folder itself.
        let place: PathBuf = context.world.path(place).components().collect();
        let before = seen.len();
        let mut again = false;
        for found in find(&place)? {
            if seen.contains(&found.path) {
                again = true;
                continue;
            }
            if let Some(draft) = draft(&found, context)? {
                batch.add(&draft, Vec::new())?;
                seen.push(found.path);
            }
        }
        if seen.len() == before && !again {
            return Err(ImportError::Nothing { path: place, what: "plaintext `.env` file" }.into());
        }
    }
    let written = batch.finish()?;
    for import in &written {
        context.remember_base(&import.source, import.text.as_deref().unwrap_or_default());
    }
    if !arguments.common.dry_run {
        warn_about(&seen, context);
    }
    Ok(0)
}

/// Names those that git tracks. Asking about each file of a large tree would start as many processes.
fn warn_about(sources: &[PathBuf], context: &Context<'_>) {
    let mut tracked: BTreeMap<PathBuf, Option<BTreeSet<PathBuf>>> = BTreeMap::new();
    for source in sources {
        let Some(root) = source.parent().and_then(repository_root) else { continue };
        let list = |root: &Path| {
            let files = Git::find(root, &context.world.variables)?.tracked_files()?;
            Some(files.into_iter().collect::<BTreeSet<_>>())
        };
        let known = tracked.entry(root.clone()).or_insert_with_key(|root| list(root));
        // Reached by a link, a file has another name in the list.
        let is_certain = known.is_some() && source.starts_with(&root);
        if !is_certain || known.as_ref().is_some_and(|known| known.contains(source)) {
            warn_if_tracked(context, source);
        }
    }
}

/// The file as a draft; `None` where nobody named it and it is none of ours.
fn draft(found: &Found, context: &Context<'_>) -> Result<Option<Draft>, Failure> {
    let Found { path, named } = found;
    let bytes = files::read(path, SIZE_LIMIT)?;
    let skipped = |why: &str| {
        context.ui.note(context.world, format!("{} is left out: {why}", context.shown(path)));
        Ok(None)
    };
    let text = DotenvFormat.prepare(bytes.clone()).text;
    let document = Document::parse(text.expose().clone(), &DotenvFormat);
    let is_encrypted = document.as_ref().is_ok_and(|document| document.outline().metadata.is_some());
    if is_encrypted && !named {
        return skipped("sops metadata says that it is encrypted");
    }
    if !is_encrypted && dotenvx::is_theirs(text.expose()) {
        if *named {
            return Err(ImportError::Theirs(path.clone()).into());
        }
        return skipped("dotenvx encrypted values in it, which `lacre import dotenvx` reads");
    }
    let (plain, layout) = parse(context, path, bytes, &DotenvFormat)?;
    if !named && plain.leaves().iter().all(|(_, value)| value.plain_bytes().is_empty()) {
        return skipped("it holds no value");
    }
    let twin = Draft::twin_of(path)?;
    Ok(Some(Draft { source: path.clone(), twin, plain, layout, handed: None }))
}
