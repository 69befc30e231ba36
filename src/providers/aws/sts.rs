//! Roles: AWS's token service lends credentials for a time. Its answers are XML, of which four fields are picked, each
//! of a few harmless characters; no entity, attribute or comment is ever looked at.

use std::path::Path;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::credentials::Credentials;
use super::signature::encoded;
use super::{Aws, AwsError, Call};
use crate::keys::escaped;
use crate::world::files;
use crate::world::system::host_name;

/// A role that shall be assumed.
pub(super) struct Role<'a> {
    pub(super) arn: &'a str,
    /// Empty: that of sops.
    pub(super) session: &'a str,
    pub(super) external_id: Option<&'a str>,
    pub(super) duration: Option<&'a str>,
    /// The device whose code is asked for.
    pub(super) mfa: Option<&'a str>,
    /// The profile that the key entry names.
    pub(super) profile: Option<&'a str>,
    /// Who wants it, as people know it.
    pub(super) from: String,
}

impl<'a> Role<'a> {
    /// The one that a key entry names.
    pub(super) fn of_entry(arn: &'a str) -> Self {
        let shown: String = arn.chars().take(LONGEST_ARN).collect();
        let from = format!("role `{}`", escaped(&shown));
        Self { arn, session: "", external_id: None, duration: None, mfa: None, profile: None, from }
    }
}

const LONGEST_ARN: usize = 2048;
/// Of AWS, for the name of a session.
const LONGEST_SESSION: usize = 64;
const LONGEST_TOKEN: u64 = 1 << 16;
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];

impl Aws<'_> {
    /// The credentials that `role` lends to those of `base`.
    pub(super) fn assume_role(
        &self,
        region: &str,
        base: &Credentials,
        role: &Role<'_>,
    ) -> Result<Credentials, AwsError> {
        let session = session_name(role.session, &host_name());
        let mut fields = vec![("RoleArn", role.arn), ("RoleSessionName", session.as_str())];
        fields.extend(role.external_id.map(|id| ("ExternalId", id)));
        fields.extend(role.duration.map(|seconds| ("DurationSeconds", seconds)));
        let code = role.mfa.map(|device| {
            let question = format!("code of {} for {}", escaped(device), role.from);
            self.world.prompt.secret(&question).ok_or_else(|| {
                AwsError::source(
                    &role.from,
                    "wants the code of an MFA device, and nobody is there to type it",
                )
            })
        });
        let code = code.transpose()?;
        if let (Some(device), Some(code)) = (role.mfa, &code) {
            fields.extend([("SerialNumber", device), ("TokenCode", code.expose().as_str())]);
        }
        self.ask(region, "sts:AssumeRole", &fields, Some(base), role)
    }

    /// The credentials that `role` lends to whoever holds the token in the file `token`.
    pub(super) fn assume_role_with_web_identity(
        &self,
        region: &str,
        role: &Role<'_>,
        token: &str,
    ) -> Result<Credentials, AwsError> {
        let unreadable =
            || AwsError::source(&role.from, "the file with the web identity token cannot be read");
        let bytes = files::read(&self.world.path(Path::new(token)), LONGEST_TOKEN);
        let bytes = Zeroizing::new(bytes.map_err(|_| unreadable())?);
        let token = std::str::from_utf8(&bytes).map_err(|_| unreadable())?.trim();
        let session = session_name(role.session, &host_name());
        let fields =
            [("RoleArn", role.arn), ("RoleSessionName", session.as_str()), ("WebIdentityToken", token)];
        self.ask(region, "sts:AssumeRoleWithWebIdentity", &fields, None, role)
    }

    fn ask(
        &self,
        region: &str,
        action: &'static str,
        fields: &[(&str, &str)],
        base: Option<&Credentials>,
        role: &Role<'_>,
    ) -> Result<Credentials, AwsError> {
        let operation = action.trim_start_matches("sts:");
        let mut body = Zeroizing::new(format!("Action={operation}&Version=2011-06-15"));
        for (name, value) in fields {
            body.push('&');
            body.push_str(name);
            body.push('=');
            body.push_str(&Zeroizing::new(encoded(value, false)));
        }
        let call =
            Call { service: "sts", region, profile: role.profile, headers: &FORM, body: body.as_bytes() };
        let (answer, host) = self.post(&call, base)?;
        let text = std::str::from_utf8(&answer.body).unwrap_or_default();
        if answer.status != 200 {
            let code = picked(text, "Code").unwrap_or_default();
            return Err(AwsError::refused(action, code, base.map_or(&role.from, |base| &base.from)));
        }
        lent(text, &role.from).ok_or(AwsError::Garbled(host))
    }
}

/// The credentials in an answer.
fn lent(text: &str, from: &str) -> Option<Credentials> {
    let field = |name| picked(text, name);
    let found = Credentials::new(
        field("AccessKeyId")?,
        field("SecretAccessKey")?,
        Some(field("SessionToken")?),
        from,
    )?;
    let expires = OffsetDateTime::parse(field("Expiration")?, &Rfc3339).ok()?;
    Some(Credentials { expires: Some(expires), ..found })
}

/// The text of the only element called `name`, if it is made of what base64, codes and times are made of.
fn picked<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let (start, end) = (format!("<{name}>"), format!("</{name}>"));
    let (_, rest) = text.split_once(&start)?;
    let (value, rest) = rest.split_once(&end)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=._:-".contains(&byte);
    let value = value.trim();
    (value.bytes().all(is_plain) && !rest.contains(&start)).then_some(value)
}

/// The name that the session shall have in the account's records: `given`, or as sops says it. What AWS does not take
/// is left out.
fn session_name(given: &str, host: &str) -> String {
    let is_taken = |letter: &char| letter.is_ascii_alphanumeric() || "=,.@_".contains(*letter);
    if given.is_empty() {
        let host = host.chars().filter(is_taken);
        return "sops@".chars().chain(host).take(LONGEST_SESSION).collect();
    }
    let given = given.chars().filter(|letter| is_taken(letter) || "+-".contains(*letter));
    given.take(LONGEST_SESSION).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn a_session_is_named_as_sops_names_it() {
        assert_eq!(session_name("", "build-01.example"), "sops@build01.example");
        assert_eq!(session_name("", "böse ⚡host"), "sops@bsehost");
        assert_eq!(session_name("", &"a".repeat(200)), format!("sops@{}", "a".repeat(59)));
        assert_eq!(session_name("my+own-name!", "host"), "my+own-name");
    }

    #[test]
    fn fields_of_an_answer_are_picked_and_nothing_odd_is_taken() {
        let answer = |secret: &str| {
            format!(
                "<R><Credentials>\n<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
                 <SessionToken>t+/=</SessionToken><Expiration>2026-11-22T02:39:56.259539Z</Expiration>\
                 </Credentials></R>"
            )
        };
        let found = lent(&answer("a+/="), "here").unwrap();
        assert_eq!((found.access_key.as_str(), found.secret_key.expose().as_str()), ("ASIA1", "a+/="));
        assert_eq!(found.token, Some(Secret::new("t+/=".to_owned())));
        assert_eq!(found.expires.unwrap().unix_timestamp(), 1_795_315_196);
        for odd in ["", "a&amp;b", "<b>a</b>", "<!--a-->", "a b", "a</SecretAccessKey><SecretAccessKey>b"] {
            assert!(lent(&answer(odd), "here").is_none(), "{odd}");
        }
        assert_eq!(picked("<Error><Code>AccessDenied</Code></Error>", "Code"), Some("AccessDenied"));
        assert_eq!(picked("<Code>AccessDenied", "Code"), None);
    }
}
