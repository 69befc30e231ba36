//! What git knows: where the repository is, found without git, and what it tracks and ignores, asked of git itself.
//!
//! The repository is somebody else's data. Nothing in it, its configuration included, may make git or us run a
//! program or reach for a network.

mod history;
mod index;
mod lineage;
mod merge_file;
mod objects;
mod refs;
mod setup;

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::Variables;
use super::files;
use super::processes::resolve_outside;
pub use history::{Change, Commit, History, Person, Which};
pub use index::IndexEntry;
pub use lineage::{Lineage, Made, Step};
pub use merge_file::MergedFile;
pub use objects::{ObjectId, Objects};
pub use refs::Branch;

/// The top folder of the work tree that `folder` is in, itself without symbolic links.
///
/// `folder` is taken as it is named, so that a link in a repository still belongs to that repository, whose files
/// may not be written through it to elsewhere; only then by where it really is.
#[must_use]
pub fn repository_root(folder: &Path) -> Option<PathBuf> {
    let top = |folder: &Path| {
        folder.ancestors().find(|ancestor| ancestor.join(".git").exists()).map(Path::to_owned)
    };
    let root = top(&without_dots(folder)).or_else(|| top(&fs::canonicalize(folder).ok()?))?;
    fs::canonicalize(root).ok()
}

/// `folder` without `..`, which means the parent of where the part before it really is.
fn without_dots(folder: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in folder.components() {
        clean.push(part);
        if part == Component::ParentDir {
            clean = fs::canonicalize(&clean).unwrap_or(clean);
        }
    }
    clean
}

/// Where git keeps its own files about a work tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitFolder {
    /// Of this work tree alone: its index, its `HEAD`.
    pub own: PathBuf,
    /// Shared by all work trees of the repository: objects, configuration, `info`.
    pub common: PathBuf,
}

/// The git folder of the work tree at `root`: `.git`, or where that file points (linked work trees, submodules).
#[must_use]
pub fn git_folder(root: &Path) -> Option<GitFolder> {
    let dot_git = root.join(".git");
    let own = if dot_git.is_dir() {
        dot_git
    } else {
        let line = pointer(&dot_git)?;
        fs::canonicalize(root.join(line.strip_prefix("gitdir:")?.trim_start())).ok()?
    };
    let common = match pointer(&own.join("commondir")) {
        Some(line) => fs::canonicalize(own.join(line)).ok()?,
        None => own.clone(),
    };
    Some(GitFolder { own, common })
}

/// The questions that only git can answer, with the program that answers them.
#[derive(Clone, Debug)]
pub struct Git {
    program: PathBuf,
    root: PathBuf,
    variables: Variables,
}

impl Git {
    /// For the repository with this `root`. `None` without a git program in an absolute folder of `PATH` that is
    /// outside the repository.
    #[must_use]
    pub fn find(root: &Path, variables: &Variables) -> Option<Self> {
        let root = fs::canonicalize(root).ok()?;
        let search = variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
        let program = resolve_outside(OsStr::new("git"), search, Some(&root))?;
        Some(Self { program, root, variables: child_variables(variables) })
    }

    /// The same, but with the repository and the index that the user, or git when it called us, means by variables:
    /// while `git commit FILE` runs its hooks, the index is another file.
    #[must_use]
    pub fn find_as_called(root: &Path, variables: &Variables) -> Option<Self> {
        let mut git = Self::find(root, variables)?;
        let meant = CALLED_BY.iter().map(OsStr::new).filter_map(|name| variables.get_key_value(name));
        git.variables.extend(meant.map(|(name, value)| (name.clone(), value.clone())));
        Some(git)
    }

    /// The top folder of the work tree.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The object that `name` means: a revision, or `REV:PATH`, or `:STAGE:PATH`.
    #[must_use]
    pub fn object(&self, name: impl AsRef<OsStr>) -> Option<ObjectId> {
        let question = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
        let output = self.ask(&question, Some(Path::new(name.as_ref())))?;
        output.status.success().then(|| ObjectId::parse(output.stdout.trim_ascii_end()))?
    }

    /// Whether older commits were left out when the repository was cloned.
    #[must_use]
    pub fn is_shallow(&self) -> Option<bool> {
        let output = self.ask(&["rev-parse", "--is-shallow-repository"], None)?;
        output.status.success().then(|| output.stdout.trim_ascii() == b"true")
    }

    /// For the repository that the file at `path` is in, which need not exist.
    #[must_use]
    pub fn around(path: &Path, variables: &Variables) -> Option<Self> {
        Self::find(&repository_root(path.parent()?)?, variables)
    }

    /// Whether git tracks `path`; `None` when git cannot say, e.g. outside the repository.
    #[must_use]
    pub fn is_tracked(&self, path: &Path) -> Option<bool> {
        self.yes_or_no(&["--literal-pathspecs", "ls-files", "--error-unmatch", "--"], path)
    }

    /// Whether git would ignore `path`, were it there. What is tracked is not ignored.
    #[must_use]
    pub fn is_ignored(&self, path: &Path) -> Option<bool> {
        // With the index, `check-ignore` would take a name with a star for all the tracked names it matches.
        let matched = self.yes_or_no(&["check-ignore", "--no-index", "--quiet", "--"], path)?;
        Some(matched && !self.is_tracked(path)?)
    }

    /// The line that makes git ignore `path`, as `FILE:LINE:PATTERN`; `None` when git does not ignore it.
    #[must_use]
    pub fn ignored_by(&self, path: &Path) -> Option<String> {
        if self.is_ignored(path) != Some(true) {
            return None;
        }
        let output = self.ask_about(&["check-ignore", "--no-index", "--verbose", "--"], path)?;
        let line = output.stdout.split(|byte| *byte == b'\t').next()?;
        Some(String::from_utf8_lossy(line).into_owned())
    }

    /// The regular files that git tracks, below the root, sorted; no links, no submodules.
    #[must_use]
    pub fn tracked_files(&self) -> Option<Vec<PathBuf>> {
        let output = self.ask(&["ls-files", "--stage", "-z"], None)?;
        let entries = output.status.success().then_some(output.stdout)?;
        // A file in conflict is listed once for each side.
        let files: BTreeSet<_> = entries.split(|byte| *byte == 0).filter_map(regular_file).collect();
        Some(files.into_iter().map(|file| self.root.join(file)).collect())
    }

    fn yes_or_no(&self, question: &[&str], path: &Path) -> Option<bool> {
        match self.ask_about(question, path)?.status.code()? {
            0 => Some(true),
            1 => Some(false),
            _ => None,
        }
    }

    fn ask_about(&self, question: &[&str], path: &Path) -> Option<Output> {
        let folder = fs::canonicalize(path.parent()?).ok()?;
        let path = folder.join(path.file_name()?);
        // `check-ignore` takes no `--literal-pathspecs`, and a name may begin with the colon of their magic.
        let path = Path::new(".").join(path.strip_prefix(&self.root).ok()?);
        self.ask(question, Some(&path))
    }

    fn ask(&self, question: &[&str], path: Option<&Path>) -> Option<Output> {
        self.command(question).args(path).stdin(Stdio::null()).output().ok()
    }

    fn command(&self, question: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["--no-pager", "--no-optional-locks"])
            // These stand above the repository's configuration, where the first three would run a program.
            .args(["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"])
            .args(["-c", "log.showSignature=false", "-c", "log.follow=false"])
            .args(question)
            .current_dir(&self.root)
            .env_clear()
            .envs(&self.variables)
            .stderr(Stdio::null());
        command
    }
}

/// Enough for git to find the user's own ignore rules. Nothing else named `GIT_…` is handed on: in a hook, those
/// point elsewhere.
fn child_variables(ours: &Variables) -> Variables {
    let kept = PERSONAL.map(OsString::from).into_iter().filter_map(|name| ours.get_key_value(&name));
    let fixed = [
        // Missing objects of a partial clone would be fetched by a command that the repository names.
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("LC_ALL", "C"),
    ];
    let fixed = fixed.map(|(name, value)| (name.into(), value.into()));
    kept.map(|(name, value)| (name.clone(), value.clone())).chain(fixed).collect()
}

/// From `MODE OBJECT STAGE\tPATH`.
fn regular_file(entry: &[u8]) -> Option<PathBuf> {
    let tab = memchr::memchr(b'\t', entry)?;
    let (facts, path) = entry.split_at_checked(tab)?;
    facts.starts_with(b"100").then(|| path_from_bytes(path.get(1..)?))?
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere not every name is a path")]
fn path_from_bytes(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;

    Some(OsStr::from_bytes(bytes).into())
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

/// The only line of a small file that points to a folder.
fn pointer(path: &Path) -> Option<String> {
    let text = String::from_utf8(files::read(path, LONGEST_POINTER).ok()?).ok()?;
    Some(text.trim_end_matches(['\n', '\r']).to_owned())
}

const LONGEST_POINTER: u64 = 64 << 10;

/// Where the person's own configuration is.
const PERSONAL: [&str; 7] = [
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "HOME",
    "SystemRoot",
    "USERPROFILE",
    "XDG_CONFIG_HOME",
];

/// Where the repository and its index are, as git says it to hooks and drivers.
const CALLED_BY: [&str; 7] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_QUARANTINE_PATH",
    "GIT_WORK_TREE",
];
