//! Jobs and cron jobs in columns.

use super::Type::{Flag, Name, Number, Text};
use super::{Printer, age, containers, human, name, selector, since};
use crate::sandbox::fields::{at, list, number, text};
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) const JOB: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Status", Text, 0),
        ("Completions", Text, 0),
        ("Duration", Text, 0),
        ("Age", Text, 0),
        ("Containers", Text, 1),
        ("Images", Text, 1),
        ("Selector", Text, 1),
    ],
    cells: |job, now| {
        let [names, images] = containers(job, &["spec", "template", "spec", "containers"]);
        vec![
            name(job),
            json!(status(job)),
            json!(completions(job)),
            json!(duration(job, now)),
            age(job, now),
            names,
            images,
            selector(job, &["spec", "selector", "matchLabels"]),
        ]
    },
};

pub(super) const CRON_JOB: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Schedule", Text, 0),
        ("Timezone", Text, 0),
        ("Suspend", Flag, 0),
        ("Active", Number, 0),
        ("Last Schedule", Text, 0),
        ("Age", Text, 0),
        ("Containers", Text, 1),
        ("Images", Text, 1),
        ("Selector", Text, 1),
    ],
    cells: |job, now| {
        let template = ["spec", "jobTemplate", "spec", "template", "spec", "containers"];
        let [names, images] = containers(job, &template);
        let last = match text(job, &["status", "lastScheduleTime"]) {
            "" => "<none>".to_owned(),
            date => since(date, now),
        };
        let zone = text(job, &["spec", "timeZone"]);
        vec![
            name(job),
            json!(text(job, &["spec", "schedule"])),
            json!(if zone.is_empty() { "<none>" } else { zone }),
            json!(if at(job, &["spec", "suspend"]) == Some(&json!(true)) {
                "True"
            } else {
                "False"
            }),
            json!(list(job, &["status", "active"]).len()),
            json!(last),
            age(job, now),
            names,
            images,
            selector(job, &["spec", "jobTemplate", "spec", "selector", "matchLabels"]),
        ]
    },
};

fn has_condition(job: &Value, kind: &str) -> bool {
    list(job, &["status", "conditions"])
        .iter()
        .any(|condition| text(condition, &["type"]) == kind && text(condition, &["status"]) == "True")
}

fn status(job: &Value) -> &'static str {
    if has_condition(job, "Complete") {
        "Complete"
    } else if has_condition(job, "Failed") {
        "Failed"
    } else if at(job, &["metadata", "deletionTimestamp"]).is_some() {
        "Terminating"
    } else if has_condition(job, "Suspended") {
        "Suspended"
    } else if has_condition(job, "FailureTarget") {
        "FailureTarget"
    } else if has_condition(job, "SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

fn completions(job: &Value) -> String {
    let done = number(job, &["status", "succeeded"]).unwrap_or(0);
    if let Some(wanted) = number(job, &["spec", "completions"]) {
        return format!("{done}/{wanted}");
    }
    match number(job, &["spec", "parallelism"]).unwrap_or(0) {
        parallel if parallel > 1 => format!("{done}/1 of {parallel}"),
        _ => format!("{done}/1"),
    }
}

fn duration(job: &Value, now: Timestamp) -> String {
    let read = |field: &str| text(job, &["status", field]).parse::<Timestamp>().ok();
    match (read("startTime"), read("completionTime")) {
        (None, _) => String::new(),
        (Some(start), end) => human(end.unwrap_or(now).as_second() - start.as_second()),
    }
}
