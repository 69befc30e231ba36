//! Commands on files of any bytes.

use crate::support::{ALICE, Scene};

const BYTES: &[u8] = b"-----BEGIN\0\xff\r\n";

fn sealed() -> Scene {
    let scene = Scene::new().identity("alice").file("id_rsa", BYTES);
    let said = "encrypted 1 value into `id_rsa.enc` for [alice]\n";
    scene.run(["encrypt", "id_rsa", "-r", ALICE]).ok().changed(["id_rsa.enc"]).stderr(said);
    scene
}

#[test]
fn any_bytes_come_back() {
    let scene = sealed();
    assert!(scene.text("id_rsa.enc").starts_with("{\n\t\"data\": \"ENC[AES256_GCM,"));
    scene.run(["decrypt", "id_rsa.enc", "-o", "back"]).ok();
    assert_eq!(scene.bytes("back"), BYTES);
    scene.run(["list", "id_rsa.enc"]).ok();
    let status = scene.run(["status", "--json", "id_rsa.enc"]).ok().json();
    assert_eq!((&status[0]["format"], &status[0]["selector"]), (&"binary".into(), &"none".into()));
}

#[test]
fn an_empty_file_is_encrypted_too() {
    let scene = Scene::new().identity("alice").file("blob", "");
    scene.run(["encrypt", "blob", "-r", ALICE]).ok().changed(["blob.enc"]);
    assert!(scene.text("blob.enc").contains("\"data\": \"\""));
    scene.run(["decrypt", "blob.enc"]).ok().stdout("");
}

#[test]
fn its_whole_content_is_the_value_data() {
    let scene = sealed().file("new", b"new\xfe");
    scene.run(["set", "id_rsa.enc", "data", "--from-file", "new"]).ok().changed(["id_rsa.enc"]);
    scene.run(["decrypt", "id_rsa.enc", "-o", "back"]).ok();
    assert_eq!(scene.bytes("back"), b"new\xfe");
    scene.run(["set", "id_rsa.enc", "other", "x"]).fails(1).untouched();
    scene.run(["unset", "id_rsa.enc", "data"]).fails(1).untouched();
    scene.run(["get", "id_rsa.enc", "other"]).fails(1).stdout("");
    scene.run(["set", "-r", ALICE, "made", "data", "x"]).ok().changed(["made"]);
    scene.run(["decrypt", "made"]).ok().stdout("x");
}

#[test]
fn it_is_updated_as_a_whole() {
    let scene = sealed();
    scene.run(["encrypt", "id_rsa"]).ok().untouched().stderr("`id_rsa.enc` is up to date\n");
    scene.write("id_rsa", "changed");
    scene.run(["encrypt", "id_rsa"]).ok().changed(["id_rsa.enc"]);
    scene.run(["decrypt", "id_rsa.enc"]).ok().stdout("changed");
}

#[test]
fn it_holds_no_variables() {
    let scene = sealed();
    let said = "error: `id_rsa.enc` is a binary file: it holds no variables\n";
    for command in ["run", "export"] {
        let arguments = match command {
            "run" => vec!["run", "-f", "id_rsa.enc", "--", "true"],
            _ => vec!["export", "-f", "id_rsa.enc", "--format", "json"],
        };
        let outcome = scene.run_in(".", &arguments);
        outcome.stdout("").untouched().stderr(said);
    }
}

#[test]
fn a_rule_with_a_selector_is_noted_and_not_followed() {
    let rule = format!(
        "creation_rules:\n  - age: {ALICE}\n    encrypted_regex: ^no$\n    mac_only_encrypted: true\n"
    );
    let scene = Scene::new().identity("alice").file(".sops.yaml", rule).file("blob", "x");
    scene.run(["encrypt", "blob"]).ok().changed(["blob.enc"]).stderr(
        "note: a binary file is encrypted as a whole: the rule's selector is ignored\n\
         encrypted 1 value into `blob.enc` for [alice]\n",
    );
    let text = scene.text("blob.enc");
    assert!(!text.contains("_regex") && !text.contains("_suffix") && !text.contains("mac_only"));
    scene.run(["decrypt", "blob.enc"]).ok().stdout("x");
}

#[test]
fn what_is_encrypted_already_is_not_encrypted_again() {
    let scene = sealed();
    scene.run(["encrypt", "id_rsa.enc", "-r", ALICE, "-o", "again"]).fails(1).untouched();
}
