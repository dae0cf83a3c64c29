//! What makes pods, what guards them, what owns them, and the nodes they stand on.

use pilothouse::model::Kind;

use super::Draw;
use crate::case::{Line, Place};

use Kind::{
    CronJob, DaemonSet, Deployment, Job, Node, PersistentVolume, PersistentVolumeClaim as Claim, Pod,
    PodDisruptionBudget as Budget, ReplicaSet, StatefulSet,
};

impl Draw {
    pub(super) fn stateful_set(&mut self, namespace: &str) {
        let name = self.fresh("db");
        let replicas = self.rng.u32(..4).min(2);
        let mut set = Line::new(StatefulSet, Place::new(namespace, &name)).with("replicas", replicas.to_string());
        if self.one_in(4) {
            set = set.with("management", "Parallel");
        }
        if !self.one_in(4) {
            set = self.claim_templates(set, replicas);
        } else if self.one_in(2) {
            let claim = self.claim(namespace);
            set = set.with("claims", claim);
        }
        for ordinal in 0..replicas {
            self.expect(2, Pod, Place::new(namespace, &format!("{name}-{ordinal}")));
        }
        if self.one_in(4) {
            self.budget(namespace, &name);
        }
        let set = self.finalizers(set, 15);
        self.put(set);
    }

    fn claim_templates(&mut self, set: Line, replicas: u32) -> Line {
        let Place { namespace, name } = set.place.clone();
        let provisions = self.one_in(3);
        let class = if provisions {
            self.provisioning_class()
        } else {
            self.class()
        };
        for ordinal in 0..replicas {
            let claim = Place::new(&namespace, &format!("data-{name}-{ordinal}"));
            self.expect(3, Claim, claim.clone());
            if provisions {
                self.expect(2, PersistentVolume, claim);
            } else {
                let volume = self.volume(&class, 1).with("reserved", claim.to_string());
                self.put(volume);
            }
        }
        if !provisions && self.one_in(3) {
            let spare = self.volume(&class, 5);
            self.put(spare);
        }
        let mut set = set.with("template", "data").with("class", class).with("size", "1");
        for policy in ["deleted", "scaled"] {
            if self.one_in(3) {
                set = set.with(policy, "Delete");
            }
        }
        set
    }

    pub(super) fn replicated(&mut self, namespace: &str, kind: Kind, stem: &str) {
        let name = self.fresh(stem);
        let mut set = Line::new(kind, Place::new(namespace, &name));
        if kind != DaemonSet {
            set = set.with("replicas", self.rng.u32(..3).to_string());
        }
        if self.one_in(2) {
            let claim = self.claim(namespace);
            set = set.with("claims", claim);
        }
        if self.one_in(4) {
            self.budget(namespace, &name);
        }
        let set = self.finalizers(set, 10);
        self.put(set);
        let pod = if kind == Deployment {
            self.expect(1, ReplicaSet, Place::new(namespace, &format!("{name}-*")));
            format!("{name}-*-*")
        } else {
            format!("{name}-*")
        };
        self.expect(2, Pod, Place::new(namespace, &pod));
    }

    /// A disruption budget over the pods of an app. Never two: which of them is counted anew is decided by lot.
    pub(super) fn budget(&mut self, namespace: &str, app: &str) {
        let name = self.fresh("budget");
        let how = self.any(&["available", "available", "unavailable"]);
        let mut line = Line::new(Budget, Place::new(namespace, &name))
            .with("app", app)
            .with(how, self.rng.u32(..3).to_string());
        if self.one_in(5) {
            line = line.with("unhealthy", "AlwaysAllow");
        }
        let line = self.finalizers(line, 20);
        self.put(line);
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

    pub(super) fn job(&mut self, namespace: &str) {
        let name = self.fresh("work");
        let job = Line::new(Job, Place::new(namespace, &name));
        let job = self.job_fields(namespace, job);
        if self.one_in(10) {
            self.budget(namespace, &name);
        }
        let job = self.finalizers(job, 15);
        self.put(job);
        self.expect(1, Pod, Place::new(namespace, &format!("{name}-*")));
    }

    pub(super) fn cron_job(&mut self, namespace: &str) {
        let name = self.fresh("nightly");
        let mut cron = Line::new(CronJob, Place::new(namespace, &name));
        if self.one_in(3) {
            cron = cron.with("suspend", "true");
        }
        let cron = self.finalizers(cron, 8);
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

    /// A node of the case's own, with pods that were put on it by name and a DaemonSet that reaches it.
    pub(super) fn node(&mut self, namespace: &str) {
        let node = self.fresh("n");
        self.lines.push(Line::new(Node, Place::cluster(&node)));
        self.expect(8, Node, Place::cluster(&node));
        for _ in 0..=self.rng.u32(..2) {
            let name = self.fresh("user");
            let mut pod = Line::new(Pod, Place::new(namespace, &name)).with("node", node.as_str());
            if self.one_in(2) {
                pod = pod.with("claims", self.claim_for_any_node(namespace));
            }
            let pod = self.finalizers(pod, 6);
            self.put(pod);
        }
        if self.one_in(2) {
            let name = self.fresh("agent");
            self.put(Line::new(DaemonSet, Place::new(namespace, &name)).with("reaches", node.as_str()));
        }
    }

    /// A claim on a volume that nothing attaches. It is bound before its pod is there: for a pod that was put on its node by
    /// name the scheduler binds nothing, a kubelet would wait for that in vain, and the kit's kubelet mounts nothing.
    fn claim_for_any_node(&mut self, namespace: &str) -> String {
        let class = self.class();
        let name = self.fresh("data");
        let waits = self
            .lines
            .iter()
            .any(|line| line.place.name == class && line.field("binding") == Some("WaitForFirstConsumer"));
        let mut volume = Line::new(PersistentVolume, Place::cluster(&self.fresh("disk")))
            .with("class", class.as_str())
            .with("size", "1")
            .with("policy", self.any(&["Retain", "Delete"]))
            .with("source", "elsewhere");
        if waits {
            volume = volume.with("reserved", format!("{namespace}/{name}"));
        }
        self.put(volume);
        let claim = Line::new(Claim, Place::new(namespace, &name))
            .with("class", class)
            .with("size", "1");
        self.put(claim);
        name
    }

    /// Objects that others own, truly or by a reference to nobody, in their own namespace or across.
    pub(super) fn owned(&mut self, namespace: &str) {
        let owner = match self.rng.u32(..8) {
            0 | 1 => format!("pod:{}", self.pod(namespace, "", None)),
            2 => format!("pvc:{}", self.claim(namespace)),
            3 => format!("cluster:{}", self.fresh("operator")),
            4 => {
                let elsewhere = if namespace == "a" { "b" } else { "a" };
                let name = self.pod(elsewhere, "", None);
                format!("pod:{elsewhere}/{name}")
            }
            5 | 6 => {
                let (kind, stem) =
                    [(ReplicaSet, "set"), (CronJob, "nightly"), (Deployment, "web")][self.rng.usize(..3)];
                let name = self.fresh(stem);
                let line = Line::new(kind, Place::new(namespace, &name)).with("replicas", "0");
                let line = self.finalizers(line, 8);
                self.put(line);
                format!("{kind}:{name}")
            }
            _ => format!("storageclass:{}", self.class()),
        };
        let flags = self.any(&["", "+block", "+controller+block", "+controller"]);
        for _ in 0..=self.rng.u32(..2) {
            self.dependent(namespace, format!("{owner}{flags}"));
        }
    }

    fn dependent(&mut self, namespace: &str, owners: String) {
        let (kind, stem) = match self.rng.u32(..12) {
            0..5 => {
                self.pod(namespace, "", Some(owners));
                return;
            }
            5..9 => (Claim, "kept"),
            9 => (ReplicaSet, "set"),
            10 => (DaemonSet, "agent"),
            _ => (CronJob, "nightly"),
        };
        let name = self.fresh(stem);
        let mut line = Line::new(kind, Place::new(namespace, &name)).with("owners", owners);
        if kind == Claim {
            let class = self.class();
            line = line.with("class", class).with("size", "1");
        }
        let line = self.finalizers(line, 6);
        self.put(line);
    }
}
