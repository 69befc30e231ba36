//! Texts as `.sops.yaml`.
#![no_main]

use lacre::base::RecipientId;
use lacre::base::assemble::assemble;
use lacre::document::Document;
use lacre::document::yaml::Yaml;
use lacre::policy::{Destinations, Names, Rules, Stores};
use lacre::workspace::rule_edit::{Newcomer, add, remove};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Ok(document) = Document::parse(text.to_vec(), &Yaml) else { return };
    let names = Names::of(document.outline(), text);
    let _ = names.recipient_of("alice");
    assert!(!names.shown("age1\u{1b}x").contains(char::is_control), "a name must not steer a terminal");
    let Some(node) = assemble(&document.outline().events, text) else { return };
    let _ = Stores::parse(&node);
    if let Ok(destinations) = Destinations::parse(&node) {
        let _ = destinations.first_match("prod/.env");
    }
    let Some(recipient) = RecipientId::guess("age1fuzz") else { return };
    let new = Newcomer { name: Some("fuzz".to_owned()), recipient };
    if let Ok(after) = add(text, &[0], None, &new) {
        assert_eq!(add(&after, &[0], None, &new).as_deref(), Ok(&*after), "twice is once");
        let _ = remove(&after, None, &new.recipient);
    }
    let Ok(Some(rules)) = Rules::parse(&node) else { return };
    for path in ["prod/.env", "a.yaml", ""] {
        if let Ok(Some(rule)) = rules.first_match(path) {
            assert!(rules.all().any(|other| other == Ok(rule)));
        }
    }
});
