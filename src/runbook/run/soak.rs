//! A soak that is on: what its looks come to, and whether the next one is due.

use super::super::chronicle::Kept;
use super::super::deed::Known;
use super::super::progress::Event;
use super::super::soak::{Baseline, Soak, Tally, Watched};
use super::super::tenancy::Tenancy;
use super::standing::Due;
use super::{Probed, Run};
use crate::model::{Act, Now};
use jiff::Timestamp;
use std::time::Duration;

/// Where a soak stands.
pub(super) struct Soaking {
    pub(super) due: Due,
    /// How far it is, in one sentence.
    pub(super) told: String,
    pub(super) left: Duration,
    /// What has to be asked of a pod before the next look.
    pub(super) ask: Option<Act>,
}

impl Run {
    /// The looks of the step that is on, since it began last.
    fn looks(&self) -> Vec<(Timestamp, &Watched)> {
        let step = self.progress.current().map(|course| course.id.as_str());
        let own = |kept: &&Kept| kept.step.as_deref() == step;
        let mut looks = Vec::new();
        for kept in self.came.iter().filter(own) {
            match &kept.event {
                Event::Acted => looks.clear(),
                Event::Watched { look } => looks.push((kept.at, look)),
                _ => {}
            }
        }
        looks
    }

    /// What is due for a soak in this world.
    pub(super) fn soaking(&self, soak: &Soak, tenancy: Tenancy<'_>, known: Known<'_>, now: Now) -> Soaking {
        let values = &self.resolved.values;
        let (span, gap) = (soak.span.fill(values), soak.gap.fill(values));
        let looks = self.looks();
        let tally = Tally::of(looks.iter().map(|(at, _)| *at), gap);
        let mut soaking = Soaking {
            due: Due::Wait,
            told: tally.sentence(span),
            left: span.saturating_sub(tally.watched),
            ask: None,
        };
        let last = looks.last();
        if let Some(why) = last.and_then(|(_, look)| look.broken.as_ref()) {
            let at = last
                .map(|(at, _)| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
                .unwrap_or_default();
            let seen = format!("broken at {at}: {why}; {}", soaking.told);
            soaking.due = Due::Come(Event::Failed { seen });
            return soaking;
        }
        if !looks.is_empty() && tally.watched >= span {
            let rows = last.and_then(|(_, look)| look.rows.clone());
            let rows = rows.map_or_else(String::new, |rows| format!("; {rows}"));
            let seen = format!(
                "{}; no claim changed, at most {} restarts{rows}",
                soaking.told, soak.restarts
            );
            soaking.due = Due::Come(Event::Verified { seen });
            return soaking;
        }
        let baseline = looks.iter().find_map(|(_, look)| look.baseline.as_deref());
        match self.sight(soak, baseline, tenancy) {
            Err(why) => soaking.told = format!("{}; not watched now: {why}", soaking.told),
            // what broke is told at once
            Ok((_, Some(broken))) => {
                soaking.due = watched(None, Some(broken), None);
            }
            Ok((seen, None)) => {
                let every = soak.every.fill(values);
                let since = last.map(|(at, _)| now.since(*at));
                if since.is_none_or(|since| since >= every) {
                    self.next(
                        soak,
                        baseline.is_none().then_some(seen),
                        known,
                        (every, now),
                        &mut soaking,
                    );
                }
            }
        }
        soaking
    }

    /// What is there, and what must not be.
    fn sight(
        &self,
        soak: &Soak,
        baseline: Option<&Baseline>,
        tenancy: Tenancy<'_>,
    ) -> Result<(Baseline, Option<String>), String> {
        let seen = soak.look(tenancy)?;
        let before = baseline.unwrap_or(&seen);
        let broken = soak.broken(before, &seen, tenancy, &self.resolved.values)?;
        Ok((seen, broken))
    }

    /// The next look is due: rows are asked for first, where they are counted.
    fn next(
        &self,
        soak: &Soak,
        baseline: Option<Baseline>,
        known: Known<'_>,
        (every, now): (Duration, Now),
        soaking: &mut Soaking,
    ) {
        let Some(count) = &soak.rows else {
            soaking.due = watched(baseline, None, None);
            return;
        };
        match &self.probed {
            Some(Probed { at, found }) if at.age(now.mono) < every => match found.holds {
                Some(true) => soaking.due = watched(baseline, None, Some(found.value.clone())),
                Some(false) => soaking.due = watched(baseline, Some(found.value.clone()), None),
                None => soaking.told = format!("{}; not watched now: {}", soaking.told, found.value),
            },
            Some(_) | None => match count.acts(known) {
                Ok(acts) => soaking.ask = acts.into_iter().next(),
                Err(why) => soaking.told = format!("{}; not watched now: {why:?}", soaking.told),
            },
        }
    }
}

fn watched(baseline: Option<Baseline>, broken: Option<String>, rows: Option<String>) -> Due {
    let look = Watched {
        baseline: baseline.map(Box::new),
        broken,
        rows,
    };
    Due::Come(Event::Watched { look })
}
