//! The drill-down: claim → volume → class → attachment → pods → root owners, as a tree of links by depth.
//!
//! Shows what hangs together and how; what is wrong with it is for `explain` and the rules.

use super::claim_identity;
use super::explain;
use super::finding::Link;
use super::look::Look;
use super::phrase;
use crate::laws::{Conditions, Reason};
use crate::model::storage::{Claim, Class, Volume};
use crate::model::{Body, Key, Kind, Now, Object, World};
use std::time::Duration;

/// The tree below any object; for kinds that lead to no storage, its owners and what it owns.
pub fn of(world: &World, key: &Key, now: Now, quiet: Duration) -> Vec<Link> {
    let conditions = Conditions::default();
    let look = Look {
        world,
        conditions: &conditions,
        now,
        quiet,
    };
    let Some(object) = world.get(key) else {
        return Vec::new();
    };
    match &object.body {
        Body::PersistentVolumeClaim(claim) => claim_links(look, object, claim),
        Body::PersistentVolume(volume) => volume_links(look, object, volume),
        Body::Pod(_) => {
            let mut links = vec![itself(look, object)];
            links.extend(owners(look, object, 1));
            links.extend(claims_of(look, object, 1));
            links
        }
        Body::StorageClass(_) => {
            let mut links = vec![itself(look, object)];
            links.extend(users_of_class(look, &object.meta.name));
            links
        }
        _ => {
            let mut links = vec![itself(look, object)];
            links.extend(owners(look, object, 1));
            links.extend(dependents(look, object, 1));
            links
        }
    }
}

/// Claim → volume → class and attachments, then the pods that name the claim and their owners up to the root.
pub fn of_claim(world: &World, key: &Key, now: Now, quiet: Duration) -> Vec<Link> {
    of(world, key, now, quiet)
}

/// Volume → claim (with the identity verdict) → its pods and owners; class and attachments beside it.
pub fn of_volume(world: &World, key: &Key, now: Now, quiet: Duration) -> Vec<Link> {
    of(world, key, now, quiet)
}

/// Pod → owners up to the root, and the claims it names with their volumes.
pub fn of_pod(world: &World, key: &Key, now: Now, quiet: Duration) -> Vec<Link> {
    of(world, key, now, quiet)
}

fn itself(look: Look<'_>, object: &Object) -> Link {
    link(look, 0, object)
}

/// A link to an object, with its state as the sentence.
pub(crate) fn link(look: Look<'_>, depth: usize, object: &Object) -> Link {
    Link {
        object: object.key(),
        depth,
        sentence: explain::sentence(look, object),
        reason: Reason::default().seen(&object.key(), "metadata.uid", object.meta.uid.to_string()),
    }
}

fn missing(look: Look<'_>, depth: usize, key: Key, named_by: &str) -> Link {
    let sentence = if look.gone(&key) {
        "does not exist".to_owned()
    } else {
        let why = look
            .gap(key.kind, &key.namespace)
            .unwrap_or_else(|| "it cannot be read".to_owned());
        format!("not in sight ({why})")
    };
    Link {
        object: key,
        depth,
        sentence,
        reason: Reason::new(named_by),
    }
}

pub(crate) fn claim_links(look: Look<'_>, object: &Object, claim: &Claim) -> Vec<Link> {
    let mut links = vec![itself(look, object)];
    links.extend(volume_of_claim(look, object, claim, 1));
    if claim.spec.volume_name.is_empty()
        && let Some(name) = &claim.spec.storage_class_name
        && !name.is_empty()
    {
        links.push(class(look, name, 1));
    }
    links.extend(users(look, object, 1));
    links
}

/// The pods that name a claim, each with its owners up to the root.
fn users(look: Look<'_>, claim: &Object, depth: usize) -> Vec<Link> {
    let mut links = Vec::new();
    for pod in look.world.users_of(&claim.key()) {
        links.push(link(look, depth, pod));
        links.extend(owners(look, pod, depth + 1));
    }
    links
}

/// The volume a claim names, with the identity verdict, its class and its attachments one deeper.
pub(crate) fn volume_of_claim(look: Look<'_>, object: &Object, claim: &Claim, depth: usize) -> Vec<Link> {
    let name = &claim.spec.volume_name;
    if name.is_empty() {
        return Vec::new();
    }
    let key = Key::cluster(Kind::PersistentVolume, name);
    let Some(found) = look.world.get(&key) else {
        return vec![missing(look, depth, key, "named by the claim's spec.volumeName")];
    };
    let Some(volume) = found.body.volume() else {
        return Vec::new();
    };
    let identity = claim_identity::claim_identity(look, object, claim);
    let held = volume.spec.claim_ref.as_ref().map(|held| held.uid.to_string());
    let mut links = vec![Link {
        object: key.clone(),
        depth,
        sentence: format!("{} · {}", identity.sentence(), explain::volume::disk(volume)),
        reason: Reason::new(explain::sentence(look, found))
            .seen(&key, "spec.claimRef.uid", held.unwrap_or_default())
            .seen(&object.key(), "metadata.uid", object.meta.uid.to_string())
            .seen(
                &key,
                "spec.persistentVolumeReclaimPolicy",
                volume.spec.persistent_volume_reclaim_policy.word(),
            ),
    }];
    links.extend(beside_volume(look, found, volume, depth + 1));
    links
}

fn beside_volume(look: Look<'_>, object: &Object, volume: &Volume, depth: usize) -> Vec<Link> {
    let mut links = Vec::new();
    if !volume.spec.storage_class_name.is_empty() {
        links.push(class(look, &volume.spec.storage_class_name, depth));
    }
    for attachment in look.world.attachments_of(&object.meta.name) {
        links.push(link(look, depth, attachment));
    }
    links
}

fn volume_links(look: Look<'_>, object: &Object, volume: &Volume) -> Vec<Link> {
    let mut links = vec![itself(look, object)];
    if let Some(held) = &volume.spec.claim_ref {
        let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
        let identity = claim_identity::volume_identity(look, &object.meta.name, volume);
        match look.world.get(&key) {
            Some(claim) => {
                links.push(Link {
                    object: key.clone(),
                    depth: 1,
                    sentence: format!("{} · {}", identity.sentence(), explain::sentence(look, claim)),
                    reason: Reason::default()
                        .seen(&object.key(), "spec.claimRef.uid", held.uid.to_string())
                        .seen(&key, "metadata.uid", claim.meta.uid.to_string()),
                });
                links.extend(users(look, claim, 2));
            }
            None => links.push(missing(look, 1, key, "named by the volume's spec.claimRef")),
        }
    }
    links.extend(beside_volume(look, object, volume, 1));
    links
}

/// The link to a class by name, there or not.
pub(crate) fn class(look: Look<'_>, name: &str, depth: usize) -> Link {
    let key = Key::cluster(Kind::StorageClass, name);
    match look.world.get(&key) {
        Some(found) => link(look, depth, found),
        None => missing(look, depth, key, "named by storageClassName"),
    }
}

/// The owners of an object, nearest first, each one deeper, up to the root. An owner that is not held is named too.
pub(crate) fn owners(look: Look<'_>, object: &Object, depth: usize) -> Vec<Link> {
    let mut links = Vec::new();
    let mut seen = vec![object.meta.uid.clone()];
    let mut meta = object.meta.clone();
    while let Some(owner) = meta.controller().or_else(|| meta.owner_references.first()).cloned() {
        let depth = depth + links.len();
        match look.world.by_uid(&owner.uid) {
            Some(found) if seen.contains(&found.meta.uid) => break,
            Some(found) => {
                seen.push(found.meta.uid.clone());
                links.push(link(look, depth, found));
                meta = found.meta.clone();
            }
            None => {
                if let Some(key) = owner.key(&meta.namespace) {
                    links.push(missing(look, depth, key, "named by ownerReferences"));
                } else if let Some(last) = links.last_mut() {
                    last.sentence = format!("{} · owned by {} {}", last.sentence, owner.kind, owner.name);
                } else {
                    links.push(Link {
                        object: object.key(),
                        depth,
                        sentence: format!(
                            "owned by {} {}: a custom resource, root of the chain",
                            owner.kind, owner.name
                        ),
                        reason: Reason::default().seen(
                            &object.key(),
                            "metadata.ownerReferences.uid",
                            owner.uid.to_string(),
                        ),
                    });
                }
                break;
            }
        }
    }
    links
}

/// The claims a pod names, each with its volume below it.
pub(crate) fn claims_of(look: Look<'_>, pod: &Object, depth: usize) -> Vec<Link> {
    let Some(facts) = pod.body.pod() else {
        return Vec::new();
    };
    let mut links = Vec::new();
    for name in facts.claims(&pod.meta) {
        let key = Key::new(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name);
        match look.world.get(&key) {
            Some(found) => {
                links.push(link(look, depth, found));
                if let Some(claim) = found.body.claim() {
                    links.extend(volume_of_claim(look, found, claim, depth + 1));
                }
            }
            None => links.push(missing(look, depth, key, "named by the pod's spec.volumes")),
        }
    }
    links
}

/// What an object owns, two levels down, with the claims of its pods.
fn dependents(look: Look<'_>, object: &Object, depth: usize) -> Vec<Link> {
    let mut links = Vec::new();
    if depth > 3 {
        return links;
    }
    for dependent in look.world.dependents_of(&object.meta.uid) {
        links.push(link(look, depth, dependent));
        links.extend(claims_of(look, dependent, depth + 1));
        links.extend(dependents(look, dependent, depth + 1));
    }
    links
}

fn users_of_class(look: Look<'_>, class: &str) -> Vec<Link> {
    look.world
        .of_kind(Kind::PersistentVolume)
        .filter(|volume| {
            volume
                .body
                .volume()
                .is_some_and(|facts| facts.spec.storage_class_name == class)
        })
        .map(|volume| link(look, 1, volume))
        .collect()
}

/// `efs.csi.aws.com · Delete · WaitForFirstConsumer`.
pub(crate) fn class_words(class: &Class) -> String {
    let policy = class
        .reclaim_policy
        .unwrap_or(crate::model::storage::ReclaimPolicy::Delete)
        .word();
    let mode = class.volume_binding_mode.as_deref().unwrap_or("Immediate");
    phrase::names([class.provisioner.as_str(), policy, mode], 3).replace(", ", " · ")
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{QUIET, denied, hasan_prod, key, now, with, world};
    use super::*;

    fn drawn(links: &[Link]) -> Vec<String> {
        links
            .iter()
            .map(|link| format!("{} {}", link.depth, link.object))
            .collect()
    }

    #[test]
    fn a_claim_down_to_its_root_owner() {
        let world = with(
            hasan_prod(),
            "- {kind: VolumeAttachment, apiVersion: storage.k8s.io/v1, metadata: {name: va-1}, spec: {attacher: efs.csi.aws.com, nodeName: n1, source: {persistentVolumeName: efs-data}}, status: {attached: true}}",
        );
        let links = of_claim(&world, &key("pvc/shared-data"), now(), QUIET);
        assert_eq!(
            drawn(&links).into_iter().take(6).collect::<Vec<_>>(),
            [
                "0 pvc/shared-data",
                "1 pv/efs-data",
                "2 storageclass/efs",
                "2 volumeattachment/va-1",
                "1 pod/train-0-x",
                "2 job/train-0"
            ]
        );
        assert_eq!(links.len(), 4 + 18);
        assert_eq!(
            links[1].sentence,
            "claimRef.uid ✓ is this claim · Retain · efs.csi.aws.com fs-06b3"
        );
        assert_eq!(links[3].sentence, "pv/efs-data attached to n1");
    }

    #[test]
    fn a_volume_and_a_pod_from_their_own_end() {
        let world = hasan_prod();
        assert_eq!(
            drawn(&of_volume(&world, &key("pv/mysql"), now(), QUIET)),
            ["0 pv/mysql", "1 pvc/mysql-pvc", "2 pod/mysql-0", "1 storageclass/efs"]
        );
        assert_eq!(
            drawn(&of_pod(&world, &key("pod/train-3-x"), now(), QUIET)),
            [
                "0 pod/train-3-x",
                "1 job/train-3",
                "1 pvc/shared-data",
                "2 pv/efs-data",
                "3 storageclass/efs"
            ]
        );
        assert!(of(&world, &key("pvc/none"), now(), QUIET).is_empty());
    }

    #[test]
    fn what_is_named_and_not_there_is_in_the_tree() {
        let claim = world(
            "- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-9}, status: {phase: Lost}}",
        );
        let links = of_claim(&claim, &key("pvc/data"), now(), QUIET);
        assert_eq!(links[1].sentence, "does not exist");
        let blind = denied(&claim, Kind::PersistentVolume);
        let links = of_claim(&blind, &key("pvc/data"), now(), QUIET);
        assert_eq!(links[1].sentence, "not in sight (PVs: denied: forbidden)");
        let custom = world(
            "- {kind: Pod, metadata: {name: main-0, namespace: shop, ownerReferences: [{apiVersion: mysql.example.com/v1, kind: MySQLCluster, name: main, uid: u, controller: true}]}}",
        );
        let links = of_pod(&custom, &key("pod/main-0"), now(), QUIET);
        assert_eq!(
            links[1].sentence,
            "owned by MySQLCluster main: a custom resource, root of the chain"
        );
    }
}
