//! A StatefulSet keeps a pod and its claims for every ordinal.
//!
//! Sources: `pkg/controller/statefulset/stateful_set_control.go` (`updateStatefulSet`), `stateful_pod_control.go`
//! (`createPersistentVolumeClaims`), `stateful_set_utils.go`, `reference/semantics.md` §3.8, seed 003:
//!
//! - A missing pod is made at once. A missing claim is made first; existing claims are used as they are.
//! - While one of its claims is being deleted the pod is **not** made; it comes when the claim has gone, on a new one.
//! - So the order decides. *Pod first*: the new pod stands on the old claim before anyone can delete it, and holds it.
//!   *Claim first*: the claim dies with the old pod, and claim and pod come back new. In `settle` the set acts as soon as
//!   the old pod's object is gone and before claims are judged again, which is the real controller's haste; the remaining
//!   race through a stale informer (k8s#74374) is not modelled.
//! - Under `whenScaled: Delete` a claim that an earlier pod of the name still owns is stale: it waits for the garbage collector,
//!   and its pod is not made. The set then gives up *without an error* (`processReplica`), so that nothing makes it try again: a
//!   claim is not watched, and when it has gone the pod does not come before the set or one of its pods changes (seen;
//!   `tests/control_plane/SEEN.md`). What a set has given up over no field tells, so it is remembered (`Change::GiveUp`), and a
//!   world that was read after the claim went says nothing of it: there the pod is forecast to come.
//! - `OrderedReady` stops at the first pod that is not ready; `Parallel` does not.
//! - A changed template restarts pods from the highest ordinal down to the partition, one after another, each when those
//!   above are ready, and on the claims they had. Only the template counts: changed claim templates restart nothing. The
//!   revision's name is a hash only the controller can compute, so it is read from `status.updateRevision` and the pods'
//!   label; while the controller has not observed the set's generation nothing is said about restarts. A template that
//!   a forecast changes gets a revision of its own (`made::revision`), which no pod is of yet.
//! - A set that is being deleted makes and deletes nothing.

use super::absence::lists;
use super::owned::{self, BURST, active, adopt, healthy, orphans, pods};
use super::{Change, Conditions, Law, Reaction, Reason, apply, claim_retention, made};
use crate::model::workload::StatefulSet;
use crate::model::{Key, Kind, Kinds, Object, World};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "stateful_set",
    source: "pkg/controller/statefulset/stateful_set_control.go",
    latency: Duration::from_millis(250),
    reads: Kinds::of(&[Kind::StatefulSet, Kind::Pod, Kind::PersistentVolumeClaim]),
    react,
};

/// The label that names the revision a pod was made from.
pub(super) const REVISION: &str = "controller-revision-hash";

/// Ordinals looked at; more pods than this in one set no API server has seen.
const ORDINALS: usize = 10_000;

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::StatefulSet) {
        if let Some(set) = object.body.stateful_set()
            && !object.meta.deleting()
            && lists(world, Kind::Pod, &object.meta.namespace)
            && lists(world, Kind::PersistentVolumeClaim, &object.meta.namespace)
        {
            Sync { world, object, set }.run(&mut reactions);
        }
    }
    reactions
}

/// Lets every set that a stale claim keeps from making a pod have come upon it: whatever is asked of a world that was read,
/// its controllers have looked at it before.
pub fn looked(world: &mut World) {
    let deletes = world.of_kind(Kind::StatefulSet).any(|object| {
        let set = object.body.stateful_set();
        set.is_some_and(|set| set.spec.persistent_volume_claim_retention_policy.when_scaled == "Delete")
    });
    if !deletes {
        return;
    }
    for reaction in react(world, &Conditions::default()) {
        if matches!(reaction.change, Change::GiveUp { .. }) {
            apply(world, &reaction.change);
        }
    }
}

/// The pods that a set lacks and does not make, because it has given up over stale claims and not looked again since.
pub fn given_up(world: &World, object: &Arc<Object>) -> Vec<Key> {
    let Some(set) = object.body.stateful_set() else {
        return Vec::new();
    };
    let sync = Sync { world, object, set };
    if !sync.rests() {
        return Vec::new();
    }
    let pods = set.ordinals().take(ORDINALS).map(|ordinal| sync.pod(ordinal));
    pods.filter(|pod| world.get(pod).is_none()).collect()
}

/// The ordinal in a pod's name, if the name is one this set gives.
pub fn ordinal(set: &str, pod: &str) -> Option<u32> {
    let (parent, number) = pod.rsplit_once('-')?;
    (parent == set).then(|| number.parse().ok()).flatten()
}

/// What came of an ordinal without a pod.
enum Making {
    /// Its pod is made.
    Made,
    /// One of its claims is being deleted: an error, after which the set tries again.
    Refused,
    /// One of its claims still belongs to an earlier pod: no error, and nothing makes the set try again.
    Stale(Key),
}

/// One pass over one set.
struct Sync<'a> {
    world: &'a World,
    object: &'a Arc<Object>,
    set: &'a StatefulSet,
}

impl Sync<'_> {
    fn run(&self, reactions: &mut Vec<Reaction>) {
        if self.rests() {
            return;
        }
        let adopted = self.adoptions();
        if !adopted.is_empty() {
            reactions.extend(adopted);
            return; // counted once they are its own
        }
        let before = reactions.len();
        claim_retention::react(self.world, self.object, self.set, reactions);
        // a pod is not scaled away before its claims are tied to it (`ClaimsMatchRetentionPolicy`)
        let tied = reactions.len() == before;
        if self.fill(reactions) && tied && self.trim(reactions) {
            self.restart(reactions);
        }
    }

    /// It has given up, and nothing has changed since that it watches.
    fn rests(&self) -> bool {
        self.set.status.gave_up.is_some_and(|print| print == self.print())
    }

    /// What a set looks again for: itself, and the pods that bear its names. Its claims are not among that.
    fn print(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?} {:?}", self.object.meta, self.set.spec).hash(&mut hasher);
        let pods = self.world.in_namespace(Kind::Pod, &self.object.meta.namespace);
        for pod in pods.filter(|pod| ordinal(&self.object.meta.name, &pod.meta.name).is_some()) {
            format!("{pod:?}").hash(&mut hasher);
        }
        hasher.finish()
    }

    fn pod(&self, ordinal: u32) -> Key {
        let name = format!("{}-{ordinal}", self.object.meta.name);
        Key::new(Kind::Pod, &self.object.meta.namespace, &name)
    }

    fn parallel(&self) -> bool {
        self.set.spec.pod_management_policy == "Parallel"
    }

    fn wants(&self, ordinal: u32) -> bool {
        self.set.ordinals().contains(&ordinal)
    }

    /// Pods of its naming and selector that nobody controls.
    fn adoptions(&self) -> Vec<Reaction> {
        orphans(self.world, self.object, &self.set.spec.selector, Kind::Pod)
            .filter(|pod| ordinal(&self.object.meta.name, &pod.meta.name).is_some())
            .map(|pod| {
                let text = format!(
                    "{} bears the name and labels of {}'s pods",
                    pod.key(),
                    self.object.key()
                );
                adopt(LAW.name, self.object, pod, text)
            })
            .collect()
    }

    /// Makes what is missing, in order. Returns whether every wanted pod is there and ready, or order does not matter.
    fn fill(&self, reactions: &mut Vec<Reaction>) -> bool {
        let (mut made, mut refused, mut stale) = (0, false, None);
        let mut full = true;
        for ordinal in self.set.ordinals().take(ORDINALS) {
            let name = format!("{}-{ordinal}", self.object.meta.name);
            let ready = match self.world.find(Kind::Pod, &self.object.meta.namespace, &name) {
                None => {
                    made += 1;
                    match self.create(ordinal, reactions) {
                        Making::Made => {}
                        Making::Refused => refused = true,
                        Making::Stale(claim) => stale = Some((ordinal, claim)),
                    }
                    false
                }
                Some(pod) => self.inspect(pod, ordinal, reactions),
            };
            if (!ready && !self.parallel()) || made >= BURST {
                full = false;
                break;
            }
        }
        if let Some((ordinal, claim)) = stale.filter(|_| !refused) {
            reactions.push(self.give_up(ordinal, &claim));
        }
        full
    }

    fn give_up(&self, ordinal: u32, claim: &Key) -> Reaction {
        let (set, set_uid) = (self.object.key(), self.object.meta.uid.clone());
        let text = format!(
            "{claim} still belongs to an earlier {}, so {set} does not make it, and looks again only when it or one of its pods \
             changes",
            self.pod(ordinal)
        );
        let print = self.print();
        let reason = Reason::new(text).seen(claim, "metadata.ownerReferences", "a pod that is gone");
        Reaction::new(LAW.name, Change::GiveUp { set, set_uid, print }, reason)
    }

    /// Looks at a pod that is there; returns whether the next ordinal may follow.
    fn inspect(&self, pod: &Arc<Object>, ordinal: u32, reactions: &mut Vec<Reaction>) -> bool {
        let own = pod
            .meta
            .controller()
            .is_some_and(|controller| controller.uid == self.object.meta.uid);
        let Some(facts) = pod.body.pod().filter(|_| own && !pod.meta.deleting()) else {
            return false;
        };
        if facts.status.phase.terminal() {
            reactions.push(self.delete(pod, format!("{} has ended and is made anew", pod.key())));
            return false;
        }
        if !facts.scheduled() {
            self.create_claims(ordinal, reactions);
        }
        facts.ready()
    }

    /// Removes what is too much: all at once, or the highest ordinal first while everything below is ready. Returns
    /// whether nothing is too much.
    fn trim(&self, reactions: &mut Vec<Reaction>) -> bool {
        let mut condemned: Vec<(u32, &Arc<Object>)> = pods(self.world, self.object)
            .filter_map(|pod| Some((ordinal(&self.object.meta.name, &pod.meta.name)?, pod)))
            .filter(|(ordinal, _)| !self.wants(*ordinal))
            .collect();
        condemned.sort_by_key(|(ordinal, _)| std::cmp::Reverse(*ordinal));
        let none = condemned.is_empty();
        if !self.parallel() && condemned.iter().any(|(_, pod)| pod.meta.deleting()) {
            return false;
        }
        let at_once = if self.parallel() { condemned.len() } else { 1 };
        for (ordinal, pod) in condemned.into_iter().take(at_once) {
            if active(pod) || !pod.meta.deleting() {
                let text = format!("{} wants no pod of ordinal {ordinal}", self.object.key());
                reactions.push(self.delete(pod, text));
            }
        }
        none
    }

    /// Deletes the highest pod of another revision, if all above it are ready (`updateStatefulSet`).
    fn restart(&self, reactions: &mut Vec<Reaction>) {
        let (Some(revision), Some(lowest)) = (self.set.update_revision(&self.object.meta), self.set.reached_from())
        else {
            return;
        };
        let reached = self.set.ordinals().start.max(lowest)..self.set.ordinals().end;
        for ordinal in reached.rev().take(ORDINALS) {
            let name = format!("{}-{ordinal}", self.object.meta.name);
            let Some(pod) = self.world.find(Kind::Pod, &self.object.meta.namespace, &name) else {
                return;
            };
            if pod.meta.labels.get(REVISION) != Some(revision) {
                if !pod.meta.deleting() {
                    let text = format!(
                        "{} has another template by now, and restarts {}",
                        self.object.key(),
                        pod.key()
                    );
                    let (field, value) = if *revision == made::revision(&self.set.spec.template) {
                        ("spec.template", "changed")
                    } else {
                        ("status.updateRevision", revision.as_str())
                    };
                    let reason = Reason::new(text).seen(&self.object.key(), field, value);
                    reactions.push(owned::delete(LAW.name, pod, reason));
                }
                return;
            }
            if !healthy(pod) {
                return;
            }
        }
    }

    fn delete(&self, pod: &Object, text: String) -> Reaction {
        let wanted = self.set.replicas().to_string();
        let reason = Reason::new(text).seen(&self.object.key(), "spec.replicas", wanted);
        owned::delete(LAW.name, pod, reason)
    }

    fn create(&self, ordinal: u32, reactions: &mut Vec<Reaction>) -> Making {
        if let Some(claim) = self.stale(ordinal) {
            return Making::Stale(claim);
        }
        if !self.create_claims(ordinal, reactions) {
            return Making::Refused;
        }
        let key = self.object.key();
        reactions.push(Reaction::new(
            LAW.name,
            Change::CreatePod {
                set: key.clone(),
                set_uid: self.object.meta.uid.clone(),
                ordinal,
            },
            Reason::new(format!("{key} has no pod of ordinal {ordinal}")).seen(
                &key,
                "spec.replicas",
                self.set.replicas().to_string(),
            ),
        ));
        Making::Made
    }

    /// Makes the missing claims of an ordinal; returns whether none of them is being deleted.
    fn create_claims(&self, ordinal: u32, reactions: &mut Vec<Reaction>) -> bool {
        let mut usable = true;
        for template in &self.set.spec.volume_claim_templates {
            let name = StatefulSet::claim_name(template, &self.object.meta.name, ordinal);
            let key = Key::new(Kind::PersistentVolumeClaim, &self.object.meta.namespace, &name);
            match self.world.get(&key) {
                Some(claim) => usable &= !claim.meta.deleting(),
                None => reactions.push(Reaction::new(
                    LAW.name,
                    Change::CreateClaim {
                        set: self.object.key(),
                        set_uid: self.object.meta.uid.clone(),
                        template: template.metadata.name.clone(),
                        ordinal,
                    },
                    Reason::new(format!("{} has no {key}", self.object.key())),
                )),
            }
        }
        usable
    }

    /// A claim that still belongs to an earlier pod of the name, and waits for the garbage collector (`PodClaimIsStale`).
    fn stale(&self, ordinal: u32) -> Option<Key> {
        if self.set.spec.persistent_volume_claim_retention_policy.when_scaled != "Delete" {
            return None;
        }
        let claims = self.set.spec.volume_claim_templates.iter().map(|template| {
            let name = StatefulSet::claim_name(template, &self.object.meta.name, ordinal);
            Key::new(Kind::PersistentVolumeClaim, &self.object.meta.namespace, &name)
        });
        let mut stale = claims.filter(|key| {
            self.world.get(key).is_some_and(|claim| {
                let mut owners = claim.meta.owner_references.iter();
                owners.any(|owner| owner.kind == Kind::Pod.name() && self.world.by_uid(&owner.uid).is_none())
            })
        });
        stale.next()
    }
}

#[cfg(test)]
mod tests;
