//! Secrets written into the key-value store of a Vault, in the clear, by the same token and under the same rules about
//! who may be contacted.

use serde_json::Value;
use zeroize::Zeroizing;

use super::address::Address;
use super::{Place, Refusal, VaultTransit, encoded, is_segment, words};
use crate::world::http::Answer;

/// A secret in a key-value store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secret {
    /// The server; empty: `VAULT_ADDR`.
    pub address: String,
    /// Where the store is mounted.
    pub mount: String,
    /// The secret's path below it.
    pub path: String,
    /// 1 or 2.
    pub version: u8,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Vault: {problem}")]
pub struct KvError {
    /// What went wrong; nothing of what was sent.
    pub problem: String,
    /// What the user can do.
    pub advice: Option<String>,
}

impl VaultTransit<'_> {
    /// Writes `data`, a JSON object, unless it is there already: then `false`.
    ///
    /// # Errors
    /// When the server may not be contacted, is not there, or refuses.
    pub fn publish(&self, to: &Secret, data: &[u8]) -> Result<bool, KvError> {
        self.try_publish(to, data).map_err(|refusal| match refusal {
            Refusal::NotAsked(problem, advice) => KvError { problem, advice: Some(advice) },
            Refusal::Failed(problem) => KvError { problem, advice: None },
        })
    }

    fn try_publish(&self, to: &Secret, data: &[u8]) -> Result<bool, Refusal> {
        let failed = |problem: &str| Refusal::Failed(problem.to_owned());
        let place = self.place(to)?;
        let wanted: Value = serde_json::from_slice(data).map_err(|_| failed("that is no JSON"))?;
        let is_second = to.version == 2;
        let found = self.request("GET", &place, is_second, b"")?;
        let current: Value = serde_json::from_slice(&found.body).unwrap_or_default();
        if found.status == 200
            && current.pointer(if is_second { "/data/data" } else { "/data" }) == Some(&wanted)
        {
            return Ok(false);
        }
        let body = if is_second {
            Zeroizing::new([b"{\"data\":", data, b"}"].concat())
        } else {
            Zeroizing::new(data.to_vec())
        };
        match self.request("PUT", &place, is_second, &body)?.status {
            200 | 204 => Ok(true),
            status => Err(Refusal::Failed(words(status))),
        }
    }

    fn place(&self, to: &Secret) -> Result<Place, Refusal> {
        let own = || self.world.variable("VAULT_ADDR").map(|text| text.to_string_lossy().into_owned());
        let address = Some(to.address.clone()).filter(|text| !text.is_empty()).or_else(own);
        let none = || Refusal::NotAsked("no server is named".to_owned(), "set `VAULT_ADDR`".to_owned());
        let address = Address::parse(&address.ok_or_else(none)?);
        let address = address.map_err(|error| Refusal::Failed(error.to_string()))?;
        let segments = |text: &str| -> Vec<String> {
            text.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
        };
        let engine = segments(&to.mount);
        let below = segments(&to.path);
        if engine.is_empty() || below.is_empty() || !engine.iter().chain(&below).all(|one| is_segment(one)) {
            return Err(Refusal::Failed("the path of the secret is none".to_owned()));
        }
        let key = below.iter().map(|segment| encoded(segment)).collect::<Vec<_>>().join("/");
        Ok(Place { address, engine, key })
    }

    fn request(&self, method: &str, place: &Place, is_second: bool, body: &[u8]) -> Result<Answer, Refusal> {
        self.check(place)?;
        let token = self.token()?;
        let engine: Vec<String> = place.engine.iter().map(|segment| encoded(segment)).collect();
        let data = if is_second { "data/" } else { "" };
        let url = format!("{}/v1/{}/{data}{}", place.address, engine.join("/"), place.key);
        self.send(method, place, (&url, body), token)
    }
}
