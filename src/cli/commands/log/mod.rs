//! `lacre log`: when a value changed, by whose commit, and who could read it. What is told apart and how is
//! `workspace::timeline`; how it is told, the rooms beside this one.

mod json;
mod text;

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::ui::Progress;
use super::super::{Context, Failure};
use super::{commits, listing, name_or_path};
use crate::base::Path as ValuePath;
use crate::workspace::names::FileType;
use crate::workspace::revision::{Reader, State};
use crate::workspace::timeline::{Entry, Gap, PastNames, Timeline};
use crate::workspace::{Error, open_file};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::Git;

/// Tell when a value changed, who committed it, and who could read it then
#[derive(Args, Debug)]
#[command(
    after_help = "Without PATH, every commit that changed values, recipients, the data key or the file itself; with PATH, those that changed the value there, or one below it. What was encrypted anew and says the same is not told, as far as an identity opens both versions. Values are never shown. The file is followed under the names that it had before, and what is not committed yet comes first.\n\nExamples:\n  lacre log .env.enc\n  lacre log .env.enc DB_PASS\n  lacre log -n 1 secrets.enc.yaml db.password\n  lacre log --no-open .env.enc             needs no identity, and is quicker"
)]
pub struct Log {
    /// An encrypted file
    pub file: PathBuf,
    /// A value of it, or a map or list, as `lacre list` names it
    pub path: Option<String>,
    /// No more than so many commits
    #[arg(short = 'n', long, value_name = "N")]
    pub max_count: Option<usize>,
    /// Compare ciphertexts only: tries no identity
    #[arg(long)]
    pub no_open: bool,
    /// Print a JSON array, an object a commit
    #[arg(long)]
    pub json: bool,
}

/// What could not be told, over all versions.
#[derive(Default)]
struct Untold {
    /// Versions that do not open here, by the reason.
    closed: Vec<(String, usize)>,
    left_out: bool,
}

/// Runs it.
///
/// # Errors
/// Outside a repository, or when no commit knows the file or the value.
pub fn run(arguments: &Log, context: &Context<'_>) -> Result<u8, Failure> {
    let world = context.world;
    let file = world.path(&arguments.file);
    let wanted = arguments.path.as_ref().map(|path| name_or_path(path, FileType::of(&file).name(), 0));
    let wanted = wanted.transpose()?;
    let mut timeline =
        timeline(context, &file, !arguments.no_open).map_err(|error| unknown(context, &file, error))?;
    let mut told = Told { context, names: PastNames::new(world, &file), untold: Untold::default() };
    let mut progress = Progress::new(world, "commit", 0);
    let mut entries = Entries { rows: Vec::new(), lines: Vec::new(), count: 0 };
    while arguments.max_count.is_none_or(|most| entries.count < most) {
        let next = timeline.next_entry(&mut |done, total| progress.step_of(done, total));
        let Some(mut entry) = next.map_err(|error| unknown(context, &file, error))? else { break };
        if wanted.as_ref().is_some_and(|wanted| !entry.narrow(wanted)) {
            continue;
        }
        told.untold.note(&entry);
        if arguments.json {
            entries.rows.push(json::object(&mut told, &entry, &mut timeline.reader));
        } else {
            text::lines(&mut told, &entry, &mut timeline.reader, &mut entries.lines);
        }
        entries.count += 1;
    }
    drop(progress);
    if arguments.json {
        context.print_line(&listing(&entries.rows.into()))?;
    }
    for line in &entries.lines {
        context.print_row(line)?;
    }
    context.tell_about_services();
    told.untold.tell(context, timeline.is_shallow && arguments.max_count.is_none());
    if entries.count == 0 && arguments.max_count != Some(0) {
        return Err(nothing(context, &file, wanted.as_ref()));
    }
    Ok(0)
}

/// What was found, in the one form or the other.
struct Entries {
    rows: Vec<serde_json::Value>,
    lines: Vec<String>,
    count: usize,
}

/// What telling needs.
struct Told<'c> {
    context: &'c Context<'c>,
    names: PastNames<'c>,
    untold: Untold,
}

impl Told<'_> {
    /// `path`, from the root, as the person would type it here.
    fn place(&self, path: &Path, reader: &Reader<'_>) -> String {
        self.context.here(&reader.git().root().join(path))
    }
}

fn timeline<'c>(context: &'c Context<'_>, file: &Path, opens: bool) -> Result<Timeline<'c>, Error> {
    let world = context.world;
    let git = Git::around(file, &world.variables).ok_or(Error::NoRepository)?;
    let path = git.name_of(file).ok_or(Error::NoRepository)?;
    let mut timeline = Timeline::new(Reader::new(world, &context.keyring, git, opens)?, &path)?;
    let text = files::read(file, SIZE_LIMIT).ok();
    if text.as_deref().is_some_and(|text| open_file::conflict_in(text).is_some()) {
        let shown = context.shown(file);
        context
            .ui
            .note(world, format!("{shown} is in conflict now, so what is not committed yet is not told"));
        return Ok(timeline);
    }
    timeline.begin_with(text);
    Ok(timeline)
}

fn unknown(context: &Context<'_>, file: &Path, error: Error) -> Failure {
    let shown = context.shown(file);
    match error {
        Error::NoRepository => {
            Failure::usage(format!("{shown} is in no git repository, or git is not there"))
                .hint("`git init` makes one; `git clone` copies one")
        }
        Error::GitSilent => Failure::user(format!("git does not tell the history of {shown}"))
            .hint("`git fsck` says what is wrong with the repository"),
        error => error.into(),
    }
}

fn nothing(context: &Context<'_>, file: &Path, wanted: Option<&ValuePath>) -> Failure {
    let shown = context.shown(file);
    match wanted {
        Some(path) => Failure::user(format!("no version of {shown} that is here has a value `{path}`"))
            .hint("`lacre list FILE` shows what it has now, `lacre log FILE` what it had"),
        None => Failure::user(format!("no commit that is here has a file {shown}"))
            .hint("`lacre status` lists the encrypted files; a file that is gone has the name that it had"),
    }
}

impl Untold {
    fn note(&mut self, entry: &Entry) {
        self.left_out |= entry.gap == Some(Gap::LeftOut);
        if let Some(State::Closed(words)) = entry.state() {
            match self.closed.iter_mut().find(|(other, _)| **other == **words) {
                Some((_, times)) => *times += 1,
                None => self.closed.push((words.to_string(), 1)),
            }
        }
    }

    fn tell(&self, context: &Context<'_>, is_shallow: bool) {
        let note = |text: String| context.ui.note(context.world, text);
        for (words, times) in &self.closed {
            let these =
                if *times == 1 { "1 version does".to_owned() } else { format!("{times} versions do") };
            note(format!("{these} not open here: {words}; only ciphertexts were compared there"));
        }
        if self.left_out {
            note("some versions were left out by a partial clone; `git fetch --refetch --no-filter` brings them".to_owned());
        }
        if is_shallow {
            commits::warn_shallow(context, "what older commits changed is not told");
        }
    }
}
