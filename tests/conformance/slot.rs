//! A place on the real control plane where one case after the other is played: its own namespaces, its own prefix for what
//! has none. Knows how an act is performed and on what its verdict rests.

mod errand;
mod ground;
mod patience;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilothouse::cluster::{Clock, Connection};
use pilothouse::forecast::{Forecast, forecast};
use pilothouse::laws::{Conditions, settle};
use pilothouse::model::storage::Volume;
use pilothouse::model::workload::PodPhase;
use pilothouse::model::{Act, Body, Kind, Object, World};

use crate::api::{Api, Refusal};
use crate::case::{Case, Deed, Verb};
use crate::compare::{self, Ends, Helmed, Verdict};
use crate::manifest::Ground;
use crate::mirror::{Mirror, Rest};
use crate::picture::{self, Frame, Picture};
use crate::support::csi::Books;
use crate::support::run::Programs;
use crate::twin::Twin;

use patience::{PATIENCE, patience};

/// How long an idle feed may go unheard: long, because a busy machine is no lost watch.
const QUIET: Duration = Duration::from_mins(1);
/// A Job gives up after seven failures.
const MOST_ENDS: usize = 8;
/// How often an act is begun anew because its target changed under the hand.
const TRIES: usize = 5;

/// The namespaces of every slot.
pub(crate) const NAMESPACES: [&str; 3] = ["a", "b", "c"];

#[derive(Clone)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) mirror: Mirror,
    pub(crate) api: Api,
    /// Where disks are that the controller manager destroys, and where those that it refuses to touch.
    pub(crate) disks: [PathBuf; 2],
    /// What the CSI drivers have.
    pub(crate) books: Books,
    /// Held by the one case that may have a default class.
    pub(crate) cluster: Arc<tokio::sync::Mutex<()>>,
    pub(crate) clock: Clock,
    pub(crate) conditions: Conditions,
    /// The product's own way in.
    pub(crate) connection: Connection,
    pub(crate) kubeconfig: PathBuf,
    pub(crate) programs: Programs,
    /// Where charts are written.
    pub(crate) charts: PathBuf,
}

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    pub(crate) steps: Vec<Step>,
    /// Why it was not played to its end, where that is nobody's fault: a target that is not there, a refused object.
    pub(crate) void: Option<String>,
    pub(crate) took: Duration,
    /// The slot still bears something of this case, and takes no other.
    pub(crate) spent: bool,
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
    /// The act cannot be done: its target is not there. The next may.
    Skip(String),
    Void(String),
    Step(Step),
}

/// An act that was carried out on the real side, or refused there.
struct Done {
    before: World,
    act: Act,
    forecast: Forecast,
    answer: Result<(), Refusal>,
    /// The handles of the disks that were not there before it.
    missing: BTreeSet<String>,
}

/// An act that was carried out on both sides.
struct Both {
    done: Done,
    /// What its forecast took as given.
    conditions: Conditions,
    twin_before: World,
    twin_forecast: Forecast,
    /// The disks that were destroyed there before.
    twin_lost: Vec<String>,
    twin_answer: Result<(), Refusal>,
    /// How helm ended, where it was helm's.
    errands: Option<errand::Errands>,
}

impl Slot {
    /// Plays a case on both sides and compares after each act. `tell` hears what happens.
    pub(crate) async fn play(&self, case: &Case, tell: &(dyn Fn(String) + Sync)) -> Result<Played, String> {
        let _cluster = if case.claims_the_cluster() {
            Some(self.cluster.lock().await)
        } else {
            None
        };
        let began = Instant::now();
        let twin = self.twin(case).await?;
        let mut played = Played {
            steps: Vec::new(),
            void: None,
            took: Duration::ZERO,
            spent: false,
        };
        let mut stopped = self.set_up(case, &twin).await.err();
        for deed in &case.acts {
            if stopped.is_some() {
                break;
            }
            match self.act(case, deed, &twin, tell).await {
                Ok(step) => {
                    let wrong = !matches!(step.verdict, Verdict::Agreed | Verdict::Unknown(_));
                    played.steps.push(step);
                    if wrong {
                        break;
                    }
                }
                Err(Stop::Skip(why)) => played.void = Some(why),
                Err(stop) => stopped = Some(stop),
            }
        }
        match stopped {
            Some(Stop::Void(why)) => played.void = Some(why),
            Some(Stop::Step(step)) => played.steps.push(step),
            Some(Stop::Skip(_)) | None => {}
        }
        played.spent = self.sweep(case).await?;
        for step in &mut played.steps {
            step.strip(&self.name);
        }
        played.took = began.elapsed();
        Ok(played)
    }

    /// A sandbox with the namespaces of this slot, and the nodes of the case.
    async fn twin(&self, case: &Case) -> Result<Twin, String> {
        let ground = Ground {
            slot: &self.name,
            disks: [&self.disks[0], &self.disks[1]],
            uids: &std::collections::BTreeMap::default(),
        };
        let nodes = case.lines.iter().filter(|line| line.kind == Kind::Node);
        let nodes = nodes.map(|line| ground.manifest(line)).collect();
        let namespaces = NAMESPACES.map(|name| format!("{}-{name}", self.name));
        Twin::start(&self.conditions, &namespaces, nodes).await
    }

    /// Whether no law has anything more to do, and no pod that ends by itself is still to do so.
    fn at_rest(&self, world: &World) -> bool {
        let mut attachments = world.of_kind(Kind::VolumeAttachment);
        let attached = attachments.all(|object| {
            let attachment = object.body.attachment();
            attachment.is_some_and(|attachment| attachment.status.attached)
        });
        if ending(world) || !attached {
            return false;
        }
        let mut end = world.clone();
        settle(&mut end, &self.conditions, &mut |_, _| {});
        draw(&end, world) == draw(world, world)
    }

    /// What the laws make of a world whose pods end by themselves, which is no law's business.
    fn ended(&self, mut world: World) -> World {
        for _ in 0..MOST_ENDS {
            let ends: Vec<Object> = world.of_kind(Kind::Pod).filter_map(|object| ended(object)).collect();
            if ends.is_empty() {
                break;
            }
            for pod in ends {
                world.put(pod);
            }
            settle(&mut world, &self.conditions, &mut |_, _| {});
        }
        world
    }

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
    async fn act(&self, story: &Case, deed: &Deed, twin: &Twin, tell: &(dyn Fn(String) + Sync)) -> Result<Step, Stop> {
        let both = match &deed.verb {
            Verb::Helm(errand) => self.send(story, deed, errand, twin).await?,
            _ => self.ask(deed, twin).await?,
        };
        let Done {
            before, act, forecast, ..
        } = &both.done;
        let end = self.ended(picture::end(before, act, &both.conditions));
        let foretold = draw(&end, before);
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
        restless(twin.settle())?;
        let wanted = |world: &World| draw(world, before) == foretold && !ending(world);
        let (rest, came) = self.mirror.rest(&self.name, patience(deed, before), wanted).await;
        tell(format!("came {:#?}", draw(&came, before)));

        let books = self.disks_now().await.map_err(Stop::Void)?;
        let there = |volume: &Volume, books: &BTreeSet<String>| match &volume.spec.csi {
            Some(csi) => !self.books.keeps(&csi.driver) || books.contains(&volume.spec.handle()),
            None => picture::directory(volume),
        };
        let missing = &both.done.missing;
        let disks = compare::lost(before, |_, volume| {
            !missing.contains(&volume.spec.handle()) && !there(volume, &books)
        });
        let mut gone = twin.destroyed();
        // a disk that is told to go again has gone already
        gone.retain(|handle| !both.twin_lost.contains(handle));
        let (others, twin_others) = (
            self.others(&self.api, story).await?,
            self.others(&twin.api, story).await?,
        );
        let helmed = both.errands.as_ref().map(|errands| Helmed {
            end: &end,
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
            disk: &|volume| there(volume, &books),
            lost: missing,
            twin_forecast: &both.twin_forecast,
            twin_before: &both.twin_before,
            twin_came: &twin.world(),
            disks: &disks,
            twin_disks: &compare::lost(&both.twin_before, |_, volume| gone.contains(&volume.spec.handle())),
            helmed,
        };
        let verdict = ends.verdict();
        Ok(step(match (rest, verdict) {
            (Rest::Never, Verdict::Disagreed(told)) => Verdict::Unsettled(told),
            (_, verdict) => verdict,
        }))
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

    /// The handles of the volumes whose disk is not there, among the directories and in the books.
    fn missing(&self, world: &World, books: &BTreeSet<String>) -> BTreeSet<String> {
        let mut missing = picture::without_disk(world);
        for volume in world
            .of_kind(Kind::PersistentVolume)
            .filter_map(|object| object.body.volume())
        {
            let csi = volume.spec.csi.as_ref();
            let kept = csi.filter(|csi| self.books.keeps(&csi.driver));
            if kept.is_some() && !books.contains(&volume.spec.handle()) {
                missing.insert(volume.spec.handle());
            }
        }
        missing
    }

    /// All CSI disks there are, by driver and handle.
    async fn disks_now(&self) -> Result<BTreeSet<String>, String> {
        let books = self.books.clone();
        let read = tokio::task::spawn_blocking(move || books.volumes()).await;
        read.map_err(|error| error.to_string())?
    }

    fn forecast_alone(&self, world: &World, act: &Act, conditions: &Conditions) -> Forecast {
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
    world.of_kind(Kind::Pod).any(|object| ended(object).is_some())
}

/// A running pod as it is once the kit's kubelet has ended it, where it does so by itself.
fn ended(object: &Object) -> Option<Object> {
    let end = match object.meta.labels.get("kit/ends")? {
        "completed" => PodPhase::Succeeded,
        _ => PodPhase::Failed,
    };
    let mut object = object.clone();
    let deleting = object.meta.deleting();
    let Body::Pod(pod) = &mut object.body else { return None };
    let runs = pod.status.phase == PodPhase::Running && !deleting;
    pod.status.phase = end;
    runs.then_some(object)
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
