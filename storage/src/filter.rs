//! Which devices a page or an API call is about, as SQL conditions on `devices d`.

use sqlx::{QueryBuilder, Sqlite};
use zhishou_domain::{
    DepartmentId, DeviceId, DeviceKind, MaintainerId, PointClass, SiteId, StreetId, Timestamp,
    policy::Policy,
};

/// What a device is at present, as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Present {
    /// Confirmed down.
    Offline,
    /// Media flows, with faults.
    Degraded,
    /// Probed, but nothing is known now.
    Unknown,
    /// Media flows, nothing wrong.
    Online,
    /// In use, without an address to open.
    Unconnected,
    /// Disabled, being moved, or removed.
    OutOfUse,
}

impl Present {
    /// Every value, worst first.
    pub const ALL: [Self; 6] = [
        Self::Offline,
        Self::Degraded,
        Self::Unknown,
        Self::Online,
        Self::Unconnected,
        Self::OutOfUse,
    ];

    /// The stable word: that of the verdict where there is one.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Degraded => "degraded",
            Self::Unknown => "unknown",
            Self::Online => "online",
            Self::Unconnected => "unconnected",
            Self::OutOfUse => "out_of_use",
        }
    }

    /// The value of a stable word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|present| present.code() == code)
    }

    /// Its place in [`Self::ALL`], as SQL writes it too.
    pub(crate) fn from_rank(rank: i64) -> Self {
        usize::try_from(rank)
            .ok()
            .and_then(|rank| Self::ALL.get(rank).copied())
            .unwrap_or(Self::Unknown)
    }
}

/// Which devices. Nothing set means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// 街道.
    pub street: Option<StreetId>,
    /// 站点.
    pub site: Option<SiteId>,
    /// 部门.
    pub department: Option<DepartmentId>,
    /// 点位类别.
    pub class: Option<PointClass>,
    /// 运维单位.
    pub maintainer: Option<MaintainerId>,
    /// 上级设备.
    pub parent: Option<DeviceId>,
    /// 辖区派出所.
    pub police_station: Option<String>,
    /// 标签.
    pub tag: Option<String>,
    /// Kind.
    pub kind: Option<DeviceKind>,
    /// Part of a name, address, IP, national code, or name of the site.
    pub text: Option<String>,
    /// Present state; for lists of devices only.
    pub present: Option<Present>,
    /// Only what is offline, degraded or unknown; for lists only.
    pub trouble: bool,
}

impl Filter {
    /// The same where a kind is asked for; else only the kind that `policy` covers, where that is
    /// one, so that a list beside figures names what is counted in them.
    pub fn within(self, policy: &Policy) -> Self {
        let only = match policy.scope.kinds.as_slice() {
            [kind] => Some(*kind),
            _ => None,
        };
        Self { kind: self.kind.or(only), ..self }
    }

    /// Pushes ` AND …` for everything but the present state.
    pub(crate) fn push(&self, query: &mut QueryBuilder<Sqlite>) {
        if let Some(street) = self.street {
            query.push(" AND d.site_id IN (SELECT id FROM sites WHERE street_id = ");
            query.push_bind(street.to_string()).push(")");
        }
        let mut equals = |column: &'static str, value: Option<String>| {
            if let Some(value) = value {
                query.push(" AND d.").push(column).push(" = ").push_bind(value);
            }
        };
        equals("site_id", self.site.map(|id| id.to_string()));
        equals("department_id", self.department.map(|id| id.to_string()));
        equals("class", self.class.map(|class| class.code().to_owned()));
        equals("maintainer_id", self.maintainer.map(|id| id.to_string()));
        equals("parent_id", self.parent.map(|id| id.to_string()));
        equals("police_station", self.police_station.clone());
        equals("kind", self.kind.map(|kind| kind.code().to_owned()));
        if let Some(tag) = &self.tag {
            query.push(" AND d.id IN (SELECT device_id FROM device_tags WHERE tag = ");
            query.push_bind(tag.clone()).push(")");
        }
        if let Some(text) = &self.text {
            let pattern = like(text);
            query.push(" AND (");
            for column in ["d.name", "d.ip", "d.address", "d.national_code"] {
                query.push(column).push(" LIKE ").push_bind(pattern.clone());
                query.push(" ESCAPE '\\' OR ");
            }
            query.push("d.site_id IN (SELECT id FROM sites WHERE name LIKE ");
            query.push_bind(pattern).push(" ESCAPE '\\'))");
        }
    }

    /// Pushes ` AND …` for the present state; `rank` is a column made by [`push_rank`].
    pub(crate) fn push_present(&self, query: &mut QueryBuilder<Sqlite>) {
        if let Some(present) = self.present {
            query.push(" AND rank = ").push(rank(present));
        }
        if self.trouble {
            query.push(" AND rank <= ").push(rank(Present::Unknown));
        }
    }
}

fn rank(present: Present) -> usize {
    Present::ALL.iter().position(|value| *value == present).unwrap_or(0)
}

/// Pushes the present state of `devices d` with `standings s` at `now` as its place in
/// [`Present::ALL`], as [`zhishou_domain::Standing::stands`] has it.
pub(crate) fn push_rank(query: &mut QueryBuilder<Sqlite>, now: Timestamp) {
    query
        .push(
            "CASE WHEN d.life <> 'in_use' THEN 5 WHEN d.url IS NULL THEN 4
             WHEN s.last_result_ms IS NULL OR s.stands_until_ms < ",
        )
        .push(now.millis())
        .push(" OR s.last_result_ms - s.hold_ms > ")
        .push(now.millis())
        .push(" THEN 2 ELSE CASE s.state WHEN 'down' THEN 0 WHEN 'degraded' THEN 1 WHEN 'up' THEN 3 ELSE 2 END END");
}

/// A LIKE pattern for `text` anywhere, its own wildcards taken literally.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_of_the_text_are_literal() {
        assert_eq!(like("a%b_c\\"), "%a\\%b\\_c\\\\%");
    }

    #[test]
    fn every_present_state_reads_back() {
        for (place, present) in Present::ALL.into_iter().enumerate() {
            assert_eq!(Present::from_code(present.code()), Some(present));
            assert_eq!(Present::from_rank(place as i64), present);
        }
    }
}
