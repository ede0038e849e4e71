//! Whole files: what a spreadsheet writes, what people do to it, and what is no ledger at all.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use zhishou_domain::{
    DeviceKind, Lang, LedgerColumn, LifeState, PointClass, RowProblem, ledger::Password,
};
use zhishou_ledger::{LedgerError, read, template};

fn csv(text: &str) -> zhishou_ledger::Ledger {
    read(text.as_bytes()).unwrap()
}

#[test]
fn the_template_reads_back_without_an_error() {
    let ledger = read(&template().unwrap()).unwrap();
    assert_eq!((ledger.errors, ledger.ignored), (vec![], vec![]));
    let [row] = ledger.rows.as_slice() else { panic!("{:?}", ledger.rows) };
    assert_eq!(row.row, 2);
    assert_eq!(row.national_code.as_deref(), Some("34020000001320000001"));
    assert_eq!(row.kind, Some(DeviceKind::Camera));
    assert_eq!(row.class, Some(PointClass::One));
    assert_eq!(row.life, Some(LifeState::InUse));
    assert_eq!(row.life_since.unwrap().to_string(), "2024-03-01");
    assert_eq!(row.tags, ["重点", "学校"]);
    assert_eq!(row.password, Some(Password::new("example")));
    assert_eq!((row.longitude, row.latitude), (Some(121.473701), Some(31.230416)));
    assert_eq!((row.parent.as_deref(), row.note.as_deref()), (None, None));
}

#[test]
fn a_workbook_as_people_make_it() {
    let mut book = Workbook::new();
    book.add_worksheet().write_string(0, 0, "封面").unwrap();
    let sheet = book.add_worksheet();
    let plain = Format::new();
    sheet.merge_range(0, 0, 0, 6, "某区视频监控一机一档", &plain).unwrap();
    let headings =
        ["序号", "设备名称*", "社区", "街道（必填）", "", "IP地址", "状态日期", "国标编码"];
    for (at, heading) in headings.iter().enumerate() {
        sheet.write_string(2, u16::try_from(at).unwrap(), *heading).unwrap();
    }
    // One street over three rows; a date as a date; a blank row; a far cell; a number.
    sheet.merge_range(3, 3, 6, 3, "人民路", &plain).unwrap();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (row, name) in [(3, "甲"), (4, "乙"), (6, "丙")] {
        sheet.write_string(row, 1, name).unwrap();
        sheet.write_string(row, 2, "东门").unwrap();
        sheet.write_string(row, 5, format!("10.0.0.{row}")).unwrap();
    }
    let day = ExcelDateTime::from_ymd(2024, 3, 1).unwrap();
    sheet.write_datetime_with_format(3, 6, &day, &date).unwrap();
    sheet.write_number(6, 7, 3.402e19).unwrap();
    sheet.write_string(1_048_575, 16_383, "x").unwrap();
    let ledger = read(&book.save_to_buffer().unwrap()).unwrap();

    assert_eq!(ledger.ignored, ["序号"]);
    let rows: Vec<_> = ledger
        .rows
        .iter()
        .map(|row| (row.row, row.name.as_str(), row.street.as_deref(), row.ip.as_deref()))
        .collect();
    let street = Some("人民路");
    assert_eq!(rows, [(4, "甲", street, Some("10.0.0.3")), (5, "乙", street, Some("10.0.0.4"))]);
    assert_eq!(ledger.rows[0].life_since.unwrap().to_string(), "2024-03-01");
    let lost = &ledger.errors[..];
    // The blank sixth row belongs to the merged street, but holds no device.
    let problems: Vec<_> = lost.iter().map(|error| (error.row, error.problem.clone())).collect();
    assert_eq!(problems, [(7, RowProblem::DigitsLost)]);
}

#[test]
fn every_bad_cell_is_named_and_the_good_rows_stay() {
    let ledger = csv("名称,站点,街道,国标编码,IP,MAC,RTSP地址,经度,点位类别,状态,状态日期\n\
        好,东门,人民路,,,,,,,,\n\
        坏,东门,人民路,12,10.0.0.300,xx,http://a/,200,九类,坏了,三月\n\
        ,东门,人民路,,,,,,,,\n");
    assert_eq!(ledger.rows.len(), 1);
    assert_eq!(ledger.rows[0].url, None, "未接入探测");
    let columns: Vec<_> = ledger.errors.iter().map(|e| (e.row, e.column.unwrap())).collect();
    use LedgerColumn::*;
    assert_eq!(
        columns,
        [
            (3, NationalCode),
            (3, Class),
            (3, Life),
            (3, LifeSince),
            (3, Ip),
            (3, Mac),
            (3, Longitude),
            (3, Url),
            (4, Name),
        ]
    );
    for error in &ledger.errors {
        assert!(!error.render(Lang::Zh).is_empty() && !error.render(Lang::En).is_empty());
    }
}

#[test]
fn a_login_in_an_address_is_taken_out_and_must_not_contradict() {
    let ledger = csv("名称,站点,RTSP地址,子码流地址,用户名,密码\n\
        一,东门,rtsp://admin:p%40ss@10.0.0.1/1,rtsp://admin:p%40ss@10.0.0.1/2,,\n\
        二,东门,rtsp://admin:one@10.0.0.2/1,,admin,two-secret\n");
    let [row] = ledger.rows.as_slice() else { panic!() };
    assert_eq!(row.url.as_deref(), Some("rtsp://10.0.0.1/1"));
    assert_eq!(row.sub_url.as_deref(), Some("rtsp://10.0.0.1/2"));
    assert_eq!(row.username.as_deref(), Some("admin"));
    assert_eq!(row.password, Some(Password::new("p@ss")));
    let [error] = ledger.errors.as_slice() else { panic!() };
    assert_eq!(error.problem, RowProblem::TwoLogins);
    let shown = format!("{ledger:?}{}{}", error.render(Lang::Zh), error.render(Lang::En));
    for secret in ["p@ss", "p%40ss", "two-secret", ":one@"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

#[test]
fn the_same_device_twice_in_one_file_is_named() {
    let code = "34020000001320000001";
    let other = "34020000001320000002";
    let ledger = csv(&format!(
        "名称,站点,街道,国标编码\n\
        一,东门,人民路,{code}\n\
        别名,东门,人民路,{code}\n\
        一,东门,人民路,{other}\n\
        一,东门,人民路,\n\
        一,西门,人民路,\n"
    ));
    let problems: Vec<_> =
        ledger.errors.iter().map(|e| (e.row, e.column, e.problem.clone())).collect();
    let duplicate = RowProblem::Duplicate { first_row: 2 };
    assert_eq!(
        problems,
        [
            (3, Some(LedgerColumn::NationalCode), duplicate.clone()),
            (5, Some(LedgerColumn::Name), duplicate),
        ]
    );
    assert_eq!(ledger.rows.iter().map(|row| row.row).collect::<Vec<_>>(), [2, 4, 6]);
}

#[test]
fn what_is_no_ledger_says_so() {
    let no_headings = Err(LedgerError::NoHeadings { looked_at: 20 });
    assert_eq!(read(b""), no_headings);
    assert_eq!(read(b"just,some,words\n1,2,3\n"), no_headings);
    let no_site = Err(LedgerError::NoColumn { column: LedgerColumn::Site });
    assert_eq!(read("名称,国标编码,IP\na,b,c\n".as_bytes()), no_site);
    let old = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600]].concat();
    assert_eq!(read(&old), Err(LedgerError::OldOrEncrypted));
    assert_eq!(read(&[0xff, 0xd8, 0xff, 0x00]), Err(LedgerError::NotText));
    let broken = read(b"PK\x03\x04 and then nothing of use");
    assert!(matches!(broken, Err(LedgerError::Workbook { .. })), "{broken:?}");
    let cut = template().unwrap();
    let cut = read(&cut[..cut.len() / 2]);
    assert!(matches!(cut, Err(LedgerError::Workbook { .. })), "{cut:?}");
}

#[test]
fn text_stays_text() {
    let ledger = csv("名称,站点,备注\n=1+1,东门,\"@cmd|' /C calc'!A0\"\n");
    assert_eq!(ledger.rows[0].name, "=1+1");
    assert_eq!(ledger.rows[0].note.as_deref(), Some("@cmd|' /C calc'!A0"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in "(名称|站点|街道|IP|[ -~]|[\u{4e00}-\u{4e20}]|,|;|\"|\n|\r){0,200}") {
        let _ = read(text.as_bytes());
        let _ = read(format!("名称,站点,RTSP地址,密码\n{text}").as_bytes());
    }

    #[test]
    fn no_damaged_workbook_panics(damage in proptest::collection::vec((0usize..20_000, any::<u8>()), 1..40)) {
        let mut bytes = template().unwrap();
        for (at, value) in damage {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        let _ = read(&bytes);
    }
}
