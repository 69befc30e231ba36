//! `lacre keygen`: a new age identity.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Context, Failure};
use crate::base::Secret;
use crate::keys::new_identity::{NewIdentity, NewKind};
use crate::workspace::Error;
use crate::world::files::{self, PRIVATE_MODE, SIZE_LIMIT};
use crate::world::git::Git;
use crate::world::identities::default_key_file;

/// Make a new age identity; its public key goes to stdout
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre keygen                        into sops's own key file\n  lacre keygen -o ci.txt              for a CI job: its content becomes the secret SOPS_AGE_KEY\n  lacre keygen --passphrase -o me.txt\n\nBack the file up: without it, nothing encrypted for it can be read again."
)]
pub struct Keygen {
    /// The file to write, instead of the place where sops and lacre look
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// A post-quantum identity: safe from future quantum computers, with a public key of 1,959 characters
    #[arg(long)]
    pub pq: bool,
    /// Lock the file with a passphrase; needs a FILE of its own
    #[arg(long, requires = "output")]
    pub passphrase: bool,
}

/// Runs it.
///
/// # Errors
/// When the file exists already or cannot be written.
pub fn run(arguments: &Keygen, context: &Context<'_>) -> Result<u8, Failure> {
    let kind = if arguments.pq { NewKind::PostQuantum } else { NewKind::X25519 };
    let (clock, random) = (&*context.world.clock, &*context.world.random);
    let identity = NewIdentity::generate(kind, clock, random).map_err(Error::Random)?;
    let place = match &arguments.output {
        Some(output) => {
            let output = context.world.path(output);
            let text = if arguments.passphrase { locked(context, &identity)? } else { identity.text.clone() };
            files::create(&output, None, text.expose().as_bytes(), PRIVATE_MODE)?;
            output
        }
        None => append(context, &identity)?,
    };
    context.ui.say(context.world, format!("wrote a new identity into {}; back it up", context.shown(&place)));
    warn_if_committable(context, &place);
    context.print_line(&identity.recipient)?;
    Ok(0)
}

/// Whoever gets an identity reads all that is encrypted for it; in a repository, that would be everybody.
pub(super) fn warn_if_committable(context: &Context<'_>, path: &Path) {
    if Git::around(path, &context.world.variables).and_then(|git| git.is_ignored(path)) == Some(false) {
        let shown = context.shown(path);
        context
            .ui
            .warn(context.world, format!("git does not ignore {shown}: an identity must not be committed"));
    }
}

/// Appends to the place where sops looks.
///
/// # Errors
/// When there is no such place, or it cannot be written.
pub fn append(context: &Context<'_>, identity: &NewIdentity) -> Result<PathBuf, Failure> {
    let place = default_key_file(&context.world.variables).ok_or_else(|| {
        Failure::user("there is no home folder to keep an identity in").hint("name a file with `-o FILE`")
    })?;
    if let Some(folder) = place.parent() {
        files::create_folders(folder)?;
    }
    let locked = |text: &[u8]| text.starts_with(b"age-encryption") || text.starts_with(b"-----BEGIN AGE");
    if files::exists(&place) && locked(&files::read(&place, SIZE_LIMIT)?) {
        return Err(Failure::user(format!("{} is locked with a passphrase", context.shown(&place)))
            .hint("name another file with `-o FILE`"));
    }
    add(&place, identity)?;
    Ok(place)
}

fn add(place: &Path, identity: &NewIdentity) -> Result<(), Failure> {
    let new = identity.text.expose().as_bytes();
    if !files::exists(place) {
        return Ok(files::create(place, None, new, PRIVATE_MODE)?);
    }
    files::update(place, None, |old| {
        let mut text = old.unwrap_or_default().to_vec();
        if text.last().is_some_and(|byte| *byte != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(new);
        Ok::<_, Failure>(Some(text))
    })?;
    Ok(())
}

fn locked(context: &Context<'_>, identity: &NewIdentity) -> Result<Secret<String>, Failure> {
    let nobody = || Failure::usage("there is no terminal to ask for a passphrase on");
    let ask = |question| context.world.prompt.secret(question).ok_or_else(nobody);
    let first = ask("New passphrase (not shown): ")?;
    if first.expose().is_empty() {
        return Err(Failure::user("the passphrase is empty"));
    }
    if first != ask("The same again: ")? {
        return Err(Failure::user("the passphrases differ"));
    }
    identity.locked(&first).map(Secret::new).ok_or_else(|| Failure::user("the identity cannot be locked"))
}
