//! `run --watch`: the program is started anew, or told by a signal, when what it was given has changed.
//!
//! Which files are read is decided at the start. They are looked at twice a second, and read once they have been still
//! for two looks, so that a checkout of several is seen whole.

use std::path::PathBuf;

use super::super::super::{Context, Failure};
use super::Run;
use super::files::{Files, Place};
use super::masking::Masking;
use super::prepared::Prepared;
use super::supervised::Supervised;
use crate::world::processes::{Program, signal_named};
use crate::world::stamp::Stamp;
use crate::world::supervise::{Change, FilterMaker, Launch};

/// The files, as they were seen when they were last read.
pub struct Watch<'a> {
    arguments: &'a Run,
    context: &'a Context<'a>,
    /// Those that give variables.
    encrypted: Vec<PathBuf>,
    read: Stamps,
    last: Stamps,
    /// Looks since they could not be used.
    broken: Option<usize>,
    signal: Option<i32>,
}

type Stamps = Vec<(PathBuf, Option<Stamp>)>;

/// What the running program was given.
pub struct Given {
    /// Variables and contents.
    pub prepared: Prepared,
    /// The files that hold these.
    pub files: Files,
    /// Started like this, with these variables and those that point to the files.
    pub program: Program,
    /// What of it no output shows, if that is asked for.
    pub masking: Option<Masking>,
}

impl Given {
    /// Masks the secrets of `prepared` too, in what is printed from now on.
    fn learn(&self, prepared: &Prepared, context: &Context<'_>) {
        if let Some(masking) = &self.masking {
            Supervised::learn(masking, &prepared.secrets, context);
        }
    }

    /// The program, to be started.
    #[must_use]
    pub fn launch(&self, context: &Context<'_>) -> Launch {
        self.learn(&self.prepared, context);
        let mut program = self.program.clone();
        program.variables.clone_from(&self.prepared.variables);
        self.files.pour(&mut program.variables);
        let filter = self.masking.clone().map(|masking| Box::new(move || masking.stream()) as FilterMaker);
        Launch { program, filter }
    }
}

impl<'a> Watch<'a> {
    /// Looks for the first time, which is to be before the files are read.
    ///
    /// # Errors
    /// When `--signal` names none.
    pub fn new(
        arguments: &'a Run,
        encrypted: Vec<PathBuf>,
        context: &'a Context<'a>,
    ) -> Result<Self, Failure> {
        let signal = arguments.signal.as_deref().map(|word| {
            signal_named(word).ok_or_else(|| {
                Failure::usage(format!("`--signal {word}`: no signal that can be sent has this name"))
                    .hint("HUP, USR1 and USR2 are usual")
            })
        });
        let signal = signal.transpose()?;
        if signal.is_some() && arguments.as_file.is_empty() {
            let note = "a running program keeps its variables; `--signal` renews what `--file` gives";
            context.ui.note(context.world, note);
        }
        let read = stamps(arguments, &encrypted, context);
        Ok(Self { arguments, context, encrypted, last: read.clone(), read, broken: None, signal })
    }

    /// What has to be done about the program that was given `given`.
    pub fn look(&mut self, given: &mut Given) -> Change {
        let now = stamps(self.arguments, &self.encrypted, self.context);
        let is_still = now == self.last;
        self.last.clone_from(&now);
        // A service that did not answer may answer later.
        let is_due = self.broken.as_mut().is_some_and(|looks| {
            *looks += 1;
            *looks % RETRY == 0
        });
        if !is_still || (now == self.read && !is_due) {
            return Change::None;
        }
        self.read = now;
        given.files.inherit(false);
        let change = self.renew(given);
        given.files.inherit(true);
        change.unwrap_or_else(|failure| {
            if self.broken.is_none() {
                let message = failure.message;
                self.context.ui.warn(
                    self.context.world,
                    format!("{message}; the program keeps what it was given until this is mended"),
                );
            }
            self.broken = self.broken.or(Some(0));
            Change::None
        })
    }

    fn renew(&mut self, given: &mut Given) -> Result<Change, Failure> {
        let (ui, world) = (self.context.ui, self.context.world);
        let next = Prepared::read(self.arguments, &self.encrypted, self.context)?;
        let was_broken = self.broken.take().is_some();
        if next.gives_the_same(&given.prepared) {
            if was_broken {
                ui.note(world, "the encrypted files open again, with the values that the program has");
            }
            return Ok(Change::None);
        }
        if let Some(signal) = self.signal {
            given.learn(&next, self.context);
            given.files.renew(&next.contents)?;
            given.prepared = next;
            ui.note(world, "the encrypted values have changed: sending the signal");
            return Ok(Change::Signal(signal));
        }
        given.files.renew_for_start(&next.contents, self.context)?;
        given.prepared = next;
        ui.note(world, "the encrypted values have changed: starting the program anew");
        Ok(Change::Restart(given.launch(self.context)))
    }
}

fn stamps(arguments: &Run, encrypted: &[PathBuf], context: &Context<'_>) -> Stamps {
    let whole = arguments.as_file.iter().filter_map(|word| match &word.place {
        Place::Whole(file) => Some(context.world.path(file)),
        Place::Memory | Place::Path(_) => None,
    });
    encrypted.iter().cloned().chain(whole).map(|path| (path.clone(), Stamp::of(&path))).collect()
}

/// Half a minute.
const RETRY: usize = 60;
