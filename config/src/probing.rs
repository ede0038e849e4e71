use crate::{ConfigError, require};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Limits that keep probing from harming what is watched, and from drowning ourselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Probing {
    /// Probes under way at once, 1 to 10 000.
    pub concurrent: usize,
    /// Probes under way at once behind one parent (NVR, switch), 1 to 64.
    pub per_parent: usize,
    /// Probes under way at once within one site, 1 to 256.
    pub per_site: usize,
    /// Decoder threads; 0 takes one per processor.
    pub decoders: usize,
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
}

impl Default for Probing {
    fn default() -> Self {
        Self {
            concurrent: 64,
            per_parent: 2,
            per_site: 8,
            decoders: 0,
            certificates: Certificates::Report,
        }
    }
}

impl Probing {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        require(
            (1..=10_000).contains(&self.concurrent),
            "probing.concurrent",
            self.concurrent,
            "must be 1 to 10000",
        )?;
        require(
            (1..=64).contains(&self.per_parent),
            "probing.per_parent",
            self.per_parent,
            "must be 1 to 64",
        )?;
        require(
            (1..=256).contains(&self.per_site),
            "probing.per_site",
            self.per_site,
            "must be 1 to 256",
        )?;
        require(
            self.decoders <= 64,
            "probing.decoders",
            self.decoders,
            "must be 0 (one per processor) to 64",
        )
    }
}
