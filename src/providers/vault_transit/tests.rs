//! A small server on this machine in the place of Vault: what it is sent, and what becomes of what it says.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use super::*;
use crate::base::Node;

/// Answers every request alike, and remembers what was sent.
struct Server {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn answering(status: u16, body: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let answer = format!(
            "HTTP/1.1 {status} x\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let all = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut text = Vec::new();
                let mut byte = [0; 1];
                while !is_whole(&text) && stream.read(&mut byte).unwrap_or(0) == 1 {
                    text.push(byte[0]);
                }
                all.lock().unwrap().push(String::from_utf8(text).unwrap());
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        Self { address, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn is_whole(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn world(variables: &[(&str, &str)]) -> World {
    let (mut world, _) = World::test(Path::new("/nowhere"));
    world.variables.insert("VAULT_TOKEN".into(), "s.canary".into());
    world.variables.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
    world
}

fn key(address: &str, engine: &str, name: &str) -> RecipientId {
    RecipientId::new(KeyKind::HcVault, name.to_owned())
        .with("vault_address", address)
        .with("engine_path", engine)
}

fn entry(address: &str, enc: &str) -> WrappedKey {
    let key = key(address, "transit", "app");
    WrappedKey { kind: key.kind, recipient: key.id, enc: enc.to_owned(), other: key.other }
}

fn share() -> KeyShare {
    vec![7; 32].into()
}

#[test]
fn a_share_is_sent_with_token_and_namespace_and_what_comes_back_is_kept() {
    let server = Server::answering(200, "{\"data\":{\"ciphertext\":\"vault:v1:abc+/=\"}}");
    let world = world(&[("VAULT_ADDR", &format!("{}/", server.address)), ("VAULT_NAMESPACE", "team/a")]);
    let wrapped = VaultTransit::new(&world).wrap(&key(&server.address, "a b/transit/", "app.1"), &share());
    let wrapped = wrapped.unwrap();
    assert_eq!(wrapped.enc, "vault:v1:abc+/=");
    assert_eq!(wrapped.recipient, "app.1");
    assert_eq!(wrapped.other.last(), Some(&(b"created_at".to_vec(), Node::str("2026-01-01T00:00:00Z"))));
    let heard = server.heard().join("\n");
    let sent = format!("{{\"plaintext\":\"{}\"}}", BASE64_STANDARD.encode(share()));
    assert!(heard.starts_with("POST /v1/a%20b/transit/encrypt/app.1 HTTP/1.1\r\n"), "{heard}");
    assert!(heard.ends_with(&sent), "{heard}");
    for header in
        ["x-vault-token: s.canary\r\n", "x-vault-namespace: team/a\r\n", "x-vault-request: true\r\n"]
    {
        assert!(heard.contains(header), "{heard}");
    }
}

#[test]
fn a_share_comes_back() {
    let server = Server::answering(
        200,
        &format!("{{\"data\":{{\"plaintext\":\"{}\"}}}}", BASE64_STANDARD.encode(share())),
    );
    let world = world(&[("VAULT_ADDR", &server.address)]);
    let opened = VaultTransit::new(&world).unwrap(&entry(&server.address, "vault:v1:abc"));
    assert_eq!(opened, Ok(share()));
    let heard = server.heard().join("\n");
    assert!(heard.starts_with("POST /v1/transit/decrypt/app HTTP/1.1\r\n"), "{heard}");
    assert!(heard.ends_with("{\"ciphertext\":\"vault:v1:abc\"}"), "{heard}");
}

#[test]
fn an_address_that_only_a_file_names_gets_nothing() {
    let server = Server::answering(200, "{}");
    for variables in [
        vec![],
        vec![("VAULT_ADDR", "https://vault.example.org")],
        vec![("SOPS_HC_VAULT_ALLOWLIST", "https://vault.example.org,none")],
        vec![("SOPS_HC_VAULT_ALLOWLIST", "none"), ("VAULT_ADDR", &server.address)],
    ] {
        let world = world(&variables);
        let error = VaultTransit::new(&world).unwrap(&entry(&server.address, "vault:v1:abc")).unwrap_err();
        assert!(matches!(error, UnwrapError::NotAsked { .. }), "{error}");
        let error =
            VaultTransit::new(&world).wrap(&key(&server.address, "transit", "app"), &share()).unwrap_err();
        assert!(matches!(error, WrapError::NotAsked { .. }), "{error}");
    }
    assert_eq!(server.heard(), [""; 0]);
    let world = world(&[]);
    let UnwrapError::NotAsked { problem, advice, .. } =
        VaultTransit::new(&world).unwrap(&entry("https://Vault.Example.org:443", "vault:v1:a")).unwrap_err()
    else {
        panic!("asked")
    };
    assert_eq!(problem, "its address stands in a file only, and is not contacted unasked");
    assert!(advice.contains("`export VAULT_ADDR=https://vault.example.org`"), "{advice}");
}

#[test]
fn a_key_that_the_user_named_may_be_asked_for() {
    let server = Server::answering(200, "{\"data\":{\"ciphertext\":\"vault:v1:abc\"}}");
    let world = world(&[]);
    let mut vault = VaultTransit::new(&world);
    let named = RecipientId::guess(&format!("{}/v1/transit/keys/app", server.address)).unwrap();
    assert!(vault.wrap(&named, &share()).is_err());
    vault.allow(&named);
    assert!(vault.wrap(&named, &share()).is_ok());
}

#[test]
fn the_token_is_not_sent_in_the_clear_to_another_machine() {
    let world = world(&[("VAULT_ADDR", "http://vault.example.org:8200")]);
    let error = VaultTransit::new(&world).unwrap(&entry("http://vault.example.org:8200", "vault:v1:abc"));
    let text = error.unwrap_err().to_string();
    assert!(text.contains("its address is plain `http`"), "{text}");
}

#[test]
fn hostile_addresses_and_paths_are_refused_and_no_password_is_shown() {
    let world = world(&[("SOPS_HC_VAULT_ALLOWLIST", "all")]);
    let vault = VaultTransit::new(&world);
    for (address, engine, name) in [
        ("https://user:canary@vault.example.org", "transit", "app"),
        ("https://vault.example.org?canary", "transit", "app"),
        ("gopher://vault.example.org", "transit", "app"),
        ("", "transit", "app"),
        ("https://vault.example.org", "", "app"),
        ("https://vault.example.org", "transit/../sys", "app"),
        ("https://vault.example.org", "transit?x", "app"),
        ("https://vault.example.org", "transit%2f..", "app"),
        ("https://vault.example.org", "/transit", "app"),
        ("https://vault.example.org", "transit\r\nx-a: b", "app"),
        ("https://vault.example.org", "transit", ""),
        ("https://vault.example.org", "transit", ".."),
        ("https://vault.example.org", "transit", "../../sys/seal"),
        ("https://vault.example.org", "transit", "app?x=1"),
        ("https://vault.example.org", "transit", "app\u{1b}[2J"),
        ("https://vault.example.org", "transit", &"a".repeat(100_000)),
    ] {
        let id = key(address, engine, name);
        let error = vault.wrap(&id, &share()).unwrap_err();
        assert!(matches!(error, WrapError::Service { .. }), "{error}");
        let text = error.to_string();
        assert!(!text.contains("canary") && !text.contains('\u{1b}') && text.len() < 600, "{text}");
    }
    assert!(vault.silent.borrow().is_empty());
}

#[test]
fn refusals_get_plain_words_and_the_body_is_not_passed_on() {
    for (status, words) in [
        (200, "its answer is not understood"),
        (307, "it answers with a redirect"),
        (400, "this share was not wrapped by it"),
        (403, "permission denied"),
        (404, "it has no such engine or key"),
        (503, "it is sealed"),
        (500, "it answers with status 500"),
    ] {
        let server = Server::answering(status, "{\"errors\":[\"canary\"],\"data\":{\"plaintext\":1}}");
        let world = world(&[("VAULT_ADDR", &server.address)]);
        let error = VaultTransit::new(&world).unwrap(&entry(&server.address, "vault:v1:abc")).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(words) && !text.contains("canary"), "{status}: {text}");
        let error =
            VaultTransit::new(&world).wrap(&key(&server.address, "transit", "app"), &share()).unwrap_err();
        assert!(error.to_string().contains(words), "{status}: {error}");
    }
}

#[test]
fn answers_and_ciphertexts_of_another_shape_are_refused() {
    for body in [
        "",
        "[]",
        "{\"data\":null}",
        "{\"data\":{\"ciphertext\":\"other\",\"plaintext\":\"***\"}}",
        "{\"data\":{\"ciphertext\":\"vault:v1:a\\nb\",\"plaintext\":\"\"}}",
    ] {
        let server = Server::answering(200, body);
        let world = world(&[("VAULT_ADDR", &server.address)]);
        let vault = VaultTransit::new(&world);
        let text = vault.unwrap(&entry(&server.address, "vault:v1:abc")).unwrap_err().to_string();
        assert!(text.ends_with("its answer is not understood"), "{text}");
        let text = vault.wrap(&key(&server.address, "transit", "app"), &share()).unwrap_err().to_string();
        assert!(text.ends_with("its answer is not understood"), "{text}");
    }
    let world = world(&[("SOPS_HC_VAULT_ALLOWLIST", "all")]);
    let giant = format!("vault:v1:{}", "A".repeat(1 << 20));
    for enc in ["", "canary", "vault:v1:a b", "vault:v1:\u{e9}", &giant] {
        let error = VaultTransit::new(&world).unwrap(&entry("https://vault.example.org", enc)).unwrap_err();
        assert!(error.to_string().ends_with("its `enc` is no ciphertext of Vault"), "{error}");
    }
}

#[test]
fn who_is_not_there_is_asked_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let world = world(&[("SOPS_HC_VAULT_ALLOWLIST", "all")]);
    let vault = VaultTransit::new(&world);
    for _ in 0..3 {
        let text = vault.unwrap(&entry(&address, "vault:v1:abc")).unwrap_err().to_string();
        assert!(text.ends_with("it cannot be reached"), "{text}");
        assert_eq!(vault.silent.borrow().len(), 1);
    }
    for _ in 1..MOST_SILENT {
        let silent = (Address::parse("https://a.example").unwrap(), HttpError::TimedOut);
        vault.silent.borrow_mut().push(silent);
    }
    let text = vault.unwrap(&entry("https://b.example", "vault:v1:abc")).unwrap_err().to_string();
    assert!(text.contains("3 other servers did not answer"), "{text}");
}

/// It costs the seconds of one attempt.
#[test]
fn a_server_that_is_silent_is_given_up_once_and_for_all() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let world = world(&[("VAULT_ADDR", &address)]);
    let vault = VaultTransit::new(&world);
    for _ in 0..3 {
        let text = vault.unwrap(&entry(&address, "vault:v1:abc")).unwrap_err().to_string();
        assert!(text.ends_with("it did not answer within 3 seconds"), "{text}");
    }
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_ok());
    assert!(listener.accept().is_err(), "it was asked twice");
}

#[test]
fn a_token_stands_in_a_variable_or_a_file_at_home() {
    let server = Server::answering(200, "{\"data\":{\"ciphertext\":\"vault:v1:abc\"}}");
    let home = tempfile::tempdir().unwrap();
    let mut world = world(&[("VAULT_ADDR", &server.address)]);
    world.variables.remove(std::ffi::OsStr::new("VAULT_TOKEN"));
    world.variables.insert("HOME".into(), home.path().into());
    let wrap =
        |world: &World| VaultTransit::new(world).wrap(&key(&server.address, "transit", "app"), &share());
    let error = wrap(&world).unwrap_err();
    assert!(matches!(&error, WrapError::NotAsked { advice, .. } if advice.contains("login")), "{error}");
    std::fs::write(home.path().join(".vault-token"), "s.from\nfile").unwrap();
    assert!(wrap(&world).is_err());
    std::fs::write(home.path().join(".vault-token"), "s.fromfile\n").unwrap();
    wrap(&world).unwrap();
    assert!(server.heard().join("").contains("x-vault-token: s.fromfile\r\n"));
}

#[test]
fn certificates_that_cannot_be_read_stop_the_question() {
    let server = Server::answering(200, "{}");
    let world = world(&[("VAULT_ADDR", &server.address), ("VAULT_CACERT", "/nowhere/ca.pem")]);
    let text =
        VaultTransit::new(&world).unwrap(&entry(&server.address, "vault:v1:a")).unwrap_err().to_string();
    assert!(text.contains("`VAULT_CACERT`: "), "{text}");
    assert_eq!(server.heard(), [""; 0]);
}
