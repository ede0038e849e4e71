//! What is to be said of the incidents of a period.

use super::list::IncidentRow;
use crate::{Store, StoreError, decode};
use zhishou_domain::{FaultCode, IncidentId, Timestamp};

/// Incidents of a period. Those that turned out to be part of others are not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncidentStatement {
    /// Begun in it, by kind of root and by the fault of the root or of the first device; most first.
    pub begun: Vec<IncidentGroup>,
    /// Begun before it and not over when it began.
    pub carried: u64,
    /// Over within it, whenever they began.
    pub closed: u64,
    /// About ourselves.
    pub observer: u64,
    /// How many lasted at its end.
    pub open_count: u64,
    /// Those, the longest first; so many at most.
    pub open: Vec<IncidentRow>,
    /// 反复故障: devices at the root of three or more begun in it; id, name, site, how many.
    pub repeats: Vec<(String, String, String, u64)>,
}

/// Incidents of one kind of root with one fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentGroup {
    /// device, site, street, maintainer or district.
    pub root: String,
    /// What was wrong; `None` where no device said.
    pub fault: Option<FaultCode>,
    /// How many incidents.
    pub incidents: u64,
    /// Devices that were in them.
    pub devices: u64,
}

/// Open ones told of at most.
const TOLD: u32 = 30;
/// Roots of so many incidents are told of as repeat offenders, and so many of them.
const REPEATS: (i64, u32) = (3, 20);

impl Store {
    /// What is to be said of the incidents from `from` up to `to`, as of what is known now.
    pub async fn incident_statement(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<IncidentStatement, StoreError> {
        let (from, to) = (from.millis(), to.millis());
        let groups: Vec<(String, Option<String>, i64, i64)> = sqlx::query_as(
            "SELECT root, fault, count(*), sum(devices) FROM (
                 SELECT i.root, i.devices, (SELECT im.faults ->> '$[0]' FROM incident_members im
                     WHERE im.incident_id = i.id AND im.device_id = ifnull(
                         (SELECT device_id FROM incident_members
                          WHERE incident_id = i.id AND device_id = i.root_device_id),
                         (SELECT device_id FROM incident_members WHERE incident_id = i.id
                          ORDER BY since_ms, device_id LIMIT 1))) AS fault
                 FROM incidents i
                 WHERE i.since_ms >= ? AND i.since_ms < ? AND i.merged_into IS NULL)
             GROUP BY 1, 2 ORDER BY 3 DESC, 4 DESC, 1, 2",
        )
        .bind(from)
        .bind(to)
        .fetch_all(self.reader())
        .await?;
        let (carried, closed, open_count): (i64, i64, i64) = sqlx::query_as(
            "SELECT
                 (SELECT count(*) FROM incidents WHERE since_ms < ?1 AND merged_into IS NULL
                  AND root <> 'observer' AND (closed_ms IS NULL OR closed_ms >= ?1)),
                 (SELECT count(*) FROM incidents WHERE closed_ms >= ?1 AND closed_ms < ?2
                  AND merged_into IS NULL AND root <> 'observer'),
                 (SELECT count(*) FROM incidents WHERE since_ms < ?2 AND merged_into IS NULL
                  AND root <> 'observer' AND (closed_ms IS NULL OR closed_ms >= ?2))",
        )
        .bind(from)
        .bind(to)
        .fetch_one(self.reader())
        .await?;
        let open: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM incidents WHERE since_ms < ?1 AND merged_into IS NULL
             AND root <> 'observer' AND (closed_ms IS NULL OR closed_ms >= ?1)
             ORDER BY since_ms, id LIMIT ?2",
        )
        .bind(to)
        .bind(TOLD)
        .fetch_all(self.reader())
        .await?;
        let open: Vec<_> = open.into_iter().map(IncidentId::new).collect();
        let mut open = self.incidents_of(&open).await?;
        open.sort_by_key(|row| (row.since, row.id));
        let repeats: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT d.id, d.name, p.name, count(*) FROM incidents i
             JOIN devices d ON d.id = i.root_device_id JOIN sites p ON p.id = d.site_id
             WHERE i.since_ms >= ? AND i.since_ms < ? AND i.merged_into IS NULL
             GROUP BY d.id HAVING count(*) >= ? ORDER BY 4 DESC, d.name, d.id LIMIT ?",
        )
        .bind(from)
        .bind(to)
        .bind(REPEATS.0)
        .bind(REPEATS.1)
        .fetch_all(self.reader())
        .await?;
        let number = |number: i64| decode::unsigned("incidents", number);
        let mut stated = IncidentStatement {
            carried: number(carried)?,
            closed: number(closed)?,
            open_count: number(open_count)?,
            open,
            ..IncidentStatement::default()
        };
        for (root, fault, incidents, devices) in groups {
            let (incidents, devices) = (number(incidents)?, number(devices)?);
            if root == "observer" {
                stated.observer += incidents;
                continue;
            }
            let fault = fault
                .map(|code| decode::word("incident_members.faults", &code, FaultCode::from_code))
                .transpose()?;
            stated.begun.push(IncidentGroup { root, fault, incidents, devices });
        }
        for (id, name, site, times) in repeats {
            stated.repeats.push((id, name, site, number(times)?));
        }
        Ok(stated)
    }
}
