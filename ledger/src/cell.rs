//! From a cell to a value of its kind, or to what is wrong with it.

use crate::{MAX_CELL, grid::Cell};
use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime};
use std::net::IpAddr;
use zhishou_domain::{
    Checks, DeviceKind, Lang, LifeState, PointClass, PrivacyMasks, RowProblem, TestCall,
};

/// What people write into a cell that has nothing to say.
const NOTHING: [&str; 9] = ["-", "--", "—", "——", "/", "\\", "无", "暂无", "n/a"];
/// Longest retention that is taken for one, days.
const MAX_RETENTION_DAYS: u32 = 3650;
/// Spreadsheets keep 15 significant digits of a number.
const EXACT_BELOW: f64 = 1e15;

/// Text with its spaces put right; `None` where the cell says nothing.
pub(crate) fn text(cell: &Cell) -> Result<Option<String>, RowProblem> {
    let text = raw(cell)?;
    let words: Vec<_> = text.split_whitespace().collect();
    let text = words.join(" ");
    let nothing = text.is_empty() || NOTHING.contains(&text.to_lowercase().as_str());
    Ok((!nothing).then_some(text))
}

/// Text exactly as it stands there; `None` where it is blank. For passwords.
pub(crate) fn verbatim(cell: &Cell) -> Result<Option<String>, RowProblem> {
    let text = raw(cell)?;
    Ok((!text.trim().is_empty()).then_some(text))
}

fn raw(cell: &Cell) -> Result<String, RowProblem> {
    if matches!(cell, Cell::Error(_)) {
        return Err(RowProblem::FormulaError);
    }
    let text = cell.text();
    if text.chars().count() > MAX_CELL {
        return Err(RowProblem::TooLong { limit: MAX_CELL });
    }
    Ok(text)
}

/// Text in which full-width letters and digits became plain ones, without any space.
fn code(cell: &Cell) -> Result<Option<String>, RowProblem> {
    Ok(text(cell)?.map(|text| {
        let plain = text.chars().map(narrow).filter(|letter| !letter.is_whitespace());
        plain.collect::<String>().trim_start_matches('\'').to_owned()
    }))
}

/// U+FF01–U+FF5E are the printable ASCII characters in full width.
pub(crate) fn narrow(letter: char) -> char {
    match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xff01 + 0x21).unwrap_or(letter),
        letter => letter,
    }
}

/// 国标编码: 20 digits (GB/T 28181-2016 annex D, -2022 annex E).
pub(crate) fn national_code(cell: &Cell) -> Result<Option<String>, RowProblem> {
    if matches!(cell, Cell::Number(number) if number.abs() >= EXACT_BELOW) {
        return Err(RowProblem::DigitsLost);
    }
    let Some(code) = code(cell)? else { return Ok(None) };
    if code.len() == 20 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(code));
    }
    let scientific = code.contains(['e', 'E']) && code.parse::<f64>().is_ok();
    Err(if scientific { RowProblem::DigitsLost } else { RowProblem::NotANationalCode })
}

/// An IPv4 or IPv6 address in its usual form.
pub(crate) fn ip(cell: &Cell) -> Result<Option<String>, RowProblem> {
    let Some(code) = code(cell)? else { return Ok(None) };
    let address: IpAddr = code.parse().map_err(|_| RowProblem::NotAnIp)?;
    Ok(Some(address.to_string()))
}

/// A MAC address as `aa:bb:cc:dd:ee:ff`, however it is separated.
pub(crate) fn mac(cell: &Cell) -> Result<Option<String>, RowProblem> {
    let Some(code) = code(cell)? else { return Ok(None) };
    let digits: Vec<char> = code.chars().filter(|letter| !":-.".contains(*letter)).collect();
    if digits.len() != 12 || !digits.iter().all(char::is_ascii_hexdigit) {
        return Err(RowProblem::NotAMac);
    }
    let octets = digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_lowercase());
    Ok(Some(octets.collect::<Vec<_>>().join(":")))
}

/// A number within a range.
pub(crate) fn number(cell: &Cell, min: f64, max: f64) -> Result<Option<f64>, RowProblem> {
    let value = match cell {
        Cell::Number(number) => *number,
        cell => {
            let Some(code) = code(cell)? else { return Ok(None) };
            let bare = code.trim_end_matches(['°', '度']);
            bare.parse().map_err(|_| RowProblem::NotANumber)?
        }
    };
    if (min..=max).contains(&value) {
        return Ok(Some(value));
    }
    Err(if value.is_finite() {
        RowProblem::OutOfRange { min, max }
    } else {
        RowProblem::NotANumber
    })
}

/// Whole days.
pub(crate) fn days(cell: &Cell) -> Result<Option<u32>, RowProblem> {
    let max = f64::from(MAX_RETENTION_DAYS);
    let bare = match cell {
        Cell::Text(text) => Cell::Text(text.trim().trim_end_matches(['天', '日']).to_owned()),
        cell => cell.clone(),
    };
    let Some(value) = number(&bare, 0.0, max)? else { return Ok(None) };
    if value.fract() != 0.0 {
        return Err(RowProblem::NotANumber);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..=3650, whole")]
    Ok(Some(value as u32))
}

/// A date: a date cell, the serial number of an unformatted one, or text in the usual forms.
pub(crate) fn date(cell: &Cell) -> Result<Option<NaiveDate>, RowProblem> {
    let date = match cell {
        Cell::Date(at) => Some(at.date()),
        Cell::Number(number) => of_serial(*number),
        cell => {
            let Some(text) = text(cell)? else { return Ok(None) };
            let text: String = text.chars().map(narrow).collect();
            let day = text.split([' ', 'T']).next().unwrap_or(&text);
            ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]
                .iter()
                .find_map(|form| NaiveDate::parse_from_str(day, form).ok())
        }
    };
    date.filter(|date| (1980..2200).contains(&date.year())).map(Some).ok_or(RowProblem::NotADate)
}

/// A moment on a clock on the wall: a cell with date and time, the serial number of an unformatted
/// one, or text in the usual forms; a date alone is its midnight.
pub(crate) fn moment(cell: &Cell) -> Result<Option<NaiveDateTime>, RowProblem> {
    let at = match cell {
        Cell::Date(at) => Some(*at),
        // Seconds of the day stand behind the point.
        Cell::Number(number) if number.fract() > 0.0 => of_serial(number.trunc()).and_then(|day| {
            let seconds = (number.fract() * 86_400.0).round();
            #[expect(clippy::cast_possible_truncation, reason = "0..=86 400")]
            day.and_time(NaiveTime::MIN).checked_add_signed(Duration::seconds(seconds as i64))
        }),
        cell => {
            let Some(text) = text(cell)? else { return Ok(None) };
            let text: String = text.chars().map(narrow).collect();
            let bare = text.trim_end_matches('Z').split(['+', '.']).next().unwrap_or(&text);
            let forms = [
                "%Y-%m-%d %H:%M:%S",
                "%Y-%m-%dT%H:%M:%S",
                "%Y/%m/%d %H:%M:%S",
                "%Y年%m月%d日 %H:%M:%S",
                "%Y-%m-%d %H:%M",
                "%Y/%m/%d %H:%M",
                "%Y年%m月%d日 %H:%M",
                "%Y%m%d%H%M%S",
            ];
            let at = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok());
            match at {
                Some(at) => Some(at),
                None => date(cell)?.map(|day| day.and_time(NaiveTime::MIN)),
            }
        }
    };
    at.filter(|at| (1980..2200).contains(&at.year())).map(Some).ok_or(RowProblem::NotADate)
}

/// Day 1 is 1900-01-01, and 1900 counts as a leap year (ECMA-376 part 1, 18.17.4.1).
fn of_serial(number: f64) -> Option<NaiveDate> {
    // 1980-01-01 to 2199-12-31; anything else is a number and no date.
    if !(29_221.0..109_574.0).contains(&number) {
        // Eight digits such as 20260301 are a date written as a number.
        let digits = number.to_string();
        return (digits.len() == 8)
            .then(|| NaiveDate::parse_from_str(&digits, "%Y%m%d").ok())
            .flatten();
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 109 574")]
    NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_signed(Duration::days(number as i64))
}

/// One of a set of words.
fn word<T: Copy>(
    cell: &Cell,
    words: &[(T, &[&str])],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, RowProblem> {
    let Some(code) = code(cell)? else { return Ok(None) };
    let code = code.to_lowercase();
    let found = words.iter().find(|(_, names)| names.contains(&code.as_str()));
    found.map(|(value, _)| Some(*value)).ok_or_else(|| {
        let allowed: Vec<_> = words.iter().map(|(value, _)| name(*value)).collect();
        RowProblem::UnknownWord { allowed: allowed.join(" / ") }
    })
}

/// 设备类型.
pub(crate) fn kind(cell: &Cell) -> Result<Option<DeviceKind>, RowProblem> {
    let words: [(DeviceKind, &[&str]); 3] = [
        (
            DeviceKind::Camera,
            &["摄像机", "摄像头", "监控", "球机", "枪机", "半球", "camera", "ipc"],
        ),
        (DeviceKind::Endpoint, &["会议终端", "终端", "视频会议终端", "endpoint"]),
        (
            DeviceKind::Equipment,
            &[
                "配套设备",
                "equipment",
                "nvr",
                "dvr",
                "录像机",
                "硬盘录像机",
                "交换机",
                "switch",
                "平台",
                "ups",
            ],
        ),
    ];
    word(cell, &words, |kind| kind.name(Lang::Zh))
}

/// 点位类别.
pub(crate) fn class(cell: &Cell) -> Result<Option<PointClass>, RowProblem> {
    let words: [(PointClass, &[&str]); 3] = [
        (
            PointClass::One,
            &["一类点", "一类", "一类点位", "1", "1类", "1类点", "ⅰ类", "i类", "class1"],
        ),
        (
            PointClass::Two,
            &["二类点", "二类", "二类点位", "2", "2类", "2类点", "ⅱ类", "ii类", "class2"],
        ),
        (
            PointClass::Three,
            &["三类点", "三类", "三类点位", "3", "3类", "3类点", "ⅲ类", "iii类", "class3"],
        ),
    ];
    word(cell, &words, |class| class.name(Lang::Zh))
}

/// 状态.
pub(crate) fn life(cell: &Cell) -> Result<Option<LifeState>, RowProblem> {
    let words: [(LifeState, &[&str]); 4] = [
        (LifeState::InUse, &["在用", "使用", "使用中", "启用", "正常", "inuse", "in_use"]),
        (LifeState::Disabled, &["停用", "停止使用", "禁用", "disabled"]),
        (LifeState::Relocating, &["迁改", "迁移", "迁改中", "移位", "relocating"]),
        (LifeState::Removed, &["拆除", "已拆除", "报废", "removed"]),
    ];
    word(cell, &words, |life| life.name(Lang::Zh))
}

/// 隐私遮挡: regions of the picture.
pub(crate) fn masks(cell: &Cell) -> Result<Option<PrivacyMasks>, RowProblem> {
    let text = raw(cell)?;
    if NOTHING.contains(&text.trim()) {
        return Ok(None);
    }
    let masks: PrivacyMasks = text.parse().map_err(|why| RowProblem::NotMasks { why })?;
    Ok(Some(masks).filter(|masks| !masks.is_empty()))
}

/// 监控项, lines and all.
pub(crate) fn checks(cell: &Cell) -> Result<Option<Checks>, RowProblem> {
    let text = raw(cell)?;
    if NOTHING.contains(&text.trim()) {
        return Ok(None);
    }
    let checks: Checks = text.parse().map_err(|why| RowProblem::NotChecks { why })?;
    Ok(Some(checks).filter(|checks| !checks.is_empty()))
}

/// 允许测试呼叫.
pub(crate) fn test_call(cell: &Cell) -> Result<Option<TestCall>, RowProblem> {
    let words: [(TestCall, &[&str]); 2] = [
        (TestCall::Permitted, &["是", "允许", "可", "yes", "y", "true", "1", "permitted"]),
        (TestCall::Forbidden, &["否", "不允许", "不可", "no", "n", "false", "0", "forbidden"]),
    ];
    word(cell, &words, |value| value.name(Lang::Zh))
}

/// 标签, separated by commas, semicolons, bars or line breaks.
pub(crate) fn tags(cell: &Cell) -> Result<Vec<String>, RowProblem> {
    let mut tags = Vec::new();
    for tag in raw(cell)?.split([',', '，', '、', ';', '；', '|', '\n']) {
        let tag = tag.split_whitespace().collect::<Vec<_>>().join(" ");
        if !tag.is_empty() && !NOTHING.contains(&tag.as_str()) && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn t(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn leave_to_call_is_given_in_words() {
        assert_eq!(test_call(&t("是")), Ok(Some(TestCall::Permitted)));
        assert_eq!(test_call(&t("不允许")), Ok(Some(TestCall::Forbidden)));
        assert_eq!(test_call(&Cell::Empty), Ok(None));
        assert!(matches!(test_call(&t("偶尔")), Err(RowProblem::UnknownWord { .. })));
    }

    #[test]
    fn checks_may_stand_one_a_line() {
        let read = checks(&t("温度=1.3.6.1.4.1.9,上限=60\n风扇=1.3.6.1.4.1.10,等于=1"));
        assert_eq!(read.unwrap().unwrap().items.len(), 2);
        assert_eq!(checks(&t("无")), Ok(None));
        assert!(matches!(checks(&t("温度")), Err(RowProblem::NotChecks { .. })));
    }

    #[test]
    fn masks_are_regions_or_told_what_is_wrong_with_them() {
        assert_eq!(masks(&Cell::Empty), Ok(None));
        assert_eq!(masks(&t("无")), Ok(None));
        assert_eq!(masks(&t("0.1,0.2 0.4,0.5")).unwrap().unwrap().len(), 1);
        assert!(matches!(masks(&t("0.1,0.2")), Err(RowProblem::NotMasks { .. })));
    }

    #[test]
    fn a_cell_that_says_nothing_is_empty() {
        for cell in [Cell::Empty, t(" "), t("-"), t("无"), t("N/A")] {
            assert_eq!(text(&cell), Ok(None), "{cell:?}");
        }
        assert_eq!(text(&t("  东门\n 一号 ")), Ok(Some("东门 一号".to_owned())));
        assert_eq!(text(&t("=1+1")), Ok(Some("=1+1".to_owned())));
        assert_eq!(verbatim(&t(" p w ")), Ok(Some(" p w ".to_owned())));
        assert_eq!(text(&t(&"长".repeat(10_001))), Err(RowProblem::TooLong { limit: 10_000 }));
        assert_eq!(text(&Cell::Error("#N/A".into())), Err(RowProblem::FormulaError));
        assert_eq!(text(&Cell::Number(13_800_138_000.0)), Ok(Some("13800138000".to_owned())));
    }

    #[test]
    fn a_national_code_has_twenty_digits_and_is_never_a_number() {
        let code = "34020000001320000001";
        assert_eq!(national_code(&t(code)), Ok(Some(code.to_owned())));
        assert_eq!(national_code(&t("'３4020000001320000001 ")), Ok(Some(code.to_owned())));
        assert_eq!(national_code(&Cell::Number(3.402e19)), Err(RowProblem::DigitsLost));
        assert_eq!(national_code(&t("3.402E+19")), Err(RowProblem::DigitsLost));
        assert_eq!(national_code(&t("3402")), Err(RowProblem::NotANationalCode));
        assert_eq!(national_code(&t("3402000000132000000x")), Err(RowProblem::NotANationalCode));
    }

    #[test]
    fn addresses() {
        assert_eq!(ip(&t("１0.1.2.3")), Ok(Some("10.1.2.3".to_owned())));
        assert_eq!(ip(&t("2001:DB8::1")), Ok(Some("2001:db8::1".to_owned())));
        assert_eq!(ip(&t("10.1.2.300")), Err(RowProblem::NotAnIp));
        for text in ["AA-BB-CC-DD-EE-0F", "aabb.ccdd.ee0f", "aabbccddee0f"] {
            assert_eq!(mac(&t(text)), Ok(Some("aa:bb:cc:dd:ee:0f".to_owned())));
        }
        assert_eq!(mac(&t("aa:bb:cc:dd:ee")), Err(RowProblem::NotAMac));
    }

    #[test]
    fn dates_of_every_kind() {
        let expected = NaiveDate::from_ymd_opt(2024, 3, 1);
        for text in [
            "2024-03-01",
            "2024/3/1",
            "2024.3.1",
            "2024年3月1日",
            "20240301",
            "2024-03-01 08:00:00",
        ] {
            assert_eq!(date(&t(text)), Ok(expected), "{text}");
        }
        assert_eq!(date(&Cell::Number(45_352.0)), Ok(expected));
        assert_eq!(date(&Cell::Number(20_240_301.0)), Ok(expected));
        for cell in [t("三月"), t("2024-13-01"), Cell::Number(12.0), t("0001-01-01")] {
            assert_eq!(date(&cell), Err(RowProblem::NotADate), "{cell:?}");
        }
    }

    #[test]
    fn moments_of_every_kind() {
        let expected = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(8, 30, 0);
        for text in [
            "2024-03-01 08:30:00",
            "2024/3/1 8:30",
            "2024年3月1日 8:30",
            "20240301083000",
            "2024-03-01T08:30:00.000+08:00",
        ] {
            assert_eq!(moment(&t(text)), Ok(expected), "{text}");
        }
        assert_eq!(moment(&Cell::Number(45_352.0 + 8.5 / 24.0)), Ok(expected));
        let midnight = NaiveDate::from_ymd_opt(2024, 3, 1).unwrap().and_hms_opt(0, 0, 0);
        assert_eq!(moment(&t("2024-03-01")), Ok(midnight));
        assert_eq!(moment(&t("-")), Ok(None));
        assert_eq!(moment(&t("刚才")), Err(RowProblem::NotADate));
    }

    #[test]
    fn numbers_and_their_ranges() {
        assert_eq!(number(&t("121.47°"), -180.0, 180.0), Ok(Some(121.47)));
        let outside = RowProblem::OutOfRange { min: -90.0, max: 90.0 };
        assert_eq!(number(&Cell::Number(121.4), -90.0, 90.0), Err(outside));
        assert_eq!(number(&t("NaN"), -90.0, 90.0), Err(RowProblem::NotANumber));
        assert_eq!(days(&t("90天")), Ok(Some(90)));
        assert_eq!(days(&Cell::Number(1.5)), Err(RowProblem::NotANumber));
    }

    #[test]
    fn words_and_what_they_may_be() {
        assert_eq!(class(&t("二类")), Ok(Some(PointClass::Two)));
        assert_eq!(class(&Cell::Number(3.0)), Ok(Some(PointClass::Three)));
        assert_eq!(life(&t("拆除")), Ok(Some(LifeState::Removed)));
        assert_eq!(kind(&t("NVR")), Ok(Some(DeviceKind::Equipment)));
        let Err(RowProblem::UnknownWord { allowed }) = life(&t("坏了")) else { panic!() };
        assert_eq!(allowed, "在用 / 停用 / 迁改 / 拆除");
        assert_eq!(tags(&t("重点，学校;学校|")), Ok(vec!["重点".to_owned(), "学校".to_owned()]));
    }

    proptest::proptest! {
        #[test]
        fn no_cell_panics(text in ".{0,40}", number in proptest::num::f64::ANY) {
            for cell in [Cell::Text(text), Cell::Number(number)] {
                let _ = (super::text(&cell), national_code(&cell), ip(&cell), mac(&cell));
                let _ = (moment(&cell), date(&cell), days(&cell), class(&cell), life(&cell), kind(&cell));
                let _ = (tags(&cell), super::number(&cell, -180.0, 180.0));
            }
        }
    }
}
