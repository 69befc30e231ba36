//! Floor 3, the only doors to the machine: files, processes, the terminal, git, and where identities are kept.
//! Nothing below imports it; everything above reaches the machine through a [`World`] and these rooms.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the room where files, processes and variables are touched"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use time::{Duration, OffsetDateTime};

use crate::base::ports::{Clock, CountedRandom, FrozenClock, NoPrompt, Prompt, Random};

pub mod child;
pub mod editor;
pub mod file_error;
pub mod files;
pub mod folder_lock;
pub mod git;
pub mod hook_file;
pub mod http;
pub mod identities;
pub mod own_word;
pub mod pipe;
pub mod plaintext_ban;
pub mod private_folder;
pub mod processes;
pub mod secret_file;
pub mod stamp;
pub mod supervise;
pub mod system;
pub mod terminal;
pub mod together;
pub mod walk;

pub use file_error::{Attempt, FileError, FileProblem};

/// Environment variables by name.
pub type Variables = BTreeMap<OsString, OsString>;

/// All that a command may know of the machine and do to it, so that a test can hand it another.
pub struct World {
    /// The environment, as it was when we were started.
    pub variables: Variables,
    /// The working folder, absolute.
    pub folder: PathBuf,
    /// Tells the time.
    pub clock: Box<dyn Clock>,
    /// Gives randomness.
    pub random: Box<dyn Random>,
    /// Asks the person.
    pub prompt: Box<dyn Prompt>,
    /// Data for `-`.
    pub stdin: RefCell<Box<dyn Read>>,
    /// Data.
    pub stdout: RefCell<Box<dyn Write>>,
    /// Talk.
    pub stderr: RefCell<Box<dyn Write>>,
    /// The file that forbids plaintext on this machine, if it is there.
    pub plaintext_policy: PathBuf,
    /// Which of the three is a terminal.
    pub terminals: Terminals,
}

/// Which of the standard streams is a terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminals {
    /// Standard input.
    pub stdin: bool,
    /// Standard output.
    pub stdout: bool,
    /// Standard error.
    pub stderr: bool,
}

impl World {
    /// The machine we run on.
    ///
    /// # Errors
    /// The working folder is gone or cannot be reached.
    pub fn real() -> io::Result<Self> {
        Ok(Self {
            variables: std::env::vars_os().collect(),
            folder: std::env::current_dir()?,
            clock: Box::new(system::SystemClock),
            random: Box::new(system::SystemRandom::default()),
            prompt: Box::new(terminal::TerminalPrompt),
            stdin: RefCell::new(Box::new(io::stdin())),
            stdout: RefCell::new(Box::new(io::stdout())),
            stderr: RefCell::new(Box::new(io::stderr())),
            plaintext_policy: plaintext_ban::FILE.into(),
            terminals: Terminals {
                stdin: io::stdin().is_terminal(),
                stdout: io::stdout().is_terminal(),
                stderr: io::stderr().is_terminal(),
            },
        })
    }

    /// A world for tests: `folder`, no variables, 2026-01-01 00:00 UTC for ever, counted randomness, nobody to
    /// ask, an empty stdin, and what is printed kept to be read.
    #[must_use]
    pub fn test(folder: &Path) -> (Self, Printed) {
        let printed = Printed::default();
        let world = Self {
            variables: Variables::new(),
            folder: folder.to_owned(),
            clock: Box::new(FrozenClock(OffsetDateTime::UNIX_EPOCH + Duration::seconds(FROZEN_SECONDS))),
            random: Box::new(CountedRandom::default()),
            prompt: Box::new(NoPrompt),
            stdin: RefCell::new(Box::new(io::empty())),
            stdout: RefCell::new(Box::new(printed.stdout.clone())),
            stderr: RefCell::new(Box::new(printed.stderr.clone())),
            plaintext_policy: PathBuf::new(),
            terminals: Terminals::default(),
        };
        (world, printed)
    }

    /// The variable `name`, if it is set and not empty.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&OsString> {
        self.variables.get(&OsString::from(name)).filter(|value| !value.is_empty())
    }

    /// `path` as a person in the working folder means it.
    #[must_use]
    pub fn path(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

/// What a test world has printed.
#[derive(Clone, Debug, Default)]
pub struct Printed {
    /// Data.
    pub stdout: Shared,
    /// Talk.
    pub stderr: Shared,
}

/// A growing buffer with more than one owner.
#[derive(Clone, Debug, Default)]
pub struct Shared(Rc<RefCell<Vec<u8>>>);

impl Shared {
    /// All that was written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.borrow().clone()
    }

    /// The same as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The words of our own command line, the program's name first.
pub fn arguments() -> impl Iterator<Item = OsString> {
    std::env::args_os()
}

const FROZEN_SECONDS: i64 = 1_767_225_600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_can_read_what_was_printed() {
        let (world, printed) = World::test(Path::new("/x"));
        writeln!(world.stdout.borrow_mut(), "data").unwrap();
        writeln!(world.stderr.borrow_mut(), "talk").unwrap();
        assert_eq!((printed.stdout.text(), printed.stderr.text()), ("data\n".into(), "talk\n".into()));
        assert_eq!(world.clock.now().to_string(), "2026-01-01 0:00:00.0 +00:00:00");
        assert_eq!(world.path(Path::new("a")), Path::new("/x/a"));
    }

    #[test]
    fn an_empty_variable_counts_as_unset() {
        let (mut world, _) = World::test(Path::new("/x"));
        world.variables.insert("A".into(), "".into());
        assert_eq!(world.variable("A"), None);
        world.variables.insert("A".into(), "1".into());
        assert_eq!(world.variable("A"), Some(&OsString::from("1")));
    }
}
