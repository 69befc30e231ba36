//! `lacre init`: makes a folder ready. Doing it twice changes nothing.

mod agent;

use std::path::Path;

use clap::Args;

use super::super::{Context, Failure};
use super::keygen;
use crate::base::ports::{Clock, Random};
use crate::keys::new_identity::{NewIdentity, NewKind};
use crate::workspace::installation::drivers;
use crate::workspace::rule_file::RULE_FILE;
use crate::workspace::{Error, RuleFile};
use crate::world::files::{self, PUBLIC_MODE};
use crate::world::git::{Git, repository_root};

/// Make this repository ready: an identity, `.sops.yaml` and ignore lines
#[derive(Args, Debug)]
#[command(
    after_help = "It makes an age identity if you have none, a `.sops.yaml` that names you as recipient if there is none, and adds lines to `.gitignore` so that plaintext is not committed. Twice changes nothing.\n\n`--agent` makes a second identity for coding agents and sandboxes, in `~/.config/lacre/agent.txt`, names it `agent` in the rules for development alone (`.env.enc`, `.env.dev*.enc`, `.env.local`, `.env.test`), and lets it open their files. Production does not open with it.\n\nExamples:\n  lacre init\n  lacre init --agent                 `lacre help threat-model` says what it is worth"
)]
pub struct Init {
    /// Make an identity for coding agents too, which opens the files of development alone
    #[arg(long)]
    pub agent: bool,
}

/// Plaintext that must not be committed, and the encrypted files and examples that must be.
const IGNORE_LINES: [&str; 10] = [
    ".env",
    ".env.*",
    "!.env*.enc",
    "!.env*.sops*",
    "!.env.example",
    "!.env.schema",
    "*.pem",
    "*.key",
    "credentials.json",
    "service-account.json",
];

/// Runs it.
///
/// # Errors
/// When something cannot be written.
pub fn run(arguments: &Init, context: &Context<'_>) -> Result<u8, Failure> {
    let world = context.world;
    let recipient = recipient(context)?;
    let root = repository_root(&world.folder).unwrap_or_else(|| world.folder.clone());
    match RuleFile::find(world, &root.join(".env.enc"))? {
        None => {
            let path = root.join(RULE_FILE);
            let text = rule_file(&own_name(context), &recipient);
            files::create(&path, None, text.as_bytes(), PUBLIC_MODE)?;
            context.ui.say(world, format!("wrote {}: new files are encrypted for you", context.shown(&path)));
        }
        Some(rules) if rules.names.name_of(&recipient).is_none() && !rules.mentions(&recipient)? => {
            let shown = context.shown(&rules.path);
            context.ui.note(
                world,
                format!(
                    "{shown} does not name you; run this, or send it to a recipient, and commit what it changes"
                ),
            );
            let person = format!("{}={recipient}", own_name(context));
            // An ssh key has blanks.
            let person = if recipient.contains(' ') { shell_words::quote(&person) } else { person.into() };
            context.print_line(&format!("lacre recipients add {person}"))?;
        }
        Some(rules) => {
            context.ui.say(world, format!("{} names you as a recipient", context.shown(&rules.path)));
        }
    }
    if arguments.agent {
        agent::run(context, &root, &recipient)?;
    }
    if RuleFile::find(world, &root.join(".env.enc"))?.is_some_and(|rules| rules.has_lonely_rule()) {
        context.ui.warn(world, "a rule has a single recipient: if its identity is lost, so are the secrets");
    }
    ignore(context, &root)?;
    Ok(0)
}

/// The person's own public key; an identity is made if there is none.
fn recipient(context: &Context<'_>) -> Result<String, Failure> {
    let known = context.keyring.identities.tried();
    if let Some(recipient) = known.iter().flat_map(|source| &source.recipients).next() {
        return Ok(recipient.clone());
    }
    if let Some(source) = known.iter().find(|source| source.failure.is_none()) {
        return Err(Failure::user(format!("the identities in {} are locked", source.source))
            .hint("write `.sops.yaml` by hand, with your public key; `lacre help format` shows one"));
    }
    let (clock, random): (&dyn Clock, &dyn Random) = (&*context.world.clock, &*context.world.random);
    let identity = NewIdentity::generate(NewKind::default(), clock, random).map_err(Error::Random)?;
    let place = keygen::append(context, &identity)?;
    context.ui.say(context.world, format!("made an identity in {}; back it up", context.shown(&place)));
    Ok(identity.recipient.clone())
}

/// What the person is called, as far as it makes an anchor.
fn own_name(context: &Context<'_>) -> String {
    let user = context.world.variable("USER").map(|user| user.to_string_lossy().into_owned());
    let name: String = user
        .unwrap_or_default()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
        .collect();
    if name.is_empty() { "me".to_owned() } else { name }
}

fn rule_file(name: &str, recipient: &str) -> String {
    format!(
        "# Who may open which encrypted file. The first rule whose path_regex matches counts.\n\
         # A recipient's name is its anchor.\n\
         keys:\n  - &{name} {recipient}\n\
         creation_rules:\n  - age:\n      - *{name}\n"
    )
}

/// Adds the ignore lines that are missing, and looks whether an older line hides an encrypted file.
fn ignore(context: &Context<'_>, root: &Path) -> Result<(), Failure> {
    if repository_root(root).is_none() {
        context.ui.note(context.world, "this is no git repository, so no ignore lines were written");
        return Ok(());
    }
    let path = root.join(".gitignore");
    let mut added = Vec::new();
    files::update(&path, Some(root), |old| {
        let old = old.unwrap_or_default();
        let present =
            |line: &str| old.split(|byte| *byte == b'\n').any(|one| one.trim_ascii_end() == line.as_bytes());
        added = IGNORE_LINES.iter().copied().filter(|line| !present(line)).collect();
        if added.is_empty() {
            return Ok::<_, Failure>(None);
        }
        let mut text = old.to_vec();
        if text.last().is_some_and(|byte| *byte != b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(added.join("\n").as_bytes());
        text.push(b'\n');
        Ok(Some(text))
    })?;
    if !added.is_empty() {
        context.ui.say(context.world, format!("added {} lines to {}", added.len(), context.shown(&path)));
    }
    let git = Git::find(root, &context.world.variables);
    for twin in [".env.enc", ".env.production.enc", "secrets.enc.yaml", "config.enc.json"] {
        if let Some(line) = git.as_ref().and_then(|git| git.ignored_by(&root.join(twin))) {
            let message = format!("`{line}` still hides `{twin}`, which must be committed");
            context.ui.warn(context.world, message);
        }
    }
    if git.is_some_and(|git| !drivers::are_there(&git)) {
        let message = "`lacre git install` makes git compare and merge encrypted files, and guards commits";
        context.ui.say(context.world, message);
    }
    Ok(())
}
