//! What an upgrade or a rollback does to an object that is there: its marks, its size, what the server has filled in.

use super::*;

const CLASS: &str =
    "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: efs}, provisioner: efs.csi.aws.com";

/// A release that was applied by the server.
fn server_side(objects: &str, manifest: &str) -> Case {
    let mut case = Case::manifest(objects, manifest);
    let payload = json!({
        "name": "app", "namespace": "shop", "version": 2, "info": {"status": "deployed"}, "manifest": manifest,
        "hooks": [], "apply_method": "ssa",
    });
    let payload = STANDARD.encode(STANDARD.encode(payload.to_string()));
    let secret = json!({"data": {"release": payload}}).to_string();
    case.ledger
        .enter(case.release.clone(), Reading::of_secret(secret.as_bytes()));
    case
}

#[test]
fn marks_that_others_have_set_go_back_or_are_a_conflict() {
    let manifest = claim("data", "") + &claim("old", "");
    let other = OWN.replace("release-name: app", "release-name: other");
    let bare = "labels: {}";
    for (meta, three, four) in [
        (OWN, None, None),
        (
            bare,
            Some("patch pvc/data [metadata.annotations]"),
            Some("patch pvc/data [metadata.annotations]"),
        ),
        (
            other.as_str(),
            Some("patch pvc/data [metadata.annotations]"),
            Some(
                "refuse pvc/data: conflict occurred while applying object shop/data v1, Kind=PersistentVolumeClaim: \
                 Apply failed with 1 conflicts: .metadata.annotations.meta.helm.sh/release-name",
            ),
        ),
    ] {
        let steps = |case: Case, executor| {
            let steps = case.upgraded(executor, &claim("data", ""));
            steps.into_iter().find(|step| step.contains("pvc/data"))
        };
        let live = live_claim(meta);
        assert_eq!(
            steps(Case::manifest(&live, &manifest), THREE).as_deref(),
            three,
            "{meta}"
        );
        assert_eq!(steps(server_side(&live, &manifest), FOUR).as_deref(), four, "{meta}");
        // applied by the client, whatever the executor
        assert_eq!(
            steps(Case::manifest(&live, &manifest), FOUR).as_deref(),
            three,
            "{meta}"
        );
    }
}

#[test]
fn a_conflict_saves_what_was_dropped() {
    let live = live_claim(&OWN.replace("release-name: app", "release-name: other"));
    let steps = server_side(&live, &(claim("data", "") + &claim("old", ""))).upgraded(FOUR, &claim("data", ""));
    assert_eq!(
        steps.last().map(String::as_str),
        Some("patch record.v2 [revision 3: failed]")
    );
    assert!(!steps.iter().any(|step| step.starts_with("delete")), "{steps:?}");
}

#[test]
fn a_mark_that_the_manifest_no_longer_states_is_taken_off() {
    let meta = OWN.replace("annotations: {", "annotations: {helm.sh/resource-policy: keep, ");
    let case = Case::manifest(&live_claim(&meta), &claim("data", "helm.sh/resource-policy: keep"));
    let mut ledger = case.ledger.clone();
    ledger.enter_rendered(NEW.into(), Manifest::parse(&claim("data", ""), "shop"));
    let conditions = Conditions {
        helm: Arc::new(ledger),
        ..Conditions::default()
    };
    let mut world = case.world.clone();
    let upgrade = HelmAct::Upgrade(Upgrade {
        executor: THREE,
        rendered: NEW.into(),
        take_ownership: false,
        no_hooks: false,
        ..Upgrade::default()
    });
    act(&mut world, &case.release, &upgrade, &conditions, &mut |_, _| {});
    let annotations = &world.get(&key("pvc shop/data")).unwrap().meta.annotations;
    assert_eq!(annotations.get("helm.sh/resource-policy"), None);
    assert_eq!(annotations.get("meta.helm.sh/release-name"), Some("app"));
}

#[test]
fn a_claim_grows_where_its_class_lets_it() {
    let sized = |size: u32| {
        format!(
            "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data}}\nspec: {{storageClassName: efs, resources: {{requests: {{storage: {size}Gi}}}}}}\n"
        )
    };
    let live = |phase: &str| {
        format!(
            "{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{namespace: shop, name: data, {OWN}}}, spec: {{storageClassName: efs, resources: {{requests: {{storage: 2Gi}}}}}}, status: {{phase: {phase}, capacity: {{storage: 2Gi}}}}}}"
        )
    };
    for (class, phase, size, expected) in [
        (
            "}",
            "Bound",
            3,
            "forbidden: only dynamically provisioned pvc can be resized",
        ),
        (
            ", allowVolumeExpansion: false}",
            "Bound",
            3,
            "only dynamically provisioned",
        ),
        (
            ", allowVolumeExpansion: true}",
            "Bound",
            3,
            "patch pvc/data [spec.resources]",
        ),
        (
            ", allowVolumeExpansion: true}",
            "Pending",
            3,
            "spec is immutable after creation",
        ),
        (
            ", allowVolumeExpansion: true}",
            "Bound",
            1,
            "field can not be less than status.capacity",
        ),
    ] {
        let objects = format!("[{CLASS}{class}, {}]", live(phase));
        let steps = Case::manifest(&objects, &sized(2)).upgraded(THREE, &sized(size));
        let told = steps.iter().find(|step| step.contains("pvc/data")).cloned();
        assert!(
            told.as_ref().is_some_and(|told| told.contains(expected)),
            "{class} {phase} {size}: {steps:?}"
        );
    }
}

#[test]
fn a_rollback_cannot_take_back_a_bound_claim_that_the_newest_revision_drops() {
    let bound = live_claim(OWN).replace("storageClassName: efs", "storageClassName: efs, volumeName: pv-1");
    let back = |case: &Case, executor| {
        let to = 1;
        case.does(&HelmAct::Rollback(Rollback {
            executor,
            to,
            no_hooks: false,
            ..Rollback::default()
        }))
    };
    let old = claim("data", "");
    let case = Case::manifest(&bound, &claim("new", "")).first(&old);
    for executor in [THREE, FOUR] {
        let steps = back(&case, executor);
        assert!(
            steps
                .iter()
                .any(|step| step.starts_with("refuse pvc/data: ") && step.contains("spec is immutable")),
            "{steps:?}"
        );
        // no revision is called deployed from then on
        let last = [
            "patch record.v2 [status: superseded]",
            "patch record.v2 [revision 3: failed]",
        ];
        assert!(steps.ends_with(&last.map(str::to_owned)), "{steps:?}");
    }
    let pending = Case::manifest(&live_claim(OWN), &claim("new", "")).first(&old);
    assert_eq!(
        back(&pending, THREE).last().map(String::as_str),
        Some("patch record.v2 [status: superseded]")
    );
}

#[test]
fn a_rollback_cannot_take_back_a_budget_that_the_newest_revision_drops() {
    let live = format!(
        "[{{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {{namespace: shop, name: b, {OWN}}}}}]"
    );
    let budget =
        "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: b}\nspec: {minAvailable: 1}\n";
    let back = |case: &Case| {
        case.does(&HelmAct::Rollback(Rollback {
            executor: THREE,
            to: 1,
            no_hooks: false,
            wait: false,
        }))
    };
    let dropped = back(&Case::manifest(&live, &claim("new", "")).first(budget));
    let refused = |step: &String| {
        step.starts_with("refuse pdb/b: ")
            && step.ends_with("metadata.resourceVersion: Invalid value: 0: must be specified for an update")
    };
    assert!(dropped.iter().any(refused), "{dropped:?}");
    let kept = back(&Case::manifest(&live, budget).first(budget));
    assert!(!kept.iter().any(refused), "{kept:?}");
}

#[test]
fn a_rollback_leaves_the_status_of_what_was_uninstalled() {
    let mut case = Case::new("[]", "uninstalled", &claim("data", ""), &json!([])).first(&claim("data", ""));
    let mut label = crate::model::Object::clone(case.world.get(&case.release.key).unwrap());
    if let crate::model::Body::Release(facts) = &mut label.body {
        facts.status = "uninstalled".into();
    }
    case.world.put(label);
    let steps = case.does(&HelmAct::Rollback(Rollback {
        executor: FOUR,
        to: 1,
        no_hooks: false,
        ..Rollback::default()
    }));
    assert_eq!(steps, ["create pvc/data", "keep record.v2"]);
}

#[test]
fn a_rollback_takes_the_finalizers_off_what_is_being_deleted() {
    let meta = format!(
        "{OWN}, deletionTimestamp: '2026-11-20T10:00:00Z', finalizers: [kubernetes.io/pvc-protection, example.com/hold]"
    );
    let case = Case::manifest(&live_claim(&meta), &claim("new", "")).first(&claim("data", ""));
    let conditions = Conditions {
        helm: Arc::new(case.ledger.clone()),
        ..Conditions::default()
    };
    let mut world = case.world.clone();
    let back = HelmAct::Rollback(Rollback {
        executor: FOUR,
        to: 1,
        no_hooks: false,
        ..Rollback::default()
    });
    let mut told = String::new();
    act(&mut world, &case.release, &back, &conditions, &mut |_, heard| {
        if let Heard::Helm(step) = heard {
            told.push_str(&step.reason.text);
        }
    });
    assert!(world.get(&key("pvc shop/data")).is_none());
    assert!(told.contains("goes at once, whoever uses it"), "{told}");
}

#[test]
fn helm_4_makes_the_hooks_of_what_the_client_applied() {
    let job = "[{apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: setup}}]";
    let flipped = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: setup, annotations: {helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: hook-succeeded}}\n";
    let first = |case: Case| case.upgraded(FOUR, flipped).into_iter().next();
    let refused = "refuse job/setup: Hook pre-upgrade job/setup failed: it already exists";
    assert_eq!(first(Case::manifest(job, "")).as_deref(), Some(refused));
    assert_eq!(
        first(server_side(job, "")).as_deref(),
        Some("patch job/setup [metadata.annotations]")
    );
}

#[test]
fn helm_4_cannot_apply_a_hook_with_another_template() {
    let job = "[{apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: setup}}]";
    let of = |annotations: &str, image: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: setup, annotations: {{{annotations}}}}}\nspec: {{template: {{spec: {{containers: [{{name: main, image: {image}}}]}}}}}}\n"
        )
    };
    let hook = "helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: hook-failed";
    let steps = |image: &str| server_side(job, &of("", "one")).upgraded(FOUR, &of(hook, image));
    let other = steps("two");
    assert!(
        other[0].starts_with("refuse job/setup: Job.batch \"setup\" is invalid: spec.template"),
        "{other:?}"
    );
    assert_eq!(other[1..], ["patch record.v2 [revision 3: failed]"]);
    assert!(steps("one")[0].starts_with("patch job/setup"));
}

#[test]
fn an_uninstall_waits_for_what_it_deletes_alone() {
    let going = ", deletionTimestamp: '2026-11-20T10:00:00Z', finalizers: [example.com/hold]";
    let waits = |meta: &str| {
        let case = Case::manifest(&live_claim(&format!("{meta}{going}")), &claim("data", ""));
        let (_, granted) = case.heard(&HelmAct::Uninstall(Uninstall {
            wait: true,
            ..Uninstall::plain(FOUR)
        }));
        granted.iter().any(|told| told.contains("--wait gives up"))
    };
    assert!(waits(OWN));
    assert!(!waits("labels: {}"));
}

#[test]
fn pods_of_a_new_template_race_with_the_deletion_of_their_claim() {
    let deployment = |image: &str| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec: {{selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: main, image: {image}}}], volumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]}}}}}}\n"
        )
    };
    let live = deployment("one").replace(
        "metadata: {name: web}",
        &format!("metadata: {{namespace: shop, name: web, uid: w, {OWN}}}"),
    );
    for (image, keeps, races) in [("two", false, true), ("one", false, false), ("two", true, false)] {
        let mut case = Case::manifest(
            &format!("{live}---\n{}", live_claim(OWN)),
            &(deployment("one") + &claim("data", "")),
        );
        let next = deployment(image) + &if keeps { claim("data", "") } else { String::new() };
        case.ledger.enter_rendered(NEW.into(), Manifest::parse(&next, "shop"));
        let (steps, granted) = case.heard(&HelmAct::Upgrade(Upgrade {
            executor: THREE,
            rendered: NEW.into(),
            ..Upgrade::default()
        }));
        let told = granted
            .iter()
            .any(|told| told.contains("first new pods of deployment/web are placed before pvc/data"));
        assert_eq!(told, races, "{image} {keeps}: {steps:?} {granted:?}");
    }
}
