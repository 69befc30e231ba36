//! Three thousand values of nothing but awkward characters: what a consumer is given, it reads back.

use std::path::Path;

use lacre::document::consumers::dotenv::{Dialect, Dotenv};
use lacre::document::consumers::{
    Consumer, docker::Docker, github::Github, gitlab::Gitlab, kubernetes::Manifest, shell::Shell,
    systemd::Systemd, written, yaml::Yaml,
};

use super::assert_read;
use super::readers::{self, Read};

const COUNT: usize = 3_000;
const ALPHABET: [&str; 30] = [
    "a", "A", "n", "0", "e", " ", "\t", "\n", "\r", "'", "\"", "`", "\\", "$", "{", "}", "(", ")", "#", "=",
    "%", "<", ";", ":", "-", "!", "ä", "\u{85}", "\u{A0}", "\u{2028}",
];

/// The same values in every run.
fn values() -> Vec<String> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).unwrap()
    };
    let mut value = || (0..below(9)).map(|_| ALPHABET[below(ALPHABET.len())]).collect::<String>();
    (0..COUNT).map(|_| value()).collect()
}

/// What `read` makes of all that `consumer` takes, which must be at least `least` values.
#[track_caller]
fn check(consumer: &dyn Consumer, least: usize, name: &str, read: impl Fn(&Path) -> Option<Read>) {
    let expected: Read = values()
        .into_iter()
        .enumerate()
        .map(|(number, value)| (format!("V{number}"), value.into_bytes()))
        .collect();
    let pairs = expected.iter().map(|(name, value)| (name.as_bytes(), value.as_slice()));
    let taken: Vec<_> = pairs.filter(|pair| written(consumer, [*pair]).is_ok()).collect();
    assert!(taken.len() >= least, "{name}: only {}", taken.len());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), written(consumer, taken.iter().copied()).unwrap().expose()).unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let expected = taken.iter().map(|(name, value)| (text(name), value.to_vec())).collect();
    assert_read(name, read(file.path()), &expected);
}

#[test]
fn dialects_read_what_they_are_given() {
    let dotenv = |dialect| Dotenv { dialect: Some(dialect) };
    for shell in ["sh", "dash", "bash"] {
        check(&Shell, COUNT, shell, |file| readers::shell(shell, "eval \"$(cat \"$0\")\"", file));
        check(&dotenv(Dialect::Bash), COUNT, shell, |file| readers::shell(shell, "set -a; . \"$0\"", file));
    }
    let node = |file: &Path| readers::node("node --env-file", None, file);
    check(&dotenv(Dialect::Node), COUNT / 2, "node --env-file", node);
    let npm = |file: &Path| readers::node("dotenv (npm)", Some("dotenv"), file);
    check(&dotenv(Dialect::Node), COUNT / 2, "dotenv (npm)", npm);
    check(&dotenv(Dialect::Python), COUNT / 2, "python-dotenv", readers::python_dotenv);
    check(&dotenv(Dialect::Compose), COUNT, "docker compose", readers::compose);
}

#[test]
fn services_read_what_they_are_given() {
    check(&Docker, COUNT / 2, "docker", readers::docker);
    check(&Systemd, COUNT, "systemd's library", |file| readers::python("systemd.py", &["real"], file));
    check(&Systemd, COUNT, "the model of systemd", |file| readers::python("systemd.py", &["model"], file));
    check(&Yaml, COUNT, "PyYAML", readers::py_yaml);
    let manifest = Manifest::new("app", None, &[], None).unwrap();
    check(&manifest, COUNT, "kubectl", |file| Some(readers::kubectl(file)?.1));
}

#[test]
fn jobs_read_what_they_are_given() {
    for system in ["linux", "windows"] {
        let model = |file: &Path| readers::python("github.py", &[file.to_str().unwrap()], Path::new(system));
        check(&Github::env("lacre_0"), COUNT / 2, "the model of a runner", model);
    }
    check(&Gitlab, COUNT / 8, "the model of GitLab", |file| readers::python("gitlab.py", &[], file));
}
