//! Rows of cells become rows of the ledger, each cell checked by its column.

use crate::{
    Ledger, MAX_ERRORS, cell,
    grid::{Cell, Grid, GridRow},
    heading::{Headings, is_heading},
    login,
};
use std::collections::HashMap;
use zhishou_domain::{
    ChecksProblem, Credential, DeviceKind, LedgerColumn as Column, LedgerRow, RowError, RowProblem,
    TestCall, endpoint::is_sip, equipment::Service, ledger::Password,
};

/// Reads every row below the headings.
pub(crate) fn read_all(grid: &Grid, headings: Headings) -> Ledger {
    let mut ledger = Ledger { ignored: headings.ignored.clone(), ..Ledger::default() };
    let mut seen = Seen::default();
    for row in grid.iter().skip(headings.row + 1) {
        let mut reading = Reading { row, headings: &headings, errors: Vec::new() };
        if reading.is_blank() || reading.repeats_headings() {
            continue;
        }
        let read = reading.read();
        if let Some(read) = &read {
            reading.errors.extend(seen.check(read));
        }
        match read {
            Some(read) if reading.errors.is_empty() => ledger.rows.push(read),
            _ => {
                let room = MAX_ERRORS.saturating_sub(ledger.errors.len());
                ledger.more_errors += reading.errors.len().saturating_sub(room);
                ledger.errors.extend(reading.errors.into_iter().take(room));
            }
        }
    }
    ledger
}

struct Reading<'a> {
    row: &'a GridRow,
    headings: &'a Headings,
    errors: Vec<RowError>,
}

impl Reading<'_> {
    fn cell(&self, column: Column) -> &Cell {
        self.headings.columns.get(&column).map_or(&Cell::Empty, |at| self.row.cell(*at))
    }

    /// No column of the ledger says anything; a cell of another column may.
    fn is_blank(&self) -> bool {
        self.headings.columns.values().all(|at| self.row.cell(*at).is_blank())
    }

    fn repeats_headings(&self) -> bool {
        is_heading(Column::Name, &self.cell(Column::Name).text())
    }

    fn error(&mut self, column: Column, problem: RowProblem) {
        let value = self.cell(column).text();
        self.errors.push(RowError::new(self.row.number, column, &value, problem));
    }

    fn get<T: Default>(
        &mut self,
        column: Column,
        read: impl FnOnce(&Cell) -> Result<T, RowProblem>,
    ) -> T {
        match read(self.cell(column)) {
            Ok(value) => value,
            Err(problem) => {
                self.error(column, problem);
                T::default()
            }
        }
    }

    fn text(&mut self, column: Column) -> Option<String> {
        self.get(column, cell::text)
    }

    fn required(&mut self, column: Column) -> Option<String> {
        let before = self.errors.len();
        let text = self.text(column);
        if text.is_none() && self.errors.len() == before {
            self.error(column, RowProblem::Missing);
        }
        text
    }

    /// The row; `None` where even its name is missing. Errors gather on the side.
    fn read(&mut self) -> Option<LedgerRow> {
        let (name, site) = (self.required(Column::Name), self.required(Column::Site));
        let kind = self.get(Column::Kind, cell::kind);
        let mut row = LedgerRow {
            national_code: self.get(Column::NationalCode, cell::national_code),
            kind,
            department: self.text(Column::Department),
            street: self.text(Column::Street),
            police_station: self.text(Column::PoliceStation),
            address: self.text(Column::Address),
            class: self.get(Column::Class, cell::class),
            life: self.get(Column::Life, cell::life),
            life_since: self.get(Column::LifeSince, cell::date),
            vendor: self.text(Column::Vendor),
            model: self.text(Column::Model),
            ip: self.get(Column::Ip, cell::ip),
            mac: self.get(Column::Mac, cell::mac),
            username: self.text(Column::Username),
            password: self.get(Column::Password, cell::verbatim).map(Password::new),
            longitude: self.get(Column::Longitude, |cell| cell::number(cell, -180.0, 180.0)),
            latitude: self.get(Column::Latitude, |cell| cell::number(cell, -90.0, 90.0)),
            parent: self.text(Column::Parent),
            maintainer: self.text(Column::Maintainer),
            phone: self.text(Column::Phone),
            retention_days: self.get(Column::RetentionDays, cell::days),
            privacy_masks: self.get(Column::PrivacyMasks, cell::masks),
            checks: self.get(Column::Checks, cell::checks),
            test_call: self.get(Column::TestCall, cell::test_call),
            tags: self.get(Column::Tags, cell::tags),
            note: self.text(Column::Note),
            ..LedgerRow::new(self.row.number, name?, site?)
        };
        let kind = kind.unwrap_or(DeviceKind::Camera);
        row.url = self.address(Column::Url, kind, &mut row);
        row.sub_url = self.address(Column::SubUrl, kind, &mut row);
        let service = row.url.as_deref().and_then(Service::of);
        if service == Some(Service::Snmp) && row.password.is_some() {
            row.username.get_or_insert_with(|| Credential::COMMUNITY.to_owned());
        }
        let is_called = row.url.as_deref().is_none_or(is_sip);
        if row.test_call == Some(TestCall::Permitted) && !is_called {
            self.error(Column::TestCall, RowProblem::NotAnEndpoint);
        }
        // Without an address it is that of before.
        if let (Some(checks), true) = (&row.checks, row.url.is_some()) {
            let fit =
                service.map_or(Err(ChecksProblem::NoEquipment), |service| checks.fit(service));
            if let Err(why) = fit {
                self.error(Column::Checks, RowProblem::NotChecks { why });
            }
        }
        Some(row)
    }

    /// An address; its login joins the row, where it must be the one that stands there already.
    fn address(&mut self, column: Column, kind: DeviceKind, row: &mut LedgerRow) -> Option<String> {
        let text = self.text(column)?;
        let address = match login::split(&text, kind) {
            Ok(address) => address,
            Err(problem) => {
                self.error(column, problem);
                return None;
            }
        };
        let password = address.password.map(Password::new);
        let differs = differ(&row.username, &address.username) || differ(&row.password, &password);
        if differs {
            self.error(column, RowProblem::TwoLogins);
        }
        row.username = row.username.take().or(address.username);
        row.password = row.password.take().or(password);
        Some(address.url)
    }
}

fn differ<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// Which devices the file has named so far.
#[derive(Default)]
struct Seen {
    codes: HashMap<String, u32>,
    /// By street, site and name: the first row, and whether each row so far had a code.
    names: HashMap<(Option<String>, String, String), (u32, bool)>,
}

impl Seen {
    /// The row is a duplicate where its code was there before, or its name at its site was and one
    /// of the two has no code to tell them apart.
    fn check(&mut self, row: &LedgerRow) -> Option<RowError> {
        let duplicate = |column, value: &str, first_row| {
            Some(RowError::new(row.row, column, value, RowProblem::Duplicate { first_row }))
        };
        if let Some(code) = &row.national_code {
            if let Some(first_row) = self.codes.get(code) {
                return duplicate(Column::NationalCode, code, *first_row);
            }
            self.codes.insert(code.clone(), row.row);
        }
        let has_code = row.national_code.is_some();
        let key = (row.street.clone(), row.site.clone(), row.name.clone());
        match self.names.get(&key) {
            Some((first_row, told_apart)) if !(has_code && *told_apart) => {
                duplicate(Column::Name, &row.name, *first_row)
            }
            Some(_) => None,
            None => {
                self.names.insert(key, (row.row, has_code));
                None
            }
        }
    }
}
