//! Addresses, and the login that people write into them.
//!
//! The login is cut out of the text and the rest stays as it was written: a camera may care about
//! the exact bytes of its path.

use crate::cell::narrow;
use percent_encoding::percent_decode_str;
use url::Url;
use zhishou_domain::{
    Credential, DeviceKind, RowProblem,
    equipment::{self, Service},
};

/// An address without its login, and the login.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
}

/// Takes an address apart. `kind` says which schemes open it.
pub(crate) fn split(text: &str, kind: DeviceKind) -> Result<Address, RowProblem> {
    let (schemes, allowed): (&[&str], _) = match kind {
        // One that speaks H.323 alone is pinged, or its TCP 1720 knocked at.
        DeviceKind::Endpoint => (
            &["sip", "sips", "rtsp", "rtsps", "rtsph"],
            "sip:, sips:, icmp://, tcp://, http://, https://, snmp://, rtsp://",
        ),
        DeviceKind::Camera => (&["rtsp", "rtsps", "rtsph"], "rtsp://, rtsps://, rtsph://"),
        DeviceKind::Equipment => (
            &["rtsp", "rtsps", "rtsph"],
            "icmp://, tcp://, http://, https://, snmp://, rtsp://, rtsps://, rtsph://",
        ),
    };
    let text: String = text.trim().chars().map(narrow).collect();
    if kind != DeviceKind::Camera && Service::of(&text).is_some() {
        return of_equipment(&text);
    }
    let (scheme, rest) = text.split_once(':').ok_or(RowProblem::WrongScheme { allowed })?;
    let scheme = scheme.to_ascii_lowercase();
    if !schemes.contains(&scheme.as_str()) {
        return Err(RowProblem::WrongScheme { allowed });
    }
    if rest.contains(char::is_whitespace) {
        return Err(RowProblem::NotAUrl);
    }
    match kind {
        DeviceKind::Endpoint if scheme.starts_with("sip") => of_sip(&scheme, rest),
        _ => of_rtsp(&scheme, rest),
    }
}

/// The community of SNMP is its login; nothing else takes one.
fn of_equipment(text: &str) -> Result<Address, RowProblem> {
    let (address, community) =
        equipment::Address::parse(text).map_err(|why| RowProblem::NotEquipment { why })?;
    let password = community.map(|it| it.password().to_owned());
    let username = password.is_some().then(|| Credential::COMMUNITY.to_owned());
    Ok(Address { url: address.to_string(), username, password })
}

fn of_rtsp(scheme: &str, rest: &str) -> Result<Address, RowProblem> {
    let rest = rest.strip_prefix("//").ok_or(RowProblem::NotAUrl)?;
    // The login ends at the last @ of the authority (RFC 3986 §3.2), for a password may hold one.
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (login, host) = match authority.rsplit_once('@') {
        Some((login, host)) => (login, host),
        None => ("", authority),
    };
    let url = format!("{scheme}://{host}{path}");
    let parsed = Url::parse(&url).map_err(|_| RowProblem::NotAUrl)?;
    // An @ beyond the authority is a login with an unescaped slash in it, more often than a path.
    let stray = path.contains('@');
    if stray || parsed.host_str().is_none_or(str::is_empty) || parsed.port() == Some(0) {
        return Err(RowProblem::NotAUrl);
    }
    let (username, password) = login.split_once(':').map_or((login, ""), |pair| pair);
    Ok(Address { url, username: decoded(username)?, password: decoded(password)? })
}

/// `sip:user@host`: the user is part of the address (RFC 3261 §19.1); only a password is a login.
fn of_sip(scheme: &str, rest: &str) -> Result<Address, RowProblem> {
    let (user, host) = match rest.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, rest),
    };
    let bare = host.split([';', '?']).next().unwrap_or(host);
    let is_host = Url::parse(&format!("rtsp://{bare}")).is_ok_and(|url| {
        url.host_str().is_some_and(|host| !host.is_empty()) && url.path().is_empty()
    });
    if !is_host {
        return Err(RowProblem::NotAUrl);
    }
    let (name, password) = match user {
        Some(user) => user.split_once(':').map_or((user, ""), |pair| pair),
        None => ("", ""),
    };
    let password = decoded(password)?;
    let username = if password.is_some() { decoded(name)? } else { None };
    let url = match user {
        Some(_) => format!("{scheme}:{name}@{host}"),
        None => format!("{scheme}:{host}"),
    };
    Ok(Address { url, username, password })
}

fn decoded(part: &str) -> Result<Option<String>, RowProblem> {
    let text = percent_decode_str(part).decode_utf8().map_err(|_| RowProblem::NotAUrl)?;
    Ok((!text.is_empty()).then(|| text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera(text: &str) -> Result<(String, Option<String>, Option<String>), RowProblem> {
        split(text, DeviceKind::Camera).map(|a| (a.url, a.username, a.password))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_login_is_cut_out_and_decoded_and_the_rest_stays() {
        let path = "/Streaming/Channels/101?transportmode=unicast&profile=Profile_1";
        let (url, username, password) =
            camera(&format!("rtsp://admin:p%40ss%3A1@10.1.2.3:554{path}")).unwrap();
        assert_eq!(url, format!("rtsp://10.1.2.3:554{path}"));
        assert_eq!((username, password), (some("admin"), some("p@ss:1")));
    }

    #[test]
    fn a_password_may_hold_an_at_sign() {
        let (url, username, password) = camera("rtsp://admin:p@ss:w@10.1.2.3/ch1").unwrap();
        assert_eq!(url, "rtsp://10.1.2.3/ch1");
        assert_eq!((username, password), (some("admin"), some("p@ss:w")));
    }

    #[test]
    fn addresses_without_a_login() {
        for text in [
            "rtsp://10.1.2.3",
            "rtsps://[2001:db8::1]:322/a",
            "rtsph://10.1.2.3/a",
            "rtsp://cam-1.local/视频",
        ] {
            assert_eq!(camera(text), Ok((text.to_owned(), None, None)));
        }
        assert_eq!(camera(" RTSP：//10.1.2.3/1 ").unwrap().0, "rtsp://10.1.2.3/1");
    }

    #[test]
    fn what_cannot_be_opened_is_refused() {
        let wrong = RowProblem::WrongScheme { allowed: "rtsp://, rtsps://, rtsph://" };
        for text in ["10.1.2.3", "http://10.1.2.3/", "sip:a@10.1.2.3"] {
            assert_eq!(camera(text), Err(wrong.clone()), "{text}");
        }
        let broken = [
            "rtsp:10.1.2.3",
            "rtsp://",
            "rtsp:///ch1",
            "rtsp://a b/",
            "rtsp://10.1.2.3:99999/",
            "rtsp://u:p/w@10.1.2.3/",
        ];
        for text in broken {
            assert_eq!(camera(text), Err(RowProblem::NotAUrl), "{text}");
        }
    }

    #[test]
    fn equipment_is_asked_in_many_ways_and_a_community_is_its_login() {
        let equipment =
            |text| split(text, DeviceKind::Equipment).map(|a| (a.url, a.username, a.password));
        assert_eq!(
            equipment("snmp://s3cret@10.1.2.3"),
            Ok(("snmp://10.1.2.3".into(), some("community"), some("s3cret")))
        );
        for text in
            ["icmp://10.1.2.3", "tcp://10.1.2.3:8000", "https://nvr/doc", "rtsp://10.1.2.3/1"]
        {
            assert_eq!(equipment(text), Ok((text.into(), None, None)));
        }
        let why = equipment::AddressProblem::Login;
        assert_eq!(equipment("http://a:b@10.1.2.3/"), Err(RowProblem::NotEquipment { why }));
        assert!(matches!(camera("icmp://10.1.2.3"), Err(RowProblem::WrongScheme { .. })));
    }

    #[test]
    fn the_user_of_a_sip_address_stays_in_it() {
        let sip = |text| split(text, DeviceKind::Endpoint).map(|a| (a.url, a.username, a.password));
        assert_eq!(
            sip("sip:1001@10.1.2.3:5060"),
            Ok(("sip:1001@10.1.2.3:5060".into(), None, None))
        );
        assert_eq!(
            sip("sip:1001:pw@10.1.2.3;transport=tcp"),
            Ok(("sip:1001@10.1.2.3;transport=tcp".into(), some("1001"), some("pw")))
        );
        assert_eq!(sip("sip:"), Err(RowProblem::NotAUrl));
        assert!(matches!(sip("ftp://10.1.2.3/"), Err(RowProblem::WrongScheme { .. })));
    }

    #[test]
    fn an_endpoint_may_be_asked_as_equipment_is() {
        // One of H.323 alone is knocked at; RTSP is opened as that of a camera.
        for text in ["tcp://10.1.2.3:1720", "icmp://10.1.2.3", "rtsp://10.1.2.3/live"] {
            let address = split(text, DeviceKind::Endpoint).map(|it| it.url);
            assert_eq!(address.as_deref(), Ok(text));
        }
        assert!(split("sip:a@10.1.2.3", DeviceKind::Camera).is_err());
    }
}
