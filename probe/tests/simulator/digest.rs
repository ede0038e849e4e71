//! A device's check of `Authorization`, from RFC 7617 and RFC 7616 §3.4, sharing nothing with
//! `protocol/`.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

/// `admin:right` in Basic.
const RIGHT: &str = "Basic YWRtaW46cmlnaHQ=";

/// How a login is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asks {
    Basic,
    Md5,
    Sha256,
}

impl Asks {
    /// The challenge, with this nonce.
    pub(crate) fn challenge(self, nonce: &str) -> String {
        match self {
            Asks::Basic => "Basic realm=\"sim\"".to_owned(),
            Asks::Md5 => format!("Digest realm=\"sim\", nonce=\"{nonce}\", qop=\"auth\""),
            Asks::Sha256 => {
                format!("Digest realm=\"sim\", nonce=\"{nonce}\", qop=\"auth\", algorithm=SHA-256")
            }
        }
    }

    /// Whether this is the login of `admin` with the password `right` for that method.
    pub(crate) fn accepts(self, authorization: &str, method: &str, uri: &str, nonce: &str) -> bool {
        let hash = |text: String| match self {
            Asks::Basic | Asks::Md5 => hex(&Md5::digest(text)),
            Asks::Sha256 => hex(&Sha256::digest(text)),
        };
        let field = |name: &str| {
            let start = authorization.find(&format!("{name}="))? + name.len() + 1;
            let value = authorization[start..].split(',').next()?;
            Some(value.trim().trim_matches('"').to_owned())
        };
        if self == Asks::Basic {
            return authorization == RIGHT;
        }
        let fields = [field("nonce"), field(" nc"), field("cnonce"), field(" uri")];
        let [Some(sent), Some(count), Some(own), Some(sent_uri)] = fields else { return false };
        let (login, asked) = (hash("admin:sim:right".to_owned()), hash(format!("{method}:{uri}")));
        let right = hash(format!("{login}:{nonce}:{count}:{own}:auth:{asked}"));
        (sent.as_str(), sent_uri.as_str(), field("response")) == (nonce, uri, Some(right))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
