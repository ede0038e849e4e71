//! What was judged of a device's picture, put into words: each fault against its limit, its trend,
//! what was said of it, and the masks.

use super::View;
use crate::{draw::trend, failure::Failure, format::Moment, words::Words};
use zhishou_domain::{
    DeviceId, FaultCode, Feedback, Lang, Observation, Opinion, OwnLimits, Timestamp, Weather,
    measure_name, own_limits::CLEARED,
};
use zhishou_storage::ScoreDay;

/// Words of operators shown.
const SAID: usize = 8;

/// The picture part of the page of one device.
pub(crate) struct Judged {
    /// When the picture was taken that was judged last.
    pub(super) taken: Option<Moment>,
    /// The same in ms, by which a word of the operator finds it.
    pub(super) at: i64,
    /// What is to be known of the picture: mode, decoder errors, method.
    pub(super) facts: String,
    /// The faults that are raised or near their limit, the worst first.
    pub(super) rows: Vec<Row>,
    /// The others, and how many they are.
    pub(super) rest: Vec<Row>,
    pub(super) rest_words: String,
    /// Events of its street that the camera is part of.
    pub(super) weather: Vec<String>,
    pub(super) said: Vec<Said>,
    /// The masks as text, and how many.
    pub(super) masks: String,
    pub(super) mask_count: usize,
    /// The picture that masks are drawn on.
    pub(super) backdrop: Option<String>,
}

/// One fault.
pub(super) struct Row {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// Which shape stands for it.
    pub(super) glyph: &'static str,
    pub(super) word: &'static str,
    pub(super) score: String,
    pub(super) reading: String,
    /// How its own limit differs from that of all.
    pub(super) own: String,
    pub(super) trend: String,
    pub(super) days: Vec<Day>,
    /// Something is to be said of it.
    pub(super) asks: bool,
    /// Its limit can be put back.
    pub(super) resets: bool,
}

/// One day of a trend.
pub(super) struct Day {
    pub(super) day: String,
    pub(super) mean: String,
    pub(super) max: String,
}

/// One word of an operator.
pub(super) struct Said {
    pub(super) at: Moment,
    pub(super) text: String,
}

impl Judged {
    /// Reads and words it.
    pub(super) async fn read(
        view: &View<'_>,
        id: DeviceId,
        backdrop: Option<String>,
    ) -> Result<Self, Failure> {
        let (store, t) = (&view.app.store, view.t);
        let today = view.now.utc_day();
        let first = today - (trend::DAYS - 1);
        let (seen, said, days, weather, masks) = tokio::try_join!(
            store.latest_picture(id),
            store.feedback(id),
            store.score_days(id, first),
            store.weather_of(id, view.now),
            store.privacy_masks(id),
        )?;
        let own = OwnLimits::new(&said, []);
        let rows = seen.as_ref().map(|seen| rows(seen, &own, &days, first, t)).unwrap_or_default();
        let (rows, rest): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| row.asks || row.resets);
        Ok(Self {
            taken: seen.as_ref().map(|seen| view.moment(seen.started_at)),
            at: seen.as_ref().map_or(0, |seen| seen.started_at.millis()),
            facts: seen.as_ref().map(|seen| facts(seen, t)).unwrap_or_default(),
            rest_words: rest_words(&rest, !rows.is_empty(), t),
            rows,
            rest,
            weather: weather.iter().map(|(kind, it)| event(*kind, it.cameras - 1, t)).collect(),
            said: said.iter().rev().take(SAID).map(|it| word(view, it)).collect(),
            masks: masks.to_string().replace("; ", ";\n"),
            mask_count: masks.len(),
            backdrop,
        })
    }
}

fn event(weather: Weather, others: usize, t: Words) -> String {
    let how = weather.name(t.0);
    match t.0 {
        Lang::Zh => {
            format!("与同街另外 {others} 台同时{how}，按一次环境事件处理，不计为本机故障")
        }
        Lang::En => format!(
            "{how}, together with {others} others of the street: one event, no fault of this camera"
        ),
    }
}

fn facts(seen: &Observation, t: Words) -> String {
    let Some(picture) = &seen.picture else { return String::new() };
    let mode = picture.mode.name(t.0);
    let (errors, version) = (picture.decoder_errors, picture.algorithm);
    match t.0 {
        Lang::Zh => format!("{mode} · 解码错误 {errors} · 算法版本 {version}"),
        Lang::En => {
            format!("{mode} · {errors} decoder errors · method version {version}")
        }
    }
}

/// The faults, the worst first, those that cannot be told last.
fn rows(seen: &Observation, own: &OwnLimits, days: &[ScoreDay], first: i64, t: Words) -> Vec<Row> {
    let Some(picture) = &seen.picture else { return Vec::new() };
    let mut scores: Vec<(FaultCode, Option<f64>)> =
        picture.scores.iter().map(|(code, score)| (*code, *score)).collect();
    scores.sort_by(|a, b| b.1.unwrap_or(-1.0).total_cmp(&a.1.unwrap_or(-1.0)));
    let row = |(code, score): (FaultCode, Option<f64>)| {
        let is_raised = seen.faults.iter().any(|fault| fault.code == code);
        let (glyph, word) = match score {
            _ if is_raised => ("degraded", t.judged_faulty()),
            None => ("unknown", t.judged_unknown()),
            Some(score) if score >= CLEARED => ("unconnected", t.judged_suspect()),
            Some(_) => ("up", t.judged_well()),
        };
        let month: Vec<&ScoreDay> = days.iter().filter(|it| it.fault == code).collect();
        let points: Vec<(i64, f64)> = month.iter().map(|it| (it.day - first, it.max)).collect();
        let slack = own.slack(code);
        let reading = picture.readings.get(&code).map(|it| {
            let what = measure_name(&it.unit, t.0);
            format!("{what} {:.2} / {:.2}", it.value, it.limit)
        });
        Row {
            code: code.code(),
            name: code.name(t.0),
            glyph,
            word,
            score: score.map_or_else(|| "–".to_owned(), |score| format!("{score:.2}")),
            reading: reading.unwrap_or_else(|| "–".to_owned()),
            own: slack_words(slack, t),
            trend: trend::draw(&points),
            days: month.iter().rev().map(|it| day(it)).collect(),
            asks: is_raised || score.is_some_and(|score| score >= CLEARED),
            resets: slack != 0.0,
        }
    };
    scores.into_iter().map(row).collect()
}

/// How many faults are folded away, and what of them is known.
fn rest_words(rest: &[Row], has_others: bool, t: Words) -> String {
    let all = rest.len();
    let untold = rest.iter().filter(|row| row.glyph == "unknown").count();
    let fine = all - untold;
    match (t.0, fine, untold) {
        (Lang::Zh, _, 0) if has_others => format!("其余 {all} 项正常"),
        (Lang::Zh, _, 0) => format!("{all} 项全部正常"),
        (Lang::Zh, 0, _) => format!("其余 {all} 项无法判定"),
        (Lang::Zh, _, _) => format!("其余 {all} 项：{fine} 项正常，{untold} 项无法判定"),
        (Lang::En, _, 0) if has_others => format!("the other {all} are fine"),
        (Lang::En, _, 0) => format!("all {all} are fine"),
        (Lang::En, 0, _) => format!("the other {all} cannot be told"),
        (Lang::En, _, _) => format!("the other {all}: {fine} fine, {untold} cannot be told"),
    }
}

fn slack_words(slack: f64, t: Words) -> String {
    let percent = (slack.abs() * 100.0).round();
    match (slack, t.0) {
        (0.0, _) => String::new(),
        (slack, Lang::Zh) if slack > 0.0 => format!("本机放宽 {percent} %"),
        (_, Lang::Zh) => format!("本机收紧 {percent} %"),
        (slack, Lang::En) if slack > 0.0 => format!("{percent} % wider here"),
        (_, Lang::En) => format!("{percent} % tighter here"),
    }
}

fn day(of: &ScoreDay) -> Day {
    let date = Timestamp::from_utc_day(of.day);
    Day {
        day: date.local_day(chrono_tz::UTC).to_string(),
        mean: format!("{:.2}", of.mean),
        max: format!("{:.2}", of.max),
    }
}

fn word(view: &View<'_>, said: &Feedback) -> Said {
    let t = view.t;
    let score = said.score.map_or_else(|| "–".to_owned(), |score| format!("{score:.2}"));
    let (fault, opinion) = (said.fault.name(t.0), said.opinion.name(t.0));
    let mut text = format!("{opinion} · {fault} · {}", said.login);
    if said.opinion != Opinion::Reset {
        text.push_str(&format!(" · {} {score}", t.score()));
    }
    Said { at: view.moment(said.at), text }
}
