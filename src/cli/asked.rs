//! Which act the words of a command line ask for. Parses; looks nothing up.

use super::args::{Cascade, ForecastAct, Policy};
use crate::model::act::words;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Draft, Pin, Propagation};
use crate::shell::Failure;

/// What a step made by a forecast would be called; nothing is ever made.
const FORECAST: &str = "forecast";

/// The act on an object that is not looked up yet.
pub(super) fn read(asked: &ForecastAct, target: Pin) -> Result<Act, Failure> {
    let act = match asked {
        ForecastAct::Delete { cascade, .. } => Act::Delete {
            target,
            propagation: match cascade {
                Cascade::Background => Propagation::Background,
                Cascade::Foreground => Propagation::Foreground,
                Cascade::Orphan => Propagation::Orphan,
            },
        },
        ForecastAct::ClearClaimRef { .. } => Act::ClearClaimRef { volume: target },
        ForecastAct::Evict { .. } => Act::Evict { pod: target },
        ForecastAct::Scale { replicas, .. } => Act::Scale {
            target,
            replicas: *replicas,
        },
        ForecastAct::RemoveFinalizer { finalizer, .. } => Act::RemoveFinalizer {
            target,
            finalizer: finalizer.into(),
        },
        ForecastAct::ReclaimPolicy { policy, .. } => Act::SetReclaimPolicy {
            volume: target,
            policy: match policy {
                Policy::Retain => ReclaimPolicy::Retain,
                Policy::Delete => ReclaimPolicy::Delete,
            },
        },
        ForecastAct::Retarget { claim, .. } => {
            let (namespace, name) = words::placed(claim)
                .ok_or_else(|| bad(&format!("{claim:?} names no claim"), "write --claim NAMESPACE/NAME"))?;
            Act::RetargetClaimRef {
                volume: target,
                namespace,
                name,
            }
        }
        ForecastAct::Annotate { set, .. } => {
            let (annotation, value) = words::annotation(set).ok_or_else(|| {
                bad(
                    &format!("{set:?} sets no annotation"),
                    "write --set KEY=VALUE, or --set KEY- to remove it",
                )
            })?;
            Act::Annotate {
                target,
                annotation,
                value,
            }
        }
        ForecastAct::Stamp { release, .. } => {
            let (namespace, release) = words::placed(release).ok_or_else(|| {
                bad(
                    &format!("{release:?} names no release"),
                    "write --release NAMESPACE/NAME",
                )
            })?;
            Act::Stamp {
                target,
                release,
                namespace,
            }
        }
        ForecastAct::CreateClaim { with, .. } => {
            let mut draft = Draft {
                access_modes: vec!["ReadWriteOnce".into()],
                ..Draft::default()
            };
            if let Some(strange) = with.iter().find(|word| !draft.take(word)) {
                let told = format!("{strange:?} is nothing a claim asks for");
                return Err(bad(
                    &told,
                    "size=, volume=, class=, modes=, mode=, label=K=V, annotation=K=V",
                ));
            }
            Act::create_claim(target.key, draft, FORECAST)
        }
        ForecastAct::StepDown { .. } | ForecastAct::RemovePeer { .. } | ForecastAct::RaftSnapshot { .. } => {
            return Err(bad("who leads has to be asked first", "see `pilothouse help forecast`"));
        }
        ForecastAct::HelmInstall { .. }
        | ForecastAct::HelmUninstall { .. }
        | ForecastAct::HelmUpgrade { .. }
        | ForecastAct::HelmRollback { .. } => {
            return Err(bad(
                "an act of helm's is about a release",
                "see `pilothouse help forecast`",
            ));
        }
    };
    match act.misfit() {
        Some(why) => Err(bad(&why, "see `pilothouse help forecast`")),
        None => Ok(act),
    }
}

fn bad(what: &str, way_out: &str) -> Failure {
    Failure::new(what.to_owned(), way_out)
}
