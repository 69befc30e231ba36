//! What the next commit would hold, and the versions that a conflict left.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::history::{Change, changes};
use super::{Git, ObjectId, path_from_bytes};

/// One entry of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// As git writes it: `100644`, `100755` a file, `120000` a link, `160000` a submodule.
    pub mode: u32,
    /// What it holds.
    pub id: ObjectId,
    /// 0; in a conflict 1 the common base, 2 ours, 3 theirs.
    pub stage: u8,
    /// From the root.
    pub path: PathBuf,
}

impl IndexEntry {
    /// Whether it is a regular file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

impl Git {
    /// All entries, sorted by path and stage.
    #[must_use]
    pub fn index(&self) -> Option<Vec<IndexEntry>> {
        let output = self.ask(&["ls-files", "--stage", "-z"], None)?;
        let entries = output.status.success().then_some(output.stdout)?;
        entries.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()).map(entry).collect()
    }

    /// What the next commit would change.
    #[must_use]
    pub fn staged(&self) -> Option<Vec<Change>> {
        let question = ["diff", "--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff"];
        let output =
            self.ask(&[&question[..], &["--no-textconv", "--no-color", NO_MODULES]].concat(), None)?;
        output.status.success().then(|| changes(&mut output.stdout.split(|byte| *byte == 0).peekable()))?
    }

    /// What changed from the commit or tree `base` to the work tree as git tracks it, by path. A new file must be in
    /// the index to count.
    #[must_use]
    pub fn changed_since(&self, base: &ObjectId) -> Option<Vec<Change>> {
        let question =
            ["diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-textconv"];
        let mut command = self.command(&question);
        command.args(["--no-color", NO_MODULES, base.as_str(), "--"]);
        self.without_filters(&mut command)?;
        let output = command.stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| changes(&mut output.stdout.split(|byte| *byte == 0).peekable()))?
    }

    /// Files whose time is another are compared by what git would store of them, after filters that the configuration
    /// names: programs. Those are put out of force.
    fn without_filters(&self, command: &mut Command) -> Option<()> {
        let question = ["config", "--null", "--name-only", "--get-regexp", "^filter\\."];
        let names = self.ask(&question, None)?.stdout;
        // From `filter.NAME.KEY`; a name may hold anything, a dot too.
        let names = names.split(|byte| *byte == 0).filter_map(|name| name.strip_prefix(b"filter."));
        let names = names.filter_map(|name| name.get(..memchr::memrchr(b'.', name)?));
        let drivers: Option<BTreeSet<PathBuf>> = names.map(path_from_bytes).collect();
        let mut count = 0_usize;
        for driver in drivers? {
            for (key, value) in [("clean", ""), ("process", ""), ("smudge", ""), ("required", "false")] {
                let mut name = OsString::from("filter.");
                name.push(&driver);
                name.push(".");
                name.push(key);
                command.env(format!("GIT_CONFIG_KEY_{count}"), name);
                command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
                count += 1;
            }
        }
        command.env("GIT_CONFIG_COUNT", count.to_string());
        Some(())
    }
}

/// git would ask the submodules themselves, by their own configuration.
const NO_MODULES: &str = "--ignore-submodules=all";

/// From `MODE OBJECT STAGE\tPATH`.
fn entry(text: &[u8]) -> Option<IndexEntry> {
    let (facts, path) = text.split_at_checked(memchr::memchr(b'\t', text)?)?;
    let mut facts = facts.split(|byte| *byte == b' ');
    let number = |text: &[u8], radix| u32::from_str_radix(std::str::from_utf8(text).ok()?, radix).ok();
    let mode = number(facts.next()?, 8)?;
    let id = ObjectId::parse(facts.next()?)?;
    let stage = u8::try_from(number(facts.next()?, 10)?).ok()?;
    Some(IndexEntry { mode, id, stage, path: path_from_bytes(path.get(1..)?)? })
}
