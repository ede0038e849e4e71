//! The states of devices as another platform exports them: no template, whatever headings it has.
//!
//! Which column means what is guessed from its heading and told, so that a person can say otherwise.

use crate::{
    LedgerError, cell,
    grid::{Cell, Grid, GridRow},
    grid_of,
    heading::plain,
};
use std::collections::BTreeMap;
use zhishou_domain::{
    RowProblem,
    reconcile::{RowDoubt, StatusClaim, StatusColumn, StatusRow},
};

/// Rows among which headings are looked for.
const LOOKED_AT: usize = 20;

/// Where which column stands, from 0.
pub type StatusColumns = BTreeMap<StatusColumn, usize>;

/// An export, its columns not yet settled.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusFile {
    headings: Vec<String>,
    rows: Grid,
}

/// What the headings of exports are called, the likelier first: of several columns that fit, the one
/// whose name comes first is guessed.
const fn names(column: StatusColumn) -> &'static [&'static str] {
    match column {
        StatusColumn::Code => &[
            "国标编码",
            "国标编号",
            "国标ID",
            "国标设备编码",
            "设备国标编码",
            "通道国标编码",
            "设备编码",
            "设备编号",
            "通道编码",
            "通道编号",
            "设备ID",
            "通道ID",
            "编码",
            "编号",
            "ID",
            "GB code",
            "device code",
            "deviceId",
            "channelId",
            "gbId",
        ],
        StatusColumn::Ip => {
            &["IP", "IP地址", "设备IP", "IPv4", "IPv4地址", "IP address", "host", "设备地址"]
        }
        StatusColumn::Name => &[
            "名称",
            "设备名称",
            "摄像机名称",
            "点位名称",
            "监控点名称",
            "通道名称",
            "name",
            "device name",
            "channel name",
        ],
        StatusColumn::Status => &[
            "在线状态",
            "设备在线状态",
            "通道在线状态",
            "是否在线",
            "设备状态",
            "通道状态",
            "连接状态",
            "运行状态",
            "当前状态",
            "状态",
            "online",
            "status",
            "state",
            "on/off",
        ],
        StatusColumn::Time => &[
            "状态时间",
            "采集时间",
            "检测时间",
            "巡检时间",
            "统计时间",
            "查询时间",
            "导出时间",
            "时间",
            "time",
            "checked at",
            "timestamp",
        ],
    }
}

/// The column with that heading, and how unlikely the guess is.
fn guess(headings: &[String], column: StatusColumn) -> Option<usize> {
    let plain_headings: Vec<String> = headings.iter().map(|heading| plain(heading)).collect();
    names(column)
        .iter()
        .find_map(|name| plain_headings.iter().position(|heading| *heading == plain(name)))
}

fn texts(row: &GridRow) -> Vec<String> {
    row.cells.iter().map(|cell| cell.text().trim().to_owned()).collect()
}

fn known(row: &GridRow) -> usize {
    let headings = texts(row);
    StatusColumn::ALL.iter().filter(|column| guess(&headings, **column).is_some()).count()
}

impl StatusFile {
    /// Reads the bytes of an export. The row that names most columns is that of the headings; where
    /// none does, the first row.
    pub fn read(bytes: &[u8]) -> Result<Self, LedgerError> {
        let is_it = |grid: &Grid| grid.iter().take(LOOKED_AT).any(|row| known(row) >= 2);
        let mut rows = grid_of(bytes, is_it)?;
        let best = rows
            .iter()
            .take(LOOKED_AT)
            .enumerate()
            .map(|(at, row)| (known(row), at))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((_, at)) = best else {
            return Err(LedgerError::NoHeadings { looked_at: LOOKED_AT });
        };
        let rest = rows.split_off(at + 1);
        let headings = rows.pop().map(|row| texts(&row)).unwrap_or_default();
        Ok(Self { headings, rows: rest })
    }

    /// The headings, by column.
    pub fn headings(&self) -> &[String] {
        &self.headings
    }

    /// How many rows stand below them.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What the columns seem to mean.
    pub fn guess(&self) -> StatusColumns {
        let found = StatusColumn::ALL
            .iter()
            .filter_map(|column| guess(&self.headings, *column).map(|at| (*column, at)));
        found.collect()
    }

    /// The first rows as they stand there, with their numbers.
    pub fn sample(&self, rows: usize) -> Vec<(u32, Vec<String>)> {
        self.rows.iter().take(rows).map(|row| (row.number, texts(row))).collect()
    }

    /// Every row under a meaning of the columns.
    pub fn rows(&self, columns: &StatusColumns) -> Vec<StatusRow> {
        self.rows.iter().map(|row| of_row(row, columns)).collect()
    }
}

fn of_row(row: &GridRow, columns: &StatusColumns) -> StatusRow {
    let cell = |column| columns.get(&column).map_or(&Cell::Empty, |at| row.cell(*at));
    let text = |column| cell::text(cell(column)).ok().flatten();
    let mut doubt = None;
    let code = match cell::national_code(cell(StatusColumn::Code)) {
        Ok(code) => code,
        Err(RowProblem::DigitsLost) => {
            doubt = Some(RowDoubt::DigitsLost);
            None
        }
        // An identity of ours, or of the platform alone.
        Err(_) => text(StatusColumn::Code),
    };
    let address = cell(StatusColumn::Ip);
    let ip = cell::ip(address).ok().flatten().or_else(|| {
        // A column of addresses may name the port too.
        let text = text(StatusColumn::Ip)?;
        let (host, _port) = text.rsplit_once(':')?;
        cell::ip(&Cell::Text(host.to_owned())).ok().flatten()
    });
    let name = text(StatusColumn::Name);
    let said = text(StatusColumn::Status).unwrap_or_default();
    let claim = StatusClaim::read(&said);
    let at = cell::moment(cell(StatusColumn::Time));
    if code.is_none() && ip.is_none() && name.is_none() {
        doubt = doubt.or(Some(RowDoubt::NoIdentity));
    } else if doubt == Some(RowDoubt::DigitsLost) && (ip.is_some() || name.is_some()) {
        // Found by something else.
        doubt = None;
    }
    if claim.is_none() {
        doubt = doubt.or(Some(RowDoubt::NoStatus));
    } else if at.is_err() {
        doubt = doubt.or(Some(RowDoubt::NoTime));
    }
    let at = at.ok().flatten();
    StatusRow { row: row.number, code, ip, name, claim, said, at, doubt }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "某平台设备状态\n序号,设备编码,设备名称,IP地址,在线状态,最近心跳时间,采集时间\n\
        1,34020000001320000001,东门,10.0.0.1,在线,,2026-11-21 15:00:00\n\
        2,3.402E+19,西门,10.0.0.2:5060,离线,,2026/11/21 15:00\n\
        3,3.402E+19,,,在线,,\n4,,南门,,停用,,\n5,,北门,,离线,,刚才\n";

    #[test]
    fn columns_are_guessed_and_every_row_says_what_it_is() {
        let file = StatusFile::read(FILE.as_bytes()).unwrap();
        let columns = file.guess();
        let at = |column| columns.get(&column).copied();
        assert_eq!(at(StatusColumn::Code), Some(1));
        assert_eq!(at(StatusColumn::Status), Some(4));
        // The last heartbeat is no time of the status.
        assert_eq!(at(StatusColumn::Time), Some(6));
        let rows = file.rows(&columns);
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[0].row, 3);
        assert_eq!(rows[0].code.as_deref(), Some("34020000001320000001"));
        assert_eq!((rows[0].claim, rows[0].doubt), (Some(StatusClaim::Online), None));
        assert_eq!(rows[0].at.unwrap().to_string(), "2026-11-21 15:00:00");
        assert_eq!(rows[1].ip.as_deref(), Some("10.0.0.2"));
        let doubts: Vec<_> = rows.iter().map(|row| row.doubt).collect();
        let (lost, status, time) = (RowDoubt::DigitsLost, RowDoubt::NoStatus, RowDoubt::NoTime);
        assert_eq!(doubts, [None, None, Some(lost), Some(status), Some(time)]);
    }

    #[test]
    fn a_file_whose_headings_are_unknown_is_left_to_a_person() {
        let file = StatusFile::read("甲,乙\n东门,在线\n".as_bytes()).unwrap();
        assert_eq!(file.headings(), ["甲", "乙"]);
        assert!(file.guess().is_empty());
        let columns = StatusColumns::from([(StatusColumn::Name, 0), (StatusColumn::Status, 1)]);
        assert_eq!(file.rows(&columns)[0].claim, Some(StatusClaim::Online));
        assert!(matches!(StatusFile::read(b""), Err(LedgerError::NoHeadings { .. })));
    }

    proptest! {
        #[test]
        fn no_file_panics(text in "[a-z0-9,;\n\"在线状态编码]{0,120}", at in 0usize..300) {
            if let Ok(file) = StatusFile::read(text.as_bytes()) {
                let all = StatusColumn::ALL.iter().map(|column| (*column, at)).collect();
                prop_assert_eq!(file.rows(&all).len(), file.len());
                prop_assert!(file.rows(&file.guess()).len() == file.len());
            }
        }
    }
}
