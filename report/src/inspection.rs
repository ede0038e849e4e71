//! The sheet of a daily inspection (巡检记录): what the probes found, what changed, and what a person looked at,
//! with room to tick and to sign where nobody did yet. The same paper in every format.

use crate::{
    FontFiles, Format, ReportError, csv, docx, html,
    paper::Paper,
    pdf,
    table::{Cell, Place, Table, column, grouped, percent, sheet_column, text},
    xlsx,
};
use chrono::{Datelike, NaiveDate};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use zhishou_domain::{DeviceKind, Lang, Rate, Timestamp, inspection::InspectedItem};
use zhishou_storage::{Inspected, InspectedDevice, InspectedGroup};

/// Who signed, or added something, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetSignature {
    /// By name.
    pub signer: String,
    /// As they logged in.
    pub login: String,
    /// When.
    pub at: Timestamp,
    /// What was added; empty of the signature itself.
    pub note: String,
}

/// A day's inspection, signed or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectionSheet {
    /// Name of the district.
    pub district: String,
    /// Local day.
    pub day: NaiveDate,
    /// Zone of its times.
    pub zone: Tz,
    /// What the probes found.
    pub seen: Inspected,
    /// What only a person can look at.
    pub items: Vec<InspectedItem>,
    /// Who signed it; `None` before anybody did.
    pub signed: Option<SheetSignature>,
    /// What was added since.
    pub additions: Vec<SheetSignature>,
}

/// Numbers of devices by what was known of them.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    due: u64,
    online: u64,
    degraded: u64,
    down: u64,
    last: Option<Timestamp>,
}

impl Sum {
    fn add(&mut self, group: &InspectedGroup) {
        self.due += group.due;
        self.online += group.online;
        self.degraded += group.degraded;
        self.down += group.down;
        self.last = self.last.max(group.last);
    }

    const fn checked(&self) -> u64 {
        self.online + self.degraded + self.down
    }
}

impl InspectionSheet {
    fn moment(&self, at: Timestamp, lang: Lang) -> String {
        at.in_zone(self.zone).format(lang.pick("%-m月%-d日 %H:%M", "%-d %b %H:%M")).to_string()
    }

    /// What the probes found, in sentences.
    pub fn paragraph(&self, lang: Lang) -> String {
        let mut sum = Sum::default();
        self.seen.groups.iter().for_each(|group| sum.add(group));
        let [fell, still, recovered] = self.seen.counts.map(grouped);
        let rate = Rate { numerator: sum.online + sum.degraded, denominator: sum.checked() };
        let (at, since) = (self.moment(self.seen.at, lang), self.moment(self.seen.since, lang));
        let [due, checked, online, degraded, down] =
            [sum.due, sum.checked(), sum.online + sum.degraded, sum.degraded, sum.down]
                .map(grouped);
        let unknown = grouped(sum.due - sum.checked());
        match lang {
            Lang::Zh => format!(
                "{at}，应检设备 {due} 台，已检 {checked} 台，在线 {online} 台（{} %，其中降级 {degraded} 台），离线 {down} 台，未测明 {unknown} 台。与 {since} 相比：新增离线 {fell} 台，恢复 {recovered} 台，持续离线 {still} 台。",
                rate.percent()
            ),
            Lang::En => format!(
                "{at}: {due} devices due, {checked} checked, {online} online ({} %, {degraded} of them with faults), {down} down, {unknown} not known. Against {since}: {fell} newly down, {recovered} recovered, {still} still down.",
                rate.percent()
            ),
        }
    }

    /// Whether and by whom it is signed, in a line.
    pub fn signature_words(&self, lang: Lang) -> String {
        match (&self.signed, lang) {
            (None, _) => lang.pick("尚未签字", "not signed").to_owned(),
            (Some(it), Lang::Zh) => {
                format!("{}（{}）{} 签字", it.signer, it.login, self.moment(it.at, lang))
            }
            (Some(it), Lang::En) => {
                format!("signed by {} ({}) {}", it.signer, it.login, self.moment(it.at, lang))
            }
        }
    }

    fn paper(&self, lang: Lang) -> Paper {
        let day = self.day;
        let about = match lang {
            Lang::Zh => format!("{}年{}月{}日", day.year(), day.month(), day.day()),
            Lang::En => day.format("%-d %B %Y").to_string(),
        };
        let mut tables = self.probed(lang);
        tables.extend(Some(self.by_hand(lang)).filter(|table| !table.rows.is_empty()));
        let sign = match &self.signed {
            Some(_) => vec![self.signature_words(lang)],
            None => vec![
                lang.pick(
                    "巡检人：____________________　　日期：____________________",
                    "Inspected by: ____________________  Date: ____________________",
                )
                .to_owned(),
                lang.pick(
                    "复核人：____________________　　日期：____________________",
                    "Reviewed by: ____________________  Date: ____________________",
                )
                .to_owned(),
            ],
        };
        let mut close = vec![(lang.pick("签字", "Signature").to_owned(), sign)];
        if !self.additions.is_empty() {
            let words = self.additions.iter().map(|it| {
                format!("{} {}（{}）：{}", self.moment(it.at, lang), it.signer, it.login, it.note)
            });
            close.push((lang.pick("补充", "Additions").to_owned(), words.collect()));
        }
        Paper {
            title: match lang {
                Lang::Zh => format!("{}设备每日巡检记录", self.district),
                Lang::En => format!("{}: daily inspection of devices", self.district),
            },
            head: format!("{about} · {}", self.signature_words(lang)),
            about,
            author: self.district.clone(),
            figures: Vec::new(),
            paragraphs: vec![self.paragraph(lang)],
            tables,
            close,
            made: None,
        }
    }

    /// What the probes found, as tables that have something to say.
    fn probed(&self, lang: Lang) -> Vec<Table> {
        let mut tables = vec![
            self.by_kind(lang),
            self.by_street(lang),
            self.devices(lang.pick("新增离线", "Newly down"), &self.seen.fell, 0, lang),
            self.devices(lang.pick("持续离线", "Still down"), &self.seen.still, 1, lang),
            self.devices(lang.pick("恢复", "Recovered"), &self.seen.recovered, 2, lang),
        ];
        tables.retain(|table| !table.rows.is_empty());
        tables
    }

    fn sums(
        &self,
        title: &str,
        key: impl Fn(&InspectedGroup) -> String,
        head: &str,
        lang: Lang,
    ) -> Table {
        let mut table = Table::new(
            title,
            vec![
                column(head, 9.0),
                column(lang.pick("应检", "due"), 5.0),
                column(lang.pick("已检", "checked"), 5.0),
                column(lang.pick("在线", "online"), 5.0),
                column(lang.pick("降级", "with faults"), 5.0),
                column(lang.pick("离线", "down"), 5.0),
                column(lang.pick("未测明", "not known"), 5.0),
                column(lang.pick("在线率（%）", "online (%)"), 6.0),
                column(lang.pick("最近探测", "last probe"), 8.0),
            ],
        );
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for group in &self.seen.groups {
            sums.entry(key(group)).or_default().add(group);
        }
        for (name, sum) in sums {
            let online = sum.online + sum.degraded;
            table.rows.push(vec![
                Cell::Text(name),
                Cell::Number(sum.due),
                Cell::Number(sum.checked()),
                Cell::Number(online),
                Cell::Number(sum.degraded),
                Cell::Number(sum.down),
                Cell::Number(sum.due - sum.checked()),
                percent(Rate { numerator: online, denominator: sum.checked() }),
                text(sum.last.map(|at| self.moment(at, lang))),
            ]);
        }
        table
    }

    fn by_kind(&self, lang: Lang) -> Table {
        let title = lang.pick("自动巡检：按设备类型", "Probed: by kind");
        let name = |group: &InspectedGroup| DeviceKind::name(group.kind, lang).to_owned();
        self.sums(title, name, lang.pick("设备类型", "kind"), lang)
    }

    fn by_street(&self, lang: Lang) -> Table {
        let title = lang.pick("自动巡检：按街道", "Probed: by street");
        self.sums(title, |group| group.street.clone(), lang.pick("街道", "street"), lang)
    }

    fn devices(&self, title: &str, devices: &[InspectedDevice], place: usize, lang: Lang) -> Table {
        let mut table = Table::new(
            title,
            vec![
                column(lang.pick("设备", "device"), 10.0),
                column(lang.pick("街道", "street"), 7.0),
                column(lang.pick("站点", "site"), 8.0),
                column(lang.pick("时间", "since"), 9.0),
                column(lang.pick("原因", "fault"), 8.0),
                column(lang.pick("运维单位", "maintainer"), 8.0),
                sheet_column(lang.pick("标识", "identity")),
            ],
        );
        for device in devices {
            let faults: Vec<_> = device.faults.iter().map(|fault| fault.name(lang)).collect();
            table.rows.push(vec![
                Cell::Text(device.name.clone()),
                Cell::Text(device.street.clone()),
                Cell::Text(device.site.clone()),
                Cell::Text(self.moment(device.since, lang)),
                text((!faults.is_empty()).then(|| faults.join(lang.pick("、", ", ")))),
                text(device.maintainer.clone()),
                Cell::Text(device.id.clone()),
            ]);
        }
        let all = self.seen.counts.get(place).copied().unwrap_or_default();
        if all > devices.len() as u64 {
            table.note = Some(match lang {
                Lang::Zh => format!("共 {} 台，列出 {} 台。", grouped(all), devices.len()),
                Lang::En => format!("{} in all, {} of them told.", grouped(all), devices.len()),
            });
        }
        table
    }

    fn by_hand(&self, lang: Lang) -> Table {
        let mut table = Table::new(
            lang.pick("人工巡检", "Looked at by a person"),
            vec![
                column(lang.pick("序号", "no."), 3.0),
                column(lang.pick("项目", "item"), 18.0),
                column(lang.pick("结果", "result"), 12.0),
                column(lang.pick("说明", "note"), 15.0),
            ],
        );
        for (number, item) in (1..).zip(&self.items) {
            let result = match item.result {
                Some(result) => result.name(lang).to_owned(),
                None => {
                    lang.pick("□正常　□异常　□未检", "□ good  □ not good  □ not checked").to_owned()
                }
            };
            table.rows.push(vec![
                Cell::Number(number),
                Cell::Text(item.name.clone()),
                Cell::Text(result),
                text((!item.note.is_empty()).then(|| item.note.clone())),
            ]);
        }
        table
    }
}

/// A table as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownTable {
    /// Its title.
    pub title: String,
    /// Headings, and whether what is below them are figures.
    pub heads: Vec<(String, bool)>,
    /// Rows in order.
    pub rows: Vec<ShownRow>,
    /// What to know of it.
    pub note: Option<String>,
}

/// A row of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRow {
    /// The device it is about.
    pub device: Option<String>,
    /// Words, and whether they are a figure.
    pub cells: Vec<(String, bool)>,
}

impl InspectionSheet {
    /// What the probes found, as a page shows it.
    pub fn shown(&self, lang: Lang) -> Vec<ShownTable> {
        self.probed(lang).iter().map(shown).collect()
    }
}

fn shown(table: &Table) -> ShownTable {
    let identity = table.columns.iter().position(|column| column.place == Place::Sheet);
    let row = |row: &Vec<Cell>| ShownRow {
        device: identity.and_then(|at| row.get(at)).map(Cell::words),
        cells: table
            .on_paper()
            .filter_map(|(at, _)| row.get(at))
            .map(|cell| (cell.words(), cell.is_figure() && *cell != Cell::None))
            .collect(),
    };
    let is_figure = |at: usize| {
        table
            .rows
            .first()
            .and_then(|row| row.get(at))
            .is_some_and(|it| matches!(it, Cell::Number(_) | Cell::Percent { .. }))
    };
    ShownTable {
        title: table.title.clone(),
        heads: table.on_paper().map(|(at, column)| (column.head.clone(), is_figure(at))).collect(),
        rows: table.rows.iter().map(row).collect(),
        note: table.note.clone(),
    }
}

/// Writes the sheet of an inspection; `None` for formats it does not have. Takes up to a second.
pub fn write_inspection(
    sheet: &InspectionSheet,
    format: Format,
    lang: Lang,
) -> Result<Option<Vec<u8>>, ReportError> {
    let paper = sheet.paper(lang);
    Ok(Some(match format {
        Format::Pdf => pdf::of_paper(&paper, &FontFiles::find()?, lang)?,
        Format::Xlsx => xlsx::of_paper(&paper, lang)?,
        Format::Docx => docx::of_paper(&paper)?,
        Format::Csv => csv::of_paper(&paper)?,
        Format::Html => html::of_paper(&paper, lang).into_bytes(),
        // A record is no publication that could be verified.
        Format::Json => return Ok(None),
    }))
}
