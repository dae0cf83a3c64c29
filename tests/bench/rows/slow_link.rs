//! B1 over workload X: 50 ms there and back, 100 Mbit/s.

use crate::bed::Bed;
use crate::home::Home;
use crate::raw::Format;
use crate::session::{Session, all};
use crate::table::{Line, Of, Target};
use crate::tool;
use serde_json::json;
use std::time::Duration;

const RTT_MS: u64 = 50;
const MBIT: u64 = 100;
const KUBECTL: Duration = Duration::from_mins(1);
const WHAT: &str = "first complete picture, 50 ms and 100 Mbit/s";

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    let measured = measure(bed);
    // whatever came of it, the rows after this one have the fast link again
    let restored = bed
        .served
        .ask(&json!({ "do": "shape", "rtt_ms": 0, "mbit": 0 }))
        .map(drop);
    match restored.and(measured) {
        Ok(line) => vec![line],
        Err(why) => vec![Line::failed("B1", WHAT, &why)],
    }
}

fn measure(bed: &mut Bed) -> Result<Line, String> {
    bed.served
        .ask(&json!({ "do": "shape", "rtt_ms": RTT_MS, "mbit": MBIT }))?;
    let (mut figures, mut raw, mut kubectl) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bed.options.repeat.min(2) {
        raw.push(bed.raw(Format::Protobuf, "gzip").map(|transfer| transfer.ms()));
        let opened = Session::open(&bed.served, false);
        figures.push(opened.and_then(|(session, opening)| session.leave().map(|()| opening.complete)));
        kubectl.push(get_raw(bed));
    }
    Ok(Line::new("B1", WHAT, "ms", Of::Median, all(figures)?)
        .target(Target::RatioAtMost(1.2))
        .against("raw transfer of the same lists, protobuf, gzip", all(raw))
        .against("kubectl get --raw of the pods alone", all(kubectl)))
}

fn get_raw(bed: &Bed) -> Result<f64, String> {
    let program = tool::find("kubectl")?;
    let home = Home::new(&bed.served.url)?;
    let arguments = ["get", "--raw", "/api/v1/pods"].map(str::to_owned);
    Ok(tool::run(&program, &arguments, &home.environment(), false, KUBECTL)?.ms)
}
