//! Cases by lot: a pure function of a number. Draws worlds whose setting up can end in one way only (which of two equally
//! good volumes a claim gets is nobody's rule), and acts on what is in them.

mod acts;
mod releases;
mod storage;
mod stories;
mod workloads;

use fastrand::Rng;
use pilothouse::model::{Key, Kind};

use crate::case::{Case, Deed, Hand, Line, Member, Place};
use crate::manifest::FOREIGN;

use Kind::{
    CronJob, DaemonSet, Deployment, Job, Namespace, PersistentVolume, PersistentVolumeClaim as Claim, ReplicaSet,
    StatefulSet,
};

/// A case in the making.
struct Draw {
    rng: Rng,
    lines: Vec<Line>,
    members: Vec<Member>,
    hands: Vec<Hand>,
    /// What an act may be aimed at.
    targets: Vec<(Kind, Place)>,
    counted: u32,
}

/// The case of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut draw = Draw {
        rng: Rng::with_seed(seed),
        lines: Vec::new(),
        members: Vec::new(),
        hands: Vec::new(),
        targets: Vec::new(),
        counted: 0,
    };
    let acts = if is_of_releases(seed) {
        draw.release()
    } else {
        draw.objects()
    };
    Case {
        lines: draw.lines,
        members: draw.members,
        hands: draw.hands,
        acts,
    }
}

/// Whether a seed's case is one of releases.
pub(crate) const fn is_of_releases(seed: u64) -> bool {
    seed % 8 == 5
}

impl Draw {
    /// A world, and what is done to it.
    fn objects(&mut self) -> Vec<Deed> {
        match self.rng.u32(..300) {
            0..5 => self.default_class(),
            5..17 => self.stuck(),
            17..29 => self.torn(),
            29 => self.detached(),
            _ => {
                self.world();
                self.acts()
            }
        }
    }

    fn one_in(&mut self, many: u32) -> bool {
        self.rng.u32(..many) == 0
    }

    fn any<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.rng.usize(..of.len())]
    }

    fn fresh(&mut self, stem: &str) -> String {
        self.counted += 1;
        format!("{stem}{}", self.counted)
    }

    /// An object that acts may be aimed at, those whose end takes most with it more often.
    fn put(&mut self, line: Line) {
        let often = match line.kind {
            StatefulSet | Deployment | ReplicaSet | DaemonSet | Job | CronJob | Claim => 3,
            PersistentVolume => 2,
            _ => 1,
        };
        self.expect(often, line.kind, line.place.clone());
        self.lines.push(line);
    }

    /// A derived object that an act may be aimed at, so often.
    fn expect(&mut self, often: usize, kind: Kind, place: Place) {
        self.targets.extend(std::iter::repeat_n((kind, place), often));
    }

    fn world(&mut self) {
        let namespaces = match self.rng.u32(..20) {
            0..14 => 1,
            14..19 => 2,
            _ => 3,
        };
        for namespace in ["a", "b", "c"].into_iter().take(namespaces) {
            if self.one_in(12) {
                let line = Line::new(Namespace, Place::cluster(namespace));
                self.lines.push(line.with("finalizers", FOREIGN));
            }
            if self.one_in(3) {
                self.expect(2, Namespace, Place::cluster(namespace));
            }
            let groups = 1 + self.rng.u32(..if namespaces == 1 { 3 } else { 2 });
            for _ in 0..groups {
                self.group(namespace);
            }
        }
        if self.one_in(60) {
            self.node("a");
        }
    }

    /// Some objects that belong together.
    fn group(&mut self, namespace: &str) {
        match self.rng.u32(..18) {
            0..5 => self.storage(namespace),
            5 => self.leftover(namespace),
            6..9 => self.stateful_set(namespace),
            9 => self.replicated(namespace, Deployment, "web"),
            10 => self.replicated(namespace, ReplicaSet, "set"),
            11 => self.replicated(namespace, DaemonSet, "agent"),
            12..14 => self.job(namespace),
            14 => self.cron_job(namespace),
            _ => self.owned(namespace),
        }
    }

    fn finalizers(&mut self, line: Line, one_in: u32) -> Line {
        if self.one_in(one_in) {
            line.with("finalizers", FOREIGN)
        } else {
            line
        }
    }
}

/// Every verb and every kind there is occurs in these cases, as an object or as a target; what is missing.
pub(crate) fn lacks(cases: &[&Case]) -> Vec<String> {
    use crate::case::{Task, Verb};
    let lines = cases.iter().flat_map(|case| &case.lines).map(|line| line.kind);
    let deeds = || cases.iter().flat_map(|case| &case.acts);
    let kinds: Vec<Kind> = lines.chain(deeds().map(|deed| deed.kind)).collect();
    // helm deletes releases
    let ends = |verb: &Verb| match verb {
        Verb::Delete(_) => true,
        Verb::Helm(errand) => matches!(errand.task, Task::Uninstall { .. }),
        _ => false,
    };
    let deleted = |kind: &Kind| deeds().any(|deed| deed.kind == *kind && ends(&deed.verb));
    let known = |kind: &Kind| kinds.contains(kind) && deleted(kind);
    let verbs = Verb::WORDS.iter();
    let verbs = verbs.filter(|word| deeds().all(|deed| deed.verb.word() != **word));
    // the helm of the cases keeps its records in Secrets, and does the same where it keeps them in ConfigMaps
    let drawn = Kind::ALL.iter().filter(|kind| **kind != Kind::ReleaseMap);
    let kinds = drawn.filter(|kind| !known(kind));
    let lacking = verbs.map(|word| (*word).to_owned());
    lacking
        .chain(kinds.map(|kind| Key::cluster(*kind, "*").to_string()))
        .collect()
}
