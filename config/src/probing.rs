use crate::{ConfigError, Note, Rule, Unit, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use zhishou_domain::{Claim, DeviceId, SiteId, Uplink};

/// Limits that keep probing from harming what is watched, and from drowning ourselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probing {
    /// Probes under way at once, 1 to 10 000.
    pub concurrent: usize,
    /// Probes under way at once behind one parent (NVR, switch), 1 to 64.
    pub per_parent: usize,
    /// Probes under way at once at one host and port, of channels for which the ledger names no parent,
    /// 1 to 1000. A platform that streams for many cameras bears more than a recorder.
    pub per_host: usize,
    /// Probes under way at once within one site, 1 to 256.
    pub per_site: usize,
    /// Bandwidth of a site's uplink that all probes of the site may take together, Mbit/s, 0.1 to
    /// 100 000. A stream that needs more is opened alone.
    pub uplink_mbps: f64,
    /// The same for single sites, by name.
    pub site_uplinks_mbps: BTreeMap<String, f64>,
    /// Bit rate that a main stream is taken to have before it was measured, Mbit/s, 0.01 to 1000.
    pub main_stream_mbps: f64,
    /// The same of a sub-stream.
    pub sub_stream_mbps: f64,
    /// Decoder threads; 0 takes one per processor.
    pub decoders: usize,
    /// Whether hardware decoders are used where GStreamer finds them.
    pub hardware_decoders: HardwareDecoders,
    /// What becomes of the login where a device shows another TLS certificate than is on record.
    pub certificates: Certificates,
}

/// What a certificate that is not the one on record means for the login.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Certificates {
    /// It is reported; the login is proven by Digest but never shown by Basic.
    #[default]
    Report,
    /// It is reported; the login is not sent at all before an operator accepts the certificate.
    Pinned,
    /// As `report`, and a device is not opened whose certificate no authority of this system, nor of
    /// `alerts.ca_file`, vouches for: a self-signed, expired or misnamed one is refused.
    Vouched,
}

/// Whether hardware decoders are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HardwareDecoders {
    /// Where GStreamer finds them, as long as their pictures are those of software.
    #[default]
    Auto,
    /// Never.
    Off,
}

impl Default for Probing {
    fn default() -> Self {
        Self {
            concurrent: 64,
            per_parent: 2,
            per_host: 8,
            per_site: 8,
            uplink_mbps: 100.0,
            site_uplinks_mbps: BTreeMap::new(),
            main_stream_mbps: 4.0,
            sub_stream_mbps: 1.0,
            decoders: 0,
            hardware_decoders: HardwareDecoders::Auto,
            certificates: Certificates::Report,
        }
    }
}

/// Which of a camera's streams is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// 主码流.
    Main,
    /// 子码流.
    Sub,
}

impl Probing {
    /// What a probe shares with others: the sessions of its parent, the uplink of its site.
    pub fn claim(
        &self,
        parent: Option<DeviceId>,
        (site, name): (SiteId, &str),
        stream: StreamKind,
    ) -> Claim {
        let assumed = match stream {
            StreamKind::Main => self.main_stream_mbps,
            StreamKind::Sub => self.sub_stream_mbps,
        };
        let budget = self.site_uplinks_mbps.get(name).copied().unwrap_or(self.uplink_mbps);
        let bps = |mbps: f64| (mbps * 1e6) as u64;
        Claim {
            parent: parent.map(|it| (it, u32::try_from(self.per_parent).unwrap_or(u32::MAX))),
            per_host: Some(u32::try_from(self.per_host).unwrap_or(u32::MAX)),
            uplink: Some(Uplink { site, budget_bps: bps(budget), assumed_bps: bps(assumed) }),
        }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        require(
            (1..=10_000).contains(&self.concurrent),
            "probing.concurrent",
            self.concurrent,
            Rule::within(1.0, 10_000.0, Unit::Count),
        )?;
        require(
            (1..=64).contains(&self.per_parent),
            "probing.per_parent",
            self.per_parent,
            Rule::within(1.0, 64.0, Unit::Count),
        )?;
        require(
            (1..=1000).contains(&self.per_host),
            "probing.per_host",
            self.per_host,
            Rule::within(1.0, 1000.0, Unit::Count),
        )?;
        require(
            (1..=256).contains(&self.per_site),
            "probing.per_site",
            self.per_site,
            Rule::within(1.0, 256.0, Unit::Count),
        )?;
        let sites = self.site_uplinks_mbps.iter();
        let sites = sites.map(|(site, &mbps)| (format!("probing.site_uplinks_mbps.{site}"), mbps));
        for (key, budget) in sites.chain([("probing.uplink_mbps".to_owned(), self.uplink_mbps)]) {
            let rule = Rule::within(0.1, 100_000.0, Unit::Megabits);
            require((0.1..=100_000.0).contains(&budget), key, budget, rule)?;
        }
        for (key, rate) in [
            ("probing.main_stream_mbps", self.main_stream_mbps),
            ("probing.sub_stream_mbps", self.sub_stream_mbps),
        ] {
            let rule = Rule::within(0.01, 1000.0, Unit::Megabits);
            require((0.01..=1000.0).contains(&rate), key, rate, rule)?;
        }
        require(
            self.decoders <= 64,
            "probing.decoders",
            self.decoders,
            Rule::Within {
                least: 0.0,
                most: 64.0,
                unit: Unit::Count,
                note: Note::ZeroPerProcessor,
            },
        )
    }
}
