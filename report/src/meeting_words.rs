//! What a report says of meetings: a table by month, and sentences. Nothing where the year had none.

use crate::{
    Document, Meetings, PeriodKind,
    table::{Cell, Table, column, percent, text},
};
use chrono::Datelike;
use zhishou_domain::{
    Lang,
    check::{MeetingFigures, Until},
};

/// The meetings of a document, where its year had any.
fn held(document: &Document) -> Option<&Meetings> {
    let meetings = document.meetings.as_ref()?;
    let told = meetings.year.meetings + meetings.period.meetings + meetings.unarchived;
    (told > 0).then_some(meetings)
}

/// Up to when those of the year are counted.
fn until(document: &Document) -> Until {
    let to = document.period.days.to;
    match document.period.kind {
        PeriodKind::Month | PeriodKind::Quarter | PeriodKind::Year => Until::Month(to.month()),
        PeriodKind::Day | PeriodKind::Week | PeriodKind::Range => Until::Day(to),
    }
}

/// By month, with the period before them and the year below.
pub(crate) fn table(document: &Document, lang: Lang) -> Option<Table> {
    let meetings = held(document)?;
    let mut table = Table::new(
        lang.pick("会议保障", "Meetings"),
        vec![
            column(lang.pick("时段", "period"), 8.0),
            column(lang.pick("保障会议（场）", "meetings"), 5.0),
            column(lang.pick("会场·场次", "venue-meetings"), 5.0),
            column(lang.pick("按时就绪（场）", "ready on time"), 5.0),
            column(lang.pick("按时就绪率（%）", "on time (%)"), 6.0),
            column(lang.pick("有故障（场）", "with incidents"), 5.0),
            column(lang.pick("故障（起）", "incidents"), 4.0),
            column(lang.pick("每百会场·场次（起）", "per 100 venue-meetings"), 6.0),
            column(lang.pick("影响（分钟）", "minutes lost"), 5.0),
        ],
    );
    let period = document.period;
    if !matches!(period.kind, PeriodKind::Month | PeriodKind::Year) {
        table.rows.push(row(period.name(lang), &meetings.period));
    }
    let had_none = |it: &&crate::MeetingMonth| it.figures.meetings == 0;
    for it in meetings.months.iter().skip_while(had_none) {
        let name = it.month.format(lang.pick("%Y年%-m月", "%B %Y")).to_string();
        table.rows.push(row(name, &it.figures));
    }
    let year = period.days.to.year();
    let so_far = |year: i32| match lang {
        Lang::Zh => format!("{year}年累计"),
        Lang::En => format!("{year} so far"),
    };
    table.rows.push(row(so_far(year), &meetings.year));
    if meetings.year_before.meetings > 0 {
        let name = match lang {
            Lang::Zh => format!("{}年同期", year - 1),
            Lang::En => format!("{} to the same day", year - 1),
        };
        table.rows.push(row(name, &meetings.year_before));
    }
    table.note = Some(
        lang.pick(
            "只计已召开并归档会后记录的会议；会场·场次为各场会议的会场数之和。",
            "Only meetings that were held and whose record is archived; venue-meetings are the venues of each, summed.",
        )
        .to_owned(),
    );
    Some(table)
}

fn row(name: String, it: &MeetingFigures) -> Vec<Cell> {
    vec![
        Cell::Text(name),
        Cell::Number(it.meetings),
        Cell::Number(it.venue_meetings),
        Cell::Number(it.on_time),
        percent(it.readiness()),
        Cell::Number(it.with_incidents),
        Cell::Number(it.incidents),
        text(it.per_hundred()),
        Cell::Number(it.lost_minutes),
    ]
}

/// What the paragraph says: of the period, unless it is the year, and of the year so far.
pub(crate) fn sentences(document: &Document, span: &str, lang: Lang) -> String {
    let Some(meetings) = held(document) else { return String::new() };
    let mut words = String::new();
    if document.period.kind != PeriodKind::Year && meetings.period.meetings > 0 {
        let told = meetings.period.told(lang);
        words += &match lang {
            Lang::Zh => format!("{span}{told}。"),
            Lang::En => format!(" {told}."),
        };
    }
    words += lang.pick("", " ");
    words += &meetings.year.sentence(until(document), lang);
    words
        + &match (meetings.unarchived, lang) {
            (0, _) => String::new(),
            (count, Lang::Zh) => format!("另有 {count} 场已结束、待归档，未计入。"),
            (count, Lang::En) => format!(" {count} more are over, not archived and not counted."),
        }
}

#[cfg(test)]
mod tests {
    use crate::{
        Document, Format, MeetingMonth, Meetings, compare, sample, to_csv, to_html, to_json, words,
        write,
    };
    use chrono::NaiveDate;
    use zhishou_domain::{Lang, check::MeetingFigures};

    fn figures(meetings: u64) -> MeetingFigures {
        MeetingFigures {
            meetings,
            on_time: meetings - 1,
            venue_meetings: 3 * meetings,
            incidents: 2,
            with_incidents: 1,
            lost_minutes: 7,
        }
    }

    fn document() -> Document {
        let month = |month, figures| MeetingMonth {
            month: NaiveDate::from_ymd_opt(2026, month, 1).unwrap(),
            figures,
        };
        let (march, mut year) = (figures(10), MeetingFigures::default());
        year.join(figures(4));
        year.join(march);
        let meetings = Meetings {
            period: figures(2),
            months: vec![
                month(1, MeetingFigures::default()),
                month(2, figures(4)),
                month(3, march),
            ],
            year,
            year_before: MeetingFigures::default(),
            unarchived: 0,
        };
        Document { meetings: Some(meetings), ..sample::document() }
    }

    #[test]
    fn the_day_and_the_year_so_far_are_told_with_their_denominators() {
        let document = document();
        let chinese = words::paragraph(&document, Lang::Zh);
        let end = "当日保障会议 2 场（会场 6 场次），按时就绪 1/2 场 50.00 %；1 场出现故障共 2 起，每百会场·场次 33.33 起，影响 7 分钟。截止 3 月 25 日，累计保障会议 14 场（会场 42 场次），按时就绪 12/14 场 85.71 %；2 场出现故障共 4 起，每百会场·场次 9.52 起，影响 14 分钟。";
        assert!(chinese.ends_with(end), "{chinese}");
        let mut owed = document.clone();
        owed.meetings.as_mut().unwrap().unarchived = 3;
        let chinese = words::paragraph(&owed, Lang::Zh);
        assert!(chinese.ends_with("影响 14 分钟。另有 3 场已结束、待归档，未计入。"), "{chinese}");
        let english = words::paragraph(&document, Lang::En);
        assert!(english.contains(". This year to 25 March: 14 meetings assured"), "{english}");
        let csv = String::from_utf8(to_csv(&document, Lang::Zh).unwrap()).unwrap();
        assert!(csv.contains("\n2026年3月25日,2,6,1,50.00,1,2,33.33,7\n2026年2月,4,"), "{csv}");
        assert!(csv.contains("\n2026年累计,14,42,12,85.71,2,4,9.52,14\n"), "{csv}");
        assert!(!csv.contains("同期,"), "there were none a year before");
        assert!(to_html(&document, "", Lang::Zh).contains("每百会场"));
        for format in [Format::Xlsx, Format::Docx, Format::Json] {
            write(&document, None, format, Lang::Zh).unwrap();
        }
        let json = to_json(&document, None).unwrap();
        let figures = &json["meetings"]["year"]["figures"];
        assert_eq!(figures["on_time"]["value"], 12.0 / 14.0);
        assert_eq!(figures["incidents_per_100"]["denominator"], 42);
        assert_eq!(
            json["meetings"]["months"][0]["figures"]["on_time"]["value"],
            serde_json::Value::Null
        );
        assert_eq!(serde_json::from_value::<Document>(json).unwrap(), document);
    }

    #[test]
    fn a_year_without_meetings_has_no_chapter_on_them() {
        let document = Document { meetings: Some(Meetings::default()), ..sample::document() };
        assert!(!words::paragraph(&document, Lang::Zh).contains("保障会议"));
        assert!(!String::from_utf8(to_csv(&document, Lang::Zh).unwrap()).unwrap().contains("会议"));
    }

    #[test]
    fn what_the_period_says_of_meetings_is_compared_and_other_months_are_not() {
        let (old, mut new) = (document(), document());
        let meetings = new.meetings.as_mut().unwrap();
        meetings.months[1].figures.lost_minutes += 5;
        meetings.months[2].figures.lost_minutes += 5;
        assert_eq!(compare(&old, &new), [], "a day of March answers for itself");
        new.meetings.as_mut().unwrap().period.lost_minutes += 5;
        let told = |of: &Document| -> Vec<_> {
            compare(of, &new).iter().map(|it| it.words(Lang::Zh)).collect()
        };
        assert_eq!(told(&old), ["会议保障 影响分钟：7 → 12"]);
        let before_them = Document { meetings: None, ..old };
        assert!(told(&before_them).is_empty(), "a report of before they were told");
    }
}
