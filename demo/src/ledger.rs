//! The made-up ledger as a CSV file, so that it enters by the ordinary import.

use crate::District;
use std::io::Write;
use zhishou_domain::{Lang, LedgerColumn, LedgerRow};

/// Writes the ledger with every column of the template: UTF-8, comma-separated, a heading line,
/// one line a device, parents first.
///
/// It holds the passwords in clear, as a ledger to import does; keep the file private and delete
/// it after the import.
///
/// # Errors
/// What writing to `out` fails with.
pub fn write_ledger_csv(district: &District, out: impl Write) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(LedgerColumn::ALL.iter().map(|column| column.name(Lang::Zh)))?;
    for camera in &district.cameras {
        csv.write_record(LedgerColumn::ALL.iter().map(|column| cell(&camera.row, *column)))?;
    }
    csv.flush()
}

fn cell(row: &LedgerRow, column: LedgerColumn) -> String {
    use LedgerColumn as C;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let degrees = |value: Option<f64>| value.map(|degrees| format!("{degrees:.6}"));
    match column {
        C::Name => row.name.clone(),
        C::NationalCode => text(&row.national_code),
        C::Kind => text(&row.kind.map(|kind| kind.name(Lang::Zh).to_owned())),
        C::Department => text(&row.department),
        C::Street => text(&row.street),
        C::PoliceStation => text(&row.police_station),
        C::Site => row.site.clone(),
        C::Address => text(&row.address),
        C::Class => text(&row.class.map(|class| class.name(Lang::Zh).to_owned())),
        C::Life => text(&row.life.map(|life| life.name(Lang::Zh).to_owned())),
        C::LifeSince => text(&row.life_since.map(|day| day.to_string())),
        C::Vendor => text(&row.vendor),
        C::Model => text(&row.model),
        C::Ip => text(&row.ip),
        C::Mac => text(&row.mac),
        C::Url => text(&row.url),
        C::SubUrl => text(&row.sub_url),
        C::Username => text(&row.username),
        C::Password => text(&row.password.as_ref().map(|known| known.reveal().to_owned())),
        C::Longitude => text(&degrees(row.longitude)),
        C::Latitude => text(&degrees(row.latitude)),
        C::Parent => text(&row.parent),
        C::Maintainer => text(&row.maintainer),
        C::Phone => text(&row.phone),
        C::PrivacyMasks => text(&row.privacy_masks.as_ref().map(ToString::to_string)),
        C::Checks => text(&row.checks.as_ref().map(ToString::to_string)),
        C::TestCall => text(&row.test_call.map(|leave| leave.name(Lang::Zh).to_owned())),
        C::RetentionDays => text(&row.retention_days.map(|days| days.to_string())),
        C::Tags => row.tags.join("、"),
        C::Note => text(&row.note),
    }
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
        let headings: Vec<_> = LedgerColumn::ALL.iter().map(|c| c.name(Lang::Zh)).collect();
        assert_eq!(reader.headers().unwrap(), headings);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), district.cameras.len());
        let at = |column| LedgerColumn::ALL.iter().position(|known| *known == column).unwrap();
        for (line, camera) in rows.iter().zip(&district.cameras) {
            assert_eq!(line[at(LedgerColumn::Name)], camera.row.name);
            assert_eq!(line[at(LedgerColumn::NationalCode)].len(), 20);
            assert_eq!(&line[at(LedgerColumn::Url)], camera.row.url.as_deref().unwrap_or_default());
        }
    }
}
