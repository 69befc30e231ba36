//! The order in which credentials are looked for, that of sops: a profile named by the key entry; the environment; the
//! profile of `AWS_PROFILE` or `default`; the endpoints of a container or an instance.

use super::super::config_file::{Profile, Profiles};
use super::super::sts::Role;
use super::super::{Aws, AwsError};
use super::{Credentials, container, instance, process};
use crate::keys::escaped;

/// Profiles that lend to each other, at the most.
const LONGEST_CHAIN: usize = 8;

struct Search<'a> {
    aws: &'a Aws<'a>,
    profiles: &'a Profiles,
    region: &'a str,
    /// The one that the key entry names.
    profile: Option<&'a str>,
}

/// Those for a request to `region`.
pub(super) fn find(aws: &Aws<'_>, profile: Option<&str>, region: &str) -> Result<Credentials, AwsError> {
    if profile.is_none() {
        if let Some(found) = of_environment(aws)? {
            return Ok(found);
        }
        if let Some(found) = of_web_identity(aws, region)? {
            return Ok(found);
        }
    }
    let search = Search { aws, profiles: aws.profiles()?, region, profile };
    let named = aws.profile_name(profile);
    let name = named.as_deref().unwrap_or("default");
    match search.profiles.get(name) {
        Some(found) => search.of_profile(name, found, &mut Vec::new()),
        None if named.is_some() => Err(search.no_profile(name)),
        None => match search.of_surroundings()? {
            Some(found) => Ok(found),
            None => Err(search.nothing(name)),
        },
    }
}

impl Search<'_> {
    fn of_profile(
        &self,
        name: &str,
        profile: &Profile,
        seen: &mut Vec<String>,
    ) -> Result<Credentials, AwsError> {
        let from = shown(name);
        if seen.iter().any(|one| one == name) || seen.len() >= LONGEST_CHAIN {
            return Err(AwsError::source(from, "its `source_profile` leads back to itself, or too far"));
        }
        seen.push(name.to_owned());
        let Some(role) = profile.get("role_arn") else { return self.own(name, profile) };
        let web_identity = profile.get("web_identity_token_file");
        if let Some(file) = web_identity {
            let session = profile.get("role_session_name").unwrap_or_default();
            let role = Role { session, profile: self.profile, from, ..Role::of_entry(role) };
            return self.aws.assume_role_with_web_identity(self.region, &role, file);
        }
        let base = match (profile.get("source_profile"), profile.get("credential_source")) {
            (Some(source), _) if source == name => self.own(name, profile),
            (Some(source), _) => match self.profiles.get(source) {
                Some(found) => self.of_profile(source, found, seen),
                None => Err(self.no_profile(source)),
            },
            (None, Some(source)) => self.of_source(name, source),
            (None, None) => self.own(name, profile),
        }?;
        let role = Role {
            arn: role,
            session: profile.get("role_session_name").unwrap_or_default(),
            external_id: profile.get("external_id"),
            duration: profile.get("duration_seconds"),
            mfa: profile.get("mfa_serial"),
            profile: self.profile,
            from,
        };
        self.aws.assume_role(self.region, &base, &role)
    }

    /// What a profile holds itself, without its role.
    fn own(&self, name: &str, profile: &Profile) -> Result<Credentials, AwsError> {
        let from = shown(name);
        if let (Some(key), Some(secret)) =
            (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"))
        {
            let token = profile.get("aws_session_token");
            let found = Credentials::new(key, secret, token, &from);
            return found.ok_or_else(|| AwsError::source(from, "its access key is none"));
        }
        if ["sso_session", "sso_start_url", "login_session"].iter().any(|one| profile.get(one).is_some()) {
            return process::of_aws_program(self.aws.world, name, &from);
        }
        if let Some(line) = profile.get("credential_process") {
            return process::of_line(self.aws.world, line, &from);
        }
        if let Some(found) = self.of_surroundings()? {
            return Ok(found);
        }
        // It may know a way that we do not, for the profile is there.
        process::of_aws_program(self.aws.world, name, &from).map_err(|_| self.nothing(name))
    }

    /// `credential_source` of a profile.
    fn of_source(&self, name: &str, source: &str) -> Result<Credentials, AwsError> {
        let world = self.aws.world;
        let found = match source {
            "Environment" => of_environment(self.aws)?,
            "EcsContainer" => container::find(world)?,
            "Ec2InstanceMetadata" => instance::find(world)?,
            _ => None,
        };
        let problem = "its `credential_source` is unknown, or has no credentials";
        found.ok_or_else(|| AwsError::source(shown(name), problem))
    }

    fn of_surroundings(&self) -> Result<Option<Credentials>, AwsError> {
        let world = self.aws.world;
        match container::find(world)? {
            Some(found) => Ok(Some(found)),
            None => instance::find(world),
        }
    }

    fn no_profile(&self, name: &str) -> AwsError {
        let problem = format!("is not in {}", self.places());
        AwsError::source(shown(name), problem)
    }

    fn nothing(&self, name: &str) -> AwsError {
        let looked = format!(
            "`AWS_ACCESS_KEY_ID`, `AWS_WEB_IDENTITY_TOKEN_FILE`, the {} in {}, and the endpoints of a container and \
             an instance",
            shown(name),
            self.places()
        );
        AwsError::NoCredentials(looked)
    }

    fn places(&self) -> String {
        let places: Vec<_> = self.profiles.places.iter().map(|place| format!("`{place}`")).collect();
        if places.is_empty() { "the files of `~/.aws`".to_owned() } else { places.join(" and ") }
    }
}

fn shown(profile: &str) -> String {
    format!("profile `{}`", escaped(&profile.chars().take(LONGEST_SHOWN).collect::<String>()))
}

const LONGEST_SHOWN: usize = 100;

fn of_environment(aws: &Aws<'_>) -> Result<Option<Credentials>, AwsError> {
    let value = |names: &[&str]| {
        let found = names.iter().find_map(|name| aws.world.variable(name))?;
        Some(zeroize::Zeroizing::new(found.to_string_lossy().into_owned()))
    };
    let key = value(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"]);
    let secret = value(&["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"]);
    // As with sops, half of the pair counts as none.
    let (Some(key), Some(secret)) = (key, secret) else { return Ok(None) };
    let token = value(&["AWS_SESSION_TOKEN"]);
    let token = token.as_ref().map(|token| token.as_str());
    let found = Credentials::new(&key, &secret, token, "`AWS_ACCESS_KEY_ID`");
    let problem = "holds, with `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, no access key";
    found.map(Some).ok_or_else(|| AwsError::source("`AWS_ACCESS_KEY_ID`", problem))
}

fn of_web_identity(aws: &Aws<'_>, region: &str) -> Result<Option<Credentials>, AwsError> {
    let value = |name: &str| aws.world.variable(name).map(|value| value.to_string_lossy().into_owned());
    let from = "`AWS_WEB_IDENTITY_TOKEN_FILE`";
    let Some(file) = value("AWS_WEB_IDENTITY_TOKEN_FILE") else { return Ok(None) };
    let Some(role) = value("AWS_ROLE_ARN") else {
        return Err(AwsError::source(from, "needs `AWS_ROLE_ARN` beside it"));
    };
    let session = value("AWS_ROLE_SESSION_NAME").unwrap_or_default();
    let role = Role { session: &session, from: from.to_owned(), ..Role::of_entry(&role) };
    aws.assume_role_with_web_identity(region, &role, &file).map(Some)
}
