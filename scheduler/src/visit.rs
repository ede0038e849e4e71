//! One visit to one device: what is sent out, what is kept of what comes back.

use crate::{
    Agent, Dialogues, Probed, Taping,
    agent::Wish,
    evidence::{DIALOGUES, kind_of, last_good, may_fall, snapshot_wanted, worth_keeping},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use zhishou_domain::{
    Depth, Detail, DeviceId, DeviceKind, Fault, FaultCode, LifeState, LoginResult, Observation,
    OwnLimits, PictureOrder, Plan, ProbeRequest, Snapshot, Standing, State, Taught, Teaching,
    TestCall, Verdict, confirm::Outcome,
};
use zhishou_storage::{
    AuditLine, EvidenceKind, EvidenceRow, Fate, KeptFor, LoginUse, Pictures, Record, StoreError,
    StoredCredential, Target,
};

/// Keyframes are compared when they are at least so far apart; a younger reference is kept.
const REFERENCE_AGE: Duration = Duration::from_secs(30);
/// Attempts to record a result, and the pause between them: a busy disk is no reason to lose one.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);

/// A test call that is asked for lasts long enough to say how good it is.
const CALL: Duration = Duration::from_secs(20);

/// Whether a call that lasted so long, ms, is too short to say how good it is.
pub(crate) fn is_short(talked_ms: f64) -> bool {
    talked_ms < CALL.as_secs_f64() * 1000.0
}

/// What a visit leaves.
pub(crate) struct Visited {
    pub(crate) observation: Observation,
    /// After how long the device is due again.
    pub(crate) rest: Duration,
    /// Its parent, where it did not answer and is in doubt: how that stands is to be known first.
    pub(crate) parent: Option<DeviceId>,
}

/// Probes a device and records the result. `None` where nothing was recorded; the reason is logged.
pub(crate) async fn visit(
    agent: &Agent,
    device: DeviceId,
    sequence: i64,
    wish: Wish,
    cancel: CancellationToken,
) -> Option<Visited> {
    match try_visit(agent, device, sequence, wish, &cancel).await {
        Ok(visited) => visited,
        Err(error) => {
            tracing::error!(%device, %error, "failed to record a probe");
            None
        }
    }
}

/// What is known of a device before it is opened.
struct Known {
    target: Target,
    plan: Plan,
    login: Option<StoredCredential>,
    pictures: Pictures,
    standing: Standing,
    keeping: Keeping,
}

/// Which of its pictures are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    /// What is new of it.
    Changes,
    /// The one of this call: it is what a check, or whoever asked for the call, goes by.
    EachCall,
}

async fn try_visit(
    agent: &Agent,
    device: DeviceId,
    sequence: i64,
    wish: Wish,
    cancel: &CancellationToken,
) -> Result<Option<Visited>, StoreError> {
    let target = agent.store.target(device).await?;
    let Some(target) = target.filter(|target| target.life == LifeState::InUse) else {
        return Ok(None);
    };
    let mut known = Known {
        plan: (agent.plan_of)(target.kind, target.class),
        target,
        login: agent.store.credential(device).await?,
        pictures: agent.store.pictures(device).await?,
        standing: agent.store.standing(device).await?,
        keeping: Keeping::Changes,
    };
    if let Some(depth) = wish.depth {
        // Where media are asked for, a camera is looked at as its plan says: its turn is taken by this.
        let is_turn = known.target.kind == DeviceKind::Camera && depth == Depth::Stream;
        known.plan.depth = if is_turn { known.plan.depth.max(depth) } else { depth };
        if depth > Depth::Reach && known.target.test_call == TestCall::Permitted {
            known.plan.seconds = known.plan.seconds.max(CALL);
            known.keeping = Keeping::EachCall;
        }
    }
    let asked = wish.taping;
    let is_watched =
        agent.dialogues == Dialogues::Outages && may_fall(&known.standing, known.plan.confirm);
    let taping = if is_watched { Taping::On } else { asked };
    let request = request(agent, &known).await?;
    let masks = request.picture.masks.clone();
    let mut probed = agent.prober.probe(request, taping, cancel.clone()).await;
    if !says_nothing(&probed.observation, cancel)
        && let Some(main) = fall_back(agent, &known, &mut probed, taping, cancel).await?
    {
        (known, probed) = main;
    }
    let retried_at = agent.clock.now() + known.plan.confirm.retry;
    let is_waiting = is_crowded(&probed.observation) && known.standing.stands(retried_at);
    if says_nothing(&probed.observation, cancel) || is_waiting {
        // It says nothing about the device, and the last result still stands. But what became of
        // a login is never forgotten, and a call that was made was made.
        note_login(agent, &known, probed.login).await?;
        note_call(agent, &probed.observation, device).await?;
        let rest = known.plan.confirm.retry;
        return Ok(Some(Visited { observation: probed.observation, rest, parent: None }));
    }
    agent.eyes.weigh(&mut probed.observation, &known.standing).await;
    let Known { plan, standing: before, .. } = &known;
    let after = before.advance(&Outcome::of(&probed.observation), plan.confirm, plan.hold());
    let falls = before.state != State::Down && after.standing.state == State::Down;
    // What flows is not masked: of a device with masks only a dialogue without pictures is kept.
    let shows = probed.observation.video.as_ref().is_some_and(|video| video.packets > 0);
    if (asked == Taping::Off && !falls) || (shows && !masks.is_empty()) {
        probed.dialogue = None;
    }
    if agent.store.privacy_masks(device).await? != masks {
        // Drawn anew meanwhile: this picture does not have the new ones. Nor has what it taught, which
        // the store drops.
        probed.snapshot = None;
        probed.signature = None;
    }
    let kept_for = if falls { KeptFor::Outage } else { KeptFor::Asked };
    let (record, replaced) = keep(agent, &known, probed, sequence, kept_for).await;
    let has_dialogue = record.evidence.iter().any(|row| row.kind == EvidenceKind::Dialogue);
    let observation = record.observation.clone();
    let recorded = record_surely(agent, record).await?;
    if recorded.fate == Fate::Duplicate {
        tracing::warn!(%device, sequence, "a result with this number was there already");
    }
    if let Some(replaced) = replaced.filter(|_| recorded.fate == Fate::Counted) {
        agent.evidence.discard(replaced).await;
    }
    if has_dialogue {
        forget_dialogues(agent, device).await?;
    }
    let standing = recorded.step.standing;
    let rest = rest(plan, device, &observation, before, &standing);
    let is_lost = standing.doubt.is_some() && !observation.reached;
    let parent = known.target.parent.filter(|_| is_lost);
    Ok(Some(Visited { observation, rest, parent }))
}

async fn request(agent: &Agent, known: &Known) -> Result<ProbeRequest, StoreError> {
    let Known { target, plan, login, pictures, .. } = known;
    let url = address(target).to_owned();
    let certificate = agent.store.certificate(target.device).await?;
    let habit = agent.store.habit(target.device, &url).await?;
    let picture = picture_order(agent, known).await?;
    let test_call = match target.test_call {
        TestCall::Permitted
            if agent.store.is_in_meeting(target.device, agent.clock.now()).await? =>
        {
            TestCall::InMeeting
        }
        leave => leave,
    };
    let snapshot = match picture.taught.teaching {
        _ if known.keeping == Keeping::EachCall => Snapshot::Always,
        Teaching::Adopt => Snapshot::Always,
        Teaching::IfClean | Teaching::Nothing => {
            snapshot_wanted(last_good(pictures), agent.clock.now())
        }
    };
    Ok(ProbeRequest {
        device: Some(target.device),
        claim: (agent.claim_of)(target),
        kind: target.kind,
        url,
        credential: login.as_ref().map(|login| login.credential.clone()),
        credential_state: login.as_ref().map(|login| login.state.clone()).unwrap_or_default(),
        certificate: certificate.map(|it| it.fingerprint),
        depth: plan.depth,
        seconds: plan.seconds,
        decode_every: plan.decode_every,
        within: Some(plan.within()),
        habit,
        transport: plan.transport,
        last_picture: pictures.last.clone(),
        snapshot,
        picture,
        test_call,
        checks: target.checks.clone(),
    })
}

/// What is to be known of the picture before it is looked at.
async fn picture_order(agent: &Agent, known: &Known) -> Result<PictureOrder, StoreError> {
    let said = agent.store.feedback(known.target.device).await?;
    let masks = agent.store.privacy_masks(known.target.device).await?;
    let limits = OwnLimits::new(&said, known.standing.faults.iter().copied());
    if known.target.kind == DeviceKind::Endpoint {
        // Whoever sits there turns its camera: no scene is the right one.
        return Ok(PictureOrder { masks, limits, ..PictureOrder::default() });
    }
    let references = agent.store.picture_references(known.target.device).await?;
    let teaching = Teaching::of(&known.standing, references.adopt_since.is_some());
    Ok(PictureOrder {
        masks,
        limits,
        taught: Taught {
            lights: references.lights.into_iter().map(|it| it.learned).collect(),
            generation: references.generation,
            teaching,
        },
        mount: agent.store.mount(known.target.device).await?,
    })
}

/// Opens the main stream where the sub-stream of a device that answered failed: on a connection of
/// its own, within the same guards. Media that flow there are what the device delivers, and what
/// ails the sub-stream is told beside. Where the main stream stays unknown, so does the device: nothing
/// says that it is down. `None` where the result of the sub-stream stands.
async fn fall_back(
    agent: &Agent,
    known: &Known,
    failed: &mut Probed,
    taping: Taping,
    cancel: &CancellationToken,
) -> Result<Option<(Known, Probed)>, StoreError> {
    let seen = &failed.observation;
    // One rejected login is all that a visit may cost, and one without an answer may be one.
    let may_be_refused = seen.rejected_logins > 0 || failed.login_in_doubt;
    let is_worth_it = seen.verdict == Verdict::Offline && seen.reached && !may_be_refused;
    if known.target.sub_url.is_none() || !is_worth_it {
        return Ok(None);
    }
    let device = known.target.device;
    note_login(agent, known, failed.login.take()).await?;
    let main = Known {
        target: Target { sub_url: None, ..known.target.clone() },
        plan: known.plan.clone(),
        login: agent.store.credential(device).await?,
        pictures: known.pictures.clone(),
        standing: known.standing.clone(),
        keeping: known.keeping,
    };
    let mut probed = agent.prober.probe(request(agent, &main).await?, taping, cancel.clone()).await;
    if probed.observation.verdict == Verdict::Offline {
        note_login(agent, &main, probed.login).await?;
        return Ok(None);
    }
    let told = seen.faults.iter().map(|fault| {
        let detail = Detail::SubStream { detail: Box::new(fault.detail.clone()) };
        Fault::new(fault.code, fault.stage, detail)
    });
    probed.observation.faults.extend(told);
    if probed.observation.verdict == Verdict::Online {
        probed.observation.verdict = Verdict::Degraded;
    }
    Ok(Some((main, probed)))
}

/// The stream that is opened: the sub-stream where one is known.
fn address(target: &Target) -> &str {
    target.sub_url.as_deref().unwrap_or(&target.url)
}

/// We broke off, or nothing was sent because an earlier session of ours may still be open there.
fn says_nothing(observation: &Observation, cancel: &CancellationToken) -> bool {
    cancel.is_cancelled()
        || observation.faults.iter().any(|fault| {
            fault.code == FaultCode::SessionLimit && matches!(fault.detail, Detail::Ours { .. })
        })
}

/// Others of ours used up what it shares with them. That goes on record where the last result does not
/// stand until the next try: nobody would learn why else.
fn is_crowded(observation: &Observation) -> bool {
    observation.faults.iter().any(|fault| matches!(fault.detail, Detail::Crowded { .. }))
}

/// Whether the device says that it has no room for us.
fn is_full(observation: &Observation) -> bool {
    let is_full = |fault: &Fault| fault.code == FaultCode::SessionLimit && !fault.detail.is_ours();
    observation.faults.iter().any(is_full)
}

/// After how long the device is due again. One that says again that it is full is asked half as often,
/// so that those who watch it have the room.
fn rest(
    plan: &Plan,
    device: DeviceId,
    seen: &Observation,
    before: &Standing,
    after: &Standing,
) -> Duration {
    let rest = plan.rest(device, after.doubt.is_some(), after.round);
    match is_full(seen) && before.faults.contains(&FaultCode::SessionLimit) {
        true => (2 * rest).min(plan.hold()),
        false => rest,
    }
}

/// Puts on record what became of the credential, where the result itself is not kept.
async fn note_login(
    agent: &Agent,
    known: &Known,
    result: Option<LoginResult>,
) -> Result<(), StoreError> {
    if let Some(login) = login_use(known.login.as_ref(), result) {
        agent.store.note_device_login(known.target.device, login, agent.clock.now()).await?;
    }
    Ok(())
}

/// Puts a test call on record, where the result itself, which would, is not kept.
async fn note_call(agent: &Agent, seen: &Observation, device: DeviceId) -> Result<(), StoreError> {
    if seen.call.as_ref().is_some_and(|call| call.called) {
        let line = AuditLine {
            at: seen.started_at,
            login: agent.name.clone(),
            action: "test_call",
            subject: device.to_string(),
            address: String::new(),
        };
        agent.store.add_audit(line).await?;
    }
    Ok(())
}

/// What became of the credential that was sent.
fn login_use(login: Option<&StoredCredential>, result: Option<LoginResult>) -> Option<LoginUse> {
    let result = result?;
    login.map(|login| LoginUse { generation: login.generation, result })
}

/// Deletes the dialogues of a device that are too many.
async fn forget_dialogues(agent: &Agent, device: DeviceId) -> Result<(), StoreError> {
    let kept = agent.store.dialogues(device, 4 * DIALOGUES as u32).await?;
    let (asked, outages): (Vec<_>, Vec<_>) =
        kept.into_iter().partition(|it| it.kept_for == KeptFor::Asked);
    for of_one_reason in [asked, outages] {
        for old in of_one_reason.into_iter().skip(DIALOGUES) {
            agent.evidence.discard(old.file).await;
        }
    }
    Ok(())
}

/// Decides what is kept of a result, and writes its picture and its dialogue. Also gives the clean
/// picture that the new one replaces.
async fn keep(
    agent: &Agent,
    known: &Known,
    probed: Probed,
    sequence: i64,
    kept_for: KeptFor,
) -> (Record, Option<EvidenceRow>) {
    let Known { target, plan, login, pictures, standing, keeping } = known;
    let Probed {
        mut observation, snapshot, signature, lesson, habit, login: result, dialogue, ..
    } = probed;
    let mut evidence = Vec::new();
    let mut replaced = None;
    let is_adopted = lesson.as_ref().is_some_and(|it| it.teaching == Teaching::Adopt);
    let worth = match keeping {
        Keeping::Changes => worth_keeping(&observation, standing, pictures),
        Keeping::EachCall => Some(kind_of(&observation)),
    };
    if let Some(jpeg) = snapshot
        && let Some(kind) = if is_adopted { Some(EvidenceKind::Good) } else { worth }
        && let Some(row) =
            agent.evidence.keep(target.device, kind, observation.started_at, jpeg).await
    {
        if let Some(picture) = &mut observation.picture {
            picture.snapshot = Some(row.key.clone());
        }
        // What an operator has replaced may yet be restored, and what a check went by is not replaced.
        if kind == EvidenceKind::Good && !is_adopted && target.kind != DeviceKind::Endpoint {
            replaced = replaced_by(&observation, pictures);
        }
        evidence.push(row);
    }
    if let Some(dialogue) = dialogue {
        let (kind, at) = (EvidenceKind::Dialogue, observation.started_at);
        evidence.extend(agent.evidence.keep(target.device, kind, at, dialogue).await);
    }
    let signature = signature.filter(|_| is_new_reference(&observation, pictures));
    let login = login_use(login.as_ref(), result);
    let record = Record {
        device: target.device,
        agent: agent.name.clone(),
        sequence,
        observation,
        recorded_at: agent.clock.now(),
        rule: plan.confirm,
        hold: plan.hold(),
        signature,
        lesson,
        habit: Some((address(target).to_owned(), habit)),
        evidence,
        kept_for,
        login,
    };
    (record, replaced)
}

/// The clean picture whose place a new one takes: the last by the same light, so that night does not
/// cost what the day is shown beside.
fn replaced_by(observation: &Observation, pictures: &Pictures) -> Option<EvidenceRow> {
    let light = observation.picture.as_ref()?.light?;
    pictures.by_light.iter().find(|(of, _)| *of == light).map(|(_, row)| row.clone())
}

/// Whether this picture is what the next one is compared with: not while it stands still, so that
/// "unchanged for" keeps counting, and not before the old one is old enough to compare with.
fn is_new_reference(observation: &Observation, pictures: &Pictures) -> bool {
    let is_frozen = observation.faults.iter().any(|fault| fault.code == FaultCode::Frozen);
    let is_old = pictures.last.as_ref().is_none_or(|(taken, _)| {
        let at = observation.started_at;
        // One that lies in the future was dated by a clock that was wrong.
        *taken + REFERENCE_AGE <= at || *taken > at
    });
    is_old && !is_frozen
}

/// Records a result, again where the store is busy; a full disk or a closed store ends it.
async fn record_surely(
    agent: &Agent,
    record: Record,
) -> Result<zhishou_storage::Recorded, StoreError> {
    let mut attempt = 1;
    loop {
        match agent.store.record(record.clone()).await {
            Ok(recorded) => return Ok(recorded),
            Err(error) if attempt < ATTEMPTS => {
                tracing::warn!(device = %record.device, %error, attempt, "recording again");
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{Bottleneck, ConfirmRule, IdSource, Stage, Timestamp, TransportPolicy};

    struct Zeros;

    impl IdSource for Zeros {
        fn random(&self) -> [u8; 10] {
            [0; 10]
        }
    }

    #[test]
    fn q72_a_device_that_goes_on_saying_that_it_is_full_is_asked_half_as_often() {
        let minute = Duration::from_secs(60);
        let plan = Plan {
            interval: minute,
            depth: Depth::Stream,
            seconds: Duration::from_secs(1),
            decode_every: Duration::ZERO,
            transport: TransportPolicy::Auto,
            jitter: 0.0,
            confirm: ConfirmRule { failures: 2, retry: minute / 4 },
        };
        let device = DeviceId::new(Timestamp::default(), &Zeros);
        let seen = |detail| {
            let at = Timestamp::default();
            let mut seen =
                Observation::new("rtsp://nvr/1".into(), DeviceKind::Camera, Depth::Stream, at);
            seen.faults = vec![Fault::new(FaultCode::SessionLimit, Stage::Setup, detail)];
            seen
        };
        let full = seen(Detail::Status { status: 453, reason: String::new() });
        let crowded = seen(Detail::Crowded { by: Bottleneck::Uplink, waited_ms: 30_000 });
        let (well, said) = (
            Standing::default(),
            Standing { faults: vec![FaultCode::SessionLimit], ..Standing::default() },
        );
        let next = |seen, before| rest(&plan, device, seen, before, &Standing::default());
        assert_eq!(next(&full, &well), minute);
        assert_eq!(next(&full, &said), 2 * minute);
        assert_eq!(next(&crowded, &said), minute, "that is ours, not the device's");
        let answers = Observation { faults: vec![], ..full.clone() };
        assert_eq!(next(&answers, &said), minute);
    }
}
