//! Whether there is a way back, and how.

use super::{Entry, Outcome, Tier, Undo};
use crate::model::act::task::RaftDeed;
use crate::model::act::{HelmAct, Task, Uninstall, scale};
use crate::model::helm::RELEASE_NAME;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Body, Kind, Pin, World};

const COPIED: &str = "set it back to what the saved YAML says; its ReplicaSet, to which the Deployment's controller copies a mark, keeps it";

/// The way back, if there is one.
pub(super) fn undo(world: &World, act: &Act, entries: &[Entry], tier: Tier) -> Undo {
    let any = |judge: &dyn Fn(&Outcome) -> bool| entries.iter().any(|entry| judge(&entry.outcome));
    if tier == Tier::T0 {
        return lossless("there is nothing to undo");
    }
    if any(&|outcome| matches!(outcome, Outcome::VolumeDestroyed { .. })) {
        return Undo::None;
    }
    if any(&|outcome| matches!(outcome, Outcome::VolumeLeaked { .. })) {
        return lossy(
            "the disk stays in the storage system: a volume made by hand from the saved YAML finds it by its handle",
        );
    }
    match act {
        Act::Helm { helm, .. } => lossy(of_helm(helm)),
        Act::ClearClaimRef { .. } => lossless(
            "patch claimRef.uid and claimRef.resourceVersion back to the saved values, as long as no claim has taken the volume",
        ),
        Act::Task { task, .. } => match task.as_ref() {
            Task::Dump(_) => lossless("nothing is changed; the file and its manifest may be taken away"),
            Task::Count(_) => lossless("nothing is changed"),
            Task::Snapshot(snapshot) => lossless(&format!("delete volumesnapshot/{} again", snapshot.name)),
            Task::Restore(_) => lossy("restore a dump that was taken before"),
            Task::Raft(task) => match &task.asks {
                RaftDeed::StepDown => lossless("the one that leads then can be asked to step down in its turn"),
                RaftDeed::RemovePeer { .. } => lossy("start a pod of that id on an empty volume: it joins anew"),
                RaftDeed::Snapshot { .. } => lossless("nothing is changed; the file may be taken away"),
            },
            Task::Run(_) => lossy("whatever the program itself can take back"),
        },
        Act::SetReclaimPolicy { volume, .. } => {
            let was = world.get(&volume.key).and_then(|object| object.body.volume());
            let was = was.map_or("what it was", |volume| {
                volume.spec.persistent_volume_reclaim_policy.word()
            });
            lossless(&format!("set its policy back to {was}"))
        }
        Act::RetargetClaimRef { .. } => {
            lossless("patch claimRef back to the saved one, as long as no claim has taken the volume")
        }
        Act::Annotate {
            target,
            annotation,
            value: Some(_),
        } if copied(world, target, annotation) => lossy(COPIED),
        Act::Stamp { target, .. } if copied(world, target, RELEASE_NAME) => lossy(COPIED),
        Act::Annotate { .. } | Act::Stamp { .. } => lossless("set it back to what the saved YAML says"),
        Act::CreateClass { .. } => lossless("delete the class again: volumes and claims keep what they have"),
        Act::CreateSet { .. } => lossless("delete the set again with Orphan: its pods and claims stay as they are"),
        Act::CreateClaim { .. } => {
            lossless("delete the claim again: a volume it took is Released and keeps its disk under policy Retain")
        }
        Act::Scale { target, .. } => {
            let was = world.get(&target.key).and_then(|object| scale(object)).unwrap_or(1);
            let claims = entries.iter().any(|entry| {
                let goes = matches!(
                    entry.outcome,
                    Outcome::Deleted | Outcome::DeletedLater { .. } | Outcome::Hangs { .. }
                );
                goes && entry.object.kind == Kind::PersistentVolumeClaim
            });
            if claims {
                lossy(&format!(
                    "scale it back to {was}: the ordinals come back on new, empty claims"
                ))
            } else {
                lossless(&format!("scale it back to {was}"))
            }
        }
        Act::RemoveFinalizer { target, finalizer } => {
            let stays = world.get(&target.key).is_some_and(|object| !object.meta.deleting());
            if stays {
                lossless(&format!("put {finalizer} back, as long as it is not deleted"))
            } else {
                Undo::None
            }
        }
        Act::Delete { target, .. } | Act::Evict { pod: target } => undeleted(world, target, tier),
    }
}

/// Whether the mark is new on a Deployment: taken off again, it stays on the `ReplicaSet`
/// (`pkg/controller/deployment/util/deployment_util.go` `copyDeploymentAnnotationsToReplicaSet`; case
/// `marks-on-a-deployment`).
fn copied(world: &World, target: &Pin, mark: &str) -> bool {
    let held = world.get(&target.key).map(|object| &object.meta.annotations);
    target.key.kind == Kind::Deployment && held.is_none_or(|held| held.get(mark).is_none())
}

/// What is left to do after a deletion, which itself is never taken back.
fn undeleted(world: &World, target: &Pin, tier: Tier) -> Undo {
    match world.get(&target.key).map(|object| &object.body) {
        Some(Body::PersistentVolumeClaim(_)) if tier < Tier::T3 => lossless(
            "the deletion itself cannot be withdrawn, but the data stays on the volume: clear its claimRef uid and make the \
                 claim again from the saved YAML with spec.volumeName",
        ),
        Some(Body::PersistentVolume(volume)) => {
            let policy = volume.spec.persistent_volume_reclaim_policy;
            let retain = if policy == ReclaimPolicy::Retain {
                ""
            } else {
                "set its policy to Retain first, and "
            };
            lossy(&format!(
                "the deletion cannot be withdrawn; {retain}make the volume again from the saved YAML once it is gone"
            ))
        }
        Some(Body::Pod(_)) if tier == Tier::T1 => {
            lossless("its controller makes it anew; what its containers held in memory is lost")
        }
        Some(Body::Pod(_)) => lossy("make it again from the saved YAML; what its containers held is lost"),
        Some(Body::Job(_)) => lossy("make it again from the saved YAML; its progress, status and logs are lost"),
        Some(Body::Namespace(_)) | None => Undo::None,
        Some(
            Body::Node(_)
            | Body::StorageClass(_)
            | Body::VolumeAttachment(_)
            | Body::PersistentVolumeClaim(_)
            | Body::CronJob(_)
            | Body::StatefulSet(_)
            | Body::Deployment(_)
            | Body::ReplicaSet(_)
            | Body::DaemonSet(_)
            | Body::PodDisruptionBudget(_)
            | Body::Release(_),
        ) => lossy("make it again from the saved YAML; it will be another object with another uid"),
    }
}

/// What is left to do after helm.
const fn of_helm(helm: &HelmAct) -> &'static str {
    match helm {
        HelmAct::Uninstall(Uninstall { keep_history: true, .. }) => {
            "helm rollback makes the objects again from the kept record; claims come back empty unless their volumes are \
             given back"
        }
        HelmAct::Uninstall(_) => {
            "the records are gone: keep them before, and install the chart again; what was kept has to be adopted"
        }
        HelmAct::Install(_) => {
            "helm uninstall takes away again what it made, and what it adopted goes with it; crds/ stay, and so do hooks' objects"
        }
        HelmAct::Upgrade(_) | HelmAct::Rollback(_) => {
            "helm rollback to the revision before makes again what was deleted, as other objects, and runs its hooks"
        }
    }
}

fn lossless(how: &str) -> Undo {
    Undo::Lossless { how: how.to_owned() }
}

fn lossy(how: &str) -> Undo {
    Undo::Lossy { how: how.to_owned() }
}
