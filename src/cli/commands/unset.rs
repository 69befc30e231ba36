//! `lacre unset`: takes values out.

use std::path::PathBuf;

use clap::Args;

use super::super::{Context, Failure};
use super::{name_or_path, warn_if_twice};
use crate::workspace::save::{self, Change};

/// Remove values or whole maps from an encrypted file
#[derive(Args, Debug)]
#[command(after_help = "Example:\n  lacre unset .env.enc OLD_KEY OLDER_KEY")]
pub struct Unset {
    /// The encrypted file
    pub file: PathBuf,
    /// Names of variables, `a[0].b` or `["a"][0]["b"]`
    #[arg(required = true)]
    pub path: Vec<String>,
    /// Which document of a YAML file, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub document: usize,
}

/// Runs it: all of them, or none.
///
/// # Errors
/// When the file does not open or lacks one of them.
pub fn run(arguments: &Unset, context: &Context<'_>) -> Result<u8, Failure> {
    let file = context.world.path(&arguments.file);
    save::update(context.world, &context.keyring, &file, |file| {
        let document = file.sealed.document();
        let path = |text: &String| {
            let path = name_or_path(text, document.format().name(), arguments.document)?;
            warn_if_twice(context, document, &path, "all of them are removed");
            Ok(path)
        };
        Ok::<_, Failure>(Change::Remove(arguments.path.iter().map(path).collect::<Result<_, Failure>>()?))
    })?;
    Ok(0)
}
