//! `lacre list`: what a file holds, by name and type. Needs no identity.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::{Context, Failure};
use super::listing;
use crate::base::{Kind, Path, Scalar, Type};
use crate::cipher::Ciphertext;
use crate::envelope::Sealed;
use crate::workspace::open_file;

/// List names and types of encrypted files; needs no identity
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  lacre list .env.enc\n  lacre list --json secrets.enc.yaml")]
pub struct List {
    /// Encrypted files
    #[arg(required = true)]
    pub file: Vec<PathBuf>,
    /// Print a JSON array of {file, path, type, encrypted}
    #[arg(long)]
    pub json: bool,
}

/// One leaf as listed.
struct Row {
    path: Path,
    kind: &'static str,
    encrypted: bool,
}

/// Columns that names are padded to, at the most.
const WIDEST: usize = 64;

/// Runs it.
///
/// # Errors
/// When a file cannot be read or is not encrypted.
pub fn run(arguments: &List, context: &Context<'_>) -> Result<u8, Failure> {
    let mut rows = Vec::new();
    for file in &arguments.file {
        let sealed = open_file::load(&context.world.path(file), None)?;
        rows.extend(leaves(&sealed).into_iter().map(|row| (file, row)));
    }
    if arguments.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(file, row)| {
                json!({
                    "file": file.to_string_lossy(),
                    "path": row.path.to_string(),
                    "type": row.kind,
                    "encrypted": row.encrypted,
                })
            })
            .collect();
        context.print_line(&listing(&rows.into()))?;
        return Ok(0);
    }
    let width = rows.iter().map(|(_, row)| row.path.to_string().chars().count()).max().unwrap_or(0);
    // A single name of a megabyte shall not widen all the others.
    let width = width.min(WIDEST);
    for (file, row) in &rows {
        let path = row.path.to_string();
        let document = match row.path.document {
            0 => String::new(),
            number => format!("  document {number}"),
        };
        let state = if row.encrypted { "encrypted" } else { "clear" };
        let name = if arguments.file.len() > 1 { format!("{}  ", file.display()) } else { String::new() };
        context.print_row(&format!("{name}{path:width$}  {:5}  {state}{document}", row.kind))?;
    }
    Ok(0)
}

fn leaves(sealed: &Sealed) -> Vec<Row> {
    let document = sealed.document();
    let events = &document.outline().events;
    let nodes = document.nodes().into_iter();
    let rows = nodes.filter_map(|(path, index)| {
        let event = events.get(index)?;
        let (kind, encrypted) = match &event.kind {
            Kind::Scalar(_, Scalar::Other(value)) => (value.kind().map_or("null", Type::name), false),
            Kind::Scalar(_, Scalar::Str(text)) => {
                match Ciphertext::parse(text.bytes(event.span, document.text())) {
                    Some(cipher) if cipher.kind == Type::Comment => return None,
                    Some(cipher) => (cipher.kind.name(), true),
                    None => ("str", false),
                }
            }
            Kind::Alias => ("alias", false),
            _ => return None,
        };
        Some(Row { path: document.named(path), kind, encrypted })
    });
    rows.collect()
}
