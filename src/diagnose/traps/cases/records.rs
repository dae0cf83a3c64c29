//! Traps that stand in what was read of a release.

use super::{Case, Scene, deployed};
use crate::model::helm::{Live, Stamp};

const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\n";
const KEPT_LIVE: &str = "\n- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, annotations: {helm.sh/resource-policy: keep}}}";
const BARE: &str = "\n- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks}}}";
const OTHERS: &str = "\n- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: other, meta.helm.sh/release-namespace: shop}}}";
const OWN: &str = "\n- {kind: PersistentVolumeClaim, metadata: {name: stray, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop}}}";
const JOB_LEFT: &str = "\n- {kind: Job, apiVersion: batch/v1, metadata: {name: init, namespace: shop}}";
const CLASS_USER: &str =
    "\n- {kind: PersistentVolumeClaim, metadata: {name: theirs, namespace: acme}, spec: {storageClassName: efs}}";
const PRIORITY_USER: &str =
    "\n- {kind: Pod, metadata: {name: theirs, namespace: acme}, spec: {priorityClassName: high}}";
const PRIORITY: &str = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\nvalue: 10";
const POLICY: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, annotations: {helm.sh/resource-policy: retain}}";
const REMOVED: &str = "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: psp}";
const OPERATED: &str = "apiVersion: acme.io/v1\nkind: Database\nmetadata: {name: db}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: operator}";
const DEFINITION: &str =
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: d.acme.io}";
const CLASS: &str = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: efs}\nprovisioner: x";
const SURGEON: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: surgeon}\nrules: [{apiGroups: [''], resources: [persistentvolumes], verbs: [patch]}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: surgeon}\nroleRef: {name: surgeon}\nsubjects: [{kind: ServiceAccount, name: init}]\n";

const OF_CLASS: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, creationTimestamp: "2026-04-26T10:00:00Z"}, spec: {storageClassName: efs}, status: {phase: Bound}}"#;
const EFS: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: efs}";
const NFS: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {storageClassName: nfs}";
const SET_MADE: &str = r#"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: shop, creationTimestamp: "2026-04-27T09:00:00Z"}, spec: {serviceName: db}}"#;
const SET: &str = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: db}";
const SET_RENAMED: &str =
    "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: db-headless}";
const PLAIN: &str = "apiVersion: batch/v1\nkind: Job\nmetadata: { name: setup }";
const HOOK: &str =
    r#"[{manifest: "{apiVersion: batch/v1, kind: Job, metadata: {name: setup}}", events: [pre-upgrade]}]"#;

fn on(world: &'static str, scene: Scene) -> Scene {
    Scene { world, ..scene }
}

fn there(finalizers: &[&str]) -> Live {
    Live::There(Stamp {
        finalizers: finalizers.iter().map(|one| (*one).into()).collect(),
        managed_by: Some("Helm".into()),
        release_name: Some("eks".into()),
        release_namespace: Some("shop".into()),
        ..Stamp::default()
    })
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_owners();
    cases.extend(of_manifests());
    cases.extend(of_hooks());
    cases.extend(of_revisions());
    cases
}

fn of_owners() -> Vec<Case> {
    let mislabelled = Scene {
        label: "deployed",
        record: Some(["failed", "", ""]),
        ..Scene::default()
    };
    let shared = Scene {
        other: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: env}",
        ..deployed("apiVersion: v1\nkind: ConfigMap\nmetadata: { name: env }", "")
    };
    vec![
        Case::of(
            1,
            "live_only_keep",
            on(KEPT_LIVE, deployed(CLAIM, "")),
            "metadata: {name: data}",
            "metadata: {name: data, annotations: {helm.sh/resource-policy: keep}}",
        ),
        Case::of(
            2,
            "ownership_stripped",
            on(BARE, deployed(CLAIM, "")),
            "release-name: eks}",
            "release-name: eks, meta.helm.sh/release-namespace: shop}",
        ),
        Case::of(
            3,
            "ownership_stripped",
            on(BARE, deployed(CLAIM, "")),
            "metadata: {name: data}",
            "metadata: {name: data, annotations: {helm.sh/resource-policy: keep}}",
        ),
        Case::of(17, "shared_name", shared, "{name: env}", "{name: env-other}"),
        Case::of(
            18,
            "others_stamp",
            on(OTHERS, deployed(CLAIM, "")),
            "release-name: other",
            "release-name: eks",
        ),
        Case::of(22, "mislabelled_release", mislabelled, "failed", "deployed"),
        Case::of(
            24,
            "stray_objects",
            on(OWN, deployed(CLAIM, "")),
            "name: data",
            "name: stray",
        ),
    ]
}

/// What the newest revision is beside the one before it.
fn of_revisions() -> Vec<Case> {
    let after = |before, scene| Scene {
        before: Some(before),
        ..scene
    };
    let failed = |manifest| Scene {
        record: Some(["failed", manifest, ""]),
        ..Scene::default()
    };
    let became = after(["superseded", PLAIN, ""], deployed("", HOOK));
    let was = after(["superseded", "", HOOK], deployed(PLAIN, ""));
    let class = after(["deployed", EFS, ""], on(OF_CLASS, failed(NFS)));
    let set = after(["deployed", SET, ""], on(SET_MADE, failed(SET_RENAMED)));
    vec![
        Case::of(7, "hook_identity", became, "{ name: setup }", "{ name: other }"),
        Case::of(7, "hook_identity", was, "{ name: setup }", "{ name: other }"),
        Case::of(51, "frozen_field", class.clone(), "Name: nfs", "Name: efs"),
        // the claim has the class it is asked for: it was made anew, and something else failed
        Case::of(
            51,
            "frozen_field",
            class,
            "{storageClassName: efs}, status",
            "{storageClassName: nfs}, status",
        ),
        Case::of(51, "frozen_field", set.clone(), "Name: db-headless", "Name: db"),
        Case::of(51, "frozen_field", set, "T09:00:00Z", "T11:00:00Z"),
    ]
}

fn of_manifests() -> Vec<Case> {
    let removed = Scene {
        asked: vec![
            ("policy/v1beta1 PodSecurityPolicy psp", Live::Unserved),
            ("policy/v1 PodSecurityPolicy psp", there(&[])),
        ],
        ..deployed(REMOVED, "")
    };
    let operated = Scene {
        asked: vec![("acme.io/v1 Database db", there(&["acme.io/hold"]))],
        ..deployed(OPERATED, "")
    };
    let space = deployed("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}", "");
    let unfilled = deployed(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {bucket: <your-bucket>}",
        "",
    );
    vec![
        Case::of(4, "odd_policy", deployed(POLICY, ""), "retain", "\" Keep \""),
        Case::of(12, "unserved_api", removed, "policy/v1beta1", "policy/v1"),
        Case::of(
            13,
            "custom_resource_after_operator",
            operated,
            "kind: Deployment",
            "kind: DaemonSet",
        ),
        Case::of(
            14,
            "definition_in_manifest",
            deployed(DEFINITION, ""),
            "{name: d.acme.io}",
            "{name: d.acme.io, annotations: {helm.sh/resource-policy: keep}}",
        ),
        Case::of(
            15,
            "namespace_in_manifest",
            space,
            "{name: shop}",
            "{name: shop, annotations: {helm.sh/resource-policy: keep}}",
        ),
        Case::of(
            16,
            "shared_class",
            on(CLASS_USER, deployed(CLASS, "")),
            "storageClassName: efs",
            "storageClassName: ebs",
        ),
        Case::of(
            16,
            "shared_class",
            on(PRIORITY_USER, deployed(PRIORITY, "")),
            "priorityClassName: high",
            "priorityClassName: low",
        ),
        Case::of(53, "placeholder_left", unfilled, "<your-bucket>", "eu-backups"),
    ]
}

fn of_hooks() -> Vec<Case> {
    let claim = r#"[{manifest: "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}}", events: [pre-install, pre-upgrade], delete_policies: [before-hook-creation]}]"#;
    let short = r#"[{manifest: "{apiVersion: batch/v1, kind: Job, metadata: {name: init}, spec: {ttlSecondsAfterFinished: 30}}", events: [post-install]}]"#;
    let left = r#"[{manifest: "{apiVersion: batch/v1, kind: Job, metadata: {name: init}}", events: [post-install]}]"#;
    let needy = r#"[{manifest: "{apiVersion: batch/v1, kind: Job, metadata: {name: init}, spec: {template: {spec: {containers: [{name: c, envFrom: [{secretRef: {name: creds}}]}]}}}}", events: [pre-install]}]"#;
    let surgeon = r#"[{manifest: "{apiVersion: batch/v1, kind: Job, metadata: {name: init}, spec: {template: {spec: {serviceAccountName: init, containers: [{name: c}]}}}}", events: [pre-upgrade]}]"#;
    let manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: creds}\n";
    let leftover = Scene {
        world: JOB_LEFT,
        record: Some(["uninstalled", "", left]),
        ..Scene::default()
    };
    let by_four = Scene {
        apply_method: "ssa",
        ..deployed("", short)
    };
    vec![
        Case::of(
            6,
            "claim_is_hook",
            deployed("", claim),
            "[before-hook-creation]",
            "[hook-failed]",
        ),
        Case::of(
            8,
            "short_lived_hook",
            by_four,
            "ttlSecondsAfterFinished: 30",
            "ttlSecondsAfterFinished: 600",
        ),
        Case::of(9, "hook_leftovers", leftover, "uninstalled", "deployed"),
        Case::of(
            10,
            "hook_needs_manifest",
            deployed(manifest, needy),
            "[pre-install]",
            "[post-install]",
        ),
        Case::of(
            11,
            "hook_surgery",
            deployed(SURGEON, surgeon),
            "verbs: [patch]",
            "verbs: [get]",
        ),
    ]
}
