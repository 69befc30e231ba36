//! The official YAML test suite (github.com/yaml/yaml-test-suite, its folder `src`), where it is at hand: in the folder
//! that `YAML_TEST_SUITE` names, or beside the project in `shared/data/yaml-test-suite/src`. Our events are the
//! suite's, and replacing any one scalar by a ciphertext leaves every other event as it was.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    missing_docs
)]

use std::path::PathBuf;

use granit_parser::{Event as Parsed, Parser};
use lacre::base::{Kind, Problem, Scalar, Style};
use lacre::document::yaml::Yaml;
use lacre::document::{Content, Document, Format};

const CIPHER: &str = "ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]";

struct Case {
    name: String,
    yaml: String,
    tree: String,
    fails: bool,
}

#[test]
fn our_events_are_those_of_the_suite() {
    let mut compared = 0;
    // The suite shows base64 as it is written; we say what it means. And where a block scalar ends the text without a
    // line end (L24T 1), sops reads none.
    let differs = |case: &Case| case.yaml.contains("!!binary") || case.name == "L24T 1";
    for case in cases().into_iter().filter(|case| !differs(case)) {
        match Document::parse(case.yaml.clone().into_bytes(), &Yaml) {
            Ok(document) if !case.fails => {
                assert_eq!(ours(&document), theirs(&case.tree), "{}\n{}", case.name, case.yaml);
                compared += 1;
            }
            Ok(_) => {}
            Err(error) => {
                let refused = matches!(
                    error.problem,
                    Problem::NotAMap | Problem::NotAString | Problem::Unsupported | Problem::BadByte
                );
                assert!(
                    case.fails || refused || case.yaml.contains("%YAML"),
                    "{}: {error}\n{}",
                    case.name,
                    case.yaml
                );
            }
        }
    }
    eprintln!("{compared} cases compared");
}

#[test]
fn replacing_one_scalar_changes_nothing_else() {
    let mut replaced = 0;
    for case in cases().into_iter().filter(|case| !case.fails) {
        let Ok(document) = Document::parse(case.yaml.clone().into_bytes(), &Yaml) else { continue };
        let mut expected = ours(&document);
        // Where the line of each scalar value is among `expected`.
        for (at, line) in scalars(&document) {
            let content = Content::Cipher { text: CIPHER, style: None };
            let Ok(splice) = Yaml.replace(&document, at, content) else {
                panic!("{}: event {at}\n{}", case.name, case.yaml)
            };
            let text = lacre::document::splice(document.text(), vec![splice]);
            let shown = String::from_utf8_lossy(&text).into_owned();
            let after = Document::parse(text, &Yaml)
                .unwrap_or_else(|error| panic!("{}: {error}\n{}\n---\n{shown}", case.name, case.yaml));
            let old = std::mem::replace(&mut expected[line], format!("=VAL {CIPHER}"));
            let found: Vec<String> =
                ours(&after)
                    .into_iter()
                    .map(|line| {
                        if line.contains(CIPHER) {
                            line.split("\\n").next().unwrap().to_owned()
                        } else {
                            line
                        }
                    })
                    .collect();
            assert_eq!(found, expected, "{}\n{}\n---\n{shown}", case.name, case.yaml);
            expected[line] = old;
            replaced += 1;
        }
    }
    eprintln!("{replaced} scalars replaced");
}

/// Event and line of every scalar value that is written down.
fn scalars(document: &Document) -> Vec<(usize, usize)> {
    let mut line = 0;
    let mut found = Vec::new();
    for (at, event) in document.outline().events.iter().enumerate() {
        match &event.kind {
            Kind::Comment { .. } | Kind::Anchor | Kind::Tag => continue,
            Kind::Scalar(_, Scalar::Other(lacre::base::Value::Null)) => {}
            Kind::Scalar(..) => found.push((at, line)),
            _ => {}
        }
        line += 1;
    }
    found
}

fn ours(document: &Document) -> Vec<String> {
    let text = document.text();
    let mut open = Vec::new();
    let mut lines = Vec::new();
    for event in &document.outline().events {
        let value = |bytes: &[u8]| format!("=VAL {}", escaped(&String::from_utf8_lossy(bytes)));
        lines.push(match &event.kind {
            Kind::Comment { .. } | Kind::Anchor | Kind::Tag => continue,
            Kind::Document => "+DOC".to_owned(),
            Kind::Map(_) => {
                open.push("-MAP");
                "+MAP".to_owned()
            }
            Kind::List(_) => {
                open.push("-SEQ");
                "+SEQ".to_owned()
            }
            Kind::End => open.pop().unwrap().to_owned(),
            Kind::Alias => format!("=ALI *{}", String::from_utf8_lossy(event.span.of(text))),
            Kind::Key(name) | Kind::Scalar(_, Scalar::Str(name)) => value(name.bytes(event.span, text)),
            Kind::Scalar(Style::Plain, Scalar::Other(_)) => value(event.span.of(text)),
            Kind::Scalar(_, Scalar::Other(_)) => value(event.span.shrunk(1, 1).of(text)),
        });
    }
    lines
}

fn theirs(tree: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in tree.lines().map(str::trim_start) {
        let mut words = line.split(' ');
        let kind = words.next().unwrap();
        match kind {
            "+STR" | "-STR" | "-DOC" => {}
            "=ALI" => lines.push(line.to_owned()),
            "=VAL" => {
                let mut rest = &line[5..];
                while rest.starts_with(['&', '<']) {
                    rest = rest.split_once(' ').unwrap().1;
                }
                // An empty document is an empty map to us.
                if lines.last().is_some_and(|line| line == "+DOC") {
                    lines.extend(["+MAP".to_owned(), "-MAP".to_owned()]);
                    continue;
                }
                lines.push(format!("=VAL {}", &rest[1..]));
            }
            _ => lines.push(kind.to_owned()),
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\r', "\\r")
        .replace('\u{8}', "\\b")
}

fn cases() -> Vec<Case> {
    let folder = std::env::var_os("YAML_TEST_SUITE").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/yaml-test-suite/src"),
        PathBuf::from,
    );
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: the YAML test suite is not at hand; name its folder `src` in YAML_TEST_SUITE");
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    paths.iter().flat_map(|path| read(path)).collect()
}

/// The cases of one file: a list of maps of strings; what a later case leaves out is as in the one before.
fn read(path: &std::path::Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let mut cases: Vec<Case> = Vec::new();
    let mut key: Option<String> = None;
    for event in Parser::new_from_str(&text) {
        match event.unwrap().0 {
            Parsed::MappingStart(..) => {
                let tree = cases.last().map(|case| case.tree.clone()).unwrap_or_default();
                cases.push(Case {
                    name: format!("{name} {}", cases.len()),
                    yaml: String::new(),
                    tree,
                    fails: false,
                });
            }
            Parsed::Scalar(value, ..) => match key.take() {
                None => key = Some(value.into_owned()),
                Some(key) => {
                    let case = cases.last_mut().unwrap();
                    match key.as_str() {
                        "yaml" => case.yaml = visible(&value),
                        "tree" => case.tree = value.replace('␣', " ").replace("∎\n", ""),
                        "fail" => case.fails = true,
                        _ => {}
                    }
                }
            },
            _ => {}
        }
    }
    cases.retain(|case| !case.yaml.is_empty());
    cases
}

/// The suite writes blanks, tabs and the like as visible signs.
fn visible(text: &str) -> String {
    let mut result = text.replace('␣', " ").replace('↵', "").replace('←', "\r").replace('⇔', "\u{FEFF}");
    while let Some(end) = result.find('»') {
        let start = result[..end].trim_end_matches('—').len();
        result.replace_range(start..end + '»'.len_utf8(), "\t");
    }
    result.replace("∎\n", "")
}
