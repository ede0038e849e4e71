//! A year behind the day and a half of the fixture, seeded: power cuts of sites and of whole streets
//! (most of them excluded), dead switches, cameras that wait for days to be repaired, some that flap, and
//! some whose picture fails every night. What is written are transitions, as probes would have left them,
//! and what the platform made of them (see [`crate::upkeep`]).

use crate::{
    fixture::{Fixture, NOW},
    outages::{Chance, Outages, Site, is_reached},
    people, upkeep,
};
use sqlx::{
    Connection, QueryBuilder, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteSynchronous},
};
use std::time::Duration;
use zhishou_domain::Timestamp;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
/// Days of the past; what is nearer is of the fixture.
pub(crate) const DAYS: i64 = 365;
/// Rows of one statement.
pub(crate) const ROWS: usize = 2000;

/// From when to when, milliseconds.
pub(crate) type Spell = (i64, i64);

/// A change of a device: when, its state, its faults.
pub(crate) type Change = (i64, &'static str, &'static str);

/// The first moment of the year.
pub(crate) fn start() -> Timestamp {
    NOW - Duration::from_millis((DAYS * DAY).unsigned_abs())
}

/// The year that is filled, milliseconds.
pub(crate) fn extent() -> Spell {
    (start().millis(), (NOW - Duration::from_secs(36 * 3600)).millis())
}

/// Writes the year. Devices are there since [`start`].
pub(crate) async fn fill(fixture: &Fixture) {
    let path = fixture.folder.path().join("zhishou.db");
    let options = SqliteConnectOptions::new().filename(path).synchronous(SqliteSynchronous::Off);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let sites = Site::all(&mut connection).await;
    let mut chance = Chance::new(7);
    let mut write = connection.begin().await.unwrap();
    let mut outages = Outages::new(&sites, &mut chance);
    for site in &sites {
        for (device, changes) in outages.of_site(site, &mut chance) {
            keep(&mut write, &device, &changes).await;
        }
    }
    let cuts = outages.cuts();
    upkeep::write(&mut write, outages.incidents(), &sites, &mut chance).await;
    write.commit().await.unwrap();
    connection.close().await.unwrap();
    people::users(fixture).await;
    people::exclusions(fixture, cuts).await;
}

async fn keep(connection: &mut SqliteConnection, device: &str, changes: &[Change]) {
    for rows in changes.chunks(ROWS) {
        QueryBuilder::new("INSERT INTO transitions (device_id, at_ms, state, reached, faults) ")
            .push_values(rows, |mut row, (at, state, fault)| {
                row.push_bind(device)
                    .push_bind(at)
                    .push_bind(*state)
                    .push_bind(is_reached(fault))
                    .push_bind(*fault);
            })
            .build()
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}
