//! B7: what a hundred events a second cost, and a keystroke in the filter, at a thousand objects and at all of them.

use crate::bed::Bed;
use crate::clock::Instant;
use crate::figures::Samples;
use crate::process::Spent;
use crate::served::Served;
use crate::session::{REACTION, SAMPLING, Session, all};
use crate::table::{Line, Of, Target};
use std::time::Duration;

const RATE: u32 = 100;
const WINDOW: u64 = 10;
const WARM: Duration = Duration::from_secs(1);
/// Typed into the filter, erased, typed again.
const TYPED: &str = "tenant-0";
const ROUNDS: usize = 6;

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    measure(bed).unwrap_or_else(|why| vec![Line::failed("B7", "growth with the number of objects", &why)])
}

fn measure(bed: &mut Bed) -> Result<Vec<Line>, String> {
    let mut small = Served::start(&["--shape", "thousand"])?;
    let (few, _) = Session::open(&small, false)?;
    let (many, _) = Session::open(&bed.served, false)?;
    few.by_name()?;
    many.by_name()?;
    let window = bed.window(WINDOW);
    let (mut at_few, mut at_many) = (Vec::new(), Vec::new());
    for turn in 0..bed.options.repeat {
        if turn % 2 == 1 {
            at_many.push(percent(&mut bed.served, &many, window));
        }
        at_few.push(percent(&mut small, &few, window));
        if turn % 2 == 0 {
            at_many.push(percent(&mut bed.served, &many, window));
        }
    }
    let rounds = bed.times(ROUNDS);
    let (typed_few, typed_many) = (typing(&few, rounds)?, typing(&many, rounds)?);
    few.leave()?;
    many.leave()?;
    let objects = bed.served.objects();
    let name = format!("the same at {} objects", small.objects());
    Ok(vec![
        Line::new(
            "B7",
            &format!("processor at 100 events/s, {objects} objects"),
            "% of a core",
            Of::Median,
            all(at_many)?,
        )
        .target(Target::RatioAtMost(1.1))
        .against(&name, all(at_few)),
        Line::new(
            "B7",
            &format!("a keystroke in the filter, {objects} objects, p99"),
            "ms",
            Of::P99,
            typed_many,
        )
        .target(Target::AtMost(8.3))
        .against(&name, Ok(typed_few)),
    ])
}

fn percent(served: &mut Served, session: &Session, window: Duration) -> Result<f64, String> {
    let pid = session.terminal.pid();
    served.churn(RATE)?;
    std::thread::sleep(WARM);
    let (before, began) = (Spent::of(pid)?, Instant::now());
    std::thread::sleep(window);
    let (after, ended) = (Spent::of(pid)?, Instant::now());
    served.churn(0)?;
    Ok(after.cpu_ms_since(before) / ended.ms_since(began) * 100.0)
}

/// Types a filter key by key and takes it back; each key until the frame that shows it.
fn typing(session: &Session, rounds: usize) -> Result<Samples, String> {
    let mut taken = Samples::default();
    let until = Instant::now().plus(SAMPLING);
    for _ in 0..rounds {
        if until.left().is_zero() {
            break;
        }
        session.terminal.keys("/")?;
        session
            .terminal
            .wait("the filter's prompt", REACTION, |shown| shown.prompt().is_some())?;
        let mut line = String::new();
        for key in TYPED.chars() {
            line.push(key);
            let wanted = line.clone();
            let shown = session
                .terminal
                .expect(move |shown| shown.prompt().as_deref() == Some(&wanted));
            let at = session.terminal.keys(&key.to_string())?;
            let seen = session.terminal.came(&shown, &format!("/{line}"), REACTION)?;
            taken.push(seen.ms_since(at));
            std::thread::sleep(Duration::from_millis(23 + (taken.len() as u64 * 7919) % 29));
        }
        session.terminal.keys("\x1b")?;
        session
            .terminal
            .wait("no prompt", REACTION, |shown| shown.prompt().is_none())?;
    }
    Ok(taken)
}
