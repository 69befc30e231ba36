//! Texts as a `sops` block: nested in YAML, and flat as in dotenv.
#![no_main]

use lacre::base::Node;
use lacre::base::assemble::assemble;
use lacre::base::flatten::{flatten, unflatten};
use lacre::document::Document;
use lacre::document::yaml::Yaml;
use lacre::envelope::Metadata;

fn laws(node: &Node) {
    let flat = flatten("", node);
    let _ = unflatten(flat.iter().map(|(name, text)| (name.as_str(), text.clone())));
    let Ok(metadata) = Metadata::from_node(node) else { return };
    let written = metadata.to_node();
    let again = Metadata::from_node(&written).expect("what is written reads back");
    assert_eq!(again.to_node(), written);
    assert_eq!(again.mac_aad(), metadata.mac_aad());
    assert_eq!(again.selector, metadata.selector);
    assert_eq!(again.keys().count(), metadata.keys().count());
}

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Ok(document) = Document::parse(text.to_vec(), &Yaml)
        && let Some(node) = assemble(&document.outline().events, text)
    {
        laws(&node);
    }
    let Ok(text) = std::str::from_utf8(text) else { return };
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    if let Some(node) = unflatten(pairs.map(|(name, value)| (name, value.into()))) {
        let flat = flatten("", &node);
        let again = unflatten(flat.iter().map(|(name, text)| (name.as_str(), text.clone())));
        if !flat.is_empty() {
            assert_eq!(again.map(|node| flatten("", &node)), Some(flat));
        }
        laws(&node);
    }
});
