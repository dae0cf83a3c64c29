//! B3, B4 and B6 under workload C: a thousand events a second while the fleet is on the screen.

use crate::bed::Bed;
use crate::clock::Instant;
use crate::control::Which;
use crate::figures::Samples;
use crate::fleet;
use crate::home::Home;
use crate::peers::PEERS;
use crate::process::Spent;
use crate::session::{REACTION, SAMPLING, Session, all, row_of};
use crate::table::{Line, Of, Target};
use crate::tool;
use std::process::Stdio;
use std::time::Duration;

/// Events a second.
const RATE: u32 = 1000;
const FLIPS: usize = 200;
const KEYS: usize = 200;
/// How long processor time is counted.
const WINDOW: u64 = 20;
/// The same for a control.
const CONTROL: u64 = 10;
/// How long the churn goes on before anything is measured.
const WARM: Duration = Duration::from_secs(2);
/// So many flips may be lost before the row has failed.
const MOST_LOST: u32 = 10;
/// A flip that is not on the screen by then is lost.
const LOST: Duration = Duration::from_secs(2);
/// How long kubectl may take to begin to watch.
const KUBECTL: Duration = Duration::from_secs(40);

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    let opened = Session::open(&bed.served, false).and_then(|(session, _)| {
        session.by_name()?;
        Ok(session)
    });
    let mut lines = Vec::new();
    for (row, measure) in ROWS {
        if !bed.options.wants(&[row]) {
            continue;
        }
        let measured = match &opened {
            Ok(session) => measure(bed, session),
            Err(why) => Err(why.clone()),
        };
        let calm = bed.served.churn(0);
        match calm.and(measured) {
            Ok(measured) => lines.extend(measured),
            Err(why) => lines.push(Line::failed(row, "under 1,000 events/s", &why)),
        }
    }
    lines
}

type Row = (&'static str, fn(&mut Bed, &Session) -> Result<Vec<Line>, String>);

const ROWS: [Row; 3] = [("B4", cpu), ("B3", flips), ("B6", keys)];

/// The churn begins, and has gone on for a while.
fn begin(bed: &mut Bed) -> Result<(), String> {
    bed.served.churn(RATE)?;
    std::thread::sleep(WARM);
    Ok(())
}

/// The processor time of one process under churn, in percent of a core.
fn percent(bed: &mut Bed, pid: u32, seconds: u64) -> Result<f64, String> {
    let window = bed.window(seconds);
    begin(bed)?;
    let before = Spent::of(pid)?;
    let began = Instant::now();
    std::thread::sleep(window);
    let (after, ended) = (Spent::of(pid)?, Instant::now());
    bed.served.pace()?;
    bed.served.churn(0)?;
    Ok(after.cpu_ms_since(before) / ended.ms_since(began) * 100.0)
}

/// B4, the cockpit and the controls in turn.
fn cpu(bed: &mut Bed, session: &Session) -> Result<Vec<Line>, String> {
    let controls = [Which::Feeds, Which::Naive].map(|which| bed.control(which));
    let (mut ours, mut theirs) = (Vec::new(), [Vec::new(), Vec::new()]);
    for turn in 0..bed.options.repeat {
        let mut other = |bed: &mut Bed| {
            for (control, taken) in controls.iter().zip(&mut theirs) {
                taken.push(match control {
                    Ok(control) => percent(bed, control.pid(), CONTROL),
                    Err(why) => Err(why.clone()),
                });
            }
        };
        if turn % 2 == 1 {
            other(bed);
            ours.push(percent(bed, session.terminal.pid(), WINDOW));
        } else {
            ours.push(percent(bed, session.terminal.pid(), WINDOW));
            other(bed);
        }
    }
    drop(controls);
    let [feeds, naive] = theirs;
    let mut line = Line::new(
        "B4",
        "processor under 1,000 events/s, fleet on the screen",
        "% of a core",
        Of::Median,
        all(ours)?,
    )
    .target(Target::AtMost(5.0))
    .against("its own feeds alone, what they bring thrown away", all(feeds))
    .against("naive reflector, nothing drawn", all(naive))
    .against(
        "kubectl get pods -A --watch-only, nothing drawn",
        kubectl(bed).map(Samples::one),
    );
    for peer in PEERS {
        let taken = peer.open(&bed.served, bed.pods());
        let taken = taken.and_then(|showing| percent(bed, showing.pid(), CONTROL));
        line = line.against(&format!("{}, the pods alone", peer.name), taken.map(Samples::one));
    }
    Ok(vec![line])
}

/// kubectl, watching the pods only; what it prints goes nowhere.
fn kubectl(bed: &mut Bed) -> Result<f64, String> {
    let program = tool::find("kubectl")?;
    let home = Home::new(&bed.served.url)?;
    let arguments = [
        "get",
        "pods",
        "-A",
        "--watch-only",
        "--output-watch-events",
        "-o",
        "name",
    ]
    .map(str::to_owned);
    let watches = bed.served.stats()?.watches;
    let (began, running) = tool::start(&program, &arguments, &home.environment(), Stdio::null(), Stdio::null())?;
    while bed.served.stats()?.watches <= watches {
        if began.plus(KUBECTL).left().is_zero() {
            return Err(format!("it did not begin to watch in {} s", KUBECTL.as_secs()));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    percent(bed, running.0.id(), CONTROL)
}

/// B3: a Job of a tenant on the screen flips; from the bytes at the server's socket to the frame that shows it.
fn flips(bed: &mut Bed, session: &Session) -> Result<Vec<Line>, String> {
    let tenant = session.tenant()?;
    begin(bed)?;
    let (mut taken, mut lost) = (Samples::default(), 0_u32);
    let wanted = bed.times(FLIPS);
    let until = Instant::now().plus(SAMPLING);
    while taken.len() < wanted && !until.left().is_zero() {
        let before = session
            .terminal
            .look(|shown| row_of(&shown.text(), &tenant))
            .map(|row| fleet::jobs(&row))
            .ok_or_else(|| format!("{tenant} has left the screen"))?;
        let watched = tenant.clone();
        let changed = session
            .terminal
            .expect(move |shown| row_of(&shown.text(), &watched).is_some_and(|row| fleet::jobs(&row) != before));
        let at = match bed.served.flip(&tenant) {
            Ok(at) => at,
            Err(why) if lost > MOST_LOST => return Err(why),
            Err(_) => {
                session.terminal.forget(&changed);
                lost += 1;
                continue;
            }
        };
        match session.terminal.came(&changed, "the flip", LOST) {
            // a change of the churn's own came first
            Ok(seen) if seen < at => lost += 1,
            Ok(seen) => taken.push(seen.ms_since(at)),
            Err(why) if lost > MOST_LOST => return Err(why),
            Err(_) => {
                session.terminal.forget(&changed);
                lost += 1;
            }
        }
        // never in step with the frames
        std::thread::sleep(Duration::from_millis(31 + (taken.len() as u64 * 7919) % 41));
    }
    let pace = bed.served.pace()?;
    let line = |of, what| Line::new("B3", what, "ms", of, taken.clone());
    Ok(vec![
        line(Of::P50, "event → pixel under 1,000 events/s, p50"),
        line(Of::P99, "event → pixel under 1,000 events/s, p99").target(Target::AtMost(16.7)),
        line(Of::Max, "event → pixel under 1,000 events/s, max")
            .target(Target::AtMost(33.0))
            .note(&format!(
                "{} flips; {lost} more did not reach the socket or the screen in 2 s; {pace}",
                taken.len()
            )),
    ])
}

/// B6: the cursor moves; from the key in the terminal to the frame that shows it.
fn keys(bed: &mut Bed, session: &Session) -> Result<Vec<Line>, String> {
    begin(bed)?;
    let mut taken = Samples::default();
    session.terminal.keys("g")?;
    session
        .terminal
        .wait("the cursor", REACTION, |shown| shown.marked().is_some())?;
    // down and up again, never against an end
    let rows = fleet::rows(&session.terminal.text()).len();
    let span = rows.saturating_sub(1).clamp(1, 10);
    let until = Instant::now().plus(SAMPLING);
    for press in 0..bed.times(KEYS) {
        if until.left().is_zero() {
            break;
        }
        let before = session.terminal.marked();
        let moved = session.terminal.expect(move |shown| {
            let now = shown.marked();
            now.is_some() && now != before
        });
        let key = if (press / span).is_multiple_of(2) { "j" } else { "k" };
        let at = session.terminal.keys(key)?;
        let seen = session
            .terminal
            .came(&moved, &format!("the cursor to move on {key}"), REACTION)?;
        taken.push(seen.ms_since(at));
        std::thread::sleep(Duration::from_millis(17 + (press as u64 * 7919) % 31));
    }
    let pace = bed.served.pace()?;
    let line = |of, what| Line::new("B6", what, "ms", of, taken.clone());
    Ok(vec![
        line(Of::P50, "key → paint under 1,000 events/s, p50"),
        line(Of::P99, "key → paint under 1,000 events/s, p99").target(Target::AtMost(8.3)),
        line(Of::Max, "key → paint under 1,000 events/s, max").note(&format!("{} keys; {pace}", taken.len())),
    ])
}
