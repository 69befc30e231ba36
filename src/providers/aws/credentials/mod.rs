//! Who we are to AWS: an access key and its secret, from where the AWS tools find them, in the order of sops. Looked
//! for once in a run, and again only when they are about to end.

mod chain;
mod container;
mod instance;
mod process;

use serde_json::Value;
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use super::sts::Role;
use super::{Aws, AwsError};
use crate::base::Secret;

/// What signs a request.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Its name; no secret.
    pub access_key: String,
    /// What signs.
    pub secret_key: Secret<String>,
    /// What makes them count, where they are lent for a time.
    pub token: Option<Secret<String>>,
    /// When they end.
    pub expires: Option<OffsetDateTime>,
    /// Where they came from, as people know it.
    pub from: String,
}

/// For whom credentials were looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    profile: Option<String>,
    role: Option<String>,
    /// The domain of AWS: a partition knows nothing of another's accounts.
    domain: &'static str,
}

/// What was found, so that a thousand files ask once.
pub(super) struct Cached {
    wanted: Wanted,
    found: Result<Credentials, AwsError>,
}

/// Credentials that end sooner are asked for anew.
const MARGIN: Duration = Duration::seconds(60);

/// Characters of an access key, and of a secret key or token, at the most.
const LONGEST_NAME: usize = 256;
const LONGEST_SECRET: usize = 1 << 16;

impl Credentials {
    /// From texts that may hold anything; `None` unless they can stand in a header.
    pub(super) fn new(access_key: &str, secret_key: &str, token: Option<&str>, from: &str) -> Option<Self> {
        let fits = |text: &str, longest| {
            (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let token = token.filter(|token| !token.is_empty());
        let all_fit = fits(access_key, LONGEST_NAME)
            && fits(secret_key, LONGEST_SECRET)
            && token.is_none_or(|token| fits(token, LONGEST_SECRET));
        all_fit.then(|| Self {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret_key.to_owned()),
            token: token.map(|token| Secret::new(token.to_owned())),
            expires: None,
            from: from.to_owned(),
        })
    }

    /// From the JSON that programs and endpoints answer with.
    fn from_json(bytes: &[u8], from: &str) -> Result<Self, AwsError> {
        let garbled = || AwsError::source(from, "its answer is not understood");
        let answer: Value = serde_json::from_slice(bytes).map_err(|_| garbled())?;
        let field = |name: &str| answer.get(name).and_then(Value::as_str);
        let token = field("SessionToken").or_else(|| field("Token"));
        let (Some(access_key), Some(secret_key)) = (field("AccessKeyId"), field("SecretAccessKey")) else {
            return Err(garbled());
        };
        let found = Self::new(access_key, secret_key, token, from).ok_or_else(garbled)?;
        let expires = field("Expiration").map(|text| OffsetDateTime::parse(text, &Rfc3339));
        Ok(Self { expires: expires.transpose().map_err(|_| garbled())?, ..found })
    }

    fn lasts(&self, now: OffsetDateTime) -> bool {
        self.expires.is_none_or(|end| end - MARGIN > now)
    }
}

impl Aws<'_> {
    /// Credentials for `region`: those of `profile` if it names one, else of the environment; and with `role`, those
    /// that this role lends to them.
    ///
    /// # Errors
    /// When there are none, or a source that the user chose gives none.
    pub fn credentials(
        &self,
        profile: Option<&str>,
        role: Option<&str>,
        region: &str,
    ) -> Result<Credentials, AwsError> {
        let wanted = Wanted {
            profile: profile.map(str::to_owned),
            role: role.map(str::to_owned),
            domain: super::arn::domain(region),
        };
        let now = self.world.clock.now();
        let known = self.cache.borrow().iter().find(|one| one.wanted == wanted).map(|one| one.found.clone());
        if let Some(found) = known.filter(|found| found.as_ref().map_or(true, |own| own.lasts(now))) {
            return found;
        }
        let found = match role {
            Some(role) => self
                .credentials(profile, None, region)
                .and_then(|base| self.assume_role(region, &base, &Role { profile, ..Role::of_entry(role) })),
            None => chain::find(self, profile, region),
        };
        let found = found.and_then(|own| match own.expires {
            Some(end) if end <= now => {
                Err(AwsError::source(own.from, "its credentials have ended: log in again"))
            }
            _ => Ok(own),
        });
        let mut cache = self.cache.borrow_mut();
        cache.retain(|one| one.wanted != wanted);
        cache.push(Cached { wanted, found: found.clone() });
        found
    }
}
