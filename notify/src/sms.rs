//! Whatever HTTP gateway sends the short messages here: address, headers and body are templates.
//!
//! Marks: `{phone}`, `{text}`, `{secret}` (the sealed one), `{key}` (the same where a message is sent
//! twice) and `{time}` (seconds since 1970). Each is written as the place wants it: percent-encoded in an
//! address and a form, escaped in JSON and XML; so no text breaks out of its field.

use crate::{Letter, SendError, http::Method, http::Request, text};
use encoding_rs::GBK;
use std::borrow::Cow;
use zhishou_domain::alert::{Channel, ChannelAccess, Charset, SendProblem, WebMethod};

/// What is sent where nothing else is said.
const FORM: &str = "application/x-www-form-urlencoded";

/// How a value is written into its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Percent,
    Json,
    Xml,
    Plain,
}

fn encode(text: &str, charset: Charset) -> Cow<'_, [u8]> {
    match charset {
        Charset::Utf8 => Cow::Borrowed(text.as_bytes()),
        Charset::Gbk => GBK.encode(text).0,
    }
}

fn written(value: &str, place: Place, charset: Charset) -> String {
    match place {
        Place::Percent => {
            let bytes = encode(value, charset);
            percent_encoding::percent_encode(&bytes, percent_encoding::NON_ALPHANUMERIC).to_string()
        }
        Place::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
        }
        Place::Xml => value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;"),
        Place::Plain => value.replace(['\r', '\n'], " "),
    }
}

/// A template with its marks replaced; what a value says is not looked at again.
fn filled(template: &str, values: &[(&str, &str)], place: Place, charset: Charset) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let known = values.iter().find(|(mark, _)| rest.starts_with(mark));
        match known {
            Some((mark, value)) => {
                out.push_str(&written(value, place, charset));
                rest = &rest[mark.len()..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

pub(crate) fn request(
    channel: &Channel,
    access: &ChannelAccess,
    letter: &Letter<'_>,
) -> Result<Request, SendError> {
    let nobody = || SendError::new(SendProblem::Settings, "no telephone");
    let phone = letter.recipients.first().ok_or_else(nobody)?;
    let (text, time) = (text::line(letter), letter.now.millis().div_euclid(1000).to_string());
    let values = [
        ("{phone}", phone.as_str()),
        ("{text}", &text),
        ("{secret}", &access.secret),
        ("{key}", letter.key),
        ("{time}", &time),
    ];
    let settings = &channel.settings;
    let charset = settings.charset;
    let kind = if settings.content_type.is_empty() { FORM } else { &settings.content_type };
    let place = match kind {
        kind if kind.contains("json") => Place::Json,
        kind if kind.contains("xml") => Place::Xml,
        kind if kind.contains("form-urlencoded") => Place::Percent,
        _ => Place::Plain,
    };
    let body = filled(&settings.body, &values, place, charset);
    let mut headers = vec![("Content-Type".to_owned(), kind.to_owned())];
    for line in settings.headers.lines() {
        if let Some((name, value)) = line.split_once(':') {
            let value = filled(value.trim(), &values, Place::Plain, charset);
            headers.push((name.trim().to_owned(), value));
        }
    }
    Ok(Request {
        method: match settings.method {
            WebMethod::Post => Method::Post,
            WebMethod::Get => Method::Get,
        },
        url: filled(&access.address, &values, Place::Percent, charset),
        headers,
        body: encode(&body, charset).into_owned(),
    })
}
