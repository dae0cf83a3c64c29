//! A finished Job's time to live.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, world};

fn job(meta: &str, spec: &str, condition: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, namespace: a{meta}}}\nspec: {{{spec}}}\nstatus: {{conditions: [{{type: {condition}, status: \"True\", lastTransitionTime: 2026-04-25T10:00:00Z}}]}}\n"
    )
}

#[test]
fn a_job_goes_when_its_time_is_over_and_not_before() {
    let ttl = "ttlSecondsAfterFinished: 60";
    let gone: &[&str] = &["Delete job/j Foreground"];
    let dying = ", deletionTimestamp: 2026-04-25T10:00:30Z, finalizers: [foregroundDeletion]";
    let cases: [(&str, String, Option<&str>, &[&str]); 9] = [
        ("over", job("", ttl, "Complete"), Some("2026-04-25T10:01:00Z"), gone),
        (
            "failed ones too",
            job("", ttl, "Failed"),
            Some("2026-04-25T10:01:00Z"),
            gone,
        ),
        (
            "a second early",
            job("", ttl, "Complete"),
            Some("2026-04-25T10:00:59Z"),
            &[],
        ),
        (
            "at once",
            job("", "ttlSecondsAfterFinished: 0", "Complete"),
            Some("2026-04-25T10:00:00Z"),
            gone,
        ),
        (
            "not finished",
            job("", ttl, "Suspended"),
            Some("2026-04-26T10:00:00Z"),
            &[],
        ),
        (
            "no time to live",
            job("", "", "Complete"),
            Some("2026-04-26T10:00:00Z"),
            &[],
        ),
        ("no clock", job("", ttl, "Complete"), None, &[]),
        (
            "no time said",
            job("", ttl, "Complete").replace(", lastTransitionTime: 2026-04-25T10:00:00Z", ""),
            Some("2026-04-26T10:00:00Z"),
            &[],
        ),
        (
            "going already",
            job(dying, ttl, "Complete"),
            Some("2026-04-26T10:00:00Z"),
            &[],
        ),
    ];
    for (name, yaml, now, expected) in cases {
        let conditions = Conditions {
            now: now.map(|now| now.parse().unwrap()),
            ..Conditions::default()
        };
        assert_eq!(says(&LAW, &world(&yaml), &conditions), expected, "{name}");
    }
}
