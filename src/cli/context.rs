//! What every command works with: the machine, the identities of this run, and the way to talk.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::ui::Ui;
use crate::envelope::Verdict;
use crate::workspace::{Keyring, OpenFile, base_text};
use crate::world::World;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::terminal::sanitise;

/// Handed to every command.
pub struct Context<'w> {
    /// The machine.
    pub world: &'w World,
    /// The identities of this run, looked for when first needed.
    pub keyring: Keyring<'w>,
    /// How to talk.
    pub ui: Ui,
}

/// Bytes that a command was given, and where they came from.
pub struct Input {
    /// The file, or a made-up name for stdin, which has no format.
    pub path: PathBuf,
    /// All of it.
    pub bytes: Vec<u8>,
    /// It was `-`.
    pub is_stdin: bool,
}

impl Context<'_> {
    /// Writes data to stdout.
    ///
    /// # Errors
    /// When nobody reads it any more.
    pub fn print(&self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.world.stdout.borrow_mut().write_all(bytes)?)
    }

    /// Writes one line of data to stdout.
    ///
    /// # Errors
    /// When nobody reads it any more.
    pub fn print_line(&self, line: &str) -> Result<(), Failure> {
        self.print(format!("{line}\n").as_bytes())
    }

    /// Writes one line for people to stdout; names in it are escaped, and one that begins the line as a command to a
    /// runner of CI does.
    ///
    /// # Errors
    /// When nobody reads it any more.
    pub fn print_row(&self, row: &str) -> Result<(), Failure> {
        let row = sanitise(row);
        match row.trim_start().strip_prefix("::") {
            Some(rest) => self.print_line(&format!("\\u{{3a}}:{rest}")),
            None => self.print_line(&row),
        }
    }

    /// Asked by every command before plaintext reaches anything but a program that we start.
    ///
    /// # Errors
    /// When it is forbidden on this machine, or that is not clear.
    pub fn plaintext_allowed(&self) -> Result<(), Failure> {
        let Some(ban) = self.world.plaintext_ban() else { return Ok(()) };
        Err(Failure::user(format!("plaintext is for programs only here: {ban}")).hint(
            "`lacre run -- CMD` gives a program the values; `lacre help threat-model` says what this guards",
        ))
    }

    /// Asks whether files shall be changed, once it was shown how.
    ///
    /// # Errors
    /// When they shall not, or there is nobody to ask.
    pub fn ask_to_go_on(&self) -> Result<(), Failure> {
        let refused = match self.world.prompt.confirm("Go on?") {
            Some(true) => return Ok(()),
            Some(false) => Failure::user("nothing was changed"),
            None => Failure::usage("there is no terminal to ask on, so nothing was changed"),
        };
        Err(refused.hint("`--yes` changes them without asking"))
    }

    /// Reads `file`, or stdin for `-`.
    ///
    /// # Errors
    /// When it cannot be read, or is larger than 64 MiB.
    pub fn input(&self, file: &Path) -> Result<Input, Failure> {
        if file != Path::new("-") {
            let path = self.world.path(file);
            return Ok(Input { bytes: files::read(&path, SIZE_LIMIT)?, path, is_stdin: false });
        }
        let mut bytes = Vec::new();
        let mut stdin = self.world.stdin.borrow_mut();
        (&mut *stdin)
            .take(SIZE_LIMIT + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::user(format!("cannot read standard input: {}", error.kind())))?;
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(Failure::user(format!("standard input is larger than {SIZE_LIMIT} bytes")));
        }
        Ok(Input { path: PathBuf::from("-"), bytes, is_stdin: true })
    }

    /// Opens `file`, and says what its reader should know.
    ///
    /// # Errors
    /// When it does not open.
    pub fn open(&self, file: &Path) -> Result<OpenFile, Failure> {
        let file = OpenFile::open(self.world, &self.keyring, &self.world.path(file), None)?;
        self.tell_about(&file);
        Ok(file)
    }

    /// Says what the reader of an opened file should know about it.
    pub fn tell_about(&self, file: &OpenFile) {
        self.tell_about_services();
        let shown = self.shown(&file.path);
        if file.opened.verdict == Verdict::Unsealed && self.world.terminals.stderr {
            self.ui.note(self.world, format!("{shown} carries no seal: another tool wrote it last"));
        }
        if file.opened.stuck_comments > 0 {
            let count = file.opened.stuck_comments;
            self.ui
                .warn(self.world, format!("{count} comments of {shown} do not decrypt and stay as they are"));
        }
    }

    /// Says which services did not answer, though the file opened without them.
    pub fn tell_about_services(&self) {
        for silent in self.keyring.take_silent() {
            self.ui.warn(self.world, format!("{silent}; another key opened the file"));
        }
    }

    /// Keeps `sealed` as the common base of the plaintext at `path` and its twin. The files are written by now, so a
    /// place that cannot be written is worth a warning only: the next merge will do without.
    pub fn remember_base(&self, path: &Path, sealed: &[u8]) {
        if let Err(error) = base_text::remember(self.world, path, sealed) {
            self.ui.warn(self.world, format!("the next `encrypt` cannot merge by leaf: {error}"));
        }
    }

    /// A path as the person would type it here, for rows and JSON.
    #[must_use]
    pub fn here(&self, path: &Path) -> String {
        path.strip_prefix(&self.world.folder).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// The same for messages: in backticks, and short in the home folder.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        if let Ok(path) = path.strip_prefix(&self.world.folder) {
            return format!("`{}`", path.display());
        }
        let home = self.world.variable("HOME").map(Path::new).filter(|home| home.is_absolute());
        match home.and_then(|home| path.strip_prefix(home).ok()) {
            Some(path) => format!("`~/{}`", path.display()),
            None => format!("`{}`", path.display()),
        }
    }
}
