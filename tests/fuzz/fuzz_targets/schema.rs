//! Texts as schemas in both languages, and as values of what they describe.
#![no_main]

use lacre::base::Node;
use lacre::schema::Schema;
use lacre::schema::json::JsonSchema;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    if let Ok(schema) = JsonSchema::parse(text) {
        let leaf = || Node::str(&String::from_utf8_lossy(text));
        let tree = Node::Map(vec![(b"a".to_vec(), Node::List(vec![leaf(), leaf()])), (b"b".to_vec(), leaf())]);
        let _ = (schema.check(&tree), schema.check_names(&tree));
    }
    let Ok(schema) = Schema::parse(text) else { return };
    let values: Vec<(&str, &[u8])> = schema.items.iter().map(|item| (item.name.as_str(), text)).collect();
    let _ = schema.check_values(&values, time::OffsetDateTime::UNIX_EPOCH);
    let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
    assert!(schema.check_names(&names).iter().all(|finding| finding.problem.code() == "public-name"));
    let example = Schema::parse(schema.example().as_bytes()).expect("an example reads back");
    let again: Vec<&str> = example.items.iter().map(|item| item.name.as_str()).collect();
    assert_eq!(again, names);
});
