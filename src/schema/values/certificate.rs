//! Certificates: that they are ones, and how long they live. Who signed them is not asked.

use time::OffsetDateTime;
use x509_cert::Certificate;
use x509_cert::der::{DateTime, Decode as _};

use super::encoded::blocks;

/// When a chain of certificates is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The last of their beginnings.
    pub from: OffsetDateTime,
    /// The first of their ends.
    pub until: OffsetDateTime,
}

/// The lifetime of all certificates in a text of PEM. `None`: there are none, or one cannot be read. Keys beside them
/// are skipped.
pub fn lifetime(value: &[u8]) -> Option<Lifetime> {
    let mut whole: Option<Lifetime> = None;
    let blocks = blocks(value)?;
    for block in blocks.iter().filter(|block| block.label == "CERTIFICATE") {
        let validity = Certificate::from_der(&block.bytes).ok()?.tbs_certificate.validity;
        let from = moment(validity.not_before.to_date_time())?;
        let until = moment(validity.not_after.to_date_time())?;
        let so_far = whole.unwrap_or(Lifetime { from, until });
        whole = Some(Lifetime { from: from.max(so_far.from), until: until.min(so_far.until) });
    }
    whole
}

fn moment(time: DateTime) -> Option<OffsetDateTime> {
    let seconds = i64::try_from(time.unix_duration().as_secs()).ok()?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}
