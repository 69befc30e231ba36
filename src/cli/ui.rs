//! How we talk. stdout is data and belongs to the commands; everything here goes to stderr. Messages begin in lower
//! case after a prefix and end without a full stop; names from files are escaped; `-q` silences all but errors.

use std::fmt::Display;
use std::io::Write;

use time::{Duration, OffsetDateTime};

use crate::world::World;
use crate::world::terminal::{colours, sanitise};

/// Talk of one command.
#[derive(Clone, Copy, Debug)]
pub struct Ui {
    /// `-q`: errors only.
    pub quiet: bool,
}

impl Ui {
    /// What was done.
    pub fn say(self, world: &World, message: impl Display) {
        if !self.quiet {
            line(world, &message.to_string());
        }
    }

    /// Something to know.
    pub fn note(self, world: &World, message: impl Display) {
        if !self.quiet {
            prefixed(world, "note", "36", &message.to_string());
        }
    }

    /// Something to look at.
    pub fn warn(self, world: &World, message: impl Display) {
        if !self.quiet {
            prefixed(world, "warning", "33", &message.to_string());
        }
    }
}

/// How far a long work is: on a terminal, and only once it has taken a second.
pub struct Progress<'w> {
    world: &'w World,
    verb: &'static str,
    total: usize,
    /// When to say something next.
    next: OffsetDateTime,
    said: bool,
}

impl<'w> Progress<'w> {
    /// Begins now.
    #[must_use]
    pub fn new(world: &'w World, verb: &'static str, total: usize) -> Self {
        Self { world, verb, total, next: world.clock.now() + Duration::SECOND, said: false }
    }

    /// So many are done, of so many as are known by now.
    pub fn step_of(&mut self, done: usize, total: usize) {
        self.total = total;
        self.step(done);
    }

    /// So many are done.
    pub fn step(&mut self, done: usize) {
        if !self.world.terminals.stderr || self.world.clock.now() < self.next {
            return;
        }
        self.next += Duration::milliseconds(200);
        self.said = true;
        let Self { verb, total, .. } = self;
        drop(write!(self.world.stderr.borrow_mut(), "\r{verb} {done} of {total}"));
    }
}

/// Leaves nothing on the line.
impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.said {
            drop(write!(self.world.stderr.borrow_mut(), "\r\x1b[K"));
        }
    }
}

/// Why it did not work.
pub fn error(world: &World, message: &str) {
    prefixed(world, "error", "31", message);
}

/// What to do next.
pub fn hint(world: &World, message: &str) {
    prefixed(world, "hint", "36", message);
}

/// One line more about the message before.
pub fn detail(world: &World, message: &str) {
    line(world, &format!("  {message}"));
}

fn prefixed(world: &World, prefix: &str, colour: &str, message: &str) {
    if colours(world.terminals.stderr, &world.variables) {
        line_raw(world, &format!("\x1b[1;{colour}m{prefix}:\x1b[0m {}", shown(world, message)));
    } else {
        line_raw(world, &format!("{prefix}: {}", shown(world, message)));
    }
}

fn line(world: &World, message: &str) {
    line_raw(world, &shown(world, message));
}

/// Escaped, and with paths as the person would type them here.
#[must_use]
pub fn shown(world: &World, message: &str) -> String {
    let folder = format!("`{}/", sanitise(&world.folder.to_string_lossy()));
    sanitise(message).replace(&folder, "`")
}

/// A closed stderr is no reason to stop: talk is not data.
fn line_raw(world: &World, message: &str) {
    drop(writeln!(world.stderr.borrow_mut(), "{message}"));
}
