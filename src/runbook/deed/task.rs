//! Acts beside the API's objects: what a runbook says of a dump, a restore, a snapshot or a program here, and which tasks it
//! comes to in a world.

use super::super::template::{Template, Values};
use super::super::value::is_name;
use super::acts::{Aimed, Known, Unaimed, aimed, misfit, pinned, placed};
use super::{Aim, Slot};
use crate::model::act::task::{Bounds, Count, Dump, LocalRun, Restore, Snapshot, Task, Told};
use crate::model::workload::PodPhase;
use crate::model::{Act, Key, Kind, Pin, Text};
use std::fmt;
use std::time::Duration;

/// A command in a pod, with a file on this side.
#[derive(Clone, Debug)]
pub struct InPod {
    pub(super) pod: PodAim,
    pub(super) namespace: Option<Template>,
    pub(super) container: Option<Template>,
    pub(super) command: Vec<Template>,
    pub(super) file: Template,
    /// `None`: streamed straight.
    pub(super) stage: Option<Template>,
    pub(super) rows: Vec<Template>,
    pub(super) quiet: Option<Slot<Duration>>,
    pub(super) within: Option<Slot<Duration>>,
}

/// Which pod.
#[derive(Clone, Debug)]
pub enum PodAim {
    Named(Template),
    /// The one that carries these labels.
    Selected(Vec<(String, Template)>),
}

/// Row counts, and the dump they are held against.
#[derive(Clone, Debug)]
pub struct NewCount {
    pub(super) pod: PodAim,
    pub(super) namespace: Option<Template>,
    pub(super) container: Option<Template>,
    pub(super) command: Vec<Template>,
    pub(super) like: Option<Template>,
    pub(super) quiet: Option<Slot<Duration>>,
    pub(super) within: Option<Slot<Duration>>,
}

/// Snapshots of claims.
#[derive(Clone, Debug)]
pub struct NewSnapshot {
    pub(super) aim: Aim,
    /// What the claim's name is put behind.
    pub(super) name: Template,
    pub(super) class: Option<Template>,
    pub(super) within: Option<Slot<Duration>>,
}

/// A program here.
#[derive(Clone, Debug)]
pub struct NewRun {
    pub(super) about: Option<Aim>,
    pub(super) command: Vec<Template>,
    pub(super) identifier: Option<Told>,
    pub(super) check: Vec<Template>,
    pub(super) within: Option<Slot<Duration>>,
}

/// How long a snapshot may take, when the runbook says nothing.
const SNAPSHOT: Duration = Duration::from_mins(10);
/// And a program here.
const RUN: Duration = Duration::from_mins(10);

fn bounds(quiet: Option<&Slot<Duration>>, within: Option<&Slot<Duration>>, values: &Values) -> Bounds {
    let usual = Bounds::default();
    Bounds {
        quiet: seconds(quiet, values, usual.quiet()),
        within: seconds(within, values, usual.within()),
    }
}

impl PodAim {
    fn pinned(&self, namespace: Option<&Template>, known: Known<'_>) -> Result<Pin, Unaimed> {
        let namespace = placed(namespace, known)?;
        match self {
            Self::Named(name) => {
                let name = name.fill(known.values);
                if !is_name(&name) {
                    return Err(misfit(format!("{name:?} is no name of a pod")));
                }
                pinned(&Key::new(Kind::Pod, &namespace, &name), known)
            }
            Self::Selected(labels) => selected(labels, &namespace, known),
        }
    }
}

impl NewCount {
    /// The act, of the pod as it is there.
    pub fn acts(&self, known: Known<'_>) -> Aimed {
        let values = known.values;
        let text = |template: Option<&Template>| template.map_or_else(Text::default, |it| it.fill(values).into());
        let task = Task::Count(Count {
            container: text(self.container.as_ref()),
            command: words(&self.command, values),
            like: text(self.like.as_ref()),
            bounds: bounds(self.quiet.as_ref(), self.within.as_ref(), values),
        });
        Ok(vec![of(self.pod.pinned(self.namespace.as_ref(), known)?, task)])
    }
}

impl InPod {
    pub(super) fn dumps(&self, known: Known<'_>) -> Aimed {
        self.act(known, |filled| {
            Task::Dump(Dump {
                container: filled.container,
                command: filled.command,
                to: filled.file,
                stage: filled.stage,
                rows: filled.rows,
                bounds: filled.bounds,
            })
        })
    }

    pub(super) fn restores(&self, known: Known<'_>) -> Aimed {
        self.act(known, |filled| {
            Task::Restore(Restore {
                container: filled.container,
                command: filled.command,
                from: filled.file,
                stage: filled.stage,
                rows: filled.rows,
                bounds: filled.bounds,
            })
        })
    }

    fn act(&self, known: Known<'_>, task: impl FnOnce(Filled) -> Task) -> Aimed {
        let values = known.values;
        let text = |template: Option<&Template>| template.map_or_else(Text::default, |it| it.fill(values).into());
        let filled = Filled {
            container: text(self.container.as_ref()),
            command: words(&self.command, values),
            file: self.file.fill(values).into(),
            stage: text(self.stage.as_ref()),
            rows: words(&self.rows, values),
            bounds: bounds(self.quiet.as_ref(), self.within.as_ref(), values),
        };
        if !filled.container.is_empty() && !is_name(&filled.container) {
            return Err(misfit(format!("{:?} is no name of a container", filled.container)));
        }
        if !filled.stage.is_empty() && !filled.stage.starts_with('/') {
            return Err(misfit(format!("{:?} is no directory: it begins with /", filled.stage)));
        }
        Ok(vec![of(self.pod.pinned(self.namespace.as_ref(), known)?, task(filled))])
    }
}

/// What is written, with its parameters in it.
struct Filled {
    container: Text,
    command: Vec<Text>,
    file: Text,
    stage: Text,
    rows: Vec<Text>,
    bounds: Bounds,
}

impl NewSnapshot {
    pub(super) fn acts(&self, known: Known<'_>) -> Aimed {
        let prefix = self.name.fill(known.values);
        let class: Text = self
            .class
            .as_ref()
            .map(|class| class.fill(known.values))
            .unwrap_or_default()
            .into();
        let acts = aimed(&self.aim, known, |target| {
            let name = format!("{prefix}-{}", target.key.name);
            of(
                target,
                Task::Snapshot(Snapshot {
                    name: name.into(),
                    class: class.clone(),
                    within: seconds(self.within.as_ref(), known.values, SNAPSHOT),
                }),
            )
        })?;
        let named = |act: &Act| is_name(&format!("{prefix}-{}", act.target().key.name));
        match acts.iter().find(|act| !named(act)) {
            Some(act) => Err(misfit(format!(
                "{prefix}-{} is no name of a snapshot",
                act.target().key.name
            ))),
            None => Ok(acts),
        }
    }
}

impl NewRun {
    pub(super) fn acts(&self, known: Known<'_>) -> Aimed {
        let task = Task::Run(LocalRun {
            command: words(&self.command, known.values),
            identifier: self.identifier.clone(),
            check: words(&self.check, known.values),
            within: seconds(self.within.as_ref(), known.values, RUN),
        });
        if let Some(aim) = &self.about {
            return aimed(aim, known, |target| of(target, task.clone()));
        }
        // the tenant's namespace is what it is about
        let key = Key::cluster(Kind::Namespace, known.tenancy.namespace);
        Ok(vec![of(pinned(&key, known)?, task)])
    }
}

fn of(target: Pin, task: Task) -> Act {
    Act::Task {
        target,
        task: Box::new(task),
    }
}

fn words(command: &[Template], values: &Values) -> Vec<Text> {
    command.iter().map(|word| word.fill(values).into()).collect()
}

fn seconds(slot: Option<&Slot<Duration>>, values: &Values, usual: Duration) -> u32 {
    let time = slot.map_or(usual, |slot| slot.fill(values));
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX).max(1)
}

/// The one running pod with these labels: of several none is meant.
fn selected(labels: &[(String, Template)], namespace: &str, known: Known<'_>) -> Result<Pin, Unaimed> {
    let look = known.tenancy.look;
    if let Some(why) = look.gap(Kind::Pod, namespace) {
        return Err(Unaimed::Unseen { why });
    }
    let wanted: Vec<(&str, String)> = labels
        .iter()
        .map(|(key, value)| (key.as_str(), value.fill(known.values)))
        .collect();
    let said = wanted
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect::<Vec<_>>()
        .join(",");
    let found: Vec<Pin> = look
        .world
        .in_namespace(Kind::Pod, namespace)
        .filter(|pod| {
            let runs = pod
                .body
                .pod()
                .is_some_and(|facts| facts.status.phase == PodPhase::Running);
            let bears = |(key, value): &(&str, String)| pod.meta.labels.get(key) == Some(value.as_str());
            runs && !pod.meta.deleting() && wanted.iter().all(bears)
        })
        .map(|pod| pod.pin())
        .collect();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Unaimed::Absent {
            what: format!("a running pod with {said} in {namespace}"),
        }),
        several => {
            let names: Vec<&str> = several.iter().map(|pin| pin.key.name.as_str()).collect();
            Err(misfit(format!("{said} is carried by {}: name one", names.join(", "))))
        }
    }
}

fn shown(command: &[Template]) -> String {
    command.iter().map(Template::written).collect::<Vec<_>>().join(" ")
}

/// As the runbook writes it.
impl fmt::Display for PodAim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "pod/{}", name.written()),
            Self::Selected(labels) => {
                let said: Vec<String> = labels
                    .iter()
                    .map(|(key, value)| format!("{key}={}", value.written()))
                    .collect();
                write!(f, "the pod with {}", said.join(","))
            }
        }
    }
}

impl InPod {
    pub(super) fn dump_words(&self) -> String {
        format!(
            "dump of {} into {}: {}",
            self.pod,
            self.file.written(),
            shown(&self.command)
        )
    }

    pub(super) fn restore_words(&self) -> String {
        format!(
            "restore of {} from {}: {}",
            self.pod,
            self.file.written(),
            shown(&self.command)
        )
    }
}

impl fmt::Display for NewCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "count rows in {}: {}", self.pod, shown(&self.command))
    }
}

impl fmt::Display for NewSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshot of {} as {}-…", self.aim, self.name.written())
    }
}

impl fmt::Display for NewRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run here: {}", shown(&self.command))
    }
}
