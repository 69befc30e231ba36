//! How a clone is set up: its configuration, its attributes, and where its hooks stand.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Git, path_from_bytes};

impl Git {
    /// What the configuration of this clone itself says of `name`; the last line counts. Neither the person's own
    /// configuration nor a file that it includes is asked.
    #[must_use]
    pub fn config(&self, name: &str) -> Option<String> {
        let output = self.ask(&["config", "--local", "--null", "--get", name], None)?;
        let value = output.stdout.strip_suffix(b"\0").filter(|_| output.status.success())?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// Makes the configuration of this clone say `value` of `name`, or nothing; whether git did.
    #[must_use]
    pub fn configure(&self, name: &str, value: Option<&str>) -> bool {
        let output = match value {
            Some(value) => self.ask(&["config", "--local", "--replace-all", name, value], None),
            None => self.ask(&["config", "--local", "--unset-all", name], None),
        };
        output.is_some_and(|output| output.status.success())
    }

    /// Whether there is a repository, and it has no work tree; `None`: no repository that git would work with.
    #[must_use]
    pub fn is_bare(&self) -> Option<bool> {
        let output = self.ask(&["rev-parse", "--is-bare-repository"], None)?;
        output.status.success().then(|| output.stdout.trim_ascii() == b"true")
    }

    /// The folder that git takes hooks from, which need not exist. Whoever configured it is followed, the person's own
    /// configuration too.
    #[must_use]
    pub fn hooks_folder(&self) -> Option<PathBuf> {
        // Our other questions put `core.hooksPath` out of force; this one runs no hook.
        let mut command = Command::new(&self.program);
        command.args(["rev-parse", "--git-path", "hooks"]).current_dir(&self.root);
        command.env_clear().envs(&self.variables).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().ok()?;
        let line = output.stdout.strip_suffix(b"\n").filter(|_| output.status.success())?;
        let folder = self.root.join(path_from_bytes(line)?);
        Some(fs::canonicalize(&folder).unwrap_or(folder))
    }

    /// What the attribute `name` of each of `paths`, from the root, is: a value, `set`, `unset` or `unspecified`.
    #[must_use]
    pub fn attribute(&self, name: &str, paths: &[&Path]) -> Option<Vec<String>> {
        let mut command = self.command(&["check-attr", "--stdin", "-z", name]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let mut asked: Vec<u8> = Vec::new();
        for path in paths {
            asked.extend_from_slice(OsStr::as_encoded_bytes(path.as_os_str()));
            asked.push(0);
        }
        let mut stdin = child.stdin.take()?;
        // It answers while it reads: who only wrote would wait for a full pipe.
        let answer = std::thread::scope(|scope| {
            scope.spawn(move || drop(stdin.write_all(&asked)));
            child.wait_with_output().ok()
        })?;
        // PATH, NAME, VALUE, and so on.
        let fields: Vec<&[u8]> = answer.stdout.split(|byte| *byte == 0).collect();
        let values = fields.chunks_exact(3).filter_map(<[_]>::last);
        let values: Vec<String> = values.map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        (answer.status.success() && values.len() == paths.len()).then_some(values)
    }
}
