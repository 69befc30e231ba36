//! `lacre git install` and `uninstall`: drivers, attributes and the hook of this clone.

use std::path::Path;

use clap::Args;

use super::super::super::{Context, Failure};
use super::super::count;
use crate::workspace::digest;
use crate::workspace::installation::attributes::{self, Taken};
use crate::workspace::installation::hook::{self, CALL, Outcome, Whose};
use crate::workspace::installation::{Manner, drivers};
use crate::world::files;
use crate::world::git::{Git, repository_root};
use crate::world::own_word::own_word;

/// Set up this clone: diff and merge drivers, attributes, the pre-commit hook
#[derive(Args, Debug)]
#[command(
    after_help = "Twice changes nothing. Only `.gitattributes` is committed; everything else stands in this clone, and each of its users runs this once. `lacre help git` explains the pieces.\n\nExamples:\n  lacre git install\n  lacre git install --dry-run        what it would do\n  lacre git install --plaintext      `git diff` shows values to you"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Install {
    /// Let `git diff` show values, not only that they changed
    #[arg(long)]
    pub plaintext: bool,
    /// Leave the pre-commit hook alone
    #[arg(long)]
    pub no_hook: bool,
    /// Leave `.gitattributes` alone
    #[arg(long)]
    pub no_attributes: bool,
    /// Only say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Take out of this clone what `install` put into it
#[derive(Args, Debug)]
#[command(
    after_help = "A hook that was there before is back, byte for byte. Lines of `.gitattributes` that are committed stay: they are everybody's, and harmless without the drivers.\n\nExamples:\n  lacre git uninstall\n  lacre git uninstall --dry-run      what it would do"
)]
pub struct Uninstall {
    /// Only say what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// Installs.
///
/// # Errors
/// Outside a repository, when a piece cannot be written, and when the hook is not ours to write.
pub fn run(arguments: &Install, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.plaintext {
        context.plaintext_allowed()?;
    }
    let clone = Clone::find(context, arguments.dry_run)?;
    let Clone { git, manner, .. } = &clone;
    let program = own_word(&context.world.variables).ok_or_else(|| {
        Failure::user("the system does not say where this program is")
            .hint("put lacre into a folder of PATH whose name is plain text")
    })?;
    let mut changed = clone.keep_key()?;
    if !arguments.no_attributes {
        changed |= clone.put_attributes()?;
    }
    let lines = drivers::put(git, &program, arguments.plaintext, *manner).ok_or_else(refused)?;
    if lines > 0 {
        let lines = count(lines, "line");
        let shown = if arguments.plaintext { "; diffs show values" } else { "" };
        clone.did(format!(
            "set {lines} of git's configuration: `git diff` and `git merge` call `{program}`{shown}"
        ));
    }
    changed |= lines > 0;
    let hook = if arguments.no_hook { Outcome::Unchanged } else { hook::put(git, &program, *manner)? };
    match &hook {
        Outcome::Unchanged if !changed => {
            context.ui.say(context.world, "nothing to do: this clone is set up");
        }
        Outcome::Unchanged => {}
        Outcome::Changed { hook, other, in_work_tree } => {
            let first = if *other { "; the hook that stands there runs first" } else { "" };
            clone.did(format!("put the hook {}, which runs `{CALL}`{first}", context.shown(hook)));
            if *in_work_tree {
                context
                    .ui
                    .note(context.world, "its folder is a part of the work tree: commit it for the others");
            }
        }
        Outcome::Foreign { hook, whose } => return Err(foreign(context, hook, *whose)),
    }
    if !arguments.no_attributes && manner.writes() {
        clone.name_unreached();
    }
    Ok(0)
}

/// Uninstalls.
///
/// # Errors
/// Outside a repository, and when a piece cannot be taken away.
pub fn undo(arguments: &Uninstall, context: &Context<'_>) -> Result<u8, Failure> {
    let clone = Clone::find(context, arguments.dry_run)?;
    let Clone { git, manner, .. } = &clone;
    let hook = hook::take(git, *manner)?;
    if let Outcome::Changed { hook, other, .. } = &hook {
        let back = if *other { "; the hook that stood there before is back" } else { "" };
        clone.did(format!("taken away the hook {}{back}", context.shown(hook)));
    }
    let lines = drivers::take(git, *manner).ok_or_else(refused)?;
    if lines > 0 {
        clone.did(format!("taken {} out of git's configuration", count(lines, "line")));
    }
    let attributes = attributes::take(git, *manner)?;
    let place = context.shown(&attributes::place(git));
    match attributes {
        Taken::Committed => context.ui.note(
            context.world,
            format!("the lines of {place} stay, for they are committed; without the drivers they do nothing"),
        ),
        Taken::Lines(lines) => clone.did(format!("taken {} out of {place}", count(lines, "line"))),
        Taken::None => {}
    }
    let key = clone.drop_key()?;
    if hook == Outcome::Unchanged && lines == 0 && !matches!(attributes, Taken::Lines(_)) && !key {
        context.ui.say(context.world, "nothing to do: this clone is not set up");
    }
    Ok(0)
}

/// The clone that is set up.
struct Clone<'c> {
    context: &'c Context<'c>,
    git: Git,
    manner: Manner,
}

impl<'c> Clone<'c> {
    fn find(context: &'c Context<'c>, dry_run: bool) -> Result<Self, Failure> {
        let world = context.world;
        let root = repository_root(&world.folder);
        let git = Git::find(root.as_deref().unwrap_or(&world.folder), &world.variables).ok_or_else(|| {
            Failure::user("there is no git program in an absolute folder of PATH outside this folder")
        })?;
        match (git.is_bare(), root) {
            (Some(true), _) => {
                Err(Failure::user("this is a bare repository: it has no files to compare or commit")
                    .hint("run this in a clone that has a work tree"))
            }
            (Some(false), Some(_)) => {
                let manner = if dry_run { Manner::DryRun } else { Manner::InEarnest };
                Ok(Self { context, git, manner })
            }
            (None, Some(_)) => {
                Err(Failure::user("git does not work with this repository").hint("`git status` says why"))
            }
            (_, None) => Err(Failure::usage("this is no git repository")
                .hint("`git init` makes one; `git clone` copies one")),
        }
    }

    /// Says that something was done, beginning with a participle.
    fn did(&self, what: impl AsRef<str>) {
        let would = if self.manner.writes() { "" } else { "would have " };
        self.context.ui.say(self.context.world, format!("{would}{}", what.as_ref()));
    }

    fn keep_key(&self) -> Result<bool, Failure> {
        let Some(place) = digest::key_file(self.git.root()).filter(|place| !files::exists(place)) else {
            return Ok(false);
        };
        if self.manner.writes() {
            digest::keep_key(self.context.world, &place)?;
        }
        self.did(format!("made a key for the digests of `git diff`, {}", self.context.shown(&place)));
        Ok(true)
    }

    fn drop_key(&self) -> Result<bool, Failure> {
        let Some(place) = digest::key_file(self.git.root()).filter(|place| files::exists(place)) else {
            return Ok(false);
        };
        if self.manner.writes() {
            files::remove(&place)?;
        }
        self.did(format!("removed the key for digests, {}", self.context.shown(&place)));
        Ok(true)
    }

    fn put_attributes(&self) -> Result<bool, Failure> {
        let place = attributes::place(&self.git);
        let lines = attributes::put(self.context.world, &self.git, self.manner).map_err(|error| {
            Failure::from(error).hint("make it a file of its own, or leave it alone with `--no-attributes`")
        })?;
        if lines > 0 {
            let (lines, place) = (count(lines, "line"), self.context.shown(&place));
            self.did(format!("added {lines} to {place}; commit it for the others"));
        }
        Ok(lines > 0)
    }

    fn name_unreached(&self) {
        for path in attributes::unreached(self.context.world, &self.git) {
            let shown = self.context.shown(&self.git.root().join(path));
            let message = format!("git does not call lacre for {shown}: other attributes say otherwise");
            self.context.ui.warn(self.context.world, message);
        }
    }
}

fn refused() -> Failure {
    Failure::user("git does not change the configuration of this clone")
        .hint("`git config --local --edit` says why")
}

fn foreign(context: &Context<'_>, hook: &Path, whose: Whose) -> Failure {
    let shown = context.shown(hook);
    let why = match whose {
        Whose::AllRepositories => "`core.hooksPath` makes other repositories take their hooks from there too",
        Whose::WorkTree => "that file is in the work tree, where other people or programs keep it",
    };
    Failure::user(format!("the hook {shown} was not written: {why}"))
        .hint(format!("add the line `{CALL} || exit` to it, or leave hooks alone with `--no-hook`"))
}
