//! The made-up ledger as a CSV file, so that it enters by the ordinary import.

use crate::{District, LedgerRow};
use std::io::Write;
use zhishou_domain::Lang;

/// The headings, as the import template has them.
pub const HEADINGS: [&str; 27] = [
    "名称",
    "国标编码",
    "所属单位",
    "街道",
    "辖区派出所",
    "站点",
    "安装地址",
    "点位类别",
    "状态",
    "状态日期",
    "厂商",
    "型号",
    "IP",
    "MAC",
    "RTSP 地址",
    "子码流地址",
    "用户名",
    "密码",
    "经度",
    "纬度",
    "上级设备",
    "运维单位",
    "联系电话",
    "录像保存天数",
    "标签",
    "备注",
    "设备类型",
];

/// Writes the ledger: UTF-8, comma-separated, a heading line, one line a device, parents first.
///
/// It holds the passwords in clear, as a ledger to import does; keep the file private and delete
/// it after the import.
///
/// # Errors
/// What writing to `out` fails with.
pub fn write_ledger_csv(district: &District, out: impl Write) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADINGS)?;
    for camera in &district.cameras {
        csv.write_record(cells(&camera.row))?;
    }
    csv.flush()
}

fn cells(row: &LedgerRow) -> [String; HEADINGS.len()] {
    let (username, password) = match &row.credential {
        Some(known) => (known.username.clone(), known.password().to_owned()),
        None => (String::new(), String::new()),
    };
    [
        row.name.clone(),
        row.national_code.clone(),
        row.department.clone(),
        row.street.clone(),
        row.police_station.clone(),
        row.site.clone(),
        row.address.clone(),
        row.class.name(Lang::Zh).to_owned(),
        row.life.name(Lang::Zh).to_owned(),
        row.life_since.clone(),
        row.vendor.clone(),
        row.model.clone(),
        row.ip.clone(),
        row.mac.clone(),
        row.url.clone().unwrap_or_default(),
        String::new(),
        username,
        password,
        format!("{:.6}", row.longitude),
        format!("{:.6}", row.latitude),
        row.parent.clone().unwrap_or_default(),
        row.maintainer.clone(),
        row.phone.clone(),
        row.retention_days.to_string(),
        row.tags.join("、"),
        row.note.clone(),
        row.kind.name(Lang::Zh).to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_district_becomes_a_line_with_every_column() {
        let district = crate::cast::district(crate::BASE_CAMERAS, 8554);
        let mut text = Vec::new();
        write_ledger_csv(&district, &mut text).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_slice());
        assert_eq!(reader.headers().unwrap(), HEADINGS.as_slice());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), district.cameras.len());
        for (line, camera) in rows.iter().zip(&district.cameras) {
            assert_eq!(&line[0], camera.row.name);
            assert_eq!(line[1].len(), 20);
            assert_eq!(&line[14], camera.row.url.as_deref().unwrap_or_default());
        }
    }
}
