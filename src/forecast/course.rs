//! Two futures of one excerpt, with the act and without, and the trace of what each law did in the first.

use super::excerpt::excerpt;
use crate::laws::helm::{Deed, Heard};
use crate::laws::{
    Change, Conditions, Reaction, Reason, Settled, Silence, helm, made, request, settle_beside, stateful_set,
};
use crate::model::{Act, Key, Object, Uid, World};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What one law did to one object.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) law: &'static str,
    pub(super) reason: Arc<Reason>,
    /// It asked for the object's deletion.
    deletes: bool,
    /// It made the object: what came before was about an earlier one of the name.
    makes: bool,
}

/// What the laws did, by object, in order.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// In the order they were heard, each with the place of the next on the same object.
    steps: Vec<(Step, Option<usize>)>,
    /// The places of an object's first and last step.
    ends: HashMap<Key, (usize, usize)>,
    /// What Helm did, in its order.
    pub(super) helm: Vec<helm::Step>,
    /// What was taken for granted that facts cannot tell.
    pub(super) granted: BTreeSet<String>,
    /// Volumes whose disk was destroyed, by the volume's uid.
    pub(super) destroyed: BTreeSet<Uid>,
}

/// An excerpt of the world, and what it comes to.
#[derive(Debug)]
pub(super) struct Futures<'a> {
    pub(super) act: &'a Act,
    pub(super) conditions: &'a Conditions,
    pub(super) before: World,
    /// The end without the act.
    pub(super) idle: World,
    /// The end with it.
    pub(super) after: World,
    pub(super) trace: Trace,
    /// The laws did not come to rest.
    pub(super) unsettled: bool,
}

impl<'a> Futures<'a> {
    pub(super) fn of(world: &World, act: &'a Act, conditions: &'a Conditions) -> Self {
        let mut before = excerpt(world, act, conditions);
        stateful_set::looked(&mut before);
        let mut idle = before.clone();
        let (first, silence) = settle_beside(&mut idle, conditions, &Silence::default(), &mut |_, _| {});
        let mut after = before.clone();
        let mut trace = Trace::for_objects(before.len());
        carry_out(&mut after, act, conditions, &mut trace);
        let (second, _) = settle_beside(&mut after, conditions, &silence, &mut |world, reaction| {
            trace.hear(world, reaction);
        });
        Self {
            act,
            conditions,
            before,
            idle,
            after,
            trace,
            unsettled: first != Settled::AtRest || second != Settled::AtRest,
        }
    }

    /// The object as it ends with the act, if it is still that one.
    pub(super) fn then(&self, object: &Object) -> Option<&Arc<Object>> {
        same(&self.after, object)
    }

    /// The object as it ends without the act.
    pub(super) fn otherwise(&self, object: &Object) -> Option<&Arc<Object>> {
        same(&self.idle, object)
    }

    pub(super) fn target(&self) -> &Key {
        &self.act.target().key
    }

    /// The whole world with what the act comes to in it; what the excerpt does not hold stays as it is.
    pub(super) fn end(&self, world: &World) -> World {
        let mut end = world.clone();
        for object in self.before.objects() {
            let key = object.key();
            if self.after.get(&key).is_none() {
                end.take(&key);
            }
        }
        for object in self.after.objects() {
            let held = world.get(&object.key());
            if !held.is_some_and(|held| Arc::ptr_eq(held, object)) {
                end.put(Object::clone(object));
            }
        }
        end
    }
}

fn same<'w>(world: &'w World, object: &Object) -> Option<&'w Arc<Object>> {
    let held = world.find(object.kind(), &object.meta.namespace, &object.meta.name);
    held.filter(|held| held.meta.uid == object.meta.uid)
}

/// What the API server does with the request itself, or helm with its own.
fn carry_out(world: &mut World, act: &Act, conditions: &Conditions, trace: &mut Trace) {
    let Act::Helm { release, helm, .. } = act else {
        return request::carry_out(world, act, conditions.now);
    };
    helm::act(world, release, helm, conditions, &mut |world, heard| match heard {
        Heard::Law(reaction) => trace.hear(world, reaction),
        Heard::Helm(step) => trace.hear_helm(step),
        Heard::Granted(what) => {
            trace.granted.insert(what);
        }
    });
}

impl Trace {
    /// Room for what is done to so many objects, each mostly marked and then taken away.
    fn for_objects(objects: usize) -> Self {
        Self {
            steps: Vec::with_capacity(2 * objects),
            ends: HashMap::with_capacity(objects),
            ..Self::default()
        }
    }

    fn hear(&mut self, world: &World, reaction: &Reaction) {
        let change = &reaction.change;
        if let Change::DestroyDisk { uid, .. } = change {
            self.destroyed.insert(uid.clone());
        }
        let deletes = matches!(change, Change::Delete { .. } | Change::DestroyDisk { .. });
        let made = made::object(world, change).map(|object| (object.key(), true));
        let touched = touched(change).into_iter().flatten();
        for (key, makes) in touched.map(|key| (key.clone(), false)).chain(made) {
            let step = Step {
                law: reaction.law,
                reason: Arc::clone(&reaction.reason),
                deletes,
                makes,
            };
            self.note(key, step);
        }
    }

    fn hear_helm(&mut self, step: &helm::Step) {
        self.helm.push(step.clone());
        let (deletes, makes) = match &step.deed {
            Deed::Delete => (true, false),
            Deed::Create => (false, true),
            Deed::Patch { .. } => (false, false),
            Deed::Absent | Deed::Hang { .. } | Deed::Keep | Deed::Refuse { .. } | Deed::Unknown { .. } => return,
        };
        if let Some(key) = &step.key {
            let step = Step {
                law: step.law,
                reason: Arc::new(step.reason.clone()),
                deletes,
                makes,
            };
            self.note(key.clone(), step);
        }
    }

    fn note(&mut self, key: Key, step: Step) {
        let place = self.steps.len();
        self.steps.push((step, None));
        match self.ends.entry(key) {
            Entry::Vacant(free) => drop(free.insert((place, place))),
            Entry::Occupied(mut held) => {
                let last = std::mem::replace(&mut held.get_mut().1, place);
                if let Some((_, next)) = self.steps.get_mut(last) {
                    *next = Some(place);
                }
            }
        }
    }

    /// The steps on an object and on those of its name after it.
    fn on(&self, key: &Key) -> impl Iterator<Item = &Step> {
        let first = self.ends.get(key).and_then(|(first, _)| self.steps.get(*first));
        let steps = std::iter::successors(first, |(_, next)| self.steps.get((*next)?));
        steps.map(|(step, _)| step)
    }

    /// The steps on the object that stood there before the act.
    fn on_original(&self, key: &Key) -> impl Iterator<Item = &Step> {
        self.on(key).take_while(|step| !step.makes)
    }

    /// The step that decided the original object's end: the one that asked for its deletion, or else the last.
    pub(super) fn decisive(&self, key: &Key) -> Option<&Step> {
        self.on_original(key)
            .find(|step| step.deletes)
            .or_else(|| self.last(key))
    }

    /// The last step on the original object.
    pub(super) fn last(&self, key: &Key) -> Option<&Step> {
        self.on_original(key).last()
    }

    /// The step that made a new object.
    pub(super) fn making(&self, key: &Key) -> Option<&Step> {
        self.on(key).find(|step| step.makes)
    }
}

/// The objects that a change is about; those it makes are not among them.
fn touched(change: &Change) -> [Option<&Key>; 2] {
    match change {
        Change::Delete { object, .. }
        | Change::AddFinalizer { object, .. }
        | Change::RemoveFinalizer { object, .. }
        | Change::Reattach { attachment: object, .. }
        | Change::RemoveOwner { object, .. }
        | Change::Scale { object, .. }
        | Change::Annotate { object, .. }
        | Change::FinishJob { job: object, .. }
        | Change::AssignClass { claim: object, .. }
        | Change::CountBudget { budget: object, .. }
        | Change::GiveUp { set: object, .. }
        | Change::Adopt { object, .. } => [Some(object), None],
        Change::ConfirmPodGone { pod, .. } | Change::StartPod { pod, .. } => [Some(pod), None],
        Change::CountPod { job, pod, .. } => [Some(job), Some(pod)],
        Change::Bind { claim, volume, .. } => [Some(claim), Some(volume)],
        Change::LoseClaim { claim, .. } => [Some(claim), None],
        Change::SetVolumePhase { volume, .. } | Change::Unbind { volume, .. } | Change::DestroyDisk { volume, .. } => {
            [Some(volume), None]
        }
        Change::Provision { .. }
        | Change::CreatePod { .. }
        | Change::CreateClaim { .. }
        | Change::SpawnPod { .. }
        | Change::SpawnReplicaSet { .. } => [None, None],
    }
}
