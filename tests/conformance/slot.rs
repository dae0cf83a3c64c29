//! A place on the real control plane where one case after the other is played: its own namespaces, its own prefix for what
//! has none.

mod act;
mod disks;
mod errand;
mod ground;
mod patience;
mod rest;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pilothouse::cluster::{Clock, Connection};
use pilothouse::laws::Conditions;
use pilothouse::model::Kind;

use crate::api::Api;
use crate::case::Case;
use crate::compare::Verdict;
use crate::manifest::Ground;
use crate::mirror::Mirror;
use crate::support::csi::Books;
use crate::support::run::Programs;
use crate::tally::SET_UP;
use crate::twin::Twin;

/// How long an idle feed may go unheard: long, because a busy machine is no lost watch.
const QUIET: Duration = Duration::from_mins(1);
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

fn setting_up(verdict: Verdict) -> Step {
    Step {
        species: SET_UP.to_owned(),
        told: SET_UP.to_owned(),
        outcome: "as written".to_owned(),
        verdict,
    }
}

fn restless(settled: Result<(), String>) -> Result<(), Stop> {
    settled.map_err(|why| Stop::Step(setting_up(Verdict::Disagreed(why))))
}
