//! `lacre set`: where values come from, what they become, and what else changes: nothing.

use crate::support::{ALICE, Scene};

fn env(text: &str) -> Scene {
    let scene = Scene::new().identity("alice").file(".env", text);
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene
}

#[test]
fn every_source_gives_its_value() {
    let scene = env("A=old\n").stdin("from stdin\n").file("value", "from file\n");
    for (arguments, value) in [
        (&["set", ".env.enc", "A", "typed"][..], "typed\n"),
        (&["set", ".env.enc", "A", "-"], "from stdin\n"),
        (&["set", ".env.enc", "A", "--from-file", "value"], "from file\n\n"),
        (&["set", ".env.enc", "A", "--empty"], "\n"),
        (&["set", ".env.enc", "A", "--value-json", "\"js\\u006fn\""], "json\n"),
        (&["set", ".env.enc", "B", "new"], "new\n"),
    ] {
        scene.run_in("", arguments).ok().stdout("").stderr("").changed([".env.enc"]);
        scene.run(["get", ".env.enc", arguments[2]]).ok().stdout(value);
    }
}

#[test]
fn drawn_values_are_not_shown() {
    let scene = env("A=old\n");
    for (spec, length) in [("password", 32), ("password:8", 8), ("hex:4", 8), ("token:3", 4), ("uuid", 36)] {
        scene.run(["set", ".env.enc", "A", "--generate", spec]).ok().stdout("").stderr("");
        assert_eq!(scene.run(["get", "-n", ".env.enc", "A"]).ok().stdout.len(), length, "{spec}");
    }
}

#[test]
fn one_value_is_one_line_of_the_diff_besides_the_metadata() {
    let scene = env("A=1\nB=2\nC=3\n");
    let before = scene.text(".env.enc");
    scene.run(["set", ".env.enc", "B", "9"]).ok();
    let after = scene.text(".env.enc");
    let changed = before.lines().zip(after.lines()).filter(|(old, new)| old != new);
    let names: Vec<_> = changed.map(|(line, _)| line.split('=').next().unwrap()).collect();
    assert!(names.iter().all(|name| *name == "B" || name.starts_with("sops_")), "{names:?}");
    scene.run(["set", ".env.enc", "B", "9"]).ok().untouched();
}

#[test]
fn without_a_value_a_person_is_asked() {
    let scene = env("A=1\n").types(["asked"]);
    scene.run(["set", ".env.enc", "A"]).ok().stdout("").stderr("").changed([".env.enc"]);
    scene.run(["get", ".env.enc", "A"]).ok().stdout("asked\n");
    env("A=1\n")
        .run(["set", ".env.enc", "A"])
        .fails(2)
        .stderr(
            "error: no value: there is no terminal to ask on\n\
             hint: give it on stdin with `-`, or with `--from-file` or `--generate`\n",
        )
        .untouched();
}

#[test]
fn a_value_typed_on_a_terminal_earns_a_note() {
    env("A=1\n")
        .types([])
        .run(["set", ".env.enc", "A", "x"])
        .ok()
        .stderr("note: your shell may keep this value in its history; without VALUE you are asked\n");
}

#[test]
fn an_empty_value_is_set_on_purpose_only() {
    let scene = env("A=1\n");
    for value in ["", "-"] {
        scene
            .run(["set", ".env.enc", "A", value])
            .fails(2)
            .stderr("error: the value is empty\nhint: `--empty` sets an empty value on purpose\n")
            .untouched();
    }
}

#[test]
fn a_value_keeps_its_type_if_it_reads_as_one() {
    for (name, twin, text) in [
        ("a.json", "a.enc.json", r#"{"n": 1, "b": true, "s": "1"}"#),
        ("a.yaml", "a.enc.yaml", "n: 1\nb: true\ns: \"1\"\n"),
    ] {
        let scene = Scene::new().identity("alice").file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).ok();
        for (path, value, kind) in
            [("n", "2", "int"), ("b", "false", "bool"), ("s", "2", "str"), ("n", "x", "str")]
        {
            scene.run(["set", twin, path, value]).ok().changed([twin]);
            let rows = scene.run(["list", "--json", twin]).ok().json();
            let row = rows.as_array().unwrap().iter().find(|row| row["path"] == path).unwrap();
            assert_eq!(row["type"], kind, "{twin} {path}={value}");
        }
        scene.run(["set", twin, "l", "--value-json", "[1, {\"a\": null}]"]).ok();
        scene.run(["get", twin, "l[0]"]).ok().stdout("1\n");
    }
}

#[test]
fn of_a_name_that_stands_twice_the_last_is_set() {
    let scene = env("A=1\nA=2\n");
    scene.run(["set", ".env.enc", "A", "3"]).ok();
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\nA=3\n");
}

#[test]
fn a_value_that_needs_quotes_gets_them() {
    let scene = env("A=1\n");
    for value in ["two words", "a\nb", "it's", "\"", "#", "$HOME", " blanks ", "\\n"] {
        scene.run(["set", ".env.enc", "A", value]).ok();
        scene.run(["get", "-n", ".env.enc", "A"]).ok().stdout(value);
    }
}

#[test]
fn a_missing_file_is_made_under_its_rule() {
    let scene = Scene::new().identity("alice");
    let scene = scene.file(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
    for name in [".env.enc", "a.enc.json", "a.enc.yaml"] {
        scene.run(["set", name, "A", "x"]).ok().changed([name]);
        scene.run(["get", name, "A"]).ok().stdout("x\n");
    }
    scene.run(["set", "a.enc.yaml", "b.c", "z"]).ok();
    scene.run(["decrypt", "a.enc.yaml"]).ok().stdout("A: x\nb:\n  c: z\n");
    scene
        .run(["set", ".env.enc", "A", "x", "-r", ALICE])
        .fails(2)
        .stderr("error: `-r` is for new files; this one has its recipients\n")
        .untouched();
    Scene::new()
        .run(["set", ".env.enc", "A", "x"])
        .fails(1)
        .stderr(
            "error: no recipients for `.env.enc`: there is no `.sops.yaml`\n\
             hint: run `lacre init`, or name the recipients with `-r age1…`\n",
        )
        .untouched();
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let scene = env("A=1\n");
    for (arguments, code, said) in [
        (&["X=Y", "1"][..], 1, "error: `.env.enc`: `X=Y` cannot be a name in this format\n"),
        (&["sops_x", "1"], 1, "error: `.env.enc`: `sops_x` cannot be a name in this format\n"),
        (&["", "1"], 1, "error: `.env.enc`: `[\"\"]` cannot be a name in this format\n"),
        (
            &["A", "--value-json", "{\"a\": 1}"],
            1,
            "error: `.env.enc`: the value of `A` cannot be written in this format\n",
        ),
        (&["A", "--value-json", "{"], 2, "error: `--value-json` is not followed by JSON\n"),
        (&["A", "--from-file", "none"], 1, "error: cannot read `none`: no such file\n"),
    ] {
        let arguments = [&["set", ".env.enc"], arguments].concat();
        scene.run_in("", &arguments).fails(code).stdout("").stderr(said).untouched();
    }
    for arguments in [["A", "1", "--empty"], ["A", "--generate", "rot13"]] {
        let arguments = [&["set", ".env.enc"][..], &arguments].concat();
        scene.run_in("", &arguments).fails(2).stdout("").untouched();
    }
}

#[cfg(unix)]
#[test]
fn mode_stays_and_a_link_inside_the_repository_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let scene = Scene::repository().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    std::fs::set_permissions(scene.path(".env.enc"), PermissionsExt::from_mode(0o640)).unwrap();
    symlink(".env.enc", scene.path("link")).unwrap();
    scene.run(["set", "link", "A", "2"]).ok();
    assert!(scene.path("link").is_symlink());
    assert_eq!(scene.mode(".env.enc"), 0o640);
    scene.run(["get", ".env.enc", "A"]).ok().stdout("2\n");
    let other = tempfile::tempdir().unwrap();
    std::fs::copy(scene.path(".env.enc"), other.path().join("x")).unwrap();
    symlink(other.path().join("x"), scene.path("out")).unwrap();
    scene
        .run(["set", "out", "A", "3"])
        .fails(1)
        .stderr("error: cannot write `out`: a symbolic link leads out of the repository\n")
        .untouched();
}

#[test]
fn a_new_variable_has_no_blank_in_its_name() {
    let scene = env("A=1\nOLD NAME=1\n");
    scene
        .run(["set", ".env.enc", "NEW NAME", "2"])
        .fails(2)
        .stderr("error: `NEW NAME` has a blank in it, so no program could use it as a variable\n")
        .untouched();
    for name in ["OLD NAME", "export B"] {
        scene.run(["set", ".env.enc", name, "2"]).ok().stderr("");
    }
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\nOLD NAME=2\nexport B=2\n");
}

#[test]
fn name_and_value_in_one_word_are_refused_before_anybody_is_asked() {
    let scene = env("A=1\n").types(["never taken"]);
    scene.run(["set", ".env.enc", "A=canary"]).fails(2).untouched().stderr(
        "error: the name has a `=` in it; name and value are two words\n\
         hint: `lacre set FILE NAME VALUE`; without VALUE you are asked for it\n",
    );
}

#[test]
fn a_name_that_stands_twice_earns_a_warning() {
    let scene = env("A=1\nexport A=2\nB=3\n");
    let warning = |outcome: &str| format!("warning: `A` stands more than once; {outcome}\n");
    scene.run(["get", ".env.enc", "A"]).ok().stdout("2\n").stderr(&warning("the last one counts"));
    scene.run(["get", ".env.enc", "B"]).ok().stderr("");
    scene
        .run(["run", "--explain"])
        .ok()
        .stdout("A ← .env.enc\nB ← .env.enc\n")
        .stderr("warning: `A` stands more than once in `.env.enc`; the last one counts\n");
    scene.run(["set", ".env.enc", "A", "4"]).ok().stderr(&warning("the last one is set"));
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\nexport A=4\nB=3\n");
    scene.run(["unset", ".env.enc", "A"]).ok().stderr(&warning("all of them are removed"));
    scene.run(["decrypt", ".env.enc"]).ok().stdout("B=3\n");
}
