//! What the platform does to work orders by itself: it opens them by rule, and proves repairs.

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{Clock, IncidentId, Timestamp, work_order::RepairRules};
use zhishou_storage::{Store, StoreError};

/// How often work orders are looked at.
const TICK: Duration = Duration::from_secs(10);
/// Orders opened in one turn.
const BATCH: u32 = 50;
/// An incident whose order could not be opened is asked for again after this.
const AGAIN: Duration = Duration::from_secs(600);

/// Opens the work order of an incident, in the words of whoever shows it.
pub trait OpenOrder: Send + Sync {
    /// Opens it, where it has none.
    fn open(
        &self,
        incident: IncidentId,
    ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>>;
}

/// Follows repairs until `stop` fires.
pub async fn follow_repairs(
    store: Store,
    clock: Arc<dyn Clock>,
    rules: RepairRules,
    orders: Arc<dyn OpenOrder>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut asked = Asked::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = follow(&store, clock.now(), &rules, orders.as_ref(), &mut asked).await {
            tracing::error!(%error, "failed to follow repairs; trying again");
        }
    }
}

/// Incidents that an order was asked for, and when it may be asked for again: those that have one by then
/// are not asked for at all.
type Asked = BTreeMap<IncidentId, Timestamp>;

async fn follow(
    store: &Store,
    now: Timestamp,
    rules: &RepairRules,
    orders: &dyn OpenOrder,
    asked: &mut Asked,
) -> Result<(), StoreError> {
    store.prove_work_orders(rules.proof, now).await?;
    let Some(after) = rules.open_after else { return Ok(()) };
    asked.retain(|_, again| now < *again);
    let except: Vec<IncidentId> = asked.keys().copied().collect();
    for incident in store.incidents_without_order(now - after, &except, BATCH).await? {
        asked.insert(incident, now + AGAIN);
        if let Err(error) = orders.open(incident).await {
            tracing::error!(%error, %incident, "failed to open a work order; trying again later");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use zhishou_domain::{
        ConfirmRule, Depth, Detail, DeviceKind, Fault, FaultCode, IdSource, LedgerRow, Observation,
        Stage, Verdict, incident::GroupRule,
    };
    use zhishou_storage::{ImportMode, KeptFor, MasterKey, Record};

    struct Counter(std::sync::atomic::AtomicU64);

    impl IdSource for Counter {
        fn random(&self) -> [u8; 10] {
            let mut bytes = [0; 10];
            let next = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            bytes[2..].copy_from_slice(&next.to_be_bytes());
            bytes
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_773_072_000_000 + second * 1000)
    }

    /// Two cameras of two streets that are down, an incident each.
    async fn two_incidents(folder: &std::path::Path) -> Store {
        let (path, key) = (folder.join("zhishou.db"), MasterKey::from_bytes([7; 32]));
        let zone = chrono_tz::Asia::Shanghai;
        let ids = Arc::new(Counter(Default::default()));
        let store = Store::open(&path, key, zone, ids).await.unwrap();
        let row = |row: u32| LedgerRow {
            street: Some(format!("{row} 街")),
            url: Some(format!("rtsp://10.0.0.{row}/1")),
            ..LedgerRow::new(row, "枪机", format!("{row} 号"))
        };
        store.import(vec![row(2), row(3)], at(0), ImportMode::AllOrNothing).await.unwrap();
        for (sequence, target) in (1..).zip(store.probe_targets(None, 2).await.unwrap()) {
            let code = FaultCode::Refused;
            let observation = Observation {
                verdict: Verdict::Offline,
                faults: vec![Fault { code, stage: Stage::Connect, detail: Detail::None }],
                ..Observation::new(target.url, DeviceKind::Camera, Depth::Stream, at(60))
            };
            let record = Record {
                device: target.device,
                agent: "local".into(),
                sequence,
                observation,
                recorded_at: at(60),
                rule: ConfirmRule { failures: 1, retry: Duration::from_secs(10) },
                hold: Duration::from_secs(86_400),
                signature: None,
                lesson: None,
                habit: None,
                evidence: vec![],
                kept_for: KeptFor::Asked,
                login: None,
            };
            store.record(record).await.unwrap();
        }
        let mut board = store.incident_board(GroupRule::default(), at(61)).await.unwrap();
        let heard = store.incident_events(10).await.unwrap();
        let change = board.step(heard.events, at(61));
        store.keep_incidents(change, heard.through).await.unwrap();
        store
    }

    /// Notes what was asked for, and opens nothing.
    #[derive(Default)]
    struct Broken(Mutex<Vec<i64>>);

    impl OpenOrder for Broken {
        fn open(
            &self,
            incident: IncidentId,
        ) -> Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + '_>> {
            self.0.lock().unwrap().push(incident.number());
            Box::pin(async { Err(StoreError::Closed) })
        }
    }

    #[tokio::test]
    async fn an_order_that_cannot_be_opened_keeps_no_other_back_and_is_asked_for_later() {
        let folder = tempfile::tempdir().unwrap();
        let store = two_incidents(folder.path()).await;
        let rules =
            RepairRules { open_after: Some(Duration::from_secs(60)), ..RepairRules::default() };
        let (orders, mut asked) = (Broken::default(), Asked::new());
        for second in [200, 210, 799, 800] {
            follow(&store, at(second), &rules, &orders, &mut asked).await.unwrap();
            let expected: &[i64] = if second < 800 { &[1, 2] } else { &[1, 2, 1, 2] };
            assert_eq!(*orders.0.lock().unwrap(), expected, "{second}");
        }
    }
}
