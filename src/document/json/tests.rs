//! Tables of what is read and written, and the laws on generated documents.

use proptest::prelude::*;

use super::Json;
use crate::base::{Kind, Node, ParseError, Path, Problem, Scalar, Style, Value};
use crate::document::{Content, Document, EditError, Format, splice};

fn read(text: &str) -> Document {
    Document::parse(text.into(), &Json).unwrap()
}

/// Every event in one line: brackets, `key:`, and scalars with their type.
fn shown(document: &Document) -> String {
    let mut words = Vec::new();
    for event in &document.outline().events {
        words.push(match &event.kind {
            Kind::Key(text) => format!("{}:", text.bytes(event.span, document.text()).escape_ascii()),
            Kind::Scalar(_, scalar) => {
                let value = scalar.value(event.span, document.text());
                let kind = value.kind().map_or("null", |kind| kind.name());
                format!("{kind}({})", value.plain_bytes().escape_ascii())
            }
            Kind::Document => continue,
            kind => format!("{kind:?}"),
        });
    }
    words.join(" ").replace("Map(Flow)", "{").replace("List(Flow)", "[")
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn map(entries: &[(&str, Node)]) -> Node {
    Node::Map(entries.iter().map(|(key, node)| (key.as_bytes().to_vec(), node.clone())).collect())
}

fn inserted(text: &str, at: &str, node: &Node) -> String {
    let document = read(text);
    let splice = Json.insert(&document, &path(at), node).unwrap();
    String::from_utf8(document.spliced(vec![splice]).unwrap().text().to_vec()).unwrap()
}

fn removed(text: &str, at: &str) -> String {
    let document = read(text);
    let splices = Json.remove(&document, &path(at)).unwrap();
    String::from_utf8(document.spliced(splices).unwrap().text().to_vec()).unwrap()
}

fn with_metadata(text: &str, metadata: Option<&Node>) -> String {
    let document = read(text);
    let splices = Json.put_metadata(&document, metadata).unwrap();
    String::from_utf8(document.spliced(splices).unwrap().text().to_vec()).unwrap()
}

#[test]
fn every_kind_of_value_is_read() {
    for (text, events) in [
        ("{}", "{ End"),
        ("\u{feff} {\r\n}\r\n", "{ End"),
        (r#"{"a":[1,{"b":true}],"":null}"#, "{ a: [ int(1) { b: bool(True) End End : null() End"),
        (r#"{"a":1,"a":2}"#, "{ a: int(1) a: int(2) End"),
        (r#"{"a":-0,"b":1.0,"c":1e3,"d":-0.0}"#, "{ a: int(0) b: float(1) c: float(1000) d: float(-0) End"),
        (
            r#"{"a":9223372036854775807,"b":9223372036854775808,"sops":{}}"#,
            "{ a: int(9223372036854775807) b: float(9223372036854776000) End",
        ),
        (r#"{"\u0061\n":"\"\\\/\b\f\r\t"}"#, r#"{ a\n: str(\"\\/\x08\x0c\r\t) End"#),
        (r#"{"a":"\ud83d\ude00 \u00e9"}"#, r"{ a: str(\xf0\x9f\x98\x80 \xc3\xa9) End"),
        (r#"{"a":"\ud83d-\ude00\ud83dA"}"#, r"{ a: str(\xef\xbf\xbd-\xef\xbf\xbd\xef\xbf\xbdA) End"),
        (r#"{"a":"\ud83d\ud83d\ude00"}"#, r"{ a: str(\xef\xbf\xbd\xf0\x9f\x98\x80) End"),
    ] {
        assert_eq!(shown(&read(text)), events, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_by_line_and_key() {
    let error =
        |line, name: Option<&str>, problem| ParseError { line, name: name.map(String::from), problem };
    for (text, expected) in [
        ("", error(1, None, Problem::NotAMap)),
        ("[1]", error(1, None, Problem::NotAMap)),
        ("x", error(1, None, Problem::Syntax)),
        ("{}\n{}", error(2, None, Problem::Trailing)),
        ("{\"a\":1\n<<<<<<< HEAD\n", error(2, None, Problem::ConflictMarker)),
        ("{\n\"a\":1,\n=======\n", error(3, None, Problem::ConflictMarker)),
        ("{\"a\":1,}", error(1, None, Problem::Syntax)),
        ("{,}", error(1, None, Problem::Syntax)),
        ("{\"a\":[1 2]}", error(1, Some("a"), Problem::Syntax)),
        ("{\"a\":\n}", error(2, Some("a"), Problem::Syntax)),
        ("{\"a\"", error(1, Some("a"), Problem::Syntax)),
        ("{1:2}", error(1, None, Problem::NotAString)),
        ("{\"a\":{\"b\":01}}", error(1, Some("b"), Problem::Syntax)),
        ("{\"a\":1.}", error(1, Some("a"), Problem::Syntax)),
        ("{\"a\":18446744073709551615,\"b\":1}", error(1, Some("a"), Problem::NumberTooLarge)),
        ("{\"a\":1e400}", error(1, Some("a"), Problem::NumberTooLarge)),
        ("{\"a\":\"b\n\"}", error(1, Some("a"), Problem::UnclosedQuote)),
        ("{\"a\":\"b", error(1, Some("a"), Problem::UnclosedQuote)),
        ("{\"a\":\"b\\", error(1, Some("a"), Problem::UnclosedQuote)),
        ("{\"a\":\"\t\"}", error(1, Some("a"), Problem::BadByte)),
        ("{\"a\":\"\\x\"}", error(1, Some("a"), Problem::Syntax)),
        ("{\"a\":\"\\u+123\"}", error(1, Some("a"), Problem::Syntax)),
        ("{\"a\":nul}", error(1, Some("a"), Problem::Syntax)),
        ("{\"a\":NaN}", error(1, Some("a"), Problem::Syntax)),
        ("{\n\"sops\": 1}", error(2, Some("sops"), Problem::Metadata)),
        ("{\"sops\":{},\n\"sops\":{}}", error(2, Some("sops"), Problem::Metadata)),
    ] {
        assert_eq!(Document::parse(text.into(), &Json).unwrap_err(), expected, "{text}");
    }
    let not_utf8 = Document::parse(b"{\n\"a\":\"\xff\"}".to_vec(), &Json).unwrap_err();
    assert_eq!(not_utf8, error(2, None, Problem::NotUtf8));
    let deep = format!("{}{}", "{\"a\":".repeat(129), "}".repeat(129));
    assert_eq!(Document::parse(deep.into(), &Json).unwrap_err().problem, Problem::TooDeep);
}

#[test]
fn a_hundred_thousand_leaves_are_read_in_linear_time() {
    let leaf = r#""key":"ENC[AES256_GCM,data:abcd]""#;
    let text = format!("{{{}}}", vec![leaf; 100_000].join(","));
    assert_eq!(read(&text).outline().events.len(), 200_003);
    assert!(Document::parse("{\"a\":[".repeat(100_000).into(), &Json).is_err());
    assert!(Document::parse("{\"\\".repeat(100_000).into(), &Json).is_err());
}

#[test]
fn metadata_is_no_event_and_can_be_cut() {
    for (text, events, without) in [
        (r#"{"sops":{"mac":"x"}}"#, "{ End", "{}"),
        ("{\n\t\"sops\": {}\n}\n", "{ End", "{}\n"),
        (r#"{"a":1, "sops": {} }"#, "{ a: int(1) End", r#"{"a":1 }"#),
        (r#"{ "sops": {}, "a":1}"#, "{ a: int(1) End", r#"{ "a":1}"#),
        ("{\"a\":1,\n\"sops\":{},\n\"b\":2}", "{ a: int(1) b: int(2) End", "{\"a\":1,\n\"b\":2}"),
        (r#"{"a":{"sops":1},"\u0073ops":{}}"#, "{ a: { sops: int(1) End End", r#"{"a":{"sops":1}}"#),
    ] {
        let document = read(text);
        assert_eq!(shown(&document), events, "{text}");
        assert!(matches!(document.outline().metadata, Some(Node::Map(_))), "{text}");
        assert_eq!(with_metadata(text, None), without, "{text}");
    }
    assert_eq!(with_metadata("{}", None), "{}");
}

#[test]
fn metadata_follows_the_style_of_the_file() {
    let node = map(&[("age", Node::List(vec![map(&[("enc", Node::str("a\nb"))])])), ("mac", Node::str("x"))]);
    for (text, expected) in [
        (
            "{}\n",
            "{\n\t\"sops\": {\n\t\t\"age\": [\n\t\t\t{\n\t\t\t\t\"enc\": \"a\\nb\"\n\t\t\t}\n\t\t],\n\t\t\"mac\": \"x\"\n\t}\n}\n",
        ),
        (r#"{"a":1}"#, r#"{"a":1,"sops":{"age":[{"enc":"a\nb"}],"mac":"x"}}"#),
        (r#"{"a": 1}"#, r#"{"a": 1, "sops": {"age": [{"enc": "a\nb"}], "mac": "x"}}"#),
        (
            "{\r\n  \"a\": 1\r\n}",
            "{\r\n  \"a\": 1,\r\n  \"sops\": {\r\n    \"age\": [\r\n      {\r\n        \"enc\": \"a\\nb\"\r\n      }\r\n    ],\r\n    \"mac\": \"x\"\r\n  }\r\n}",
        ),
        (r#"{"sops":{"old":1},"a":1}"#, r#"{"sops":{"age":[{"enc":"a\nb"}],"mac":"x"},"a":1}"#),
    ] {
        assert_eq!(with_metadata(text, Some(&node)), expected, "{text}");
        assert_eq!(read(expected).outline().metadata, Some(node.clone()));
    }
}

#[test]
fn scalars_are_replaced_by_every_kind_of_content() {
    let document = read(r#"{"a": [true, 12]}"#);
    let item = document.find(&path("a[1]")).unwrap();
    let replaced = |content: Content<'_>| {
        let splices = vec![Json.replace(&document, item, content)?];
        Ok(String::from_utf8(document.spliced(splices).unwrap().text().to_vec()).unwrap())
    };
    let value = |value: &Value| replaced(Content::Value(value));
    let refused = Err(EditError::Value(path("a[1]")));
    assert_eq!(
        replaced(Content::Cipher { text: "ENC[x]", style: Some(Style::Plain) }),
        Ok(r#"{"a": [true, "ENC[x]"]}"#.to_owned())
    );
    assert_eq!(replaced(Content::Comment(b"c")), refused);
    let time = Value::from_plain(crate::base::Type::Time, b"2024-01-02T03:04:05Z".to_vec()).unwrap();
    for (new, spelled) in [
        (Value::Null, "null"),
        (Value::Bool(false), "false"),
        (Value::Int(-7), "-7"),
        (Value::Float(1.0), "1.0"),
        (Value::Float(-0.0), "-0.0"),
        (Value::Float(1e300), "1e300"),
        (Value::str("\"\\/\n\r\t\x01\x7fé<&"), "\"\\\"\\\\/\\n\\r\\t\\u0001\x7fé<&\""),
        (time, "\"2024-01-02T03:04:05Z\""),
    ] {
        assert_eq!(value(&new), Ok(format!("{{\"a\": [true, {spelled}]}}")));
    }
    for unspeakable in [
        Value::Float(f64::NAN),
        Value::Float(f64::INFINITY),
        Value::from_plain(crate::base::Type::Str, vec![0xff]).unwrap(),
    ] {
        assert_eq!(value(&unspeakable), refused);
    }
}

#[test]
fn entries_are_inserted_in_the_style_around_them() {
    let one = Node::Value(Value::Int(1));
    for (text, at, expected) in [
        ("{}", "a", "{\n\t\"a\": 1\n}"),
        ("{ }\n", "a.b", "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n"),
        (r#"{"x":2}"#, "a", r#"{"x":2,"a":1}"#),
        (r#"{"x": 2}"#, "a[0].b", r#"{"x": 2, "a": [{"b": 1}]}"#),
        ("{\n  \"x\": {},\n  \"y\": 2\n}", "x.a", "{\n  \"x\": {\n    \"a\": 1\n  },\n  \"y\": 2\n}"),
        ("{\n    \"x\": []\n}", "x[9]", "{\n    \"x\": [\n        1\n    ]\n}"),
        ("{\n\t\"x\": [2, 3]\n}", "x[2]", "{\n\t\"x\": [2, 3, 1]\n}"),
        (
            "{\n\t\"x\": [\n\t\t2\n\t]\n}",
            "x[1].b",
            "{\n\t\"x\": [\n\t\t2,\n\t\t{\n\t\t\t\"b\": 1\n\t\t}\n\t]\n}",
        ),
        (r#"{"x":2,"sops":{}}"#, "a", r#"{"x":2,"a":1,"sops":{}}"#),
        ("{\n  \"sops\": {}\n}", "a", "{\n  \"a\": 1,\n  \"sops\": {}\n}"),
        ("{\r\n \"x\":2\r\n}", "a", "{\r\n \"x\":2,\r\n \"a\":1\r\n}"),
        ("{\n\"x\": {}\n}", "x.a", "{\n\"x\": {\n\"a\": 1\n}\n}"),
    ] {
        assert_eq!(inserted(text, at, &one), expected, "{at} into {text:?}");
    }
}

#[test]
fn insertions_that_cannot_be_are_refused() {
    let document = read(r#"{"a":1,"l":[1],"m":{}}"#);
    let null = Node::Value(Value::Null);
    let infinite = Node::List(vec![Node::Value(Value::Float(f64::INFINITY))]);
    for (at, node, expected) in [
        ("a", &null, EditError::InTheWay(path("a"))),
        ("a.b", &null, EditError::InTheWay(path("a"))),
        ("l.b", &null, EditError::InTheWay(path("l"))),
        ("m[0]", &null, EditError::InTheWay(path("m"))),
        ("sops", &null, EditError::Name(path("sops"))),
        ("m.x", &infinite, EditError::Value(path("m.x"))),
    ] {
        assert_eq!(Json.insert(&document, &path(at), node).unwrap_err(), expected, "{at}");
    }
    let not_utf8 = Path::key(b"\xff");
    assert_eq!(Json.insert(&document, &not_utf8, &null).unwrap_err(), EditError::Name(not_utf8));
}

#[test]
fn entries_are_removed_with_one_comma() {
    for (text, at, expected) in [
        (r#"{"a":1}"#, "a", "{}"),
        ("{\n\t\"a\": 1\n}", "a", "{}"),
        ("{\n\t\"a\": 1,\n\t\"b\": 2\n}", "a", "{\n\t\"b\": 2\n}"),
        ("{\n\t\"a\": 1,\n\t\"b\": 2\n}", "b", "{\n\t\"a\": 1\n}"),
        (r#"{"a": 1, "b": 2, "a": 3, "a": 4}"#, "a", r#"{ "b": 2}"#),
        (r#"{"a": 1, "a": 3}"#, "a", "{}"),
        (r#"{"a":1,"sops":{}}"#, "a", r#"{"sops":{}}"#),
        (r#"{"sops":{},"a":1}"#, "a", r#"{"sops":{}}"#),
        (r#"{"l":[1, 2, 3]}"#, "l[1]", r#"{"l":[1, 3]}"#),
        (r#"{"l":[1, {}]}"#, "l[1]", r#"{"l":[1]}"#),
    ] {
        assert_eq!(removed(text, at), expected, "{at} from {text:?}");
    }
    for at in ["x", "a.b", "l[1]", "a[0]"] {
        let document = read(r#"{"a":1,"l":[1]}"#);
        assert_eq!(Json.remove(&document, &path(at)).unwrap_err(), EditError::Missing(path(at)));
    }
}

/// Documents in every layout, with escapes, duplicate keys and, half of the time, metadata.
fn documents() -> impl Strategy<Value = String> {
    let blank = prop_oneof![Just(""), Just(" "), Just("\n"), Just("\r\n\t"), Just("\n    ")];
    let scalar = prop_oneof![
        Just("1".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        r#""([a-zé,:{}\[\] ]|\\n|\\"|\\u00e9|\\ud83d)*""#,
    ];
    let key = r#""(a|b|c|sops|\\"|,)""#;
    let node = scalar.prop_recursive(3, 24, 4, move |node| {
        let parts = (prop::collection::vec((key, node), 0..4), blank.clone(), blank.clone());
        (parts, any::<bool>()).prop_map(|((entries, lead, tail), is_map)| {
            let entries: Vec<String> = entries
                .iter()
                .map(
                    |(key, node)| {
                        if is_map { format!("{lead}{key}: {node}") } else { format!("{lead}{node}") }
                    },
                )
                .collect();
            let (open, close) = if is_map { ("{", "}") } else { ("[", "]") };
            format!("{open}{}{tail}{close}", entries.join(","))
        })
    });
    let key = r#""[a-d]""#;
    (prop::collection::vec((key, node), 0..5), any::<prop::sample::Index>(), any::<bool>(), any::<bool>())
        .prop_map(|(entries, at, has_metadata, lines)| {
            let mut entries: Vec<String> =
                entries.iter().map(|(key, node)| format!("{key}:{node}")).collect();
            if has_metadata {
                entries.insert(at.index(entries.len() + 1), r#""sops":{"mac":"x"}"#.to_owned());
            }
            if lines && !entries.is_empty() {
                format!("{{\n  {}\n}}\n", entries.join(",\n  "))
            } else {
                format!("{{{}}}", entries.join(","))
            }
        })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Document::parse(bytes, &Json);
    }

    #[test]
    fn arbitrary_near_json_never_panics(text in r#"(\{|\}|\[|\]|"|:|,|\\u?|[ad-]|1|\.|"sops":|"a":|null|\n){0,24}"#) {
        let _ = Document::parse(text.into_bytes(), &Json);
    }

    #[test]
    fn splicing_nothing_changes_nothing(text in documents()) {
        let document = read(&text);
        let same = document.spliced(Vec::new()).unwrap();
        prop_assert_eq!(same.text(), text.as_bytes());
        prop_assert_eq!(read(&text).outline().metadata.is_some(), text.contains("{\"mac\""));
    }

    #[test]
    fn replacing_one_scalar_changes_no_other_event(text in documents(), which in any::<prop::sample::Index>()) {
        let document = read(&text);
        let events = &document.outline().events;
        let is_scalar = |index: &usize| matches!(events[*index].kind, Kind::Scalar(..));
        let scalars: Vec<usize> = (0..events.len()).filter(is_scalar).collect();
        prop_assume!(!scalars.is_empty());
        let event = scalars[which.index(scalars.len())];
        let content = Content::Cipher { text: "ENC[x]", style: None };
        let changed = document.spliced(vec![Json.replace(&document, event, content).unwrap()]).unwrap();
        prop_assert_eq!(events.len(), changed.outline().events.len());
        for (index, (old, new)) in events.iter().zip(&changed.outline().events).enumerate() {
            match &new.kind {
                Kind::Scalar(_, Scalar::Str(text)) if index == event => {
                    prop_assert_eq!(text.bytes(new.span, changed.text()), b"ENC[x]");
                }
                Kind::Key(_) | Kind::Scalar(..) => {
                    prop_assert_eq!(old.span.of(document.text()), new.span.of(changed.text()));
                }
                kind => prop_assert_eq!(format!("{:?}", old.kind), format!("{kind:?}")),
            }
        }
    }

    #[test]
    fn inserting_and_removing_restores_the_text(text in documents(), nested in any::<bool>()) {
        let document = read(&text);
        let node = if nested { map(&[("k", Node::List(vec![Node::str("v")]))]) } else { Node::str("v") };
        let path = Path::key(b"new");
        let more = document.spliced(vec![Json.insert(&document, &path, &node).unwrap()]).unwrap();
        prop_assert!(more.find(&path).is_some());
        let less = Json.remove(&more, &path).unwrap();
        prop_assert_eq!(splice(more.text(), less), text.as_bytes());
    }

    #[test]
    fn metadata_put_and_cut_restores_the_text(text in documents()) {
        let bare = with_metadata(&text, None);
        prop_assert!(read(&bare).outline().metadata.is_none());
        let node = map(&[("mac", Node::str("y"))]);
        let sealed = with_metadata(&bare, Some(&node));
        prop_assert_eq!(shown(&read(&sealed)), shown(&read(&text)));
        prop_assert_eq!(with_metadata(&sealed, None), bare);
        prop_assert_eq!(read(&with_metadata(&text, Some(&node))).outline().metadata.clone(), Some(node));
    }

    #[test]
    fn floats_read_back_with_the_same_bits(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
        let document = read(&inserted("{}", "a", &Node::Value(Value::Float(float))));
        let event = &document.outline().events[document.find(&path("a")).unwrap()];
        let Kind::Scalar(_, Scalar::Other(Value::Float(again))) = event.kind else { panic!("no float") };
        prop_assert_eq!(again.to_bits(), float.to_bits());
    }

    #[test]
    fn paths_of_events_lead_back_to_them(text in documents()) {
        let document = read(&text);
        for (event, found) in document.outline().events.iter().enumerate() {
            let path = document.path_of(event);
            if let Kind::Scalar(..) = found.kind && document.find(&path) != Some(event) {
                // Only an earlier one of several entries of one name.
                prop_assert!(document.find(&path).is_none_or(|last| last > event), "{path}");
            }
        }
    }
}
