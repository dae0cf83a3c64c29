//! Facts of Jobs and CronJobs.

use super::template::BareTemplate;
use crate::model::lenient::or_default;
use crate::model::{Selector, Text};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

/// The finalizer that keeps a Job's pod until the Job has counted it.
pub const JOB_TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// A `Job`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Job {
    #[serde(deserialize_with = "or_default")]
    pub spec: JobSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: JobStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    /// Failures after which the Job gives up; absent means 6.
    pub backoff_limit: Option<u32>,
    pub parallelism: Option<u32>,
    pub completions: Option<u32>,
    /// The API server makes it of the Job's uid, unless `manualSelector` says that it is written by hand.
    #[serde(deserialize_with = "or_default")]
    pub selector: Selector,
    #[serde(deserialize_with = "or_default")]
    pub suspend: bool,
    pub ttl_seconds_after_finished: Option<u64>,
    /// `podReplacementPolicy` is `Failed`: a pod that is being deleted counts only once it has ended.
    #[serde(rename = "podReplacementPolicy", deserialize_with = "is_failed")]
    pub waits_for_failure: bool,
    #[serde(deserialize_with = "or_default")]
    pub template: BareTemplate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    #[serde(deserialize_with = "or_default")]
    pub active: u32,
    #[serde(deserialize_with = "or_default")]
    pub succeeded: u32,
    #[serde(deserialize_with = "or_default")]
    pub failed: u32,
    pub start_time: Option<Timestamp>,
    pub completion_time: Option<Timestamp>,
    #[serde(rename = "conditions", deserialize_with = "end")]
    pub end: Option<JobEnd>,
}

/// How a Job ended: the one of its conditions `Complete` and `Failed` that stands at `True`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobEnd {
    pub failed: bool,
    /// Since when, which its time to live counts from.
    pub at: Option<Timestamp>,
}

/// Absent means `TerminatingOrFailed`.
fn is_failed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    or_default(deserializer).map(|policy: Text| policy == "Failed")
}

fn end<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<JobEnd>, D::Error> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Condition {
        #[serde(rename = "type")]
        kind: Text,
        status: Text,
        last_transition_time: Option<Timestamp>,
    }
    let conditions: Vec<Condition> = or_default(deserializer)?;
    let ended = |kind: &str| {
        let mut true_ones = conditions.iter().filter(|condition| condition.status == "True");
        true_ones.find(|condition| condition.kind == kind)
    };
    let end = |failed| {
        move |condition: &Condition| JobEnd {
            failed,
            at: condition.last_transition_time,
        }
    };
    let complete = ended("Complete").map(end(false));
    Ok(complete.or_else(|| ended("Failed").map(end(true))))
}

/// Where a Job stands (`reference/semantics.md` §3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Active,
    Suspended,
    Complete,
    Failed,
}

impl JobState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }

    pub const fn finished(self) -> bool {
        matches!(self, Self::Complete | Self::Failed)
    }
}

impl Job {
    pub const fn state(&self) -> JobState {
        match self.status.end {
            Some(JobEnd { failed: false, .. }) => JobState::Complete,
            Some(JobEnd { failed: true, .. }) => JobState::Failed,
            None if self.spec.suspend => JobState::Suspended,
            None => JobState::Active,
        }
    }

    /// Failures after which the Job gives up (`pkg/apis/batch/v1/defaults.go`).
    pub fn backoff_limit(&self) -> u32 {
        self.spec.backoff_limit.unwrap_or(6)
    }

    /// When the Job became Complete or Failed; `None` while it is neither, or when its status does not say.
    pub fn finished_at(&self) -> Option<Timestamp> {
        self.status.end?.at
    }
}

/// A `CronJob`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CronJob {
    #[serde(deserialize_with = "or_default")]
    pub spec: CronJobSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CronJobSpec {
    #[serde(deserialize_with = "or_default")]
    pub schedule: Text,
    #[serde(deserialize_with = "or_default")]
    pub suspend: bool,
    /// Complete Jobs that are kept; absent means 3.
    pub successful_jobs_history_limit: Option<u32>,
    /// Failed Jobs that are kept; absent means 1.
    pub failed_jobs_history_limit: Option<u32>,
}

impl CronJob {
    /// How many complete and how many failed Jobs are kept (`pkg/apis/batch/v1/defaults.go`).
    pub fn history_limits(&self) -> (u32, u32) {
        let spec = &self.spec;
        (
            spec.successful_jobs_history_limit.unwrap_or(3),
            spec.failed_jobs_history_limit.unwrap_or(1),
        )
    }
}
