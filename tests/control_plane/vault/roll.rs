//! The shipped `raft-roll` by the built program on three real Vaults, while a client writes and reads back: no acknowledged
//! write is lost, and the quorum is not lost by our doing.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::bed::{Bed, class, pod};
use crate::handover::operator::{Operator, Told};
use crate::support::vault::client::Figures;
use crate::support::vault::{Client, Ids, PEERS};
use crate::trial::{Trial, text};

/// No run of a roll asks more often.
const CALLS: usize = 120;
/// None takes longer, on the slowest machine.
const LONGEST: Duration = Duration::from_mins(15);
/// What the program says of a leader that took the order to step down and leads on.
const LEADS_ON: &str = "the election has not come to another leader";
/// Longer than an election and a client's looking for the new leader take on a machine that also builds something.
const GAP: Duration = Duration::from_secs(20);

/// For how long the same peer has led before a volume goes, and how long all are watched between two turns. An operator takes
/// longer over both.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    Steady,
    /// Where each step is begun more than once.
    Brisk,
}

/// A roll, prepared: the cluster on the old class, the new class, and a client that goes on all the time.
pub(crate) struct Roll<'trial> {
    pub(crate) bed: Bed<'trial>,
    pub(crate) operator: Operator<'trial>,
    pub(crate) client: Client,
    /// The volume under each claim at the beginning.
    pub(crate) before: BTreeMap<String, String>,
    class: String,
}

impl<'trial> Roll<'trial> {
    pub(crate) fn prepared(trial: &'trial Trial<'trial>, ids: Ids) -> Self {
        let bed = Bed::new(trial, ids);
        let operator = Operator::with_token(trial, bed.vaults.root());
        std::fs::create_dir(operator.path("backups")).expect("a directory");
        let client = bed.vaults.client();
        client.until_it_writes(&bed.vaults);
        Self {
            class: class(trial, "new"),
            before: volumes(trial),
            bed,
            operator,
            client,
        }
    }

    /// The words that begin it.
    pub(crate) fn words(&self, pace: Pace) -> Vec<String> {
        let (steady, settle) = match pace {
            Pace::Steady => ("10s", "10s"),
            Pace::Brisk => ("3s", "5s"),
        };
        let set = |(name, value): (&str, &str)| ["--set".to_owned(), format!("{name}={value}")];
        let backups = self.operator.path("backups").display().to_string();
        let values = [
            ("namespace", self.bed.trial.namespace.as_str()),
            ("class", self.class.as_str()),
            ("backups", backups.as_str()),
            ("steady", steady),
            ("settle", settle),
            ("rejoin", "3m"),
        ];
        std::iter::once("raft-roll".to_owned())
            .chain(values.into_iter().flat_map(set))
            .collect()
    }

    /// Approves whatever is asked, and begins anew what stopped, until this holds or the run is over.
    pub(crate) fn walk_until(&self, told: Told, holds: impl Fn(&Told) -> bool) -> Told {
        let (mut told, mut led_on) = (told, 0);
        let until = Instant::now() + LONGEST;
        for _ in 0..CALLS {
            if holds(&told) || told.sentence().starts_with("the run is over") {
                return told;
            }
            if Instant::now() > until {
                break;
            }
            if told.sentence().contains(LEADS_ON) {
                led_on += 1;
                if led_on == 2 {
                    self.restart_the_leader();
                }
            }
            told = self.operator.run(&self.operator.next(&told));
        }
        panic!("it does not end: {}\n{}", told.text, self.bed.vaults.tails());
    }

    /// Vault 1.21.0, once its leader was frozen and thawed, now and then queues the order to step down and never reads it ("manual
    /// step-down operation already queued"). The program says what to do then, and a person does it.
    fn restart_the_leader(&self) {
        let leader = pod(self.bed.vaults.leader().expect("a leader"));
        eprintln!("{}: {leader} leads on, and is restarted", self.bed.trial.namespace);
        self.bed.trial.delete_now(&format!("pod/{leader}"));
        self.bed.vaults.until_voters();
    }

    /// To the end; and then everything is as it should be.
    pub(crate) fn through(self, told: Told) -> Figures {
        let told = self.walk_until(told, |_| false);
        told.assert_complete();
        self.bed.vaults.until_voters();
        let figures = self.client.finish(&self.bed.vaults);
        println!("{}: {figures}", self.bed.trial.namespace);
        assert!(figures.lost.is_empty(), "{:?}", figures.lost);
        let journal = self.operator.journal();
        assert!(!journal.contains("IN DOUBT"), "{journal}");
        let after = volumes(self.bed.trial);
        assert_eq!(after.len(), PEERS);
        let disks = self.bed.trial.plane.disks();
        for (claim, volume) in &after {
            let old = &self.before[claim];
            assert_ne!(old, volume, "{claim}");
            assert_eq!(
                of_volume(self.bed.trial, volume)["spec"]["storageClassName"],
                self.class.as_str()
            );
            let old = of_volume(self.bed.trial, old);
            assert_eq!(
                (&old["status"]["phase"], &old["spec"]["persistentVolumeReclaimPolicy"]),
                (&Value::from("Released"), &Value::from("Retain"),)
            );
            let handle = text(&old["spec"]["csi"]["volumeHandle"]);
            assert!(disks.contains(handle), "{claim}: its old disk is destroyed");
        }
        figures
    }
}

fn of_volume(trial: &Trial<'_>, name: &str) -> Value {
    trial.volume(name).unwrap_or_else(|| panic!("no volume {name}"))
}

fn volumes(trial: &Trial<'_>) -> BTreeMap<String, String> {
    let name = |peer: usize| format!("data-{}", pod(peer));
    let claims = (0..PEERS).map(|peer| (name(peer), trial.wait_bound(&name(peer))));
    claims
        .map(|(name, claim)| (name, text(&claim["spec"]["volumeName"]).to_owned()))
        .collect()
}

/// Ids that the pods bring with them: an empty peer votes at once. Those that the volumes keep, the chart's default, are rolled by
/// `roll_disturbed::distrusted`.
pub(crate) fn fixed_ids(trial: &Trial<'_>) {
    let roll = Roll::prepared(trial, Ids::Fixed);
    let told = roll.operator.run(&roll.words(Pace::Steady));
    let figures = roll.through(told);
    assert!(figures.gap < GAP, "{figures}");
    // the leader steps down once, for the last turn
    assert!(figures.changes() <= 2, "{figures}: {:?}", figures.leaders);
}
