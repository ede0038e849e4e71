//! Whether two documents say the same of the same period, figure by figure.
//!
//! Compared is what the store can make again: minutes, devices counted at the end, outages,
//! exclusions. Names may be corrected, 档案完整 is that of the day it was made, and other periods
//! that a report compares with have reports of their own: none of these makes a difference.

use crate::{Document, MeetingMonth, PeriodKind, document::Row, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zhishou_domain::{
    Lang,
    account::{Heads, Sums, Tally},
    check::MeetingFigures,
};

/// Changes that are told one by one at most; the totals come first.
const MOST: usize = 500;

/// A figure that is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// total, day, exclusion, policy, outages, meetings or a grouping.
    pub of: String,
    /// Which day, group or exclusion; empty of the total.
    pub name: String,
    /// Which figure, as in the document: `after.down`.
    pub figure: String,
    /// What was said; null where there was nothing.
    pub was: Option<u64>,
    /// What is so; null where there is nothing.
    pub is: Option<u64>,
}

impl Change {
    /// For people.
    pub fn words(&self, lang: Lang) -> String {
        let of = match self.of.as_str() {
            "total" => lang.pick("总计", "total"),
            "day" => lang.pick("日期", "day"),
            "exclusion" => lang.pick("剔除", "exclusion"),
            "policy" => lang.pick("口径版本", "version of the policy"),
            "outages" => lang.pick("离线次数", "outages"),
            "meetings" => lang.pick("会议保障", "meetings"),
            by => words::grouping(by, lang),
        };
        let figure = figure_words(&self.figure, lang);
        let number = |value: Option<u64>| {
            value.map_or_else(|| lang.pick("无", "none").to_owned(), crate::table::grouped)
        };
        let what: Vec<&str> =
            [of, &self.name, &figure].into_iter().filter(|text| !text.is_empty()).collect();
        format!("{}：{} → {}", what.join(" "), number(self.was), number(self.is))
    }
}

fn figure_words(figure: &str, lang: Lang) -> String {
    let (when, what) = figure.split_once('.').unwrap_or(("", figure));
    let when = match when {
        "before" => lang.pick("剔除前", "before exclusion"),
        "after" => lang.pick("剔除后", "after exclusion"),
        "heads" => lang.pick("期末台数", "devices at the end"),
        _ => "",
    };
    let what = match what {
        "due" => lang.pick("应检", "due"),
        "up" => lang.pick("正常", "up"),
        "degraded" => lang.pick("降级", "degraded"),
        "down" => lang.pick("离线", "down"),
        "reached" => lang.pick("可达", "reached"),
        "unreached" => lang.pick("不可达", "not reached"),
        "intact" => lang.pick("完好", "intact"),
        "unjudged" => lang.pick("画面未判", "picture not judged"),
        "ledger" => lang.pick("台账", "ledger"),
        "checked" => lang.pick("已检", "checked"),
        "online" => lang.pick("在线", "online"),
        "held" => lang.pick("场次", "held"),
        "on_time" => lang.pick("按时就绪", "ready on time"),
        "venue_meetings" => lang.pick("会场·场次", "venue-meetings"),
        "incidents" => lang.pick("故障起数", "incidents"),
        "with_incidents" => lang.pick("有故障场次", "with incidents"),
        "lost_minutes" => lang.pick("影响分钟", "minutes lost"),
        _ => "",
    };
    format!("{when}{}{what}", if lang == Lang::En && !when.is_empty() { " " } else { "" })
}

/// What `new` says otherwise than `old`.
pub fn compare(old: &Document, new: &Document) -> Vec<Change> {
    let mut found = Changes(Vec::new());
    let version = |document: &Document| Some(u64::from(document.policy.version));
    found.number("policy", "", "", version(old), version(new));
    found.tally("total", "", Some(&old.total), Some(&new.total));
    found.number("outages", "", "", Some(old.outage_count), Some(new.outage_count));
    let exclusions = |document: &Document| -> BTreeMap<String, String> {
        let of = document.exclusions.iter();
        of.map(|it| (it.id.clone(), format!("{} {}", it.reason.name(Lang::Zh), it.about))).collect()
    };
    let (were, are) = (exclusions(old), exclusions(new));
    for (id, name) in were.iter().chain(&are).collect::<BTreeMap<_, _>>() {
        let there = |all: &BTreeMap<String, String>| all.contains_key(id).then_some(1);
        found.number("exclusion", name, "", there(&were), there(&are));
    }
    // A report of before meetings were told says nothing of them.
    if let (Some(was), Some(is)) = (&old.meetings, &new.meetings) {
        found.meetings("", Some(&was.period), Some(&is.period));
        // Other months of its year have reports of their own.
        let months = |of: &[MeetingMonth]| -> BTreeMap<_, _> {
            let within = of.iter().filter(|it| it.month >= new.period.days.from);
            within.map(|it| (it.month, it.figures)).collect()
        };
        if matches!(new.period.kind, PeriodKind::Quarter | PeriodKind::Year | PeriodKind::Range) {
            let (were, are) = (months(&was.months), months(&is.months));
            for month in were.keys().chain(are.keys()).collect::<std::collections::BTreeSet<_>>() {
                let name = month.format("%Y-%m").to_string();
                found.meetings(&name, were.get(month), are.get(month));
            }
        }
    }
    // The days of a daily report are those before it.
    if old.period.kind != PeriodKind::Day {
        let day = |sums: (Sums, Sums)| Tally { before: sums.0, after: sums.1, ..Tally::default() };
        let days = |document: &Document| -> BTreeMap<_, _> {
            document.days.iter().map(|it| (it.day, day((it.before, it.after)))).collect()
        };
        let (were, are) = (days(old), days(new));
        for key in were.keys().chain(are.keys()).collect::<std::collections::BTreeSet<_>>() {
            found.tally("day", &key.to_string(), were.get(key), are.get(key));
        }
    }
    let rows = |document: &'_ Document| -> BTreeMap<(usize, Option<String>), (String, Row)> {
        let groups = document.groups.iter().enumerate();
        let rows = groups.flat_map(|(place, group)| {
            group
                .rows
                .iter()
                .map(move |row| ((place, row.key.clone()), (group.by.clone(), row.clone())))
        });
        rows.collect()
    };
    let (were, are) = (rows(old), rows(new));
    for key in were.keys().chain(are.keys()).collect::<std::collections::BTreeSet<_>>() {
        let (was, is) = (were.get(key), are.get(key));
        let Some((by, row)) = is.or(was) else { continue };
        let name = words::name_of(by, row, Lang::Zh);
        let tally = |it: Option<&(String, Row)>| it.map(|(_, row)| row.tally);
        found.tally(by, &name, tally(was).as_ref(), tally(is).as_ref());
    }
    found.0.truncate(MOST);
    found.0
}

struct Changes(Vec<Change>);

impl Changes {
    fn number(&mut self, of: &str, name: &str, figure: &str, was: Option<u64>, is: Option<u64>) {
        if was != is {
            let (of, name, figure) = (of.to_owned(), name.to_owned(), figure.to_owned());
            self.0.push(Change { of, name, figure, was, is });
        }
    }

    fn meetings(&mut self, name: &str, was: Option<&MeetingFigures>, is: Option<&MeetingFigures>) {
        const FIGURES: [&str; 6] =
            ["held", "on_time", "venue_meetings", "incidents", "with_incidents", "lost_minutes"];
        let parts = |it: &MeetingFigures| {
            let MeetingFigures { meetings, on_time, venue_meetings, incidents, .. } = *it;
            [meetings, on_time, venue_meetings, incidents, it.with_incidents, it.lost_minutes]
        };
        let of = |it: Option<&MeetingFigures>| match it.map(parts) {
            Some(parts) => parts.map(Some),
            None => [None; FIGURES.len()],
        };
        for (figure, (was, is)) in FIGURES.into_iter().zip(of(was).into_iter().zip(of(is))) {
            self.number("meetings", name, figure, was, is);
        }
    }

    fn tally(&mut self, of: &str, name: &str, was: Option<&Tally>, is: Option<&Tally>) {
        let (was, is) = (was.map(parts), is.map(parts));
        for place in 0..FIGURES.len() {
            let of_it = |parts: &Option<[u64; FIGURES.len()]>| {
                parts.as_ref().and_then(|parts| parts.get(place).copied())
            };
            let figure = FIGURES.get(place).copied().unwrap_or_default();
            self.number(of, name, figure, of_it(&was), of_it(&is));
        }
    }
}

const FIGURES: [&str; 21] = [
    "before.due",
    "before.up",
    "before.degraded",
    "before.down",
    "before.reached",
    "before.unreached",
    "before.intact",
    "before.unjudged",
    "after.due",
    "after.up",
    "after.degraded",
    "after.down",
    "after.reached",
    "after.unreached",
    "after.intact",
    "after.unjudged",
    "heads.ledger",
    "heads.due",
    "heads.checked",
    "heads.online",
    "heads.degraded",
];

/// In the order of [`FIGURES`].
fn parts(tally: &Tally) -> [u64; FIGURES.len()] {
    let Tally { before: b, after: a, heads } = tally;
    let Heads { ledger, due, checked, online, degraded, complete: _ } = *heads;
    [
        b.due,
        b.up,
        b.degraded,
        b.down,
        b.reached,
        b.unreached,
        b.intact,
        b.unjudged,
        a.due,
        a.up,
        a.degraded,
        a.down,
        a.reached,
        a.unreached,
        a.intact,
        a.unjudged,
        ledger,
        due,
        checked,
        online,
        degraded,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn a_changed_minute_is_told_where_it_counts_and_a_corrected_name_is_not() {
        let old = sample::document();
        let mut new = sample::document();
        new.groups[1].rows[1].name = Some("学校（新）".into());
        new.total.heads.complete += 1;
        new.made_at = "2026-04-01T00:00:00.000+08:00".into();
        assert_eq!(compare(&old, &new), []);
        new.total.after.down -= 1;
        new.groups[1].rows[0].tally.after.down -= 1;
        let changes = compare(&old, &new);
        let words: Vec<_> = changes.iter().map(|change| change.words(Lang::Zh)).collect();
        assert_eq!(words, ["总计 剔除后离线：880 → 879", "站点 =1+1 剔除后离线：880 → 879"]);
        new.groups[1].rows.pop();
        let gone = compare(&old, &new);
        assert!(gone.iter().any(|it| it.name == "学校" && it.was == Some(2880) && it.is.is_none()));
    }
}
