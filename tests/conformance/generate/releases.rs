//! Releases: charts of what the other cases draw too, what hands have done to their objects since, and what helm is then
//! asked for, by either version.

use pilothouse::model::{Kind, Propagation};

use super::Draw;
use crate::case::{Deed, Errand, Hand, Line, Member, Place, Task, Thing, Touch, Verb};
use crate::support::helm::{FOUR, Helm, THREE};

use Kind::{
    CronJob, DaemonSet, Deployment, Job, PersistentVolume, PersistentVolumeClaim as Claim, Release, StatefulSet,
    StorageClass,
};

const ONE: &str = "one";
const TWO: &str = "two";

/// When hooks run that these cases come to.
const EVENTS: [&str; 8] = [
    "pre-delete",
    "pre-delete",
    "post-delete",
    "pre-upgrade",
    "pre-upgrade",
    "post-upgrade",
    "pre-rollback",
    "post-install",
];
const HOOK_POLICIES: [&str; 6] = [
    "",
    "",
    "hook-succeeded",
    "before-hook-creation",
    "hook-failed",
    "before-hook-creation,hook-succeeded",
];

impl Draw {
    /// A release, what was done to it by hand, and what helm is asked for.
    pub(super) fn release(&mut self) -> Vec<Deed> {
        let two_namespaces = self.one_in(4);
        let groups = 1 + self.rng.u32(..3);
        for _ in 0..groups {
            let namespace = if two_namespaces && self.one_in(2) { "b" } else { "a" };
            self.member(namespace);
        }
        for _ in 0..self.rng.u32(..3) {
            self.other("a");
        }
        let hooks = [0, 0, 1, 2][self.rng.usize(..4)];
        for _ in 0..hooks {
            self.hook();
        }
        let helm = self.helm();
        let place = Place::new("a", "app");
        let line = Line::new(Release, place.clone()).with("helm", helm.executor.major.to_string());
        self.lines.push(line.with("chart", ONE));
        self.guests();
        let touches = [0, 0, 1, 1, 2][self.rng.usize(..5)];
        for _ in 0..touches {
            self.hand();
        }
        let acts = self.errands(helm, &place);
        let next = |deed: &Deed| matches!(&deed.verb, Verb::Helm(errand) if errand.upgrades_to(TWO));
        if acts.iter().any(next) {
            let rolls_back = acts.iter().any(|deed| deed.verb.word() == "rollback");
            self.next_chart(rolls_back);
        }
        acts
    }

    fn helm(&mut self) -> Helm {
        if self.one_in(2) { THREE } else { FOUR }
    }

    /// Draws objects as other cases do and takes into the chart what charts have in them. Volumes and classes stand there
    /// seldom, and then with volumes that nothing else decides about.
    fn member(&mut self, namespace: &str) {
        let from = self.lines.len();
        match self.rng.u32(..12) {
            0..4 => drop(self.claim(namespace)),
            4..6 => self.stateful_set(namespace),
            6..8 => self.replicated(namespace, Deployment, "web"),
            8 => self.replicated(namespace, DaemonSet, "agent"),
            9 | 10 => self.job(namespace),
            _ => self.cron_job(namespace),
        }
        let drawn = self.lines.split_off(from);
        let mut volumes = drawn.iter().filter(|line| line.kind == PersistentVolume);
        // claim and volume go at once, and whether a directory is destroyed is then a race
        let sure = volumes.next().is_none_or(|line| line.field("source") != Some("tmp"));
        let whole = sure && volumes.next().is_none() && self.one_in(8);
        for line in drawn {
            match line.kind {
                PersistentVolume | StorageClass if !whole => self.lines.push(line),
                // a Job that a CronJob has made is in no chart
                _ if line.field("owners").is_some() => {}
                _ => self.take(line),
            }
        }
    }

    fn take(&mut self, line: Line) {
        let mut member = Member {
            chart: ONE.to_owned(),
            thing: Thing::Held(line.kind),
            place: line.place,
            fields: line.fields,
        };
        // what ends by itself would do so again each time helm makes it anew
        member.set("ends", None);
        let often = match line.kind {
            Claim => 3,
            PersistentVolume => 4,
            _ => 12,
        };
        if self.one_in(often) {
            self.policy_of(&mut member);
        }
        self.members.push(member);
    }

    fn policy_of(&mut self, member: &mut Member) {
        let policy = self.any(&["keep", "keep", "keep", "Keep", "retain"]);
        member.set("keep", Some(policy));
    }

    /// An object of a kind that the world does not hold.
    fn other(&mut self, namespace: &str) {
        let (thing, stem) = if self.one_in(2) {
            (Thing::ConfigMap, "settings")
        } else {
            (Thing::Secret, "password")
        };
        let mut member = Member {
            chart: ONE.to_owned(),
            thing,
            place: Place::new(namespace, &self.fresh(stem)),
            fields: Vec::new(),
        };
        if self.one_in(4) {
            self.policy_of(&mut member);
        }
        self.members.push(member);
    }

    /// A Job that ends well, seldom one that fails, or now and then something that only is there.
    fn hook(&mut self) {
        let (thing, stem) = match self.rng.u32(..6) {
            0 => (Thing::ConfigMap, "note"),
            _ => (Thing::Held(Job), "check"),
        };
        let mut member = Member {
            chart: ONE.to_owned(),
            thing,
            place: Place::new("a", &self.fresh(stem)),
            fields: Vec::new(),
        };
        let (first, second) = (self.any(&EVENTS), self.any(&EVENTS));
        let events = if first != second && self.one_in(2) {
            format!("{first},{second}")
        } else {
            first.to_owned()
        };
        member.set("hook", Some(&events));
        if thing.is_held() {
            // a release that cannot be installed is no case
            let fails = !events.contains("post-install") && self.one_in(5);
            member.set("ends", Some(if fails { "failed" } else { "completed" }));
            member.set("backoff", fails.then_some("0"));
        }
        let policy = self.any(&HOOK_POLICIES);
        if !policy.is_empty() {
            member.set("hook-delete", Some(policy));
        }
        if self.one_in(3) {
            member.set("weight", Some(self.any(&["-1", "1", "5"])));
        }
        self.members.push(member);
    }

    /// Pods of others on the release's claims.
    fn guests(&mut self) {
        let claims = self.members.iter().filter(|member| member.thing == Thing::Held(Claim));
        let claims: Vec<Place> = claims.map(|member| member.place.clone()).collect();
        for claim in claims {
            if self.one_in(5) {
                self.pod(&claim.namespace, &claim.name, None);
            }
        }
    }

    /// What somebody has done to an object of the release.
    fn hand(&mut self) {
        let own: Vec<(Thing, Place)> = self
            .members
            .iter()
            .filter(|member| !member.is_hook())
            .map(|member| (member.thing, member.place.clone()))
            .collect();
        if own.is_empty() {
            return;
        }
        let (thing, place) = own[self.rng.usize(..own.len())].clone();
        if self
            .hands
            .iter()
            .any(|hand| (hand.thing, &hand.place) == (thing, &place))
        {
            return;
        }
        let mut touch = Touch::ALL[self.rng.usize(..Touch::ALL.len())];
        let scales = matches!(thing, Thing::Held(StatefulSet | Deployment));
        if touch == Touch::Scale && !scales {
            touch = Touch::Disown;
        }
        self.hands.push(Hand { touch, thing, place });
    }

    /// What helm is asked for, one after the other.
    fn errands(&mut self, helm: Helm, place: &Place) -> Vec<Deed> {
        let mut acts = Vec::new();
        match self.rng.u32(..20) {
            0..8 => acts.push(self.uninstall(false)),
            8..12 => acts.push(self.upgrade(TWO)),
            12..14 => acts.extend([self.upgrade(TWO), self.uninstall(false)]),
            14..16 => acts.extend([self.upgrade(TWO), rollback(1)]),
            16 => acts.extend([self.uninstall(true), rollback(1)]),
            17 => acts.extend([self.uninstall(true), self.uninstall(false)]),
            18 => acts.extend([self.uninstall(true), self.upgrade(TWO)]),
            _ => acts.extend([self.upgrade(TWO), rollback(0), self.uninstall(false)]),
        }
        let mut deeds: Vec<Deed> = Vec::new();
        for task in acts {
            let by_other = self.one_in(4);
            let helm = match (by_other, helm == THREE) {
                (false, _) => helm,
                (true, true) => FOUR,
                (true, false) => THREE,
            };
            let no_hooks = self.one_in(10);
            deeds.push(Deed {
                verb: Verb::Helm(Errand { helm, task, no_hooks }),
                kind: Release,
                place: place.clone(),
            });
        }
        if deeds.len() > 1 && deeds.len() < 3 && self.one_in(3) {
            deeds.extend(self.between());
            let last = deeds.len() - 1;
            if last == 2 {
                deeds.swap(1, 2);
            }
        }
        deeds
    }

    fn uninstall(&mut self, keep_history: bool) -> Task {
        let cascade = match self.rng.u32(..5) {
            0..3 => Propagation::Background,
            3 => Propagation::Foreground,
            _ => Propagation::Orphan,
        };
        Task::Uninstall {
            cascade,
            keep_history: keep_history || self.one_in(8),
            wait: self.one_in(8),
        }
    }

    fn upgrade(&mut self, chart: &str) -> Task {
        Task::Upgrade {
            chart: chart.to_owned(),
            take_ownership: self.one_in(12),
        }
    }

    /// An act of Pilothouse's own on an object of the release, between two of helm's.
    fn between(&mut self) -> Option<Deed> {
        let own: Vec<(Kind, Place)> = self
            .members
            .iter()
            .filter(|member| !member.is_hook())
            .filter_map(|member| match member.thing {
                Thing::Held(kind) => Some((kind, member.place.clone())),
                _ => None,
            })
            .collect();
        if own.is_empty() {
            return None;
        }
        let (kind, place) = own[self.rng.usize(..own.len())].clone();
        let verb = match self.rng.u32(..4) {
            0 => Verb::Delete(Propagation::Background),
            1 => Verb::Stamp("shop".to_owned()),
            2 => Verb::Annotate("helm.sh/resource-policy".to_owned(), None),
            _ => Verb::Annotate("helm.sh/resource-policy".to_owned(), Some("keep".to_owned())),
        };
        Some(Deed { verb, kind, place })
    }

    /// The next revision's chart: the first one with members left out, changed and added.
    fn next_chart(&mut self, rolls_back: bool) {
        let first = self.members.clone();
        let mut next: Vec<Member> = Vec::new();
        for member in first {
            let mut member = Member {
                chart: TWO.to_owned(),
                ..member
            };
            match self.rng.u32(..10) {
                0..2 => continue,
                2 if member.field("keep").is_some() => member.set("keep", None),
                2 => self.policy_of(&mut member),
                3 | 4 => self.alter(&mut member),
                5 if !rolls_back => self.flip(&mut member),
                _ => {}
            }
            next.push(member);
        }
        // whether the first pods of a new template are placed before a claim that is dropped beside them is a race
        let claims = next.iter().filter(|member| member.thing == Thing::Held(Claim));
        let kept: Vec<String> = claims.map(|member| member.place.name.clone()).collect();
        let stated = self.members.iter().filter(|member| member.thing == Thing::Held(Claim));
        let dropped: Vec<String> = stated
            .map(|member| member.place.name.clone())
            .filter(|claim| !kept.contains(claim))
            .collect();
        for member in &mut next {
            let claims = member.field("claims").unwrap_or_default().to_owned();
            if claims.split(',').any(|claim| dropped.iter().any(|gone| gone == claim)) {
                member.set("image", None);
            }
        }
        let more = self.rng.u32(..3);
        let from = self.members.len();
        for _ in 0..more {
            if self.one_in(2) {
                self.other("a");
            } else {
                self.member("a");
            }
        }
        let mut added = self.members.split_off(from);
        for member in &mut added {
            TWO.clone_into(&mut member.chart);
        }
        self.members.extend(next);
        self.members.extend(added);
    }

    /// Changes what a chart says of an object.
    fn alter(&mut self, member: &mut Member) {
        match member.thing {
            Thing::ConfigMap | Thing::Secret => member.set("data", Some("2")),
            Thing::Held(StatefulSet | Deployment | DaemonSet) if self.one_in(2) => member.set("image", Some("other")),
            Thing::Held(StatefulSet | Deployment) => {
                let replicas = self.rng.u32(..3).to_string();
                member.set("replicas", Some(&replicas));
            }
            Thing::Held(CronJob) => member.set("suspend", Some("true")),
            // the one field of a claim that may change, and one that may not
            Thing::Held(Claim) if self.one_in(3) => member.set("class", Some("another")),
            Thing::Held(Claim) if self.one_in(2) => member.set("size", Some("2")),
            Thing::Held(PersistentVolume) => {
                let policy = self.any(&["Retain", "Delete"]);
                member.set("policy", Some(policy));
            }
            Thing::Held(_) => {}
        }
    }

    /// Makes a hook of a plain object: a claim, or what only is there.
    fn flip(&mut self, member: &mut Member) {
        let can = match member.thing {
            Thing::ConfigMap | Thing::Secret => true,
            Thing::Held(kind) => kind == Claim && self.one_in(3),
        };
        if can && !member.is_hook() {
            let event = self.any(&["pre-upgrade", "post-upgrade"]);
            member.set("hook", Some(event));
        }
    }
}

fn rollback(to: u32) -> Task {
    Task::Rollback { to }
}
