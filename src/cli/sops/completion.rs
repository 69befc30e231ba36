//! `sops completion`: a script for the shell, made from the table, so that it needs no program of its own.

use std::fmt::Write;

use super::super::{Context, Failure};
use super::call::Call;
use super::help::dashed;
use super::table::{COMMANDS, Entry, ROOT};
use super::words::Flag;

/// For bash.
///
/// # Errors
/// When stdout cannot be written.
pub fn bash(call: &Call<'_>) -> Result<u8, Failure> {
    print(call.context, "")
}

/// For zsh, which reads the same.
///
/// # Errors
/// When stdout cannot be written.
pub fn zsh(call: &Call<'_>) -> Result<u8, Failure> {
    print(call.context, "autoload -U compinit && compinit\nautoload -U bashcompinit && bashcompinit\n")
}

fn print(context: &Context<'_>, before: &str) -> Result<u8, Failure> {
    let mut cases = String::new();
    for entry in COMMANDS {
        let below: Vec<&str> = entry.below.iter().map(|entry| entry.name).collect();
        let flags = entry.below.iter().flat_map(Entry::all_flags).chain(entry.all_flags());
        let words = [below.join(" "), names(flags)].join(" ");
        let _ = writeln!(cases, "        {}) words=\"{}\" ;;", entry.name, words.trim());
    }
    let commands: Vec<&str> = COMMANDS.iter().map(|entry| entry.name).collect();
    let root = names(ROOT.iter().copied().flatten().copied());
    let script = format!(
        "{before}_sops_words() {{
    local current=\"${{COMP_WORDS[COMP_CWORD]}}\" words=\"{} help {root}\" word
    for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do
        case \"$word\" in
{cases}        esac
    done
    if [[ \"$current\" == -* || $COMP_CWORD == 1 ]]; then
        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))
    fi
}}
complete -o bashdefault -o default -F _sops_words sops
",
        commands.join(" "),
    );
    context.print(script.as_bytes())?;
    Ok(0)
}

fn names(flags: impl IntoIterator<Item = Flag>) -> String {
    let mut names: Vec<String> =
        flags.into_iter().flat_map(|flag| flag.names).map(|name| dashed(name)).collect();
    names.sort();
    names.dedup();
    names.join(" ")
}
