//! Jobs of a tenant: which run, since when, which claims their pods hold, and whether a release brought them.

use super::{Look, RELEASE_ANNOTATION, belongs, freshness};
use crate::app::words::{Column, Fit, Row, RowId, Span, Table, Tone};
use crate::laws::ownership::{self, Root};
use crate::model::time::short_span;
use crate::model::workload::JobState;
use crate::model::{Kind, Object, Tenant, Text};
use std::collections::BTreeSet;
use std::sync::Arc;

pub static COLUMNS: &[Column] = &[
    Column {
        title: "JOB",
        fit: Fit::Name,
        least: 10,
        rank: 0,
    },
    Column {
        title: "PODS",
        fit: Fit::Number,
        least: 4,
        rank: 2,
    },
    Column {
        title: "STATE",
        fit: Fit::Name,
        least: 9,
        rank: 0,
    },
    Column {
        title: "AGE",
        fit: Fit::Number,
        least: 5,
        rank: 1,
    },
    Column {
        title: "HOLDS",
        fit: Fit::Sentence,
        least: 10,
        rank: 0,
    },
];

/// A Job as far as a migration cares.
#[derive(Clone, Debug)]
pub struct Seen {
    pub job: Arc<Object>,
    pub state: JobState,
    pub pods: usize,
    /// The claims its pods name.
    pub holds: BTreeSet<Text>,
    /// No Helm release brought it or its root: an uninstall will not take it away.
    pub foreign: bool,
    pub root: String,
}

/// The Jobs of a tenant: the running first, then by name.
pub fn of(look: Look<'_>, tenant: &Tenant) -> Vec<Seen> {
    let mut jobs: Vec<Seen> = own(look, tenant).map(|job| seen(look, job)).collect();
    jobs.sort_by_key(|job| (job.state.finished(), job.job.meta.name.clone()));
    jobs
}

fn own<'a>(look: Look<'a>, tenant: &'a Tenant) -> impl Iterator<Item = &'a Arc<Object>> {
    tenant
        .namespaces
        .iter()
        .flat_map(move |namespace| look.world.in_namespace(Kind::Job, namespace))
        // a Job that nobody's release brought still holds the claims of whoever lives here
        .filter(move |job| belongs(tenant, job) || is_foreign(look, job))
}

fn state(job: &Object) -> JobState {
    job.body
        .job()
        .map_or(JobState::Active, crate::model::workload::Job::state)
}

fn seen(look: Look<'_>, job: &Arc<Object>) -> Seen {
    let mut pods = 0;
    let mut holds = BTreeSet::new();
    for object in look.world.dependents_of(&job.meta.uid) {
        if let Some(pod) = object.body.pod() {
            pods += 1;
            holds.extend(pod.claims(&object.meta));
        }
    }
    let root = ownership::root(look.world, job);
    Seen {
        state: state(job),
        pods,
        holds,
        foreign: is_foreign(look, job),
        root: match &root {
            Root::Itself => "root: Job".to_owned(),
            Root::Known(_) | Root::Foreign(_) | Root::Dangling(_) => format!("root: {}", root.sentence()),
        },
        job: Arc::clone(job),
    }
}

/// Neither the Job nor its root carries Helm's mark.
fn is_foreign(look: Look<'_>, job: &Object) -> bool {
    let helms = |object: &Object| {
        object.meta.annotations.get(RELEASE_ANNOTATION).is_some()
            || object.meta.annotations.get("helm.sh/hook").is_some()
            || object
                .meta
                .labels
                .get("app.kubernetes.io/managed-by")
                .is_some_and(|by| by == "Helm")
    };
    !helms(job) && !matches!(ownership::root(look.world, job), Root::Known(root) if helms(&root))
}

/// `9 foreign`, `1 active`: the fleet's cell, and how many it counts.
pub fn cell(look: Look<'_>, tenant: &Tenant) -> (usize, String, Tone) {
    let (mut active, mut foreign) = (0, 0);
    for job in own(look, tenant) {
        if state(job) == JobState::Active {
            active += 1;
            foreign += usize::from(is_foreign(look, job));
        }
    }
    if foreign > 0 {
        (foreign, format!("{foreign} foreign"), Tone::Warn)
    } else {
        (active, format!("{active} active"), Tone::Plain)
    }
}

pub fn table(look: Look<'_>, tenant: &Tenant) -> Table {
    let rows = of(look, tenant).into_iter().map(|seen| row(look, &seen)).collect();
    let of = freshness::worst(look, Some(tenant), &[Kind::Job, Kind::Pod]);
    Table::of(COLUMNS, rows, freshness::emptiness(&of, look, "no Job in this tenant"))
}

fn row(look: Look<'_>, seen: &Seen) -> Row {
    let meta = &seen.job.meta;
    let age = meta
        .creation_timestamp
        .map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
    let holding = !seen.holds.is_empty();
    let holds = if holding {
        let names: Vec<&str> = seen.holds.iter().map(Text::as_str).collect();
        format!("holds {}", names.join(", "))
    } else {
        "holds no claim".to_owned()
    };
    let state = if meta.deleting() {
        "Terminating"
    } else {
        seen.state.word()
    };
    let tone = match seen.state {
        _ if meta.deleting() => Tone::Warn,
        JobState::Active | JobState::Suspended => Tone::Plain,
        JobState::Complete => Tone::Dim,
        JobState::Failed => Tone::Warn,
    };
    let under = (seen.foreign && !seen.state.finished())
        .then(|| Span::dim(format!("not brought by a Helm release · {}", seen.root)));
    Row {
        id: RowId::Object(seen.job.key(), meta.uid.clone()),
        cells: vec![
            Span::plain(meta.name.as_str()),
            Span::plain(seen.pods.to_string()),
            Span::new(state, tone),
            Span::dim(age),
            Span::new(holds, if holding { Tone::Plain } else { Tone::Dim }),
        ]
        .into(),
        under,
    }
}
