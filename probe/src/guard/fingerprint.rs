//! Telling logins apart over restarts without keeping anything that opens a device.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};
use zhishou_domain::{Credential, Fingerprint};

/// What logins are fingerprinted under. Without it a fingerprint cannot be tried against guessed
/// passwords.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct FingerprintKey([u8; 32]);

impl FingerprintKey {
    /// From its bytes; the same over restarts where fingerprints are kept.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 (RFC 2104) of both parts, cut to 128 bits. The length in front keeps "ab" + "c"
    /// from being "a" + "bc".
    pub(super) fn of(&self, credential: &Credential) -> Fingerprint {
        // Filled up to the block of the hash (RFC 2104 §2).
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&(*block).into());
        mac.update(&credential.username.len().to_be_bytes());
        mac.update(credential.username.as_bytes());
        mac.update(credential.password().as_bytes());
        let full = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        Fingerprint(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_login_and_each_key_has_its_own() {
        let key = FingerprintKey::new([1; 32]);
        let of = |user: &str, password: &str| key.of(&Credential::new(user, password));
        assert_eq!(of("admin", "x"), of("admin", "x"));
        assert_ne!(of("ab", "c"), of("a", "bc"));
        let other = FingerprintKey::new([2; 32]);
        assert_ne!(of("admin", "x"), other.of(&Credential::new("admin", "x")));
    }
}
