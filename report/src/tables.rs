//! The tables of a document, in the order a reader wants them: who missed the target, the rankings,
//! what broke, what was left out.

use crate::{
    Document,
    document::{Group, Row},
    meeting_words,
    table::{Cell, Table, Tone, bar_column, change, column, figure, sheet_column, text},
    upkeep_tables,
    words::{grouping, made_of, moment, name_of, points, unit},
};
use zhishou_domain::{
    FaultCode, Lang,
    account::{Figure, Sums},
};

/// Rows of a ranking of sites on paper: the worst.
const SITES_ON_PAPER: usize = 30;
/// Outages on paper: those that cost most.
const OUTAGES_ON_PAPER: usize = 25;

/// Every table that has something to say.
pub(crate) fn tables(document: &Document, lang: Lang) -> Vec<Table> {
    let maker = Maker { document, lang };
    let mut tables = vec![maker.overview(), maker.under()];
    tables.extend(document.groups.iter().filter(|it| is_told(it)).map(|it| maker.ranking(it)));
    tables.extend([maker.devices(), maker.outages()]);
    tables.extend(upkeep_tables::tables(document, lang));
    tables.extend(meeting_words::table(document, lang));
    tables.extend([maker.exclusions(), maker.days()]);
    tables.retain(|table| !table.rows.is_empty());
    tables
}

/// A grouping of which the ledger says nothing is left out.
fn is_told(group: &Group) -> bool {
    group.rows.iter().any(|row| row.key.is_some())
}

/// A target, 0–1.
fn percent_cell(part: f64) -> Cell {
    // Between 0 and 10 000, as the policy was checked.
    Cell::Percent { hundredths: (part * 10_000.0).round() as u64, tone: crate::table::Tone::Plain }
}

struct Maker<'a> {
    document: &'a Document,
    lang: Lang,
}

impl Maker<'_> {
    fn pick(&self, zh: &str, en: &str) -> String {
        self.lang.pick(zh, en).to_owned()
    }

    fn few(&self) -> &'static str {
        self.lang.pick("数据不足", "too little data")
    }

    fn told(&self, told: &Figure, target: Option<f64>) -> Cell {
        figure(told, target, self.few())
    }

    fn fault(&self, fault: Option<FaultCode>) -> Cell {
        text(fault.map(|fault| fault.name(self.lang).to_owned()))
    }

    fn overview(&self) -> Table {
        let (document, lang) = (self.document, self.lang);
        let mut table = Table::new(
            self.pick("总体情况", "Overview"),
            vec![
                column(self.pick("指标", "figure"), 8.0),
                column(self.pick("数值（%）", "value (%)"), 7.0),
                column(self.pick("分子／分母", "numerator / denominator"), 15.0),
                column(self.pick("数据覆盖率（%）", "coverage (%)"), 7.0),
                column(self.pick("剔除前（%）", "before exclusion (%)"), 7.0),
            ],
        );
        let (after, before) = (document.after(&document.total), document.before(&document.total));
        let rows = [
            (Some(&after.online), Some(&before.online), Some(document.target())),
            (after.reach.as_ref(), before.reach.as_ref(), None),
            (after.intact.as_ref(), before.intact.as_ref(), None),
            (Some(&after.connected), None, None),
            (Some(&after.ledger), None, None),
        ];
        for (now, uncut, target) in rows {
            let Some(now) = now else { continue };
            table.rows.push(vec![
                Cell::Text(now.kind.name(lang).to_owned()),
                self.told(now, target),
                Cell::Text(made_of(now.rate, now.unit.name(lang))),
                crate::table::percent(now.coverage),
                uncut.map_or(Cell::None, |uncut| self.told(uncut, None)),
            ]);
        }
        for (name, compared) in [
            (self.pick("在线率（上期）", "online (period before)"), &document.before),
            (self.pick("在线率（去年同期）", "online (year before)"), &document.year_before),
        ] {
            let Some(compared) = compared else { continue };
            let then = document.online(&compared.total.after);
            let uncut = document.online(&compared.total.before);
            table.rows.push(vec![
                Cell::Text(format!("{name}：{}", compared.period.name(lang))),
                self.told(&then, None),
                Cell::Text(made_of(then.rate, then.unit.name(lang))),
                crate::table::percent(then.coverage),
                self.told(&uncut, None),
            ]);
        }
        let changes: Vec<String> = [
            ("环比", "on the period before", &document.before),
            ("同比", "on the year before", &document.year_before),
        ]
        .into_iter()
        .filter_map(|(zh, en, compared)| {
            let points = points(document, compared.as_ref()?)?;
            let points = crate::table::signed(points);
            Some(match lang {
                Lang::Zh => format!("{zh} {points} 个百分点"),
                Lang::En => format!("{points} points {en}"),
            })
        })
        .collect();
        if !changes.is_empty() {
            table.note = Some(changes.join(lang.pick("，", ", ")));
        }
        table
    }

    fn under(&self) -> Table {
        let mut table = Table::new(
            self.pick("未达标单位", "Below target"),
            vec![
                column(self.pick("类别", "by"), 5.6),
                column(self.pick("名称", "name"), 9.0),
                column(self.pick("在线率（%）", "online (%)"), 5.0),
                column(self.pick("目标（%）", "target (%)"), 5.0),
                column(self.pick("自何日起", "since"), 7.5),
                column(self.pick("仍离线（台）", "still down"), 4.5),
                column(self.pick("最早离线时间", "first went down"), 7.0),
                column(self.pick("主要原因", "main fault"), 6.0),
            ],
        );
        for (by, row) in self.document.under() {
            let Some(under) = row.under else { continue };
            let since = under.since.map(|day| {
                let day = day.format(self.lang.pick("%-m月%-d日", "%-d %b"));
                match (under.or_more, self.lang) {
                    (false, _) => day.to_string(),
                    (true, Lang::Zh) => format!("{day}或更早"),
                    (true, Lang::En) => format!("{day} or before"),
                }
            });
            table.rows.push(vec![
                Cell::Text(grouping(by, self.lang).to_owned()),
                Cell::Text(name_of(by, row, self.lang)),
                self.told(&self.document.after(&row.tally).online, Some(row.target)),
                percent_cell(row.target),
                text(since),
                Cell::Number(row.lost.down),
                text(row.down_since.as_deref().map(|at| moment(at, self.lang))),
                self.fault(row.lost.fault),
            ]);
        }
        table.on_paper = SITES_ON_PAPER;
        table
    }

    fn ranking(&self, group: &Group) -> Table {
        let lang = self.lang;
        let by = grouping(&group.by, lang);
        let title = match lang {
            Lang::Zh => format!("按{by}"),
            Lang::En => format!("By {by}"),
        };
        let unit = unit(self.document, lang);
        let sized = |zh: &str, en: &str| match lang {
            Lang::Zh => format!("{zh}（{unit}）"),
            Lang::En => format!("{en} ({unit})"),
        };
        let mut columns = vec![
            column(self.pick("名次", "rank"), 3.8),
            column(by, 9.0),
            column(self.pick("台账", "ledger"), 3.6),
            column(self.pick("应检", "due"), 3.6),
            column(self.pick("已检", "checked"), 3.6),
            column(self.pick("在线", "online"), 3.6),
            bar_column(self.pick("在线率（%）", "online (%)"), 7.0),
            column(self.pick("目标（%）", "target (%)"), 5.0),
            column(self.pick("环比（百分点）", "change (points)"), 5.0),
            column(self.pick("剔除前（%）", "before exclusion (%)"), 7.0),
            column(self.pick("完好率（%）", "intact (%)"), 7.0),
            column(self.pick("覆盖率（%）", "coverage (%)"), 5.0),
        ];
        for head in [
            self.pick("可达率（%）", "reached (%)"),
            self.pick("接入率（%）", "connected (%)"),
            self.pick("档案完整率（%）", "ledger complete (%)"),
            sized("应检量", "scheduled"),
            sized("在线量", "online + degraded"),
            sized("离线量", "down"),
            sized("剔除量", "excluded"),
            self.pick("得分", "score"),
            self.pick("标识", "identity"),
        ] {
            columns.push(sheet_column(head));
        }
        let mut table = Table::new(title, columns);
        // The best comes first, as circulars rank; what has no number comes last.
        let rows = group.rows.iter().rev();
        let (with, without): (Vec<&Row>, Vec<&Row>) =
            rows.partition(|row| self.document.after(&row.tally).online.value().is_some());
        let mut rank = 0;
        let mut last = None;
        for (place, row) in (1u64..).zip(with.into_iter().chain(without)) {
            let figures = self.document.after(&row.tally);
            let value = crate::table::hundredths(figures.online.rate);
            if value != last {
                (rank, last) = (place, value);
            }
            let Sums { due, down, .. } = row.tally.after;
            let heads = &row.tally.heads;
            let maybe =
                |figure: Option<&Figure>| figure.map_or(Cell::None, |it| self.told(it, None));
            let earlier = row.before.map(|sums| self.document.online(&sums));
            let points = earlier.and_then(|then| change(&figures.online, &then));
            table.rows.push(vec![
                if figures.online.value().is_some() { Cell::Number(rank) } else { Cell::None },
                Cell::Text(name_of(&group.by, row, lang)),
                Cell::Number(heads.ledger),
                Cell::Number(heads.due),
                Cell::Number(heads.checked),
                Cell::Number(heads.online),
                self.told(&figures.online, Some(row.target)),
                percent_cell(row.target),
                points.map_or(Cell::None, Cell::Points),
                self.told(&self.document.before(&row.tally).online, None),
                maybe(figures.intact.as_ref()),
                crate::table::percent(figures.online.coverage),
                maybe(figures.reach.as_ref()),
                self.told(&figures.connected, None),
                self.told(&figures.ledger, None),
                Cell::Number(due),
                Cell::Number(row.tally.after.online()),
                Cell::Number(down),
                Cell::Number(row.tally.before.due - due),
                figures.score.and_then(|score| score.value).map_or(Cell::None, |value| {
                    Cell::Percent { hundredths: (value * 100.0) as u64, tone: Tone::Plain }
                }),
                text(row.key.clone()),
            ]);
        }
        if group.by == "site" {
            table.on_paper = SITES_ON_PAPER;
        }
        table
    }

    fn devices(&self) -> Table {
        let unit = unit(self.document, self.lang);
        let mut table = Table::new(
            self.pick("损失最多的设备", "Worst devices"),
            vec![
                column(self.pick("设备", "device"), 9.0),
                column(self.pick("站点", "site"), 8.0),
                column(self.pick("街道", "street"), 6.0),
                column(self.pick("运维单位", "maintainer"), 7.0),
                column(format!("{}（{unit}）", self.pick("离线", "down")), 6.0),
                column(self.pick("次数", "outages"), 3.0),
                column(self.pick("在线率（%）", "online (%)"), 5.0),
                column(self.pick("主要原因", "main fault"), 6.0),
                sheet_column(self.pick("标识", "identity")),
            ],
        );
        for row in &self.document.devices {
            table.rows.push(vec![
                Cell::Text(row.name.clone()),
                Cell::Text(row.site.clone()),
                Cell::Text(row.street.clone()),
                text(row.maintainer.clone()),
                Cell::Number(row.after.down),
                Cell::Number(row.outages),
                self.told(&self.document.online(&row.after), None),
                self.fault(row.fault),
                Cell::Text(row.id.clone()),
            ]);
        }
        table
    }

    fn outages(&self) -> Table {
        let lang = self.lang;
        let unit = unit(self.document, lang);
        let mut table = Table::new(
            self.pick("离线记录", "Outages"),
            vec![
                column(self.pick("设备", "device"), 9.0),
                column(self.pick("站点", "site"), 8.0),
                column(self.pick("街道", "street"), 6.0),
                column(self.pick("开始", "from"), 7.0),
                column(self.pick("恢复", "until"), 7.0),
                column(format!("{}（{unit}）", self.pick("离线", "down")), 6.0),
                column(self.pick("原因", "fault"), 6.0),
                sheet_column(self.pick("运维单位", "maintainer")),
                sheet_column(self.pick("标识", "identity")),
            ],
        );
        for row in &self.document.outages {
            let until = row.to.as_deref().map(|at| moment(at, lang));
            table.rows.push(vec![
                Cell::Text(row.name.clone()),
                Cell::Text(row.site.clone()),
                Cell::Text(row.street.clone()),
                Cell::Text(moment(&row.from, lang)),
                Cell::Text(until.unwrap_or_else(|| self.pick("未恢复", "still down"))),
                Cell::Number(row.lost),
                self.fault(row.fault),
                text(row.maintainer.clone()),
                Cell::Text(row.id.clone()),
            ]);
        }
        table.on_paper = OUTAGES_ON_PAPER;
        let (shown, all) = (table.rows.len() as u64, self.document.outage_count);
        if all > shown {
            table.note = Some(match lang {
                Lang::Zh => format!("共 {all} 次，列出损失最多的 {shown} 次。"),
                Lang::En => format!("{all} in all; the {shown} that cost most."),
            });
        }
        table
    }

    fn exclusions(&self) -> Table {
        let lang = self.lang;
        let mut table = Table::new(
            self.pick("剔除", "Exclusions"),
            vec![
                column(self.pick("原因", "reason"), 6.0),
                column(self.pick("范围", "what"), 9.0),
                column(self.pick("开始", "from"), 7.0),
                column(self.pick("结束", "until"), 7.0),
                column(self.pick("依据", "evidence"), 12.0),
                column(self.pick("仅限运维单位", "maintainer only"), 7.0),
                sheet_column(self.pick("标识", "identity")),
            ],
        );
        for row in &self.document.exclusions {
            let scope = match row.scope.as_str() {
                "device" => lang.pick("设备", "device"),
                "site" => lang.pick("站点", "site"),
                _ => lang.pick("街道", "street"),
            };
            table.rows.push(vec![
                Cell::Text(row.reason.name(lang).to_owned()),
                Cell::Text(format!("{scope} {}", row.about)),
                Cell::Text(moment(&row.from, lang)),
                Cell::Text(moment(&row.to, lang)),
                Cell::Text(row.evidence.clone()),
                text(row.maintainer.clone()),
                Cell::Text(row.id.clone()),
            ]);
        }
        table
    }

    fn days(&self) -> Table {
        let (document, lang) = (self.document, self.lang);
        let unit = unit(document, lang);
        let mut table = Table::new(
            self.pick("逐日情况", "Day by day"),
            vec![
                column(self.pick("日期", "day"), 7.0),
                bar_column(self.pick("在线率（%）", "online (%)"), 8.0),
                column(self.pick("剔除前（%）", "before exclusion (%)"), 6.0),
                column(self.pick("完好率（%）", "intact (%)"), 6.0),
                column(self.pick("覆盖率（%）", "coverage (%)"), 6.0),
                column(format!("{}（{unit}）", self.pick("应检", "scheduled")), 8.0),
                column(format!("{}（{unit}）", self.pick("离线", "down")), 8.0),
            ],
        );
        for row in document.days.iter().filter(|row| row.before.due > 0) {
            let tally = zhishou_domain::account::Tally {
                before: row.before,
                after: row.after,
                ..Default::default()
            };
            let figures = document.after(&tally);
            table.rows.push(vec![
                Cell::Text(row.day.to_string()),
                self.told(&figures.online, Some(document.target())),
                self.told(&document.online(&row.before), None),
                figures.intact.as_ref().map_or(Cell::None, |it| self.told(it, None)),
                crate::table::percent(figures.online.coverage),
                Cell::Number(row.after.due),
                Cell::Number(row.after.down),
            ]);
        }
        table
    }
}
