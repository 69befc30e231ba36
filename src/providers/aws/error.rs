//! What can go wrong between us and AWS, in plain words: never a body, never anything secret, every name escaped.

use crate::keys::escaped;
use crate::world::http::HttpError;

/// Why AWS did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AwsError {
    /// The address in this variable is none.
    #[error("`{0}` holds no address of the form `https://HOST`")]
    Address(String),
    /// The answer, of this host, is not understood.
    #[error("the answer of `{0}` is not understood")]
    Garbled(String),
    /// Several hosts did not answer, so that no more are asked.
    #[error("not asked any more, for several hosts of AWS did not answer")]
    GivenUp,
    /// No answer came; not asked again in this run.
    #[error("`{host}`: {cause}")]
    NoAnswer {
        /// Host and port.
        host: String,
        /// Why not.
        cause: HttpError,
    },
    /// Nothing to sign with.
    #[error(
        "no AWS credentials found: looked at {0}; set `AWS_PROFILE`, or log in (`aws configure`, `aws sso login`)"
    )]
    NoCredentials(String),
    /// The address of this host is plain `http`.
    #[error("`{0}` is named by plain `http`, and would show the data key to the network; use `https`")]
    Plain(String),
    /// The service said no.
    #[error("{} ({action}: {code}; credentials: {from})", words(.code))]
    Refused {
        /// What was asked, e.g. `kms:Decrypt`.
        action: &'static str,
        /// The error code of AWS: letters, digits and dots.
        code: String,
        /// Where the credentials came from, escaped.
        from: String,
    },
    /// A source of credentials that the user named does not give any.
    #[error("AWS credentials: {from}: {problem}")]
    Source {
        /// Which, escaped.
        from: String,
        /// What is wrong, escaped.
        problem: String,
    },
}

impl AwsError {
    /// A source of credentials that gives none.
    #[must_use]
    pub fn source(from: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Source { from: from.into(), problem: problem.into() }
    }

    /// From an answer that is no success.
    #[must_use]
    pub fn refused(action: &'static str, code: &str, from: &str) -> Self {
        let code = code.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '.');
        let code: String = code.take(LONGEST_CODE).collect();
        let code = if code.is_empty() { "no reason given".to_owned() } else { code };
        Self::Refused { action, code, from: escaped(from) }
    }

    /// Whether a service refused with this `code`.
    #[must_use]
    pub fn has_code(&self, wanted: &str) -> bool {
        matches!(self, Self::Refused { code, .. } if code == wanted)
    }
}

const LONGEST_CODE: usize = 64;

/// What a code of AWS means to the person, and what helps.
fn words(code: &str) -> &'static str {
    match code {
        "AccessDenied" | "AccessDeniedException" => {
            "AWS does not allow it: the policy of the key or of these credentials must permit this action"
        }
        "NotFoundException" => "AWS has no such key in that account and region",
        "DisabledException" => "the key is disabled: enable it, or open the file with another key",
        "KMSInvalidStateException" => "the key cannot be used now: it is to be deleted, or not ready",
        "KeyUnavailableException" => "the key is not available now: try again",
        "InvalidKeyUsageException" => "the key is not meant for encryption",
        "IncorrectKeyException" => "the wrapped key was made with another key than the file says",
        "InvalidCiphertextException" => {
            "the wrapped key is damaged, or its `context` is not the one it was made with"
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
            "your AWS session has ended: log in again"
        }
        "InvalidClientTokenId" | "UnrecognizedClientException" | "InvalidAccessKeyId" => {
            "AWS does not know these credentials"
        }
        "IncompleteSignature" | "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            "AWS does not accept the signature: the secret key is wrong, or the clock of this machine"
        }
        "IDPCommunicationError" | "InvalidIdentityToken" => "AWS does not accept the web identity token",
        "LimitExceededException" | "Throttling" | "ThrottlingException" => {
            "AWS is asked too often: try again"
        }
        "DependencyTimeoutException" | "InternalFailure" | "KMSInternalException" | "ServiceUnavailable" => {
            "AWS has a problem of its own: try again"
        }
        _ => "AWS refuses",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_in_words_with_what_was_asked_and_by_whom() {
        let error = AwsError::refused("kms:Decrypt", "DisabledException", "profile `a\nb`");
        assert_eq!(
            error.to_string(),
            "the key is disabled: enable it, or open the file with another key (kms:Decrypt: DisabledException; \
             credentials: profile `a\\nb`)"
        );
    }

    #[test]
    fn nothing_of_a_code_reaches_the_terminal_but_letters_digits_and_dots() {
        let long = "x".repeat(1000);
        for (code, shown) in [
            ("Odd\u{1b}[31mCode", "Odd31mCode"),
            ("", "no reason given"),
            ("\n", "no reason given"),
            (long.as_str(), &"x".repeat(64)),
        ] {
            let error = AwsError::refused("kms:Encrypt", code, "here").to_string();
            assert_eq!(error, format!("AWS refuses (kms:Encrypt: {shown}; credentials: here)"));
        }
    }
}
