//! A program that we start and stay beside, because something must follow or its output is filtered. It behaves as if
//! it had been started by itself: terminal, job control, signals and exit status.

#[cfg(unix)]
mod beside;
#[cfg(unix)]
mod dispositions;
#[cfg(unix)]
mod inside;
#[cfg(unix)]
mod pump;
#[cfg(unix)]
mod screen;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod spawn;
#[cfg(unix)]
mod standing;

use std::ffi::OsString;
use std::time::Duration;

use super::processes::{Program, StartError};
use crate::base::ports::Filter;

/// Makes a filter for one stream.
pub type FilterMaker = Box<dyn Fn() -> Box<dyn Filter>>;

/// A program, and what its output goes through.
pub struct Launch {
    /// What to start.
    pub program: Program,
    /// Makes the filters of its standard output and error; none: it writes to ours.
    pub filter: Option<FilterMaker>,
}

/// What staying beside it means.
#[derive(Default)]
pub struct Supervision<'a> {
    /// After this time it is asked to end, and ended a while later.
    pub timeout: Option<Duration>,
    /// Asked twice a second whether something is to be done.
    pub watch: Option<&'a mut dyn FnMut() -> Change>,
}

/// What a watch asks for.
pub enum Change {
    /// Nothing.
    None,
    /// End the program and start another.
    Restart(Launch),
    /// Send it this signal.
    Signal(i32),
}

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Code(u8),
    /// By this signal.
    Signal(i32),
    /// It had no more time.
    TimedOut,
}

/// Starts `launch` and waits for its end. From here on, signals that can be caught do not end us: they are the
/// program's. To be called from the main thread, for the program is told to end when the calling thread does.
///
/// # Errors
/// When it cannot be started.
#[cfg(unix)]
pub fn supervise(launch: Launch, supervision: Supervision<'_>) -> Result<End, StartError> {
    beside::Beside::start(launch, false)?.run(supervision)
}

/// What these words of a command line ask of us, if it is what we ask of ourselves: to stand beside a program on a
/// terminal that was made for it.
#[must_use]
pub fn asked_inside(words: &[OsString]) -> Option<Result<End, StartError>> {
    #[cfg(unix)]
    return inside::run(words);
    #[cfg(not(unix))]
    {
        let _ = words;
        None
    }
}

/// Starts `launch` and waits for its end. Here it is waited for, and its output is not filtered.
///
/// # Errors
/// When it cannot be started.
#[cfg(not(unix))]
pub fn supervise(launch: Launch, _: Supervision<'_>) -> Result<End, StartError> {
    let Launch { program, filter } = launch;
    if filter.is_some() {
        return Err(StartError::new(program.path, super::processes::StartProblem::System(0)));
    }
    let status =
        program.command().status().map_err(|error| StartError::from_system(&program.path, &error))?;
    Ok(End::Code(status.code().and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(u8::MAX)))
}
