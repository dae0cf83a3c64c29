//! The words of the command line. What a newcomer reads in `--help` stands here and nowhere else.

mod act;
mod run;

pub(super) use act::{Cascade, ChartArgs, ForecastAct, HelmArgs, Policy};
pub(super) use run::{Decision, RunArgs};

use crate::cluster::ConnectOptions;
use crate::model::helm::Driver;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A terminal cockpit for live Kubernetes migrations.
///
/// Pilothouse shows, live and per tenant, everything that can lose data: claims and volumes, finalizers, active Jobs,
/// Helm releases. It says what the next act will really do before you do it, and lets nobody do it until its checklist
/// is true. Without a command it opens the cockpit on the current kubeconfig context, observing only.
#[derive(Debug, Parser)]
#[command(name = "pilothouse", version, max_term_width = 100, after_help = AFTER)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub connect: ConnectArgs,
    #[command(flatten)]
    pub look: LookArgs,
}

const AFTER: &str = "\
Examples:
  pilothouse demo                                  try it: an embedded sandbox, nothing to install, nothing to break
  pilothouse                                       look at the current context; nothing can be changed
  pilothouse --operate --context prod-eks          look, and act through the gates
  pilothouse explain pvc/shared-data -n hasan-prod why is it Terminating, and what is the safe way out
  pilothouse --operate unstick pvc/shared-data -n hasan-prod
                                                   go that way step by step, each through its panel
  pilothouse release show eks-1.0.4 -n hasan-prod  what an uninstall would delete, keep, or take from others
  pilothouse forecast delete job/train-7f -n hasan-prod --cascade background
  pilothouse forecast scale sts/vault -n hasan-prod --replicas 2
  pilothouse status -o json                        the fleet's verdicts for a script
  pilothouse runbook list                          what can be run, and where it comes from
  pilothouse plan unstick --set namespace=hasan-prod --set release=eks-1.0.4
  pilothouse run unstick --set namespace=hasan-prod --set release=eks-1.0.4 --sandbox hasan-prod

Exit codes: 0 nothing is wrong · 1 something is wrong · 2 bad input or no cluster · 3 it cannot be said · 4 a person is needed";

/// Which cluster, as whom.
#[derive(Clone, Debug, Default, Args)]
pub struct ConnectArgs {
    /// The kubeconfig file [default: $KUBECONFIG, then ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Cluster")]
    pub kubeconfig: Option<PathBuf>,
    /// The context to use instead of the kubeconfig's current one; it stays pinned for the whole session
    #[arg(long, global = true, value_name = "NAME", help_heading = "Cluster")]
    pub context: Option<String>,
    /// The operator's own helm, by its path or its name on PATH; or, for forecasts alone, a version as `helm version --short`
    /// says it: what an uninstall deletes differs [default: helm on PATH]
    #[arg(long, global = true, value_name = "PATH|VERSION", help_heading = "Cluster")]
    pub helm: Option<String>,
    /// Allow acts. Without it the cockpit only observes and every gate stays shut
    #[arg(long, help_heading = "Cluster")]
    pub operate: bool,
}

impl ConnectArgs {
    /// As the cluster room wants them; before a screen is up, a credential plugin may ask.
    pub fn options(&self) -> ConnectOptions {
        ConnectOptions {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            plugin_may_ask: true,
        }
    }
}

/// What to show and how.
#[derive(Clone, Debug, Default, Args)]
pub struct LookArgs {
    /// A namespace to look at; repeat it for several. Needed only where you may not list the whole cluster
    #[arg(
        long = "namespace",
        short = 'n',
        global = true,
        value_name = "NS",
        help_heading = "View"
    )]
    pub namespaces: Vec<String>,
    /// How tenants are told apart: `pattern=GLOB[,GLOB]` by namespace name, `label=KEY` by namespace label,
    /// `release=GLOB` by Helm release [default: every namespace but kube-*]
    #[arg(long, global = true, value_name = "RULE", help_heading = "View")]
    pub tenants: Option<String>,
    /// A CSI driver whose provisioner is gone for good, by your own word; repeat it for several. Forecasts and the way out
    /// then no longer wait for it, unless a pod of it is seen to be ready
    #[arg(
        long = "dead-provisioner",
        global = true,
        value_name = "DRIVER",
        help_heading = "View"
    )]
    pub dead_provisioners: Vec<String>,
    /// A theme: dark, light, high-contrast, or a TOML file. `NO_COLOR` is honoured
    #[arg(long, global = true, value_name = "NAME|FILE", help_heading = "View")]
    pub theme: Option<String>,
    /// The configuration file [default: ~/.config/pilothouse/config.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "View")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the cockpit on an embedded sandbox: nothing to install, nothing to break
    Demo {
        /// A shipped scenario or a scenario file
        #[arg(default_value = "hasan-prod")]
        scenario: String,
    },
    /// Serve only the sandbox's API server, for kubectl and helm
    ///
    /// The first line of standard output is the path of a kubeconfig. It serves until Ctrl-C or SIGTERM.
    Sandbox {
        /// A shipped scenario or a scenario file; without it the shipped ones are listed
        scenario: Option<String>,
    },
    /// Say of every tenant whether it is clean, and what is wrong with it if not
    Status {
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Say of every tenant which traps it stands in, with evidence and remedy, and what could not be judged
    ///
    /// Reads besides what `status` reads, once: the newest record of each release of these tenants, the one before it and the deployed
    /// one, the objects they name, API services, admission webhooks, `GitOps` objects, what this user may do, and what the peers of
    /// raft clusters say, without a token. Exit codes: 0 no trap, and all was
    /// judged; 1 a tenant stands in a trap; 2 bad input or no connection; 3 none was found, and something could not be judged.
    Traps(TrapsArgs),
    /// Say why an object is stuck, down to the root owner of what holds it, and the safe way out
    Explain {
        #[command(flatten)]
        target: Target,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Go the safe way out of what is stuck, step by step, each through its panel
    ///
    /// Opens the cockpit on the way out of a PVC, PV, namespace, Job, pod or release; `pilothouse --operate unstick …` may act. With -o it
    /// prints the way instead, and what its next step would do. Exit codes then: 0 nothing is stuck; 1 there are steps;
    /// 3 facts are missing.
    Unstick {
        #[command(flatten)]
        target: Target,
        /// Print the way out instead of opening the cockpit
        #[arg(long, short, value_enum)]
        output: Option<Output>,
    },
    /// Look into a Helm release: its revisions, what they hold, and how its objects stand
    Release {
        #[command(subcommand)]
        command: ReleaseCommand,
    },
    /// Show what the peers of raft clusters say: Vault, OpenBao, etcd and described systems
    ///
    /// The peers are asked through port-forwards, twice, so that movement can be told. Who votes is known only with a token
    /// (Vault, OpenBao) whose policy has read on sys/storage/raft/configuration, sys/storage/raft/autopilot/state,
    /// sys/storage/raft/autopilot/configuration and sys/ha-status. Exit codes: 0 nothing is wrong; 1 something is; 3 it is
    /// not known who votes.
    Raft {
        #[command(flatten)]
        args: RaftArgs,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Say what an act would do, object by object, without doing it
    Forecast {
        #[command(subcommand)]
        act: ForecastAct,
        #[arg(long, short, global = true, value_enum, default_value_t)]
        output: Output,
    },
    /// Say what every step of a runbook would do, in order, without doing anything
    ///
    /// Each step is forecast on the world as the steps before it are forecast to leave it. Exit codes: 0 nothing blocks;
    /// 1 a step is blocked, or its end would not be seen; 2 the runbook or a value is wrong; 3 facts are missing.
    Plan {
        #[command(flatten)]
        values: RunbookValues,
        /// Ask the raft cluster that the runbook goes by with its token: from the configuration, `VAULT_TOKEN`, `BAO_TOKEN` or
        /// ~/.vault-token
        #[arg(long)]
        with_token: bool,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Ask, before the window, what would stop a runbook in it: placeholders, objects and fields that block adoption, names that
    /// two releases share, Secrets made anew under old data, path B
    ///
    /// Looks once and does nothing. Charts are rendered by the operator's helm, and each is held against the world that the steps
    /// before it are forecast to leave. `plan` says the same, with every step's forecast. Exit codes: 0 nothing stands in the way,
    /// 1 something does, 2 the runbook or a value is wrong, or no cluster, 3 something is not known.
    Preflight {
        #[command(flatten)]
        values: RunbookValues,
        /// Ask the raft cluster that the runbook goes by with its token: from the configuration, `VAULT_TOKEN`, `BAO_TOKEN` or
        /// ~/.vault-token
        #[arg(long)]
        with_token: bool,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Run a runbook: each act through its own gate, every change of the run kept in the journal
    ///
    /// Opens the cockpit in the run's screen; it may act. What is left unfinished is taken up with --resume, with the text and
    /// the values it began with. With --headless there is no screen: the run goes on until a person is needed, and what is
    /// asked is printed with a digest; an approval is given for that digest and no other. Exit codes of --headless: 0 every
    /// step has passed as the runbook has it; 1 the run is stopped, blocked or aborted, or went on without something; 2 the
    /// runbook or a value is wrong; 3 facts are missing, or the deadline is over; 4 a person is needed.
    Run(Box<RunArgs>),
    /// Check, show, list and begin runbooks; needs no cluster
    Runbook {
        #[command(subcommand)]
        command: RunbookCommand,
    },
    /// Tell what a run of a runbook did: who approved what, what was forecast and what came, what is left to do
    ///
    /// From the journal alone, for whoever was not there: Markdown, or JSON with -o json. Begins with what was waived, left out
    /// or is in doubt. No secret is in a journal, and none in a report. Exit code 2: there is no such run, or its journal does
    /// not verify.
    Report {
        /// The run's name, or its runbook's [default: the newest run]
        run: Option<String>,
        /// The journal's file or directory [default: every journal of this user]
        #[arg(long)]
        journal: Option<PathBuf>,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Read the journal of acts
    Journal {
        #[command(subcommand)]
        command: JournalCommand,
    },
}

/// Whose traps.
#[derive(Clone, Debug, Args)]
pub struct TrapsArgs {
    /// The tenants [default: all]
    #[arg(value_name = "TENANT", conflicts_with = "catalogue")]
    pub names: Vec<String>,
    /// Print the catalogue instead: all sixty, what each looks at, and who tells of it; needs no cluster
    #[arg(long)]
    pub catalogue: bool,
    #[arg(long, short, value_enum, default_value_t)]
    pub output: Output,
}

/// A release, and where Helm keeps its records.
#[derive(Clone, Debug, Args)]
pub struct Which {
    /// The release's name; its namespace is the first `--namespace`
    pub release: String,
    /// Where helm keeps its records: `HELM_DRIVER` [default: Secrets, and `ConfigMaps` where no Secret holds this release]
    #[arg(long, value_enum)]
    pub driver: Option<DriverArg>,
}

/// Which raft clusters, and how to ask them.
#[derive(Clone, Debug, Args)]
pub struct RaftArgs {
    /// The tenant [default: every tenant]
    pub tenant: Option<String>,
    /// Send the token from where the configuration says, else `VAULT_TOKEN`, `BAO_TOKEN` or ~/.vault-token, to the leader of
    /// each cluster that is shown. There is no argument for the token itself
    #[arg(long)]
    pub with_token: bool,
    /// So many seconds between the two times the peers are asked
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=90))]
    pub window: u64,
}

/// `--driver`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DriverArg {
    Secret,
    Configmap,
}

impl DriverArg {
    pub const fn driver(self) -> Driver {
        match self {
            Self::Secret => Driver::Secret,
            Self::Configmap => Driver::ConfigMap,
        }
    }
}

#[derive(Clone, Debug, Subcommand)]
pub enum ReleaseCommand {
    /// Show one revision: each object of its stored manifest and how it stands, its hooks, and its values if asked
    ///
    /// Exit codes: 0 every object is there and nobody else claims it; 1 something is wrong; 3 something is not known.
    Show {
        #[command(flatten)]
        which: Which,
        /// The revision [default: the newest]
        #[arg(long)]
        revision: Option<u32>,
        /// Show the operator's values too; what looks like a secret stays hidden
        #[arg(long)]
        values: bool,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Show every revision that is kept: label and payload, chart, times, description
    ///
    /// Exit codes: 0 every record can be read and says what its label says; 1 one does not; 3 one cannot be read.
    History {
        #[command(flatten)]
        which: Which,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Show what a revision changed, or in what the live objects are not as it says
    ///
    /// Exit codes: 0 nothing differs; 1 something does; 2 a revision cannot be read; 3 an object cannot be looked at.
    Diff {
        #[command(flatten)]
        which: Which,
        /// The revision to begin from [default: the one before --to; with --live, the newest]
        #[arg(long)]
        from: Option<u32>,
        /// The revision to end with [default: the newest]
        #[arg(long, conflicts_with = "live")]
        to: Option<u32>,
        /// Compare the stored manifest with what is live
        #[arg(long)]
        live: bool,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
}

/// A runbook and the values of its parameters.
#[derive(Clone, Debug, Args)]
pub struct RunbookValues {
    /// A shipped runbook, one of your own by its name, or a file
    pub runbook: String,
    /// The value of a parameter; repeat it for several. It counts more than a file
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A YAML file with values, one `NAME: VALUE` a line; of several files the last one counts
    #[arg(long = "values", short = 'f', value_name = "FILE")]
    pub values: Vec<PathBuf>,
}

#[derive(Clone, Debug, Subcommand)]
pub enum RunbookCommand {
    /// Read runbooks and tell everything that is wrong with them, with line, column and fix; exit code 2 if anything is
    Check {
        /// Shipped runbooks, your own by name, or files [default: all of your own]
        runbooks: Vec<String>,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Show a runbook: its parameters, and each step with its act, gate, end and way back
    Show {
        /// A shipped runbook, one of your own by its name, or a file
        runbook: String,
        /// Print the file itself instead, to begin one of your own
        #[arg(long)]
        source: bool,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// List the shipped runbooks and your own, with their digests
    List {
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
    /// Write a commented runbook to begin with; it is sound as it stands
    New {
        /// The runbook's name, as in helm-handover
        name: String,
        /// Where to write it [default: NAME.yaml here]; it must not be there yet
        file: Option<PathBuf>,
    },
}

/// An object: `KIND/NAME`, or `KIND NAME`. Its namespace is the first `--namespace`.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// KIND/NAME, for instance pvc/shared-data
    #[arg(required = true, num_args = 1..=2, value_name = "KIND/NAME")]
    pub words: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Check the hash chain, record by record; names the first that does not hold
    Verify {
        /// The journal's file or directory [default: every journal of this user]
        path: Option<PathBuf>,
    },
    /// Show what was done, when, by whom, and how it ended
    Show {
        /// The journal's file or directory [default: every journal of this user]
        path: Option<PathBuf>,
        #[arg(long, short, value_enum, default_value_t)]
        output: Output,
    },
}
