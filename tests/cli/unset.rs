//! `lacre unset`: all that was named goes, or nothing.

use crate::support::{ALICE, Scene};

#[test]
fn what_is_named_goes_and_nothing_else() {
    let twice = "warning: `A` stands more than once; all of them are removed\n";
    for (name, twin, text, path, rest, said) in [
        (".env", ".env.enc", "A=1\nB=2\nA=3\n", "A", "B=2\n", twice),
        ("a.json", "a.enc.json", "{\n  \"a\": {\"b\": 1},\n  \"c\": 2\n}", "a", "{\n  \"c\": 2\n}", ""),
        ("a.yaml", "a.enc.yaml", "a:\n  b: 1\nc: 2\n", "a", "c: 2\n", ""),
    ] {
        let scene = Scene::new().identity("alice").file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).ok();
        scene.run(["unset", twin, path]).ok().stdout("").stderr(said).changed([twin]);
        scene.run(["decrypt", twin]).ok().stdout(rest);
    }
}

#[test]
fn a_name_that_is_not_there_stops_all() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\nB=2\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene
        .run(["unset", ".env.enc", "A", "NONE"])
        .fails(1)
        .stdout("")
        .stderr("error: `.env.enc`: there is no `NONE`\n")
        .untouched();
    scene.run(["unset", ".env.enc"]).fails(2).untouched();
}
