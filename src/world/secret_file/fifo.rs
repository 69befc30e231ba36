//! A FIFO at a path of the person's choice: each reader gets the whole content, which is on no disk.
//!
//! Each reader gets a FIFO of its own: once one has opened it, the next finds another at the path. Readers must come one
//! after the other; two that open in the same instant would share the content.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::Variables;
use super::super::file_error::{Attempt, FileError, FileProblem};
use super::super::private_folder::{PrivateFolder, make_fifo};
use super::Content;
use super::regular::{Identity, remove, take_note};

/// The FIFO. Dropped, it is removed.
pub(super) struct Fifo {
    path: PathBuf,
    state: Arc<Mutex<State>>,
}

struct State {
    content: Content,
    /// What stands at the path; `None` once nobody is to be served any more.
    current: Option<Identity>,
    /// Holds the note, and goes with us.
    note: Option<PrivateFolder>,
}

impl Fifo {
    /// # Errors
    /// When something is there, or the system refuses.
    pub(super) fn create(path: &Path, content: Content, variables: &Variables) -> Result<Self, FileError> {
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::new(Attempt::Write, path, FileProblem::Exists),
            _ => FileError::new(Attempt::Write, path, error),
        };
        let note = PrivateFolder::create(variables)?;
        make_fifo(path).map_err(fail)?;
        let identity = Identity::at(path);
        let state = State { content, current: identity, note: None };
        // From here on, it is removed whatever happens.
        let fifo = Self { path: path.to_owned(), state: Arc::new(Mutex::new(state)) };
        take_note(&note, path, None)?;
        lock(&fifo.state).note = Some(note);
        let (path, state) = (fifo.path.clone(), Arc::clone(&fifo.state));
        std::thread::spawn(move || while serve(&path, &state).is_some() {});
        Ok(fifo)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Later readers get this.
    pub(super) fn renew(&self, content: Content) {
        lock(&self.state).content = content;
    }
}

impl Drop for Fifo {
    fn drop(&mut self) {
        let mut state = lock(&self.state);
        if let Some(identity) = state.current.take() {
            remove(&self.path, identity);
        }
        state.note = None;
    }
}

/// Waits for a reader and hands it the content; `None` when there is nothing left to serve.
fn serve(path: &Path, state: &Mutex<State>) -> Option<()> {
    let pipe = File::options().write(true).open(path).ok()?;
    hand_out(pipe, path, state)
}

/// Hands the content to the reader of `pipe`, which was opened at `path`.
fn hand_out(mut pipe: File, path: &Path, state: &Mutex<State>) -> Option<()> {
    let opened = Identity::of(&pipe.metadata().ok()?);
    let mut state = lock(state);
    // Whoever may write to the folder could have put a FIFO of theirs at our path, and ours back since: what was opened
    // must be ours. And somebody else's file at our path is left alone.
    state.current.filter(|current| opened == *current && Identity::at(path) == Some(*current))?;
    let content = state.content.clone();
    state.current = Some(put_another(path)?);
    drop(state);
    // A reader may take its time, or go; the next one does not wait for it.
    std::thread::spawn(move || drop(pipe.write_all(&content)));
    Some(())
}

/// Another FIFO in place of the one that has its reader.
fn put_another(path: &Path) -> Option<Identity> {
    let name = format!(".{}.{}", path.file_name()?.to_string_lossy(), std::process::id());
    let beside = path.with_file_name(name);
    make_fifo(&beside).ok()?;
    let identity = Identity::at(&beside)?;
    if fs::rename(&beside, path).is_err() {
        let _ = fs::remove_file(&beside);
        return None;
    }
    Some(identity)
}

/// A panic elsewhere leaves nothing half done here.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    #[test]
    fn a_reader_of_a_fifo_that_is_not_ours_gets_nothing_though_ours_is_back_at_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        make_fifo(&ours).unwrap();
        make_fifo(&theirs).unwrap();
        let content = Content::new(b"secret".to_vec());
        let state = Mutex::new(State { content, current: Identity::at(&ours), note: None });
        let reader =
            |path: &Path| File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).unwrap();
        let writer = |path: &Path| File::options().write(true).open(path).unwrap();
        let mut reading = reader(&theirs);
        assert_eq!(hand_out(writer(&theirs), &ours, &state), None);
        assert_eq!(reading.read(&mut [0; 8]).unwrap(), 0, "it is closed, and empty");
        let _reading = reader(&ours);
        assert_eq!(hand_out(writer(&ours), &ours, &state), Some(()));
    }
}
