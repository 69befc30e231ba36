//! Eight people and a repository whose commits have their own times.

use std::fs;
use std::process::Command;

use age::secrecy::ExposeSecret;

use crate::support::Scene;

/// Somebody: a name, a recipient, an identity.
pub struct Somebody {
    pub name: String,
    pub recipient: String,
    pub identity: String,
}

pub struct Team {
    pub scene: Scene,
    pub people: Vec<Somebody>,
    pub commits: usize,
}

impl Team {
    /// `count` people; whoever runs the commands has the identities of all of them.
    pub fn new(count: usize) -> Self {
        let somebody = |number: usize| {
            let identity = age::x25519::Identity::generate();
            Somebody {
                name: format!("p{number}"),
                recipient: identity.to_public().to_string(),
                identity: identity.to_string().expose_secret().to_owned(),
            }
        };
        let team = Self {
            scene: Scene::repository().draws(),
            people: (0..count).map(somebody).collect(),
            commits: 0,
        };
        team.holds(&(0..count).collect::<Vec<_>>());
        team
    }

    /// From now on, commands are run with the identities of these.
    pub fn holds(&self, who: &[usize]) {
        let place = self.scene.folder().parent().unwrap().join("home/.config/sops/age/keys.txt");
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let lines: Vec<_> = who.iter().map(|number| self.people[*number].identity.clone()).collect();
        fs::write(place, lines.join("\n")).unwrap();
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
        command.current_dir(self.scene.folder()).env("HOME", self.scene.folder().parent().unwrap());
        let time = format!("{} +0000", 1_767_225_600 + 3600 * self.commits);
        command.env("GIT_COMMITTER_DATE", &time).env("GIT_AUTHOR_DATE", &time);
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Commits all that changed, an hour after the last commit; its name.
    pub fn commit(&mut self, message: &str) -> String {
        self.commits += 1;
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }
}
