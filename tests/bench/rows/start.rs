//! B1, B2 and B10's storm: the first picture, the memory it takes, and the picture again after every list expired.

use crate::bed::Bed;
use crate::clock::Instant;
use crate::control::Which;
use crate::figures::Samples;
use crate::fleet;
use crate::home::Home;
use crate::peers::PEERS;
use crate::process::{Memory, mib};
use crate::raw::Format;
use crate::session::{PICTURE, REACTION, Session, all};
use crate::table::{Line, Of, Target};
use crate::tool;
use serde_json::json;
use std::time::Duration;

/// How long nothing must happen before memory is called steady.
const STEADY: u64 = 10;
/// How long `kubectl get --raw` may take for all lists.
const KUBECTL: Duration = Duration::from_mins(1);

/// What one start of the cockpit came to.
#[derive(Default)]
struct Starts {
    useful: Vec<Result<f64, String>>,
    first_row: Vec<Result<f64, String>>,
    tenants: usize,
    complete: Vec<Result<f64, String>>,
    steady: Vec<Result<f64, String>>,
    peak: Vec<Result<f64, String>>,
    peak_again: Vec<Result<f64, String>>,
    again: Vec<Result<f64, String>>,
    blanks: Vec<Result<f64, String>>,
}

/// What the controls came to.
#[derive(Default)]
struct Controls {
    json: Vec<Result<f64, String>>,
    protobuf: Vec<Result<f64, String>>,
    gzip: Vec<Result<f64, String>>,
    kubectl: Vec<Result<f64, String>>,
    feeds: Vec<Result<f64, String>>,
    feeds_steady: Vec<Result<f64, String>>,
    naive: Vec<Result<f64, String>>,
    naive_steady: Vec<Result<f64, String>>,
    naive_peak: Vec<Result<f64, String>>,
    peers: Vec<AtWork>,
}

/// What another cockpit came to.
struct AtWork {
    name: &'static str,
    ready: Result<f64, String>,
    memory: Result<f64, String>,
}

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    let (mut starts, mut controls) = (Starts::default(), Controls::default());
    for turn in 0..bed.options.repeat {
        // ABAB: what drifts drifts for both
        if turn % 2 == 0 {
            controls.measure(bed);
            starts.measure(bed);
        } else {
            starts.measure(bed);
            controls.measure(bed);
        }
    }
    if bed.options.wants(&["B1", "B2"]) {
        controls.peers = peers(bed);
    }
    told(bed, starts, controls)
}

impl Starts {
    fn measure(&mut self, bed: &mut Bed) {
        if let Err(why) = self.session(bed) {
            self.complete.push(Err(why));
        }
    }

    fn session(&mut self, bed: &mut Bed) -> Result<(), String> {
        bed.served.reset()?;
        let (session, opening) = Session::open(&bed.served, false)?;
        self.complete.push(Ok(opening.complete));
        self.first_row.push(Ok(opening.useful));
        self.tenants = opening.tenants;
        let first = bed.served.stats()?.first_page;
        self.useful.push(
            first
                .map(|first| opening.useful_at.ms_since(first))
                .ok_or_else(|| "the load server did not say when its first page left".to_owned()),
        );
        if !bed.options.wants(&["B2", "B10"]) {
            return session.leave();
        }
        std::thread::sleep(bed.window(STEADY));
        let pid = session.terminal.pid();
        let steady = Memory::of(pid)?;
        self.steady.push(Ok(mib(steady.now)));
        self.peak.push(Ok(mib(steady.peak)));
        let blanks = session.blanks();
        self.again.push(storm(bed, &session));
        #[expect(clippy::cast_precision_loss, reason = "a few frames")]
        self.blanks.push(Ok(blanks.count() as f64));
        self.peak_again.push(Ok(mib(Memory::of(pid)?.peak)));
        session.leave()
    }
}

/// Every watch ends with a 410; until the picture is complete again. 0 where no frame ever showed it incomplete.
fn storm(bed: &mut Bed, session: &Session) -> Result<f64, String> {
    let pages = bed.pages();
    let mut left = false;
    let back = session.terminal.expect(move |shown| {
        let complete = fleet::complete(&shown.text());
        left |= !complete;
        left && complete
    });
    bed.served.reset()?;
    let at = bed.served.command_at(&json!({ "do": "expire" }))?;
    let until = Instant::now().plus(PICTURE);
    while bed.served.stats()?.lists < pages {
        if until.left().is_zero() {
            return Err("not every list was asked for again after a 410".to_owned());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    match session
        .terminal
        .came(&back, "the picture after a 410 of every feed", REACTION)
    {
        Ok(back) => Ok(back.ms_since(at)),
        Err(_) if fleet::complete(&session.terminal.text()) => Ok(0.0),
        Err(why) => Err(why),
    }
}

impl Controls {
    fn measure(&mut self, bed: &mut Bed) {
        let ms = |format, encoding| bed.raw(format, encoding).map(|transfer| transfer.ms());
        self.json.push(ms(Format::Json, "identity"));
        self.protobuf.push(ms(Format::Protobuf, "identity"));
        self.gzip.push(ms(Format::Protobuf, "gzip"));
        self.kubectl.push(kubectl(bed));
        let wanted = |taken: &[_]| bed.options.wants(&["B2"]) && taken.is_empty();
        let (ready, memory) = control(bed, Which::Feeds, wanted(&self.feeds_steady));
        self.feeds.push(ready);
        self.feeds_steady
            .extend(memory.map(|taken| taken.map(|memory| mib(memory.now))));
        let (ready, memory) = control(bed, Which::Naive, wanted(&self.naive_steady));
        self.naive.push(ready);
        if let Some(taken) = memory {
            self.naive_steady.push(taken.clone().map(|memory| mib(memory.now)));
            self.naive_peak.push(taken.map(|memory| mib(memory.peak)));
        }
    }
}

/// A control's picture, and, where that is wanted, its memory after it; that tells the same each time.
fn control(bed: &Bed, which: Which, remembered: bool) -> (Result<f64, String>, Option<Result<Memory, String>>) {
    match bed.control(which) {
        Err(why) => (Err(why), None),
        Ok(control) => {
            let memory = remembered.then(|| {
                std::thread::sleep(bed.window(STEADY));
                control.memory()
            });
            (Ok(control.ready), memory)
        }
    }
}

/// Each peer's picture of the pods and its memory after it, once: they take long, and tell the same each time.
fn peers(bed: &Bed) -> Vec<AtWork> {
    let taken = PEERS.map(|peer| {
        let (ready, memory) = match peer.open(&bed.served, bed.pods()) {
            Err(why) => (Err(why.clone()), Err(why)),
            Ok(showing) => {
                std::thread::sleep(bed.window(STEADY));
                (Ok(showing.ready), showing.memory())
            }
        };
        AtWork {
            name: peer.name,
            ready,
            memory,
        }
    });
    taken.into()
}

/// `kubectl get --raw` of the same lists, one after the other, each whole: kubectl asks for no pages here.
fn kubectl(bed: &Bed) -> Result<f64, String> {
    let program = tool::find("kubectl")?;
    let home = Home::new(&bed.served.url)?;
    let mut ms = 0.0;
    for course in &bed.courses {
        // the metadata of Secrets alone cannot be asked for by `get --raw`
        let whole = course
            .paths
            .first()
            .map(|path| path.split('?').next().unwrap_or_default());
        let Some(path) = whole.filter(|_| course.kind != "secrets") else {
            continue;
        };
        let arguments = ["get".to_owned(), "--raw".to_owned(), path.to_owned()];
        ms += tool::run(&program, &arguments, &home.environment(), false, KUBECTL)?.ms;
    }
    Ok(ms)
}

/// A line with a control for each peer.
fn beside<'a>(line: Line, peers: impl Iterator<Item = (&'a str, &'a Result<f64, String>)>) -> Line {
    peers.fold(line, |line, (name, taken)| {
        line.against(&format!("{name}, the pods alone"), taken.clone().map(Samples::one))
    })
}

fn told(bed: &Bed, starts: Starts, controls: Controls) -> Vec<Line> {
    let mut lines = Vec::new();
    let line = |row, what: &str, unit, samples: Result<Samples, String>| match samples {
        Ok(samples) => Line::new(row, what, unit, Of::Median, samples),
        Err(why) => Line::failed(row, what, &why),
    };
    let complete = all(starts.complete);
    if bed.options.wants(&["B1"]) {
        lines.push(beside(
            line("B1", "first complete picture, from exec", "ms", complete.clone())
                .target(Target::RatioAtMost(1.2))
                .against("raw transfer, JSON, identity", all(controls.json))
                .against(
                    "raw transfer, protobuf as the cockpit negotiates, identity",
                    all(controls.protobuf),
                )
                .against("the same in gzip, not unpacked", all(controls.gzip))
                .against("its own feeds alone, what they bring thrown away", all(controls.feeds))
                .against("kubectl get --raw, without Secrets", all(controls.kubectl))
                .against("naive reflector, without Secrets", all(controls.naive))
                .note(&format!("{} tenants, every row right", starts.tenants)),
            controls.peers.iter().map(|peer| (peer.name, &peer.ready)),
        ));
        lines.push(line("B1", "first row, from exec", "ms", all(starts.first_row)));
        lines.push(
            line(
                "B1",
                "first row, after the server sent its first page",
                "ms",
                all(starts.useful),
            )
            .target(Target::AtMost(50.0)),
        );
    }
    let steady = all(starts.steady);
    if bed.options.wants(&["B2"]) {
        lines.push(beside(
            line("B2", "resident memory, after 10 s of quiet", "MiB", steady.clone())
                .target(Target::AtMost(64.0))
                .against(
                    "its own feeds alone, what they bring thrown away",
                    all(controls.feeds_steady),
                )
                .against("naive reflector, without Secrets", all(controls.naive_steady)),
            controls.peers.iter().map(|peer| (peer.name, &peer.memory)),
        ));
        lines.push(
            line("B2", "its peak at the start", "MiB", all(starts.peak))
                .target(Target::RatioAtMost(1.3))
                .against("steady", steady.clone())
                .against("naive reflector, without Secrets", all(controls.naive_peak)),
        );
        lines.push(
            line(
                "B2",
                "its peak, a re-list of everything included",
                "MiB",
                all(starts.peak_again),
            )
            .target(Target::RatioAtMost(1.3))
            .against("steady", steady),
        );
    }
    if bed.options.wants(&["B10"]) {
        lines.push(
            line("B10", "410 on every feed → complete again", "ms", all(starts.again))
                .target(Target::RatioAtMost(1.2))
                .against("first complete picture", complete),
        );
        lines.push(
            line(
                "B10",
                "frames with a row missing, meanwhile",
                "frames",
                all(starts.blanks),
            )
            .target(Target::AtMost(0.0)),
        );
    }
    lines
}
