//! Who owns a finalizer, whether that owner is alive, what it waits for, and what stripping it would lose.
//!
//! Source: `reference/semantics.md` §3.2–3.11. Pilothouse offers no strip: this room says what one would cost.
//! Controllers of the control plane itself are taken to be alive: nothing in the API says otherwise.

mod known;
mod provisioner;

pub(crate) use provisioner::{known_dead, provisioner_life};

use super::look::Look;
use super::{holder, phrase};
use crate::laws::change::FOREGROUND;
use crate::laws::{Conditions, Evidence};
use crate::model::storage::{
    EXTERNAL_ATTACHER_PREFIX, EXTERNAL_PROVISIONER, PV_CONTROLLER, PV_PROTECTION, PVC_PROTECTION, VolumePhase,
    provisioner,
};
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
    /// What would prove that it is gone, or why nothing does.
    pub proof: String,
    /// The values `life` and `waits_for` rest on.
    pub evidence: Vec<Evidence>,
}

const CONTROL_PLANE: &str = "part of the control plane, taken to be alive";
/// The namespaces' own controllers and the collector have no object that tells of them; their leases say who leads, and are
/// kept by whoever may write a lease.
const NEVER: &str = "nothing proves it gone: no object of the API tells of the control plane's own controllers";
/// A finalizer names no workload. That its definition or its API service is gone, or a Deployment of its name, says nothing of
/// a controller that runs elsewhere, in another cluster even.
const UNNAMED: &str =
    "nothing in sight proves it gone: a finalizer names no workload, and its controller may run anywhere";
/// `CSINode` tells of the plugin on a node; the attacher is part of the driver's controller, often in another pod than the
/// provisioner.
const ATTACHER: &str = "nothing in sight proves it gone: a CSINode tells of the driver's node plugin alone, and \
                        --dead-provisioner of its provisioner";

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
        FOREGROUND => collector_foreground(look, object),
        attacher if attacher.starts_with(EXTERNAL_ATTACHER_PREFIX) => volume_attacher(look, object, attacher),
        _ => by_name(finalizer),
    }
}

fn by_name(finalizer: &str) -> FinalizerOwner {
    let row = |rows: &'static [[&'static str; 4]]| rows.iter().find(|[name, ..]| *name == finalizer);
    if let Some([_, controller, waits_for, loses]) = row(&known::INSIDE) {
        return control_plane(controller, waits_for, loses);
    }
    if let Some([_, controller, waits_for, loses]) = row(&known::OUTSIDE) {
        return outside(controller, waits_for, loses);
    }
    outside(
        &format!("unknown owner of {finalizer}"),
        "a controller Pilothouse does not know",
        "whatever that controller still had to clean up",
    )
}

fn control_plane(controller: &str, waits_for: &str, strip_loses: &str) -> FinalizerOwner {
    FinalizerOwner {
        controller: controller.into(),
        life: OwnerLife::Alive,
        because: CONTROL_PLANE.to_owned(),
        waits_for: waits_for.to_owned(),
        strip_loses: strip_loses.to_owned(),
        proof: NEVER.to_owned(),
        evidence: Vec::new(),
    }
}

fn outside(controller: &str, waits_for: &str, strip_loses: &str) -> FinalizerOwner {
    FinalizerOwner {
        life: OwnerLife::Unknown,
        because: "nothing Pilothouse reads tells whether it runs".to_owned(),
        proof: UNNAMED.to_owned(),
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
        proof: driver.map_or_else(
            || "nothing proves it gone: the volume names no driver".to_owned(),
            |driver| format!("it counts as gone by --dead-provisioner {driver}, and only while no pod of it is ready"),
        ),
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
    FinalizerOwner {
        proof: ATTACHER.to_owned(),
        ..outside(
            &format!("external-attacher of {driver}"),
            &waits_for,
            "the attach state is forgotten: two nodes may write to one disk",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{conditions, denied, hasan_prod, key, with, world};
    use super::*;
    use crate::model::workload::JOB_TRACKING;

    const PLAIN: &str =
        "- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, status: {phase: Bound}}";

    #[test]
    fn every_known_finalizer_has_an_owner_a_wait_and_a_loss() {
        let world = world(PLAIN);
        let object = world.get(&key("pvc/data")).unwrap();
        for (finalizer, controller, life, loses) in [
            (
                PVC_PROTECTION,
                "pvc-protection controller",
                OwnerLife::Alive,
                "the claim goes under its pods",
            ),
            (
                PV_PROTECTION,
                "pv-protection controller",
                OwnerLife::Alive,
                "its claim is Lost",
            ),
            (PV_CONTROLLER, "PV controller", OwnerLife::Alive, "leaked"),
            (
                EXTERNAL_PROVISIONER,
                "external-provisioner of an unnamed driver",
                OwnerLife::Unknown,
                "leaked",
            ),
            (
                "external-attacher/ebs-csi-aws-com",
                "external-attacher of ebs-csi-aws-com",
                OwnerLife::Unknown,
                "two nodes",
            ),
            (JOB_TRACKING, "Job controller", OwnerLife::Alive, "miscounts"),
            (
                "foregroundDeletion",
                "garbage collector",
                OwnerLife::Alive,
                "the owner goes early",
            ),
            ("orphan", "garbage collector", OwnerLife::Alive, "are DELETED"),
            ("kubernetes", "namespace controller", OwnerLife::Alive, "stays in etcd"),
            (
                "customresourcecleanup.apiextensions.k8s.io",
                "apiextensions-apiserver",
                OwnerLife::Alive,
                "stay behind in etcd",
            ),
            (
                "snapshot.storage.kubernetes.io/pvc-as-source-protection",
                "snapshot-controller",
                OwnerLife::Unknown,
                "loses its source",
            ),
            (
                "karpenter.sh/termination",
                "Karpenter",
                OwnerLife::Unknown,
                "goes undrained",
            ),
            ("finalizers.fluxcd.io", "Flux", OwnerLife::Unknown, "its workload stays"),
            (
                "resources-finalizer.argocd.argoproj.io",
                "Argo CD application controller",
                OwnerLife::Unknown,
                "its workload stays",
            ),
            (
                "example.com/hold",
                "unknown owner of example.com/hold",
                OwnerLife::Unknown,
                "whatever",
            ),
        ] {
            let owner = owner(&world, object, finalizer, &conditions());
            assert_eq!(
                (owner.controller.as_str(), owner.life),
                (controller, life),
                "{finalizer}"
            );
            assert!(owner.strip_loses.contains(loses), "{finalizer}: {}", owner.strip_loses);
            assert!(!owner.waits_for.is_empty() && !owner.because.is_empty());
            let proof = match life {
                OwnerLife::Alive => "no object of the API tells of the control plane",
                OwnerLife::Unknown | OwnerLife::Dead if finalizer == EXTERNAL_PROVISIONER => "names no driver",
                OwnerLife::Unknown | OwnerLife::Dead if finalizer.starts_with(EXTERNAL_ATTACHER_PREFIX) => "a CSINode",
                OwnerLife::Unknown | OwnerLife::Dead => "a finalizer names no workload",
            };
            assert!(owner.proof.contains(proof), "{finalizer}: {}", owner.proof);
        }
    }

    /// What looks like a proof and is none, for each class of finalizer: with all of it together nothing counts as gone but the
    /// provisioner that was named.
    #[test]
    fn nothing_but_a_named_provisioner_is_ever_taken_for_gone() {
        let world = world(
            r#"
- {kind: PersistentVolume, metadata: {name: pv-1, deletionTimestamp: "2026-04-27T13:00:00Z"}, spec: {csi: {driver: efs.csi.aws.com, volumeHandle: x}}, status: {phase: Released}}
- {kind: Pod, metadata: {name: efs-csi-controller-7d9, namespace: kube-system}, status: {phase: Failed, conditions: [{type: Ready, status: "False"}]}}
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: snapshot-controller, namespace: kube-system}, spec: {replicas: 0}}"#,
        );
        let volume = world.get(&key("pv/pv-1")).unwrap();
        let down = crate::model::survey::ApiService {
            name: "v1.example.com".into(),
            available: "False".into(),
            reason: "ServiceNotFound".into(),
        };
        let conditions = Conditions {
            dead_provisioners: ["efs.csi.aws.com", "example.com", "efs-csi-aws-com", "kubernetes.io"]
                .map(Text::from)
                .into(),
            survey: std::sync::Arc::new(crate::model::Survey {
                services: crate::model::survey::Asked::Seen(vec![down]),
                ..crate::model::Survey::default()
            }),
            ..conditions()
        };
        for (finalizer, life) in [
            (EXTERNAL_PROVISIONER, OwnerLife::Dead),
            (PV_CONTROLLER, OwnerLife::Alive),
            (PV_PROTECTION, OwnerLife::Alive),
            (PVC_PROTECTION, OwnerLife::Alive),
            (FOREGROUND, OwnerLife::Alive),
            ("orphan", OwnerLife::Alive),
            (JOB_TRACKING, OwnerLife::Alive),
            ("external-attacher/efs-csi-aws-com", OwnerLife::Unknown),
            (
                "snapshot.storage.kubernetes.io/pvc-as-source-protection",
                OwnerLife::Unknown,
            ),
            ("example.com/hold", OwnerLife::Unknown),
        ] {
            let owner = owner(&world, volume, finalizer, &conditions);
            assert_eq!(owner.life, life, "{finalizer}: {}", owner.because);
        }
        let named = owner(&world, volume, EXTERNAL_PROVISIONER, &conditions);
        assert_eq!(
            named.proof,
            "it counts as gone by --dead-provisioner efs.csi.aws.com, and only while no pod of it is ready"
        );
    }

    #[test]
    fn pvc_protection_waits_for_the_pods_it_can_name() {
        let world = hasan_prod();
        let claim = world.get(&key("pvc/shared-data")).unwrap();
        let owner = owner(&world, claim, PVC_PROTECTION, &conditions());
        assert_eq!(owner.waits_for, "9 pods to go");
        assert_eq!(owner.evidence.len(), 9);
    }

    #[test]
    fn a_provisioner_is_known_by_its_pods_name_or_by_the_operators_word() {
        let volume = world(
            "- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {csi: {driver: efs.csi.aws.com, volumeHandle: x}}, status: {phase: Released}}",
        );
        let pod = |name: &str, ready: &str| {
            format!(
                "- {{kind: Pod, metadata: {{name: {name}, namespace: kube-system}}, status: {{phase: Running, conditions: [{{type: Ready, status: \"{ready}\"}}]}}}}"
            )
        };
        let mut dead = conditions();
        dead.dead_provisioners.insert("efs.csi.aws.com".into());
        for (pod, given, life) in [
            (None, &conditions(), OwnerLife::Unknown),
            (None, &dead, OwnerLife::Dead),
            (
                Some(pod("efs-csi-controller-7d9", "True")),
                &conditions(),
                OwnerLife::Alive,
            ),
            (
                Some(pod("efs-csi-controller-7d9", "False")),
                &conditions(),
                OwnerLife::Unknown,
            ),
            (
                Some(pod("ebs-csi-controller-7d9", "True")),
                &conditions(),
                OwnerLife::Unknown,
            ),
            (Some(pod("efs-csi-node-7d9", "True")), &conditions(), OwnerLife::Unknown),
            // what is seen contradicts the word; what another driver does says nothing
            (Some(pod("efs-csi-controller-7d9", "True")), &dead, OwnerLife::Alive),
            (Some(pod("efs-csi-controller-7d9", "False")), &dead, OwnerLife::Dead),
            (Some(pod("ebs-csi-controller-7d9", "True")), &dead, OwnerLife::Dead),
            (Some(pod("efs-provisioner-7d9", "True")), &dead, OwnerLife::Dead),
        ] {
            let world = pod.iter().fold(volume.clone(), |world, pod| with(world, pod));
            let object = world.get(&key("pv/pv-1")).unwrap();
            assert_eq!(owner(&world, object, EXTERNAL_PROVISIONER, given).life, life, "{pod:?}");
        }
    }

    #[test]
    fn a_ready_pod_and_the_word_it_contradicts_are_both_told() {
        let volume = "- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {csi: {driver: efs.csi.aws.com, volumeHandle: x}}, status: {phase: Released}}";
        let pod = r#"- {kind: Pod, metadata: {name: efs-csi-controller-7d9, namespace: kube-system}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}"#;
        let mut dead = conditions();
        dead.dead_provisioners.insert("efs.csi.aws.com".into());
        let seen = with(world(volume), pod);
        let told = |world: &World| owner(world, world.get(&key("pv/pv-1")).unwrap(), EXTERNAL_PROVISIONER, &dead);
        let contradicted = told(&seen);
        assert_eq!(contradicted.life, OwnerLife::Alive);
        assert_eq!(
            contradicted.because,
            "pod kube-system/efs-csi-controller-7d9 is ready (known by its name), which contradicts the word that \
             efs.csi.aws.com is dead"
        );
        let facts: Vec<_> = contradicted
            .evidence
            .iter()
            .map(|seen| (seen.object.name.as_str(), seen.field.as_str(), seen.value.as_str()))
            .collect();
        assert_eq!(
            facts,
            [
                ("efs-csi-controller-7d9", "status.conditions[Ready]", "True"),
                ("efs-csi-controller-7d9", "--dead-provisioner", "efs.csi.aws.com"),
            ]
        );
        // where no pod can be seen, nothing could contradict the word
        let blind = told(&denied(&seen, Kind::Pod));
        assert_eq!(blind.life, OwnerLife::Unknown);
        assert!(blind.because.contains("pods: denied"), "{}", blind.because);
    }
}
