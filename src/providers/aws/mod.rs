//! AWS: requests signed with the user's own credentials, to the hosts of AWS or the address in the user's environment.
//! A file from git chooses the key, its region, and at most a profile and a role by name.

pub mod arn;
pub mod config_file;
pub mod credentials;
pub mod endpoint;
mod error;
pub mod kms;
pub mod signature;
mod sts;

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;

use crate::base::Secret;
use crate::world::World;
use crate::world::files;
use crate::world::http::{Answer, Http, HttpError};

use config_file::Profiles;
use credentials::{Cached, Credentials};
use endpoint::Endpoint;
pub use error::AwsError;
use signature::{Request, Scope};

/// AWS, as it is seen from this machine during one run.
pub struct Aws<'w> {
    world: &'w World,
    /// For this machine, past any proxy, and for all others.
    http: [OnceCell<Result<Http, HttpError>>; 2],
    profiles: OnceCell<Result<Profiles, AwsError>>,
    /// Hosts that did not answer, and why.
    dead: RefCell<BTreeMap<String, HttpError>>,
    /// Credentials that were found, and where none were.
    cache: RefCell<Vec<Cached>>,
}

/// One request to a service: always a POST to its root.
#[derive(Clone, Copy)]
struct Call<'a> {
    service: &'static str,
    region: &'a str,
    /// The one that the key entry names.
    profile: Option<&'a str>,
    /// Beside those that every request has; names in lower case.
    headers: &'a [(&'static str, &'static str)],
    body: &'a [u8],
}

/// Hosts that may stay silent before no other is asked: a file could name a thousand regions.
const MOST_DEAD: usize = 4;

/// More than any bundle of certificates.
const LONGEST_BUNDLE: u64 = 8 << 20;

impl<'w> Aws<'w> {
    /// As `world` has it; asks nobody yet.
    #[must_use]
    pub const fn new(world: &'w World) -> Self {
        Self {
            world,
            http: [OnceCell::new(), OnceCell::new()],
            profiles: OnceCell::new(),
            dead: RefCell::new(BTreeMap::new()),
            cache: RefCell::new(Vec::new()),
        }
    }

    /// Sends `call`, signed unless there are no `credentials`, and the host that answered.
    fn post(&self, call: &Call<'_>, credentials: Option<&Credentials>) -> Result<(Answer, String), AwsError> {
        let endpoint = Endpoint::find(call.service, call.region, self.world, || {
            let name = self.profile_name(call.profile).unwrap_or_else(|| "default".to_owned());
            Ok(self.profiles()?.endpoint(&name, call.service).map(str::to_owned))
        })?;
        // A question holds a data key, or what lends credentials.
        if !endpoint.is_private() {
            return Err(AwsError::Plain(endpoint.host));
        }
        let silent = |cause| AwsError::NoAnswer { host: endpoint.host.clone(), cause };
        if let Some(cause) = self.dead.borrow().get(&endpoint.host) {
            return Err(silent(*cause));
        }
        if self.dead.borrow().len() >= MOST_DEAD {
            return Err(AwsError::GivenUp);
        }
        let scope = Scope { region: call.region, service: call.service, time: self.world.clock.now() };
        let stamp = scope.stamp();
        let mut headers: Vec<(&str, &str)> = vec![("host", &endpoint.host), ("x-amz-date", &stamp)];
        headers.extend(call.headers);
        if let Some(token) = credentials.and_then(|own| own.token.as_ref()) {
            headers.push(("x-amz-security-token", token.expose()));
        }
        let signed =
            Request { method: "POST", path: &endpoint.path, query: &[], headers: &headers, body: call.body };
        let authorization = credentials
            .map(|own| Secret::new(signed.authorization(&scope, &own.access_key, &own.secret_key)));
        if let Some(authorization) = &authorization {
            headers.push(("authorization", authorization.expose()));
        }
        let [near, far] = &self.http;
        let is_near = endpoint.is_loopback();
        let http = if is_near { near } else { far }.get_or_init(|| self.client(is_near));
        let http = http.as_ref().map_err(|cause| silent(*cause))?;
        let answer = http.send("POST", &endpoint.address, &headers, call.body).map_err(|cause| {
            if cause != HttpError::Address {
                self.dead.borrow_mut().insert(endpoint.host.clone(), cause);
            }
            silent(cause)
        })?;
        Ok((answer, endpoint.host))
    }

    /// The user's profiles, read once.
    fn profiles(&self) -> Result<&Profiles, AwsError> {
        self.profiles.get_or_init(|| Profiles::load(self.world)).as_ref().map_err(Clone::clone)
    }

    /// The profile that is chosen: `of_entry`, or else by the environment.
    fn profile_name(&self, of_entry: Option<&str>) -> Option<String> {
        let chosen =
            || ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].iter().find_map(|name| self.world.variable(name));
        of_entry.map(str::to_owned).or_else(|| Some(chosen()?.to_string_lossy().into_owned()))
    }

    /// Trusts what the system trusts, or else what `AWS_CA_BUNDLE` holds.
    fn client(&self, is_near: bool) -> Result<Http, HttpError> {
        let connect = if is_near { Http::direct } else { Http::new };
        let bundle = self.world.variable("AWS_CA_BUNDLE");
        let bundle = bundle.map(|path| files::read(&self.world.path(Path::new(path)), LONGEST_BUNDLE));
        match bundle {
            Some(Ok(bundle)) => connect(Some(&bundle)),
            Some(Err(_)) => Err(HttpError::Tls),
            None => connect(None),
        }
    }
}

#[cfg(test)]
mod tests;
