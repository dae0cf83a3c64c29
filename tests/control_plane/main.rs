//! Facts of a real Kubernetes control plane, each shown by kubectl alone; what Pilothouse forecasts, and what then comes
//! there and on the sandbox; and an operator at the cockpit. `SEEN.md` is the table of what they show.
//!
//! One control plane serves the trials of a run, side by side. Those that stop or freeze the API server have another one, and
//! come one by one.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test harness: failing loudly is its job"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use libtest_mimic::{Arguments, Failed};

use support::kit::Kit;
use support::plane::ControlPlane;
use trial::Trial;

mod acts;
mod both;
mod claims;
mod cockpit;
mod csi;
mod csi_attached;
mod csi_both;
mod cut;
mod deletion;
mod etcd;
mod facts_api;
mod facts_finalizers;
mod facts_sets;
mod facts_volumes;
#[path = "../support/flight.rs"]
mod flight;
mod formats;
mod handover;
mod hands;
mod helm;
mod helm_acts;
mod helm_facts;
mod helm_hand;
#[path = "../support/home.rs"]
mod home;
mod jobs;
mod panels;
#[path = "../support/picture.rs"]
mod picture;
mod releases;
mod server;
mod stage;
mod statefulset;
#[path = "../support/support.rs"]
mod support;
mod survivors;
mod traps;
mod trial;
mod vault;
mod volumes;
mod workloads;

/// Trials spend their time waiting for controllers, so there can be more of them than processors.
const TOGETHER: usize = 5;
/// So many of the long ones at once.
const LONG_TOGETHER: usize = 5;

/// A trial by its name, which is also that of its namespace.
type Story = (&'static str, fn(&Trial<'_>));

/// Trials of whole runs, each with many cockpits, charts or Vaults of its own: so few at once that the others get their share
/// of the processors.
#[rustfmt::skip] // a table reads better with one row a line
const LONG: &[Story] = &[
    // the longest first, Vaults and charts by turns: a peer that comes back on an empty disk votes when it has been well for a while
    ("handover-killed-after-every-step", handover::after_every_step),
    ("vault-roll-killed", vault::after_every_step),
    ("handover-retained-by-keys", handover::retained_by_keys),
    ("vault-roll-disturbed", vault::disturbed),
    ("handover-retained-three", handover::retained_three),
    ("vault-roll-distrusted", vault::distrusted),
    ("handover-retained-four", handover::retained_four),
    ("vault-roll", vault::fixed_ids),
    ("handover-kept-three", handover::kept_three),
    ("vault-roll-claim-gone", vault::claim_of_the_leader_deleted),
    ("handover-kept-four", handover::kept_four),
    ("vault-forecasts", vault::forecasts),
    ("handover-job-after-the-checklist", handover::job_after_the_checklist),
    ("vault-bad-days", vault::bad_days),
    ("handover-claim-under-the-same-name", handover::claim_under_the_same_name),
    ("vault-peers", vault::peers),
    ("handover-claim-that-takes-the-volume", handover::claim_that_takes_the_volume),
    ("handover-stripped-three", handover::stripped_three),
    ("handover-stripped-four", handover::stripped_four),
    ("handover-dump-and-restore", handover::dump_and_restore),
    ("handover-dump-over-a-restart", handover::dump_over_a_restart),
    ("handover-dump-over-a-kill", handover::dump_over_a_kill),
    ("handover-charts", handover::rendered_alike),
    ("handover-far-side", handover::exec),
    ("helm-hand-course-three", helm_hand::course_three),
    ("helm-hand-course-four", helm_hand::course_four),
    ("helm-hand-config-maps-three", helm_hand::config_maps_three),
    ("helm-hand-config-maps-four", helm_hand::config_maps_four),
    ("helm-hand-adoption-three", helm_hand::adoption_three),
    ("helm-hand-adoption-four", helm_hand::adoption_four),
    ("helm-hand-killed-in-the-middle", helm_hand::killed_in_the_middle),
];

/// Trials that leave the control plane alone, and wait for its controllers most of the time.
#[rustfmt::skip] // a table reads better with one row a line
const SHARED: &[Story] = &[
    // a minute long, so it begins first
    ("cockpit-request-lost", cockpit::request_lost),
    // over a minute: the garbage collector of pods is in no hurry
    ("workloads-node-deleted", workloads::cluster::node_deleted),
    ("seed-003-pod-first", statefulset::pod_first),
    ("seed-003-claim-first", statefulset::claim_first),
    ("seed-003-scaled-down-first", statefulset::scaled_down_first),
    ("set-orphaned-and-adopted", statefulset::orphaned_and_adopted),
    ("set-when-deleted-takes-its-claim", statefulset::when_deleted_takes_its_claim),
    ("claim-held-by-a-running-pod", claims::held_by_a_running_pod),
    ("claim-held-by-a-succeeded-pod", claims::held_by_a_succeeded_pod),
    ("claim-held-by-a-lingering-pod", claims::held_by_a_lingering_pod),
    ("claim-held-by-a-scheduled-pod", claims::held_by_a_scheduled_pod),
    ("claim-not-held-by-an-unscheduled-pod", claims::not_held_by_an_unscheduled_pod),
    ("claim-terminating-takes-no-new-pod", claims::a_terminating_claim_takes_no_new_pod),
    ("claim-early-strip-is-undone", claims::an_early_strip_is_undone),
    ("claim-late-strip-frees-the-volume", claims::a_late_strip_frees_the_volume_under_the_pod),
    ("claim-lost-can-be-deleted", claims::a_lost_claim_can_be_deleted),
    ("claim-lost-is-held-by-its-pod", claims::a_lost_claim_is_held_by_its_pod),
    ("claim-lost-is-found-again", claims::a_lost_claim_is_found_again),
    ("volume-reserved-by-name", volumes::reserved_by_name),
    ("volume-reserved-against-a-claim-that-names-it", volumes::reserved_against_a_claim_that_names_it),
    ("volume-claim-ref-cleared", volumes::claim_ref_cleared_is_a_theft_window),
    ("volume-released-is-not-bound-again", volumes::released_is_not_bound_again),
    ("volume-deleted-while-bound", volumes::deleted_while_bound),
    ("volume-deleted-while-released-or-available", volumes::deleted_while_released_or_available),
    ("volume-early-strip-is-undone", volumes::an_early_strip_is_undone),
    ("volume-policy-flipped-while-released", volumes::policy_flipped_while_released),
    ("delete-policy-host-path-under-tmp", volumes::delete_policy_host_path_under_tmp),
    ("delete-policy-host-path-elsewhere", volumes::delete_policy_host_path_elsewhere),
    ("delete-policy-nfs", volumes::delete_policy_nfs),
    ("delete-policy-csi-without-a-provisioner", volumes::delete_policy_csi_without_a_provisioner),
    ("delete-policy-deleted-while-bound", volumes::delete_policy_deleted_while_bound),
    ("provisioned-deleted-while-bound", volumes::provisioned_deleted_while_bound),
    ("provisioned-deleted-while-available", volumes::provisioned_deleted_while_available),
    ("csi-provisioned-at-once", csi::immediate),
    ("csi-waits-for-first-consumer", csi::waits_for_first_consumer),
    ("csi-retain-keeps", csi::retain_keeps),
    ("csi-policy-flipped-while-released", csi::policy_flipped_while_released),
    ("csi-deleted-while-bound", csi::deleted_while_bound),
    ("csi-deleted-while-released", csi::deleted_while_released),
    ("csi-delete-fails", csi::delete_fails),
    ("csi-deleted-while-available", csi::deleted_while_available),
    ("csi-static-deleted-while-available", csi::static_deleted_while_available),
    ("csi-static-is-destroyed", csi::static_is_destroyed),
    ("csi-late-strip-leaks", csi::late_strip_leaks),
    ("csi-early-strip-is-undone", csi::early_strip_is_undone),
    ("csi-attachment-guards", csi_attached::attachment_guards),
    ("csi-nothing-guards-without-attach", csi_attached::nothing_guards_without_attach),
    ("csi-attacher-lets-go", csi_attached::attacher_lets_go),
    ("csi-provisioner-dead", csi::provisioner_dead),
    ("csi-class-deleted", csi::class_deleted),
    ("csi-deletion-secret-gone", csi::deletion_secret_gone),
    ("fact-cleared-under-its-claim", facts_volumes::cleared_under_its_claim),
    ("fact-cleared-and-stolen", facts_volumes::cleared_and_stolen),
    ("fact-uid-cleared-under-its-claim", facts_volumes::uid_cleared_under_its_claim),
    ("fact-volume-retargeted", facts_volumes::retargeted),
    ("fact-reserved-of-another-class", facts_volumes::reserved_of_another_class),
    ("fact-full-reference", facts_volumes::full_reference),
    ("fact-reserved-of-other-modes", facts_volumes::reserved_of_other_modes),
    ("fact-claim-names-a-volume", facts_volumes::claim_names_a_volume),
    ("fact-provisioned-of-a-claim-bound-elsewhere", facts_volumes::provisioned_of_a_claim_bound_elsewhere),
    ("fact-static-of-a-claim-bound-elsewhere", facts_volumes::static_of_a_claim_bound_elsewhere),
    ("fact-pre-bound-needs-no-consumer", facts_volumes::pre_bound_needs_no_consumer),
    ("fact-claim-misbound", facts_volumes::misbound),
    ("fact-ephemeral-volume-holds", facts_volumes::ephemeral_volume_holds),
    ("fact-orphan-stripped", facts_finalizers::orphan_stripped_deletes_the_dependents),
    ("fact-foreground-stripped", facts_finalizers::foreground_stripped_lets_the_owner_go_first),
    ("fact-job-tracking-stripped", facts_finalizers::job_tracking_stripped_does_the_work_twice),
    ("fact-namespace-stripped", facts_finalizers::namespace_stripped_leaves_its_content),
    ("fact-definition-stripped", facts_finalizers::definition_stripped_leaves_its_objects),
    ("fact-set-takes-a-claim-as-it-is", facts_sets::existing_claim_is_taken_as_it_is),
    ("fact-set-changed-claim-templates", facts_sets::changed_claim_templates_restart_nothing),
    ("fact-set-changed-pod-template", facts_sets::changed_pod_template_restarts_on_the_old_claim),
    ("fact-set-adopts-nothing-that-goes", facts_sets::a_pod_that_is_going_is_not_adopted),
    ("fact-set-orphaned-lets-its-claim-go", facts_sets::orphaned_set_lets_its_claim_go),
    ("fact-set-when-scaled", facts_sets::when_scaled_takes_the_claim),
    ("fact-set-stale-claim", facts_sets::stale_claim_blocks_its_pod),
    ("fact-set-scaled-up-while-its-pod-goes", facts_sets::scaled_up_while_its_pod_goes),
    ("fact-set-labels-of-its-claims", facts_sets::labels_of_its_claims),
    ("fact-set-missing-claim", facts_sets::missing_claim_is_made_for_a_pending_pod),
    ("fact-set-ended-pod", facts_sets::ended_pod_is_made_anew),
    ("fact-job-time-to-live", facts_sets::time_to_live_is_foreground),
    ("fact-immutable-sets-and-jobs", facts_sets::immutable_fields),
    ("fact-eviction-against-a-budget", facts_api::eviction_against_a_budget),
    ("fact-eviction-within-a-budget", facts_api::eviction_within_a_budget),
    ("fact-eviction-under-two-budgets", facts_api::eviction_under_two_budgets),
    ("fact-eviction-of-what-does-not-run", facts_api::eviction_of_what_does_not_run),
    ("fact-eviction-of-what-is-going", facts_api::eviction_of_what_is_going),
    ("fact-eviction-of-what-is-not-ready", facts_api::eviction_of_what_is_not_ready),
    ("fact-streaming-list", facts_api::streaming_list),
    ("fact-formats-of-lists", formats::lists),
    ("fact-formats-of-watches", formats::watches),
    ("fact-formats-of-endings", formats::endings),
    ("fact-who-am-i", facts_api::who_am_i),
    ("fact-dry-run-of-a-patch", facts_api::dry_run_of_a_patch),
    ("job-deleted-without-a-policy", jobs::deleted_without_a_policy),
    ("job-active-orphaned", jobs::active_orphaned),
    ("job-finished-orphaned", jobs::finished_orphaned),
    ("job-active-in-background", jobs::active_in_background),
    ("job-background-with-a-lingering-pod", jobs::background_with_a_lingering_pod),
    ("job-active-in-foreground", jobs::active_in_foreground),
    ("job-suspended", jobs::suspended),
    ("delete-wrong-uid-is-refused", deletion::wrong_uid_is_refused),
    ("delete-stale-resource-version-is-refused", deletion::stale_resource_version_is_refused),
    ("delete-dry-run-shows-what-would-hold", deletion::dry_run_shows_what_would_hold),
    ("delete-no-new-finalizer-on-the-way-out", deletion::no_new_finalizer_on_the_way_out),
    ("namespace-waits-for-a-lingering-pod", deletion::namespace_waits_for_a_lingering_pod),
    ("namespace-waits-for-a-pod-with-a-finalizer", deletion::namespace_waits_for_a_pod_with_a_finalizer),
    ("namespace-waits-for-a-finalizer", deletion::namespace_waits_for_a_finalizer),
    ("immutable-fields", deletion::immutable_fields),
    ("helm3-ownership-stripped", helm::ownership_stripped_three),
    ("helm4-ownership-stripped", helm::ownership_stripped_four),
    ("helm3-live-keep", helm::live_keep_three),
    ("helm4-live-keep", helm::live_keep_four),
    ("helm3-stored-keep", helm::stored_keep_three),
    ("helm4-stored-keep", helm::stored_keep_four),
    ("helm3-malformed-policy", helm::malformed_policy_three),
    ("helm4-malformed-policy", helm::malformed_policy_four),
    ("helm3-definition-passed-over", helm_facts::definition_passed_over_three),
    ("helm4-definition-patched", helm_facts::definition_patched_four),
    ("helm4-definition-conflicts", helm_facts::definition_conflicts_four),
    ("helm3-definitions-of-an-upgrade", helm_facts::definitions_of_an_upgrade_three),
    ("helm4-definitions-of-an-upgrade", helm_facts::definitions_of_an_upgrade_four),
    ("helm3-definition-in-templates", helm_facts::definition_in_templates_three),
    ("helm4-definition-in-templates", helm_facts::definition_in_templates_four),
    ("helm3-dry-run", helm_facts::dry_run_three),
    ("helm4-dry-run", helm_facts::dry_run_four),
    ("helm-act-install-three", helm_acts::install_three),
    ("helm-act-install-four", helm_acts::install_four),
    ("helm-act-install-adopts-three", helm_acts::install_adopts_three),
    ("helm-act-install-adopts-four", helm_acts::install_adopts_four),
    ("helm-act-install-refused-three", helm_acts::install_refused_three),
    ("helm-act-install-refused-four", helm_acts::install_refused_four),
    ("helm-act-install-takes-over-three", helm_acts::install_takes_over_three),
    ("helm-act-install-takes-over-four", helm_acts::install_takes_over_four),
    ("helm-act-plain-three", helm_acts::plain_three),
    ("helm-act-plain-four", helm_acts::plain_four),
    ("helm-act-destroys", helm_acts::destroys),
    ("helm-act-stored-keep-three", helm_acts::stored_keep_three),
    ("helm-act-stored-keep-four", helm_acts::stored_keep_four),
    ("helm-act-malformed-three", helm_acts::malformed_three),
    ("helm-act-malformed-four", helm_acts::malformed_four),
    ("helm-act-live-keep-three", helm_acts::live_keep_three),
    ("helm-act-live-keep-four", helm_acts::live_keep_four),
    ("helm-act-stripped-three", helm_acts::stripped_three),
    ("helm-act-stripped-four", helm_acts::stripped_four),
    ("helm-act-keep-history-three", helm_acts::keep_history_three),
    ("helm-act-keep-history-four", helm_acts::keep_history_four),
    ("helm-act-gone-already", helm_acts::gone_already),
    ("helm-act-set-leaves-its-claims", helm_acts::set_leaves_its_claims),
    ("helm-act-set-takes-its-claims", helm_acts::set_takes_its_claims),
    ("helm-act-orphaned", helm_acts::orphaned),
    ("helm-act-held-by-a-foreign-pod", helm_acts::held_by_a_foreign_pod),
    ("helm-act-hook-stays", helm_acts::hook_stays),
    ("helm-act-pre-delete-three", helm_acts::pre_delete_three),
    ("helm-act-pre-delete-four", helm_acts::pre_delete_four),
    ("helm-act-dropped-three", helm_acts::dropped_three),
    ("helm-act-dropped-four", helm_acts::dropped_four),
    ("helm-act-dropped-live-keep-three", helm_acts::dropped_live_keep_three),
    ("helm-act-dropped-live-keep-four", helm_acts::dropped_live_keep_four),
    ("helm-act-dropped-live-keep-in-capitals", helm_acts::dropped_live_keep_in_capitals),
    ("helm-act-adoption-three", helm_acts::adoption_three),
    ("helm-act-adoption-four", helm_acts::adoption_four),
    ("helm-act-immutable-three", helm_acts::immutable_three),
    ("helm-act-immutable-four", helm_acts::immutable_four),
    ("helm-act-flip-three", helm_acts::flip_three),
    ("helm-act-flip-four", helm_acts::flip_four),
    ("helm-act-hook-becomes-plain", helm_acts::hook_becomes_plain),
    ("helm-act-claim-becomes-a-hook", helm_acts::claim_becomes_a_hook),
    ("helm-act-rolled-back-three", helm_acts::rolled_back_three),
    ("helm-act-rolled-back-four", helm_acts::rolled_back_four),
    ("helm-act-rolled-back-after-uninstall", helm_acts::rolled_back_after_uninstall),
    ("helm-act-pruned-three", helm_acts::pruned_three),
    ("helm-act-pruned-four", helm_acts::pruned_four),
    ("helm-act-pruned-but-deployed-three", helm_acts::deployed_stays_three),
    ("helm-act-pruned-but-deployed-four", helm_acts::deployed_stays_four),
    ("helm-act-pre-delete-fails-three", helm_acts::pre_delete_fails_three),
    ("helm-act-pre-delete-fails-four", helm_acts::pre_delete_fails_four),
    ("helm-act-unmappable-three", helm_acts::unmappable_three),
    ("helm-act-unmappable-four", helm_acts::unmappable_four),
    ("helm-act-unmappable-but-cached-three", helm_acts::unmappable_but_cached_three),
    ("helm-act-unmappable-but-cached-four", helm_acts::unmappable_but_cached_four),
    ("helm-act-held-claim-becomes-a-hook-three", helm_acts::held_claim_becomes_a_hook_three),
    ("helm-act-held-claim-becomes-a-hook-four", helm_acts::held_claim_becomes_a_hook_four),
    ("helm-act-flip-without-deletion-three", helm_acts::flip_without_deletion_three),
    ("helm-act-flip-without-deletion-four", helm_acts::flip_without_deletion_four),
    ("helm-act-flip-to-another-template-four", helm_acts::flip_to_another_template_four),
    ("helm-act-drift-is-undone", helm_acts::drift_is_undone),
    ("helm-act-drift-is-a-conflict", helm_acts::drift_is_a_conflict),
    ("helm-act-drift-to-nothing-is-undone", helm_acts::drift_to_nothing_is_undone),
    ("helm-act-pending-three", helm_acts::pending_three),
    ("helm-act-pending-four", helm_acts::pending_four),
    ("helm-act-pending-uninstalled-three", helm_acts::pending_uninstalled_three),
    ("helm-act-pending-uninstalled-four", helm_acts::pending_uninstalled_four),
    ("helm-act-ownership-taken-three", helm_acts::ownership_taken_three),
    ("helm-act-ownership-taken-four", helm_acts::ownership_taken_four),
    ("helm-act-wrong-version-is-noticed", helm_acts::wrong_version_is_noticed),
    ("release-secrets-three", releases::secrets_three),
    ("release-secrets-four", releases::secrets_four),
    ("release-config-maps-three", releases::config_maps_three),
    ("release-config-maps-four", releases::config_maps_four),
    ("release-upgrade-killed-three", releases::upgrade_killed_three),
    ("release-upgrade-killed-four", releases::upgrade_killed_four),
    ("release-install-killed-three", releases::install_killed_three),
    ("release-install-killed-four", releases::install_killed_four),
    ("release-record-deleted-three", releases::record_deleted_three),
    ("release-record-deleted-four", releases::record_deleted_four),
    ("persons", server::persons),
    ("both-pod-first", both::pod_first),
    ("both-claim-first", both::claim_first),
    ("both-set-orphaned", both::set_orphaned),
    ("both-set-in-background", both::set_in_background),
    ("both-claim-retained", both::claim_retained),
    ("both-claim-destroyed", both::claim_destroyed),
    ("both-claim-held", both::claim_held),
    ("both-claim-held-by-a-succeeded-pod", both::claim_held_by_a_succeeded_pod),
    ("both-job-in-background", both::job_in_background),
    ("both-job-in-foreground", both::job_in_foreground),
    ("both-job-orphaned", both::job_orphaned),
    ("both-finished-job-in-background", both::finished_job_in_background),
    ("both-finished-job-orphaned", both::finished_job_orphaned),
    ("both-job-that-holds-a-claim", both::job_that_holds_a_claim),
    ("both-pod-of-a-deployment", both::pod_of_a_deployment),
    ("both-claim-ref-cleared", both::claim_ref_cleared),
    ("both-claim-ref-cleared-for-a-heir", both::claim_ref_cleared_for_a_heir),
    ("both-volume-deleted-while-bound", both::volume_deleted_while_bound),
    ("both-volume-deleted-while-released", both::volume_deleted_while_released),
    ("both-set-takes-its-claims", both::set_takes_its_claims),
    ("both-set-in-foreground", both::set_in_foreground),
    ("both-deployment-in-background", both::deployment_in_background),
    ("both-deployment-orphaned", both::deployment_orphaned),
    ("both-replica-set-in-background", both::replica_set_in_background),
    ("both-claim-with-a-disk-elsewhere", both::claim_with_a_disk_elsewhere),
    ("both-claim-pending", both::claim_pending),
    ("both-namespace", both::namespace),
    ("csi-both-claim-destroyed", csi_both::claim_destroyed),
    ("csi-both-claim-destroyed-attaching", csi_both::claim_destroyed_attaching),
    ("csi-both-claim-retained", csi_both::claim_retained),
    ("csi-both-claim-held", csi_both::claim_held),
    ("csi-both-claim-held-attaching", csi_both::claim_held_attaching),
    ("csi-both-first-consumer", csi_both::first_consumer),
    ("csi-both-volume-deleted-while-bound", csi_both::volume_deleted_while_bound),
    ("csi-both-volume-deleted-while-attached", csi_both::volume_deleted_while_attached),
    ("csi-both-volume-deleted-while-released", csi_both::volume_deleted_while_released),
    ("csi-both-static-destroyed", csi_both::static_destroyed),
    ("csi-both-static-deleted-while-available", csi_both::static_deleted_while_available),
    ("csi-both-claim-ref-cleared", csi_both::claim_ref_cleared),
    ("csi-both-set-claim-first", csi_both::set_claim_first),
    ("csi-both-namespace", csi_both::namespace),
    ("both-blind-forecast-is-noticed", both::a_blind_forecast_is_noticed),
    ("acts-set-scaled", acts::set_scaled_down),
    ("acts-set-scaled-with-its-claims", acts::set_scaled_down_with_its_claims),
    ("acts-deployment-scaled", acts::deployment_scaled),
    ("acts-policy-to-retain", acts::policy_to_retain),
    ("acts-policy-to-delete", acts::policy_to_delete),
    ("acts-volume-retargeted-and-claimed", acts::volume_retargeted_and_claimed),
    ("acts-claim-made-in-vain", acts::claim_made_in_vain),
    ("acts-annotated-and-stamped", acts::annotated_and_stamped),
    ("acts-ended-pod-evicted", acts::ended_pod_evicted),
    ("acts-pod-evicted-under-a-budget", acts::pod_evicted_under_a_budget),
    ("acts-set-deleted", acts::set_deleted),
    ("acts-deployment-deleted", acts::deployment_deleted),
    ("acts-volume-deleted", acts::volume_deleted),
    ("panel-cron-job-deleted", panels::cron_job_deleted),
    ("panel-daemon-set-deleted", panels::daemon_set_deleted),
    ("panel-budget-deleted", panels::budget_deleted),
    ("panel-class-deleted", panels::class_deleted),
    ("panel-attachment-deleted", panels::attachment_deleted),
    ("panel-dead-provisioners-finalizer", panels::dead_provisioners_finalizer),
    ("panel-foreign-finalizer", panels::foreign_finalizer),
    ("panel-eviction-refused", panels::eviction_refused),
    ("workloads-set-scaled-down-takes-the-claim", workloads::set_scaled_down_takes_the_claim),
    ("workloads-set-scaled-down-keeps-the-claim", workloads::set_scaled_down_keeps_the_claim),
    ("workloads-set-orphaned-and-made-with-another-template", workloads::set_orphaned_and_made_with_another_template),
    ("workloads-set-stale-claim-let-go", workloads::set_stale_claim_let_go),
    ("workloads-set-with-a-partition", workloads::set_with_a_partition),
    ("workloads-deployment-rolled-out", workloads::deployment_rolled_out),
    ("workloads-deployment-recreated", workloads::deployment_recreated),
    ("workloads-deployment-paused", workloads::deployment_paused),
    ("workloads-deployment-orphaned-and-adopted", workloads::deployment_orphaned_and_adopted),
    ("workloads-job-outlives-its-time", workloads::batch::job_outlives_its_time),
    ("workloads-job-suspended-and-resumed", workloads::batch::job_suspended_and_resumed),
    ("workloads-job-pod-deleted", workloads::batch::job_pod_deleted),
    ("workloads-job-with-less-at-once", workloads::batch::job_with_less_at_once),
    ("workloads-cron-job-deleted", workloads::batch::cron_job_deleted),
    ("workloads-cron-job-orphaned", workloads::batch::cron_job_orphaned),
    ("workloads-cron-job-forgets", workloads::batch::cron_job_forgets),
    ("workloads-budget-asked", workloads::cluster::budget_asked),
    ("workloads-budget-of-a-deployment", workloads::cluster::budget_of_a_deployment),
    ("workloads-class-deleted", workloads::cluster::class_deleted),
    ("cockpit-incident", cockpit::incident),
    ("cockpit-refused-while-held", cockpit::refused_while_held),
    ("cockpit-changed-under-the-panel", cockpit::changed_under_the_panel),
    ("cockpit-changed-behind-the-approval", cockpit::changed_behind_the_approval),
    ("cockpit-volumes-denied", cockpit::volumes_denied),
    ("cockpit-answer-lost", cockpit::answer_lost),
];

/// Trials that take the API server, or a part of what it tells, away from everybody, or that others would come in the way of:
/// one by one, on a control plane of their own.
const EXCLUSIVE: &[Story] = &[
    // pods that tolerate everything come onto any node
    ("panel-node-deleted", panels::node_deleted),
    (
        "namespace-waits-for-an-api-that-is-down",
        deletion::namespace_waits_for_an_api_that_is_down,
    ),
    ("traps-surveyed", traps::surveyed),
    // a default class is everybody's
    ("class-default-of-two", facts_volumes::default_class_of_two),
    ("fact-default-class-late", facts_volumes::default_class_late),
    (
        "workloads-default-class-comes-late",
        workloads::cluster::default_class_comes_late,
    ),
    ("handover-server-away", handover::in_the_middle),
    ("server-killed-and-started-again", server::killed_and_started_again),
    ("server-frozen-and-thawed", server::frozen_and_thawed),
    ("cockpit-server-killed-at-a-gate", cockpit::server_killed_at_a_gate),
    ("cockpit-server-frozen-at-a-gate", cockpit::server_frozen_at_a_gate),
    (
        "helm-hand-server-gone-in-the-middle",
        helm_hand::server_gone_in_the_middle,
    ),
];

/// A control plane, started by the first trial that needs it; a listing or a filter that matches nothing never starts it.
#[derive(Default)]
struct Ground {
    plane: OnceLock<Result<ControlPlane, String>>,
    /// Whose turn it is, where trials come one by one.
    turn: Mutex<()>,
}

fn main() -> ExitCode {
    if survivors::is_victim() {
        survivors::be_killed();
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::from_args();
    let kit = match Kit::find() {
        Ok(kit) => kit,
        Err(missing) => {
            println!("{}", missing.message("the control plane suite"));
            if std::env::var_os("CI").is_some() {
                return ExitCode::FAILURE;
            }
            let ignored = LONG.len() + SHARED.len() + EXCLUSIVE.len() + 2;
            println!("\ntest result: ok. 0 passed; 0 failed; {ignored} ignored; 0 measured; 0 filtered out\n");
            return ExitCode::SUCCESS;
        }
    };

    let (shared, own) = (Arc::new(Ground::default()), Arc::new(Ground::default()));
    let mut trials_together = trials(SHARED, &kit, &shared, false);
    trials_together.push(libtest_mimic::Trial::test(survivors::NAME, survivors::trial));
    let etcd = kit.program("etcd");
    trials_together.push(libtest_mimic::Trial::test(etcd::NAME, move || etcd::trial(&etcd)));
    let lanes = [
        (TOGETHER, trials_together),
        (LONG_TOGETHER, trials(LONG, &kit, &shared, false)),
        (1, trials(EXCLUSIVE, &kit, &own, true)),
    ];
    let failed = std::thread::scope(|scope| {
        let lanes = lanes.map(|(threads, trials)| {
            // more than one thread, so that a result is a whole line among those of the other lanes
            let arguments = Arguments {
                test_threads: Some(arguments.test_threads.unwrap_or(threads).clamp(2, threads.max(2))),
                ..arguments.clone()
            };
            scope.spawn(move || libtest_mimic::run(&arguments, trials).has_failed())
        });
        // all of them to their end, whichever fails
        lanes.map(|lane| lane.join().expect("a lane ends")).contains(&true)
    });
    println!("{}", stage::tally());
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn trials(stories: &'static [Story], kit: &Kit, ground: &Arc<Ground>, one_by_one: bool) -> Vec<libtest_mimic::Trial> {
    let trial = |(name, tell): &'static Story| {
        let (kit, ground) = (kit.clone(), Arc::clone(ground));
        libtest_mimic::Trial::test(*name, move || {
            let _turn = one_by_one.then(|| ground.turn.lock().unwrap_or_else(PoisonError::into_inner));
            let plane = ground.plane.get_or_init(|| start(kit)).as_ref()?;
            // Trials share nothing that a panic could leave half done.
            catch_unwind(AssertUnwindSafe(|| tell(&Trial::new(plane, name))))
                .map_err(|panic| Failed::from(format!("{}\n{}", message(&*panic), plane.tails())))
        })
    };
    stories.iter().map(trial).collect()
}

fn start(kit: Kit) -> Result<ControlPlane, String> {
    let began = Instant::now();
    let plane = ControlPlane::start(kit).map_err(|why| format!("the control plane did not start: {why}"))?;
    eprintln!(
        "the control plane is ready after {:.1} s",
        began.elapsed().as_secs_f32()
    );
    Ok(plane)
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a panic without words")
}
