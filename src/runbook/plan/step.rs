//! What a plan says of one step.

use super::foresight::Foreseen;
use super::told;
use crate::diagnose::Found;
use crate::diagnose::phrase::names;
use crate::forecast::{Forecast, Tier};
use crate::model::helm::Valued;
use crate::runbook::deed::Unaimed;
use crate::runbook::inventory::Inventory;
use serde::Serialize;

/// The question of trap 60.
pub const RIGHTS: &str = "rights.of-every-act";

/// An act in words, and whether the server says that this user may do it; or why it does not say.
pub type May = (String, Result<bool, String>);

/// Whether all of it may be done, so that no `whole` (a step, a run) ends half done for want of a right (trap 60).
pub fn rights(may: &[May], whole: &str) -> Found {
    let of = |wanted: fn(&Result<bool, String>) -> bool| {
        let acts = may.iter().filter(|(_, said)| wanted(said));
        acts.map(|(act, _)| act.as_str()).collect::<Vec<_>>()
    };
    let (denied, unknown) = (of(|said| *said == Ok(false)), of(Result::is_err));
    match (denied.as_slice(), unknown.as_slice()) {
        ([], []) if may.is_empty() => Found::yes("no act of it can be told by now"),
        ([], []) => Found::yes(format!("all {} acts are allowed", may.len())),
        ([], unknown) => Found::untold(format!("the server does not say of {}", names(unknown, 3))),
        (denied, _) => Found::no(format!(
            "this user may not {}: the {whole} would end half done",
            names(denied, 3)
        )),
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planned {
    pub id: String,
    pub title: String,
    /// What everything said of the step rests on.
    pub rests_on: Footing,
    /// The step's `when`; absent where it is always needed.
    pub when: Option<Asked>,
    /// By the facts it rests on the step is not needed.
    pub skipped: bool,
    /// The worst of its acts' tiers, or what the runbook raises it to.
    pub tier: Tier,
    pub because: String,
    /// What each of its acts would do, in order.
    pub forecasts: Vec<Forecast>,
    pub sensed: Vec<Asked>,
    /// What would stop its acts of Helm's, asked before anything is changed.
    pub foreseen: Vec<Asked>,
    /// The chart that is rendered only when its turn comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renders: Option<Renders>,
    /// What its charts are rendered with, value by value, each with its origin.
    pub values: Vec<Valued>,
    /// What the step takes down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Inventory>,
    /// What a person will have to attest.
    pub attested: Vec<String>,
    /// What will have to be typed.
    pub typed: Option<String>,
    /// Whether the step's end would be seen on the world it is forecast to leave.
    pub verify: Option<Expected>,
    pub undo: Way,
    /// Why it could not be approved, were it its turn now.
    pub blocked: Vec<String>,
    /// What is not known, and would have to be.
    pub unknown: Vec<String>,
}

/// Which world a step is forecast on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "world")]
pub enum Footing {
    /// What was seen.
    Live,
    /// What the steps before are forecast to leave.
    After { steps: Vec<String> },
}

/// A chart of which nobody can say yet what it comes to: helm renders it on the cluster as it is by then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Renders {
    pub chart: String,
    /// The steps before it, whose ends it is rendered on.
    pub after: Vec<String>,
    /// Why it was not rendered now.
    pub why: String,
}

/// A question and what the facts say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    pub check: String,
    #[serde(flatten)]
    pub found: Found,
}

/// How a step's end is to be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    pub all: Vec<Asked>,
    pub any: Vec<Asked>,
    /// As in `10m`.
    pub within: String,
    pub on_timeout: &'static str,
}

/// The way back, as the runbook says it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "way")]
pub enum Way {
    /// What the forecast of the act says.
    Forecast,
    Rollback {
        steps: Vec<String>,
    },
    Manual {
        how: String,
    },
    None {
        why: String,
    },
}

impl Planned {
    /// What would stop an act of Helm's; asked on the world before it.
    pub(super) fn judge(&mut self, asked: Vec<Foreseen>) {
        for Foreseen { asked, stops } in asked {
            match asked.found.holds {
                Some(false) if stops => self.blocked.push(told(&asked)),
                None => self.unknown.push(told(&asked)),
                Some(_) => {}
            }
            self.foreseen.push(asked);
        }
    }

    /// Trap 60: the whole step is blocked where one of its acts is denied, so that it does not end half done. `may` is what the
    /// server says of each of its acts, in order.
    pub fn judge_rights(&mut self, may: &[May]) {
        if may.is_empty() {
            return;
        }
        let asked = Asked {
            check: RIGHTS.to_owned(),
            found: rights(may, "step"),
        };
        self.judge(vec![Foreseen { asked, stops: true }]);
    }

    /// What it cannot be done to.
    pub(super) fn unaimed(&mut self, unaimed: &Unaimed) {
        let why = unaimed.to_string();
        match unaimed {
            Unaimed::Absent { .. } | Unaimed::Misfit { .. } => self.blocked.push(why),
            Unaimed::Unseen { .. } => self.unknown.push(why),
        }
    }
}

impl Expected {
    /// Whether the end would be seen: `None` where the facts do not tell.
    pub fn reached(&self) -> Option<bool> {
        let all = kleene(self.all.iter(), false);
        let any = if self.any.is_empty() {
            Some(true)
        } else {
            kleene(self.any.iter(), true)
        };
        match (all, any) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            (None, _) | (_, None) => None,
        }
    }
}

/// `all` where `decides` is false, `any` where it is true.
fn kleene<'a>(asked: impl Iterator<Item = &'a Asked> + Clone, decides: bool) -> Option<bool> {
    if asked.clone().any(|one| one.found.holds == Some(decides)) {
        return Some(decides);
    }
    asked
        .into_iter()
        .all(|one| one.found.holds.is_some())
        .then_some(!decides)
}
