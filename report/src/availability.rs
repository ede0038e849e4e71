//! The availability of sites over a period.

use serde::{Deserialize, Serialize};
use zhishou_domain::{Lang, Minutes, Rate};

/// The availability of every site over a period of whole local days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// Name of the district.
    pub district: String,
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`.
    pub to: String,
    /// IANA zone in which those days are counted.
    pub time_zone: String,
    /// When it was made, RFC 3339.
    pub made_at: String,
    /// The accounting policy (口径), id and version.
    pub policy: String,
    /// Coverage below which a rate is not given as a number, in percent.
    pub coverage_floor_percent: u8,
    /// One row a site, worst first.
    pub sites: Vec<SiteRow>,
}

/// One site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteRow {
    /// 街道.
    pub street: String,
    /// 站点.
    pub site: String,
    /// Devices that were to be probed, 台.
    pub devices: u64,
    /// Device-minutes by state, 台·分钟.
    pub minutes: Minutes,
}

impl Availability {
    /// The sum over all sites.
    pub fn total(&self) -> SiteRow {
        let mut total = SiteRow {
            street: String::new(),
            site: String::new(),
            devices: 0,
            minutes: Minutes::default(),
        };
        for row in &self.sites {
            total.devices += row.devices;
            total.minutes += row.minutes;
        }
        total
    }

    /// The rows with the total at the end, named in `lang`.
    pub(crate) fn rows(&self, lang: Lang) -> Vec<SiteRow> {
        let total = SiteRow { street: lang.pick("总计", "total").to_owned(), ..self.total() };
        self.sites.iter().cloned().chain([total]).collect()
    }

    /// 在线率 in percent; 数据不足 with the interval where coverage is below the floor.
    pub(crate) fn rate_text(&self, minutes: &Minutes, lang: Lang) -> String {
        if self.is_covered(minutes) {
            return minutes.online().percent();
        }
        let (worst, best) = minutes.interval();
        let few = lang.pick("数据不足", "too little data");
        format!("{few} {}–{}", worst.percent(), best.percent())
    }

    /// Whether enough is known of these minutes to give a number.
    pub fn is_covered(&self, minutes: &Minutes) -> bool {
        let Rate { numerator, denominator } = minutes.coverage();
        denominator > 0
            && u128::from(numerator) * 100
                >= u128::from(denominator) * u128::from(self.coverage_floor_percent)
    }
}

/// Headings of the table, in the order of [`cells`].
pub(crate) fn headings(lang: Lang) -> [&'static str; 10] {
    match lang {
        Lang::Zh => [
            "街道",
            "站点",
            "设备数(台)",
            "在线率(%)",
            "在线+降级(台·分钟)",
            "已知(台·分钟)",
            "降级(台·分钟)",
            "离线(台·分钟)",
            "应检(台·分钟)",
            "数据覆盖率(%)",
        ],
        Lang::En => [
            "street",
            "site",
            "devices",
            "online rate (%)",
            "online + degraded (device-minutes)",
            "known (device-minutes)",
            "degraded (device-minutes)",
            "offline (device-minutes)",
            "scheduled (device-minutes)",
            "coverage (%)",
        ],
    }
}

/// The line under every report that says what the figures are.
pub(crate) fn footnote(report: &Availability, lang: Lang) -> String {
    match lang {
        Lang::Zh => format!(
            "口径 {}：在线率 =（在线+降级）/（在线+降级+离线），未知分钟不计；覆盖率低于 {} % 时给出区间。{} 至 {}（{}），生成于 {}",
            report.policy,
            report.coverage_floor_percent,
            report.from,
            report.to,
            report.time_zone,
            report.made_at
        ),
        Lang::En => format!(
            "Policy {}: online rate = (online + degraded) / (online + degraded + offline); unknown minutes do not count; below {} % coverage an interval is given. {} to {} ({}), made {}",
            report.policy,
            report.coverage_floor_percent,
            report.from,
            report.to,
            report.time_zone,
            report.made_at
        ),
    }
}

#[cfg(test)]
pub(crate) fn sample() -> Availability {
    let row = |street: &str, site: &str, minutes| SiteRow {
        street: street.to_owned(),
        site: site.to_owned(),
        devices: 2,
        minutes,
    };
    Availability {
        district: "万人区".into(),
        from: "2026-11-20".into(),
        to: "2026-11-20".into(),
        time_zone: "Asia/Shanghai".into(),
        made_at: "2026-11-21T00:30:00+08:00".into(),
        policy: "time-weighted@1".into(),
        coverage_floor_percent: 90,
        sites: vec![
            row("东街", "=1+1", Minutes { up: 2000, degraded: 0, down: 880, scheduled: 2880 }),
            row("西街", "学校", Minutes { up: 1000, degraded: 0, down: 0, scheduled: 2880 }),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_the_floor_an_interval_stands_instead_of_a_number() {
        let report = sample();
        assert_eq!(report.rate_text(&report.sites[0].minutes, Lang::Zh), "69.44");
        assert_eq!(
            report.rate_text(&report.sites[1].minutes, Lang::En),
            "too little data 34.72–100.00"
        );
        assert_eq!(report.total().minutes.scheduled, 5760);
    }
}
