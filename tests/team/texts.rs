//! What a person does in an editor: values, comments, order, blank lines, new values in the middle. What it means for
//! the state is known beforehand, not read from the text.

use lacre::workspace::names::FileType;
use serde_json::Value as Json;

use super::chance::Chance;
use super::model::{Path, State};
use super::reader::{NOTE, notes};

/// A text under work, and what it says.
pub struct Desk<'c> {
    pub lines: Vec<String>,
    pub state: State,
    pub chance: &'c mut Chance,
    /// The last number given to a name, a value or a comment.
    pub number: &'c mut u32,
}

impl Desk<'_> {
    /// A few changes.
    pub fn work(&mut self) {
        for _ in 0..=self.chance.below(3) {
            match self.chance.below(8) {
                0..=2 => self.change_value(),
                3 => self.add_note(),
                4 => self.remove_note(),
                5 => self.add_value(),
                6 => self.swap(),
                _ => self.add_blank(),
            }
        }
    }

    pub fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }

    /// A value that nobody else has, and its spelling here.
    pub fn value(&mut self) -> (Json, String) {
        let number = self.next();
        let typed = matches!(self.state.kind, FileType::Json | FileType::Yaml);
        let value = match self.chance.below(6) {
            0 if typed => Json::from(number),
            1 => Json::from(format!("pä:ss=w0rd/{number}?")),
            // Two people may well choose the same.
            2 => Json::from(["red", "green", "blue"][self.chance.below(3)]),
            _ => Json::from(format!("value{number}")),
        };
        let text = match (&value, self.state.kind) {
            (Json::String(text), FileType::Dotenv | FileType::Ini | FileType::Yaml) => text.clone(),
            (value, _) => value.to_string(),
        };
        (value, text)
    }

    fn next(&mut self) -> u32 {
        *self.number += 1;
        *self.number
    }

    /// Lines that hold one value each, with its path.
    fn anchors(&self) -> Vec<(usize, Path)> {
        let mut found = Vec::new();
        for (path, value) in &self.state.leaves {
            let name = path.last().unwrap();
            let start = match self.state.kind {
                FileType::Binary => continue,
                FileType::Dotenv => format!("{name}="),
                FileType::Ini => format!("{name} = "),
                FileType::Json => format!("\"{name}\": "),
                FileType::Yaml => format!("{name}: "),
            };
            let is_one_line = !value.is_array() && value.as_str().is_none_or(|text| !text.contains('\n'));
            if is_one_line {
                let place = self.lines.iter().position(|line| line.trim_start().starts_with(&start));
                found.extend(place.map(|place| (place, path.clone())));
            }
        }
        found.sort();
        found
    }

    fn anchor(&mut self) -> Option<(usize, Path, String)> {
        let anchors = self.anchors();
        let (place, path) = self.chance.one(&anchors)?.clone();
        let indent: String =
            self.lines[place].chars().take_while(|letter| *letter == ' ' || *letter == '\t').collect();
        Some((place, path, indent))
    }

    fn line(&self, indent: &str, name: &str, value: &str) -> String {
        match self.state.kind {
            FileType::Binary => value.to_owned(),
            FileType::Dotenv => format!("{name}={value}"),
            FileType::Ini => format!("{name} = {value}"),
            FileType::Json => format!("{indent}\"{name}\": {value}"),
            FileType::Yaml => format!("{indent}{name}: {value}"),
        }
    }

    fn change_value(&mut self) {
        let Some((place, path, indent)) = self.anchor() else {
            return self.change_all();
        };
        let (value, text) = self.value();
        let mut line = self.line(&indent, path.last().unwrap(), &text);
        let old = &self.lines[place];
        if self.state.kind == FileType::Json && old.ends_with(',') {
            line.push(',');
        } else if let Some(at) = old.find(" # ").filter(|_| self.state.kind == FileType::Yaml) {
            line.push_str(&old[at..]);
        }
        self.lines[place] = line;
        self.state.leaves.insert(path, value);
    }

    /// A binary file is one value.
    fn change_all(&mut self) {
        if self.state.kind == FileType::Binary {
            let text = format!("bytes {}", self.next());
            self.state.leaves.insert(vec!["data".to_owned()], Json::from(format!("{text}\n")));
            self.lines = vec![text];
        }
    }

    fn add_value(&mut self) {
        let Some((place, mut path, indent)) = self.anchor() else { return };
        let name = format!("K{}", self.next());
        path.last_mut().unwrap().clone_from(&name);
        if self.state.kind == FileType::Yaml && self.chance.percent(20) {
            let number = self.next();
            let more =
                [format!("{indent}{name}: |"), format!("{indent}  line {number}"), format!("{indent}  more")];
            self.lines.splice(place..place, more);
            self.state.leaves.insert(path, Json::from(format!("line {number}\nmore\n")));
            return;
        }
        let (value, text) = self.value();
        let mut line = self.line(&indent, &name, &text);
        if self.state.kind == FileType::Json {
            line.push(',');
        }
        self.lines.insert(place, line);
        self.state.leaves.insert(path, value);
    }

    fn add_note(&mut self) {
        let sign = match self.state.kind {
            FileType::Binary | FileType::Json => return,
            FileType::Dotenv | FileType::Yaml => '#',
            FileType::Ini => ';',
        };
        let Some((place, _, indent)) = self.anchor() else { return };
        let number = self.next();
        self.state.notes.insert(number);
        if self.state.kind == FileType::Yaml && !self.lines[place].contains(" # ") && self.chance.percent(40)
        {
            self.lines[place].push_str(&format!(" # {NOTE}{number}"));
        } else {
            self.lines.insert(place, format!("{indent}{sign} {NOTE}{number}"));
        }
    }

    fn remove_note(&mut self) {
        let alone = |line: &&String| line.trim_start_matches([' ', '#', ';']).starts_with(NOTE);
        let lines: Vec<_> = self.lines.iter().filter(alone).cloned().collect();
        let Some(line) = self.chance.one(&lines) else { return };
        self.lines.retain(|other| other != line);
        for number in notes(line) {
            self.state.notes.remove(&number);
        }
    }

    /// Two neighbours change places.
    fn swap(&mut self) {
        let Some((place, path, indent)) = self.anchor() else { return };
        let anchors = self.anchors();
        let siblings = |other: &Path| other[..other.len() - 1] == path[..path.len() - 1];
        let next = anchors.iter().any(|(other, path)| *other == place + 1 && siblings(path));
        let comma = |line: &String| line.ends_with(',');
        let fits = self.state.kind != FileType::Json || self.lines[place..].iter().take(2).all(comma);
        if next && fits && self.lines[place + 1].starts_with(&indent) {
            self.lines.swap(place, place + 1);
        }
    }

    fn add_blank(&mut self) {
        if let Some((place, ..)) = self.anchor() {
            self.lines.insert(place, String::new());
        }
    }
}
