//! The word by which others start this very program.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use super::Variables;
use super::processes::resolve;

/// `lacre`, where `PATH` finds this program by it; else its place, quoted for a shell. `None` when the system does not
/// say where it is, or the place cannot be written as text.
#[must_use]
pub fn own_word(variables: &Variables) -> Option<String> {
    let own = fs::canonicalize(std::env::current_exe().ok()?).ok()?;
    let search = variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
    // In an absolute folder: a hook runs elsewhere.
    let found = resolve(OsStr::new(NAME), search, Path::new("/")).ok();
    if found.and_then(|path| fs::canonicalize(path).ok()).is_some_and(|found| found == own) {
        return Some(NAME.to_owned());
    }
    Some(shell_words::quote(own.to_str()?).into_owned())
}

const NAME: &str = "lacre";
