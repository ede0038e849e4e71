//! The tables of incidents and repairs, and what the paragraph says of them.

use crate::{
    Incidents, Repairs,
    document::Document,
    table::{Cell, Table, column, grouped, percent, sheet_column, text},
    upkeep::RepairRow,
    words::moment,
};
use zhishou_domain::{FaultCode, Lang, Rate, work_order::WorkCategory};

/// Open ones on paper.
const ON_PAPER: usize = 20;

/// What lies at the root of an incident.
fn root_word(root: &str, lang: Lang) -> &'static str {
    match root {
        "device" => lang.pick("单台设备及其下级", "a device and what hangs behind it"),
        "site" => lang.pick("整站失联", "a whole site"),
        "street" => lang.pick("街道大面积失联", "a street at large"),
        "maintainer" => lang.pick("运维单位所维护设备", "what one maintainer keeps"),
        _ => lang.pick("全区", "the district"),
    }
}

/// Their tables; those that say nothing are left out by the caller.
pub(crate) fn tables(document: &Document, lang: Lang) -> Vec<Table> {
    let mut tables = Vec::new();
    if let Some(incidents) = &document.incidents {
        tables.extend([begun(incidents, lang), open(incidents, lang), repeats(incidents, lang)]);
    }
    if let Some(repairs) = &document.repairs {
        tables.extend([performance(repairs, lang), open_repairs(repairs, lang)]);
    }
    tables
}

fn fault(fault: Option<FaultCode>, lang: Lang) -> Cell {
    text(fault.map(|fault| fault.name(lang).to_owned()))
}

fn begun(incidents: &Incidents, lang: Lang) -> Table {
    let mut table = Table::new(
        lang.pick("故障：按根源与原因", "Incidents by root and fault"),
        vec![
            column(lang.pick("根源", "root"), 12.0),
            column(lang.pick("主要原因", "main fault"), 10.0),
            column(lang.pick("新增（起）", "begun"), 6.0),
            column(lang.pick("涉及设备（台次）", "devices"), 8.0),
        ],
    );
    for group in &incidents.begun {
        table.rows.push(vec![
            Cell::Text(root_word(&group.root, lang).to_owned()),
            fault(group.fault, lang),
            Cell::Number(group.incidents),
            Cell::Number(group.devices),
        ]);
    }
    if incidents.observer > 0 {
        table.note = Some(match lang {
            Lang::Zh => format!(
                "另有 {} 起为本平台探测异常，期间结果记为未知，不计入设备。",
                incidents.observer
            ),
            Lang::En => format!(
                "{} more were about our own probing; results were unknown then and no device is blamed.",
                incidents.observer
            ),
        });
    }
    table
}

fn open(incidents: &Incidents, lang: Lang) -> Table {
    let mut table = Table::new(
        lang.pick("期末未恢复故障", "Incidents not over"),
        vec![
            column(lang.pick("故障号", "no."), 4.0),
            column(lang.pick("根源", "root"), 13.0),
            column(lang.pick("开始", "since"), 7.0),
            column(lang.pick("主要原因", "main fault"), 8.0),
            column(lang.pick("设备（台）", "devices"), 5.0),
            column(lang.pick("运维单位", "maintainer"), 8.0),
        ],
    );
    for row in &incidents.open {
        let name = match (&row.site, row.name.as_str()) {
            (Some(site), name) => format!("{name}（{site}）"),
            (None, "") => root_word(&row.root, lang).to_owned(),
            (None, name) => format!("{name} · {}", root_word(&row.root, lang)),
        };
        table.rows.push(vec![
            Cell::Number(row.id.unsigned_abs()),
            Cell::Text(name),
            Cell::Text(moment(&row.since, lang)),
            fault(row.fault, lang),
            Cell::Number(row.devices),
            text(row.maintainer.clone()),
        ]);
    }
    table.on_paper = ON_PAPER;
    if incidents.open_count > incidents.open.len() as u64 {
        let (all, told) = (grouped(incidents.open_count), incidents.open.len());
        table.note = Some(match lang {
            Lang::Zh => format!("共 {all} 起，列出最早的 {told} 起。"),
            Lang::En => format!("{all} in all; the {told} that began first."),
        });
    }
    table
}

fn repeats(incidents: &Incidents, lang: Lang) -> Table {
    let mut table = Table::new(
        lang.pick("反复故障", "Repeat offenders"),
        vec![
            column(lang.pick("设备", "device"), 12.0),
            column(lang.pick("站点", "site"), 10.0),
            column(lang.pick("故障（起）", "incidents"), 5.0),
            sheet_column(lang.pick("标识", "identity")),
        ],
    );
    for row in &incidents.repeats {
        table.rows.push(vec![
            Cell::Text(row.name.clone()),
            Cell::Text(row.site.clone()),
            Cell::Number(row.incidents),
            Cell::Text(row.id.clone()),
        ]);
    }
    table
}

fn timely(row: &RepairRow) -> Rate {
    Rate { numerator: row.judged - row.late, denominator: row.judged }
}

fn hours(minutes: u64) -> String {
    format!("{}.{}", minutes / 60, minutes % 60 / 6)
}

fn performance(repairs: &Repairs, lang: Lang) -> Table {
    let mut table = Table::new(
        lang.pick("报修与工单", "Work orders"),
        vec![
            column(lang.pick("类别", "category"), 6.0),
            column(lang.pick("受理（件）", "accepted"), 5.0),
            column(lang.pick("完成（件）", "done"), 5.0),
            column(lang.pick("撤销（件）", "cancelled"), 5.0),
            column(lang.pick("完成率（%）", "done (%)"), 6.0),
            column(lang.pick("及时／应判（件）", "in time / judged"), 8.0),
            column(lang.pick("修复及时率（%）", "in time (%)"), 7.0),
            column(lang.pick("平均修复（小时）", "MTTR (hours)"), 7.0),
        ],
    );
    let rows = repairs
        .by_category
        .iter()
        .chain(Some(&repairs.total).filter(|it| it.accepted + it.cancelled > 0));
    for row in rows {
        let name =
            row.category().map_or(lang.pick("合计", "all"), |it| WorkCategory::name(it, lang));
        let in_time = timely(row);
        table.rows.push(vec![
            Cell::Text(name.to_owned()),
            Cell::Number(row.accepted),
            Cell::Number(row.done),
            Cell::Number(row.cancelled),
            percent(Rate { numerator: row.done, denominator: row.accepted }),
            Cell::Text(format!("{}／{}", grouped(in_time.numerator), grouped(in_time.denominator))),
            percent(in_time),
            text(row.mean_minutes().map(hours)),
        ]);
    }
    table
}

fn open_repairs(repairs: &Repairs, lang: Lang) -> Table {
    let mut table = Table::new(
        lang.pick("期末未完成工单", "Work orders not over"),
        vec![
            column(lang.pick("工单号", "no."), 4.0),
            column(lang.pick("内容", "what"), 13.0),
            column(lang.pick("地点", "where"), 8.0),
            column(lang.pick("受理", "opened"), 7.0),
            column(lang.pick("运维单位", "maintainer"), 8.0),
            column(lang.pick("时限", "limit"), 4.0),
        ],
    );
    for row in &repairs.open {
        let limit = if row.is_late {
            lang.pick("超时", "past")
        } else {
            lang.pick("时限内", "within")
        };
        table.rows.push(vec![
            Cell::Number(row.id.unsigned_abs()),
            Cell::Text(row.title.clone()),
            text((!row.place.is_empty()).then(|| row.place.clone())),
            Cell::Text(moment(&row.opened, lang)),
            text(row.maintainer.clone()),
            Cell::Text(limit.to_owned()),
        ]);
    }
    table.on_paper = ON_PAPER;
    table
}

/// What the paragraph says of them; nothing where there is nothing.
pub(crate) fn sentences(document: &Document, lang: Lang) -> String {
    let mut words = String::new();
    if let Some(it) = &document.incidents {
        let (count, devices) = it.begun();
        if count + it.carried > 0 {
            let [count, devices, closed, open] =
                [count, devices, it.closed, it.open_count].map(grouped);
            words += &match lang {
                Lang::Zh => format!(
                    "新增故障 {count} 起（涉及设备 {devices} 台次），恢复 {closed} 起，期末未恢复 {open} 起。"
                ),
                Lang::En => format!(
                    " {count} incidents began ({devices} devices), {closed} ended, {open} lasted at the end."
                ),
            };
        }
    }
    if let Some(it) = document.repairs.as_ref().filter(|it| it.total.accepted > 0) {
        let in_time = timely(&it.total);
        let done = Rate { numerator: it.total.done, denominator: it.total.accepted };
        let (accepted, finished) = (grouped(it.total.accepted), grouped(it.total.done));
        words += &match lang {
            Lang::Zh => {
                format!("受理工单 {accepted} 件，完成 {finished} 件（{} %）", done.percent())
            }
            Lang::En => {
                format!(" {accepted} work orders, {finished} done ({} %)", done.percent())
            }
        };
        if in_time.denominator > 0 {
            let of = format!("{}/{}", grouped(in_time.numerator), grouped(in_time.denominator));
            words += &match lang {
                Lang::Zh => format!("，修复及时率 {} %（{of} 件）", in_time.percent()),
                Lang::En => format!(", {} % in time ({of})", in_time.percent()),
            };
        }
        if let Some(mean) = it.total.mean_minutes() {
            words += &match lang {
                Lang::Zh => format!("，平均修复 {} 小时", hours(mean)),
                Lang::En => format!(", mean time to repair {} hours", hours(mean)),
            };
        }
        if it.total.cancelled > 0 {
            let cancelled = grouped(it.total.cancelled);
            words += &match lang {
                Lang::Zh => format!("，另撤销 {cancelled} 件"),
                Lang::En => format!(", {cancelled} more cancelled"),
            };
        }
        words += lang.pick("。", ".");
    }
    words
}

#[cfg(test)]
mod tests {
    use crate::{sample, to_csv, words};
    use zhishou_domain::Lang;

    #[test]
    fn what_broke_and_how_it_was_repaired_is_told_with_its_denominators() {
        let document = sample::document();
        let words = words::paragraph(&document, Lang::Zh);
        assert!(
            words.ends_with(
                "新增故障 4 起（涉及设备 44 台次），恢复 3 起，期末未恢复 2 起。受理工单 3 件，完成 2 件（66.66 %），修复及时率 66.66 %（2/3 件），平均修复 3.3 小时，另撤销 1 件。"
            ),
            "{words}"
        );
        let text = String::from_utf8(to_csv(&document, Lang::Zh).unwrap()).unwrap();
        assert!(text.contains("\n街道大面积失联,,1,40\n"), "{text}");
        assert!(
            text.contains("\n17,'=SW-03（学校）,3月25日 09:20,连接超时,4,城安运维\n"),
            "{text}"
        );
        assert!(text.contains("\n视频,3,2,1,66.66,2／3,66.66,3.3\n合计,3,"), "{text}");
        assert!(text.contains("另有 1 起为本平台探测异常") && text.contains(",超时\n"), "{text}");
        let english = words::paragraph(&document, Lang::En);
        assert!(english.contains("4 incidents began (44 devices)"), "{english}");
    }

    #[test]
    fn a_report_of_before_they_were_told_reads_and_says_nothing_of_them() {
        let document = crate::Document { incidents: None, repairs: None, ..sample::document() };
        let text = serde_json::to_string(&document).unwrap();
        assert!(!text.contains("repairs"), "an old file stays what it was");
        assert_eq!(serde_json::from_str::<crate::Document>(&text).unwrap(), document);
        let csv = String::from_utf8(to_csv(&document, Lang::Zh).unwrap()).unwrap();
        assert!(!csv.contains("工单") && !csv.contains("新增故障"), "{csv}");
    }
}
