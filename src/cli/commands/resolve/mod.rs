//! `lacre resolve`: a merge that stopped at values which both sides changed.

mod edit;
mod words;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::{Context, Failure};
use super::recipients::note_merged_recipients;
use super::{count, listing, name_or_path};
use crate::base::Path;
use crate::envelope::Choice;
use crate::workspace::resolution::{InConflict, Picks, Resolution, Settled, Standing};
use crate::world::files;
use words::{labels, no_conflict, plain, unmerged};

/// Settle what a merge could not decide
#[derive(Args, Debug)]
#[command(
    after_help = "It does the merge again from the versions that git keeps, so it also mends a file that was merged without `lacre git install`, or where no identity was at hand. If nothing contradicts, the file is simply written.\n\nOurs and theirs are as git means them: in a rebase, ours is the branch that you rebase onto, and theirs is your own commit. The name `sops` stands for the metadata: recipients, selector and the like.\n\nWhat is settled stays settled, call after call. When nothing is open any more, the file has no markers: `git add` it.\n\nExamples:\n  lacre resolve .env.enc                      lists what is open\n  lacre resolve .env.enc DB_PASS --theirs\n  lacre resolve .env.enc --ours               everything that is still open\n  lacre resolve .env.enc API_KEY --edit       both values in your editor"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Resolve {
    /// The file in conflict
    pub file: PathBuf,
    /// What to settle: names or paths; without one, all that is open
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// As our side has it
    #[arg(long, group = "side")]
    pub ours: bool,
    /// As their side has it
    #[arg(long, group = "side")]
    pub theirs: bool,
    /// As you write it, in your editor
    #[arg(long, group = "side")]
    pub edit: bool,
    /// List what is in conflict as JSON, and write nothing
    #[arg(long, conflicts_with_all = ["side", "names"])]
    pub json: bool,
}

/// The name of the metadata.
const METADATA: &str = "sops";

/// Runs it.
///
/// # Errors
/// When there is no conflict that could be settled, or something stays open.
pub fn run(arguments: &Resolve, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.edit {
        context.plaintext_allowed()?;
    }
    let world = context.world;
    let shown = context.shown(&world.path(&arguments.file));
    let quoted = shell_words::quote(&arguments.file.to_string_lossy()).into_owned();
    let found =
        InConflict::find(world, &arguments.file).map_err(|error| no_conflict(&shown, &quoted, &error))?;
    let standing = Resolution::open(world, &context.keyring, &found);
    let resolution = match standing.map_err(|error| unmerged(&shown, &error))? {
        Standing::Plain => return Err(plain(&shown)),
        Standing::Settled if arguments.json => {
            context.print_line("[]")?;
            return Ok(0);
        }
        Standing::Settled => {
            context.ui.say(world, format!("{shown} is settled; {}", words::next(&quoted, found.operation)));
            return Ok(0);
        }
        Standing::Unsettled(resolution) => *resolution,
    };
    Work { arguments, context, found, resolution, shown, word: quoted }.run()
}

/// A file that is being resolved.
struct Work<'a> {
    arguments: &'a Resolve,
    context: &'a Context<'a>,
    found: InConflict,
    resolution: Resolution,
    /// The file, for people.
    shown: String,
    /// The file, as a word of a command line.
    word: String,
}

impl Work<'_> {
    fn run(&self) -> Result<u8, Failure> {
        let Resolve { names, ours, theirs, edit, json, .. } = self.arguments;
        if *json {
            self.print_json()?;
            return Ok(0);
        }
        let open = self.resolution.open_count();
        if !(*ours || *theirs || *edit) {
            return match (names.is_empty(), open) {
                (false, _) => Err(Failure::usage("say how: `--ours`, `--theirs` or `--edit`")),
                (true, 0) => self.settle(&Picks::default()),
                (true, _) => Err(self.list()?),
            };
        }
        let (paths, metadata) = self.named()?;
        if *edit && open > 0 {
            if metadata {
                let message = format!("`{METADATA}` of {} is nothing to edit", self.shown);
                return Err(Failure::user(message).hint(
                    "settle it with `--ours` or `--theirs`; `lacre recipients` changes it afterwards",
                ));
            }
            return self.edit(&paths);
        }
        let side = if *theirs { Choice::Theirs } else { Choice::Ours };
        let values = paths.into_iter().map(|path| (path, side.clone())).collect();
        self.settle(&Picks { values, metadata: metadata.then_some(side) })
    }

    fn settle(&self, picks: &Picks) -> Result<u8, Failure> {
        let labels = labels(self.found.work.as_deref().unwrap_or_default());
        let settled = self.resolution.settle(self.context.world, &self.context.keyring, picks, &labels);
        self.write(&settled.map_err(|error| unmerged(&self.shown, &error))?)
    }

    fn write(&self, settled: &Settled) -> Result<u8, Failure> {
        let (world, ui) = (self.context.world, self.context.ui);
        let Self { shown, word, .. } = self;
        if let Some(path) = settled.unsettled.first() {
            return Err(Failure::user(format!("`{path}` of {shown} cannot be written as that side has it"))
                .hint("settle it with `--edit`, or as the other side has it"));
        }
        note_merged_recipients(self.context, &self.found.path, &settled.joins, &settled.leaves);
        let InConflict { path, root, work, operation, .. } = &self.found;
        files::replace(path, Some(root), work.as_deref(), &settled.text)?;
        let open = self.resolution.open_count();
        if settled.open > 0 {
            let message = match open.saturating_sub(settled.open) {
                0 => format!("settled anew in {shown} what was settled before"),
                some => format!("settled {} in {shown}", count(some, "conflict")),
            };
            ui.say(world, format!("{message}, {} open: `lacre resolve {word}` lists them", settled.open));
            return Ok(0);
        }
        let what = match open {
            0 => format!("merged {shown}: nothing contradicts"),
            open => format!("settled {} in {shown}, which is whole now", count(open, "conflict")),
        };
        ui.say(world, format!("{what}; {}", words::next(word, *operation)));
        Ok(0)
    }

    /// The places that are meant, and whether the metadata is.
    fn named(&self) -> Result<(Vec<Path>, bool), Failure> {
        let Resolution { conflicts, metadata, .. } = &self.resolution;
        if self.arguments.names.is_empty() {
            let open = conflicts.iter().filter(|one| one.is_open).map(|one| one.path.clone());
            return Ok((open.collect(), !metadata.is_empty()));
        }
        let (mut paths, mut has_metadata) = (Vec::new(), false);
        for name in &self.arguments.names {
            let wanted = name_or_path(name, self.resolution.format().name(), 0)?;
            // One name may be in conflict in several documents.
            let is_meant = |path: &&Path| path.steps == wanted.steps;
            let meant: Vec<Path> = conflicts.iter().map(|one| &one.path).filter(is_meant).cloned().collect();
            let is_metadata = name == METADATA && !metadata.is_empty();
            if meant.is_empty() && !is_metadata {
                return Err(Failure::user(format!("`{name}` of {} is not in conflict", self.shown))
                    .hint(format!("`lacre resolve {}` lists what is", self.word)));
            }
            has_metadata |= is_metadata;
            paths.extend(meant);
        }
        Ok((paths, has_metadata))
    }

    /// Prints what is open; the failure that ends it.
    fn list(&self) -> Result<Failure, Failure> {
        let Resolution { conflicts, metadata, .. } = &self.resolution;
        for one in conflicts.iter().filter(|one| one.is_open) {
            self.context.print_row(&format!("{}  {}", one.path, words::did(one)))?;
        }
        for what in metadata {
            self.context.print_row(&format!("{METADATA}  {what}"))?;
        }
        let open = self.resolution.open_count();
        let verb = if open == 1 { "is" } else { "are" };
        let (ours, theirs) = self.found.operation.sides();
        let word = &self.word;
        Ok(Failure::user(format!("{} of {} {verb} open", count(open, "conflict"), self.shown))
            .detail(format!("ours is {ours}, theirs is {theirs}"))
            .hint(format!(
                "`lacre resolve {word} NAME --ours`, `--theirs` or `--edit` settles one; without NAME, all"
            )))
    }

    fn print_json(&self) -> Result<(), Failure> {
        let Resolution { conflicts, metadata, .. } = &self.resolution;
        let values = conflicts.iter().map(|one| {
            json!({
                "name": one.path.to_string(),
                "document": one.path.document,
                "ours": one.ours.word(),
                "theirs": one.theirs.word(),
                "open": one.is_open,
            })
        });
        let metadata = metadata.iter().map(|what| json!({"name": METADATA, "what": what, "open": true}));
        self.context.print_line(&listing(&values.chain(metadata).collect()))
    }
}
