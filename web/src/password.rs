//! Passwords of users: argon2id, off the async threads, the same work for a user that does not
//! exist; and the rules for a new one.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes computed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;
/// Shortest and longest password, characters. The upper bound caps the work of a hash.
const SHORTEST: usize = 10;
const LONGEST: usize = 128;

static PERMITS: Semaphore = Semaphore::const_new(AT_ONCE);

/// A hash nobody has the password of: compared against when there is no such user.
static NOBODY: LazyLock<Option<String>> =
    LazyLock::new(|| one_time_password().and_then(|it| hash_now(&it)).ok());

/// Why a password could not be hashed or is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Longer than 128 characters.
    #[error("hash the password: it is too long")]
    TooLong,
    /// Against the rules.
    #[error("accept the password: it is too weak")]
    Weak,
    /// The hash function or the system's randomness failed.
    #[error("hash the password")]
    Hash,
}

fn hasher() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Hash)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let hash = hasher()?.hash_password(password.as_bytes()).map_err(|_| PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// The PHC string of a password.
pub async fn hash_password(password: String) -> Result<String, PasswordError> {
    let _permit = PERMITS.acquire().await.map_err(|_| PasswordError::Hash)?;
    tokio::task::spawn_blocking(move || hash_now(&password))
        .await
        .map_err(|_| PasswordError::Hash)?
}

/// Whether `password` is that of `hash`. Without a hash the work is done all the same and the
/// answer is no.
pub(crate) async fn verify(password: String, hash: Option<String>) -> bool {
    if password.chars().count() > LONGEST {
        return false;
    }
    let Ok(_permit) = PERMITS.acquire().await else { return false };
    let work = move || {
        let known = hash.is_some();
        let hash = hash.or_else(|| NOBODY.clone()).unwrap_or_default();
        let right = PasswordHash::new(&hash).ok().is_some_and(|hash| {
            Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
        });
        known && right
    };
    tokio::task::spawn_blocking(work).await.unwrap_or(false)
}

/// Whether a new password may be used by `login`.
pub(crate) fn check_new(password: &str, login: &str) -> Result<(), PasswordError> {
    let length = password.chars().count();
    if length > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let kinds = [
        password.chars().any(char::is_uppercase),
        password.chars().any(char::is_lowercase),
        password.chars().any(char::is_numeric),
        password.chars().any(|c| !c.is_alphanumeric()),
    ];
    let kinds = kinds.into_iter().filter(|kind| *kind).count();
    let names_user = password.to_lowercase().contains(&login.to_lowercase());
    if length < SHORTEST || kinds < 3 || names_user { Err(PasswordError::Weak) } else { Ok(()) }
}

/// A one-time password: 16 characters without those that are mistaken for each other (80 bits).
pub fn one_time_password() -> Result<String, PasswordError> {
    const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|_| PasswordError::Hash)?;
    let letters: String =
        bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
    let groups: Vec<&str> = [0, 4, 8, 12].into_iter().map(|at| &letters[at..at + 4]).collect();
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_is_argon2id_with_the_stated_cost_and_verifies() {
        let hash = hash_password("Correct-Horse-1".into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify("Correct-Horse-1".into(), Some(hash.clone())).await);
        assert!(!verify("correct-horse-1".into(), Some(hash)).await);
        assert!(!verify("anything".into(), None).await, "nobody has no password");
    }

    #[test]
    fn rules_of_a_new_password() {
        assert_eq!(check_new("Correct-Horse-1", "admin"), Ok(()));
        assert_eq!(check_new("口令Aa1——值守平台密码", "admin"), Ok(()));
        for weak in ["Short-1a", "alllowercaseletters", "ADMIN-admin-123", "12345678901234"] {
            assert_eq!(check_new(weak, "admin"), Err(PasswordError::Weak), "{weak}");
        }
        assert_eq!(check_new(&"Aa1-".repeat(40), "admin"), Err(PasswordError::TooLong));
    }

    #[test]
    fn one_time_passwords_differ() {
        let (one, two) = (one_time_password().unwrap(), one_time_password().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), 19);
    }
}
