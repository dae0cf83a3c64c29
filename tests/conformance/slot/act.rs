//! One act on a slot: forecast, performed on both sides, waited for, compared.

use std::collections::BTreeSet;

use pilothouse::forecast::{Forecast, forecast};
use pilothouse::laws::Conditions;
use pilothouse::model::storage::Volume;
use pilothouse::model::{Act, World};

use super::errand::Errands;
use super::patience::{PATIENCE, patience};
use super::rest::{draw, ending};
use super::{QUIET, Slot, Step, Stop, TRIES, restless};
use crate::api::Refusal;
use crate::case::{Case, Deed, Verb};
use crate::compare::{self, Ends, Helmed, Verdict};
use crate::mirror::Rest;
use crate::picture;
use crate::twin::Twin;

/// An act that was carried out on the real side, or refused there.
pub(super) struct Done {
    pub(super) before: World,
    pub(super) act: Act,
    pub(super) forecast: Forecast,
    pub(super) answer: Result<(), Refusal>,
    /// The handles of the disks that were not there before it.
    pub(super) missing: BTreeSet<String>,
}

/// An act that was carried out on both sides.
pub(super) struct Both {
    pub(super) done: Done,
    /// What its forecast took as given.
    pub(super) conditions: Conditions,
    pub(super) twin_before: World,
    pub(super) twin_forecast: Forecast,
    /// The disks that were destroyed there before.
    pub(super) twin_lost: Vec<String>,
    pub(super) twin_answer: Result<(), Refusal>,
    /// How helm ended, where it was helm's.
    pub(super) errands: Option<Errands>,
}

impl Slot {
    /// Forecasts an act on both sides and asks both for it.
    async fn ask(&self, deed: &Deed, twin: &Twin) -> Result<Both, Stop> {
        let done = self.perform(deed).await?;
        let twin_before = twin.world();
        let Some(twin_act) = deed.act(&twin_before, &self.name) else {
            return Err(Stop::Void(format!("no target for {deed} on the sandbox")));
        };
        let twin_lost = twin.destroyed();
        Ok(Both {
            done,
            conditions: self.conditions.clone(),
            twin_forecast: self.forecast_alone(&twin_before, &twin_act, &self.conditions),
            twin_answer: twin.api.perform(&twin_act, &twin_before).await.map(drop),
            twin_before,
            twin_lost,
            errands: None,
        })
    }

    /// Forecasts an act on both sides, performs it on both, waits, and compares.
    pub(super) async fn act(
        &self,
        story: &Case,
        deed: &Deed,
        twin: &Twin,
        tell: &(dyn Fn(String) + Sync),
    ) -> Result<Step, Stop> {
        let both = match &deed.verb {
            Verb::Helm(errand) => self.send(story, deed, errand, twin).await?,
            _ => self.ask(deed, twin).await?,
        };
        let Done {
            before, act, forecast, ..
        } = &both.done;
        let end = self.ended(picture::end(before, act, &both.conditions));
        tell(format!(
            "act {deed}\nbefore {:#?}\nforecast {:#?}\n{:#?}",
            draw(before, before),
            forecast.entries,
            forecast.others
        ));
        if let Some(errands) = &both.errands {
            tell(format!("{}\n{}", errands.real, errands.twin));
        }
        let step = |verdict: Verdict| Step {
            species: deed.species(),
            told: deed.to_string(),
            outcome: compare::outcome(forecast),
            verdict,
        };
        let own = both.errands.is_none();
        if let Some(verdict) = answered(forecast, &both.done.answer, &both.twin_answer).filter(|_| own) {
            return Ok(step(verdict));
        }
        self.compare(story, deed, twin, tell, &both, &end).await.map(step)
    }

    /// Waits for rest and compares what came.
    async fn compare(
        &self,
        story: &Case,
        deed: &Deed,
        twin: &Twin,
        tell: &(dyn Fn(String) + Sync),
        both: &Both,
        end: &World,
    ) -> Result<Verdict, Stop> {
        let Done {
            before,
            forecast,
            missing,
            ..
        } = &both.done;
        let foretold = draw(end, before);
        restless(twin.settle())?;
        let wanted = |world: &World| draw(world, before) == foretold && !ending(world);
        let (rest, came) = self.mirror.rest(&self.name, patience(deed, before), wanted).await;
        tell(format!("came {:#?}", draw(&came, before)));

        let books = self.disks_now().await.map_err(Stop::Void)?;
        let there = |volume: &Volume| self.has_disk(volume, &books);
        let disks = compare::lost(before, |_, volume| {
            !missing.contains(&volume.spec.handle()) && !there(volume)
        });
        let mut gone = twin.destroyed();
        // a disk that is told to go again has gone already
        gone.retain(|handle| !both.twin_lost.contains(handle));
        let (others, twin_others) = (
            self.others(&self.api, story).await?,
            self.others(&twin.api, story).await?,
        );
        let helmed = both.errands.as_ref().map(|errands| Helmed {
            end,
            before: &errands.others,
            came: &others,
            twin: &twin_others,
            ended: [&errands.real, &errands.twin],
        });
        let ends = Ends {
            forecast,
            foretold: &foretold,
            before,
            came: &came,
            disk: &there,
            lost: missing,
            twin_forecast: &both.twin_forecast,
            twin_before: &both.twin_before,
            twin_came: &twin.world(),
            disks: &disks,
            twin_disks: &compare::lost(&both.twin_before, |_, volume| gone.contains(&volume.spec.handle())),
            helmed,
        };
        Ok(match (rest, ends.verdict()) {
            (Rest::Never, Verdict::Disagreed(told)) => Verdict::Unsettled(told),
            (_, verdict) => verdict,
        })
    }

    /// Forecasts an act and asks the real side for it; where its target changed since it was seen, anew.
    async fn perform(&self, deed: &Deed) -> Result<Done, Stop> {
        let mut tries = 0;
        loop {
            tries += 1;
            let before = self.mirror.part(&self.name);
            let Some(act) = deed.act(&before, &self.name) else {
                return Err(Stop::Skip(format!("no target for {deed}")));
            };
            let forecast = forecast(&self.mirror.whole(), &act, &self.conditions, self.clock.now(), QUIET);
            let missing = self.missing(&before, &self.disks_now().await.map_err(Stop::Void)?);
            let answer = self.api.perform(&act, &before).await.map(drop);
            if let Err(no) = &answer {
                if no.code == 0 && compare::refusal(&forecast).is_some() {
                    return Err(Stop::Skip(format!("{deed}: {no}")));
                }
                let foretold = compare::refusal(&forecast) == Some(no.code);
                let late = no.code == 409 && !foretold && !act.creates() && tries < TRIES;
                let version = &act.target().resource_version;
                let changed = |world: &World| {
                    let target = world.get(&act.target().key);
                    target.is_none_or(|target| target.meta.resource_version != *version)
                };
                if late && self.mirror.until(&self.name, PATIENCE.grace, changed).await {
                    continue;
                }
            }
            return Ok(Done {
                before,
                act,
                forecast,
                answer,
                missing,
            });
        }
    }

    pub(super) fn forecast_alone(&self, world: &World, act: &Act, conditions: &Conditions) -> Forecast {
        let now = pilothouse::model::Now {
            mono: pilothouse::model::Moment::default(),
            wall: self.clock.now().wall,
        };
        forecast(world, act, conditions, now, QUIET)
    }
}

/// What the servers' answers come to where there is nothing to wait for: a refusal, as it was forecast or not.
fn answered(forecast: &Forecast, real: &Result<(), Refusal>, twin: &Result<(), Refusal>) -> Option<Verdict> {
    let foretold = compare::refusal(forecast);
    let code = |answer: &Result<(), Refusal>| answer.as_ref().err().map(|no| no.code);
    if (code(real), code(twin)) == (None, None) && foretold.is_none() {
        return None;
    }
    if code(real) == foretold && code(twin) == foretold {
        return Some(Verdict::Agreed);
    }
    Some(Verdict::Disagreed(format!(
        "the server's answer: forecast {foretold:?} / real {real:?} / sandbox {twin:?}"
    )))
}
