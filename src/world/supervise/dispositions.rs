//! What a signal does to a process: asked for and set. A handler of ours ends with `exec`, but a program must also find
//! ignored what was ignored when we were started, as `nohup` wants it.

use std::io;

/// What a signal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// What the system has decided.
    Default,
    /// Nothing.
    Ignored,
}

/// Whether `signal` is ignored.
pub(super) fn is_ignored(signal: i32) -> bool {
    exchange(signal, None).is_ok_and(|old| old.sa_sigaction == libc::SIG_IGN)
}

/// Sets what `signal` does; may be called between `fork` and `exec`.
pub(super) fn set(signal: i32, disposition: Disposition) -> io::Result<()> {
    exchange(signal, Some(action(disposition))).map(drop)
}

/// Does `work` while `signal` has its default effect.
pub(super) fn with_default(signal: i32, work: impl FnOnce()) -> io::Result<()> {
    let old = exchange(signal, Some(action(Disposition::Default)))?;
    work();
    exchange(signal, Some(old)).map(drop)
}

fn action(disposition: Disposition) -> libc::sigaction {
    let mut action = EMPTY;
    action.sa_sigaction = match disposition {
        Disposition::Default => libc::SIG_DFL,
        Disposition::Ignored => libc::SIG_IGN,
    };
    action
}

#[expect(
    unsafe_code,
    reason = "all bytes zero is a `sigaction`: the default effect, no flags, an empty mask"
)]
const EMPTY: libc::sigaction = unsafe { std::mem::zeroed() };

fn exchange(signal: i32, new: Option<libc::sigaction>) -> io::Result<libc::sigaction> {
    let mut old = EMPTY;
    let new = new.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    #[expect(
        unsafe_code,
        reason = "both pointers are to whole `sigaction`s or null; what is set is the default, ignoring, or what was there"
    )]
    let code = unsafe { libc::sigaction(signal, new, &raw mut old) };
    if code == 0 { Ok(old) } else { Err(io::Error::last_os_error()) }
}
