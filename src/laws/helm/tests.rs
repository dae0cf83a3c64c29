//! Worlds, releases, and what Helm does: in its order, a line a step.

use super::*;
use crate::laws::fixture::{key, world as of};
use crate::model::act::{Rollback, Uninstall, Upgrade};
use crate::model::helm::{Executor, Ledger, Live, Manifest, Reading, Stamp};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;

mod firm;
mod history;
mod install;
mod update;

const THREE: Option<Executor> = Some(Executor::new(3, 22, 0));
const FOUR_TWO: Option<Executor> = Some(Executor::new(4, 2, 4));
const FOUR: Option<Executor> = Some(Executor::new(4, 3, 1));
const NEW: &str = "new";

const RECORDS: &str = "
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}, spec: {finalizers: [kubernetes]}}
- {apiVersion: v1, kind: Secret, metadata: {namespace: shop, name: sh.helm.release.v1.app.v1, labels: {owner: helm, name: app, version: '1', status: superseded}}}
- {apiVersion: v1, kind: Secret, metadata: {namespace: shop, name: sh.helm.release.v1.app.v2, labels: {owner: helm, name: app, version: '2', status: deployed}}}
";

const OWN: &str = "labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: app, meta.helm.sh/release-namespace: shop}";

struct Case {
    world: World,
    ledger: Ledger,
    release: Pin,
}

fn record(status: &str, revision: u32, manifest: &str, hooks: &Value) -> Reading {
    let payload = json!({
        "name": "app", "namespace": "shop", "version": revision, "info": {"status": status}, "manifest": manifest, "hooks": hooks,
    });
    let payload = STANDARD.encode(STANDARD.encode(payload.to_string()));
    Reading::of_secret(json!({"data": {"release": payload}}).to_string().as_bytes())
}

impl Case {
    /// A world with the records of `app`, the newest of this status, manifest and hooks.
    fn new(objects: &str, status: &str, manifest: &str, hooks: &Value) -> Self {
        let world = of(&format!("{RECORDS}\n---\n{objects}"));
        let mut ledger = Ledger::default();
        let release = world.get(&key("release shop/sh.helm.release.v1.app.v2")).unwrap().pin();
        ledger.enter(release.clone(), record(status, 2, manifest, hooks));
        Self { world, ledger, release }
    }

    fn manifest(objects: &str, manifest: &str) -> Self {
        Self::new(objects, "deployed", manifest, &json!([]))
    }

    fn first(mut self, manifest: &str) -> Self {
        let pin = self
            .world
            .get(&key("release shop/sh.helm.release.v1.app.v1"))
            .unwrap()
            .pin();
        self.ledger.enter(pin, record("superseded", 1, manifest, &json!([])));
        self
    }

    fn live(mut self, kind: &str, name: &str, live: Live) -> Self {
        self.ledger.enter_live(Address::new("v1", kind, "", name, "shop"), live);
        self
    }

    fn does(&self, act: &HelmAct) -> Vec<String> {
        self.heard(act).0
    }

    /// The steps, and what was taken for granted.
    fn heard(&self, act: &HelmAct) -> (Vec<String>, Vec<String>) {
        let (mut steps, mut granted) = (Vec::new(), Vec::new());
        let conditions = Conditions {
            helm: Arc::new(self.ledger.clone()),
            ..Conditions::default()
        };
        super::act(
            &mut self.world.clone(),
            &self.release,
            act,
            &conditions,
            &mut |_, heard| match heard {
                Heard::Law(_) => {}
                Heard::Granted(what) => granted.push(what),
                Heard::Helm(step) => steps.push(match &step.deed {
                    Deed::Delete => format!("delete {}", step.address),
                    Deed::Absent => format!("absent {}", step.address),
                    Deed::Hang { finalizers } => format!("hang {} {finalizers:?}", step.address).replace('"', ""),
                    Deed::Keep => format!("keep {}", step.address),
                    Deed::Create => format!("create {}", step.address),
                    Deed::Patch { fields } => format!("patch {} {fields:?}", step.address).replace('"', ""),
                    Deed::Refuse { error } => format!("refuse {}: {error}", step.address),
                    Deed::Unknown { missing } => format!("unknown {}: {missing}", step.address),
                }),
            },
        );
        let short = |line: String| line.replace("sh.helm.release.v1.", "").replace("Secret/app", "record");
        (steps.into_iter().map(short).collect(), granted)
    }

    fn uninstalled(&self, executor: Option<Executor>) -> Vec<String> {
        self.does(&HelmAct::Uninstall(Uninstall::plain(executor)))
    }

    fn upgraded(mut self, executor: Option<Executor>, rendered: &str) -> Vec<String> {
        self.ledger
            .enter_rendered(NEW.into(), Manifest::parse(rendered, "shop"));
        self.does(&HelmAct::Upgrade(Upgrade {
            executor,
            rendered: NEW.into(),
            take_ownership: false,
            no_hooks: false,
            ..Upgrade::default()
        }))
    }
}

fn claim(name: &str, annotations: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\nspec: {{storageClassName: efs}}\n"
    )
}

fn live_claim(meta: &str) -> String {
    format!(
        "[{{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {{namespace: shop, name: data, {meta}}}, spec: {{storageClassName: efs}}}}]"
    )
}

const GONE: [&str; 2] = ["delete record.v1", "delete record.v2"];

/// §4: CRD ⇒ every CR, whichever act of Helm's deletes it.
#[test]
fn a_definition_that_a_rollback_drops_takes_all_its_objects_along() {
    let definition = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: wishes.example.com}\n";
    let rollback = HelmAct::Rollback(Rollback {
        executor: THREE,
        to: 1,
        ..Rollback::default()
    });
    for (policy, deed) in [(None, "delete"), (Some("keep"), "keep")] {
        let mut case = Case::manifest("[]", definition).first(&claim("old", ""));
        let address = Address::new(
            "apiextensions.k8s.io/v1",
            "CustomResourceDefinition",
            "",
            "wishes.example.com",
            "shop",
        );
        let stamp = Stamp {
            policy: policy.map(Into::into),
            ..Stamp::default()
        };
        case.ledger.enter_live(address, Live::There(stamp));
        let (steps, granted) = case.heard(&rollback);
        let step = format!("{deed} CustomResourceDefinition/wishes.example.com");
        assert!(steps.contains(&step), "{steps:?}");
        let lost = granted
            .iter()
            .any(|told| told.starts_with("how many wishes.example.com there are, and whose"));
        assert_eq!(lost, deed == "delete", "{granted:?}");
    }
}

#[test]
fn a_finalizer_holds_what_the_world_does_not_hold_too() {
    let held = |deleting| Stamp {
        managed_by: Some("Helm".into()),
        release_name: Some("app".into()),
        release_namespace: Some("shop".into()),
        finalizers: vec!["example.com/hold".into()].into(),
        deleting,
        ..Stamp::default()
    };
    let config = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n";
    let hangs = "hang ConfigMap/settings [example.com/hold]";
    let live = |case: Case, deleting| case.live("ConfigMap", "settings", Live::There(held(deleting)));
    let case = live(Case::manifest("[]", config), false);
    assert_eq!(case.uninstalled(THREE)[0], hangs);
    let (_, granted) = case.heard(&HelmAct::Uninstall(Uninstall {
        wait: true,
        ..Uninstall::plain(FOUR)
    }));
    let waits = |told: &String| told.contains("--wait gives up on ConfigMap/settings");
    assert!(granted.iter().any(waits), "{granted:?}");
    assert_eq!(case.upgraded(THREE, "")[0], hangs);
    // a rollback patches it from its live state: the finalizer goes, and where it is being deleted the object with it
    for (deleting, expected) in [
        (true, "delete ConfigMap/settings"),
        (false, "patch ConfigMap/settings [data]"),
    ] {
        let stated = config.to_owned() + "data: {a: b}\n";
        let case = live(Case::manifest("[]", "").first(&stated), deleting);
        let steps = case.does(&HelmAct::Rollback(Rollback {
            executor: FOUR,
            to: 1,
            no_hooks: false,
            wait: false,
        }));
        assert!(steps[0].starts_with(expected), "{steps:?}");
    }
}

#[test]
fn an_uninstall_goes_by_the_stored_policy() {
    for (stored, expected) in [
        ("", "delete pvc/data"),
        ("helm.sh/resource-policy: keep", "keep pvc/data"),
        ("helm.sh/resource-policy: ' KEEP '", "keep pvc/data"),
        ("helm.sh/resource-policy: retain", "keep pvc/data"),
        ("helm.sh/resource-policy: ''", "keep pvc/data"),
    ] {
        for executor in [THREE, FOUR_TWO, FOUR] {
            let case = Case::manifest(&live_claim(OWN), &claim("data", stored));
            assert_eq!(
                case.uninstalled(executor),
                [&[expected][..], &GONE].concat(),
                "{stored} {executor:?}"
            );
        }
    }
}

#[test]
fn live_ownership_counts_from_4_3_on_and_a_live_keep_never() {
    let kept = OWN.replace("annotations: {", "annotations: {helm.sh/resource-policy: keep, ");
    for (meta, executor, expected) in [
        ("labels: {}", THREE, "delete pvc/data"),
        ("labels: {}", FOUR_TWO, "delete pvc/data"),
        ("labels: {}", FOUR, "keep pvc/data"),
        (
            &OWN.replace("release-name: app", "release-name: other"),
            FOUR,
            "keep pvc/data",
        ),
        (&kept, THREE, "delete pvc/data"),
        (&kept, FOUR, "delete pvc/data"),
        (&kept, None, "delete pvc/data"),
        (
            "labels: {}",
            None,
            "unknown pvc/data: the version of helm: before 4.3 it deletes this, from 4.3 on it leaves what is not the release's",
        ),
    ] {
        let case = Case::manifest(&live_claim(meta), &claim("data", ""));
        assert_eq!(
            case.uninstalled(executor).first().map(String::as_str),
            Some(expected),
            "{meta} {executor:?}"
        );
    }
    let absent = Case::manifest("[]", &claim("data", ""));
    assert_eq!(absent.uninstalled(THREE), [&["absent pvc/data"][..], &GONE].concat());
}

#[test]
fn the_order_is_helms() {
    let document = |kind: &str, name: &str| format!("---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n");
    let kinds = [
        "Widget",
        "Apple",
        "PriorityClass",
        "Secret",
        "ValidatingWebhookConfiguration",
        "Service",
    ];
    let mut text: String = kinds.iter().map(|kind| document(kind, "a")).collect();
    text.extend((0..6).map(|number| document("ConfigMap", &format!("c{number}"))));
    let mut case = Case::manifest("[]", &text);
    let stamp = Stamp {
        managed_by: Some("Helm".into()),
        release_name: Some("app".into()),
        release_namespace: Some("shop".into()),
        ..Stamp::default()
    };
    for address in reach(
        &case.release,
        &HelmAct::Uninstall(Uninstall::plain(THREE)),
        &Conditions {
            helm: Arc::new(case.ledger.clone()),
            ..Conditions::default()
        },
        &case.world,
    ) {
        case.ledger.enter_live(address, Live::There(stamp.clone()));
    }
    let kinds = |executor| -> Vec<String> {
        case.uninstalled(executor)
            .iter()
            .map(|line| line.trim_start_matches("delete ").to_owned())
            .collect()
    };
    // the documents 6 to 11 of the manifest: the tenth and eleventh come before the sixth
    let three = [
        "Service/a",
        "ConfigMap/c4",
        "ConfigMap/c5",
        "ConfigMap/c0",
        "ConfigMap/c1",
        "ConfigMap/c2",
        "ConfigMap/c3",
        "Secret/a",
        "PriorityClass/a",
        "Apple/a",
        "ValidatingWebhookConfiguration/a",
        "Widget/a",
        "record.v1",
        "record.v2",
    ];
    assert_eq!(kinds(THREE), three);
    assert_eq!(
        kinds(FOUR).first().map(String::as_str),
        Some("ValidatingWebhookConfiguration/a")
    );
}

#[test]
fn one_kind_that_is_not_served_makes_it_a_matter_of_helms_cache() {
    let text = format!(
        "---\napiVersion: v1\nkind: Widget\nmetadata: {{name: a}}\n{}",
        claim("data", "")
    );
    let case = Case::manifest(&live_claim(OWN), &text).live("Widget", "a", Live::Unserved);
    let steps = case.uninstalled(FOUR);
    let cache =
        "whether the operator's helm still has v1 Widget in its discovery cache (~/.kube/cache, kept for hours)";
    let expected = ["pvc/data", "Widget/a", "record.v2"].map(|object| format!("unknown {object}: {cache}"));
    assert_eq!(steps, expected);
}

fn hook(name: &str, event: &str, policies: &[&str], weight: i64) -> Value {
    json!({
        "name": name, "kind": "Job", "events": [event], "weight": weight, "delete_policies": policies,
        "manifest": format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}}}"),
    })
}

#[test]
fn hooks_run_by_weight_and_stay() {
    let hooks = json!([
        hook("two", "pre-delete", &["hook-succeeded"], 2),
        hook("one", "pre-delete", &[], 1),
        hook("old", "post-install", &[], 0)
    ]);
    let job = "[{apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: old}}, {apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: one}}]";
    let mut case = Case::new(job, "deployed", &claim("data", "helm.sh/resource-policy: keep"), &hooks);
    let (steps, granted) = case.heard(&HelmAct::Uninstall(Uninstall::plain(FOUR)));
    let expected = [
        "delete job/one",
        "create job/one",
        "create job/two",
        "delete job/two",
        "keep pvc/data",
        "keep job/one",
        "keep job/old",
    ];
    assert_eq!(steps, [&expected[..], &GONE].concat());
    assert_eq!(granted.len(), 2, "{granted:?}");

    case.ledger.let_fail(Address::new("batch/v1", "Job", "", "one", "shop"));
    let steps = case.uninstalled(FOUR);
    assert_eq!(
        steps,
        [
            "delete job/one",
            "create job/one",
            "patch record.v2 [status: uninstalling]"
        ]
    );
}

#[test]
fn an_upgrade_is_refused_by_the_payload() {
    for (status, error) in [
        (
            "pending-upgrade",
            "another operation (install/upgrade/rollback) is in progress",
        ),
        (
            "pending-install",
            "another operation (install/upgrade/rollback) is in progress",
        ),
    ] {
        let steps = Case::new("[]", status, "", &json!([])).upgraded(FOUR, "");
        assert_eq!(steps, [format!("refuse record.v2: {error}")], "{status}");
    }
    let mut case = Case::new("[]", "uninstalling", "", &json!([]));
    let mut label = crate::model::Object::clone(case.world.get(&case.release.key).unwrap());
    if let crate::model::Body::Release(facts) = &mut label.body {
        facts.status = "uninstalling".into();
    }
    case.world.put(label);
    assert_eq!(
        case.upgraded(FOUR, ""),
        ["refuse record.v2: \"app\" has no deployed releases"]
    );
}

#[test]
fn what_an_upgrade_drops_goes_unless_the_live_object_says_keep() {
    let policy = |policy: &str| {
        OWN.replace(
            "annotations: {",
            &format!("annotations: {{helm.sh/resource-policy: {policy}, "),
        )
    };
    for (meta, stored, expected) in [
        (OWN.to_owned(), "", "delete pvc/data"),
        ("labels: {}".to_owned(), "", "delete pvc/data"),
        (policy("keep"), "", "keep pvc/data"),
        (policy("Keep"), "", "delete pvc/data"),
        (OWN.to_owned(), "helm.sh/resource-policy: keep", "delete pvc/data"),
    ] {
        for executor in [THREE, FOUR] {
            let case = Case::manifest(&live_claim(&meta), &claim("data", stored));
            let steps = case.upgraded(executor, "");
            assert_eq!(
                steps,
                [expected, "patch record.v2 [status: superseded]"],
                "{meta} {stored}"
            );
        }
    }
}

#[test]
fn an_upgrade_takes_nothing_that_is_anothers() {
    let case = Case::manifest(&live_claim("labels: {}"), "");
    let steps = case.upgraded(THREE, &claim("data", ""));
    assert_eq!(steps.len(), 1);
    assert!(steps[0].starts_with("refuse pvc/data: Unable to continue with update: PersistentVolumeClaim \"data\" in namespace \"shop\" exists and cannot be imported into the current release: invalid ownership metadata; label validation error: missing key"), "{steps:?}");
}

#[test]
fn a_frozen_field_fails_the_revision_and_saves_what_was_dropped() {
    let both = format!("{}{}", claim("data", ""), claim("old", ""));
    let case = Case::manifest(&live_claim(OWN), &both);
    let steps = case.upgraded(FOUR, &claim("data", "").replace("efs", "nfs"));
    assert!(
        steps[0].starts_with("refuse pvc/data: PersistentVolumeClaim \"data\" is invalid: spec: Forbidden"),
        "{steps:?}"
    );
    assert_eq!(steps[1..], ["patch record.v2 [revision 3: failed]"]);

    // a field that may change is changed
    let grown = claim("data", "").replace("spec: {", "spec: {resources: {requests: {storage: 5Gi}}, ");
    let steps = Case::manifest(&live_claim(OWN), &both).upgraded(FOUR, &grown);
    let changed = [
        "patch pvc/data [spec.resources]",
        "patch record.v2 [status: superseded]",
    ];
    assert_eq!(steps, changed);
}

#[test]
fn a_plain_object_that_becomes_a_hook_is_deleted_by_the_update() {
    let job = "[{apiVersion: batch/v1, kind: Job, metadata: {namespace: shop, name: setup}}]";
    let plain = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: setup}\n";
    let flipped = |policy: &str| {
        format!(
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: setup, annotations: {{helm.sh/hook: pre-upgrade{policy}}}}}\n"
        )
    };
    let steps = Case::manifest(job, plain).upgraded(THREE, &flipped(""));
    assert_eq!(
        steps,
        [
            "delete job/setup",
            "create job/setup",
            "delete job/setup",
            "patch record.v2 [status: superseded]"
        ]
    );
    let steps = Case::manifest(job, plain).upgraded(THREE, &flipped(", helm.sh/hook-delete-policy: hook-succeeded"));
    assert_eq!(
        steps,
        [
            "refuse job/setup: Hook pre-upgrade job/setup failed: it already exists",
            "patch record.v2 [revision 3: failed]"
        ]
    );

    // a hook of another name takes nothing from the plain object, nor one that was a hook before
    let other = plain.to_owned() + &flipped("").replace("setup", "other");
    let live = job.replace("name: setup", &format!("name: setup, {OWN}"));
    let steps = Case::manifest(&live, plain).upgraded(THREE, &other);
    assert_eq!(steps, ["create job/other", "patch record.v2 [status: superseded]"]);
    let steps = Case::manifest(job, "").upgraded(THREE, &flipped(""));
    let again = [
        "delete job/setup",
        "create job/setup",
        "patch record.v2 [status: superseded]",
    ];
    assert_eq!(steps, again);
}

#[test]
fn helm_4_makes_a_hook_while_the_one_before_may_still_be_going() {
    let before = claim(
        "data",
        "helm.sh/hook: pre-upgrade, helm.sh/hook-delete-policy: before-hook-creation",
    );
    let protected = |held: &str| live_claim(&format!("{OWN}, finalizers: [kubernetes.io/pvc-protection{held}]"));
    let exists = "refuse pvc/data: Hook pre-upgrade pvc/data failed: it already exists";
    for (finalizers, executor, expected) in [
        ("", FOUR, "create pvc/data"),
        (", example.com/hold", FOUR, exists),
        ("", THREE, "create pvc/data"),
    ] {
        let steps = Case::manifest(&protected(finalizers), "").upgraded(executor, &before);
        assert_eq!(steps[..2], ["delete pvc/data", expected], "{finalizers} {executor:?}");
    }
}

#[test]
fn a_rollback_makes_what_the_old_revision_listed_and_drops_the_rest() {
    let case = Case::manifest(&live_claim(OWN), &claim("data", "")).first(&claim("old", ""));
    let back = |to| {
        case.does(&HelmAct::Rollback(Rollback {
            executor: THREE,
            to,
            no_hooks: false,
            ..Rollback::default()
        }))
    };
    let expected = [
        "create pvc/old",
        "delete pvc/data",
        "patch record.v2 [status: superseded]",
    ];
    assert_eq!(back(0), expected);
    assert_eq!(back(1), expected);
    assert_eq!(back(7), ["refuse record.v2: release has no 7 version"]);
}

#[test]
fn a_record_that_was_not_read_is_unknown() {
    let mut case = Case::manifest("[]", "");
    case.ledger = Ledger::default();
    assert_eq!(
        case.uninstalled(THREE),
        ["unknown record.v2: the payload of release/app.v2 as it is now: it was not read"]
    );
}
