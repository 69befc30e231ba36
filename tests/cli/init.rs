//! `lacre init`: a folder made ready, once.

use crate::support::{ALICE, BOB, Scene};

#[test]
fn a_repository_is_made_ready_and_twice_changes_nothing() {
    let scene = Scene::repository().identity("alice").variable("USER", "alice");
    scene.run(["init"]).ok().stdout("").changed([".gitignore", ".sops.yaml"]).stderr(
        "wrote `.sops.yaml`: new files are encrypted for you\n\
         warning: a rule has a single recipient: if its identity is lost, so are the secrets\n\
         added 10 lines to `.gitignore`\n\
         `lacre git install` makes git compare and merge encrypted files, and guards commits\n",
    );
    assert!(scene.text(".sops.yaml").contains(&format!("- &alice {ALICE}\n")));
    scene.run(["init"]).ok().stdout("").untouched().stderr(
        "`.sops.yaml` names you as a recipient\n\
         warning: a rule has a single recipient: if its identity is lost, so are the secrets\n\
         `lacre git install` makes git compare and merge encrypted files, and guards commits\n",
    );
    let scene = scene.file(".env", "A=1\n");
    scene.run(["encrypt", ".env"]).ok().stderr("encrypted 1 value into `.env.enc` for alice (…dwf65j)\n");
    scene.git(&["add", "."]);
    scene.run(["status"]).ok();
}

#[test]
fn who_has_no_identity_gets_one() {
    let scene = Scene::repository();
    let said = scene.run(["init"]).ok().changed([".gitignore", ".sops.yaml"]).stderr;
    assert!(said.starts_with("made an identity in `~/.config/sops/age/keys.txt`; back it up\n"), "{said}");
    scene.write(".env", "A=1\n");
    scene.run(["encrypt", ".env"]).ok();
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
}

#[test]
fn the_rules_of_others_stay_as_they_are() {
    let scene = Scene::repository().identity("bob");
    let scene = scene.file(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
    scene.run(["init"]).ok().stdout("lacre recipients add me=[bob]\n").changed([".gitignore"]);
}

#[test]
fn a_line_that_hides_a_twin_is_named() {
    let scene = Scene::repository().identity("alice").file(".gitignore", "*.yaml\n");
    let said = scene.run(["init"]).ok().stderr;
    assert!(
        said.contains(
            "warning: `.gitignore:1:*.yaml` still hides `secrets.enc.yaml`, which must be committed"
        ),
        "{said}"
    );
}

#[test]
fn who_has_a_second_recipient_is_not_warned() {
    let scene = Scene::repository().identity("bob");
    let scene = scene.file(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    scene.run(["init"]).ok().stdout("").stderr(
        "`.sops.yaml` names you as a recipient\nadded 10 lines to `.gitignore`\n\
             `lacre git install` makes git compare and merge encrypted files, and guards commits\n",
    );
    // Where git calls us already, nobody needs to be told.
    scene.git(&["config", "merge.lacre.driver", "lacre git merge"]);
    scene.run(["init"]).ok().stderr("`.sops.yaml` names you as a recipient\n");
}
