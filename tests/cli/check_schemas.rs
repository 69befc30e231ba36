//! `lacre check` with schemas: which environments are judged, and where a finding is placed.

use crate::check::{add, repository};
use crate::support::{BOB, Scene};

const SCHEMA: &str = "# @defaultRequired=false @defaultSensitive=false\n# ---\n\n\
    # @required @type=url\nDB_URL=\n\n# @type=port\nPORT=\n\n# @required @sensitive\nVITE_TOKEN=\n";

/// A repository with these files and that schema.
fn with_schema(files: &[(&str, &str)]) -> Scene {
    let scene = repository(files).file(".env.schema", SCHEMA);
    scene.git(&["add", "."]);
    scene
}

const PUBLIC: &str =
    "`VITE_TOKEN` is sensitive, and build tools publish every variable that starts with VITE_";

#[test]
fn every_finding_has_its_line() {
    let scene = with_schema(&[(".env.enc", "# c\nPORT=x\n\nOLD=1\nDB_URL=\n")]);
    scene.run(["check"]).fails(3).untouched().stderr("3 errors, 1 warning in 1 file\n").stdout(
        ".env.enc\n\
         \x20  2  error    `PORT` is not a port: a whole number from 1 to 65535\n\
         \x20  4  warning  `OLD` is not in the schema\n\
         \x20  5  error    `DB_URL` is required and empty\n\
         .env.schema\n\
         \x20 11  error    `VITE_TOKEN` is required and missing in `.env.enc`\n",
    );
}

#[test]
fn a_base_and_what_lies_over_it_are_judged_together() {
    let scene = with_schema(&[
        (".env.enc", "PORT=80\nDB_URL=not-yet\n"),
        (".env.prod.enc", "DB_URL=pg://db\nVITE_TOKEN=kd83jd8s\n"),
        (".env.staging.enc", "DB_URL=pg://stage\n"),
        (".env.dev.enc", "VITE_TOKEN=x\n"),
    ]);
    // What staging and production replace is wrong in `dev` alone, and told once.
    scene.run(["check"]).fails(3).stdout(&format!(
        ".env.dev.enc\n\
         \x20  1  error    {PUBLIC}\n\
         .env.enc\n\
         \x20  2  error    `DB_URL` is not a URL with scheme and host\n\
         .env.prod.enc\n\
         \x20  2  error    {PUBLIC}\n\
         .env.schema\n\
         \x20 11  error    `VITE_TOKEN` is required and missing in `.env.staging.enc`\n",
    ));
    // One of them is judged with its base; the base, with all that lie over it.
    let one = scene.run(["check", ".env.staging.enc"]).fails(3).printed();
    assert_eq!(
        one,
        ".env.schema\n  11  error    `VITE_TOKEN` is required and missing in `.env.staging.enc`\n"
    );
    assert_eq!(scene.run(["check", ".env.enc"]).fails(3).printed(), scene.run(["check"]).printed());
}

#[test]
fn the_usual_layouts_raise_no_alarm() {
    let all = "DB_URL=pg://db\nVITE_TOKEN=x\n";
    let schema = SCHEMA.replace("@required @sensitive", "@required @sensitive=false");
    for files in [
        &[(".env.enc", all)][..],
        &[(".enc.env", all)],
        &[(".env.prod.enc", all), (".env.dev.enc", all)],
        &[(".env.enc", "PORT=1\n"), (".env.prod.enc", all), (".env.staging.enc", all)],
        &[(".env.enc", all), (".env.prod.enc", "PORT=1\n")],
        &[("db.enc.env", "DB_URL=pg://db\n"), ("token.enc.env", "VITE_TOKEN=x\n")],
    ] {
        let scene = repository(files).file(".env.schema", &schema);
        scene.run(["check", "--strict"]).ok().stdout("");
    }
}

#[test]
fn a_file_that_nobody_opens_is_checked_by_name() {
    let scene = with_schema(&[]);
    add(&scene, ".env.enc", "PORT=x\nOLD=1\nDB_URL=\n", BOB);
    scene
        .run(["check"])
        .fails(3)
        .stderr(
            "note: no identity opens `.env.enc`: only names were checked there\n\
             2 errors, 1 warning in 1 file\n",
        )
        .stdout(
            ".env.enc\n\
             \x20  2  warning  `OLD` is not in the schema\n\
             \x20  3  error    `DB_URL` is required and empty\n\
             .env.schema\n\
             \x20 11  error    `VITE_TOKEN` is required and missing in `.env.enc`\n",
        );
}

#[test]
fn each_folder_has_its_own_schema() {
    let scene = repository(&[("a/.env.enc", "A=1\n"), ("b/.env.enc", "A=1\n")])
        .file("b/.env.schema", "# @required\nB=\n");
    scene
        .run(["check"])
        .fails(3)
        .stderr(
            "note: no schema covers `a/.env.enc`; `lacre schema init` drafts one for dotenv files, `lacre help schema` explains\n\
             1 error, 1 warning in 2 files\n",
        )
        .stdout(
            "b/.env.enc\n  1  warning  `A` is not in the schema\n\
             b/.env.schema\n  2  error    `B` is required and missing in `.env.enc`\n",
        );
}

#[test]
fn a_schema_that_cannot_be_understood_is_an_error() {
    let scene = repository(&[(".env.enc", "A=1\n"), ("s.enc.yaml", "a: 1\n")]);
    let scene = scene.file(".env.schema", "A=\n\n# @type=nonsense\nB=\n").file("s.schema.json", "{\n  no\n");
    scene.run(["check"]).fails(3).stderr("2 errors, 0 warnings in 2 files\n").stdout(
        ".env.schema\n  4  error    there is no type `nonsense`\n\
         s.schema.json\n  2  error    this is no JSON\n",
    );
    scene.write(".env.schema", [0xff; 9]);
    scene.run(["check", ".env.enc"]).fails(3);
}

#[test]
fn a_schema_is_no_encrypted_file() {
    with_schema(&[]).run(["check", ".env.schema"]).fails(1).stdout("").stderr(
        "error: `.env.schema`: it is not encrypted: it has no sops metadata\n\
         hint: files of this name stay in the clear; name an encrypted one\n",
    );
}

#[test]
fn what_a_schema_asks_in_vain_is_told() {
    let scene = repository(&[(".env.enc", "A=1\n"), ("s.enc.json", "{\"a\": 1}")])
        .file(".env.schema", "# @import(./other)\n# ---\nA=\n")
        .file("s.schema.json", "{\"unevaluatedProperties\": false}");
    scene.run(["check"]).ok().stdout("").stderr(
        "note: `.env.schema`: not checked: `@import` (line 1)\n\
         note: `s.schema.json`: not checked: `unevaluatedProperties`\n\
         nothing is wrong in 2 files\n",
    );
}

const JSON_SCHEMA: &str = r#"{
  "type": "object",
  "required": ["db", "token"],
  "additionalProperties": false,
  "properties": {
    "db": {
      "type": "object",
      "required": ["url"],
      "properties": {"url": {"type": "string", "pattern": "^pg:"}, "port": {"type": "integer"}}
    },
    "hosts": {"type": "array", "items": {"type": "string", "minLength": 3}},
    "token": {"type": "string"}
  }
}"#;

#[test]
fn yaml_and_json_follow_the_json_schema_beside_them() {
    let scene = repository(&[
        ("s.enc.yaml", "db:\n  port: \"80\"\n  # c\n  url: http://x\nhosts:\n  - long\n  - x\nmore: 1\n"),
        ("t.enc.json", "{\n\"db\": {\"port\": 1},\n\"token\": \"kd83\"\n}\n"),
    ]);
    let scene = scene.file("s.schema.json", JSON_SCHEMA).file("t.schema.json", JSON_SCHEMA);
    scene.run(["check"]).fails(3).stderr("6 errors, 0 warnings in 2 files\n").stdout(
        "s.enc.yaml\n\
         \x20 1  error    `token` is required and missing\n\
         \x20 2  error    `db.port` is not of type integer\n\
         \x20 4  error    `db.url` is not a text that matches `^pg:`\n\
         \x20 7  error    `hosts[1]` is not a text of at least 3 characters\n\
         \x20 8  error    `more` is not in the schema\n\
         t.enc.json\n\
         \x20 2  error    `db.url` is required and missing\n",
    );
    let scene = scene.nobody();
    let printed = scene.run(["check"]).fails(3).printed();
    assert_eq!(
        printed,
        "s.enc.yaml\n\
         \x20 1  error    `token` is required and missing\n\
         \x20 8  error    `more` is not in the schema\n\
         t.enc.json\n\
         \x20 2  error    `db.url` is required and missing\n"
    );
}

#[test]
fn run_holds_a_file_against_its_json_schema() {
    let scene = repository(&[("t.enc.json", "{\n\"db\": {\"port\": 1},\n\"token\": \"kd83\"\n}\n")]);
    let scene = scene.file("t.schema.json", JSON_SCHEMA);
    let words = ["run", "-f", "t.enc.json", "--only", "token", "--", "true"];
    scene.run(words).fails(125).stdout("").untouched().stderr(
        "error: `t.enc.json` does not fit `t.schema.json`; nothing was started\n\
         \x20 `db.url` is required and missing\n\
         hint: mend the file with `lacre set` or `lacre edit`, or insist with `--no-check`\n",
    );
    scene.write("t.schema.json", "{");
    scene.run(words).fails(125).stderr(
        "error: `t.schema.json`: line 1: this is no JSON\n\
         hint: `lacre help schema` says what of JSON Schema is known\n",
    );
    let check = scene.run(["check"]).fails(3).printed();
    assert_eq!(check, "t.schema.json\n  1  error    this is no JSON\n");
}

#[cfg(unix)]
#[test]
fn a_schema_that_is_a_link_to_nothing_is_not_taken_for_none() {
    let scene = repository(&[(".env.enc", "A=1\n")]);
    std::os::unix::fs::symlink("nowhere", scene.path(".env.schema")).unwrap();
    scene.run(["check"]).fails(1);
}

#[test]
fn no_name_begins_a_command_to_a_runner() {
    let scene = repository(&[("a.enc.yaml", "\"##[add-path]x\": changeme\n")]);
    // git would take the name for a pattern.
    scene.write("::stop-commands::x.enc.yaml", scene.bytes("a.enc.yaml"));
    let text = scene.run(["check", "::stop-commands::x.enc.yaml"]).printed();
    assert!(text.starts_with("\\u{3a}:stop-commands::x.enc.yaml\n"), "{text}");
    assert!(text.contains("#\\u{23}[add-path]x"), "{text}");
}
