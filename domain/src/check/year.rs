//! A year of 300 meetings with faults, minute by minute in virtual time, that yields the exact figures.
//!
//! What happens is scripted by the number of a meeting; what the platform makes of it goes through the
//! same agenda, judgement, readiness and record as on the platform.

use super::*;
use crate::{
    AudioFacts, Depth, Detail, DeviceKind, Fault, FaultCode, Lang, MeetingIncidentId, Observation,
    Stage, Timestamp, VenueId, Verdict, VideoFacts,
    meeting::{AssuranceGrade, Slot, VenueRole},
};
use std::time::Duration;

/// What goes wrong with a meeting.
#[derive(Clone, Copy, PartialEq)]
enum Script {
    /// Nothing.
    Well,
    /// A microphone is silent at T−60 and mended 20 minutes before the begin.
    Mended,
    /// An endpoint is off, and stays so: not ready when it begins.
    Off,
    /// The platform stands still from T−70 to T−40: a point is made up late.
    Stopped,
    /// Nobody signs the roll call in time.
    Unsigned,
    /// It breaks for `n % 5 + 1` minutes while it runs.
    Breaks,
    /// It is cancelled and counts nowhere.
    Cancelled,
}

fn script(number: i64) -> Script {
    match number % 50 {
        3 | 13 => Script::Mended,
        7 => Script::Off,
        11 => Script::Stopped,
        17 => Script::Unsigned,
        23 | 33 => Script::Breaks,
        41 if number == 41 || number == 91 => Script::Cancelled,
        _ => Script::Well,
    }
}

fn minutes(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap() * 60)
}

fn probe(script: Script, venue: i64, before: i64, depth: Depth, at: Timestamp) -> Observation {
    let (mut verdict, mut reached, mut faults) = (Verdict::Online, true, vec![]);
    let fault = |code| Fault::new(code, Stage::Options, Detail::None);
    if venue == 2 && script == Script::Off {
        (verdict, reached) = (Verdict::Offline, false);
        faults.push(fault(FaultCode::ConnectTimeout));
    }
    let is_called = depth != Depth::Reach && reached;
    if venue == 2 && script == Script::Mended && before > 20 && is_called {
        verdict = Verdict::Degraded;
        faults.push(fault(FaultCode::AudioSilent));
    }
    let (audio, video) = (
        AudioFacts { packets: 100, ..AudioFacts::default() },
        VideoFacts { loss_ratio: Some(0.0), jitter_ms: Some(2.0), ..VideoFacts::default() },
    );
    Observation {
        verdict,
        reached,
        faults,
        audio: is_called.then_some(audio),
        video: is_called.then_some(video),
        ..Observation::new(String::new(), DeviceKind::Endpoint, depth, at)
    }
}

fn keep(results: &mut Vec<CellResult>, finding: Finding, at: Timestamp, login: &str) {
    let Finding { item, outcome, evidence } = finding;
    results.retain(|it| it.item != item);
    let (device, login) = (None, login.to_owned());
    results.push(CellResult { item, outcome, evidence, device, at, confirmed: at, login });
}

/// One meeting of three venues; what its record says, and the run causes in order.
fn hold(plan: &CheckPlan, number: i64, start: Timestamp) -> (Option<AfterRecord>, Vec<Cause>) {
    let script = script(number);
    let slot = Slot { from: start, to: start + minutes(60) };
    let settled = start - minutes(2000);
    let items: Vec<_> =
        plan.items.iter().copied().filter(|item| !plan.optional.contains(item)).collect();
    let mut venues: Vec<VenueCells> = (1..=3)
        .map(|id| VenueCells {
            venue: VenueId::new(id),
            role: if id == 1 { VenueRole::Main } else { VenueRole::Branch },
            items: items.clone(),
            results: vec![],
        })
        .collect();
    if script == Script::Cancelled {
        return (None, vec![]);
    }
    let (mut done, mut missed) = (Vec::new(), Vec::new());
    for before in (0..=90).rev() {
        let now = start - minutes(before);
        if script == Script::Stopped && (40..=70).contains(&before) {
            continue;
        }
        let due = agenda(plan, slot, settled, &done, now);
        missed.extend(due.missed.iter().copied().map(Cause::Point));
        done.extend(due.missed.into_iter().map(Cause::Point));
        if let Some(cause) = due.run {
            done.push(cause);
            let depth = depth_at(plan, cause, slot, now);
            let unwell = readiness(plan, venues.clone(), now);
            for venue in &mut venues {
                let is_well = unwell.rows.iter().any(|row| {
                    row.venue == venue.venue
                        && row
                            .cells
                            .iter()
                            .all(|cell| cell.item.is_human() || cell.outcome >= Outcome::Warn)
                });
                let depth = match depth {
                    CheckDepth::Full => Depth::Stream,
                    CheckDepth::Failures if !is_well => Depth::Stream,
                    CheckDepth::Failures | CheckDepth::Liveness => Depth::Reach,
                };
                let seen = probe(script, venue.venue.number(), before, depth, now);
                for finding in judge(&seen, &plan.limits) {
                    keep(&mut venue.results, finding, now, "");
                }
            }
        }
        let signs = before == 25 || (before == 5 && script != Script::Unsigned);
        if signs {
            for venue in &mut venues {
                for item in items.iter().filter(|item| item.is_human()) {
                    if *item == CheckItem::RollCall && before == 25 {
                        continue;
                    }
                    let (outcome, evidence) = (Outcome::Pass, Evidence::None);
                    keep(&mut venue.results, Finding { item: *item, outcome, evidence }, now, "王");
                }
            }
        }
    }
    let on_time = readiness(plan, venues, start).conclusion.may_begin();
    let breaks = number % 5 + 1;
    let incidents: Vec<_> = (script == Script::Breaks)
        .then(|| MeetingIncident {
            id: MeetingIncidentId::new(number),
            venue: VenueId::new(3),
            from: start + minutes(10),
            to: Some(start + minutes(10 + breaks)),
            what: "无音频".into(),
            fallback: Some(Fallback::BackupEndpoint),
            login: "王".into(),
        })
        .into_iter()
        .collect();
    let words: Vec<_> = incidents.iter().map(|it| it.what.clone()).collect();
    let attendance = (1..=3)
        .map(|id| Attendance { venue: id.to_string(), attended: script != Script::Off || id != 2 })
        .collect();
    let lost = lost(&incidents, slot, slot.to);
    let record = AfterRecord::draft(attendance, on_time, &words, lost, vec!["王".into()], Lang::Zh);
    if script == Script::Stopped {
        assert_eq!(missed, [], "T−60 is made up when we are back at T−39");
        assert!(done.contains(&Cause::Point(60)));
    }
    (Some(record), done)
}

#[test]
fn a_year_of_300_meetings_with_faults_yields_the_exact_figures() {
    let plan = CheckPlan::of_grade(AssuranceGrade::Third);
    let mut months = [MeetingFigures::default(); 12];
    let new_year = Timestamp::from_utc(2026, 1, 1, 1, 0, 0).unwrap();
    for number in 0..300i64 {
        let start = new_year + minutes(number * 29 * 60);
        let (record, done) = hold(&plan, number, start);
        let Some(record) = record else { continue };
        assert_eq!(done, [60, 15, 10].map(Cause::Point), "{number}");
        let month = start.in_zone(chrono_tz::Asia::Shanghai).format("%m").to_string();
        months[month.parse::<usize>().unwrap() - 1].add(Assured {
            venues: 3,
            on_time: record.on_time,
            incidents: record.incidents,
            lost_minutes: record.lost_minutes,
        });
    }
    let mut year = MeetingFigures::default();
    months.iter().for_each(|month| year.join(*month));
    // 300 less 2 cancelled. Of each 50, one is off and one unsigned: 12 not on time. Two of each 50 break:
    // 12 of them, those that end in 3 for 4 minutes.
    let expected = MeetingFigures {
        meetings: 298,
        on_time: 286,
        venue_meetings: 894,
        incidents: 12,
        with_incidents: 12,
        lost_minutes: 48,
    };
    assert_eq!(year, expected);
    assert_eq!(months.map(|it| it.meetings).iter().sum::<u64>(), 298);
    assert_eq!(
        year.sentence(12, Lang::Zh),
        "截止 12 月，累计保障会议 298 场（会场 894 场次），按时就绪 286/298 场 95.97 %；12 场出现故障共 12 起，每百会场·场次 1.34 起，影响 48 分钟。"
    );
}
