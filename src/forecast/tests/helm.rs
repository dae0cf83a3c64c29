//! Acts of Helm's: every object of a release under the question it answers, of kinds the world holds or not.

use super::{CSI, NODE, QUIET, now, pair, pin, pod, tier};
use crate::forecast::{Forecast, Outcome, Subject, Tier, Why, forecast};
use crate::laws::Conditions;
use crate::laws::fixture::world;
use crate::model::act::{HelmAct, Uninstall, Upgrade};
use crate::model::helm::{Address, Executor, Ledger, Live, Manifest, Reading, Stamp};
use crate::model::{Act, Propagation};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::sync::Arc;

const THREE: Option<Executor> = Some(Executor::new(3, 22, 0));
const RECORD: &str = "
---
apiVersion: v1
kind: Namespace
metadata: {name: a}
spec: {finalizers: [kubernetes]}
---
apiVersion: v1
kind: Secret
metadata: {namespace: a, name: sh.helm.release.v1.app.v1, labels: {owner: helm, name: app, version: '1', status: deployed}}
";
const DEPLOYMENT: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: a, uid: u-web}
spec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-1, namespace: a, uid: u-web-1, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u-web, controller: true}]}
spec: {replicas: 0, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {}}}
";

fn document(api: &str, kind: &str, name: &str, annotations: &str) -> String {
    format!("---\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}, annotations: {{{annotations}}}}}\n")
}

fn config(name: &str) -> Address {
    Address::new("v1", "ConfigMap", "", name, "a")
}

fn stamped(release: &str) -> Live {
    Live::There(Stamp {
        managed_by: Some("Helm".into()),
        release_name: Some(release.into()),
        release_namespace: Some("a".into()),
        ..Stamp::default()
    })
}

/// What is said of an act on release `app`, deployed from this manifest in this world.
fn says(objects: &str, manifest: &str, mut ledger: Ledger, helm: HelmAct) -> Forecast {
    let world = world(&(objects.to_owned() + RECORD + NODE));
    let release = pin(&world, "release a/sh.helm.release.v1.app.v1");
    let payload = json!({
        "name": "app", "namespace": "a", "version": 1, "info": {"status": "deployed"}, "manifest": manifest, "hooks": [],
    });
    let payload = STANDARD.encode(STANDARD.encode(payload.to_string()));
    let secret = json!({"data": {"release": payload}}).to_string();
    ledger.enter(release.clone(), Reading::of_secret(secret.as_bytes()));
    let conditions = Conditions {
        helm: Arc::new(ledger),
        ..Conditions::default()
    };
    forecast(
        &world,
        &Act::Helm {
            release,
            helm,
            means: None,
        },
        &conditions,
        now(),
        QUIET,
    )
}

fn names(subjects: &[Subject]) -> Vec<String> {
    subjects.iter().map(ToString::to_string).collect()
}

fn reasons(whys: &[Why]) -> Vec<String> {
    whys.iter().map(|why| format!("{}: {}", why.object, why.why)).collect()
}

#[test]
fn an_uninstall_is_rolled_up_whole() {
    let objects = pair("data", "Delete", CSI)
        + &pair("held", "Retain", &CSI.replace("fs-1", "fs-2"))
        + &pod("guest", "held", "", "Running")
        + DEPLOYMENT;
    let manifest = document("v1", "PersistentVolumeClaim", "data", "")
        + &document("v1", "PersistentVolumeClaim", "held", "")
        + &document("apps/v1", "Deployment", "web", "")
        + &document("v1", "ConfigMap", "settings", "")
        + &document("v1", "ConfigMap", "saved", "helm.sh/resource-policy: keep");
    let mut ledger = Ledger::default();
    ledger.enter_live(config("settings"), stamped("app"));
    ledger.enter_live(config("saved"), stamped("app"));
    let uninstall = Uninstall {
        cascade: Propagation::Orphan,
        ..Uninstall::plain(THREE)
    };
    let forecast = says(&objects, &manifest, ledger, HelmAct::Uninstall(uninstall));
    let summary = forecast.summary();
    assert_eq!(
        names(&summary.deleted),
        [
            "release/sh.helm.release.v1.app.v1",
            "pvc/data",
            "deployment/web",
            "ConfigMap/settings"
        ]
    );
    let disks: Vec<_> = summary
        .disks_destroyed
        .iter()
        .map(|disk| disk.volume.to_string())
        .collect();
    assert_eq!(disks, ["pv/pv-data"]);
    assert_eq!(summary.hangs[0].object.to_string(), "pvc/held");
    assert_eq!(summary.hangs[0].on, ["Pod guest"]);
    assert_eq!(names(&summary.orphaned), ["replicaset/web-1"]);
    let kept = reasons(&summary.kept);
    assert!(kept.iter().any(|why| why.starts_with("ConfigMap/saved: ")), "{kept:?}");
    assert!(summary.unknown.is_empty() && summary.refused.is_empty(), "{summary:?}");

    let value = json!(summary);
    assert_eq!(value["deleted"][1]["kind"], "PersistentVolumeClaim");
    assert_eq!(
        value["deleted"][3],
        json!({"apiVersion": "v1", "kind": "ConfigMap", "namespace": "a", "name": "settings"})
    );

    // in the text they stand together, each word once
    let mut words: Vec<&str> = forecast.fates().iter().map(|fate| fate.outcome.word()).collect();
    assert_eq!(words.len(), forecast.entries.len() + forecast.others.len());
    words.dedup();
    assert_eq!(words, ["DESTROYED", "HANGS", "DELETED", "ORPHANED", "KEPT"]);
}

#[test]
fn an_upgrade_is_rolled_up_whole() {
    let base = document("v1", "ConfigMap", "settings", "") + &document("v1", "ConfigMap", "old", "");
    let next = document("v1", "ConfigMap", "settings", "tried: twice") + &document("v1", "ConfigMap", "fresh", "");
    let asked = |fresh: Live| {
        let mut ledger = Ledger::default();
        ledger.enter_live(config("settings"), stamped("app"));
        ledger.enter_live(config("old"), stamped("app"));
        ledger.enter_live(config("fresh"), fresh);
        ledger.enter_rendered("new".into(), Manifest::parse(&next, "a"));
        let upgrade = Upgrade {
            executor: THREE,
            rendered: "new".into(),
            take_ownership: false,
            no_hooks: false,
            ..Upgrade::default()
        };
        says("", &base, ledger, HelmAct::Upgrade(upgrade)).summary()
    };
    let clean = asked(Live::Absent);
    assert_eq!(names(&clean.created)[0], "ConfigMap/fresh");
    assert_eq!(names(&clean.deleted), ["ConfigMap/old"]);
    assert!(
        reasons(&clean.changed)
            .iter()
            .any(|why| why.starts_with("ConfigMap/settings: ")),
        "{clean:?}"
    );
    let taken = asked(stamped("other"));
    let refused = reasons(&taken.refused);
    assert!(
        refused
            .iter()
            .any(|why| why.contains("cannot be imported into the current release")),
        "{taken:?}"
    );
    assert!(taken.created.is_empty() && taken.deleted.is_empty(), "{taken:?}");
}

#[test]
fn an_upgrade_names_the_records_that_make_room_and_weighs_no_more_for_them() {
    let superseded = |count: u32| {
        let record = |at: u32| {
            let name = format!("sh.helm.release.v1.app.v0{at}");
            format!(
                "---\napiVersion: v1\nkind: Secret\nmetadata: {{namespace: a, name: {name}, labels: {{owner: helm, name: app, version: '0', status: superseded}}}}\n"
            )
        };
        (0..count).map(record).collect::<String>()
    };
    for (count, told) in [(8, vec![]), (9, vec!["release/sh.helm.release.v1.app.v00"])] {
        let mut ledger = Ledger::default();
        ledger.enter_rendered("new".into(), Manifest::default());
        let upgrade = Upgrade {
            executor: THREE,
            rendered: "new".into(),
            ..Upgrade::default()
        };
        let forecast = says(&superseded(count), "", ledger, HelmAct::Upgrade(upgrade));
        let deleted = forecast.summary().deleted;
        assert_eq!(names(&deleted), told, "{count}");
        assert_eq!(tier(&forecast).0, Tier::T1);
        let mut entries = forecast
            .entries
            .iter()
            .filter(|entry| entry.outcome == Outcome::Deleted);
        assert!(entries.all(|entry| {
            entry
                .reason
                .text
                .contains("nobody can roll back to revision 0 any more")
        }));
    }
}

#[test]
fn what_an_unknown_helm_would_spare_is_unknown_and_why() {
    let manifest = document("v1", "ConfigMap", "settings", "") + &document("v1", "ConfigMap", "stray", "");
    let mut ledger = Ledger::default();
    ledger.enter_live(config("settings"), stamped("app"));
    ledger.enter_live(config("stray"), stamped("other"));
    let forecast = says("", &manifest, ledger, HelmAct::Uninstall(Uninstall::plain(None)));
    let unknown = reasons(&forecast.summary().unknown);
    assert_eq!(unknown.len(), 1, "{unknown:?}");
    assert!(
        unknown[0].starts_with("ConfigMap/stray: the version of helm"),
        "{unknown:?}"
    );
}

#[test]
fn another_tenants_object_is_irreversible_of_whatever_kind() {
    let manifest = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared, namespace: b}\n";
    let mut ledger = Ledger::default();
    ledger.enter_live(Address::new("v1", "ConfigMap", "b", "shared", "a"), stamped("app"));
    let forecast = says("", manifest, ledger, HelmAct::Uninstall(Uninstall::plain(THREE)));
    assert_eq!(forecast.others[0].outcome, Outcome::Deleted, "{forecast:?}");
    let (tier, because) = tier(&forecast);
    assert_eq!(tier, Tier::T3, "{because}");
    assert!(because.contains("another tenant"), "{because}");
}

/// A set of the release with two pods, of these revisions where it makes any, and the manifest that states it.
struct Rolled {
    kind: &'static str,
    spec: &'static str,
    revisions: [&'static str; 2],
}

impl Rolled {
    fn stated(&self, image: &str, meta: &str) -> String {
        let Self { kind, spec, .. } = self;
        let replicas = if *kind == "DaemonSet" { "" } else { "replicas: 2, " };
        format!(
            "---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web{meta}}}\nspec: {{{replicas}{spec}selector: {{matchLabels: {{app: web}}}}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: main, image: {image}}}]}}}}}}\n"
        )
    }

    /// What an upgrade does to the pods where this image runs, the release states `one` and is to state `next`, and what it
    /// takes for granted.
    fn upgraded(&self, live: &str, next: &str) -> (Vec<String>, Vec<String>) {
        let stamp = ", namespace: a, uid: u-web, generation: 1, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: app, meta.helm.sh/release-namespace: a}";
        let [low, high] = self.revisions;
        let status =
            format!("status: {{observedGeneration: 1, currentRevision: {low}, updateRevision: {high}, replicas: 2}}\n");
        let owner = format!(
            "ownerReferences: [{{apiVersion: apps/v1, kind: {}, name: web, uid: u-web, controller: true}}]",
            self.kind
        );
        let pods = self
            .revisions
            .iter()
            .zip(["n1", "n2"])
            .enumerate()
            .map(|(at, (revision, node))| {
                let meta = format!(", {owner}, labels: {{app: web, controller-revision-hash: {revision}}}");
                pod(&format!("web-{at}"), "", &meta, "Running")
                    .replace(", volumes: [{name: d, persistentVolumeClaim: {claimName: }}]", "")
                    .replace("n1", node)
            });
        let objects = self.stated(live, stamp) + &status + &pods.collect::<String>() + &NODE.replace("n1", "n2");
        let mut ledger = Ledger::default();
        ledger.enter_rendered("new".into(), Manifest::parse(&self.stated(next, ""), "a"));
        let upgrade = Upgrade {
            executor: THREE,
            rendered: "new".into(),
            ..Upgrade::default()
        };
        let forecast = says(&objects, &self.stated("one", ""), ledger, HelmAct::Upgrade(upgrade));
        let of_pods = super::told(&forecast)
            .into_iter()
            .filter(|line| line.contains("pod/web"));
        (of_pods.collect(), forecast.unknowns)
    }
}

/// What it is, the set, the image that runs and the next one, and what becomes of the pods.
type Row<'a> = (&'a str, Rolled, (&'a str, &'a str), &'a [&'a str]);

#[test]
fn an_upgrade_with_another_pod_template_restarts_what_it_reaches() {
    let even = ["web-1", "web-1"];
    let case = |kind, spec, revisions| Rolled { kind, spec, revisions };
    let both: &[&str] = &[
        "DELETED pod/web-0",
        "DELETED pod/web-1",
        "RECREATED pod/web-0 without a claim",
        "RECREATED pod/web-1 without a claim",
    ];
    let upper: &[&str] = &[both[1], both[3]];
    let spread: &[&str] = &[
        both[0],
        both[1],
        "RECREATED pod/web-new1 without a claim",
        "RECREATED pod/web-new2 without a claim",
    ];
    let cases: [Row<'_>; 9] = [
        ("a set's pods", case("StatefulSet", "", even), ("one", "two"), both),
        ("the same template", case("StatefulSet", "", even), ("one", "one"), &[]),
        (
            "set by hand already",
            case("StatefulSet", "", even),
            ("two", "two"),
            &[],
        ),
        (
            "down to the partition",
            case(
                "StatefulSet",
                "updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}, ",
                even,
            ),
            ("one", "two"),
            upper,
        ),
        (
            "OnDelete",
            case("StatefulSet", "updateStrategy: {type: OnDelete}, ", even),
            ("one", "two"),
            &[],
        ),
        // the lower pod restarts without the upgrade, too
        (
            "a rollout under way",
            case("StatefulSet", "", ["web-1", "web-2"]),
            ("one", "two"),
            upper,
        ),
        (
            "a pod of each node",
            case("DaemonSet", "", even),
            ("one", "two"),
            spread,
        ),
        (
            "the same on each node",
            case("DaemonSet", "", even),
            ("one", "one"),
            &[],
        ),
        (
            "each node's OnDelete",
            case("DaemonSet", "updateStrategy: {type: OnDelete}, ", even),
            ("one", "two"),
            &[],
        ),
    ];
    for (name, rolled, (live, next), expected) in cases {
        let (told, unknown) = rolled.upgraded(live, next);
        assert_eq!(told, expected, "{name}");
        let doubted = unknown.iter().any(|why| why.contains("are of 2 revisions"));
        assert_eq!(doubted, name == "a rollout under way", "{name}: {unknown:?}");
    }
}

const DEFINITION: &str = "wishes.example.com";
const KEEP: &str = "helm.sh/resource-policy: keep";

fn defined(annotations: &str) -> String {
    document(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        DEFINITION,
        annotations,
    )
}

/// §4: CRD ⇒ every CR. None of them is in the world.
#[test]
fn with_a_definition_go_all_its_objects() {
    let address = Address::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        DEFINITION,
        "a",
    );
    let rendered = document("v1", "ConfigMap", "settings", "");
    let upgrade = || {
        HelmAct::Upgrade(Upgrade {
            executor: THREE,
            rendered: "new".into(),
            ..Upgrade::default()
        })
    };
    let uninstall = |executor| HelmAct::Uninstall(Uninstall::plain(executor));
    let live = |policy: Option<&str>, finalizers: &[&str]| match stamped("app") {
        Live::There(stamp) => Live::There(Stamp {
            policy: policy.map(Into::into),
            finalizers: finalizers.iter().map(|finalizer| (*finalizer).into()).collect(),
            ..stamp
        }),
        other => other,
    };
    for (name, act, annotations, found, all_go) in [
        ("uninstalled", uninstall(THREE), "", live(None, &[]), true),
        ("held", uninstall(THREE), "", live(None, &["example.com/hold"]), true),
        ("stored as kept", uninstall(THREE), KEEP, live(Some("keep"), &[]), false),
        (
            "only the live one says keep",
            uninstall(THREE),
            "",
            live(Some("keep"), &[]),
            true,
        ),
        ("gone already", uninstall(THREE), "", Live::Absent, false),
        ("dropped by an upgrade", upgrade(), "", live(None, &[]), true),
        ("dropped, and kept live", upgrade(), "", live(Some("keep"), &[]), false),
    ] {
        let mut ledger = Ledger::default();
        ledger.enter_live(address.clone(), found);
        ledger.enter_live(config("settings"), stamped("app"));
        ledger.enter_rendered("new".into(), Manifest::parse(&rendered, "a"));
        let manifest = defined(annotations) + &document("v1", "ConfigMap", "settings", "");
        let forecast = says("", &manifest, ledger, act);
        let told = format!("{name}: {forecast:#?}");
        let missing = forecast
            .unknowns
            .iter()
            .any(|told| told.starts_with("how many wishes.example.com there are"));
        assert_eq!(missing, all_go, "{told}");
        assert_eq!(forecast.tier == Tier::T3, all_go, "{told}");
        assert_eq!(
            forecast.because.starts_with("all wishes.example.com go with"),
            all_go,
            "{told}"
        );
        let mut fates = forecast.others.iter();
        let said = fates.any(|other| other.reason.text.contains("with it go all wishes.example.com"));
        assert_eq!(said, all_go, "{told}");
    }
}

/// Before 4.3 helm deletes what is not the release's any more, and nobody has said which helm it is.
#[test]
fn a_definition_that_may_go_weighs_as_much_as_one_that_does() {
    let address = Address::new(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        DEFINITION,
        "a",
    );
    let mut ledger = Ledger::default();
    ledger.enter_live(address, stamped("other"));
    let forecast = says("", &defined(""), ledger, HelmAct::Uninstall(Uninstall::plain(None)));
    assert!(
        matches!(forecast.others[0].outcome, Outcome::Unknown { .. }),
        "{forecast:#?}"
    );
    assert_eq!(forecast.tier, Tier::T3);
}
