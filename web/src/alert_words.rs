//! What is said of incidents outside of the pages, in the words of the pages.

use crate::{
    app::App,
    format::{Moment, duration},
    incident_words,
};
use zhishou_domain::{
    Lang, Timestamp,
    alert::{AlertRule, Manner, Note, OnDuty, Say, Severity, Topic},
    incident::ObserverFault,
};
use zhishou_storage::{IncidentRow, RootName};

/// Incidents that a digest names one by one.
const NAMED: usize = 20;

/// What is said of one incident. The caller gives it its key.
pub fn incident_note(
    app: &App,
    lang: Lang,
    (say, severity): (Say, Severity),
    row: &IncidentRow,
    now: Timestamp,
) -> Note {
    let cause = incident_words::cause(row, lang);
    let mark = match say {
        Say::Open => severity.name(lang).to_owned(),
        Say::Grown | Say::Again => format!("{}·{}", severity.name(lang), say.name(lang)),
        Say::Over => say.name(lang).to_owned(),
    };
    let mut note = Note::new(
        Topic::Incident,
        String::new(),
        match lang {
            Lang::Zh => format!("【{mark}】{cause}"),
            Lang::En => format!("[{mark}] {cause}"),
        },
    );
    note.about = format!("/incidents/{}", row.id);
    if let RootName::Root { site: Some(site), .. } = &row.root {
        note.lines.push(format!("{}{site}", lang.pick("站点：", "site: ")));
    }
    note.lines.push(format!(
        "{}{}",
        lang.pick("范围：", "extent: "),
        incident_words::extent(row, lang)
    ));
    let since = Moment::new(row.since, now, app.zone, lang);
    let lasted = duration(row.closed.unwrap_or(now).since(row.since), lang);
    note.lines.push(match (lang, row.closed) {
        (Lang::Zh, None) => format!("开始：{}，已 {lasted}", since.short),
        (Lang::Zh, Some(_)) => format!("开始：{}，持续 {lasted}", since.short),
        (Lang::En, None) => format!("since {}, for {lasted}", since.short),
        (Lang::En, Some(_)) => format!("since {}, lasted {lasted}", since.short),
    });
    let is_news = matches!(&row.root, RootName::Observer { fault: ObserverFault::Stopped, .. });
    if say != Say::Over || is_news {
        let advice = incident_words::advice(row, lang);
        note.lines.push(format!("{}{advice}", lang.pick("处置建议：", "advice: ")));
        if let Some((_, name, phone)) = &row.maintainer {
            let phone = phone.as_deref().unwrap_or_default();
            let line = format!("{}{name} {phone}", lang.pick("运维单位：", "maintainer: "));
            note.lines.push(line.trim_end().to_owned());
        }
    }
    note
}

/// What came and went since the last digest. The caller gives it its key.
pub fn digest_note(
    app: &App,
    lang: Lang,
    slot: Timestamp,
    (new, over, lasting): (&[IncidentRow], &[IncidentRow], u64),
) -> Note {
    let time = slot.in_zone(app.zone).format("%m-%d %H:%M");
    let gone = over.len() + new.iter().filter(|row| row.closed.is_some()).count();
    let still = lasting + new.iter().filter(|row| row.closed.is_none()).count() as u64;
    let title = match lang {
        Lang::Zh => format!("【故障汇总 {time}】新增 {} · 恢复 {gone} · 未恢复 {still}", new.len()),
        Lang::En => {
            format!("[Incidents {time}] new {} · recovered {gone} · open {still}", new.len())
        }
    };
    let mut note = Note::new(Topic::Incident, String::new(), title);
    note.about = "/incidents".to_owned();
    let mut line = |row: &IncidentRow, mark: &str| {
        let place = match &row.root {
            RootName::Root { site: Some(site), .. } => format!("（{site}）"),
            _ => String::new(),
        };
        let end = row.closed.unwrap_or(slot).max(row.since);
        let lasted = duration(end.since(row.since), lang);
        let (cause, extent) = (incident_words::cause(row, lang), incident_words::extent(row, lang));
        note.lines.push(format!("{mark} {cause}{place} · {extent} · {lasted}"));
    };
    // What lasts comes first, the largest before the others.
    let mut all: Vec<&IncidentRow> = new.iter().chain(over).collect();
    all.sort_by_key(|row| (row.closed.is_some(), std::cmp::Reverse(row.devices), row.id));
    for row in all.iter().take(NAMED) {
        line(row, if row.closed.is_some() { "✓" } else { "✕" });
    }
    let left = all.len().saturating_sub(NAMED);
    if left > 0 {
        note.lines.push(match lang {
            Lang::Zh => format!("另有 {left} 起，见平台"),
            Lang::En => format!("and {left} more on the platform"),
        });
    }
    note
}

/// A rule in one sentence.
pub(crate) fn rule(rule: &AlertRule, lang: Lang) -> String {
    let (and, list) = (lang.pick("，", ", "), lang.pick("、", ", "));
    let severity = match (rule.severity, lang) {
        (Severity::Critical, _) => rule.severity.name(lang).to_owned(),
        (_, Lang::Zh) => format!("{}及以上", rule.severity.name(lang)),
        (_, Lang::En) => format!("{} and above", rule.severity.name(lang)),
    };
    let mut parts = vec![match (rule.manner, lang) {
        (Manner::Immediate, Lang::Zh) => format!("{severity}即时发送"),
        (Manner::Immediate, Lang::En) => format!("{severity}, at once"),
        (Manner::Digest, _) => {
            let times: Vec<String> = rule.at.iter().map(|at| String::from(*at)).collect();
            let times = times.join(list);
            match lang {
                Lang::Zh => format!("{severity}汇总，每天 {times}"),
                Lang::En => format!("{severity} in a digest, daily {times}"),
            }
        }
    }];
    let joined = |names: &std::collections::BTreeSet<String>| {
        names.iter().map(String::as_str).collect::<Vec<_>>().join(list)
    };
    if !rule.places.is_empty() {
        parts.push(format!("{}{}", lang.pick("仅限 ", "only "), joined(&rule.places)));
    }
    if let Some((from, to)) = rule.hours {
        parts.push(format!("{}–{}", String::from(from), String::from(to)));
    }
    if !rule.weekdays.is_empty() {
        let days: Vec<String> = rule.weekdays.iter().map(ToString::to_string).collect();
        parts.push(format!("{}{}", lang.pick("星期 ", "weekdays "), days.join(list)));
    }
    if rule.again_min > 0 {
        parts.push(match lang {
            Lang::Zh => format!("未确认则每 {} 分钟再发", rule.again_min),
            Lang::En => format!("again every {} minutes until acknowledged", rule.again_min),
        });
    }
    if rule.on_duty == OnDuty::Told {
        parts.push(lang.pick("同时通知值班人", "whoever is on duty too").to_owned());
    }
    parts.push(if rule.channels.is_empty() {
        lang.pick("经由全部“故障告警”渠道", "over every channel of incidents").to_owned()
    } else {
        format!("{}{}", lang.pick("经由 ", "over "), joined(&rule.channels))
    });
    parts.join(and)
}
