//! HTTP authentication as cameras practise it: Basic (RFC 7617), Digest (RFC 2069, 2617, 7616).
//!
//! A realm is bytes, not text: devices send GBK there, and the hash runs over what was sent.
//! [`Authenticator`] holds the policy that keeps accounts from being locked: at most one rejected
//! login per probe, Basic never after Digest, and a new nonce is answered only where the credential
//! has already succeeded in this session.

mod authenticator;
mod challenge;
mod credential;
mod digest;

pub use authenticator::{Authenticator, Verdict};
pub use challenge::{Algorithm, Challenge, Scheme};
pub use credential::Credential;
pub use digest::{DigestRequest, authorization as digest_authorization};
