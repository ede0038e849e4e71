//! When to answer a challenge and when to stop, so that no account is ever locked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Challenge, Credential, DigestRequest, Scheme, digest_authorization};

/// What a 401 means for the request that received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Send the request again; [`Authenticator::authorization`] now answers the challenge.
    Retry,
    /// A login is asked for and none is known.
    Required,
    /// The login was sent and refused. It must not be sent again in this probe.
    Rejected,
    /// The login works in this session, yet this request stays refused: devices say so when they
    /// have too many viewers (Q38, Q72).
    RefusedThoughProven,
    /// Only Basic is offered, and the password may not be shown.
    Withheld,
    /// Only schemes are offered that we do not have.
    Unsupported,
}

/// Holds the login and the current challenge of one probe.
#[derive(Debug)]
pub struct Authenticator {
    credential: Option<Credential>,
    challenge: Option<Challenge>,
    nonce_count: u32,
    /// Chance for client nonces, given by the caller.
    entropy: u64,
    digest_only: bool,
    sent: bool,
    proven: bool,
    rejected: u32,
    /// Refused after it had been accepted: too many viewers (Q38), or a password that was changed.
    spent: bool,
}

impl Authenticator {
    /// `entropy` seeds the client nonces; it must differ from probe to probe.
    pub fn new(credential: Option<Credential>, entropy: u64) -> Self {
        Self {
            credential,
            challenge: None,
            nonce_count: 0,
            entropy,
            digest_only: false,
            sent: false,
            proven: false,
            rejected: 0,
            spent: false,
        }
    }

    /// Logins refused so far: 0 or 1.
    pub fn rejected(&self) -> u32 {
        self.rejected
    }

    /// Whether the login has left this machine in this probe.
    pub fn sent(&self) -> bool {
        self.sent
    }

    /// Whether a request with the login was accepted after a challenge in this probe.
    pub fn proven(&self) -> bool {
        self.proven
    }

    /// Whether there is a challenge to answer and a login to answer it with.
    pub fn ready(&self) -> bool {
        self.credential.is_some() && self.challenge.is_some()
    }

    /// Forgets the login: the next host is not the one it belongs to. The challenge goes too. Says
    /// whether there was one.
    pub fn withhold(&mut self) -> bool {
        self.forget_challenge();
        self.credential.take().is_some()
    }

    /// Forgets the challenge, and that the login was accepted: who is asked next has yet to accept it.
    pub fn start_over(&mut self) {
        self.forget_challenge();
        self.proven = false;
    }

    /// From now on the password is proven, never shown: Basic is not answered.
    pub fn digest_only(&mut self) {
        self.digest_only = true;
        if self.challenge.as_ref().is_some_and(|c| c.scheme == Scheme::Basic) {
            self.forget_challenge();
        }
    }

    /// Forgets the challenge: the next connection will bring its own.
    pub fn forget_challenge(&mut self) {
        self.challenge = None;
        self.nonce_count = 0;
    }

    /// The `Authorization` value for a request, or `None` while there is no challenge or login, and
    /// for good once the login was refused: a keep-alive or TEARDOWN with it would be the second
    /// refusal.
    pub fn authorization(&mut self, method: &str, uri: &str) -> Option<Vec<u8>> {
        if self.rejected > 0 || self.spent {
            return None;
        }
        let (credential, challenge) = (self.credential.as_ref()?, self.challenge.as_ref()?);
        let value = match challenge.scheme {
            Scheme::Basic => {
                let plain = zeroize::Zeroizing::new(format!(
                    "{}:{}",
                    credential.username(),
                    credential.password()
                ));
                format!("Basic {}", STANDARD.encode(plain.as_bytes())).into_bytes()
            }
            Scheme::Digest(algorithm) => {
                self.nonce_count += 1;
                // A session key is made once for a nonce, of the first client nonce (RFC 7616 3.4.2).
                let turn = if algorithm.has_session_key() { 1 } else { self.nonce_count };
                let cnonce = format!("{:016x}{turn:08x}", self.entropy);
                digest_authorization(
                    algorithm,
                    challenge,
                    credential,
                    DigestRequest { method, uri, cnonce: &cnonce, nonce_count: self.nonce_count },
                )
            }
            Scheme::Unsupported => return None,
        };
        self.sent = true;
        Some(value)
    }

    /// A request that carried the login was answered with something that lies past the login.
    pub fn accepted(&mut self) {
        self.proven = true;
    }

    /// A 401. `carried` says whether the request had the login in it; `retried` whether this very
    /// request was already repeated because of a new nonce.
    pub fn challenged(
        &mut self,
        challenges: Vec<Challenge>,
        carried: bool,
        retried: bool,
    ) -> Verdict {
        if carried {
            if !self.proven {
                self.rejected += 1;
                return Verdict::Rejected;
            }
            let fresh = best(challenges).filter(|c| self.is_renewal(c));
            return match fresh {
                Some(challenge) if !retried => {
                    self.adopt(challenge);
                    Verdict::Retry
                }
                _ => {
                    self.spent = true;
                    Verdict::RefusedThoughProven
                }
            };
        }
        if self.credential.is_none() {
            return Verdict::Required;
        }
        if self.rejected > 0 {
            return Verdict::Rejected;
        }
        if self.spent {
            return Verdict::RefusedThoughProven;
        }
        match best(challenges) {
            Some(challenge) if self.digest_only && challenge.scheme == Scheme::Basic => {
                Verdict::Withheld
            }
            Some(challenge) => {
                self.adopt(challenge);
                Verdict::Retry
            }
            None => Verdict::Unsupported,
        }
    }

    /// A new nonce of a scheme no weaker than the one that worked; Basic has no nonce to renew.
    fn is_renewal(&self, next: &Challenge) -> bool {
        matches!(next.scheme, Scheme::Digest(_))
            && self.challenge.as_ref().is_some_and(|now| {
                now.nonce != next.nonce && next.scheme.strength() >= now.scheme.strength()
            })
    }

    fn adopt(&mut self, challenge: Challenge) {
        self.challenge = Some(challenge);
        self.nonce_count = 0;
    }
}

/// The strongest challenge that can be answered; the first among equals.
fn best(challenges: Vec<Challenge>) -> Option<Challenge> {
    let mut best: Option<Challenge> = None;
    for challenge in challenges {
        let floor = best.as_ref().map_or(0, |b| b.scheme.strength());
        if challenge.scheme.strength() > floor {
            best = Some(challenge);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenges(values: &[&str]) -> Vec<Challenge> {
        Challenge::parse_all(values.iter().map(|v| v.as_bytes()))
    }

    fn auth() -> Authenticator {
        Authenticator::new(Some(Credential::new("admin", "pw")), 7)
    }

    #[test]
    fn q36_strongest_of_several_wins() {
        let mut auth = auth();
        let offered = challenges(&[
            r#"Basic realm="a""#,
            r#"Digest realm="a", nonce="1""#,
            r#"Digest realm="a", nonce="1", algorithm=SHA-256"#,
        ]);
        assert_eq!(auth.challenged(offered, false, false), Verdict::Retry);
        let value = auth.authorization("DESCRIBE", "rtsp://h/").unwrap();
        assert!(String::from_utf8(value).unwrap().contains("algorithm=SHA-256"));
    }

    #[test]
    fn a_session_key_is_made_of_one_client_nonce() {
        for (algorithm, is_kept) in [("MD5-sess", true), ("SHA-256-sess", true), ("MD5", false)] {
            let mut auth = auth();
            let offered =
                format!(r#"Digest realm="a", nonce="1", qop="auth", algorithm={algorithm}"#);
            auth.challenged(challenges(&[&offered]), false, false);
            let mut said = |method| {
                let value = String::from_utf8(auth.authorization(method, "rtsp://h/").unwrap());
                let value = value.unwrap();
                let of = |name: &str| {
                    let rest = &value[value.find(name).unwrap() + name.len()..];
                    rest.split([',', '"']).next().unwrap().to_owned()
                };
                (of("cnonce=\""), of("nc="))
            };
            let (first, second) = (said("DESCRIBE"), said("SETUP"));
            assert_eq!((first.1.as_str(), second.1.as_str()), ("00000001", "00000002"));
            assert_eq!(first.0 == second.0, is_kept, "{algorithm}");
        }
    }

    #[test]
    fn basic_is_never_sent_after_digest_failed() {
        let mut auth = auth();
        auth.challenged(challenges(&[r#"Digest realm="a", nonce="1""#]), false, false);
        auth.authorization("DESCRIBE", "u").unwrap();
        let offered = challenges(&[r#"Basic realm="a""#]);
        assert_eq!(auth.challenged(offered.clone(), true, false), Verdict::Rejected);
        assert_eq!(auth.challenged(offered, false, false), Verdict::Rejected);
        assert_eq!(auth.rejected(), 1);
        assert_eq!(auth.authorization("TEARDOWN", "u"), None, "refused once is refused");
    }

    #[test]
    fn after_a_redirect_the_login_has_to_prove_itself_again() {
        let mut auth = auth();
        auth.challenged(challenges(&[r#"Digest realm="a", nonce="1""#]), false, false);
        auth.authorization("DESCRIBE", "u").unwrap();
        auth.accepted();
        auth.start_over();
        auth.challenged(challenges(&[r#"Digest realm="a", nonce="2""#]), false, false);
        auth.authorization("DESCRIBE", "u").unwrap();
        let fresh = challenges(&[r#"Digest realm="a", nonce="3""#]);
        assert_eq!(auth.challenged(fresh, true, false), Verdict::Rejected);
    }

    #[test]
    fn basic_is_not_adopted_as_a_renewal_either() {
        let mut auth = auth();
        auth.challenged(challenges(&[r#"Digest realm="a", nonce="1""#]), false, false);
        auth.authorization("DESCRIBE", "u").unwrap();
        auth.accepted();
        let offered = challenges(&[r#"Basic realm="a""#]);
        assert_eq!(auth.challenged(offered, true, false), Verdict::RefusedThoughProven);
    }

    #[test]
    fn q37_new_nonce_counts_only_after_success_and_once() {
        let mut auth = auth();
        auth.challenged(challenges(&[r#"Digest realm="a", nonce="1""#]), false, false);
        auth.authorization("DESCRIBE", "u").unwrap();
        let renewed = challenges(&[r#"Digest realm="a", nonce="2""#]);
        let mut unproven = Authenticator::new(Some(Credential::new("a", "b")), 1);
        unproven.challenged(challenges(&[r#"Digest realm="a", nonce="1""#]), false, false);
        assert_eq!(unproven.challenged(renewed.clone(), true, false), Verdict::Rejected);

        auth.accepted();
        assert_eq!(auth.challenged(renewed.clone(), true, false), Verdict::Retry);
        assert_eq!(auth.challenged(renewed, true, true), Verdict::RefusedThoughProven);
        assert_eq!(auth.rejected(), 0);
    }

    #[test]
    fn a_password_that_may_not_be_shown_answers_digest_and_not_basic() {
        let mut auth = auth();
        let basic = challenges(&[r#"Basic realm="a""#]);
        auth.challenged(basic.clone(), false, false);
        auth.digest_only();
        assert_eq!(auth.authorization("DESCRIBE", "u"), None);
        assert_eq!(auth.challenged(basic, false, false), Verdict::Withheld);
        assert_eq!(auth.authorization("DESCRIBE", "u"), None);
        assert!(!auth.sent());
        let both = challenges(&[r#"Basic realm="a""#, r#"Digest realm="a", nonce="1""#]);
        assert_eq!(auth.challenged(both, false, false), Verdict::Retry);
        assert!(auth.authorization("DESCRIBE", "u").unwrap().starts_with(b"Digest"));
    }

    #[test]
    fn q40_unknown_schemes_only() {
        let mut auth = auth();
        let offered = challenges(&[r#"WSSE realm="a""#]);
        assert_eq!(auth.challenged(offered, false, false), Verdict::Unsupported);
        assert_eq!(auth.authorization("DESCRIBE", "u"), None);
    }

    #[test]
    fn without_a_login_it_is_required() {
        let mut auth = Authenticator::new(None, 1);
        let offered = challenges(&[r#"Basic realm="a""#]);
        assert_eq!(auth.challenged(offered, false, false), Verdict::Required);
    }

    #[test]
    fn rfc7617_basic_vector() {
        let mut auth = Authenticator::new(Some(Credential::new("Aladdin", "open sesame")), 1);
        auth.challenged(challenges(&[r#"Basic realm="WallyWorld""#]), false, false);
        let value = auth.authorization("DESCRIBE", "u").unwrap();
        assert_eq!(value, b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(auth.challenged(vec![], true, false), Verdict::Rejected);
    }
}
