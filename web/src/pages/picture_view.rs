//! What was judged of a device's picture, put into words: each fault against its limit, its trend,
//! what was said of it, and the masks.

use super::View;
use super::reference::ReferencesView;
use crate::{
    draw::{heat, stripes::draw as draw_stripes, trend},
    failure::Failure,
    format::Moment,
    words::Words,
};
use zhishou_domain::{
    DeviceId, FaultCode, Feedback, Lang, Observation, Opinion, OwnLimits, PictureFacts,
    PictureLight, PictureShift, PictureStripes, Timestamp, Weather, measure_name,
    own_limits::CLEARED,
};
use zhishou_storage::{EvidenceRow, ScoreDay, StoredReference, StoredReferences};

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
    /// What is learned of the picture.
    pub(super) references: ReferencesView,
    /// The last good picture by the light of the one judged last, and its file.
    pub(super) beside: Option<(PictureLight, EvidenceRow)>,
    /// Which tiles of the picture judged last differ.
    pub(super) heat: Option<Heat>,
    /// The pattern that lies over the picture.
    pub(super) stripes: Option<String>,
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

/// Tiles to lay over a picture.
pub(super) struct Heat {
    /// What shows there.
    pub(super) title: String,
    pub(super) svg: String,
    /// Per cent of the tiles that differ, by ninths of the picture.
    pub(super) ninths: Vec<Vec<String>>,
}

impl Heat {
    fn new(picture: &PictureFacts, t: Words) -> Option<Self> {
        let tiles = picture.tiles.as_ref()?;
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", share * 100.0))
        };
        let mut title = tiles.fault.name(t.0).to_owned();
        if let Some(score) = picture.scores.get(&tiles.fault).copied().flatten() {
            title.push_str(&format!(" {score:.2}"));
        }
        Some(Self {
            title,
            svg: heat::draw(tiles),
            ninths: heat::ninths(tiles).iter().map(|row| row.map(percent).to_vec()).collect(),
        })
    }
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
        let (seen, said, days, weather, masks, references, pictures) = tokio::try_join!(
            store.latest_picture(id),
            store.feedback(id),
            store.score_days(id, first),
            store.weather_of(id, view.now),
            store.privacy_masks(id),
            store.picture_references(id),
            store.pictures(id),
        )?;
        let picture = seen.as_ref().and_then(|seen| seen.picture.as_ref());
        let light = picture.and_then(|picture| picture.light);
        let own = OwnLimits::new(&said, []);
        let rows = seen
            .as_ref()
            .map(|seen| rows(seen, &own, &days, first, &references, t))
            .unwrap_or_default();
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
            references: ReferencesView::new(view, &references),
            beside: pictures.by_light.into_iter().find(|(of, _)| Some(*of) == light),
            heat: picture.and_then(|picture| Heat::new(picture, t)),
            stripes: picture.and_then(|picture| picture.stripes).map(draw_stripes),
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
    let light = picture.light.map_or("", |light| light.name(t.0));
    let mut moved = picture.shift.map(|shift| moved(shift, t)).unwrap_or_default();
    moved.push_str(&picture.stripes.map(|stripes| striped(stripes, t)).unwrap_or_default());
    match t.0 {
        Lang::Zh => format!("{mode} {light} · 解码错误 {errors} · 算法版本 {version}{moved}"),
        Lang::En => {
            format!("{mode} {light} · {errors} decoder errors · method version {version}{moved}")
        }
    }
}

/// How far the scene moved, in per cent of the picture's sides.
fn moved(PictureShift { dx, dy }: PictureShift, t: Words) -> String {
    let across = if dx < 0.0 { t.0.pick("左", "left") } else { t.0.pick("右", "right") };
    let down = if dy < 0.0 { t.0.pick("上", "up") } else { t.0.pick("下", "down") };
    let [dx, dy] = [dx, dy].map(|share| share.abs() * 100.0);
    match t.0 {
        Lang::Zh => format!(" · 景物向{across}移动 {dx:.0} %、向{down} {dy:.0} %"),
        Lang::En => {
            format!(" · the scene moved {across} by {dx:.0} %, {down} by {dy:.0} %")
        }
    }
}

/// Which stripes lie over the picture.
fn striped(PictureStripes { across, down, amplitude }: PictureStripes, t: Words) -> String {
    let [across, down] = [across, down].map(|cycles| cycles.abs().round());
    match t.0 {
        Lang::Zh => {
            format!(" · 条纹：沿宽 {across:.0} 条、沿高 {down:.0} 条，幅度 {amplitude:.0} 级亮度")
        }
        Lang::En => format!(
            " · stripes: {across:.0} across the width, {down:.0} down the height, amplitude {amplitude:.0} luma"
        ),
    }
}

/// The faults, the worst first, those that cannot be told last.
fn rows(
    seen: &Observation,
    own: &OwnLimits,
    days: &[ScoreDay],
    first: i64,
    references: &StoredReferences,
    t: Words,
) -> Vec<Row> {
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
        let untold = || untold(code, picture, references, t).unwrap_or("–").to_owned();
        Row {
            code: code.code(),
            name: code.name(t.0),
            glyph,
            word,
            score: score.map_or_else(|| "–".to_owned(), |score| format!("{score:.2}")),
            reading: reading.unwrap_or_else(untold),
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

/// Why a fault cannot be told, where that lies in what is known and not in the picture.
fn untold(
    code: FaultCode,
    picture: &PictureFacts,
    references: &StoredReferences,
    t: Words,
) -> Option<&'static str> {
    let by_light = |it: &&StoredReference| Some(it.learned.light) == picture.light;
    let known = references.lights.iter().find(by_light);
    match code {
        FaultCode::Shaking => Some(t.untold_shaking()),
        FaultCode::Occluded | FaultCode::SceneChanged => {
            known.is_none_or(|it| !it.learned.is_settled).then(|| t.untold_reference())
        }
        _ => None,
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
