//! Which object lives where: how many of each kind a tenant has, and which of them belong together.

use super::Shape;
use pilothouse::model::Kind;
use std::ops::Range;

/// Sorted, as a list would have them.
const CUSTOMERS: [&str; 50] = [
    "abel", "acme", "adler", "amber", "anka", "arctic", "atlas", "aurora", "basalt", "beacon", "birch", "bmw", "bora",
    "cedar", "cobalt", "comet", "coral", "delta", "dune", "ember", "falke", "fjord", "garnet", "glacier", "granit",
    "harbor", "hasan", "hazel", "indigo", "iris", "jade", "juniper", "kestrel", "lagoon", "larch", "lumen", "maple",
    "merlin", "nimbus", "onyx", "opal", "pine", "quartz", "raven", "sierra", "tundra", "umbra", "vega", "willow",
    "zephyr",
];
const STAGES: [&str; 10] = ["dev", "edge", "eu", "lab", "perf", "prod", "qa", "stg", "uat", "us"];
const SYSTEM: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];
/// Pods of one `StatefulSet`, of one `Deployment`; revisions of one release.
pub(super) const SET: usize = 5;
pub(super) const DEPLOYMENT: usize = 9;
pub(super) const REVISIONS: usize = 5;

/// What a tenant's pods do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The nth pod of a set, by set and ordinal.
    Set { set: usize, ordinal: usize },
    /// The pod of this Job.
    Job { job: usize },
    /// A pod of this deployment.
    Web { deployment: usize },
}

/// How many objects of each kind one tenant has.
#[derive(Clone, Copy, Debug, Default)]
struct Tenancy {
    claims: usize,
    pods: usize,
    jobs: usize,
    releases: usize,
    attachments: usize,
    set_pods: usize,
    job_pods: usize,
}

#[derive(Debug)]
pub(super) struct Plan {
    tenants: Vec<String>,
    namespaces: Vec<String>,
    tenancies: Vec<Tenancy>,
    /// For each kind of a tenant's, where each tenant's objects begin, and at the end how many there are.
    starts: Vec<(Kind, Vec<usize>)>,
    nodes: usize,
}

/// The kinds that live in a tenant, or are counted with one.
const OF_TENANTS: [Kind; 10] = [
    Kind::PersistentVolumeClaim,
    Kind::PersistentVolume,
    Kind::Pod,
    Kind::Job,
    Kind::CronJob,
    Kind::StatefulSet,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::VolumeAttachment,
    Kind::Release,
];

impl Tenancy {
    /// The share of the nth of `tenants` in all of it.
    fn of(shape: &Shape, nth: usize) -> Self {
        let part = |all: usize| (nth + 1) * all / shape.tenants - nth * all / shape.tenants;
        let (claims, pods, jobs) = (part(shape.claims), part(shape.pods), part(shape.jobs));
        let set_pods = (claims * 3 / 4).min(pods * 3 / 10);
        Self {
            claims,
            pods,
            jobs,
            releases: part(shape.releases),
            attachments: part(shape.attachments).min(set_pods),
            set_pods,
            job_pods: jobs.min((pods - set_pods) / 2),
        }
    }

    fn deployments(&self) -> usize {
        (self.pods - self.set_pods - self.job_pods).div_ceil(DEPLOYMENT)
    }

    fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::PersistentVolumeClaim | Kind::PersistentVolume => self.claims,
            Kind::Pod => self.pods,
            Kind::Job => self.jobs,
            Kind::CronJob => self.jobs.min(1),
            Kind::StatefulSet => self.set_pods.div_ceil(SET),
            Kind::Deployment => self.deployments(),
            // one for each deployment, and an old one of the first
            Kind::ReplicaSet => self.deployments() + self.deployments().min(1),
            Kind::VolumeAttachment => self.attachments,
            Kind::Release => self.releases,
            // nobody has a disruption budget: L names none
            Kind::Namespace
            | Kind::Node
            | Kind::StorageClass
            | Kind::DaemonSet
            | Kind::PodDisruptionBudget
            | Kind::ReleaseMap => 0,
        }
    }
}

impl Plan {
    pub(super) fn of(shape: &Shape) -> Self {
        let tenants: Vec<String> = tenants(shape.tenants);
        let mut namespaces: Vec<String> = tenants.clone();
        namespaces.extend(SYSTEM.map(str::to_owned));
        namespaces.sort();
        let tenancies: Vec<Tenancy> = (0..shape.tenants).map(|nth| Tenancy::of(shape, nth)).collect();
        let starts = OF_TENANTS
            .into_iter()
            .map(|kind| {
                let mut starts = vec![0];
                let mut sum = 0;
                for tenancy in &tenancies {
                    sum += tenancy.count(kind);
                    starts.push(sum);
                }
                (kind, starts)
            })
            .collect();
        Self {
            tenants,
            namespaces,
            tenancies,
            starts,
            nodes: shape.nodes,
        }
    }

    pub(super) fn tenants(&self) -> &[String] {
        &self.tenants
    }

    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    pub(super) fn count(&self, kind: Kind) -> usize {
        match kind {
            Kind::Namespace => self.namespaces.len(),
            Kind::Node => self.nodes,
            Kind::StorageClass => super::storage::CLASSES.len(),
            Kind::DaemonSet => super::workload::DAEMONS.len(),
            kind => self.starts(kind).last().copied().unwrap_or(0),
        }
    }

    fn starts(&self, kind: Kind) -> &[usize] {
        let found = self.starts.iter().find(|(held, _)| *held == kind);
        found.map_or(&[], |(_, starts)| starts.as_slice())
    }

    pub(super) fn of_tenant(&self, kind: Kind, tenant: usize) -> Range<usize> {
        match self.starts(kind).get(tenant..tenant + 2) {
            Some([start, end]) => *start..*end,
            _ => 0..0,
        }
    }

    pub(super) fn of_namespace(&self, kind: Kind, namespace: &str) -> Range<usize> {
        if kind == Kind::DaemonSet && namespace == "kube-system" {
            return 0..self.count(kind);
        }
        match self.tenants.iter().position(|tenant| tenant == namespace) {
            Some(tenant) if kind.namespaced() => self.of_tenant(kind, tenant),
            _ => 0..0,
        }
    }

    /// The tenant of an object, and which of the tenant's it is. Visitors (pods beyond the count) go round the tenants,
    /// see `Cluster::visitor`.
    pub(super) fn place(&self, kind: Kind, n: usize) -> (usize, usize) {
        let starts = self.starts(kind);
        let count = starts.last().copied().unwrap_or(0);
        if n >= count {
            let tenants = self.tenants.len().max(1);
            return ((n - count) % tenants, (n - count) / tenants);
        }
        let tenant = starts.partition_point(|start| *start <= n).saturating_sub(1);
        (tenant, n - starts.get(tenant).copied().unwrap_or(0))
    }

    pub(super) fn namespace(&self, kind: Kind, n: usize) -> &str {
        match kind {
            Kind::DaemonSet => "kube-system",
            kind if kind.namespaced() => {
                let (tenant, _) = self.place(kind, n);
                self.tenants.get(tenant).map_or("default", String::as_str)
            }
            _ => "",
        }
    }

    pub(super) fn namespace_name(&self, n: usize) -> &str {
        self.namespaces.get(n).map_or("", String::as_str)
    }

    fn tenancy(&self, tenant: usize) -> Tenancy {
        self.tenancies.get(tenant).copied().unwrap_or_default()
    }

    /// What the nth pod of a tenant does.
    pub(super) fn role(&self, tenant: usize, nth: usize) -> Role {
        let tenancy = self.tenancy(tenant);
        if nth < tenancy.set_pods {
            Role::Set {
                set: nth / SET,
                ordinal: nth % SET,
            }
        } else if nth < tenancy.set_pods + tenancy.job_pods {
            Role::Job {
                job: nth - tenancy.set_pods,
            }
        } else {
            Role::Web {
                deployment: (nth - tenancy.set_pods - tenancy.job_pods) / DEPLOYMENT,
            }
        }
    }

    /// The nth claim of a tenant: those of the sets' pods first.
    pub(super) fn claim_name(&self, tenant: usize, nth: usize) -> String {
        let held = self.tenancy(tenant).set_pods;
        match nth.checked_sub(held) {
            None => format!("data-{}-{}", set_name(nth / SET), nth % SET),
            Some(free) => format!("dataset-{free}"),
        }
    }

    /// The claim that a Job's pods read, by its number in the tenant.
    pub(super) fn claim_of_job(&self, tenant: usize, job: usize) -> Option<usize> {
        let tenancy = self.tenancy(tenant);
        let free = tenancy.claims - tenancy.set_pods;
        (free > 0).then(|| tenancy.set_pods + job % free)
    }

    pub(super) fn has_pod(&self, tenant: usize, job: usize) -> bool {
        job < self.tenancy(tenant).job_pods
    }

    /// Pods of the nth set, of the nth deployment.
    pub(super) fn set_size(&self, tenant: usize, set: usize) -> usize {
        (self.tenancy(tenant).set_pods - set * SET).min(SET)
    }

    pub(super) fn deployment_size(&self, tenant: usize, deployment: usize) -> usize {
        let tenancy = self.tenancy(tenant);
        let web = tenancy.pods - tenancy.set_pods - tenancy.job_pods;
        web.saturating_sub(deployment * DEPLOYMENT).min(DEPLOYMENT)
    }

    /// How many of a tenant's pods belong to sets, and how many to Jobs; they come in this order.
    pub(super) fn set_and_job_pods(&self, tenant: usize) -> (usize, usize) {
        let tenancy = self.tenancy(tenant);
        (tenancy.set_pods, tenancy.job_pods)
    }

    pub(super) fn claims(&self, tenant: usize) -> usize {
        self.tenancy(tenant).claims
    }

    /// The nth deployment is the newest revision of a chart with so many of them.
    pub(super) fn revisions(&self, tenant: usize, chart: usize) -> usize {
        (self.tenancy(tenant).releases - chart * REVISIONS).min(REVISIONS)
    }
}

/// The nth name, with a number once all are taken.
fn named(names: &[&str], nth: usize) -> String {
    let name = names.get(nth % names.len()).copied().unwrap_or_default();
    match nth / names.len() {
        0 => name.to_owned(),
        round => format!("{name}{}", round + 1),
    }
}

pub(super) fn set_name(set: usize) -> String {
    named(&["mysql", "etcd", "kafka", "redis", "minio", "vault"], set)
}

pub(super) fn deployment_name(deployment: usize) -> String {
    named(&["api", "worker", "gateway", "console"], deployment)
}

pub(super) fn chart_name(chart: usize) -> String {
    named(&["client", "mysql", "ingest", "observer"], chart)
}

fn tenants(count: usize) -> Vec<String> {
    let mut tenants: Vec<String> = (0..count)
        .map(|nth| {
            // spread over the alphabet when there are few
            let customer = CUSTOMERS.get(nth * 27 % CUSTOMERS.len()).copied().unwrap_or_default();
            let round = nth / CUSTOMERS.len();
            let stage = STAGES.get((round + 5) % STAGES.len()).copied().unwrap_or_default();
            match round / STAGES.len() {
                0 => format!("{customer}-{stage}"),
                more => format!("{customer}-{stage}-{more}"),
            }
        })
        .collect();
    tenants.sort();
    tenants
}
