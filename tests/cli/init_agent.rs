//! `lacre init --agent`: a second identity, with which the files of development open and those of production do not.

use std::process::Command;

use crate::support::{ALICE, BOB, Scene, program};

/// A repository that was made ready for an agent, with a file of each kind.
fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").variable("USER", "alice");
    scene.run(["init"]).ok();
    scene.run(["init", "--agent"]).ok();
    for name in [".env", ".env.dev", ".env.prod", "prod/.env", "other.json"] {
        scene.write(name, if name.ends_with("json") { "{\"A\": 1}" } else { "A=1\n" });
        scene.run(["encrypt", name]).ok();
    }
    scene
}

/// The same, as somebody who has the agent's identity and no other.
fn as_agent(scene: Scene) -> Scene {
    let key = scene.folder().parent().unwrap().join("home/.config/lacre/agent.txt");
    let text = std::fs::read_to_string(key).unwrap();
    scene.nobody().variable("SOPS_AGE_KEY", text.lines().last().unwrap())
}

const CLOSED: [&str; 3] = [".env.prod.enc", "prod/.env.enc", "other.enc.json"];
const OPEN: [&str; 2] = [".env.enc", ".env.dev.enc"];

#[test]
fn with_the_agents_identity_development_opens_and_production_does_not() {
    let scene = as_agent(scene());
    for file in OPEN {
        scene.run(["get", file, "A"]).ok().stdout("1\n");
    }
    for file in CLOSED {
        scene.run(["get", file, "A"]).fails(4).stdout("");
    }
    // A new file of production does not open either, though the agent may write one.
    scene.write(".env.staging", "A=1\n");
    scene.run(["encrypt", ".env.staging"]).ok();
    scene.run(["get", ".env.staging.enc", "A"]).fails(4);
}

#[test]
fn neither_does_it_in_the_real_sops() {
    let Some(sops) = std::env::var_os("SOPS_BINARY") else {
        assert!(std::env::var_os("LACRE_REQUIRE_SOPS").is_none(), "SOPS_BINARY names no sops");
        return;
    };
    let scene = as_agent(scene());
    let opens = |file: &str| {
        let mut command = Command::new(&sops);
        // As a person would start it, with nothing of ours but where the identity is.
        for (name, value) in program(&scene).get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let kind = if file.ends_with("json") { "json" } else { "dotenv" };
        command.current_dir(scene.folder()).args([
            "decrypt",
            "--input-type",
            kind,
            "--output-type",
            kind,
            file,
        ]);
        command.output().unwrap().status.success()
    };
    assert_eq!(OPEN.map(opens), [true; 2]);
    assert_eq!(CLOSED.map(opens), [false; 3]);
}

#[test]
fn files_that_are_there_are_handed_to_it_and_twice_changes_nothing() {
    let scene = Scene::repository().identity("alice").variable("USER", "alice");
    scene.run(["init"]).ok();
    for name in [".env", ".env.prod", "sub/.env"] {
        scene.write(name, "A=1\n");
        scene.run(["encrypt", name]).ok();
    }
    scene.git(&["add", ".env.prod.enc", "sub/.env.enc"]);
    let said = scene.run(["init", "--agent"]).ok().stdout("");
    let said = said.changed([".env.enc", ".sops.yaml", "sub/.env.enc"]).stderr;
    for line in [
        "made an identity for agents in `~/.config/lacre/agent.txt`\n",
        "changed 2 files\n",
        "  SOPS_AGE_KEY_FILE=~/.config/lacre/agent.txt LACRE_NO_PLAINTEXT=1 AGENT\n",
    ] {
        assert!(said.contains(line), "{said}");
    }
    scene.run(["init", "--agent"]).ok().stdout("").untouched();
    let scene = as_agent(scene);
    scene.run(["get", "sub/.env.enc", "A"]).ok();
    scene.run(["get", ".env.prod.enc", "A"]).fails(4);
}

#[cfg(unix)]
#[test]
fn its_identity_is_for_the_user_alone_and_not_where_identities_are_looked_for() {
    use std::os::unix::fs::PermissionsExt;

    let scene = scene();
    let home = scene.folder().parent().unwrap().join("home/.config");
    let mode = std::fs::metadata(home.join("lacre/agent.txt")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::remove_dir_all(home.join("sops")).unwrap();
    scene.run(["get", ".env.enc", "A"]).fails(4);
}

#[test]
fn a_rule_for_development_takes_it_with_comments_and_all() {
    let rules = format!(
        "creation_rules:\n  # ours\n  - path_regex: ^\\.env(\\.dev)?\\.enc$ # dev\n    age:\n      - {ALICE} # alice\n  - age: {ALICE},{BOB}\n"
    );
    let scene = Scene::repository().identity("alice").file(".sops.yaml", &rules);
    scene.run(["init", "--agent"]).ok();
    let now = scene.text(".sops.yaml");
    let line = now.lines().find(|line| line.ends_with(" # agent")).unwrap_or_else(|| panic!("{now}"));
    assert_eq!(now.replace(&format!("{line}\n"), ""), rules);
}

#[test]
fn rules_that_mix_production_in_are_refused_with_what_to_write() {
    let rules = format!("creation_rules:\n  - age: {ALICE}\n");
    let scene = Scene::repository().identity("alice").file(".sops.yaml", &rules);
    let said = scene.run(["init", "--agent"]).fails(1).stderr;
    assert!(
        said.starts_with(
            "`.sops.yaml` names you as a recipient\n\
             error: `.sops.yaml` has no creation rule for development alone: rule 1 is for `.env.live.enc` too\n  \
             creation_rules:\n    - path_regex: '"
        ),
        "{said}"
    );
    assert_eq!(scene.text(".sops.yaml"), rules);
    // What it says to write is what it takes.
    let shown: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  ")).collect();
    let new = format!("{}\n  - age: {ALICE}\n", shown.join("\n")).replace("age1…", ALICE);
    scene.write(".sops.yaml", new);
    scene.run(["init", "--agent"]).ok();
    assert!(scene.text(".sops.yaml").contains("agent"));
}

#[test]
fn a_tracked_file_of_production_that_follows_the_rule_is_named() {
    let rules = format!("creation_rules:\n  - path_regex: ^(\\.env|eu-staging/keys)\n    age: {ALICE}\n");
    let scene = Scene::repository().identity("alice").file(".sops.yaml", &rules);
    scene.write("eu-staging/keys.yaml", "a: 1\n");
    scene.git(&["add", "."]);
    let said = scene.run(["init", "--agent"]).fails(1).stderr;
    assert!(said.contains("rule 1 is for `eu-staging/keys.yaml` too"), "{said}");
}

#[test]
fn the_agent_of_a_colleague_keeps_its_name() {
    let rules = format!(
        "keys:\n  - &alice {ALICE}\n  - &agent {BOB}\ncreation_rules:\n  - path_regex: ^\\.env\\.enc$\n    age:\n      - *alice\n      - *agent\n"
    );
    let scene = Scene::repository().identity("alice").variable("USER", "alice").file(".sops.yaml", &rules);
    scene.run(["init", "--agent"]).ok();
    let now = scene.text(".sops.yaml");
    assert!(now.contains("&alice-agent age1") && now.contains("- *alice-agent\n"), "{now}");
    assert!(now.contains(&format!("&agent {BOB}")), "{now}");
}
