//! What opens something to whoever holds it, drawn at random: shown once, kept as a hash.

use crate::{failure::Failure, query::typed};
use axum::http::StatusCode;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Random bytes in a token.
const BYTES: usize = 24;
/// Longest name of what a token is for, characters.
const LONGEST: usize = 60;

/// A new token.
pub(crate) fn draw() -> Result<String, Failure> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|_| Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "draw random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a token: SHA-256 in hex.
pub(crate) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a token is for, so that it is known by that when it is to be revoked.
pub(crate) fn name(given: &str) -> Result<String, Failure> {
    let name = typed("name", given, LONGEST)?;
    if name.is_empty() {
        return Err(Failure::bad_input("请填写用途", "name: missing"));
    }
    Ok(name)
}
