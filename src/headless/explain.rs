//! `pilothouse explain`: why an object is as it is, and the way out, each act of it forecast on what the steps before it leave.

use super::page::Page;
use super::target::{TargetError, locate};
use super::{API_VERSION, Exit};
use crate::diagnose::{self, Explanation, Link, Look, Step};
use crate::forecast::{Tier, foresee};
use crate::laws::Conditions;
use crate::model::{Act, Key, Now, World};
use serde::Serialize;
use std::time::Duration;

/// An explanation, as it is printed. Its JSON form is `docs/schema/explain.v1.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplanationReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// The wall clock when it was made.
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    pub object: Key,
    pub sentence: String,
    pub chain: Vec<Link>,
    pub way_out: Vec<StepReport>,
    pub unknowns: Vec<String>,
}

/// One step of the way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReport {
    #[serde(flatten)]
    pub step: Step,
    /// What its act would do, in short; none for a person's step, and none where its object has gone with a step before.
    pub forecast: Option<Outlook>,
}

/// A forecast in a line: `pilothouse forecast` tells it object by object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outlook {
    pub tier: Tier,
    pub because: String,
    pub headline: String,
    pub unknowns: Vec<String>,
}

/// Explains one object. An object that is not there, or whose kind is not in sight, is an error that says so.
pub fn explain(
    world: &World,
    key: &Key,
    conditions: &Conditions,
    now: Now,
    quiet: Duration,
) -> Result<ExplanationReport, TargetError> {
    let key = locate(world, key, now, quiet)?;
    let explanation = diagnose::explain(world, &key, conditions, now, quiet).ok_or_else(|| TargetError::NotFound {
        key: key.clone(),
        near: Vec::new(),
    })?;
    let Explanation {
        object,
        sentence,
        chain,
        way_out,
        unknowns,
    } = explanation;
    let look = Look {
        world,
        conditions,
        now,
        quiet,
    };
    let mut report = ExplanationReport {
        api_version: API_VERSION,
        kind: "Explanation",
        at: now.second(),
        exit_code: 0,
        object,
        sentence,
        chain,
        way_out: foretold(look, way_out),
        unknowns,
    };
    report.exit_code = report.exit().code();
    Ok(report)
}

/// Forecasts each act on the world that those before it are said to leave.
fn foretold(look: Look<'_>, steps: Vec<Step>) -> Vec<StepReport> {
    let mut world = look.world.clone();
    let mut tell = |act: &Act| {
        let act = renewed(&world, act)?;
        let (forecast, end) = foresee(&world, &act, look.conditions, look.now, look.quiet);
        world = end;
        Some(Outlook {
            tier: forecast.tier,
            headline: forecast.headline(),
            because: forecast.because,
            unknowns: forecast.unknowns,
        })
    };
    let told = |step: Step| StepReport {
        forecast: step.act.as_ref().and_then(&mut tell),
        step,
    };
    steps.into_iter().map(told).collect()
}

/// The act on its object as it is in this world; `None` when it is not there any more.
fn renewed(world: &World, act: &Act) -> Option<Act> {
    let mut act = act.clone();
    if !act.target().uid.is_empty() {
        let held = world.get(&act.target().key)?;
        if held.meta.uid != act.target().uid {
            return None;
        }
        *act.target_mut() = held.pin();
    }
    Some(act)
}

impl ExplanationReport {
    pub const fn exit(&self) -> Exit {
        if !self.way_out.is_empty() {
            Exit::Findings
        } else if !self.unknowns.is_empty() {
            Exit::Unknown
        } else {
            Exit::Clean
        }
    }

    /// The report as text of at most this many columns (words longer than a line excepted).
    pub fn text(&self, width: usize) -> String {
        let Self {
            object,
            sentence,
            chain,
            way_out,
            unknowns,
            ..
        } = self;
        let mut page = Page::new(width);
        let place = if object.namespace.is_empty() {
            String::new()
        } else {
            format!(" in {}", object.namespace)
        };
        page.line("", &format!("{object}{place}"));
        let (glyph, word) = match self.exit() {
            Exit::Findings => ("✗", "to do"),
            Exit::Unknown => ("?", "unknown"),
            Exit::Clean | Exit::BadInput | Exit::Person => ("✓", "fine"),
        };
        page.line(&format!("{glyph} {word}: "), sentence);
        let below: Vec<&Link> = chain.iter().filter(|link| link.depth > 0).collect();
        if !below.is_empty() {
            page.blank();
            page.line("", "chain");
            for link in below {
                let head = format!("{}{}  ", "  ".repeat(link.depth), link.object);
                page.line(&head, &link.sentence);
            }
        }
        if !way_out.is_empty() {
            page.blank();
            page.line(
                "",
                "way out, in this order; ▸ is an act, forecast on what the steps before it leave",
            );
            let digits = way_out.len().to_string().len();
            for (number, StepReport { step, forecast }) in way_out.iter().enumerate() {
                page.line(&format!("  {:>digits$}. ", number + 1), &step.sentence);
                if let Some(act) = &step.act {
                    let later = if step.later { " (later)" } else { "" };
                    let lead = format!("  {:digits$}  ▸ ", "");
                    page.line(&lead, &format!("{act}{later} · {}", outlook(forecast.as_ref())));
                }
            }
            if way_out
                .iter()
                .any(|told| told.step.act.as_ref().is_some_and(Act::doable))
            {
                page.line("", &goes(object));
            }
        }
        if !unknowns.is_empty() {
            page.blank();
            page.line("", "not known");
            for unknown in unknowns {
                page.line("  ? ", unknown);
            }
        }
        page.into_text()
    }
}

fn outlook(told: Option<&Outlook>) -> String {
    let Some(told) = told else {
        return "its object has gone with a step before".to_owned();
    };
    let unknowns = match told.unknowns.as_slice() {
        [] => String::new(),
        [only] => format!("; not known: {only}"),
        [first, rest @ ..] => format!("; not known: {first} (+{})", rest.len()),
    };
    format!("{}: {} · {}{unknowns}", told.tier.word(), told.because, told.headline)
}

/// Who takes these steps.
fn goes(object: &Key) -> String {
    let place = if object.namespace.is_empty() {
        String::new()
    } else {
        format!(" -n {}", object.namespace)
    };
    format!("pilothouse --operate unstick {object}{place} goes this way, each act through its panel")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixture::{QUIET, conditions, denied, hasan_prod, now, stale, world};
    use crate::headless::parse_target;
    use crate::model::Kind;

    fn report(world: &World, target: &str) -> ExplanationReport {
        let key = parse_target(target, "shop").unwrap();
        explain(world, &key, &conditions(), now(), QUIET).unwrap()
    }

    #[test]
    fn the_stuck_claim_of_seed_000() {
        let report = report(&hasan_prod(), "pvc/shared-data");
        assert_eq!(report.exit(), Exit::Findings);
        let text = report.text(100);
        assert!(
            text.lines()
                .all(|line| unicode_width::UnicodeWidthStr::width(line) <= 100),
            "{text}"
        );
        assert!(
            text.starts_with(
                "pvc/shared-data in shop\n✗ to do: Terminating 3h12m, held by 9 pods of 9 Jobs\n\nchain\n"
            )
        );
        for index in 0..9 {
            assert!(
                text.contains(&format!("pod/train-{index}-x  Running on n1 mounts it")),
                "{text}"
            );
            assert!(
                text.contains(&format!("job/train-{index}  active 3h40m, 1 pod · holds shared-data")),
                "{text}"
            );
            assert!(
                text.contains(&format!("delete Job train-{index} with Background")),
                "{text}"
            );
        }
        let logs = text.find("save the logs of 9 pods").unwrap();
        let job = text.find("delete Job train-0").unwrap();
        let strip = text.find("do not strip kubernetes.io/pvc-protection").unwrap();
        assert!(logs < job && job < strip);
        assert!(text.contains("wait until 9 Jobs"));
    }

    #[test]
    fn json_names_its_version_kind_and_acts() {
        let value = serde_json::to_value(report(&hasan_prod(), "pvc/shared-data")).unwrap();
        assert_eq!(value["apiVersion"], "pilothouse.dev/v1");
        assert_eq!(value["kind"], "Explanation");
        assert_eq!(value["exitCode"], 1);
        assert_eq!(value["object"]["name"], "shared-data");
        let acts: Vec<_> = value["wayOut"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|step| step["act"]["act"] == "delete")
            .collect();
        assert_eq!(acts.len(), 9);
        assert_eq!(acts[0]["act"]["target"]["uid"], "uid-train-0");
        assert_eq!(acts[0]["act"]["propagation"], "Background");
    }

    /// What a claim waits for, and what brings its data back, are acts; each is forecast on what those before it leave.
    #[test]
    fn every_act_of_a_way_out_is_forecast_in_its_order() {
        let value = serde_json::to_value(report(&claimed(), "pvc/data")).unwrap();
        let steps = value["wayOut"].as_array().unwrap();
        let told: Vec<String> = steps
            .iter()
            .filter(|step| !step["act"].is_null())
            .map(|step| {
                let outlook = &step["forecast"];
                format!(
                    "{} {} {} {}",
                    step["act"]["act"], step["later"], outlook["tier"], outlook["headline"]
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                r#""setReclaimPolicy" false "T0" "changes 1 object""#,
                r#""delete" false "T2" "deletes 2 objects · releases 1 volume""#,
                r#""clearClaimRef" true "T2" "changes 1 object""#,
                r#""createClaim" true "T2" "changes 1 object · makes 1 object""#,
            ]
        );
        assert!(
            steps
                .iter()
                .all(|step| step["act"].is_null() == step["forecast"].is_null())
        );

        let text = report(&claimed(), "pvc/data").text(400);
        for line in [
            "  1. set persistentVolumeReclaimPolicy of pv/pv-1 to Retain first",
            "     ▸ set reclaim policy of pv/pv-1 to Retain · T0 reversible: ",
            "     ▸ delete pod/debug (Background) · T2 destructive: ",
            "     ▸ clear claimRef uid of pv/pv-1 (later) · T2 destructive: ",
            "pilothouse --operate unstick pvc/data -n shop goes this way, each act through its panel",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    /// A claim that is going, on a disk that would go with it, held by a pod of nobody's.
    fn claimed() -> World {
        world(
            r#"
- {kind: Namespace, metadata: {name: shop}, status: {phase: Active}}
- {kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: "True"}]}}
- {kind: PersistentVolume, metadata: {name: pv-1, resourceVersion: "5", finalizers: [kubernetes.io/pv-protection]}, spec: {storageClassName: "", persistentVolumeReclaimPolicy: Delete, capacity: {storage: 5Gi}, accessModes: [ReadWriteOnce], csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, resourceVersion: "6", deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection], annotations: {pv.kubernetes.io/bind-completed: "yes"}}, spec: {volumeName: pv-1, storageClassName: "", accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}, status: {phase: Bound}}
- {kind: Pod, metadata: {name: debug, namespace: shop, resourceVersion: "7"}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}"#,
        )
    }

    #[test]
    fn a_healthy_object_says_so_and_missing_facts_are_named() {
        let healthy = report(&hasan_prod(), "pvc/mysql-pvc");
        assert_eq!(healthy.exit(), Exit::Clean);
        assert!(healthy.text(80).contains("✓ fine: Bound · mysql-0"));
        let blind = report(&denied(&hasan_prod(), Kind::Pod), "pvc/mysql-pvc");
        assert_eq!(blind.exit(), Exit::Unknown);
        assert!(blind.text(80).contains("? unknown: Bound · pods are not in sight"));
        assert!(
            blind
                .text(80)
                .contains("not known\n  ? pods in shop: denied: forbidden")
        );
        let old = report(&stale(hasan_prod(), Kind::Pod), "pvc/mysql-pvc");
        assert_eq!(old.exit(), Exit::Unknown);
        assert!(old.text(80).contains("Bound · mysql-0 (as of 0s ago)"));
    }
}
