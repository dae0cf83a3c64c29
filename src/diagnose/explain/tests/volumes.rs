//! Volumes and their attachments.

use super::super::super::fixture::{conditions, denied, with, world};
use super::{has_step, steps, told, told_given};
use crate::diagnose::Explanation;
use crate::model::{Act, Kind};

const VOLUME: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1, META}, spec: {persistentVolumeReclaimPolicy: POLICY, storageClassName: ebs, csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: PHASE}}";
const CLAIM: &str = r"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: Bound}}";
const DYING: &str = "deletionTimestamp: \"2026-04-27T13:00:00Z\", finalizers: [FINALIZER]";

fn volume(meta: &str, policy: &str, phase: &str) -> crate::model::World {
    world(
        &VOLUME
            .replace("META", meta)
            .replace("POLICY", policy)
            .replace("PHASE", phase),
    )
}

fn dying(finalizer: &str, policy: &str, phase: &str) -> crate::model::World {
    volume(&DYING.replace("FINALIZER", finalizer), policy, phase)
}

#[test]
fn a_bound_volume() {
    let explanation = told(&with(volume("labels: {}", "Retain", "Bound"), CLAIM), "pv/pv-1");
    assert_eq!(explanation.sentence, "Bound · shop/data");
    assert!(explanation.way_out.is_empty());
    let going = CLAIM.replace(
        "{name: data,",
        "{name: data, deletionTimestamp: \"2026-04-27T13:00:00Z\",",
    );
    let explanation = told(&with(volume("labels: {}", "Delete", "Bound"), &going), "pv/pv-1");
    assert_eq!(
        explanation.sentence,
        "Bound · shop/data, which is being deleted: then Released, and its disk is destroyed as soon as ebs.csi.aws.com gets to it"
    );
    assert!(steps(&explanation)[0].starts_with("set pv/pv-1 to Retain now"));
}

#[test]
fn a_dying_bound_volume_is_a_fuse() {
    let explanation = told(
        &with(dying("kubernetes.io/pv-protection", "Delete", "Bound"), CLAIM),
        "pv/pv-1",
    );
    assert_eq!(
        explanation.sentence,
        "Terminating 1h00m, waits for its claim shop/data to go"
    );
    for start in [
        "save pv/pv-1's YAML and its disk's handle (ebs.csi.aws.com vol-1)",
        "set pv/pv-1 to Retain: as it stands (Delete)",
        "never delete claim shop/data before the data is saved",
        "do not strip kubernetes.io/pv-protection: a Bound volume goes and its claim is Lost for good",
    ] {
        assert!(has_step(&explanation, start), "{start}: {:#?}", steps(&explanation));
    }
}

#[test]
fn trap_38_is_freed_by_retain() {
    let explanation = told(
        &dying(
            "external-provisioner.volume.kubernetes.io/finalizer",
            "Delete",
            "Available",
        ),
        "pv/pv-1",
    );
    assert_eq!(
        explanation.sentence,
        "Terminating 1h00m, waits for a provisioner that only serves Released volumes"
    );
    assert!(has_step(
        &explanation,
        "set pv/pv-1 to Retain: the provisioner then takes its finalizer off"
    ));
}

#[test]
fn a_dead_provisioner_is_named() {
    let world = dying(
        "external-provisioner.volume.kubernetes.io/finalizer",
        "Delete",
        "Released",
    );
    let unknown = told(&world, "pv/pv-1");
    assert_eq!(
        unknown.sentence,
        "Terminating 1h00m, waits for ebs.csi.aws.com to destroy the disk"
    );
    assert!(has_step(
        &unknown,
        "see whether external-provisioner of ebs.csi.aws.com runs"
    ));
    let mut given = conditions();
    given.dead_provisioners.insert("ebs.csi.aws.com".into());
    let dead = told_given(&world, "pv/pv-1", &given);
    assert!(has_step(&dead, "bring external-provisioner of ebs.csi.aws.com back"));
    // §3.11: a strip is offered last, with what it loses, and only now that its controller is known to be gone
    let strips = |explanation: &Explanation| {
        let acts = explanation.way_out.iter().filter_map(|step| step.act.clone());
        acts.filter(|act| matches!(act, Act::RemoveFinalizer { .. })).count()
    };
    assert_eq!((strips(&unknown), strips(&dead)), (0, 1));
    let last = dead.way_out.last().expect("a step");
    assert!(
        last.sentence.contains("never comes back") && last.sentence.contains("leaked"),
        "{last:?}"
    );
    let alive = with(
        world,
        r#"
- {kind: Pod, metadata: {name: ebs-csi-controller-0, namespace: kube-system}, spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}"#,
    );
    let explanation = told(&alive, "pv/pv-1");
    assert!(
        explanation
            .chain
            .iter()
            .any(|link| link.sentence.contains("(owner alive)"))
    );
    assert!(
        has_step(
            &explanation,
            "let external-provisioner of ebs.csi.aws.com finish: it waits for the backing disk"
        ),
        "{:?}",
        steps(&explanation)
    );
    assert_eq!(strips(&explanation), 0);
    let contradicted = told_given(&alive, "pv/pv-1", &given);
    assert_eq!(
        strips(&contradicted),
        0,
        "what runs is not dead, whatever is said: {:?}",
        steps(&contradicted)
    );
    let told = contradicted.chain.iter().map(|link| link.reason.text.as_str());
    assert!(
        told.collect::<Vec<_>>()
            .contains(&"owner alive: pod kube-system/ebs-csi-controller-0 is ready (known by its name), which contradicts the word that ebs.csi.aws.com is dead"),
        "{:#?}",
        contradicted.chain
    );
}

#[test]
fn an_attachment_holds_a_dying_volume() {
    let world = with(
        dying("external-attacher/ebs-csi-aws-com", "Retain", "Released"),
        r"
- {kind: VolumeAttachment, apiVersion: storage.k8s.io/v1, metadata: {name: va-1}, spec: {attacher: ebs.csi.aws.com, nodeName: n1, source: {persistentVolumeName: pv-1}}, status: {attached: true}}",
    );
    let explanation = told(&world, "pv/pv-1");
    assert_eq!(explanation.sentence, "Terminating 1h00m, held by 1 attachment");
    assert!(has_step(&explanation, "let the volume be detached from n1"));
    assert!(has_step(
        &explanation,
        "do not strip external-attacher/ebs-csi-aws-com: the attach state is forgotten"
    ));
}

#[test]
fn a_released_volume_says_from_whom_and_what_binds_it_again() {
    let kept = told(&volume("labels: {}", "Retain", "Released"), "pv/pv-1");
    assert_eq!(
        kept.sentence,
        "Released: claim shop/data (uid …d-data) is gone; the disk stays"
    );
    assert!(matches!(kept.way_out[0].act, Some(Act::ClearClaimRef { .. })));
    assert!(has_step(
        &kept,
        "make claim shop/data with volumeName pv-1, class \"ebs\""
    ));
    assert!(has_step(
        &kept,
        "to free the disk instead: deleting pv/pv-1 frees nothing under Retain"
    ));

    let doomed = told(&volume("labels: {}", "Delete", "Released"), "pv/pv-1");
    assert!(has_step(
        &doomed,
        "if the data is still wanted set pv/pv-1 to Retain now"
    ));
    let acts: Vec<String> = doomed
        .way_out
        .iter()
        .filter_map(|step| Some(step.act.as_ref()?.to_string()))
        .collect();
    assert_eq!(
        acts,
        ["set reclaim policy of pv/pv-1 to Retain"],
        "the disk may be spared, and nothing else"
    );
    let sized = volume("labels: {}", "Retain", "Released");
    let key = crate::model::Key::cluster(Kind::PersistentVolume, "pv-1");
    let mut object = crate::model::Object::clone(sized.get(&key).expect("the volume"));
    if let crate::model::Body::PersistentVolume(facts) = &mut object.body {
        facts.spec.capacity.storage = Some(crate::model::quantity::Quantity("1Gi".into()));
        facts.spec.access_modes = vec!["ReadWriteOnce".into()].into();
    }
    let mut sized = sized;
    sized.put(object);
    let heir = told(&sized, "pv/pv-1");
    assert!(
        heir.way_out.iter().any(|step| matches!(
            &step.act,
            Some(Act::CreateClaim { draft, .. }) if draft.volume_name == "pv-1"
        )),
        "{:?}",
        steps(&heir)
    );

    let anew = CLAIM
        .replace("{name: data,", "{name: data, uid: uid-new-abcdef,")
        .replace("volumeName: pv-1", "volumeName: pv-2");
    let impostor = told(&with(volume("labels: {}", "Retain", "Released"), &anew), "pv/pv-1");
    assert_eq!(
        impostor.sentence,
        "Released: it belongs to claim shop/data with uid …d-data, the live one is …abcdef; the disk stays"
    );
    assert!(has_step(
        &impostor,
        "decide which data shop/data is to have: the live claim …abcdef stands on pv/pv-2"
    ));
    assert!(impostor.way_out.iter().all(|step| step.act.is_none()));

    let blind = told(
        &denied(&volume("labels: {}", "Retain", "Released"), Kind::PersistentVolumeClaim),
        "pv/pv-1",
    );
    assert!(blind.sentence.contains("claim identity unknown"), "{}", blind.sentence);
    assert!(blind.way_out.iter().all(|step| step.act.is_none()));
    assert!(!blind.unknowns.is_empty());
}

#[test]
fn an_available_volume_is_free_or_reserved() {
    let reserved = VOLUME
        .replace("META", "labels: {}")
        .replace("POLICY", "Retain")
        .replace("PHASE", "Available")
        .replace(", uid: uid-data", "");
    assert_eq!(
        told(&world(&reserved), "pv/pv-1").sentence,
        "Available, reserved for shop/data"
    );
    let free = reserved.replace(", claimRef: {namespace: shop, name: data}", "");
    assert_eq!(
        told(&world(&free), "pv/pv-1").sentence,
        "Available: any claim that fits can take it"
    );
}

#[test]
fn an_attachment_waits_for_its_pod_or_its_node() {
    let attachment = r#"
- {kind: VolumeAttachment, apiVersion: storage.k8s.io/v1, metadata: {name: va-1, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [external-attacher/ebs-csi-aws-com]}, spec: {attacher: ebs.csi.aws.com, nodeName: n1, source: {persistentVolumeName: pv-1}}, status: {attached: true}}"#;
    let base = with(with(volume("labels: {}", "Retain", "Bound"), CLAIM), attachment);
    assert_eq!(
        told(&base, "volumeattachment/va-1").sentence,
        "Terminating 1h00m, node n1 is gone: ebs.csi.aws.com has to detach pv/pv-1"
    );
    let node = |ready: &str| {
        format!(
            "- {{kind: Node, metadata: {{name: n1}}, status: {{conditions: [{{type: Ready, status: \"{ready}\"}}]}}}}"
        )
    };
    let down = with(base.clone(), &node("Unknown"));
    let explanation = told(&down, "volumeattachment/va-1");
    assert_eq!(
        explanation.sentence,
        "Terminating 1h00m, node n1 is not ready: it cannot unmount pv/pv-1"
    );
    assert!(has_step(
        &explanation,
        "bring n1 back, or, only if its machine is truly off"
    ));
    let used = with(
        with(base, &node("True")),
        "- {kind: Pod, metadata: {name: db-0, namespace: shop}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}",
    );
    assert_eq!(
        told(&used, "volumeattachment/va-1").sentence,
        "Terminating 1h00m, pv/pv-1 is still used on n1 by db-0"
    );
    assert!(steps(&told(&used, "volumeattachment/va-1")).contains(
        &"end pod db-0 on n1: its volume cannot be unmounted before [delete pod/db-0 (Background)]".to_owned()
    ));
}
