//! B12: forecasting one act in a tenant of five hundred objects, alone in its cluster and among five hundred such tenants.

use crate::bed::Bed;
use crate::core;
use crate::figures::Samples;
use crate::foresee::Told;
use crate::table::{Line, Of, Target};
use std::process::{Command, Stdio};

/// What one forecast may take.
const AT_MOST: f64 = 2.0;
/// What it may take among many tenants, of what it takes alone. Caches are smaller than a cluster.
const GROWTH: f64 = 1.5;

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    let many = if bed.options.quick { 20 } else { 500 };
    match told(many) {
        Ok(told) => all(&told, many),
        Err(why) => vec![Line::failed("B12", "forecast of one act", &why)],
    }
}

fn all(told: &Told, many: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for (act, times) in &told.acts {
        let alone = || Ok(Samples(times.alone.clone()));
        let line = |what: &str, target: Target| {
            let what = format!("forecast: {act}, {what}");
            Line::new("B12", &what, "ms", Of::P50, Samples(times.among.clone())).target(target)
        };
        lines.push(line("p50", Target::AtMost(AT_MOST)).against("the tenant alone in its cluster", alone()));
        let growth = format!("growth from 1 to {many} tenants");
        lines.push(line(&growth, Target::RatioAtMost(GROWTH)).against("alone", alone()));
    }
    if let Some(last) = lines.pop() {
        lines.push(last.note(&format!(
            "a tenant of {} objects; {} objects in the cluster",
            told.tenant, told.objects
        )));
    }
    lines
}

/// Runs the forecasts in a process of its own, on the core of the tool under test.
fn told(tenants: usize) -> Result<Told, String> {
    let program = std::env::current_exe().map_err(|error| format!("where am I? {error}"))?;
    let mut command = Command::new(program);
    command
        .args(["foresee", &tenants.to_string()])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    let output = core::on(core::TOOL, move || command.output()).map_err(|error| format!("foresee: {error}"))?;
    if !output.status.success() {
        return Err(format!("foresee ended with {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("foresee: {error}"))
}
