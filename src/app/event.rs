//! What can happen to the cockpit, and what it can ask of the world outside. Both lists are closed.
//!
//! Must not know who carries an effect out or how.

use crate::app::key::Key as KeyPress;
use crate::app::raft::TokenGift;
use crate::app::step::Ending;
use crate::app::{release, run};
use crate::diagnose::Found;
use crate::gate::Approved;
use crate::journal;
use crate::laws::Conditions;
use crate::model::event::EventLine;
use crate::model::helm::{Blank, Ledger, Manifest, Reading};
use crate::model::raft::{EnsembleId, FileSeen, Roster, Sweep};
use crate::model::{Act, ClusterIdentity, Key, Now, Observation, Operator, Pin, Text};
use crate::runbook::chronicle::{Chapter, Story};
use crate::runbook::plan::May;
use crate::runbook::progress::Word;
use std::collections::BTreeMap;

/// A step of this session, numbered by the cockpit from 1.
pub type StepNumber = u64;

/// Everything that can happen.
#[derive(Debug)]
pub enum Event {
    Key {
        key: KeyPress,
        at: Now,
    },
    /// Bracketed paste. Goes to the prompt being typed; refused at a gate.
    Paste {
        text: String,
        at: Now,
    },
    /// The terminal's size in columns and rows.
    Resize {
        width: u16,
        height: u16,
    },
    /// Time went by. At least once a second; more often while a key is held.
    Tick(Now),
    /// There is time to go on with what waits to be worked out ([`State::behind`](super::State::behind)).
    Onward,
    /// What the watches reported, in order.
    Observed(Vec<Observation>),
    /// The server answered and said who it and we are.
    Connected {
        identity: ClusterIdentity,
        operator: Operator,
        conditions: Conditions,
    },
    /// The server does not answer, and why. Every gate is shut until [`Event::Connected`] comes again.
    ConnectionLost {
        why: String,
    },
    Fetched(Fetched),
    Step {
        number: StepNumber,
        progress: StepProgress,
    },
    Journal(JournalState),
    /// The runs that the journal holds, and what became of approved acts, by the digest of their approval. Sent when the
    /// journal is opened, and again when a doubt was settled.
    Runs {
        stories: Vec<Story>,
        acts: BTreeMap<String, journal::Stage>,
    },
    /// A run is asked for.
    RunAsked(Box<run::Order>),
    /// The file of the run's runbook was read again: the digest of its text.
    RunbookRead {
        digest: String,
    },
    /// A person's word on the run that is on, given elsewhere than in the prompt.
    RunSaid {
        said: run::Said,
        word: Word,
    },
    /// Steps that an earlier session left unfinished, each with what was observed of it. Sent again when one is settled.
    Doubts(Vec<Doubtful>),
    /// A sentence from the shell: a theme that would not load, a copy that worked.
    Told {
        sentence: String,
        failed: bool,
    },
    Quit,
}

/// A rendered manifest and the digest of its text; or, in a sentence, why it cannot be read.
pub type ManifestRead = Result<(Text, Box<Manifest>), Text>;

/// The answer to a fetch.
#[derive(Debug)]
pub enum Fetched {
    /// The object as YAML, Secret data redacted; or why it could not be read, with the next thing to try.
    Yaml {
        key: Key,
        answer: Result<String, String>,
    },
    Events {
        key: Key,
        answer: Result<Vec<EventLine>, String>,
    },
    /// An act of Helm's with the helm that would do it, and everything it rests on; or why it cannot be asked, with the next
    /// thing to try.
    Helm {
        asked: Box<Act>,
        answer: Result<(Box<Act>, Box<Ledger>), String>,
    },
    /// The record of a release's revision, with the pin of the very object it was read from.
    Record {
        key: Key,
        answer: Result<(Pin, Box<Reading>), String>,
    },
    Release(release::Answer),
    /// What is left to fill in in files of values, or why one cannot be read.
    Values(Vec<(Text, Result<Vec<Blank>, Text>)>),
    /// What stands in rendered manifests, with the digest of each, or why one cannot be read; by their paths.
    Manifests(Vec<(String, ManifestRead)>),
    /// What the server says of the acts that a run would come to.
    Rights {
        run: String,
        may: Vec<May>,
    },
    /// What a soak's rows are; `holds` is `None` where they could not be counted.
    Probe(Found),
    /// An object as a run keeps it, in JSON, or why it cannot be kept; or why it was not read.
    Remembered {
        key: Key,
        answer: Result<Result<String, String>, String>,
    },
    /// What the peers of a raft cluster answered.
    Raft {
        roster: Box<Roster>,
        sweep: Box<Sweep>,
    },
    /// What the file of a snapshot holds, which a run goes by.
    File {
        file: Text,
        seen: FileSeen,
    },
    /// Whether there is a token for a raft cluster now; or why not, which says nothing of it.
    RaftToken {
        id: EnsembleId,
        answer: Result<(), String>,
    },
}

/// How far a committed step has come. In this order; `Voided`, `Answered` and `Failed` end it.
#[derive(Debug)]
pub enum StepProgress {
    /// The intent is on disk.
    Recorded,
    /// What is was read again and is still what was approved.
    Cleared,
    /// What is differs from what was approved; nothing was sent. The lines of the difference.
    Voided {
        changes: Vec<String>,
    },
    /// The request has left.
    Sent,
    /// A line that helm printed, with nothing secret in it.
    Said {
        line: String,
    },
    Answered(journal::Outcome),
    /// Nothing was sent, and why: the journal or the fresh read failed.
    Failed {
        why: String,
    },
}

/// Whether acts can be recorded, and so sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum JournalState {
    /// Not opened: an observing cockpit needs none.
    #[default]
    Unopened,
    Ready,
    /// Steps of an earlier session are in doubt; nothing may be sent before they are settled.
    InDoubt,
    /// It cannot be written: nothing may be sent.
    ReadOnly {
        why: String,
    },
}

/// A step that an earlier session left unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubtful {
    /// The step's name in the journal.
    pub step: Text,
    /// The act in words.
    pub act: String,
    /// What became of it, as far as is known.
    pub verdict: String,
    /// What was observed, and where: one line each.
    pub evidence: Vec<String>,
    /// No observation can tell; a person must.
    pub asks: bool,
    /// Settled: nothing remains to be done about it.
    pub settled: bool,
}

/// What a person says became of a step that no observation can settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Done,
    NotApplied,
}

/// Everything the cockpit can ask for.
#[derive(Debug)]
pub enum Effect {
    FetchYaml(Key),
    FetchEvents(Key),
    /// Find helm, have it render, read what the act rests on; comes back as [`Fetched::Helm`].
    PrepareHelm(Box<Act>),
    /// The record of a release's revision.
    ReadRecord(Key),
    /// Read these files of values; comes back as [`Fetched::Values`].
    ReadValues(Vec<Text>),
    /// Read these rendered manifests of a tenant in this namespace; comes back as [`Fetched::Manifests`].
    ReadManifests {
        paths: Vec<String>,
        namespace: String,
    },
    /// A StorageClass whole, as a run keeps it.
    Remember(Key),
    /// Whether this user may do these acts; comes back as [`Fetched::Rights`].
    AskRights {
        run: String,
        acts: Vec<Act>,
    },
    /// Row counts of a soak, by a command that only reads.
    Probe(Box<Act>),
    /// What this file holds; comes back as [`Fetched::File`]. It is not read again where nothing was written to it since
    /// it was `known`.
    SumFile {
        file: Text,
        known: Option<FileSeen>,
    },
    FetchRelease(release::Question),
    /// Ask the peers of a raft cluster; comes back as [`Fetched::Raft`].
    AskRaft(Box<Roster>),
    /// From now on the peers of this cluster are asked with a token.
    GiveRaftToken {
        id: EnsembleId,
        gift: TokenGift,
    },
    /// Record, read afresh, clear and perform; each leg comes back as a [`StepProgress`].
    Commit {
        number: StepNumber,
        approved: Box<Approved>,
    },
    /// A record of a run: on disk before anything that comes after it in this list.
    Keep(Box<Chapter>),
    /// Read the file of the run's runbook again: somebody may have changed it.
    CheckRunbook {
        name: String,
    },
    /// The step's own post-condition was observed (or its deadline passed): for the record.
    Ended {
        number: StepNumber,
        ending: Ending,
    },
    /// Observe the doubtful steps again.
    ObserveDoubts,
    /// A person's word on a doubtful step.
    SettleDoubt {
        step: Text,
        answer: Answer,
    },
    SetRhythm(Rhythm),
    SetTheme(String),
    CopyToClipboard(String),
    /// Draw the whole screen anew: something else may have written to the terminal.
    Redraw,
    /// Give the terminal back until the program is continued.
    Suspend,
    Quit,
}

/// How often an idle feed is asked for a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// A gate is open: facts older than five seconds are unknown to it.
    Fast,
    Slow,
}
