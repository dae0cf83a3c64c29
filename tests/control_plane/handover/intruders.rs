//! Somebody else at work in the tenant's namespace: a Job that comes between the checklist and the yes, a claim that is
//! made again under the tenant's name.

use serde_json::json;

use super::courses::{Course, Way};
use super::operator::Operator;
use super::tenant::FAMILY;
use crate::helm_acts::{FOUR, THREE};
use crate::trial::{Trial, pod_spec, uid, wait_gone};

/// A Job of nobody's that mounts the tenant's data comes after the checklist was shown. The yes to what was shown does
/// nothing; the Job is named; when it is gone the run goes on.
pub(crate) fn job_after_the_checklist(trial: &Trial<'_>) {
    let course = Course::prepared(trial, THREE, Way::Retain);
    let operator = Operator::of(course.tenant);
    let told = operator.walk_to("uninstall-retain", operator.run(&course.words()));
    assert_eq!(told.step(), "uninstall-retain", "{}", told.text);
    let answers = operator.answers(&told);

    let pod = pod_spec(FAMILY[1]);
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train-7"},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "containers": pod["containers"], "volumes": pod["volumes"],
        }}},
    }));
    let refused = operator.run(&answers);
    assert!(matches!(refused.code, Some(1 | 3 | 4)), "{}", refused.text);
    assert!(refused.text.contains("train-7"), "nobody is named: {}", refused.text);
    assert_eq!(course.before, course.tenant.disks(), "something was done");
    course.tenant.helm(&["status", super::tenant::OLD.release]).ok();
    assert!(
        !operator.journal().contains("sent: uninstall"),
        "{}",
        operator.journal()
    );

    trial.delete_now("job/train-7");
    wait_gone("the Job", || {
        trial
            .plane
            .get(&format!("/apis/batch/v1/namespaces/{}/jobs/train-7", trial.namespace))
    });
    course.through(&operator, operator.resume());
}

/// Somebody makes a claim of the database's name, when the run waits at this step. It gets the database's volume, and keeps the
/// run from going on, which says so; when it is gone and the volume freed, the run goes on to its end.
fn intruded<'trial>(course: &Course<'trial>, operator: &Operator<'trial>, step: &str) {
    let trial = course.tenant.trial;
    let told = course.walk_until(operator, operator.run(&course.words()), |told| told.step() == step);
    assert_eq!((told.code, told.step()), (Some(4), step), "{}", told.text);
    let intruder = trial.create(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": FAMILY[0]},
        "spec": {
            "storageClassName": trial.namespace, "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }));
    let mut told = operator.run(&operator.next(&told));
    for _ in 0..super::operator::CALLS {
        course.before.assert_all_there(trial);
        if told.code != Some(4) {
            break;
        }
        told = operator.run(&operator.next(&told));
    }
    // it goes no further, and says which claim is in the way
    assert!(matches!(told.code, Some(1 | 3)), "{}", told.text);
    assert!(
        told.sentence().contains(FAMILY[0]) && told.sentence().contains(uid(&intruder)),
        "{}",
        told.text
    );
    let left = trial.claim(FAMILY[0]).expect("the claim of somebody else");
    assert_eq!(uid(&left), uid(&intruder), "it was replaced");
    eprintln!("{step}: {}", told.sentence());
    assert_eq!(
        left["spec"]["volumeName"],
        course.before.volume(FAMILY[0]),
        "reserved by name, it is anybody's of that name"
    );
    // whoever made it takes it away again, and a person frees the volume, which is Released and not lost
    trial.delete_now(&format!("pvc/{}", FAMILY[0]));
    wait_gone("the claim of somebody else", || trial.claim(FAMILY[0]));
    course.before.assert_all_there(trial);
    let volume = course.before.volume(FAMILY[0]);
    let released = trial.wait_phase(volume, "Released");
    let free = json!([
        {"op": "test", "path": "/spec/claimRef/uid", "value": released["spec"]["claimRef"]["uid"]},
        {"op": "remove", "path": "/spec/claimRef/uid"},
        {"op": "remove", "path": "/spec/claimRef/resourceVersion"},
    ]);
    trial.patch(&format!("pv/{volume}"), &free).ok();
    trial.wait_phase(volume, "Available");
    course.through(operator, operator.resume());
}

/// Before the volumes are reserved: it waits for its class, and takes the database's volume as soon as that is reserved for a
/// claim of its name.
pub(crate) fn claim_under_the_same_name(trial: &Trial<'_>) {
    let course = Course::prepared(trial, FOUR, Way::Retain);
    intruded(&course, &Operator::of(course.tenant), "reserve");
}

/// After they are reserved, by name: it takes the database's own volume, as anybody's claim of that name would.
pub(crate) fn claim_that_takes_the_volume(trial: &Trial<'_>) {
    let course = Course::prepared(trial, THREE, Way::Retain);
    intruded(&course, &Operator::of(course.tenant), "make-claims");
}
