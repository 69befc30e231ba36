//! One HTTP request at a time, for the services that hold keys. Short deadlines, no redirects (a token would follow
//! them), small answers. Whether an address may be asked at all is decided by the provider.

use std::time::Duration;

use ureq::config::ConfigBuilder;
use ureq::http::Request;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::typestate::AgentScope;
use ureq::{Agent, Error, Proxy};

/// What a service that does not answer may cost.
pub const PATIENCE: Duration = Duration::from_secs(3);

/// Bytes of an answer at the most.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What a service said.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status, e.g. 200.
    pub status: u16,
    /// The body; it may hold a data key.
    pub body: zeroize::Zeroizing<Vec<u8>>,
}

/// Why there is no answer. Holds no address and nothing of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The address, or a header, is none.
    #[error("that is no address that can be asked")]
    Address,
    /// The name does not resolve, or nobody listens there.
    #[error("it cannot be reached")]
    Unreachable,
    /// No answer within [`PATIENCE`].
    #[error("it did not answer within {} seconds", PATIENCE.as_secs())]
    TimedOut,
    /// The certificate is not trusted, or the connection cannot be secured.
    #[error("its TLS certificate is not trusted, or it speaks no TLS")]
    Tls,
    /// The answer is no HTTP, or too large.
    #[error("its answer is not understood")]
    Garbled,
}

/// A client, whose connections are kept for the next request.
pub struct Http(Agent);

impl Http {
    /// One that trusts the certificates in `roots` (PEM), or else those of the system.
    ///
    /// # Errors
    /// [`HttpError::Tls`] when `roots` holds no certificate.
    pub fn new(roots: Option<&[u8]>) -> Result<Self, HttpError> {
        Self::with(roots, Proxy::try_from_env())
    }

    /// The same, past any proxy: what is said to this machine stays on it.
    ///
    /// # Errors
    /// [`HttpError::Tls`] when `roots` holds no certificate.
    pub fn direct(roots: Option<&[u8]>) -> Result<Self, HttpError> {
        Self::with(roots, None)
    }

    fn with(roots: Option<&[u8]>, proxy: Option<Proxy>) -> Result<Self, HttpError> {
        let roots = match roots {
            Some(pem) => RootCerts::from(certificates(pem)?),
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder().root_certs(roots).build();
        Ok(Self(Agent::from(common().tls_config(tls).proxy(proxy).timeout_global(Some(PATIENCE)).build())))
    }

    /// One for services on this machine or its link, which answer at once if they are there. No proxy hears of it.
    #[must_use]
    pub fn near(patience: Duration) -> Self {
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        Self(Agent::from(common().tls_config(tls).proxy(None).timeout_global(Some(patience)).build()))
    }

    /// Sends `body`, or nothing for a GET.
    ///
    /// # Errors
    /// When no answer comes; any status is an answer.
    pub fn send(
        &self,
        method: &str,
        address: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, HttpError> {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let sent = if body.is_empty() {
            self.0.run(request.body(()).map_err(|_| HttpError::Address)?)
        } else {
            self.0.run(request.body(body).map_err(|_| HttpError::Address)?)
        };
        let mut response = sent.map_err(|error| from_ureq(&error))?;
        let status = response.status().as_u16();
        let read = response.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec();
        let body = zeroize::Zeroizing::new(read.map_err(|error| from_ureq(&error))?);
        Ok(Answer { status, body })
    }
}

fn common() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent("lacre")
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, HttpError> {
    let found = parse_pem(pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    if found.is_empty() { Err(HttpError::Tls) } else { Ok(found) }
}

fn from_ureq(error: &Error) -> HttpError {
    match error {
        Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl | Error::RequireHttpsOnly(_) => {
            HttpError::Address
        }
        // How the TLS library tells what it refuses.
        Error::Io(cause) if cause.kind() == std::io::ErrorKind::InvalidData => HttpError::Tls,
        Error::ConnectionFailed | Error::HostNotFound | Error::Io(_) => HttpError::Unreachable,
        Error::Pem(_) | Error::Rustls(_) | Error::Tls(_) | Error::TlsRequired => HttpError::Tls,
        Error::Timeout(_) => HttpError::TimedOut,
        _ => HttpError::Garbled,
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers one request with `answer`; the address.
    fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut heard = [0; 4096];
            let _ = stream.read(&mut heard).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    fn ask(address: &str) -> Result<(u16, Vec<u8>), HttpError> {
        let answer = Http::new(None).unwrap().send("POST", address, &[("x-a", "b")], b"{}")?;
        Ok((answer.status, answer.body.to_vec()))
    }

    #[test]
    fn any_status_is_an_answer() {
        let address = server("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
        assert_eq!(ask(&address), Ok((403, b"no".to_vec())));
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let address =
            server("HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(ask(&address), Ok((307, Vec::new())));
    }

    #[test]
    fn what_cannot_be_asked_is_told() {
        assert_eq!(ask("nowhere"), Err(HttpError::Address));
        assert_eq!(ask("http://127.0.0.1:1/"), Err(HttpError::Unreachable));
        assert_eq!(ask(&server("garbage\r\n\r\n")), Err(HttpError::Garbled));
        let secure = server("garbage\r\n\r\n").replace("http:", "https:");
        assert_eq!(ask(&secure), Err(HttpError::Tls));
        assert!(Http::new(Some(b"no certificate")).is_err_and(|error| error == HttpError::Tls));
    }
}
