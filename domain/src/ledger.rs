//! A row of the ledger (一机一档) as people write it: names instead of identities, and what can be
//! wrong with it. Reading files is `ledger/`, finding the names is `storage/`.
//!
//! Invariant: no error and no `Debug` here ever holds a password.

use crate::{
    AddressProblem, Checks, ChecksProblem, DeviceKind, Lang, LifeState, MaskError, PointClass,
    PrivacyMasks, TestCall,
};
use chrono::NaiveDate;
use serde::Serialize;
use std::fmt;

/// A column of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each has its name in both languages beside it")]
pub enum LedgerColumn {
    Name,
    NationalCode,
    Kind,
    Department,
    Street,
    PoliceStation,
    Site,
    Address,
    Class,
    Life,
    LifeSince,
    Vendor,
    Model,
    Ip,
    Mac,
    Url,
    SubUrl,
    Username,
    Password,
    Longitude,
    Latitude,
    Parent,
    Maintainer,
    Phone,
    RetentionDays,
    PrivacyMasks,
    Checks,
    TestCall,
    Tags,
    Note,
}

words!(LedgerColumn {
    Name = "name", "名称", "name";
    NationalCode = "national_code", "国标编码", "national code";
    Kind = "kind", "设备类型", "kind";
    Department = "department", "所属单位", "department";
    Street = "street", "街道", "street";
    PoliceStation = "police_station", "辖区派出所", "police station";
    Site = "site", "站点", "site";
    Address = "address", "安装地址", "address";
    Class = "class", "点位类别", "point class";
    Life = "life", "状态", "state";
    LifeSince = "life_since", "状态日期", "state since";
    Vendor = "vendor", "厂商", "vendor";
    Model = "model", "型号", "model";
    Ip = "ip", "IP", "IP";
    Mac = "mac", "MAC", "MAC";
    Url = "url", "RTSP 地址", "RTSP URL";
    SubUrl = "sub_url", "子码流地址", "sub-stream URL";
    Username = "username", "用户名", "user name";
    Password = "password", "密码", "password";
    Longitude = "longitude", "经度", "longitude";
    Latitude = "latitude", "纬度", "latitude";
    Parent = "parent", "上级设备", "parent device";
    Maintainer = "maintainer", "运维单位", "maintainer";
    Phone = "phone", "联系电话", "phone";
    RetentionDays = "retention_days", "录像保存天数", "retention days";
    PrivacyMasks = "privacy_masks", "隐私遮挡", "privacy masks";
    Checks = "checks", "监控项", "checks";
    TestCall = "test_call", "允许测试呼叫", "test calls";
    Tags = "tags", "标签", "tags";
    Note = "note", "备注", "note";
});

/// A password on its way from a file into the store. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password, for the one place that encrypts it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// One row. `None` is an empty cell, which leaves what is stored as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerRow {
    /// Its number in the file as a spreadsheet shows it, from 1, the headings counted in.
    pub row: u32,
    /// 名称.
    pub name: String,
    /// 国标编码: 20 digits.
    pub national_code: Option<String>,
    /// 设备类型; an empty cell is a camera.
    pub kind: Option<DeviceKind>,
    /// 所属单位.
    pub department: Option<String>,
    /// 街道; may be empty where the site is known already.
    pub street: Option<String>,
    /// 辖区派出所.
    pub police_station: Option<String>,
    /// 站点.
    pub site: String,
    /// 安装地址.
    pub address: Option<String>,
    /// 点位类别.
    pub class: Option<PointClass>,
    /// 状态; an empty cell of a new device is 在用.
    pub life: Option<LifeState>,
    /// 状态日期: first day of that state.
    pub life_since: Option<NaiveDate>,
    /// 厂商.
    pub vendor: Option<String>,
    /// 型号.
    pub model: Option<String>,
    /// IP.
    pub ip: Option<String>,
    /// MAC, `aa:bb:cc:dd:ee:ff`.
    pub mac: Option<String>,
    /// RTSP 地址 without credentials; empty is 未接入探测.
    pub url: Option<String>,
    /// 子码流地址 without credentials.
    pub sub_url: Option<String>,
    /// 用户名.
    pub username: Option<String>,
    /// 密码.
    pub password: Option<Password>,
    /// 经度, degrees east.
    pub longitude: Option<f64>,
    /// 纬度, degrees north.
    pub latitude: Option<f64>,
    /// 上级设备: its national code, name or IP.
    pub parent: Option<String>,
    /// 运维单位.
    pub maintainer: Option<String>,
    /// 联系电话 of the maintainer.
    pub phone: Option<String>,
    /// 录像保存天数.
    pub retention_days: Option<u32>,
    /// 隐私遮挡.
    pub privacy_masks: Option<PrivacyMasks>,
    /// 监控项.
    pub checks: Option<Checks>,
    /// 允许测试呼叫.
    pub test_call: Option<TestCall>,
    /// 标签; none leaves the stored ones.
    pub tags: Vec<String>,
    /// 备注.
    pub note: Option<String>,
}

impl LedgerRow {
    /// A row with a name and a site, all else empty.
    pub fn new(row: u32, name: impl Into<String>, site: impl Into<String>) -> Self {
        Self {
            row,
            name: name.into(),
            national_code: None,
            kind: None,
            department: None,
            street: None,
            police_station: None,
            site: site.into(),
            address: None,
            class: None,
            life: None,
            life_since: None,
            vendor: None,
            model: None,
            ip: None,
            mac: None,
            url: None,
            sub_url: None,
            username: None,
            password: None,
            longitude: None,
            latitude: None,
            parent: None,
            maintainer: None,
            phone: None,
            retention_days: None,
            privacy_masks: None,
            checks: None,
            test_call: None,
            tags: Vec::new(),
            note: None,
        }
    }
}

/// What is wrong with a cell or a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words stand in `render`")]
pub enum RowProblem {
    /// An empty cell that must not be.
    Missing,
    /// A cell of more than `limit` characters.
    TooLong { limit: usize },
    /// Not 20 digits (GB/T 28181 annex E).
    NotANationalCode,
    /// A long number kept as a number: a spreadsheet keeps 15 digits of it.
    DigitsLost,
    /// No regions of a picture.
    NotMasks { why: MaskError },
    /// No checks of equipment.
    NotChecks { why: ChecksProblem },
    /// Leave to call what is no endpoint.
    NotAnEndpoint,
    /// An address of equipment that cannot be asked.
    NotEquipment { why: AddressProblem },
    /// Neither IPv4 nor IPv6.
    NotAnIp,
    /// Not six octets.
    NotAMac,
    /// No address to open.
    NotAUrl,
    /// An address of a scheme that is not opened.
    WrongScheme { allowed: &'static str },
    /// No number.
    NotANumber,
    /// A number out of its range.
    OutOfRange { min: f64, max: f64 },
    /// No date.
    NotADate,
    /// A date after today.
    InTheFuture,
    /// Not one of the words.
    UnknownWord { allowed: String },
    /// The address carries another login than the columns.
    TwoLogins,
    /// A password without a user name.
    NoUsername,
    /// The same device stands in an earlier row.
    Duplicate { first_row: u32 },
    /// A site that is not known yet needs its street.
    SiteWithoutStreet,
    /// Sites of this name are in several streets.
    AmbiguousSite,
    /// Several devices of this name are at the site; the national code tells them apart.
    AmbiguousDevice,
    /// A parent that is neither in the ledger nor in the file.
    UnknownParent,
    /// Several devices answer to this parent.
    AmbiguousParent,
    /// The device would depend on itself.
    ParentCycle,
    /// A formula error such as `#N/A`.
    FormulaError,
}

impl RowProblem {
    /// The words for a person.
    pub fn render(&self, lang: Lang) -> String {
        let fixed = |zh: &str, en: &str| lang.pick(zh, en).to_owned();
        match self {
            Self::Missing => fixed("不能为空", "must not be empty"),
            Self::TooLong { limit } => match lang {
                Lang::Zh => format!("超过 {limit} 个字符"),
                Lang::En => format!("longer than {limit} characters"),
            },
            Self::NotANationalCode => {
                fixed("国标编码应为 20 位数字", "a national code has 20 digits")
            }
            Self::DigitsLost => fixed(
                "长数字被存成数值，只保留了 15 位；请把该列设为文本后重新填写",
                "kept as a number, which keeps 15 digits only; make the column text and enter it again",
            ),
            Self::NotMasks { why } => why.render(lang),
            Self::NotChecks { why } => why.render(lang),
            Self::NotAnEndpoint => {
                fixed("只用于地址为 sip: 的会议终端", "for endpoints with a sip: address only")
            }
            Self::NotEquipment { why } => why.render(lang).to_owned(),
            Self::NotAnIp => fixed("不是 IPv4 或 IPv6 地址", "neither an IPv4 nor an IPv6 address"),
            Self::NotAMac => {
                fixed("不是 MAC 地址（12 位十六进制）", "not a MAC address (12 hex digits)")
            }
            Self::NotAUrl => fixed("不是可打开的地址", "not an address that can be opened"),
            Self::WrongScheme { allowed } => match lang {
                Lang::Zh => format!("地址应以 {allowed} 开头"),
                Lang::En => format!("the address should begin with {allowed}"),
            },
            Self::NotANumber => fixed("不是数字", "not a number"),
            Self::OutOfRange { min, max } => match lang {
                Lang::Zh => format!("应在 {min} 到 {max} 之间"),
                Lang::En => format!("should lie between {min} and {max}"),
            },
            Self::NotADate => fixed("不是日期，例如 2026-03-01", "not a date such as 2026-03-01"),
            Self::InTheFuture => fixed("日期晚于今天", "the date is after today"),
            Self::UnknownWord { allowed } => match lang {
                Lang::Zh => format!("只能是：{allowed}"),
                Lang::En => format!("must be one of: {allowed}"),
            },
            Self::TwoLogins => fixed(
                "地址中的用户名或密码与用户名、密码列不一致",
                "the login in the address differs from the user name and password columns",
            ),
            Self::NoUsername => fixed("有密码但没有用户名", "a password without a user name"),
            Self::Duplicate { first_row } => match lang {
                Lang::Zh => format!("与第 {first_row} 行重复"),
                Lang::En => format!("the same as row {first_row}"),
            },
            Self::SiteWithoutStreet => fixed("新站点必须填写街道", "a new site needs its street"),
            Self::AmbiguousSite => fixed(
                "多个街道有同名站点，请填写街道",
                "several streets have a site of this name; enter the street",
            ),
            Self::AmbiguousDevice => fixed(
                "该站点有多台同名设备，请填写国标编码",
                "several devices of this name are at the site; enter the national code",
            ),
            Self::UnknownParent => fixed(
                "台账和本文件中都没有这台上级设备",
                "this parent is neither in the ledger nor in the file",
            ),
            Self::AmbiguousParent => fixed(
                "有多台设备符合，请填写上级设备的国标编码",
                "several devices match; enter the national code of the parent",
            ),
            Self::ParentCycle => fixed("上级设备形成循环", "the device would depend on itself"),
            Self::FormulaError => fixed("单元格是公式错误", "the cell holds a formula error"),
        }
    }
}

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowError {
    /// Row number as a spreadsheet shows it, from 1.
    pub row: u32,
    /// The column; `None` where it is the row as a whole.
    pub column: Option<LedgerColumn>,
    /// What the cell says, shortened; always empty for a password or an address with a login.
    pub value: String,
    /// What is wrong.
    #[serde(flatten)]
    pub problem: RowProblem,
}

impl RowError {
    /// Longest value quoted, characters.
    const QUOTED: usize = 60;

    /// An error that quotes the cell, unless the cell is a secret.
    pub fn new(row: u32, column: LedgerColumn, value: &str, problem: RowProblem) -> Self {
        let secret = column == LedgerColumn::Password
            || (matches!(column, LedgerColumn::Url | LedgerColumn::SubUrl) && value.contains('@'));
        let value = if secret { "" } else { value };
        let mut quoted: String = value.chars().take(Self::QUOTED).collect();
        if quoted.len() < value.len() {
            quoted.push('…');
        }
        Self { row, column: Some(column), value: quoted, problem }
    }

    /// One line for a person: where, what, why.
    pub fn render(&self, lang: Lang) -> String {
        let column = self.column.map_or("", |column| column.name(lang));
        let why = self.problem.render(lang);
        let Self { row, value, .. } = self;
        match (lang, value.is_empty()) {
            (Lang::Zh, true) => format!("第 {row} 行 {column}：{why}"),
            (Lang::Zh, false) => format!("第 {row} 行 {column}“{value}”：{why}"),
            (Lang::En, true) => format!("row {row}, {column}: {why}"),
            (Lang::En, false) => format!("row {row}, {column} “{value}”: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_row_nor_an_error_shows_a_password() {
        let mut row = LedgerRow::new(2, "东门", "人民路");
        row.password = Some(Password::new("s3cret"));
        assert!(!format!("{row:?}").contains("s3cret"));
        let too_long = RowProblem::TooLong { limit: 10 };
        let cell = RowError::new(2, LedgerColumn::Password, "s3cret", too_long);
        let address = "rtsp://admin:s3cret@10.0.0.1:x/";
        let url = RowError::new(2, LedgerColumn::Url, address, RowProblem::NotAUrl);
        for error in [cell, url] {
            assert!(!format!("{error:?} {}", error.render(Lang::Zh)).contains("s3cret"));
            assert!(!serde_json::to_string(&error).unwrap().contains("s3cret"));
        }
    }

    #[test]
    fn an_error_says_where_what_and_why_in_both_languages() {
        let error = RowError::new(7, LedgerColumn::Ip, "10.0.0.300", RowProblem::NotAnIp);
        assert_eq!(error.render(Lang::Zh), "第 7 行 IP“10.0.0.300”：不是 IPv4 或 IPv6 地址");
        assert_eq!(
            error.render(Lang::En),
            "row 7, IP “10.0.0.300”: neither an IPv4 nor an IPv6 address"
        );
        let long = RowError::new(7, LedgerColumn::Note, &"长".repeat(99), RowProblem::Missing);
        assert_eq!(long.value.chars().count(), 61);
    }
}
