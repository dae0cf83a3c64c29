//! The table of rules: what each looks at, and the order in which findings of one severity are shown.

use super::each::{Each, Reach};
use super::{Find, Finding, Look, Rule, STAMPED, Ward};
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
use crate::model::{Kinds, Object};

/// What finds in a ward as a whole.
type OfWard = fn(Look<'_>, &Ward<'_>) -> Vec<Finding>;
/// What finds at one object.
type OfObject = fn(Look<'_>, &Object) -> Option<Finding>;

/// A rule that looks at the ward as a whole and reads these kinds, but no pod's health. One that reads records reads them
/// whatever Helm keeps them in.
const fn rule(name: &'static str, traps: &'static [u8], reads: &[Kind], find: OfWard) -> Rule {
    reading(name, traps, bodies(reads), find)
}

/// A rule that reads records that were opened, and of these other kinds nothing but their metadata. Where no record was
/// opened it costs nothing.
const fn of_record(name: &'static str, traps: &'static [u8], others: &[Kind], find: OfWard) -> Rule {
    reading(name, traps, bodies(&Kind::RECORDS).and(heads(others)), find)
}

const fn reading(name: &'static str, traps: &'static [u8], reads: Kinds, find: OfWard) -> Rule {
    Rule {
        name,
        traps,
        reads,
        find: Find::Ward(find),
    }
}

/// A rule that looks at each object of these kinds.
const fn each(
    name: &'static str,
    traps: &'static [u8],
    reads: Kinds,
    (kinds, reach): (&'static [Kind], Reach),
    find: OfObject,
) -> Rule {
    Rule {
        name,
        traps,
        reads,
        find: Find::Each(Each { kinds, reach, find }),
    }
}

/// All of these kinds but the health of pods.
const fn bodies(reads: &[Kind]) -> Kinds {
    let kinds = Kinds::of(reads);
    if kinds.overlaps(Kinds::of(&[Release])) {
        kinds.with(Kind::ReleaseMap).but(Kinds::HEALTH)
    } else {
        kinds.but(Kinds::HEALTH)
    }
}

/// Of these kinds nothing but their metadata.
const fn heads(reads: &[Kind]) -> Kinds {
    Kinds::of(reads).heads()
}

/// Claims, their volumes, and what decides about both.
const CLAIMS: [Kind; 3] = [PersistentVolumeClaim, PersistentVolume, StorageClass];
/// Volumes, and which claims name them.
const VOLUMES: Kinds = bodies(&[PersistentVolume])
    .and(heads(&[PersistentVolumeClaim]))
    .and(Kinds::BINDINGS);
/// That claims are there and are going, the pods that hold them, and who makes those pods.
const HOLDERS: Kinds =
    bodies(&[Pod, Job, CronJob, StatefulSet, Deployment, ReplicaSet, DaemonSet]).and(heads(&[PersistentVolumeClaim]));
/// What the records of releases say.
const RECORDS: Kinds = bodies(&Kind::RECORDS);

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
    each(
        "stuck_claim",
        &[],
        HOLDERS,
        (&[PersistentVolumeClaim], Reach::Own),
        stuck_claim::find,
    ),
    each(
        "lost_claim",
        &[],
        bodies(&CLAIMS),
        (&[PersistentVolumeClaim], Reach::Own),
        lost_claim::find,
    ),
    each(
        "claim_identity",
        &[40],
        bodies(&CLAIMS),
        (&[PersistentVolumeClaim], Reach::Own),
        claim_identity::find,
    ),
    reading(
        "terminating_volume_bound",
        &[37],
        VOLUMES,
        terminating_volume_bound::find,
    ),
    reading(
        "released_volumes",
        &[36, 59],
        VOLUMES.with(VolumeAttachment).and(Kinds::PROVISIONERS),
        released_volumes::find,
    ),
    each(
        "strip_under_mount",
        &[33],
        VOLUMES.and(bodies(&[VolumeAttachment, Pod])),
        (&[PersistentVolumeClaim], Reach::Own),
        strip_under_mount::find,
    ),
    rule("reserved_theft", &[39], &CLAIMS, reserved_theft::find),
    reading("available_delete_stuck", &[38], VOLUMES, available_delete_stuck::find),
    reading(
        "stateful_set_waits_for_claim",
        &[31],
        bodies(&[StatefulSet, Pod, Node]).and(heads(&[PersistentVolumeClaim])),
        stateful_set_waits_for_claim::find,
    ),
    each(
        "stale_owner_reference",
        &[58],
        heads(&Kind::ALL),
        (&Kind::ALL, Reach::Dependents),
        stale_owner_reference::find,
    ),
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
    each(
        "foreign_jobs",
        &[28],
        bodies(&[Job, Pod]).and(heads(&Kind::ALL)),
        (&[Job], Reach::Jobs),
        foreign_jobs::find,
    ),
    reading("respawning_holder", &[29], HOLDERS, respawning_holder::find),
    reading("completed_pods_hold", &[27], HOLDERS, completed_pods_hold::find),
    each(
        "jobless_pods",
        &[30],
        heads(&[Pod, Job]),
        (&[Pod], Reach::Own),
        jobless_pods::find,
    ),
    reading("empty_instead", &[26], VOLUMES, empty_instead::find),
    reading("leaking_volume", &[34], VOLUMES, leaking_volume::find),
    each(
        "purged_record",
        &[20],
        RECORDS.and(heads(&[PersistentVolumeClaim])),
        (&[PersistentVolumeClaim], Reach::Own),
        purged_record::find,
    ),
    each(
        "pending_claim",
        &[],
        // the scheduler's word on a consumer stands among the conditions of the pod
        bodies(&CLAIMS).with(Pod),
        (&[PersistentVolumeClaim], Reach::Claims),
        pending_claim::find,
    ),
    rule("failed_release", &[], &[Release], failed_release::find),
    each(
        "crash_looping",
        &[],
        Kinds::of(&[Pod]),
        (&[Pod], Reach::Own),
        crash_looping::find,
    ),
    rule("malformed", &[], &Kind::ALL, malformed::find),
    reading("feeds", &[], Kinds::FRESHNESS, feeds::find),
    each(
        "when_deleted",
        &[43],
        heads(&Kind::ALL),
        (&[PersistentVolumeClaim], Reach::Dependents),
        when_deleted::find,
    ),
    reading(
        "template_class_differs",
        &[42],
        bodies(&[StatefulSet])
            .and(heads(&[PersistentVolumeClaim]))
            .and(Kinds::BINDINGS),
        template_class_differs::find,
    ),
    reading(
        "template_drift",
        &[45],
        bodies(&[StatefulSet]).and(heads(&[Pod])),
        template_drift::find,
    ),
    each(
        "surviving_claims",
        &[25],
        RECORDS.and(heads(&[PersistentVolumeClaim, StatefulSet])),
        (&[PersistentVolumeClaim], Reach::Own),
        surviving_claims::find,
    ),
    each(
        "keep_in_other_words",
        &[5],
        heads(&STAMPED),
        (&STAMPED, Reach::Own),
        keep_in_other_words::find,
    ),
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
    reading("delete_policy", &[41], VOLUMES.with(StorageClass), delete_policy::find),
];
