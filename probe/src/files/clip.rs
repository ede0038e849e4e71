//! Video files: looks, and what most of them agree on.

use std::path::Path;
use std::time::Duration;

use zhishou_domain::{Detail, Fault, FaultCode, Stage};
use zhishou_picture::{
    Evidence, Finding, Glimpse, Judgement, Signature, judge, judge_frozen, judge_shaking,
};

use super::{FRAMES_A_LOOK, FileError, FileJudge, Judged, LOOKS};
use crate::decode::{Clip, ClipError, ClipPicture};

/// Least distance of two looks: a little more than `frozen` needs.
const APART: Duration = Duration::from_secs(31);

/// Longest time from one picture of a look to the next; what comes later is another shot.
const GAP: Duration = Duration::from_secs(1);

/// What one look saw.
struct Look {
    keyframe: ClipPicture,
    judgement: Judgement,
    signature: Signature,
    /// The decoder met errors in one of its pictures.
    damaged: bool,
}

impl FileJudge {
    pub(super) fn judge_clip(&self, path: &Path) -> Result<Judged, FileError> {
        let mut clip = Clip::open(path)?;
        let mut looks: Vec<Look> = Vec::new();
        let mut first = clip.picture()?;
        let spread = clip.duration().map_or(APART, |length| (length / LOOKS).max(APART));
        while let Some(keyframe) = first {
            let at = keyframe.at;
            looks.push(self.look(&mut clip, keyframe)?);
            if looks.len() == LOOKS as usize {
                break;
            }
            first = clip.next_from(at + spread)?;
        }
        self.conclude(&looks)
    }

    /// A keyframe and the pictures after it.
    fn look(&self, clip: &mut Clip, keyframe: ClipPicture) -> Result<Look, FileError> {
        let frame = keyframe.picture.frame()?;
        let mut glimpses: Vec<_> = Glimpse::of(&frame).into_iter().collect();
        let (mut damaged, mut last) = (keyframe.picture.is_corrupted(), keyframe.at);
        for _ in 1..FRAMES_A_LOOK {
            let Some(next) = clip.picture()? else { break };
            if next.at.saturating_sub(last) > GAP {
                break;
            }
            last = next.at;
            damaged |= next.picture.is_corrupted();
            glimpses.extend(next.picture.frame().ok().and_then(|frame| Glimpse::of(&frame)));
        }
        // Of a picture that is partly made up nothing can be told.
        let evidence = if damaged { Evidence::Damaged { made_up: 0.0 } } else { Evidence::Sound };
        let mut judgement = judge(&frame, &evidence, self.reference.as_ref(), &self.limits);
        if !damaged {
            judgement.findings.push(judge_shaking(&glimpses, &self.limits));
        }
        let signature = Signature::of(&frame, None);
        Ok(Look { judgement, signature, damaged, keyframe })
    }

    fn conclude(&self, looks: &[Look]) -> Result<Judged, FileError> {
        let (Some(first), Some(last)) = (looks.first(), looks.last()) else {
            return Err(ClipError::NoPicture.into());
        };
        let mut agreed = last.judgement.clone();
        agreed.findings = zhishou_picture::Fault::ALL
            .into_iter()
            .filter_map(|fault| middle(looks.iter().filter_map(|l| l.judgement.finding(fault))))
            .chain(self.frozen(looks))
            .collect();
        let held = last.keyframe.at.saturating_sub(first.keyframe.at).as_millis();
        let frame = last.keyframe.picture.frame()?;
        let mut judged = Judged::of(&frame, &agreed, u64::try_from(held).ok());
        judged.thumbnail = self.thumbnail(&first.keyframe.picture.frame()?);
        let damaged = looks.iter().filter(|look| look.damaged).count();
        let score = damaged as f64 / looks.len() as f64;
        // Blocks seen in sound pictures count as well.
        let seen = judged.scores.get(&FaultCode::Corrupted).copied().flatten();
        judged.scores.insert(FaultCode::Corrupted, Some(seen.map_or(score, |it| it.max(score))));
        if 2 * damaged > looks.len() {
            let problem = format!("damaged pictures in {damaged} of {} places", looks.len());
            let detail = Detail::Decoder { problem };
            judged.faults.retain(|fault| fault.code != FaultCode::Corrupted);
            judged.faults.push(Fault::new(FaultCode::Corrupted, Stage::Decode, detail));
        }
        Ok(judged)
    }

    /// The first sound look against each later one.
    fn frozen(&self, looks: &[Look]) -> Option<Finding> {
        let mut sound = looks.iter().filter(|look| !look.damaged);
        let first = sound.next()?;
        let compared: Vec<_> = sound
            .map(|look| {
                let apart = look.keyframe.at.saturating_sub(first.keyframe.at);
                let (earlier, later) = (&first.signature, &look.signature);
                judge_frozen(earlier, later, apart, &look.judgement, &self.limits)
            })
            .collect();
        middle(compared.iter())
    }
}

/// The lower median by score of those that can tell, so that a fault is raised where more than half
/// of them raise it; without any, one that cannot.
fn middle<'a>(findings: impl Iterator<Item = &'a Finding>) -> Option<Finding> {
    let (mut told, untold): (Vec<_>, Vec<_>) =
        findings.partition(|finding| finding.score.is_some());
    told.sort_by(|a, b| a.score.partial_cmp(&b.score).unwrap_or(std::cmp::Ordering::Equal));
    let at = told.len().saturating_sub(1) / 2;
    told.get(at).or(untold.first()).map(|finding| (*finding).clone())
}
