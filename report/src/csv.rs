//! CSV: UTF-8 with a byte order mark, so that Excel reads it; no cell is a formula.

use crate::{Availability, ReportError, availability};
use zhishou_domain::Lang;

/// Writes the report as CSV.
pub fn to_csv(report: &Availability, lang: Lang) -> Result<Vec<u8>, ReportError> {
    let mut out = "\u{feff}".as_bytes().to_vec();
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(&mut out);
    writer.write_record(availability::headings(lang))?;
    for row in report.rows(lang) {
        let minutes = &row.minutes;
        let online = minutes.online();
        writer.write_record([
            neutral(&row.street),
            neutral(&row.site),
            row.devices.to_string(),
            report.rate_text(minutes, lang),
            online.numerator.to_string(),
            online.denominator.to_string(),
            minutes.degraded.to_string(),
            minutes.down.to_string(),
            minutes.scheduled.to_string(),
            minutes.coverage().percent(),
        ])?;
    }
    writer.write_record([availability::footnote(report, lang)])?;
    writer.flush().map_err(::csv::Error::from)?;
    drop(writer);
    Ok(out)
}

/// Text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, CSV injection).
fn neutral(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_cannot_smuggle_a_formula() {
        let text = String::from_utf8(to_csv(&availability::sample(), Lang::Zh).unwrap()).unwrap();
        assert!(text.starts_with("\u{feff}街道,站点,"));
        assert!(text.contains("东街,'=1+1,2,69.44,2000,2880,0,880,2880,100.00"));
        assert!(text.contains("\n总计,,4,数据不足 52.08–84.72,"));
    }
}
