//! YAML and JSON files held against the JSON Schema beside them: `secrets.schema.json` for `secrets.enc.yaml`.

use std::path::{Path as FilePath, PathBuf};

use super::super::names::plain_name_of;
use super::super::tree::Found;
use super::super::{Error, OpenFile};
use super::schemas;
use super::seen::{Seen, key_line};
use super::{Finding, Report};
use crate::base::assemble::assemble;
use crate::base::{Node, Path};
use crate::document::{Document, EditError, nth_document};
use crate::envelope::{Opened, Plain};
use crate::schema::json::{JsonSchema, JsonSchemaError};
use crate::schema::{self, Severity};
use crate::world::FileError;

/// Why a file cannot be held against a JSON Schema.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeSchemaError {
    /// The schema cannot be read from disk, or the values have no form in the clear.
    #[error(transparent)]
    File(Box<Error>),
    /// The schema cannot be understood.
    #[error("`{}`: {cause}", path.display())]
    Schema {
        /// The schema.
        path: PathBuf,
        /// What is wrong with it.
        cause: JsonSchemaError,
    },
}

/// Where the schema of the file at `path` belongs.
fn schema_path(path: &FilePath) -> PathBuf {
    let name = plain_name_of(path);
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    path.with_file_name(format!("{stem}.schema.json"))
}

/// Adds to `report` what is wrong with the file, names only where it was not opened.
///
/// # Errors
/// When the schema cannot be read from disk, or the values have no form in the clear.
pub(super) fn judge(
    found: &Found,
    seen: &Seen,
    opened: Option<&Opened>,
    report: &mut Report,
) -> Result<(), Error> {
    if !is_tree(seen.format) {
        return Ok(());
    }
    let (path, schema) = match beside(&seen.path)? {
        Some((path, Ok(schema))) => (path, schema),
        Some((path, Err(error))) => {
            report.findings.push(unreadable(path, &error));
            return Ok(());
        }
        None => {
            report.without_schema.push(seen.path.clone());
            return Ok(());
        }
    };
    if !schema.notes.is_empty() {
        report.unchecked.push((path, schema.notes.iter().map(|name| format!("`{name}`")).collect()));
    }
    let sealed = found.sealed.document();
    let said = match opened {
        Some(opened) => of_values(&schema, &plain(found, opened)?),
        None => trees(sealed).iter().flat_map(|tree| schema.check_names(tree)).collect(),
    };
    let place = |said: schema::Finding| Finding {
        file: seen.path.clone(),
        line: line(sealed, &said.subject),
        code: said.problem.code(),
        severity: said.severity,
        message: said.problem.to_string(),
        subject: said.subject,
    };
    report.findings.extend(said.into_iter().map(place));
    Ok(())
}

/// The schema of an opened YAML or JSON file, and what is wrong with its values, by path; `None` if there is no schema.
///
/// # Errors
/// When the schema cannot be read or understood, or the values have no form in the clear.
pub fn of_file(file: &OpenFile) -> Result<Option<(PathBuf, Vec<schema::Finding>)>, TreeSchemaError> {
    if !is_tree(file.sealed.document().format().name()) {
        return Ok(None);
    }
    let found = beside(&file.path).map_err(|error| TreeSchemaError::File(Box::new(error.into())))?;
    let Some((path, schema)) = found else { return Ok(None) };
    let schema = match schema {
        Ok(schema) => schema,
        Err(cause) => return Err(TreeSchemaError::Schema { path, cause }),
    };
    let plain = file.plain().map_err(|error| TreeSchemaError::File(Box::new(error)))?;
    Ok(Some((path, of_values(&schema, plain.document()))))
}

/// Whether files of this format can have a JSON Schema.
fn is_tree(format: &str) -> bool {
    matches!(format, "yaml" | "json")
}

/// A schema and where it stands.
type Beside = (PathBuf, Result<JsonSchema, JsonSchemaError>);

/// The schema of the file at `path`, if there is one.
fn beside(path: &FilePath) -> Result<Option<Beside>, FileError> {
    let path = schema_path(path);
    let text = schemas::read(&path)?;
    Ok(text.map(|text| (path, JsonSchema::parse(&text))))
}

fn of_values(schema: &JsonSchema, plain: &Document) -> Vec<schema::Finding> {
    trees(plain).iter().flat_map(|tree| schema.check(tree)).collect()
}

fn unreadable(path: PathBuf, error: &JsonSchemaError) -> Finding {
    let (line, message) = match error {
        JsonSchemaError::NotJson(line) => (*line, "this is no JSON".to_owned()),
        error => (1, error.to_string()),
    };
    Finding {
        file: path,
        line: line.max(1),
        subject: String::new(),
        code: "schema",
        severity: Severity::Error,
        message,
    }
}

/// The document in the clear.
fn plain(found: &Found, opened: &Opened) -> Result<Document, Error> {
    let document = found.sealed.document();
    let change = |cause: EditError| Error::Change { path: found.path.clone(), cause: cause.into() };
    let text = found.sealed.plaintext(opened).map_err(change)?;
    let plain = Plain::parse(text, document.format());
    let plain = plain.map_err(|cause| Error::Form { path: found.path.clone(), cause })?;
    Ok(plain.document().clone())
}

/// One tree a document of the file; none for what is too large to be written out.
fn trees(document: &Document) -> Vec<Node> {
    let (outline, text) = (document.outline(), document.text());
    let starts = (0..).map_while(|number| nth_document(outline, number));
    starts.filter_map(|at| assemble(outline.events.get(at..)?, text)).collect()
}

/// The line of what `subject` names, or of the innermost map or list round it that is there.
fn line(document: &Document, subject: &str) -> usize {
    let Ok(mut path) = Path::parse(subject) else { return 1 };
    while !path.steps.is_empty() {
        if let Some(event) = document.find(&path) {
            return key_line(document, event);
        }
        path.steps.pop();
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_called_like_the_plaintext() {
        for (file, schema) in [
            ("a/secrets.enc.yaml", "a/secrets.schema.json"),
            ("secrets.yml.enc", "secrets.schema.json"),
            ("app.prod.sops.json", "app.prod.schema.json"),
            ("x.json", "x.schema.json"),
        ] {
            assert_eq!(schema_path(FilePath::new(file)), FilePath::new(schema), "{file}");
        }
    }
}
