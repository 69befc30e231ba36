//! `--to`: a file or a part of it as a document of another format.

use crate::support::{ALICE, Scene};

fn sealed(name: &str, text: &str) -> Scene {
    let scene = Scene::new().identity("alice").file(name, text);
    scene.run(["encrypt", name, "-r", ALICE]).ok();
    scene
}

#[test]
fn a_file_is_printed_in_another_format() {
    let scene = sealed("a.yaml", "# c\na: 1\nb: x y\nn: null\n");
    for (to, text) in [
        ("json", "{\n\t\"a\": 1,\n\t\"b\": \"x y\",\n\t\"n\": null\n}\n"),
        ("dotenv", "# c\na=1\nb=x y\nn=<nil>\n"),
        ("yaml", "# c\na: 1\nb: x y\nn: null\n"),
    ] {
        scene.run(["decrypt", "a.enc.yaml", "--to", to]).ok().stdout(text).stderr("").untouched();
    }
    scene.run(["decrypt", "a.enc.yaml", "--to", "ini"]).fails(1).stdout("").stderr(
        "error: `a.enc.yaml` cannot be written as ini: the value of `a` cannot be written in this format\n",
    );
    scene.run(["decrypt", "a.enc.yaml", "--to", "binary"]).fails(1).stdout("").stderr(
        "error: `a.enc.yaml` cannot be written as binary: a binary file holds one string, `data`, and nothing else\n",
    );
    scene.run(["decrypt", "a.enc.yaml", "--to", "toml"]).fails(2).stdout("");
    scene.run(["decrypt", "-i", "a.enc.yaml", "--to", "json"]).fails(2).stdout("").untouched();
}

#[test]
fn no_format_but_yaml_holds_several_documents() {
    let scene = sealed("a.yaml", "a: 1\n---\nb: 2\n");
    scene.run(["decrypt", "a.enc.yaml", "--to", "json"]).fails(1).stdout("").stderr(
        "error: `a.enc.yaml` cannot be written as json: only YAML holds several documents in one file\n",
    );
    scene.run(["get", "a.enc.yaml", "b", "--document", "1", "--to", "json"]).ok().stdout("2\n");
}

#[test]
fn a_part_of_a_file_is_a_document_too() {
    let scene =
        sealed("a.json", r#"{"m": {"A": "1", "B": 2}, "l": [1, {"k": null}], "s": {"x": {"y": true}}}"#);
    for (path, to, text) in [
        ("m", "dotenv", "A=1\nB=2\n"),
        ("s", "ini", "[x]\ny = true\n"),
        ("l", "yaml", "- 1\n- k: null\n"),
        ("l[1]", "json", "{\n\t\"k\": null\n}\n"),
        ("m.A", "yaml", "\"1\"\n"),
    ] {
        scene.run(["get", "a.enc.json", path, "--to", to]).ok().stdout(text);
    }
    scene
        .run(["get", "a.enc.json", "l", "--to", "dotenv"])
        .fails(1)
        .stdout("")
        .stderr("error: `a.enc.json` cannot be written as dotenv: the top level is no map\n");
    scene.run(["get", "a.enc.json", "none", "--to", "json"]).fails(1).stdout("");
    scene.run(["decrypt", "a.enc.json", "--extract", "m", "--to", "dotenv"]).ok().stdout("A=1\nB=2\n");
}
