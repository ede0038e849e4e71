//! What an answer means. A robot says 200 and means no: its code stands in the body.

use crate::{SendError, http::Answer};
use serde_json::Value;
use std::time::Duration;
use zhishou_domain::alert::{ChannelKind, ChannelSettings, SendProblem};

/// Longest time that is waited because somebody asks for it.
const PATIENCE: u64 = 3600;

pub(crate) fn judge(
    kind: ChannelKind,
    settings: &ChannelSettings,
    answer: &Answer,
) -> Result<(), SendError> {
    let said = String::from_utf8_lossy(&answer.body);
    of_status(answer, &said)?;
    match kind {
        ChannelKind::Mail | ChannelKind::Webhook => Ok(()),
        ChannelKind::Sms if settings.success.is_empty() => Ok(()),
        ChannelKind::Sms => {
            let taken = encoding_rs::GBK.decode(&answer.body).0.contains(&settings.success)
                || said.contains(&settings.success);
            // Not tried again by itself: where the mark is wrong, the message went out all the same.
            if taken { Ok(()) } else { Err(SendError::new(SendProblem::Rejected, said)) }
        }
        ChannelKind::Dingtalk | ChannelKind::Feishu | ChannelKind::Wecom => {
            let body: Option<Value> = serde_json::from_slice(&answer.body).ok();
            let of = |names: [&str; 2]| {
                body.as_ref().and_then(|it| names.iter().find_map(|name| it.get(name)))
            };
            let names = if kind == ChannelKind::Feishu {
                [["code", "StatusCode"], ["msg", "StatusMessage"]]
            } else {
                [["errcode", "errcode"], ["errmsg", "errmsg"]]
            };
            let Some(code) = of(names[0]).and_then(Value::as_i64) else {
                return Err(SendError::new(SendProblem::Unclear, said));
            };
            if code == 0 {
                return Ok(());
            }
            let message = of(names[1]).and_then(Value::as_str).unwrap_or_default();
            Err(SendError::new(of_code(kind, code), format!("{code} {message}")))
        }
    }
}

fn of_status(answer: &Answer, said: &str) -> Result<(), SendError> {
    let problem = match answer.status {
        200..=299 => return Ok(()),
        401 | 403 | 407 => SendProblem::NotPermitted,
        429 => SendProblem::TooFast,
        408 | 425 | 500..=599 => SendProblem::Busy,
        400..=499 => SendProblem::Rejected,
        _ => SendProblem::Unclear,
    };
    let after = answer.retry_after.map(|it| Duration::from_secs(it.min(PATIENCE)));
    Err(SendError { after, ..SendError::new(problem, format!("HTTP {} {said}", answer.status)) })
}

/// What a robot's code means, as its documentation has it.
const fn of_code(kind: ChannelKind, code: i64) -> SendProblem {
    match (kind, code) {
        (ChannelKind::Dingtalk, 130_101 | 410_100)
        | (ChannelKind::Feishu, 11_232)
        | (ChannelKind::Wecom, 45_009 | 45_033) => SendProblem::TooFast,
        // Keyword, address list or signature; a token that is none.
        (ChannelKind::Dingtalk, 310_000 | 300_001 | 300_005 | 40_035)
        | (ChannelKind::Feishu, 19_001 | 19_021 | 19_022 | 19_024)
        | (ChannelKind::Wecom, 40_014 | 40_058 | 93_000 | 93_004 | 93_008) => {
            SendProblem::NotPermitted
        }
        (ChannelKind::Dingtalk | ChannelKind::Wecom, -1) => SendProblem::Busy,
        _ => SendProblem::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(kind: ChannelKind, status: u16, body: &str) -> Option<SendProblem> {
        let answer = Answer { status, retry_after: None, body: body.as_bytes().to_vec() };
        let settings = ChannelSettings { success: "\"code\":0".into(), ..Default::default() };
        judge(kind, &settings, &answer).err().map(|error| error.problem)
    }

    #[test]
    fn a_200_that_means_no_is_no() {
        use ChannelKind::{Dingtalk, Feishu, Sms, Webhook, Wecom};
        for (kind, status, body, meant) in [
            (Dingtalk, 200, r#"{"errcode":0,"errmsg":"ok"}"#, None),
            (
                Dingtalk,
                200,
                r#"{"errcode":130101,"errmsg":"send too fast"}"#,
                Some(SendProblem::TooFast),
            ),
            (
                Dingtalk,
                200,
                r#"{"errcode":310000,"errmsg":"sign not match"}"#,
                Some(SendProblem::NotPermitted),
            ),
            (Dingtalk, 200, "<html>login</html>", Some(SendProblem::Unclear)),
            (Feishu, 200, r#"{"StatusCode":0,"StatusMessage":"success"}"#, None),
            (
                Feishu,
                200,
                r#"{"code":11232,"msg":"frequency limited"}"#,
                Some(SendProblem::TooFast),
            ),
            (
                Feishu,
                200,
                r#"{"code":19021,"msg":"sign match fail"}"#,
                Some(SendProblem::NotPermitted),
            ),
            (
                Wecom,
                200,
                r#"{"errcode":93000,"errmsg":"invalid"}"#,
                Some(SendProblem::NotPermitted),
            ),
            (Wecom, 200, r#"{"errcode":45009,"errmsg":"api freq"}"#, Some(SendProblem::TooFast)),
            (Wecom, 502, "", Some(SendProblem::Busy)),
            (Webhook, 204, "", None),
            (Webhook, 302, "", Some(SendProblem::Unclear)),
            (Webhook, 404, "", Some(SendProblem::Rejected)),
            (Webhook, 403, "", Some(SendProblem::NotPermitted)),
            (Webhook, 429, "", Some(SendProblem::TooFast)),
            (Sms, 200, r#"{"code":0}"#, None),
            (Sms, 200, r#"{"code":7}"#, Some(SendProblem::Rejected)),
        ] {
            assert_eq!(judged(kind, status, body), meant, "{kind:?} {status} {body}");
        }
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_within_reason() {
        let answer = Answer { status: 429, retry_after: Some(86_400), body: vec![] };
        let error = judge(ChannelKind::Webhook, &ChannelSettings::default(), &answer).unwrap_err();
        assert_eq!(error.after, Some(Duration::from_secs(3600)));
    }
}
