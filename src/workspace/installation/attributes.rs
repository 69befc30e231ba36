//! The lines of `.gitattributes` that tell git which files are ours to compare and merge. They are committed, for
//! everybody; a clone without our drivers takes those files for text.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};

use super::super::{Error, names, tree};
use super::Manner;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::Git;
use crate::world::{Attempt, FileError, FileProblem, World};

/// Which names say that a file is encrypted. `.sops.yaml`, the rules, is none of them.
///
/// Dotenv is text with line feeds: sops reads no carriage returns there. Every other file keeps its bytes, whatever
/// system it is checked out on, for a `.enc` may be somebody else's and no text at all.
const LINES: [&str; 8] = [
    "*.enc -text diff=lacre merge=lacre",
    "*.enc.* -text diff=lacre merge=lacre",
    "*.sops -text diff=lacre merge=lacre",
    "*?.sops.* -text diff=lacre merge=lacre",
    "*.env.enc text eol=lf",
    ".env.*.enc text eol=lf",
    "*.enc.env text eol=lf",
    "*.sops.env text eol=lf",
];

const BEGIN: &str = "# lacre git install: encrypted files are compared and merged by value";
const END: &str = "# lacre git install: end";
/// So that what is taken away again leaves every byte as it was.
const END_OF_JOINED: &str = "# lacre git install: end (no line feed stood before the block)";

/// The file, at the top of the work tree.
#[must_use]
pub fn place(git: &Git) -> PathBuf {
    git.root().join(".gitattributes")
}

/// Adds the lines that are missing, those for tracked encrypted files of other names too; how many they are.
///
/// # Errors
/// When the file is a symbolic link, which git does not follow, or cannot be read or written.
pub fn put(world: &World, git: &Git, manner: Manner) -> Result<usize, Error> {
    let others = other_names(world, git)?;
    let wanted: Vec<String> = LINES.iter().map(|line| (*line).to_owned()).chain(others).collect();
    change(git, manner, |old| {
        let (around, mut block) = Block::split(old);
        let is_missing = |line: &&String| !has_line(&around, line) && !block.lines.contains(*line);
        let missing: Vec<String> = wanted.iter().filter(is_missing).cloned().collect();
        let count = missing.len();
        block.lines.extend(missing);
        (count, if count == 0 { old.to_owned() } else { block.join(around) })
    })
}

/// Takes away the lines that we added, unless they are committed; whether there were any.
///
/// # Errors
/// As [`put`].
pub fn take(git: &Git, manner: Manner) -> Result<Taken, Error> {
    let committed = git.object("HEAD:.gitattributes");
    let committed = committed.and_then(|id| git.objects()?.blob(&id, SIZE_LIMIT)).unwrap_or_default();
    let stays = !Block::split(&String::from_utf8_lossy(&committed)).1.lines.is_empty();
    let count = change(git, if stays { Manner::DryRun } else { manner }, |old| {
        let (around, block) = Block::split(old);
        (block.lines.len(), around)
    })?;
    Ok(match count {
        0 => Taken::None,
        _ if stays => Taken::Committed,
        count => Taken::Lines(count),
    })
}

/// What became of our lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// They stay, being everybody's.
    Committed,
    /// So many are gone.
    Lines(usize),
    /// There were none.
    None,
}

/// Tracked encrypted files that git would not call us for, from the root: another `.gitattributes` says otherwise.
#[must_use]
pub fn unreached(world: &World, git: &Git) -> Vec<PathBuf> {
    let Ok(found) = tree::tracked(world, git.root()) else { return Vec::new() };
    let paths: Vec<&Path> = found.iter().filter_map(|file| file.path.strip_prefix(git.root()).ok()).collect();
    let Some(values) = git.attribute("merge", &paths) else { return Vec::new() };
    let unreached = paths.into_iter().zip(values).filter(|(_, value)| value != "lacre");
    unreached.map(|(path, _)| path.to_owned()).collect()
}

/// A line for each tracked encrypted file whose name does not say that it is one.
fn other_names(world: &World, git: &Git) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    for file in tree::tracked(world, git.root())? {
        let Some(path) = file.path.strip_prefix(git.root()).ok().filter(|path| !is_covered(path)) else {
            continue;
        };
        let is_dotenv = file.sealed.document().format().name() == "dotenv";
        let ends = if is_dotenv { "text eol=lf" } else { "-text" };
        lines.push(format!("{} {ends} diff=lacre merge=lacre", pattern(path)));
    }
    Ok(lines)
}

/// Whether one of [`LINES`] means a file of this name.
fn is_covered(path: &Path) -> bool {
    names::is_twin(path)
        && !path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".sops."))
}

/// What means the file at `path`, from the root, and no other: nothing in it stands for something else, and what no
/// line may hold is escaped as in C.
fn pattern(path: &Path) -> String {
    let mut text = String::from("\"/");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'*' | b'?' | b'[' | b'\\' => text.push_str("\\\\"),
            _ => {}
        }
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(*byte)]),
            b' '..=b'~' => text.push(char::from(*byte)),
            // Writing to a string cannot fail.
            _ => drop(write!(text, "\\{byte:03o}")),
        }
    }
    let is_plain = text.bytes().skip(1).all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
    if is_plain { text.split_off(1) } else { text + "\"" }
}

fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|other| other.split_ascii_whitespace().eq(line.split_ascii_whitespace()))
}

/// Changes the file, or looks what would change; what `new` says of it beside the new text.
fn change<T>(git: &Git, manner: Manner, new: impl Fn(&str) -> (T, String)) -> Result<T, Error> {
    let place = place(git);
    if files::is_link(&place) {
        return Err(FileError::new(Attempt::Write, &place, FileProblem::Link).into());
    }
    let old = match files::read(&place, SIZE_LIMIT) {
        Ok(old) => Some(old),
        Err(error) if error.is_missing() => None,
        Err(error) => return Err(error.into()),
    };
    let Ok(text) = std::str::from_utf8(old.as_deref().unwrap_or_default()) else {
        return Err(FileError::new(Attempt::Read, &place, io::Error::from(io::ErrorKind::InvalidData)).into());
    };
    let (outcome, new) = new(text);
    if manner.writes() && new != text {
        if new.is_empty() {
            files::remove(&place)?;
        } else {
            files::replace(&place, Some(git.root()), old.as_deref(), new.as_bytes())?;
        }
    }
    Ok(outcome)
}

/// The lines that are ours.
#[derive(Default)]
struct Block {
    lines: Vec<String>,
    /// The text before it did not end with a line feed.
    joined: bool,
}

impl Block {
    /// The text without our block, and the block.
    fn split(text: &str) -> (String, Self) {
        let none = || (text.to_owned(), Self::default());
        let Some((before, rest)) = text.split_once(BEGIN) else { return none() };
        let Some((inside, rest)) = rest.split_once(END) else { return none() };
        let (end, after) = rest.split_once('\n').unwrap_or((rest, ""));
        // What came behind the block since then needs the line feed.
        let joined = !end.is_empty() && END_OF_JOINED.ends_with(end) && after.is_empty();
        let before = if joined { before.strip_suffix('\n').unwrap_or(before) } else { before };
        let lines = inside.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
        (format!("{before}{after}"), Self { lines: lines.collect(), joined })
    }

    /// The block behind everything else: the last line counts.
    fn join(self, mut around: String) -> String {
        let joined = self.joined || !(around.is_empty() || around.ends_with('\n'));
        if joined {
            around.push('\n');
        }
        let end = if joined { END_OF_JOINED } else { END };
        around + &format!("{BEGIN}\n{}\n{end}\n", self.lines.join("\n"))
    }
}
