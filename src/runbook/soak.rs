//! A soak: for how long the tenant is watched after a change, and what must not happen meanwhile.
//!
//! What was seen is kept in the run's chronicle, record by record, so that a soak goes on where a cockpit left it. Only time
//! that somebody watched counts: between two looks that are no further apart than `gap`. A longer span is told and not counted;
//! what it did to restarts and bindings is seen at its end, because both are held against what they were at the beginning.

mod tally;

pub use tally::Tally;

use super::check::Check;
use super::condition::{Condition, Facts, Place};
use super::deed::{self, NewCount, Slot};
use super::reading::{Fields, Reader};
use super::step::{Gate, time};
use super::template::Values;
use super::tenancy::Tenancy;
use crate::model::yaml::Node;
use crate::model::{Key, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

const FIELDS: &[&str] = &["for", "every", "gap", "restarts", "probes", "rows"];
const EVERY: Duration = Duration::from_mins(1);
const GAP: Duration = Duration::from_mins(10);
/// Looking more often tells nothing more and fills the journal.
const OFTENEST: Duration = Duration::from_secs(5);

/// What a step watches, and for how long.
#[derive(Clone, Debug)]
pub struct Soak {
    pub span: Slot<Duration>,
    pub every: Slot<Duration>,
    pub gap: Slot<Duration>,
    /// How many restarts are taken, over all pods.
    pub restarts: u32,
    pub probes: Vec<Condition>,
    /// Rows that are counted in a pod, and what they are held against.
    pub rows: Option<NewCount>,
}

/// What was there when a soak began: restarts by pod, claims with their uid and volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Baseline {
    pub pods: BTreeMap<String, Restarts>,
    pub claims: BTreeMap<String, Binding>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restarts {
    pub uid: String,
    pub count: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    pub uid: String,
    pub volume: String,
}

/// One look, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Watched {
    /// Of the first look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Box<Baseline>>,
    /// What must not have happened and did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// What the rows were, where they are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

impl Soak {
    /// A soak is a step of its own, and a command in a pod is signed for.
    pub(super) fn of_step(
        reader: &mut Reader<'_>,
        fields: Fields<'_>,
        node: &Node,
        (place, gate): (Place<'_>, &Gate),
    ) -> Option<Self> {
        for other in ["act", "verify"] {
            if fields.has(other) {
                reader.fault(
                    &node.at,
                    format!("a step that watches has no `{other}`"),
                    "make a step of its own of it",
                );
                return None;
            }
        }
        let soak = Self::read(reader, node, place)?;
        if soak.rows.is_some() && gate.attested.is_empty() {
            reader.fault(
                &node.at,
                "its rows are counted by a command in a pod, again and again, and nobody signs for that",
                "add `gate: { attested: [\"the command only reads\"] }`",
            );
            return None;
        }
        Some(soak)
    }

    fn read(reader: &mut Reader<'_>, node: &Node, place: Place<'_>) -> Option<Self> {
        let fields = reader.fields(node, "`soak`", FIELDS)?;
        let span = fields.need(reader, "for", "say how long it is watched, as in 24h");
        let span = span.and_then(|node| time(reader, node, "for", place.parameters));
        let mut or = |name: &str, usual: Duration| match fields.get(name) {
            Some(node) => time(reader, node, name, place.parameters),
            None => Some(Slot::Fixed(usual)),
        };
        let (every, gap) = (or("every", EVERY), or("gap", GAP));
        if let (Some(Slot::Fixed(every)), Some(node)) = (&every, fields.get("every"))
            && *every < OFTENEST
        {
            reader.fault(&node.at, "nobody looks so often", "write 5s or more");
        }
        if let (Some(Slot::Fixed(every)), Some(Slot::Fixed(gap))) = (&every, &gap)
            && gap < every
        {
            let at = fields.get("gap").map_or(fields.at, |node| &node.at);
            reader.fault(
                at,
                "`gap` is shorter than `every`: nothing would ever count",
                "make it longer",
            );
        }
        let restarts = fields
            .get("restarts")
            .map_or(Some(0), |node| deed::count_of(reader, node, "`restarts`"));
        let probes = fields
            .get("probes")
            .map_or_else(Vec::new, |node| Condition::list(reader, node, "`probes`", place));
        let rows = match fields.get("rows") {
            Some(node) => Some(deed::read_count(reader, node, place.parameters)?),
            None => None,
        };
        Some(Self {
            span: span?,
            every: every?,
            gap: gap?,
            restarts: restarts?,
            probes,
            rows,
        })
    }

    /// As it is written: `24h, a look every 1m, gaps of at most 10m count; restarts ≤ 0; pods.ready`.
    pub fn written(&self, values: &Values) -> String {
        let mut told = format!(
            "{}, a look every {}, gaps of at most {} count; restarts at most {}",
            self.span.written(),
            self.every.written(),
            self.gap.written(),
            self.restarts
        );
        for probe in &self.probes {
            // writing to a String cannot fail
            write!(told, "; {}", probe.title(values)).unwrap_or_default();
        }
        if let Some(rows) = &self.rows {
            write!(told, "; {rows}").unwrap_or_default();
        }
        told
    }

    /// What is there now.
    ///
    /// # Errors
    /// Why that cannot be seen: then nobody watches.
    pub fn look(&self, tenancy: Tenancy<'_>) -> Result<Baseline, String> {
        let look = tenancy.look;
        for kind in [Kind::Pod, Kind::PersistentVolumeClaim] {
            if let Some(why) = look.gap(kind, tenancy.namespace) {
                return Err(why);
            }
        }
        let pods = look.world.in_namespace(Kind::Pod, tenancy.namespace).filter_map(|pod| {
            let facts = pod.body.pod()?;
            let count = facts
                .status
                .container_statuses
                .iter()
                .map(|status| status.restart_count)
                .sum();
            let uid = pod.meta.uid.to_string();
            Some((pod.meta.name.to_string(), Restarts { uid, count }))
        });
        let claims = look
            .world
            .in_namespace(Kind::PersistentVolumeClaim, tenancy.namespace)
            .filter_map(|claim| {
                let volume = claim.body.claim()?.spec.volume_name.to_string();
                let uid = claim.meta.uid.to_string();
                Some((claim.meta.name.to_string(), Binding { uid, volume }))
            });
        Ok(Baseline {
            pods: pods.collect(),
            claims: claims.collect(),
        })
    }

    /// What must not have happened since, and did. An error means that something a probe asks cannot be seen.
    pub fn broken(
        &self,
        before: &Baseline,
        now: &Baseline,
        tenancy: Tenancy<'_>,
        values: &Values,
    ) -> Result<Option<String>, String> {
        if let Some(moved) = moved(before, now) {
            return Ok(Some(moved));
        }
        let restarts = restarts(before, now);
        if restarts > self.restarts {
            let most: Vec<String> = risen(before, now);
            return Ok(Some(format!(
                "{restarts} restarts, {} are taken: {}",
                self.restarts,
                most.join(", ")
            )));
        }
        if let Some(looping) = crash_loop(tenancy) {
            return Ok(Some(looping));
        }
        for probe in &self.probes {
            let facts = Facts {
                tenancy,
                values,
                acts: &[],
            };
            let found = probe.judge(facts);
            let told = || format!("{}: {}", probe.title(values), found.value);
            match found.holds {
                Some(true) => {}
                Some(false) => return Ok(Some(told())),
                None => return Err(told()),
            }
        }
        Ok(None)
    }
}

/// A claim that is gone, another one, or on another volume.
fn moved(before: &Baseline, now: &Baseline) -> Option<String> {
    before.claims.iter().find_map(|(name, was)| match now.claims.get(name) {
        None => Some(format!("pvc/{name} is gone")),
        Some(is) if is.uid != was.uid => Some(format!("pvc/{name} is another one: uid {}, it was {}", is.uid, was.uid)),
        Some(is) if is.volume != was.volume => Some(format!(
            "pvc/{name} is bound to {:?}, it was {:?}",
            is.volume, was.volume
        )),
        Some(_) => None,
    })
}

/// How many restarts a pod has more than it had; one that is new had none.
fn more(before: &Baseline, name: &str, is: &Restarts) -> u32 {
    let was = before
        .pods
        .get(name)
        .filter(|was| was.uid == is.uid)
        .map_or(0, |was| was.count);
    is.count.saturating_sub(was)
}

fn restarts(before: &Baseline, now: &Baseline) -> u32 {
    let risen = now.pods.iter().map(|(name, is)| more(before, name, is));
    risen.fold(0_u32, u32::saturating_add)
}

fn risen(before: &Baseline, now: &Baseline) -> Vec<String> {
    let risen = now.pods.iter().filter_map(|(name, is)| {
        let more = more(before, name, is);
        (more > 0).then(|| format!("pod/{name} +{more}"))
    });
    risen.take(4).collect()
}

/// What the check of that name says, when it does not hold.
fn crash_loop(tenancy: Tenancy<'_>) -> Option<String> {
    let check = Check::named("pods.no-crash-loop")?;
    let found = check.judge(tenancy, &Key::cluster(Kind::Namespace, tenancy.namespace));
    (found.holds == Some(false)).then_some(found.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn only_watched_time_counts() {
        let gap = Duration::from_secs(100);
        let looks = [0, 60, 120, 1_000, 1_060, 1_050, 1_110].map(at);
        let tally = Tally::of(looks, gap);
        assert_eq!(tally.watched, Duration::from_mins(4));
        assert_eq!(tally.gaps, [(at(120), Duration::from_secs(880))]);
        assert_eq!(tally.looks, 7);
        assert_eq!(
            tally.sentence(Duration::from_hours(1)),
            "4m of 1h watched in 7 looks; nobody watched for 14m40s from 1970-01-01 00:02:00Z"
        );
        assert_eq!(Tally::of([], gap), Tally::default());
    }

    #[test]
    fn a_binding_that_changes_and_restarts_that_rise_break_it() {
        let claim = |uid: &str, volume: &str| Binding {
            uid: uid.to_owned(),
            volume: volume.to_owned(),
        };
        let pod = |uid: &str, count: u32| Restarts {
            uid: uid.to_owned(),
            count,
        };
        let base = |pods: &[(&str, Restarts)], claims: &[(&str, Binding)]| Baseline {
            pods: pods.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect(),
            claims: claims
                .iter()
                .map(|(name, it)| ((*name).to_owned(), it.clone()))
                .collect(),
        };
        let before = base(&[("db-0", pod("1", 3))], &[("data", claim("a", "pv-1"))]);
        for (claims, told) in [
            (vec![], Some("pvc/data is gone")),
            (
                vec![("data", claim("b", "pv-1"))],
                Some("pvc/data is another one: uid b, it was a"),
            ),
            (
                vec![("data", claim("a", "pv-2"))],
                Some("pvc/data is bound to \"pv-2\", it was \"pv-1\""),
            ),
            (vec![("data", claim("a", "pv-1")), ("new", claim("c", ""))], None),
        ] {
            assert_eq!(moved(&before, &base(&[], &claims)).as_deref(), told);
        }
        for (pods, count) in [
            (vec![("db-0", pod("1", 3))], 0),
            (vec![("db-0", pod("1", 5))], 2),
            // a new pod of the name: its restarts are all new
            (vec![("db-0", pod("2", 1))], 1),
            (vec![("web-1", pod("3", 2)), ("db-0", pod("1", 3))], 2),
            (vec![], 0),
        ] {
            assert_eq!(restarts(&before, &base(&pods, &[])), count, "{pods:?}");
        }
    }
}
