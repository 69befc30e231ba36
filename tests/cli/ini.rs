//! Commands on INI files.

use crate::support::{ALICE, Scene};

const TEXT: &str = "; head\nport = 80\n\n[db]\n; why\npassword = \"s3cret \" ; note\nurl: `a;b`\nempty =\n\n[other]\nx_unencrypted = clear\n; last\n";

fn sealed() -> Scene {
    let scene = Scene::new().identity("alice").file("app.ini", TEXT);
    scene.run(["encrypt", "app.ini", "-r", ALICE]).ok().changed(["app.enc.ini"]);
    scene
}

#[test]
fn an_ini_file_comes_back_byte_for_byte() {
    let scene = sealed();
    let text = scene.text("app.enc.ini");
    for secret in ["80", "s3cret", "a;b", "why", "note", "head", "last\n"] {
        assert!(!text.contains(&format!("= {secret}")) && !text.contains(&format!("; {secret}")), "{secret}");
    }
    assert!(text.contains("x_unencrypted = clear") && text.contains("\nempty =\n"));
    scene.run(["decrypt", "app.enc.ini"]).ok().stdout(TEXT).untouched();
}

#[test]
fn values_are_read_by_section_and_key() {
    let scene = sealed();
    scene.run(["get", "app.enc.ini", "db.password"]).ok().stdout("s3cret \n");
    scene.run(["get", "app.enc.ini", "DEFAULT.port"]).ok().stdout("80\n");
    scene
        .run(["get", "app.enc.ini", "db", "--to", "dotenv"])
        .ok()
        .stdout("# why\n# note\npassword=s3cret \nurl=a;b\nempty=\n");
    scene.run(["get", "app.enc.ini", "db"]).fails(1).stdout("");
}

#[test]
fn one_value_changes_and_nothing_else() {
    let scene = sealed();
    scene.run(["set", "app.enc.ini", "db.url", "new#value"]).ok().changed(["app.enc.ini"]);
    scene.run(["set", "app.enc.ini", "db.added", "1"]).ok();
    scene.run(["set", "app.enc.ini", "third.key", "v"]).ok();
    scene.run(["unset", "app.enc.ini", "DEFAULT.port"]).ok();
    let expected = TEXT
        .replace("`a;b`", "`new#value`")
        .replace("empty =\n", "empty =\nadded =1\n")
        .replace("port = 80\n", "")
        .replace("; last\n", "; last\n\n[third]\nkey = v\n");
    scene.run(["decrypt", "app.enc.ini"]).ok().stdout(&expected);
    scene.run(["set", "app.enc.ini", "db.list", "--value-json", "[1]"]).fails(1).untouched();
    scene.run(["set", "app.enc.ini", "db.none", "--value-json", "null"]).fails(1).untouched();
    scene.run(["set", "app.enc.ini", "[\"db\"][\"-\"]", "x"]).fails(1).untouched();
    scene.run(["set", "app.enc.ini", "db.number", "--value-json", "1.50"]).ok();
    scene.run(["get", "app.enc.ini", "db.number"]).ok().stdout("1.5\n");
}

#[test]
fn a_new_file_starts_empty() {
    let scene = Scene::new().identity("alice");
    scene.run(["set", "-r", ALICE, "new.ini", "a.b", "c"]).ok().changed(["new.ini"]);
    scene.run(["decrypt", "new.ini"]).ok().stdout("[a]\nb = c\n");
}

#[test]
fn a_stale_plaintext_deletes_nothing() {
    let scene = sealed();
    scene.run(["set", "app.enc.ini", "db.added", "theirs"]).ok();
    scene.swap("app.ini", "s3cret ", "ours");
    scene.run(["encrypt", "app.ini"]).ok().changed(["app.enc.ini"]);
    scene.run(["get", "app.enc.ini", "db.added"]).ok().stdout("theirs\n");
    scene.run(["get", "app.enc.ini", "db.password"]).ok().stdout("ours\n");
}

#[test]
fn sections_are_no_variables_unless_flattened() {
    let scene = sealed();
    scene.run(["export", "-f", "app.enc.ini", "--format", "json"]).fails(1).stdout("");
    let flat =
        scene.run(["export", "-f", "app.enc.ini", "--format", "json", "--flatten", "--only", "DB_URL"]);
    assert_eq!(flat.ok().json()["DB_URL"], "a;b");
}

#[test]
fn what_was_moved_or_renamed_is_noticed() {
    for (old, new) in
        [("[db]", "[bd]"), ("password =", "passwort ="), ("\nempty =", "\nempty2 ="), ("= clear", "= other")]
    {
        let scene = sealed();
        scene.swap("app.enc.ini", old, new);
        scene.run(["decrypt", "app.enc.ini"]).fails(5).stdout("");
    }
}

#[test]
fn what_sops_would_lose_is_refused_by_name() {
    let table: &[(&[u8], &str)] = &[
        (b"a=1\na=canary\n", "line 2, `a`: the key stands twice in its map"),
        (b"[s]\n-=canary\n", "line 2, `-`: sops cannot keep this name in an INI file"),
        (b"canary\n", "line 1: the line has no `=`"),
        (
            b"a=\"x;canary\"\n",
            "line 1, `a`: sops takes a `#` or `;` for a comment even in quotes; put the value between backquotes",
        ),
        (
            b"a=C:\\canary\\\nb=1\n",
            "line 1, `a`: the line ends in a backslash, so sops joins the next one to it; put the value in double \
             quotes",
        ),
        (
            b"a=`x` canary\n",
            "line 1, `a`: something that is no comment follows the closing quote or bracket; sops would drop it",
        ),
        (
            b"[a] ; canary\n",
            "line 1: a comment stands behind the section's name, where sops could not read it; give it a line of its \
             own",
        ),
    ];
    for (text, problem) in table {
        let scene = Scene::new().file("a.ini", text);
        let said = format!("error: `a.ini`: {problem}\n");
        scene.run(["encrypt", "a.ini", "-r", ALICE]).fails(1).stdout("").stderr(&said).untouched();
    }
}
