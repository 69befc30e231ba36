//! The list of values to be rotated, each with the command that does it.

use serde_json::json;

use super::super::super::{Context, Failure};
use super::super::ledger::{self, key_json, person_json};
use super::super::{commits, count, listing};
use crate::workspace::exposure::{Class, CurrentFile, CurrentLeaf, Exposure, Ledger, Person, Why};

/// A value to be rotated.
pub struct Row<'l> {
    /// In which file, as the person would type it here.
    pub file: String,
    /// The value.
    pub leaf: &'l CurrentLeaf,
    /// To whom it is exposed, and why.
    pub exposure: &'l Exposure,
    /// The command that replaces it.
    pub command: Vec<String>,
}

/// A row for each of `exposures`.
pub fn rows<'l>(context: &Context<'_>, ledger: &'l Ledger, exposures: &'l [Exposure]) -> Vec<Row<'l>> {
    let row = |exposure: &'l Exposure| {
        let current = ledger.current.get(exposure.current)?;
        let leaf = current.leaves.get(exposure.leaf)?;
        let file = ledger::file(context, ledger, current.file);
        let command = command(ledger, current, leaf, &file);
        Some(Row { file, leaf, exposure, command })
    };
    exposures.iter().filter_map(row).collect()
}

/// One command replaces a value in all files that hold it under this name.
fn command(ledger: &Ledger, current: &CurrentFile, leaf: &CurrentLeaf, file: &str) -> Vec<String> {
    let class = ledger.values.class(leaf.token);
    let is_same = |other: &CurrentLeaf| other.name == leaf.name && ledger.values.class(other.token) == class;
    let others = ledger.current.iter().filter(|other| other.file != current.file);
    let stands_elsewhere =
        matches!(class, Class::Known(_)) && others.into_iter().any(|other| other.leaves.iter().any(is_same));
    let words: Vec<&str> = match leaf.format {
        "binary" => vec!["lacre", "edit", file],
        _ if leaf.path.document > 0 => vec!["lacre", "edit", file],
        _ if stands_elsewhere => vec!["lacre", "set", "--all", &leaf.shown, "-"],
        _ => vec!["lacre", "set", file, &leaf.shown, "-"],
    };
    words.into_iter().map(str::to_owned).collect()
}

impl Row<'_> {
    /// For `--json`.
    pub fn as_json(&self, ledger: &Ledger) -> serde_json::Value {
        let Exposure { person, why, since, together, .. } = self.exposure;
        let together = together.as_ref().map(|(needed, keys)| {
            let keys: Vec<_> = keys.iter().map(|key| key_json(ledger, *key)).collect();
            json!({"groups": needed, "recipients": keys})
        });
        json!({
            "file": self.file,
            "line": self.leaf.line,
            "name": self.leaf.shown,
            "person": person_json(ledger, person),
            "why": match why {
                Why::SameName => "same-name",
                Why::SameValue => "same-value",
                Why::NotCompared => "not-compared",
            },
            "telling": self.exposure.telling,
            "since": since.as_ref().map(commits::as_json),
            "together": together,
            "command": self.command,
        })
    }

    fn shown(&self, ledger: &Ledger) -> String {
        let Exposure { why, since, together, .. } = self.exposure;
        let since = since.as_ref().map(|since| format!("  since {}", commits::shown(since)));
        let why = match why {
            Why::SameName => "",
            Why::SameValue => ", under another name",
            Why::NotCompared => ", could not be compared",
        };
        let together = together.as_ref().map(|(needed, keys)| {
            let keys: Vec<_> = keys.iter().map(|key| ledger.people.shown(*key)).collect();
            format!(", together: {needed} of: {}", keys.join(", "))
        });
        format!("  {}{}{why}{}", self.leaf.shown, since.unwrap_or_default(), together.unwrap_or_default())
    }
}

/// What `person` could read and is to be rotated, by file. What looks like a setting comes in one line, without
/// commands.
///
/// # Errors
/// When nobody reads it any more.
pub fn print(
    context: &Context<'_>,
    ledger: &Ledger,
    person: &Person,
    rows: &[Row<'_>],
) -> Result<(), Failure> {
    let who = ledger::shown(ledger, person);
    if rows.is_empty() {
        return context.print_row(&format!("no value that {who} could read is in use"));
    }
    let telling = rows.iter().filter(|row| row.exposure.telling).count();
    let others = match rows.len() - telling {
        0 => String::new(),
        count => format!(", and {count} short or common"),
    };
    let values = count(telling, "value");
    context.print_row(&format!("to rotate: {values} in use that {who} could read{others}"))?;
    for rows in rows.chunk_by(|one, two| one.file == two.file) {
        let Some(Row { file, .. }) = rows.first() else { continue };
        context.print_row(file)?;
        for row in rows.iter().filter(|row| row.exposure.telling) {
            context.print_row(&row.shown(ledger))?;
            context.print_row(&format!("    {}", shell_words::join(&row.command)))?;
        }
        let others = rows.iter().filter(|row| !row.exposure.telling);
        let others: Vec<_> = others.map(|row| row.leaf.shown.as_str()).collect();
        if !others.is_empty() {
            context.print_row(&format!("  if they are secrets, short or common: {}", others.join(", ")))?;
        }
    }
    Ok(())
}

/// All rows as one array.
///
/// # Errors
/// When nobody reads it any more.
pub fn print_json(context: &Context<'_>, ledger: &Ledger, rows: &[Row<'_>]) -> Result<(), Failure> {
    let rows: Vec<_> = rows.iter().map(|row| row.as_json(ledger)).collect();
    context.print_line(&listing(&rows.into()))
}
