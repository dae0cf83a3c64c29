//! The table of rules: what each looks at, and the order in which findings of one severity are shown.

use super::{Find, Rule, STAMPED, heads, healths, rule, standing};
use super::{
    admission_webhook, api_service_down, available_delete_stuck, claim_identity, claim_is_hook, completed_pods_hold,
    crash_looping, custom_resource_after_operator, definition_in_manifest, delete_policy, empty_instead,
    failed_release, failed_uninstall, feeds, foreign_jobs, frozen_field, gitops_keeps, hook_identity, hook_leftovers,
    hook_needs_manifest, hook_surgery, jobless_pods, keep_in_other_words, leaking_volume, live_only_keep, lost_claim,
    malformed, mislabelled_release, namespace_before_release, namespace_in_manifest, namespace_stuck, odd_policy,
    others_stamp, ownership_stripped, pending_claim, pending_release, placeholder_left, purged_record, raft,
    raft_quorum, released_volumes, reserved_theft, respawning_holder, right_denied, shared_class, shared_name,
    short_lived_hook, silent_adoption, stale_owner_reference, stateful_set_waits_for_claim, stray_objects,
    strip_under_mount, stuck_claim, surviving_claims, template_class_differs, template_drift, terminating_volume_bound,
    unserved_api, when_deleted,
};
use crate::model::Kind::{
    self, CronJob, DaemonSet, Deployment, Job, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, Release,
    ReplicaSet, StatefulSet, StorageClass, VolumeAttachment,
};
use crate::model::Kinds;

/// A rule that reads records that were opened, and of these other kinds nothing but their metadata. Where no record was
/// opened it costs nothing.
const fn of_record(name: &'static str, traps: &'static [u8], others: &[Kind], find: Find) -> Rule {
    partly(name, traps, &Kind::RECORDS, others, find)
}

/// A rule that reads objects of some kinds, and of others nothing but their metadata.
const fn partly(name: &'static str, traps: &'static [u8], reads: &[Kind], others: &[Kind], find: Find) -> Rule {
    Rule {
        name,
        traps,
        reads: Kinds::of(reads).and(Kinds::of(others).heads()),
        find,
    }
}

/// Claims, their volumes, and what decides about both.
const CLAIMS: [Kind; 3] = [PersistentVolumeClaim, PersistentVolume, StorageClass];
/// Claims, their volumes, where these are attached, and the pods that may run who destroys their disks.
const DISKS: [Kind; 4] = [PersistentVolumeClaim, PersistentVolume, VolumeAttachment, Pod];
/// Claims, the pods that hold them, and who makes those pods.
const HOLDERS: [Kind; 9] = [
    PersistentVolumeClaim,
    Pod,
    Job,
    CronJob,
    StatefulSet,
    Deployment,
    ReplicaSet,
    DaemonSet,
    PersistentVolume,
];

/// The pods of a raft cluster, who makes them, and their claims.
const RAFT: [Kind; 3] = [StatefulSet, Pod, PersistentVolumeClaim];

/// Records, and the objects of which the world knows what cannot change.
const FROZEN: [Kind; 10] = [
    Release,
    PersistentVolumeClaim,
    PersistentVolume,
    StorageClass,
    Job,
    CronJob,
    StatefulSet,
    Deployment,
    DaemonSet,
    ReplicaSet,
];

/// Every rule. Within one severity, findings are shown in this order.
pub static RULES: &[Rule] = &[
    rule("raft", &[], &RAFT, raft::find),
    rule("raft_quorum", &[46], &RAFT, raft_quorum::find),
    rule("stuck_claim", &[], &HOLDERS, stuck_claim::find),
    rule("lost_claim", &[], &CLAIMS, lost_claim::find),
    rule("claim_identity", &[40], &CLAIMS, claim_identity::find),
    rule(
        "terminating_volume_bound",
        &[37],
        &CLAIMS,
        terminating_volume_bound::find,
    ),
    rule("released_volumes", &[36, 59], &DISKS, released_volumes::find),
    rule("strip_under_mount", &[33], &DISKS, strip_under_mount::find),
    rule("reserved_theft", &[39], &CLAIMS, reserved_theft::find),
    rule("available_delete_stuck", &[38], &CLAIMS, available_delete_stuck::find),
    rule(
        "stateful_set_waits_for_claim",
        &[31],
        &[StatefulSet, PersistentVolumeClaim, Pod, Node],
        stateful_set_waits_for_claim::find,
    ),
    heads("stale_owner_reference", &[58], &Kind::ALL, stale_owner_reference::find),
    rule("namespace_stuck", &[47, 48], &Kind::ALL, namespace_stuck::find),
    rule(
        "namespace_before_release",
        &[49],
        &[Namespace, Release],
        namespace_before_release::find,
    ),
    rule("pending_release", &[21, 23], &[Release], pending_release::find),
    rule("failed_uninstall", &[19, 23], &[Release], failed_uninstall::find),
    rule("live_only_keep", &[1], &Kind::ALL, live_only_keep::find),
    rule("mislabelled_release", &[22], &[Release], mislabelled_release::find),
    rule("foreign_jobs", &[28], &Kind::ALL, foreign_jobs::find),
    rule("respawning_holder", &[29], &HOLDERS, respawning_holder::find),
    rule("completed_pods_hold", &[27], &HOLDERS, completed_pods_hold::find),
    heads("jobless_pods", &[30], &[Pod, Job], jobless_pods::find),
    rule("empty_instead", &[26], &CLAIMS, empty_instead::find),
    rule("leaking_volume", &[34], &CLAIMS, leaking_volume::find),
    rule(
        "purged_record",
        &[20],
        &[PersistentVolumeClaim, Release],
        purged_record::find,
    ),
    rule("pending_claim", &[], &Kind::ALL, pending_claim::find),
    rule("failed_release", &[], &[Release], failed_release::find),
    healths("crash_looping", &[], &[Pod], crash_looping::find),
    rule("malformed", &[], &Kind::ALL, malformed::find),
    standing("feeds", feeds::find),
    heads("when_deleted", &[43], &Kind::ALL, when_deleted::find),
    rule(
        "template_class_differs",
        &[42],
        &[StatefulSet, PersistentVolumeClaim],
        template_class_differs::find,
    ),
    partly("template_drift", &[45], &[StatefulSet], &[Pod], template_drift::find),
    rule(
        "surviving_claims",
        &[25],
        &[PersistentVolumeClaim, StatefulSet, Release],
        surviving_claims::find,
    ),
    heads("keep_in_other_words", &[5], &STAMPED, keep_in_other_words::find),
    of_record("hook_leftovers", &[9], &Kind::ALL, hook_leftovers::find),
    of_record("ownership_stripped", &[2, 3], &Kind::ALL, ownership_stripped::find),
    of_record("hook_identity", &[7], &[], hook_identity::find),
    rule("frozen_field", &[51], &FROZEN, frozen_field::find),
    of_record("odd_policy", &[4], &[], odd_policy::find),
    of_record("claim_is_hook", &[6], &[], claim_is_hook::find),
    of_record("short_lived_hook", &[8], &[], short_lived_hook::find),
    of_record("hook_needs_manifest", &[10], &[], hook_needs_manifest::find),
    of_record("hook_surgery", &[11], &[], hook_surgery::find),
    of_record("unserved_api", &[12], &[], unserved_api::find),
    of_record(
        "custom_resource_after_operator",
        &[13],
        &[],
        custom_resource_after_operator::find,
    ),
    of_record("definition_in_manifest", &[14], &[], definition_in_manifest::find),
    of_record("namespace_in_manifest", &[15], &[], namespace_in_manifest::find),
    rule(
        "shared_class",
        &[16],
        &[Release, PersistentVolumeClaim, Pod],
        shared_class::find,
    ),
    of_record("shared_name", &[17], &[], shared_name::find),
    of_record("others_stamp", &[18], &Kind::ALL, others_stamp::find),
    of_record("stray_objects", &[24], &STAMPED, stray_objects::find),
    of_record("placeholder_left", &[53], &[], placeholder_left::find),
    of_record("silent_adoption", &[57], &Kind::ALL, silent_adoption::find),
    rule("gitops_keeps", &[56], &[], gitops_keeps::find),
    rule("right_denied", &[60], &[], right_denied::find),
    rule("api_service_down", &[47], &[Namespace], api_service_down::find),
    rule("admission_webhook", &[50], &[], admission_webhook::find),
    rule(
        "delete_policy",
        &[41],
        &[PersistentVolumeClaim, PersistentVolume, StorageClass],
        delete_policy::find,
    ),
];
