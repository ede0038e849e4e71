//! The master key, and passwords sealed under it.
//!
//! The key lives in a file of its own outside the database, so a copy of the database alone opens
//! no camera. Sealing is XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with a random 24-byte
//! nonce; the associated data names the device, so a sealed password copied to another row does
//! not open. Randomness comes from the operating system and not through an argument: a nonce or
//! key that a test could repeat would be a hole.

use crate::error::KeyError;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::{
    fmt,
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of a key.
const KEY_BYTES: usize = 32;
/// Bytes of an XChaCha20 nonce.
const NONCE_BYTES: usize = 24;

/// The key that seals passwords. `Debug` shows nothing of it; dropping wipes it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey([u8; KEY_BYTES]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// From its bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Reads the key file, or makes one (mode 600) where there is none. A file that group or
    /// others may touch is refused.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        let failed = |source: io::Error| KeyError::Io { path: path.into(), source: source.into() };
        match File::open(path) {
            Ok(file) => Self::load(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self(random()?);
                match key.create(path) {
                    // Somebody else was faster; theirs is the key.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        Self::load(path, File::open(path).map_err(failed)?)
                    }
                    other => other.map(|()| key).map_err(failed),
                }
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn load(path: &Path, mut file: File) -> Result<Self, KeyError> {
        let failed = |source: io::Error| KeyError::Io { path: path.into(), source: source.into() };
        let about = file.metadata().map_err(failed)?;
        let mode = about.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Permissions { path: path.into(), mode });
        }
        if about.len() != KEY_BYTES as u64 {
            return Err(KeyError::Length { path: path.into(), length: about.len() });
        }
        let mut bytes = [0; KEY_BYTES];
        file.read_exact(&mut bytes).map_err(failed)?;
        Ok(Self(bytes))
    }

    /// Writes the key whole or not at all: a crash half way leaves no short key file behind.
    fn create(&self, path: &Path) -> io::Result<()> {
        let draft = path.with_extension(format!("draft-{}", std::process::id()));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        let linked = file
            .write_all(&self.0)
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::hard_link(&draft, path));
        fs::remove_file(&draft)?;
        linked?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    /// Seals `secret` for `owner`: nonce, then ciphertext and tag.
    pub(crate) fn seal(&self, owner: &str, secret: &str) -> Result<Vec<u8>, KeyError> {
        let nonce: [u8; NONCE_BYTES] = random()?;
        let payload = Payload { msg: secret.as_bytes(), aad: owner.as_bytes() };
        let sealed =
            self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| KeyError::Sealed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Self::seal`] made for the same owner.
    pub(crate) fn open(&self, owner: &str, sealed: &[u8]) -> Result<String, KeyError> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(KeyError::Sealed)?;
        let payload = Payload { msg: body, aad: owner.as_bytes() };
        let secret =
            self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| KeyError::Sealed)?;
        String::from_utf8(secret).map_err(|_| KeyError::Sealed)
    }

    /// A key for another purpose (HMAC-SHA-256 of its name), which tells nothing of this one.
    pub(crate) fn derive(&self, purpose: &[u8]) -> [u8; KEY_BYTES] {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&block(&self.0).into());
        mac.update(purpose);
        mac.finalize().into_bytes().into()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

/// A key as HMAC takes it: filled up to its block (RFC 2104 §2).
fn block(key: &[u8; KEY_BYTES]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..KEY_BYTES].copy_from_slice(key);
    block
}

fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let made = MasterKey::load_or_create(&path).unwrap();
        let read = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(made.0, read.0);
        assert_ne!(made.0, [0; KEY_BYTES]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_and_says_how_to_mend_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        MasterKey::load_or_create(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = MasterKey::load_or_create(&path).unwrap_err();
        assert!(matches!(error, KeyError::Permissions { mode: 0o640, .. }));
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_derived_key_depends_on_the_key_and_its_purpose() {
        let (key, other) = (MasterKey::from_bytes([7; 32]), MasterKey::from_bytes([8; 32]));
        assert_eq!(key.derive(b"a"), key.derive(b"a"));
        assert_ne!(key.derive(b"a"), key.derive(b"b"));
        assert_ne!(key.derive(b"a"), other.derive(b"a"));
        assert_ne!(key.derive(b"a"), key.0);
    }

    #[test]
    fn a_file_of_another_length_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        fs::write(&path, b"short").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = MasterKey::load_or_create(&path).unwrap_err();
        assert!(matches!(error, KeyError::Length { length: 5, .. }));
    }

    #[test]
    fn a_sealed_password_opens_only_for_its_device_and_under_its_key() {
        let (key, other) = (MasterKey::from_bytes([7; 32]), MasterKey::from_bytes([8; 32]));
        let sealed = key.seal("a", "口令 s3cret").unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), "口令 s3cret");
        assert!(matches!(key.open("b", &sealed), Err(KeyError::Sealed)));
        assert!(matches!(other.open("a", &sealed), Err(KeyError::Sealed)));
        assert!(matches!(key.open("a", &sealed[..10]), Err(KeyError::Sealed)));
        assert_ne!(sealed, key.seal("a", "口令 s3cret").unwrap(), "every nonce is new");
        let mut altered = sealed;
        *altered.last_mut().unwrap() ^= 1;
        assert!(matches!(key.open("a", &altered), Err(KeyError::Sealed)));
    }
}
