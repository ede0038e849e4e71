//! The dialogue in words: what was said, when, and what was made of it.

use std::time::Duration;

use zhishou_domain::{Fault, Lang, Observation, Stage};

use super::moment::{Entry, Handshake, Moment, Octets, Withheld};
use super::sieve::{Piece, Sieve};

/// Lines of one message that are shown.
const MAX_LINES: usize = 80;
/// Characters of one line that are shown.
const MAX_LINE: usize = 400;
/// Characters of a nonce that are shown: enough to tell two apart.
const NONCE: usize = 6;

/// Media frames that came in a row.
#[derive(Default)]
struct Frames {
    /// Per channel or stream: number and bytes.
    channels: Vec<(String, u64, u64)>,
    since: Duration,
}

struct Script<'a> {
    lang: Lang,
    observation: &'a Observation,
    lines: Vec<String>,
    sieve: Sieve,
    frames: Frames,
    /// When the last request went out.
    asked: Option<Duration>,
    /// It was a PLAY.
    playing: bool,
    /// What is still to be told of the media, in order.
    milestones: Vec<(Duration, String)>,
}

/// Lines for a person.
pub(super) fn explain(entries: &[Entry], observation: &Observation, lang: Lang) -> Vec<String> {
    let mut script = Script {
        lang,
        observation,
        lines: Vec::new(),
        sieve: Sieve::new(),
        frames: Frames::default(),
        asked: None,
        playing: false,
        milestones: Vec::new(),
    };
    for entry in entries {
        script.tell(entry);
    }
    script.flush(Duration::MAX);
    script.rest();
    let mut lines = script.lines;
    for fault in &observation.faults {
        lines.extend(judged(fault, lang));
    }
    let note = lang.pick("注意", "note");
    lines.extend(observation.notes(lang).iter().map(|text| format!("{note} {text}")));
    lines
}

impl Script<'_> {
    fn tell(&mut self, entry: &Entry) {
        let at = entry.at();
        let text = |zh: String, en: String| match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        };
        let event = match &entry.moment {
            Moment::Received(Octets(bytes)) => return self.received(at, bytes),
            Moment::Sent(Octets(bytes)) => return self.sent(at, bytes),
            Moment::Datagram { stream, packet } => {
                return self.frames.count(at, stream.name().to_owned(), packet.0.len() as u64);
            }
            Moment::Woke => return,
            Moment::Connecting { host, port } => {
                text(format!("连接 {host} 端口 {port}"), format!("connect to {host} port {port}"))
            }
            Moment::Connected { peer, resolve_ns, connect_ns, tls } => {
                self.sieve = Sieve::new();
                let [resolve, connect] = [resolve_ns, connect_ns].map(|ns| *ns as f64 / 1e6);
                let secured = tls.as_ref().map(Handshake::shown).map(|(shown, took)| {
                    let ms = took.as_secs_f64() * 1e3;
                    format!(", TLS {} {ms:.1} ms, SHA-256 {}", shown.version, shown.fingerprint)
                });
                let secured = secured.unwrap_or_default();
                text(
                    format!("已连接 {peer}（解析 {resolve:.1} ms，连接 {connect:.1} ms{secured}）"),
                    format!(
                        "connected to {peer} (resolve {resolve:.1} ms, connect {connect:.1} ms{secured})"
                    ),
                )
            }
            Moment::Failed { fault } => text(
                format!("未能连上：{}", fault.code.name(Lang::Zh)),
                format!("not connected: {}", fault.code.name(Lang::En)),
            ),
            Moment::Withheld(withheld) => self.withheld(withheld),
            Moment::Closed => text("连接已断开".to_owned(), "the connection ended".to_owned()),
            Moment::Cancelled => text("探测被中止".to_owned(), "the probe was stopped".to_owned()),
            Moment::Cut => text(
                "此后只保留信令，码流不再保留".to_owned(),
                "from here on only messages were kept, no media".to_owned(),
            ),
        };
        self.flush(at);
        if matches!(entry.moment, Moment::Closed) {
            self.rest();
        }
        self.line(at, "·", &event);
    }

    fn withheld(&self, withheld: &Withheld) -> String {
        match (self.lang, withheld.failures) {
            (Lang::Zh, Some(failures)) => format!("不发送口令：已被拒绝 {failures} 次"),
            (Lang::Zh, None) => "不发送口令：同一主机上正在核对".to_owned(),
            (Lang::En, Some(failures)) => format!("login withheld: rejected {failures} times"),
            (Lang::En, None) => "login withheld: others on this host are being tried".to_owned(),
        }
    }

    fn sent(&mut self, at: Duration, bytes: &[u8]) {
        self.flush(at);
        if bytes.first() == Some(&b'$') {
            let length = bytes.len().saturating_sub(4);
            let event = match self.lang {
                Lang::Zh => format!("RTCP 接收报告，{length} 字节"),
                Lang::En => format!("RTCP receiver report, {length} bytes"),
            };
            return self.line(at, "→", &event);
        }
        self.asked = Some(at);
        self.playing = bytes.starts_with(b"PLAY ");
        self.message(at, "→", bytes, "");
    }

    fn received(&mut self, at: Duration, bytes: &[u8]) {
        let mut sieve = std::mem::replace(&mut self.sieve, Sieve::new());
        sieve.push(bytes, |piece| match piece {
            Piece::Message(message) => {
                self.flush(at);
                let after = self.asked.take().map(|asked| at.saturating_sub(asked));
                let after = after.map(|after| format!("  (+{:.1} ms)", after.as_secs_f64() * 1e3));
                self.message(at, "←", message, &after.unwrap_or_default());
                if std::mem::take(&mut self.playing) && message.starts_with(b"RTSP/1.0 2") {
                    self.plan_milestones(at);
                }
            }
            Piece::Media { channel, bytes } => {
                let channel = match self.lang {
                    Lang::Zh => format!("通道 {channel}"),
                    Lang::En => format!("channel {channel}"),
                };
                self.frames.count(at, channel, bytes as u64);
            }
        });
        self.sieve = sieve;
    }

    /// What the observation says happened so long after the answer to PLAY.
    fn plan_milestones(&mut self, playing: Duration) {
        let when = |stage: Stage| {
            let timing = self.observation.stages.iter().find(|timing| timing.name == stage)?;
            Some(playing + Duration::from_secs_f64(timing.ms?.max(0.0) / 1e3))
        };
        let zh = self.lang == Lang::Zh;
        let first = if zh { "视频首包" } else { "first packet of the video" };
        let keyframe = if zh { "首个关键帧" } else { "first keyframe" };
        let video = self.observation.video.as_ref();
        let form = video.map(|video| {
            let mut words = vec![video.codec.clone().unwrap_or_default()];
            words.extend(video.profile.clone());
            words.extend(video.level.clone());
            if let (Some(width), Some(height)) = (video.width, video.height) {
                words.push(format!("{width}×{height}"));
            }
            words.join(" ")
        });
        let form = form.filter(|form| !form.is_empty()).map_or(String::new(), |f| format!(": {f}"));
        self.milestones = [
            when(Stage::FirstPacket).map(|at| (at, first.to_owned())),
            when(Stage::FirstKeyframe).map(|at| (at, format!("{keyframe}{form}"))),
        ]
        .into_iter()
        .flatten()
        .collect();
    }

    /// Tells of the media that came until `now`, and of what they reached.
    fn flush(&mut self, now: Duration) {
        let reached = self.milestones.iter().take_while(|(at, _)| *at <= now).count();
        for (at, event) in self.milestones.drain(..reached).collect::<Vec<_>>() {
            self.line(at, "·", &event);
        }
        let frames = std::mem::take(&mut self.frames);
        if frames.channels.is_empty() {
            return;
        }
        let each: Vec<_> = frames
            .channels
            .iter()
            .map(|(channel, number, bytes)| match self.lang {
                Lang::Zh => format!("{channel}：{number} 帧 {bytes} 字节"),
                Lang::En => format!("{channel}: {number} frames, {bytes} bytes"),
            })
            .collect();
        self.line(frames.since, "←", &each.join("; "));
    }

    /// What came and could not be read as anything.
    fn rest(&mut self) {
        let rest = self.sieve.rest();
        if rest.is_empty() {
            return;
        }
        let shown: String = String::from_utf8_lossy(&rest[..rest.len().min(64)]).into_owned();
        let event = match self.lang {
            Lang::Zh => format!("还有 {} 字节不成报文，开头是 {shown}", rest.len()),
            Lang::En => {
                format!("{} bytes that are no whole message, beginning {shown}", rest.len())
            }
        };
        self.lines.push(format!("{:>12}     {}", "", printable(&event)));
    }

    fn message(&mut self, at: Duration, arrow: &str, bytes: &[u8], after: &str) {
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.trim_matches(['\r', '\n']).lines();
        let first = lines.next().unwrap_or_default();
        self.line(at, arrow, &format!("{first}{after}"));
        let rest: Vec<_> = lines.map(|line| short_nonce(line.trim_end())).collect();
        for line in rest.iter().take(MAX_LINES) {
            self.lines.push(format!("{:>12}     {}", "", printable(line)));
        }
        if rest.len() > MAX_LINES {
            self.lines.push(format!("{:>12}     … +{}", "", rest.len() - MAX_LINES));
        }
    }

    fn line(&mut self, at: Duration, mark: &str, text: &str) {
        let ms = at.as_secs_f64() * 1e3;
        self.lines.push(format!("{ms:>9.1} ms  {mark}  {}", printable(text)));
    }
}

impl Frames {
    fn count(&mut self, at: Duration, channel: String, bytes: u64) {
        if self.channels.is_empty() {
            self.since = at;
        }
        match self.channels.iter_mut().find(|(known, ..)| *known == channel) {
            Some((_, number, sum)) => (*number, *sum) = (*number + 1, *sum + bytes),
            None => self.channels.push((channel, 1, bytes)),
        }
    }
}

/// What was decided, and by what.
fn judged(fault: &Fault, lang: Lang) -> Vec<String> {
    let detail = fault.detail.render(lang);
    let detail = if detail.is_empty() { detail } else { format!(": {}", printable(&detail)) };
    let (name, code, stage) = (fault.code.name(lang), fault.code.code(), fault.stage.name(lang));
    let mut lines =
        vec![format!("{} {name} ({code}) [{stage}]{detail}", lang.pick("判定", "judged"))];
    if let Some(how) = fault.code.detected(lang) {
        lines.push(format!("{} {how}", lang.pick("依据", "because")));
    }
    lines.push(format!("{} {}", lang.pick("处置", "to do"), fault.code.advice(lang)));
    lines
}

/// A challenge with the beginning of its nonce: it fills the line and says nothing.
fn short_nonce(line: &str) -> String {
    let Some(at) = line.find("nonce=\"").map(|at| at + "nonce=\"".len()) else {
        return line.to_owned();
    };
    let (head, value) = line.split_at(at);
    let end = value.find('"').unwrap_or(value.len());
    let kept: String = value[..end].chars().take(NONCE).collect();
    let dots = if value[..end].chars().nth(NONCE).is_some() { "…" } else { "" };
    format!("{head}{kept}{dots}{}", &value[end..])
}

/// Text from a device, without anything that could drive the terminal, cut to a line.
fn printable(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(MAX_LINE)
        .map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(MAX_LINE).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_shortened_and_the_rest_stays() {
        assert_eq!(
            short_nonce("WWW-Authenticate: Digest nonce=\"0123456789\", realm=\"r\""),
            "WWW-Authenticate: Digest nonce=\"012345…\", realm=\"r\""
        );
        assert_eq!(short_nonce("nonce=\"01\""), "nonce=\"01\"");
    }

    #[test]
    fn a_device_cannot_drive_the_terminal() {
        assert_eq!(printable("a\u{1b}[2J"), "a\u{fffd}[2J");
        assert_eq!(printable(&"x".repeat(500)).chars().count(), MAX_LINE + 1);
    }
}
