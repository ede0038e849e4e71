//! Video files: looks, and what most of them agree on.

use std::path::Path;
use std::time::Duration;

use zhishou_domain::{Detail, Fault, FaultCode, Stage};
use zhishou_picture::{
    Evidence, Finding, Frame, Glimpse, Judgement, References, Signature, judge, judge_frozen,
    judge_shaking,
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
    /// Its scene is what those of the later looks are compared with.
    is_first_scene: bool,
}

impl FileJudge {
    pub(super) fn judge_clip(&self, path: &Path) -> Result<Judged, FileError> {
        let mut clip = Clip::open(path)?;
        let mut looks: Vec<Look> = Vec::new();
        let mut first = clip.picture()?;
        let mut scene = None;
        let spread = clip.duration().map_or(APART, |length| (length / LOOKS).max(APART));
        while let Some(keyframe) = first {
            let at = keyframe.at;
            let mut look = self.look(&mut clip, keyframe, scene.as_ref())?;
            if self.reference.is_none() && scene.is_none() && !look.damaged {
                scene = self.scene(&look.keyframe.picture.frame()?);
                look.is_first_scene = scene.is_some();
            }
            looks.push(look);
            if looks.len() == LOOKS as usize {
                break;
            }
            first = clip.next_from(at + spread)?;
        }
        self.conclude(&looks)
    }

    /// The scene of a picture, to compare later ones with; `None` where it shows too little.
    fn scene(&self, frame: &Frame<'_>) -> Option<References> {
        let mut scene = References::new();
        scene.adopt(frame, &self.limits, 0).then_some(scene)
    }

    /// A keyframe and the pictures after it. `scene` is the clip's first, where no reference is given: it
    /// tells a camera that was turned meanwhile, and nothing else, as nobody said that it was clean.
    fn look(
        &self,
        clip: &mut Clip,
        keyframe: ClipPicture,
        scene: Option<&References>,
    ) -> Result<Look, FileError> {
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
        if let Some(scene) = scene {
            let beside = judge(&frame, &evidence, Some(scene), &self.limits);
            let is_turned = |it: &Finding| it.fault == zhishou_picture::Fault::SceneChanged;
            judgement.findings.retain(|it| !is_turned(it));
            judgement.findings.extend(beside.findings.into_iter().filter(is_turned));
        }
        if !damaged {
            judgement.findings.push(judge_shaking(&glimpses, &self.limits));
        }
        let signature = Signature::of(&frame, None);
        Ok(Look { judgement, signature, damaged, keyframe, is_first_scene: false })
    }

    fn conclude(&self, looks: &[Look]) -> Result<Judged, FileError> {
        let (Some(first), Some(last)) = (looks.first(), looks.last()) else {
            return Err(ClipError::NoPicture.into());
        };
        let mut agreed = last.judgement.clone();
        agreed.findings = zhishou_picture::Fault::ALL
            .into_iter()
            .filter_map(|fault| {
                let is_told = |look: &&Look| {
                    fault != zhishou_picture::Fault::SceneChanged || !look.is_first_scene
                };
                let looks = looks.iter().filter(is_told);
                middle(looks.filter_map(|look| look.judgement.finding(fault)))
            })
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

/// The lower median by score: of all that can tell where more than half of all raise the fault, else of
/// those that do not raise it; without any, one that cannot tell.
fn middle<'a>(findings: impl Iterator<Item = &'a Finding>) -> Option<Finding> {
    let (mut told, untold): (Vec<_>, Vec<_>) =
        findings.partition(|finding| finding.score.is_some());
    let raised = told.iter().filter(|finding| finding.is_fault()).count();
    if 2 * raised <= told.len() + untold.len() {
        told.retain(|finding| !finding.is_fault());
    }
    told.sort_by(|a, b| a.score.partial_cmp(&b.score).unwrap_or(std::cmp::Ordering::Equal));
    let at = told.len().saturating_sub(1) / 2;
    told.get(at).or(untold.first()).map(|finding| (*finding).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_most_looks_do_not_raise_is_not_raised() {
        let finding = |score| Finding {
            fault: zhishou_picture::Fault::Blurred,
            score,
            measured: None,
            limit: 0.5,
            unit: "ratio",
            place: None,
        };
        let middle = |scores: &[Option<f64>]| {
            let all: Vec<_> = scores.iter().copied().map(finding).collect();
            middle(all.iter()).unwrap().score
        };
        assert_eq!(middle(&[Some(0.9), Some(0.8), Some(0.1)]), Some(0.8));
        assert_eq!(middle(&[Some(0.9), None, None]), None, "the others cannot tell");
        assert_eq!(middle(&[Some(0.9), None, Some(0.2)]), Some(0.2));
        assert_eq!(middle(&[None, None, Some(0.1)]), Some(0.1));
        assert_eq!(middle(&[Some(0.9), Some(0.7), None]), Some(0.7));
    }
}
