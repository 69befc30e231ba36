//! The help of the face, made from its table.

use std::ffi::OsString;
use std::fmt::Write;

use super::super::{Context, Failure};
use super::call::Call;
use super::codes;
use super::table::{COMMANDS, Entry, ROOT};
use super::words::{Flag, Takes};

/// A command that has commands below it, without one.
///
/// # Errors
/// When stdout cannot be written.
pub fn of_command(call: &Call<'_>) -> Result<u8, Failure> {
    print(call.entry, call.context)
}

/// `--help` of a command.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(entry: &Entry, context: &Context<'_>) -> Result<u8, Failure> {
    let mut text = format!(
        "sops {} - {}\n\nUsage: sops {} [flags] {}\n",
        entry.name, entry.about, entry.name, entry.takes
    );
    push_commands(&mut text, entry.below);
    push_flags(&mut text, &entry.all_flags());
    context.print(text.as_bytes())?;
    Ok(0)
}

/// `sops help TOPIC`
///
/// # Errors
/// 3 when there is no such command.
pub fn topic(name: Option<&OsString>, context: &Context<'_>) -> Result<u8, Failure> {
    let Some(name) = name else { return of_program(context) };
    match COMMANDS.iter().find(|entry| *name == *entry.name) {
        Some(entry) => print(entry, context),
        None => Err(codes::exit(3, format!("no help topic for `{}`", name.to_string_lossy()))),
    }
}

/// `--help`
///
/// # Errors
/// When stdout cannot be written.
pub fn of_program(context: &Context<'_>) -> Result<u8, Failure> {
    let mut text = INTRODUCTION.to_owned();
    push_commands(&mut text, COMMANDS);
    let flags: Vec<Flag> = ROOT.iter().copied().flatten().copied().chain([super::words::HELP]).collect();
    push_flags(&mut text, &flags);
    context.print(text.as_bytes())?;
    Ok(0)
}

const INTRODUCTION: &str = "\
sops - the command line of sops 3.11.0, spoken by lacre

Usage: sops [flags] COMMAND [flags] FILE
       sops [flags] FILE                  the legacy form: -d, -e, -r, --set, or none to edit

The same files, rules, variables, flags and exit codes; only what changed is
rewritten. `lacre help sops` lists what differs, and why. Flags of the legacy
form, and flags that stand before a command, precede FILE.
";

fn push_commands(text: &mut String, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    text.push_str("\nCommands:\n");
    for entry in entries {
        let _ = writeln!(text, "  {:12}{}", entry.name, entry.about);
    }
}

fn push_flags(text: &mut String, flags: &[Flag]) {
    text.push_str("\nFlags:\n");
    for (at, flag) in flags.iter().enumerate() {
        let is_second = flags.iter().take(at).any(|before| before.main() == flag.main());
        if is_second {
            continue;
        }
        let mut names: Vec<String> = flag.names.iter().map(|name| dashed(name)).collect();
        if !matches!(flag.takes, Takes::Nothing | Takes::OnByItself)
            && let Some(last) = names.last_mut()
        {
            last.push_str(if flag.takes == Takes::Number { " N" } else { " VALUE" });
        }
        let variable = flag.variable.map(|name| format!(" [env: {name}]")).unwrap_or_default();
        let _ = writeln!(text, "  {:38}{}{variable}", names.join(", "), flag.about);
    }
}

/// A name as it is typed.
#[must_use]
pub fn dashed(name: &str) -> String {
    if name.len() == 1 { format!("-{name}") } else { format!("--{name}") }
}
