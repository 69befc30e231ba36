//! Values that are wrong in every way, through every report: names only.

use std::fs;

use crate::support::{ALICE, Scene, feed, program};
use crate::{CANARY, check, holds, scene};

/// Each type with a value that is not of it, and limits that a message might be tempted to compare with.
const WRONG: [&str; 24] = [
    "string(minLength=500)",
    "string(maxLength=3)",
    "string(startsWith=sk_)",
    "string(endsWith=_x)",
    "string(matches=\"^[0-9]+$\")",
    "int",
    "number(min=1)",
    "port",
    "boolean",
    "url",
    "email",
    "enum(a, b)",
    "regex",
    "duration",
    "json",
    "base64",
    "pem",
    "certificate",
    "uuid",
    "ip",
    "semver",
    "isoDate",
    "domain",
    "array(int)",
];

/// A repository with a schema that nothing fits.
fn broken() -> Scene {
    let scene = scene();
    let item = |(number, kind)| format!("# @type={kind}\nV{number}=\n");
    let items = WRONG.iter().enumerate().map(item).collect::<Vec<_>>().concat();
    let more = "# @required\nEMPTY=\n# @required\nMISSING=\n# @sensitive\nVITE_TOKEN=\n";
    scene.write(".env.schema", format!("# @defaultSensitive=false\n# ---\n{items}{more}"));
    let value = |number| format!("V{number}=\"({CANARY} [\"\n");
    let values = (0..WRONG.len()).map(value).collect::<Vec<_>>().concat();
    let more = format!("EMPTY=\nVITE_TOKEN={CANARY}\nUNKNOWN={CANARY}\nHOLDER=<{CANARY}>\n# {CANARY}\n");
    let values = values + &more;
    for name in [".env.prod.enc", ".env.dev.enc"] {
        scene.write("plain.env", &values);
        scene.run(["encrypt", "plain.env", "-o", name, "-r", ALICE]).ok();
        fs::remove_file(scene.path("plain.env")).unwrap();
        scene.git(&["add", "--force", name]);
    }
    let tree = r#"{"type": "object", "required": ["z"], "properties": {"a": {"type": "integer"}, "b": {"items": {"pattern": "^x"}}}}"#;
    scene.write("a.schema.json", tree);
    scene
}

#[test]
fn no_report_holds_a_value() {
    let scene = broken();
    for format in ["text", "json", "sarif", "junit", "github"] {
        check(&scene, &["check", "--format", format], "", false);
        check(&scene, &["check", "--strict", "--format", format, ".env.prod.enc", "a.enc.json"], "", false);
        check(&scene, &["check", "--format", format, "tampered.env"], "", false);
    }
    // They are wrong indeed, all of them.
    let found = scene.run(["check", "--json", ".env.prod.enc", "a.enc.json"]).fails(3).json();
    for code in ["wrong-type", "empty", "missing", "placeholder", "public-name", "unknown"] {
        assert!(found.as_array().unwrap().iter().any(|one| one["code"] == code), "{code}: {found}");
    }
    for (number, kind) in WRONG.iter().enumerate() {
        let name = format!("V{number}");
        assert!(found.as_array().unwrap().iter().any(|one| one["name"] == *name), "{kind}");
    }
}

#[test]
fn no_guard_shows_what_it_found() {
    let scene = broken();
    scene.git(&["commit", "--quiet", "-m", "one"]);
    scene.write("notes.txt", format!("{CANARY}\n"));
    scene.write(".env.prod", format!("V1={CANARY}\n"));
    scene.write("s.yaml", format!("kind: Secret\nstringData: {{a: {CANARY}}}\n"));
    scene.swap("a.enc.json", "{", &format!("{{\n\"new\": \"{CANARY}\","));
    scene.git(&["add", "--force", "notes.txt", ".env.prod", "s.yaml", "a.enc.json"]);
    for format in ["text", "json", "sarif", "junit", "github"] {
        for flag in ["--staged", "--all"] {
            let mut command = program(&scene);
            command.args(["check", flag, "--format", format]);
            let output = feed(command, b"");
            assert!(!holds(&output.stdout) && !holds(&output.stderr), "{flag} {format}: {output:?}");
            assert_eq!(output.status.code(), Some(3), "{flag} {format}: {output:?}");
        }
    }
    let found = scene.run(["check", "--staged", "--json"]).fails(3).json();
    for (file, code) in [
        ("notes.txt", "known-value"),
        (".env.prod", "plaintext-twin"),
        ("s.yaml", "clear-secret"),
        ("a.enc.json", "clear-secret"),
    ] {
        let is_it = |one: &serde_json::Value| one["file"] == file && one["code"] == code;
        assert!(found.as_array().unwrap().iter().any(is_it), "{file}: {found}");
    }
}

#[test]
fn a_refusal_holds_no_value() {
    let scene = broken();
    for words in [&["run", "--", "true"][..], &["run", "--no-check", "--", "true"]] {
        check(&scene, words, "", false);
        check(&scene, &[&words[..1], &["--env", "prod"], &words[1..]].concat(), "", false);
    }
}

#[test]
fn drafts_and_examples_hold_no_value() {
    let scene = broken();
    fs::remove_file(scene.path(".env.schema")).unwrap();
    check(&scene, &["schema", "init"], "", false);
    check(&scene, &["schema", "init", "--force", ".env.prod.enc"], "", false);
    check(&scene, &["schema", "example"], "", false);
    check(&scene, &["schema", "example", "-o", ".env.example"], "", false);
    assert!(scene.text(".env.schema").contains("\nVITE_TOKEN=\n"));
}

#[test]
fn a_schema_that_cannot_be_understood_is_not_quoted() {
    let scene = scene();
    for text in [
        format!("{CANARY}\n"),
        format!("A=\"{CANARY}\n"),
        format!("# @type=string(x={CANARY}\nA=\n"),
        format!("# @type=int\nA={CANARY}\n"),
    ] {
        scene.write(".env.schema", &text);
        for words in [&["check"][..], &["check", "--json"], &["run", "--", "true"], &["schema", "example"]] {
            let mut command = program(&scene);
            command.args(words);
            let output = feed(command, b"");
            assert!(!holds(&output.stdout) && !holds(&output.stderr), "{text}: {output:?}");
            assert_ne!(output.status.code(), Some(0), "{text}");
        }
    }
}
