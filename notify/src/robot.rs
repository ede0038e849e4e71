//! Robots of groups: DingTalk, Feishu, WeCom.
//!
//! DingTalk signs in the address: `timestamp` in milliseconds and `sign`, the Base64 of HMAC-SHA256 with the
//! secret as key over `timestamp\nsecret`. Feishu signs in the body: seconds, and the Base64 of HMAC-SHA256
//! over nothing with `timestamp\nsecret` as key. WeCom knows a key in the address alone.

use crate::{Letter, http::Request, text};
use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha2::Sha256;
use zhishou_domain::alert::{ChannelAccess, ChannelKind};

/// HMAC-SHA256; a key of any length will do (RFC 2104 §2).
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn request(kind: ChannelKind, access: &ChannelAccess, letter: &Letter<'_>) -> Request {
    match kind {
        ChannelKind::Dingtalk => dingtalk(access, letter),
        ChannelKind::Feishu => feishu(access, letter),
        _ => wecom(access, letter),
    }
}

fn dingtalk(access: &ChannelAccess, letter: &Letter<'_>) -> Request {
    let mut url = access.address.clone();
    if !access.secret.is_empty() {
        let at = letter.now.millis();
        let said = format!("{at}\n{}", access.secret);
        let sign = STANDARD.encode(hmac(access.secret.as_bytes(), said.as_bytes()));
        let sign = utf8_percent_encode(&sign, NON_ALPHANUMERIC);
        let first = if url.contains('?') { '&' } else { '?' };
        url.push_str(&format!("{first}timestamp={at}&sign={sign}"));
    }
    // A mention counts only where it stands in the text too.
    let mentions: Vec<String> = letter.recipients.iter().map(|it| format!("@{it}")).collect();
    let mut text = text::markdown(ChannelKind::Dingtalk, letter, "\n\n");
    if !mentions.is_empty() {
        text.push_str("\n\n");
        text.push_str(&mentions.join(" "));
    }
    let body = json!({
        "msgtype": "markdown",
        "markdown": { "title": text::plain(&letter.note.title), "text": text },
        "at": { "atMobiles": letter.recipients, "isAtAll": false },
    });
    Request::json(url, &body)
}

fn feishu(access: &ChannelAccess, letter: &Letter<'_>) -> Request {
    let lines = text::fit(ChannelKind::Feishu, &letter.note.lines.join("\n"), "…");
    let mut content = vec![json!([{ "tag": "text", "text": lines }])];
    if let Some(link) = &letter.link {
        content.push(json!([{ "tag": "a", "text": text::open(letter), "href": link }]));
    }
    let post = json!({ "zh_cn": { "title": letter.note.title, "content": content } });
    let mut body = json!({ "msg_type": "post", "content": { "post": post } });
    if !access.secret.is_empty() {
        let at = letter.now.millis().div_euclid(1000).to_string();
        let key = format!("{at}\n{}", access.secret);
        body["sign"] = STANDARD.encode(hmac(key.as_bytes(), b"")).into();
        body["timestamp"] = at.into();
    }
    Request::json(access.address.clone(), &body)
}

fn wecom(access: &ChannelAccess, letter: &Letter<'_>) -> Request {
    let content = text::markdown(ChannelKind::Wecom, letter, "\n");
    let body = json!({ "msgtype": "markdown", "markdown": { "content": content } });
    Request::json(access.address.clone(), &body)
}
