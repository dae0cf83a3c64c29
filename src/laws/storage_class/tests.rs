//! What is made of a class, what it passes on, and what is missing when it goes.

use super::{LAW, credentials, default, relying};
use crate::laws::fixture::{at_rest, key, said, says, table, world};
use crate::laws::{Change, Conditions, apply};
use crate::model::{Propagation, World};

fn claim(spec: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: a, uid: u1, finalizers: [kubernetes.io/pvc-protection]}}
spec: {{accessModes: [ReadWriteOnce], resources: {{requests: {{storage: 5Gi}}}}, storageClassName: {spec}}}
status: {{phase: Pending}}
"
    )
}

fn class(name: &str, meta: &str, spec: &str) -> String {
    format!(
        "
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: {name}{meta}}}
provisioner: csi.x
{spec}
"
    )
}

fn free(name: &str, class: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}}}
spec: {{capacity: {{storage: 5Gi}}, accessModes: [ReadWriteOnce], storageClassName: {class}}}
status: {{phase: Available}}
"
    )
}

#[test]
fn a_class_has_a_volume_made_where_none_fits() {
    let made: &[&str] = &["Provision pvc/data"];
    let pod = |node: &str| {
        format!(
            "
---
apiVersion: v1
kind: Pod
metadata: {{name: p, namespace: a}}
spec: {{{node}volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}
"
        )
    };
    let slow = || class("slow", "", "volumeBindingMode: Immediate");
    let lazy = || class("slow", "", "volumeBindingMode: WaitForFirstConsumer");
    let default = ", annotations: {storageclass.kubernetes.io/is-default-class: \"true\"}";
    let cases: [(&str, String, &[&str]); 16] = [
        ("at once", claim("slow") + &slow(), made),
        ("no such class", claim("slow"), &[]),
        ("a class of another name", claim("slow") + &class("fast", "", ""), &[]),
        (
            "volumes of the class are made by hand",
            claim("slow") + &slow().replace("csi.x", "kubernetes.io/no-provisioner"),
            &[],
        ),
        ("a volume is free", claim("slow") + &slow() + &free("v", "slow"), &[]),
        (
            "one of another class is free",
            claim("slow") + &slow() + &free("v", "fast"),
            made,
        ),
        ("it names a volume", claim("slow, volumeName: v") + &slow(), &[]),
        (
            "a selector asks for what is there",
            claim("slow, selector: {matchLabels: {tier: w}}") + &slow(),
            &[],
        ),
        (
            "the claim is being deleted",
            claim("slow").replace("uid: u1", "uid: u1, deletionTimestamp: 2026-04-25T10:00:00Z") + &slow(),
            &[],
        ),
        (
            "it was bound once",
            claim("slow").replace(
                "uid: u1",
                "uid: u1, annotations: {pv.kubernetes.io/bind-completed: \"yes\"}",
            ) + &slow(),
            &[],
        ),
        ("no consumer yet", claim("slow") + &lazy(), &[]),
        ("a consumer", claim("slow") + &lazy() + &pod(""), made),
        (
            "a pod that has its node is none",
            claim("slow") + &lazy() + &pod("nodeName: n1, "),
            &[],
        ),
        (
            "a consumer, and a volume is free",
            claim("slow") + &lazy() + &pod("") + &free("v", "slow"),
            &[],
        ),
        (
            "no class asked for, though there is a default one",
            claim("\"\"") + &class("slow", default, ""),
            &[],
        ),
        (
            "no class named: that is for another law",
            claim("null") + &class("slow", default, ""),
            &[],
        ),
    ];
    for (name, yaml, expected) in &cases {
        table(&LAW, &Conditions::default(), &[(name, yaml, expected)]);
    }
    let dead = Conditions {
        dead_provisioners: ["csi.x".into()].into_iter().collect(),
        ..Conditions::default()
    };
    assert!(says(&LAW, &world(&(claim("slow") + &slow())), &dead).is_empty());
}

/// Of two claims the one that the free volume is left to is made none.
#[test]
fn what_is_free_is_given_away_once() {
    let other = claim("slow").replace("name: data", "name: logs").replace("u1", "u2");
    let yaml = claim("slow") + &other + &class("slow", "", "") + &free("v", "slow");
    let (_, heard) = at_rest(&world(&yaml), &Conditions::default());
    let told: Vec<&str> = heard
        .iter()
        .map(String::as_str)
        .filter(|line| line.starts_with("binding") || line.starts_with("storage"))
        .collect();
    assert_eq!(
        told,
        [
            "binding: Bind pvc/data pv/v",
            "storage_class: Provision pvc/logs",
            "binding: Bind pvc/logs pv/pvc-u2",
        ]
    );
}

#[test]
fn of_several_default_classes_the_youngest_counts() {
    let marked = |born: &str| {
        format!(
            ", creationTimestamp: {born}T00:00:00Z, annotations: {{storageclass.kubernetes.io/is-default-class: \"true\"}}"
        )
    };
    let unmarked = ", creationTimestamp: 2026-04-09T00:00:00Z, annotations: {storageclass.kubernetes.io/is-default-class: \"false\"}";
    let (old, young) = (marked("2026-04-01"), marked("2026-04-02"));
    let cases: [(&str, String, Option<&str>); 5] = [
        ("none", class("a", "", ""), None),
        ("one", class("a", &old, "") + &class("b", unmarked, ""), Some("a")),
        ("two", class("a", &old, "") + &class("b", &young, ""), Some("b")),
        (
            "two, the other way round",
            class("a", &young, "") + &class("b", &old, ""),
            Some("a"),
        ),
        (
            "two of one age: the first by name",
            class("b", &old, "") + &class("a", &old, ""),
            Some("a"),
        ),
    ];
    for (name, yaml, expected) in cases {
        let world = world(&yaml);
        assert_eq!(
            default(&world).map(|class| class.meta.name.as_str()),
            expected,
            "{name}"
        );
    }
}

fn delete(world: &mut World, object: &str) {
    let object = key(object);
    let uid = world.get(&object).unwrap().meta.uid.clone();
    let propagation = Propagation::Background;
    apply(
        world,
        &Change::Delete {
            object,
            uid,
            propagation,
        },
    );
}

/// The policy is the volume's own from its birth, and a class that goes takes nothing with it.
#[test]
fn what_was_made_of_a_class_outlives_it_and_goes_by_its_own_policy() {
    for (policy, end) in [
        ("reclaimPolicy: Delete", None),
        ("", None),
        ("reclaimPolicy: Retain", Some("Released")),
    ] {
        let yaml = claim("slow") + &class("slow", "", policy);
        let (mut world, _) = at_rest(&world(&yaml), &Conditions::default());
        delete(&mut world, "storageclass slow");
        assert!(
            world.get(&key("storageclass slow")).is_none(),
            "nothing protects a class"
        );
        let (mut world, heard) = at_rest(&world, &Conditions::default());
        assert!(heard.is_empty(), "{heard:#?}");
        delete(&mut world, "pvc a/data");
        let (world, heard) = at_rest(&world, &Conditions::default());
        let volume = world.get(&key("pv pvc-u1")).and_then(|object| object.body.volume());
        let phase = volume.map(|volume| format!("{:?}", volume.status.phase));
        assert_eq!(phase.as_deref(), end, "{policy}: {heard:#?}");
    }
}

/// A claim that waits goes on when a class of its name is there again.
#[test]
fn a_claim_waits_for_a_class_of_its_name() {
    let waiting = world(&claim("slow"));
    assert!(says(&LAW, &waiting, &Conditions::default()).is_empty());
    let again = world(&(claim("slow") + &class("slow", "", "")));
    let told = (LAW.react)(&again, &Conditions::default());
    assert_eq!(
        told.iter().map(|told| said(&told.change)).collect::<Vec<_>>(),
        ["Provision pvc/data"]
    );
    assert_eq!(
        told.first().unwrap().reason.text,
        "no volume fits pvc/data, so csi.x makes one"
    );
}

/// A Released volume `v` of the class `slow`, once of the claim `a/data`.
fn released(annotations: &str, source: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: v, annotations: {{{annotations}}}}}
spec: {{persistentVolumeReclaimPolicy: Delete, storageClassName: slow, claimRef: {{namespace: a, name: data, uid: u1}}, {source}}}
status: {{phase: Released}}
"
    )
}

#[test]
fn credentials_are_those_of_the_volume_or_else_of_its_class() {
    let csi = "csi: {driver: csi.x, volumeHandle: h}";
    let own = |name: &str, namespace: &str| {
        format!(
            "volume.kubernetes.io/provisioner-deletion-secret-name: {name}, volume.kubernetes.io/provisioner-deletion-secret-namespace: {namespace}"
        )
    };
    let parameters = |name: &str, namespace: &str| {
        let name = format!("csi.storage.k8s.io/provisioner-secret-name: {name}");
        let namespace = format!("csi.storage.k8s.io/provisioner-secret-namespace: {namespace}");
        class("slow", "", &format!("parameters: {{{name}, {namespace}}}"))
    };
    let named = || parameters("creds", "kube-system");
    // the Secret that is told, and whether it is lost with the class
    let cases: [(&str, String, Option<&str>, bool); 11] = [
        (
            "nobody names one",
            released("", csi) + &class("slow", "", ""),
            None,
            false,
        ),
        ("no class either", released("", csi), None, false),
        ("its own", released(&own("creds", "b"), csi), Some("b/creds"), false),
        (
            "its own before the class's",
            released(&own("creds", "b"), csi) + &named(),
            Some("b/creds"),
            false,
        ),
        (
            "that it needs none is its own too",
            released(&own("\"\"", "\"\""), csi) + &named(),
            None,
            false,
        ),
        (
            "the class's",
            released("", csi) + &named(),
            Some("kube-system/creds"),
            true,
        ),
        (
            "half of it named: the class's",
            released("volume.kubernetes.io/provisioner-deletion-secret-name: creds", csi) + &named(),
            Some("kube-system/creds"),
            true,
        ),
        (
            "the class's, with names to be filled in",
            released("", csi) + &parameters("\"${pvc.name}-${pv.name}\"", "\"${pvc.namespace}\""),
            Some("a/data-v"),
            true,
        ),
        (
            "half of it in the class",
            released("", csi) + &parameters("creds", "\"\""),
            None,
            false,
        ),
        (
            "another class's",
            released("", csi) + &named().replace("name: slow", "name: fast"),
            None,
            false,
        ),
        (
            "no CSI volume",
            released("", "hostPath: {path: /tmp/x}") + &named(),
            None,
            false,
        ),
    ];
    for (name, yaml, secret, by_class) in cases {
        let world = world(&yaml);
        let volume = world.get(&key("pv v")).unwrap();
        let told = credentials(&world, &volume.meta, volume.body.volume().unwrap());
        let words = secret.map(|secret| format!("the credentials of Secret {secret}, which was not looked at"));
        match (&told, &words) {
            (None, None) => {}
            (Some(told), Some(words)) => assert!(told.contains(words), "{name}: {told}"),
            (_, _) => panic!("{name}: {told:?}, not {words:?}"),
        }
        let class = key("storageclass slow");
        let relying: Vec<String> = relying(&world, &class).map(|(_, secret)| secret).collect();
        assert_eq!(
            relying.first().map(String::as_str),
            secret.filter(|_| by_class),
            "{name}"
        );
    }
}

/// A disk that stays needs no credentials.
#[test]
fn a_volume_that_is_retained_does_not_rely_on_its_class() {
    let parameters = "parameters: {csi.storage.k8s.io/provisioner-secret-name: creds, csi.storage.k8s.io/provisioner-secret-namespace: b}";
    let volume = released("", "csi: {driver: csi.x, volumeHandle: h}");
    let class = class("slow", "", parameters);
    let count = |yaml: &str| relying(&world(yaml), &key("storageclass slow")).count();
    assert_eq!(count(&(volume.clone() + &class)), 1);
    assert_eq!(count(&(volume.replace("Policy: Delete", "Policy: Retain") + &class)), 0);
}
