//! Hourly rollups of what probes measured.

use crate::{Store, StoreError, decode};
use serde::Serialize;
use sqlx::SqliteConnection;
use zhishou_domain::{DeviceId, Observation, Stage, Timestamp};

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

/// The statement that adds values, `?3`, to the rollups of a device and hour in a table.
macro_rules! rollup {
    ($table:literal, $name:literal) => {
        concat!(
            "INSERT INTO ",
            $table,
            " (device_id, hour, ",
            $name,
            ", n, sum, min, max)
             SELECT ?1, ?2, v.value ->> 0, 1, v.value ->> 1, v.value ->> 1, v.value ->> 1
             FROM json_each(?3) v WHERE true
             ON CONFLICT (device_id, hour, ",
            $name,
            ") DO UPDATE SET
                 n = n + 1, sum = sum + excluded.sum,
                 min = min(min, excluded.min), max = max(max, excluded.max)"
        )
    };
}

/// A quantity that is rolled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Frames per second by arrival.
    Fps,
    /// Bits per second of RTP payload.
    BitrateBps,
    /// Packets lost of expected, 0–1.
    LossRatio,
    /// Interarrival jitter, ms.
    JitterMs,
    /// Time to the first media packet after PLAY, ms.
    FirstPacketMs,
    /// Time to the first keyframe, ms.
    FirstKeyframeMs,
    /// Mean luma of the picture, 0–255.
    LumaMean,
    /// From asking equipment to its answer, ms.
    RttMs,
    /// Pings lost of sent, 0–1.
    PingLossRatio,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 9] = [
        Self::Fps,
        Self::BitrateBps,
        Self::LossRatio,
        Self::JitterMs,
        Self::FirstPacketMs,
        Self::FirstKeyframeMs,
        Self::LumaMean,
        Self::RttMs,
        Self::PingLossRatio,
    ];

    /// The stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fps => "fps",
            Self::BitrateBps => "bitrate_bps",
            Self::LossRatio => "loss_ratio",
            Self::JitterMs => "jitter_ms",
            Self::FirstPacketMs => "first_packet_ms",
            Self::FirstKeyframeMs => "first_keyframe_ms",
            Self::LumaMean => "luma_mean",
            Self::RttMs => "rtt_ms",
            Self::PingLossRatio => "ping_loss_ratio",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|measure| measure.code() == code)
    }

    fn of(self, observation: &Observation) -> Option<f64> {
        let video = observation.video.as_ref();
        let equipment = observation.equipment.as_ref();
        let stage = |name| observation.stages.iter().find(|timing| timing.name == name)?.ms;
        let value = match self {
            Self::Fps => video?.fps,
            Self::BitrateBps => video?.bitrate_bps,
            Self::LossRatio => video?.loss_ratio,
            Self::JitterMs => video?.jitter_ms,
            Self::FirstPacketMs => stage(Stage::FirstPacket),
            Self::FirstKeyframeMs => stage(Stage::FirstKeyframe),
            Self::LumaMean => observation.picture.as_ref().map(|picture| picture.luma_mean),
            Self::RttMs => equipment?.rtt_ms,
            Self::PingLossRatio => equipment?.loss_ratio,
        };
        value.filter(|value| value.is_finite())
    }
}

/// One measure of one hour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rollup {
    /// First moment of the hour.
    pub from: Timestamp,
    /// What was measured.
    pub measure: Measure,
    /// How many results.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// One item (监控项) of one hour.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRollup {
    /// First moment of the hour.
    pub from: Timestamp,
    /// Its name in the ledger.
    pub item: String,
    /// Mean of its values.
    pub mean: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

/// Adds what an observation measured to its hour.
pub(crate) async fn add(
    connection: &mut SqliteConnection,
    device: &str,
    observation: &Observation,
) -> Result<(), StoreError> {
    let items = observation.equipment.iter().flat_map(|seen| &seen.items);
    let items = items
        .filter_map(|it| Some((it.name.as_str(), it.value.filter(|value| value.is_finite())?)));
    let measures = Measure::ALL
        .into_iter()
        .filter_map(|measure| Some((measure.code(), measure.of(observation)?)));
    let hour = observation.started_at.millis().div_euclid(HOUR_MS);
    roll_up(connection, rollup!("item_measures", "item"), (device, hour), items.collect()).await?;
    roll_up(connection, rollup!("measures", "measure"), (device, hour), measures.collect()).await
}

/// Adds values to their rollups.
async fn roll_up(
    connection: &mut SqliteConnection,
    statement: &'static str,
    (device, hour): (&str, i64),
    values: Vec<(&str, f64)>,
) -> Result<(), StoreError> {
    if values.is_empty() {
        return Ok(());
    }
    sqlx::query(statement)
        .bind(device)
        .bind(hour)
        .bind(decode::to_json("measures", &values)?)
        .execute(connection)
        .await?;
    Ok(())
}

impl Store {
    /// Rollups of the items of a device, likewise.
    pub async fn item_measures(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<ItemRollup>, StoreError> {
        let rows: Vec<(i64, String, i64, f64, f64, f64)> = sqlx::query_as(
            "SELECT hour, item, n, sum, min, max FROM item_measures
             WHERE device_id = ? AND hour >= ? AND hour < ? ORDER BY hour, item",
        )
        .bind(device.to_string())
        .bind(from.millis().div_euclid(HOUR_MS))
        .bind(to.millis().div_euclid(HOUR_MS) + i64::from(to.millis().rem_euclid(HOUR_MS) > 0))
        .fetch_all(self.reader())
        .await?;
        let rollup = |(hour, item, n, sum, min, max): (i64, _, i64, f64, _, _)| ItemRollup {
            from: Timestamp::from_millis(hour * HOUR_MS),
            item,
            mean: sum / n as f64,
            min,
            max,
        };
        Ok(rows.into_iter().map(rollup).collect())
    }

    /// Rollups of a device whose hour begins within `from`..`to`, in order of time.
    pub async fn measures(
        &self,
        device: DeviceId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Rollup>, StoreError> {
        let rows: Vec<(i64, String, i64, f64, f64, f64)> = sqlx::query_as(
            "SELECT hour, measure, n, sum, min, max FROM measures
             WHERE device_id = ? AND hour >= ? AND hour < ? ORDER BY hour, measure",
        )
        .bind(device.to_string())
        .bind(from.millis().div_euclid(HOUR_MS))
        .bind(to.millis().div_euclid(HOUR_MS) + i64::from(to.millis().rem_euclid(HOUR_MS) > 0))
        .fetch_all(self.reader())
        .await?;
        rows.into_iter()
            .map(|(hour, measure, n, sum, min, max)| {
                Ok(Rollup {
                    from: Timestamp::from_millis(hour * HOUR_MS),
                    measure: decode::word("measures.measure", &measure, Measure::from_code)?,
                    count: decode::unsigned("measures.n", n)?,
                    mean: sum / n as f64,
                    min,
                    max,
                })
            })
            .collect()
    }
}
