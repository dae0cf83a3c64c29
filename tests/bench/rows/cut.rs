//! B10: the server is gone for a minute; what the screen says meanwhile, and when it is right again.

use crate::bed::Bed;
use crate::figures::Samples;
use crate::fleet;
use crate::session::{PICTURE, Session};
use crate::table::{Line, Of, Target};
use serde_json::json;
use std::time::Duration;

/// How long the server is gone.
const CUT: u64 = 60;
/// How soon the screen must say so: the promise of a feed.
const TOLD: Duration = Duration::from_secs(15);

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    measure(bed).unwrap_or_else(|why| vec![Line::failed("B10", "a minute without the server", &why)])
}

#[expect(clippy::cast_precision_loss, reason = "a few frames")]
fn measure(bed: &mut Bed) -> Result<Vec<Line>, String> {
    let span = bed.window(CUT);
    let (session, _) = Session::open(&bed.served, false)?;
    let blanks = session.blanks();
    let lost = session.terminal.expect(|shown| !fleet::complete(&shown.text()));
    let at = bed.served.command_at(&json!({ "do": "cut", "ms": span.as_millis() }))?;
    let told = session.terminal.came(&lost, "the loss to be told", TOLD)?.ms_since(at);
    let back = session.terminal.expect(|shown| fleet::complete(&shown.text()));
    let back = session
        .terminal
        .came(&back, "the picture after the cut", span + PICTURE)?;
    let blanks = blanks.count();
    session.leave()?;
    let line = |what: &str, unit, value| Line::new("B10", what, unit, Of::Median, Samples::one(value));
    let seconds = span.as_secs();
    Ok(vec![
        line(&format!("cut of {seconds} s: until the screen says so"), "ms", told).target(Target::AtMost(1000.0)),
        line(
            &format!("cut of {seconds} s: complete again, after the server is back"),
            "ms",
            back.ms_since(at.plus(span)),
        )
        .note("the watches go on from where they broke; pauses between attempts grow to 5 s"),
        line("cut: frames with a row missing", "frames", blanks as f64).target(Target::AtMost(0.0)),
    ])
}
