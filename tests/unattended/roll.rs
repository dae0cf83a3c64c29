//! The shipped `raft-roll` without a screen, in the built binary against a sandbox with three Vaults in it: walked to its end by
//! somebody who approves what is asked, and walked again with a cockpit that dies at every act.

use crate::headless::{Bed, Told};
use crate::home::{Home, printed, said};
use pilothouse::sandbox::raft::{Illness, TOKEN};
use pilothouse::sandbox::{Clock, Options, Sandbox, scenario};
use serde_json::Value;
use std::collections::BTreeSet;

const CLASS: &str = "proxmox-lvm-encrypted";

impl Bed {
    /// With three Vaults in it, and a token that may do everything.
    fn of_vaults() -> Self {
        Self::of("vault-raft", "vault").with_token()
    }

    fn with_token(self) -> Self {
        std::fs::create_dir(self.home.path("backups")).unwrap();
        self.with_secret("--with-token", ("VAULT_TOKEN", TOKEN))
    }

    fn begin(&self) -> Told {
        self.begin_with("rejoin=4m")
    }

    fn begin_with(&self, rejoin: &str) -> Told {
        let backups = self.home.path("backups").display().to_string();
        let mut words = vec!["raft-roll".to_owned()];
        for setting in [
            "namespace=vault".to_owned(),
            format!("class={CLASS}"),
            format!("backups={backups}"),
            "steady=2s".to_owned(),
            "settle=5s".to_owned(),
            rejoin.to_owned(),
        ] {
            words.extend(["--set".to_owned(), setting]);
        }
        self.run(&words)
    }

    /// Class and volume of each claim, by name.
    fn claims(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let claims = self.items("/api/v1/namespaces/vault/persistentvolumeclaims");
        let told = claims.iter().map(|claim| {
            assert_eq!(claim["status"]["phase"], "Bound", "{claim:#}");
            (
                text(&claim["metadata"]["name"]),
                text(&claim["spec"]["storageClassName"]),
                text(&claim["spec"]["volumeName"]),
            )
        });
        told.collect()
    }

    /// Everything is on the new class, and every old volume is there, Released, with Retain.
    fn moved(&self, before: &[(String, String, String)]) {
        let after = self.claims();
        assert_eq!(after.len(), before.len());
        for (name, class, volume) in &after {
            assert_eq!(class, CLASS, "{name}");
            assert!(
                before.iter().all(|(.., old)| old != volume),
                "{name} is on an old volume"
            );
        }
        let volumes = self.items("/api/v1/persistentvolumes");
        for (name, _, old) in before {
            let volume = volumes
                .iter()
                .find(|volume| volume["metadata"]["name"] == **old)
                .unwrap();
            assert_eq!(volume["spec"]["persistentVolumeReclaimPolicy"], "Retain", "{name}");
            assert_eq!(volume["status"]["phase"], "Released", "{name}");
        }
    }
}

/// The acts of the run in the order they were approved: each asked object, from the questions.
fn asked(told: &Told) -> Option<String> {
    told.report["asked"]["act"].as_str().map(str::to_owned)
}

pub(crate) fn the_roll_moves_every_peer_the_leader_last_and_keeps_every_old_volume() {
    let bed = Bed::of_vaults();
    let before = bed.claims();
    let mut acts = Vec::new();
    let mut told = bed.begin();
    for _ in 0..40 {
        if told.code == Some(0) {
            break;
        }
        assert_eq!(told.code, Some(4), "{}", told.text);
        acts.extend(asked(&told));
        told = bed.run(&bed.next(&told));
    }
    assert_eq!(told.told(), "the run is over: complete", "{}", told.text);
    bed.moved(&before);

    // what changed before it was sent is asked again
    acts.dedup();
    // followers first, each claim before its pod, and the leader last, after it gave its lead up
    let order: Vec<&str> = acts
        .iter()
        .filter_map(|act| act.strip_prefix("delete pod/")?.split(' ').next())
        .collect();
    assert_eq!(order, ["vault-1", "vault-0", "vault-2"], "{acts:#?}");
    let at = |wanted: &str| {
        acts.iter()
            .position(|act| act.contains(wanted))
            .unwrap_or_else(|| panic!("{wanted}: {acts:#?}"))
    };
    for pod in order {
        for claim in ["data", "audit"] {
            assert!(
                at(&format!("pvc/{claim}-{pod}")) < at(&format!("delete pod/{pod} ")),
                "{acts:#?}"
            );
        }
    }
    assert!(
        at("to give up the lead of vault") > at("delete pod/vault-0 "),
        "{acts:#?}"
    );
    assert!(at("to give up the lead of vault") < at("pvc/data-vault-2"), "{acts:#?}");

    // snapshots with their receipts, and what is left for later
    let backups: BTreeSet<String> = std::fs::read_dir(bed.home.path("backups"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        backups.contains("vault-before.snap") && backups.contains("vault-3.snap"),
        "{backups:?}"
    );
    let parts = backups.iter().filter(|name| name.contains(".part"));
    assert_eq!(parts.count(), 0, "{backups:?}");
    let output = bed.home.run(&["report", "raft-roll"]);
    let report = printed(&output);
    assert!(
        report.contains("is kept, Released, by policy Retain"),
        "{report}{}",
        said(&output)
    );
}

pub(crate) fn a_cockpit_that_dies_at_every_act_is_taken_up_and_does_nothing_twice() {
    let bed = Bed::of_vaults();
    let before = bed.claims();
    let mut told = bed.begin();
    // a request that was recorded as sent and never left is in doubt for a minute: once is enough
    let mut points = std::iter::once("J4").chain(["J5", "J6", "J2", "J3"].into_iter().cycle());
    let mut died = 0;
    for _ in 0..120 {
        if told.code == Some(0) {
            break;
        }
        let words = bed.next(&told);
        if told.code == Some(4) && asked(&told).is_some() {
            let dead = bed.call(points.next().unwrap(), &words);
            if dead.code.is_none() {
                died += 1;
                told = bed.run(&["--resume"]);
            } else {
                told = dead;
            }
            continue;
        }
        assert!(
            told.code == Some(4) || told.told().starts_with("stopped"),
            "{}",
            told.text
        );
        told = bed.run(&words);
    }
    assert_eq!(told.told(), "the run is over: complete", "{}", told.text);
    assert!(died >= 13, "{died}");
    bed.moved(&before);
}

/// A peer that comes back on its new, empty volume and is ill: the run waits as long as it was told to, stops with what it has
/// seen, touches no other peer, and goes on once it is well.
fn stops_until_it_is_well(illness: Illness, seen: &str) {
    let options = Options::of(&scenario::load("vault-raft").unwrap(), Clock::Real, 1).unwrap();
    let sandbox = Sandbox::start(options).unwrap();
    let bed = Bed::to(Home::new(), sandbox.kubeconfig(), "vault").with_token();
    let mut told = bed.begin_with("rejoin=1m");
    for _ in 0..20 {
        if asked(&told).is_some_and(|act| act.starts_with("delete pod/")) {
            break;
        }
        assert_eq!(told.code, Some(4), "{}", told.text);
        told = bed.run(&bed.next(&told));
    }
    let act = asked(&told).unwrap();
    let pod = act.strip_prefix("delete pod/").and_then(|rest| rest.split(' ').next());
    let pod = pod.unwrap_or_else(|| panic!("{act}"));
    let path = format!("/api/v1/namespaces/vault/pods/{pod}");
    let uid = || bed.wire.get(&path).1["metadata"]["uid"].as_str().map(str::to_owned);
    let before = uid().unwrap();
    let stopped = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let mut said = bed.run(&bed.next(&told));
            // what changed before it was sent is asked again
            for _ in 0..5 {
                if said.code == Some(4) && asked(&said).is_some_and(|again| again == act) {
                    said = bed.run(&bed.next(&said));
                }
            }
            said
        });
        while !run.is_finished() && uid().is_none_or(|uid| uid == before) {
            std::thread::yield_now();
        }
        // it has joined and has not caught up yet
        sandbox.raft().befall("vault", pod, Some(illness));
        run.join().unwrap()
    });
    assert_eq!(stopped.code, Some(1), "{}", stopped.text);
    assert!(stopped.told().starts_with("stopped"), "{}", stopped.text);
    assert!(stopped.text.contains(seen), "{seen}: {}", stopped.text);
    let touched = |list: &str| {
        let objects = bed.items(&format!("/api/v1/namespaces/vault/{list}"));
        let going = objects
            .iter()
            .filter(|object| object["metadata"]["deletionTimestamp"].is_string());
        going.count()
    };
    assert_eq!((touched("pods"), touched("persistentvolumeclaims")), (0, 0));

    sandbox.raft().befall("vault", pod, None);
    let mut told = bed.run(&bed.next(&stopped));
    for _ in 0..8 {
        if asked(&told).is_some_and(|act| act.contains("pvc/")) {
            break;
        }
        told = bed.run(&bed.next(&told));
    }
    let next = asked(&told).unwrap_or_else(|| panic!("{}", told.text));
    assert!(next.contains("pvc/") && !next.contains(pod), "{next}");
}

pub(crate) fn a_newcomer_that_is_sealed_stops_the_roll_until_it_is_unsealed() {
    stops_until_it_is_well(Illness::Sealed, "sealed");
}

pub(crate) fn a_newcomer_that_never_catches_up_stops_the_roll_until_it_votes() {
    stops_until_it_is_well(Illness::LeftBehind, "non-voter");
}

pub(crate) fn a_plan_asks_the_peers_and_says_of_what_comes_later_that_nobody_has_asked_yet() {
    let bed = Bed::of_vaults();
    let backups = format!("backups={}", bed.home.path("backups").display());
    let class = format!("class={CLASS}");
    let fixed = [
        "plan",
        "raft-roll",
        "--set",
        "namespace=vault",
        "--set",
        &class,
        "--set",
        &backups,
        "-o",
        "json",
        "--kubeconfig",
        &bed.kubeconfig,
    ];
    let plan = |words: &[&str]| -> Value {
        let output = bed.home.run_with(&[("VAULT_TOKEN", TOKEN)], &[&fixed, words].concat());
        let text = printed(&output);
        assert!(
            !text.contains(TOKEN) && !said(&output).contains(TOKEN),
            "the token is told: {text}"
        );
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", said(&output)))
    };
    let sensed = |plan: &Value, id: &str, check: &str| -> (Option<bool>, String) {
        let steps = plan["steps"].as_array().unwrap();
        let step = steps.iter().find(|step| step["id"] == id).unwrap();
        let asked = step["sensed"].as_array().unwrap();
        let asked = asked
            .iter()
            .find(|asked| asked["check"].as_str().unwrap().contains(check));
        let asked = asked.unwrap_or_else(|| panic!("no {check} in {step:#}"));
        (asked["holds"].as_bool(), asked["value"].as_str().unwrap().to_owned())
    };

    let with = plan(&["--with-token"]);
    for check in [
        "raft.whole",
        "raft.quorum-after-one",
        "raft.all-healthy",
        "raft.identity-known",
    ] {
        let (holds, value) = sensed(&with, "ready", check);
        assert_eq!(holds, Some(true), "{check}: {value}");
    }
    let (holds, value) = sensed(&with, "ready", "raft.cleanup-waits");
    assert_eq!(holds, Some(true), "{value}");
    assert!(value.contains("removes no dead servers"), "{value}");
    let (holds, value) = sensed(&with, "set-leaves", "raft.snapshot-fresh");
    assert_eq!(holds, None, "{value}");
    assert!(value.contains("a step before takes a snapshot"), "{value}");
    let (holds, value) = sensed(&with, "claims-1", "raft.quorum-after-one");
    assert_eq!(holds, None, "{value}");
    assert!(value.contains("have not been asked"), "{value}");

    // what anybody may ask is told all the same
    let without = plan(&[]);
    let (holds, value) = sensed(&without, "ready", "raft.whole");
    assert_eq!(holds, None, "{value}");
    assert!(value.contains("no token"), "{value}");
}
