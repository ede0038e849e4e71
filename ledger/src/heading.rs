//! The headings of a ledger and what else they are called.
//!
//! The aliases come from the national template (GA/T 1400 一机一档 items), from exports of video
//! platforms, and from English ones. `docs/reference/ledger.md` lists them; a test keeps it so.

use crate::{
    LedgerError,
    grid::{Grid, GridRow},
};
use std::collections::{BTreeMap, HashMap};
use zhishou_domain::{Lang, LedgerColumn};

/// Rows among which headings are looked for; titles and notes may stand above them.
const LOOKED_AT: usize = 20;

/// What else the heading of a column is called.
pub const fn aliases(column: LedgerColumn) -> &'static [&'static str] {
    use LedgerColumn as C;
    match column {
        C::Name => &[
            "设备名称",
            "摄像机名称",
            "点位名称",
            "监控点名称",
            "通道名称",
            "device name",
            "camera",
        ],
        C::NationalCode => &[
            "国标编号",
            "国标ID",
            "设备编码",
            "设备国标编码",
            "国标设备编码",
            "通道编码",
            "GB code",
            "GBID",
            "device code",
        ],
        C::Kind => &["类型", "设备类别", "device kind", "type"],
        C::Department => {
            &["单位", "产权单位", "建设单位", "管理单位", "所属部门", "所属行业", "owner"]
        }
        C::Street => &["所属街道", "街镇", "镇街", "乡镇街道", "街道乡镇"],
        C::PoliceStation => &["派出所", "所属派出所", "所属辖区公安机关", "管辖派出所"],
        C::Site => &[
            "站点名称",
            "所属站点",
            "社区",
            "所属社区",
            "村居",
            "村社区",
            "小区",
            "场所",
            "community",
        ],
        C::Address => &["地址", "详细地址", "安装位置", "点位地址", "location"],
        C::Class => &["点位等级", "点位分类", "监控点位类型", "点位类型", "类别", "class"],
        C::Life => &["设备状态", "使用状态", "运行状态", "status", "life state"],
        C::LifeSince => &["状态时间", "状态变更日期", "变更日期", "状态起始日期", "status since"],
        C::Vendor => &["设备厂商", "品牌", "生产厂家", "厂家", "制造商", "manufacturer", "brand"],
        C::Model => &["设备型号", "规格型号"],
        C::Ip => &["IP地址", "IPv4", "IPv4地址", "IPv6", "IPv6地址", "设备IP", "IP address"],
        C::Mac => &["MAC地址", "物理地址", "MAC address"],
        C::Url => &[
            "RTSP",
            "RTSP URL",
            "主码流地址",
            "主码流",
            "取流地址",
            "视频流地址",
            "URL",
            "地址URL",
            "探测地址",
            "监控地址",
        ],
        C::SubUrl => &["子码流", "辅码流地址", "辅码流", "子码流RTSP地址", "sub stream", "sub url"],
        C::Username => &["用户", "账号", "登录名", "登录用户名", "user", "login", "username"],
        C::Password => &["口令", "登录密码", "pass", "passwd"],
        C::Longitude => &["东经", "经度坐标", "lon", "lng"],
        C::Latitude => &["北纬", "纬度坐标", "lat"],
        C::Parent => &["上级", "父设备", "所属NVR", "接入设备", "所属录像机", "parent", "NVR"],
        C::Maintainer => &["维护单位", "运维公司", "维保单位", "运维厂商"],
        C::Phone => &["电话", "运维电话", "运维联系电话", "联系方式", "telephone"],
        C::RetentionDays => &["存储天数", "录像天数", "录像存储天数", "保存天数", "retention"],
        C::PrivacyMasks => &["隐私遮盖", "遮挡区域", "隐私区域", "privacy mask", "masks"],
        C::Checks => &["监控指标", "自定义监控项", "检查项", "check items", "monitor items"],
        C::TestCall => &["测试呼叫", "可测试呼叫", "允许呼叫", "test call", "test calls"],
        C::Tags => &["标记", "分组", "tag", "labels"],
        C::Note => &["说明", "其他", "remark", "remarks", "comment", "notes"],
    }
}

/// Where which column stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Headings {
    /// Index of the row of headings within the grid.
    pub(crate) row: usize,
    /// Index of each column within a row.
    pub(crate) columns: BTreeMap<LedgerColumn, usize>,
    /// Headings that are ignored.
    pub(crate) ignored: Vec<String>,
}

/// Finds the row that names most columns.
pub(crate) fn find(grid: &Grid) -> Result<Headings, LedgerError> {
    let names = names();
    let best = grid
        .iter()
        .take(LOOKED_AT)
        .enumerate()
        .map(|(at, row)| of_row(at, row, &names))
        .reduce(|best, next| if next.columns.len() > best.columns.len() { next } else { best })
        .filter(|best| best.columns.len() >= 2)
        .ok_or(LedgerError::NoHeadings { looked_at: LOOKED_AT })?;
    for column in [LedgerColumn::Name, LedgerColumn::Site] {
        if !best.columns.contains_key(&column) {
            return Err(LedgerError::NoColumn { column });
        }
    }
    Ok(best)
}

fn of_row(at: usize, row: &GridRow, names: &HashMap<String, LedgerColumn>) -> Headings {
    let mut headings = Headings { row: at, columns: BTreeMap::new(), ignored: Vec::new() };
    for (index, cell) in row.cells.iter().enumerate() {
        if cell.is_blank() {
            continue;
        }
        let text = cell.text();
        match names.get(&plain(&text)).copied() {
            Some(column) if !headings.columns.contains_key(&column) => {
                headings.columns.insert(column, index);
            }
            _ => headings.ignored.push(text.trim().chars().take(60).collect()),
        }
    }
    headings
}

/// Every name of every column, plain.
fn names() -> HashMap<String, LedgerColumn> {
    let mut names = HashMap::new();
    for column in LedgerColumn::ALL {
        for name in [column.name(Lang::Zh), column.name(Lang::En), column.code()] {
            names.insert(plain(name), *column);
        }
        for name in aliases(*column) {
            names.insert(plain(name), *column);
        }
    }
    names
}

/// Whether a cell below the headings repeats the heading of its column, as the second row of
/// headings merged over two rows does.
pub(crate) fn is_heading(column: LedgerColumn, text: &str) -> bool {
    let wanted = plain(text);
    let own = [column.name(Lang::Zh), column.name(Lang::En), column.code()];
    own.iter().chain(aliases(column)).any(|name| plain(name) == wanted)
}

/// Without what people add to a heading: space, case, a star, what stands in brackets.
pub(crate) fn plain(heading: &str) -> String {
    let end = heading.find(['(', '（', '[', '【']).filter(|at| *at > 0).unwrap_or(heading.len());
    heading
        .get(..end)
        .unwrap_or(heading)
        .chars()
        .filter(|letter| !letter.is_whitespace() && !"*＊:：_-/、\u{feff}".contains(*letter))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_columns_share_a_name() {
        let mut seen = BTreeMap::new();
        for column in LedgerColumn::ALL {
            let names = [column.name(Lang::Zh), column.name(Lang::En), column.code()];
            for name in names.iter().chain(aliases(*column)) {
                let before = seen.insert(plain(name), column);
                assert!(before.is_none_or(|before| before == column), "{name}: {before:?}");
            }
        }
    }

    #[test]
    fn what_people_add_to_a_heading_does_not_matter() {
        for heading in ["*名称（必填）", " 设备名称 ", "Name", "device_name", "名 称："]
        {
            assert_eq!(names().get(&plain(heading)), Some(&LedgerColumn::Name), "{heading}");
            assert!(is_heading(LedgerColumn::Name, heading));
        }
        assert_eq!(names().get(&plain("RTSP地址")), Some(&LedgerColumn::Url));
        assert_eq!(names().get(&plain("补光属性")), None);
        assert_eq!(names().get(&plain("（）")), None);
    }

    #[test]
    fn the_reference_lists_every_alias() {
        let reference = include_str!("../../docs/reference/ledger.md");
        for column in LedgerColumn::ALL {
            let names = [column.name(Lang::Zh), column.name(Lang::En)];
            for name in names.iter().chain(aliases(*column)) {
                assert!(reference.contains(name), "{name} of {column:?}");
            }
        }
    }
}
