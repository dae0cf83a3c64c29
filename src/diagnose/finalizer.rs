//! Who owns a finalizer, whether that owner is alive, what it waits for, and what stripping it would lose.
//!
//! Source: `reference/semantics.md` §3.2–3.11. Pilothouse offers no strip: this room says what one would cost.
//! Controllers of the control plane itself are taken to be alive: nothing in the API says otherwise.

use super::look::Look;
use super::{holder, phrase};
use crate::laws::{Conditions, Evidence};
use crate::model::storage::{
    EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, PV_CONTROLLER, PV_PROTECTION, PVC_PROTECTION, VolumePhase,
    provisioner,
};
use crate::model::workload::JOB_TRACKING;
use crate::model::{Kind, Now, Object, Text, World};
use std::time::Duration;

/// Whether the controller that would remove a finalizer is there to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnerLife {
    Alive,
    Dead,
    Unknown,
}

impl OwnerLife {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alive => "owner alive",
            Self::Dead => "owner dead",
            Self::Unknown => "owner unknown",
        }
    }
}

/// A finalizer's owner, as far as the API tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalizerOwner {
    /// The controller's name: `kube-controller-manager`, `external-provisioner of efs.csi.aws.com`.
    pub controller: Text,
    pub life: OwnerLife,
    /// Why `life` is what it is.
    pub because: String,
    /// What has to become true before the owner removes it.
    pub waits_for: String,
    /// What a strip would lose (§3.11).
    pub strip_loses: String,
    /// The values `life` and `waits_for` rest on.
    pub evidence: Vec<Evidence>,
}

const CONTROL_PLANE: &str = "part of the control plane, taken to be alive";

/// Who owns this finalizer of this object. Staleness of feeds is not judged here; see `explain`.
pub fn owner(world: &World, object: &Object, finalizer: &str, conditions: &Conditions) -> FinalizerOwner {
    let look = Look {
        world,
        conditions,
        now: Now {
            mono: crate::model::Moment::default(),
            wall: jiff::Timestamp::UNIX_EPOCH,
        },
        quiet: Duration::MAX,
    };
    owned(look, object, finalizer)
}

/// The same, on a look that is already there.
pub(crate) fn owned(look: Look<'_>, object: &Object, finalizer: &str) -> FinalizerOwner {
    match finalizer {
        PVC_PROTECTION => pvc_protection(look, object),
        PV_PROTECTION => pv_protection(object),
        EXTERNAL_PROVISIONER | PV_CONTROLLER => volume_deleter(look, object, finalizer),
        JOB_TRACKING => control_plane(
            "Job controller",
            "the Job controller to count the pod's result",
            "the Job miscounts: it may run one pod more",
        ),
        "foregroundDeletion" => collector_foreground(look, object),
        "orphan" => control_plane(
            "garbage collector",
            "the garbage collector to take this owner off every dependent",
            "dependents not yet freed lose their owner and are DELETED",
        ),
        "kubernetes" => control_plane(
            "namespace controller",
            "everything in the namespace to go, pods first",
            "what is left stays in etcd and reappears if the namespace is made again",
        ),
        "customresourcecleanup.apiextensions.k8s.io" => control_plane(
            "apiextensions-apiserver",
            "every custom resource of the definition to go",
            "custom resources stay behind in etcd",
        ),
        "snapshot.storage.kubernetes.io/pvc-as-source-protection" => outside(
            "snapshot-controller",
            "snapshots being taken of this claim to end",
            "a snapshot under way loses its source",
        ),
        "provisioner.storage.kubernetes.io/cloning-protection" => outside(
            "external-provisioner",
            "clones being made of this claim to end",
            "a clone under way loses its source",
        ),
        "resources-finalizer.argocd.argoproj.io" => outside(
            "Argo CD application controller",
            "Argo CD to delete what the Application made",
            "the Application goes, its workload stays",
        ),
        "argocd.argoproj.io/hook-finalizer" => outside(
            "Argo CD application controller",
            "Argo CD to end the hook",
            "Argo CD loses the hook's result",
        ),
        "finalizers.fluxcd.io" => outside(
            "Flux",
            "Flux to uninstall or prune what the object made",
            "the Flux object goes, its workload stays",
        ),
        attacher if attacher.starts_with(EXTERNAL_ATTACHER_PREFIX) => volume_attacher(look, object, attacher),
        unknown => outside(
            &format!("unknown owner of {unknown}"),
            "a controller Pilothouse does not know",
            "whatever that controller still had to clean up",
        ),
    }
}

fn control_plane(controller: &str, waits_for: &str, strip_loses: &str) -> FinalizerOwner {
    FinalizerOwner {
        controller: controller.into(),
        life: OwnerLife::Alive,
        because: CONTROL_PLANE.to_owned(),
        waits_for: waits_for.to_owned(),
        strip_loses: strip_loses.to_owned(),
        evidence: Vec::new(),
    }
}

fn outside(controller: &str, waits_for: &str, strip_loses: &str) -> FinalizerOwner {
    FinalizerOwner {
        life: OwnerLife::Unknown,
        because: "nothing Pilothouse reads tells whether it runs".to_owned(),
        ..control_plane(controller, waits_for, strip_loses)
    }
}

fn pvc_protection(look: Look<'_>, object: &Object) -> FinalizerOwner {
    let held = holder::of_claim(look, &object.key());
    let waits_for = if !held.is_empty() {
        format!("{} to go", phrase::count(held.len(), "pod"))
    } else if look.sees(Kind::Pod, &object.meta.namespace) {
        "the claim's deletion: no scheduled pod names it".to_owned()
    } else {
        "pods that cannot be seen".to_owned()
    };
    FinalizerOwner {
        evidence: held
            .iter()
            .map(|held| Evidence {
                object: held.pod.key(),
                field: "spec.volumes.persistentVolumeClaim.claimName".into(),
                value: object.meta.name.to_string(),
            })
            .collect(),
        ..control_plane(
            "pvc-protection controller",
            &waits_for,
            "the claim goes under its pods, the volume becomes Released and its reclaim policy runs while it is mounted; \
             before a DELETE the controller puts the finalizer back",
        )
    }
}

fn pv_protection(object: &Object) -> FinalizerOwner {
    let bound = object
        .body
        .volume()
        .is_some_and(|volume| volume.status.phase == VolumePhase::Bound);
    let waits_for = if bound {
        "the volume's claim to go: it stays while the phase is Bound"
    } else {
        "the volume's deletion: its phase is not Bound"
    };
    control_plane(
        "pv-protection controller",
        waits_for,
        "a Bound volume goes and its claim is Lost for good",
    )
}

fn collector_foreground(look: Look<'_>, object: &Object) -> FinalizerOwner {
    let blocking = look
        .world
        .dependents_of(&object.meta.uid)
        .filter(|dependent| {
            dependent
                .meta
                .owner_references
                .iter()
                .any(|owner| owner.uid == object.meta.uid && owner.block_owner_deletion)
        })
        .map(|dependent| dependent.key())
        .collect::<Vec<_>>();
    let waits_for = if blocking.is_empty() {
        "its dependents to go; Pilothouse sees none that blocks".to_owned()
    } else {
        format!(
            "{} to go: {}",
            phrase::count(blocking.len(), "dependent"),
            phrase::names(&blocking, 3)
        )
    };
    control_plane(
        "garbage collector",
        &waits_for,
        "the owner goes early and its dependents are deleted in the background",
    )
}

fn volume_deleter(look: Look<'_>, object: &Object, finalizer: &str) -> FinalizerOwner {
    let driver = object
        .body
        .volume()
        .and_then(|volume| provisioner(&object.meta, volume));
    let attached: Vec<Text> = look
        .world
        .attachments_of(&object.meta.name)
        .filter_map(|held| held.body.attachment().map(|held| held.spec.node_name.clone()))
        .collect();
    let waits_for = match object.body.volume().map(|volume| volume.status.phase) {
        Some(VolumePhase::Released | VolumePhase::Failed) if !attached.is_empty() => {
            format!("the volume to be detached from {}", phrase::names(&attached, 3))
        }
        Some(VolumePhase::Released | VolumePhase::Failed) => "the backing disk to be destroyed".to_owned(),
        Some(VolumePhase::Bound) => "the volume to be Released, then its disk to be destroyed".to_owned(),
        _ => "a phase that never comes: only a Released volume is deleted (trap 38)".to_owned(),
    };
    let loses = "the object goes and the backing disk is leaked: nothing in the cluster remembers its handle";
    if finalizer == PV_CONTROLLER {
        return control_plane("PV controller", &waits_for, loses);
    }
    let name = driver.unwrap_or("an unnamed driver");
    let (life, because, evidence) = provisioner_life(look, driver);
    FinalizerOwner {
        controller: format!("external-provisioner of {name}").into(),
        life,
        because,
        waits_for,
        strip_loses: loses.to_owned(),
        evidence,
    }
}

fn volume_attacher(look: Look<'_>, object: &Object, finalizer: &str) -> FinalizerOwner {
    let driver = finalizer.trim_start_matches(EXTERNAL_ATTACHER_PREFIX);
    let waits_for = match object.kind() {
        Kind::PersistentVolume => {
            let nodes: Vec<Text> = look
                .world
                .attachments_of(&object.meta.name)
                .filter_map(|held| held.body.attachment().map(|held| held.spec.node_name.clone()))
                .collect();
            if nodes.is_empty() {
                "no attachment of the volume to remain".to_owned()
            } else {
                format!("the volume to be detached from {}", phrase::names(&nodes, 3))
            }
        }
        _ => "the driver to detach the volume from its node".to_owned(),
    };
    outside(
        &format!("external-attacher of {driver}"),
        &waits_for,
        "the attach state is forgotten: two nodes may write to one disk",
    )
}

/// Whether the external provisioner of a driver runs. Its pods can be recognised only by name, so a match that is ready
/// speaks for life, and nothing but the operator's own word speaks for death.
pub(crate) fn provisioner_life(look: Look<'_>, driver: Option<&str>) -> (OwnerLife, String, Vec<Evidence>) {
    let Some(driver) = driver else {
        return (OwnerLife::Unknown, "the volume names no driver".to_owned(), Vec::new());
    };
    if look.conditions.dead_provisioners.contains(driver) {
        return (OwnerLife::Dead, format!("{driver} is known to be dead"), Vec::new());
    }
    let words = driver_words(driver);
    let pods: Vec<_> = look
        .world
        .of_kind(Kind::Pod)
        .filter(|pod| serves(&pod.meta.name, &words))
        .collect();
    let evidence = |pod: &Object, value: &str| {
        vec![Evidence {
            object: pod.key(),
            field: "status.conditions[Ready]".into(),
            value: value.to_owned(),
        }]
    };
    let ready = pods
        .iter()
        .find(|object| !object.meta.deleting() && object.body.pod().is_some_and(crate::model::workload::Pod::ready));
    match (ready, pods.first()) {
        (Some(pod), _) => (
            OwnerLife::Alive,
            format!(
                "pod {}/{} is ready (known by its name)",
                pod.meta.namespace, pod.meta.name
            ),
            evidence(pod, "True"),
        ),
        (None, Some(pod)) => (
            OwnerLife::Unknown,
            format!(
                "{} that may run it {} not ready, {} first",
                phrase::count(pods.len(), "pod"),
                if pods.len() == 1 { "is" } else { "are" },
                pod.meta.name
            ),
            evidence(pod, "False"),
        ),
        (None, None) => (
            OwnerLife::Unknown,
            format!("no pod in sight is known to run {driver}"),
            Vec::new(),
        ),
    }
}

/// The words of a driver's name that tell it from others: `efs.csi.aws.com` → `efs`, `rancher.io/local-path` → `local-path`.
fn driver_words(driver: &str) -> Vec<&str> {
    const COMMON: [&str; 12] = [
        "csi",
        "com",
        "io",
        "org",
        "net",
        "dev",
        "aws",
        "k8s",
        "storage",
        "driver",
        "kubernetes",
        "cluster",
    ];
    match driver.split_once('/') {
        Some((_, path)) if !path.is_empty() => vec![path],
        _ => driver.split('.').filter(|word| !COMMON.contains(word)).collect(),
    }
}

fn serves(pod: &str, words: &[&str]) -> bool {
    let role = pod.contains("provisioner") || (pod.contains("csi") && pod.contains("controller"));
    role && words.iter().any(|word| pod.contains(word))
}
