//! A deleting volume waits for its phase, and for nothing else.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::table;

#[test]
fn only_bound_holds() {
    const GONE: &[&str] = &["RemoveFinalizer pv/v kubernetes.io/pv-protection"];
    const DYING: &str = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [kubernetes.io/pv-protection]}, status: {phase: PHASE}}";
    let world = |phase: &str| DYING.replace("PHASE", phase);
    table(
        &LAW,
        &Conditions::default(),
        &[
            ("bound", &world("Bound"), &[]),
            ("released", &world("Released"), GONE),
            ("available", &world("Available"), GONE),
            ("failed", &world("Failed"), GONE),
            (
                "not deleting and stripped",
                "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, status: {phase: Bound}}",
                &["AddFinalizer pv/v kubernetes.io/pv-protection"],
            ),
        ],
    );
}
