//! The history a CronJob keeps.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, world};

fn cron(spec: &str) -> String {
    format!(
        "\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: c, namespace: a, uid: cu}}\nspec: {{{spec}}}\n"
    )
}

fn job(name: &str, minute: u32, condition: &str) -> String {
    let owner = "{apiVersion: batch/v1, kind: CronJob, name: c, uid: cu, controller: true}";
    format!(
        "\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, namespace: a, ownerReferences: [{owner}]}}\nstatus: {{startTime: 2026-04-25T10:{minute:02}:00Z, conditions: [{{type: {condition}, status: \"True\"}}]}}\n"
    )
}

#[test]
fn the_oldest_finished_jobs_go_complete_and_failed_counted_apart() {
    let complete: String = [("e", 1), ("d", 2), ("b", 3), ("a", 4)]
        .map(|(name, minute)| job(name, minute, "Complete"))
        .concat();
    let failed = job("x", 1, "Failed") + &job("z", 2, "Failed");
    let cases: [(&str, String, &[&str]); 7] = [
        (
            "three complete ones stay",
            cron("") + &complete,
            &["Delete job/e Background"],
        ),
        ("one failed one stays", cron("") + &failed, &["Delete job/x Background"]),
        (
            "each by its own limit",
            cron("successfulJobsHistoryLimit: 2, failedJobsHistoryLimit: 2") + &complete + &failed,
            &["Delete job/e Background", "Delete job/d Background"],
        ),
        (
            "no history at all",
            cron("successfulJobsHistoryLimit: 0, failedJobsHistoryLimit: 0") + &job("e", 1, "Complete"),
            &["Delete job/e Background"],
        ),
        (
            "suspended or not",
            cron("suspend: true") + &failed,
            &["Delete job/x Background"],
        ),
        (
            "active ones are no history",
            cron("successfulJobsHistoryLimit: 0") + &job("e", 1, "Suspended"),
            &[],
        ),
        (
            "being deleted",
            cron("").replace(
                "uid: cu",
                "uid: cu, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [x/y]",
            ) + &failed,
            &[],
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(&yaml), &Conditions::default()), expected, "{name}");
    }
}
