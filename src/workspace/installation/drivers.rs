//! The lines of git's configuration that make it call us for encrypted files. They stand in the clone: git never takes
//! the name of a program from what was checked out.

use super::Manner;
use crate::world::git::Git;

/// Whether diffs may show values; the only one that the person chooses.
pub const PLAINTEXT: &str = "lacre.plaintext";

/// Sets the lines, for a `program` that a shell finds by this word; how many were different. `None` when git does not
/// write them.
#[must_use]
pub fn put(git: &Git, program: &str, plaintext: bool, manner: Manner) -> Option<usize> {
    // The names of files may begin with a dash. git before 2.44 hands the last three over as they stand here.
    let merge = format!("{} git merge -- %O %A %B %L %P %S %X %Y", program.replace('%', "%%"));
    let textconv = format!("{program} git textconv --");
    let lines = [
        ("diff.lacre.textconv", Some(&*textconv)),
        // Else git would keep what it was shown as an object.
        ("diff.lacre.cachetextconv", Some("false")),
        ("merge.lacre.name", Some("encrypted files, value by value")),
        ("merge.lacre.driver", Some(&*merge)),
        (PLAINTEXT, plaintext.then_some("true")),
    ];
    configure(git, &lines, manner)
}

/// Takes the lines away; how many there were.
#[must_use]
pub fn take(git: &Git, manner: Manner) -> Option<usize> {
    configure(git, &LINES.map(|name| (name, None)), manner)
}

/// Whether git calls us in this clone, whatever for.
#[must_use]
pub fn are_there(git: &Git) -> bool {
    git.config("merge.lacre.driver").is_some()
}

fn configure(git: &Git, lines: &[(&str, Option<&str>)], manner: Manner) -> Option<usize> {
    let is_different = |(name, value): &&(&str, Option<&str>)| git.config(name).as_deref() != *value;
    let different: Vec<_> = lines.iter().filter(is_different).collect();
    let written = !manner.writes() || different.iter().all(|(name, value)| git.configure(name, *value));
    written.then_some(different.len())
}

const LINES: [&str; 5] =
    ["diff.lacre.textconv", "diff.lacre.cachetextconv", "merge.lacre.name", "merge.lacre.driver", PLAINTEXT];
