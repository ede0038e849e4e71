//! The acknowledged write of one result: everything it changes, in one transaction.

use crate::{
    AuditLine, Change, EvidenceKind, EvidenceRow, KeptFor, LoginUse, Store, StoreError, audit,
    certificates, credentials, decode, dialogues, evidence, feedback, habits, measures, misdated,
    references,
    standings::{self, Seen},
    weather,
};
use sqlx::SqliteConnection;
use std::time::Duration;
use zhishou_domain::{
    ConfirmRule, DeviceId, Habit, Lesson, Observation, SiteId, Standing, Step, Timestamp,
    confirm::Outcome,
};

/// A result on its way into the store.
#[derive(Clone, Debug)]
pub struct Record {
    /// The device it is of.
    pub device: DeviceId,
    /// Who probed.
    pub agent: String,
    /// Its number at that agent: with the agent the key by which redelivery is known.
    pub sequence: i64,
    /// What was seen. Holds no credential.
    pub observation: Observation,
    /// When it is recorded. What stands in the future of this was dated by a clock that was wrong.
    pub recorded_at: Timestamp,
    /// When a failure becomes hard.
    pub rule: ConfirmRule,
    /// How long the result stands.
    pub hold: Duration,
    /// The signature of the judged keyframe, where there was one.
    pub signature: Option<Vec<u8>>,
    /// What the picture taught.
    pub lesson: Option<Lesson>,
    /// What is learned of the stream at this address, this result counted in.
    pub habit: Option<(String, Habit)>,
    /// Evidence files that were kept of it.
    pub evidence: Vec<EvidenceRow>,
    /// Why its dialogue is kept, where one is.
    pub kept_for: KeptFor,
    /// What became of the credential, where one was sent.
    pub login: Option<LoginUse>,
}

/// What became of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It counts.
    Counted,
    /// It was there already; nothing changed.
    Duplicate,
    /// It is older than what is known; kept, but it moves nothing.
    Late,
    /// The device is not in use any more; kept, but it moves nothing.
    NotInUse,
    /// There is no such device; nothing was kept.
    NoDevice,
}

/// What a result changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// What became of it.
    pub fate: Fate,
    /// The standing from now on, and what changed; no changes unless it counts.
    pub step: Step,
}

impl Recorded {
    fn unmoved(fate: Fate, standing: Standing) -> Self {
        Self { fate, step: Step { standing, ..Step::default() } }
    }
}

impl Store {
    /// Writes a result with all it changes, and returns once that is on disk.
    pub async fn record(&self, record: Record) -> Result<Recorded, StoreError> {
        let device = record.device;
        let at = Outcome::of(&record.observation).at;
        let (recorded, site, has_event) =
            self.write(move |connection| Box::pin(write(connection, record))).await?;
        if let (Fate::Counted, Some(site)) = (recorded.fate, site) {
            self.announce(Change::Result { device, site, at });
        }
        if has_event {
            self.announce(Change::Incidents);
        }
        Ok(recorded)
    }

    /// The highest sequence number stored of an agent; 0 where there is none.
    pub async fn last_sequence(&self, agent: &str) -> Result<i64, StoreError> {
        let last =
            sqlx::query_scalar("SELECT ifnull(max(sequence), 0) FROM observations WHERE agent = ?")
                .bind(agent)
                .fetch_one(self.reader());
        Ok(last.await?)
    }
}

/// Also the site of the device, and whether an event of its street began or ended.
async fn write(
    connection: &mut SqliteConnection,
    record: Record,
) -> Result<(Recorded, Option<SiteId>, bool), StoreError> {
    let device = record.device.to_string();
    let known: Option<(String, bool)> =
        sqlx::query_as("SELECT site_id, probed_since_ms IS NOT NULL FROM devices WHERE id = ?")
            .bind(&device)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((site, is_probed)) = known else {
        return Ok((Recorded::unmoved(Fate::NoDevice, Standing::default()), None, false));
    };
    let site = decode::id("devices.site_id", &site)?;
    let mut standing = standings::read(connection, &device).await?;
    let Some(id) = keep(connection, &device, &record).await? else {
        return Ok((Recorded::unmoved(Fate::Duplicate, standing), Some(site), false));
    };
    if record.observation.call.as_ref().is_some_and(|call| call.called) {
        // Every test call leaves a line, whatever came of it.
        let line = AuditLine {
            at: record.observation.started_at,
            login: record.agent.clone(),
            action: "test_call",
            subject: device.clone(),
            address: String::new(),
        };
        audit::insert(connection, line).await?;
    }
    let mut outcome = Outcome::of(&record.observation);
    if let Some(login) = record.login {
        credentials::used(connection, &device, login, outcome.at).await?;
    }
    for row in &record.evidence {
        evidence::add(connection, row).await?;
        match row.kind {
            EvidenceKind::Good => {}
            EvidenceKind::Fault => evidence::pictured(connection, row, &outcome.faults).await?,
            EvidenceKind::Dialogue => {
                dialogues::add(connection, &row.key, &record.observation, record.kept_for).await?;
            }
        }
    }
    if !is_probed {
        return Ok((Recorded::unmoved(Fate::NotInUse, standing), Some(site), false));
    }
    if standing.last_result.is_some_and(|last| outcome.at < last) {
        let (to, now) = (outcome.at, record.recorded_at);
        match misdated::take_back(connection, &device, &standing, to, now).await? {
            Some(then) => standing = then,
            None => return Ok((Recorded::unmoved(Fate::Late, standing), Some(site), false)),
        }
    }
    let has_event =
        weather::excuse(connection, &device, &record.observation, record.hold, &mut outcome)
            .await?;
    let step = standing.advance(&outcome, record.rule, record.hold);
    let seen = Seen { verdict: outcome.verdict, faults: &outcome.faults, at: outcome.at };
    standings::apply(connection, &device, &step, Some(seen)).await?;
    measures::add(connection, &device, &record.observation).await?;
    feedback::add_scores(connection, &device, &record.observation).await?;
    if record.observation.picture.is_some() {
        evidence::remember_judged(connection, &device, id).await?;
    }
    if let Some(signature) = &record.signature {
        evidence::remember_signature(connection, &device, outcome.at, signature).await?;
    }
    if let Some(lesson) = &record.lesson {
        references::learn(connection, &device, lesson, outcome.at).await?;
    }
    let light = record.observation.picture.as_ref().and_then(|picture| picture.light);
    let good = record.evidence.iter().find(|row| row.kind == EvidenceKind::Good);
    if let (Some(light), Some(row)) = (light, good) {
        evidence::taken_by(connection, row, light).await?;
    }
    if let Some(tls) = &record.observation.tls {
        certificates::seen(connection, &device, tls.fingerprint, outcome.at).await?;
    }
    if let Some((url, habit)) = &record.habit {
        habits::remember(connection, &device, url, habit).await?;
    }
    Ok((Recorded { fate: Fate::Counted, step }, Some(site), has_event))
}

/// Keeps the raw observation and gives its id. `None` where it is there already.
async fn keep(
    connection: &mut SqliteConnection,
    device: &str,
    record: &Record,
) -> Result<Option<i64>, StoreError> {
    let done = sqlx::query(
        "INSERT INTO observations (agent, sequence, device_id, started_ms, verdict, body)
         VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (agent, sequence) DO NOTHING",
    )
    .bind(&record.agent)
    .bind(record.sequence)
    .bind(device)
    .bind(record.observation.started_at.millis())
    .bind(record.observation.verdict.code())
    .bind(decode::to_json("observations.body", &record.observation)?)
    .execute(connection)
    .await?;
    Ok((done.rows_affected() == 1).then(|| done.last_insert_rowid()))
}
