//! What a report says in sentences: the paragraph to forward, and the policy in words.

use crate::{
    Document, PeriodKind,
    document::{Compared, Row},
    meeting_words,
    table::{change, grouped, hundredths, signed},
    upkeep_tables,
};
use chrono::{DateTime, FixedOffset};
use zhishou_domain::{
    DeviceKind, Lang, PointClass, Rate,
    account::{Figure, Told},
    policy::{ClassKey, Confirmation, CountsAs, IntactOver, Method, OnlineOver, Policy},
};

/// Names of groups that a sentence lists at most.
const NAMED: usize = 5;

/// A moment of a document as people read it: `3月25日 08:00`.
pub(crate) fn moment(text: &str, lang: Lang) -> String {
    let format = lang.pick("%-m月%-d日 %H:%M", "%-d %b %H:%M");
    parsed(text).map_or_else(|| text.to_owned(), |at| at.format(format).to_string())
}

/// With the year.
pub(crate) fn full_moment(text: &str, lang: Lang) -> String {
    let format = lang.pick("%Y年%-m月%-d日 %H:%M", "%-d %B %Y %H:%M");
    parsed(text).map_or_else(|| text.to_owned(), |at| at.format(format).to_string())
}

fn parsed(text: &str) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(text).ok()
}

/// What a report is called: `万人区视频监控在线率日报`.
pub(crate) fn title(document: &Document, lang: Lang) -> String {
    let kind = document.period.kind.name(lang);
    match lang {
        Lang::Zh => format!("{}{}{kind}", document.district, rate_name(&document.policy, lang)),
        Lang::En => {
            let what = rate_name(&document.policy, lang);
            format!("{}: {kind} report of {what}", document.district)
        }
    }
}

/// What is reported, by what the policy counts: `视频监控在线率`.
pub(crate) fn rate_name(policy: &Policy, lang: Lang) -> &'static str {
    match policy.scope.kinds.as_slice() {
        [DeviceKind::Camera] => lang.pick("视频监控在线率", "camera availability"),
        [DeviceKind::Endpoint] => lang.pick("会议终端在线率", "endpoint availability"),
        [DeviceKind::Equipment] => lang.pick("配套设备在线率", "equipment availability"),
        _ => lang.pick("设备在线率", "device availability"),
    }
}

/// What a policy counts, many of them.
fn counted(policy: &Policy, lang: Lang) -> &'static str {
    match policy.scope.kinds.as_slice() {
        [DeviceKind::Camera] => lang.pick("摄像机", "cameras"),
        [DeviceKind::Endpoint] => lang.pick("会议终端", "endpoints"),
        [DeviceKind::Equipment] => lang.pick("配套设备", "pieces of equipment"),
        _ => lang.pick("设备", "devices"),
    }
}

/// The unit of numerators: 台·分钟, 台 or 台次.
pub(crate) fn unit(document: &Document, lang: Lang) -> &'static str {
    document.after(&document.total).online.unit.name(lang)
}

/// The name of a group.
pub(crate) fn name_of(by: &str, row: &Row, lang: Lang) -> String {
    let class = row.key.as_deref().and_then(PointClass::from_code).filter(|_| by == "class");
    match (class, &row.name) {
        (Some(class), _) => class.name(lang).to_owned(),
        (None, Some(name)) => name.clone(),
        (None, None) => lang.pick("（台账未填）", "(not in the ledger)").to_owned(),
    }
}

/// The name of a grouping.
pub(crate) fn grouping(by: &str, lang: Lang) -> &'static str {
    match by {
        "street" => lang.pick("街道", "street"),
        "police_station" => lang.pick("辖区派出所", "police station"),
        "department" => lang.pick("部门", "department"),
        "class" => lang.pick("点位类别", "point class"),
        "maintainer" => lang.pick("运维单位", "maintainer"),
        _ => lang.pick("站点", "site"),
    }
}

/// A figure with all it is made of: `98.60 %（1 183/1 200 台，数据覆盖率 99.80 %）`.
pub(crate) fn told(figure: &Figure, lang: Lang) -> String {
    let covered = figure.coverage.percent();
    match figure.told() {
        Told::Nothing => lang.pick("无应检设备", "nothing was scheduled").to_owned(),
        Told::Number(rate) => {
            let made = format!(
                "{}/{} {}",
                grouped(rate.numerator),
                grouped(rate.denominator),
                figure.unit.name(lang)
            );
            match lang {
                Lang::Zh => format!(" {} %（{made}，数据覆盖率 {covered} %）", rate.percent()),
                Lang::En => format!("{} % ({made}, coverage {covered} %)", rate.percent()),
            }
        }
        Told::TooLittle { lowest, highest } => {
            let (low, high) = (lowest.percent(), highest.percent());
            match lang {
                Lang::Zh => format!(
                    "数据不足（数据覆盖率 {covered} %，低于 {} %），介于 {low} % 与 {high} % 之间",
                    figure.floor_percent
                ),
                Lang::En => format!(
                    "too little data (coverage {covered} %, below {} %), between {low} % and {high} %",
                    figure.floor_percent
                ),
            }
        }
    }
}

/// The paragraph that a manager forwards.
pub fn paragraph(document: &Document, lang: Lang) -> String {
    match lang {
        Lang::Zh => chinese(document),
        Lang::En => english(document),
    }
}

fn chinese(document: &Document) -> String {
    let lang = Lang::Zh;
    let figures = document.after(&document.total);
    let heads = &document.total.heads;
    let span = match document.period.kind {
        PeriodKind::Day => "当日",
        PeriodKind::Week => "本周",
        PeriodKind::Month => "本月",
        PeriodKind::Quarter => "本季度",
        PeriodKind::Year => "全年",
        PeriodKind::Range => "期间",
    };
    let mut text = format!(
        "截至{}，{}在册{} {} 台，应检 {} 台（接入率{}），已检 {} 台，在线 {} 台。{span}在线率{}",
        end_of(document),
        document.district,
        counted(&document.policy, lang),
        grouped(heads.ledger),
        grouped(heads.due),
        share(&figures.connected.rate, lang),
        grouped(heads.checked),
        grouped(heads.online),
        told(&figures.online, lang),
    );
    if figures.online.value().is_some() {
        let target = percent_of(document.target());
        let misses = Document::misses(&figures.online, document.target());
        text += &if misses {
            format!("，低于目标 {target} %")
        } else {
            format!("，达到目标 {target} %")
        };
    }
    for (words, compared) in [("环比", &document.before), ("同比", &document.year_before)] {
        match compared.as_ref().and_then(|it| points(document, it)) {
            Some(0) => text += &format!("，{words}持平"),
            Some(up @ 1..) => {
                text += &format!("，{words}上升 {} 个百分点", signed(up).trim_start_matches('+'))
            }
            Some(down) => {
                text += &format!("，{words}下降 {} 个百分点", signed(-down).trim_start_matches('+'))
            }
            None => {}
        }
    }
    text += "。";
    if let Some(reach) = &figures.reach {
        text += &format!("设备可达率{}；", told(reach, lang));
    }
    if let Some(intact) = &figures.intact {
        text += &format!("图像完好率{}；", told(intact, lang));
    }
    text += &format!(
        "档案完整率{}（{}/{} 台）。",
        share(&figures.ledger.rate, lang),
        grouped(heads.complete),
        grouped(heads.ledger)
    );
    if let Some(score) = figures.score.and_then(|score| score.value) {
        text += &format!("考核得分 {score:.2} 分。");
    }
    let left_out = document.total.before.due - document.total.after.due;
    if left_out > 0 {
        let before = document.before(&document.total).online;
        text += &format!(
            "按规定剔除 {} 项，共 {} {}；剔除前在线率{}。",
            document.exclusions.len(),
            grouped(left_out),
            unit(document, lang),
            told(&before, lang),
        );
    }
    text += &under_zh(document);
    if document.outage_count > 0 {
        text += &format!("{span}确认离线 {} 次", grouped(document.outage_count));
        if let Some(fault) = document.lost.fault {
            text += &format!("，主要原因为{}", fault.name(lang));
        }
        text += &if document.lost.down > 0 {
            format!("；期末仍离线 {} 台。", grouped(document.lost.down))
        } else {
            "，期末均已恢复。".to_owned()
        };
    } else {
        text += &format!("{span}无确认离线。");
    }
    text += &upkeep_tables::sentences(document, lang);
    text + &meeting_words::sentences(document, span, lang)
}

fn under_zh(document: &Document) -> String {
    let lang = Lang::Zh;
    let mut text = String::new();
    for by in ["street", "department", "maintainer"] {
        let rows: Vec<&Row> =
            document.under().filter(|(group, _)| *group == by).map(|(_, row)| row).collect();
        if rows.is_empty() {
            continue;
        }
        let named: Vec<String> = rows
            .iter()
            .take(NAMED)
            .map(|row| {
                let rate = document.after(&row.tally).online.rate.percent();
                let mut words = vec![format!("{rate} %")];
                if let Some(under) = row.under.filter(|under| under.days > 1) {
                    let more = if under.or_more { "至少" } else { "" };
                    words.push(format!("已{more}连续 {} 日", under.days));
                }
                words.extend(row.lost.fault.map(|fault| format!("主因{}", fault.name(lang))));
                format!("{}（{}）", name_of(by, row, lang), words.join("，"))
            })
            .collect();
        let rest = if rows.len() > NAMED { "等" } else { "" };
        text += &format!(
            "未达标{} {} 个：{}{rest}。",
            grouping(by, lang),
            rows.len(),
            named.join("、")
        );
    }
    text
}

/// A share of the ledger, which may have nobody in it yet.
fn share(rate: &Rate, lang: Lang) -> String {
    match (rate.value(), lang) {
        (Some(_), Lang::Zh) => format!(" {} %", rate.percent()),
        (Some(_), Lang::En) => format!("{} %", rate.percent()),
        (None, Lang::Zh) => "无可计".to_owned(),
        (None, Lang::En) => "nothing to count".to_owned(),
    }
}

fn english(document: &Document) -> String {
    let lang = Lang::En;
    let figures = document.after(&document.total);
    let heads = &document.total.heads;
    let mut text = format!(
        "By {}, {} had {} {} in its ledger: {} to be checked (connected: {}), {} checked, {} online. Online rate: {}",
        end_of_en(document),
        document.district,
        grouped(heads.ledger),
        counted(&document.policy, lang),
        grouped(heads.due),
        share(&figures.connected.rate, lang),
        grouped(heads.checked),
        grouped(heads.online),
        told(&figures.online, lang),
    );
    if figures.online.value().is_some() {
        let misses = Document::misses(&figures.online, document.target());
        let how = if misses { "below" } else { "reaching" };
        text += &format!(", {how} the target of {} %", percent_of(document.target()));
    }
    for (words, compared) in
        [("on the period before", &document.before), ("on the year before", &document.year_before)]
    {
        if let Some(points) = compared.as_ref().and_then(|it| points(document, it)) {
            text += &format!(", {} points {words}", signed(points));
        }
    }
    text += ". ";
    if let Some(reach) = &figures.reach {
        text += &format!("Reached: {}. ", told(reach, lang));
    }
    if let Some(intact) = &figures.intact {
        text += &format!("Picture intact: {}. ", told(intact, lang));
    }
    if let Some(score) = figures.score.and_then(|score| score.value) {
        text += &format!("Score {score:.2}. ");
    }
    let left_out = document.total.before.due - document.total.after.due;
    if left_out > 0 {
        text += &format!(
            "{} exclusions leave out {} {}; before exclusion: {}. ",
            document.exclusions.len(),
            grouped(left_out),
            unit(document, lang),
            told(&document.before(&document.total).online, lang),
        );
    }
    for by in ["street", "department", "maintainer"] {
        let rows: Vec<String> = document
            .under()
            .filter(|(group, _)| *group == by)
            .map(|(_, row)| {
                let rate = document.after(&row.tally).online.rate.percent();
                format!("{} ({rate} %)", name_of(by, row, lang))
            })
            .collect();
        if !rows.is_empty() {
            let named = rows.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let rest = if rows.len() > NAMED { ", …" } else { "" };
            text +=
                &format!("Below target by {}: {}: {named}{rest}. ", grouping(by, lang), rows.len());
        }
    }
    text += &format!(
        "{} confirmed outages; {} devices were down at the end.",
        grouped(document.outage_count),
        grouped(document.lost.down)
    );
    text += &upkeep_tables::sentences(document, lang);
    text + &meeting_words::sentences(document, "", lang)
}

/// `3月25日24时`, as official papers write the end of a day.
fn end_of(document: &Document) -> String {
    let days = document.period.days;
    let made_before = match (parsed(&document.made_at), parsed(&document.ends_at)) {
        (Some(made), Some(end)) => (made < end).then_some(made),
        _ => None,
    };
    if let Some(made) = made_before {
        return made.format("%-m月%-d日%-H时%M分").to_string();
    }
    let day = days.to.format("%-m月%-d日");
    let at = days.cut_off.on_the_wall();
    if days.cut_off == zhishou_domain::policy::LocalTime::default() {
        format!("{day}24时")
    } else if at.format("%M").to_string() == "00" {
        format!("{day}{}", at.format("%-H时"))
    } else {
        format!("{day}{}", at.format("%-H时%M分"))
    }
}

fn end_of_en(document: &Document) -> String {
    let made_before = document.made_at < document.ends_at;
    full_moment(if made_before { &document.made_at } else { &document.ends_at }, Lang::En)
}

/// How 在线率 differs from that of another period.
pub(crate) fn points(document: &Document, compared: &Compared) -> Option<i64> {
    change(&document.after(&document.total).online, &document.online(&compared.total.after))
}

/// A part of one as a percentage without needless zeros.
pub(crate) fn percent_of(part: f64) -> String {
    let hundredths = (part * 10_000.0).round() / 100.0;
    hundredths.to_string()
}

/// The policy in words, a sentence each.
pub fn policy_words(policy: &Policy, lang: Lang) -> Vec<String> {
    let list = |words: Vec<&str>| words.join(lang.pick("、", ", "));
    let class = |key: &ClassKey| match key {
        ClassKey::One => PointClass::One.name(lang),
        ClassKey::Two => PointClass::Two.name(lang),
        ClassKey::Three => PointClass::Three.name(lang),
        ClassKey::None => lang.pick("未分类", "no class"),
    };
    let kinds = list(policy.scope.kinds.iter().map(|kind| kind.name(lang)).collect());
    let classes = list(policy.scope.classes.iter().map(class).collect());
    let life = list(policy.scope.life.iter().map(|state| state.name(lang)).collect());
    let at: Vec<String> = policy.measure.at.iter().map(|at| String::from(*at)).collect();
    let floor = policy.measure.coverage_floor_percent;
    let reasons = list(policy.exclusions.reasons.iter().map(|it| it.name(lang)).collect());
    let confirmed = policy.exclusions.confirmation == Confirmation::Required;
    let targets: Vec<String> = policy
        .targets
        .by_class
        .iter()
        .map(|(key, target)| format!("{} {target} %", class(key)))
        .collect();
    let faults: Vec<String> = policy
        .faults
        .iter()
        .filter_map(|(fault, rule)| {
            let as_what = match rule.online {
                CountsAs::AsSeen => return None,
                CountsAs::Up => lang.pick("在线", "up"),
                CountsAs::Degraded => lang.pick("降级", "degraded"),
                CountsAs::Down => lang.pick("离线", "down"),
                CountsAs::Unknown => lang.pick("未知", "unknown"),
            };
            Some(format!("{}→{as_what}", fault.name(lang)))
        })
        .collect();
    let mut words = Vec::new();
    match lang {
        Lang::Zh => {
            words.push(format!(
                "口径：{}（{}）。依据：{}。",
                policy.name(lang),
                policy.reference(),
                policy.basis
            ));
            words.push(format!("统计范围：{kinds}；点位类别：{classes}；状态：{life}。"));
            words.push(match policy.measure.method {
                Method::TimeWeighted => format!(
                    "按时长统计，每台设备每分钟取其最差的已知状态，单位为台·分钟；在线率＝（在线＋降级）÷{}。",
                    match policy.measure.online_over {
                        OnlineOver::Checked => "（在线＋降级＋离线）",
                        OnlineOver::Due => "应检（未知计入分母）",
                        OnlineOver::Ledger => "台账（未知与未接入计入分母）",
                    }
                ),
                Method::Snapshot => format!(
                    "每日 {} 定时轮巡；在线率＝在线数÷{}。",
                    at.join("、"),
                    match policy.measure.online_over {
                        OnlineOver::Checked => "已检数",
                        OnlineOver::Due => "应检数（未知计入分母）",
                        OnlineOver::Ledger => "台账数（未知与未接入计入分母）",
                    }
                ),
            });
            words.push(format!(
                "{}设备可达率＝可达÷（可达＋不可达）；接入率＝应检÷台账；数据覆盖率＝已知÷应检，低于 {floor} % 时只给区间，不给数值。未观测到的时间{}。",
                match policy.measure.intact_over {
                    _ if !policy.has_pictures() => "",
                    IntactOver::Online => "图像完好率＝完好÷在线；",
                    IntactOver::Checked => "图像完好率＝完好÷已检；",
                },
                match policy.measure.online_over {
                    OnlineOver::Checked => "既不计在线，也不计离线",
                    OnlineOver::Due | OnlineOver::Ledger => "不计在线",
                },
            ));
            if !faults.is_empty() {
                words.push(format!("故障折算：{}。", faults.join("、")));
            }
            if let Some(score) = &policy.score {
                words.push(format!(
                    "考核得分＝Σ（指标×权重）×100；权重：{}；任一指标数据不足时不给得分。",
                    score.weights.name(lang)
                ));
            }
            let due = policy
                .exclusions
                .filed_within_hours
                .map_or_else(String::new, |hours| format!("，须在结束后 {hours} 小时内申报"));
            words.push(if reasons.is_empty() {
                "不允许剔除。".to_owned()
            } else {
                format!(
                    "允许剔除：{reasons}；须经中心批准{}{due}。",
                    if confirmed { "并由联络员确认" } else { "" }
                )
            });
            let targets = if targets.is_empty() {
                String::new()
            } else {
                format!("{}，其余", targets.join("、"))
            };
            words.push(
                format!("目标：{targets} {} %。", policy.targets.default).replace("： ", "："),
            );
        }
        Lang::En => {
            words.push(format!(
                "Policy: {} ({}). Basis: {}.",
                policy.name(lang),
                policy.reference(),
                policy.basis
            ));
            words.push(format!("Counted: {kinds}; {classes}; {life}."));
            words.push(match policy.measure.method {
                Method::TimeWeighted => format!(
                    "Every minute of every device takes its worst known state; online rate = (online + degraded) / {}, in device-minutes.",
                    match policy.measure.online_over {
                        OnlineOver::Checked => "(online + degraded + offline)",
                        OnlineOver::Due => "to be checked, unknown counted in",
                        OnlineOver::Ledger => "ledger, unknown and not connected counted in",
                    }
                ),
                Method::Snapshot => format!(
                    "Polled daily at {}; online rate = online / {}.",
                    at.join(", "),
                    match policy.measure.online_over {
                        OnlineOver::Checked => "checked",
                        OnlineOver::Due => "to be checked, unknown counted in",
                        OnlineOver::Ledger => "ledger, unknown and not connected counted in",
                    }
                ),
            });
            words.push(format!(
                "{}Reached = reached / (reached + not reached); connected = to be checked / ledger; coverage = known / scheduled; below {floor} % an interval is given instead of a number. What nobody observed is {}.",
                match policy.measure.intact_over {
                    _ if !policy.has_pictures() => "",
                    IntactOver::Online => "Picture intact = intact / online. ",
                    IntactOver::Checked => "Picture intact = intact / checked. ",
                },
                match policy.measure.online_over {
                    OnlineOver::Checked => "neither up nor down",
                    OnlineOver::Due | OnlineOver::Ledger => "not online",
                },
            ));
            if !faults.is_empty() {
                words.push(format!("Faults count as: {}.", faults.join(", ")));
            }
            if let Some(score) = &policy.score {
                words.push(format!(
                    "Score = sum of (figure × weight) × 100; weights: {}; no score where a figure has too little data.",
                    score.weights.name(lang)
                ));
            }
            let due = policy.exclusions.filed_within_hours.map_or_else(String::new, |hours| {
                format!(", filed within {hours} hours of their end")
            });
            words.push(if reasons.is_empty() {
                "No exclusions.".to_owned()
            } else {
                format!(
                    "Exclusions allowed: {reasons}; approved by the centre{}{due}.",
                    if confirmed { " and confirmed by the liaison" } else { "" }
                )
            });
            let targets = if targets.is_empty() {
                String::new()
            } else {
                format!("{}, otherwise ", targets.join(", "))
            };
            words.push(format!("Target: {targets}{} %.", policy.targets.default));
        }
    }
    words
}

/// A figure in large letters.
pub(crate) fn headline(figure: &Figure, lang: Lang) -> String {
    match figure.told() {
        Told::Number(rate) => format!("{} %", rate.percent()),
        Told::TooLittle { .. } => lang.pick("数据不足", "too little data").to_owned(),
        Told::Nothing => "–".to_owned(),
    }
}

/// Numerator and denominator, for below a headline.
pub(crate) fn made_of(rate: Rate, unit: &str) -> String {
    match hundredths(rate) {
        None => String::new(),
        Some(_) => format!("{}/{} {unit}", grouped(rate.numerator), grouped(rate.denominator)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::document;
    use zhishou_domain::policy::shipped;

    #[test]
    fn a_report_speaks_of_what_its_policy_counts() {
        let mut document = document();
        document.policy = shipped().remove(3);
        let all = [title(&document, Lang::Zh), chinese(&document)].concat()
            + &policy_words(&document.policy, Lang::Zh).concat();
        assert!(all.contains("配套设备在线率") && all.contains("在册配套设备"), "{all}");
        for word in ["摄像机", "视频监控", "图像"] {
            assert!(!all.contains(word), "{word}: {all}");
        }
        let all = [title(&document, Lang::En), english(&document)].concat();
        assert!(all.contains("equipment") && !all.contains("camera"), "{all}");
    }
    #[test]
    fn of_an_empty_ledger_no_share_is_told() {
        let mut document = document();
        document.total = Default::default();
        let (zh, en) = (chinese(&document), english(&document));
        assert!(zh.contains("接入率无可计") && zh.contains("档案完整率无可计"), "{zh}");
        assert!(en.contains("connected: nothing to count"), "{en}");
        assert!(!zh.contains("– %") && !en.contains("– %"), "{zh} {en}");
    }
}
