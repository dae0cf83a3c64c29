//! Does the external provisioner of a driver run? Facts hold no images, so its pods are known by their names alone.
//!
//! A ready pod speaks for life, and contradicts the operator's word that the driver is dead; that a pod is not in sight
//! speaks for nothing. So nothing but that word speaks for death, and only as long as no pod contradicts it.

use super::Conditions;
use crate::model::workload::Pod;
use crate::model::{Object, Text, World};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The pods that run this driver's provisioner, going by their names.
pub fn pods<'w>(world: &'w World, driver: &str) -> impl Iterator<Item = &'w Arc<Object>> {
    let names = Names::of(driver);
    world.provisioner_pods().filter(move |pod| names.fit(&pod.meta.name))
}

/// A pod that runs it now: ready, and not going.
pub fn running<'w>(world: &'w World, driver: &str) -> Option<&'w Arc<Object>> {
    pods(world, driver).find(|object| !object.meta.deleting() && object.body.pod().is_some_and(Pod::ready))
}

/// The drivers that were named dead and have a pod that runs, each with that pod.
pub fn contradicted<'w>(world: &'w World, conditions: &Conditions) -> Vec<(Text, &'w Arc<Object>)> {
    let named = conditions.dead_provisioners.iter();
    named
        .filter_map(|driver| Some((driver.clone(), running(world, driver)?)))
        .collect()
}

/// The drivers whose word of death stands.
pub fn dead(world: &World, conditions: &Conditions) -> BTreeSet<Text> {
    let named = conditions.dead_provisioners.iter();
    named
        .filter(|driver| running(world, driver).is_none())
        .cloned()
        .collect()
}

/// What a pod of a driver is called after.
struct Names {
    /// One of these tells the driver from all others: `efs` of `efs.csi.aws.com`, `local-path` of `rancher.io/local-path`.
    own: Vec<String>,
    /// Its vendor, which may have other drivers, and whose name may stand before its own: `azuredisk`.
    vendor: Vec<String>,
    csi: bool,
}

impl Names {
    fn of(driver: &str) -> Self {
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
        let telling = |words: &[&str]| -> Vec<String> {
            let words = words.iter().filter(|word| !COMMON.contains(word));
            words.map(|word| (*word).to_owned()).collect()
        };
        if let Some((_, path)) = driver.split_once('/').filter(|(_, path)| !path.is_empty()) {
            return Self {
                own: vec![path.to_owned()],
                vendor: Vec::new(),
                csi: false,
            };
        }
        let words: Vec<&str> = driver.split('.').collect();
        let mut parts = words.splitn(2, |word| *word == "csi");
        let own = telling(parts.next().unwrap_or_default());
        let vendor = telling(parts.next().unwrap_or_default());
        let csi = words.contains(&"csi");
        // `csi.vsphere.vmware.com` has nothing of its own before
        let (own, vendor) = if own.is_empty() { (vendor, own) } else { (own, vendor) };
        Self { own, vendor, csi }
    }

    /// `efs-provisioner` is no pod of a CSI driver, `openebs-…` none of EBS.
    fn fit(&self, pod: &str) -> bool {
        let begins = |rest: &str| self.own.iter().any(|word| rest.starts_with(word.as_str()));
        let mut starts = std::iter::once(pod).chain(pod.match_indices('-').filter_map(|(at, _)| pod.get(at + 1..)));
        (!self.csi || pod.contains("csi"))
            && starts.any(|rest| {
                let mut vendors = self.vendor.iter();
                begins(rest) || vendors.any(|vendor| rest.strip_prefix(vendor.as_str()).is_some_and(begins))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::fixture::world;

    fn ready(name: &str) -> String {
        format!(
            "
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: kube-system}}
spec: {{nodeName: n1}}
status: {{phase: Running, conditions: [{{type: Ready, status: \"True\"}}]}}
"
        )
    }

    #[test]
    fn a_pod_speaks_for_its_own_driver_and_no_other() {
        for (driver, own, others) in [
            (
                "efs.csi.aws.com",
                "efs-csi-controller-7d9",
                ["ebs-csi-controller-7d9", "efs-provisioner-7d9"],
            ),
            (
                "ebs.csi.aws.com",
                "aws-ebs-csi-controller-7d9",
                ["efs-csi-controller-7d9", "openebs-localpv-provisioner-7d9"],
            ),
            (
                "disk.csi.azure.com",
                "csi-azuredisk-controller-7d9",
                ["csi-azurefile-controller-7d9", "csi-blob-controller-7d9"],
            ),
            (
                "rook-ceph.rbd.csi.ceph.com",
                "csi-rbdplugin-provisioner-7d9",
                ["csi-cephfsplugin-provisioner-7d9", "ebs-csi-controller-7d9"],
            ),
            (
                "nfs.csi.k8s.io",
                "csi-nfs-controller-7d9",
                ["nfs-subdir-external-provisioner-7d9", "csi-smb-controller-7d9"],
            ),
            (
                "rancher.io/local-path",
                "local-path-provisioner-7d9",
                ["storage-provisioner", "efs-provisioner-7d9"],
            ),
            (
                "csi.vsphere.vmware.com",
                "vsphere-csi-controller-7d9",
                ["ebs-csi-controller-7d9", "csi-nfs-controller-7d9"],
            ),
        ] {
            let speaks = |pod: &str| running(&world(&ready(pod)), driver).is_some();
            assert!(speaks(own), "{driver}: {own}");
            for other in others {
                assert!(!speaks(other), "{driver}: {other}");
            }
        }
    }

    #[test]
    fn only_a_ready_pod_that_stays_contradicts_the_word() {
        let named = Conditions {
            dead_provisioners: ["efs.csi.aws.com".into(), "ebs.csi.aws.com".into()].into(),
            ..Conditions::default()
        };
        let pod = ready("efs-csi-controller-7d9");
        let contradicts = |yaml: &str| {
            let world = world(yaml);
            let pods: Vec<String> = contradicted(&world, &named)
                .iter()
                .map(|(driver, pod)| format!("{driver} {}", pod.meta.name))
                .collect();
            assert_eq!(dead(&world, &named).len() + pods.len(), 2);
            pods
        };
        assert_eq!(contradicts(&pod), ["efs.csi.aws.com efs-csi-controller-7d9"]);
        for silent in [
            pod.replace("\"True\"", "\"False\""),
            pod.replace("{name: efs", "{deletionTimestamp: 2026-04-25T10:00:00Z, name: efs"),
            pod.replace("efs-csi-controller", "efs-csi-node"),
            String::new(),
        ] {
            assert!(contradicts(&silent).is_empty(), "{silent}");
        }
    }
}
