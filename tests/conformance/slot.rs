//! A place on the real control plane where one case after the other is played: its own namespaces, its own prefix for what
//! has none. Knows how a case is set up, performed and swept away, and on what its verdict rests.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pilothouse::cluster::Clock;
use pilothouse::forecast::{Forecast, forecast};
use pilothouse::laws::{Conditions, settle};
use pilothouse::model::storage::VolumePhase;
use pilothouse::model::workload::PodPhase;
use pilothouse::model::{Act, Key, Kind, World};
use serde_json::json;

use crate::api::Api;
use crate::case::{Case, Deed, Line};
use crate::compare::{self, Ends, Verdict};
use crate::manifest::Ground;
use crate::mirror::{Mirror, Patience, Rest};
use crate::picture::{self, Frame, Picture};
use crate::twin::Twin;

/// The binder looks at everything again every second; what has not moved for longer, and is as the laws leave it, rests.
const PATIENCE: Patience = Patience {
    quiet: Duration::from_millis(1500),
    // a Job makes its next pod ten seconds after one has failed, twenty after the second, forty after the third
    grace: Duration::from_secs(45),
    deadline: Duration::from_mins(2),
};
/// A slot that cannot be swept within this is given up.
const SWEEP: Duration = Duration::from_mins(1);
/// How long an idle feed may go unheard: long, because a busy machine is no lost watch.
const QUIET: Duration = Duration::from_mins(1);

/// The namespaces of every slot.
pub(crate) const NAMESPACES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) mirror: Mirror,
    pub(crate) api: Api,
    /// Where disks are that the controller manager destroys, and where those that it refuses to touch.
    pub(crate) disks: [PathBuf; 2],
    pub(crate) clock: Clock,
    pub(crate) conditions: Conditions,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    pub(crate) steps: Vec<Step>,
    /// Why it was not played to its end, where that is nobody's fault: a target that is not there, a refused object.
    pub(crate) void: Option<String>,
    pub(crate) took: Duration,
}

/// One act, or the setting up of the world before the first.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    /// What is counted as one kind of act.
    pub(crate) species: String,
    pub(crate) told: String,
    pub(crate) outcome: String,
    pub(crate) verdict: Verdict,
}

impl Played {
    /// The step that went wrong, if one did.
    pub(crate) fn wrong(&self) -> Option<&Step> {
        let mut steps = self.steps.iter();
        steps.find(|step| matches!(step.verdict, Verdict::Disagreed(_)))
    }
}

/// Why a case cannot be played on.
enum Stop {
    Void(String),
    Step(Step),
}

impl Slot {
    /// Plays a case on both sides and compares after each act. `tell` hears what happens.
    pub(crate) async fn play(&self, case: &Case, tell: &(dyn Fn(String) + Sync)) -> Result<Played, String> {
        let began = Instant::now();
        let twin = Twin::start(
            &self.conditions,
            &NAMESPACES.map(|name| format!("{}-{name}", self.name)),
        )
        .await?;
        let mut played = Played {
            steps: Vec::new(),
            void: None,
            took: Duration::ZERO,
        };
        let mut stopped = self.set_up(case, &twin).await.err();
        for deed in &case.acts {
            if stopped.is_some() {
                break;
            }
            match self.act(deed, &twin, tell).await {
                Ok(step) => {
                    let wrong = !matches!(step.verdict, Verdict::Agreed | Verdict::Unknown(_));
                    played.steps.push(step);
                    if wrong {
                        break;
                    }
                }
                Err(stop) => stopped = Some(stop),
            }
        }
        match stopped {
            Some(Stop::Void(why)) => played.void = Some(why),
            Some(Stop::Step(step)) => played.steps.push(step),
            None => {}
        }
        self.sweep().await?;
        for step in &mut played.steps {
            step.strip(&self.name);
        }
        played.took = began.elapsed();
        Ok(played)
    }

    /// Creates the objects on both sides and waits until both show the same and nothing moves.
    async fn set_up(&self, case: &Case, twin: &Twin) -> Result<(), Stop> {
        let early = |line: &&Line| matches!(line.kind, Kind::Namespace | Kind::StorageClass | Kind::PersistentVolume);
        let (mut here, mut there) = (BTreeMap::new(), BTreeMap::new());
        for line in case.lines.iter().filter(early) {
            self.create(line, twin, &mut here, &mut there).await?;
        }
        restless(twin.settle())?;
        let stays = twin.world(); // one that is Released from the start may go at once
        let seen = case
            .lines
            .iter()
            .filter(early)
            .map(|line| line.place.key(line.kind, &self.name));
        let keys: Vec<Key> = seen.filter(|key| stays.get(key).is_some()).collect();
        let ready = |world: &World| {
            keys.iter().all(|key| {
                let volume = world.get(key).map(|object| object.body.volume());
                volume.is_some_and(|volume| volume.is_none_or(|volume| volume.status.phase != VolumePhase::Pending))
            })
        };
        if !self.mirror.until(&self.name, PATIENCE.deadline, ready).await {
            return Err(Stop::Step(setting_up(Verdict::Unsettled(
                "volumes stay Pending".to_owned(),
            ))));
        }
        for line in case.lines.iter().filter(|line| !early(line)) {
            self.create(line, twin, &mut here, &mut there).await?;
        }
        restless(twin.settle())?;
        let (rest, world) = self
            .mirror
            .rest(&self.name, PATIENCE, |world| self.at_rest(world))
            .await;
        match (rest, compare::before(&world, &twin.world())) {
            (_, Verdict::Agreed) => Ok(()),
            (Rest::Never, _) => Err(Stop::Step(setting_up(Verdict::Unsettled("before the act".to_owned())))),
            (_, verdict) => Err(Stop::Step(setting_up(verdict))),
        }
    }

    /// Whether no law has anything more to do, and no pod that ends by itself is still to do so.
    fn at_rest(&self, world: &World) -> bool {
        if ending(world) {
            return false;
        }
        let mut end = world.clone();
        settle(&mut end, &self.conditions, &mut |_, _| {});
        draw(&end, world) == draw(world, world)
    }

    async fn create(
        &self,
        line: &Line,
        twin: &Twin,
        here: &mut BTreeMap<Key, String>,
        there: &mut BTreeMap<Key, String>,
    ) -> Result<(), Stop> {
        let key = line.place.key(line.kind, &self.name);
        let ground = |uids| Ground {
            slot: &self.name,
            disks: [&self.disks[0], &self.disks[1]],
            uids,
        };
        let (ours, theirs) = (ground(&*here).manifest(line), ground(&*there).manifest(line));
        for disk in [&ours["spec"]["hostPath"]["path"]]
            .into_iter()
            .filter_map(|path| path.as_str())
        {
            std::fs::create_dir_all(disk).map_err(|error| Stop::Void(error.to_string()))?;
        }
        // the namespaces are there already
        let (made, twins) = if line.kind == Kind::Namespace {
            let change = json!({"metadata": {"finalizers": ours["metadata"]["finalizers"].clone()}});
            (self.api.merge(&key, &change).await, twin.api.merge(&key, &change).await)
        } else {
            (
                self.api.create(line.kind, &ours).await,
                twin.api.create(line.kind, &theirs).await,
            )
        };
        match (made, twins) {
            (Ok(made), Ok(twins)) => {
                let uid =
                    |object: &serde_json::Value| object["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
                here.insert(key.clone(), uid(&made));
                there.insert(key, uid(&twins));
                Ok(())
            }
            (Err(no), Err(_)) => Err(Stop::Void(format!("{line}: {no}"))),
            (made, twins) => {
                let said = |answer: Result<serde_json::Value, crate::api::Refusal>| match answer {
                    Ok(_) => "taken".to_owned(),
                    Err(no) => no.to_string(),
                };
                let told = format!("{line}: real {} / sandbox {}", said(made), said(twins));
                Err(Stop::Step(setting_up(Verdict::Disagreed(told))))
            }
        }
    }

    /// Forecasts an act on both sides, performs it on both, waits, and compares.
    async fn act(&self, deed: &Deed, twin: &Twin, tell: &(dyn Fn(String) + Sync)) -> Result<Step, Stop> {
        let before = self.mirror.part(&self.name);
        let twin_before = twin.world();
        let (Some(act), Some(twin_act)) = (deed.act(&before, &self.name), deed.act(&twin_before, &self.name)) else {
            return Err(Stop::Void(format!("no target for {deed}")));
        };
        let forecast = forecast(&self.mirror.whole(), &act, &self.conditions, self.clock.now(), QUIET);
        let twin_forecast = self.forecast_alone(&twin_before, &twin_act);
        let foretold = draw(&picture::end(&before, &act, &self.conditions), &before);
        tell(format!(
            "act {deed}\nbefore {:#?}\nforecast {:#?}",
            draw(&before, &before),
            forecast.entries
        ));

        let lost = picture::without_disk(&before);
        let (taken, twin_taken) = (
            self.api.perform(&act, &before).await,
            twin.api.perform(&twin_act, &twin_before).await,
        );
        let step = |verdict: Verdict| Step {
            species: deed.species(),
            told: deed.to_string(),
            outcome: compare::outcome(&forecast),
            verdict,
        };
        match (&taken, &twin_taken) {
            (Err(no), _) if no.code == 0 => return Err(Stop::Void(format!("{deed}: {no}"))),
            (Err(no), Err(twins)) if no.code == twins.code => {
                return Err(Stop::Void(format!("{deed}: refused by both: {no}")));
            }
            (Ok(_), Ok(_)) => {}
            (real, sandbox) => {
                let told = format!("the server's answer: real {real:?} / sandbox {sandbox:?}");
                return Ok(step(Verdict::Disagreed(told)));
            }
        }
        restless(twin.settle())?;
        let wanted = |world: &World| draw(world, &before) == foretold && !ending(world);
        let (rest, came) = self.mirror.rest(&self.name, PATIENCE, wanted).await;
        tell(format!("came {:#?}", draw(&came, &before)));
        let ends = Ends {
            forecast: &forecast,
            foretold: &foretold,
            before: &before,
            came: &came,
            disk: &picture::directory,
            lost: &lost,
            twin_forecast: &twin_forecast,
            twin_before: &twin_before,
            twin_came: &twin.world(),
        };
        let verdict = ends.verdict();
        Ok(step(match (rest, verdict) {
            (Rest::Never, Verdict::Disagreed(told)) => Verdict::Unsettled(told),
            (_, verdict) => verdict,
        }))
    }

    fn forecast_alone(&self, world: &World, act: &Act) -> Forecast {
        let now = pilothouse::model::Now {
            mono: pilothouse::model::Moment::default(),
            wall: self.clock.now().wall,
        };
        forecast(world, act, &self.conditions, now, QUIET)
    }

    /// Removes everything a case has left, by our own hands: deletions first, then the finalizers of what is dying.
    async fn sweep(&self) -> Result<(), String> {
        let began = Instant::now();
        loop {
            let world = self.mirror.part(&self.name);
            let left: Vec<_> = world
                .objects()
                .filter(|object| object.kind() != Kind::Node)
                .cloned()
                .collect();
            let clean = |object: &pilothouse::model::Object| {
                object.kind() == Kind::Namespace && !object.meta.deleting() && object.meta.finalizers.is_empty()
            };
            if left.iter().all(|object| clean(object)) {
                for disks in &self.disks {
                    drop(std::fs::remove_dir_all(disks));
                }
                return self.furnish().await;
            }
            if began.elapsed() > SWEEP {
                let names: Vec<String> = left.iter().map(|object| object.key().to_string()).collect();
                return Err(format!("{} cannot be swept: {}", self.name, names.join(", ")));
            }
            // what makes other things goes before them
            let mut left: Vec<_> = left.into_iter().filter(|object| !clean(object)).collect();
            left.sort_by_key(|object| rank(object.kind()));
            for object in &left {
                let key = object.key();
                if !object.meta.finalizers.is_empty() && (object.meta.deleting() || object.kind() == Kind::Namespace) {
                    drop(self.api.merge(&key, &json!({"metadata": {"finalizers": null}})).await);
                } else if !object.meta.deleting() {
                    let options = json!({"gracePeriodSeconds": 0, "propagationPolicy": "Background"});
                    drop(self.api.delete(&key, &options).await);
                }
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    }

    /// The namespaces a case may use.
    pub(crate) async fn furnish(&self) -> Result<(), String> {
        for name in NAMESPACES {
            let key = Key::cluster(Kind::Namespace, &format!("{}-{name}", self.name));
            if self.mirror.part(&self.name).get(&key).is_some() {
                continue;
            }
            let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": key.name}});
            let made = self.api.create(Kind::Namespace, &namespace).await;
            if let Err(no) = made.map_err(|no| (no.code, no.to_string()))
                && no.0 != 409
            {
                return Err(no.1);
            }
            let there = |world: &World| world.get(&key).is_some();
            if !self.mirror.until(&self.name, SWEEP, there).await {
                return Err(format!("{key} does not come"));
            }
        }
        Ok(())
    }
}

impl Step {
    /// Takes the slot's name out of everything it tells.
    fn strip(&mut self, slot: &str) {
        let prefix = format!("{slot}-");
        let (Verdict::Unknown(note) | Verdict::Disagreed(note) | Verdict::Race(note) | Verdict::Unsettled(note)) =
            &mut self.verdict
        else {
            return;
        };
        *note = note.replace(&prefix, "");
    }
}

fn draw(world: &World, before: &World) -> Picture {
    picture::picture(world, before, &Frame::Whole)
}

/// Whether a pod runs that the kit's kubelet will end by itself.
fn ending(world: &World) -> bool {
    world.of_kind(Kind::Pod).any(|object| {
        let runs = object
            .body
            .pod()
            .is_some_and(|pod| pod.status.phase == PodPhase::Running);
        runs && !object.meta.deleting() && object.meta.labels.get("kit/ends").is_some()
    })
}

fn setting_up(verdict: Verdict) -> Step {
    Step {
        species: "set up".to_owned(),
        told: "set up".to_owned(),
        outcome: "as written".to_owned(),
        verdict,
    }
}

fn restless(settled: Result<(), String>) -> Result<(), Stop> {
    settled.map_err(|why| Stop::Step(setting_up(Verdict::Disagreed(why))))
}

const fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::CronJob => 0,
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => 1,
        Kind::ReplicaSet => 2,
        Kind::Pod => 3,
        Kind::PersistentVolumeClaim => 4,
        _ => 5,
    }
}
