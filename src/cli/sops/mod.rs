//! The face of sops: its command line, exit codes and output on top of our own operations. `lacre sops …`, and any
//! `lacre` that is called `sops`. The table of commands is in `table`; nothing is encrypted or opened twice over here.

mod call;
mod codes;
mod completion;
mod decrypt;
mod edit;
mod encrypt;
mod exec_env;
mod exec_file;
mod filestatus;
mod flags;
mod groups;
mod help;
mod keyservice;
mod legacy;
mod publish;
mod rotate;
mod rules;
mod set;
mod table;
mod tree_path;
mod unset;
mod updatekeys;
mod words;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;

use super::{Context, Failure};
use crate::workspace::keyring::order_of;
use call::Call;
use table::{COMMANDS, Entry, ROOT};
use words::{Flag, HELP, Words};

/// The release whose command line this is.
const RELEASE: &str = "3.11.0";

/// Whether we were called by the name of sops.
#[must_use]
pub fn is_meant(program: &OsString) -> bool {
    Path::new(program).file_stem().is_some_and(|name| name == "sops")
}

/// The variables in which a person may name recipients instead of by flags.
pub fn recipient_variables() -> impl Iterator<Item = &'static str> {
    flags::RECIPIENTS.iter().filter_map(|flag| flag.variable)
}

/// Runs one command line, without the program's name.
///
/// # Errors
/// With the exit code of sops.
pub fn run(arguments: &[OsString], mut context: Context<'_>) -> Result<u8, Failure> {
    let flags: Vec<Flag> = ROOT.iter().copied().flatten().copied().chain([HELP]).collect();
    let root = read(&flags, arguments, true, &context)?;
    let mut rest = root.rest.iter();
    let first = rest.next().map(|word| word.to_string_lossy().into_owned());
    let entry = first.as_deref().and_then(|name| find(COMMANDS, name));
    if root.on("help") {
        return help::of_program(&context);
    }
    if root.on("version") {
        return version(&context);
    }
    if let Some("help" | "h") = first.as_deref() {
        return help::topic(rest.next(), &context);
    }
    let Some(entry) = entry else { return legacy::run(root, &mut context) };
    let below: Vec<OsString> = rest.cloned().collect();
    command(entry, &below, root, &mut context)
}

/// Runs `entry`, or the command below it that is named.
fn command(
    entry: &'static Entry,
    arguments: &[OsString],
    root: Words,
    context: &mut Context<'_>,
) -> Result<u8, Failure> {
    let words = read(&entry.all_flags(), arguments, !entry.below.is_empty(), context)?;
    if words.on("help") {
        return help::print(entry, context);
    }
    if let Some(name) = words.rest.first().filter(|_| !entry.below.is_empty()) {
        let name = name.to_string_lossy();
        let Some(entry) = find(entry.below, &name) else {
            return Err(codes::exit(3, format!("no help topic for `{name}`")));
        };
        return command(entry, words.rest.get(1..).unwrap_or_default(), root, context);
    }
    set_order(&words, context)?;
    (entry.run)(&Call { entry, words, root, context })
}

fn read(
    flags: &[Flag],
    arguments: &[OsString],
    is_root: bool,
    context: &Context<'_>,
) -> Result<Words, Failure> {
    Words::read(flags, arguments, is_root, context.world).map_err(|error| {
        codes::exit(codes::GENERIC, error.to_string()).hint("`sops --help` lists commands and flags")
    })
}

fn find(entries: &'static [Entry], name: &str) -> Option<&'static Entry> {
    entries.iter().find(|entry| entry.name == name)
}

/// The order of trying keys, in which no kind may stand twice.
fn set_order(words: &Words, context: &mut Context<'_>) -> Result<(), Failure> {
    let Some(order) = words.text("decryption-order") else { return Ok(()) };
    let mut seen = BTreeSet::new();
    if let Some(twice) = order.split(',').find(|kind| !seen.insert(*kind)) {
        return Err(codes::exit(
            codes::DUPLICATE_KIND,
            format!("`{twice}` stands twice in the decryption order"),
        ));
    }
    context.keyring.order = order_of(&order);
    Ok(())
}

/// Scripts take the second word for the version of sops; nothing is asked of the network.
fn version(context: &Context<'_>) -> Result<u8, Failure> {
    context.print_line(&format!("sops {RELEASE} (lacre {})", env!("CARGO_PKG_VERSION")))?;
    Ok(0)
}
