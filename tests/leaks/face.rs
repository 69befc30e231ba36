//! The same for the face of sops.

use crate::support::{ALICE, BOB, identity_of};
use crate::{CANARY, check, scene};

#[test]
fn the_face_of_sops_prints_where_sops_does() {
    let scene = scene().variable("EDITOR", "sh -c 'echo broken >> \"$0\"'");
    for file in ["a.enc.yaml", "a.enc.json", "a.enc.ini"] {
        check(&scene, &["sops", "decrypt", file], "", true);
        check(&scene, &["sops", "-d", "--output-type", "json", file], "", true);
        check(&scene, &["sops", "exec-file", file, "cat {}"], "", true);
        check(&scene, &["sops", "exec-file", "--no-fifo", file, "cat {}"], "", true);
        for arguments in [
            &["sops", "filestatus", file][..],
            &["sops", "decrypt", "--extract", "[\"none\"]", file],
            &["sops", "decrypt", "--output-type", "binary", file],
            &["sops", "encrypt", file],
            &["sops", "edit", file],
            &["sops", "rotate", "-i", "--add-age", BOB, file],
            &["sops", "rotate", "-i", "--add-age", "nonsense", file],
            &["sops", "groups", "delete", "-f", file, "9"],
            &["sops", "updatekeys", "-y", file],
            &["sops", "exec-file", file, "true"],
            &["sops", "exec-file", file, "kill $$"],
            &["sops", "exec-env", file, "true"],
            &["sops", "set", "--value-stdin", file, "[\"a\"]"],
            &["sops", "set", file, "[\"a\"]", CANARY],
            &["sops", "set", file, "[\"s\"][\"new\"]", "\"cAnArY-7c1e93\""],
            &["sops", "--set", "[\"a\"] cAnArY-7c1e93", file],
            &["sops", "unset", file, "[\"none\"]"],
            &["sops", "publish", "-y", file],
        ] {
            check(&scene, arguments, CANARY, false);
        }
    }
    for arguments in [
        &["sops", "decrypt", "tampered.env"][..],
        &["sops", "decrypt", "--ignore-mac", "tampered.env"],
        &["sops", "decrypt", "bob.enc.env"],
        &["sops", "decrypt", "cut.enc.json"],
        &["sops", "exec-env", "bob.enc.env", "printenv"],
        &["sops", "encrypt", "--age", identity_of("bob"), "--filename-override", "x.yaml"],
        &["sops", "encrypt", "--age", ALICE, "--filename-override", "x.json"],
    ] {
        check(&scene, arguments, CANARY, false);
    }
}

#[test]
fn the_face_of_sops_prints_only_what_it_is_asked_for() {
    for editor in ["true", "false", "sh -c 'echo broken >> \"$0\"'"] {
        let scene = scene().variable("EDITOR", editor);
        check(&scene, &["sops", "edit", "a.enc.yaml"], "", false);
        check(&scene, &["sops", "edit", "-s", "a.enc.json"], "", false);
    }
    let scene = scene();
    scene.write("c.env", scene.text(".env.enc"));
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    for file in ["c.env", "a.enc.json", "a.enc.yaml", "a.enc.ini", "blob.enc"] {
        check(&scene, &["sops", "decrypt", file], "", true);
        check(&scene, &["sops", "-d", "--ignore-mac", file], "", true);
        check(&scene, &["sops", "exec-file", file, "cat {}"], "", true);
        check(&scene, &["sops", "exec-file", "--no-fifo", file, "cat {}"], "", true);
        for arguments in [
            &["sops", "exec-file", file, "true {}"][..],
            &["sops", "exec-file", "--no-fifo", file, "kill $$"],
            &["sops", "exec-file", "--filename", "../x", file, "true"],
            &["sops", "exec-file", "--user", "nobody-here", file, "true"],
            &["sops", "exec-env", file, "true"],
            &["sops", "filestatus", file],
            &["sops", "updatekeys", "-y", file],
            &["sops", "rotate", "-i", file],
            &["sops", "rotate", "-i", "--add-age", "age1x", file],
            &["sops", "set", file, "[\"new\"]", "\"x\""],
            &["sops", "set", "--value-stdin", file, "[\"new\"]"],
            &["sops", "unset", file, "[\"new\"]"],
            &["sops", "groups", "delete", "-f", file, "0"],
            &["sops", "encrypt", "-i", file],
            &["sops", "publish", "--yes", file],
            &["sops", "decrypt", "--output-type", "nothing", "--extract", "[0]", file],
            &["config", "explain", file],
            &["config", "explain", "--json", file],
            &["import", "sops", "--yes", "--dialect", "literal", file],
            &["import", "sops", "--json", "--dry-run", file],
        ] {
            check(&scene, arguments, CANARY, false);
        }
    }
    check(&scene, &["sops", "exec-env", "c.env", "env"], "", true);
}

#[test]
fn what_does_not_open_says_nothing_under_the_face() {
    let scene = scene();
    scene.write("t.env", scene.text("tampered.env"));
    for file in ["t.env", "no-mac.env", "cut.enc.json", "bob.enc.env", "none.yaml", "."] {
        for arguments in [
            &["sops", "decrypt", file][..],
            &["sops", "exec-file", file, "cat {}"],
            &["sops", "exec-env", file, "env"],
            &["sops", "rotate", file],
            &["sops", "set", file, "[\"a\"]", &format!("\"{CANARY}\"")],
            &["sops", "set", file, "[\"a\"]", CANARY],
            &["sops", "edit", file],
            &["sops", "publish", "--yes", file],
            &["import", "sops", "--yes", file],
            &["config", "explain", file],
        ] {
            check(&scene, arguments, CANARY, false);
        }
    }
    for kind in ["yaml", "json", "ini", "dotenv", "binary"] {
        let name = format!("x.{kind}");
        let arguments = ["sops", "encrypt", "--filename-override", &name, "--input-type", kind];
        check(&scene, &arguments, &format!("k = [{CANARY}\n"), false);
    }
}
