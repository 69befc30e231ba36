//! Tests of the format as a whole; the shared vectors run in `tests/dotenv_vectors.rs`.

use proptest::prelude::*;

use super::reading::{Doubt, doubt, mentions, reading};
use super::spelling::portable;
use super::*;
use crate::base::{Problem, Secret, Value};

const SEALED: &str = "#ENC[c]\nA=ENC[a]\n\nB_clear=x\\ny\nsops_age__list_0__map_enc=E0\\nE1\\n\nC=ENC[c]\nsops_lacre__map_seal=v1\nsops_mac=ENC[m]\nsops_version=3.9.0\n";

fn parse(text: &str) -> Document {
    Document::parse(text.into(), &Dotenv).unwrap()
}

fn problem(text: &[u8]) -> (usize, Option<String>, Problem) {
    let error = Document::parse(text.into(), &Dotenv).unwrap_err();
    (error.line, error.name, error.problem)
}

/// Each scalar's key and value, each comment with `#` as its key.
fn leaves(document: &Document) -> Vec<(String, String)> {
    let text = document.text();
    let string = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut key = String::new();
    let mut leaves = Vec::new();
    for event in &document.outline().events {
        match &event.kind {
            Kind::Key(name) => key = string(name.bytes(event.span, text)),
            Kind::Scalar(_, scalar) => {
                leaves.push((key.clone(), string(&scalar.value(event.span, text).plain_bytes())));
            }
            Kind::Comment { .. } => leaves.push(("#".into(), string(event.span.of(text)))),
            _ => {}
        }
    }
    leaves
}

fn pairs(leaves: &[(&str, &str)]) -> Vec<(String, String)> {
    leaves.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[test]
fn plaintext_keeps_keys_and_raw_values_as_they_stand() {
    let document = parse("# c\n  A = v # w\n\nexport B=\"x\n#y\nz=\" # t\n\t#d\n=e\nC=\nA-b.c=it's");
    let expected = [
        ("#", " c"),
        ("  A ", " v # w"),
        ("export B", "\"x\n#y\nz=\" # t"),
        ("#", "d"),
        ("", "e"),
        ("C", ""),
        ("A-b.c", "it's"),
    ];
    assert_eq!(leaves(&document), pairs(&expected));
}

#[test]
fn encrypted_files_are_read_as_sops_reads_them() {
    let document = parse(SEALED);
    let expected = [("#", "ENC[c]"), ("A", "ENC[a]"), ("B_clear", "x\ny"), ("C", "ENC[c]")];
    assert_eq!(leaves(&document), pairs(&expected));
    let metadata = document.outline().metadata.clone().unwrap();
    let Some(Node::List(age)) = metadata.entry("age") else { panic!() };
    assert_eq!(age[0].entry("enc").unwrap().text(), Some("E0\nE1\n"));
    let quotes = parse("A=\"open\nB= x \n  \nsops_mac=m\n");
    assert_eq!(leaves(&quotes), pairs(&[("A", "\"open"), ("B", " x ")]));
}

#[test]
fn carriage_returns_at_the_ends_of_an_encrypted_file_are_damage() {
    let damaged = parse(&SEALED.replace('\n', "\r\n"));
    assert_eq!(leaves(&damaged), leaves(&parse(SEALED)));
    assert_eq!(damaged.outline().metadata, parse(SEALED).outline().metadata);
    assert_eq!(leaves(&parse("A=x\r\nsops_mac=m\n")), pairs(&[("A", "x\r")]));
}

#[test]
fn errors_name_line_and_variable_and_nothing_else() {
    for (text, line, name, expected) in [
        ("A=1\nexport B\n", 2, None, Problem::NoEquals),
        ("A=1\n\nB='x\nC=2\n", 3, Some("B"), Problem::UnclosedQuote),
        ("A=\"x\nB=\"y\"\n", 1, Some("A"), Problem::UnclosedQuote),
        ("c2VjcmV0+/=\"", 1, None, Problem::UnclosedQuote),
        ("A=1\nB=a\0b", 2, Some("B"), Problem::BadByte),
        ("A='1\n2\0'", 2, Some("A"), Problem::BadByte),
        ("export sops_x=1", 1, Some("sops_x"), Problem::ReservedName),
        ("A=1\n=======\nA=2\n", 2, None, Problem::ConflictMarker),
        ("<<<<<<< HEAD\nA=1\nsops_mac=\n", 1, None, Problem::ConflictMarker),
        ("A=1\nsops_mac=1\nsops_mac__map_a=2\n", 2, None, Problem::Metadata),
        ("sops_age__list_1=1\nsops_mac=1\n", 1, None, Problem::Metadata),
    ] {
        assert_eq!(problem(text.as_bytes()), (line, name.map(str::to_owned), expected), "{text:?}");
    }
    assert_eq!(problem(b"A=\xff\n\xff=1"), (2, None, Problem::NotUtf8));
}

#[test]
fn replacing_a_value_touches_its_span_alone() {
    let text = "A=1\nB= \"x\ny\" # c\n#k\nC=3";
    let document = parse(text);
    for (event, content, expected) in [
        (5, Content::Cipher { text: "ENC[z]", style: None }, "A=1\nB=ENC[z]\n#k\nC=3"),
        (5, Content::Value(&Value::str("'p\nq'")), "A=1\nB='p\nq'\n#k\nC=3"),
        (5, Content::Value(&Value::str("p\nEVIL=1")), "A=1\nB=p\\nEVIL=1\n#k\nC=3"),
        (5, Content::Value(&Value::str("\"p\" #\nEVIL=1")), "A=1\nB=\"p\" #\\nEVIL=1\n#k\nC=3"),
        (5, Content::Value(&Value::Bool(true)), "A=1\nB=true\n#k\nC=3"),
        (6, Content::Cipher { text: "ENC[z]", style: None }, "A=1\nB= \"x\ny\" # c\n#ENC[z]\nC=3"),
        (6, Content::Comment(b"p\nEVIL=1"), "A=1\nB= \"x\ny\" # c\n#p\\nEVIL=1\nC=3"),
        (8, Content::Value(&Value::str("")), "A=1\nB= \"x\ny\" # c\n#k\nC="),
    ] {
        let splice = Dotenv.replace(&document, event, content).unwrap();
        assert_eq!(document.spliced(vec![splice]).unwrap().text(), expected.as_bytes());
    }
    let nul = Dotenv.replace(&document, 5, Content::Value(&Value::str("\0"))).unwrap_err();
    assert_eq!(nul, EditError::Value(Path::key(b"B")));
}

#[test]
fn values_that_are_no_strings_are_printed_as_sops_prints_them() {
    for (float, text) in [
        (5.0, "5.0"),
        (1e21, "1E+21"),
        (1e-7, "1E-07"),
        (1_234_567.0, "1.234567E+06"),
        (100.0, "100.0"),
        (0.0001, "0.0001"),
        (999_999.0, "999999.0"),
        (1.5, "1.5"),
    ] {
        assert_eq!(&*raw_text(&Value::Float(float)), text.as_bytes());
    }
    assert_eq!(&*raw_text(&Value::Null), b"<nil>");
    assert_eq!(&*raw_text(&Value::Int(-5)), b"-5");
}

#[test]
fn a_new_variable_goes_before_the_metadata() {
    let insert = |text: &str, name: &str, value: &str| {
        let document = parse(text);
        let splice = Dotenv.insert(&document, &Path::key(name.as_bytes()), &Node::str(value))?;
        Ok(String::from_utf8(document.spliced(vec![splice]).unwrap().text().to_vec()).unwrap())
    };
    for (text, expected) in [
        ("", "N=v\n"),
        ("\u{feff}", "\u{feff}N=v\n"),
        ("A=1", "A=1\nN=v\n"),
        ("A=1\r\nB=2", "A=1\r\nB=2\r\nN=v\r\n"),
        ("A=1\nsops_mac=m", "A=1\nN=v\nsops_mac=m"),
        ("sops_mac=m\n", "N=v\nsops_mac=m\n"),
        ("sops_mac=m\nA=1\n", "sops_mac=m\nA=1\nN=v\n"),
    ] {
        assert_eq!(insert(text, "N", "v"), Ok(expected.to_owned()));
    }
    assert_eq!(insert("sops_mac=m\n", "N", "'a\nb'"), Ok("N='a\\nb'\nsops_mac=m\n".to_owned()));
    assert_eq!(insert("A=1\n", "N", "'a\nb'"), Ok("A=1\nN='a\nb'\n".to_owned()));
    assert_eq!(insert("A=1\n", "export N", "a\nb"), Ok("A=1\nexport N=a\\nb\n".to_owned()));
    for name in ["", " ", "A=B", "A\nB", "#A", " #A", "sops_x", "export sops_x", "A\0"] {
        assert_eq!(insert("A=1\n", name, "v"), Err(EditError::Name(Path::key(name.as_bytes()))), "{name:?}");
    }
    assert_eq!(insert("export A=1\n", "A", "v"), Err(EditError::InTheWay(Path::key(b"A"))));
}

#[test]
fn removing_takes_every_duplicate_with_its_lines() {
    let document = parse("A=1\nexport B=\"x\ny\" # c\n# k\n B =2\nC=3\nB=4");
    let splices = Dotenv.remove(&document, &Path::key(b"B")).unwrap();
    assert_eq!(document.spliced(splices).unwrap().text(), b"A=1\n# k\nC=3\n");
    let missing = Path::key(b"D");
    assert_eq!(Dotenv.remove(&document, &missing).unwrap_err(), EditError::Missing(missing));
}

#[test]
fn metadata_moves_to_the_end_in_the_order_of_sops() {
    let metadata = Node::Map(vec![
        (b"version".to_vec(), Node::str("3.9.0")),
        (b"age".to_vec(), Node::List(vec![Node::Map(vec![(b"enc".to_vec(), Node::str("a\nb\n"))])])),
        (b"shamir_threshold".to_vec(), Node::Value(Value::Int(2))),
    ]);
    let lines = "sops_age__list_0__map_enc=a\\nb\\n\nsops_shamir_threshold=2\nsops_version=3.9.0\n";
    for (text, kept) in
        [("A=1", "A=1\n"), ("", ""), ("sops_mac=m\nA=1\nsops_x=2", "A=1\n"), ("A=1\n\nsops_mac=1", "A=1\n\n")]
    {
        let document = parse(text);
        let put = document.spliced(Dotenv.put_metadata(&document, Some(&metadata)).unwrap()).unwrap();
        assert_eq!(String::from_utf8_lossy(put.text()), format!("{kept}{lines}"));
        let again = put.spliced(Dotenv.put_metadata(&put, Some(&metadata)).unwrap()).unwrap();
        assert_eq!(again.text(), put.text());
        let without = put.spliced(Dotenv.put_metadata(&put, None).unwrap()).unwrap();
        assert_eq!(without.text(), kept.as_bytes());
    }
}

#[test]
fn metadata_that_sops_wrote_is_written_the_same() {
    let vectors: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/vectors/sops-vectors.json")).unwrap();
    let documents = vectors["documents"].as_array().unwrap();
    let sealed = documents.iter().find(|document| document["format"] == "dotenv").unwrap();
    let document = parse(sealed["text"].as_str().unwrap());
    let metadata = document.outline().metadata.as_ref();
    let again = document.spliced(Dotenv.put_metadata(&document, metadata).unwrap()).unwrap();
    assert_eq!(again.text(), document.text());
    let keys: Vec<String> = leaves(&document).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["#", "A", "M", "E", "U_unencrypted"]);
}

#[test]
fn a_clear_value_of_several_lines_becomes_one() {
    let stay = |text: &str| {
        let document = parse(text);
        Dotenv.stay_clear(&document, 3).map(|splice| splice.map(|splice| splice.with.expose().clone()))
    };
    assert_eq!(stay("A=\"x\ny\" # c"), Ok(Some(b"\"x\\ny\" # c".to_vec())));
    assert_eq!(stay("A=x\\ny"), Ok(None));
    assert_eq!(stay("A='x\ny'"), Err(EditError::Value(Path::key(b"A"))));
    assert_eq!(stay("A=\"x\\\ny\""), Err(EditError::Value(Path::key(b"A"))));
}

#[test]
fn variables_are_found_by_name_and_the_last_one_counts() {
    let document = parse("export  A=1\n\u{a0}A=2\n A =3\nB=4");
    let event = document.find(&Path::key(b"A")).unwrap();
    assert_eq!(document.outline().events[event].span.of(document.text()), b"3");
    for (key, expected) in
        [("export", Some("export")), ("export\tA ", Some("A")), (" ", None), ("exportA", Some("exportA"))]
    {
        assert_eq!(name(key.as_bytes()), expected.map(str::as_bytes));
    }
}

#[test]
fn doubts_are_named() {
    for (raw, expected) in [
        ("pg://u:p#w@h", Some(Doubt::Hash)),
        ("\"a\\\"b\"", Some(Doubt::Backslash)),
        ("a b", Some(Doubt::Blank)),
        ("\"${A}\"", Some(Doubt::Dollar)),
        ("'${A}'", Some(Doubt::Dollar)),
        ("'a\\'", Some(Doubt::Backslash)),
        ("'a\\\\b'", Some(Doubt::Backslash)),
        ("'a\nb'", Some(Doubt::LineFeed)),
        ("\"a\nb\"", None),
        ("\"v\"junk", Some(Doubt::Quote)),
        ("a;b", Some(Doubt::Special)),
        ("`a`", Some(Doubt::Backtick)),
        (" v", Some(Doubt::Blank)),
        ("'a#b' # c", None),
        ("v # c", None),
        ("", None),
        (" ", None),
    ] {
        assert_eq!(doubt(raw.as_bytes()), expected, "{raw}");
    }
    let mentioned: Vec<&[u8]> = mentions(b"\"${A}x${B:-c}$D${}\"").collect();
    assert_eq!(mentioned, [b"A", b"B"]);
    assert_eq!(mentions(b"'${A}'").count(), 0);
}

#[test]
fn a_hundred_thousand_lines_are_read_in_no_time() {
    let text = "NAME=\"some value\" # why\n".repeat(100_000);
    let start = std::time::Instant::now();
    let prepared = Dotenv.prepare(text.into());
    let document = Document::parse(prepared.text.expose().clone(), &Dotenv).unwrap();
    let splices = Dotenv.remove(&document, &Path::key(b"NAME")).unwrap();
    assert_eq!(splices.len(), 100_000);
    parse(&format!("{}sops_mac=m\n", "# why\n\nNAME=ENC[]\nsops_x=\n".repeat(100_000)));
    assert!(start.elapsed().as_secs() < 5);
}

/// Bytes in which quotes, line ends and signs are frequent.
fn nasty() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        proptest::sample::select(b"AB=#'\"\\\n\r\t $`ns_".to_vec()),
        proptest::sample::select(b"AB=#'\"\\\n\r\t $`ns_".to_vec()),
        any::<u8>(),
    ];
    proptest::collection::vec(byte, 0..80)
}

fn storable_value() -> impl Strategy<Value = Vec<u8>> {
    nasty().prop_map(|mut value| {
        value.retain(|byte| *byte != 0);
        value
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(mut text in nasty(), encrypted: bool) {
        if encrypted {
            text.extend_from_slice(b"\nsops_mac=m\n");
        }
        Dotenv.restore(Dotenv.prepare(text.clone()).text.expose().clone(), Layout { bom: true, crlf: true });
        let _ = (reading(&text), doubt(&text), mentions(&text).count());
        if let Ok(document) = Document::parse(text.clone(), &Dotenv) {
            prop_assert_eq!(document.text(), &text);
        }
    }

    #[test]
    fn one_value_changes_and_nothing_else(text in nasty(), value in storable_value()) {
        let Ok(document) = Document::parse(text, &Dotenv) else { return Ok(()) };
        let before = leaves(&document);
        let Some(event) = document.outline().events.iter().position(|event| matches!(event.kind, Kind::Scalar(..)))
        else { return Ok(()) };
        let raw = Value::Str(portable(&value).text);
        let splice = Dotenv.replace(&document, event, Content::Value(&raw)).unwrap();
        let after = leaves(&document.spliced(vec![splice]).unwrap());
        prop_assert_eq!(before.len(), after.len());
        let changed = before.iter().zip(&after).filter(|(one, two)| one != two).count();
        prop_assert!(changed <= 1);
    }

    #[test]
    fn a_portable_text_reads_back(value in storable_value()) {
        let spelled = portable(&value);
        prop_assert_eq!(&*reading(spelled.text.expose()), &value);
        prop_assert_eq!(doubt(spelled.text.expose()).is_some(), !spelled.misread_by.is_empty());
        prop_assert_eq!(&*printed(spelled.text.expose()), spelled.text.expose());
        let document = parse("A=1\n");
        let node = Node::Value(Value::Str(Secret::new(spelled.text.expose().clone())));
        let splice = Dotenv.insert(&document, &Path::key(b"B"), &node).unwrap();
        let document = document.spliced(vec![splice]).unwrap();
        let event = document.find(&Path::key(b"B")).unwrap();
        prop_assert_eq!(document.outline().events[event].span.of(document.text()), spelled.text.expose());
    }

    #[test]
    fn preparing_twice_is_preparing_once(text in nasty()) {
        let once = Dotenv.prepare(text).text;
        let twice = Dotenv.prepare(once.expose().clone());
        if Document::parse(once.expose().clone(), &Dotenv).is_ok() && !once.expose().starts_with(BOM) {
            prop_assert_eq!(once.expose(), twice.text.expose());
            prop_assert!(twice.notes.is_empty());
        }
    }
}
