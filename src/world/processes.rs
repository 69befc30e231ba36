//! Other programs: find one as `execvp` would, become it, or die as a signal wants. Waiting for an editor is in
//! `editor`; which variables a child may see is decided above.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(unix)]
use std::time::{Duration, Instant};

use super::Variables;
use super::terminal::sanitise;

/// Keeps other processes of the same user from reading our memory, and the system from writing it to a core file.
/// The resource limits stay, for a child would inherit them; a child that is `exec`ed is dumpable again by itself.
pub fn harden() {
    // A system that refuses is no less safe than before.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Lets this process have `count` folders open beside what it has open anyway, as far as the system allows. Children
/// inherit it, so it is raised only where nothing is `exec`ed afterwards.
pub fn allow_open_files(count: usize) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

        let wanted = u64::try_from(count).unwrap_or(u64::MAX).saturating_add(OTHER_FILES);
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        if current.is_some_and(|current| current < wanted) {
            let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
            // What is refused here is told when a folder does not open.
            let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
        }
    }
    #[cfg(not(unix))]
    let _ = count;
}

/// Open files that a process has beside folders, generously.
const OTHER_FILES: u64 = 200;

/// A panic says where, never what: its message could hold a value. The exit code is 70.
pub fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line()));
        let words = format!("error: lacre has a bug{}; please report it\n", place.unwrap_or_default());
        drop(io::Write::write_all(&mut io::stderr(), words.as_bytes()));
    }));
}

/// A program that could not be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// As it was named, or its path.
    pub program: PathBuf,
    /// Why not.
    pub problem: StartProblem,
}

/// Why a program could not be started. The first two are what a shell tells by 127 and 126.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartProblem {
    /// There is no such program.
    #[error("no such program")]
    NotFound,
    /// It is there, but no program that we may run.
    #[error("it is not executable")]
    NotExecutable,
    /// The line that says which interpreter it wants (`#!`) names none that exists.
    #[error("its interpreter is missing")]
    NoInterpreter,
    /// An argument or variable holds a NUL byte.
    #[error("an argument or variable holds a NUL byte")]
    Nul,
    /// Arguments and environment exceed what the system hands on.
    #[error("its arguments and environment are too large for the system")]
    TooLarge,
    /// The system refused otherwise.
    #[error("{}", io::Error::from_raw_os_error(*.0))]
    System(i32),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot run `{}`: {}", sanitise(&self.program.to_string_lossy()), self.problem)
    }
}

impl std::error::Error for StartError {}

impl StartError {
    pub(super) fn new(program: impl Into<PathBuf>, problem: StartProblem) -> Self {
        Self { program: program.into(), problem }
    }

    /// From the refusal to start a program that [`resolve`] has found.
    pub(super) fn from_system(program: &Path, error: &io::Error) -> Self {
        let problem = match error.kind() {
            io::ErrorKind::NotFound => StartProblem::NoInterpreter,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ExecutableFileBusy => {
                StartProblem::NotExecutable
            }
            io::ErrorKind::ArgumentListTooLong => StartProblem::TooLarge,
            io::ErrorKind::InvalidInput => StartProblem::Nul,
            _ => match error.raw_os_error() {
                Some(EXEC_FORMAT) => StartProblem::NotExecutable,
                code => StartProblem::System(code.unwrap_or_default()),
            },
        };
        Self::new(program, problem)
    }
}

/// The file that `execvp` would run for `program`, absolute: a name with a slash as it stands in `folder`, any other
/// from the first folder of `search` (the value of `PATH`) that has it executable. An empty entry is `folder`.
///
/// # Errors
/// [`StartProblem::NotFound`]; [`StartProblem::NotExecutable`] if it was seen, but never executable.
pub fn resolve(program: &OsStr, search: Option<&OsStr>, folder: &Path) -> Result<PathBuf, StartError> {
    let mut problem = StartProblem::NotFound;
    for candidate in candidates(program, search.unwrap_or(OsStr::new(DEFAULT_SEARCH)), folder) {
        match fs::metadata(&candidate) {
            Ok(metadata) if metadata.is_file() && is_executable(&candidate) => return Ok(candidate),
            Ok(_) => problem = StartProblem::NotExecutable,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                problem = StartProblem::NotExecutable;
            }
            Err(_) => {}
        }
    }
    Err(StartError::new(program, problem))
}

/// A program that nobody wrote down for us as a file: `name` from an absolute folder of `search` (the value of `PATH`),
/// or an absolute path. Itself and after links it stands outside `repository`, and so does its folder: what was checked
/// out must not bring the programs we start.
#[must_use]
pub fn resolve_outside(name: &OsStr, search: Option<&OsStr>, repository: Option<&Path>) -> Option<PathBuf> {
    let root = repository.map(|root| fs::canonicalize(root).unwrap_or_else(|_| root.to_owned()));
    let is_outside = |path: &PathBuf| {
        let Ok(real) = fs::canonicalize(path) else { return false };
        root.as_ref().is_none_or(|root| !real.starts_with(root) && !path.starts_with(root))
    };
    let at = |path: PathBuf| resolve(path.as_os_str(), None, Path::new("/")).ok().filter(is_outside);
    if Path::new(name).is_absolute() {
        return at(name.into());
    }
    if Path::new(name).components().count() != 1 {
        return None;
    }
    std::env::split_paths(search?)
        .filter(|folder| folder.is_absolute() && is_outside(folder))
        .find_map(|folder| at(folder.join(name)))
}

/// A program to be started: exactly this, and nothing that is looked up later.
#[derive(Clone)]
pub struct Program {
    /// The file, absolute.
    pub path: PathBuf,
    /// Its arguments; the first is its own name.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub variables: Variables,
}

impl Program {
    /// How it is started.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(self.arguments.iter().skip(1)).env_clear().envs(&self.variables);
        #[cfg(unix)]
        if let Some(name) = self.arguments.first() {
            std::os::unix::process::CommandExt::arg0(&mut command, name);
        }
        command
    }
}

/// Becomes `program`; returns only to say why not. Limits, umask, working folder and descriptors are handed on as they
/// are. `SIGPIPE`, which Rust ignores at our start, is back to its default.
///
/// Where a process cannot be replaced, it is waited for, and we exit with its code.
#[must_use]
pub fn exec(program: &Program) -> StartError {
    #[cfg(unix)]
    {
        reap();
        let error = std::os::unix::process::CommandExt::exec(&mut program.command());
        StartError::from_system(&program.path, &error)
    }
    #[cfg(not(unix))]
    match program.command().status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => StartError::from_system(&program.path, &error),
    }
}

/// The number of the signal that is called `word`, with or without `SIG`, among those that programs act upon.
#[must_use]
pub fn signal_named(word: &str) -> Option<i32> {
    #[cfg(unix)]
    {
        use signal_hook::consts::{
            SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
        };

        let name = word.strip_prefix("SIG").unwrap_or(word);
        let known = [
            ("ALRM", SIGALRM),
            ("CONT", SIGCONT),
            ("HUP", SIGHUP),
            ("INT", SIGINT),
            ("QUIT", SIGQUIT),
            ("TERM", SIGTERM),
            ("USR1", SIGUSR1),
            ("USR2", SIGUSR2),
            ("WINCH", SIGWINCH),
        ];
        known.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }
    #[cfg(not(unix))]
    {
        let _ = word;
        None
    }
}

/// Dies by `signal`, so that a shell sees why; returns the exit code 128 + `signal` where that cannot be done.
#[must_use]
pub fn become_default(signal: i32) -> u8 {
    #[cfg(unix)]
    let _ = signal_hook::low_level::emulate_default_handler(signal);
    u8::try_from(signal).unwrap_or_default().saturating_add(128)
}

/// Children that nobody waits for. What we become would inherit them, and may not know what to make of them.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// A child was started, by a library that does not wait for it; it ends when its pipes are closed.
pub fn child_is_left() {
    LEFT.fetch_add(1, Ordering::Relaxed);
}

/// Waits for the children that were left, a moment at most.
#[cfg(unix)]
fn reap() {
    use rustix::process::{WaitOptions, wait};

    let deadline = Instant::now() + Duration::from_millis(200);
    while LEFT.load(Ordering::Relaxed) > 0 {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => drop(LEFT.fetch_sub(1, Ordering::Relaxed)),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
            _ => return,
        }
    }
}

fn candidates(program: &OsStr, search: &OsStr, folder: &Path) -> Vec<PathBuf> {
    let as_it_stands = Path::new(program).parent().is_none_or(|parent| !parent.as_os_str().is_empty());
    if program.is_empty() {
        return Vec::new();
    }
    if as_it_stands {
        return with_extensions(folder.join(program));
    }
    std::env::split_paths(search)
        .flat_map(|entry| with_extensions(folder.join(entry).join(program)))
        .collect()
}

#[cfg(unix)]
fn with_extensions(path: PathBuf) -> Vec<PathBuf> {
    vec![path]
}

#[cfg(not(unix))]
fn with_extensions(path: PathBuf) -> Vec<PathBuf> {
    if path.extension().is_some() {
        return vec![path];
    }
    ["com", "exe", "bat", "cmd"].iter().map(|extension| path.with_extension(extension)).collect()
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(not(unix))]
fn is_executable(_: &Path) -> bool {
    true
}

/// What `execvp` searches when `PATH` is unset.
const DEFAULT_SEARCH: &str = "/bin:/usr/bin";
#[cfg(unix)]
const EXEC_FORMAT: i32 = rustix::io::Errno::NOEXEC.raw_os_error();
/// `ERROR_BAD_EXE_FORMAT`
#[cfg(not(unix))]
const EXEC_FORMAT: i32 = 193;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(folder: &Path, name: &str, mode: u32) -> PathBuf {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_program_is_searched_as_execvp_does() {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path();
        let one = program(here, "one/tool", 0o755);
        let dead = program(here, "dead/tool", 0o644);
        let own = program(here, "own", 0o755);
        let search = |entries: &str| Some(OsString::from(entries));
        for (name, path, expected) in [
            ("tool", search("missing:dead:one"), Ok(one.clone())),
            ("tool", search("dead"), Err(StartProblem::NotExecutable)),
            ("tool", search("missing"), Err(StartProblem::NotFound)),
            ("own", search("one:"), Ok(own.clone())),
            ("own", search("one"), Err(StartProblem::NotFound)),
            ("./own", search("one"), Ok(here.join("./own"))),
            ("one/tool", search(""), Ok(one)),
            ("dead/tool", search("one"), Err(StartProblem::NotExecutable)),
            ("one", search("."), Err(StartProblem::NotExecutable)),
            ("", search("one"), Err(StartProblem::NotFound)),
            ("sh", None, Ok(PathBuf::from("/bin/sh"))),
        ] {
            let found = resolve(OsStr::new(name), path.as_deref(), here).map_err(|error| error.problem);
            assert_eq!(found, expected, "{name} in {path:?}");
        }
        assert!(dead.exists());
    }

    #[test]
    fn a_refused_program_is_told_in_one_line() {
        let error = resolve(OsStr::new("no\nne"), Some(OsStr::new("/bin")), Path::new("/")).unwrap_err();
        assert_eq!(error.to_string(), "cannot run `no\\u{a}ne`: no such program");
    }

    #[test]
    fn a_program_in_the_repository_or_in_a_relative_folder_is_not_found() {
        let place = tempfile::tempdir().unwrap();
        let (inside, outside) = (place.path().join("repository"), place.path().join("outside"));
        for folder in [&inside.join(".git"), &outside] {
            fs::create_dir_all(folder).unwrap();
        }
        let sh = fs::canonicalize("/bin/sh").unwrap();
        for tool in [inside.join("tool"), outside.join("tool")] {
            fs::copy(&sh, &tool).unwrap();
        }
        std::os::unix::fs::symlink(inside.join("tool"), outside.join("linked")).unwrap();
        let found = |name: &str, search: String| {
            resolve_outside(OsStr::new(name), Some(OsStr::new(&search)), Some(&inside))
        };
        let (in_text, out_text) = (inside.display().to_string(), outside.display().to_string());
        assert_eq!(found("tool", format!("relative:{in_text}:{out_text}")), Some(outside.join("tool")));
        assert_eq!(found("tool", in_text.clone()), None);
        assert_eq!(found("linked", out_text.clone()), None);
        assert_eq!(found("./tool", out_text.clone()), None);
        assert_eq!(found(&format!("{in_text}/tool"), String::new()), None);
        assert_eq!(found(&format!("{out_text}/tool"), String::new()), Some(outside.join("tool")));
    }
}
