//! `sops keyservice`: refused. It would lend the user's identities to whoever reaches a socket.

use super::super::Failure;
use super::call::Call;

/// Says why not.
///
/// # Errors
/// Always.
pub fn run(_: &Call<'_>) -> Result<u8, Failure> {
    Err(Failure::user("`keyservice` is not offered: it lends your identities to whoever reaches its socket")
        .hint(
            "forward the agent that has the key (gpg, ssh, an age plugin), or run the original sops for it",
        ))
}
