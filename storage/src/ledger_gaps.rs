//! What the ledger lacks now: records that keep devices from being probed, and fields that a policy asks
//! for and nobody filled in.

use crate::{Filter, Store, StoreError, decode};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row, Sqlite};
use zhishou_domain::{
    DeviceId,
    policy::{ClassKey, LedgerField, Policy},
};

/// What a record lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LedgerGap {
    /// An address to open: it is not probed.
    Address,
    /// A login that works: its media cannot be judged (口令待核).
    Login,
    /// A field that the policy asks for.
    Field(LedgerField),
}

impl LedgerGap {
    /// Every gap there can be under a policy, those that keep devices from being probed first.
    pub fn under(policy: &Policy) -> Vec<Self> {
        let fields = policy.ledger.required.iter().map(|field| Self::Field(*field));
        [Self::Address, Self::Login].into_iter().chain(fields).collect()
    }

    /// The stable word: that of the column of the ledger.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Address => "url",
            Self::Login => "password",
            Self::Field(field) => field.column().code(),
        }
    }

    /// As SQL over `devices v` and `standings s`.
    fn condition(self) -> String {
        match self {
            Self::Address => "v.url IS NULL".to_owned(),
            // Of what the last probe said; a login that worked before and is refused now is an outage.
            Self::Login => "v.url IS NOT NULL AND s.verdict = 'unknown' AND EXISTS (SELECT 1
                 FROM json_each(s.seen_faults) WHERE value IN ('auth_required', 'auth_rejected', 'auth_suspended'))"
                .to_owned(),
            Self::Field(field) => format!("ifnull(v.{}, '') = ''", column(field)),
        }
    }
}

/// The column of `devices` that keeps a field.
pub(crate) const fn column(field: LedgerField) -> &'static str {
    match field {
        LedgerField::NationalCode => "national_code",
        LedgerField::Department => "department_id",
        LedgerField::Maintainer => "maintainer_id",
        LedgerField::PoliceStation => "police_station",
        LedgerField::Class => "class",
        LedgerField::Address => "address",
        LedgerField::Vendor => "vendor",
        LedgerField::Model => "model",
        LedgerField::Ip => "ip",
        LedgerField::Mac => "mac",
        LedgerField::Longitude => "longitude",
        LedgerField::Latitude => "latitude",
        LedgerField::RetentionDays => "retention_days",
    }
}

/// How complete the ledger is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerState {
    /// 台账: records within the scope of the policy.
    pub records: u64,
    /// With an address to open.
    pub connected: u64,
    /// With every field that the policy asks for.
    pub complete: u64,
    /// Beside [`LedgerGap::under`].
    pub gaps: Vec<u64>,
}

/// Where a page of [`Store::ledger_gaps`] ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapCursor(pub String, pub String, pub String, pub String);

/// A record with what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapRow {
    /// Identity.
    pub device: DeviceId,
    /// Its name.
    pub name: String,
    /// 站点.
    pub site: String,
    /// 街道.
    pub street: String,
    /// 国标编码.
    pub national_code: Option<String>,
    /// IP address.
    pub ip: Option<String>,
    /// 运维单位 and its telephone.
    pub maintainer: Option<(String, Option<String>)>,
    /// What it lacks, in the order of [`LedgerGap::under`].
    pub gaps: Vec<LedgerGap>,
}

impl GapRow {
    /// Where it stands in the list.
    pub fn cursor(&self) -> GapCursor {
        let (street, site, name) = (self.street.clone(), self.site.clone(), self.name.clone());
        GapCursor(street, site, name, self.device.to_string())
    }
}

impl Store {
    /// How complete the ledger is now, of the devices that match.
    pub async fn ledger_state(
        &self,
        policy: &Policy,
        filter: &Filter,
    ) -> Result<LedgerState, StoreError> {
        let gaps = LedgerGap::under(policy);
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT count(*), ifnull(sum(url IS NOT NULL), 0), ifnull(sum(",
        );
        query.push(complete(policy)).push("), 0)");
        for gap in &gaps {
            query.push(", ifnull(sum(").push(gap.condition()).push("), 0)");
        }
        query.push(" FROM (SELECT d.* FROM devices d WHERE 1");
        filter.push(&mut query);
        query.push(") v LEFT JOIN standings s ON s.device_id = v.id WHERE ").push(within(policy));
        let row = query.build().fetch_one(self.reader()).await?;
        let number = |at: usize| decode::unsigned("devices", row.try_get(at)?);
        Ok(LedgerState {
            records: number(0)?,
            connected: number(1)?,
            complete: number(2)?,
            gaps: (3..3 + gaps.len()).map(number).collect::<Result<_, _>>()?,
        })
    }

    /// Records that lack something, or this, by street, site and name; `limit` at most after a place.
    pub async fn ledger_gaps(
        &self,
        policy: &Policy,
        filter: &Filter,
        only: Option<LedgerGap>,
        after: Option<&GapCursor>,
        limit: u32,
    ) -> Result<Vec<GapRow>, StoreError> {
        let gaps = LedgerGap::under(policy);
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT v.id, v.name, v.national_code, v.ip, si.name AS site, st.name AS street,
                 m.name AS maintainer, m.phone",
        );
        for (at, gap) in gaps.iter().enumerate() {
            query.push(", ").push(gap.condition()).push(format!(" AS gap{at}"));
        }
        query.push(" FROM (SELECT d.* FROM devices d WHERE 1");
        filter.push(&mut query);
        query.push(
            ") v LEFT JOIN standings s ON s.device_id = v.id
             JOIN sites si ON si.id = v.site_id JOIN streets st ON st.id = si.street_id
             LEFT JOIN maintainers m ON m.id = v.maintainer_id WHERE ",
        );
        query.push(within(policy));
        let wanted: Vec<_> = match only {
            Some(gap) => vec![gap.condition()],
            None => gaps.iter().map(|gap| gap.condition()).collect(),
        };
        query.push(format!(" AND ({})", wanted.join(" OR ")));
        if let Some(GapCursor(street, site, name, id)) = after {
            query.push(" AND (st.name, si.name, v.name, v.id) > (");
            query.push_bind(street).push(", ").push_bind(site).push(", ");
            query.push_bind(name).push(", ").push_bind(id).push(")");
        }
        query.push(" ORDER BY st.name, si.name, v.name, v.id LIMIT ").push(limit);
        let rows = query.build().fetch_all(self.reader()).await?;
        let row = |row: &sqlx::sqlite::SqliteRow| {
            let maintainer: Option<String> = row.try_get("maintainer")?;
            let phone = row.try_get("phone")?;
            let mut lacks = Vec::new();
            for (at, gap) in gaps.iter().enumerate() {
                // A record that was never probed has said nothing of its login.
                let is_missing: Option<bool> = row.try_get(format!("gap{at}").as_str())?;
                lacks.extend((is_missing == Some(true)).then_some(*gap));
            }
            Ok(GapRow {
                device: decode::id("devices.id", row.try_get("id")?)?,
                name: row.try_get("name")?,
                site: row.try_get("site")?,
                street: row.try_get("street")?,
                national_code: row.try_get("national_code")?,
                ip: row.try_get("ip")?,
                maintainer: maintainer.map(|name| (name, phone)),
                gaps: lacks,
            })
        };
        rows.iter().map(row).collect()
    }
}

/// Whether the record of `devices v` is complete, as SQL.
pub(crate) fn complete(policy: &Policy) -> String {
    let required = policy.ledger.required.iter();
    let filled = required.map(|field| format!("ifnull(v.{}, '') <> ''", column(*field)));
    filled.collect::<Vec<_>>().join(" AND ")
}

/// Whether `devices v` lies within the scope of a policy now, as SQL; words of the domain only.
fn within(policy: &Policy) -> String {
    let list = |codes: Vec<&str>| {
        codes.into_iter().map(|code| format!("'{code}'")).collect::<Vec<_>>().join(", ")
    };
    let scope = &policy.scope;
    let classes = scope.classes.iter().map(|class| match class {
        ClassKey::One => "1",
        ClassKey::Two => "2",
        ClassKey::Three => "3",
        ClassKey::None => "",
    });
    format!(
        "v.kind IN ({}) AND ifnull(v.class, '') IN ({}) AND v.life IN ({})",
        list(scope.kinds.iter().map(|kind| kind.code()).collect()),
        list(classes.collect()),
        list(scope.life.iter().map(|life| life.code()).collect()),
    )
}
