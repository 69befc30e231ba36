//! The house keeps its own rules: floors, door signs, small rooms, nothing forgotten, reasons where they are due.
//! Every rule is a function from a text to complaints, and is shown a bad text as well as the house.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A room and the rooms it may import, from the ground floor up.
const FLOORS: [(&str, &[&str]); 12] = [
    ("base", &[]),
    ("document", &["base"]),
    ("cipher", &["base"]),
    ("keys", &["base"]),
    ("policy", &["base"]),
    ("redact", &["base"]),
    ("schema", &["base"]),
    ("envelope", &["base", "document", "cipher", "keys", "policy"]),
    ("world", &["base", "keys"]),
    ("providers", &["base", "keys", "world"]),
    (
        "workspace",
        &[
            "base",
            "document",
            "cipher",
            "keys",
            "policy",
            "redact",
            "schema",
            "envelope",
            "world",
            "providers",
        ],
    ),
    (
        "cli",
        &[
            "base",
            "document",
            "cipher",
            "keys",
            "policy",
            "redact",
            "schema",
            "envelope",
            "world",
            "providers",
            "workspace",
        ],
    ),
];

const LONGEST: usize = 400;

/// Marks of unfinished work, and words for which the glossary has another.
const FORBIDDEN: [&str; 15] = [
    "TODO",
    "FIXME",
    "XXX",
    "dbg!",
    "todo!",
    "unimplemented!",
    "stub",
    "blacklist",
    "ciphertext key",
    "decryption key",
    "encryption key",
    "keypair",
    "passcode",
    "secret value",
    "whitelist",
];

/// Every Rust file below `folder`, by its path from the crate's root.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What the fuzz targets are built into.
                if !path.ends_with("fuzz/target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap();
                found.insert(name.replace('\\', "/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    assert!(!found.is_empty());
    found
}

fn complaints(folders: &[&str], rule: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let files = folders.iter().flat_map(|folder| sources(folder));
    files.flat_map(|(path, text)| rule(&path, &text)).collect()
}

fn assert_clean(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

// --- floors -------------------------------------------------------------------------------------

fn floor(path: &str, text: &str) -> Vec<String> {
    let rooms = module_of(path);
    let Some(room) = rooms.first() else { return Vec::new() };
    let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| name == room) else {
        return vec![format!("{path}: `{room}` stands on no floor")];
    };
    let imported = imports(text, rooms.len());
    let wrong = imported.into_iter().filter(|other| other != room && !allowed.contains(&other.as_str()));
    wrong.map(|other| format!("{path}: `{room}` may not import `{other}`")).collect()
}

/// `src/a/b.rs` is the module `a::b`; `src/a/mod.rs` is `a`; `lib.rs` and `main.rs` are the root.
fn module_of(path: &str) -> Vec<String> {
    let name = path.strip_prefix("src/").unwrap_or(path).trim_end_matches(".rs");
    let parts = name.split('/').filter(|part| !matches!(*part, "lib" | "main" | "mod"));
    parts.map(str::to_owned).collect()
}

/// The top rooms that `text`, a module so many steps below the root, names: `crate::room`, `crate::{room::…, room}`,
/// and `super::room` where that leaves the module's own top room.
fn imports(text: &str, depth: usize) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // Neither the end of a longer name nor a macro's `$crate`.
        if !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_') {
            found.extend(first_names(&code[at + "crate::".len()..]));
        }
    }
    let climb = "super::".repeat(depth);
    for (at, _) in code.match_indices(&climb) {
        let names = first_names(code[at + climb.len()..].trim_start_matches("super::"));
        found.extend(names.into_iter().filter(|name| FLOORS.iter().any(|(room, _)| room == name)));
    }
    found.retain(|name| name.starts_with(|first: char| first.is_lowercase()));
    found
}

/// The first name of a path, or of each path in a group.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
                if letter == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn no_room_imports_a_higher_floor_or_a_neighbour() {
    assert_clean(&complaints(&["src"], floor));
}

#[test]
fn an_import_upwards_is_noticed_in_every_spelling() {
    for (path, text) in [
        ("src/base/a.rs", "use crate::cipher::Mac;"),
        ("src/document/a.rs", "fn f() { crate::policy::g() }"),
        ("src/document/mod.rs", "use super::cipher::Mac;"),
        ("src/document/yaml/mod.rs", "use super::super::envelope;"),
        ("src/envelope/a.rs", "use crate::{base::Path, world::World};"),
        ("src/envelope/a.rs", "use crate::{\n    base::{Path, Span},\n    world::World,\n};"),
        ("src/world/a.rs", "#[cfg(test)]\nmod tests {\n    use crate::envelope::Plain;\n}"),
        ("src/workspace/a.rs", "use crate::cli::ui;"),
        ("src/cellar/mod.rs", ""),
    ] {
        assert_eq!(floor(path, text).len(), 1, "{path}: {text}");
    }
}

#[test]
fn an_import_downwards_or_within_the_room_is_no_matter() {
    for (path, text) in [
        ("src/envelope/a.rs", "use crate::{base::{Path, Span}, cipher::Mac};\nuse super::seal::Sealer;"),
        ("src/base/a.rs", "//! See `crate::world`.\nuse crate::base::b;\nuse super::c;"),
        ("src/cli/commands/a.rs", "use super::super::{Context, Failure};"),
        ("src/lib.rs", "pub use crate::workspace::Error;"),
    ] {
        assert_eq!(floor(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn only_the_program_starts_the_command_line() {
    let users = sources("src").into_iter().filter(|(_, text)| text.contains("lacre::cli"));
    assert_eq!(users.map(|(path, _)| path).collect::<Vec<_>>(), ["src/main.rs"]);
}

// --- rooms --------------------------------------------------------------------------------------

fn door_sign(path: &str, text: &str) -> Vec<String> {
    let sign = text.lines().next().and_then(|line| line.strip_prefix("//! ")).unwrap_or_default();
    if sign.split_whitespace().count() >= 3 { Vec::new() } else { vec![format!("{path}: no door sign")] }
}

fn length(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines <= LONGEST { Vec::new() } else { vec![format!("{path}: {lines} lines")] }
}

fn words(path: &str, text: &str) -> Vec<String> {
    let found = FORBIDDEN.into_iter().filter(|word| contains_word(text, word));
    found.map(|word| format!("{path}: `{word}`")).collect()
}

fn contains_word(text: &str, word: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word)
        .any(|(at, _)| !text[..at].ends_with(inside) && !text[at + word.len()..].starts_with(inside))
}

/// Lints are set aside for a reason, which stands beside.
fn exceptions(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (at, _) in text.match_indices(start) {
            let end = text[at..].find(")]").map_or(text.len(), |end| at + end);
            if !text[at..end].contains("reason = ") {
                let line = text[..at].lines().count();
                found.push(format!("{path}:{line}: a lint is set aside without a reason"));
            }
        }
    }
    found
}

#[test]
fn every_door_has_a_sign() {
    assert_clean(&complaints(&["src", "tests"], door_sign));
    for text in ["", "use std::fs;", "//!", "//! files\n", "// A room for files."] {
        assert_eq!(door_sign("a", text).len(), 1, "{text}");
    }
}

#[test]
fn every_room_is_small() {
    assert_clean(&complaints(&["src", "tests"], length));
    assert_eq!(length("a", &"\n".repeat(401)), ["a: 401 lines"]);
    assert_eq!(length("a", &"\n".repeat(400)), [""; 0]);
}

#[test]
fn no_room_has_forbidden_words() {
    assert_clean(&complaints(&["src"], words));
    for text in ["// TODO: later", "dbg!(x)", "//! stub", "the whitelist", "todo!()"] {
        assert_eq!(words("a", text).len(), 1, "{text}");
    }
    assert_eq!(words("a", "a stubborn mastodon"), [""; 0]);
}

#[test]
fn every_exception_from_a_lint_has_a_reason() {
    assert_clean(&complaints(&["src"], exceptions));
    let without = ["#[allow(dead_code)]", "#![expect(\n    clippy::all\n)]"];
    for text in without {
        assert_eq!(exceptions("a", text).len(), 1, "{text}");
    }
    assert_eq!(exceptions("a", "#[expect(\n    dead_code,\n    reason = \"it is\"\n)]"), [""; 0]);
}

// --- nothing forgotten --------------------------------------------------------------------------

/// Files that no `mod` line reaches, so that the compiler never sees them.
fn forgotten(files: &BTreeMap<String, String>) -> Vec<String> {
    let reached = |path: &&String| {
        let rooms = module_of(path);
        let Some((name, above)) = rooms.split_last() else { return true };
        let folder = above.join("/");
        let parents = if above.is_empty() {
            vec!["src/lib.rs".to_owned()]
        } else {
            vec![format!("src/{folder}.rs"), format!("src/{folder}/mod.rs")]
        };
        let line = format!("mod {name};");
        parents.iter().filter_map(|parent| files.get(parent)).any(|text| {
            text.lines().any(|one| {
                one.trim_start().trim_start_matches("pub(crate) ").trim_start_matches("pub ") == line
            })
        })
    };
    files.keys().filter(|path| !reached(path)).cloned().collect()
}

#[test]
fn no_file_is_forgotten() {
    assert_clean(&forgotten(&sources("src")));
    let files = [
        ("src/lib.rs", "pub mod a;\n// mod b;"),
        ("src/a/mod.rs", "mod used;"),
        ("src/a/used.rs", ""),
        ("src/a/unused.rs", ""),
        ("src/b.rs", ""),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(forgotten(&BTreeMap::from(files)), ["src/a/unused.rs", "src/b.rs"]);
}

// --- dependencies -------------------------------------------------------------------------------

/// Dependencies without a comment above them or above the group they stand in.
fn unreasoned(manifest: &str) -> Vec<String> {
    let (mut in_table, mut reasoned, mut found) = (false, false, Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_table = line.trim_end_matches(']').ends_with("dependencies");
            reasoned = false;
        } else if line.starts_with('#') {
            reasoned = true;
        } else if line.is_empty() {
            reasoned = false;
        } else if in_table && !reasoned {
            found.push(line.split(' ').next().unwrap_or_default().to_owned());
        }
    }
    found
}

#[test]
fn every_dependency_has_a_reason() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert_clean(&unreasoned(&manifest));
    let bad = "[package]\nname = \"x\"\n[dependencies]\n# Why.\na = \"1\"\nb = \"1\"\n\nc = \"1\"\n\
               [target.'cfg(unix)'.dependencies]\nd = \"1\"\n";
    assert_eq!(unreasoned(bad), ["c", "d"]);
}
