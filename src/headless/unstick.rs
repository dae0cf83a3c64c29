//! `pilothouse unstick -o text|json`: the whole way out of what is stuck, in order, and what its next step would do.

use super::page::Page;
use super::target::{TargetError, locate};
use super::{API_VERSION, Exit};
use crate::diagnose::{self, Look, Way};
use crate::forecast::{Forecast, forecast};
use crate::model::{Act, Key};
use serde::Serialize;

/// A way out, as it is printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WayReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    #[serde(flatten)]
    pub way: Way,
    /// The place of the step whose panel may be opened now, from 0.
    pub next: Option<usize>,
    /// What that step would do. Of those after it nothing is said: the way is planned anew once it is done.
    pub forecast: Option<Forecast>,
}

/// The way out of one object.
pub fn unstick(look: Look<'_>, key: &Key) -> Result<WayReport, TargetError> {
    let key = locate(look.world, key, look.now, look.quiet)?;
    let way = diagnose::way(look, &key).ok_or_else(|| TargetError::NotFound {
        key: key.clone(),
        near: Vec::new(),
    })?;
    let next = way.next();
    let act = next.and_then(|at| way.steps.get(at)).and_then(|step| step.act.as_ref());
    let mut report = WayReport {
        api_version: API_VERSION,
        kind: "WayOut",
        at: look.now.second(),
        exit_code: 0,
        forecast: act.map(|act| forecast(look.world, act, look.conditions, look.now, look.quiet)),
        next,
        way,
    };
    report.exit_code = report.exit().code();
    Ok(report)
}

impl WayReport {
    pub const fn exit(&self) -> Exit {
        if !self.way.steps.is_empty() {
            Exit::Findings
        } else if !self.way.unknowns.is_empty() {
            Exit::Unknown
        } else {
            Exit::Clean
        }
    }

    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        page.line("", &format!("{}: {}", self.way.object, self.way.sentence));
        if self.way.over {
            page.line("", "nothing is stuck here: nothing needs doing");
        }
        for (at, step) in self.way.steps.iter().enumerate() {
            page.line(&format!("{:>3}. ", at + 1), &step.sentence);
            let Some(act) = &step.act else { continue };
            let whose = match (self.next == Some(at), act.doable()) {
                (true, _) => "next",
                (false, true) => "later",
                (false, false) => "your own helm's",
            };
            page.line("     ", &format!("{act} ({whose})"));
            if let Some(told) = self.forecast.as_ref().filter(|told| told.act == *act) {
                page.line("     ", &format!("{}: {}", told.tier.word(), told.because));
                page.line("     ", &told.headline());
            }
        }
        for unknown in &self.way.unknowns {
            page.line("  ? ", unknown);
        }
        if self
            .way
            .steps
            .iter()
            .any(|step| step.act.as_ref().is_some_and(Act::doable))
        {
            page.line(
                "",
                "pilothouse --operate unstick goes this way step by step, each through its panel",
            );
        }
        page.into_text()
    }
}
