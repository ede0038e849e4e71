//! Reading `WWW-Authenticate`, one or several challenges to a header, as bytes.

/// The hash of a Digest challenge (RFC 7616 §3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// MD5, also where the challenge names none.
    Md5,
    /// MD5 with a session key.
    Md5Sess,
    /// SHA-256.
    Sha256,
    /// SHA-256 with a session key.
    Sha256Sess,
}

impl Algorithm {
    /// Rank by strength: higher is stronger.
    fn strength(self) -> u8 {
        match self {
            Self::Md5 | Self::Md5Sess => 1,
            Self::Sha256 | Self::Sha256Sess => 2,
        }
    }

    /// Whether the password is hashed with both nonces first, into a key of the session.
    pub(super) fn has_session_key(self) -> bool {
        matches!(self, Self::Md5Sess | Self::Sha256Sess)
    }

    fn parse(token: &[u8]) -> Option<Self> {
        let token = token.to_ascii_lowercase();
        match token.as_slice() {
            b"" | b"md5" => Some(Self::Md5),
            b"md5-sess" => Some(Self::Md5Sess),
            b"sha-256" | b"sha256" => Some(Self::Sha256),
            b"sha-256-sess" => Some(Self::Sha256Sess),
            _ => None,
        }
    }
}

/// What a challenge asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Basic, RFC 7617.
    Basic,
    /// Digest with an algorithm we have, RFC 7616 or RFC 2069.
    Digest(Algorithm),
    /// A scheme, algorithm or quality of protection that we do not have.
    Unsupported,
}

impl Scheme {
    /// Rank by strength: Digest SHA-256, Digest MD5, Basic; 0 is unusable.
    pub fn strength(self) -> u8 {
        match self {
            Self::Digest(algorithm) => 1 + algorithm.strength(),
            Self::Basic => 1,
            Self::Unsupported => 0,
        }
    }
}

/// One challenge of a `WWW-Authenticate` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// What it asks for.
    pub scheme: Scheme,
    /// The scheme's name and algorithm as sent, for reports.
    pub name: String,
    /// The realm between its quotes, as sent: still escaped, in any encoding (Q30).
    pub realm: Vec<u8>,
    /// The nonce between its quotes, as sent.
    pub nonce: Vec<u8>,
    /// The opaque value to be echoed, if one was sent.
    pub opaque: Option<Vec<u8>>,
    /// The algorithm token as sent, to be echoed; `None` where the challenge named none (RFC 2069).
    pub algorithm: Option<Vec<u8>>,
    /// Whether `qop=auth` is offered; without it the RFC 2069 formula holds.
    pub qop_auth: bool,
    /// `stale=true`: the nonce was too old.
    pub stale: bool,
}

/// At most this many challenges of a response are read; real devices send one or two.
const MAX_CHALLENGES: usize = 8;

impl Challenge {
    /// Reads every challenge of the given header values, in order; at most 8.
    pub fn parse_all<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Vec<Self> {
        let mut challenges = Vec::new();
        for value in values {
            let mut open: Option<Raw> = None;
            for item in split_items(value) {
                if let Some((scheme, rest)) = starts_challenge(item) {
                    challenges.extend(open.take().map(Raw::finish));
                    if challenges.len() >= MAX_CHALLENGES {
                        return challenges;
                    }
                    let mut raw = Raw { scheme, params: Vec::new() };
                    raw.push(rest);
                    open = Some(raw);
                } else if let Some(raw) = &mut open {
                    raw.push(item);
                }
            }
            challenges.extend(open.map(Raw::finish));
        }
        challenges.truncate(MAX_CHALLENGES);
        challenges
    }
}

/// A challenge whose parameters are still being gathered.
struct Raw<'a> {
    scheme: &'a [u8],
    params: Vec<(Vec<u8>, &'a [u8])>,
}

impl<'a> Raw<'a> {
    fn push(&mut self, item: &'a [u8]) {
        let Some(eq) = item.iter().position(|&b| b == b'=') else { return };
        let name = item[..eq].trim_ascii().to_ascii_lowercase();
        self.params.push((name, unquote(item[eq + 1..].trim_ascii())));
    }

    fn get(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.params.iter().find(|(n, _)| n == name).map(|(_, v)| *v)
    }

    fn finish(self) -> Challenge {
        let algorithm = self.get(b"algorithm");
        let qop = self.get(b"qop");
        let qop_auth = qop.is_some_and(|q| {
            q.split(|&b| b == b',').any(|t| t.trim_ascii().eq_ignore_ascii_case(b"auth"))
        });
        // Only `auth-int`, or a value nobody knows: we cannot answer that.
        let qop_unknown = qop.is_some_and(|q| !q.trim_ascii().is_empty()) && !qop_auth;
        let scheme = if self.scheme.eq_ignore_ascii_case(b"basic") {
            Scheme::Basic
        } else if self.scheme.eq_ignore_ascii_case(b"digest")
            && !qop_unknown
            && self.get(b"nonce").is_some()
        {
            Algorithm::parse(algorithm.unwrap_or_default())
                .map_or(Scheme::Unsupported, Scheme::Digest)
        } else {
            Scheme::Unsupported
        };
        let mut name = String::from_utf8_lossy(self.scheme).into_owned();
        if let Some(algorithm) = algorithm {
            name.push(' ');
            name.push_str(&String::from_utf8_lossy(algorithm));
        }
        name.truncate(name.char_indices().nth(64).map_or(name.len(), |(i, _)| i));
        Challenge {
            scheme,
            name,
            realm: self.get(b"realm").unwrap_or_default().to_vec(),
            nonce: self.get(b"nonce").unwrap_or_default().to_vec(),
            opaque: self.get(b"opaque").map(<[u8]>::to_vec),
            algorithm: algorithm.map(<[u8]>::to_vec),
            qop_auth,
            stale: self.get(b"stale").is_some_and(|s| s.eq_ignore_ascii_case(b"true")),
        }
    }
}

/// Splits at commas outside quotes.
fn split_items(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut previous = 0u8;
    value
        .split(move |&b| {
            if b == b'"' && !(quoted && previous == b'\\') {
                quoted = !quoted;
            }
            previous = if previous == b'\\' && b == b'\\' { 0 } else { b };
            b == b',' && !quoted
        })
        .map(<[u8]>::trim_ascii)
        .filter(|item| !item.is_empty())
}

/// `Digest realm="x"` starts a challenge, `nonce="y"` does not.
fn starts_challenge(item: &[u8]) -> Option<(&[u8], &[u8])> {
    let token = item.iter().take_while(|b| is_token(**b)).count();
    let rest = item[token..].trim_ascii_start();
    if token == 0 || rest.first() == Some(&b'=') {
        return None;
    }
    Some((&item[..token], rest))
}

fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// The inside of a quoted string, escapes kept; a token as it is; a missing end quote is forgiven.
fn unquote(value: &[u8]) -> &[u8] {
    match value.strip_prefix(b"\"") {
        Some(inner) => inner.strip_suffix(b"\"").unwrap_or(inner),
        None => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(values: &[&[u8]]) -> Vec<Challenge> {
        Challenge::parse_all(values.iter().copied())
    }

    #[test]
    fn rfc7616_example_has_two_challenges_in_two_headers() {
        let all = parse(&[
            br#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            br#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
        ]);
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].scheme, Scheme::Digest(Algorithm::Sha256));
        assert_eq!(all[1].scheme, Scheme::Digest(Algorithm::Md5));
        assert!(all[0].qop_auth);
        assert!(all[0].scheme.strength() > all[1].scheme.strength());
    }

    #[test]
    fn several_challenges_share_one_header() {
        let all = parse(&[br#"Basic realm="a, b", Digest realm="c",nonce="n" , stale=TRUE"#]);
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].scheme, all[0].realm.as_slice()), (Scheme::Basic, &b"a, b"[..]));
        assert_eq!(all[1].scheme, Scheme::Digest(Algorithm::Md5));
        assert_eq!(all[1].algorithm, None);
        assert!(all[1].stale && !all[1].qop_auth);
    }

    #[test]
    fn unknown_scheme_and_hash_are_kept_as_unsupported() {
        let all = parse(&[
            br#"Digest realm="x", nonce="n", algorithm=SHA-512-256"#,
            br#"WSSE realm="x", profile="UsernameToken""#,
            br#"Digest realm="x", nonce="n", qop="auth-int""#,
        ]);
        assert_eq!(all.len(), 3);
        assert!(all.iter().all(|c| c.scheme == Scheme::Unsupported));
        assert_eq!(all[0].name, "Digest SHA-512-256");
    }

    #[test]
    fn gbk_realm_is_kept_byte_for_byte() {
        // "监控" in GBK.
        let all = parse(&[b"Digest realm=\"\xBC\xE0\xBF\xD8\", nonce=\"1\""]);
        assert_eq!(all[0].realm, b"\xBC\xE0\xBF\xD8");
    }

    #[test]
    fn garbage_yields_nothing_and_many_are_capped() {
        assert!(parse(&[b"", b",,,", b"="]).is_empty());
        let many = b"Basic realm=\"x\",".repeat(100);
        assert_eq!(parse(&[&many]).len(), MAX_CHALLENGES);
    }
}
