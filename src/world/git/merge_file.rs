//! The merge that git itself makes of three texts.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use super::Git;

/// A text that git merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedFile {
    /// It, with git's markers where there are conflicts.
    pub text: Vec<u8>,
    /// Whether there are none.
    pub is_clean: bool,
}

impl Git {
    /// The files `ours`, `base` and `theirs` merged by lines, with these labels in that order and markers of `size`
    /// signs. `None` when git cannot, e.g. where one of them is not text. No file is changed.
    #[must_use]
    pub fn merge_file(
        &self,
        [ours, base, theirs]: [&Path; 3],
        labels: [&OsStr; 3],
        size: usize,
    ) -> Option<MergedFile> {
        let mut command = self.command(&["merge-file", "--stdout", "--quiet"]);
        command.arg(format!("--marker-size={size}"));
        for label in labels {
            command.arg("-L").arg(label);
        }
        let output = command.arg("--").args([ours, base, theirs]).stdin(Stdio::null()).output().ok()?;
        // The number of conflicts, at most 127; beyond that, an error.
        let conflicts = output.status.code().filter(|code| *code < 128)?;
        Some(MergedFile { text: output.stdout, is_clean: conflicts == 0 })
    }
}
