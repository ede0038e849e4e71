//! What the page of a device shows of a conference endpoint.

use super::{
    View,
    device_view::{Fact, percent},
};
use crate::format::millis;
use zhishou_domain::{AudioFacts, CallFacts};

/// What the last probe saw: signalling first, then the call, where one was made, and why not where
/// none was.
pub(super) fn facts(view: &View<'_>, call: &CallFacts, audio: Option<&AudioFacts>) -> Vec<Fact> {
    let t = view.t;
    let mut facts = Vec::new();
    let mut add = |label: &'static str, value: Option<String>| {
        let value = value.filter(|value| !value.is_empty());
        facts.extend(value.map(|value| Fact::new(label, value)));
    };
    let carrier = call.carrier.as_deref().map(|it| format!("SIP/{}", it.to_uppercase()));
    add(t.asked_by(), carrier);
    add(t.answering(), call.peer.clone().filter(|_| call.options_status.is_some()));
    add(t.options_answer(), call.options_status.map(|status| status.to_string()));
    add(t.codecs_told(), Some(call.codecs.join(" · ")));
    add(t.test_call(), call.skipped.map(|why| why.name(t.0).to_owned()));
    add(t.invite_answer(), call.invite_status.map(|status| status.to_string()));
    add(t.talked(), call.talked_ms.map(millis));
    if let Some(audio) = audio {
        add(t.sound(), audio.codec.as_ref().map(|codec| codec.to_uppercase()));
        add(t.sound_level(), audio.level_dbfs.map(|level| format!("{level:.0} dBFS")));
        add(t.sound_loss(), audio.loss_ratio.map(percent));
        add(t.sound_jitter(), audio.jitter_ms.map(millis));
    }
    add(t.round_trip(), call.rtt_ms.map(millis));
    add(t.sent_loss(), call.sent_loss_ratio.map(percent));
    add(t.mos(), call.mos.map(|mos| format!("{mos:.2}")));
    let frozen = call.freezes.zip(call.frozen_ms).filter(|(freezes, _)| *freezes > 0);
    add(t.freezes(), frozen.map(|(freezes, ms)| format!("{freezes} × · {}", millis(ms))));
    let open = call.ended == Some(false);
    add(t.hanging_up(), open.then(|| t.bye_unanswered().to_owned()));
    facts
}
