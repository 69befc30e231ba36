//! What `lacre check` writes for other programs is read by other programs: SARIF by a validator with the published
//! schema, `JUnit` by an XML parser. Those that are not installed are skipped; `tests/peers/install.sh` installs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use support::{ALICE, Scene, feed};

/// Names that mean something to XML, to URLs, to terminals and to runners.
const FILE: &str = "a <b> & \"c\"%, é\u{1b}[2J/d'.enc.yaml";
const NAME: &str = "k]]> <!-- & \"q\" 'r' \u{0}\u{b}\u{fffe}\u{7f} \n::error::x é😀";

/// A repository in which something is wrong everywhere.
fn scene() -> Scene {
    let scene = Scene::repository().identity("alice");
    scene.write(FILE, "");
    std::fs::remove_file(scene.path(FILE)).unwrap();
    for (twin, kind, text) in [
        (FILE, "json", json!({NAME: "changeme", "list": ["changeme"]}).to_string()),
        (".env.prod.enc", "dotenv", "A=changeme\nVITE_TOKEN=x\n".to_owned()),
        ("good.enc.yaml", "yaml", "a: 1\n".to_owned()),
    ] {
        scene.write("plain", text);
        scene.run(["encrypt", "plain", "--type", kind, "-o", twin, "-r", ALICE]).ok();
        scene.git(&["add", "--force", twin]);
    }
    scene
}

fn peer(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(file)
}

/// The output of `command`, which reads the report; `None` where its program is not installed.
fn read_by(command: Command, report: &[u8]) -> Option<Output> {
    let program = command.get_program().to_owned();
    if Command::new(&program).arg("--version").output().is_err() {
        eprintln!("skipped: {} not found", program.display());
        return None;
    }
    Some(feed(command, report))
}

#[test]
fn sarif_is_valid_by_its_published_schema() {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
    if !peers.join("node_modules/@microsoft/jest-sarif").exists() {
        eprintln!("skipped: the schema of SARIF is not installed");
        return;
    }
    let validate = |report: &[u8]| {
        let mut node = Command::new("node");
        node.arg(peer("sarif.js")).arg(&peers);
        read_by(node, report)
    };
    let scene = scene();
    let report = scene.run(["check", "--format", "sarif", "--strict"]).fails(3).stdout;
    let empty = Scene::repository().run(["check", "--format", "sarif"]).ok().stdout;
    for report in [&report, &empty] {
        let Some(output) = validate(report) else { return };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // The validator does validate.
    let mut broken: Value = serde_json::from_slice(&report).unwrap();
    broken["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!validate(broken.to_string().as_bytes()).unwrap().status.success());
    let uris: Vec<Value> = serde_json::from_slice::<Value>(&report).unwrap()["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].clone())
        .collect();
    assert!(
        uris.contains(&json!("a%20%3Cb%3E%20%26%20%22c%22%25%2C%20%C3%A9%1B%5B2J/d%27.enc.yaml")),
        "{uris:?}"
    );
}

#[test]
fn junit_is_read_by_an_xml_parser() {
    let report = scene().run(["check", "--format", "junit"]).fails(3).stdout;
    let mut python = Command::new("python3");
    python.arg(peer("junit.py"));
    let Some(output) = read_by(python, &report) else { return };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let file = FILE.replace('\u{1b}', "\\u{1b}");
    let shown = "[\"k]]> <!-- & \\\"q\\\" \\'r\\' \\0\\u{b}\\u{fffe}\\u{7f} \\n::error::x é😀\"]";
    assert!(
        cases.contains(&json!([".env.prod.enc", "placeholder A", "`A` still holds a placeholder"])),
        "{cases:?}"
    );
    assert!(cases.contains(&json!([file, format!("placeholder {shown}"), null])), "{cases:?}");
    assert!(cases.contains(&json!(["good.enc.yaml", "check", null])), "{cases:?}");
}
