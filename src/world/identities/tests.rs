//! Identities in a home folder of their own: which are found, in which order, and what is said when none opens.

use std::cell::Cell;
use std::fs;

use super::*;
use crate::base::Secret;
use crate::base::ports::{CountedRandom, FrozenClock, NoPrompt};
use crate::keys::Recipient;
use crate::keys::age::AgeRecipient;
use crate::keys::new_identity::{NewIdentity, NewKind};
use crate::keys::plugin::NoPlugins;

struct Person {
    types: &'static str,
    asked: Cell<usize>,
}

impl Prompt for Person {
    fn secret(&self, _: &str) -> Option<Secret<String>> {
        self.asked.set(self.asked.get() + 1);
        Some(Secret::new(self.types.to_owned()))
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn tell(&self, _: &str) {}
}

/// A home folder and two identities.
struct Scene {
    home: tempfile::TempDir,
    mine: NewIdentity,
    other: NewIdentity,
    variables: Variables,
}

impl Scene {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let random = CountedRandom::default();
        let clock = FrozenClock(time::OffsetDateTime::UNIX_EPOCH);
        let [mine, other] =
            [(), ()].map(|()| NewIdentity::generate(NewKind::X25519, &clock, &random).unwrap());
        let variables = Variables::from([("HOME".into(), home.path().into())]);
        Self { home, mine, other, variables }.with("PATH", "/usr/bin:/bin")
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn identities<'a>(&'a self, prompt: &'a dyn Prompt) -> Identities<'a> {
        Identities::gather(&[], self.home.path(), &self.variables, prompt, &NoPlugins)
    }

    fn opened(&self) -> Result<Opened, NotOpened> {
        self.identities(&NoPrompt).open(&[wrapped(&self.mine.recipient)])
    }

    fn source(&self) -> String {
        self.opened().unwrap().source
    }
}

fn wrapped(recipient: &str) -> WrappedKey {
    AgeRecipient::parse(recipient, &NoPlugins).unwrap().wrap(&vec![7; 32].into()).unwrap()
}

const KEYS: &str = ".config/sops/age/keys.txt";

#[test]
fn identities_are_found_where_sops_looks() {
    let mine = Scene::new().mine.text;
    let mine = mine.expose();
    let key = mine.lines().last().unwrap();
    assert_eq!(Scene::new().with_file(KEYS, mine).source(), "~/.config/sops/age/keys.txt");
    assert_eq!(Scene::new().with("SOPS_AGE_KEY", key).source(), "SOPS_AGE_KEY");
    let scene = Scene::new().with_file("k", mine).with("SOPS_AGE_KEY_FILE", "k");
    assert_eq!(scene.source(), "~/k");
    let scene = Scene::new().with("SOPS_AGE_KEY_CMD", &format!("printf '%s\\n' '{key}'"));
    assert_eq!(scene.source(), "SOPS_AGE_KEY_CMD");
    let scene = Scene::new();
    let elsewhere = scene.home.path().join("xdg");
    let scene =
        scene.with_file("xdg/sops/age/keys.txt", mine).with("XDG_CONFIG_HOME", elsewhere.to_str().unwrap());
    assert_eq!(scene.source(), "~/xdg/sops/age/keys.txt");
}

#[test]
fn a_bad_source_does_not_stop_the_others() {
    let scene = Scene::new().with("SOPS_AGE_KEY", "nonsense").with("SOPS_AGE_KEY_FILE", "/nowhere");
    let text = scene.mine.text.expose().clone();
    assert_eq!(scene.with_file(KEYS, &text).source(), "~/.config/sops/age/keys.txt");
}

#[test]
fn what_was_tried_is_told_with_public_keys_and_reasons() {
    let scene = Scene::new().with("SOPS_AGE_KEY", "nonsense").with("SOPS_AGE_KEY_CMD", "false");
    let text = scene.other.text.expose().clone();
    let scene = scene.with_file(KEYS, &text);
    let failed = scene.opened().unwrap_err();
    let tried = |source: &str, recipients: &[&String], failure| Tried {
        source: source.to_owned(),
        recipients: recipients.iter().map(|text| (*text).clone()).collect(),
        failure,
    };
    let expected = [
        tried("SOPS_AGE_KEY", &[], Some(SourceError::Content(KeyFileError::BadLine(1)))),
        tried("SOPS_AGE_KEY_CMD", &[], Some(SourceError::Command("ended with an error".to_owned()))),
        tried("~/.config/sops/age/keys.txt", &[&scene.other.recipient], None),
    ];
    assert_eq!(failed, NotOpened { tried: expected.to_vec(), problem: None });
}

#[test]
fn commands_run_only_when_nothing_else_opens_and_once_a_recipient() {
    let scene = Scene::new().with("SOPS_AGE_KEY_CMD", "touch ran");
    let text = scene.mine.text.expose().clone();
    let line = format!("sh -c 'echo \"$SOPS_AGE_RECIPIENT\" >> {}/ran'", scene.home.path().display());
    let scene = scene.with("SOPS_AGE_KEY_CMD", &line).with_file(KEYS, &text);
    let identities = scene.identities(&NoPrompt);
    identities.open(&[wrapped(&scene.mine.recipient)]).unwrap();
    assert!(!scene.home.path().join("ran").exists());
    for _ in 0..2 {
        identities.open(&[wrapped(&scene.other.recipient)]).unwrap_err();
    }
    let asked = fs::read_to_string(scene.home.path().join("ran")).unwrap();
    assert_eq!(asked, format!("{}\n", scene.other.recipient));
}

#[test]
fn a_passphrase_is_asked_once_and_only_if_needed() {
    let scene = Scene::new();
    let mut work = age::scrypt::Recipient::new("open sesame".to_owned().into());
    work.set_work_factor(2);
    let locked = age::encrypt_and_armor(&work, scene.mine.text.expose().as_bytes()).unwrap();
    let other = scene.other.text.expose().lines().last().unwrap().to_owned();
    let scene =
        scene.with_file("locked", &locked).with("SOPS_AGE_KEY_FILE", "locked").with("SOPS_AGE_KEY", &other);
    let person = Person { types: "open sesame", asked: Cell::new(0) };
    let identities = scene.identities(&person);
    identities.open(&[wrapped(&scene.other.recipient)]).unwrap();
    assert_eq!(person.asked.get(), 0);
    for _ in 0..2 {
        identities.open(&[wrapped(&scene.mine.recipient)]).unwrap();
    }
    assert_eq!(person.asked.get(), 1);

    let stranger = Person { types: "guess", asked: Cell::new(0) };
    let identities = scene.identities(&stranger);
    for _ in 0..2 {
        let failed = identities.open(&[wrapped(&scene.mine.recipient)]).unwrap_err();
        assert!(failed.tried.iter().any(|tried| tried.failure == Some(KeyFileError::Locked.into())));
    }
    assert_eq!(stranger.asked.get(), 1);
}

#[test]
fn an_entry_that_names_another_recipient_opens_all_the_same() {
    let text = Scene::new().mine.text.expose().clone();
    let scene = Scene::new().with_file(KEYS, &text);
    let mut entry = wrapped(&scene.mine.recipient);
    entry.recipient.clone_from(&scene.other.recipient);
    scene.identities(&NoPrompt).open(&[entry]).unwrap();
}

#[test]
fn a_damaged_entry_is_told_and_the_next_one_tried() {
    let text = Scene::new().mine.text.expose().clone();
    let scene = Scene::new().with_file(KEYS, &text);
    let good = wrapped(&scene.mine.recipient);
    let mut bad = good.clone();
    let lines: Vec<_> = bad.enc.lines().collect();
    bad.enc = [lines[0], lines[1], "AAAA", lines[lines.len() - 1]].join("\n");
    let identities = scene.identities(&NoPrompt);
    let failed = identities.open(std::slice::from_ref(&bad)).unwrap_err();
    assert_eq!(failed.problem, Some(UnwrapError::Damaged(scene.mine.recipient.clone())));
    identities.open(&[bad, good]).unwrap();
}

#[test]
fn names_of_files_reach_no_terminal_unescaped() {
    let scene = Scene::new().with("SOPS_AGE_KEY_FILE", "\u{1b}[2J");
    assert_eq!(scene.opened().unwrap_err().tried[0].source, "~/\\u{1b}[2J");
}

#[test]
fn what_was_opened_does_not_show_its_share() {
    let opened = Opened { share: vec![42; 32].into(), source: "s".to_owned(), recipient: "r".to_owned() };
    assert!(!format!("{opened:?}").contains("42"));
}
