//! The task that says what there is to say of incidents: cases in, desk, messages out to the outbox.
//!
//! Invariant: what was said and what counts as told are one write; where that fails both are looked at again.

use std::{sync::Arc, time::Duration};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Clock, IncidentId, Timestamp,
    alert::{AlertRule, Contact, Desk, Note, OnDuty, Say, Saying, Severity, What},
};
use zhishou_storage::{IncidentRow, Route, Said, Store, StoreError};

/// How often incidents are looked at.
const TICK: Duration = Duration::from_secs(5);
/// How long what no channel took waits until it is tried again.
const UNHEARD: Duration = Duration::from_secs(60);

/// What is said, in the words of whoever shows it.
pub trait AlertWords: Send + Sync {
    /// Of one incident.
    fn alone(&self, say: Say, severity: Severity, row: &IncidentRow, now: Timestamp) -> Note;
    /// Of those that came and went since the last digest, and how many last.
    fn digest(
        &self,
        slot: Timestamp,
        new: &[IncidentRow],
        over: &[IncidentRow],
        lasting: u64,
    ) -> Note;
}

/// Looks until `stop` fires.
pub async fn watch_alerts(
    store: Store,
    clock: Arc<dyn Clock>,
    words: Arc<dyn AlertWords>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut desk = Desk::default();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        if let Err(error) = look(&store, clock.now(), &mut desk, words.as_ref()).await {
            tracing::error!(%error, "failed to say what there is to say of incidents; trying again");
        }
    }
}

/// One look at the incidents of now.
async fn look(
    store: &Store,
    now: Timestamp,
    desk: &mut Desk,
    words: &dyn AlertWords,
) -> Result<(), StoreError> {
    let rules = store.alert_rules().await?.rules;
    let cases = store.alert_cases(rules.mass, now).await?;
    let told = store.alert_told(&cases).await?;
    let slots = store.alert_slots().await?;
    let sayings = desk.look(&rules, &cases, &told, &slots, (now, store.zone()));
    if sayings.is_empty() {
        return Ok(());
    }
    let unheard = store.alert_unheard(now - UNHEARD).await?;
    let mut said = Vec::with_capacity(sayings.len());
    for saying in sayings {
        if saying.told.iter().any(|(id, _)| unheard.contains(&(*id, saying.rule.clone()))) {
            continue;
        }
        let Some(rule) = rules.rules.iter().find(|it| it.name == saying.rule) else { continue };
        said.push(worded(store, now, words, rule, saying).await?);
    }
    store.say(said, now).await
}

async fn worded(
    store: &Store,
    now: Timestamp,
    words: &dyn AlertWords,
    rule: &AlertRule,
    saying: Saying,
) -> Result<Said, StoreError> {
    let of = async |ids: &[IncidentId]| store.incidents_of(ids).await;
    let mut slot = None;
    let note = match saying.what {
        What::Alone(id, say) => {
            let round = saying.told.first().map_or(0, |(_, told)| told.round);
            let severity = saying.told.first().map_or(Severity::Minor, |(_, told)| told.severity);
            of(&[id]).await?.first().map(|row| {
                let mut note = words.alone(say, severity, row, now);
                // What is said again is another message each time; the rest comes once a round.
                let which = match say {
                    Say::Again => now.millis().to_string(),
                    Say::Open | Say::Grown | Say::Over => severity.code().to_owned(),
                };
                note.key = format!("incident/{id}/{}/{round}/{}/{which}", rule.name, say.code());
                note
            })
        }
        What::Digest { slot: at, new, over, lasting } => {
            slot = Some(at);
            if new.is_empty() && over.is_empty() {
                None
            } else {
                let (new, over) = (of(&new).await?, of(&over).await?);
                let mut note = words.digest(at, &new, &over, lasting);
                note.key = format!("digest/{}/{}", rule.name, at.millis());
                Some(note)
            }
        }
    };
    let on_duty = match (rule.on_duty, &note) {
        (OnDuty::Told, Some(_)) => store.on_duty(now).await?,
        _ => None,
    };
    let route = if rule.channels.is_empty() {
        Route::Topic
    } else {
        Route::Named(rule.channels.iter().cloned().collect())
    };
    let note = note.map(|mut note| {
        if let Some(shift) = on_duty {
            note.also.extend(shift.people().cloned().map(Contact::from));
        }
        (note, route)
    });
    Ok(Said { rule: saying.rule, note, told: saying.told, slot })
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{
        IdSource,
        alert::{
            ChannelAccess, ChannelKind, ChannelSettings, Handling, HandlingAct, Switch, Topic,
        },
        duty::Watcher,
        incident::{GroupRule, ObserverEvent, ObserverFault},
    };
    use zhishou_storage::{AuditLine, ChannelSaved, MasterKey, NewChannel};

    struct Seven;
    impl IdSource for Seven {
        fn random(&self) -> [u8; 10] {
            [7; 10]
        }
    }

    struct Plain;
    impl AlertWords for Plain {
        fn alone(&self, say: Say, _: Severity, row: &IncidentRow, _: Timestamp) -> Note {
            Note::new(Topic::Incident, "", format!("{} {}", say.code(), row.id))
        }
        fn digest(
            &self,
            _: Timestamp,
            new: &[IncidentRow],
            over: &[IncidentRow],
            lasting: u64,
        ) -> Note {
            let title = format!("digest {} {} {lasting}", new.len(), over.len());
            Note::new(Topic::Incident, "", title)
        }
    }

    /// 2026-11-22T09:00:00 in Shanghai, plus so many seconds.
    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_795_309_200_000 + second * 1000)
    }

    fn line(second: i64) -> AuditLine {
        AuditLine {
            at: at(second),
            login: "admin".into(),
            action: "test",
            subject: String::new(),
            address: String::new(),
        }
    }

    async fn judge(store: &Store, second: i64, fault: Option<ObserverFault>) {
        let event = ObserverEvent { agent: "local".into(), at: at(second), fault };
        store.tell_observer(event).await.unwrap();
        let mut board = store.incident_board(GroupRule::default(), at(second)).await.unwrap();
        let heard = store.incident_events(10).await.unwrap();
        let change = board.step(heard.events, at(second));
        store.keep_incidents(change, heard.through).await.unwrap();
    }

    fn robot() -> NewChannel {
        NewChannel {
            id: None,
            kind: ChannelKind::Dingtalk,
            name: "值班群".into(),
            switch: Switch::On,
            topics: [Topic::Incident].into(),
            settings: ChannelSettings::default(),
            access: ChannelAccess { address: "https://x.example/".into(), secret: "s".into() },
        }
    }

    #[tokio::test]
    async fn what_no_channel_takes_is_not_told_and_is_said_once_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("zhishou.db"), MasterKey::from_bytes([1; 32]));
        let zone = chrono_tz::Asia::Shanghai;
        let store = Store::open(&path, key, zone, Arc::new(Seven)).await.unwrap();
        let off = NewChannel { switch: Switch::Off, ..robot() };
        let ChannelSaved::Kept(channel) = store.save_channel(off, line(0)).await.unwrap() else {
            panic!("it is kept")
        };
        let mut desk = Desk::default();
        judge(&store, 0, Some(ObserverFault::Blind)).await;
        for second in (0..600).step_by(5) {
            look(&store, at(second), &mut desk, &Plain).await.unwrap();
        }
        assert!(store.messages(None, None, 9).await.unwrap().is_empty());
        let unheard = store.unheard_of(IncidentId::new(1)).await.unwrap();
        assert_eq!((unheard.len(), store.unheard_count().await.unwrap()), (1, 1));

        let on = NewChannel { id: Some(channel), ..robot() };
        store.save_channel(on, line(600)).await.unwrap();
        for second in (600..900).step_by(5) {
            look(&store, at(second), &mut desk, &Plain).await.unwrap();
        }
        let messages = store.messages(None, None, 9).await.unwrap();
        assert_eq!(messages.iter().map(|it| it.title.as_str()).collect::<Vec<_>>(), ["open 1"]);
        assert!(store.unheard_of(IncidentId::new(1)).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_is_said_goes_to_the_channel_and_to_whoever_is_on_duty_once() {
        let folder = tempfile::tempdir().unwrap();
        let (path, key) = (folder.path().join("zhishou.db"), MasterKey::from_bytes([1; 32]));
        let zone = chrono_tz::Asia::Shanghai;
        let mut store = Store::open(&path, key.clone(), zone, Arc::new(Seven)).await.unwrap();
        let robot = robot();
        store.save_channel(robot, line(0)).await.unwrap();
        let lead =
            Watcher { name: "张三".into(), phone: "13800000000".into(), ..Watcher::default() };
        let shift = vec![(at(-3600), at(36_000))];
        store.add_duty_shifts(shift, lead, None, line(0)).await.unwrap();

        let mut desk = Desk::default();
        judge(&store, 0, Some(ObserverFault::Blind)).await;
        for second in (0..300).step_by(5) {
            if second == 150 {
                // A restart in the middle: what was told stays told.
                store.close().await;
                store = Store::open(&path, key.clone(), zone, Arc::new(Seven)).await.unwrap();
                desk = Desk::default();
            }
            look(&store, at(second), &mut desk, &Plain).await.unwrap();
        }
        let titles = async |store: &Store| -> Vec<String> {
            let messages = store.messages(None, None, 100).await.unwrap();
            messages.into_iter().rev().map(|it| it.title).collect()
        };
        assert_eq!(titles(&store).await, ["open 1"]);
        let message = store.messages(None, None, 1).await.unwrap().remove(0);
        assert_eq!(message.recipients, ["13800000000"]);

        // Muted while it ends: that it is over is said when the mute is.
        let mute = Handling {
            at: at(300),
            login: "admin".into(),
            act: HandlingAct::Mute,
            until: Some(at(3900)),
            note: "割接".into(),
        };
        assert!(store.handle_incident(IncidentId::new(1), mute, line(300)).await.unwrap());
        judge(&store, 600, None).await;
        for second in (600..3900).step_by(60) {
            look(&store, at(second), &mut desk, &Plain).await.unwrap();
        }
        assert_eq!(titles(&store).await, ["open 1"]);
        look(&store, at(3900), &mut desk, &Plain).await.unwrap();
        assert_eq!(titles(&store).await, ["open 1", "over 1"]);
        // The digest of noon tells what came and went since the morning.
        look(&store, at(3 * 3600), &mut desk, &Plain).await.unwrap();
        look(&store, at(3 * 3600 + 5), &mut desk, &Plain).await.unwrap();
        assert_eq!(titles(&store).await, ["open 1", "over 1", "digest 1 0 0"]);
    }
}
