//! Traps 26 to 46: claims, volumes, sets, and who holds them.

use super::Needs::{Peers, Watches};
use super::{Trap, act, both, row, rules};

const SEEDS: &str = "src/forecast/tests/seeds.rs";
const REQUESTS: &str = "src/gate/tests/requests.rs";
const ACTS: &str = "src/forecast/tests/acts.rs";

pub(super) static TRAPS: &[Trap] = &[
    row(
        26,
        "an empty volume in place of the old data",
        [
            "claim whose name a Released volume's claimRef names with another uid, bound elsewhere or waiting",
            "clear uid and resourceVersion of the claimRef, and make the claim with volumeName",
            "reference §3.3",
        ],
        rules(&["empty_instead"], Watches),
    ),
    row(
        27,
        "pods that have ended hold claims",
        [
            "Terminating claim that only Succeeded or Failed pods with a node mount",
            "delete their Jobs with Background",
            "reference §3.2",
        ],
        rules(&["completed_pods_hold"], Watches),
    ),
    row(
        28,
        "active Jobs of others",
        [
            "unfinished Jobs that no release brought and that mount claims of a release",
            "drain them before the uninstall: wait, or end them with their owner's word",
            "seed 000",
        ],
        rules(&["foreign_jobs"], Watches),
    ),
    row(
        29,
        "what holds it is made again",
        [
            "root owner of a holder that is a CronJob not suspended, or a custom resource",
            "suspend at the root",
            "reference §3.9",
        ],
        rules(&["respawning_holder"], Watches),
    ),
    row(
        30,
        "a Job deleted alone leaves its pods",
        [
            "pods that bear the marks of a Job that is not there, and have no owner; propagationPolicy of our own request",
            "look at what they hold, then delete them; every delete of ours names its propagation",
            "reference §3.1",
        ],
        both(
            &["jobless_pods"],
            Watches,
            "the request itself: no delete without propagation is sent",
            (
                REQUESTS,
                "a_delete_is_bound_to_uid_and_resource_version_and_names_its_propagation",
            ),
        ),
    ),
    row(
        31,
        "the pod first, then its claim",
        [
            "StatefulSet whose pod is not made because its claim goes; pod younger than its claim's deletion",
            "the claim first, or scale the set down",
            "reference §3.8; seed 003",
        ],
        rules(&["stateful_set_waits_for_claim"], Watches),
    ),
    row(
        32,
        "a finalizer stripped too early comes back",
        [
            "deletionTimestamp of the object whose finalizer is to be taken off",
            "delete first",
            "reference §3.2",
        ],
        act(
            "the panel: what is not being deleted keeps its finalizers",
            (
                "src/gate/tests/strips.rs",
                "nothing_is_stripped_from_what_is_not_being_deleted_or_of_a_controller_that_lives",
            ),
        ),
    ),
    row(
        33,
        "a strip under a live mount, of a driver without attach",
        [
            "policy, mounting pods and attachments of a Terminating claim that its protection holds",
            "set Retain and stop the pods",
            "reference §3.4",
        ],
        both(
            &["strip_under_mount"],
            Watches,
            "the forecast of the strip, and the panel, which refuses while the controller lives",
            (ACTS, "a_strip_under_a_mount_destroys_what_no_attachment_guards"),
        ),
    ),
    row(
        34,
        "a volume leaks without its provisioner's finalizer",
        [
            "volume under Delete with a deletionTimestamp and without external-provisioner's finalizer",
            "write the handle down; delete the disk in the storage system",
            "reference §3.4, §3.11; seed 001",
        ],
        rules(&["leaking_volume"], Watches),
    ),
    row(
        35,
        "from Retain to Delete destroys a Released volume now",
        [
            "phase of the volume whose policy is to be changed",
            "none: it is confirmed as the destruction of a disk",
            "reference §3.4",
        ],
        act(
            "the forecast of the change, which is then of the highest tier",
            (ACTS, "a_policy_runs_at_once_only_where_nothing_claims_the_volume"),
        ),
    ),
    row(
        36,
        "deleting a Retain volume frees no disk",
        [
            "Released volumes under Retain",
            "change the policy, or delete the disk in the storage system",
            "reference §3.4; contradicts seed 003",
        ],
        rules(&["released_volumes"], Watches),
    ),
    row(
        37,
        "a Bound volume that is being deleted is a fuse",
        [
            "volume with a deletionTimestamp in phase Bound",
            "never delete its claim before a backup; keep the volume's YAML",
            "reference §3.3, §3.4",
        ],
        rules(&["terminating_volume_bound"], Watches),
    ),
    row(
        38,
        "an Available volume under Delete that does not go",
        [
            "volume with a deletionTimestamp in phase Available, under Delete, with the provisioner's finalizer",
            "set its policy to Retain",
            "reference §3.4",
        ],
        rules(&["available_delete_stuck"], Watches),
    ),
    row(
        39,
        "a volume without claimRef is anybody's",
        [
            "volumes without claimRef and the Pending claims that fit them",
            "take off uid and resourceVersion alone; reserve the volume",
            "reference §3.3",
        ],
        rules(&["reserved_theft"], Watches),
    ),
    row(
        40,
        "two claims, one volume",
        [
            "spec.volumeName of a claim against claimRef.uid of that volume",
            "settle whose it is before any pod starts",
            "reference §3.3",
        ],
        rules(&["claim_identity"], Watches),
    ),
    row(
        41,
        "the volume's policy is not its class's",
        [
            "policy of each volume against its class, and beside the tenant's others",
            "go by the volume alone; change it before the act",
            "reference §3.4, §3.6",
        ],
        rules(&["delete_policy"], Watches),
    ),
    row(
        42,
        "a changed claim template changes nothing",
        [
            "class of a set's claim template against its existing claims",
            "claim by claim: copy, delete, make anew",
            "reference §3.8",
        ],
        rules(&["template_class_differs"], Watches),
    ),
    row(
        43,
        "the claims go with their set",
        [
            "claims whose owner is their StatefulSet (whenDeleted: Delete)",
            "change it to Retain and wait until the references are gone",
            "reference §3.8",
        ],
        rules(&["when_deleted"], Watches),
    ),
    row(
        44,
        "an orphan delete that was none",
        [
            "propagationPolicy of our own request",
            "choose it in the forecast; the request carries it in so many words",
            "reference §3.1, §3.8",
        ],
        act(
            "the forecast, by propagation, of the very request that is sent",
            (
                SEEDS,
                "deleting_the_set_keeps_the_claims_and_orphaning_keeps_the_pods_too",
            ),
        ),
    ),
    row(
        45,
        "a set made anew restarts its pods",
        [
            "revision that made each pod against that of its set's template; an upgrade's template against the running one; fsGroup apart is not told",
            "compare the templates; partition, or OnDelete",
            "reference §3.8; seed 003",
        ],
        both(
            &["template_drift"],
            Watches,
            "the forecast of an upgrade, by the law of StatefulSets",
            (
                "src/laws/stateful_set/tests.rs",
                "a_changed_template_restarts_from_the_highest_ordinal_down_to_the_partition",
            ),
        ),
    ),
    row(
        46,
        "one voter too few",
        [
            "voters, their health and the leader of a raft system",
            "followers first, step down, snapshot, look again in between",
            "Vault API autopilot/state; seed 003",
        ],
        both(
            &["raft_quorum"],
            Peers,
            "the first line of the panel in front of every act that takes peers down: what breaks a quorum is T3",
            (
                "src/forecast/tests/quorum.rs",
                "each_act_says_what_happens_to_the_quorum",
            ),
        ),
    ),
];
