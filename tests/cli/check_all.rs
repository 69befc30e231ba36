//! `lacre check --all`: everything that is tracked; and what plain `check` notices beside schemas.

use serde_json::json;

use crate::check::{add, repository};
use crate::support::{ALICE, BOB, Scene, identity_of};

const NO_SCHEMA: &str = "note: no schema covers `.env.enc`; `lacre schema init` drafts one for dotenv files, `lacre help schema` explains\n";

fn track(scene: &Scene, name: &str, text: impl AsRef<[u8]>) {
    scene.write(name, text);
    scene.git(&["add", "--force", "--", name]);
}

#[test]
fn everything_that_is_tracked_is_judged_as_it_stands() {
    let scene = repository(&[(".env.enc", "API_TOKEN=9f3k-2mdk-44xz\n")]);
    scene.git(&["commit", "--quiet", "-m", "one"]);
    scene.run(["check", "--all"]).ok().stdout("").stderr(&format!("{NO_SCHEMA}nothing is wrong in 1 file\n"));
    track(&scene, "a/notes.md", "x\n");
    track(&scene, "key.txt", identity_of("bob"));
    scene.git(&["commit", "--quiet", "-m", "two"]);
    scene.write("a/notes.md", "\n9f3k-2mdk-44xz\n");
    scene.write("untracked.txt", "9f3k-2mdk-44xz\n");
    let said = format!("{NO_SCHEMA}2 errors, 0 warnings in 3 files\n");
    scene.run(["check", "--all"]).fails(3).untouched().stderr(&said).stdout(
        "a/notes.md\n\
         \x20 2  error    `API_TOKEN` of `.env.enc` stands here: take it out, and rotate it if this was pushed before\n\
         key.txt\n\
         \x20 1  error    an age identity stands here: whoever has it reads what is encrypted for it; `git rm --cached key.txt` takes it out of git\n",
    );
    scene.run(["check"]).ok().stdout("");
}

#[test]
fn without_an_identity_what_can_be_judged_is_judged() {
    let scene = repository(&[(".env.enc", "A=1\n")]).nobody();
    track(&scene, ".env", "A=1\n");
    let said = format!(
        "note: no identity at hand opens `.env.enc`: MAC, seal and known values were not checked there\n\
         {NO_SCHEMA}1 error, 0 warnings in 2 files\n"
    );
    assert!(scene.run(["check", "--all"]).fails(3).stderr(&said).printed().starts_with(".env\n"));
}

#[test]
fn a_file_that_was_tampered_with_does_not_hide_the_others() {
    let scene = repository(&[(".env.enc", "A=1\n"), ("b.enc.yaml", "a: changeme\n")]);
    scene.swap(".env.enc", "A=", "B=");
    let told = scene.run(["check", "--all"]).fails(3);
    assert!(told.printed().contains("this file is not what its last writer left"), "{}", told.printed());
    assert!(told.printed().contains("`a` still holds a placeholder"), "{}", told.printed());
    scene.run(["check"]).fails(5).stdout("");
}

#[test]
fn every_report_has_the_findings() {
    let scene = repository(&[(".env.enc", "A=1\n")]);
    track(&scene, "key.txt", format!("\n{}", identity_of("bob")));
    let message = "an age identity stands here: whoever has it reads what is encrypted for it; `git rm --cached key.txt` takes it out of git";
    assert_eq!(
        scene.run(["check", "--all", "--json"]).fails(3).json(),
        json!([{"file": "key.txt", "line": 2, "name": null, "code": "identity-file", "severity": "error", "message": message}])
    );
    let sarif = scene.run(["check", "--all", "--format", "sarif"]).fails(3).json();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "identity-file");
    scene
        .run(["check", "--all", "--format", "github"])
        .fails(3)
        .stdout(&format!("::error file=key.txt,line=2,title=lacre%3A identity-file::{message}\n"));
    let junit = scene.run(["check", "--all", "--format", "junit"]).fails(3);
    assert!(junit.printed().contains("<failure type=\"identity-file\""), "{}", junit.printed());
    assert!(junit.printed().contains("name=\".env.enc\" tests=\"1\" failures=\"0\""), "{}", junit.printed());
}

#[test]
fn drift_is_found_in_files_that_nobody_here_opens() {
    let scene = repository(&[]);
    add(&scene, "a.enc.yaml", "a: 1\n", BOB);
    track(&scene, ".sops.yaml", format!("creation_rules:\n- age: {ALICE}\n"));
    let told = scene.run(["check", "--all"]).fails(3);
    assert!(told.printed().contains("the recipients differ from rule 1"), "{}", told.printed());
}

#[test]
fn plain_check_notices_tracked_plaintext() {
    let scene = repository(&[(".env.enc", "A=1\n"), ("s.enc.yaml", "a: x\n")]);
    track(&scene, ".env", "A=1\n");
    track(&scene, "s.yaml", "other: 1\n");
    scene.run(["check"]).fails(3).stdout(
        ".env\n\
         \x20 1  error    this is the plaintext of `.env.enc`: `lacre encrypt .env` brings that up to date, `git rm --cached .env` takes this out of git\n",
    );
    // Files that were named are judged for themselves.
    scene.run(["check", ".env.enc"]).ok().stdout("");
    track(&scene, ".sops.yaml", "lacre: {accept: [{path_regex: '^\\.env$', codes: [plaintext-twin]}]}\n");
    let accepted = scene.run(["check"]).ok().stdout("");
    assert!(accepted.stderr.contains("note: 1 finding that a rule file accepts"), "{}", accepted.stderr);
}

#[test]
fn plain_check_notices_what_a_dockerfile_would_copy() {
    let scene = repository(&[(".env.enc", "A=1\n"), ("api/.env.enc", "A=1\n")]);
    scene.write(".env", "A=1\n");
    scene.write("api/.env", "A=1\n");
    scene.write("age/keys.txt", identity_of("bob"));
    track(&scene, "Dockerfile", "FROM scratch\nCOPY . /app\n");
    track(&scene, "api/Dockerfile", "FROM scratch\nCOPY --from=x . .\nCOPY package.json ./\n");
    let line = |name: &str, file: &str| {
        format!(
            "  2  warning  `{name}` would be copied into the image: put the line `{name}` into `{file}`\n"
        )
    };
    let all: String =
        [".env", "age/keys.txt", "api/.env"].iter().map(|name| line(name, ".dockerignore")).collect();
    scene.run(["check"]).ok().stdout(&format!("Dockerfile\n{all}"));
    scene.run(["check", "--strict"]).fails(3);
    scene.write(".dockerignore", "**/.env\n");
    scene.run(["check"]).ok().stdout(&format!("Dockerfile\n{}", line("age/keys.txt", ".dockerignore")));
    scene.write(".dockerignore", "**/.env\n!.env\nage\n");
    scene.run(["check"]).ok().stdout(&format!("Dockerfile\n{}", line(".env", ".dockerignore")));
    // One for this Dockerfile alone counts instead.
    scene.write("Dockerfile.dockerignore", "**\n");
    scene.run(["check"]).ok().stdout("");
}

#[test]
fn plain_check_notices_a_twin_that_an_ignore_line_hides() {
    let scene = repository(&[(".env.enc", "A=1\n")]);
    scene.write("a/b/plain", "A=1\n");
    scene.run(["encrypt", "a/b/plain", "--type", "dotenv", "-o", "a/b/.env.enc", "-r", ALICE]).ok();
    scene.write("a/.gitignore", "b/\n");
    scene.run(["check"]).ok().stdout(
        "a/b/.env.enc\n\
         \x20 1  warning  this encrypted file is not in git, for an ignore line hides it (a/.gitignore:1:b/): put `!.env.enc` behind that line\n",
    );
}
