//! The Digest response (RFC 7616 §3.4, RFC 2069 §2.1.2 where no qop is offered).

use md5::Md5;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Algorithm, Challenge, Credential};

/// What a Digest response covers besides the challenge.
#[derive(Debug, Clone, Copy)]
pub struct DigestRequest<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request URI exactly as on the request line.
    pub uri: &'a str,
    /// The client nonce; only used with qop or a session algorithm.
    pub cnonce: &'a str,
    /// How often this nonce has been used, this time included; starts at 1.
    pub nonce_count: u32,
}

/// The value of an `Authorization` header. Bytes, because the realm is echoed as it came.
///
/// The algorithm is echoed if and only if the challenge named one (Q35), also without qop.
pub fn authorization(
    algorithm: Algorithm,
    challenge: &Challenge,
    credential: &Credential,
    request: DigestRequest<'_>,
) -> Vec<u8> {
    let hash = |parts: &[&[u8]]| hex(algorithm, parts);
    let session = algorithm.has_session_key();
    let realm = unescape(&challenge.realm);
    let mut ha1 = Zeroizing::new(hash(&[
        credential.username().as_bytes(),
        &realm,
        credential.password().as_bytes(),
    ]));
    if session {
        ha1 = Zeroizing::new(hash(&[ha1.as_bytes(), &challenge.nonce, request.cnonce.as_bytes()]));
    }
    let ha2 = hash(&[request.method.as_bytes(), request.uri.as_bytes()]);
    let nc = format!("{:08x}", request.nonce_count);
    let response = if challenge.qop_auth {
        hash(&[
            ha1.as_bytes(),
            &challenge.nonce,
            nc.as_bytes(),
            request.cnonce.as_bytes(),
            b"auth",
            ha2.as_bytes(),
        ])
    } else {
        hash(&[ha1.as_bytes(), &challenge.nonce, ha2.as_bytes()])
    };

    let mut out = b"Digest username=\"".to_vec();
    out.extend(credential.username().bytes().filter(|b| !b.is_ascii_control()).flat_map(|b| {
        let escape = matches!(b, b'"' | b'\\').then_some(b'\\');
        escape.into_iter().chain([b])
    }));
    quoted(&mut out, "\", realm=", &challenge.realm);
    quoted(&mut out, ", nonce=", &challenge.nonce);
    quoted(&mut out, ", uri=", request.uri.as_bytes());
    quoted(&mut out, ", response=", response.as_bytes());
    if let Some(algorithm) = &challenge.algorithm {
        out.extend_from_slice(b", algorithm=");
        out.extend_from_slice(algorithm);
    }
    if let Some(opaque) = &challenge.opaque {
        quoted(&mut out, ", opaque=", opaque);
    }
    if challenge.qop_auth {
        out.extend_from_slice(format!(", qop=auth, nc={nc}").as_bytes());
    }
    if challenge.qop_auth || session {
        quoted(&mut out, ", cnonce=", request.cnonce.as_bytes());
    }
    out
}

fn quoted(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.push(b'"');
    out.extend_from_slice(value);
    out.push(b'"');
}

/// Removes the backslash of `\"` and `\\`. A backslash after a byte above 0x7F is left alone: it is
/// the second half of a GBK character, not an escape (Q30).
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    let mut previous = 0u8;
    while let Some(b) = bytes.next() {
        let escaped = if b == b'\\' && previous < 0x80 {
            bytes.next_if(|next| matches!(next, b'"' | b'\\'))
        } else {
            None
        };
        previous = escaped.unwrap_or(b);
        out.push(previous);
    }
    out
}

/// The lower-case hex hash of the parts joined by colons.
fn hex(algorithm: Algorithm, parts: &[&[u8]]) -> String {
    match algorithm {
        Algorithm::Md5 | Algorithm::Md5Sess => hex_of::<Md5>(parts),
        Algorithm::Sha256 | Algorithm::Sha256Sess => hex_of::<Sha256>(parts),
    }
}

fn hex_of<D: Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    digest.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Scheme;

    fn answer(header: &[u8], user: (&str, &str), method: &str, uri: &str, cnonce: &str) -> String {
        let challenge = Challenge::parse_all([header]).remove(0);
        let Scheme::Digest(algorithm) = challenge.scheme else { panic!("not digest") };
        let request = DigestRequest { method, uri, cnonce, nonce_count: 1 };
        let credential = Credential::new(user.0, user.1);
        String::from_utf8(authorization(algorithm, &challenge, &credential, request)).unwrap()
    }

    /// RFC 7616 §3.9.1, both algorithms.
    #[test]
    fn rfc7616_vectors() {
        let user = ("Mufasa", "Circle of Life");
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let md5 = answer(
            br#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            user,
            "GET",
            "/dir/index.html",
            cnonce,
        );
        assert!(md5.contains(r#"response="8ca523f5e9506fed4657c9700eebdbec""#), "{md5}");
        assert!(md5.contains("algorithm=MD5, opaque="), "{md5}");
        let sha = answer(
            br#"Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#,
            user,
            "GET",
            "/dir/index.html",
            cnonce,
        );
        assert!(
            sha.contains(
                r#"response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1""#
            ),
            "{sha}"
        );
    }

    /// RFC 2617 §3.5.
    #[test]
    fn rfc2617_vector() {
        let text = answer(
            br#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
            ("Mufasa", "Circle Of Life"),
            "GET",
            "/dir/index.html",
            "0a4f113b",
        );
        assert!(text.contains(r#"response="6629fae49393a05397450978507c4ef1""#), "{text}");
        assert!(!text.contains("algorithm="), "not offered, not echoed: {text}");
    }

    /// The formula of RFC 2069 with the errata's value (RFC 2069's own example is wrong).
    #[test]
    fn rfc2069_without_qop() {
        let text = answer(
            br#"Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
            ("Mufasa", "CircleOfLife"),
            "GET",
            "/dir/index.html",
            "unused",
        );
        assert!(text.contains(r#"response="1949323746fe6a43ef61f9606e7febea""#), "{text}");
        assert!(!text.contains("cnonce") && !text.contains("qop"), "{text}");
    }

    #[test]
    fn q35_sha256_without_qop_echoes_the_algorithm() {
        let text = answer(
            br#"Digest realm="IP Camera", nonce="abc", algorithm="SHA-256""#,
            ("admin", "pw"),
            "DESCRIBE",
            "rtsp://h/",
            "unused",
        );
        assert!(text.contains("algorithm=SHA-256"), "{text}");
        assert!(!text.contains("qop"), "{text}");
    }

    #[test]
    fn q30_gbk_realm_is_echoed_and_its_backslash_is_no_escape() {
        // 0x8A 0x5C is one GBK character whose second byte looks like a backslash.
        let challenge =
            Challenge::parse_all([&b"Digest realm=\"\x8A\x5C\xBC\xE0\", nonce=\"n\""[..]])
                .remove(0);
        let request = DigestRequest { method: "M", uri: "u", cnonce: "", nonce_count: 1 };
        let header = authorization(Algorithm::Md5, &challenge, &Credential::new("a", "b"), request);
        let realm = b"realm=\"\x8A\x5C\xBC\xE0\"";
        assert!(header.windows(realm.len()).any(|w| w == realm));
        assert_eq!(unescape(b"\x8A\\\xBC"), b"\x8A\\\xBC");
        assert_eq!(unescape(br#"a\"b\\c\d"#), br#"a"b\c\d"#);
    }
}
