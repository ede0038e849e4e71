//! Control URLs the way live555 and ffmpeg make them: text appended to text.
//!
//! RFC 3986 joining would drop queries that devices want kept (Q23). The authority is always that of
//! the live connection, whatever the device writes, because it may name a host behind NAT (Q22).

use super::Target;
use super::target::split_scheme;

/// Longest URI kept, bytes; longer ones are ignored.
const MAX_URI: usize = 4096;

/// The base of a presentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// As it goes on the request line, with the authority of the live connection.
    pub uri: String,
    /// The device named another host than the one connected to.
    pub foreign_host: bool,
}

impl BaseUrl {
    /// From `Content-Base` or `Content-Location`, else the request URI.
    pub fn new(target: &Target, content_base: Option<&str>) -> Self {
        let own = Self { uri: target.request_uri(), foreign_host: false };
        let Some(text) = content_base.map(str::trim).filter(|t| !t.is_empty()) else { return own };
        localize(target, text).filter(|base| base.uri.len() <= MAX_URI).unwrap_or(own)
    }
}

/// Resolves an `a=control`. `None`, empty and `*` mean the base itself (Q24).
pub fn resolve_control(target: &Target, base: &BaseUrl, control: Option<&str>) -> BaseUrl {
    let control = control.map(str::trim).unwrap_or_default();
    if control.is_empty() || control == "*" || control.len() > MAX_URI {
        return base.clone();
    }
    if split_scheme(control).is_some() {
        return localize(target, control).unwrap_or_else(|| base.clone());
    }
    let joint = if base.uri.ends_with('/') || control.starts_with(['/', '?']) { "" } else { "/" };
    BaseUrl {
        uri: format!("{}{joint}{}", base.uri, sanitize(control)),
        foreign_host: base.foreign_host,
    }
}

/// Puts path and query of an address the device gave behind the live connection's authority.
/// Forgives a missing scheme (Q19), a doubled one (Q20), an unbracketed IPv6 host (Q21), and drops
/// a login (Q25). `None` if nothing of an address is left.
fn localize(target: &Target, text: &str) -> Option<BaseUrl> {
    let mut rest = text;
    let mut schemed = false;
    while let Some((_, inner)) = split_scheme(rest) {
        rest = inner;
        schemed = true;
    }
    if !schemed && rest.starts_with('/') {
        // A path alone.
        return Some(BaseUrl {
            uri: format!("{}{}", target.origin(), sanitize(rest)),
            foreign_host: false,
        });
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if authority.is_empty() {
        return None;
    }
    let named = authority
        .rsplit_once(':')
        .filter(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
        .map_or(authority, |(host, _)| host)
        .trim_matches(['[', ']']);
    Some(BaseUrl {
        uri: format!("{}{}", target.origin(), sanitize(path)),
        foreign_host: !named.eq_ignore_ascii_case(target.host()),
    })
}

/// Percent-encodes what would break a request line; leaves all else as the device wrote it.
fn sanitize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_control() || c == ' ' {
            out.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::parse("rtsp://192.168.1.10:8554/stream?ch=1&sub=0").unwrap().0
    }

    fn base(content_base: Option<&str>) -> BaseUrl {
        BaseUrl::new(&target(), content_base)
    }

    #[test]
    fn q24_without_any_base_the_request_uri_stands() {
        assert_eq!(base(None).uri, "rtsp://192.168.1.10:8554/stream?ch=1&sub=0");
        assert_eq!(resolve_control(&target(), &base(None), Some("*")), base(None));
        assert_eq!(resolve_control(&target(), &base(None), None), base(None));
    }

    #[test]
    fn q19_q20_q21_q25_malformed_content_bases() {
        for text in [
            "192.168.1.10:554/live/",
            "rtsp://rtsp://192.168.1.10/live/",
            "rtsp://admin:secret@192.168.1.10:554/live/",
            " rtsp://192.168.1.10/live/ ",
        ] {
            let got = base(Some(text));
            assert_eq!(got.uri, "rtsp://192.168.1.10:8554/live/", "{text}");
            assert!(!got.foreign_host, "{text}");
        }
        let got = base(Some("rtsp://::ffff:192.168.1.10/live/"));
        assert_eq!(got.uri, "rtsp://192.168.1.10:8554/live/");
        assert_eq!(base(Some("rtsp://")).uri, base(None).uri);
    }

    #[test]
    fn q22_another_host_keeps_the_connection_and_is_recorded() {
        let got = resolve_control(&target(), &base(None), Some("rtsp://10.0.0.5:554/ch1/track1"));
        assert_eq!(got.uri, "rtsp://192.168.1.10:8554/ch1/track1");
        assert!(got.foreign_host);
    }

    #[test]
    fn q23_relative_controls_are_appended_after_the_query() {
        let resolve = |control| resolve_control(&target(), &base(None), Some(control)).uri;
        let own = "rtsp://192.168.1.10:8554/stream?ch=1&sub=0";
        assert_eq!(resolve("trackID=1"), format!("{own}/trackID=1"));
        assert_eq!(resolve("/trackID=1"), format!("{own}/trackID=1"));
        assert_eq!(resolve("?ctype=video"), format!("{own}?ctype=video"));
        let slashed = base(Some("rtsp://192.168.1.10:8554/live/"));
        assert_eq!(
            resolve_control(&target(), &slashed, Some("track1")).uri,
            "rtsp://192.168.1.10:8554/live/track1"
        );
    }

    #[test]
    fn a_control_cannot_split_the_request_line() {
        let got = resolve_control(&target(), &base(None), Some("a b\r\nX: y"));
        assert!(got.uri.ends_with("/a%20b%0D%0AX:%20y"), "{}", got.uri);
    }
}
