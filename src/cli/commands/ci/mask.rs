//! `lacre ci mask`: the commands that hide every value in the log of a job, in every form in which it may appear.

use std::collections::HashSet;

use clap::Args;
use memchr::memchr;
use zeroize::Zeroizing;

use super::super::super::{Context, Failure};
use super::super::selection::Files;
use super::{Service, service};
use crate::redact::{Known, forms, is_maskable};

/// Print the commands that hide all values, encoded ones too, in the rest of the job's log
///
/// They hold the values in clear, for the runner, which does not log them: so they are printed inside a job only.
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre ci mask                          a step before all others\n  lacre ci mask --env prod\n  lacre ci mask --no-identity skip       where forks have no key\n\nGitHub Actions, Gitea, Forgejo: `::add-mask::` lines. GitLab has no such command; `lacre help ci` tells what to do there. Short or regular values are named, and not hidden: hiding each `1` would spoil the log."
)]
pub struct Mask {
    /// Which files.
    #[command(flatten)]
    pub files: Files,
    /// Whose commands; without it, those of the job around us
    #[arg(long = "for", value_name = "SERVICE")]
    pub service: Option<Service>,
}

/// Runs it.
///
/// # Errors
/// Outside a job, on GitLab, and when a file does not open.
pub fn run(arguments: &Mask, context: &Context<'_>) -> Result<u8, Failure> {
    context.plaintext_allowed()?;
    if service(arguments.service, context)? == Service::Gitlab {
        return Err(Failure::user("GitLab has no command that hides a value in the log of a running job")
            .hint("hide what programs print with `lacre run --redact -- CMD`; `lacre help ci` tells more"));
    }
    let secrets = arguments.files.secrets(context)?;
    print(&secrets, context)?;
    warn_of_visible(secrets.iter(), context);
    Ok(0)
}

/// Prints the commands, and hands them to the runner before anything else is said: a name from a file could tell it
/// not to listen (`##[stop-commands]`).
///
/// # Errors
/// When nobody reads them.
pub fn print(secrets: &[Known], context: &Context<'_>) -> Result<(), Failure> {
    let mut text = Zeroizing::new(Vec::new());
    let mut seen = HashSet::new();
    for value in secrets.iter().flat_map(|known| hidden(known.value.expose())) {
        // The runner warns of blank ones, and a log in UTF-16 would be one of NULs.
        if !value.trim_ascii().is_empty() && memchr(0, &value).is_none() && seen.insert(value.clone()) {
            add_mask(&value, &mut text);
        }
    }
    context.print(&text)?;
    Ok(context.world.stdout.borrow_mut().flush()?)
}

/// The line that hides `value` in all that the job prints from here on, with the escapes of `ActionCommand` in
/// actions/runner.
fn add_mask(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"::add-mask::");
    for byte in value {
        match byte {
            b'%' => out.extend_from_slice(b"%25"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            _ => out.push(*byte),
        }
    }
    out.push(b'\n');
}

/// Names the values that the log would show, or some lines of which.
pub fn warn_of_visible<'k>(secrets: impl Iterator<Item = &'k Known>, context: &Context<'_>) {
    let mut names: Vec<_> = secrets.filter_map(visible).collect();
    names.dedup();
    if !names.is_empty() {
        let names = names.join(", ");
        context.ui.warn(
            context.world,
            format!("{names}: too short, too common or too long to be hidden in the log"),
        );
    }
}

/// The value in all its forms, and each of its lines as it is: the log is made of lines, and a form of a single line
/// is rarer than the time is worth that the runner takes to look for each.
fn hidden(value: &[u8]) -> Vec<Vec<u8>> {
    let whole = if is_maskable(value) { forms(value) } else { Vec::new() };
    let lines = lines(value).filter(|line| is_maskable(line)).map(<[u8]>::to_vec);
    whole.iter().map(|form| form.expose().clone()).chain(lines).collect()
}

/// What of a secret shows. Brackets, armor and the like tell nothing, so only lines with letters or digits count.
fn visible(known: &Known) -> Option<String> {
    let tells = |line: &&[u8]| line.iter().any(u8::is_ascii_alphanumeric) && !line.starts_with(b"-----");
    let value = known.value.expose();
    if !lines(value).filter(tells).any(|line| !is_maskable(line)) {
        return None;
    }
    let name = format!("`{}`", known.name);
    Some(if is_maskable(value) { format!("lines of {name}") } else { name })
}

fn lines(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn known(value: &str) -> Known {
        Known { name: "A".into(), value: Secret::new(value.into()) }
    }

    #[test]
    fn a_mask_is_one_line_whatever_the_value_holds() {
        for (value, line) in [
            ("plain :: text", "::add-mask::plain :: text\n"),
            ("100%\r\n%0A", "::add-mask::100%25%0D%0A%250A\n"),
        ] {
            let mut out = Vec::new();
            add_mask(value.as_bytes(), &mut out);
            assert_eq!(out, line.as_bytes());
        }
    }

    #[test]
    fn a_value_of_many_lines_is_hidden_line_by_line() {
        let value = b"first-line-9x\r\n  second-line-7y\n\n}\n";
        let found = hidden(value);
        assert!(found.contains(&value.trim_ascii().to_vec()));
        assert!(found.contains(&b"first-line-9x".to_vec()) && found.contains(&b"second-line-7y".to_vec()));
        assert!(!found.contains(&b"}".to_vec()) && !found.contains(&Vec::new()));
        assert!(hidden(b"1").is_empty());
    }

    #[test]
    fn what_still_shows_is_named() {
        assert_eq!(visible(&known("1")), Some("`A`".into()));
        assert_eq!(visible(&known("first-line-9x\nz1\n")), Some("lines of `A`".into()));
        for hidden in ["", "first-line-9x", "-----BEGIN X-----\nq83hFh27Gh\n", "{\n  \"q83hFh27Gh\"\n}"] {
            assert_eq!(visible(&known(hidden)), None, "{hidden}");
        }
    }
}
