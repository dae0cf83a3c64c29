//! B11: a panel is open, a fact under it flips; until its item says so, and until APPROVE is closed. Nothing is ever
//! approved.

use crate::bed::Bed;
use crate::clock::Instant;
use crate::figures::Samples;
use crate::panel;
use crate::session::{REACTION, SAMPLING, Session};
use crate::table::{Line, Of, Target};
use std::time::Duration;

/// Events a second meanwhile.
const RATE: u32 = 1000;
const FLIPS: usize = 100;
const SHUTS: usize = 10;
/// So many flips may be lost before the row has failed.
const MOST_LOST: u32 = 5;
/// How long the way to an open panel may take.
const ANSWERED: Duration = Duration::from_secs(25);
/// How long a key is given to show before it is looked again.
const SHOWS: Duration = Duration::from_millis(400);

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    let measured = measure(bed);
    match bed.served.churn(0).and(measured) {
        Ok(lines) => lines,
        Err(why) => vec![Line::failed("B11", "a fact flips under an open panel", &why)],
    }
}

fn measure(bed: &mut Bed) -> Result<Vec<Line>, String> {
    let (session, _) = Session::open(&bed.served, true)?;
    session.by_name()?;
    let tenant = session.tenant()?;
    let job = to_panel(&session, &tenant)?;
    bed.served.churn(RATE)?;
    let (items, lost) = items(bed, &session, &tenant, &job)?;
    let shuts = shuts(bed, &session, &tenant, &job);
    let pace = bed.served.pace()?;
    session.terminal.keys("\x1b")?;
    session.terminal.wait("the panel to be left", REACTION, |shown| {
        panel::open(&shown.text()).is_none()
    })?;
    session.leave()?;
    let line = |of, what: &str, samples: &Samples| Line::new("B11", what, "ms", of, samples.clone());
    let mut lines = vec![
        line(Of::P50, "fact flips → its item in an open panel, p50", &items),
        line(Of::P99, "fact flips → its item in an open panel, p99", &items)
            .target(Target::AtMost(16.7))
            .note(&format!("{} flips, {lost} lost; {pace}", items.len())),
    ];
    match shuts {
        Ok(shuts) => lines.extend([
            line(Of::P50, "fact flips → APPROVE closed, p50", &shuts),
            line(Of::Max, "fact flips → APPROVE closed, max", &shuts)
                .target(Target::AtMost(33.0))
                .note(&format!("{} times from open to closed", shuts.len())),
        ]),
        Err(why) => lines.push(Line::failed("B11", "fact flips → APPROVE closed", &why)),
    }
    Ok(lines)
}

/// From the fleet to the panel in front of deleting the tenant's first Job; gives its name back.
fn to_panel(session: &Session, tenant: &str) -> Result<String, String> {
    let filter = format!("filter: {tenant}");
    session.terminal.keys(&format!("/{tenant}\r"))?;
    session
        .terminal
        .wait("the filter", REACTION, move |shown| shown.text().contains(&filter))?;
    session.terminal.keys("\r")?;
    session
        .terminal
        .wait("the tenant", REACTION, |shown| shown.text().contains("jobs ── "))?;
    // a scheduled Job would come again, which closes its panel for good
    session.terminal.keys("\t/train-\r")?;
    session
        .terminal
        .wait("the Jobs that nobody schedules", REACTION, |shown| {
            shown.text().contains("filter: train-")
        })?;
    session.terminal.keys("\x04")?;
    session
        .terminal
        .wait("the panel", REACTION, |shown| panel::object(&shown.text()).is_some())?;
    let job = session
        .terminal
        .look(|shown| panel::object(&shown.text()).map(str::to_owned));
    job.ok_or_else(|| "the panel was closed".to_owned())
}

/// Flips the Job under the panel; each until the panel names another resourceVersion. With how many were lost.
fn items(bed: &mut Bed, session: &Session, tenant: &str, job: &str) -> Result<(Samples, u32), String> {
    let (mut taken, mut lost) = (Samples::default(), 0);
    let until = Instant::now().plus(SAMPLING);
    for _ in 0..bed.times(FLIPS) {
        if until.left().is_zero() {
            break;
        }
        match flipped(bed, session, tenant, job) {
            Ok(ms) => taken.push(ms),
            Err(why) if lost >= MOST_LOST => return Err(why),
            Err(_) => lost += 1,
        }
        std::thread::sleep(Duration::from_millis(31 + (taken.len() as u64 * 7919) % 41));
    }
    Ok((taken, lost))
}

/// One flip of the Job under the panel, until the panel names another resourceVersion.
fn flipped(bed: &mut Bed, session: &Session, tenant: &str, job: &str) -> Result<f64, String> {
    let before = panel::versions(&session.terminal.text());
    let changed = session
        .terminal
        .expect(move |shown| panel::versions(&shown.text()) != before);
    let seen = bed.served.flip_job(tenant, job).and_then(|at| {
        let seen = session
            .terminal
            .came(&changed, "the item to tell of the flip", REACTION)?;
        Ok(seen.ms_since(at))
    });
    if seen.is_err() {
        session.terminal.forget(&changed);
    }
    seen
}

/// Answers the panel until APPROVE is open, then flips the Job; each until APPROVE is closed. The Job is active each time:
/// of an ended one, the panel would ask for less.
fn shuts(bed: &mut Bed, session: &Session, tenant: &str, job: &str) -> Result<Samples, String> {
    let mut taken = Samples::default();
    let until = Instant::now().plus(SAMPLING);
    for _ in 0..bed.times(SHUTS) {
        if until.left().is_zero() {
            break;
        }
        if !panel::destructive(&session.terminal.text()) {
            flipped(bed, session, tenant, job)?;
        }
        answer(session)?;
        let shut = session
            .terminal
            .expect(|shown| panel::open(&shown.text()) == Some(false));
        let at = bed.served.flip_job(tenant, job)?;
        let seen = session.terminal.came(&shut, "APPROVE to be closed", REACTION)?;
        taken.push(seen.ms_since(at));
    }
    Ok(taken)
}

/// Answers everything the panel asks for, key by key, looking each time whether it was taken.
fn answer(session: &Session) -> Result<(), String> {
    let until = Instant::now().plus(ANSWERED);
    loop {
        let screen = session.terminal.text();
        if panel::open(&screen) == Some(true) {
            return Ok(());
        }
        if until.left().is_zero() {
            return Err(format!("the panel does not open; the screen was:\n{screen}"));
        }
        let changed = session.terminal.expect(move |shown| shown.text() != screen);
        if let Some(key) = session.terminal.look(|shown| panel::next_key(&shown.text())) {
            session.terminal.keys(&key)?;
        }
        if session.terminal.came(&changed, "a key to be taken", SHOWS).is_err() {
            session.terminal.forget(&changed);
        }
    }
}
