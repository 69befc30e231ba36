//! `lacre get`: one value.

use std::path::PathBuf;

use clap::Args;

use super::super::{Context, Failure};
use super::{TypeWord, name_or_path, no_value, warn_if_twice};
use crate::document::dotenv::reading::reading;
use crate::workspace::{RuleFile, value_text};

/// Print one value of an encrypted file
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre get .env.enc STRIPE_KEY\n  lacre get secrets.enc.yaml db.password\n  lacre get secrets.enc.yaml '[\"users\"][0][\"name\"]'\n\nA dotenv value is printed as a process would get it: without its quotes. `LACRE_NO_PLAINTEXT=1` forbids this command."
)]
pub struct Get {
    /// The encrypted file
    pub file: PathBuf,
    /// Name of the variable, `a[0].b` or `["a"][0]["b"]`
    pub path: String,
    /// Print what stands at PATH, also a map or list, as a document of this format
    #[arg(long, value_name = "TYPE", conflicts_with = "literal")]
    pub to: Option<TypeWord>,
    /// Print no line end behind it
    #[arg(short, long)]
    pub no_newline: bool,
    /// Which document of a YAML file, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub document: usize,
    /// dotenv: print quotes and all, as sops does
    #[arg(long)]
    pub literal: bool,
}

/// Runs it.
///
/// # Errors
/// When the file does not open or has no such value.
pub fn run(arguments: &Get, context: &Context<'_>) -> Result<u8, Failure> {
    context.plaintext_allowed()?;
    let file = context.open(&arguments.file)?;
    let format = file.sealed.document().format().name();
    let path = name_or_path(&arguments.path, format, arguments.document)?;
    if let Some(to) = arguments.to {
        let text = file.converted_at(&path, to.into())?.ok_or_else(|| no_value(context, &file, &path))?;
        context.print(&text)?;
        return Ok(0);
    }
    let value = file.value(&path).ok_or_else(|| no_value(context, &file, &path))?;
    warn_if_twice(context, file.sealed.document(), &path, "the last one counts");
    let text = value_text(value);
    let literal = arguments.literal || RuleFile::wants_literal(context.world, &file.path)?;
    if format == "dotenv" && !literal {
        context.print(&reading(&text))?;
    } else {
        context.print(&text)?;
    }
    if !arguments.no_newline {
        context.print(b"\n")?;
    }
    Ok(0)
}
