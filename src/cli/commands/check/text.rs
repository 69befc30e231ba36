//! Findings for people, by file, and as JSON.

use serde_json::{Value, json};

use super::super::super::{Context, Failure};
use super::super::listing;
use super::Row;

/// Under the name of each file, a line a finding.
pub(super) fn print(context: &Context<'_>, rows: &[Row<'_>]) -> Result<(), Failure> {
    let mut file = None;
    let width = rows.iter().map(|row| row.finding.line.to_string().len()).max().unwrap_or_default();
    for row in rows {
        if file.replace(&row.file) != Some(&row.file) {
            context.print_row(&row.file)?;
        }
        let (line, level) = (row.finding.line, row.level());
        context.print_row(&format!("  {line:width$}  {level:7}  {}", row.sentence()))?;
    }
    Ok(())
}

/// An array, an object a finding.
pub(super) fn print_json(context: &Context<'_>, rows: &[Row<'_>]) -> Result<(), Failure> {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "file": row.file,
                "line": row.finding.line,
                "name": (!row.finding.subject.is_empty()).then_some(&row.finding.subject),
                "code": row.finding.code,
                "severity": row.level(),
                "message": row.finding.message,
            })
        })
        .collect();
    context.print_line(&listing(&rows.into()))
}
