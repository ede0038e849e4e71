//! From a decoded keyframe to facts, faults, the evidence snapshot and the signature.

#[cfg(test)]
mod learning;
mod lesson;

use std::collections::BTreeMap;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use zhishou_domain::{
    Detail, Fault, FaultCode, Lesson, Mount, OwnLimits, PictureFacts, PictureMode, PictureOrder,
    PictureShift, PictureStripes, PictureTiles, PrivacyMasks, Reading, Snapshot, Stage, Timestamp,
    own_limits::{CLEARED, Settled},
};
use zhishou_picture::{
    CodedHash, Evidence, Finding, Frame, Judgement, Line, Mask, Mode, Place, Shift, Signature,
    judge, judge_damage, judge_frozen, judge_shaking,
};

use zhishou_protocol::rtp::{Headers, Keyframe};

use self::lesson::{School, light_of};
use crate::Settings;
use crate::decoder::Decoded;

/// Counts changes of methods and limits by which scores of one camera are not those of before.
const ALGORITHM: u32 = 6;

/// JPEG quality of evidence: details stay readable at about 60 kB.
const JPEG_QUALITY: u8 = 80;

/// Share of a picture past which nothing of it could be read. A stream that is torn at one place
/// gets there one time in twenty.
const UNREADABLE: f64 = 0.95;

/// Macroblocks before the first bad one of a slice that libav makes up too (100, in `ff_er_frame_end`).
const BEFORE: f64 = 100.0;

/// Macroblocks of a slice from which on the share of those made up tells where it went wrong.
const LARGE_SLICE: f64 = 500.0;

/// What was seen in one keyframe.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) facts: Option<PictureFacts>,
    pub(crate) faults: Vec<Fault>,
    /// JPEG.
    pub(crate) snapshot: Option<Vec<u8>>,
    pub(crate) lesson: Option<Lesson>,
    /// For the next probe's comparison.
    pub(crate) signature: Option<Vec<u8>>,
}

/// The earlier keyframe of the device, for `frozen`.
pub(crate) struct Before<'a> {
    pub(crate) taken: Timestamp,
    pub(crate) signature: &'a [u8],
}

/// What the bytes of a keyframe tell, decoder or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CodedEvidence {
    /// Tells it from another.
    pub(crate) hash: CodedHash,
    /// Its slice headers.
    pub(crate) headers: Headers,
    /// Its slices.
    pub(crate) slices: usize,
    /// Whether its bytes are as even as cipher text; `None` where there are too few.
    pub(crate) looks_random: Option<bool>,
}

impl CodedEvidence {
    pub(crate) fn of(keyframe: &Keyframe) -> Self {
        Self {
            hash: keyframe.slices_hash,
            headers: keyframe.headers,
            slices: keyframe.slices,
            looks_random: keyframe.looks_random(),
        }
    }

    /// `encrypted_suspected`, of a keyframe that came without loss and that no decoder could read.
    /// `made_up` is the share of the picture that the decoder had to make up, 0 to 1, and `size` its
    /// pixels, where there was one.
    ///
    /// Even bytes are no proof (arithmetic coding leaves them too), nor is a decoder that fails (an
    /// encoder that broke): it takes even bytes, and either headers that make no sense or sound ones
    /// over a picture of which nothing could be read.
    pub(crate) fn cipher(&self, made_up: f64, size: (u32, u32)) -> Option<Fault> {
        if self.looks_random != Some(true) {
            return None;
        }
        let made_up = match self.headers {
            Headers::Absurd => None,
            _ if self.unread(made_up, size) >= UNREADABLE => Some(made_up),
            Headers::Sound { .. } | Headers::Unread => return None,
        };
        let detail = Detail::Cipher { made_up };
        Some(Fault::new(FaultCode::EncryptedSuspected, Stage::Decode, detail))
    }

    /// The share of the picture after the places where its slices went wrong; 0 where the slices
    /// are too small to tell.
    fn unread(&self, made_up: f64, (width, height): (u32, u32)) -> f64 {
        let blocks = f64::from(width.div_ceil(16)) * f64::from(height.div_ceil(16));
        let slices = self.slices.max(1) as f64;
        if blocks < LARGE_SLICE * slices {
            return 0.0;
        }
        (made_up * blocks - BEFORE * slices) / (blocks - BEFORE * slices)
    }
}

/// What is wanted of a picture.
pub(crate) struct Want {
    pub(crate) snapshot: Snapshot,
    pub(crate) picture: PictureOrder,
}

/// Looks at a picture. `coded` is what its bytes tell; `now` is when it was taken.
pub(crate) fn look(
    picture: &dyn Decoded,
    coded: CodedEvidence,
    now: Timestamp,
    before: Option<&Before<'_>>,
    want: &Want,
    settings: &Settings,
) -> Look {
    let (width, height) = picture.size();
    let frame = match picture.frame() {
        Ok(frame) => frame,
        // The bounds are ours: the picture stays unjudged, and the camera is not blamed.
        Err(error) => {
            tracing::warn!(%error, width, height, "a picture cannot be judged");
            return Look::default();
        }
    };
    let damage = picture.is_corrupted().then(|| judge_damage(picture.made_up(), &settings.picture));
    let cipher = damage.as_ref().and_then(|_| coded.cipher(picture.made_up(), (width, height)));
    // The errors of an encoder that an operator knows: what its pictures show is judged.
    let counts = |damage: &Finding| {
        cipher.is_some() || fault_of(damage, &want.picture.limits, None).is_some()
    };
    let damage = damage.filter(counts);
    let corrupted = damage.is_some();
    let evidence =
        if corrupted { Evidence::Damaged { made_up: picture.made_up() } } else { Evidence::Sound };
    let order = &want.picture;
    let mask = mask_of(&order.masks);
    let frame = mask.as_ref().map_or(frame, |mask| frame.with_mask(mask));
    let mut school = School::open(&order.taught);
    school.adopt(&frame, &evidence, &order.limits, &settings.picture, now);
    let mut judgement = judge(&frame, &evidence, Some(&school.references), &settings.picture);
    let signature = Signature::of(&frame, Some(coded.hash));
    let mut still = None;
    if let Some(before) = before
        && !corrupted
        && let Ok(earlier) = Signature::from_bytes(before.signature)
    {
        let apart = now.since(before.taken);
        let for_ms = u64::try_from(apart.as_millis()).unwrap_or(u64::MAX);
        still = Some(if signature.repeats(&earlier) {
            Detail::Repeated { for_ms }
        } else {
            Detail::Frozen { for_ms }
        });
        let finding = judge_frozen(&earlier, &signature, apart, &judgement, &settings.picture);
        judgement.findings.push(finding);
    }
    if !corrupted && !picture.glimpses().is_empty() {
        judgement.findings.push(judge_shaking(picture.glimpses(), &settings.picture));
    }
    let mut faults: Vec<_> = if let Some(damage) = damage {
        let problem = format!("{} decoder errors in a whole keyframe", picture.errors());
        let said =
            |fault: Fault| Fault::new(fault.code, Stage::Decode, Detail::Decoder { problem });
        let broken = || fault_of(&damage, &order.limits, None).map(said);
        cipher.or_else(broken).into_iter().collect()
    } else {
        let fault = |it| fault_of(it, &order.limits, still.as_ref());
        judgement.findings.iter().filter_map(fault).collect()
    };
    let lesson = if lesson::is_clean(&faults) {
        school.lesson(&frame, &judgement, &settings.picture, now)
    } else {
        None
    };
    if order.mount == Mount::Turns {
        look_away(&mut judgement, &mut faults);
    }
    let is_wanted = match want.snapshot {
        Snapshot::Never => false,
        Snapshot::OnFault => !faults.is_empty(),
        Snapshot::IfLooked | Snapshot::Always => true,
    };
    Look {
        facts: Some(facts(&judgement, picture, &order.limits)),
        faults,
        snapshot: is_wanted.then(|| jpeg(&frame, settings.snapshot_width, &order.masks)).flatten(),
        lesson,
        signature: (!corrupted).then(|| signature.to_bytes()),
    }
}

/// Of a camera that is turned nobody can tell whether it looks where it should: another view is learned,
/// and no fault.
fn look_away(judgement: &mut Judgement, faults: &mut Vec<Fault>) {
    let turned = |it: &&mut Finding| it.fault == zhishou_picture::Fault::SceneChanged;
    for finding in judgement.findings.iter_mut().filter(turned) {
        (finding.score, finding.place) = (None, None);
    }
    faults.retain(|fault| fault.code != FaultCode::SceneChanged);
}

fn facts(judgement: &Judgement, picture: &dyn Decoded, own: &OwnLimits) -> PictureFacts {
    let (width, height) = picture.size();
    let findings = || judgement.findings.iter().filter_map(|it| Some((code_of(it)?, it)));
    let score = |finding: &Finding| settled(finding, own).map(|settled| settled.score);
    // A fault that takes more than this one picture stands there as not told.
    let all = zhishou_picture::Fault::ALL.into_iter();
    let mut scores: BTreeMap<_, _> =
        all.filter_map(|fault| Some((FaultCode::from_code(fault.code())?, None))).collect();
    scores.extend(findings().map(|(code, it)| (code, score(it))));
    PictureFacts {
        width,
        height,
        mode: match judgement.mode {
            Mode::Colour => PictureMode::Colour,
            Mode::Mono => PictureMode::Mono,
        },
        light: Some(light_of(judgement.light)),
        tiles: tiles(judgement, own),
        shift: judgement.findings.iter().find_map(shift),
        stripes: judgement.findings.iter().find_map(stripes),
        scores,
        readings: findings().filter_map(|(code, it)| Some((code, reading(it)?))).collect(),
        decoder_errors: picture.errors(),
        algorithm: ALGORITHM,
        luma_mean: judgement.luma_mean,
        snapshot: None,
    }
}

/// The tiles of what is nearest to a fault among what has any, unless all is surely well.
fn tiles(judgement: &Judgement, own: &OwnLimits) -> Option<PictureTiles> {
    let maps = judgement.findings.iter().filter_map(|finding| match &finding.place {
        Some(Place::Tiles(map)) => Some((settled(finding, own)?.score, finding, map)),
        _ => None,
    });
    let worst = maps.filter(|(score, ..)| *score >= CLEARED).max_by(|a, b| a.0.total_cmp(&b.0));
    let (_, finding, map) = worst?;
    let digit = |score: &Option<u8>| {
        score.and_then(|score| char::from_digit(u32::from(score >> 4), 16)).unwrap_or('-')
    };
    Some(PictureTiles {
        fault: code_of(finding)?,
        columns: u16::try_from(map.columns).ok()?,
        scores: map.scores.iter().map(digit).collect(),
    })
}

/// How far the scene moved.
fn shift(finding: &Finding) -> Option<PictureShift> {
    match finding.place {
        Some(Place::Shift(Shift { dx, dy })) if finding.is_fault() => {
            let percent = |share: f64| (share * 100.0).round() / 100.0;
            Some(PictureShift { dx: percent(dx), dy: percent(dy) })
        }
        _ => None,
    }
}

/// The pattern that lies over the picture.
fn stripes(finding: &Finding) -> Option<PictureStripes> {
    match finding.place {
        Some(Place::Line(Line { across, down, amplitude })) if finding.is_fault() => {
            let tenth = |value: f64| (value * 10.0).round() / 10.0;
            let [across, down, amplitude] = [across, down, amplitude].map(tenth);
            Some(PictureStripes { across, down, amplitude })
        }
        _ => None,
    }
}

/// The masks as the judge takes them; `None` where nothing is masked.
fn mask_of(masks: &PrivacyMasks) -> Option<Mask> {
    let mut mask = Mask::default();
    masks.cover(Mask::COLUMNS, Mask::ROWS, |row, columns| mask.cover(row, columns));
    (!masks.is_empty()).then_some(mask)
}

pub(crate) fn code_of(finding: &Finding) -> Option<FaultCode> {
    FaultCode::from_code(finding.fault.code())
}

/// The figure behind a score.
fn reading(finding: &Finding) -> Option<Reading> {
    Some(Reading::new(finding.score?, finding.measured?, finding.limit, finding.unit))
}

/// What a finding comes to by the camera's own limits; `None` where it cannot be told.
fn settled(finding: &Finding, own: &OwnLimits) -> Option<Settled> {
    let excess = reading(finding).and_then(|reading| reading.excess);
    Some(own.settle(code_of(finding)?, finding.score?, excess))
}

pub(crate) fn fault_of(
    finding: &Finding,
    own: &OwnLimits,
    still: Option<&Detail>,
) -> Option<Fault> {
    let code = code_of(finding)?;
    let settled = settled(finding, own).filter(|settled| settled.raised)?;
    let detail = match (code, still, finding.measured) {
        (FaultCode::Frozen, Some(still), _) => still.clone(),
        (_, _, Some(value)) => {
            let (limit, unit) = (finding.limit, finding.unit.to_owned());
            if settled.lingers {
                Detail::Lingering { value, limit, unit }
            } else {
                Detail::Measure { value, limit, unit }
            }
        }
        _ => Detail::None,
    };
    Some(Fault::new(code, Stage::Judge, detail))
}

/// Grey that stands where a mask lies.
const MASKED: u8 = 96;

/// Encodes the scaled picture; what is masked is gone before the encoder sees it.
fn jpeg(frame: &Frame<'_>, width: usize, masks: &PrivacyMasks) -> Option<Vec<u8>> {
    let mut small = zhishou_picture::snapshot(frame, width);
    masks.cover(small.width, small.height, |row, columns| {
        let line = row * small.width;
        small.rgb[(line + columns.start) * 3..(line + columns.end) * 3].fill(MASKED);
    });
    let (width, height) = (u32::try_from(small.width).ok()?, u32::try_from(small.height).ok()?);
    let mut out = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY);
    match image::ImageEncoder::write_image(
        encoder,
        &small.rgb,
        width,
        height,
        ExtendedColorType::Rgb8,
    ) {
        Ok(()) => Some(out),
        Err(error) => {
            tracing::warn!(%error, "failed to encode a snapshot");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use zhishou_domain::{Feedback, Opinion};
    use zhishou_picture::{FrameError, OwnedFrame};

    struct Still {
        frame: OwnedFrame,
        errors: u32,
        made_up: f64,
    }

    impl Decoded for Still {
        fn size(&self) -> (u32, u32) {
            (640, 480)
        }
        fn errors(&self) -> u32 {
            self.errors
        }
        fn is_corrupted(&self) -> bool {
            self.errors > 0
        }
        fn made_up(&self) -> f64 {
            self.made_up
        }
        fn frame(&self) -> Result<Frame<'_>, FrameError> {
            Ok(self.frame.as_frame())
        }
    }

    fn still(seed: u32, errors: u32) -> Still {
        // A textured scene, so that nothing is flat: squares with a seeded grain.
        let pixels = (0..640 * 480u32).flat_map(|i| {
            let (x, y) = (i % 640, i / 640);
            let base = if (x / 20 + y / 15) % 2 == 0 { 90 } else { 170 };
            let grain = (i.wrapping_mul(2_654_435_761).wrapping_add(seed)).rotate_left(7) % 13;
            [base + grain as u8; 3]
        });
        let rgb: Vec<u8> = pixels.collect();
        Still { frame: OwnedFrame::from_rgb8(640, 480, &rgb).unwrap(), errors, made_up: 0.3 }
    }

    fn coded(hash: u8) -> CodedEvidence {
        let headers = Headers::Sound { qp: 28 };
        CodedEvidence { hash: [hash; 16], headers, slices: 1, looks_random: Some(true) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    pub(super) fn want(snapshot: Snapshot) -> Want {
        Want { snapshot, picture: PictureOrder::default() }
    }

    #[test]
    fn stripes_are_told_by_their_line_of_the_spectrum() {
        let with = |amplitude: f64| {
            let rgb = (0..640 * 480).flat_map(|i: u32| {
                let (x, y) = (f64::from(i % 640), f64::from(i / 640));
                [(90.0 + x / 8.0 + amplitude * (y * std::f64::consts::TAU / 12.0).sin()) as u8; 3]
            });
            let rgb: Vec<u8> = rgb.collect();
            let frame = OwnedFrame::from_rgb8(640, 480, &rgb).unwrap();
            let still = Still { frame, errors: 0, made_up: 0.0 };
            let settings = Settings::default();
            look(&still, coded(1), at(0), None, &want(Snapshot::Never), &settings).facts.unwrap()
        };
        let line = with(20.0).stripes.unwrap();
        assert!(line.across == 0.0 && (line.down.abs() - 40.0).abs() < 3.0, "{line:?}");
        assert_eq!(with(0.0).stripes, None);
    }

    /// A picture beyond the bounds of the judge.
    struct Sliver;

    impl Decoded for Sliver {
        fn size(&self) -> (u32, u32) {
            (1920, 16)
        }
        fn errors(&self) -> u32 {
            0
        }
        fn is_corrupted(&self) -> bool {
            false
        }
        fn made_up(&self) -> f64 {
            0.0
        }
        fn frame(&self) -> Result<Frame<'_>, FrameError> {
            Err(FrameError::Size { width: 1920, height: 16 })
        }
    }

    #[test]
    fn what_we_cannot_judge_is_no_fault_of_the_camera() {
        let settings = Settings::default();
        let seen = look(&Sliver, coded(1), at(0), None, &want(Snapshot::Always), &settings);
        assert_eq!((seen.faults, seen.facts, seen.snapshot), (vec![], None, None));
    }

    #[test]
    fn a_picture_becomes_facts_a_jpeg_and_a_signature() {
        let seen = look(
            &still(1, 0),
            coded(1),
            at(0),
            None,
            &want(Snapshot::Always),
            &Settings::default(),
        );
        let facts = seen.facts.unwrap();
        assert_eq!((facts.width, facts.height, facts.mode), (640, 480, PictureMode::Mono));
        assert_eq!(facts.scores[&FaultCode::Black], Some(0.0));
        for untold in [FaultCode::Frozen, FaultCode::Shaking, FaultCode::Occluded] {
            assert_eq!(facts.scores[&untold], None, "nothing to compare with");
        }
        let jpeg = image::load_from_memory(&seen.snapshot.unwrap()).unwrap();
        assert_eq!((jpeg.width(), jpeg.height()), (640, 480));
        assert!(seen.signature.is_some());
    }

    #[test]
    fn what_is_masked_never_reaches_the_encoder() {
        let mut order = want(Snapshot::Always);
        order.picture.masks = "0.25,0.25 0.75,0.5".parse().unwrap();
        let seen = look(&still(1, 0), coded(1), at(0), None, &order, &Settings::default());
        let jpeg = image::load_from_memory(&seen.snapshot.unwrap()).unwrap().to_rgb8();
        // Clear of the ringing at the edge.
        for (x, y) in [(170, 130), (320, 180), (470, 230)] {
            assert!(jpeg.get_pixel(x, y).0.iter().all(|value| value.abs_diff(MASKED) <= 2));
        }
        let differ = |x: u32, y: u32| jpeg.get_pixel(x, y).0[0].abs_diff(MASKED) > 30;
        assert!(differ(30, 30) || differ(50, 30), "elsewhere the scene stays");
    }

    #[test]
    fn the_same_coded_keyframe_after_a_minute_is_frozen() {
        let settings = Settings::default();
        let first = look(&still(1, 0), coded(7), at(0), None, &want(Snapshot::Always), &settings)
            .signature
            .unwrap();
        let before = Before { taken: at(0), signature: &first };
        let again =
            look(&still(1, 0), coded(7), at(60), Some(&before), &want(Snapshot::Always), &settings);
        let frozen = again.faults.iter().find(|f| f.code == FaultCode::Frozen).unwrap();
        assert_eq!(frozen.detail, Detail::Repeated { for_ms: 60_000 });
        // Coded anew, as from a player that lost its source.
        let anew =
            look(&still(1, 0), coded(8), at(60), Some(&before), &want(Snapshot::Always), &settings);
        let frozen = anew.faults.iter().find(|f| f.code == FaultCode::Frozen).unwrap();
        assert_eq!(frozen.detail, Detail::Frozen { for_ms: 60_000 });
        let soon =
            look(&still(1, 0), coded(7), at(5), Some(&before), &want(Snapshot::Always), &settings);
        assert!(soon.faults.iter().all(|f| f.code != FaultCode::Frozen), "too soon to tell");
    }

    #[test]
    fn a_picture_that_the_decoder_made_up_is_not_judged() {
        let seen = look(
            &still(1, 3),
            coded(1),
            at(0),
            None,
            &want(Snapshot::Always),
            &Settings::default(),
        );
        assert_eq!(seen.faults.len(), 1);
        assert_eq!(seen.faults[0].code, FaultCode::Corrupted);
        let facts = seen.facts.unwrap();
        assert!(facts.scores.iter().all(|(c, s)| *c == FaultCode::Corrupted || s.is_none()));
        assert!(seen.signature.is_none(), "and nothing is compared with it later");
    }

    #[test]
    fn an_encoder_whose_errors_show_nothing_is_no_fault_once_an_operator_has_said_so() {
        let seen = |said: &[Feedback], made_up| {
            let limits = OwnLimits::new(said, []);
            let picture = PictureOrder { limits, ..PictureOrder::default() };
            let want = Want { snapshot: Snapshot::Never, picture };
            let still = Still { made_up, ..still(1, 1) };
            look(&still, coded(1), at(0), None, &want, &Settings::default())
        };
        let corrupted = |look: &Look| look.faults.iter().any(|it| it.code == FaultCode::Corrupted);
        let odd = seen(&[], 0.01);
        assert!(corrupted(&odd));
        let facts = odd.facts.unwrap();
        let reading = facts.readings[&FaultCode::Corrupted].clone();
        assert!(
            reading.value >= reading.limit,
            "what is a fault is not below its limit: {reading:?}"
        );
        let said = [Feedback {
            at: at(0),
            login: "duty".to_owned(),
            fault: FaultCode::Corrupted,
            opinion: Opinion::FalseAlarm,
            score: facts.scores[&FaultCode::Corrupted],
            reading: Some(reading),
        }];
        let again = seen(&said, 0.01);
        assert!(!corrupted(&again) && again.signature.is_some());
        let told = again.facts.unwrap().scores.values().filter(|score| score.is_some()).count();
        assert!(told > 1, "the rest of the picture is judged");
        assert!(corrupted(&seen(&said, 0.3)), "a third of the picture is no odd encoder");
    }

    #[test]
    fn q69_cipher_text_takes_even_bytes_and_headers_or_a_picture_that_make_no_sense() {
        let sound = Headers::Sound { qp: 28 };
        for (headers, looks_random, made_up, suspected) in [
            (Headers::Absurd, Some(true), 0.0, true),
            (sound, Some(true), 1.0, true),
            // An encoder that broke somewhere in the picture.
            (sound, Some(true), 0.7, false),
            (Headers::Unread, Some(true), 0.0, false),
            (Headers::Absurd, Some(false), 1.0, false),
            (Headers::Absurd, None, 1.0, false),
        ] {
            let coded = CodedEvidence { hash: [1; 16], headers, slices: 1, looks_random };
            let picture = Still { made_up, ..still(1, 3) };
            let never = &want(Snapshot::Never);
            let seen = look(&picture, coded, at(0), None, never, &Settings::default());
            let wanted =
                if suspected { FaultCode::EncryptedSuspected } else { FaultCode::Corrupted };
            assert_eq!(seen.faults.len(), 1);
            assert_eq!(seen.faults[0].code, wanted, "{coded:?} {made_up}");
        }
    }
}

#[cfg(all(test, feature = "gst"))]
mod cipher;
