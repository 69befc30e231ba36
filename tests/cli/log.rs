//! `lacre log`: what each commit did to a file, told once, whatever git and other tools made of it on the way.

use std::process::Command;

use crate::support::{ALICE, BOB, Scene, program};

/// A repository with one encrypted file, and Alice in it. Nothing is committed yet.
fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(
        ".sops.yaml",
        format!("creation_rules:\n  - key_groups:\n      - age:\n          - {ALICE} # alice\n"),
    );
    scene.write(".env", "A=1\nB=2\nC=3\n");
    lacre(&scene, &["encrypt", ".env"]);
    std::fs::remove_file(scene.path(".env")).unwrap();
    scene
}

/// By the real program: a scene draws the same randomness in every run.
#[track_caller]
pub fn lacre(scene: &Scene, arguments: &[&str]) {
    let output = program(scene).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Commits everything that stands there, in 2026, as Ann, in the repository in `folder`.
#[track_caller]
pub fn commit_in(scene: &Scene, folder: &str, subject: &str) {
    for arguments in [&["add", "--all"][..], &["commit", "--quiet", "--allow-empty", "-m", subject]] {
        git_in(scene, folder, arguments);
    }
}

#[track_caller]
pub fn git_in(scene: &Scene, folder: &str, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]).args(arguments);
    command.current_dir(scene.path(folder)).env("HOME", scene.folder().join("../home"));
    command.env("GIT_AUTHOR_DATE", "1767323045 +0000").env("GIT_COMMITTER_DATE", "1767323105 +0000");
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

#[track_caller]
pub fn commit(scene: &Scene, subject: &str) {
    commit_in(scene, "", subject);
}

/// `printed` with the subject of each commit in place of its name.
fn named(scene: &Scene, printed: &str) -> String {
    let mut command = Command::new("git");
    let output =
        command.args(["log", "--all", "--format=%H %s"]).current_dir(scene.folder()).output().unwrap();
    let mut text = scene.plain_words(printed);
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let (id, subject) = line.split_once(' ').unwrap();
        text = text.replace(&id[..8], &format!("[{subject}]"));
    }
    text
}

/// What the log prints, and says beside.
#[track_caller]
fn log(scene: &Scene, arguments: &[&str]) -> (String, String) {
    let words = [&["log"], arguments].concat();
    let outcome = scene.run_in("", &words).ok().untouched();
    (named(scene, &outcome.printed()), named(scene, &outcome.stderr))
}

/// The subjects of the commits that the log tells, newest first, with what it says of values.
#[track_caller]
fn told(scene: &Scene, folder: &str, arguments: &[&str]) -> Vec<String> {
    let words = [&["log", "--json"], arguments].concat();
    let rows = scene.run_in(folder, &words).ok().json();
    let word = |row: &serde_json::Value| {
        let subject = row["subject"].as_str().unwrap_or("-").to_owned();
        let values = row["values"].as_array().unwrap().iter();
        let values = values.map(|value| {
            format!(" {} {}", value["path"].as_str().unwrap(), value["change"].as_str().unwrap())
        });
        subject + ":" + &values.collect::<Vec<_>>().join(",")
    };
    rows.as_array().unwrap().iter().map(word).collect()
}

#[test]
fn each_commit_is_told_with_what_changed_and_who_could_read_it() {
    let scene = scene();
    commit(&scene, "Begin");
    lacre(&scene, &["set", ".env.enc", "A", "new"]);
    commit(&scene, "Change");
    lacre(&scene, &["rekey", ".env.enc"]);
    commit(&scene, "Rekey");
    lacre(&scene, &["recipients", "add", &format!("bob={BOB}"), "--yes"]);
    commit(&scene, "Add");
    scene.git(&["mv", ".env.enc", ".env.prod.enc"]);
    lacre(&scene, &["unset", ".env.prod.enc", "B"]);
    commit(&scene, "Rename");
    scene.write("other", "nothing of interest");
    commit(&scene, "Elsewhere");
    lacre(&scene, &["recipients", "remove", "bob", "--yes"]);
    commit(&scene, "Remove");
    lacre(&scene, &["set", ".env.prod.enc", "C", "4"]);
    let (printed, said) = log(&scene, &[".env.prod.enc"]);
    let head =
        |subject: &str| format!("[{subject}]  2026-01-02 03:05 UTC  Ann <ann@example.org>\n  {subject}\n");
    let expected = [
        "not committed yet\n  changed: C\n  recipients: alice (…wf65j)\n".to_owned(),
        head("Remove") + "  left: bob (…wqcs7khp)\n  rekeyed: it has a new data key\n  recipients: alice\n",
        head("Rename") + "  renamed: `.env.enc` to `.env.prod.enc`\n  removed: B\n  recipients: alice, bob\n",
        head("Add") + "  joined: bob\n  recipients: alice, bob\n",
        head("Rekey") + "  rekeyed: it has a new data key\n  recipients: alice\n",
        head("Change") + "  changed: A\n  recipients: alice\n",
        head("Begin") + "  created: `.env.enc`\n  added: A, B, C\n  recipients: alice\n",
    ];
    let (alice, bob) =
        (format!("alice (…{})", &ALICE[ALICE.len() - 6..]), format!("bob (…{})", &BOB[BOB.len() - 6..]));
    let expected = expected.join("\n").replace("alice (…wf65j)", "alice").replace("bob (…wqcs7khp)", "bob");
    let expected = expected.replace(": alice", &format!(": {alice}")).replace(", bob", &format!(", {bob}"));
    // Bob has no name in the rules any more, but had one.
    let expected = expected.replace(": bob", &format!(": {bob}"));
    assert_eq!((printed, said), (expected, String::new()));
}

#[test]
fn a_value_is_told_where_it_changed_and_not_where_it_was_encrypted_anew() {
    let scene = scene();
    commit(&scene, "Begin");
    lacre(&scene, &["set", ".env.enc", "A", "new"]);
    commit(&scene, "Change");
    lacre(&scene, &["rekey", ".env.enc"]);
    commit(&scene, "Rekey");
    lacre(&scene, &["unset", ".env.enc", "A"]);
    commit(&scene, "Remove");
    lacre(&scene, &["set", ".env.enc", "A", "back"]);
    lacre(&scene, &["set", ".env.enc", "B", "other"]);
    commit(&scene, "Again");
    let file = ".env.enc";
    assert_eq!(
        told(&scene, "", &[file, "A"]),
        ["Again: A added", "Remove: A removed", "Change: A changed", "Begin: A added"]
    );
    assert_eq!(told(&scene, "", &[file, "B"]), ["Again: B changed", "Begin: B added"]);
    assert_eq!(told(&scene, "", &["-n", "1", file, "B"]), ["Again: B changed"]);
    let unopened =
        ["Again: A added", "Remove: A removed", "Rekey: A unknown", "Change: A unknown", "Begin: A added"];
    assert_eq!(told(&scene, "", &["--no-open", file, "A"]), unopened);
    let scene = scene.nobody();
    assert_eq!(told(&scene, "", &[file, "A"]), unopened);
    let (_, said) = log(&scene, &[file, "A"]);
    let reason = "5 versions do not open here: you have no identity; only ciphertexts were compared there";
    assert_eq!(said, format!("note: {reason}\n"));
    scene.run(["log", file, "NONE"]).fails(1).stdout("").untouched();
}

#[test]
fn a_merge_is_told_only_for_what_none_of_its_parents_held() {
    let scene = scene();
    commit(&scene, "Begin");
    scene.git(&["checkout", "--quiet", "-b", "side"]);
    lacre(&scene, &["set", ".env.enc", "B", "side"]);
    commit(&scene, "Side");
    scene.git(&["checkout", "--quiet", "main"]);
    lacre(&scene, &["set", ".env.enc", "A", "main"]);
    commit(&scene, "Main");
    scene.git(&["merge", "--quiet", "--no-commit", "--strategy=ours", "side"]);
    lacre(&scene, &["set", ".env.enc", "B", "side"]);
    commit(&scene, "Merge");
    let mut expected = vec![
        "Main: A changed".to_owned(),
        "Side: B changed".into(),
        "Begin: A added, B added, C added".into(),
    ];
    let mut found = told(&scene, "", &[".env.enc"]);
    found[..2].sort();
    assert_eq!(found, expected);
    // One that also changes something by itself.
    scene.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    scene.git(&["merge", "--quiet", "--no-commit", "--strategy=ours", "side"]);
    lacre(&scene, &["set", ".env.enc", "B", "side"]);
    lacre(&scene, &["set", ".env.enc", "C", "evil"]);
    commit(&scene, "Evil");
    expected.insert(0, "Evil: C changed".into());
    let mut found = told(&scene, "", &[".env.enc"]);
    found[1..3].sort();
    assert_eq!(found, expected);
}

#[test]
fn clones_with_less_say_what_they_could_not_see() {
    let scene = scene();
    for value in ["one", "two", "three", "four"] {
        lacre(&scene, &["set", ".env.enc", "A", value]);
        commit(&scene, value);
    }
    let url = format!("file://{}", scene.folder().display());
    scene.git(&["config", "uploadpack.allowFilter", "true"]);
    scene.git(&["clone", "--quiet", "--depth=2", &url, "shallow"]);
    assert_eq!(told(&scene, "shallow", &[".env.enc"]), ["four: A changed", "three:"]);
    assert_eq!(told(&scene, "shallow", &[".env.enc", "A"]), ["four: A changed", "three:"]);
    let outcome = scene.run_in("shallow", &["log", ".env.enc"]).ok().stderr(
        "warning: this clone is shallow, so what older commits changed is not told; `git fetch --unshallow` brings older commits\n",
    );
    assert!(outcome.printed().contains("  what is new is not known: the commits before are not here\n"));
    scene.git(&["clone", "--quiet", "--filter=blob:none", &url, "partial"]);
    assert_eq!(told(&scene, "partial", &[".env.enc"]), ["four:", "three:", "two:", "one:"]);
    scene.run_in("partial", &["log", ".env.enc"]).ok().stderr(
        "note: some versions were left out by a partial clone; `git fetch --refetch --no-filter` brings them\n",
    );
}

#[test]
fn what_was_tampered_with_is_told_and_does_not_stop_the_rest() {
    let scene = scene();
    commit(&scene, "Begin");
    let text = scene.text(".env.enc");
    scene.write(".env.enc", text.replace("\nB=", "\nX="));
    commit(&scene, "Tamper");
    scene.write(".env.enc", &text);
    commit(&scene, "Mend");
    scene.write(".env.enc", "A=clear\n");
    commit(&scene, "Clear");
    std::fs::remove_file(scene.path(".env.enc")).unwrap();
    let rows = scene.run(["log", "--json", ".env.enc"]).ok().json();
    let facts = rows.as_array().unwrap().iter().map(|row| {
        let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        [word("subject"), word("fate"), word("version")].join(" ")
    });
    let expected = [
        "- deleted none",
        "Clear replaced other",
        "Mend kept open",
        "Tamper kept tampered",
        "Begin created open",
    ];
    assert_eq!(facts.collect::<Vec<_>>(), expected);
    let (printed, _) = log(&scene, &[".env.enc"]);
    assert!(printed.contains("  tampered with: `X` does not decrypt"), "{printed}");
    assert!(!printed.contains("clear\n"));
}

#[test]
fn a_rebase_names_both_people_and_keeps_the_story() {
    let scene = scene();
    commit(&scene, "Begin");
    scene.git(&["checkout", "--quiet", "-b", "side"]);
    lacre(&scene, &["set", ".env.enc", "B", "side"]);
    commit(&scene, "Side");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write("other", "");
    commit(&scene, "Main");
    scene.git(&["rebase", "--quiet", "main", "side"]);
    assert_eq!(told(&scene, "", &[".env.enc"]), ["Side: B changed", "Begin: A added, B added, C added"]);
    let (printed, _) = log(&scene, &[".env.enc", "B"]);
    assert!(printed.contains("UTC  Ann <ann@example.org>, committed by a <a@example.org>\n"), "{printed}");
}

#[test]
fn only_a_file_that_shares_a_ciphertext_is_followed() {
    let scene = scene();
    scene.write("other.env", "A=1\nB=2\nC=3\n");
    lacre(&scene, &["encrypt", "other.env", "-o", "other.env.enc"]);
    std::fs::remove_file(scene.path("other.env")).unwrap();
    commit(&scene, "Begin");
    // Alike as they may look, they have nothing in common.
    std::fs::remove_file(scene.path("other.env.enc")).unwrap();
    lacre(&scene, &["rekey", ".env.enc"]);
    scene.git(&["mv", ".env.enc", "new.env.enc"]);
    commit(&scene, "Move");
    assert_eq!(told(&scene, "", &["new.env.enc"]), ["Move: A added, B added, C added"]);
    // Moved before it is committed, and back to a name of before.
    scene.git(&["mv", "new.env.enc", ".env.enc"]);
    let [all, none] = ["A added, B added, C added", "A removed, B removed, C removed"];
    let expected = ["-:".into(), format!("Move: {none}"), format!("Move: {all}"), format!("Begin: {all}")];
    assert_eq!(told(&scene, "", &[".env.enc"]), expected);
}

#[test]
fn a_name_given_on_one_branch_is_followed_into_the_other() {
    let scene = scene();
    commit(&scene, "Begin");
    scene.git(&["checkout", "--quiet", "-b", "side"]);
    lacre(&scene, &["set", ".env.enc", "B", "side"]);
    commit(&scene, "Side");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.git(&["mv", ".env.enc", "new.env.enc"]);
    commit(&scene, "Rename");
    git_in(&scene, "", &["merge", "--quiet", "--no-edit", "side"]);
    let mut found = told(&scene, "", &["new.env.enc"]);
    found[..2].sort();
    assert_eq!(found, ["Rename:", "Side: B changed", "Begin: A added, B added, C added"]);
    // From a folder below, in another work tree, the same.
    git_in(&scene, "", &["worktree", "add", "--quiet", "--detach", "linked"]);
    std::fs::create_dir(scene.path("linked/below")).unwrap();
    let found = told(&scene, "linked/below", &["../new.env.enc", "B"]);
    assert_eq!(found, ["Side: B changed", "Begin: B added"]);
}

#[test]
fn no_value_is_ever_told() {
    let scene = Scene::repository().identity("alice");
    let canary = "cAnArY-77aa";
    for (name, text) in [
        ("a.yaml", format!("a: {canary}\nb_unencrypted: {canary}\n# {canary}\n")),
        (".env", format!("A={canary}\n")),
    ] {
        scene.write(name, text);
        lacre(&scene, &["encrypt", name, "-r", ALICE]);
        std::fs::remove_file(scene.path(name)).unwrap();
        commit(&scene, name);
    }
    lacre(&scene, &["set", ".env.enc", "A", &format!("{canary}2")]);
    scene.write("a.enc.yaml", scene.text("a.enc.yaml").replace("b_", "c_"));
    for more in [&[".env.enc"][..], &["a.enc.yaml"], &["--json", "a.enc.yaml"], &["--no-open", "a.enc.yaml"]]
    {
        let outcome = scene.run_in("", &[&["log"], more].concat()).ok();
        assert!(!(outcome.printed() + &outcome.stderr).contains("cAnArY"), "{more:?}");
        assert!(outcome.printed().contains("not committed yet") || more.contains(&"--json"));
    }
}

#[test]
fn names_and_subjects_do_not_steer_the_terminal() {
    let scene = scene();
    let name = "-n\nx\u{1b}[31m.env.enc";
    std::fs::rename(scene.path(".env.enc"), scene.path(name)).unwrap();
    commit(&scene, "::error::\u{1b}]0;title\u{7}");
    let outcome = scene.run(["log", "--", name]).ok();
    assert!(!outcome.printed().contains('\u{1b}') && !outcome.printed().contains('\u{7}'));
    assert!(outcome.printed().lines().all(|line| !line.trim_start().starts_with("::")));
    let outcome = scene.run(["log", "--json", "--", name]).ok();
    assert!(!outcome.printed().contains('\u{1b}'));
    assert_eq!(outcome.json()[0]["file"], name);
}

#[test]
fn without_a_history_the_reason_is_told() {
    let scene = scene();
    assert_eq!(told(&scene, "", &[".env.enc"]), ["-: A added, B added, C added"]);
    scene.run(["log", "none.enc"]).fails(1).stderr(
        "error: no commit that is here has a file `none.enc`\n\
         hint: `lacre status` lists the encrypted files; a file that is gone has the name that it had\n",
    );
    let outside = Scene::new().file("a.enc", "");
    outside
        .run(["log", "a.enc"])
        .fails(2)
        .stderr("error: `a.enc` is in no git repository, or git is not there\nhint: `git init` makes one; `git clone` copies one\n");
}

#[test]
fn a_file_in_conflict_is_told_of_without_the_conflict() {
    let scene = scene();
    scene.git(&["add", "-A"]);
    scene.git(&["commit", "-qm", "one"]);
    let before = scene.run(["log", ".env.enc"]).ok().printed();
    let text = scene.text(".env.enc");
    scene.write(".env.enc", format!("<<<<<<< HEAD\n{text}=======\n>>>>>>> theirs\n"));
    let now = scene
        .run(["log", ".env.enc"])
        .ok()
        .stderr("note: `.env.enc` is in conflict now, so what is not committed yet is not told\n");
    assert_eq!(now.printed(), before);
}
