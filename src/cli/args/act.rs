//! The words of the acts that `pilothouse forecast` knows.

use super::{DriverArg, Target};
use crate::model::Propagation;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Debug, Subcommand)]
pub enum ForecastAct {
    /// Delete one object
    Delete {
        #[command(flatten)]
        target: Target,
        /// What happens to what the object owns
        #[arg(long, value_enum, default_value_t)]
        cascade: Cascade,
    },
    /// Clear `claimRef.uid` and `claimRef.resourceVersion` of a volume, so that a claim of the same name can bind it again
    ClearClaimRef {
        #[command(flatten)]
        target: Target,
    },
    /// Evict a pod: a deletion that asks the disruption budgets first
    Evict {
        #[command(flatten)]
        target: Target,
    },
    /// Set the number of pods of a StatefulSet, Deployment or `ReplicaSet`
    Scale {
        #[command(flatten)]
        target: Target,
        /// How many pods it is to have
        #[arg(long)]
        replicas: u32,
    },
    /// Take one finalizer off: what its controller had still to do is never done
    RemoveFinalizer {
        #[command(flatten)]
        target: Target,
        /// The finalizer, as in kubernetes.io/pvc-protection
        #[arg(long)]
        finalizer: String,
    },
    /// Set the reclaim policy of a volume
    ReclaimPolicy {
        #[command(flatten)]
        target: Target,
        #[arg(long, value_enum)]
        policy: Policy,
    },
    /// Reserve a volume for a claim by its name
    Retarget {
        #[command(flatten)]
        target: Target,
        /// The claim it is to be reserved for: NAMESPACE/NAME
        #[arg(long, value_name = "NAMESPACE/NAME")]
        claim: String,
    },
    /// Set an annotation that Pilothouse reads, or remove it
    Annotate {
        #[command(flatten)]
        target: Target,
        /// KEY=VALUE, or KEY- to remove it
        #[arg(long, value_name = "KEY=VALUE|KEY-")]
        set: String,
    },
    /// Write a Helm release's marks of ownership on an object
    Stamp {
        #[command(flatten)]
        target: Target,
        /// The release that is to own it: NAMESPACE/NAME
        #[arg(long, value_name = "NAMESPACE/NAME")]
        release: String,
    },
    /// Make a claim
    CreateClaim {
        #[command(flatten)]
        target: Target,
        /// What it asks for: size=10Gi, volume=PV, class=CLASS, modes=RWO,RWX, mode=Block, label=K=V, annotation=K=V
        #[arg(long = "with", value_name = "FIELD=VALUE", required = true)]
        with: Vec<String>,
    },
    /// Ask the leader of a Vault or OpenBao cluster, sts/NAME, to give its lead up
    StepDown {
        #[command(flatten)]
        target: Target,
    },
    /// Take an entry out of the raft configuration of a Vault or OpenBao cluster, sts/NAME
    RemovePeer {
        #[command(flatten)]
        target: Target,
        /// Its raft id
        #[arg(long)]
        id: String,
    },
    /// Bring a snapshot of a Vault or OpenBao cluster, sts/NAME, into a file
    RaftSnapshot {
        #[command(flatten)]
        target: Target,
        #[arg(long, value_name = "FILE")]
        to: String,
    },
    /// Uninstall a Helm release with the operator's own helm
    HelmUninstall {
        #[command(flatten)]
        helm: HelmArgs,
        /// What happens to what the deleted objects own
        #[arg(long, value_enum, default_value_t)]
        cascade: Cascade,
        /// Keep the records
        #[arg(long)]
        keep_history: bool,
        /// Wait until everything is gone
        #[arg(long)]
        wait: bool,
    },
    /// Install a chart as a Helm release, in a namespace that is there
    HelmInstall {
        #[command(flatten)]
        helm: HelmArgs,
        #[command(flatten)]
        chart: ChartArgs,
    },
    /// Upgrade a Helm release to a chart, or to a rendered manifest
    HelmUpgrade {
        #[command(flatten)]
        helm: HelmArgs,
        #[command(flatten)]
        chart: ChartArgs,
    },
    /// Roll a Helm release back to an earlier revision
    HelmRollback {
        #[command(flatten)]
        helm: HelmArgs,
        /// The revision to go back to; 0 is the one before the newest
        #[arg(long, default_value_t, value_name = "REVISION")]
        to: u32,
    },
}

/// What a release is to hold: a chart that the operator's own helm renders for this cluster, or a manifest rendered before.
#[derive(Clone, Debug, Args)]
pub struct ChartArgs {
    /// The chart: a path or a reference. helm renders it (`--dry-run=server`)
    #[arg(required_unless_present = "rendered", conflicts_with = "rendered")]
    pub chart: Option<String>,
    /// The chart's version
    #[arg(long, value_name = "VERSION", conflicts_with = "rendered")]
    pub version: Option<String>,
    /// A values file; repeat it for several
    #[arg(long = "values", short = 'f', value_name = "FILE", conflicts_with = "rendered")]
    pub values: Vec<String>,
    /// Without a chart and without a helm: the output of `helm template`, for an upgrade with `--is-upgrade`, hooks included
    #[arg(long, value_name = "FILE")]
    pub rendered: Option<PathBuf>,
    /// Adopt what is another's
    #[arg(long)]
    pub take_ownership: bool,
    /// Wait until everything is ready
    #[arg(long)]
    pub wait: bool,
}

/// `--policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    Retain,
    Delete,
}

/// Which release, by which helm.
#[derive(Clone, Debug, Args)]
pub struct HelmArgs {
    /// The release's name; its namespace is the first `--namespace`
    pub release: String,
    /// Where helm keeps its records: `HELM_DRIVER` [default: where this release's are; of an install, Secrets]
    #[arg(long, value_enum)]
    pub driver: Option<DriverArg>,
    /// Run no hooks
    #[arg(long)]
    pub no_hooks: bool,
    /// Take this hook to fail; repeat it for several. Every other is taken to succeed
    #[arg(long = "failing-hook", value_name = "NAME")]
    pub failing_hooks: Vec<String>,
}

/// `--cascade`, in kubectl's words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Cascade {
    #[default]
    Background,
    Foreground,
    Orphan,
}

impl Cascade {
    pub const fn propagation(self) -> Propagation {
        match self {
            Self::Background => Propagation::Background,
            Self::Foreground => Propagation::Foreground,
            Self::Orphan => Propagation::Orphan,
        }
    }
}
