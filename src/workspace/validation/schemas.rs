//! Dotenv files held against the `.env.schema` beside them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::super::Error;
use super::environments::{Layered, environments};
use super::seen::{Seen, SeenLeaf};
use super::{Finding, Report, Scope};
use crate::schema::{Problem, Schema, SchemaError, Severity};
use crate::world::FileError;
use crate::world::file_error::FileProblem;
use crate::world::files;

/// The name of the schema of all dotenv files in its folder.
pub const SCHEMA_FILE: &str = ".env.schema";

/// Bytes of a schema at the most.
const LARGEST: u64 = 1 << 20;

/// A schema and where it stands.
#[derive(Debug)]
pub struct EnvSchema {
    /// Where.
    pub path: PathBuf,
    /// What it says.
    pub schema: Schema,
}

/// Why a schema cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaFileError {
    /// It cannot be read from disk.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be understood.
    #[error("`{}`, {cause}", path.display())]
    Schema {
        /// The schema.
        path: PathBuf,
        /// What is wrong with it.
        cause: SchemaError,
    },
}

impl EnvSchema {
    /// The schema in `folder`, if there is one.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn beside(folder: &Path) -> Result<Option<Self>, SchemaFileError> {
        Self::at(folder.join(SCHEMA_FILE))
    }

    /// The schema at `path`, if something stands there.
    ///
    /// # Errors
    /// When it cannot be read or understood.
    pub fn at(path: PathBuf) -> Result<Option<Self>, SchemaFileError> {
        let Some(text) = read(&path)? else { return Ok(None) };
        match Schema::parse(&text) {
            Ok(schema) => Ok(Some(Self { path, schema })),
            Err(cause) => Err(SchemaFileError::Schema { path, cause }),
        }
    }
}

/// The bytes of the schema at `path`, if something stands there.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match files::read(path, LARGEST) {
        Ok(text) => Ok(Some(text)),
        // A link that leads nowhere is meant to be a schema, and guards nothing.
        Err(FileError { problem: FileProblem::Io { kind: ErrorKind::NotFound, .. }, .. })
            if !files::is_link(path) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The schemas beside the dotenv files among `files`, by folder; what cannot be understood is a finding.
pub(super) fn of_folders(files: &[Seen], report: &mut Report) -> Result<BTreeMap<PathBuf, EnvSchema>, Error> {
    let mut schemas = BTreeMap::new();
    let dotenv: Vec<&Seen> = files.iter().filter(|file| file.is_dotenv()).collect();
    let folders: BTreeSet<&Path> = dotenv.iter().filter_map(|file| file.path.parent()).collect();
    for folder in folders {
        match EnvSchema::beside(folder) {
            Ok(Some(schema)) => {
                if !schema.schema.notes.is_empty() {
                    let notes = schema.schema.notes.iter();
                    let notes = notes.map(|note| format!("`{}` (line {})", note.name, note.line)).collect();
                    report.unchecked.push((schema.path.clone(), notes));
                }
                schemas.insert(folder.to_owned(), schema);
            }
            Ok(None) => {
                let own = dotenv.iter().filter(|file| file.path.parent() == Some(folder));
                report.without_schema.extend(own.map(|file| file.path.clone()));
            }
            Err(SchemaFileError::File(error)) => return Err(error.into()),
            Err(SchemaFileError::Schema { path, cause }) => report.findings.push(unreadable(path, &cause)),
        }
    }
    Ok(schemas)
}

/// A schema that says nothing is an error: what it was to guard is not guarded.
fn unreadable(path: PathBuf, cause: &SchemaError) -> Finding {
    Finding {
        file: path,
        line: cause.line,
        subject: String::new(),
        code: "schema",
        severity: Severity::Error,
        message: cause.problem.to_string(),
    }
}

/// Every environment against the schema of its folder.
pub(super) fn judge(scope: &Scope<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (folder, schema) in &scope.schemas {
        let files: Vec<&Seen> =
            scope.files.iter().filter(|file| file.path.parent() == Some(folder.as_path())).collect();
        // Of each item, the environments that lack it.
        let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for environment in environments(&files) {
            for finding in judge_one(&environment, schema, scope.now) {
                match finding {
                    Said::There(finding) => found.push(finding),
                    Said::Missing(name) => {
                        missing.entry(name).or_default().insert(environment.label.clone());
                    }
                }
            }
        }
        for (name, labels) in missing {
            let labels: Vec<String> = labels.into_iter().map(|label| format!("`{label}`")).collect();
            found.push(Finding {
                file: schema.path.clone(),
                line: schema.schema.item(&name).map_or(1, |item| item.line),
                subject: name,
                code: Problem::Missing.code(),
                severity: Severity::Error,
                message: format!("{} in {}", Problem::Missing, labels.join(", ")),
            });
        }
    }
    found
}

enum Said {
    Missing(String),
    There(Finding),
}

fn judge_one(environment: &Layered<'_>, schema: &EnvSchema, now: time::OffsetDateTime) -> Vec<Said> {
    let leaves = environment.leaves();
    let names: Vec<&str> = leaves.iter().map(|(_, leaf)| leaf.name.as_str()).collect();
    let values: Vec<(&str, &[u8])> = leaves
        .iter()
        .filter_map(|(_, leaf)| Some((leaf.name.as_str(), leaf.value.as_ref()?.expose().as_slice())))
        .collect();
    let by_names = schema.schema.check_names(&names).into_iter();
    let all = by_names.chain(schema.schema.check_values(&values, now));
    let places: HashMap<&str, &(&Seen, &SeenLeaf)> =
        leaves.iter().map(|place| (place.1.name.as_str(), place)).collect();
    let place = |finding: crate::schema::Finding| match places.get(finding.subject.as_str()) {
        Some((file, leaf)) => Some(Said::There(Finding::at(file, leaf, finding.severity, &finding.problem))),
        None => environment.is_whole.then_some(Said::Missing(finding.subject)),
    };
    all.filter_map(place).collect()
}
