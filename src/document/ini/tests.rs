//! Tables of what is read and written, and the laws on generated documents.

use proptest::prelude::*;

use super::Ini;
use crate::base::{Kind, Node, Path, Problem, Style, Value};
use crate::document::{Content, Document, Format, splice};

fn read(text: &str) -> Document {
    Document::parse(text.into(), &Ini).unwrap()
}

/// Sections, `key=value` and comments in the order of events; an empty `DEFAULT` left out.
fn shown(document: &Document) -> String {
    let mut words = Vec::new();
    let (text, events) = (document.text(), &document.outline().events);
    for event in events {
        let shown = |bytes: &[u8]| bytes.escape_ascii().to_string();
        words.push(match &event.kind {
            Kind::Key(key) => format!("{}:", shown(key.bytes(event.span, text))),
            Kind::Scalar(_, scalar) => format!("<{}>", shown(&scalar.value(event.span, text).plain_bytes())),
            Kind::Comment { inline } => {
                format!("{}{}", if *inline { "//" } else { "#" }, shown(event.span.of(text)))
            }
            Kind::Map(_) => "{".to_owned(),
            Kind::End => "}".to_owned(),
            _ => continue,
        });
    }
    words.join(" ").replace("{ DEFAULT: { } ", "{ ")
}

fn path(text: &str) -> Path {
    Path::parse(text).unwrap()
}

fn string(document: &Document) -> String {
    String::from_utf8(document.text().to_vec()).unwrap()
}

#[test]
fn texts_are_read_as_sops_reads_them() {
    for (text, events) in [
        ("", "{ }"),
        ("x=1\n[DEFAULT]\ny=2", "{ DEFAULT: { x: <1> } DEFAULT: { y: <2> } }"),
        ("[a]\nx = 1 \n y:2=3\n", "{ a: { x: <1> y: <2=3> } }"),
        ("[a]\r\nx = 1\r\ny=\"q \"\r\n", "{ a: { x: <1> y: <q > } }"),
        ("\u{feff}[a]\nx=1", "{ a: { x: <1> } }"),
        ("[a]\nx=1\n[b]\n[a]\ny=2\n", "{ a: { x: <1> } b: { } a: { y: <2> } }"),
        ("[ a ]\nx =\n", "{  a : { x: <> } }"),
        (
            "[a]\nx='q'\ny=\"\"\nz='it''s'\nw=\"open\n",
            "{ a: { x: <q> y: <> z: <\\'it\\'\\'s\\'> w: <\\\"open> } }",
        ),
        ("[a]\nx=`a;b`\ny=\"\"\"a\n b\"\"\"\nz=`\n`", "{ a: { x: <a;b> y: <a\\n b> z: <\\n> } }"),
        ("[a]\nx=a \\\n  b ; c \\\n\td\ny=1", "{ a: { x: <a b ; c d> y: <1> } }"),
        ("[a]\nz=a#b\ny=;c\nx=1;; d", "{ a: { z: <a> //b y: <> //c x: <1> //d } }"),
        (
            "; h1\n\n; h2\n[a]\n; k1\n  # k2\nx=1 ; k3\ny=2\n; last\n",
            "{ a: { #h1\\n\\n; h2 x: <1> #k1\\n  # k2 //k3 y: <2> #last } }",
        ),
        ("[a]\n\"k=1\":v=2\n`k\"` = 3\n\"\"\"k\"\"\"=4", "{ a: { k=1: <v=2> k\\\": <3> k: <4> } }"),
        ("; only\n", "{ DEFAULT: { #only } }"),
        ("[a]\nx=\u{a0}1\u{3000}\n", "{ a: { x: <1> } }"),
    ] {
        assert_eq!(shown(&read(text)), events, "{text}");
    }
}

#[test]
fn what_sops_would_lose_or_misread_is_refused_by_name() {
    for (text, line, name, problem) in [
        ("[a]\nx=1\nx=2\n", 3, Some("x"), Problem::DuplicateKey),
        ("[a]\n-=1\n", 2, Some("-"), Problem::NameLost),
        ("[a]\n\"#k\"=1\n", 2, None, Problem::NameLost),
        ("[a]\nx=\"a;b\"\n", 2, Some("x"), Problem::SignInQuotes),
        ("[a]\nx=C:\\dir\\\ny=1\n", 2, Some("x"), Problem::Continued),
        ("[a]\nx=C:\\", 2, Some("x"), Problem::Continued),
        ("[a]\nx=C:\\\n\n", 2, Some("x"), Problem::Continued),
        ("[a]\nx=`a` b\n", 2, Some("x"), Problem::BehindQuote),
        ("[a] b\n", 1, None, Problem::BehindQuote),
        ("[a] ; [x]\n", 1, None, Problem::BehindHeader),
        ("[a]\nx=\"\"\"a\n", 2, Some("x"), Problem::UnclosedQuote),
        ("[a]\nhello\n", 2, None, Problem::NoEquals),
        ("[a]\n=1\n", 2, None, Problem::NoName),
        ("[]\n", 1, None, Problem::NoName),
        ("[a\n", 1, None, Problem::Syntax),
        ("[a]\nx=\0\n", 2, None, Problem::BadByte),
        ("<<<<<<< HEAD\n", 1, None, Problem::ConflictMarker),
        ("=======\n", 1, None, Problem::ConflictMarker),
        ("[sops]\n[sops]\n", 2, None, Problem::Metadata),
    ] {
        let error = Document::parse(text.into(), &Ini).unwrap_err();
        let expected = (line, name.map(str::to_owned), problem);
        assert_eq!((error.line, error.name, error.problem), expected, "{text}");
    }
}

#[test]
fn ciphertext_takes_the_quotes_of_the_value() {
    for (text, expected) in [
        ("x=1 ; c", "x=ENC ; c"),
        ("x = \"a b\"", "x = \"ENC\""),
        ("x='a'", "x='ENC'"),
        ("x=`a`", "x=`ENC`"),
        ("x=\"\"\"a\nb\"\"\"\ny=1", "x=\"\"\"ENC\"\"\"\ny=1"),
        ("x=a \\\n b\ny=1", "x=ENC\ny=1"),
    ] {
        let document = read(text);
        let event = document.find(&path("DEFAULT.x")).unwrap();
        let cipher = Content::Cipher { text: "ENC", style: None };
        let changed = document.spliced(vec![Ini.replace(&document, event, cipher).unwrap()]).unwrap();
        assert_eq!(string(&changed), expected);
        let again = changed.find(&path("DEFAULT.x")).unwrap();
        let old = document.scalar(event).unwrap();
        let restored =
            changed.spliced(vec![Ini.replace(&changed, again, Content::Value(&old)).unwrap()]).unwrap();
        assert_eq!(restored.scalar(again), Some(old));
        if !text.contains('\\') {
            assert_eq!(string(&restored), text);
        }
    }
}

#[test]
fn new_keys_look_like_the_ones_before() {
    for (text, at, expected) in [
        ("", "DEFAULT.n", "n = v\n"),
        ("x=1", "DEFAULT.n", "x=1\nn=v\n"),
        ("[a]\n  x : 1 ; c\n\n[b]\n", "a.n", "[a]\n  x : 1 ; c\n  n : v\n\n[b]\n"),
        ("[a]\nlong  = 1\n", "a.n", "[a]\nlong  = 1\nn     = v\n"),
        ("[a]\nx = \"\"\"1\n2\"\"\"\n[b]\n", "a.n", "[a]\nx = \"\"\"1\n2\"\"\"\nn = v\n[b]\n"),
        ("[a]\r\nx=1\r\n", "a.n", "[a]\r\nx=1\r\nn=v\r\n"),
        ("[a]", "a.n", "[a]\nn = v\n"),
        ("[a]\nx=1", "b.n", "[a]\nx=1\n\n[b]\nn=v\n"),
        ("; c\n[a]\nx=1\n", "DEFAULT.n", "n=v\n\n; c\n[a]\nx=1\n"),
        ("[a]\nx=1\n\n[sops]\nmac = m\n", "b.n", "[a]\nx=1\n\n[b]\nn=v\n\n[sops]\nmac = m\n"),
    ] {
        let document = read(text);
        let splice = Ini.insert(&document, &path(at), &Node::str("v")).unwrap();
        let changed = document.spliced(vec![splice]).unwrap();
        assert_eq!(string(&changed), expected);
        assert_eq!(changed.scalar(changed.find(&path(at)).unwrap()), Some(Value::str("v")));
    }
}

#[test]
fn what_cannot_be_named_or_written_is_not_inserted() {
    let document = read("[a]\nx=1\n");
    for at in ["a[\"-\"]", "[\"a\"][\"#k\"]", "[\"sops\"][\"k\"]", "[\"b]\"][\"k\"]", "a.b.c", "k"] {
        let at = Path::parse(&at.replace("a[\"-\"]", "[\"a\"][\"-\"]")).unwrap();
        assert!(Ini.insert(&document, &at, &Node::str("v")).is_err(), "{at}");
    }
    for node in
        [Node::List(Vec::new()), Node::Value(Value::Null), Node::str("a\"\"\"\nb`\nc"), Node::str("\0")]
    {
        assert!(Ini.insert(&document, &path("a.n"), &node).is_err(), "{node:?}");
    }
}

#[test]
fn keys_and_sections_are_removed_by_whole_lines() {
    let text = "; c\n[a]\n; e\nx=1 ; f\ny=2\n\n; g\n[b]\nz=3\n";
    for (at, expected) in [
        ("a.x", "; c\n[a]\n; e\ny=2\n\n; g\n[b]\nz=3\n"),
        ("a", "; c\n; g\n[b]\nz=3\n"),
        ("b", "; c\n[a]\n; e\nx=1 ; f\ny=2\n\n; g\n"),
    ] {
        let document = read(text);
        let changed = document.spliced(Ini.remove(&document, &path(at)).unwrap()).unwrap();
        assert_eq!(string(&changed), expected);
    }
    assert!(Ini.remove(&read(text), &path("a.q")).is_err());
}

#[test]
fn metadata_comes_last_and_leaves_no_trace() {
    let metadata = Node::Map(vec![
        (b"age".to_vec(), Node::List(vec![Node::Map(vec![(b"enc".to_vec(), Node::str("a\nb#\n"))])])),
        (b"mac".to_vec(), Node::str("m")),
    ]);
    for text in
        ["", "x=1", "[a]\nx=1\n", "[a]\r\nx=1\r\n", "[a]\nx=1\n\n; last\n", "\u{feff}", "; c", "[a]\n\n"]
    {
        let document = read(text);
        let sealed = document.spliced(Ini.put_metadata(&document, Some(&metadata)).unwrap()).unwrap();
        assert!(string(&sealed).contains("[sops]"));
        assert_eq!(sealed.outline().metadata.as_ref(), Some(&metadata));
        assert_eq!(shown(&sealed), shown(&document), "{text:?}");
        let again = sealed.spliced(Ini.put_metadata(&sealed, Some(&metadata)).unwrap()).unwrap();
        assert_eq!(again.text(), sealed.text());
        let plain = sealed.spliced(Ini.put_metadata(&sealed, None).unwrap()).unwrap();
        assert_eq!(string(&plain), text);
    }
}

#[test]
fn both_spellings_of_line_feeds_in_metadata_are_read() {
    for spelled in ["a\\nb", "\"\"\"a\nb\"\"\""] {
        let document = read(&format!("[a]\nx=1\n\n[sops]\nenc = {spelled}\nversion = 3\n\n"));
        let metadata = document.outline().metadata.clone().unwrap();
        assert_eq!(metadata.entry("enc").unwrap().text(), Some("a\nb"));
        let plain = document.spliced(Ini.put_metadata(&document, None).unwrap()).unwrap();
        assert_eq!(string(&plain), "[a]\nx=1\n");
    }
}

#[test]
fn what_was_put_behind_the_metadata_never_comes_to_stand_in_the_line_before_it() {
    for (text, expected) in [
        ("[a]\nx=1\n[sops]\nversion = 3\n# c\n", "[a]\nx=1\n# c\n"),
        ("[a]\r\n[sops]\r\nversion = 3\r\n; c", "[a]\r\n; c"),
        ("[sops]\nversion = 3\n[a]\nx=1\n", "[a]\nx=1\n"),
    ] {
        let document = read(text);
        let plain = document.spliced(Ini.put_metadata(&document, None).unwrap()).unwrap();
        assert_eq!(string(&plain), expected);
    }
}

#[test]
fn large_texts_are_read_in_one_pass() {
    let sections = (0..10_000).map(|number| format!("; c\n[s{number}]\nx = 1 ; d\n")).collect::<Vec<_>>();
    let large = format!("y = {}\nz = \"\"\"{}\"\"\"\n", "v".repeat(1 << 22), "\n".repeat(1 << 20));
    let text = sections.concat() + &large;
    assert_eq!(read(&text).outline().events.len(), 2 + 3 + 10_000 * 7 + 4 + 1);
    assert!(Document::parse(format!("x = \"\"\"{}", "\n\"\"".repeat(1 << 20)).into(), &Ini).is_err());
    let deep = format!("[sops]\n{} = x\n", "a__map_".repeat(100_000));
    assert!(Document::parse(deep.into(), &Ini).is_err());
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "[a-c]{1,2} ?[=:] ?[ -~é]{0,12}",
        "\\[[a-c ]{1,3}\\] ?",
        " ?[;#] ?[ -~]{0,8}",
        "[a-z] = (\"\"\"|`|'|\")[a-z;# \n]{0,6}(\"\"\"|`|'|\")",
        "[a-z] = [a-z]{1,4} ?\\\\\n [a-z=;]{1,4}",
        "\t? ?",
    ];
    (proptest::collection::vec(line, 0..12), prop_oneof![Just("\n"), Just("\r\n")], any::<bool>())
        .prop_map(|(lines, eol, ended)| lines.join(eol) + if ended { eol } else { "" })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(document) = Document::parse(bytes, &Ini) {
            let _ = Ini.put_metadata(&document, None);
        }
    }

    #[test]
    fn every_value_and_comment_can_be_replaced_and_put_back(text in lines()) {
        let Ok(document) = Document::parse(text.clone().into(), &Ini) else { return Ok(()) };
        let mut there = Vec::new();
        for (index, event) in document.outline().events.iter().enumerate() {
            let is_empty = event.span.is_empty();
            if !is_empty && matches!(event.kind, Kind::Scalar(..) | Kind::Comment { .. }) {
                let cipher = Content::Cipher { text: "ENC[x]", style: None };
                there.push(Ini.replace(&document, index, cipher).unwrap());
            }
        }
        prop_assert_eq!(splice(document.text(), Vec::new()), document.text());
        let sealed = document.spliced(there).unwrap();
        let metadata = Node::Map(vec![(b"mac".to_vec(), Node::str("m"))]);
        let sealed = sealed.spliced(Ini.put_metadata(&sealed, Some(&metadata)).unwrap()).unwrap();
        let mut back = Ini.put_metadata(&sealed, None).unwrap();
        let mut exact = true;
        for (index, event) in document.outline().events.iter().enumerate() {
            if event.span.is_empty() {
                continue;
            }
            match &event.kind {
                Kind::Scalar(style, _) => {
                    exact &= *style != Style::Folded;
                    let value = document.scalar(index).unwrap();
                    back.push(Ini.replace(&sealed, index, Content::Value(&value)).unwrap());
                }
                Kind::Comment { .. } => {
                    let stored = Ini.stored_comment(event.span.of(document.text()));
                    back.push(Ini.replace(&sealed, index, Content::Comment(&stored)).unwrap());
                }
                _ => {}
            }
        }
        let plain = sealed.spliced(back).unwrap();
        prop_assert_eq!(shown(&plain), shown(&document));
        if exact {
            prop_assert_eq!(string(&plain), text);
        }
    }

    #[test]
    fn what_is_inserted_stands_there(text in lines(), value in "[ -~\n]{0,12}", key in "[ -~]{1,5}") {
        let Ok(document) = Document::parse(text.into(), &Ini) else { return Ok(()) };
        for section in ["a", "DEFAULT", "new"] {
            let steps = [section, &key].map(|key| crate::base::Step::Key(key.into())).to_vec();
            let at = Path { document: 0, steps };
            if document.find(&at).is_some() {
                continue;
            }
            let Ok(splice) = Ini.insert(&document, &at, &Node::str(&value)) else { continue };
            let changed = document.spliced(vec![splice]).unwrap();
            let found = changed.find(&at).unwrap();
            prop_assert_eq!(changed.scalar(found), Some(Value::str(&value)));
            prop_assert_eq!(changed.nodes().len(), document.nodes().len() + 1);
            let removed = changed.spliced(Ini.remove(&changed, &at).unwrap()).unwrap();
            prop_assert_eq!(removed.find(&at), None);
        }
    }
}
