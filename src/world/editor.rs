//! Waiting for an editor that has plaintext open: whatever signal comes, we live long enough to clean up after it.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use super::Variables;
use super::processes::{StartError, StartProblem, resolve};

/// How an editor ended.
#[derive(Clone, Copy, Debug)]
pub struct EditorOutcome {
    /// Its exit code, or the signal it died of.
    pub status: ExitStatus,
    /// How long it ran. One that returns at once has probably handed the file to a window of its own.
    pub elapsed: Duration,
}

/// Why there is no result of editing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditorError {
    /// This signal wants us to end. The editor has ended already; clean up, then
    /// [`become_default`](super::processes::become_default).
    #[error("interrupted by signal {0}")]
    Interrupted(i32),
    /// The editor could not be started.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Runs `command` (program and its arguments) with `file` as last argument, in `folder`, with exactly `variables`,
/// and waits for it.
///
/// The editor gets Ctrl-C from the terminal itself, so it does not end us. `SIGTERM` and `SIGHUP` are handed on to
/// the editor, which has a moment to end before it is killed.
///
/// # Errors
/// [`EditorError`]
pub fn run_editor(
    command: &[OsString],
    file: &Path,
    folder: &Path,
    variables: &Variables,
) -> Result<EditorOutcome, EditorError> {
    let (program, arguments) =
        command.split_first().ok_or_else(|| StartError::new("", StartProblem::NotFound))?;
    let search = variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
    let path = resolve(program, search, folder)?;
    let refused = |error| StartError::from_system(&path, &error);
    let mut watch = watch::Watch::start().map_err(refused)?;
    let started = Instant::now();
    let mut editor = Command::new(&path)
        .args(arguments)
        .arg(file)
        .env_clear()
        .envs(variables)
        .current_dir(folder)
        .spawn()
        .map_err(refused)?;
    let (status, signal) = watch.wait(&mut editor).map_err(refused)?;
    match signal {
        Some(signal) => Err(EditorError::Interrupted(signal)),
        None => Ok(EditorOutcome { status, elapsed: started.elapsed() }),
    }
}

#[cfg(unix)]
mod watch {
    use std::io;
    use std::os::unix::process::ExitStatusExt;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, LazyLock};

    use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::flag::register_conditional_default;
    use signal_hook::iterator::Signals;

    use super::{Child, Duration, ExitStatus, Instant};

    const ENDING: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];
    const GRACE: Duration = Duration::from_secs(2);

    /// True while signals shall end us as usual. A signal that was watched once stays caught for ever, so the usual
    /// end has to be given back by hand.
    static USUAL: LazyLock<Result<Arc<AtomicBool>, io::ErrorKind>> = LazyLock::new(|| {
        let usual = Arc::new(AtomicBool::new(false));
        for signal in ENDING {
            register_conditional_default(signal, Arc::clone(&usual)).map_err(|error| error.kind())?;
        }
        Ok(usual)
    });

    pub(super) struct Watch(Signals);

    impl Watch {
        pub(super) fn start() -> io::Result<Self> {
            let signals = Signals::new(ENDING.iter().chain(&[SIGCHLD]))?;
            set_usual(false)?;
            Ok(Self(signals))
        }

        /// The editor's end, and the signal that wants ours too.
        pub(super) fn wait(&mut self, editor: &mut Child) -> io::Result<(ExitStatus, Option<i32>)> {
            loop {
                for signal in self.0.wait() {
                    if matches!(signal, SIGTERM | SIGHUP) {
                        return Ok((end(editor, signal)?, Some(signal)));
                    }
                }
                // Looked at after every signal, for several children's ends may come as one.
                if let Some(status) = editor.try_wait()? {
                    let typed = status.signal().filter(|signal| matches!(*signal, SIGINT | SIGQUIT));
                    return Ok((status, typed));
                }
            }
        }
    }

    impl Drop for Watch {
        fn drop(&mut self) {
            let _ = set_usual(true);
        }
    }

    fn set_usual(value: bool) -> io::Result<()> {
        USUAL.as_ref().map_err(|kind| io::Error::from(*kind))?.store(value, Ordering::SeqCst);
        Ok(())
    }

    fn end(editor: &mut Child, signal: i32) -> io::Result<ExitStatus> {
        if let Some(signal) = rustix::process::Signal::from_named_raw(signal) {
            // One that is gone already needs no signal.
            let _ = rustix::process::kill_process(rustix::process::Pid::from_child(editor), signal);
        }
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if let Some(status) = editor.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        editor.kill()?;
        editor.wait()
    }
}

#[cfg(not(unix))]
mod watch {
    use std::io;

    use super::{Child, ExitStatus};

    /// The console ends us and the editor together here; the next command sweeps.
    pub(super) struct Watch;

    impl Watch {
        #[expect(clippy::unnecessary_wraps, reason = "as on Unix, where watching can fail")]
        pub(super) fn start() -> io::Result<Self> {
            Ok(Self)
        }

        pub(super) fn wait(&mut self, editor: &mut Child) -> io::Result<(ExitStatus, Option<i32>)> {
            Ok((editor.wait()?, None))
        }
    }
}
