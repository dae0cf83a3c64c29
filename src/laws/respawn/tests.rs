//! Who makes what again, one owner a row.

use super::respawns;
use crate::laws::fixture::{key, owned, pod, workload, world};

#[test]
fn what_goes_comes_back_where_somebody_makes_it_again() {
    let cron = |suspend: &str| {
        format!(
            "\n---\napiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: w, namespace: a, uid: cu}}\nspec: {{suspend: {suspend}, schedule: '0 0 * * *', jobTemplate: {{spec: {{template: {{spec: {{}}}}}}}}}}\n"
        )
    };
    let job = |meta: &str, status: &str| {
        format!(
            "\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: w, namespace: a, uid: su{meta}}}\nspec: {{template: {{spec: {{}}}}}}\nstatus: {{{status}}}\n"
        )
    };
    let done = "conditions: [{type: Complete, status: \"True\"}]";
    let set = |kind: &str, meta: &str, replicas: &str| workload(kind, "w", &format!(", uid: su{meta}"), replicas);
    let batch = |kind: &str, uid: &str| owned(kind, uid).replace("apps/v1", "batch/v1");
    let dying = ", deletionTimestamp: 2026-04-25T10:00:00Z";
    let none = ", replicas: 0";
    let cases: [(&str, &str, String, bool); 16] = [
        ("nobody's", "", String::new(), false),
        ("a set's", "StatefulSet", set("StatefulSet", "", ""), true),
        (
            "a set's that wants none",
            "StatefulSet",
            set("StatefulSet", "", none),
            false,
        ),
        ("a set's that goes", "StatefulSet", set("StatefulSet", dying, ""), false),
        ("a set's that is gone", "StatefulSet", String::new(), false),
        ("a ReplicaSet's", "ReplicaSet", set("ReplicaSet", "", ""), true),
        (
            "a ReplicaSet's that wants none",
            "ReplicaSet",
            set("ReplicaSet", "", none),
            false,
        ),
        (
            "a ReplicaSet's that wants none and is made anew",
            "ReplicaSet",
            set("ReplicaSet", &owned("Deployment", "du"), none) + &workload("Deployment", "w", ", uid: du", ""),
            true,
        ),
        ("a DaemonSet's", "DaemonSet", set("DaemonSet", "", ""), true),
        ("a Job's at work", "Job", job("", ""), true),
        ("a Job's that is done", "Job", job("", done), false),
        (
            "a Job's that is done, of a CronJob",
            "Job",
            job(&batch("CronJob", "cu"), done) + &cron("false"),
            true,
        ),
        (
            "a Job's that is done, of a suspended CronJob",
            "Job",
            job(&batch("CronJob", "cu"), done) + &cron("true"),
            false,
        ),
        ("a CronJob's own", "CronJob", cron("false"), true),
        ("a suspended CronJob's own", "CronJob", cron("true"), false),
        ("an operator's", "Backup", String::new(), true),
    ];
    for (name, owner, others, expected) in cases {
        let uid = if owner == "CronJob" { "cu" } else { "su" };
        let meta = match owner {
            "" => String::new(),
            "Backup" => {
                ", ownerReferences: [{apiVersion: ops.example.com/v1, kind: Backup, name: w, uid: bu, controller: true}]"
                    .to_owned()
            }
            "Job" | "CronJob" => batch(owner, uid),
            kind => owned(kind, uid),
        };
        let world = world(&(pod("p", &meta, "n1", "Running") + &others));
        let object = world.get(&key("pod a/p")).expect("the pod");
        assert_eq!(respawns(&world, object), expected, "{name}");
    }
}
