//! `lacre init --agent`: a second identity, which only the rules for development name, for coding agents and sandboxes.

use std::path::{Path, PathBuf};

use super::super::super::{Context, Failure};
use super::super::keygen::warn_if_committable;
use super::super::recipients::{Manner, add};
use super::{own_name, rule_file};
use crate::keys::key_file::{Key, KeyFile};
use crate::keys::new_identity::{NewIdentity, NewKind};
use crate::workspace::development::{DEVELOPMENT_FILES, DEVELOPMENT_REGEX, Development, PRODUCTION_REGEX};
use crate::workspace::{Error, RuleFile, open_file};
use crate::world::files::{self, PRIVATE_MODE, SIZE_LIMIT};
use crate::world::git::Git;
use crate::world::identities::agent_key_file;
use crate::world::walk::files_below;

/// Makes the identity and names it. `recipient` is the person's own.
///
/// # Errors
/// When no rule is for development alone, or something cannot be written.
pub(super) fn run(context: &Context<'_>, root: &Path, recipient: &str) -> Result<(), Failure> {
    let place = agent_key_file(&context.world.variables)
        .ok_or_else(|| Failure::user("there is no home folder to keep the agent's identity in"))?;
    let mut rules = read(context, root)?;
    // What `init` wrote, and nobody has changed, has one rule for everything.
    let is_ours = rules.document().text() == rule_file(&own_name(context), recipient).as_bytes();
    if !is_ours {
        development(context, &rules, root)?;
    }
    let agent = identity(context, &place)?;
    if is_ours {
        let old = rules.document().text();
        let new = with_agent(&own_name(context), recipient, &agent);
        files::replace(&rules.path, Some(root), Some(old), new.as_bytes())?;
        let shown = context.shown(&rules.path);
        context
            .ui
            .say(context.world, format!("{shown} has rules for production, development and the rest now"));
        rules = read(context, root)?;
    }
    let name = name(context, &rules, &agent);
    for rule in development(context, &rules, root)? {
        let mut words = vec![format!("{name}={agent}")];
        words.extend(untracked(context, &rules, rule, root)?);
        let manner = Manner { dry_run: false, yes: false, keep_going: false, json: false };
        let arguments =
            add::Add { words, rule: Some(rule + 1), group: None, file_only: false, rule_only: false, manner };
        add::run(&arguments, context)?;
    }
    tell(context, &place);
    Ok(())
}

fn read(context: &Context<'_>, root: &Path) -> Result<RuleFile, Failure> {
    let found = RuleFile::find(context.world, &root.join(".env.enc"))?;
    found.ok_or_else(|| Failure::user("there is no `.sops.yaml`"))
}

/// The rules for development, from 0.
fn development(context: &Context<'_>, rules: &RuleFile, root: &Path) -> Result<Vec<usize>, Failure> {
    let tracked = Git::find(root, &context.world.variables).and_then(|git| git.tracked_files());
    let found = Development::find(rules, &tracked.unwrap_or_default())?;
    if !found.rules.is_empty() {
        return Ok(found.rules);
    }
    let shown = context.shown(&rules.path);
    let why = found
        .mixed
        .first()
        .map(|(rule, path)| format!(": rule {} is for {} too", rule + 1, context.shown(path)));
    let mut failure = Failure::user(format!(
        "{shown} has no creation rule for development alone{}",
        why.unwrap_or_default()
    ))
    .hint("write these two in front of the others, with recipients as you want them, and run this again");
    let recipients = rules.names.pairs().first().map_or("age1…", |(_, recipient)| recipient);
    for line in [
        "creation_rules:".to_owned(),
        format!("  - path_regex: '{PRODUCTION_REGEX}'"),
        format!("    age: {recipients}"),
        format!("  - path_regex: '{DEVELOPMENT_REGEX}'"),
        format!("    age: {recipients}"),
    ] {
        failure = failure.detail(line);
    }
    Err(failure)
}

/// The agent's public key; its identity is made if there is none.
fn identity(context: &Context<'_>, place: &Path) -> Result<String, Failure> {
    let world = context.world;
    if files::exists(place) {
        let unusable = || {
            Failure::user(format!("{} is no identity that can be named in a rule", context.shown(place)))
                .hint("move it away, and run this again")
        };
        let text = zeroize::Zeroizing::new(files::read(place, SIZE_LIMIT)?);
        let Ok(KeyFile::Open(keys)) = KeyFile::parse(&text) else { return Err(unusable()) };
        return keys.first().and_then(Key::recipient).ok_or_else(unusable);
    }
    let identity = NewIdentity::generate(NewKind::default(), &*world.clock, &*world.random);
    let identity = identity.map_err(Error::Random)?;
    if let Some(folder) = place.parent() {
        files::create_folders(folder)?;
    }
    files::create(place, None, identity.text.expose().as_bytes(), PRIVATE_MODE)?;
    context.ui.say(world, format!("made an identity for agents in {}", context.shown(place)));
    warn_if_committable(context, place);
    Ok(identity.recipient.clone())
}

/// What the rules call it, or shall: somebody else's agent may have the plain name.
fn name(context: &Context<'_>, rules: &RuleFile, agent: &str) -> String {
    match (rules.names.name_of(agent), rules.names.recipient_of("agent")) {
        (Some(name), _) => name.to_owned(),
        (None, None) => "agent".to_owned(),
        (None, Some(_)) => format!("{}-agent", own_name(context)),
    }
}

/// Files of this rule that git does not track yet.
fn untracked(
    context: &Context<'_>,
    rules: &RuleFile,
    rule: usize,
    root: &Path,
) -> Result<Vec<String>, Failure> {
    let is_meant = |path: &Path| {
        path.file_name().is_some_and(|name| DEVELOPMENT_FILES.iter().any(|known| name == *known))
    };
    let mut found = Vec::new();
    for path in files_below(root, &is_meant)? {
        let follows = RuleFile::locate(context.world, &path).as_ref() == Some(&rules.path)
            && rules.rule_for(&path)?.is_some_and(|found| found.index == rule);
        if follows && open_file::load(&path, None).is_ok() {
            found.extend(path.to_str().map(str::to_owned));
        }
    }
    Ok(found)
}

/// Three rules in place of the one that `init` writes.
fn with_agent(name: &str, recipient: &str, agent: &str) -> String {
    format!(
        "# Who may open which encrypted file. The first rule whose path_regex matches counts.\n\
         # A recipient's name is its anchor.\n\
         keys:\n  - &{name} {recipient}\n  - &agent {agent}\n\
         creation_rules:\n  # production, wherever it stands: people alone\n  \
         - path_regex: '{PRODUCTION_REGEX}'\n    age:\n      - *{name}\n  \
         # development: coding agents too\n  \
         - path_regex: '{DEVELOPMENT_REGEX}'\n    age:\n      - *{name}\n      - *agent\n  \
         # everything else: people alone\n  - age:\n      - *{name}\n"
    )
}

/// How an agent is started with it, and what that is worth.
fn tell(context: &Context<'_>, place: &Path) {
    let home = context.world.variable("HOME").map(PathBuf::from);
    let short = home.and_then(|home| Some(format!("~/{}", place.strip_prefix(home).ok()?.display())));
    let place = short.unwrap_or_else(|| place.display().to_string());
    let (ui, world) = (context.ui, context.world);
    ui.say(world, "start an agent with it:");
    ui.say(world, format!("  SOPS_AGE_KEY_FILE={place} LACRE_NO_PLAINTEXT=1 AGENT"));
    let note = "this keeps production closed only where the agent cannot read your own identities: give it a user, \
                a container or a sandbox of its own (`lacre help threat-model`)";
    ui.note(world, note);
}
