//! A program of somebody else: JSON, signed so that it can tell us from others.
//!
//! `X-Zhishou-Signature` is `sha256=` and the lower-case hex of HMAC-SHA256 with the secret as key over
//! `X-Zhishou-Timestamp` (milliseconds), a dot, and the body. `Idempotency-Key` is the same where a message
//! comes twice.

use crate::{Letter, http::Request, robot::hmac, text};
use serde_json::json;
use std::fmt::Write;
use zhishou_domain::alert::{ChannelAccess, ChannelKind};

pub(crate) fn request(access: &ChannelAccess, letter: &Letter<'_>) -> Request {
    let note = letter.note;
    let mut request = Request::json(
        access.address.clone(),
        &json!({
            "key": letter.key,
            "topic": note.topic.code(),
            "title": note.title,
            "text": text::fit(ChannelKind::Webhook, &note.lines.join("\n"), "…"),
            "about": note.about,
            "link": letter.link,
            "recipients": letter.recipients,
            "sent_at_ms": letter.now.millis(),
        }),
    );
    let at = letter.now.millis().to_string();
    // A header is ASCII, and a key may name a channel in Chinese.
    let key = letter.key.chars().map(|it| if it.is_ascii_graphic() { it } else { '-' }).collect();
    request.headers.push(("Idempotency-Key".to_owned(), key));
    if !access.secret.is_empty() {
        let said = [at.as_bytes(), b".", &request.body].concat();
        let mut signature = "sha256=".to_owned();
        for byte in hmac(access.secret.as_bytes(), &said) {
            let _infallible = write!(signature, "{byte:02x}");
        }
        request.headers.push(("X-Zhishou-Signature".to_owned(), signature));
    }
    request.headers.push(("X-Zhishou-Timestamp".to_owned(), at));
    request
}
