//! Dialogs (RFC 3261 §12): who is at the other end of a call, and by what way.

use std::net::SocketAddr;

use super::message::{Response, list, parameter, uri_of};
use super::target::Target;
use crate::headers::Headers;

/// One dialog of a call. A call that was forked has several.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    /// `To` with its tag, as it came.
    pub(super) remote: String,
    pub(super) remote_tag: String,
    /// Where its requests are meant to arrive: the peer's contact.
    target: String,
    /// Proxies between, the nearest first.
    routes: Vec<String>,
    /// `CSeq` of our last request in it.
    pub(super) sequence: u32,
    /// `CSeq` of the peer's last.
    pub(super) remote_sequence: Option<u64>,
}

impl Dialog {
    /// The dialog that an answer to INVITE makes. `asked` is the URI that was invited, for a peer
    /// that names no contact; `sequence` the `CSeq` of the INVITE.
    pub(super) fn of(response: &Response, asked: &str, sequence: u32) -> Self {
        let remote = response.headers.text("to").unwrap_or_default().into_owned();
        let remote_tag = parameter(&remote, "tag").unwrap_or_default().to_owned();
        let mut routes: Vec<String> = list(&response.headers, "record-route")
            .iter()
            .map(|route| uri_of(route).to_owned())
            .filter(|route| is_plain(route))
            .collect();
        // §12.1.2: in reverse order.
        routes.reverse();
        let target = contact(&response.headers).unwrap_or_else(|| asked.to_owned());
        Self { remote, remote_tag, target, routes, sequence, remote_sequence: None }
    }

    /// The peer has moved (§12.2.1.2, §12.2.2).
    pub(super) fn refresh(&mut self, headers: &Headers) {
        if let Some(target) = contact(headers) {
            self.target = target;
        }
    }

    /// Request URI and `Route` fields (§12.2.1.1).
    pub(super) fn way(&self) -> (String, Vec<String>) {
        let bracketed = |uri: &String| format!("<{uri}>");
        match self.routes.split_first() {
            None => (self.target.clone(), Vec::new()),
            Some((first, _)) if is_loose(first) => {
                (self.target.clone(), self.routes.iter().map(bracketed).collect())
            }
            // A strict router wants to be the request URI, the contact comes last.
            Some((first, rest)) => {
                let rest = rest.iter().chain([&self.target]).map(bracketed);
                (first.clone(), rest.collect())
            }
        }
    }

    /// Where the next request goes over datagrams: the nearest proxy, else the contact; `None` for
    /// where the INVITE went, also where the address is a name or none that a device has.
    pub(super) fn hop(&self) -> Option<SocketAddr> {
        let next = self.routes.first().unwrap_or(&self.target);
        let (next, _) = Target::parse(next).ok()?;
        let address: std::net::IpAddr = next.host().parse().ok()?;
        let is_one = match address {
            std::net::IpAddr::V4(it) => !it.is_broadcast(),
            std::net::IpAddr::V6(_) => true,
        } && !address.is_multicast()
            && !address.is_unspecified();
        is_one.then(|| SocketAddr::new(address, next.port()))
    }
}

fn contact(headers: &Headers) -> Option<String> {
    let first = list(headers, "contact").into_iter().next()?;
    let uri = uri_of(&first);
    is_plain(uri).then(|| uri.to_owned())
}

/// Whether it can stand on a request line.
fn is_plain(uri: &str) -> bool {
    (1..=512).contains(&uri.len()) && uri.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_loose(route: &str) -> bool {
    route.split(';').skip(1).any(|parameter| parameter.to_ascii_lowercase().starts_with("lr"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sip::Message;

    fn dialog(fields: &str) -> Dialog {
        let text = format!("SIP/2.0 200 OK\r\nTo: <sip:a@h>;tag=77\r\n{fields}\r\n");
        match Message::parse(text.as_bytes()).unwrap() {
            Message::Response(response) => Dialog::of(&response, "sip:a@h", 1),
            Message::Request(_) => panic!("a request"),
        }
    }

    #[test]
    fn the_route_set_is_the_record_reversed() {
        let it = dialog(
            "Record-Route: <sip:10.0.0.9:5062;lr>, <sip:10.0.0.1;lr>\r\n\
             Contact: \"x\" <sip:a@10.0.0.7:5070>\r\n",
        );
        let (uri, routes) = it.way();
        assert_eq!(uri, "sip:a@10.0.0.7:5070");
        assert_eq!(routes, ["<sip:10.0.0.1;lr>", "<sip:10.0.0.9:5062;lr>"]);
        assert_eq!(it.hop(), Some("10.0.0.1:5060".parse().unwrap()));
        assert_eq!(it.remote_tag, "77");
    }

    #[test]
    fn a_strict_router_becomes_the_request_uri() {
        let it = dialog("Record-Route: <sip:p1>\r\nContact: <sip:a@10.0.0.7>\r\n");
        assert_eq!(it.way(), ("sip:p1".to_owned(), vec!["<sip:a@10.0.0.7>".to_owned()]));
        assert_eq!(it.hop(), None, "a name goes where the INVITE went");
    }

    #[test]
    fn a_contact_that_is_no_device_is_not_followed() {
        for contact in ["sip:a@255.255.255.255", "sip:a@224.0.0.5", "sip:0.0.0.0", "tel:1"] {
            assert_eq!(dialog(&format!("Contact: <{contact}>\r\n")).hop(), None, "{contact}");
        }
        assert_eq!(dialog("").way().0, "sip:a@h");
        assert_eq!(dialog("Contact: <sip:a b@h>\r\n").way().0, "sip:a@h");
    }
}
