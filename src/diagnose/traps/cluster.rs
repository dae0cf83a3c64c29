//! Traps 47 to 60: namespaces, the API server, `GitOps`, and the operator's own ways.

use super::Needs::{Objects, Records, Survey, Watches};
use super::{Trap, act, both, row, rules};

pub(super) static TRAPS: &[Trap] = &[
    row(
        47,
        "a namespace hangs on an API service",
        [
            "APIServices whose condition Available is not True; NamespaceDeletionDiscoveryFailure of a Terminating namespace",
            "repair the API service, or delete it",
            "reference §3.10; kubernetes#60807",
        ],
        rules(&["api_service_down", "namespace_stuck"], Survey),
    ),
    row(
        48,
        "a namespace hangs on its pods",
        [
            "Terminating namespace, and what is left in it",
            "free the pods: finalizers, or a node that is gone",
            "reference §3.10",
        ],
        rules(&["namespace_stuck"], Watches),
    ),
    row(
        49,
        "a namespace deleted before its releases",
        [
            "records in a namespace that is being deleted, or is to be",
            "uninstall first",
            "reference §3.10",
        ],
        both(
            &["namespace_before_release"],
            Watches,
            "the forecast of the namespace's deletion, which names the records",
            (
                "src/forecast/tests/others.rs",
                "a_namespace_takes_the_records_of_its_releases_along",
            ),
        ),
    ),
    row(
        50,
        "a webhook outlives its service",
        [
            "admission webhooks with failurePolicy Fail whose service is not there or has no ready endpoint",
            "delete the webhook's configuration first",
            "reference §2.2 (UninstallOrder)",
        ],
        rules(&["admission_webhook"], Survey),
    ),
    row(
        51,
        "a frozen field in an upgrade",
        [
            "fields that may not change, of a failed revision or of what is rendered, against the deployed manifest",
            "make the object anew, by its own procedure",
            "reference §3.5; seeds 001, 003",
        ],
        both(
            &["frozen_field"],
            Records,
            "the forecast of an upgrade",
            (
                "src/laws/helm/tests.rs",
                "a_frozen_field_fails_the_revision_and_saves_what_was_dropped",
            ),
        ),
    ),
    row(
        52,
        "another context than a moment ago",
        [
            "server, certificate, kube-system's uid and user, pinned against now",
            "none: the panel is void, and the client is our own",
            "seed 000",
        ],
        act(
            "the clearance of every act",
            ("src/gate/tests/clearing.rs", "another_cluster_or_person_voids_it"),
        ),
    ),
    row(
        53,
        "a value that nobody filled in",
        [
            "placeholders in rendered manifests and hooks: CHANGEME, REPLACE_ME, __NAME__, a value that is <…> alone",
            "fill it in and upgrade",
            "seed 000",
        ],
        rules(&["placeholder_left"], Records),
    ),
    row(
        54,
        "an override that never applies",
        [
            "the origin of each parameter of a runbook; what a script of one's own sources is not read",
            "the parameter's value and origin stand in the plan and in the run",
            "seed 000",
        ],
        act(
            "a runbook's parameters",
            (
                "src/runbook/tests/asked.rs",
                "values_are_given_judged_and_told_with_their_origin",
            ),
        ),
    ),
    row(
        55,
        "a wait without an end",
        [
            "within and onTimeout of each step that waits",
            "none: a runbook without them does not load",
            "seed 000",
        ],
        act("the check of a runbook", ("src/runbook/tests/refused.rs", "steps")),
    ),
    row(
        56,
        "GitOps changes it back",
        [
            "HelmReleases, Kustomizations and Applications that keep objects in the tenant and are not suspended",
            "suspend it first; flux uninstalls when its HelmRelease is deleted",
            "reference §2.9",
        ],
        rules(&["gitops_keeps"], Survey),
    ),
    row(
        57,
        "flux takes over in silence",
        [
            "HelmRelease without disableTakeOwnership whose release names an object with another's stamp",
            "look at it before it reconciles; disableTakeOwnership",
            "reference §2.9",
        ],
        rules(&["silent_adoption"], Objects),
    ),
    row(
        58,
        "owners that are gone",
        [
            "ownerReferences all of whose uids are absent",
            "strip them before the object is restored",
            "reference §3.1",
        ],
        rules(&["stale_owner_reference"], Watches),
    ),
    row(
        59,
        "a dead provisioner is a time bomb",
        [
            "Released volumes under Delete that stay",
            "set Retain before the driver is repaired",
            "reference §3.4",
        ],
        rules(&["released_volumes"], Watches),
    ),
    row(
        60,
        "half a procedure for want of a right",
        [
            "SelfSubjectAccessReviews of what a migration does in the namespace: some allowed, some denied; plan and preflight ask for each act of a step, and one that is denied blocks the whole step; a run asks for all of them before its first",
            "get all of the rights before the first step, or leave the work to who has them",
            "reference §3.12",
        ],
        rules(&["right_denied"], Survey),
    ),
];
