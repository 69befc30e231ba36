//! Files whose keys belong to services: what is kept, what is told, and that nobody is asked without need.

use std::net::TcpListener;

use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::base::{DataKey, KeyKind, Node};
use lacre::document::dotenv::Dotenv;
use lacre::document::{Format, Json, yaml::Yaml};
use lacre::envelope::{Metadata, Plain, Sealed, encrypt};
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;
use lacre::keys::{Recipient, WrappedKey, shamir};
use lacre::policy::Selector;

use crate::support::{ALICE, BOB, Scene};

const ARN: &str = "arn:aws:kms:eu-west-1:123456789012:key/a";
const KEY: [u8; 32] = [7; 32];

fn foreign(kind: KeyKind, id: &str, other: &[(&str, &str)]) -> WrappedKey {
    let date = ("created_at", "2026-01-01T00:00:00Z");
    let other = other.iter().chain([&date]);
    let other = other.map(|(name, value)| (name.as_bytes().to_vec(), Node::str(value))).collect();
    WrappedKey { kind, recipient: id.to_owned(), enc: "Zm9yZWlnbg==".to_owned(), other }
}

/// Those we do not speak with.
fn unspoken() -> Vec<WrappedKey> {
    let vault = [("vault_url", "https://v.vault.azure.net"), ("version", "0a")];
    vec![
        foreign(KeyKind::GcpKms, "projects/p/locations/l/keyRings/r/cryptoKeys/k", &[]),
        foreign(KeyKind::HcKms, "tr-west-1:0a", &[]),
        foreign(KeyKind::AzureKv, "app", &vault),
    ]
}

fn age(recipient: &str, share: &[u8]) -> WrappedKey {
    AgeRecipient::parse(recipient, &NoPlugins).unwrap().wrap(&share.to_vec().into()).unwrap()
}

fn sealed(text: &str, format: &'static dyn Format, groups: Vec<Vec<WrappedKey>>) -> Vec<u8> {
    let plain = Plain::parse(text.as_bytes().to_vec(), format).unwrap();
    let threshold = if groups.len() > 1 { 2 } else { 0 };
    let mut metadata = Metadata::new(groups, Selector::default(), false);
    metadata.threshold = threshold;
    let clock = FrozenClock(time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000));
    let key = DataKey::from_bytes(&KEY).unwrap();
    encrypt(&plain, metadata, &key, &clock, &CountedRandom::default()).unwrap().text
}

/// Where AWS would be; whoever asks is heard.
fn aws(scene: Scene) -> (Scene, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let scene = scene
        .variable("AWS_ENDPOINT_URL", &address)
        .variable("AWS_ACCESS_KEY_ID", "AKIA")
        .variable("AWS_SECRET_ACCESS_KEY", "canary");
    (scene, listener)
}

#[track_caller]
fn was_not_asked(listener: &TcpListener) {
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn keys_of_services_stay_and_are_not_asked_where_an_identity_opens() {
    let formats: [(&str, &'static dyn Format, &str); 3] =
        [("a.env", &Dotenv, "A=1\n"), ("a.yaml", &Yaml, "A: '1'\n"), ("a.json", &Json, "{\"A\": \"1\"}\n")];
    for (name, format, text) in formats {
        let mut group = vec![foreign(KeyKind::Kms, ARN, &[("aws_profile", "")])];
        group.extend(unspoken());
        group.push(age(ALICE, &KEY));
        let (scene, listener) = aws(Scene::new().identity("alice"));
        scene.write(name, sealed(text, format, vec![group.clone()]));
        let read = || Sealed::parse(scene.bytes(name), format).unwrap().metadata().groups.clone();
        let before = read();
        assert_eq!(before[0].len(), group.len(), "{name}");
        scene.run(["get", name, "A"]).ok().stdout("1\n").stderr("");
        scene.run(["set", name, "A", "2"]).ok().changed([name]);
        scene.run(["set", name, "B", "3"]).ok().changed([name]);
        scene.run(["unset", name, "B"]).ok().changed([name]);
        assert_eq!(read(), before, "{name}");
        let shown = scene.run(["status", name]).ok().printed();
        for part in [
            "kms",
            "gcp_kms projects/p/",
            "hckms tr-west-1:0a",
            "azure_kv https://v.vault.azure.net/keys/app/0a",
        ] {
            assert!(shown.contains(part), "{name}: {part} is not in\n{shown}");
        }
        was_not_asked(&listener);
    }
}

#[test]
fn a_file_that_only_unknown_services_open_says_which_and_that_sops_can() {
    let scene = Scene::new().identity("alice");
    scene.write("a.yaml", sealed("A: '1'\n", &Yaml, vec![unspoken()]));
    scene
        .run(["get", "a.yaml", "A"])
        .fails(4)
        .stdout("")
        .stderr(
            "error: cannot open `a.yaml`: none of its keys opens here\n  \
             recipients: gcp_kms projects/p/locations/l/keyRings/r/cryptoKeys/k, hckms tr-west-1:0a, azure_kv \
             https://v.vault.azure.net/keys/app/0a\n  \
             not usable: gcp_kms: not spoken with yet\n  \
             not usable: hckms: not spoken with yet\n  \
             not usable: azure_kv: not spoken with yet\n\
             hint: lacre does not speak with `gcp_kms`, `hckms`, `azure_kv` yet; `sops` does, and opens the file\n",
        )
        .untouched();
}

#[test]
fn without_credentials_it_is_told_where_they_were_looked_for() {
    let scene = Scene::new().variable("AWS_EC2_METADATA_DISABLED", "true");
    scene.write("a.yaml", sealed("A: '1'\n", &Yaml, vec![vec![foreign(KeyKind::Kms, ARN, &[])]]));
    scene.run(["get", "a.yaml", "A"]).fails(4).stdout("").stderr(
        "error: cannot open `a.yaml`: none of its keys opens here\n  \
          recipients: kms arn:aws:kms:eu-west-1:123456789012:key/a\n  \
          not usable: kms `arn:aws:kms:eu-west-1:123456789012:key/a`: no AWS credentials found: looked \
         at `AWS_ACCESS_KEY_ID`, `AWS_WEB_IDENTITY_TOKEN_FILE`, the profile `default` in `~/.aws/config` and \
         `~/.aws/credentials`, and the endpoints of a container and an instance; set `AWS_PROFILE`, or log in (`aws \
         configure`, `aws sso login`)\n",
    );
}

#[test]
fn an_arn_that_would_lead_elsewhere_is_asked_of_nobody() {
    let (scene, listener) = aws(Scene::new());
    let arn = "arn:aws:kms:evil.example/:1:key/a\u{1b}[31m";
    scene.write("a.yaml", sealed("A: '1'\n", &Yaml, vec![vec![foreign(KeyKind::Kms, arn, &[])]]));
    scene.run(["get", "a.yaml", "A"]).fails(4).stdout("").stderr(
        "error: cannot open `a.yaml`: none of its keys opens here\n  \
          recipients: kms arn:aws:kms:evil.example/:1:key/a\\u{1b}[31m\n  \
          not usable: kms `arn:aws:kms:evil.example/:1:key/a\\u{1b}[31m`: it is no ARN of the form \
         `arn:aws:kms:REGION:ACCOUNT:key/ID` or `…:alias/NAME`\n",
    );
    was_not_asked(&listener);
}

#[test]
fn enough_groups_that_open_here_are_tried_before_any_on_the_network() {
    let (scene, listener) = aws(Scene::new().identity("alice").identity("bob"));
    let shares = shamir::split(&KEY, 2, 3, &CountedRandom::default()).unwrap();
    let groups = vec![
        vec![foreign(KeyKind::Kms, ARN, &[])],
        vec![age(ALICE, &shares[1])],
        vec![foreign(KeyKind::Kms, ARN, &[]), age(BOB, &shares[2])],
    ];
    scene.write("a.yaml", sealed("A: '1'\n", &Yaml, groups));
    scene.run(["get", "a.yaml", "A"]).ok().stdout("1\n").stderr("");
    was_not_asked(&listener);
}

#[test]
fn a_service_that_does_not_answer_is_told_even_if_another_key_opens_the_file() {
    // Port 1 of loopback: nobody listens there.
    let scene = Scene::new()
        .identity("alice")
        .variable("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .variable("AWS_ACCESS_KEY_ID", "AKIA")
        .variable("AWS_SECRET_ACCESS_KEY", "canary")
        .variable("SOPS_DECRYPTION_ORDER", "kms,age");
    let group = vec![foreign(KeyKind::Kms, ARN, &[]), age(ALICE, &KEY)];
    for name in ["a.yaml", "b.yaml"] {
        scene.write(name, sealed("A: '1'\n", &Yaml, vec![group.clone()]));
    }
    let told = "warning: kms `arn:aws:kms:eu-west-1:123456789012:key/a`: `127.0.0.1:1`: it cannot be reached; another \
                key opened the file\n";
    scene.run(["get", "a.yaml", "A"]).ok().stdout("1\n").stderr(told);
    scene.run(["set", "a.yaml", "A", "2"]).ok().stdout("").stderr(told);
    scene.run(["export", "-f", "a.yaml", "-f", "b.yaml", "--format", "json"]).ok().stderr(told);
}

#[test]
fn a_file_with_a_thousand_keys_does_not_make_us_knock_a_thousand_times() {
    use std::io::{Read, Write};

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // To the end of the JSON, or the answer would be lost.
            let mut heard = Vec::new();
            while !heard.ends_with(b"\"}") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                heard.push(byte[0]);
            }
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let body = r#"{"__type":"AccessDeniedException"}"#;
            let start = "HTTP/1.1 400 X\r\ncontent-length: 34\r\nconnection: close\r\n\r\n";
            stream.write_all(format!("{start}{body}").as_bytes()).unwrap();
        }
    });
    let scene = Scene::new()
        .variable("AWS_ENDPOINT_URL", &address)
        .variable("AWS_ACCESS_KEY_ID", "AKIA")
        .variable("AWS_SECRET_ACCESS_KEY", "canary");
    let keys = (0..1000).map(|at| foreign(KeyKind::Kms, &format!("arn:aws:kms:r-{at}:1:key/a"), &[]));
    scene.write("a.yaml", sealed("A: '1'\n", &Yaml, vec![keys.collect()]));
    scene.run(["get", "a.yaml", "A"]).fails(4).stdout("");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 64);
}
