//! `lacre schema`: a first schema from encrypted files, and an example file from it.

use crate::support::{ALICE, BOB, Scene};

/// A folder of alice's with these encrypted dotenv files.
fn scene(files: &[(&str, &str)]) -> Scene {
    let scene = Scene::repository().identity("alice");
    for (name, text) in files {
        add(&scene, name, text, ALICE);
    }
    scene
}

fn add(scene: &Scene, name: &str, text: &str, recipient: &str) {
    scene.write("plain", text);
    let words = ["encrypt", "plain", "--type", "dotenv", "-o", name, "-r", recipient, "--allow-empty"];
    scene.run(words).ok();
    std::fs::remove_file(scene.path("plain")).unwrap();
}

#[test]
fn a_draft_has_every_name_and_no_value() {
    let scene = scene(&[
        (".env.enc", "NAME=x y\nDEBUG=true\n# s3cr3t\nPORT=8080\nAPI_TOKEN=s3cr3t\n"),
        (".env.prod.enc", "URL=\"https://s3cr3t.example\"\nDEBUG=off\nEMPTY=\n"),
        (".env.dev.enc", "RATIO=0.5\nWORKERS=4\nURL=http://x.example\nMAIL=a@b.example\nRULES={\"a\": 1}\n"),
    ]);
    add(&scene, ".env.ci.enc", "URL=x\nCERT=s3cr3t\n", BOB);
    scene
        .run(["schema", "init"])
        .ok()
        .stdout("")
        .stderr(
            "note: no identity opens `.env.ci.enc`: no types from there\n\
             wrote `.env.schema`; read it, complete it and commit it\n",
        )
        .changed([".env.schema"]);
    let drafted = "# What this program expects of its variables. `lacre help schema` tells the language.\n\
        # @defaultRequired=true @defaultSensitive=false\n# ---\n\
        \nNAME=\n\n# @type=boolean\nDEBUG=\n\n# @type=port\nPORT=\n\n# @sensitive\nAPI_TOKEN=\n\
        \n# @type=url\nURL=\n\n# @optional\nCERT=\n\n# @optional\nRATIO=\n\n# @optional @type=int\nWORKERS=\n\
        \n# @optional @type=email\nMAIL=\n\n# @optional @type=json\nRULES=\n\n# @optional\nEMPTY=\n";
    assert_eq!(scene.text(".env.schema"), drafted);
    scene.git(&["add", "--force", "."]);
    let printed = scene.run(["check"]).ok().printed();
    assert_eq!(printed, "", "a draft fits what it was made from");
}

#[test]
fn a_schema_that_is_there_stays() {
    let scene = scene(&[(".env.enc", "A=1\n")]).file(".env.schema", "B=\n");
    scene
        .run(["schema", "init"])
        .fails(1)
        .stderr(
            "error: `.env.schema` is there already\n\
             hint: `--force` replaces it; `lacre check` tells what it does not know\n",
        )
        .untouched();
    scene.run(["schema", "init", "--force"]).ok().changed([".env.schema"]);
    assert!(scene.text(".env.schema").ends_with("\n# @type=int\nA=\n"));
}

#[test]
fn a_draft_is_of_one_folder_and_of_dotenv_files() {
    let scene = scene(&[("api.enc.env", "A=1\n")]).file("b/x", "").file("y.yaml", "a: 1\n");
    scene.run(["encrypt", "y.yaml", "-r", ALICE]).ok();
    add(&scene, "b/.env.enc", "B=x\n", ALICE);
    scene
        .run(["schema", "init"])
        .fails(1)
        .stderr(
            "error: there is no `.env.enc` here or above, up to the root of the repository\n\
             hint: `lacre encrypt .env` makes one; or name a file with `-f FILE`\n",
        )
        .untouched();
    scene
        .run(["schema", "init", "api.enc.env", "b/.env.enc"])
        .fails(2)
        .stderr("error: the files are of several folders, and each has a schema of its own\n")
        .untouched();
    scene
        .run(["schema", "init", "y.enc.yaml"])
        .fails(1)
        .stderr(
            "error: `y.enc.yaml` is no dotenv file\n\
             hint: the schema of a YAML or JSON file is a JSON Schema, `NAME.schema.json` beside it\n",
        )
        .untouched();
    scene.run(["schema", "init", "api.enc.env"]).ok().changed([".env.schema"]);
    scene.run_in("b", &["schema", "init"]).ok().changed(["b/.env.schema"]);
}

const SCHEMA: &str = "# @defaultRequired=false @defaultSensitive=false\n# ---\n\n\
    # Where it listens.\n# @type=port @example=8080\nPORT=\n\n\
    # @required @sensitive @example=\"it's $5\"\nTOKEN=\n\nLEVEL=info\n";

const EXAMPLE: &str = "# Copy to .env and fill in. Written by `lacre schema example`; no value here is a real one.\n\n\
    # Where it listens.\n# optional; a port: a whole number from 1 to 65535\nPORT=8080\n\n\
    # required\nTOKEN=\"it's $5\"\n\n# optional\nLEVEL=info\n";

#[test]
fn an_example_is_made_from_the_schema_alone() {
    let scene =
        scene(&[(".env.enc", "PORT=9999\nTOKEN=s3cr3t\n")]).file(".env.schema", SCHEMA).file("a/x", "");
    scene.run(["schema", "example"]).ok().stdout(EXAMPLE).stderr("").untouched();
    scene.run_in("a", &["schema", "example"]).ok().stdout(EXAMPLE);
    scene.run(["schema", "example", "-o", ".env.example"]).ok().stdout("").stderr("wrote `.env.example`\n");
    assert_eq!(scene.text(".env.example"), EXAMPLE);
    scene.run(["schema", "example", "-o", "-"]).ok().stdout(EXAMPLE).stderr("").untouched();
    // Nobody's secret is the one that everybody can read.
    add(&scene, ".env.dev.enc", EXAMPLE, ALICE);
    scene
        .run(["check", ".env.dev.enc"])
        .fails(3)
        .stdout(".env.dev.enc\n  8  error    `TOKEN` still holds a placeholder\n");
}

#[test]
fn an_example_that_is_out_of_date_is_found() {
    let scene = scene(&[]).file(".env.schema", SCHEMA);
    let differs = "`.env.example` is not what `.env.schema` makes\n";
    scene.run(["schema", "example", "--check"]).fails(3).stdout("").stderr(differs).untouched();
    scene.write(".env.example", EXAMPLE);
    scene.run(["schema", "example", "--check"]).ok().stdout("").stderr("");
    scene.swap(".env.schema", "info", "debug");
    scene.run(["schema", "example", "--check"]).fails(3);
    scene.run(["schema", "example", "--check", "-o", "other"]).fails(3);
    // Made by the command, so the command may replace it.
    scene.run(["schema", "example", "-o", ".env.example"]).ok();
    scene.run(["schema", "example", "--check"]).ok();
}

#[test]
fn a_file_of_somebody_else_is_not_replaced_by_an_example() {
    let scene = scene(&[]).file(".env.schema", SCHEMA).file(".env.example", "MINE=1\n");
    scene
        .run(["schema", "example", "-o", ".env.example"])
        .fails(1)
        .stderr("error: `.env.example` was not made by this command\nhint: `--force` replaces it\n")
        .untouched();
    scene.run(["schema", "example", "-o", ".env.example", "--force"]).ok().changed([".env.example"]);
}

#[test]
fn without_a_schema_there_is_no_example() {
    let scene = scene(&[]);
    let hint = "hint: `lacre schema init` drafts one from encrypted files\n";
    scene
        .run(["schema", "example"])
        .fails(1)
        .stderr(&format!("error: there is no `.env.schema` here\n{hint}"));
    let missing = format!("error: there is no `none`\n{hint}");
    scene.run(["schema", "example", "none"]).fails(1).stderr(&missing);
}
