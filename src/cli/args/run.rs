//! The words of `pilothouse run`.

use super::Output;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// A shipped runbook, one of your own by its name, or a file; with --resume also the name of a run, or nothing
    pub runbook: Option<String>,
    /// The value of a parameter; repeat it for several. It counts more than a file
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// A YAML file with values, one `NAME: VALUE` a line; of several files the last one counts
    #[arg(long = "values", short = 'f', value_name = "FILE")]
    pub values: Vec<PathBuf>,
    /// Take up the run that an earlier session left unfinished on this cluster
    #[arg(long, conflicts_with_all = ["set", "values"])]
    pub resume: bool,
    /// Run it on an embedded sandbox of this scenario instead of a cluster
    #[arg(long, value_name = "SCENARIO")]
    pub sandbox: Option<String>,
    /// Give the raft cluster that the runbook goes by its token: from the configuration, `VAULT_TOKEN`, `BAO_TOKEN` or
    /// ~/.vault-token
    #[arg(long)]
    pub with_token: bool,
    /// Without a screen, until a person is needed
    #[arg(long)]
    pub headless: bool,
    /// Approve what was shown with this digest, and nothing else
    #[arg(long, value_name = "DIGEST", requires_all = ["headless", "by", "reason"], help_heading = "Without a screen")]
    pub approve: Option<String>,
    /// Sign the item with this number; repeat it for several
    #[arg(long, value_name = "NUMBER", requires = "approve", help_heading = "Without a screen")]
    pub attest: Vec<usize>,
    /// The text that the runbook asks to be typed
    #[arg(
        long = "type",
        value_name = "TEXT",
        requires = "approve",
        help_heading = "Without a screen"
    )]
    pub typed: Option<String>,
    /// The fact that the panel asks for
    #[arg(long, value_name = "TEXT", requires = "approve", help_heading = "Without a screen")]
    pub fact: Option<String>,
    /// What is to be done about the step that is on
    #[arg(long, value_enum, value_name = "WHAT", requires_all = ["headless", "by", "reason"], conflicts_with = "approve",
        help_heading = "Without a screen")]
    pub decide: Option<Decision>,
    /// Who says so; kept beside the user that the server knows
    #[arg(long, value_name = "NAME", help_heading = "Without a screen")]
    pub by: Option<String>,
    /// Why; kept in the journal
    #[arg(long, value_name = "TEXT", help_heading = "Without a screen")]
    pub reason: Option<String>,
    /// How long this call may take in all, as in 90s, 10m or 24h; the run itself stands in the journal
    #[arg(long, value_name = "TIME", default_value = "1h", help_heading = "Without a screen")]
    pub deadline: String,
    #[arg(long, short, value_enum, default_value_t, help_heading = "Without a screen")]
    pub output: Output,
}

/// A person's word on a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// Stop the step that is on
    Halt,
    /// Let a stopped step begin anew
    Again,
    /// Leave the step out; what it has not done stays undone
    Skip,
    /// Take the end of a stopped step for seen
    Waive,
    /// Turn the run around, through the steps of the way back
    TurnBack,
    /// End the run
    Abort,
}
