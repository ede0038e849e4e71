//! Finding the devices that rows name, and what was known of each at the moment of its row.

use super::OutcomeCounts;
use crate::{Store, StoreError, decode};
use serde::Serialize;
use sqlx::Row;
use std::collections::{HashMap, HashSet};
use zhishou_domain::{
    DeviceId, FaultCode, LifeState, State, Timestamp,
    reconcile::{MatchedBy, Measured, ReconcileOutcome, RowDoubt, StatusClaim, StatusRow, outcome},
};

/// Rows looked up in one query.
const PAGE: usize = 500;

/// A row of an export, or a device that is in none, with what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciledRow {
    /// As a spreadsheet numbers it; `None` of a device that no row names.
    pub file_row: Option<u32>,
    /// 国标编码, as the file has it; of the ledger where no row names the device.
    pub code: Option<String>,
    /// IP address, likewise.
    pub ip: Option<String>,
    /// Name, likewise.
    pub name: Option<String>,
    /// The status as it stands there.
    pub said: String,
    /// What that means.
    pub claim: Option<StatusClaim>,
    /// The moment compared.
    pub at: Timestamp,
    /// Which device it is, and by what it was found.
    pub device: Option<(DeviceId, Option<MatchedBy>)>,
    /// What the probes had found, and since when.
    pub measured: Option<(Measured, Option<Timestamp>)>,
    /// Why.
    pub faults: Vec<FaultCode>,
    /// What came of it.
    pub outcome: ReconcileOutcome,
    /// Why it cannot be compared.
    pub doubt: Option<RowDoubt>,
}

/// Counts and rows, nothing of it stored yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// How many came to what.
    pub counts: OutcomeCounts,
    /// In the order of the file, then those that are not in it.
    pub rows: Vec<ReconciledRow>,
    /// Cameras in use, the denominator of those that are not in the file.
    pub cameras: u64,
}

/// A row whose device is known, at its moment.
#[derive(Serialize)]
struct Question {
    n: usize,
    device: String,
    at: i64,
}

/// What was known then.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Compared {
    measured: Measured,
    since: Option<Timestamp>,
    faults: Vec<FaultCode>,
}

impl Store {
    /// Compares the rows of an export with what the probes had found; a row without a time of its own
    /// is compared as of `as_of`. Reads only.
    pub async fn reconcile(
        &self,
        rows: Vec<StatusRow>,
        as_of: Timestamp,
        now: Timestamp,
    ) -> Result<Reconciliation, StoreError> {
        let mut made = Reconciliation::default();
        let mut named: HashSet<DeviceId> = HashSet::new();
        for page in rows.chunks(PAGE) {
            let found = self.named(page).await?;
            let first = made.rows.len();
            for (row, found) in page.iter().zip(found) {
                let at = row.at.map_or(as_of, |at| Timestamp::from_local(at, self.zone));
                let mut doubt = row.doubt.or((at > now).then_some(RowDoubt::Later));
                let device = match found {
                    Found::One(device, by) if doubt.is_none() && !named.insert(device) => {
                        doubt = Some(RowDoubt::Repeated);
                        Some((device, Some(by)))
                    }
                    Found::One(device, by) => {
                        named.insert(device);
                        Some((device, Some(by)))
                    }
                    Found::Several => {
                        doubt = doubt.or(Some(RowDoubt::Several));
                        None
                    }
                    Found::None => None,
                };
                made.rows.push(ReconciledRow {
                    file_row: Some(row.row),
                    code: row.code.clone(),
                    ip: row.ip.clone(),
                    name: row.name.clone(),
                    said: row.said.clone(),
                    claim: row.claim,
                    at,
                    device,
                    measured: None,
                    faults: Vec::new(),
                    outcome: match (doubt, device) {
                        (Some(_), _) => ReconcileOutcome::Unclear,
                        (None, _) => ReconcileOutcome::NotInLedger,
                    },
                    doubt,
                });
            }
            self.measure(made.rows.get_mut(first..).unwrap_or_default()).await?;
        }
        self.add_unnamed(&mut made, &named, as_of).await?;
        for row in &made.rows {
            made.counts.add(row.outcome);
        }
        Ok(made)
    }

    /// Which device each row names: by identity, else by national code, else by IP, else by name.
    async fn named(&self, rows: &[StatusRow]) -> Result<Vec<Found>, StoreError> {
        let codes: Vec<&String> = rows.iter().filter_map(|row| row.code.as_ref()).collect();
        let ips: Vec<&String> = rows.iter().filter_map(|row| row.ip.as_ref()).collect();
        let names: Vec<&String> = rows.iter().filter_map(|row| row.name.as_ref()).collect();
        let mut indexes = Vec::with_capacity(4);
        for (query, keys) in [
            (
                "SELECT id AS key, id FROM devices WHERE id IN (SELECT lower(value) FROM json_each(?))",
                &codes,
            ),
            (
                "SELECT national_code AS key, id FROM devices WHERE national_code IN (SELECT value FROM json_each(?))",
                &codes,
            ),
            (
                "SELECT ip AS key, id FROM devices WHERE ip IN (SELECT value FROM json_each(?)) AND life <> 'removed'",
                &ips,
            ),
            (
                "SELECT name AS key, id FROM devices WHERE name IN (SELECT value FROM json_each(?)) AND life <> 'removed'",
                &names,
            ),
        ] {
            let mut index: HashMap<String, Vec<DeviceId>> = HashMap::new();
            let keys = decode::to_json("devices", keys)?;
            for row in sqlx::query(query).bind(keys).fetch_all(self.reader()).await? {
                let id = decode::id("devices.id", row.try_get("id")?)?;
                index.entry(row.try_get("key")?).or_default().push(id);
            }
            indexes.push(index);
        }
        let [by_id, by_code, by_ip, by_name] = indexes.as_slice() else {
            return Ok(Vec::new());
        };
        let found = rows.iter().map(|row| {
            let lower = row.code.as_ref().map(|code| code.to_lowercase());
            let tries = [
                (by_id, lower.as_ref(), MatchedBy::Id),
                (by_code, row.code.as_ref(), MatchedBy::NationalCode),
                (by_ip, row.ip.as_ref(), MatchedBy::Ip),
                (by_name, row.name.as_ref(), MatchedBy::Name),
            ];
            let mut several = false;
            for (index, key, by) in tries {
                match key.and_then(|key| index.get(key)).map(Vec::as_slice) {
                    Some([one]) => return Found::One(*one, by),
                    Some([_, ..]) => several = true,
                    _ => {}
                }
            }
            if several { Found::Several } else { Found::None }
        });
        Ok(found.collect())
    }

    /// Fills in what was measured, and the outcome, of rows whose device is known.
    async fn measure(&self, rows: &mut [ReconciledRow]) -> Result<(), StoreError> {
        let questions = rows.iter().enumerate().filter_map(|(n, row)| {
            let (device, _) = row.device?;
            Some(Question { n, device: device.to_string(), at: row.at.millis() })
        });
        let questions: Vec<Question> = questions.collect();
        for (n, compared) in self.known_at(&questions).await? {
            let Some(row) = rows.get_mut(n) else { continue };
            let Compared { measured, since, faults } = compared;
            row.measured = Some((measured, since));
            row.faults = faults;
            if let (Some(claim), None) = (row.claim, row.doubt) {
                row.outcome = outcome(claim, measured);
            }
        }
        Ok(())
    }

    async fn known_at(&self, questions: &[Question]) -> Result<Vec<(usize, Compared)>, StoreError> {
        // A device is probed where the ledger had an address for it and it was in use; before its first
        // life state it counts as what that one says.
        let rows = sqlx::query(
            "WITH asked AS (SELECT value ->> 'n' AS n, value ->> 'device' AS device_id,
                 value ->> 'at' AS at_ms FROM json_each(?))
             SELECT a.n, a.at_ms,
                 (SELECT p.connected FROM placements p WHERE p.device_id = a.device_id
                      AND p.from_ms <= a.at_ms ORDER BY p.from_ms DESC LIMIT 1) AS connected,
                 ifnull((SELECT l.state FROM life_states l WHERE l.device_id = a.device_id
                      AND l.from_ms <= a.at_ms ORDER BY l.from_ms DESC LIMIT 1),
                     (SELECT l.state FROM life_states l WHERE l.device_id = a.device_id
                      ORDER BY l.from_ms LIMIT 1)) AS life,
                 t.state, t.at_ms AS since_ms, t.faults, s.stands_until_ms
             FROM asked a LEFT JOIN standings s ON s.device_id = a.device_id
             LEFT JOIN transitions t ON t.id = (SELECT id FROM transitions
                 WHERE device_id = a.device_id AND at_ms <= a.at_ms ORDER BY at_ms DESC, id DESC LIMIT 1)",
        )
        .bind(decode::to_json("reconciliation_rows", &questions)?)
        .fetch_all(self.reader())
        .await?;
        let known = rows.iter().map(|row| {
            let n: i64 = row.try_get("n")?;
            let at: i64 = row.try_get("at_ms")?;
            let connected: Option<bool> = row.try_get("connected")?;
            let life: Option<&str> = row.try_get("life")?;
            let state: Option<&str> = row.try_get("state")?;
            let state = state
                .map(|it| decode::word("transitions.state", it, State::from_code))
                .transpose()?;
            let stands_until: Option<i64> = row.try_get("stands_until_ms")?;
            let since: Option<i64> = row.try_get("since_ms")?;
            let faults: Option<&str> = row.try_get("faults")?;
            let is_probed =
                connected == Some(true) && life.is_none_or(|it| it == LifeState::InUse.code());
            // What stood at the last result stands no longer than that; a standing that was retired
            // has said so in a transition.
            let is_over = stands_until.is_some_and(|until| at > until);
            let measured = match state {
                _ if !is_probed => Measured::NotProbed,
                None | Some(State::Unknown) => Measured::Unknown,
                Some(_) if is_over => Measured::Unknown,
                Some(State::Down) => Measured::Offline,
                Some(State::Up | State::Degraded) => Measured::Online,
            };
            let is_known = matches!(measured, Measured::Online | Measured::Offline);
            let compared = Compared {
                measured,
                since: since.filter(|_| is_known).map(Timestamp::from_millis),
                faults: match faults.filter(|_| is_known) {
                    Some(faults) => decode::json("transitions.faults", faults)?,
                    None => Vec::new(),
                },
            };
            Ok((usize::try_from(n).unwrap_or(usize::MAX), compared))
        });
        known.collect()
    }

    /// Cameras in use that no row names, with what was measured of them.
    async fn add_unnamed(
        &self,
        made: &mut Reconciliation,
        named: &HashSet<DeviceId>,
        as_of: Timestamp,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let page = sqlx::query(
                "SELECT id, national_code, ip, name FROM devices
                 WHERE id > ? AND kind = 'camera' AND life = 'in_use' ORDER BY id LIMIT ?",
            )
            .bind(&after)
            .bind(PAGE as i64)
            .fetch_all(self.reader())
            .await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.try_get("id")?;
            made.cameras += page.len() as u64;
            let first = made.rows.len();
            for row in &page {
                let device: DeviceId = decode::id("devices.id", row.try_get("id")?)?;
                if named.contains(&device) {
                    continue;
                }
                made.rows.push(ReconciledRow {
                    file_row: None,
                    code: row.try_get("national_code")?,
                    ip: row.try_get("ip")?,
                    name: row.try_get("name")?,
                    said: String::new(),
                    claim: None,
                    at: as_of,
                    device: Some((device, None)),
                    measured: None,
                    faults: Vec::new(),
                    outcome: ReconcileOutcome::NotInPlatform,
                    doubt: None,
                });
            }
            self.measure(made.rows.get_mut(first..).unwrap_or_default()).await?;
        }
    }
}

/// What a row names.
enum Found {
    One(DeviceId, MatchedBy),
    Several,
    None,
}
