//! The run of a runbook in this cockpit: the one that is on, those an earlier session left, and the one that was asked for.
//!
//! Must not know how a record is written or a request sent; what it wants it asks for in effects.

use crate::app::event::StepNumber;
use crate::forecast::Forecast;
use crate::gate::SignOff;
use crate::journal::Stage;
use crate::model::helm::{Executor, Ledger};
use crate::model::{Act, Key, Moment, Pin, Text};
use crate::runbook::chronicle::Story;
use crate::runbook::progress::Word;
use crate::runbook::run::Standing;
use crate::runbook::{self, Given, Origin, Resolved, Run};
use std::collections::{BTreeMap, BTreeSet};

/// Everything about runs.
#[derive(Debug, Default)]
pub struct Runs {
    pub(in crate::app) on: Option<Box<On>>,
    /// Runs that the journal holds and whose end it does not.
    pub(in crate::app) left: Vec<Story>,
    /// The names of all runs that the journal holds.
    pub(in crate::app) names: BTreeSet<String>,
    /// What became of approved acts, by the digest of their approval, as the journal has them.
    pub(in crate::app) acts: BTreeMap<String, Stage>,
    /// The journal has told which runs it holds.
    pub(in crate::app) told: bool,
    pub(in crate::app) order: Option<Box<Order>>,
    /// What helm would be used, and what rendered manifests were read.
    pub(in crate::app) executor: Option<Executor>,
    pub(in crate::app) rendered: BTreeMap<String, Text>,
    /// Nobody is at the keys: the fact to type is chosen so that another process asks for the same one.
    pub(in crate::app) unattended: bool,
    /// Raft clusters that a run goes by get their token from where the configuration says.
    pub(in crate::app) with_token: bool,
    /// Who approves what is approved next, where nobody is at the keys.
    pub(in crate::app) approver: Option<Word>,
}

/// The run that is on.
#[derive(Debug)]
pub struct On {
    pub run: Run,
    pub standing: Standing,
    /// The gate of a step that does nothing.
    pub sign_off: Option<SignOff>,
    /// What the next act would do, by the facts at hand.
    pub next: Option<Forecast>,
    /// The steps of this session in which acts of the present step are done, by the act's place in it.
    pub(in crate::app) numbers: BTreeMap<usize, StepNumber>,
    /// The parameters are shown instead of the step.
    pub(in crate::app) parameters: bool,
    /// The panel that opens next is the run's.
    pub(in crate::app) asking: bool,
    /// The newest records that were asked for.
    pub(in crate::app) records: Vec<Pin>,
    /// The files of values that were asked for.
    pub(in crate::app) files: Vec<Text>,
    /// The rendered manifests that were asked for.
    pub(in crate::app) manifests: Vec<String>,
    /// The run was taken up from the journal.
    pub taken_up: bool,
    /// When the server was asked whether this user may do every act of the run.
    pub(in crate::app) rights: Option<Moment>,
    /// What is being asked of a pod for a soak.
    pub(in crate::app) probing: Option<Box<Act>>,
    /// Since when somebody looks at the file of the newest snapshot.
    pub(in crate::app) looking: Option<Moment>,
    /// Objects that were asked for, to be kept as they are.
    pub(in crate::app) reading: BTreeSet<Key>,
    /// How far the act under way is, in its own words.
    pub said: Option<String>,
}

/// A run that was asked for when the cockpit was started.
#[derive(Clone, Debug)]
pub struct Order {
    pub wanted: Wanted,
    /// The version of the operator's helm.
    pub executor: Option<Executor>,
    /// The digests of rendered manifests, by the path the runbook names them with.
    pub rendered: BTreeMap<String, Text>,
    /// What was read of those manifests.
    pub ledger: Ledger,
    /// Nobody is at the keys.
    pub unattended: bool,
    /// The raft cluster that the run goes by gets its token from where the configuration says.
    pub with_token: bool,
    /// Who approves, and why.
    pub approver: Option<Word>,
}

/// Which run.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A new one; not while the journal holds an unfinished one of the same runbook and tenant.
    New(Box<Resolved>),
    /// The one the journal holds: of this name, or of this runbook, or the only one. `file` is the digest of the text that
    /// the operator named, to be held against the one the run began with.
    Left { name: Option<String>, file: Option<String> },
}

/// What a person says about a run, in the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Halt,
    Resume,
    Skip,
    Waive,
    TurnBack,
    Abort,
    /// The text that the step's gate asks for.
    Typed,
}

impl Said {
    /// What the prompt asks.
    pub const fn question(self) -> &'static str {
        match self {
            Self::Halt => "why is this step stopped? ",
            Self::Resume => "why may this step begin anew? ",
            Self::Skip => "why is this step left out? its act stays undone. ",
            Self::Waive => "why is its end taken for seen? ",
            Self::TurnBack => "why is the run turned around? ",
            Self::Abort => "why is the run aborted? ",
            Self::Typed => "type it: ",
        }
    }
}

impl Runs {
    /// The run that is on.
    pub fn on(&self) -> Option<&On> {
        self.on.as_deref()
    }

    /// Runs that an earlier session left.
    pub fn left(&self) -> &[Story] {
        &self.left
    }

    /// A run was asked for and has not begun.
    pub const fn ordered(&self) -> bool {
        self.order.is_some()
    }
}

impl Runs {
    /// What `:run NAME KEY=VALUE …` asks for: a shipped runbook. Files are for the command line, which can read them.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the words.
    pub(in crate::app) fn read(&self, words: &str) -> Result<Order, String> {
        let mut words = words.split_whitespace();
        let name = words.next().unwrap_or_default();
        let source = runbook::shipped(name).ok_or_else(|| {
            let known: Vec<&str> = runbook::SHIPPED.iter().map(|(name, _)| *name).collect();
            format!(
                "there is no shipped runbook {name:?}, but {}; a file is run by `pilothouse run`",
                known.join(", ")
            )
        })?;
        let runbook = runbook::parse(&source).map_err(|faults| faults.to_string())?;
        let mut given = Vec::new();
        for word in words {
            let (name, text) = word
                .split_once('=')
                .ok_or_else(|| format!("{word:?} gives no value: write NAME=VALUE"))?;
            given.push(Given {
                name: name.to_owned(),
                text: text.to_owned(),
                origin: Origin::Kept(":run".to_owned()),
            });
        }
        let resolved = runbook::resolve(&runbook, &given).map_err(|wrong| wrong.sentences().join("; "))?;
        Ok(Order {
            wanted: Wanted::New(Box::new(resolved)),
            executor: self.executor,
            rendered: self.rendered.clone(),
            ledger: Ledger::default(),
            unattended: false,
            with_token: false,
            approver: None,
        })
    }
}
