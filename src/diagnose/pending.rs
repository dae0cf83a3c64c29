//! Why a claim is Pending, and whether that is as it should be.
//!
//! Source: `pkg/controller/volume/persistentvolume/pv_controller.go` `syncUnboundClaim`, `reference/semantics.md` §3.3, §3.6.

use super::finalizer::{self, OwnerLife};
use super::look::Look;
use super::{fit, phrase};
use crate::laws::{Reason, storage_class};
use crate::model::storage::{Claim, NO_PROVISIONER};
use crate::model::workload::Condition;
use crate::model::{Key, Kind, Object, Text};
use std::sync::Arc;
use std::time::Duration;

/// Binding and provisioning are given this long before waiting counts as wrong.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why a claim is Pending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// It names a volume that does not exist.
    VolumeMissing {
        volume: Text,
    },
    /// It names a volume that another claim holds.
    VolumeTaken {
        volume: Text,
        by: String,
    },
    /// It names a volume that does not fit.
    VolumeUnfit {
        volume: Text,
        why: String,
    },
    /// It names a volume that is being deleted.
    VolumeDeleting {
        volume: Text,
    },
    /// Named or reserved and fitting: the binder is next.
    Binding {
        volume: Text,
    },
    /// Its class does not exist.
    ClassMissing {
        class: Text,
    },
    /// It asks for no class (`""`), and no volume without class fits.
    NoClass,
    /// It says nothing of a class, and the cluster has no default.
    NoDefaultClass,
    /// It says nothing of a class; the default one is given to it.
    DefaultClass {
        class: Text,
    },
    /// `WaitForFirstConsumer` and no consumer: normal.
    FirstConsumer {
        class: Text,
    },
    /// `WaitForFirstConsumer`, and the consumer is not scheduled.
    ConsumerUnscheduled {
        class: Text,
        pod: Text,
        why: String,
    },
    /// The class makes no volumes: one has to be made by hand.
    ByHand {
        class: Text,
    },
    ProvisionerDead {
        class: Text,
        provisioner: Text,
    },
    /// The provisioner is asked.
    Provisioning {
        class: Text,
        provisioner: Text,
        life: String,
    },
    /// A fact is missing.
    Unknown {
        why: String,
    },
}

/// Why this claim is Pending. Only sensible for one that is.
pub fn why(look: Look<'_>, object: &Object, claim: &Claim) -> Pending {
    if !claim.spec.volume_name.is_empty() {
        return named_volume(look, object, claim);
    }
    if let Some(reserved) = look
        .world
        .volumes_claimed_by(&object.key())
        .find(|volume| !volume.meta.deleting() && claimed_uid(volume).is_none_or(|uid| uid == object.meta.uid))
    {
        return fitting(look, reserved, claim, false);
    }
    by_class(look, object, claim)
}

fn claimed_uid(volume: &Object) -> Option<crate::model::Uid> {
    let held = volume.body.volume()?.spec.claim_ref.as_ref()?;
    (!held.uid.is_empty()).then(|| held.uid.clone())
}

fn named_volume(look: Look<'_>, object: &Object, claim: &Claim) -> Pending {
    let name = claim.spec.volume_name.clone();
    let key = Key::cluster(Kind::PersistentVolume, &name);
    let Some(volume) = look.world.get(&key) else {
        return if look.gone(&key) {
            Pending::VolumeMissing { volume: name }
        } else {
            unseen(look, Kind::PersistentVolume, "")
        };
    };
    let held = volume.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
    if let Some(held) = held {
        let same_name = held.name == object.meta.name && held.namespace == object.meta.namespace;
        let same_uid = held.uid.is_empty() || held.uid == object.meta.uid;
        if !same_name || !same_uid {
            let by = if same_name {
                format!("an earlier claim of this name (uid …{})", held.uid.tail(6))
            } else {
                format!("{}/{}", held.namespace, held.name)
            };
            return Pending::VolumeTaken { volume: name, by };
        }
    }
    if volume.meta.deleting() {
        return Pending::VolumeDeleting { volume: name };
    }
    if held.is_some() {
        // reserved for it and named by it: the binder compares nothing more
        return Pending::Binding { volume: name };
    }
    fitting(look, volume, claim, true)
}

/// A volume reserved for the claim need not be of its class; one that is free for all must be (§3.3).
fn fitting(look: Look<'_>, volume: &Object, claim: &Claim, same_class: bool) -> Pending {
    let name = volume.meta.name.clone();
    match volume.body.volume().and_then(|facts| {
        if same_class {
            let class = fit::class_of(look.world, claim);
            fit::mismatch(&volume.meta, facts, claim, &class)
        } else {
            fit::shape_mismatch(facts, claim)
        }
    }) {
        Some(why) => Pending::VolumeUnfit { volume: name, why },
        None => Pending::Binding { volume: name },
    }
}

fn by_class(look: Look<'_>, object: &Object, claim: &Claim) -> Pending {
    let class = match &claim.spec.storage_class_name {
        Some(class) if class.is_empty() => return Pending::NoClass,
        Some(class) => class.clone(),
        None if !look.sees(Kind::StorageClass, "") => return unseen(look, Kind::StorageClass, ""),
        None => {
            return storage_class::default(look.world).map_or(Pending::NoDefaultClass, |class| Pending::DefaultClass {
                class: class.meta.name.clone(),
            });
        }
    };
    let key = Key::cluster(Kind::StorageClass, &class);
    let Some(facts) = look.world.get(&key).and_then(|found| found.body.class()) else {
        return if look.gone(&key) {
            Pending::ClassMissing { class }
        } else {
            unseen(look, Kind::StorageClass, "")
        };
    };
    if facts.waits_for_consumer() && !object.meta.annotations.iter().any(|(key, _)| key == SELECTED_NODE) {
        return consumer(look, object, class);
    }
    let provisioner = facts.provisioner.clone();
    if provisioner == NO_PROVISIONER {
        return Pending::ByHand { class };
    }
    match finalizer::provisioner_life(look, Some(&provisioner)) {
        (OwnerLife::Dead, _, _) => Pending::ProvisionerDead { class, provisioner },
        (OwnerLife::Alive | OwnerLife::Unknown, life, _) => Pending::Provisioning {
            class,
            provisioner,
            life,
        },
    }
}

/// The scheduler's choice, without which a `WaitForFirstConsumer` claim is not provisioned.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

fn consumer(look: Look<'_>, object: &Object, class: Text) -> Pending {
    let waiting: Option<&Arc<Object>> = look.world.users_of(&object.key()).find(|pod| !pod.meta.deleting());
    let Some(pod) = waiting else {
        return if look.sees(Kind::Pod, &object.meta.namespace) {
            Pending::FirstConsumer { class }
        } else {
            unseen(look, Kind::Pod, &object.meta.namespace)
        };
    };
    let why = pod
        .body
        .pod()
        .and_then(|pod| unscheduled(&pod.status.conditions.unmet))
        .map_or_else(
            || "the scheduler has not chosen a node".to_owned(),
            |condition| condition.message.to_string(),
        );
    Pending::ConsumerUnscheduled {
        class,
        pod: pod.meta.name.clone(),
        why,
    }
}

/// The condition with which the scheduler says why it placed a pod nowhere.
pub(crate) fn unscheduled(conditions: &[Condition]) -> Option<&Condition> {
    conditions.iter().find(|condition| {
        condition.kind == "PodScheduled" && condition.status == "False" && !condition.message.is_empty()
    })
}

fn unseen(look: Look<'_>, kind: Kind, namespace: &str) -> Pending {
    Pending::Unknown {
        why: look
            .gap(kind, namespace)
            .unwrap_or_else(|| format!("{} cannot be read", phrase::plural(phrase::noun(kind)))),
    }
}

impl Pending {
    /// What follows `Pending 4m, `.
    pub fn sentence(&self) -> String {
        match self {
            Self::VolumeMissing { volume } => format!("names pv/{volume}, which does not exist"),
            Self::VolumeTaken { volume, by } => format!("names pv/{volume}, which is claimed by {by}"),
            Self::VolumeUnfit { volume, why } => format!("pv/{volume} does not fit: {why}"),
            Self::VolumeDeleting { volume } => format!("names pv/{volume}, which is being deleted"),
            Self::Binding { volume } => format!("pv/{volume} fits: binding is next"),
            Self::ClassMissing { class } => format!("StorageClass {class} does not exist"),
            Self::NoClass => "asks for no class, and no volume without class fits".to_owned(),
            Self::NoDefaultClass => "names no class, and the cluster has no default StorageClass".to_owned(),
            Self::DefaultClass { class } => format!("names no class: the default, {class}, is given to it"),
            Self::FirstConsumer { class } => {
                format!("waits for its first consumer, as class {class} asks: normal until a pod uses it")
            }
            Self::ConsumerUnscheduled { pod, why, .. } => format!("its consumer {pod} is not scheduled: {why}"),
            Self::ByHand { class } => format!("class {class} makes no volumes: one has to be made by hand"),
            Self::ProvisionerDead { class, provisioner } => {
                format!("provisioner {provisioner} of class {class} is dead")
            }
            Self::Provisioning { class, provisioner, .. } => {
                format!("waits for {provisioner} of class {class} to make a volume")
            }
            Self::Unknown { why } => format!("why is unknown ({why})"),
        }
    }

    /// Waiting like this for this long is as it should be.
    pub fn normal(&self, age: Duration) -> bool {
        match self {
            Self::FirstConsumer { .. } => true,
            Self::Binding { .. }
            | Self::Provisioning { .. }
            | Self::DefaultClass { .. }
            | Self::ConsumerUnscheduled { .. } => age < PATIENCE,
            _ => false,
        }
    }

    /// What would end the wait; `None` where there is nothing to do.
    pub fn way_out(&self, claim: &Object) -> Option<String> {
        let name = &claim.meta.name;
        let namespace = &claim.meta.namespace;
        Some(match self {
            Self::VolumeMissing { volume } => format!(
                "restore pv/{volume} with claimRef {namespace}/{name} and no uid, or make the claim anew without volumeName"
            ),
            Self::VolumeTaken { volume, .. } => format!(
                "make sure nobody needs the old claim's data, then clear uid and resourceVersion (only these) of pv/{volume}'s claimRef \
                 and let it name {namespace}/{name}"
            ),
            Self::VolumeUnfit { volume, .. } => format!(
                "make the claim anew with class, size, modes and selector that fit pv/{volume}: they cannot be changed on a claim"
            ),
            Self::VolumeDeleting { volume } => {
                format!("pv/{volume} cannot be kept any more: save its data, or make a second PV for the same disk")
            }
            Self::ClassMissing { class } => format!(
                "make StorageClass {class} again: the same name is enough, and existing volumes are not touched"
            ),
            Self::NoClass | Self::ByHand { .. } => format!(
                "make a volume for it, reserved with claimRef {namespace}/{name} and no uid, so that no other claim takes it"
            ),
            Self::NoDefaultClass => {
                "set storageClassName on the claim (it may be set once), or mark one class as default".to_owned()
            }
            Self::ConsumerUnscheduled { pod, .. } => {
                format!("explain pod/{pod}: the claim is bound once it is scheduled")
            }
            Self::ProvisionerDead { provisioner, .. } => format!("bring {provisioner} back; the claim is then served"),
            Self::Provisioning { provisioner, life, .. } => {
                format!("look at the events of the claim and the logs of {provisioner} ({life})")
            }
            Self::Binding { volume } => format!("look at the events of the claim and of pv/{volume}"),
            Self::DefaultClass { .. } => "look at the events of the claim".to_owned(),
            Self::FirstConsumer { .. } | Self::Unknown { .. } => return None,
        })
    }

    /// The values the answer rests on.
    pub fn reason(&self, claim: &Object) -> Reason {
        let key = claim.key();
        let reason = Reason::new(self.sentence()).seen(&key, "status.phase", "Pending");
        let pv = |name: &Text| Key::cluster(Kind::PersistentVolume, name);
        match self {
            Self::VolumeMissing { volume } => reason.seen(&key, "spec.volumeName", volume.as_str()),
            Self::VolumeTaken { volume, by } => {
                reason
                    .seen(&key, "spec.volumeName", volume.as_str())
                    .seen(&pv(volume), "spec.claimRef", by)
            }
            Self::VolumeUnfit { volume, why } => reason.seen(&pv(volume), "spec", why),
            Self::VolumeDeleting { volume } => reason.seen(&pv(volume), "metadata.deletionTimestamp", "set"),
            Self::Binding { volume } => reason.seen(&pv(volume), "spec.claimRef", key.name.as_str()),
            Self::ClassMissing { class } | Self::ByHand { class } | Self::FirstConsumer { class } => {
                reason.seen(&key, "spec.storageClassName", class.as_str())
            }
            Self::NoClass => reason.seen(&key, "spec.storageClassName", "\"\""),
            Self::NoDefaultClass | Self::DefaultClass { .. } => reason.seen(&key, "spec.storageClassName", "absent"),
            Self::ConsumerUnscheduled { pod, why, .. } => reason.seen(
                &Key::new(Kind::Pod, &claim.meta.namespace, pod),
                "status.conditions[PodScheduled].message",
                why,
            ),
            Self::ProvisionerDead { class, provisioner } | Self::Provisioning { class, provisioner, .. } => reason
                .seen(
                    &Key::cluster(Kind::StorageClass, class),
                    "provisioner",
                    provisioner.as_str(),
                ),
            Self::Unknown { .. } => reason,
        }
    }
}
