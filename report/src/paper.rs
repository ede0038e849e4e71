//! What is to be set on paper and on sheets: title, figures, paragraphs, tables, in one order for every
//! format. A report is one such paper, a daily inspection another.

use crate::{Document, table::Table, tables::tables, words};
use zhishou_domain::Lang;

/// All that a file says.
pub(crate) struct Paper {
    pub(crate) title: String,
    /// What stands below the title and at the foot of each page.
    pub(crate) head: String,
    /// Which days it is about.
    pub(crate) about: String,
    /// The district.
    pub(crate) author: String,
    /// Rates that stand out.
    pub(crate) figures: Vec<Headline>,
    /// What is said in sentences.
    pub(crate) paragraphs: Vec<String>,
    pub(crate) tables: Vec<Table>,
    /// What stands below the tables: a heading and sentences in small letters.
    pub(crate) close: Vec<(String, Vec<String>)>,
    /// From when to when, and when it was made.
    pub(crate) made: Option<String>,
}

/// A rate in large figures, with what it is made of.
pub(crate) struct Headline {
    pub(crate) name: String,
    pub(crate) value: String,
    /// 0–1; `None` where no number may be given.
    pub(crate) share: Option<f64>,
    /// 目标, 0–1.
    pub(crate) target: Option<f64>,
    pub(crate) is_under: bool,
    pub(crate) made_of: String,
    pub(crate) covered: String,
}

/// A report as a paper; `head` stands below its title.
pub(crate) fn of_document(document: &Document, head: &str, lang: Lang) -> Paper {
    let policy = words::policy_words(&document.policy, lang);
    let moment = |text: &str| words::full_moment(text, lang);
    let (from, to) = (moment(&document.starts_at), moment(&document.ends_at));
    let (zone, made) = (&document.time_zone, moment(&document.made_at));
    Paper {
        title: words::title(document, lang),
        head: head.to_owned(),
        about: document.period.name(lang),
        author: document.district.clone(),
        figures: headlines(document, lang),
        paragraphs: vec![words::paragraph(document, lang)],
        tables: tables(document, lang),
        close: vec![(lang.pick("口径说明", "How the figures are made").to_owned(), policy)],
        made: Some(match lang {
            Lang::Zh => format!("数据时间 {from} 至 {to}（{zone}），生成于 {made}。"),
            Lang::En => format!("From {from} to {to} ({zone}), made {made}."),
        }),
    }
}

/// 在线率 against its target, 可达率 and 完好率.
fn headlines(document: &Document, lang: Lang) -> Vec<Headline> {
    let figures = document.after(&document.total);
    let all = [
        (Some(&figures.online), Some(document.target())),
        (figures.reach.as_ref(), None),
        (figures.intact.as_ref(), None),
    ];
    let of = all.into_iter().filter_map(|(figure, target)| {
        let figure = figure?;
        let covered = lang.pick("数据覆盖率", "coverage");
        Some(Headline {
            name: figure.kind.name(lang).to_owned(),
            value: words::headline(figure, lang),
            share: figure.value(),
            target,
            is_under: target.is_some_and(|target| Document::misses(figure, target)),
            made_of: words::made_of(figure.rate, figure.unit.name(lang)),
            covered: format!("{covered} {} %", figure.coverage.percent()),
        })
    });
    of.collect()
}
