//! `lacre get`: one value, as a process would see it.

use crate::support::{ALICE, Scene};

#[test]
fn values_are_printed_as_a_process_sees_them() {
    let scene = Scene::new().identity("alice");
    let text = "A=1\nQ=\"two words\"\nS='$x'\nM=\"a\nb\"\nD=first\nD=last\nE=\n";
    let scene = scene.file(".env", text);
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    for (name, value) in
        [("A", "1\n"), ("Q", "two words\n"), ("S", "$x\n"), ("M", "a\nb\n"), ("D", "last\n"), ("E", "\n")]
    {
        scene.run(["get", ".env.enc", name]).ok().stdout(value).untouched();
    }
    scene.run(["get", "-n", ".env.enc", "A"]).ok().stdout("1");
    scene.run(["get", "--literal", ".env.enc", "Q"]).ok().stdout("\"two words\"\n");
}

#[test]
fn paths_lead_into_maps_and_lists() {
    for (name, twin, text) in [
        ("a.json", "a.enc.json", r#"{"db": {"port": 5432, "a.b": "dot"}, "l": [{"n": true}]}"#),
        ("a.yaml", "a.enc.yaml", "db:\n  port: 5432\n  a.b: dot\nl:\n  - n: true\n"),
    ] {
        let scene = Scene::new().identity("alice").file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).ok();
        for (path, value) in [
            ("db.port", "5432\n"),
            (r#"["db"]["port"]"#, "5432\n"),
            (r#"["db"]["a.b"]"#, "dot\n"),
            ("l[0].n", "true\n"),
        ] {
            scene.run(["get", twin, path]).ok().stdout(value).stderr("");
        }
        for path in ["db.none", "l[1].n"] {
            scene.run(["get", twin, path]).fails(1).stdout("").untouched();
        }
        scene.run(["get", twin, "db["]).fails(2).stdout("");
    }
}

#[test]
fn what_is_not_there_is_said() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.run(["get", ".env.enc", "B"]).fails(1).stdout("").stderr(
        "error: `.env.enc` has no value `B`\n\
         hint: `lacre list FILE` shows what it has; it needs no identity\n",
    );
    scene
        .run(["get", "none.enc", "B"])
        .fails(1)
        .stdout("")
        .stderr("error: cannot read `none.enc`: no such file\n");
}

#[test]
fn a_map_or_list_is_no_single_value() {
    let scene = Scene::new().identity("alice").file("a.yaml", "db:\n  port: 1\nl: [1]\n---\nb: 2\n");
    scene.run(["encrypt", "a.yaml", "-r", ALICE]).ok();
    for (path, kind) in [("db", "map"), ("l", "list")] {
        let said = format!(
            "error: `{path}` of `a.enc.yaml` is a {kind}, not a single value\n\
             hint: `lacre list FILE` shows the paths of the values in it; `lacre decrypt FILE` prints all\n"
        );
        scene.run(["get", "a.enc.yaml", path]).fails(1).stdout("").stderr(&said);
        scene.run(["decrypt", "a.enc.yaml", "--extract", path]).fails(1).stdout("").stderr(&said);
    }
    scene.run(["get", "a.enc.yaml", "b"]).fails(1).stdout("").stderr(
        "error: document 0 of `a.enc.yaml` has no value `b`\n\
         hint: `lacre list FILE` shows what each document has; `--document N` chooses one\n",
    );
    scene.run(["get", "a.enc.yaml", "b", "--document", "1"]).ok().stdout("2\n");
}
