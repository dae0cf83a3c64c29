//! Traps 1 to 25: what helm does with its records, manifests and hooks.

use super::Needs::{Objects, Records, Watches};
use super::{Trap, both, row, rules};

const LAWS: &str = "src/laws/helm/tests.rs";

pub(super) static TRAPS: &[Trap] = &[
    row(
        1,
        "keep stands on the live object only",
        [
            "live annotation helm.sh/resource-policy, absent in the newest stored manifest",
            "upgrade so that the manifest says keep, look into the new record, then uninstall",
            "reference §2.3; seed 000",
        ],
        rules(&["live_only_keep"], Records),
    ),
    row(
        2,
        "ownership stripped, and helm up to 4.2 deletes all the same",
        [
            "object of the stored manifest whose live object lacks helm's label or annotations",
            "ship a revision whose manifest says keep; or rely on Retain",
            "reference §2.2, §2.8; seed 000",
        ],
        rules(&["ownership_stripped"], Objects),
    ),
    row(
        3,
        "ownership stripped, and helm 4.3 leaves it",
        [
            "the version of the helm that acts, and the live stamp",
            "pin the helm that acts; the forecast says its version and what it leaves",
            "reference §2.8; seen on a real control plane",
        ],
        both(
            &["ownership_stripped"],
            Objects,
            "the forecast of an uninstall, by the version of the operator's helm",
            (LAWS, "live_ownership_counts_from_4_3_on_and_a_live_keep_never"),
        ),
    ),
    row(
        4,
        "malformed policy",
        [
            "stored helm.sh/resource-policy that is not keep, trimmed and in lower case",
            "correct the chart: keep, or no annotation",
            "reference §2.2, 6",
        ],
        rules(&["odd_policy"], Records),
    ),
    row(
        5,
        "keep in other letters",
        [
            "live helm.sh/resource-policy that reads like keep and is not that word",
            "write keep, in lower case and without blanks",
            "reference §2.3",
        ],
        rules(&["keep_in_other_words"], Watches),
    ),
    row(
        6,
        "a claim that is a hook",
        [
            "hooks[] of kind PersistentVolumeClaim with before-hook-creation, which no policy means",
            "move the claim to the manifest with keep, before the next event",
            "reference §2.6",
        ],
        rules(&["claim_is_hook"], Records),
    ),
    row(
        7,
        "an object becomes a hook, or a hook an object",
        [
            "the same kind and name in the manifest of one revision and the hooks of the next",
            "keep the annotations as they are; delete the hook's object before a hook becomes plain",
            "reference §2.6; seed 002",
        ],
        both(
            &["hook_identity"],
            Records,
            "the forecast of an upgrade",
            (LAWS, "a_plain_object_that_becomes_a_hook_is_deleted_by_the_update"),
        ),
    ),
    row(
        8,
        "a hook that is gone before helm 4 sees it succeed",
        [
            "hook Job with ttlSecondsAfterFinished of at most 60 in a release that helm 4 applied",
            "a longer ttlSecondsAfterFinished",
            "helm#32586",
        ],
        rules(&["short_lived_hook"], Records),
    ),
    row(
        9,
        "hooks outlive their release",
        [
            "objects of hooks[] that are there while the release is uninstalled and kept its history",
            "look at each, then delete it",
            "reference §2.2",
        ],
        rules(&["hook_leftovers"], Objects),
    ),
    row(
        10,
        "a pre-install hook needs what the chart brings later",
        [
            "Secrets, ConfigMaps, claims and service accounts that the pods of a pre-install hook name, in the manifest alone",
            "a post-install hook, or make what it needs a hook of lower weight",
            "reference §2.6; seed 002",
        ],
        rules(&["hook_needs_manifest"], Records),
    ),
    row(
        11,
        "a hook that operates on disks",
        [
            "commands of hook pods that delete or patch claims or volumes; roles of the release that let them",
            "turn it off in the values; take a snapshot first",
            "seed 001",
        ],
        rules(&["hook_surgery"], Records),
    ),
    row(
        12,
        "a removed API in the stored manifest",
        [
            "each kind of the stored manifest that the world does not hold, against discovery",
            "helm mapkubeapis, or correct the record, before any uninstall or upgrade",
            "reference §2.2, 7; helm#13297",
        ],
        rules(&["unserved_api"], Objects),
    ),
    row(
        13,
        "a custom resource is deleted after its operator",
        [
            "custom resources of the stored manifest with live finalizers, beside a Deployment",
            "delete the custom resources first, and wait until they are gone",
            "reference §2.2 (UninstallOrder)",
        ],
        rules(&["custom_resource_after_operator"], Objects),
    ),
    row(
        14,
        "a definition in the manifest",
        [
            "kind CustomResourceDefinition in the stored manifest without a policy",
            "a stored keep, or a chart of its own for definitions",
            "reference §2.2",
        ],
        rules(&["definition_in_manifest"], Records),
    ),
    row(
        15,
        "a namespace in the manifest",
        [
            "kind Namespace in the stored manifest without a policy",
            "ship keep for it before any uninstall",
            "reference §2.2, §3.10",
        ],
        rules(&["namespace_in_manifest"], Records),
    ),
    row(
        16,
        "one release's class serves others",
        [
            "StorageClass, PriorityClass or ClusterRole in the stored manifest that claims, pods or bindings outside the tenant name",
            "keep it, or hand it over to a release of its own",
            "seed 000; reference §3.6",
        ],
        rules(&["shared_class"], Records),
    ),
    row(
        17,
        "two releases name one object",
        [
            "the same group, kind, namespace and name in the deployed manifests of two releases that were read",
            "names of the release's own; never take ownership blindly",
            "reference §2.5; seed 000",
        ],
        rules(&["shared_name"], Records),
    ),
    row(
        18,
        "what was taken over comes back as a loss",
        [
            "object of a stored manifest that bears another release's stamp",
            "drop it from the former owner by an upgrade while the live object says keep",
            "reference §2.5",
        ],
        rules(&["others_stamp"], Objects),
    ),
    row(
        19,
        "a failed uninstall wedges its release",
        [
            "newest record whose label says uninstalling, and for how long",
            "correct what failed and uninstall again, or roll back to a stored revision",
            "reference §2.2, §2.7; tests/control_plane/releases.rs",
        ],
        rules(&["failed_uninstall"], Watches),
    ),
    row(
        20,
        "the record is purged, claims still go",
        [
            "Terminating claims with helm's stamp whose release has no record left",
            "keep the records' YAML before an uninstall; free the claims one by one",
            "reference §2.2, 10",
        ],
        rules(&["purged_record"], Watches),
    ),
    row(
        21,
        "a release that stays pending",
        [
            "newest record whose label says pending-install, -upgrade or -rollback, and for how long",
            "roll back, or delete the pending record after comparing what is live (reference §2.7)",
            "reference §2.7",
        ],
        rules(&["pending_release"], Watches),
    ),
    row(
        22,
        "a label that was set right by hand",
        [
            "label status against info.status of the payload",
            "roll back, or correct the payload: helm decides by it",
            "reference §2.1, §2.7",
        ],
        rules(&["mislabelled_release"], Records),
    ),
    row(
        23,
        "helm 3 hides the release from its list",
        [
            "records whose label says pending or uninstalling",
            "go by the records, not by helm list",
            "reference §2.1",
        ],
        rules(&["pending_release", "failed_uninstall"], Watches),
    ),
    row(
        24,
        "what a failed upgrade left",
        [
            "objects with a release's stamp that its newest and its deployed manifest do not name",
            "look at each, then delete it, or name it in the next revision",
            "reference §2.4",
        ],
        rules(&["stray_objects"], Records),
    ),
    row(
        25,
        "a reinstall on claims that survived",
        [
            "claims by the name of a claim template and the label app.kubernetes.io/instance, without set and without record",
            "restore the secrets that belong to the data, or choose other names",
            "reference §3.8",
        ],
        rules(&["surviving_claims"], Watches),
    ),
];
