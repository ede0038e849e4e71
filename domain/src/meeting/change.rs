//! What a change of one meeting of a series means for those after it.

use super::{LocalSlot, MeetingPlan};
use chrono::TimeDelta;

impl MeetingPlan {
    /// The same at another time of the wall; its rehearsal keeps its distance.
    pub fn moved_to(&self, time: LocalSlot) -> Self {
        let away = time.from - self.time.from;
        Self { time, rehearsal: self.rehearsal.map(|it| it.moved_by(away)), ..self.clone() }
    }

    /// Whether another plan asks for other times, places or resources than this.
    pub fn moves(&self, other: &Self) -> bool {
        let held = |it: &Self| {
            let mut venues: Vec<_> = it.venues.iter().map(|it| (it.venue, it.role)).collect();
            let mut resources = it.resources.clone();
            venues.sort();
            resources.sort();
            (it.time, it.zone, it.buffers, it.rehearsal, venues, resources)
        };
        held(self) != held(other)
    }

    /// This plan with what differs between two others, and nothing else of them: so that what was
    /// changed of this occurrence alone stays. Its time moves on the wall as theirs did; a rehearsal that
    /// was changed gets the same distance to its meeting.
    pub fn changed_as(&self, before: &Self, after: &Self) -> Self {
        macro_rules! changed {
            ($($field:ident),*) => {
                Self {
                    time: self.time_changed_as(before, after),
                    rehearsal: self.rehearsal,
                    $($field: if before.$field == after.$field { &self.$field } else { &after.$field }.clone(),)*
                }
            };
        }
        let mut changed = changed!(
            title, rank, assurance, convener, organiser, cascade, zone, buffers, venues, resources,
            contacts, note
        );
        if before.rehearsal != after.rehearsal {
            changed.rehearsal =
                after.rehearsal.map(|it| it.moved_by(changed.time.from - after.time.from));
        }
        changed
    }

    fn time_changed_as(&self, before: &Self, after: &Self) -> LocalSlot {
        let length = |plan: &Self| plan.time.to - plan.time.from;
        let moved = self.time.moved_by(after.time.from - before.time.from);
        if length(before) == length(after) {
            return moved;
        }
        LocalSlot { from: moved.from, to: moved.from + length(after) }
    }
}

impl LocalSlot {
    fn moved_by(self, away: TimeDelta) -> Self {
        self.moved_to(self.from + away)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{at, plan};
    use super::*;

    fn on(day: u32) -> MeetingPlan {
        plan().moved_to(LocalSlot { from: at(day, 9, 0), to: at(day, 11, 0) })
    }

    #[test]
    fn a_rehearsal_keeps_its_distance() {
        let moved = on(17);
        assert_eq!(
            moved.rehearsal,
            Some(LocalSlot { from: at(16, 15, 0), to: at(16, 16, 0) }),
            "the day before, as it was"
        );
    }

    #[test]
    fn only_what_was_changed_is_changed_of_the_others() {
        let (before, mut other) = (on(10), on(17));
        other.title = "防汛总结会".into();
        other.venues.clear();
        let mut after = before.clone();
        after.time = LocalSlot { from: at(11, 14, 0), to: at(11, 15, 0) };
        after.note = "带材料".into();
        let changed = other.changed_as(&before, &after);
        let expected = MeetingPlan {
            time: LocalSlot { from: at(18, 14, 0), to: at(18, 15, 0) },
            note: "带材料".into(),
            ..other.clone()
        };
        assert_eq!(changed, expected, "its own title, places and rehearsal stay");
        assert_eq!(other.changed_as(&before, &before), other);
    }

    #[test]
    fn a_changed_rehearsal_has_the_same_distance_everywhere() {
        let (before, other) = (on(10), on(17));
        let mut after = before.clone();
        after.rehearsal = Some(LocalSlot { from: at(10, 8, 0), to: at(10, 8, 30) });
        let told = other.changed_as(&before, &after).rehearsal;
        assert_eq!(told, Some(LocalSlot { from: at(17, 8, 0), to: at(17, 8, 30) }));
        after.rehearsal = None;
        assert_eq!(other.changed_as(&before, &after).rehearsal, None);
    }
}
