//! Keys in the transit engine of HashiCorp Vault or OpenBao. They never leave it: a share is sent there to be wrapped,
//! with the user's token, and only where the user's own word allows it.

mod address;
mod allowed;
pub mod kv;

use std::cell::{OnceCell, RefCell};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use zeroize::Zeroizing;

use self::address::Address;
use self::allowed::Allowed;
use super::{KeyService, created_at, shortened};
use crate::base::{KeyKind, RecipientId};
use crate::keys::{KeyShare, UnwrapError, WrapError, WrappedKey};
use crate::world::http::{Answer, Http, HttpError};
use crate::world::{World, files};

/// Bytes of a wrapped share at the most.
const LONGEST_ENC: usize = 64 << 10;

/// Characters of an engine's path and a key's name at the most.
const LONGEST_PATH: usize = 512;

/// Bytes of a file with a token, or with certificates.
const LONGEST_FILE: u64 = 1 << 20;

/// Servers that may cost their few seconds in one run; a file could name a thousand.
const MOST_SILENT: usize = 3;

/// All servers that are asked in one run.
pub struct VaultTransit<'w> {
    world: &'w World,
    allowed: Allowed,
    token: OnceCell<Option<Zeroizing<String>>>,
    /// For this machine, past any proxy, and for all others.
    clients: [OnceCell<Result<Http, String>>; 2],
    /// Who did not answer.
    silent: RefCell<Vec<(Address, HttpError)>>,
}

/// A key: its server, the segments of its engine's path, its name.
struct Place {
    address: Address,
    engine: Vec<String>,
    key: String,
}

/// Why there is no answer to a question.
enum Refusal {
    /// Nobody was asked: why, and what the user can do.
    NotAsked(String, String),
    /// It was asked, or cannot be.
    Failed(String),
}

impl<'w> VaultTransit<'w> {
    /// Asks nobody yet.
    #[must_use]
    pub fn new(world: &'w World) -> Self {
        Self {
            world,
            allowed: Allowed::new(world),
            token: OnceCell::new(),
            clients: [OnceCell::new(), OnceCell::new()],
            silent: RefCell::default(),
        }
    }

    fn ask(
        &self,
        id: &RecipientId,
        operation: &str,
        body: &[u8],
        answer: &str,
    ) -> Result<Zeroizing<String>, Refusal> {
        let place = Place::of(id).map_err(Refusal::Failed)?;
        self.check(&place)?;
        let token = self.token()?;
        let received = self.send("POST", &place, (&place.url(operation), body), token)?;
        match received.status {
            200 => {
                text_at(&received.body, answer).ok_or_else(|| Refusal::Failed(HttpError::Garbled.to_string()))
            }
            status => Err(Refusal::Failed(words(status))),
        }
    }

    fn token(&self) -> Result<&str, Refusal> {
        let token = self.token.get_or_init(|| self.find_token()).as_ref();
        token.map(|token| token.as_str()).ok_or_else(|| {
            Refusal::NotAsked(
                "there is no token".to_owned(),
                "log in with `vault login` or `bao login`, or set `VAULT_TOKEN`".to_owned(),
            )
        })
    }

    fn send(
        &self,
        method: &str,
        place: &Place,
        (url, body): (&str, &[u8]),
        token: &str,
    ) -> Result<Answer, Refusal> {
        let namespace = self.world.variable("VAULT_NAMESPACE").map(|text| text.to_string_lossy());
        let mut headers =
            vec![("content-type", "application/json"), ("x-vault-request", "true"), ("x-vault-token", token)];
        headers.extend(namespace.as_deref().map(|name| ("x-vault-namespace", name)));
        let sent = self.client(&place.address)?.send(method, url, &headers, body);
        sent.map_err(|error| self.remember(&place.address, error))
    }

    /// Whether the question may leave this machine.
    fn check(&self, place: &Place) -> Result<(), Refusal> {
        let address = &place.address;
        if !self.allowed.covers(address, &place.path()) {
            let (problem, advice) = if self.allowed.is_nothing() {
                ("`SOPS_HC_VAULT_ALLOWLIST` allows no server".to_owned(), format!("put `{address}` there"))
            } else {
                (
                    "its address stands in a file only, and is not contacted unasked".to_owned(),
                    format!(
                        "if the server is yours: `export VAULT_ADDR={address}`, or add it to `SOPS_HC_VAULT_ALLOWLIST`"
                    ),
                )
            };
            return Err(Refusal::NotAsked(problem, advice));
        }
        if !address.is_private() {
            return Err(Refusal::NotAsked(
                "its address is plain `http`, and would show your token to the network".to_owned(),
                "name it with `https`; only this machine is spoken with in the clear".to_owned(),
            ));
        }
        let silent = self.silent.borrow();
        match silent.iter().find(|(other, _)| other == address) {
            Some((_, error)) => Err(Refusal::Failed(error.to_string())),
            None if silent.len() >= MOST_SILENT => Err(Refusal::Failed(format!(
                "it is not asked, for {MOST_SILENT} other servers did not answer"
            ))),
            None => Ok(()),
        }
    }

    /// A server that is not there is not asked again.
    fn remember(&self, address: &Address, error: HttpError) -> Refusal {
        if matches!(error, HttpError::TimedOut | HttpError::Tls | HttpError::Unreachable) {
            self.silent.borrow_mut().push((address.clone(), error));
        }
        if error == HttpError::Tls && self.world.variable("VAULT_SKIP_VERIFY").is_some() {
            return Refusal::NotAsked(
                format!("{error}, and `VAULT_SKIP_VERIFY` is not followed"),
                "put the certificate of its authority into a file, and its path into `VAULT_CACERT`"
                    .to_owned(),
            );
        }
        Refusal::Failed(error.to_string())
    }

    fn client(&self, address: &Address) -> Result<&Http, Refusal> {
        let [local, distant] = &self.clients;
        let is_local = address.is_loopback();
        let client = if is_local { local } else { distant };
        let client = client.get_or_init(|| self.connect(is_local));
        client.as_ref().map_err(|problem| Refusal::Failed(problem.clone()))
    }

    fn connect(&self, is_local: bool) -> Result<Http, String> {
        let roots = self.world.variable("VAULT_CACERT").map(|path| {
            files::read(&self.world.path(Path::new(path)), LONGEST_FILE)
                .map_err(|error| format!("`VAULT_CACERT`: {error}"))
        });
        let roots = roots.transpose()?;
        let client = if is_local { Http::direct(roots.as_deref()) } else { Http::new(roots.as_deref()) };
        client.map_err(|_| "`VAULT_CACERT` holds no certificate".to_owned())
    }

    /// `VAULT_TOKEN`, else `~/.vault-token`.
    fn find_token(&self) -> Option<Zeroizing<String>> {
        let text = if let Some(token) = self.world.variable("VAULT_TOKEN") {
            Zeroizing::new(token.to_string_lossy().trim().to_owned())
        } else {
            let home = self.world.variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" })?;
            let home = Some(PathBuf::from(home)).filter(|home| home.is_absolute())?;
            let bytes = Zeroizing::new(files::read(&home.join(".vault-token"), LONGEST_FILE).ok()?);
            Zeroizing::new(std::str::from_utf8(&bytes).ok()?.trim().to_owned())
        };
        let is_token = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        is_token.then_some(text)
    }
}

impl KeyService for VaultTransit<'_> {
    fn wrap(&self, to: &RecipientId, share: &KeyShare) -> Result<WrappedKey, WrapError> {
        let plain = Zeroizing::new(BASE64_STANDARD.encode(share));
        let body = Zeroizing::new(format!("{{\"plaintext\":\"{}\"}}", *plain));
        let enc = self.ask(to, "encrypt", body.as_bytes(), "ciphertext");
        let enc = enc.and_then(|enc| {
            if is_ciphertext(&enc) { Ok(enc) } else { Err(Refusal::Failed(HttpError::Garbled.to_string())) }
        });
        let (kind, id) = (KeyKind::HcVault, shown(to));
        let enc = enc.map_err(|refusal| match refusal {
            Refusal::NotAsked(problem, advice) => WrapError::NotAsked { kind, id, problem, advice },
            Refusal::Failed(problem) => WrapError::Service { kind, id, problem },
        })?;
        let mut other = to.other.clone();
        other.push(created_at(self.world));
        Ok(WrappedKey { kind, recipient: to.id.clone(), enc: enc.to_string(), other })
    }

    fn unwrap(&self, entry: &WrappedKey) -> Result<KeyShare, UnwrapError> {
        let from = entry.recipient_id();
        let (kind, id) = (KeyKind::HcVault, shown(&from));
        let answer = if is_ciphertext(&entry.enc) {
            let body = serde_json::json!({ "ciphertext": entry.enc }).to_string();
            self.ask(&from, "decrypt", body.as_bytes(), "plaintext")
        } else {
            Err(Refusal::Failed("its `enc` is no ciphertext of Vault".to_owned()))
        };
        let share = answer.and_then(|text| {
            let share = BASE64_STANDARD.decode(text.as_bytes()).map(Zeroizing::new).ok();
            share
                .filter(|share| !share.is_empty())
                .ok_or_else(|| Refusal::Failed(HttpError::Garbled.to_string()))
        });
        share.map_err(|refusal| match refusal {
            Refusal::NotAsked(problem, advice) => UnwrapError::NotAsked { kind, id, problem, advice },
            Refusal::Failed(problem) => UnwrapError::Service { kind, id, problem },
        })
    }

    fn allow(&mut self, to: &RecipientId) {
        if let Ok(place) = Place::of(to) {
            self.allowed.add(place.address);
        }
    }
}

impl Place {
    fn of(id: &RecipientId) -> Result<Self, String> {
        let address = id.field("vault_address").unwrap_or_default();
        let address = Address::parse(address).map_err(|error| error.to_string())?;
        let engine = id.field("engine_path").unwrap_or_default().trim_end_matches('/');
        let engine: Vec<String> = engine.split('/').map(str::to_owned).collect();
        let is_long = engine.iter().map(String::len).sum::<usize>() + id.id.len() > LONGEST_PATH;
        if is_long || !engine.iter().all(|segment| is_segment(segment)) {
            return Err("its `engine_path` is none".to_owned());
        }
        if !is_segment(&id.id) {
            return Err("its `key_name` is none".to_owned());
        }
        Ok(Self { address, engine, key: id.id.clone() })
    }

    /// The segments under which lists allow it.
    fn path(&self) -> Vec<&str> {
        let engine = self.engine.iter().map(String::as_str);
        std::iter::once("v1").chain(engine).chain(["keys", self.key.as_str()]).collect()
    }

    fn url(&self, operation: &str) -> String {
        let engine: Vec<String> = self.engine.iter().map(|segment| encoded(segment)).collect();
        format!("{}/v1/{}/{operation}/{}", self.address, engine.join("/"), encoded(&self.key))
    }
}

/// A part of a path that means itself: no step upwards, nothing that begins a query.
fn is_segment(text: &str) -> bool {
    let steers = |one: char| one.is_control() || matches!(one, '/' | '\\' | '?' | '#' | '%');
    !matches!(text, "" | "." | "..") && !text.contains(steers)
}

/// With `%XX` for everything but letters, digits and what is never special.
fn encoded(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

/// `vault:v1:…`, as it comes and as it is stored.
fn is_ciphertext(enc: &str) -> bool {
    enc.starts_with("vault:") && enc.len() <= LONGEST_ENC && enc.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `data.FIELD` of an answer, moved out and not copied.
fn text_at(body: &[u8], field: &str) -> Option<Zeroizing<String>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    match answer.get_mut("data")?.get_mut(field)?.take() {
        Value::String(text) => Some(Zeroizing::new(text)),
        _ => None,
    }
}

/// The key for error messages; a wrong address may hold a password and is left out.
fn shown(id: &RecipientId) -> String {
    let place = Place::of(id).map(|place| format!("{}/{}", place.address, place.path().join("/")));
    shortened(place.as_ref().unwrap_or(&id.id), 200)
}

/// What a status of Vault means. Its own words are not passed on: they may hold what was sent.
fn words(status: u16) -> String {
    match status {
        300..=399 => "it answers with a redirect, which is not followed".to_owned(),
        400 => "it refuses the request: the key is missing, or this share was not wrapped by it".to_owned(),
        401 | 403 => {
            "permission denied: the token is wrong, expired, or not allowed to use this key".to_owned()
        }
        404 => "it has no such engine or key".to_owned(),
        429 => "it is asked too often".to_owned(),
        503 => "it is sealed, or not in service".to_owned(),
        status => format!("it answers with status {status}"),
    }
}

#[cfg(test)]
mod tests;
