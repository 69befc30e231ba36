//! Files that somebody changed without the key: refused with exit 5 by every command that opens them.

use crate::support::{ALICE, Scene};

const BROKEN: &str =
    "the seal does not match: a value, a name, the structure, the selector or the recipients were changed";
const FOREIGN: &str = "the ciphertext was not made with this key for this place";

fn sealed() -> Scene {
    let scene = Scene::new().identity("alice");
    let scene = scene.file(".env", "A=1\nB=22\nC_unencrypted=x\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene
}

type Change = fn(&str) -> String;

const CHANGES: [(&str, Change, &str); 11] = [
    ("a value", |text| text.replacen("A=ENC[AES256_GCM,data:", "A=ENC[AES256_GCM,data:AAAA", 1), "A"),
    ("a value in the clear", |text| line(text, "A=", |_| "A=plain".into()), "A-clear"),
    ("a clear value", |text| text.replacen("C_unencrypted=x", "C_unencrypted=y", 1), ""),
    ("a name", |text| text.replacen("A=ENC", "Z=ENC", 1), "Z"),
    ("a type", |text| line(text, "A=", |line| line.replace("type:str", "type:int")), ""),
    (
        "the order",
        |text| {
            let mut lines: Vec<_> = text.lines().collect();
            lines.swap(0, 1);
            lines.join("\n")
        },
        "",
    ),
    ("a removed line", |text| line(text, "A=", |_| String::new()), ""),
    ("the MAC", |text| line(text, "sops_mac=", |line| line.replace("data:", "data:AAAA")), ""),
    ("the date", |text| text.replacen("2026-01-01", "2025-01-01", 1), ""),
    ("the seal", |text| text.replacen("seal=v1:", "seal=v1:AAAA", 1), ""),
    ("the selector", |text| text.replacen("suffix=_unencrypted", "suffix=_clear", 1), "C_unencrypted-clear"),
];

fn line(text: &str, start: &str, change: impl Fn(&str) -> String) -> String {
    let lines = text.lines().map(|line| if line.starts_with(start) { change(line) } else { line.to_owned() });
    lines.map(|line| line + "\n").collect()
}

#[test]
fn every_change_is_noticed_and_nothing_is_written() {
    for (what, change, key) in CHANGES {
        let scene = sealed();
        let changed = change(&scene.text(".env.enc"));
        assert_ne!(changed, scene.text(".env.enc"), "{what}");
        scene.write(".env.enc", changed);
        let cause = match key.split_once('-') {
            _ if key.is_empty() => BROKEN.to_owned(),
            Some((key, _)) => format!("`{key}` is not encrypted, but the file's selector says it must be"),
            None => format!("`{key}` does not decrypt: {FOREIGN}"),
        };
        let said = format!(
            "error: `.env.enc`: {cause}\nhint: look at the last change with `git log -p`; go back with `git restore`\n"
        );
        for arguments in [
            &["decrypt", ".env.enc"][..],
            &["get", ".env.enc", "B"],
            &["set", ".env.enc", "B", "3"],
            &["unset", ".env.enc", "B"],
            &["encrypt", ".env"],
            &["decrypt", "-i", ".env.enc"],
            &["decrypt", ".env.enc", "-o", "out"],
        ] {
            eprintln!("{what}: {arguments:?}");
            scene.run_in("", arguments).fails(5).stdout("").stderr(&said).untouched();
        }
    }
}

#[test]
fn a_removed_seal_is_told_from_a_broken_one() {
    let scene = sealed();
    scene.write(".env.enc", line(&scene.text(".env.enc"), "sops_lacre", |_| String::new()));
    scene.run(["decrypt", ".env.enc"]).fails(5).stdout("").untouched().stderr(
        "error: `.env.enc`: the seal was removed, by `sops updatekeys` or `sops groups`, or to hide a change\n\
         hint: look at the change with `git log -p`; `lacre seal FILE` accepts it\n",
    );
}

#[test]
fn yaml_and_json_are_guarded_too() {
    for (name, twin, text) in
        [("a.json", "a.enc.json", r#"{"a": 1, "b": 2}"#), ("a.yaml", "a.enc.yaml", "a: 1\nb: 2\n")]
    {
        let scene = Scene::new().identity("alice").file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).ok();
        scene.swap(twin, "ENC[AES256_GCM,data:", "ENC[AES256_GCM,data:AAAA");
        scene.run(["decrypt", twin]).fails(5).stdout("").untouched().stderr(&format!(
            "error: `{twin}`: `a` does not decrypt: {FOREIGN}\n\
             hint: look at the last change with `git log -p`; go back with `git restore`\n"
        ));
    }
}
