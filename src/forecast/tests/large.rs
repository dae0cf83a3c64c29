//! A forecast looks at what the act can touch, not at the whole cluster.

use super::{CSI, NODE, delete, pair, pod, told};
use crate::forecast::excerpt::excerpt;
use crate::laws::fixture::{key, objects, world};
use crate::model::{Act, Propagation, World};

/// The little world of one claim, and the same again in many other namespaces.
fn tenants(count: usize) -> World {
    let base = pair("data", "Retain", CSI) + &pod("p", "data", "", "Running");
    let mut all = objects(&(base + NODE));
    let template = all.clone();
    for number in 0..count {
        for object in &template {
            let mut other = object.clone();
            if object.kind().namespaced() {
                other.meta.namespace = format!("t{number}").into();
            } else {
                other.meta.name = format!("{}-{number}", object.meta.name).into();
            }
            other.meta.uid = crate::model::Uid::new(&format!("{}-{number}", object.meta.uid));
            if let crate::model::Body::PersistentVolume(volume) = &mut other.body
                && let Some(claim) = &mut volume.spec.claim_ref
            {
                claim.namespace = format!("t{number}").into();
                claim.uid = crate::model::Uid::new(&format!("{}-{number}", claim.uid));
            }
            if let crate::model::Body::PersistentVolumeClaim(claim) = &mut other.body {
                claim.spec.volume_name = format!("{}-{number}", claim.spec.volume_name).into();
            }
            all.push(other);
        }
    }
    World::of(all)
}

#[test]
fn other_tenants_are_left_out() {
    let many = tenants(200);
    let act = Act::Delete {
        target: many.get(&key("pvc a/data")).expect("the claim").pin(),
        propagation: Propagation::Background,
    };
    let part = excerpt(&many, &act, &crate::laws::Conditions::default());
    let nodes = part.of_kind(crate::model::Kind::Node).count();
    assert_eq!(part.len() - nodes, 3, "claim, volume and pod");
    let alone = world(&(pair("data", "Retain", CSI) + &pod("p", "data", "", "Running") + NODE));
    assert_eq!(told(&delete(&many, "pvc a/data")), told(&delete(&alone, "pvc a/data")));
    assert_eq!(told(&delete(&many, "pv pv-data")), told(&delete(&alone, "pv pv-data")));
}

/// A claim that names a volume of another tenant: the volume's own claim is in the excerpt, so nobody takes it for gone.
#[test]
fn a_volume_named_from_two_namespaces_is_judged_by_its_own_claim() {
    let other = pair("data", "Delete", CSI)
        .replace("namespace: a", "namespace: b")
        .replace("pv-data", "pv-b");
    let intruder = pair("data", "Retain", CSI).replace("volumeName: pv-data", "volumeName: pv-b");
    let forecast = delete(&world(&(other + &intruder + NODE)), "pvc a/data");
    assert_eq!(told(&forecast), ["DELETED pvc/data", "RELEASED pv/pv-data"]);
}
