//! The closed list of selections: which objects a step's act is done to, one after the other, each through its own gate.

use super::check::{between, led, unfinished};
use super::tenancy::Tenancy;
use crate::laws::pvc_protection;
use crate::model::raft::next_turn;
use crate::model::storage::{ReclaimPolicy, VolumePhase};
use crate::model::{Key, Kind, Object};
use std::sync::Arc;

/// Says what is missing to know a selection, if anything is.
type Seen = fn(Tenancy<'_>) -> Result<(), String>;

/// A named set of the tenant's objects.
#[derive(Clone, Copy, Debug)]
pub struct Selection {
    pub name: &'static str,
    pub kind: Kind,
    /// What is in it, as a noun.
    pub holds: &'static str,
    /// The kinds it reads besides its own: where one cannot be seen, the set is not known.
    pub reads: &'static [Kind],
    /// What else has to be known.
    seen: Option<Seen>,
    pick: fn(Tenancy<'_>) -> Vec<Arc<Object>>,
}

impl PartialEq for Selection {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Selection {}

/// All selections, in the order they are documented.
pub static SELECTIONS: &[Selection] = &[
    Selection {
        name: "jobs.foreign",
        kind: Kind::Job,
        holds: "unfinished Jobs that are not the release's",
        reads: &[Kind::CronJob],
        seen: None,
        pick: |tenancy| {
            picked(tenancy, Kind::Job, |job| {
                tenancy.foreign(job) && unfinished(tenancy, job).is_some()
            })
        },
    },
    Selection {
        name: "jobs.unfinished",
        kind: Kind::Job,
        holds: "unfinished Jobs",
        reads: &[Kind::CronJob],
        seen: None,
        pick: |tenancy| picked(tenancy, Kind::Job, |job| unfinished(tenancy, job).is_some()),
    },
    Selection {
        name: "pods.ended-holders",
        kind: Kind::Pod,
        holds: "pods that have ended, belong to no Job and still hold a claim",
        reads: &[Kind::PersistentVolumeClaim],
        seen: None,
        pick: |tenancy| holders(tenancy, |pod| ended(pod) && !of_job(pod)),
    },
    Selection {
        name: "pods.foreign-holders",
        kind: Kind::Pod,
        holds: "pods without any owner that are not the release's and hold a claim",
        reads: &[Kind::PersistentVolumeClaim],
        seen: None,
        pick: |tenancy| {
            holders(tenancy, |pod| {
                tenancy.foreign(pod) && pod.meta.owner_references.is_empty()
            })
        },
    },
    Selection {
        name: "claims.all",
        kind: Kind::PersistentVolumeClaim,
        holds: "the tenant's claims that are not being deleted",
        reads: &[],
        seen: None,
        pick: |tenancy| picked(tenancy, Kind::PersistentVolumeClaim, |_| true),
    },
    Selection {
        name: "volumes.not-retained",
        kind: Kind::PersistentVolume,
        holds: "volumes of the tenant whose reclaim policy is not Retain",
        reads: &[Kind::PersistentVolumeClaim],
        seen: None,
        pick: |tenancy| {
            volumes(tenancy, |object| {
                let volume = object.body.volume();
                volume.is_some_and(|volume| volume.spec.persistent_volume_reclaim_policy != ReclaimPolicy::Retain)
            })
        },
    },
    Selection {
        name: "volumes.released",
        kind: Kind::PersistentVolume,
        holds: "Released volumes with Retain whose claimRef names a claim of the tenant by a uid that is gone",
        reads: &[Kind::PersistentVolumeClaim],
        seen: None,
        pick: |tenancy| volumes(tenancy, |object| released(tenancy, object)),
    },
    Selection {
        name: "statefulsets.all",
        kind: Kind::StatefulSet,
        holds: "the tenant's StatefulSets that want pods",
        reads: &[],
        seen: None,
        pick: |tenancy| {
            picked(tenancy, Kind::StatefulSet, |object| {
                crate::model::act::scale(object).is_some_and(|wanted| wanted > 0)
            })
        },
    },
    Selection {
        name: "deployments.all",
        kind: Kind::Deployment,
        holds: "the tenant's Deployments that want pods",
        reads: &[],
        seen: None,
        pick: |tenancy| {
            picked(tenancy, Kind::Deployment, |object| {
                crate::model::act::scale(object).is_some_and(|wanted| wanted > 0)
            })
        },
    },
    Selection {
        name: "raft.turn-claims",
        kind: Kind::PersistentVolumeClaim,
        holds: "the claims on the old class of the raft peer whose turn it is: one that has begun, else a follower, the leader last",
        reads: &[Kind::StatefulSet, Kind::Pod],
        seen: Some(|tenancy| led(tenancy).map(drop).map_err(|untold| untold.value)),
        pick: |tenancy| {
            let Ok((turns, leader)) = led(tenancy) else {
                return Vec::new();
            };
            let ahead = next_turn(&turns, Some(&leader)).map(|turn| turn.ahead.as_slice());
            picked(tenancy, Kind::PersistentVolumeClaim, |claim| {
                ahead.is_some_and(|ahead| ahead.contains(&claim.meta.name))
            })
        },
    },
    Selection {
        name: "raft.turn-pod",
        kind: Kind::Pod,
        holds: "the pod of the raft peer whose claims on the old class are all being deleted",
        reads: &[Kind::StatefulSet, Kind::PersistentVolumeClaim],
        seen: Some(|tenancy| between(tenancy).map(drop).map_err(|untold| untold.value)),
        pick: |tenancy| {
            let turns = between(tenancy).unwrap_or_default();
            let begun = turns
                .iter()
                .find(|turn| !turn.going.is_empty() && turn.ahead.is_empty());
            picked(tenancy, Kind::Pod, |pod| {
                begun.is_some_and(|turn| turn.pod == pod.meta.name)
            })
        },
    },
];

impl Selection {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        SELECTIONS.iter().find(|selection| selection.name == name)
    }

    /// The objects as they are now, by name; `Err` says what cannot be seen.
    pub fn pick(&self, tenancy: Tenancy<'_>) -> Result<Vec<Arc<Object>>, String> {
        let kinds = std::iter::once(&self.kind).chain(self.reads);
        let blind = kinds.into_iter().find_map(|kind| {
            let namespace = if kind.namespaced() { tenancy.namespace } else { "" };
            tenancy.look.gap(*kind, namespace)
        });
        if let Some(gap) = blind {
            return Err(gap);
        }
        if let Some(seen) = self.seen {
            seen(tenancy)?;
        }
        Ok((self.pick)(tenancy))
    }
}

/// The tenant's objects of a kind that are not already going.
fn picked(tenancy: Tenancy<'_>, kind: Kind, wanted: impl Fn(&Object) -> bool) -> Vec<Arc<Object>> {
    tenancy
        .objects(kind)
        .filter(|object| !object.meta.deleting() && wanted(object))
        .map(Arc::clone)
        .collect()
}

fn volumes(tenancy: Tenancy<'_>, wanted: impl Fn(&Object) -> bool) -> Vec<Arc<Object>> {
    let mut all = tenancy.volumes();
    all.retain(|object| !object.meta.deleting() && wanted(object));
    all
}

fn holders(tenancy: Tenancy<'_>, wanted: impl Fn(&Object) -> bool) -> Vec<Arc<Object>> {
    let world = tenancy.look.world;
    let claims = tenancy.objects(Kind::PersistentVolumeClaim);
    let mut all: Vec<Arc<Object>> = claims
        .flat_map(|claim| pvc_protection::holders(world, &claim.key()))
        .filter(|pod| !pod.meta.deleting() && wanted(pod))
        .collect();
    all.sort_by(|one, other| one.meta.name.cmp(&other.meta.name));
    all.dedup_by(|one, other| one.meta.name == other.meta.name);
    all
}

fn ended(object: &Object) -> bool {
    object.body.pod().is_some_and(|pod| pod.status.phase.terminal())
}

fn of_job(object: &Object) -> bool {
    object.meta.owner_references.iter().any(|owner| owner.kind == "Job")
}

fn released(tenancy: Tenancy<'_>, object: &Object) -> bool {
    let Some(volume) = object.body.volume() else {
        return false;
    };
    let Some(held) = &volume.spec.claim_ref else {
        return false;
    };
    let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
    let live = tenancy.look.world.get(&key);
    volume.status.phase == VolumePhase::Released
        && volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Retain
        && held.namespace == tenancy.namespace
        && !held.uid.is_empty()
        && live.is_none_or(|live| live.meta.uid != held.uid)
}
