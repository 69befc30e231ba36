//! `lacre redact`: what other programs printed, with the secrets of the files masked.

use std::io::ErrorKind;

use clap::Args;

use super::super::{Context, Failure};
use super::selection::Files;
use crate::base::ports::Filter;
use crate::redact::{Known, Options, Redactor};

/// Copy stdin to stdout with the secrets of the files masked, as it comes
///
/// Every encrypted value is looked for, in its usual encodings too, and `[NAME]` printed in its place. `lacre help redact` says in which, and
/// what this is not: a boundary against a program that recodes what it knows.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  ./deploy 2>&1 | lacre redact\n  tail -f app.log | lacre redact --env prod\n  kubectl logs app | lacre redact -f db.enc.yaml --mask '***'\n  lacre redact --patterns < app.log > app.public.log   also what looks like a secret"
)]
pub struct Redact {
    /// Whose values.
    #[command(flatten)]
    pub files: Files,
    /// Print TEXT in place of a secret instead of `[NAME]`
    #[arg(long, value_name = "TEXT")]
    pub mask: Option<String>,
    /// Mask what looks like a secret too: `password=…`, bearer tokens, keys of known services, private keys
    #[arg(long)]
    pub patterns: bool,
}

/// Bytes read at once: what a pipe holds.
const PIECE: usize = 64 * 1024;

/// Runs it.
///
/// # Errors
/// When a file does not open, before anything is printed; or when reading or writing fails.
pub fn run(arguments: &Redact, context: &Context<'_>) -> Result<u8, Failure> {
    let secrets = arguments.files.secrets(context)?;
    let options = Options { mask: arguments.mask.clone(), patterns: arguments.patterns };
    copy(redactor(&secrets, &options, context).stream().as_mut(), context)?;
    Ok(0)
}

/// What masks `secrets`; says whose values it lets pass.
fn redactor(secrets: &[Known], options: &Options, context: &Context<'_>) -> Redactor {
    let (redactor, unmasked) = Redactor::new(secrets, options);
    warn(&unmasked, context);
    redactor
}

/// Names what is not masked.
pub fn warn(unmasked: &[String], context: &Context<'_>) {
    if !unmasked.is_empty() {
        let names: Vec<String> = unmasked.iter().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        context.ui.warn(context.world, format!("{names}: too short, too common or too long to be masked"));
    }
}

/// Hands on every piece as soon as it is there.
fn copy(filter: &mut dyn Filter, context: &Context<'_>) -> Result<(), Failure> {
    let mut stdin = context.world.stdin.borrow_mut();
    let mut stdout = context.world.stdout.borrow_mut();
    let (mut piece, mut out) = (vec![0; PIECE], Vec::with_capacity(2 * PIECE));
    loop {
        let length = match stdin.read(&mut piece) {
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Failure::user(format!("cannot read standard input: {}", error.kind())));
            }
        };
        match piece.get(..length) {
            Some(read) if !read.is_empty() => filter.push(read, &mut out),
            _ => filter.finish(&mut out),
        }
        stdout.write_all(&out)?;
        stdout.flush()?;
        out.clear();
        if length == 0 {
            return Ok(());
        }
    }
}
