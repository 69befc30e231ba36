//! Signature Version 4, by which AWS knows who asks: from a request and a secret key to the `Authorization` header.
//! Held to the vectors that AWS published, in `tests/vectors/aws-sigv4.json`. Knows no service and sends nothing.

use std::collections::BTreeMap;
use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, UtcOffset};
use zeroize::Zeroizing;

use crate::base::Secret;

/// What is signed. Nothing of it may change on the way.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` …
    pub method: &'a str,
    /// From the first slash on, not yet percent-encoded, without `.` and `..`.
    pub path: &'a str,
    /// Names and values, not yet percent-encoded.
    pub query: &'a [(&'a str, &'a str)],
    /// All that shall be signed; at least `host` and `x-amz-date`.
    pub headers: &'a [(&'a str, &'a str)],
    /// What is sent.
    pub body: &'a [u8],
}

/// For whom and when a signature counts.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// E.g. `eu-west-1`.
    pub region: &'a str,
    /// E.g. `kms`.
    pub service: &'a str,
    /// It counts for some minutes around this.
    pub time: OffsetDateTime,
}

impl Scope<'_> {
    /// The value of `x-amz-date`, e.g. `20150830T123600Z`.
    #[must_use]
    pub fn stamp(&self) -> String {
        let time = self.time.to_offset(UtcOffset::UTC);
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    fn text(&self) -> String {
        let stamp = self.stamp();
        let day = stamp.split('T').next().unwrap_or_default();
        format!("{day}/{}/{}/aws4_request", self.region, self.service)
    }
}

impl Request<'_> {
    /// The spelling that both sides sign, and the names of the headers in it.
    fn canonical(&self) -> (String, String) {
        let mut query: Vec<_> =
            self.query.iter().map(|(name, value)| (encoded(name, false), encoded(value, false))).collect();
        query.sort();
        let query: Vec<_> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in self.headers {
            let words: Vec<_> = value.split_ascii_whitespace().collect();
            headers.entry(name.to_ascii_lowercase()).or_default().push(words.join(" "));
        }
        let names: Vec<_> = headers.keys().cloned().collect();
        let names = names.join(";");
        let mut text = format!("{}\n{}\n{}\n", self.method, encoded(self.path, true), query.join("&"));
        for (name, values) in &headers {
            let _ = writeln!(text, "{name}:{}", values.join(","));
        }
        let _ = write!(text, "\n{names}\n{}", hex(&Sha256::digest(self.body)));
        (text, names)
    }

    /// The value of `Authorization`.
    #[must_use]
    pub fn authorization(&self, scope: &Scope<'_>, access_key: &str, secret_key: &Secret<String>) -> String {
        let (canonical, names) = self.canonical();
        let scoped = scope.text();
        let signed = format!(
            "AWS4-HMAC-SHA256\n{}\n{scoped}\n{}",
            scope.stamp(),
            hex(&Sha256::digest(canonical.as_bytes()))
        );
        let mut first = Zeroizing::new(Vec::with_capacity(4 + secret_key.expose().len()));
        first.extend_from_slice(b"AWS4");
        first.extend_from_slice(secret_key.expose().as_bytes());
        let key = scoped.split('/').fold(first, |key, part| keyed(&key, part.as_bytes()));
        let signature = hex(&keyed(&key, signed.as_bytes()));
        format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scoped}, SignedHeaders={names}, Signature={signature}"
        )
    }
}

/// Percent-encoded as signatures want it: all but letters, digits and `-._~`.
#[must_use]
pub fn encoded(text: &str, slashes_stay: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            b'/' if slashes_stay => encoded.push('/'),
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

fn keyed(key: &[u8], data: &[u8]) -> Zeroizing<Vec<u8>> {
    // By way of the key block: HMAC takes keys of any length, but only this constructor cannot fail.
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    if key.len() > block.len() {
        block.iter_mut().zip(Sha256::digest(key)).for_each(|(to, from)| *to = from);
    } else {
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    }
    let code = Hmac::<Sha256>::new(&block).chain_update(data).finalize().into_bytes();
    zeroize::Zeroize::zeroize(block.as_mut_slice());
    Zeroizing::new(code.to_vec())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use time::format_description::well_known::Rfc3339;

    use super::*;

    const VECTORS: &str = include_str!("../../../tests/vectors/aws-sigv4.json");

    fn pairs(node: &serde_json::Value) -> Vec<(&str, &str)> {
        let pairs = node.as_array().unwrap();
        pairs.iter().map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap())).collect()
    }

    #[test]
    fn signatures_are_those_of_the_published_vectors() {
        let file: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
        let text = |node: &serde_json::Value, name: &str| node[name].as_str().unwrap().to_owned();
        let secret = Secret::new(text(&file, "secret_key"));
        let (region, service) = (text(&file, "region"), text(&file, "service"));
        let time = OffsetDateTime::parse(&text(&file, "time"), &Rfc3339).unwrap();
        let scope = Scope { region: &region, service: &service, time };
        let vectors = file["vectors"].as_array().unwrap();
        assert!(vectors.len() > 15);
        for vector in vectors {
            let (method, path) = (text(vector, "method"), text(vector, "path"));
            let (query, headers) = (pairs(&vector["query"]), pairs(&vector["headers"]));
            let body = text(vector, "body");
            let request = Request {
                method: &method,
                path: &path,
                query: &query,
                headers: &headers,
                body: body.as_bytes(),
            };
            let name = text(vector, "name");
            assert_eq!(request.canonical().1, text(vector, "signed_headers"), "{name}");
            let header = request.authorization(&scope, "AKIDEXAMPLE", &secret);
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={}, Signature={}",
                text(vector, "signed_headers"),
                text(vector, "signature")
            );
            assert_eq!(header, expected, "{name}");
        }
    }

    #[test]
    fn a_secret_key_longer_than_a_block_is_hashed_as_hmac_wants() {
        // RFC 4231, test case 6.
        let code = keyed(&[0xaa; 131], b"Test Using Larger Than Block-Size Key - Hash Key First");
        assert_eq!(hex(&code), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn the_time_is_that_of_utc() {
        let time = OffsetDateTime::parse("2015-08-30T14:36:00+02:00", &Rfc3339).unwrap();
        assert_eq!(Scope { region: "r", service: "s", time }.stamp(), "20150830T123600Z");
    }
}
