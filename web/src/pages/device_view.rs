//! What the page of one device shows, put into words.

use super::{
    View, baseline::BaselineView, device::state_of, device_day::CountedDay, dialogue::DialogueRow,
    doubt_words, fault_names, incidents::IncidentLine, picture_view::Judged, present_word,
};
use crate::{
    draw::{self, Point, Spark, Strip},
    format::{Moment, bitrate, millis},
    shell::Shell,
    words::Words,
};
use askama::Template;
use chrono_tz::Tz;
use std::{borrow::Cow, ops::Range, time::Duration};
use zhishou_domain::{
    CertificateFingerprint, DayStrip, DeviceId, FaultCode, LifeState, Observation, Stage, State,
    Timestamp, Transition, Transport, VideoFacts, endpoint::is_sip, equipment::Service,
};
use zhishou_storage::{
    DevicePage as Device, Dialogue, IncidentRow, ItemRollup, LearnedHabit, Measure, Period,
    Present, Rollup, Seen, StoredCertificate,
};

/// What was read for the page.
pub(super) struct Parts {
    pub(super) device: Device,
    pub(super) judged: Judged,
    pub(super) strips: Vec<(i64, DayStrip)>,
    /// Minutes since the epoch that do not count, over those days.
    pub(super) excluded: Vec<Range<i64>>,
    /// The days of the strips, today included.
    pub(super) period: Period,
    pub(super) seen: Vec<Seen>,
    pub(super) newest: Option<Observation>,
    pub(super) transitions: Vec<Transition>,
    pub(super) measures: Vec<Rollup>,
    pub(super) items: Vec<ItemRollup>,
    pub(super) dialogues: Vec<Dialogue>,
    pub(super) incidents: Vec<IncidentRow>,
    pub(super) habits: Vec<LearnedHabit>,
    pub(super) older: Option<String>,
    pub(super) is_first: bool,
    pub(super) notice: Option<&'static str>,
    /// The day that was asked for.
    pub(super) counted: Option<CountedDay>,
}

#[derive(Template)]
#[template(path = "device.html")]
pub(super) struct DevicePage {
    shell: Shell,
    id: DeviceId,
    counted: Option<CountedDay>,
    name: String,
    site: String,
    street: String,
    site_href: String,
    state: Present,
    state_word: &'static str,
    since: Option<Moment>,
    fault: Option<FaultView>,
    more_faults: Vec<FaultView>,
    doubt: Option<String>,
    last: Option<Moment>,
    notice: Option<&'static str>,
    can_probe: bool,
    /// A test call to it is permitted.
    may_call: bool,
    can_rearm: bool,
    /// The certificate that waits to be accepted.
    offered: Option<CertificateFingerprint>,
    wants_credential: bool,
    username: String,
    today: Strip,
    length: u64,
    pictures: Vec<PictureView>,
    picture_key: String,
    judged: Judged,
    ledger: Vec<Fact>,
    stages: Vec<StageBar>,
    video: Vec<Fact>,
    sparks: Vec<SparkView>,
    /// Not asked as equipment is: it has pictures.
    is_camera: bool,
    /// Spoken to by RTSP: what is said is kept, and how its picture should look is learned.
    is_rtsp: bool,
    month: Vec<DayView>,
    dialogues: Vec<DialogueRow>,
    baselines: Vec<BaselineView>,
    observations: Vec<ObservationRow>,
    older: Option<String>,
    newest: Option<String>,
    incidents: Vec<IncidentLine>,
    transitions: Vec<TransitionRow>,
}

struct FaultView {
    name: &'static str,
    detail: String,
    advice: &'static str,
}

struct PictureView {
    title: String,
    href: String,
    taken: Moment,
    /// The picture judged last differs as this one does.
    has_heat: bool,
}

pub(super) struct Fact {
    pub(super) label: Cow<'static, str>,
    pub(super) value: String,
    pub(super) href: Option<String>,
}

impl Fact {
    pub(super) fn new(label: impl Into<Cow<'static, str>>, value: String) -> Self {
        Self { label: label.into(), value, href: None }
    }
}

struct StageBar {
    name: &'static str,
    text: String,
    x: u32,
    width: u32,
}

pub(super) struct SparkView {
    name: Cow<'static, str>,
    last: String,
    drawing: Spark,
    rows: Vec<SparkRow>,
}

struct SparkRow {
    hour: String,
    min: String,
    mean: String,
    max: String,
}

struct DayView {
    label: String,
    machine: String,
    strip: Strip,
    length: u64,
}

struct ObservationRow {
    at: Moment,
    state: &'static str,
    verdict: &'static str,
    faults: String,
    fps: String,
    bitrate: String,
    loss: String,
    first_keyframe: String,
    took: String,
    round_trip: String,
}

struct TransitionRow {
    at: Moment,
    state: State,
    word: &'static str,
    faults: String,
}

impl DevicePage {
    pub(super) fn new(view: &View<'_>, shell: Shell, mut parts: Parts) -> Self {
        let counted = parts.counted.take();
        let (t, device) = (view.t, &parts.device);
        let state = device.present(view.now);
        let current = if state == Present::Unknown && !device.stands(view.now) {
            &[][..]
        } else {
            &device.standing.faults[..]
        };
        let mut faults = current.iter().map(|&code| fault_view(code, parts.newest.as_ref(), t));
        let standing = &device.standing;
        let since = (device.stands(view.now) && standing.since.millis() > 0)
            .then(|| view.moment(standing.since));
        let asks_login = current.iter().any(|code| {
            matches!(
                code,
                FaultCode::AuthRequired | FaultCode::AuthRejected | FaultCode::AuthSuspended
            )
        });
        let is_suspended = device.credential.as_ref().is_some_and(|(_, state)| state.suspended);
        let open = standing.open_span(view.now);
        let segments = draw::of_device(&parts.strips, open, view.today.start, view.today.until());
        let pictures = pictures(view, device, &parts.judged);
        Self {
            id: device.id,
            name: device.name.clone(),
            site: device.site_name.clone(),
            street: device.street_name.clone(),
            site_href: format!("/sites/{}", device.site),
            state,
            state_word: present_word(state, t),
            since,
            fault: faults.next(),
            more_faults: faults.collect(),
            doubt: doubt_words(standing, view.app, t),
            last: device.seen.map(|at| view.moment(at)),
            notice: parts.notice,
            counted,
            can_probe: device.life == LifeState::InUse && device.url.is_some(),
            may_call: device.may_be_called(),
            can_rearm: device.credential.is_some() && (is_suspended || asks_login),
            offered: device.certificate.and_then(|it| it.offered).map(|(offered, _)| offered),
            wants_credential: asks_login,
            username: device
                .credential
                .as_ref()
                .map(|(username, _)| username.clone())
                .unwrap_or_default(),
            today: view.strip(&segments, &parts.excluded),
            length: view.day_minutes(),
            picture_key: pictures.iter().map(|it| it.href.as_str()).collect::<Vec<_>>().join(" "),
            pictures,
            ledger: ledger(view, device),
            stages: stages(parts.newest.as_ref(), t),
            video: video(view, &parts),
            sparks: sparks(view, &parts),
            is_camera: device.url.as_deref().and_then(Service::of).is_none(),
            is_rtsp: device
                .url
                .as_deref()
                .is_none_or(|url| !is_sip(url) && Service::of(url).is_none()),
            month: month(view, &parts),
            baselines: parts.habits.iter().filter_map(|it| BaselineView::new(view, it)).collect(),
            dialogues: parts.dialogues.iter().map(|it| DialogueRow::new(view, it)).collect(),
            incidents: parts.incidents.iter().map(|it| IncidentLine::new(view, it)).collect(),
            observations: parts.seen.iter().map(|it| observation_row(view, it)).collect(),
            newest: (!parts.is_first).then(|| format!("/devices/{}#observations", device.id)),
            older: parts.older,
            judged: parts.judged,
            transitions: parts
                .transitions
                .iter()
                .map(|it| TransitionRow {
                    at: view.moment(it.at),
                    state: it.state,
                    word: it.state.name(t.0),
                    faults: fault_names(&it.faults, t.0),
                })
                .collect(),
            shell,
        }
    }
}

/// A fault of the present state, with the detail that the newest observation has of it.
fn fault_view(code: FaultCode, newest: Option<&Observation>, t: Words) -> FaultView {
    let seen = newest.and_then(|it| it.faults.iter().find(|fault| fault.code == code));
    let detail = seen.map(|fault| {
        let words = fault.detail.render(t.0);
        let stage = fault.stage.name(t.0);
        if words.is_empty() { stage.to_owned() } else { format!("{stage} · {words}") }
    });
    FaultView { name: code.name(t.0), detail: detail.unwrap_or_default(), advice: code.advice(t.0) }
}

/// Where the good picture of a device lies that was taken at `at`.
pub(super) fn good_picture(device: DeviceId, at: Timestamp) -> String {
    format!("/devices/{device}/pictures/good?at={}", at.millis())
}

/// The picture that shows how it is now, then that by the same light which shows how it should be.
fn pictures(view: &View<'_>, device: &Device, judged: &Judged) -> Vec<PictureView> {
    let t = view.t;
    let is_well = device.standing.state_at(view.now) == State::Up;
    let picture = |title: String, which: &str, at: Timestamp| PictureView {
        title,
        href: format!("/devices/{}/pictures/{which}?at={}", device.id, at.millis()),
        taken: view.moment(at),
        has_heat: false,
    };
    let good_title = if is_well { t.last_snapshot() } else { t.good_snapshot() };
    let good = device.good_picture.as_ref();
    let beside =
        judged.beside.as_ref().filter(|(_, row)| good.is_none_or(|(key, _)| *key != row.key));
    let beside = beside.map(|(light, row)| {
        let title = format!("{} · {}", t.reference_picture(), light.name(t.0));
        picture(title, light.code(), row.taken_at)
    });
    let good = good.map(|(_, at)| picture(good_title.to_owned(), "good", *at));
    let fault = device.fault_picture.as_ref();
    let fault = fault.map(|(_, at)| picture(t.fault_snapshot().to_owned(), "fault", *at));
    let order = if is_well { [good, beside, fault] } else { [fault, beside, good] };
    let mut pictures: Vec<_> = order.into_iter().flatten().collect();
    if let Some(first) = pictures.first_mut() {
        first.has_heat = true;
    }
    pictures
}

fn ledger(view: &View<'_>, device: &Device) -> Vec<Fact> {
    let t = view.t;
    let mut facts = Vec::new();
    let mut add = |label: &'static str, value: Option<String>, href: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            facts.push(Fact { href, ..Fact::new(label, value) });
        }
    };
    let maker: Vec<_> = [&device.vendor, &device.model].into_iter().flatten().cloned().collect();
    let class = device.class.map(|class| class.name(t.0).to_owned());
    let parent = device.parent.clone();
    add(t.address(), device.address.clone(), None);
    add(
        t.parent(),
        parent.as_ref().map(|(_, name)| name.clone()),
        parent.map(|(id, _)| format!("/devices/{id}")),
    );
    add(t.maintainer(), device.maintainer.clone(), None);
    let tel = device.phone.as_ref().map(|phone| {
        let digits: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        format!("tel:{digits}")
    });
    add(t.phone(), device.phone.clone(), tel);
    add(t.department(), device.department.clone(), None);
    add(t.police_station(), device.police_station.clone(), None);
    add(t.class(), class, None);
    add(t.vendor_model(), Some(maker.join(" / ")), None);
    add(t.ip(), device.ip.clone(), None);
    add(t.url(), device.url.clone(), None);
    add(t.checks(), device.checks.clone(), None);
    let leave = device.test_call.unwrap_or_default();
    let called = device.url.as_deref().is_some_and(is_sip);
    add(t.test_call(), called.then(|| leave.name(t.0).to_owned()), None);
    let credential = device.credential.as_ref();
    let credential = credential.map_or_else(
        || t.credential_none().to_owned(),
        |(username, state)| {
            let how = if state.suspended {
                t.credential_suspended()
            } else if state.proven {
                t.credential_proven()
            } else {
                t.credential_unproven()
            };
            format!("{username} · {how}")
        },
    );
    add(t.credential(), Some(credential), None);
    add(t.certificate(), device.certificate.map(|it| certificate(view, &it)), None);
    add(t.national_code(), device.national_code.clone(), None);
    let since = device.life_since.local_day(view.app.zone);
    add(t.life(), Some(format!("{} · {since}", device.life.name(t.0))), None);
    add(t.tag(), Some(device.tags.join(t.0.pick("、", ", "))), None);
    add(t.note(), device.note.clone(), None);
    facts
}

/// The certificate on record, since when, and whether the device shows another.
fn certificate(view: &View<'_>, certificate: &StoredCertificate) -> String {
    let t = view.t;
    let since = certificate.first_seen.local_day(view.app.zone);
    let print = grouped(&certificate.fingerprint);
    let mut words = format!("{print} · {} {since}", t.certificate_since());
    if let Some((offered, since)) = &certificate.offered {
        let since = since.local_day(view.app.zone);
        let print = grouped(offered);
        words.push_str(&format!(" · {} {print} ({since})", t.certificate_offered()));
    }
    words
}

/// In groups of eight digits, which people compare and narrow pages break.
fn grouped(fingerprint: &CertificateFingerprint) -> String {
    let digits = fingerprint.to_string();
    let groups: Vec<&str> = (0..8).filter_map(|n| digits.get(n * 8..n * 8 + 8)).collect();
    groups.join(" ")
}

/// Bars that begin where the stage before ended, in thousandths of the whole.
fn stages(newest: Option<&Observation>, t: Words) -> Vec<StageBar> {
    let Some(seen) = newest else { return Vec::new() };
    let timed: Vec<(Stage, f64)> =
        seen.stages.iter().filter_map(|it| Some((it.name, it.ms?.max(0.0)))).collect();
    let total: f64 = timed.iter().map(|(_, ms)| ms).sum::<f64>().max(0.001);
    let mut passed = 0.0;
    let bars = timed.into_iter().map(|(stage, ms)| {
        let x = (passed / total * 1000.0) as u32;
        passed += ms;
        let width = ((ms / total * 1000.0) as u32).max(3).min(1000 - x.min(997));
        StageBar { name: stage.name(t.0), text: millis(ms), x: x.min(997), width }
    });
    bars.collect()
}

fn video(view: &View<'_>, parts: &Parts) -> Vec<Fact> {
    let t = view.t;
    let Some(seen) = &parts.newest else { return Vec::new() };
    if let Some(equipment) = &seen.equipment {
        return super::equipment_view::facts(view, seen, equipment);
    }
    let call = seen.call.as_ref();
    let call = call.map(|call| super::endpoint_view::facts(view, call, seen.audio.as_ref()));
    let mut facts = call.unwrap_or_default();
    let mut add = |label: &'static str, value: Option<String>| {
        facts.extend(value.map(|value| Fact::new(label, value)));
    };
    add(t.picture(), picture(view, seen, &parts.habits));
    if let Some(video) = &seen.video {
        add(t.codec(), codec(video));
        add(t.size(), video.width.zip(video.height).map(|(w, h)| format!("{w} × {h}")));
        let declared = video.declared_fps.map_or("–".to_owned(), |fps| format!("{fps:.1}"));
        add(t.fps(), video.fps.map(|fps| format!("{fps:.1} / {declared}")));
        add(t.bitrate(), video.bitrate_bps.map(bitrate));
        add(t.gop(), video.gop_frames.map(|frames| format!("{frames:.0} {}", t.frames())));
        add(t.loss(), video.loss_ratio.map(percent));
        add(t.jitter(), video.jitter_ms.map(millis));
        add(t.clock_offset(), video.clock_offset_ms.map(millis));
    }
    let remarks = seen.remarks(t.0).join(t.0.pick("；", "; "));
    add(t.attention(), Some(remarks).filter(|remarks| !remarks.is_empty()));
    add(t.first_keyframe(), stage_ms(seen, Stage::FirstKeyframe).map(millis));
    let transport = seen.transport.map(|it| match it {
        Transport::Tcp => "TCP",
        Transport::Udp => "UDP",
    });
    add(t.transport(), transport.map(str::to_owned));
    add(t.server(), seen.server.clone());
    facts
}

/// Whether the picture was looked at, and if not, why, and when it was last.
fn picture(view: &View<'_>, seen: &Observation, habits: &[LearnedHabit]) -> Option<String> {
    let t = view.t;
    let Some(skipped) = seen.picture_skipped else {
        return seen.picture.as_ref().map(|_| t.picture_judged().to_owned());
    };
    let judged = habits.iter().filter_map(|it| it.habit.judged).max_by_key(|judged| judged.at);
    let last = judged.map(|judged| {
        let found = if judged.clean { t.was_clean() } else { t.was_faulty() };
        format!(" · {} {} ({found})", t.last_judged(), view.moment(judged.at).ago)
    });
    Some(format!("{}{}", skipped.name(t.0), last.unwrap_or_default()))
}

/// A codec as people write it.
pub(super) fn codec_name(codec: &str) -> &str {
    match codec {
        "h264" => "H.264",
        "h265" => "H.265",
        "jpeg" => "MJPEG",
        other => other,
    }
}

fn codec(video: &VideoFacts) -> Option<String> {
    let name = codec_name(video.codec.as_ref()?);
    let more: Vec<_> =
        [video.profile.as_deref(), video.level.as_deref()].into_iter().flatten().collect();
    Some(format!("{name} {}", more.join(" ")).trim_end().to_owned())
}

pub(super) fn percent(ratio: f64) -> String {
    format!("{:.2} %", ratio * 100.0)
}

fn stage_ms(seen: &Observation, stage: Stage) -> Option<f64> {
    seen.stages.iter().find(|it| it.name == stage)?.ms
}

fn sparks(view: &View<'_>, parts: &Parts) -> Vec<SparkView> {
    let t = view.t;
    type Print = fn(f64) -> String;
    let shown: [(Measure, &'static str, Print); 7] = [
        (Measure::Fps, t.fps_short(), |value| format!("{value:.1} fps")),
        (Measure::BitrateBps, t.bitrate(), bitrate),
        (Measure::LossRatio, t.loss(), percent),
        (Measure::JitterMs, t.jitter(), millis),
        (Measure::FirstKeyframeMs, t.first_keyframe(), millis),
        (Measure::RttMs, t.round_trip(), millis),
        (Measure::PingLossRatio, t.ping_loss(), percent),
    ];
    let of_measure = shown.into_iter().filter_map(|(measure, name, print)| {
        let hours = parts.measures.iter().filter(|it| it.measure == measure);
        let hours = hours.map(|it| Hour { from: it.from, mean: it.mean, min: it.min, max: it.max });
        spark(view, name.into(), &hours.collect::<Vec<_>>(), print)
    });
    of_measure.chain(super::equipment_view::sparks(view, parts)).collect()
}

/// One hour of anything that is measured.
pub(super) struct Hour {
    pub(super) from: Timestamp,
    pub(super) mean: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

/// The last 24 hours; `None` where nothing was measured in them.
pub(super) fn spark(
    view: &View<'_>,
    name: Cow<'static, str>,
    hours: &[Hour],
    print: impl Fn(f64) -> String,
) -> Option<SparkView> {
    let hour_of = |at: Timestamp| at.millis().div_euclid(3_600_000);
    let left = hour_of(view.now) - 23;
    let hours: Vec<&Hour> = hours.iter().filter(|it| hour_of(it.from) >= left).collect();
    let last = hours.last()?;
    let points: Vec<Point> = hours
        .iter()
        .map(|it| Point {
            hour: usize::try_from(hour_of(it.from) - left).unwrap_or(0),
            mean: it.mean,
            min: it.min,
            max: it.max,
        })
        .collect();
    let rows = hours.iter().rev().map(|it| SparkRow {
        hour: clock(it.from, view.app.zone),
        min: print(it.min),
        mean: print(it.mean),
        max: print(it.max),
    });
    Some(SparkView {
        name,
        last: print(last.mean),
        drawing: Spark::draw(&points),
        rows: rows.collect(),
    })
}

fn clock(at: Timestamp, zone: Tz) -> String {
    at.in_zone(zone).format("%H:%M").to_string()
}

/// The days before today on which the device was to be probed, newest first.
fn month(view: &View<'_>, parts: &Parts) -> Vec<DayView> {
    let zone = view.app.zone;
    let known = parts.device.probed_since.unwrap_or(view.now);
    let stored = parts.strips.iter().map(|(day, _)| Timestamp::from_utc_day(*day)).min();
    let first = stored.map_or(known, |stored| stored.min(known));
    let mut days = Vec::new();
    let mut day = view.today.from;
    while let Some(before) = day.pred_opt() {
        day = before;
        let period = Period::days(day, day, view.now, zone);
        if day < parts.period.from || period.end <= first {
            break;
        }
        let segments = draw::of_device(&parts.strips, None, period.start, period.end);
        days.push(DayView {
            label: day.format("%m-%d").to_string(),
            machine: day.to_string(),
            strip: Strip::draw(&segments, &parts.excluded, period.start, period.end, zone, view.t),
            length: period.end.since(period.start).as_secs() / 60,
        });
    }
    days
}

fn observation_row(view: &View<'_>, it: &Seen) -> ObservationRow {
    let seen = &it.observation;
    let video = seen.video.as_ref();
    let dash = || "–".to_owned();
    let codes: Vec<FaultCode> = seen.faults.iter().map(|fault| fault.code).collect();
    let took = Duration::from_secs_f64((seen.duration_ms / 1000.0).clamp(0.0, 1e6));
    ObservationRow {
        at: view.moment(seen.started_at),
        state: state_of(seen.verdict),
        verdict: seen.verdict.name(view.t.0),
        faults: fault_names(&codes, view.t.0),
        fps: video.and_then(|it| it.fps).map_or_else(dash, |fps| format!("{fps:.1}")),
        bitrate: video.and_then(|it| it.bitrate_bps).map_or_else(dash, bitrate),
        loss: video.and_then(|it| it.loss_ratio).map_or_else(dash, percent),
        first_keyframe: stage_ms(seen, Stage::FirstKeyframe).map_or_else(dash, millis),
        took: millis(took.as_secs_f64() * 1000.0),
        round_trip: seen.equipment.as_ref().and_then(|it| it.rtt_ms).map_or_else(dash, millis),
    }
}
