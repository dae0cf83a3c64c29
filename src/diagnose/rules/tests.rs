//! Rules one by one and together: what is found after a change is what would be found from nothing.

use super::super::fixture::{self as facts, QUIET, conditions, hasan_prod, now};
use super::*;
use crate::laws::fixture::{self, random::random_world};
use crate::model::{Body, Changed};
use proptest::prelude::*;

#[test]
fn every_rule_has_one_name_and_findings_come_worst_first() {
    let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    assert!(
        RULES
            .iter()
            .flat_map(|rule| rule.traps)
            .all(|trap| (1..=60).contains(trap))
    );
    let tenant = Tenant {
        name: "shop".into(),
        namespaces: vec!["shop".into()],
        release: None,
    };
    let found = findings(&hasan_prod(), &tenant, &conditions(), now(), QUIET);
    assert!(found.iter().all(|finding| names.contains(finding.rule)));
    assert!(found.windows(2).all(|pair| pair[0].severity >= pair[1].severity));
    assert_eq!(found[0].rule, "stuck_claim");
    assert!(unclaimed(&hasan_prod(), &conditions(), now(), QUIET).is_empty());
}

fn look<'a>(world: &'a World, conditions: &'a Conditions) -> Look<'a> {
    Look {
        world,
        conditions,
        now: now(),
        quiet: QUIET,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Looking again only with the rules that read what changed finds what looking with all of them finds.
    #[test]
    fn after_each_change_the_diagnosis_is_that_of_the_whole(
        before in random_world(),
        after in random_world(),
        sizes in prop::collection::vec(1..4_usize, 5),
        release in prop::option::of(Just("x")),
    ) {
        let (mut world, after) = (fixture::world(&before), fixture::world(&after));
        let tenant = Tenant { name: "a".into(), namespaces: vec!["a".into()], release: release.map(Into::into) };
        let mut conditions = conditions();
        conditions.dead_provisioners.insert("d".into());
        let mut diagnosis = Diagnosis::of(look(&world, &conditions), &tenant);
        let gone: Vec<Key> = world.objects().map(|object| object.key()).step_by(3).collect();
        // the body alone changes far more often than the rest, and of a pod's body its health
        let healths = after.objects().filter_map(|object| {
            let mut pod = Object::clone(world.get(&object.key())?);
            let (Body::Pod(held), Body::Pod(new)) = (&mut pod.body, &object.body) else { return None };
            held.status.conditions = new.status.conditions.clone();
            held.status.container_statuses = new.status.container_statuses.clone();
            Some(pod)
        });
        let bodies = after.objects().filter_map(|object| {
            let held = world.get(&object.key())?;
            Some(Object { meta: held.meta.clone(), body: object.body.clone() })
        });
        let whole = after.objects().map(|object| (**object).clone());
        let changes: Vec<Result<Object, Key>> =
            healths.chain(bodies).chain(whole).map(Ok).chain(gone.into_iter().map(Err)).collect();
        // one after the other, and several at once
        let mut rest = changes.into_iter();
        for several in sizes.iter().cycle() {
            let mut changes = Changes::default();
            for change in rest.by_ref().take(*several) {
                let key = change.as_ref().map_or_else(Clone::clone, Object::key);
                let held = world.get(&key).cloned();
                match change {
                    Ok(object) => world.put(object),
                    Err(key) => drop(world.take(&key)),
                }
                if let Some(changed) = Changed::between(held, world.get(&key).cloned()) {
                    changes.add(&changed.into());
                }
            }
            let before: Vec<Finding> = diagnosis.findings().into_iter().cloned().collect();
            let moved = diagnosis.renew(look(&world, &conditions), &tenant, &changes);
            prop_assert_eq!(moved, !diagnosis.findings().into_iter().eq(&before));
            let whole = Diagnosis::of(look(&world, &conditions), &tenant);
            prop_assert_eq!(diagnosis.findings(), whole.findings(), "{:?}", changes);
            if rest.len() == 0 {
                break;
            }
        }
    }
}

/// What a rule finds at an object may rest on what stands far from it.
#[test]
fn what_reaches_an_object_from_afar_is_told() {
    let waiting = "
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: s}, provisioner: d, volumeBindingMode: WaitForFirstConsumer}
- {kind: PersistentVolumeClaim, metadata: {name: c, namespace: shop, creationTimestamp: 2026-04-20T10:00:00Z}, spec: {storageClassName: s}, status: {phase: Pending}}
";
    let consumer = |why: &str| {
        format!(
            "- {{kind: Pod, metadata: {{name: p, namespace: shop}}, spec: {{volumes: [{{name: d, persistentVolumeClaim: {{claimName: c}}}}]}}, status: {{phase: Pending, conditions: [{{type: PodScheduled, status: \"False\", message: {why}}}]}}}}"
        )
    };
    let released = "
- {kind: PersistentVolume, metadata: {name: v}, spec: {storageClassName: s, persistentVolumeReclaimPolicy: Delete, csi: {driver: ebs.csi.aws.com, volumeHandle: h}, claimRef: {namespace: shop, name: c, uid: old}}, status: {phase: Released}}
";
    let provisioner = |ready: &str| {
        format!(
            "- {{kind: Pod, metadata: {{name: ebs-csi-controller-0, namespace: shop}}, spec: {{nodeName: n1}}, status: {{phase: Running, conditions: [{{type: Ready, status: \"{ready}\"}}]}}}}"
        )
    };
    let held = "
- {kind: Secret, metadata: {name: sh.helm.release.v1.eks.v1, namespace: shop, labels: {owner: helm, name: eks, version: '1', status: deployed}}}
- {kind: PersistentVolumeClaim, metadata: {name: c, namespace: shop, labels: {app.kubernetes.io/managed-by: Helm}}, status: {phase: Bound}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: below, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: top, uid: uid-top}]}}
- {kind: Pod, metadata: {name: p, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: below, uid: uid-below}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]}, status: {phase: Running}}
";
    let top = |labels: &str| {
        format!("- {{kind: Job, apiVersion: batch/v1, metadata: {{name: top, namespace: shop, labels: {{{labels}}}}}}}")
    };
    let managed = "app.kubernetes.io/managed-by: Helm";
    for (rule, still, before, after) in [
        ("pending_claim", waiting, consumer("no node"), consumer("no room")),
        ("released_volumes", released, provisioner("True"), provisioner("False")),
        ("foreign_jobs", held, top(""), top(managed)),
    ] {
        let mut world = facts::world(&format!("{still}{before}"));
        let tenant = Tenant {
            name: "shop".into(),
            namespaces: vec!["shop".into()],
            release: None,
        };
        let mut conditions = conditions();
        conditions.dead_provisioners.insert("ebs.csi.aws.com".into());
        let mut diagnosis = Diagnosis::of(look(&world, &conditions), &tenant);
        let object = facts::objects(&after).remove(0);
        let (key, held) = (object.key(), world.get(&object.key()).cloned());
        world.put(object);
        let changed = Changed::between(held, world.get(&key).cloned()).unwrap();
        assert!(
            diagnosis.renew(look(&world, &conditions), &tenant, &changed.into()),
            "{rule}"
        );
        let whole = Diagnosis::of(look(&world, &conditions), &tenant);
        assert_eq!(diagnosis.findings(), whole.findings(), "{rule}");
    }
}
