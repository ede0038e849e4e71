//! Observations as a tired person can read them: the answer first, the measures below it.

use zhishou_domain::{
    AudioFacts, CallFacts, EquipmentFacts, Lang, Observation, Verdict, VideoFacts,
};

/// The mark of a verdict; a shape, so that it reads without colour.
const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Online => "●",
        Verdict::Degraded => "◐",
        Verdict::Offline => "✕",
        Verdict::Unknown => "?",
    }
}

/// One observation in a few lines.
pub(crate) fn render(observation: &Observation, lang: Lang) -> String {
    let mut lines = vec![format!(
        "{} {}  {}  ({:.0} ms)",
        mark(observation.verdict),
        observation.verdict.name(lang),
        printable(&observation.target),
        observation.duration_ms
    )];
    for fault in &observation.faults {
        let detail = fault.detail.render(lang);
        let detail = if detail.is_empty() { detail } else { format!(": {}", printable(&detail)) };
        let (name, stage) = (fault.code.name(lang), fault.stage.name(lang));
        lines.push(row(lang.pick("故障", "fault "), &format!("{name} [{stage}]{detail}")));
        lines.push(row(lang.pick("处置", "to do "), fault.code.advice(lang)));
    }
    let notes = observation.notes(lang);
    lines.extend(notes.iter().map(|note| row(lang.pick("注意", "note  "), note)));
    if let Some(video) = &observation.video {
        let facts = video_line(video, lang);
        if !facts.is_empty() {
            lines.push(row(lang.pick("码流", "stream"), &facts.join(" · ")));
        }
    }
    if let Some(equipment) = &observation.equipment {
        let facts = equipment_line(equipment, lang);
        lines.push(row(lang.pick("实测", "found "), &facts.join(" · ")));
    }
    if let Some(call) = &observation.call {
        let facts = call_line(call, observation.audio.as_ref(), lang);
        lines.push(row(lang.pick("呼叫", "call  "), &facts.join(" · ")));
    }
    let times: Vec<_> = observation
        .stages
        .iter()
        .filter_map(|stage| stage.ms.map(|ms| format!("{} {ms:.0}", stage.name.name(lang))))
        .collect();
    if !times.is_empty() {
        lines.push(row(lang.pick("耗时", "ms    "), &times.join(" → ")));
    }
    lines.join("\n")
}

/// One row of the table below a device.
fn row(label: &str, text: &str) -> String {
    format!("    {label}  {text}")
}

fn video_line(video: &VideoFacts, lang: Lang) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(codec) = &video.codec {
        let profile = video.profile.as_deref().map(|p| format!(" {p}")).unwrap_or_default();
        facts.push(format!("{}{profile}", printable(codec)));
    }
    if let (Some(width), Some(height)) = (video.width, video.height) {
        facts.push(format!("{width}×{height}"));
    }
    match (video.fps, video.declared_fps) {
        (Some(fps), Some(declared)) => facts.push(format!("{fps:.1}/{declared:.1} fps")),
        (Some(fps), None) => facts.push(format!("{fps:.1} fps")),
        _ => {}
    }
    if let Some(bitrate) = video.bitrate_bps {
        facts.push(format!("{:.0} kbit/s", bitrate / 1000.0));
    }
    if let Some(loss) = video.loss_ratio {
        facts.push(format!("{} {:.2} %", lang.pick("丢包", "loss"), loss * 100.0));
    }
    if let Some(jitter) = video.jitter_ms {
        facts.push(format!("{} {jitter:.1} ms", lang.pick("抖动", "jitter")));
    }
    facts
}

fn equipment_line(equipment: &EquipmentFacts, lang: Lang) -> Vec<String> {
    let mut facts = vec![equipment.service.name(lang).to_owned()];
    facts.extend(equipment.rtt_ms.map(|ms| format!("{ms:.1} ms")));
    let pings = equipment.loss_ratio.map(|_| format!("{}/{}", equipment.received, equipment.sent));
    facts.extend(pings);
    facts.extend(equipment.status.map(|status| status.to_string()));
    let hours = equipment.uptime_s.map(|seconds| seconds / 3600.0);
    facts.extend(hours.map(|hours| format!("{} {hours:.1} h", lang.pick("已运行", "up"))));
    facts.extend(equipment.items.iter().map(|item| {
        let value = item.value.map(|value| value.to_string());
        let value = value.or_else(|| item.text.clone()).unwrap_or_else(|| "–".to_owned());
        let unit = item.unit.as_deref().unwrap_or_default();
        format!("{} {} {unit}", item.name, printable(&value)).trim_end().to_owned()
    }));
    facts
}

fn call_line(call: &CallFacts, audio: Option<&AudioFacts>, lang: Lang) -> Vec<String> {
    let carrier = call.carrier.as_deref().map(|it| format!("SIP/{}", it.to_uppercase()));
    let mut facts: Vec<_> = carrier.into_iter().collect();
    facts.extend(call.options_status.map(|status| format!("OPTIONS {status}")));
    facts.extend(call.invite_status.map(|status| format!("INVITE {status}")));
    let level = audio.and_then(|audio| audio.level_dbfs);
    facts.extend(level.map(|level| format!("{level:.0} dBFS")));
    facts.extend(call.rtt_ms.map(|ms| format!("{} {ms:.0} ms", lang.pick("往返", "rtt"))));
    facts.extend(call.mos.map(|mos| format!("MOS {mos:.2}")));
    facts
}

/// Text from a device, without anything that could drive the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The closing line of a run over several devices.
pub(crate) fn summary(verdicts: &[Verdict], lang: Lang) -> String {
    let count = |wanted: Verdict| verdicts.iter().filter(|&&verdict| verdict == wanted).count();
    let parts: Vec<_> = Verdict::ALL
        .iter()
        .map(|&verdict| format!("{} {} {}", mark(verdict), verdict.name(lang), count(verdict)))
        .collect();
    format!("{} {} · {}", lang.pick("共", "total"), verdicts.len(), parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{
        Depth, Detail, DeviceKind, Fault, FaultCode, Stage, StageTiming, Timestamp,
    };

    fn observation() -> Observation {
        Observation {
            target: "rtsp://10.1.2.3/ch1".into(),
            kind: DeviceKind::Camera,
            depth: Depth::Stream,
            started_at: Timestamp::from_millis(0),
            duration_ms: 812.4,
            verdict: Verdict::Degraded,
            reached: true,
            faults: vec![Fault::new(
                FaultCode::LowFps,
                Stage::Receive,
                Detail::Fps { fps: 12.5, declared_fps: 25.0 },
            )],
            stages: vec![
                StageTiming { name: Stage::Connect, ms: Some(1.9) },
                StageTiming { name: Stage::Tls, ms: None },
            ],
            server: None,
            transport: None,
            tls: None,
            redirects: 0,
            rejected_logins: 0,
            video: Some(VideoFacts {
                fps: Some(12.5),
                declared_fps: Some(25.0),
                ..VideoFacts::default()
            }),
            audio: None,
            picture: None,
            picture_skipped: None,
            oddities: None,
            equipment: None,
            call: None,
        }
    }

    #[test]
    fn the_answer_comes_first_and_the_advice_with_the_fault() {
        assert_eq!(
            render(&observation(), Lang::En),
            "◐ degraded  rtsp://10.1.2.3/ch1  (812 ms)\n    \
             fault   low frame rate [receive]: 12.5 of 25.0 fps\n    \
             to do   Check the frame-rate setting; at night the slow shutter; check the device's load.\n    \
             stream  12.5/25.0 fps\n    ms      connect 2"
        );
        assert!(render(&observation(), Lang::Zh).starts_with("◐ 降级  rtsp://10.1.2.3/ch1"));
    }

    #[test]
    fn what_is_no_fault_is_said_too() {
        let mut jumping = observation();
        jumping.video.as_mut().unwrap().timestamp_jumps = 3;
        jumping.picture_skipped = Some(zhishou_domain::PictureSkipped::WithinHabit);
        let odd = zhishou_domain::Oddities { foreign_host: true, ..Default::default() };
        jumping.oddities = Some(odd);
        let text = render(&jumping, Lang::En);
        assert!(text.contains("\n    note    names another host"), "{text}");
        assert!(text.contains("\n    note    timestamps jumped 3 ×: recordings"), "{text}");
        assert!(text.contains("\n    note    picture: like the last clean picture"), "{text}");
        let text = render(&jumping, Lang::Zh);
        assert!(
            text.contains("注意  时间戳跳变 3 次") && text.contains("注意  画面：与上次"),
            "{text}"
        );
    }

    #[test]
    fn of_equipment_the_items_are_told() {
        let mut ups = observation();
        ups.video = None;
        ups.equipment = Some(EquipmentFacts {
            rtt_ms: Some(3.12),
            uptime_s: Some(7200.0),
            ..EquipmentFacts::new(zhishou_domain::equipment::Service::Snmp)
        });
        let text = render(&ups, Lang::En);
        assert!(text.contains("\n    found   SNMP · 3.1 ms · up 2.0 h\n"), "{text}");
    }

    #[test]
    fn a_device_cannot_drive_the_terminal() {
        let mut hostile = observation();
        hostile.target = "rtsp://x/\u{1b}[2J".into();
        assert!(!render(&hostile, Lang::En).contains('\u{1b}'));
    }
}
