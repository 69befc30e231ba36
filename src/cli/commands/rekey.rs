//! `lacre rekey`: a new data key, every value encrypted anew. sops calls this `rotate`.

use clap::Args;

use super::super::{Context, Failure};
use super::count;
use super::recipients::{Files, Manner, Outcome, Task, Terms, carry_out};
use crate::workspace::members::Members;
use crate::workspace::{Handover, RuleBook};

/// Give files a new data key and encrypt every value anew, for the recipients they have
#[derive(Args, Debug)]
#[command(
    after_help = "For everybody who can open the file now, whatever its rule says: `lacre recipients sync` changes that. Values stay the same: whoever knew one still knows it, so after somebody left, replace the values too.\n\nAll files are written in one transaction: if one cannot be, none is.\n\nExamples:\n  lacre rekey .env.enc\n  lacre rekey --all"
)]
pub struct Rekey {
    /// Which files.
    #[command(flatten)]
    pub files: Files,
    /// How.
    #[command(flatten)]
    pub manner: Manner,
}

/// Runs it.
///
/// # Errors
/// When a file cannot be opened or written.
pub fn run(arguments: &Rekey, context: &Context<'_>) -> Result<u8, Failure> {
    let Outcome { written, stuck, .. } = carry_out(context, &arguments.manner, Terms::default(), &|| {
        let found = arguments.files.load(context)?;
        let handovers = found.into_iter().map(|found| {
            let members = Members::of_file(found.sealed.metadata());
            Handover::new(found, members, true)
        });
        Ok(Task { handovers: handovers.collect(), along: Vec::new(), book: RuleBook::new(context.world) })
    })?;
    if written > 0 {
        context.ui.say(context.world, format!("rekeyed {}", count(written, "file")));
    }
    Ok(u8::from(!stuck.is_empty()))
}
