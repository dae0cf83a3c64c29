//! What differs between versions of helm (`reference/semantics.md` §2.8).

use crate::model::helm::Executor;

/// Whether an uninstall looks whose each live object is, and leaves those of others: released in 4.3
/// (`pkg/action/validate.go` `verifyOwnershipBeforeDelete`).
pub(super) const fn checks_ownership(executor: Executor) -> bool {
    executor.major > 4 || (executor.major == 4 && executor.minor >= 3)
}

/// Whether a hook's deletion is waited for before it is made anew. Helm 4's default wait strategy does not
/// (`pkg/kube/statuswait.go` `hookOnlyWaiter.WaitForDelete`).
pub(super) const fn waits_for_hook_deletion(executor: Executor) -> bool {
    executor.major < 4
}

/// Whether hooks are applied by the server, so that one which is there already is no error (Helm 4).
pub(super) const fn applies_hooks(executor: Executor) -> bool {
    executor.major >= 4
}

/// Whether an uninstall deletes webhook configurations before everything else (Helm 4); Helm 3 does it last.
pub(super) const fn webhooks_first(executor: Executor) -> bool {
    executor.major >= 4
}
