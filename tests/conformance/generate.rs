//! Cases by lot: a pure function of a number. Draws worlds whose setting up can end in one way only (which of two equally
//! good volumes a claim gets is nobody's rule), and acts on what is in them.

use fastrand::Rng;
use pilothouse::model::{Kind, Propagation};

use crate::case::{Case, Deed, Line, Place, Verb};

use Kind::{
    CronJob, DaemonSet, Deployment, Job, Namespace, PersistentVolume, PersistentVolumeClaim as Claim, Pod, ReplicaSet,
    StatefulSet, StorageClass,
};

/// The finalizer of a controller that is nowhere.
const FOREIGN: &str = "example.com/hold";

struct Draw {
    rng: Rng,
    lines: Vec<Line>,
    /// What an act may be aimed at.
    targets: Vec<(Kind, Place)>,
    counted: u32,
}

/// The case of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut draw = Draw {
        rng: Rng::with_seed(seed),
        lines: Vec::new(),
        targets: Vec::new(),
        counted: 0,
    };
    draw.world();
    let acts = draw.acts();
    Case {
        lines: draw.lines,
        acts,
    }
}

impl Draw {
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

    fn put(&mut self, line: Line) {
        let often = match line.kind {
            StatefulSet | Deployment | ReplicaSet | DaemonSet | Job | CronJob => 3,
            _ => 1,
        };
        let target = (line.kind, line.place.clone());
        self.targets.extend(std::iter::repeat_n(target, often));
        self.lines.push(line);
    }

    /// A derived object that an act may be aimed at.
    fn expect(&mut self, kind: Kind, place: Place) {
        self.targets.push((kind, place));
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
                self.expect(Namespace, Place::cluster(namespace));
            }
            let groups = 1 + self.rng.u32(..if namespaces == 1 { 3 } else { 2 });
            for _ in 0..groups {
                self.group(namespace);
            }
        }
    }

    /// Some objects that belong together.
    fn group(&mut self, namespace: &str) {
        match self.rng.u32(..16) {
            0..4 => self.storage(namespace),
            4 => self.leftover(namespace),
            5..8 => self.stateful_set(namespace),
            8 => self.replicated(namespace, Deployment, "web"),
            9 => self.replicated(namespace, ReplicaSet, "set"),
            10 => self.replicated(namespace, DaemonSet, "agent"),
            11..13 => self.job(namespace),
            13 => self.cron_job(namespace),
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

    fn class(&mut self) -> String {
        let class = self.fresh("class");
        let binding = if self.one_in(4) {
            "WaitForFirstConsumer"
        } else {
            "Immediate"
        };
        let line = Line::new(StorageClass, Place::cluster(&class)).with("binding", binding);
        let line = self.finalizers(line, 40);
        if self.one_in(4) {
            self.put(line);
        } else {
            self.lines.push(line);
        }
        class
    }

    fn volume(&mut self, class: &str, size: u32) -> Line {
        let name = self.fresh("disk");
        let policy = self.any(&["Retain", "Retain", "Delete"]);
        let source = self.any(&["tmp", "tmp", "elsewhere", "nfs", "csi"]);
        // what a driver attaches would wait for an attacher that is not there
        let source = if source == "csi" { "nfs" } else { source };
        let line = Line::new(PersistentVolume, Place::cluster(&name))
            .with("class", class)
            .with("size", size.to_string())
            .with("policy", policy)
            .with("source", source);
        self.finalizers(line, 20)
    }

    /// A claim, mostly with a volume that is its own, in one of the ways there are; gives back its name.
    fn claim(&mut self, namespace: &str) -> String {
        let class = self.class();
        let name = self.fresh("data");
        let mut claim = Line::new(Claim, Place::new(namespace, &name))
            .with("class", class.as_str())
            .with("size", "1");
        match self.rng.u32(..8) {
            0 => {} // stays Pending
            1 => {
                let volume = self.volume(&class, 1);
                claim = claim.with("volume", volume.place.name.as_str());
                self.put(volume);
            }
            2 => {
                let volume = self.volume(&class, 1).with("reserved", format!("{namespace}/{name}"));
                self.put(volume);
            }
            _ => {
                let volume = self.volume(&class, 1);
                self.put(volume);
            }
        }
        if self.one_in(4) {
            let spare = self.volume(&class, 5);
            self.put(spare);
        }
        let claim = self.finalizers(claim, 12);
        self.put(claim);
        name
    }

    fn storage(&mut self, namespace: &str) {
        let claim = self.claim(namespace);
        for _ in 0..self.rng.u32(..3) {
            self.pod(namespace, &claim, None);
        }
    }

    fn pod(&mut self, namespace: &str, claims: &str, owner: Option<String>) -> String {
        let name = self.fresh("user");
        let mut pod = Line::new(Pod, Place::new(namespace, &name));
        if !claims.is_empty() {
            pod = pod.with("claims", claims);
        }
        if self.one_in(5) {
            pod = pod.with("ends", self.any(&["completed", "completed"]));
        }
        if let Some(owner) = owner {
            pod = pod.with("owners", owner);
        }
        let pod = self.finalizers(pod, 10);
        self.put(pod);
        name
    }

    /// A volume whose claim is long gone, or one that is reserved for a claim that is not there.
    fn leftover(&mut self, namespace: &str) {
        let class = self.class();
        let name = self.fresh("gone");
        let how = self.any(&["claimed", "claimed", "reserved"]);
        let volume = self.volume(&class, 1).with(how, format!("{namespace}/{name}"));
        self.put(volume);
        if self.one_in(2) {
            let claim = Line::new(Claim, Place::new(namespace, &name))
                .with("class", class.as_str())
                .with("size", "1");
            self.put(claim);
        }
    }

    fn stateful_set(&mut self, namespace: &str) {
        let name = self.fresh("db");
        let replicas = self.rng.u32(..4).min(2);
        let mut set = Line::new(StatefulSet, Place::new(namespace, &name)).with("replicas", replicas.to_string());
        if self.one_in(4) {
            set = set.with("management", "Parallel");
        }
        if !self.one_in(4) {
            let class = self.class();
            set = set
                .with("template", "data")
                .with("class", class.as_str())
                .with("size", "1");
            for ordinal in 0..replicas {
                let claim = format!("data-{name}-{ordinal}");
                let volume = self.volume(&class, 1).with("reserved", format!("{namespace}/{claim}"));
                self.put(volume);
                self.expect(Claim, Place::new(namespace, &claim));
                self.expect(Claim, Place::new(namespace, &claim));
            }
            if self.one_in(3) {
                let spare = self.volume(&class, 5);
                self.put(spare);
            }
            for policy in ["deleted", "scaled"] {
                if self.one_in(4) {
                    set = set.with(policy, "Delete");
                }
            }
        } else if self.one_in(2) {
            let claim = self.claim(namespace);
            set = set.with("claims", claim);
        }
        for ordinal in 0..replicas {
            self.expect(Pod, Place::new(namespace, &format!("{name}-{ordinal}")));
            self.expect(Pod, Place::new(namespace, &format!("{name}-{ordinal}")));
        }
        let set = self.finalizers(set, 15);
        self.put(set);
    }

    fn replicated(&mut self, namespace: &str, kind: Kind, stem: &str) {
        let name = self.fresh(stem);
        let mut set = Line::new(kind, Place::new(namespace, &name));
        if kind != DaemonSet {
            set = set.with("replicas", self.rng.u32(..3).to_string());
        }
        if self.one_in(2) {
            let claim = self.claim(namespace);
            set = set.with("claims", claim);
        }
        let set = self.finalizers(set, 15);
        self.put(set);
        let pod = if kind == Deployment {
            self.expect(ReplicaSet, Place::new(namespace, &format!("{name}-*")));
            format!("{name}-*-*")
        } else {
            format!("{name}-*")
        };
        self.expect(Pod, Place::new(namespace, &pod));
        self.expect(Pod, Place::new(namespace, &pod));
    }

    fn job_fields(&mut self, namespace: &str, line: Line) -> Line {
        let mut line = line.with("parallelism", (1 + self.rng.u32(..2)).to_string());
        match self.rng.u32(..6) {
            0 => line = line.with("suspend", "true"),
            1 | 2 => line = line.with("ends", "completed"),
            3 => line = line.with("backoff", "0"),
            _ => {}
        }
        if self.one_in(2) {
            let claim = self.claim(namespace);
            line = line.with("claims", claim);
        }
        line
    }

    fn job(&mut self, namespace: &str) {
        let name = self.fresh("work");
        let job = Line::new(Job, Place::new(namespace, &name));
        let job = self.job_fields(namespace, job);
        let job = self.finalizers(job, 15);
        self.put(job);
        self.expect(Pod, Place::new(namespace, &format!("{name}-*")));
    }

    fn cron_job(&mut self, namespace: &str) {
        let name = self.fresh("nightly");
        let mut cron = Line::new(CronJob, Place::new(namespace, &name));
        if self.one_in(3) {
            cron = cron.with("suspend", "true");
        }
        self.put(cron);
        if self.one_in(3) {
            return;
        }
        let job = self.fresh(&format!("{name}-run"));
        let job =
            Line::new(Job, Place::new(namespace, &job)).with("owners", format!("cronjob:{name}+controller+block"));
        let job = self.job_fields(namespace, job);
        self.put(job);
    }

    /// Objects that others own, truly or by a reference to nobody, in their own namespace or across.
    fn owned(&mut self, namespace: &str) {
        let owner = match self.rng.u32(..5) {
            0 => format!("pod:{}", self.pod(namespace, "", None)),
            1 => format!("pvc:{}", self.claim(namespace)),
            2 => format!("cluster:{}", self.fresh("operator")),
            3 => {
                let elsewhere = if namespace == "a" { "b" } else { "a" };
                let name = self.pod(elsewhere, "", None);
                format!("pod:{elsewhere}/{name}")
            }
            _ => format!("storageclass:{}", self.class()),
        };
        let flags = self.any(&["", "+block", "+controller+block", "+controller"]);
        for _ in 0..=self.rng.u32(..2) {
            let owners = format!("{owner}{flags}");
            if self.one_in(3) {
                let name = self.fresh("kept");
                let class = self.class();
                let claim = Line::new(Claim, Place::new(namespace, &name))
                    .with("class", class)
                    .with("size", "1")
                    .with("owners", owners);
                let claim = self.finalizers(claim, 6);
                self.put(claim);
            } else {
                self.pod(namespace, "", Some(owners));
            }
        }
    }

    fn acts(&mut self) -> Vec<Deed> {
        let many = match self.rng.u32(..10) {
            0..4 => 1,
            4..8 => 2,
            _ => 3,
        };
        (0..many).map(|_| self.act()).collect()
    }

    fn act(&mut self) -> Deed {
        let (kind, place) = self.targets[self.rng.usize(..self.targets.len())].clone();
        let verb = if kind == PersistentVolume && self.one_in(2) {
            Verb::ClearClaimRef
        } else {
            Verb::Delete(match self.rng.u32(..5) {
                0..3 => Propagation::Background,
                3 => Propagation::Foreground,
                _ => Propagation::Orphan,
            })
        };
        Deed { verb, kind, place }
    }
}
