//! Every format of `lacre export` is read back by its real consumer, value by value, or refused by name. A consumer that
//! is not installed is skipped with a word; `tests/peers/install.sh` installs those that registries have.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts the consumers, and says which were skipped"
)]

#[path = "export/corpus.rs"]
mod corpus;
#[path = "export/generated.rs"]
mod generated;
#[path = "export/readers.rs"]
mod readers;
#[path = "export/refusals.rs"]
mod refusals;
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use corpus::CASES;
use lacre::document::dotenv::spelling::portable;
use readers::Read;
use support::{ALICE, Scene};

/// A repository with the whole corpus, as `V0`, `V1`, …
fn scene() -> Scene {
    let mut text = Vec::new();
    for (number, (value, _)) in CASES.iter().enumerate() {
        text.extend([format!("V{number}=").as_bytes(), portable(value).text.expose(), b"\n"].concat());
    }
    let scene = Scene::repository().identity("alice").file(".env", text);
    scene.run(["encrypt", "-r", ALICE, ".env"]).ok();
    scene
}

/// What `format` refuses is what the corpus says; the rest is printed, and this is it, in a file and as it should be read.
fn exported(scene: &Scene, word: &str, flags: &[&str]) -> (PathBuf, Read) {
    let words = [&["export", "--format"], flags].concat();
    let (mut refused, mut expected) = (Vec::new(), Read::new());
    for (number, (value, without)) in CASES.iter().enumerate() {
        if without.contains(&word) {
            refused.push(format!("V{number}"));
        } else {
            expected.insert(format!("V{number}"), value.to_vec());
        }
    }
    let mut outcome = scene.run_in("", &words);
    if !refused.is_empty() {
        assert_eq!((outcome.code, outcome.stdout.as_slice()), (1, b"".as_slice()), "{word}");
        let named = outcome.stderr.lines().filter_map(|line| line.split_once("` cannot be written for "));
        let named: Vec<_> = named.map(|(before, _)| before.rsplit_once('`').unwrap().1.to_owned()).collect();
        assert_eq!(named, refused, "{word}");
        let except = refused.join(",");
        assert!(outcome.stderr.ends_with(&format!("`--except {except}`\n")), "{}", outcome.stderr);
        outcome = scene.run_in("", &[&words[..], &["--except", &except]].concat());
    }
    assert_eq!(outcome.code, 0, "{word}: {}", outcome.stderr);
    let file = scene.path("exported");
    std::fs::write(&file, &outcome.stdout).unwrap();
    (file, expected)
}

#[track_caller]
fn assert_read(reader: &str, read: Option<Read>, expected: &Read) {
    let Some(read) = read else {
        eprintln!("skipped: {reader} not found");
        return;
    };
    for (name, value) in expected {
        let (value, read) = (value.escape_ascii().to_string(), read.get(name));
        let read = read.map(|read| read.escape_ascii().to_string());
        assert_eq!(read.as_deref(), Some(value.as_str()), "{reader} reads {name}");
    }
    assert!(read.keys().eq(expected.keys()), "{reader} reads more: {:?}", read.keys());
}

#[test]
fn shells_evaluate_their_lines() {
    let scene = scene();
    let (file, expected) = exported(&scene, "shell", &["shell"]);
    for shell in ["sh", "dash", "bash"] {
        assert_read(shell, readers::shell(shell, "eval \"$(cat \"$0\")\"", &file), &expected);
    }
    let (file, expected) = exported(&scene, "bash", &["dotenv", "--for", "bash"]);
    for shell in ["sh", "dash", "bash"] {
        assert_read(shell, readers::shell(shell, "set -a; . \"$0\"", &file), &expected);
    }
}

#[test]
fn readers_of_dotenv_read_their_dialect() {
    let scene = scene();
    let (file, expected) = exported(&scene, "node", &["dotenv", "--for", "node"]);
    assert_read("dotenv (npm)", readers::node("dotenv (npm)", Some("dotenv"), &file), &expected);
    assert_read("node --env-file", readers::node("node --env-file", None, &file), &expected);
    let (file, expected) = exported(&scene, "python", &["dotenv", "--for", "python"]);
    assert_read("python-dotenv", readers::python_dotenv(&file), &expected);
    let (file, expected) = exported(&scene, "compose", &["dotenv", "--for", "compose"]);
    assert_read("docker compose", readers::compose(&file), &expected);
}

#[test]
fn json_is_read_back() {
    let scene = scene();
    let (file, expected) = exported(&scene, "json", &["json"]);
    let text = std::fs::read(&file).unwrap();
    assert_read("serde_json", Some(readers::from_json(&text)), &expected);
    let script = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(process.argv[1], 'utf8'))))";
    let node =
        readers::has("node").then(|| Command::new("node").args(["-e", script]).arg(&file).output().unwrap());
    assert_read("node", node.map(|output| readers::from_json(&output.stdout)), &expected);
    let script = "import json, sys; json.dump(json.load(open(sys.argv[1], 'rb')), sys.stdout)";
    let python = readers::has("python3")
        .then(|| Command::new("python3").args(["-c", script]).arg(&file).output().unwrap());
    assert_read("python", python.map(|output| readers::from_json(&output.stdout)), &expected);
}

#[test]
fn yaml_is_read_back_as_strings() {
    let scene = scene();
    let (file, expected) = exported(&scene, "yaml", &["yaml"]);
    assert_read("PyYAML", readers::py_yaml(&file), &expected);
}

#[test]
fn docker_reads_its_file() {
    let scene = scene();
    let (file, expected) = exported(&scene, "docker", &["docker"]);
    assert_read("docker", readers::docker(&file), &expected);
}

#[test]
fn systemd_reads_its_file() {
    let scene = scene();
    let (file, expected) = exported(&scene, "systemd", &["systemd"]);
    assert_read("systemd's library", readers::python("systemd.py", &["real"], &file), &expected);
    assert_read("the model of systemd", readers::python("systemd.py", &["model"], &file), &expected);
}

#[test]
fn runners_of_github_read_their_files() {
    let scene = scene();
    for format in ["github-env", "github-output"] {
        let (file, expected) = exported(&scene, format, &[format]);
        for system in ["linux", "windows"] {
            // The system stands behind the file.
            let model = python_behind("github.py", &file, system);
            assert_read(&format!("the model of a runner on {system}"), model, &expected);
        }
    }
}

fn python_behind(script: &str, file: &Path, last: &str) -> Option<Read> {
    readers::python(script, &[file.to_str().unwrap()], Path::new(last))
}

#[test]
fn jobs_of_gitlab_read_their_report() {
    let scene = scene();
    let (file, expected) = exported(&scene, "gitlab", &["gitlab"]);
    assert_read("the model of GitLab", readers::python("gitlab.py", &[], &file), &expected);
}

#[test]
fn kubectl_reads_the_secret_that_it_would_make_itself() {
    let scene = scene();
    let flags =
        ["k8s", "--name", "app", "--namespace", "prod", "--label", "a=b", "--label", "example.com/c="];
    let (file, expected) = exported(&scene, "k8s", &flags);
    let Some((secret, read)) = readers::kubectl(&file) else {
        eprintln!("skipped: kubectl not found");
        return;
    };
    assert_read("kubectl", Some(read), &expected);
    let labels = serde_json::json!({ "a": "b", "example.com/c": "", "seen": "yes" });
    let metadata = serde_json::json!({ "labels": labels, "name": "app", "namespace": "prod" });
    assert_eq!((&secret["metadata"], &secret["type"]), (&metadata, &"Opaque".into()));
    let mut create = Command::new("kubectl");
    create.args(["create", "secret", "generic", "app", "--dry-run=client", "-o", "json"]);
    for (name, value) in &expected {
        scene.write(&format!("values/{name}"), value);
        create.arg(format!("--from-file={name}={}", scene.path(&format!("values/{name}")).display()));
    }
    let own: serde_json::Value = serde_json::from_slice(&create.output().unwrap().stdout).unwrap();
    assert_eq!(secret["data"], own["data"]);
}
