//! The template: a workbook to fill in, with a sheet that explains it.

use crate::{LedgerError, aliases};
use rust_xlsxwriter::{Color, DataValidation, Format, Workbook, Worksheet, XlsxError};
use zhishou_domain::{DeviceKind, Lang, LedgerColumn as Column, LifeState, PointClass};

/// Rows of the sheet that offer lists to choose from.
const PREPARED_ROWS: u32 = 10_000;

/// A workbook with the headings and one example row, and notes on every column in both languages.
pub fn template() -> Result<Vec<u8>, LedgerError> {
    write().map_err(|error| LedgerError::Workbook { problem: error.to_string() })
}

fn write() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    ledger(book.add_worksheet())?;
    notes(book.add_worksheet())?;
    book.save_to_buffer()
}

fn heading(required: bool) -> Format {
    let colour = if required { Color::RGB(0xF8_CB_AD) } else { Color::RGB(0xDD_EB_F7) };
    Format::new().set_bold().set_background_color(colour)
}

fn ledger(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("台账")?;
    // Text: a spreadsheet would keep 15 of the 20 digits of a national code.
    let text = Format::new().set_num_format("@");
    for (at, column) in (0u16..).zip(Column::ALL) {
        let name = column.name(Lang::Zh);
        sheet.set_column_format(at, &text)?;
        sheet.set_column_width(at, if example(*column).len() > 24 { 36 } else { 16 })?;
        sheet.write_string_with_format(0, at, name, &heading(is_required(*column)))?;
        sheet.write_string_with_format(1, at, example(*column), &text)?;
        if let Some(words) = words(*column) {
            let list = DataValidation::new().allow_list_strings(&words)?;
            sheet.add_data_validation(1, at, PREPARED_ROWS, at, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    Ok(())
}

fn notes(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    sheet.set_name("填写说明")?;
    let headings = ["列", "Column", "必填", "说明", "Notes", "也可写作 Also called"];
    for (at, text) in (0u16..).zip(headings) {
        sheet.write_string_with_format(0, at, text, &heading(false))?;
        sheet.set_column_width(
            at,
            [16, 16, 6, 60, 70, 60].get(usize::from(at)).copied().unwrap_or(16),
        )?;
    }
    for (row, column) in (1u32..).zip(Column::ALL) {
        let required = if is_required(*column) { "是 yes" } else { "" };
        let (zh, en) = note(*column);
        let cells = [
            column.name(Lang::Zh),
            column.name(Lang::En),
            required,
            zh,
            en,
            &aliases(*column).join("、"),
        ];
        for (at, text) in (0u16..).zip(cells) {
            sheet.write_string(row, at, text)?;
        }
    }
    Ok(())
}

fn is_required(column: Column) -> bool {
    matches!(column, Column::Name | Column::Site)
}

fn words(column: Column) -> Option<Vec<&'static str>> {
    match column {
        Column::Kind => Some(DeviceKind::ALL.iter().map(|kind| kind.name(Lang::Zh)).collect()),
        Column::Class => Some(PointClass::ALL.iter().map(|class| class.name(Lang::Zh)).collect()),
        Column::TestCall => Some(vec!["是", "否"]),
        Column::Life => Some(LifeState::ALL.iter().map(|life| life.name(Lang::Zh)).collect()),
        _ => None,
    }
}

/// The example row.
const fn example(column: Column) -> &'static str {
    match column {
        Column::Name => "示例：人民路东门 1 号枪机（请删除本行）",
        Column::NationalCode => "34020000001320000001",
        Column::Kind => "摄像机",
        Column::Department => "区大数据中心",
        Column::Street => "人民路街道",
        Column::PoliceStation => "人民路派出所",
        Column::Site => "东门社区",
        Column::Address => "人民路 1 号东门",
        Column::Class => "一类点",
        Column::Life => "在用",
        Column::LifeSince => "2024-03-01",
        Column::Vendor => "海康威视",
        Column::Model => "DS-2CD2T47",
        Column::Ip => "10.1.2.3",
        Column::Mac => "aa:bb:cc:dd:ee:0f",
        Column::Url => "rtsp://10.1.2.3:554/Streaming/Channels/101",
        Column::SubUrl => "rtsp://10.1.2.3:554/Streaming/Channels/102",
        Column::Username => "viewer",
        Column::Password => "example",
        Column::Longitude => "121.473701",
        Column::Latitude => "31.230416",
        Column::Parent
        | Column::PrivacyMasks
        | Column::Checks
        | Column::TestCall
        | Column::Note => "",
        Column::Maintainer => "某某运维公司",
        Column::Phone => "021-12345678",
        Column::RetentionDays => "30",
        Column::Tags => "重点，学校",
    }
}

/// What is to be known of a column, in both languages.
const fn note(column: Column) -> (&'static str, &'static str) {
    match column {
        Column::Name => ("同一站点内用来识别设备", "identifies the device within its site"),
        Column::NationalCode => (
            "20 位数字，按文本填写；再次导入时按它识别设备",
            "20 digits as text; a later import finds the device by it",
        ),
        Column::Kind => ("空为摄像机", "empty: camera"),
        Column::Department => ("设备归谁", "who owns the device"),
        Column::Street => ("新站点必须填写", "needed for a new site"),
        Column::PoliceStation | Column::Address | Column::Vendor | Column::Model => ("", ""),
        Column::Site => ("街道办、社区、学校等", "a street office, a community, a school"),
        Column::Class => ("一类点、二类点、三类点", "class 1, 2 or 3"),
        Column::Life => (
            "在用、停用、迁改、拆除；空为在用。变更保留历史，不影响以前的统计",
            "in use, disabled, relocating, removed; empty: in use. Changes keep their history",
        ),
        Column::LifeSince => {
            ("该状态的第一天，例如 2024-03-01；空为导入之时", "first day of the state; empty: now")
        }
        Column::Ip => ("IPv4 或 IPv6", "IPv4 or IPv6"),
        Column::Mac => ("12 位十六进制，分隔符不限", "12 hex digits, any separator"),
        Column::Url => (
            "rtsp://、rtsps:// 或 rtsph://（HTTP 隧道）；会议终端 sip:用户@主机:端口;transport=udp/tcp/tls（纯 H.323 终端用 icmp://主机 或 tcp://主机:1720，音视频为未测）；配套设备还可用 icmp://主机、tcp://主机:端口、http(s)://…、snmp://团体字@主机；地址中的用户名和密码会被取出加密保存；空为未接入探测",
            "rtsp://, rtsps:// or rtsph:// (HTTP tunnel); sip:user@host:port;transport=udp/tcp/tls for endpoints (icmp://host or tcp://host:1720 for those of H.323 alone, their media stay untested); equipment also icmp://host, tcp://host:port, http(s)://…, snmp://community@host; a login in it is taken out and encrypted; empty: not probed",
        ),
        Column::SubUrl => ("填写后优先探测子码流", "probed first where given"),
        Column::Username => ("建议使用只读账号", "a read-only account is best"),
        Column::Password => (
            "加密保存，不可再读出；空则保留原密码",
            "stored encrypted and never shown again; empty: the stored one stays",
        ),
        Column::Longitude => ("度，东经为正", "degrees, east is positive"),
        Column::Latitude => ("度，北纬为正", "degrees, north is positive"),
        Column::Parent => (
            "所依赖的 NVR、交换机等：国标编码、名称或 IP",
            "the NVR or switch it depends on: national code, name or IP",
        ),
        Column::Maintainer => ("谁负责维修", "who repairs"),
        Column::Phone => ("运维单位的电话", "telephone of the maintainer"),
        Column::RetentionDays => ("要求的天数", "days required"),
        Column::PrivacyMasks => (
            "截图中涂黑的区域：两个顶点为矩形，三个以上为多边形；顶点是占宽高的比例，区域用分号分开，例如 0.1,0.2 0.4,0.5",
            "regions blacked out in snapshots: two corners are a rectangle, more a polygon; a corner is a share of width and height, regions separated by semicolons, such as 0.1,0.2 0.4,0.5",
        ),
        Column::Checks => (
            "只用于配套设备，各项用分号或换行分开。SNMP：名称=OID,单位=℃,下限=5,上限=60,等于=1,倍率=0.1；HTTP：状态=200-399、文本=登录、证书天数=14；ping：丢包=20（%）、时延=100（毫秒）",
            "for equipment only, separated by semicolons or one a line. SNMP: name=OID,unit=°C,min=5,max=60,equals=1,scale=0.1; HTTP: status=200-399, text=Login, certificate_days=14; ping: loss=20 (%), rtt=100 (ms)",
        ),
        Column::TestCall => (
            "只用于 sip: 会议终端：是、否，空为否。填“是”后，平台会在终端空闲且不在会议期间真实呼叫它，测量音视频；每次呼叫记入审计",
            "for endpoints with a sip: address only: yes or no, empty: no. Where yes, the platform calls it while it is idle and not in a meeting, to measure sound and picture; each call is audited",
        ),
        Column::Tags => ("用逗号分开", "separated by commas"),
        Column::Note => ("空单元格不改变已存内容", "an empty cell leaves what is stored"),
    }
}
