//! What eight people do to a repository, drawn at random, a commit each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::model::{File, Stood, Tree};
use crate::team::Team;

pub const PEOPLE: usize = 8;

/// Some are long and odd enough to be told apart anywhere; the others stand everywhere.
pub const TELLING: [&str; 6] =
    ["q7Zr-91xKp-a", "Lm22-vvT0-8s", "hunter-H8-xyz", "0a1b2c3d4e5f", "tok_9f8e7d6c", "Zebra!Quartz7"];
const COMMON: [&str; 3] = ["true", "5432", "debug"];
const NAMES: [&str; 5] = ["DB_PASS", "API_KEY", "PORT", "DEBUG", "TOKEN"];

pub struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % end
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

pub struct Story {
    pub team: Team,
    random: Random,
    pub branches: BTreeMap<String, Tree>,
    pub branch: String,
    pub stood: Vec<Stood>,
    next_id: usize,
    next_file: usize,
}

impl Story {
    pub fn new(seed: u64) -> Self {
        let mut story = Self {
            team: Team::new(PEOPLE),
            random: Random(seed),
            branches: BTreeMap::from([("main".to_owned(), Tree::new())]),
            branch: "main".to_owned(),
            stood: Vec::new(),
            next_id: 0,
            next_file: 0,
        };
        story.make("one.enc.env", false);
        story.commit("one");
        story.make("two.enc.yaml", false);
        story.commit("two");
        story.make("deep/three.enc.json", false);
        story.make("four.enc.yaml", true);
        story.commit("more");
        story
    }

    fn tree(&mut self) -> &mut Tree {
        self.branches.get_mut(&self.branch).unwrap()
    }

    fn id(&mut self) -> usize {
        self.next_id += 1;
        self.next_id
    }

    fn value(&mut self) -> String {
        if self.random.below(3) == 0 {
            (*self.random.of(&COMMON)).to_owned()
        } else {
            (*self.random.of(&TELLING)).to_owned()
        }
    }

    fn people(&mut self) -> BTreeSet<usize> {
        let count = 1 + self.random.below(4);
        (0..count).map(|_| self.random.below(PEOPLE)).collect()
    }

    /// A new encrypted file.
    fn make(&mut self, path: &str, grouped: bool) {
        let groups = if grouped {
            let groups: [&[usize]; 3] = [&[0, 1], &[2, 3, 4], &[5, 6, 7]];
            groups.iter().map(|group| group.iter().copied().collect()).collect()
        } else {
            vec![self.people()]
        };
        let mut values = BTreeMap::new();
        for _ in 0..3 {
            let name = (*self.random.of(&NAMES)).to_owned();
            values.insert(name, self.value());
        }
        let line = |(name, value): (&String, &String)| match path.rsplit('.').next().unwrap() {
            "env" => format!("{name}={value}"),
            "yaml" => format!("{name}: '{value}'"),
            "json" => format!("  \"{name}\": \"{value}\""),
            other => panic!("{other}"),
        };
        let lines: Vec<_> = values.iter().map(line).collect();
        let text = match path.rsplit('.').next().unwrap() {
            "json" => format!("{{\n{}\n}}\n", lines.join(",\n")),
            _ => format!("{}\n", lines.join("\n")),
        };
        let id = self.id();
        self.tree().insert(path.to_owned(), File { id, groups, threshold: 2, values });
        self.write_rules();
        self.team.scene.write(path, text);
        self.run(&["encrypt", "-q", "-i", path]);
    }

    fn run(&self, arguments: &[&str]) {
        self.team.scene.run_in("", arguments).ok();
    }

    /// Rules that say who shall be able to open what, with everybody's name.
    fn write_rules(&self) {
        let mut text = "creation_rules:\n".to_owned();
        let list = |group: &BTreeSet<usize>, indent: &str| -> String {
            let line = |who: &usize| {
                format!("{indent}- {} # {}\n", self.team.people[*who].recipient, self.team.people[*who].name)
            };
            group.iter().map(line).collect()
        };
        for (path, file) in &self.branches[&self.branch] {
            writeln!(text, "  - path_regex: ^{}$", path.replace('.', "\\.")).unwrap();
            if let [group] = file.groups.as_slice() {
                write!(text, "    age:\n{}", list(group, "      ")).unwrap();
                continue;
            }
            writeln!(text, "    shamir_threshold: {}\n    key_groups:", file.threshold).unwrap();
            for group in &file.groups {
                write!(text, "      - age:\n{}", list(group, "          ")).unwrap();
            }
        }
        self.team.scene.write(".sops.yaml", text);
    }

    /// Commits, and remembers what stands where since.
    fn commit(&mut self, message: &str) {
        let commit = self.team.commit(message);
        let time = self.team.commits;
        for (path, file) in &self.branches[&self.branch] {
            let known = self
                .stood
                .iter()
                .any(|stood| stood.path == *path && stood.file.id == file.id && stood.commit.is_some());
            // What stood there before, on whatever branch, was not made by this commit.
            if !known {
                let commit = Some((time, commit.clone()));
                self.stood.push(Stood { path: path.clone(), file: file.clone(), commit });
            }
        }
    }

    fn some_file(&mut self) -> String {
        let paths: Vec<String> = self.branches[&self.branch].keys().cloned().collect();
        self.random.of(&paths).clone()
    }

    fn set(&mut self) {
        let path = self.some_file();
        let name = (*self.random.of(&NAMES)).to_owned();
        let old = self.branches[&self.branch][&path].values.get(&name).cloned();
        let mut value = self.value();
        while Some(&value) == old.as_ref() {
            value = self.value();
        }
        self.run(&["set", "-q", &path, &name, &value]);
        let id = self.id();
        let file = self.tree().get_mut(&path).unwrap();
        file.id = id;
        file.values.insert(name, value);
        self.commit("set");
    }

    fn unset(&mut self) {
        let path = self.some_file();
        let values = &self.branches[&self.branch][&path].values;
        if values.len() < 2 {
            return self.set();
        }
        let names: Vec<String> = values.keys().cloned().collect();
        let name = self.random.of(&names).clone();
        self.run(&["unset", "-q", &path, &name]);
        let id = self.id();
        let file = self.tree().get_mut(&path).unwrap();
        file.id = id;
        file.values.remove(&name);
        self.commit("unset");
    }

    /// Somebody joins or leaves, with a new data key or without.
    fn members(&mut self) {
        let path = self.some_file();
        let who = self.random.below(PEOPLE);
        let which = self.random.below(3);
        let id = self.id();
        let file = self.tree().get_mut(&path).unwrap();
        let which = which % file.groups.len();
        if file.groups.iter().any(|group| group.contains(&who)) {
            if file.groups.iter().any(|group| group.contains(&who) && group.len() == 1) {
                return self.set();
            }
            for group in &mut file.groups {
                group.remove(&who);
            }
        } else {
            file.groups[which].insert(who);
        }
        file.id = id;
        self.write_rules();
        if self.random.below(2) == 0 {
            self.run(&["recipients", "sync", "-q", "--yes", &path]);
        } else {
            self.run(&["recipients", "sync", "-q", "--yes", "--rekey", &path]);
        }
        self.commit("members");
    }

    fn rekey(&mut self) {
        let path = self.some_file();
        self.run(&["rekey", "-q", &path]);
        let id = self.id();
        self.tree().get_mut(&path).unwrap().id = id;
        self.commit("rekey");
    }

    /// A file gets another name, or a copy.
    fn rename(&mut self) {
        let path = self.some_file();
        self.next_file += 1;
        let end = path.rsplit('.').next().unwrap();
        let name = path.rsplit('/').next().unwrap();
        let new = match self.random.below(3) {
            // The same name in another folder.
            0 => format!("f{}/{name}", self.next_file),
            _ => format!("n{}.enc.{end}", self.next_file),
        };
        let bytes = self.team.scene.bytes(&path);
        self.team.scene.write(&new, bytes);
        let few = self.branches[&self.branch].len() < 6;
        let file = self.branches[&self.branch][&path].clone();
        self.tree().insert(new, file);
        if !few || self.random.below(2) == 0 {
            self.tree().remove(&path);
            std::fs::remove_file(self.team.scene.path(&path)).unwrap();
        }
        self.write_rules();
        self.commit("rename");
    }

    fn remove(&mut self) {
        let path = self.some_file();
        if self.branches[&self.branch].len() < 4 {
            return self.set();
        }
        self.tree().remove(&path);
        std::fs::remove_file(self.team.scene.path(&path)).unwrap();
        self.write_rules();
        self.commit("remove");
    }

    fn new_file(&mut self) {
        self.next_file += 1;
        let end = *self.random.of(&["env", "yaml", "json"]);
        let grouped = self.random.below(5) == 0;
        self.make(&format!("m{}.enc.{end}", self.next_file), grouped);
        self.commit("new");
    }

    fn switch(&mut self) {
        let branches: Vec<String> = self.branches.keys().cloned().collect();
        if branches.len() < 4 && self.random.below(2) == 0 {
            let name = format!("b{}", branches.len());
            self.team.git(&["checkout", "--quiet", "-b", &name]);
            let tree = self.branches[&self.branch].clone();
            self.branches.insert(name.clone(), tree);
            self.branch = name;
        } else {
            let name = self.random.of(&branches).clone();
            self.team.git(&["checkout", "--quiet", &name]);
            self.branch = name;
        }
        self.set();
    }

    /// Some files as they stand on another branch, the others as they are.
    fn merge(&mut self) {
        // What is merged already would be no merge, but a commit of its own.
        let merged = self.team.git(&["branch", "--merged", "HEAD", "--format=%(refname:short)"]);
        let is_new = |name: &&String| !merged.lines().any(|line| line == **name);
        let others: Vec<String> = self.branches.keys().filter(is_new).cloned().collect();
        if others.is_empty() {
            return self.switch();
        }
        let other = self.random.of(&others).clone();
        self.team.git(&["merge", "--quiet", "--no-ff", "--no-commit", "-s", "ours", &other]);
        let theirs: Vec<(String, File)> =
            self.branches[&other].iter().map(|(path, file)| (path.clone(), file.clone())).collect();
        for (path, file) in theirs {
            if self.random.below(2) == 0 {
                self.team.git(&["checkout", "--quiet", &other, "--", &path]);
                self.tree().insert(path, file);
            }
        }
        self.write_rules();
        self.commit("merge");
    }

    pub fn step(&mut self) {
        match self.random.below(20) {
            0..=6 => self.set(),
            7 => self.unset(),
            8..=12 => self.members(),
            13 => self.rekey(),
            14 | 15 => self.rename(),
            16 => self.remove(),
            17 => self.new_file(),
            18 => self.switch(),
            _ => self.merge(),
        }
    }
}
