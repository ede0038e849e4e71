//! A user name and password that cannot be printed and do not outlive their use in memory.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A login. The password is wiped on drop and hidden in `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Credential {
    username: String,
    password: String,
}

impl Credential {
    /// A login of this user with this password, both as entered (not percent-encoded).
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: password.into() }
    }

    /// The user name.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The password, for hashing only.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("username", &self.username)
            .field("password", &"***")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_password() {
        let text = format!("{:?}", Credential::new("admin", "hunter2"));
        assert!(text.contains("admin"));
        assert!(!text.contains("hunter2"));
    }
}
