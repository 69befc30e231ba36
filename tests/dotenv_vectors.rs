//! Every case of `tests/vectors/dotenv`: what a text reads as, or why it is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

use std::collections::BTreeMap;

use lacre::base::{Kind, ParseError};
use lacre::document::dotenv::Dotenv;
use lacre::document::dotenv::reading::{doubt, name, reading};
use lacre::document::{Document, Format};
use serde_json::{Value as Json, json};

const THEMES: [(&str, &str); 7] = [
    ("escapes", include_str!("vectors/dotenv/escapes.json")),
    ("expansion", include_str!("vectors/dotenv/expansion.json")),
    ("lines", include_str!("vectors/dotenv/lines.json")),
    ("names", include_str!("vectors/dotenv/names.json")),
    ("quotes", include_str!("vectors/dotenv/quotes.json")),
    ("refused", include_str!("vectors/dotenv/refused.json")),
    ("unquoted", include_str!("vectors/dotenv/unquoted.json")),
];

fn cases() -> Vec<(String, Json)> {
    let mut all = Vec::new();
    for (theme, text) in THEMES {
        let file: Json = serde_json::from_str(text).unwrap();
        for case in file["cases"].as_array().unwrap() {
            all.push((format!("{theme}: {}", case["name"].as_str().unwrap()), case.clone()));
        }
    }
    all
}

/// Every variable of a plaintext with its raw text, in order.
fn raw_values(input: &str) -> Result<Vec<(String, Vec<u8>)>, ParseError> {
    let document = Document::parse(Dotenv.prepare(input.into()).text.expose().clone(), &Dotenv)?;
    let mut key = None;
    let mut values = Vec::new();
    for event in &document.outline().events {
        let bytes = event.span.of(document.text());
        match event.kind {
            Kind::Key(_) => key = name(bytes).map(|name| String::from_utf8(name.to_vec()).unwrap()),
            Kind::Scalar(..) => values.extend(key.take().map(|key| (key, bytes.to_vec()))),
            _ => {}
        }
    }
    Ok(values)
}

#[test]
fn every_case_reads_as_it_says() {
    for (title, case) in cases() {
        let read = match raw_values(case["input"].as_str().unwrap()) {
            Ok(values) => {
                let values: BTreeMap<String, String> = values
                    .into_iter()
                    .map(|(name, raw)| (name, String::from_utf8(reading(&raw).into_owned()).unwrap()))
                    .collect();
                json!({ "reads": values })
            }
            Err(ParseError { line, name, problem }) => {
                let mut error = json!({ "line": line, "problem": format!("{problem:?}") });
                if let Some(name) = name {
                    error["variable"] = name.into();
                }
                json!({ "error": error })
            }
        };
        for field in ["reads", "error"] {
            assert_eq!(read[field], case[field], "{title}");
        }
        assert!(case["why"].as_str().unwrap().ends_with('.'), "{title}");
    }
}

#[test]
fn a_value_is_in_doubt_exactly_where_its_readers_disagree() {
    for (title, case) in cases() {
        let about_values = !["lines", "names", "refused"].iter().any(|theme| title.starts_with(theme));
        if let Some(peers) = case["peers"].as_array().filter(|_| about_values) {
            let values = raw_values(case["input"].as_str().unwrap()).unwrap();
            let (_, raw) = values.iter().find(|(name, _)| name == "A").unwrap();
            assert_eq!(doubt(raw).is_some(), peers.len() > 1, "{title}");
        }
    }
}

#[test]
fn where_all_readers_agree_so_do_we() {
    for (title, case) in cases() {
        if let Some([peer]) = case["peers"].as_array().map(Vec::as_slice) {
            assert_eq!(peer["read"], case["reads"], "{title}");
        }
    }
}
