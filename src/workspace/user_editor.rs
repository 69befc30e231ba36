//! The person's own editor, with a plaintext in a private folder that is gone when this returns.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use zeroize::Zeroizing;

use super::environment::without_identities;
use crate::world::editor::{EditorError, run_editor};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::private_folder::PrivateFolder;
use crate::world::processes::resolve;
use crate::world::{FileError, World};

/// Program and arguments; the file comes last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEditor(Vec<OsString>);

/// What came back from the editor.
pub struct Edited {
    /// The text as it was left.
    pub text: Zeroizing<Vec<u8>>,
    /// The editor was gone so soon that it probably handed the file to a window of its own.
    pub returned_at_once: bool,
}

/// Why there is no edited text.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditingError {
    /// The editor could not be started, or a signal wants us to end.
    #[error(transparent)]
    Editor(#[from] EditorError),
    /// The editor says that it failed, which is how one gives up.
    #[error("the editor ended with {0}, so nothing was written")]
    Failed(ExitStatus),
    /// The file could not be made, or not be read afterwards.
    #[error(transparent)]
    File(#[from] FileError),
    /// No variable names one, and none was found.
    #[error(
        "there is no editor: `SOPS_EDITOR`, `VISUAL` and `EDITOR` are unset, and none of vim, nano, vi is installed"
    )]
    NoEditor,
    /// The variable that names it has a quote without an end.
    #[error("`{0}` has a quote without an end")]
    Quote(&'static str),
}

impl UserEditor {
    /// `SOPS_EDITOR`, `VISUAL` or `EDITOR`, split into words as a shell would without running one; else the first known
    /// editor that is there.
    ///
    /// # Errors
    /// When there is none, or the one named cannot be run.
    pub fn find(world: &World) -> Result<Self, EditingError> {
        Self::named_by(world, &VARIABLES)
    }

    /// The same without `VISUAL`, which sops does not look at.
    ///
    /// # Errors
    /// As `find`.
    pub fn find_as_sops(world: &World) -> Result<Self, EditingError> {
        Self::named_by(world, &["SOPS_EDITOR", "EDITOR"])
    }

    fn named_by(world: &World, variables: &[&'static str]) -> Result<Self, EditingError> {
        let search = world.variables.get(OsStr::new("PATH")).map(OsString::as_os_str);
        let is_there = |program: &OsStr| resolve(program, search, &world.folder);
        for name in variables.iter().copied() {
            let Some(value) = world.variable(name) else { continue };
            let words = match value.to_str() {
                Some(text) => shell_words::split(text).map_err(|_| EditingError::Quote(name))?,
                None => return Ok(Self(vec![value.clone()])),
            };
            let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
            let Some(program) = words.first() else { continue };
            is_there(program).map_err(EditorError::from)?;
            return Ok(Self(words));
        }
        let known = KNOWN
            .iter()
            .find(|words| words.first().is_some_and(|program| is_there(OsStr::new(program)).is_ok()));
        let words = known.ok_or(EditingError::NoEditor)?;
        Ok(Self(words.iter().map(OsString::from).collect()))
    }

    /// Shows `text` in a file called `name`, and waits. The editor sees no identity of ours. It may replace the file;
    /// what lies beside it then is removed too.
    ///
    /// # Errors
    /// [`EditingError`]; nothing of `text` is left on disk then either.
    pub fn edit(&self, world: &World, name: &str, text: &[u8]) -> Result<Edited, EditingError> {
        let folder = PrivateFolder::create(&world.variables)?;
        let file = folder.write(Path::new(name), text)?;
        let outcome = run_editor(&self.0, &file, &world.folder, &without_identities(&world.variables))?;
        if !outcome.status.success() {
            return Err(EditingError::Failed(outcome.status));
        }
        let text = Zeroizing::new(files::read(&file, SIZE_LIMIT)?);
        Ok(Edited { text, returned_at_once: outcome.elapsed < AT_ONCE })
    }
}

const VARIABLES: [&str; 3] = ["SOPS_EDITOR", "VISUAL", "EDITOR"];
/// vim otherwise remembers what was copied, and how it was changed, in the home folder. `-c` comes after the person's own
/// settings, `--cmd` would come before.
const KNOWN: [&[&str]; 3] =
    [&["vim", "-n", "-i", "NONE", "-c", "set noundofile nobackup nowritebackup"], &["nano"], &["vi"]];
const AT_ONCE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    fn world(variables: &[(&str, &str)]) -> World {
        let (mut world, _) = World::test(Path::new("/"));
        world.variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
        world
    }

    #[test]
    fn the_first_variable_that_names_an_editor_counts() {
        for (variables, words) in [
            (&[("SOPS_EDITOR", "sh -c 'a b'"), ("EDITOR", "cat")][..], &["sh", "-c", "a b"][..]),
            (&[("SOPS_EDITOR", " "), ("VISUAL", "cat"), ("EDITOR", "sh")], &["cat"]),
            (&[("VISUAL", ""), ("EDITOR", "sh")], &["sh"]),
        ] {
            assert_eq!(UserEditor::find(&world(variables)).unwrap().0, words);
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a home and an editor of the test's own")]
    fn vim_remembers_nothing_whatever_its_settings() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".vimrc"), "set undofile undodir=~ backup backupdir=~\n").unwrap();
        let text = tempfile::tempdir().unwrap();
        std::fs::write(text.path().join("t"), "a\n").unwrap();
        let (program, words) = KNOWN[0].split_first().unwrap();
        let vim = std::process::Command::new(program)
            .args(words)
            .args(["-c", "normal Ox", "-c", "wq"])
            .arg(text.path().join("t"))
            .env("HOME", home.path())
            .stdin(std::process::Stdio::null())
            .output();
        // Where there is no vim, there is nothing to remember.
        if vim.is_ok() {
            assert_eq!(std::fs::read(text.path().join("t")).unwrap(), b"x\na\n");
            assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
        }
    }

    #[test]
    fn an_editor_that_is_not_there_is_told_before_anything_is_opened() {
        for (variables, words) in [
            (&[("EDITOR", "no-such-editor")][..], "cannot run `no-such-editor`: no such program"),
            (&[("EDITOR", "a 'b")], "`EDITOR` has a quote without an end"),
            (
                &[("PATH", "/nowhere")],
                "there is no editor: `SOPS_EDITOR`, `VISUAL` and `EDITOR` are unset, and none of vim, nano, vi is installed",
            ),
        ] {
            assert_eq!(UserEditor::find(&world(variables)).unwrap_err().to_string(), words);
        }
    }
}
