//! What becomes of claims, volumes and disks.

use super::{Bench, pod, pv, pvc};
use crate::model::{Key, Kind, Propagation};
use crate::sandbox::controllers::document as doc;
use crate::sandbox::store::Objects as _;
use serde_json::json;
use std::time::Duration;

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn stuck_claims_stay_until_the_foreign_jobs_go() {
    let mut bench = Bench::of("hasan-prod");
    let claims = [("shared-data", "efs-data"), ("model-cache", "efs-models")];
    bench.run(Duration::from_mins(10));
    for (claim, volume) in claims {
        let claim = pvc("hasan-prod", claim);
        assert_eq!(bench.field(&claim, "/status/phase"), "Bound");
        assert_eq!(
            bench.field(&claim, "/metadata/finalizers/0"),
            "kubernetes.io/pvc-protection"
        );
        assert_eq!(bench.field(&pv(volume), "/status/phase"), "Bound");
    }
    let jobs: Vec<Key> = bench
        .store
        .all()
        .into_iter()
        .map(|(key, _)| key)
        .filter(|key| key.kind == Kind::Job && key.namespace == "hasan-prod")
        .collect();
    assert_eq!(jobs.len(), 9);
    let (last, first) = jobs.split_last().unwrap();
    for job in first {
        bench.delete(job, Propagation::Background);
    }
    bench.run(MINUTE);
    assert!(
        bench.get(&pvc("hasan-prod", "shared-data")).is_some(),
        "{last} still holds it"
    );
    bench.delete(last, Propagation::Background);
    bench.run(MINUTE);
    for (claim, volume) in claims {
        assert_eq!(bench.get(&pvc("hasan-prod", claim)), None);
        assert_eq!(bench.field(&pv(volume), "/status/phase"), "Released");
        assert_eq!(bench.field(&pv(volume), "/spec/claimRef/name"), claim);
    }
    assert!(bench.state.destroyed().is_empty());
    assert_eq!(bench.count(Kind::Pod, "hasan-prod"), 12);
}

#[test]
fn orphaned_pods_go_on_holding_the_claims() {
    let mut bench = Bench::of("hasan-prod");
    let jobs = bench.store.all().into_iter().map(|(key, _)| key);
    let jobs: Vec<Key> = jobs
        .filter(|key| key.kind == Kind::Job && key.namespace == "hasan-prod")
        .collect();
    for job in &jobs {
        bench.delete(job, Propagation::Orphan);
    }
    bench.run(MINUTE);
    assert_eq!(bench.count(Kind::Job, "hasan-prod"), 0);
    assert_eq!(bench.count(Kind::Pod, "hasan-prod"), 22);
    assert!(bench.get(&pvc("hasan-prod", "shared-data")).is_some());
}

#[test]
fn a_disk_of_policy_delete_is_destroyed_and_the_ledger_says_which() {
    let mut bench = Bench::of("hasan-prod");
    bench.delete(&pvc("cisco", "client-data"), Propagation::Background);
    bench.run(MINUTE);
    assert!(
        bench.get(&pvc("cisco", "client-data")).is_some(),
        "jobs-manager holds it"
    );
    bench.delete(
        &Key::new(Kind::Deployment, "cisco", "jobs-manager"),
        Propagation::Background,
    );
    bench.run(MINUTE);
    assert_eq!(bench.get(&pvc("cisco", "client-data")), None);
    assert_eq!(bench.get(&pv("cisco-data")), None);
    assert_eq!(
        bench.state.destroyed(),
        ["efs.csi.aws.com fs-06b3faf51675ff9f9::fsap-0cisco-data"]
    );
}

#[test]
fn seed_003_pod_first_comes_back_on_the_old_claim() {
    let mut bench = Bench::of("vault-raft");
    let (claim, old) = (pvc("vault", "data-vault-0"), bench.uid(&pvc("vault", "data-vault-0")));
    let first = bench.uid(&pod("vault", "vault-0"));
    bench.delete(&pod("vault", "vault-0"), Propagation::Background);
    // As a script does: kubectl returns when the pod is gone, and the next one needs a moment to start.
    while bench
        .get(&pod("vault", "vault-0"))
        .is_some_and(|pod| doc::uid(&pod) == first)
    {
        bench.run(Duration::from_millis(10));
    }
    bench.run(Duration::from_millis(40));
    bench.delete(&claim, Propagation::Background);
    bench.delete(&pvc("vault", "audit-vault-0"), Propagation::Background);
    bench.run(MINUTE);
    assert_eq!(bench.uid(&claim), old);
    assert!(doc::deleting(&bench.get(&claim).unwrap()));
    assert_eq!(
        bench.field(
            &pod("vault", "vault-0"),
            "/spec/volumes/0/persistentVolumeClaim/claimName"
        ),
        "data-vault-0"
    );
    assert_eq!(
        bench.field(&pv("pvc-1d4e7b20-93f6-4a5c-8e01-6b2f9c70d3a5"), "/status/phase"),
        "Bound"
    );
    let told = bench.said("vault", "vault-0");
    let refused = "Warning FailedMount: error processing PVC vault/data-vault-0: PVC is being deleted";
    assert!(told.iter().any(|told| told == refused), "{told:?}");
}

#[test]
fn seed_003_claim_first_comes_back_on_a_new_volume() {
    let mut bench = Bench::of("vault-raft");
    let claims = [pvc("vault", "data-vault-0"), pvc("vault", "audit-vault-0")];
    let old: Vec<_> = claims.iter().map(|claim| bench.uid(claim)).collect();
    for claim in &claims {
        bench.delete(claim, Propagation::Background);
    }
    bench.run(Duration::from_secs(5));
    bench.delete(&pod("vault", "vault-0"), Propagation::Background);
    bench.run(MINUTE);
    for (claim, old) in claims.iter().zip(old) {
        assert_ne!(bench.uid(claim), old);
        assert_eq!(bench.field(claim, "/status/phase"), "Bound");
    }
    let volume = pv(&bench.field(&claims[0], "/spec/volumeName"));
    assert_eq!(bench.field(&volume, "/status/phase"), "Bound");
    assert_eq!(bench.field(&volume, "/spec/csi/driver"), "nfs.csi.k8s.io");
    assert_eq!(bench.field(&volume, "/spec/persistentVolumeReclaimPolicy"), "Retain");
    assert_eq!(
        bench.field(&pv("pvc-1d4e7b20-93f6-4a5c-8e01-6b2f9c70d3a5"), "/status/phase"),
        "Released"
    );
    assert_eq!(bench.field(&pod("vault", "vault-0"), "/status/phase"), "Running");
    assert_eq!(
        bench.field(&Key::new(Kind::StatefulSet, "vault", "vault"), "/status/readyReplicas"),
        "3"
    );
}

#[test]
fn an_orphaned_set_is_made_anew_with_another_class_and_adopts_its_pods() {
    let mut bench = Bench::of("vault-raft");
    let key = Key::new(Kind::StatefulSet, "vault", "vault");
    let mut set = bench.get(&key).unwrap();
    bench.delete(&key, Propagation::Orphan);
    bench.run(MINUTE);
    assert_eq!(bench.get(&key), None);
    assert_eq!(bench.count(Kind::Pod, "vault"), 3);
    for field in ["uid", "resourceVersion", "creationTimestamp", "generation"] {
        doc::drop_field(&mut set, "/metadata", field);
    }
    doc::drop_field(&mut set, "", "status");
    for template in ["0", "1"] {
        let class = set.pointer_mut(&format!("/spec/volumeClaimTemplates/{template}/spec/storageClassName"));
        *class.unwrap() = json!("proxmox-lvm-encrypted");
    }
    bench.store.create(set).unwrap();
    let before = bench.uid(&pod("vault", "vault-1"));
    bench.run(MINUTE);
    assert_eq!(bench.uid(&pod("vault", "vault-1")), before, "adoption restarts nothing");
    assert_eq!(
        bench.field(&pod("vault", "vault-1"), "/metadata/ownerReferences/0/uid"),
        bench.uid(&key).to_string()
    );
    for claim in ["data-vault-1", "audit-vault-1"] {
        bench.delete(&pvc("vault", claim), Propagation::Background);
    }
    bench.run(Duration::from_secs(2));
    bench.delete(&pod("vault", "vault-1"), Propagation::Background);
    bench.run(MINUTE);
    assert_eq!(bench.field(&pod("vault", "vault-1"), "/status/phase"), "Running");
    let volume = pv(&bench.field(&pvc("vault", "data-vault-1"), "/spec/volumeName"));
    assert_eq!(bench.field(&volume, "/spec/csi/driver"), "csi.proxmox.sinextra.dev");
    // This driver attaches: the volume is on the pod's node and bears its attacher's finalizer.
    assert!(
        bench
            .field(&volume, "/metadata/finalizers")
            .contains("external-attacher/csi-proxmox-sinextra-dev")
    );
    assert_eq!(bench.count(Kind::VolumeAttachment, ""), 2);
}

#[test]
fn a_cleared_claim_ref_binds_again_to_the_claim_of_its_name() {
    let mut bench = Bench::of("vault-raft");
    bench.delete(&Key::new(Kind::StatefulSet, "vault", "vault"), Propagation::Background);
    bench.delete(&pvc("vault", "data-vault-0"), Propagation::Background);
    bench.run(MINUTE);
    let volume = pv("pvc-1d4e7b20-93f6-4a5c-8e01-6b2f9c70d3a5");
    assert_eq!(bench.field(&volume, "/status/phase"), "Released");
    let mut cleared = bench.get(&volume).unwrap();
    doc::drop_field(&mut cleared, "/spec/claimRef", "uid");
    doc::drop_field(&mut cleared, "/spec/claimRef", "resourceVersion");
    bench.store.replace(cleared).unwrap();
    bench.run(MINUTE);
    assert_eq!(bench.field(&volume, "/status/phase"), "Available");
    let claim = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": "data-vault-0", "namespace": "vault" },
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": { "requests": { "storage": "2Gi" } },
            "storageClassName": "nfs-proxmox",
            "volumeName": volume.name.as_str(),
        },
    });
    bench.store.create(claim).unwrap();
    bench.run(MINUTE);
    let claim = pvc("vault", "data-vault-0");
    assert_eq!(bench.field(&claim, "/status/phase"), "Bound");
    assert_eq!(bench.field(&volume, "/status/phase"), "Bound");
    assert_eq!(
        bench.field(&volume, "/spec/claimRef/uid"),
        bench.uid(&claim).to_string()
    );
}

#[test]
fn a_claim_whose_volume_object_vanishes_is_lost() {
    let mut bench = Bench::of("calm");
    let volume = pv("acme-db");
    bench.delete(&volume, Propagation::Background);
    bench.run(MINUTE);
    assert!(bench.get(&volume).is_some(), "pv-protection holds a bound volume");
    let mut stripped = bench.get(&volume).unwrap();
    doc::put(&mut stripped, &["metadata", "finalizers"], json!([]));
    bench.store.replace(stripped).unwrap();
    bench.run(MINUTE);
    assert_eq!(bench.get(&volume), None);
    assert_eq!(bench.field(&pvc("acme", "data-db-0"), "/status/phase"), "Lost");
    assert_eq!(
        bench.said("acme", "data-db-0"),
        ["Warning ClaimLost: Bound claim has lost its PersistentVolume. Data on the volume is lost!"]
    );
}
