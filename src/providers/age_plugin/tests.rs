//! A small plugin in shell: what it is asked, and when it is not started at all.
#![cfg(unix)]

use std::cell::Cell;
use std::os::unix::fs::symlink;

use super::*;
use crate::base::ports::NoPrompt;
use crate::keys::age::AgeRecipient;
use crate::keys::key_file::{Key, KeyFile};
use crate::keys::{KeyShare, Recipient, UnwrapError, WrapError, bech32};

/// Hands the file key out as it is, to whoever types 1234. A file that is never written while tests start programs:
/// a child of theirs could still hold it open, and then it does not start.
const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/age-plugin-tst");

struct Person {
    types: &'static str,
    asked: Cell<usize>,
    told: RefCell<Vec<String>>,
}

impl Person {
    fn who_types(types: &'static str) -> Self {
        Self { types, asked: Cell::new(0), told: RefCell::default() }
    }
}

impl Prompt for Person {
    fn secret(&self, question: &str) -> Option<Secret<String>> {
        assert_eq!(question, "age-plugin-tst: PIN");
        self.asked.set(self.asked.get() + 1);
        Some(Secret::new(self.types.to_owned()))
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn tell(&self, message: &str) {
        self.told.borrow_mut().push(message.to_owned());
    }
}

fn folder_with_plugin() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    symlink(PLUGIN, folder.path().join("age-plugin-tst")).unwrap();
    folder
}

fn recipient() -> String {
    bech32::encode("age1tst", &[1, 2, 3]).unwrap()
}

fn identity() -> Key {
    let text = bech32::encode("age-plugin-tst-", &[]).unwrap().to_uppercase();
    match KeyFile::parse(text.as_bytes()) {
        Ok(KeyFile::Open(mut keys)) => keys.remove(0),
        _ => panic!("no identity"),
    }
}

fn share() -> KeyShare {
    vec![7; 32].into()
}

fn problem(result: Result<crate::keys::WrappedKey, WrapError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_plugin_wraps_and_unwraps_and_a_pin_is_typed_once() {
    let folder = folder_with_plugin();
    let person = Person::who_types("1234");
    let plugins = AgePlugins::new(Some(folder.path().into()), None, AllowedPlugins::All, &person);
    let wrapped = AgeRecipient::parse(&recipient(), &plugins).unwrap().wrap(&share()).unwrap();
    assert_eq!(*person.told.borrow(), ["age-plugin-tst: touch\\u{1b}[2J"]);
    for _ in 0..2 {
        let opened = identity().unwrap(&wrapped, "here", &|| None, &plugins).unwrap().unwrap();
        assert_eq!(opened, share());
    }
    assert_eq!(person.asked.get(), 1);
}

#[test]
fn a_wrong_pin_is_not_kept() {
    let folder = folder_with_plugin();
    let person = Person::who_types("0000");
    let plugins = AgePlugins::new(Some(folder.path().into()), None, AllowedPlugins::All, &person);
    let wrapped = AgeRecipient::parse(&recipient(), &plugins).unwrap().wrap(&share()).unwrap();
    for asked in 1..3 {
        let error = identity().unwrap(&wrapped, "here", &|| None, &plugins).unwrap().unwrap_err();
        let problem = "says: wrong PIN".to_owned();
        assert_eq!(error, UnwrapError::Plugin { name: "tst".to_owned(), problem });
        assert_eq!(person.asked.get(), asked);
    }
}

#[test]
fn a_plugin_that_only_a_file_names_is_not_started() {
    let folder = folder_with_plugin();
    let path = Some(OsString::from(folder.path()));
    let nobody = AllowedPlugins::Named(BTreeSet::new());
    let plugins = AgePlugins::new(path.clone(), None, nobody, &NoPrompt);
    let text = problem(AgeRecipient::parse(&recipient(), &plugins).unwrap().wrap(&share()));
    assert!(text.contains("not started without being allowed"), "{text}");
    let named = AllowedPlugins::Named(PluginName::new("tst").into_iter().collect());
    let plugins = AgePlugins::new(path, None, named, &NoPrompt);
    AgeRecipient::parse(&recipient(), &plugins).unwrap().wrap(&share()).unwrap();
}

#[test]
fn programs_in_the_repository_or_a_relative_folder_do_not_count() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let inside = repository.join("vectors/keys");
    let link = folder_with_plugin();
    let outside = tempfile::tempdir().unwrap();
    symlink("/bin/sh", outside.path().join("age-plugin-tst")).unwrap();
    let tst = PluginName::new("tst").unwrap();
    let found = |folders: &[&Path]| {
        let path = std::env::join_paths(folders).unwrap();
        AgePlugins::new(Some(path), Some(&repository), AllowedPlugins::All, &NoPrompt).find(&tst)
    };
    assert_eq!(found(&[Path::new("tests/vectors/keys"), Path::new(""), &inside, link.path()]), None);
    let program = outside.path().join("age-plugin-tst");
    assert_eq!(found(&[&inside, link.path(), outside.path()]), Some(program));
}

#[test]
fn a_missing_plugin_is_an_error_that_names_it() {
    let plugins = AgePlugins::new(Some("/nowhere".into()), None, AllowedPlugins::All, &NoPrompt);
    let text = problem(AgeRecipient::parse(&recipient(), &plugins).unwrap().wrap(&share()));
    assert!(text.starts_with("the plugin `age-plugin-tst` is not in `PATH`"), "{text}");
}
