//! Scale, adoption, and rollouts to their end.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{at_rest, key, node, owned, pod, says, workload, world};
use crate::model::Kind;

const READY: &str = "Running, conditions: [{type: Ready, status: \"True\"}]";

fn told(yaml: &str) -> Vec<String> {
    says(&LAW, &world(&(yaml.to_owned() + &node("n1"))), &Conditions::default())
}

fn set(name: &str, spec: &str) -> String {
    let meta = format!(", uid: {name}u{}", owned("Deployment", "du"));
    workload("ReplicaSet", name, &meta, spec)
}

/// The same with another template.
fn other(name: &str, spec: &str) -> String {
    set(name, spec).replace("claimName: data", "claimName: other")
}

fn deployment(spec: &str) -> String {
    workload("Deployment", "w", ", uid: du", spec)
}

fn pods_of(set: &str, count: usize) -> String {
    let mine = owned("ReplicaSet", &format!("{set}u")).replace("name: w", &format!("name: {set}"));
    (0..count)
        .map(|number| pod(&format!("{set}-{number}"), &mine, "n1", READY))
        .collect()
}

#[test]
fn a_deployment_keeps_the_replica_set_of_its_template_at_its_scale() {
    let cases: [(&str, String, &[&str]); 10] = [
        ("none there", deployment(""), &["SpawnReplicaSet deployment/w 1"]),
        (
            "at its scale",
            deployment(", replicas: 0") + &set("w-1", ", replicas: 0"),
            &[],
        ),
        (
            "scaled down",
            deployment(", replicas: 0") + &set("w-1", ", replicas: 3"),
            &["Scale replicaset/w-1 0"],
        ),
        (
            "scaled up, with an empty one of an earlier template",
            deployment(", replicas: 3") + &other("w-0", ", replicas: 0") + &set("w-1", ", replicas: 2"),
            &["Scale replicaset/w-1 3"],
        ),
        (
            "an orphan of its selector is adopted",
            deployment("") + &workload("ReplicaSet", "w-1", ", uid: ru", ""),
            &["Adopt deployment/w replicaset/w-1"],
        ),
        (
            "the hash label does not make another template",
            deployment("")
                + &set("w-1", "").replace(
                    "template: {metadata: {labels: {app: w}}",
                    "template: {metadata: {labels: {app: w, pod-template-hash: x}}",
                ),
            &[],
        ),
        (
            "paused: no ReplicaSet is made",
            deployment(", paused: true") + &other("w-0", ""),
            &[],
        ),
        (
            "paused: its scale reaches the one in use",
            deployment(", paused: true, replicas: 4") + &other("w-0", ""),
            &["Scale replicaset/w-0 4"],
        ),
        (
            "Recreate: the old one goes first",
            deployment(", strategy: {type: Recreate}") + &other("w-0", ""),
            &["Scale replicaset/w-0 0"],
        ),
        (
            "Recreate: its pods too",
            deployment(", strategy: {type: Recreate}") + &other("w-0", ", replicas: 0") + &pods_of("w-0", 1),
            &[],
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(told(&yaml), expected, "{name}");
    }
}

#[test]
fn a_rollout_surges_and_shrinks_as_the_fence_lets_it() {
    let wanted = ", replicas: 4";
    let cases: [(&str, String, &[&str]); 7] = [
        (
            "a quarter too many: the new one begins with one",
            deployment(wanted) + &other("w-0", wanted) + &pods_of("w-0", 4),
            &["SpawnReplicaSet deployment/w 1"],
        ),
        (
            "a quarter too few: an old one goes, though the new one is not ready",
            deployment(wanted) + &other("w-0", wanted) + &pods_of("w-0", 4) + &set("w-1", ", replicas: 1"),
            &["Scale replicaset/w-0 3"],
        ),
        (
            "the new one grows into the room",
            deployment(wanted) + &other("w-0", ", replicas: 3") + &pods_of("w-0", 3) + &set("w-1", ", replicas: 1"),
            &["Scale replicaset/w-1 2"],
        ),
        (
            "it waits while the new ones are not ready",
            deployment(wanted) + &other("w-0", ", replicas: 3") + &pods_of("w-0", 3) + &set("w-1", ", replicas: 2"),
            &[],
        ),
        (
            "of the old ones those that are not ready go first",
            deployment(wanted) + &other("w-0", wanted) + &pods_of("w-0", 3) + &set("w-1", ", replicas: 1"),
            &["Scale replicaset/w-0 3"],
        ),
        (
            "no surge: the old one must shrink first",
            deployment(", replicas: 2, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 50%}}")
                + &other("w-0", ", replicas: 2")
                + &pods_of("w-0", 2)
                + &set("w-1", ", replicas: 0"),
            &["Scale replicaset/w-0 1"],
        ),
        (
            "both nothing: one may be missing",
            deployment(", replicas: 1, strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}")
                + &other("w-0", ", replicas: 1")
                + &pods_of("w-0", 1)
                + &set("w-1", ", replicas: 0"),
            &["Scale replicaset/w-0 0"],
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(told(&yaml), expected, "{name}");
    }
}

#[test]
fn a_deployment_comes_all_the_way_up_and_over() {
    let claims = "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: a}\nstatus: {phase: Bound}\n";
    let up = deployment(", replicas: 2") + &node("n1") + claims;
    let (up, _) = at_rest(&world(&up), &Conditions::default());
    assert_eq!(up.users_of(&key("pvc a/data")).count(), 2);

    for strategy in ["RollingUpdate", "Recreate"] {
        let spec = format!(", replicas: 3, strategy: {{type: {strategy}}}");
        let over = deployment(&spec) + &node("n1") + claims + &other("w-0", ", replicas: 3") + &pods_of("w-0", 3);
        let (over, heard) = at_rest(&world(&over), &Conditions::default());
        let old = over.get(&key("replicaset a/w-0")).unwrap();
        assert_eq!(old.body.replicated().unwrap().replicas(), 0, "{strategy}: {heard:#?}");
        assert_eq!(over.of_kind(Kind::Pod).count(), 3, "{strategy}");
        assert_eq!(over.users_of(&key("pvc a/data")).count(), 3, "{strategy}");
    }
}

#[test]
fn a_rollout_whose_new_pods_wait_for_a_claim_stands_still() {
    let over = deployment(", replicas: 3") + &node("n1") + &other("w-0", ", replicas: 3") + &pods_of("w-0", 3);
    let (over, _) = at_rest(&world(&over), &Conditions::default());
    let old = over.get(&key("replicaset a/w-0")).unwrap();
    assert_eq!(
        old.body.replicated().unwrap().replicas(),
        3,
        "no old one goes before a new one is ready"
    );
    assert_eq!(over.of_kind(Kind::Pod).count(), 4);
}

#[test]
fn the_next_replica_set_of_a_template_adopts_what_the_last_one_left() {
    let left = |claim: &str| {
        let pod = pod("w-0", "", "n1", READY).replace("labels: {app: w}", "labels: {app: w, pod-template-hash: 6d4f}");
        let volumes =
            format!("{{nodeName: n1, volumes: [{{name: d, persistentVolumeClaim: {{claimName: {claim}}}}}]}}");
        pod.replace("{nodeName: n1}", &volumes)
    };
    for (claim, pods) in [("data", 1), ("other", 2)] {
        let yaml = deployment("") + &left(claim) + &node("n1");
        let (end, heard) = at_rest(&world(&yaml), &Conditions::default());
        let count = end.in_namespace(Kind::Pod, "a").count();
        assert_eq!(count, pods, "a pod on {claim}: {heard:#?}");
    }
}

#[test]
fn a_deployment_passes_its_annotations_on_to_its_present_replica_set() {
    let keep = ", annotations: {helm.sh/resource-policy: keep}";
    let marked = |yaml: String, meta: &str| yaml.replacen(", uid: ", &format!("{meta}, uid: "), 1);
    let passed = "Annotate replicaset/w-1 helm.sh/resource-policy=keep";
    let going = r#", annotations: {helm.sh/resource-policy: keep}, deletionTimestamp: "2026-11-01T00:00:00Z", finalizers: [x/y]"#;
    let cases: [(&str, String, &[&str]); 6] = [
        (
            "one that is being deleted does nothing else",
            marked(deployment(", replicas: 9"), going) + &set("w-1", ""),
            &[passed],
        ),
        ("it lacks it", marked(deployment(""), keep) + &set("w-1", ""), &[passed]),
        (
            "it says otherwise",
            marked(deployment(""), keep) + &marked(set("w-1", ""), ", annotations: {helm.sh/resource-policy: x}"),
            &[passed],
        ),
        (
            "it says so",
            marked(deployment(""), keep) + &marked(set("w-1", ""), keep),
            &[],
        ),
        (
            "taken off the Deployment",
            deployment("") + &marked(set("w-1", ""), keep),
            &[],
        ),
        (
            "paused, and not to one of another template",
            marked(deployment(", paused: true"), keep) + &set("w-1", "") + &other("w-0", ", replicas: 0"),
            &[passed],
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(told(&yaml), expected, "{name}");
    }
}
