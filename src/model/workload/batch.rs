//! Facts of Jobs and CronJobs.

use super::PodTemplate;
use super::template::bare;
use crate::model::lenient::or_default;
use crate::model::{Selector, Text};
use jiff::Timestamp;
use serde::Deserialize;

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
    /// `TerminatingOrFailed`, which absent means, or `Failed`.
    #[serde(deserialize_with = "or_default")]
    pub pod_replacement_policy: Text,
    #[serde(deserialize_with = "bare")]
    pub template: PodTemplate,
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
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<JobCondition>,
}

/// A condition of a Job: the common shape, and since when, which its time to live counts from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobCondition {
    #[serde(rename = "type")]
    pub kind: Text,
    pub status: Text,
    pub last_transition_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub reason: Text,
    #[serde(deserialize_with = "or_default")]
    pub message: Text,
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
    pub fn state(&self) -> JobState {
        if self.holds("Complete") {
            JobState::Complete
        } else if self.holds("Failed") {
            JobState::Failed
        } else if self.spec.suspend {
            JobState::Suspended
        } else {
            JobState::Active
        }
    }

    fn holds(&self, condition: &str) -> bool {
        let mut conditions = self.status.conditions.iter();
        conditions.any(|held| held.kind == condition && held.status == "True")
    }

    /// Failures after which the Job gives up (`pkg/apis/batch/v1/defaults.go`).
    pub fn backoff_limit(&self) -> u32 {
        self.spec.backoff_limit.unwrap_or(6)
    }

    /// A pod that is being deleted counts only once it has ended.
    pub fn waits_for_failure(&self) -> bool {
        self.spec.pod_replacement_policy == "Failed"
    }

    /// When the Job became Complete or Failed; `None` while it is neither, or when its status does not say.
    pub fn finished_at(&self) -> Option<Timestamp> {
        self.status
            .conditions
            .iter()
            .filter(|held| held.status == "True" && (held.kind == "Complete" || held.kind == "Failed"))
            .find_map(|held| held.last_transition_time)
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
