//! How objects stand, on a small world and the record of a release.

use super::super::fixture::{QUIET, conditions, denied, now, world};
use super::*;
use crate::model::World;
use crate::model::helm::Manifest;

const LIVE: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: ours, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop}}}
- {kind: PersistentVolumeClaim, metadata: {name: live-keep, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop, helm.sh/resource-policy: keep}}}
- {kind: PersistentVolumeClaim, metadata: {name: stored-keep, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop, helm.sh/resource-policy: keep}}}
- {kind: PersistentVolumeClaim, metadata: {name: capital-keep, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop, helm.sh/resource-policy: Keep}}}
- {kind: PersistentVolumeClaim, metadata: {name: odd, namespace: shop}}
- {kind: PersistentVolumeClaim, metadata: {name: theirs, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: stg, meta.helm.sh/release-namespace: stg}}}
- {kind: PersistentVolumeClaim, metadata: {name: going, namespace: shop, deletionTimestamp: "2026-04-27T10:48:00Z", labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop}}}
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: efs, labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: eks, meta.helm.sh/release-namespace: shop}}, provisioner: efs.csi.aws.com}
- {kind: PersistentVolumeClaim, metadata: {name: a, namespace: stg}, spec: {storageClassName: efs}}
- {kind: PersistentVolumeClaim, metadata: {name: b, namespace: beta}, spec: {storageClassName: efs}}
- {kind: PersistentVolumeClaim, metadata: {name: c, namespace: beta}, spec: {storageClassName: other}}
"#;

fn claim(name: &str, policy: &str) -> String {
    let policy = if policy.is_empty() {
        String::new()
    } else {
        format!(", annotations: {{helm.sh/resource-policy: {policy:?}}}")
    };
    format!("---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}{policy}}}\n")
}

fn eks() -> Home {
    Home::new("shop", "eks", crate::model::helm::Driver::Secret)
}

fn record() -> Record {
    let text = claim("ours", "")
        + &claim("live-keep", "")
        + &claim("stored-keep", "keep")
        + &claim("capital-keep", "Keep")
        + &claim("odd", "retain")
        + &claim("theirs", "")
        + &claim("going", "")
        + &claim("gone", "")
        + "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: efs}\nprovisioner: efs.csi.aws.com\n"
        + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n"
        + "---\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: unasked}\n";
    let payload = serde_json::json!({"name": "eks", "namespace": "shop", "version": 7, "info": {"status": "deployed"}});
    let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, payload.to_string());
    Record {
        manifest: Manifest::parse(&text, "shop"),
        ..Record::decode(&payload).unwrap()
    }
}

fn asked() -> BTreeMap<Address, Live> {
    let address = |api: &str, kind: &str, name: &str| Address::new(api, kind, "", name, "shop");
    let why = "denied: configmaps is forbidden".to_owned();
    [
        (address("v1", "ConfigMap", "app"), Live::Unknown { why }),
        (address("example.com/v1", "Widget", "w"), Live::Unserved),
    ]
    .into()
}

fn stand(world: &World, claims: &Claims) -> Vec<Standing> {
    let conditions = conditions();
    let look = Look {
        world,
        conditions: &conditions,
        now: now(),
        quiet: QUIET,
    };
    standings(look, &eks(), &record(), &asked(), claims)
}

fn of(all: &[Standing], name: &str) -> Standing {
    all.iter()
        .find(|standing| standing.object.name == name)
        .unwrap()
        .clone()
}

fn says(standing: &Standing, words: &str) -> bool {
    standing.notes.iter().any(|note| note.sentence.contains(words))
}

#[test]
fn each_object_is_there_or_gone_or_not_known() {
    let all = stand(&world(LIVE), &Claims::default());
    for (name, word) in [
        ("ours", "live"),
        ("going", "Terminating"),
        ("gone", "gone"),
        ("app", "not known"),
        ("w", "not served"),
        ("unasked", "not known"),
    ] {
        assert_eq!(of(&all, name).life.word(), word, "{name}");
    }
    assert!(says(&of(&all, "app"), "denied: configmaps is forbidden"));
    assert!(says(&of(&all, "unasked"), "not looked at yet"));
    let blind = stand(&denied(&world(LIVE), Kind::PersistentVolumeClaim), &Claims::default());
    let ours = of(&blind, "ours");
    assert_eq!(ours.life.word(), "not known", "what is denied is not gone");
    assert!(says(&ours, "denied"), "{ours:?}");
}

#[test]
fn keep_counts_where_it_is_stored_and_not_where_it_is_live() {
    let all = stand(&world(LIVE), &Claims::default());
    assert!(of(&all, "ours").notes.is_empty(), "{:?}", of(&all, "ours"));
    let live = of(&all, "live-keep");
    assert_eq!(live.keep, Keep::LiveOnly("keep".into()));
    assert!(says(&live, "an uninstall DELETES it"));
    let stored = of(&all, "stored-keep");
    assert_eq!(stored.keep, Keep::Stored);
    assert!(says(&stored, "keep is stored: an uninstall leaves it") && stored.notes[0].severity == Severity::Clean);
    let capital = of(&all, "capital-keep");
    assert_eq!(capital.keep, Keep::Stored);
    assert!(
        says(&capital, "an upgrade or rollback that drops it reads the live object"),
        "{capital:?}"
    );
    let odd = of(&all, "odd");
    assert_eq!(odd.keep, Keep::StoredOther("retain".into()));
    assert!(says(&odd, "not keep: an uninstall leaves it, and helm does not say so"));
}

#[test]
fn whose_it_is_and_who_else_names_it() {
    let home = |namespace: &str, name: &str| Home::new(namespace, name, crate::model::helm::Driver::Secret);
    let address = |name: &str| Address::new("v1", "PersistentVolumeClaim", "shop", name, "");
    let class = Address::new("storage.k8s.io/v1beta1", "StorageClass", "", "efs", "");
    let claims = Claims {
        by: [
            (home("stg", "stg"), vec![class, address("theirs")]),
            (home("shop", "eks"), vec![address("ours")]),
            (home("shop", "other"), vec![address("elsewhere")]),
        ]
        .into(),
        left: BTreeMap::new(),
    };
    let all = stand(&world(LIVE), &claims);
    let theirs = of(&all, "theirs");
    assert_eq!(theirs.claimed_by, [home("stg", "stg")]);
    assert!(says(&theirs, "shop/eks and stg/stg name it in what they have deployed"));
    assert!(says(&theirs, "it bears the stamp of stg/stg"));
    assert!(says(&theirs, "is stg/stg's by its stamp"));
    assert!(of(&all, "ours").claimed_by.is_empty(), "a release is not its own rival");
    let class = of(&all, "efs");
    assert_eq!(
        class.claimed_by,
        [home("stg", "stg")],
        "across versions of the API and namespaces"
    );
    assert!(says(&class, "2 claims in beta, stg name this class"), "{class:?}");
    assert!(says(&of(&all, "odd"), "does not bear this release's stamp"));
}

#[test]
fn a_label_that_lies_is_told() {
    let record = record();
    assert_eq!(mislabelled("deployed", &record), None);
    assert!(
        mislabelled("failed", &record)
            .unwrap()
            .contains("its label says \"failed\" and its payload \"deployed\"")
    );
}
