//! Whatever is wrong with a file: place and problem are named, nothing of its content is, and nothing is written.

use crate::support::{ALICE, Scene, identity_of, is_root};

#[test]
fn a_plaintext_that_is_none_is_refused_by_line_and_name() {
    const MERGE: &str = "hint: `lacre resolve FILE` settles an encrypted file; in plaintext, finish the merge, or `git restore` it\n";
    const RESERVED: &str =
        "hint: rename it; if the file was encrypted, its end is missing: `git restore` brings it back\n";
    let table: [(&str, &[u8], &str, &str); 21] = [
        (".env", b"A=1\nnonsense canary\n", "line 2: the line has no `=`", ""),
        (".env", b"A=1\nexport B\n", "line 2: the line has no `=`", ""),
        (".env", b"A=1\nB=\"canary\n", "line 2, `B`: a quote is not closed", ""),
        (".env", b"A=1\nB=can\0ary\n", "line 2, `B`: a byte that has no place here", ""),
        (
            ".env",
            b"sops_canary=1\n",
            "line 1, `sops_canary`: names that begin with `sops_` are reserved",
            RESERVED,
        ),
        (
            ".env",
            b"A=1\n<<<<<<< HEAD\nB=2\n=======\n>>>>>>> x\n",
            "line 2: a merge conflict is not resolved",
            MERGE,
        ),
        (
            "a.yaml",
            b"a: 1\n<<<<<<< HEAD\nb: 2\n=======\n>>>>>>> x\n",
            "line 2: a merge conflict is not resolved",
            MERGE,
        ),
        (
            "a.json",
            b"{\n<<<<<<< HEAD\n\"b\": 2\n=======\n>>>>>>> x\n}",
            "line 2: a merge conflict is not resolved",
            MERGE,
        ),
        ("a.json", b"{\"a\": \"\xff\"}", "line 1: the text is not UTF-8", ""),
        ("a.yaml", b"a: \xff\n", "line 1: the text is not UTF-8", ""),
        ("a.json", b"{\"a\": \"canary\"", "line 1: the text is not well formed here", ""),
        ("a.yaml", b"a: \"canary\n", "line 2: a quote is not closed", ""),
        ("a.yaml", b"a: [canary, 2\n", "line 1: the text is not well formed here", ""),
        ("a.yaml", b"1: canary\n", "line 1: a key that is not a string; quote it", ""),
        ("a.yaml", b"a:\n  true: canary\n", "line 2: a key that is not a string; quote it", ""),
        ("a.yaml", b"a: 1\na: 2\n", "line 2, `a`: the key stands twice in its map", ""),
        (
            "a.yaml",
            b"a: 18446744073709551615\n",
            "line 1, `a`: an integer beyond 64 bits signed, which sops cannot hold; quote it",
            "",
        ),
        ("a.yaml", b"- canary\n", "line 1: the top level is no map", ""),
        ("a.json", b"[\"canary\"]", "line 1: the top level is no map", ""),
        ("a.json", b"", "line 1: the top level is no map", ""),
        ("a.yaml", b"", "line 1: the top level is no map", ""),
    ];
    for (name, text, problem, hint) in table {
        let scene = Scene::new().file(name, text);
        let said = format!("error: `{name}`: {problem}\n{hint}");
        scene.run(["encrypt", name, "-r", ALICE]).fails(1).stdout("").stderr(&said).untouched();
        scene.run(["encrypt", "-i", name, "-r", ALICE]).fails(1).stdout("").stderr(&said).untouched();
    }
}

#[test]
fn a_file_of_which_nothing_would_be_encrypted_is_refused() {
    for (name, twin, text) in [
        (".env", ".env.enc", ""),
        (".env", ".env.enc", "A=\nB_unencrypted=1\n"),
        ("a.yaml", "a.enc.yaml", "a:\nb_unencrypted: 1\n"),
        ("a.json", "a.enc.json", "{}"),
    ] {
        let scene = Scene::new().file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).fails(1).stdout("").untouched().stderr(&format!(
            "error: not one value of `{twin}` would be encrypted: all are empty, or outside the selector\n\
             hint: look at the selector of the creation rule, or insist with `--allow-empty`\n"
        ));
        scene.run(["encrypt", name, "-r", ALICE, "--allow-empty"]).ok().changed([twin]);
    }
}

#[test]
fn a_rule_file_that_is_wrong_stops_new_files() {
    let selector = "cannot encrypt `.env`: the regular expression of the selector is not valid\n\
                    hint: look at the selector of the creation rule in `.sops.yaml`";
    let unmatched = "no recipients for `.env.enc`: no creation rule of `.sops.yaml` that matches names one\n\
                     hint: add a rule whose `path_regex` matches, with `age:` recipients, or name them with `-r age1…`";
    for (rule, problem) in [
        (format!("creation_rules:\n  - encrypted_regex: '(['\n    age: {ALICE}\n"), selector),
        (format!("creation_rules:\n  - path_regex: prod\n    age: {ALICE}\n"), unmatched),
        ("creation_rules:\n  - age: ''\n".to_owned(), unmatched),
        (
            format!("creation_rules:\n  - path_regex: '(['\n    age: {ALICE}\n"),
            "`.sops.yaml`, line 2: creation rule 1: `path_regex` is not a valid regular expression",
        ),
        (
            format!("creation_rules:\n  - encrypted_suffix: x\n    encrypted_regex: x\n    age: {ALICE}\n"),
            "`.sops.yaml`, line 2: creation rule 1: only one selector may be given, e.g. `encrypted_regex` or `encrypted_suffix`",
        ),
        (
            "creation_rules:\n  - kms: arn:aws:kms:x\n".to_owned(),
            "cannot encrypt `.env.enc` for its recipients: kms `arn:aws:kms:x`: it is no ARN of the form \
             `arn:aws:kms:REGION:ACCOUNT:key/ID` or `…:alias/NAME`",
        ),
        (
            "creation_rules:\n  - gcp_kms: projects/p\n".to_owned(),
            "cannot encrypt `.env.enc` for its recipients: writing `gcp_kms` keys is not supported yet",
        ),
        ("creation_rules: x\n".to_owned(), "`.sops.yaml`: `creation_rules` is not a list"),
        ("creation_rules: [\n".to_owned(), "`.sops.yaml`: line 1: the text is not well formed here"),
    ] {
        let scene = Scene::new().file(".env", "A=1\n").file(".sops.yaml", &rule);
        let said = format!("error: {problem}\n");
        scene.run(["encrypt", ".env"]).fails(1).stdout("").stderr(&said).untouched();
    }
}

#[test]
fn a_recipient_that_is_none_is_refused() {
    let scene = Scene::new().file(".env", "A=1\n");
    let said = "error: cannot encrypt `.env.enc` for its recipients: ";
    scene
        .run(["encrypt", ".env", "-r", ALICE, "-r", "nonsense"])
        .fails(1)
        .stderr(&format!(
            "{said}`nonsense` is no age recipient\n\
             hint: a recipient is `age1…`, `ssh-ed25519 …`, or a name that `.sops.yaml` gives to one\n"
        ))
        .untouched();
    scene
        .run(["encrypt", ".env", "-r", identity_of("alice")])
        .fails(1)
        .stderr(&format!("{said}that is a secret key, not a recipient\n"))
        .untouched();
    scene
        .run(["encrypt", ".env"])
        .fails(1)
        .stderr(
            "error: no recipients for `.env.enc`: there is no `.sops.yaml`\n\
             hint: run `lacre init`, or name the recipients with `-r age1…`\n",
        )
        .untouched();
}

#[test]
fn an_encrypted_file_that_is_cut_off_is_never_taken_for_something_else() {
    for (name, twin, text) in [
        (".env", ".env.enc", "A=1\nB=2\n"),
        ("a.json", "a.enc.json", "{\"a\": 1,\n\"b\": 2}\n"),
        ("a.yaml", "a.enc.yaml", "a: 1\nb: 2\n"),
    ] {
        let scene = Scene::new().identity("alice").file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).ok();
        let whole = scene.bytes(twin);
        // Without its last line end a file is whole still.
        for length in (0..whole.len() - 1).step_by(61).chain([whole.len() - 10]) {
            scene.write(twin, &whole[..length]);
            for arguments in [["decrypt", twin].as_slice(), &["set", twin, "b", "3"], &["list", twin]] {
                let done = scene.run_in("", arguments).stdout("").untouched();
                assert!(matches!(done.code, 1 | 5), "{twin} {length} {arguments:?}: {}", done.code);
            }
        }
    }
    let scene = Scene::new().file(".env.enc", "A=ENC[AES256_GCM,data:+w==,iv:b");
    scene.run(["decrypt", ".env.enc"]).fails(1).stdout("").stderr(
        "error: `.env.enc`: it is not encrypted: it has no sops metadata\n\
         hint: its end may be missing: look at it with `git diff`; go back with `git restore`\n",
    );
}

#[test]
fn without_the_right_identity_nothing_opens() {
    let scene = Scene::new().file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    let nobody = "error: cannot open `.env.enc`: you have no identity\n  recipients: [alice]\n";
    let make = "hint: point to one with `--identity FILE` or `SOPS_AGE_KEY`; or make one with `lacre keygen`, and \
                ask one of the recipients to add it\n";
    scene.run(["decrypt", ".env.enc"]).fails(4).stdout("").untouched().stderr(&format!("{nobody}{make}"));
    let scene = scene.variable("SOPS_AGE_KEY", "canary");
    scene
        .run(["decrypt", ".env.enc"])
        .fails(4)
        .stdout("")
        .untouched()
        .stderr(&format!("{nobody}  not usable: SOPS_AGE_KEY: line 1 is no identity\n{make}"));
    let scene = scene.variable("SOPS_AGE_KEY", identity_of("bob"));
    scene.run(["decrypt", ".env.enc"]).fails(4).stdout("").untouched().stderr(
        "error: cannot open `.env.enc`: your identity is not among its recipients\n\
         \u{20} recipients: [alice]\n\
         \u{20} tried: SOPS_AGE_KEY ([bob])\n\
         hint: name yourself with `lacre recipients add NAME=KEY`, commit, and ask one of the recipients to run `lacre recipients sync` on the file\n",
    );
}

#[test]
fn a_file_of_no_format_that_names_no_sops_is_not_encrypted() {
    let scene = Scene::repository().identity("alice").file(".gitattributes", "* text\n");
    scene.run(["rekey", ".gitattributes"]).fails(1).untouched().stderr(
        "error: `.gitattributes`: it is not encrypted: it has no sops metadata\n\
         hint: its encrypted twin is `.gitattributes.enc`, which `lacre encrypt` makes\n",
    );
}

#[test]
fn stdin_that_is_empty_is_no_document() {
    let scene = Scene::new();
    scene
        .run(["decrypt"])
        .fails(1)
        .stdout("")
        .stderr("error: `-`: it is not encrypted: it has no sops metadata\n");
    scene
        .run(["encrypt", "--type", "json", "-r", ALICE])
        .fails(1)
        .stdout("")
        .stderr("error: `-`: line 1: the top level is no map\n");
}

#[test]
fn paths_that_are_no_files_are_said() {
    let scene = Scene::new().identity("alice").file("d/x", "");
    for (arguments, said) in [
        (["encrypt", "none.env"], "error: cannot read `none.env`: no such file\n"),
        (["decrypt", "none.env"], "error: cannot read `none.env`: no such file\n"),
        (["encrypt", "d"], "error: cannot read `d`: it is a folder\n"),
        (["list", "d"], "error: cannot read `d`: it is a folder\n"),
    ] {
        scene.run(arguments).fails(1).stdout("").stderr(said).untouched();
    }
    let scene = Scene::new().file(".env", "A=1\n");
    scene
        .run(["encrypt", ".env", "-o", "none/x.env", "-r", ALICE])
        .fails(1)
        .stdout("")
        .untouched()
        .stderr("error: cannot write `none/x.env`: no such folder\n");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_said() {
    use std::os::unix::fs::PermissionsExt;
    if is_root() {
        eprintln!("note: skipped, permissions do not stop root");
        return;
    }
    let scene = Scene::new().identity("alice").file("d/.env", "A=1\n");
    std::fs::set_permissions(scene.path("d"), PermissionsExt::from_mode(0o500)).unwrap();
    scene
        .run(["encrypt", "d/.env", "-r", ALICE])
        .fails(1)
        .stdout("")
        .untouched()
        .stderr("error: cannot write `d/.env.enc`: permission denied\n");
    std::fs::set_permissions(scene.path("d"), PermissionsExt::from_mode(0o700)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_every_file_as_it_was() {
    let scene = Scene::new().identity("alice").file("disk/x", "");
    let disk = scene.path("disk");
    let mount = |arguments: &[&str]| std::process::Command::new("mount").args(arguments).arg(&disk).output();
    let mounted = mount(&["-t", "tmpfs", "-o", "size=32k", "tmpfs"]);
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("note: skipped, no tmpfs can be mounted");
        return;
    }
    scene.write("disk/.env", "A=1\n");
    scene.run(["encrypt", "disk/.env", "-r", ALICE]).ok();
    let long = "x".repeat(40_000);
    scene.write("long", &long);
    let done = scene.run(["set", "disk/.env.enc", "A", "--from-file", "long"]);
    let (code, said) = (done.code, done.stderr.clone());
    done.untouched();
    let opened = scene.run(["get", "disk/.env.enc", "A"]).printed();
    std::process::Command::new("umount").arg(&disk).status().unwrap();
    assert_eq!(opened, "1\n");
    assert_eq!(
        (code, said.as_str()),
        (1, "error: cannot write `disk/.env.enc`: no space left on the file system\n")
    );
}
