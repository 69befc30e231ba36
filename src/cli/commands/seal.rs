//! `lacre seal`: accepts a file that another tool wrote last, after showing what the seal would cover.

use std::path::PathBuf;

use clap::Args;

use super::super::ui::Ui;
use super::super::{Context, Failure};
use crate::envelope::Verdict;
use crate::workspace::{OpenFile, RuleFile, open_file, shown_key};

/// Accept and seal files that another tool wrote last
#[derive(Args, Debug)]
#[command(
    after_help = "The seal covers what the MAC of sops leaves open: names, structure, types, comments, selector and recipients. `sops updatekeys` and `sops groups` remove it; so may somebody who hides a change. This command shows what the seal would cover, asks, and seals.\n\nExample:\n  lacre seal .env.enc"
)]
pub struct Seal {
    /// Encrypted files
    #[arg(required = true)]
    pub file: Vec<PathBuf>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// Runs it, file by file.
///
/// # Errors
/// When a file does not open, or the answer is no.
pub fn run(arguments: &Seal, context: &Context<'_>) -> Result<u8, Failure> {
    for file in &arguments.file {
        let path = context.world.path(file);
        let sealed = open_file::load(&path, None)?;
        let file = OpenFile::accept(context.world, &context.keyring, &path, sealed)?;
        if file.opened.verdict == Verdict::Sealed {
            context.ui.say(context.world, format!("{} is sealed already", context.shown(&path)));
            continue;
        }
        show(context, &file)?;
        if !arguments.yes && context.world.prompt.confirm("Seal this?") != Some(true) {
            return Err(Failure::user(format!("{} was not sealed", context.shown(&path)))
                .hint("`--yes` seals without asking"));
        }
        let plain = file.plain()?;
        let written = file.next(&plain, &*context.world.clock, &*context.world.random)?;
        file.save(&written.text)?;
        context.ui.say(context.world, format!("sealed {}", context.shown(&path)));
    }
    Ok(0)
}

/// Everything that the seal will vouch for, on stderr: it is part of the question.
fn show(context: &Context<'_>, file: &OpenFile) -> Result<(), Failure> {
    let ui = Ui { quiet: false };
    let names = RuleFile::find(context.world, &file.path)?.map(|rules| rules.names).unwrap_or_default();
    let metadata = file.sealed.metadata();
    let people: Vec<_> = metadata.keys().map(|key| shown_key(key, &names)).collect();
    let selector = &metadata.selector;
    ui.say(context.world, format!("{}:", context.shown(&file.path)));
    ui.say(context.world, format!("  recipients: {}", people.join(", ")));
    ui.say(context.world, format!("  selector: {}", selector.shown()));
    for (path, value) in file.plain()?.leaves() {
        let kind = value.kind().map_or("null", crate::base::Type::name);
        ui.say(context.world, format!("  {path}  {kind}"));
    }
    Ok(())
}
