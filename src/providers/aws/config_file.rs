//! The two files of the AWS tools, `config` and `credentials`: which profiles the user has, and what each says. Only
//! these files name programs and roles of the user's; a file from git can at most choose among the profiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::world::World;
use crate::world::files;

use super::error::AwsError;

/// One profile: its settings by name, in lower case.
#[derive(Clone, Default)]
pub struct Profile(BTreeMap<String, String>);

/// All profiles, and the places they were looked for in.
pub struct Profiles {
    by_name: BTreeMap<String, Profile>,
    /// Sections `[services NAME]`, which a profile may refer to.
    services: BTreeMap<String, Profile>,
    /// The files, as the user would name them.
    pub places: Vec<String>,
}

/// Which of the two files a text is: they name sections differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Config,
    Credentials,
}

const LONGEST_FILE: u64 = 1 << 20;

/// The settings that only count together.
const KEYS: [&str; 3] = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];

impl Profile {
    /// A setting that is there and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl Profiles {
    /// Those of `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, or of `~/.aws`. What both files say of a profile is
    /// joined; the credentials file wins.
    ///
    /// # Errors
    /// When a file that is there cannot be read.
    pub fn load(world: &World) -> Result<Self, AwsError> {
        let mut profiles = Self { by_name: BTreeMap::new(), services: BTreeMap::new(), places: Vec::new() };
        for (variable, name, kind) in [
            ("AWS_CONFIG_FILE", "config", Kind::Config),
            ("AWS_SHARED_CREDENTIALS_FILE", "credentials", Kind::Credentials),
        ] {
            let Some((path, shown)) = place(world, variable, name) else { continue };
            let shown = crate::keys::escaped(&shown);
            if files::exists(&path) {
                let unreadable = |_| AwsError::source(format!("`{shown}`"), "cannot be read");
                let text = zeroize::Zeroizing::new(files::read(&path, LONGEST_FILE).map_err(unreadable)?);
                profiles.add(&String::from_utf8_lossy(&text), kind);
            }
            profiles.places.push(shown);
        }
        Ok(profiles)
    }

    /// The profile called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.by_name.get(name)
    }

    /// Where the profile called `name` has `service`, e.g. `kms`.
    #[must_use]
    pub fn endpoint(&self, name: &str, service: &str) -> Option<&str> {
        let profile = self.get(name)?;
        let services = profile.get("services").and_then(|name| self.services.get(name));
        let own = services.and_then(|services| services.get(&format!("{service}.endpoint_url")));
        own.or_else(|| profile.get("endpoint_url"))
    }

    fn add(&mut self, text: &str, kind: Kind) {
        let mut found: BTreeMap<String, Profile> = BTreeMap::new();
        // `[profile default]` wins over `[default]`, wherever it stands.
        let mut plain_default = Profile::default();
        let mut section = None;
        let mut parent = String::new();
        for line in text.lines().map(|line| line.trim_end_matches('\r')) {
            let is_indented = line.starts_with([' ', '\t']);
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(rest) = line.strip_prefix('[').filter(|_| !is_indented) {
                section = rest.split_once(']').and_then(|(head, _)| name_of(head, kind));
                continue;
            }
            let Some((name, value)) = line.split_once('=') else { continue };
            let profile = match &section {
                Some(Section::PlainDefault) => &mut plain_default,
                Some(Section::Named(name)) => found.entry(name.clone()).or_default(),
                Some(Section::Services(name)) => self.services.entry(name.clone()).or_default(),
                None => continue,
            };
            let mut name = name.trim().to_ascii_lowercase();
            // An indented line belongs to a setting that has settings of its own.
            if is_indented {
                name = format!("{parent}.{name}");
            } else {
                parent.clone_from(&name);
            }
            // A command line may quote what would begin a comment elsewhere.
            let value = if name == "credential_process" { value.trim() } else { without_comment(value) };
            profile.0.insert(name, value.to_owned());
        }
        if !plain_default.0.is_empty() {
            found.entry("default".to_owned()).or_insert(plain_default);
        }
        for (name, profile) in found {
            let known = self.by_name.entry(name).or_default();
            if KEYS.iter().any(|key| profile.get(key).is_some()) {
                known.0.retain(|name, _| !KEYS.contains(&name.as_str()));
            }
            known.0.extend(profile.0);
        }
    }
}

enum Section {
    Named(String),
    PlainDefault,
    Services(String),
}

/// `profile NAME`, `default` and `services NAME` in the config file, `NAME` in the other; `None` for sections of other kinds.
fn name_of(head: &str, kind: Kind) -> Option<Section> {
    let head = head.trim();
    if kind == Kind::Credentials {
        return Some(Section::Named(head.to_owned()));
    }
    if head == "default" {
        return Some(Section::PlainDefault);
    }
    let (kind, name) = head.split_once([' ', '\t'])?;
    let name = name.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
    let name = quoted.unwrap_or(name).to_owned();
    match kind {
        "profile" => Some(Section::Named(name)),
        "services" => Some(Section::Services(name)),
        _ => None,
    }
}

/// A comment behind a value begins with a blank.
fn without_comment(value: &str) -> &str {
    let starts = [" #", " ;", "\t#", "\t;"].iter().filter_map(|start| value.find(start));
    value.get(..starts.min().unwrap_or(value.len())).unwrap_or(value).trim()
}

/// The path in `variable`, else of `name` in `~/.aws`; as it is, and as the user would write it.
fn place(world: &World, variable: &str, name: &str) -> Option<(PathBuf, String)> {
    let home = ["HOME", "USERPROFILE"].iter().find_map(|name| world.variable(name)).map(Path::new);
    if let Some(given) = world.variable(variable).map(Path::new) {
        let path = match (given.strip_prefix("~"), home) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => world.path(given),
        };
        return Some((path, given.to_string_lossy().into_owned()));
    }
    Some((home?.join(".aws").join(name), format!("~/.aws/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(config: &str, credentials: &str) -> Profiles {
        let mut profiles =
            Profiles { by_name: BTreeMap::new(), services: BTreeMap::new(), places: Vec::new() };
        profiles.add(config, Kind::Config);
        profiles.add(credentials, Kind::Credentials);
        profiles
    }

    fn value(profiles: &Profiles, profile: &str, name: &str) -> Option<String> {
        profiles.get(profile)?.get(name).map(str::to_owned)
    }

    #[test]
    fn profiles_of_both_files_are_joined_and_credentials_win() {
        let profiles = read(
            "# mine\r\n[profile work]\r\nRole_Arn = arn:x ; theirs\r\ncredential_process=/bin/get \"a # b\"\r\n\
             aws_access_key_id = OLD\naws_session_token = OLD\n",
            "[work]\naws_access_key_id = NEW\naws_secret_access_key= a#b;c=\n",
        );
        let work = |name: &str| value(&profiles, "work", name).unwrap_or_default();
        assert_eq!(work("role_arn"), "arn:x");
        assert_eq!(work("credential_process"), "/bin/get \"a # b\"");
        assert_eq!(work("aws_access_key_id"), "NEW");
        assert_eq!(work("aws_secret_access_key"), "a#b;c=");
        assert_eq!(work("aws_session_token"), "", "a token of other keys is no use");
    }

    #[test]
    fn other_sections_and_nested_settings_are_no_profiles() {
        let profiles = read(
            "[work]\na = 1\n[sso-session x]\na = 1\n[services y]\na = 1\n[profile  \"two words\"]\ns3 =\n  a = 2\n\
             a = 3\n[profile\nb = 4\n[]\nc=5\n",
            "",
        );
        assert!(profiles.get("work").is_none() && profiles.get("x").is_none() && profiles.get("y").is_none());
        assert_eq!(value(&profiles, "two words", "a"), Some("3".to_owned()));
        assert_eq!(value(&profiles, "two words", "b"), None);
    }

    #[test]
    fn the_address_of_a_service_is_its_own_or_that_of_the_profile() {
        let profiles = read(
            "[profile local]\nservices = mine\nendpoint_url = http://common\n[services mine]\nkms =\n  \
             endpoint_url = http://kms\ns3 =\n  endpoint_url = http://s3\n[profile plain]\na = 1\n",
            "",
        );
        assert_eq!(profiles.endpoint("local", "kms"), Some("http://kms"));
        assert_eq!(profiles.endpoint("local", "sts"), Some("http://common"));
        assert_eq!(profiles.endpoint("plain", "kms"), None);
        assert_eq!(profiles.endpoint("mine", "kms"), None);
    }

    #[test]
    fn the_long_name_of_the_default_profile_wins() {
        for config in
            ["[default]\na = 1\n[profile default]\na = 2\n", "[profile default]\na = 2\n[default]\na = 1\n"]
        {
            assert_eq!(value(&read(config, ""), "default", "a"), Some("2".to_owned()));
        }
        assert_eq!(value(&read("[default]\na = 1\n", ""), "default", "a"), Some("1".to_owned()));
    }

    #[test]
    fn files_are_found_by_variable_or_at_home() {
        let (mut world, _) = World::test(Path::new("/here"));
        assert_eq!(place(&world, "AWS_CONFIG_FILE", "config"), None);
        world.variables.insert("HOME".into(), "/home/a".into());
        let found = |world: &World| place(world, "AWS_CONFIG_FILE", "config").unwrap();
        assert_eq!(found(&world), ("/home/a/.aws/config".into(), "~/.aws/config".to_owned()));
        world.variables.insert("AWS_CONFIG_FILE".into(), "~/x".into());
        assert_eq!(found(&world), ("/home/a/x".into(), "~/x".to_owned()));
        world.variables.insert("AWS_CONFIG_FILE".into(), "y".into());
        assert_eq!(found(&world), ("/here/y".into(), "y".to_owned()));
    }
}
