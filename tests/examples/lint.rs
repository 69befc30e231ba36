//! Every file of `examples/` is read by a parser or a linter of its own kind. Linters that are not installed are skipped;
//! `.ci/run` installs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::example;
use super::workflow::Workflow;

fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, wanted));
        } else if wanted(&path) {
            found.push(path);
        }
    }
    found
}

fn yaml_files() -> Vec<PathBuf> {
    files(&example(""), &|path| path.extension().is_some_and(|end| end == "yml" || end == "yaml"))
}

/// A program that `.ci/run` installs, or that is on `PATH`; without it, a word.
pub fn linter(name: &str) -> Option<Command> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/sops/bin").join(name);
    let program = if installed.exists() { installed } else { PathBuf::from(name) };
    if Command::new(&program).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Some(Command::new(program));
    }
    assert!(std::env::var_os("LACRE_REQUIRE_LINTERS").is_none(), "no {name} found");
    eprintln!("skipped: no {name} found");
    None
}

#[track_caller]
pub fn passes(mut command: Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn yaml_is_read_by_us_and_liked_by_yamllint() {
    assert!(yaml_files().len() > 5);
    for file in yaml_files() {
        // Encrypted ones are opened elsewhere.
        if !file.to_string_lossy().ends_with(".enc.yaml") {
            Workflow::read(&file);
        }
    }
    let Some(mut yamllint) = linter("yamllint") else { return };
    // Encrypted lines are long, and lacre indents them as sops does.
    let rules = "{extends: default, rules: {document-start: disable, line-length: {max: 120}}, ignore: ['*.enc.yaml']}";
    yamllint.args(["--strict", "-d", rules]).args(yaml_files());
    passes(yamllint);
}

#[test]
fn workflows_are_valid_and_hold_no_known_weakness() {
    let Some(mut zizmor) = linter("zizmor") else { return };
    zizmor.args(["--offline", "--quiet"]).args(files(&example("ci/github"), &|_| true));
    passes(zizmor);
}

#[test]
fn the_dockerfile_is_liked_by_hadolint() {
    let Some(mut hadolint) = linter("hadolint") else { return };
    hadolint.arg(example("docker/Dockerfile"));
    passes(hadolint);
}
