//! The portable spelling of a value is read back by other readers of dotenv exactly where we say so. Those that are not
//! installed are skipped; `tests/peers/install.sh` installs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts the readers, and says which were skipped"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lacre::document::dotenv::spelling::portable;

type Variables = BTreeMap<String, String>;

const VALUES: &[&str] = &[
    "",
    "abc123",
    "a b",
    " a ",
    "a#b",
    "a #b",
    "#",
    "p$OUTER",
    "${OUTER}",
    "p$$w",
    "pw$",
    "$(echo x)",
    "it's",
    "'",
    "say \"hi\"",
    "\"",
    "it's \"x\"",
    "it's $5",
    "it's $(echo x)",
    "it's `x`",
    "it's a\\b",
    "a\\b",
    "a\\nb",
    "it's a\\nb",
    "C:\\dir\\",
    "\\",
    "\\\\server\\share",
    "l1\nl2",
    "\n",
    "l1\nit's",
    "l1\n\"l2\"",
    "l1\nit's \"l2\"",
    "l1\n$l2",
    "l1\n`l2`",
    "A=1\nB=2\n",
    "x\n# y",
    "a`b",
    "a\tb",
    "a\r\nb",
    "a\rb",
    "{\"k\":\"v\"}",
    "{\n  \"k\": \"v\"\n}",
    "pg://u:p#w@h/d?x=1&y=2",
    "pä✓😀",
    "v\u{a0}",
    "a=b==",
    "a;b|c>d<e&f(g)*?[h]~!",
    "~",
    "-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n",
];

/// What a reader makes of each file; `None` where it refuses.
type Read = fn(&[PathBuf]) -> Option<Vec<Option<Variables>>>;

const READERS: [(&str, Read); 9] = [
    ("@next/env", |files| node("@next/env", Some("@next/env"), files)),
    ("bash", |files| shell("bash", files)),
    ("dash", |files| shell("dash", files)),
    ("dotenv (npm)", |files| node("dotenv (npm)", Some("dotenv"), files)),
    ("dotenv-expand", |files| node("dotenv-expand", Some("dotenv-expand"), files)),
    ("dotenvx", |files| node("dotenvx", Some("@dotenvx/dotenvx"), files)),
    ("dotenvy", |files| Some(files.iter().map(|file| dotenvy(file)).collect())),
    ("node --env-file", |files| node("node --env-file", None, files)),
    ("python-dotenv", python),
];

#[test]
fn a_value_is_misread_by_those_named_and_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let files: Vec<PathBuf> = VALUES
        .iter()
        .enumerate()
        .map(|(number, value)| {
            let file = folder.path().join(format!("{number}.env"));
            std::fs::write(
                &file,
                [b"A=", portable(value.as_bytes()).text.expose().as_slice(), b"\n"].concat(),
            )
            .unwrap();
            file
        })
        .collect();
    let mut wrong = Vec::new();
    for (reader, read) in READERS {
        let Some(results) = read(&files) else {
            eprintln!("skipped: {reader} not found");
            continue;
        };
        assert_eq!(results.len(), VALUES.len(), "{reader}");
        for (value, result) in VALUES.iter().zip(results) {
            let right = result.is_some_and(|variables| {
                variables.get("A").is_some_and(|read| read == value) && variables.len() == 1
            });
            let named = portable(value.as_bytes()).misread_by.contains(&reader);
            if right == named {
                wrong.push((reader, value));
            }
        }
    }
    assert_eq!(wrong, []);
}

#[test]
fn lines_do_not_run_into_each_other() {
    let folder = tempfile::tempdir().unwrap();
    for (reader, read) in READERS {
        let mut expected = Variables::new();
        let mut text = Vec::new();
        for (number, value) in VALUES.iter().enumerate() {
            let spelled = portable(value.as_bytes());
            if !spelled.misread_by.contains(&reader) {
                text.extend_from_slice(format!("V{number}=").as_bytes());
                text.extend_from_slice(spelled.text.expose());
                text.push(b'\n');
                expected.insert(format!("V{number}"), (*value).to_owned());
            }
        }
        let file = folder.path().join("all.env");
        std::fs::write(&file, text).unwrap();
        if let Some(results) = read(&[file]) {
            assert_eq!(results, [Some(expected)], "{reader}");
        }
    }
}

fn peers(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(file)
}

/// Where `install.sh` puts things.
fn installed(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers").join(path)
}

/// A reader that runs in node, from its npm package if it has one.
fn node(reader: &str, package: Option<&str>, files: &[PathBuf]) -> Option<Vec<Option<Variables>>> {
    let missing = package.is_some_and(|package| !installed("node_modules").join(package).exists());
    let mut command = Command::new("node");
    command.arg(peers("read.js")).arg(reader).arg(installed(""));
    if missing { None } else { script(&mut command, files) }
}

fn python(files: &[PathBuf]) -> Option<Vec<Option<Variables>>> {
    let folder = installed("python");
    if !folder.exists() {
        return None;
    }
    script(Command::new("python3").arg(peers("read.py")).arg(folder), files)
}

/// One JSON object a file.
fn script(command: &mut Command, files: &[PathBuf]) -> Option<Vec<Option<Variables>>> {
    let output = command.args(files).env("OUTER", "outer").output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).ok()).collect())
}

fn dotenvy(file: &Path) -> Option<Variables> {
    dotenvy::from_path_iter(file).unwrap().collect::<Result<_, _>>().ok()
}

/// What the shell has more, or otherwise, after reading the file.
fn shell(name: &str, files: &[PathBuf]) -> Option<Vec<Option<Variables>>> {
    let run = |file: &Path| {
        let output = Command::new(name)
            .args(["-c", "set -a; . \"$0\" && env -0"])
            .arg(file)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("OUTER", "outer")
            .output()
            .ok()?;
        let own = ["PATH", "OUTER", "PWD", "SHLVL", "_", "OLDPWD"];
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let variables = text.split_terminator('\0').filter_map(|line| line.split_once('='));
        let variables = variables.filter(|(name, _)| !own.contains(name));
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(output.status.success().then_some(variables))
    };
    files.iter().map(|file| run(file)).collect()
}
