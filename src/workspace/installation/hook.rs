//! The pre-commit hook. It stands where git looks for hooks, as far as that place is this clone's alone; what belongs
//! to the team or to all repositories of a person is not ours to change.

use std::path::{Path, PathBuf};

use super::super::Error;
use super::Manner;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, git_folder};
use crate::world::hook_file;

/// What the hook runs.
pub const CALL: &str = "lacre check --staged";

/// What became of the hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was as it should be.
    Unchanged,
    /// It stands here now, or does no more.
    Changed {
        /// Where.
        hook: PathBuf,
        /// Another hook stood there: it runs first, or is back.
        other: bool,
        /// The place is a part of the work tree, so others can have it too.
        in_work_tree: bool,
    },
    /// The place is not this clone's alone, and nothing was changed.
    Foreign {
        /// Where the hook would stand.
        hook: PathBuf,
        /// Whose the place is.
        whose: Whose,
    },
}

/// Who else has a place for hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// Every repository that follows the same configuration.
    AllRepositories,
    /// Everybody who works on this repository: the hook there was checked out.
    WorkTree,
}

/// Writes the hook, for a `program` that a shell finds by this word. A hook that is there runs first.
///
/// # Errors
/// When git does not say where hooks stand, or the place cannot be written.
pub fn put(git: &Git, program: &str, manner: Manner) -> Result<Outcome, Error> {
    let Place { hook, in_work_tree, whose } = Place::find(git)?;
    let old = content(&hook)?;
    let is_ours = old.as_deref().is_some_and(is_ours);
    if let Some(whose) = whose.filter(|_| !is_ours) {
        let calls_us =
            [Some(hook.clone()), called_by_husky(&hook)].into_iter().flatten().any(|hook| calls(&hook));
        let hook = called_by_husky(&hook).unwrap_or(hook);
        return Ok(if calls_us { Outcome::Unchanged } else { Outcome::Foreign { hook, whose } });
    }
    let text = text(program);
    if old.as_deref() == Some(text.as_bytes()) {
        return Ok(Outcome::Unchanged);
    }
    let other = !is_ours && hook_file::stands(&hook);
    if manner.writes() {
        if let Some(folder) = hook.parent() {
            files::create_folders(folder)?;
        }
        hook_file::put(&hook, other.then(|| aside(&hook)).as_deref(), text.as_bytes())?;
    }
    Ok(Outcome::Changed { hook, other, in_work_tree })
}

/// Takes the hook away; the one that was there before is back.
///
/// # Errors
/// As [`put`].
pub fn take(git: &Git, manner: Manner) -> Result<Outcome, Error> {
    let Place { hook, in_work_tree, .. } = Place::find(git)?;
    let other = hook_file::stands(&aside(&hook));
    let is_ours = content(&hook)?.as_deref().is_some_and(is_ours);
    // Somebody took ours away, and with it the other's turn.
    let is_orphan = other && !hook_file::stands(&hook);
    if !is_ours && !is_orphan {
        return Ok(Outcome::Unchanged);
    }
    if manner.writes() {
        hook_file::take(&hook, &aside(&hook))?;
    }
    Ok(Outcome::Changed { hook, other, in_work_tree })
}

/// Where the hook stands, or would.
struct Place {
    hook: PathBuf,
    in_work_tree: bool,
    /// `None`: it is this clone's own.
    whose: Option<Whose>,
}

impl Place {
    fn find(git: &Git) -> Result<Self, Error> {
        let folder = git.hooks_folder().ok_or(Error::GitSilent)?;
        let own = git_folder(git.root()).ok_or(Error::NoRepository)?;
        let hook = folder.join("pre-commit");
        let is_own = folder.starts_with(&own.common) || folder.starts_with(&own.own);
        let in_work_tree = !is_own && folder.starts_with(git.root());
        let whose = if in_work_tree && hook_file::stands(&hook) {
            Some(Whose::WorkTree)
        } else if is_own || in_work_tree || git.config("core.hooksPath").is_some() {
            None
        } else {
            Some(Whose::AllRepositories)
        };
        Ok(Self { hook, in_work_tree, whose })
    }
}

/// Where a hook that was there before is kept.
fn aside(hook: &Path) -> PathBuf {
    hook.with_file_name("pre-commit.before-lacre")
}

/// husky's folder `_` holds programs that call those of the team, one folder up.
fn called_by_husky(hook: &Path) -> Option<PathBuf> {
    let folder = hook.parent().filter(|folder| folder.ends_with("_"))?;
    Some(folder.with_file_name("pre-commit"))
}

/// Whether a hook that somebody else wrote calls us already.
fn calls(hook: &Path) -> bool {
    let text = files::read(hook, SIZE_LIMIT).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.lines().any(|line| !line.trim_start().starts_with('#') && line.contains(CALL))
}

/// What stands at `hook`, if it is a file; a link is somebody else's.
fn content(hook: &Path) -> Result<Option<Vec<u8>>, Error> {
    if files::is_link(hook) || !hook_file::stands(hook) {
        return Ok(None);
    }
    Ok(Some(files::read(hook, SIZE_LIMIT)?))
}

fn is_ours(text: &[u8]) -> bool {
    text.starts_with(START.as_bytes())
}

fn text(program: &str) -> String {
    format!("{START}{BEFORE}lacre={program}\n{REST}")
}

/// By which we know it again.
const START: &str = "#!/bin/sh
# The pre-commit hook of lacre: no secret is committed in the clear.
# `lacre git install` wrote it, `lacre git uninstall` takes it away.
";

/// Another hook may stage something, so it runs first.
const BEFORE: &str = r#"
before="$(dirname -- "$0")/pre-commit.before-lacre"
if [ -x "$before" ]; then
	"$before" "$@" || exit
fi

"#;

const REST: &str = r#"if ! command -v "$lacre" >/dev/null 2>&1; then
	echo "error: lacre was not found, so nobody looked for secrets in this commit" >&2
	echo "hint: put lacre into your PATH, or run its 'git install' again; 'git commit --no-verify' goes past this hook" >&2
	exit 1
fi
exec "$lacre" check --staged
"#;
