//! From files to findings: what encrypted files hold, held against schemas and against what commonly goes wrong. Names
//! are judged without any identity, values as far as an identity opens them or they stand in the clear. A finding has a
//! place and names; it never holds a value.
//!
//! Checkers are functions from a `Scope` to findings; a new one is a room beside these and a line in `CHECKERS`.

mod alike;
mod draft;
mod environments;
mod habits;
mod process;
mod schemas;
mod seen;
mod stage;
mod trees;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::PathBuf;

use time::OffsetDateTime;

use super::tree::Found;
use super::{Error, Keyring};
use crate::schema::{Problem, Severity};
use crate::world::World;
use crate::world::git::repository_root;
pub use draft::draft;
pub use environments::siblings;
pub use process::of_process;
pub use schemas::{EnvSchema, SCHEMA_FILE, SchemaFileError};
pub use seen::{Seen, SeenLeaf, key_line};
pub use trees::{TreeSchemaError, of_file};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file to look at, absolute: the encrypted one, or the schema where something is not there.
    pub file: PathBuf,
    /// The line in it, from 1.
    pub line: usize,
    /// The name of the variable, or the path of the value; empty where it is about the whole file.
    pub subject: String,
    /// A word for machines, which stays what it is.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Words for people, to be read behind the subject.
    pub message: String,
}

impl Finding {
    /// About `leaf` of `file`.
    fn at(file: &Seen, leaf: &SeenLeaf, severity: Severity, problem: &Problem) -> Self {
        Self {
            file: file.path.clone(),
            line: leaf.line,
            subject: leaf.name.clone(),
            code: problem.code(),
            severity,
            message: problem.to_string(),
        }
    }
}

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Report {
    /// By file and line; nothing twice.
    pub findings: Vec<Finding>,
    /// All files that were looked at.
    pub files: Vec<PathBuf>,
    /// Of these, the ones that no identity opens: only their names were judged, and values in the clear.
    pub closed: Vec<PathBuf>,
    /// Of these, the ones that could have a schema and have none.
    pub without_schema: Vec<PathBuf>,
    /// What stands in schemas and is not checked, in words.
    pub unchecked: Vec<(PathBuf, Vec<String>)>,
}

impl Report {
    /// With `findings` of other checks. Two may say the same; the more severe one stays.
    pub fn add(&mut self, findings: Vec<Finding>) {
        self.findings.extend(findings);
        let place =
            |finding: &Finding| (finding.file.clone(), finding.line, finding.subject.clone(), finding.code);
        self.findings.sort_by_cached_key(|finding| (place(finding), Reverse(finding.severity)));
        self.findings.dedup_by_key(|finding| place(finding));
    }
}

/// All that checkers look at.
struct Scope<'a> {
    /// The files.
    files: &'a [Seen],
    /// By folder: the schema of its dotenv files, if there is one that can be read.
    schemas: BTreeMap<PathBuf, EnvSchema>,
    /// What the names of files are seen from.
    root: PathBuf,
    /// For certificates.
    now: OffsetDateTime,
}

impl Scope<'_> {
    /// The schema that covers `file`.
    fn schema_of(&self, file: &Seen) -> Option<&EnvSchema> {
        self.schemas.get(file.path.parent()?).filter(|_| file.is_dotenv())
    }
}

type Checker = fn(&Scope<'_>) -> Vec<Finding>;

const CHECKERS: [Checker; 4] = [schemas::judge, habits::nothing_encrypted, habits::values, alike::judge];

/// Looks at `files`, which make whole environments: a file whose base is left out would lack what that holds.
///
/// # Errors
/// When a file was tampered with, or a schema cannot be read from disk.
pub fn validate(world: &World, keyring: &Keyring<'_>, files: &[Found]) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut seen = Vec::new();
    for found in files {
        let (file, opened) = Seen::look(world, keyring, found)?;
        trees::judge(found, &file, opened.as_ref(), &mut report)?;
        seen.push(file);
    }
    let schemas = schemas::of_folders(&seen, &mut report)?;
    let root = repository_root(&world.folder).unwrap_or_else(|| world.folder.clone());
    let scope = Scope { files: &seen, schemas, root, now: world.clock.now() };
    report.findings.extend(CHECKERS.iter().flat_map(|checker| checker(&scope)));
    report.add(Vec::new());
    report.without_schema.sort();
    report.unchecked.sort();
    report.closed = seen.iter().filter(|file| !file.opened).map(|file| file.path.clone()).collect();
    report.files = seen.into_iter().map(|file| file.path).collect();
    Ok(report)
}
