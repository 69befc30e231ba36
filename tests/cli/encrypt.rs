//! `lacre encrypt` onto nothing: twins, stdin, in place, recipients. Onto an existing twin: `twin`.

use crate::support::{ALICE, BOB, Scene};

const ENV: &str = "# remark\nA=1\nB=\"two words\"\nEMPTY=\n";

#[test]
fn each_format_gets_its_twin_and_comes_back_byte_for_byte() {
    for (name, twin, text, values) in [
        (".env", ".env.enc", ENV, 2),
        (".env.prod", ".env.prod.enc", ENV, 2),
        ("prod.env", "prod.enc.env", ENV, 2),
        ("a.json", "a.enc.json", "{\"a\": 1,\n \"b\": [\"x\", null, true]}\n", 3),
        ("a.yaml", "a.enc.yaml", "# remark\na: 1\nb:\n  - x\n  - null\n", 2),
        ("d/a.yml", "d/a.enc.yml", "a: 'x' # y\n", 1),
    ] {
        let scene = Scene::new().identity("alice").file(name, text);
        let plural = if values == 1 { "" } else { "s" };
        scene
            .run(["encrypt", name, "-r", ALICE])
            .ok()
            .stdout("")
            .stderr(&format!("encrypted {values} value{plural} into `{twin}` for [alice]\n"))
            .changed([twin]);
        scene.run(["decrypt", twin]).ok().stdout(text).stderr("").untouched();
    }
}

#[test]
fn a_file_encrypted_in_place_comes_back_in_place() {
    let scene = Scene::new().identity("alice").file("a.yaml", "a: 1\n");
    scene.run(["encrypt", "-i", "a.yaml", "-r", ALICE]).ok().changed(["a.yaml"]);
    assert!(scene.text("a.yaml").starts_with("a: ENC[AES256_GCM,"));
    scene.run(["decrypt", "-i", "a.yaml"]).ok().changed(["a.yaml"]);
    assert_eq!(scene.text("a.yaml"), "a: 1\n");
}

#[test]
fn stdin_goes_to_stdout() {
    let scene = Scene::new().identity("alice").stdin("A=1\n");
    for arguments in [["--type", "dotenv"], ["--filename", "x/.env"]] {
        let [flag, word] = arguments;
        let done = scene.run(["encrypt", flag, word, "-r", ALICE]).ok().stderr("").untouched();
        let sealed = done.printed();
        let reader = Scene::new().identity("alice").stdin(&sealed);
        reader.run(["decrypt"]).ok().stdout("A=1\n").stderr("");
        reader.run(["decrypt", "-"]).ok().stdout("A=1\n");
    }
    scene
        .run(["encrypt", "-r", ALICE])
        .fails(2)
        .stderr(
            "error: standard input has no name that says its format\n\
             hint: say it with `--type`, or name a file with `--filename`\n",
        )
        .untouched();
}

#[test]
fn output_goes_where_it_is_told() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-o", "x.enc.env", "-r", ALICE]).ok().changed(["x.enc.env"]);
    let printed = scene.run(["encrypt", ".env", "-o", "-", "-r", ALICE]).ok().untouched().printed();
    assert!(printed.starts_with("A=ENC[AES256_GCM,"), "{printed}");
}

#[test]
fn all_recipients_open_the_file_and_nobody_else() {
    let scene = Scene::new().file(".env", "A=1\n");
    scene
        .run(["encrypt", ".env", "-r", ALICE, "-r", BOB])
        .ok()
        .stderr("encrypted 1 value into `.env.enc` for [alice], [bob]\n");
    let scene = scene.identity("bob");
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\n");
    let scene = scene.nobody().identity("ci");
    scene.run(["decrypt", ".env.enc"]).fails(4).stdout("").stderr(
        "error: cannot open `.env.enc`: your identity is not among its recipients\n\
         \u{20} recipients: [alice], [bob]\n\
         \u{20} tried: ~/.config/sops/age/keys.txt ([ci])\n\
         hint: name yourself with `lacre recipients add NAME=KEY`, commit, and ask one of the recipients to run `lacre recipients sync` on the file\n",
    );
}

#[test]
fn recipients_come_from_the_first_rule_that_matches_and_are_called_by_name() {
    let rules = format!(
        "keys:\n  - &alice {ALICE}\n  - &bob {BOB}\ncreation_rules:\n  - path_regex: prod\n    age: [*alice, *bob]\n  - age:\n      - *alice\n"
    );
    let scene = Scene::new().identity("alice").file(".sops.yaml", rules).file(".env", "A=1\n");
    scene.write(".env.prod", "A=1\n");
    scene
        .run(["encrypt", ".env", ".env.prod"])
        .ok()
        .stderr(
            "encrypted 1 value into `.env.enc` for alice (…dwf65j)\n\
             encrypted 1 value into `.env.prod.enc` for alice (…dwf65j), bob (…cs7khp)\n",
        )
        .changed([".env.enc", ".env.prod.enc"]);
    scene.write("b.env", "A=1\n");
    scene
        .run(["encrypt", "b.env", "-r", "bob"])
        .ok()
        .stderr("encrypted 1 value into `b.enc.env` for bob (…cs7khp)\n");
}

#[test]
fn files_that_everybody_may_read_are_not_encrypted_unasked() {
    for name in [".env.example", ".env.sample", ".env.template", ".env.schema", ".env.vault", ".env.keys"] {
        let scene = Scene::new().file(name, "A=1\n");
        scene
            .run(["encrypt", name, "-r", ALICE])
            .fails(1)
            .stderr(&format!(
                "error: `{name}` is a file for everybody and is not encrypted\nhint: `--type dotenv` insists\n"
            ))
            .untouched();
        scene.run(["encrypt", name, "--type", "dotenv", "-r", ALICE]).ok();
    }
}

#[test]
fn an_empty_twin_counts_as_absent() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n").file(".env.enc", "");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok().changed([".env.enc"]);
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
}

#[test]
fn quiet_silences_talk_and_no_error() {
    let scene = Scene::new().file(".env", "A=1\n");
    scene.run(["-q", "encrypt", ".env", "-r", ALICE]).ok().stdout("").stderr("");
    let said = scene.run(["-q", "decrypt", ".env.enc"]).fails(4).stderr;
    assert!(said.starts_with("error: cannot open `.env.enc`: you have no identity\n"), "{said}");
}

#[test]
fn the_other_name_of_the_twin_of_env_is_found() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-o", ".enc.env", "-r", ALICE]).ok();
    scene.write(".env", "A=1\nB=2\n");
    scene.run(["encrypt", ".env"]).ok().changed([".enc.env"]);
}

#[test]
fn plaintext_that_git_tracks_earns_a_warning() {
    let scene = Scene::repository().file(".env", "A=1\n");
    scene.git(&["add", ".env"]);
    scene.run(["encrypt", ".env", "-r", ALICE]).ok().stderr(
        "encrypted 1 value into `.env.enc` for [alice]\n\
         warning: git tracks `.env`: its values are in the history, and should be changed\n\
         note: `git rm --cached` takes `.env` out of the next commit\n",
    );
}

#[test]
fn a_value_in_a_comment_that_stays_clear_is_named() {
    let rules = format!("creation_rules:\n  - age: {ALICE}\n    encrypted_regex: ^SECRET\n");
    for (name, twin, text) in [
        (".env", ".env.enc", "#OLD_KEY=canary\n# a word: or two\nSECRET=1\n"),
        ("a.yaml", "a.enc.yaml", "# OLD_KEY: canary\n# a-word: or two\nSECRET: 1\n"),
    ] {
        let scene = Scene::new().file(".sops.yaml", &rules).file(name, text);
        scene.run(["encrypt", name]).ok().stderr(&format!(
            "warning: comments stay readable in `{twin}` that look like values: `OLD_KEY`\n\
             encrypted 1 value into `{twin}` for [alice]\n"
        ));
        let scene = Scene::new().file(name, text);
        let said = format!("encrypted 1 value into `{twin}` for [alice]\n");
        scene.run(["encrypt", name, "-r", ALICE]).ok().stderr(&said);
    }
}

#[test]
fn an_alias_to_a_secret_says_what_to_do() {
    let scene = Scene::new().file("a.yaml", "a: &x 1\nb: *x\n");
    scene.run(["encrypt", "a.yaml", "-r", ALICE]).fails(1).untouched().stderr(
        "error: cannot encrypt `a.yaml`: line 1: an alias or merge key leads to a value that is to be encrypted\n\
         hint: `lacre encrypt --expand-aliases` writes it out where the alias or `<<` stands; or leave it clear by the \
         rule's selector\n",
    );
}

#[test]
fn an_alias_to_a_secret_is_written_out_where_asked() {
    let scene = Scene::new().identity("alice").file("a.yaml", "a: &x {k: 1} # c\nb:\n  <<: *x\nl: [*x]\n");
    scene.run(["encrypt", "a.yaml", "-r", ALICE, "--expand-aliases"]).ok().changed(["a.enc.yaml"]);
    let plain = "a: &x {k: 1} # c\nb:\n  <<: {k: 1}\nl: [{k: 1}]\n";
    scene.run(["decrypt", "a.enc.yaml"]).ok().stdout(plain);
    scene.write("a.yaml", "a: &x {k: 1} # c\nb:\n  <<: *x\nl: [*x, 2]\n");
    scene.run(["encrypt", "a.yaml", "--expand-aliases", "--replace"]).ok().changed(["a.enc.yaml"]);
    scene.run(["decrypt", "a.enc.yaml"]).ok().stdout(&plain.replace("}]", "}, 2]"));
}

#[test]
fn a_plaintext_that_git_tracks_is_warned_about_each_time() {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\n");
    scene.git(&["add", ".env"]);
    for arguments in [["encrypt", ".env", "-r", ALICE].as_slice(), &["encrypt", ".env"]] {
        let said = scene.run_in("", arguments).ok().stderr;
        assert!(said.contains("warning: git tracks `.env`"), "{said}");
    }
}

#[test]
fn where_the_base_of_a_merge_cannot_be_kept_the_file_is_written_all_the_same() {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\n").file(".git/lacre", "in the way");
    let outcome = scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    let said = &outcome.stderr;
    assert!(said.contains("warning: the next `encrypt` cannot merge by leaf: cannot write"), "{said}");
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\n");
}
