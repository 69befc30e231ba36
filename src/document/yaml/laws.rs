//! The laws of the room, over generated documents.

use proptest::prelude::*;

use super::Yaml;
use crate::base::{Kind, Node, Path, Step, Style, Value};
use crate::document::{Content, Document, EditError, Format, entries, nth_document, splice};

/// What the events say, without where: one line an event, tags left out.
fn view(document: &Document) -> Vec<String> {
    let text = document.text();
    let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut lines = Vec::new();
    for event in &document.outline().events {
        lines.push(match &event.kind {
            Kind::Key(name) => format!("key {}", show(name.bytes(event.span, text))),
            Kind::Scalar(_, scalar) => {
                let value = scalar.value(event.span, text);
                format!("{:?} {}", value.kind(), show(&value.plain_bytes()))
            }
            Kind::Comment { inline } => format!("comment {inline} {}", show(event.span.of(text))),
            Kind::Alias | Kind::Anchor => format!("name {}", show(event.span.of(text))),
            Kind::Tag => continue,
            kind => format!("{kind:?}"),
        });
    }
    lines
}

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes().to_vec(), &Yaml).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn scalars(document: &Document) -> Vec<usize> {
    let events = document.outline().events.iter().enumerate();
    events.filter(|(_, event)| matches!(event.kind, Kind::Scalar(..))).map(|(at, _)| at).collect()
}

/// Position among the events without tags, which come and go.
fn position(document: &Document, at: usize) -> usize {
    document.outline().events[..at].iter().filter(|event| !matches!(event.kind, Kind::Tag)).count()
}

/// Replaces and checks the law: that value with that type at that place, every other event unchanged.
fn replaced(document: &Document, at: usize, value: &Value) -> Result<Document, EditError> {
    let spliced = splice(document.text(), vec![Yaml.replace(document, at, Content::Value(value))?]);
    let shown = String::from_utf8_lossy(&spliced).into_owned();
    let before = String::from_utf8_lossy(document.text()).into_owned();
    let after =
        Document::parse(spliced, &Yaml).unwrap_or_else(|error| panic!("{error}\n{before}\n---\n{shown}"));
    let mut expected = view(document);
    let line = position(document, at);
    expected[line] = format!("{:?} {}", value.kind(), String::from_utf8_lossy(&value.plain_bytes()));
    assert_eq!(view(&after), expected, "\n{before}\n---\n{shown}");
    Ok(after)
}

const CONTEXTS: [&str; 22] = [
    "k: SCALAR\nz: 1\n",
    "k: SCALAR",
    "k: SCALAR # c\n# d\nz: 1\n",
    "a:\n  k: SCALAR\n\n# c\nz: 1\n",
    "a:\n    - SCALAR\n    - 2\n",
    "a:\n- SCALAR\n- 2\nb: 1\n",
    "a:\n- k: SCALAR\n  b: 1\n- 2\n",
    "a:\n- - SCALAR\n  - 1\n",
    "{a: SCALAR, b: 1}\n",
    "{a: [SCALAR, 1]}\n",
    "a: [1, SCALAR] # c\nb: 1\n",
    "{\n  \"a\": SCALAR, # c\n  \"b\": 1\n}\n",
    "a: &x SCALAR\nb: *x\n",
    "a:\n  SCALAR\nb: 1\n",
    "a: 1\n---\nk: SCALAR\n...\n---\nb: 1\n",
    "k: |\n  SCALAR\nz: 1\n",
    "k: |-\n    SCALAR\n\n\nz: 1\n",
    "k: |2+ # c\n  SCALAR\n\n# d\nz: 1\n",
    "l:\n- >\n SCALAR\n- 2\n",
    "a:\n  k: >-\n    SCALAR\n  # c\nz: 1\n",
    "k: !!str SCALAR\nz: 1\n",
    "k: &x !!str SCALAR\nz: *x\n",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
        (0i64..4_000_000_000, 0u32..3).prop_map(|(second, nano)| {
            let time = time::OffsetDateTime::from_unix_timestamp(second).unwrap();
            Value::Time(time + time::Duration::nanoseconds(i64::from(nano) * 100))
        }),
        "[a-z0-9 :#,'\"\\[\\]{}&*!|>%@`.?~<=+\\\\-]{0,8}".prop_map(|text| Value::str(&text)),
        "([a-c :#-]{0,3}\n){0,4}[ a\n\t]{0,3}".prop_map(|text| Value::str(&text)),
        "\\PC{0,6}|[\u{0}-\u{ff}]{0,5}|[\u{2028}\u{feff}\u{85}\u{1F600}x]{0,3}"
            .prop_map(|text| Value::str(&text)),
        proptest::collection::vec(any::<u8>(), 0..6)
            .prop_map(|bytes| Value::Str(crate::base::Secret::new(bytes))),
        prop_oneof![
            "0x1f",
            "1e3",
            "true",
            "null",
            "~",
            "2024-01-02",
            "yes",
            "n",
            "1_0",
            "017",
            "<<",
            "=",
            "---",
            "..."
        ]
        .prop_map(|text| Value::str(&text)),
    ]
}

/// `text` with every scalar encrypted, styles remembered.
fn encrypted(document: &Document) -> (Document, Vec<(Value, Style)>) {
    let events = &document.outline().events;
    let mut splices = Vec::new();
    let mut values = Vec::new();
    for at in scalars(document) {
        let Kind::Scalar(style, scalar) = &events[at].kind else { unreachable!() };
        let value = scalar.value(events[at].span, document.text());
        if value.kind().is_some() && !value.plain_bytes().is_empty() {
            let text = "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]";
            splices.push(Yaml.replace(document, at, Content::Cipher { text, style: None }).unwrap());
        }
        values.push((value, *style));
    }
    let text = splice(document.text(), splices);
    let shown = String::from_utf8_lossy(&text).into_owned();
    (Document::parse(text, &Yaml).unwrap_or_else(|error| panic!("{error}\n{shown}")), values)
}

/// Encrypts all and decrypts all.
fn round_trip(text: &str) -> String {
    let document = parse(text);
    let (sealed, values) = encrypted(&document);
    let mut splices = Vec::new();
    for (at, (value, _)) in scalars(&sealed).into_iter().zip(values) {
        splices.push(Yaml.replace(&sealed, at, Content::Value(&value)).unwrap());
    }
    String::from_utf8(splice(sealed.text(), splices)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_value_fits_any_place(
        context in proptest::sample::select(&CONTEXTS[..]),
        scalar in proptest::sample::select(&["x", "\"x\"", "'x'", "ENC[AES256_GCM]", "12"][..]),
        crlf in any::<bool>(),
        value in value(),
    ) {
        let scalar = if context.contains('{') || context.contains('[') { "x" } else { scalar };
        let text = context.replace("SCALAR", scalar);
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let document = parse(&text);
        for at in scalars(&document) {
            match replaced(&document, at, &value) {
                // Only a block scalar with a comment on its header may refuse, and only for another header.
                Err(EditError::Value(_)) => prop_assert!(text.contains("+ # c"), "{text}"),
                other => { other.unwrap(); }
            }
        }
    }

    #[test]
    fn a_new_value_stands_where_it_was_put(
        (text, path) in proptest::sample::select(&INSERTIONS[..]),
        name in "[a-z0-9 :#'\"&yn~=<.-]{0,5}",
        value in value(),
        crlf in any::<bool>(),
    ) {
        let text = if crlf { text.replace('\n', "\r\n") } else { text.to_owned() };
        let document = parse(&text);
        let mut path = Path::parse(path).unwrap();
        if text.contains("---\nlast") || text.contains("---\r\nlast") { path.document = 1; }
        path.steps.push(Step::Key(format!("new{name}").into_bytes()));
        let mut name = name; name.insert(0, 'p');
        let node = Node::Map(vec![
            (name.clone().into_bytes(), Node::Value(value.clone())),
            (b"list".to_vec(), Node::List(vec![Node::Value(value.clone()), Node::Map(vec![(b"y".to_vec(), Node::Value(value.clone())), (b"null".to_vec(), Node::Map(vec![]))])])),
        ]);
        let text = splice(document.text(), vec![Yaml.insert(&document, &path, &node).unwrap()]);
        let shown = String::from_utf8_lossy(&text).into_owned();
        let after = Document::parse(text, &Yaml).unwrap_or_else(|error| panic!("{error}\n{shown}"));
        let found = after.find(&path).unwrap_or_else(|| panic!("{shown}"));
        let tree = crate::base::assemble::assemble(&after.outline().events[found..], after.text()).unwrap();
        prop_assert_eq!(tree, node, "\n{}", shown);
        let removed = after.spliced(Yaml.remove(&after, &path).unwrap()).unwrap();
        prop_assert!(removed.find(&path).is_none());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let _ = Document::parse(bytes, &Yaml);
    }

    #[test]
    fn arbitrary_yaml_never_panics(text in "([a-c]: |- |  |\n|#|'|\"|\\||>|\\{|\\}|\\[|\\]|,|&a |\\*a|---\n|!!str |sops: |\\? |\\.\\.\\.\n|1|\t|\r\n|\\+){0,24}") {
        let Ok(document) = Document::parse(text.clone().into_bytes(), &Yaml) else { return Ok(()) };
        prop_assert_eq!(splice(document.text(), Vec::new()), text.as_bytes());
        for at in 0..document.outline().events.len() {
            let _ = Yaml.replace(&document, at, Content::Comment(b"x"));
        }
        // Explicit keys are read, but not every edit beside them succeeds.
        if text.contains('?') { return Ok(()); }
        for at in scalars(&document) {
            if let Err(error) = replaced(&document, at, &Value::str("x\ny\n")) {
                prop_assert!(matches!(error, EditError::Value(_)), "{error}\n{text}");
            }
        }
        let path = Path::key(b"new");
        let splices = vec![Yaml.insert(&document, &path, &Node::str("x")).unwrap()];
        let inserted = document.spliced(splices).unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert!(inserted.find(&path).is_some(), "{}", text);
        let removed = inserted.spliced(Yaml.remove(&inserted, &path).unwrap());
        // In a flow map a comment beside the entry goes with it.
        if !(empty_root(&document) || text.contains('{') && text.contains('#')) {
            prop_assert_eq!(view(&removed.unwrap()), view(&document), "{}", text);
        }
        for name in [b"a", b"b"] {
            if let Ok(splices) = Yaml.remove(&document, &Path::key(name)) {
                let shown = splice(document.text(), splices.clone());
                let removed = document.spliced(splices);
                let shown = String::from_utf8_lossy(&shown).into_owned();
                let aliased = text.contains('&');
                if aliased && removed.is_err() { continue; }
                let removed = removed.unwrap_or_else(|error| panic!("{error}\n{text}\n---\n{shown}"));
                prop_assert!(removed.find(&Path::key(name)).is_none(), "{}\n---\n{}", text, shown);
            }
        }
        // A block that ends the text says that it has no line end, before metadata comes below it.
        let last = scalars(&document).pop();
        if last.is_none_or(|last| Yaml.stay_clear(&document, last).unwrap().is_none()) {
            metadata_comes_and_goes(&document);
        }
    }
}

/// Put, read, put again, taken out: nothing else changes, and where there was none, no byte is left.
fn metadata_comes_and_goes(document: &Document) {
    let text = String::from_utf8_lossy(document.text()).into_owned();
    let (one, two) = (metadata("1"), metadata("2\n3\n"));
    let with = document.spliced(Yaml.put_metadata(document, Some(&one)).unwrap());
    let with = with.unwrap_or_else(|error| panic!("{error}\n{text}"));
    let shown = String::from_utf8_lossy(with.text()).into_owned();
    assert_eq!(with.outline().metadata, Some(one.clone()), "{text}\n---\n{shown}");
    assert_eq!(view(&with), view(document), "{text}\n---\n{shown}");
    let again = Yaml.put_metadata(&with, Some(&one)).unwrap();
    assert!(
        again.is_empty(),
        "{:?}\n{shown}",
        again.iter().map(|splice| splice.with.expose().escape_ascii().to_string()).collect::<Vec<_>>()
    );
    let other = with.spliced(Yaml.put_metadata(&with, Some(&two)).unwrap()).unwrap();
    assert_eq!(other.outline().metadata, Some(two), "{shown}");
    let without = splice(other.text(), Yaml.put_metadata(&other, None).unwrap());
    if document.outline().metadata_spans.is_empty() && !empty_root(document) {
        assert_eq!(String::from_utf8_lossy(&without), text);
    }
    Document::parse(without, &Yaml).unwrap_or_else(|error| panic!("{error}\n{text}\n---\n{shown}"));
}

fn empty_root(document: &Document) -> bool {
    let roots = (0..).map_while(|number| nth_document(document.outline(), number));
    roots.into_iter().any(|root| entries(document.outline(), root).is_empty())
}

fn metadata(text: &str) -> Node {
    let key = Node::Map(vec![(b"enc".to_vec(), Node::str(text)), (b"recipient".to_vec(), Node::str("age1"))]);
    Node::Map(vec![
        (b"age".to_vec(), Node::List(vec![key])),
        (b"lastmodified".to_vec(), Node::str("2024-01-02T03:04:05Z")),
        (b"shamir_threshold".to_vec(), Node::Value(Value::Int(2))),
        (b"version".to_vec(), Node::str("3.11.0")),
    ])
}

#[test]
fn metadata_comes_and_goes_everywhere() {
    for text in [
        "a: 1\n",
        "a: 1",
        "a: 1\n\n\n",
        "a: 1\n# end\n",
        "# head\n---\na: 1\n...\n---\nb:\n  - 1\n# c\n---\n{c: 1}\n",
        "{\"a\": 1}",
        "{\"a\": 1,}\n",
        "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": 2\n  } # c\n}\n",
        "{\n  a: 1, # c\n}\n",
        "  a: 1\n  b:\n  - 2\n",
        "\u{FEFF}a: 1\r\n",
        "---\n",
        "{}\n",
        "null\n",
        "--- # c\n",
        "?\n a\n",
        "# b\n? !!str # c\n\n  a",
        "a: |+\n  x\n\n",
        "a:\n",
        "a: 1\n---\n---\n",
    ] {
        metadata_comes_and_goes(&parse(text));
    }
}

#[test]
fn metadata_is_read_wherever_it_stands() {
    for text in [
        "sops:\n  mac: x\na: 1\n",
        "# c\n\nsops: # d\n    mac: x\n    # e\n# f\na: 1\n",
        "a: 1\nsops: {mac: x} # g\n",
        "{sops: {mac: x}, a: 1}\n",
        "{a: 1, sops: {mac: x}}\n",
        "a: &x 1\nsops:\n  mac: x",
    ] {
        let document = parse(text);
        assert_eq!(
            document.outline().metadata,
            Some(Node::Map(vec![(b"mac".to_vec(), Node::str("x"))])),
            "{text}"
        );
        assert_eq!(entries(document.outline(), 1).len(), 1, "{text}");
        metadata_comes_and_goes(&document);
    }
    for text in ["sops: x\na: 1\n", "sops:\n- a\na: 1\n", "sops:\na: 1\n"] {
        let error = Document::parse(text.into(), &Yaml).map(|_| ()).unwrap_err();
        assert_eq!(error.problem, crate::base::Problem::Metadata, "{text}");
    }
}

#[test]
fn metadata_looks_like_that_of_sops() {
    let document = parse("a: 1\n");
    let text = splice(document.text(), Yaml.put_metadata(&document, Some(&metadata("x\ny\n"))).unwrap());
    assert_eq!(
        String::from_utf8(text).unwrap(),
        "a: 1\nsops:\n    age:\n        - enc: |\n            x\n            y\n          recipient: age1\n    \
         lastmodified: \"2024-01-02T03:04:05Z\"\n    shamir_threshold: 2\n    version: 3.11.0\n"
    );
}

const INSERTIONS: [(&str, &str); 14] = [
    ("a: 1\n", "top"),
    ("a: 1", "top"),
    ("a: 1\n# end\n", "top"),
    ("top:\n  a: 1\n# c\nb: 1\n", "top"),
    ("top:\nb: 1\n", "top"),
    ("top: # c\nb: 1\n", "top"),
    ("top: {}\nb: 1\n", "top"),
    ("top: {a: 1, b: \"x\"} # c\n", "top"),
    ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "top"),
    ("top:\n- a: 1\n  b: 2\n- 1\nz: 1\n", "top[0]"),
    ("top:\n  - 1\n\nz: 1\n", "top[1]"),
    ("top: [1]\n", "top[1]"),
    ("a: 1\n---\nlast: |+\n  x\n\n...\n", "last2"),
    ("---\n", "top"),
];

#[test]
fn encrypting_and_decrypting_gives_the_same_bytes() {
    for text in [
        "a: 1\nb: 'q'\nc: \"d\\n\"\nd: x # c\n",
        "a: |\n  x\n   y\n\n  z\n\n\nb: |2-\n   x\nc: |+ # c\n  x\n\n\nd: >-\n  folded\n\n  x\n",
        "a: {b: \"x\", c: [\"y\"]}\nl:\n- |\n  x\n- - 'y'\n",
        "\u{FEFF}a: x\r\nb: |\r\n  x\r\n  y\r\nc: y\r\n",
        "a: |\n  x",
        "a: &x !own v\nb: *x\nm:\n  <<: {q: \"1\"}\n",
        "{\"a\": \"b\", \"c\": {\"d\": \"e\"}}",
        "a: :x\nb: yes\nc: -x\nd: a b # c\n",
    ] {
        assert_eq!(round_trip(text), text);
    }
}

#[test]
fn metadata_that_is_taken_out_again_leaves_the_text_as_it_was() {
    for text in [
        "a: 1",
        "a: 1\n...\n---\nb: 1\n... # end\n",
        "{\"a\": 1}\n",
        "{\"a\": 1, \"b\": {}}\n---\n{b: \"c\"}\n",
        "{\n  \"a\": 1,\n  \"b\": [2]\n}\n",
    ] {
        let metadata = |mac: &str| Node::Map(vec![(b"mac".to_vec(), Node::str(mac))]);
        let plain = parse(text);
        let sealed = plain.spliced(Yaml.put_metadata(&plain, Some(&metadata("1"))).unwrap()).unwrap();
        assert_eq!(sealed.outline().metadata, Some(metadata("1")));
        let again = sealed.spliced(Yaml.put_metadata(&sealed, Some(&metadata("2"))).unwrap()).unwrap();
        assert_eq!(again.outline().metadata, Some(metadata("2")));
        let cut = again.spliced(Yaml.put_metadata(&again, None).unwrap()).unwrap();
        assert_eq!(String::from_utf8_lossy(cut.text()), text);
    }
}
