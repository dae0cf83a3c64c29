//! The objects controllers make: pods, claims and volumes from their templates, as far as facts tell them.
//!
//! What the API server would number, the laws number themselves: uids are `forecast-N`, counted from the highest that was
//! ever in the world, generated names end in `-newN`, counted from what it holds.

use super::Change;
use super::apply::{claim_reference, controller_reference};
use super::stateful_set::REVISION;
use super::storage_class;
use crate::model::storage::{
    Claim, ClaimSpec, CsiSource, EXTERNAL_PROVISIONER, PROVISIONED_BY, PV_PROTECTION, PVC_PROTECTION, ReclaimPolicy,
    Volume, VolumePhase, VolumeSpec, VolumeStatus,
};
use crate::model::workload::template::{PodTemplate, TEMPLATE_HASH};
use crate::model::workload::{ClaimVolume, JOB_TRACKING, Pod, PodSpec, PodVolume, Replicated, StatefulSet};
use crate::model::{Body, Key, Kind, Meta, Object, OwnerReference, Text, Uid, World};
use std::sync::Arc;

/// The label a StatefulSet's pods and an operator's selector tell an ordinal by.
const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
const JOB_NAME_LABEL: &str = "batch.kubernetes.io/job-name";

/// The object that a creating change makes; `None` when its maker is gone or another object of the maker's name stands
/// there, or in a namespace that is being deleted, where the API server refuses every create (§3.1).
pub fn object(world: &World, change: &Change) -> Option<Object> {
    match change {
        Change::CreatePod { set, set_uid, ordinal } => {
            made_beside(world, set, set_uid, |set| set_pod(world, set, *ordinal))
        }
        Change::CreateClaim {
            set,
            set_uid,
            template,
            ordinal,
        } => made_beside(world, set, set_uid, |set| set_claim(world, set, template, *ordinal)),
        Change::SpawnPod { owner, owner_uid, node } => made_beside(world, owner, owner_uid, |owner| {
            spawned_pod(world, owner, node.as_deref())
        }),
        Change::SpawnReplicaSet {
            deployment,
            deployment_uid,
            replicas,
        } => made_beside(world, deployment, deployment_uid, |deployment| {
            replica_set(world, deployment, *replicas)
        }),
        Change::Provision { claim, uid } => provisioned(world, held(world, claim, uid)?),
        Change::Reattach {
            attachment,
            uid,
            finalizer,
        } => attachment_again(world, held(world, attachment, uid)?, finalizer),
        Change::Delete { .. }
        | Change::ConfirmPodGone { .. }
        | Change::AddFinalizer { .. }
        | Change::RemoveFinalizer { .. }
        | Change::RemoveOwner { .. }
        | Change::Bind { .. }
        | Change::LoseClaim { .. }
        | Change::SetVolumePhase { .. }
        | Change::Unbind { .. }
        | Change::DestroyDisk { .. }
        | Change::Scale { .. }
        | Change::Annotate { .. }
        | Change::GiveUp { .. }
        | Change::CountPod { .. }
        | Change::FinishJob { .. }
        | Change::AssignClass { .. }
        | Change::CountBudget { .. }
        | Change::StartPod { .. }
        | Change::Adopt { .. } => None,
    }
}

/// What a maker makes in its own namespace.
fn made_beside(
    world: &World,
    maker: &Key,
    uid: &Uid,
    make: impl FnOnce(&Arc<Object>) -> Option<Object>,
) -> Option<Object> {
    let namespace = world.find(Kind::Namespace, "", &maker.namespace);
    // asked first: while a namespace empties, its controllers ask in vain for all that goes
    if namespace.is_some_and(|namespace| namespace.meta.deleting()) {
        return None;
    }
    make(held(world, maker, uid)?)
}

fn held<'a>(world: &'a World, key: &Key, uid: &Uid) -> Option<&'a Arc<Object>> {
    world.get(key).filter(|held| held.meta.uid == *uid)
}

/// A uid that nothing in the world bears or refers to.
pub(super) fn fresh_uid(world: &World) -> Uid {
    let referred = |uid: &Uid| {
        world.dependents_of(uid).next().is_some()
            || world.of_kind(Kind::PersistentVolume).any(|object| {
                let claim = object.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
                claim.is_some_and(|claim| claim.uid == *uid)
            })
    };
    (world.made() + 1..=u32::MAX)
        .map(Uid::made)
        .find(|uid| world.by_uid(uid).is_none() && !referred(uid))
        .unwrap_or_default()
}

/// `<owner>-newN`, where a controller would append five random letters.
fn fresh_name(world: &World, kind: Kind, namespace: &str, owner: &str) -> Text {
    (1..=1_000_000_u32)
        .map(|number| format!("{owner}-new{number}"))
        .find(|name| world.find(kind, namespace, name).is_none())
        .unwrap_or_default()
        .into()
}

/// Whether an object was made by the laws and stands in no cluster.
pub const fn is_made(uid: &Uid) -> bool {
    uid.made_number().is_some()
}

fn meta(world: &World, namespace: &Text, name: Text, owner: Option<OwnerReference>) -> Meta {
    Meta {
        name,
        namespace: namespace.clone(),
        uid: fresh_uid(world),
        owner_references: owner.into_iter().collect(),
        ..Meta::default()
    }
}

/// A pod of a template: unscheduled unless the template names a node.
fn set_pod(world: &World, object: &Arc<Object>, ordinal: u32) -> Option<Object> {
    let set = object.body.stateful_set()?;
    let name: Text = format!("{}-{ordinal}", object.meta.name).into();
    let owner = controller_reference(&object.key(), &object.meta.uid);
    let mut meta = meta(world, &object.meta.namespace, name.clone(), Some(owner));
    meta.labels = set.spec.template.metadata.labels.with(POD_NAME_LABEL, Some(&name));
    if let Some(revision) = revision_of(object, set, ordinal) {
        meta.labels = meta.labels.with(REVISION, Some(revision));
    }
    let volumes = set_volumes(set, &object.meta.name, ordinal);
    Some(Object {
        meta,
        body: Body::Pod(Box::new(Pod {
            spec: PodSpec {
                volumes: volumes.into(),
                ..set.spec.template.spec.clone()
            },
            ..Pod::default()
        })),
    })
}

/// The name of the revision of a template that only a forecast has seen: the controller's would be a hash of it.
pub(super) fn revision(template: &PodTemplate) -> Text {
    format!("{:x}", template.print).into()
}

/// The revision a new pod is made from: the present one, or below the partition the one before
/// (`stateful_set_utils.go` `newVersionedStatefulSetPod`).
fn revision_of<'a>(object: &Object, set: &'a StatefulSet, ordinal: u32) -> Option<&'a Text> {
    let present = set.update_revision(&object.meta)?;
    let kept = set.reached_from().is_some_and(|lowest| ordinal < lowest) && !set.status.current_revision.is_empty();
    Some(if kept { &set.status.current_revision } else { present })
}

/// The template's volumes, those of the same name replaced by the claims of the claim templates
/// (`stateful_set_utils.go` `updateStorage`).
pub(super) fn set_volumes(set: &StatefulSet, name: &str, ordinal: u32) -> Vec<PodVolume> {
    let claims = set.spec.volume_claim_templates.iter().map(|template| PodVolume {
        name: template.metadata.name.clone(),
        persistent_volume_claim: Some(ClaimVolume {
            claim_name: StatefulSet::claim_name(template, name, ordinal),
        }),
        ephemeral: false,
    });
    let claims: Vec<PodVolume> = claims.collect();
    let others = set.spec.template.spec.volumes.iter();
    let others = others.filter(|volume| claims.iter().all(|claim| claim.name != volume.name));
    others.cloned().chain(claims.iter().cloned()).collect()
}

fn set_claim(world: &World, object: &Arc<Object>, template: &str, ordinal: u32) -> Option<Object> {
    let set = object.body.stateful_set()?;
    let template = set
        .spec
        .volume_claim_templates
        .iter()
        .find(|candidate| candidate.metadata.name == template)?;
    let name = StatefulSet::claim_name(template, &object.meta.name, ordinal);
    let mut meta = meta(world, &object.meta.namespace, name, None);
    // the template's own, and over them the selector's (`stateful_set_utils.go` `getPersistentVolumeClaims`)
    let selected = set.spec.selector.match_labels.iter();
    meta.labels = selected.fold(template.metadata.labels.clone(), |labels, (label, value)| {
        labels.with(label, Some(value))
    });
    meta.annotations = template.metadata.annotations.clone();
    meta.finalizers.push(PVC_PROTECTION.into());
    Some(Object {
        meta,
        body: Body::PersistentVolumeClaim(Box::new(Claim {
            spec: ClaimSpec {
                volume_name: Text::default(),
                // the API server's admission gives a claim the default class when it is made
                storage_class_name: template
                    .spec
                    .storage_class_name
                    .clone()
                    .or_else(|| storage_class::default(world).map(|class| class.meta.name.clone())),
                ..template.spec.clone()
            },
            ..Claim::default()
        })),
    })
}

fn spawned_pod(world: &World, object: &Arc<Object>, node: Option<&str>) -> Option<Object> {
    let name = fresh_name(world, Kind::Pod, &object.meta.namespace, &object.meta.name);
    let owner = controller_reference(&object.key(), &object.meta.uid);
    let mut meta = meta(world, &object.meta.namespace, name, Some(owner));
    let spec = match (&object.body, object.body.replicated()) {
        (Body::Job(job), _) => {
            meta.finalizers.push(JOB_TRACKING.into());
            meta.labels = job
                .spec
                .template
                .metadata
                .labels
                .with(JOB_NAME_LABEL, Some(&object.meta.name));
            &job.spec.template.spec
        }
        (_, Some(set)) => {
            meta.labels = set.spec.template.metadata.labels.clone();
            if object.kind() == Kind::DaemonSet && set.spec.foreseen {
                meta.labels = meta.labels.with(REVISION, Some(&revision(&set.spec.template)));
            }
            &set.spec.template.spec
        }
        (_, None) => return None,
    };
    let mut spec = spec.clone();
    if let Some(node) = node {
        spec.destination = Some(node.into());
    }
    Some(Object {
        meta,
        body: Body::Pod(Box::new(Pod { spec, ..Pod::default() })),
    })
}

/// The hash label sets it and its pods apart from those of other templates, as the Deployment controller's does.
fn replica_set(world: &World, object: &Arc<Object>, replicas: u32) -> Option<Object> {
    let deployment = object.body.replicated()?;
    let name = fresh_name(world, Kind::ReplicaSet, &object.meta.namespace, &object.meta.name);
    let owner = controller_reference(&object.key(), &object.meta.uid);
    let mut meta = meta(world, &object.meta.namespace, name, Some(owner));
    let mut spec = deployment.spec.clone();
    let hash =
        hash_of_orphans(world, object, &spec.template).unwrap_or_else(|| format!("{:x}", spec.template.print).into());
    spec.replicas = Some(replicas);
    spec.selector.match_labels = spec.selector.match_labels.with(TEMPLATE_HASH, Some(&hash));
    spec.template.metadata.labels = spec.template.metadata.labels.with(TEMPLATE_HASH, Some(&hash));
    meta.labels = spec.template.metadata.labels.clone();
    // the Deployment's own annotations are copied (`deployment/util` `SetNewReplicaSetAnnotations`), Helm's stamp among them
    meta.annotations = object.meta.annotations.clone();
    Some(Object {
        meta,
        body: Body::ReplicaSet(Box::new(Replicated {
            spec,
            ..Replicated::default()
        })),
    })
}

/// The hash label of pods that a ReplicaSet of this template has left behind: the same template gets the same hash again,
/// so the new ReplicaSet adopts them (found by conformance). Which hash a template has facts do not tell; that pods bear
/// its labels and its claims is taken to mean that they are of it.
fn hash_of_orphans(world: &World, deployment: &Object, template: &PodTemplate) -> Option<Text> {
    world
        .in_namespace(Kind::Pod, &deployment.meta.namespace)
        .filter(|pod| pod.meta.controller().is_none() && !pod.meta.deleting())
        .filter(|pod| {
            pod.body
                .pod()
                .is_some_and(|facts| facts.spec.volumes == template.spec.volumes)
        })
        .find_map(|pod| {
            let hash = pod.meta.labels.get(TEMPLATE_HASH)?;
            let labels = template.metadata.labels.with(TEMPLATE_HASH, Some(hash));
            (labels == pod.meta.labels).then(|| hash.into())
        })
}

/// The attachment that comes in the place of one which only its attacher holds: its name is made of volume, driver and node.
fn attachment_again(world: &World, object: &Arc<Object>, finalizer: &Text) -> Option<Object> {
    object.meta.finalizers.iter().all(|held| held == finalizer).then(|| {
        let mut meta = meta(world, &Text::default(), object.meta.name.clone(), None);
        meta.finalizers.push(finalizer.clone());
        Object {
            meta,
            body: object.body.clone(),
        }
    })
}

/// The volume a provisioner would make, with the class's policy copied at birth.
fn provisioned(world: &World, object: &Arc<Object>) -> Option<Object> {
    let claim = object.body.claim()?;
    let class_object = storage_class::of(world, claim)?;
    let class = class_object.body.class()?;
    let policy = storage_class::policy(class);
    let name: Text = format!("pvc-{}", object.meta.uid).into();
    let mut meta = meta(world, &Text::default(), name.clone(), None);
    meta.annotations = [(PROVISIONED_BY, class.provisioner.clone())].into_iter().collect();
    meta.finalizers.push(PV_PROTECTION.into());
    if policy == ReclaimPolicy::Delete {
        meta.finalizers.push(EXTERNAL_PROVISIONER.into());
    }
    Some(Object {
        meta,
        body: Body::PersistentVolume(Box::new(Volume {
            spec: VolumeSpec {
                claim_ref: Some(claim_reference(object)),
                capacity: claim.spec.resources.requests.clone(),
                access_modes: claim.spec.access_modes.clone(),
                persistent_volume_reclaim_policy: policy,
                storage_class_name: class_object.meta.name.clone(),
                volume_mode: claim.spec.volume_mode.clone(),
                csi: Some(CsiSource {
                    driver: class.provisioner.clone(),
                    volume_handle: name,
                }),
                ..VolumeSpec::default()
            },
            status: VolumeStatus {
                phase: VolumePhase::Pending,
            },
        })),
    })
}
