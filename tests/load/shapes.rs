//! The shapes: every object decodes, weighs what it should, and is named where it is named.

use crate::shapes::{Cluster, Shape};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;
use pilothouse::laws::{Conditions, Settled, settle};
use pilothouse::model::{Body, Key, Kind, Object, World};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

fn decoded(cluster: &Cluster) -> BTreeMap<Key, Object> {
    let decode = |(kind, key, json): (Kind, Key, Vec<u8>)| {
        let text = String::from_utf8(json).unwrap();
        assert!(!text.contains('«'), "{key}: a hole is left in {text}");
        let object = Object::decode(kind, text.as_bytes()).unwrap_or_else(|error| unreadable(&key, &error, &text));
        assert_eq!(object.key(), key);
        (key, object)
    };
    cluster.all().map(decode).collect()
}

#[expect(clippy::panic, reason = "a test that cannot go on has failed")]
fn unreadable(key: &Key, error: &serde_json::Error, text: &str) -> ! {
    panic!("{key}: {error} in {}", text.chars().take(600).collect::<String>())
}

#[test]
fn every_object_decodes_and_no_two_are_one() {
    for shape in [Shape::S, Shape::THOUSAND] {
        let cluster = Cluster::new(shape, 1);
        let objects = decoded(&cluster);
        assert_eq!(objects.len(), cluster.total());
        let uids: BTreeSet<String> = objects.values().map(|object| object.meta.uid.to_string()).collect();
        assert_eq!(uids.len(), objects.len());
        let versions: BTreeSet<String> = objects
            .values()
            .map(|object| object.meta.resource_version.to_string())
            .collect();
        assert_eq!(versions.len(), objects.len());
    }
    assert_eq!(Cluster::new(Shape::THOUSAND, 1).total(), 1_000);
}

#[test]
fn the_large_one_has_the_counts_of_workload_l() {
    let cluster = Cluster::new(Shape::L, 1);
    assert_eq!(cluster.tenants().len(), 500);
    for (kind, count) in [
        (Kind::Namespace, 504),
        (Kind::PersistentVolumeClaim, 10_000),
        (Kind::PersistentVolume, 10_000),
        (Kind::Pod, 25_000),
        (Kind::Job, 10_000),
        (Kind::Release, 5_000),
        (Kind::StatefulSet, 1_500),
    ] {
        assert_eq!(cluster.count(kind), count, "{kind}");
    }
    let names: BTreeSet<&String> = cluster.tenants().iter().collect();
    assert_eq!(names.len(), 500);
    for (kind, n) in [
        (Kind::Pod, 24_999),
        (Kind::Job, 9_999),
        (Kind::Release, 4_999),
        (Kind::PersistentVolume, 13),
    ] {
        Object::decode(kind, &cluster.json(kind, n)).unwrap();
        let namespace = cluster.key(kind, n).namespace;
        assert!(!kind.namespaced() || cluster.of_namespace(kind, &namespace).contains(&n));
    }
}

#[test]
fn objects_weigh_what_real_ones_weigh() {
    let cluster = Cluster::new(Shape::THOUSAND, 1);
    let mean = |kind: Kind| {
        let total: usize = cluster.objects(kind).map(|(_, _, json)| json.len()).sum();
        total / cluster.count(kind)
    };
    for (kind, from, to) in [
        (Kind::Pod, 9_500, 10_500),
        (Kind::PersistentVolumeClaim, 1_600, 2_000),
        (Kind::PersistentVolume, 1_700, 2_700),
        (Kind::Job, 2_500, 5_000),
        (Kind::Release, 550, 750),
    ] {
        let mean = mean(kind);
        assert!((from..=to).contains(&mean), "{kind}: {mean} bytes");
    }
    let managed: usize = cluster
        .objects(Kind::Pod)
        .map(|(_, _, json)| {
            let pod: serde_json::Value = serde_json::from_slice(&json).unwrap();
            pod["metadata"]["managedFields"].to_string().len()
        })
        .sum();
    let share = managed * 100 / (mean(Kind::Pod) * cluster.count(Kind::Pod));
    assert!((38..=46).contains(&share), "managedFields: {share} %");
    let secret = cluster.secret(0).joined();
    assert!((160_000..=180_000).contains(&secret.len()), "{} bytes", secret.len());
}

#[test]
fn what_is_named_is_there() {
    let cluster = Cluster::new(Shape::THOUSAND, 7);
    let objects = decoded(&cluster);
    let mut bound = 0;
    for (key, object) in &objects {
        for owner in &object.meta.owner_references {
            let owned_by = owner.key(&key.namespace).unwrap();
            assert_eq!(objects[&owned_by].meta.uid, owner.uid, "{key} is owned by {owned_by}");
        }
        match &object.body {
            Body::Pod(pod) => {
                assert!(objects.contains_key(&Key::cluster(Kind::Node, &pod.spec.node_name)));
                for claim in pod.claims(&object.meta) {
                    let claim = Key::new(Kind::PersistentVolumeClaim, &key.namespace, &claim);
                    assert!(objects.contains_key(&claim), "{key} mounts {claim}");
                }
            }
            Body::PersistentVolumeClaim(claim) if !claim.spec.volume_name.is_empty() => {
                let volume = &objects[&Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name)];
                let named = volume.body.volume().unwrap().spec.claim_ref.as_ref().unwrap();
                assert_eq!((&named.uid, &named.name), (&object.meta.uid, &key.name));
                assert_eq!(named.namespace, key.namespace);
                bound += 1;
            }
            _ => {}
        }
    }
    assert!(bound > 150, "{bound} claims are bound");
}

#[test]
fn sets_jobs_and_replica_sets_own_their_pods() {
    let cluster = Cluster::new(Shape::THOUSAND, 7);
    let objects = decoded(&cluster);
    let owned = |owner: &Object| {
        let by = |object: &&Object| object.meta.controller().is_some_and(|held| held.uid == owner.meta.uid);
        u32::try_from(objects.values().filter(by).count()).unwrap()
    };
    for object in objects.values() {
        match &object.body {
            Body::StatefulSet(set) => {
                assert_eq!(owned(object), set.replicas());
                let template = &set.spec.volume_claim_templates[0];
                for ordinal in set.ordinals() {
                    let name =
                        pilothouse::model::workload::StatefulSet::claim_name(template, &object.meta.name, ordinal);
                    assert!(objects.contains_key(&Key::new(
                        Kind::PersistentVolumeClaim,
                        &object.meta.namespace,
                        &name
                    )));
                }
            }
            Body::ReplicaSet(set) => assert_eq!(Some(owned(object)), set.spec.replicas),
            Body::Job(job) => assert!(owned(object) >= job.status.active),
            _ => {}
        }
    }
}

#[test]
fn the_same_seed_is_the_same_cluster_and_another_is_not() {
    let text = |seed| {
        let cluster = Cluster::new(Shape::S, seed);
        cluster.all().map(|(_, _, json)| json).collect::<Vec<_>>()
    };
    assert_eq!(text(3), text(3));
    assert_ne!(text(3), text(4));
}

#[test]
fn a_turn_changes_what_is_seen_and_two_turns_change_it_back() {
    let cluster = Cluster::new(Shape::S, 1);
    for kind in [Kind::Pod, Kind::Job, Kind::PersistentVolumeClaim] {
        let at = |turn: u32| Object::decode(kind, &cluster.json_at(kind, 0, turn, 5)).unwrap();
        assert_ne!(at(0).body, at(1).body, "{kind}");
        assert_eq!(at(0).meta, at(1).meta, "{kind}");
    }
    let visitor = cluster.visitor(0, 2);
    let pod = |turn| Object::decode(Kind::Pod, &cluster.json_at(Kind::Pod, visitor, turn, 5)).unwrap();
    let mounted: Vec<_> = pod(0).body.pod().unwrap().claims(&pod(0).meta).collect();
    let claim = cluster.of_tenant(Kind::PersistentVolumeClaim, 0).start + 2;
    assert_eq!(mounted, [cluster.key(Kind::PersistentVolumeClaim, claim).name]);
    assert_ne!(pod(0).meta.uid, pod(2).meta.uid);
}

#[test]
fn pages_are_lists_that_cover_every_object_once() {
    let cluster = Cluster::new(Shape::S, 1);
    let mut names = Vec::new();
    for start in (0..60).step_by(25) {
        let page: serde_json::Value = serde_json::from_slice(&cluster.page(Kind::Pod, start..start + 25)).unwrap();
        assert_eq!(page["kind"], "PodList");
        assert_eq!(page["metadata"]["continue"].is_string(), start < 50);
        names.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|pod| pod["metadata"]["name"].to_string()),
        );
    }
    assert_eq!(names.len(), 60);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 60);
}

#[test]
fn a_record_unpacks_to_the_release_it_is_labelled_as() {
    let cluster = Cluster::new(Shape::S, 1);
    for n in 0..cluster.count(Kind::Release) {
        let secret: serde_json::Value = serde_json::from_slice(&cluster.secret(n).joined()).unwrap();
        let labels = &secret["metadata"]["labels"];
        let once = STANDARD.decode(secret["data"]["release"].as_str().unwrap()).unwrap();
        let mut text = String::new();
        MultiGzDecoder::new(&*STANDARD.decode(once).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let release: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(release["name"], labels["name"]);
        assert_eq!(release["info"]["status"], labels["status"]);
        assert_eq!(release["version"].to_string(), labels["version"].as_str().unwrap());
        assert!(text.len() > 300_000, "{}", text.len());
    }
}

/// A cluster that controllers would change by themselves is none that an operator sees, and a forecast in it does their work
/// twice. The system's sets alone have no pods here.
#[test]
fn the_tenants_are_at_rest() {
    let cluster = Cluster::new(Shape::THOUSAND, 7);
    let mut world = World::of(decoded(&cluster).into_values());
    let mut restless = Vec::new();
    let end = settle(&mut world, &Conditions::default(), &mut |_, reaction| {
        let said = format!("{} {:?}", reaction.law, reaction.change);
        if !said.contains("kube-system") {
            restless.push(said);
        }
    });
    assert_eq!(end, Settled::AtRest);
    assert!(restless.is_empty(), "{}", restless.join("\n"));
}
