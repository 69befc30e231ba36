//! `lacre check`: files against schemas and against what commonly goes wrong, in every format of report.

use serde_json::json;

use crate::support::{ALICE, BOB, Scene};

/// A repository of alice's with these encrypted files, all tracked.
pub fn repository(files: &[(&str, &str)]) -> Scene {
    let scene = Scene::repository().identity("alice");
    for (file, text) in files {
        add(&scene, file, text, ALICE);
    }
    scene
}

/// Encrypts `text` to the file `name`, and has git track it.
pub fn add(scene: &Scene, name: &str, text: &str, recipient: &str) {
    let kind = ["yaml", "json"].into_iter().find(|kind| name.ends_with(kind)).unwrap_or("dotenv");
    scene.write("plain", text);
    // Its folder may not be there yet.
    scene.write(name, "");
    std::fs::remove_file(scene.path(name)).unwrap();
    scene.run(["encrypt", "plain", "--type", kind, "-o", name, "-r", recipient, "--allow-empty"]).ok();
    std::fs::remove_file(scene.path("plain")).unwrap();
    scene.git(&["add", "--force", name]);
}

#[test]
fn without_a_schema_common_mistakes_are_found() {
    let scene = repository(&[
        (".env.enc", "PORT=80\nSESSION_SECRET=changeme\n"),
        (".env.prod.enc", "DB_PASSWORD=<your password>\n\nNEXT_PUBLIC_API_TOKEN=8fj3-kd93\n"),
        ("a/b.enc.yaml", "smtp:\n  password: xxxxx\n"),
    ]);
    scene
        .run(["check"])
        .fails(3)
        .untouched()
        .stdout(
            ".env.enc\n\
             \x20 2  warning  `SESSION_SECRET` still holds a placeholder\n\
             .env.prod.enc\n\
             \x20 1  error    `DB_PASSWORD` still holds a placeholder\n\
             \x20 3  warning  `NEXT_PUBLIC_API_TOKEN` is sensitive, and build tools publish every variable that starts with NEXT_PUBLIC_\n\
             a/b.enc.yaml\n\
             \x20 2  warning  `smtp.password` still holds a placeholder\n",
        )
        .stderr(
            "note: no schema covers `.env.enc`, `.env.prod.enc`, `a/b.enc.yaml`; `lacre schema init` drafts one for dotenv files, `lacre help schema` explains\n\
             1 error, 3 warnings in 3 files\n",
        );
}

#[test]
fn nothing_wrong_is_said_in_a_line() {
    let scene = repository(&[(".env.enc", "A=1\n")]);
    let note = "note: no schema covers `.env.enc`; `lacre schema init` drafts one for dotenv files, `lacre help schema` explains\n";
    scene.run(["check"]).ok().stdout("").stderr(&format!("{note}nothing is wrong in 1 file\n")).untouched();
    scene.run(["check", "-q"]).ok().stdout("").stderr("");
    let nothing = "note: git tracks no encrypted file here; `git add` new ones, or name them\n";
    Scene::repository().run(["check"]).ok().stdout("").stderr(nothing);
    let outside = "error: this is no git repository, so no file is tracked\nhint: go into one, or make one with `git init`; or name the files, where that is enough\n";
    Scene::new().run(["check"]).fails(2).stderr(outside);
}

#[test]
fn warnings_fail_only_where_that_is_asked_for() {
    let scene = repository(&[(".env.enc", "KEY=changeme\n")]);
    scene.run(["check"]).ok();
    scene.run(["check", "--strict"]).fails(3);
}

#[test]
fn a_file_in_which_nothing_is_encrypted_is_an_error() {
    let scene = repository(&[]).file("plain", "A_unencrypted=1\nB=\n");
    scene.run(["encrypt", "plain", "--type", "dotenv", "-o", ".env.enc", "-r", ALICE, "--allow-empty"]).ok();
    add(&scene, ".env.dev.enc", "", ALICE);
    scene
        .run(["check", ".env.enc"])
        .fails(3)
        .stdout(".env.enc\n  1  error    no value of this file is encrypted: its selector matches nothing\n");
}

#[test]
fn secrets_that_production_shares_with_development_are_found() {
    let same = "`SECRET` has the same value in";
    let value = "SECRET=kf83-jd8s-29dk\nPORT=8080\nNAME=my-little-service\n";
    for (prod, other, told) in [
        (".env.prod.enc", ".env.enc", "`.env.enc`"),
        (".env.production.enc", ".env.dev.enc", "`.env.dev.enc`"),
        (".env.live.enc", ".env.local.enc", "`.env.local.enc`"),
        ("prod/.env.enc", "dev/.env.enc", "`dev/.env.enc`"),
        ("prod.enc.env", "test.enc.env", "`test.enc.env`"),
    ] {
        let scene = repository(&[(prod, value), (other, value)]);
        let expected = format!("{prod}\n  1  warning  {same} {told}\n");
        scene.run(["check"]).ok().stdout(&expected);
    }
    for other in [".env.staging.enc", ".env.pre-prod.enc", "app/.env.enc"] {
        repository(&[(".env.prod.enc", value), (other, value)]).run(["check"]).ok().stdout("");
    }
    // What both take from their base is shared on purpose.
    let shared = [(".env.enc", value), (".env.prod.enc", "A=1\n"), (".env.dev.enc", "A=2\n")];
    repository(&shared).run(["check"]).ok().stdout("");
}

#[test]
fn values_that_no_identity_opens_are_left_alone() {
    let scene = repository(&[(".env.enc", "A=changeme\n")]);
    add(&scene, ".env.prod.enc", "B=changeme\nVITE_SECRET=x\nC_unencrypted=changeme\n", BOB);
    let said = "note: no schema covers `.env.enc`, `.env.prod.enc`; `lacre schema init` drafts one for dotenv files, `lacre help schema` explains\n\
                note: no identity opens `.env.prod.enc`: only names were checked there\n\
                1 error, 2 warnings in 2 files\n";
    scene.run(["check"]).fails(3).stderr(said).stdout(
        ".env.enc\n\
         \x20 1  warning  `A` still holds a placeholder\n\
         .env.prod.enc\n\
         \x20 2  warning  `VITE_SECRET` is sensitive, and build tools publish every variable that starts with VITE_\n\
         \x20 3  error    `C_unencrypted` still holds a placeholder\n",
    );
}

#[test]
fn a_file_that_was_tampered_with_is_no_finding() {
    let scene = repository(&[(".env.enc", "A=1\n"), ("b.enc.yaml", "a: changeme\n")]);
    scene.swap(".env.enc", "A=", "B=");
    scene.run(["check"]).fails(5).stdout("");
    scene.run(["check", "b.enc.yaml"]).ok();
    scene.run(["check", "none.enc.yaml"]).fails(1).stdout("");
    scene.write("plain.env", "A=1\n");
    scene.run(["check", "plain.env"]).fails(1).stdout("");
}

#[test]
fn a_listing_for_machines_has_all_of_it() {
    let scene = repository(&[("a/.env.enc", "OK=1\nA=changeme\n")]);
    let finding = |file: &str| {
        json!([{
            "file": file,
            "line": 2,
            "name": "A",
            "code": "placeholder",
            "severity": "warning",
            "message": "still holds a placeholder",
        }])
    };
    assert_eq!(scene.run(["check", "--json"]).ok().json(), finding("a/.env.enc"));
    assert_eq!(scene.run_in("a", &["check", "--format", "json"]).ok().json(), finding(".env.enc"));
    scene.run(["check", "--json", "--format", "text"]).fails(2);
}

#[test]
fn annotations_name_files_from_the_root_of_the_repository() {
    let scene = repository(&[("a, b/.env.prod.enc", "A=changeme\nOK=1\nVITE_TOKEN=x\n")]);
    scene.run_in("a, b", &["check", "--format", "github"]).fails(3).stdout(
        "::error file=a%2C b/.env.prod.enc,line=1,title=lacre%3A placeholder::`A` still holds a placeholder\n\
         ::warning file=a%2C b/.env.prod.enc,line=3,title=lacre%3A public-name::`VITE_TOKEN` is sensitive, and build tools publish every variable that starts with VITE_\n",
    );
}

#[test]
fn junit_has_a_case_for_each_finding_and_each_good_file() {
    let scene = repository(&[("<a>.enc.yaml", "k: changeme\n"), (".env.prod.enc", "A=changeme\n")]);
    add(&scene, "good.enc.yaml", "a: 1\n", ALICE);
    scene.run(["check", "--format", "junit"]).fails(3).stdout(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"lacre check\" tests=\"3\" failures=\"1\">\n\
         \x20 <testsuite name=\".env.prod.enc\" tests=\"1\" failures=\"1\">\n\
         \x20   <testcase classname=\".env.prod.enc\" name=\"placeholder A\" file=\".env.prod.enc\" line=\"1\">\n\
         \x20     <failure type=\"placeholder\" message=\"`A` still holds a placeholder\">.env.prod.enc:1</failure>\n\
         \x20   </testcase>\n\
         \x20 </testsuite>\n\
         \x20 <testsuite name=\"&lt;a&gt;.enc.yaml\" tests=\"1\" failures=\"0\">\n\
         \x20   <testcase classname=\"&lt;a&gt;.enc.yaml\" name=\"placeholder k\" file=\"&lt;a&gt;.enc.yaml\" line=\"1\">\n\
         \x20     <system-out>&lt;a&gt;.enc.yaml:1: warning: `k` still holds a placeholder</system-out>\n\
         \x20   </testcase>\n\
         \x20 </testsuite>\n\
         \x20 <testsuite name=\"good.enc.yaml\" tests=\"1\" failures=\"0\">\n\
         \x20   <testcase classname=\"good.enc.yaml\" name=\"check\"/>\n\
         \x20 </testsuite>\n\
         </testsuites>\n",
    );
}

#[test]
fn sarif_has_a_result_for_each_finding() {
    let scene = repository(&[("a b/.env.prod.enc", "OK=1\nA=changeme\n")]);
    let log = scene.run(["check", "--format", "sarif"]).fails(3).json();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "lacre");
    assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "placeholder");
    assert_eq!(
        run["results"],
        json!([{
            "ruleId": "placeholder",
            "level": "error",
            "message": {"text": "`A` still holds a placeholder"},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": "a%20b/.env.prod.enc", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 2},
            }}],
            "partialFingerprints": {"lacre/v1": "a b/.env.prod.enc:placeholder:A"},
        }])
    );
    let nothing = repository(&[]).run(["check", "--format", "sarif"]).ok().json();
    assert_eq!(nothing["runs"][0]["results"], json!([]));
}

#[test]
fn names_from_files_steer_nothing() {
    let name = "k\u{1b}[2J\n::error ::x<]]>\u{202e}";
    let yaml = format!("{}: changeme\n", json!(name));
    let scene = repository(&[("a\u{1b}]0;x,\n::b.enc.yaml", &yaml)]);
    for format in ["text", "json", "sarif", "junit", "github"] {
        let printed = scene.run(["check", "--format", format]).ok().printed();
        let harmful = |letter: char| letter != '\n' && (letter.is_control() || letter == '\u{202e}');
        assert!(!printed.contains(harmful), "{format}: {printed:?}");
        assert!(!printed.contains("\n::error"), "{format}: {printed}");
        assert!(!printed.contains("<]]>") || format != "junit", "{printed}");
    }
}

#[test]
fn an_encrypted_file_that_cannot_be_read_is_told_of() {
    let scene = repository(&[(".env.enc", "A=1\n")]);
    let text = scene.text(".env.enc");
    scene.write(".env.enc", format!("<<<<<<< HEAD\n{text}=======\n>>>>>>> theirs\n"));
    scene
        .run(["check"])
        .fails(3)
        .stdout(
            ".env.enc\n\
             \x20 1  error    a merge left its marks in this encrypted file: `lacre resolve .env.enc` finishes it\n",
        )
        .stderr("1 error, 0 warnings in 1 file\n");
    scene.write(".env.enc", text.get(..text.len() / 2).unwrap());
    let cut = scene.run(["check"]).fails(3);
    assert!(cut.printed().contains("this encrypted file cannot be read"), "{}", cut.printed());
}
