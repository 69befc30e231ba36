//! Words and exit codes for everything that can fail (cli.md, rules 7 and 9). Below this room, errors are places and
//! kinds; here they become what, where and what next.

use std::io;

use super::ui;
use crate::workspace::Error;
use crate::world::{FileError, World};

/// Why a command ends without success.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub code: Code,
    /// What went wrong, and where.
    pub message: String,
    /// More about it, a line each.
    pub details: Vec<String>,
    /// What to do next.
    pub hint: Option<String>,
}

/// The exit codes of cli.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// 70: a bug of ours.
    Bug,
    /// 4: no identity opens the file.
    NoIdentity,
    /// 125: `run` failed before the command started.
    NotStarted,
    /// 141: the reader of our output went away, as SIGPIPE would tell it.
    ReaderGone,
    /// 5: the file was tampered with.
    Tampered,
    /// 2: the command line is wrong.
    Usage,
    /// 1: the user can mend it.
    User,
    /// Another program's.
    Other(u8),
}

impl Code {
    /// As the system sees it.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Bug => 70,
            Self::NoIdentity => 4,
            Self::NotStarted => 125,
            Self::Other(number) => number,
            Self::ReaderGone => 141,
            Self::Tampered => 5,
            Self::Usage => 2,
            Self::User => 1,
        }
    }
}

impl Failure {
    /// Something the user can mend.
    pub fn user(message: impl Into<String>) -> Self {
        Self { code: Code::User, message: message.into(), details: Vec::new(), hint: None }
    }

    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: Code::Usage, ..Self::user(message) }
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// With one line more.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Prints it on stderr. Nobody wants to hear that `head` has read enough.
    pub fn print(&self, world: &World) {
        if self.code == Code::ReaderGone {
            return;
        }
        ui::error(world, &self.message);
        for detail in &self.details {
            ui::detail(world, detail);
        }
        if let Some(hint) = &self.hint {
            ui::hint(world, hint);
        }
    }
}

impl Code {
    /// Of an error.
    #[must_use]
    pub const fn of(error: &Error) -> Self {
        match error {
            Error::NoIdentity { .. } | Error::Identity { .. } => Self::NoIdentity,
            Error::Open { .. } | Error::SealRequired(_) | Error::Shares { .. } => Self::Tampered,
            Error::NoRepository => Self::Usage,
            _ => Self::User,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = Code::of(&error);
        Self { code, message: error.to_string(), details: error.details(), hint: error.hint() }
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        Error::File(error).into()
    }
}

/// Data that cannot be written to stdout, e.g. because the reader went away.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { code: Code::ReaderGone, ..Self::user("") };
        }
        Self::user(format!("cannot write to standard output: {}", error.kind()))
    }
}
