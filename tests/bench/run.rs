//! The whole run: is the machine quiet, which rows, in which order, and what is printed.

use super::bed::Bed;
use super::clock::Instant;
use super::core;
use super::options::Options;
use super::peers::PEERS;
use super::quiet;
use super::rows;
use super::table::{Line, Table, splice};
use super::tool;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// No row begins after this; the last takes about 75 s, and all of it less than 14 minutes.
const BUDGET: Duration = Duration::from_mins(12);
/// So much longer for each peer that is here: they take a minute or two for a picture, and make two.
const FOR_A_PEER: Duration = Duration::from_mins(6);
const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/performance.md");
const LOOKED_FOR: [&str; 5] = ["kubectl", "helm3", "helm4", "k9s", "kdash"];

/// Measures and prints. Ends with 1 when a row failed or missed its target, with 3 when the machine is too loaded.
pub(crate) fn run(options: &Options) -> ExitCode {
    let busy = quiet::busy();
    let refusal = quiet::refusal(busy);
    if let (Some(why), false, false) = (&refusal, options.anyway, options.quick) {
        println!("{why}. Nothing was measured; --anyway measures and gives no verdicts.");
        return ExitCode::from(3);
    }
    let withheld = match (options.quick, refusal) {
        (true, _) => Some("a quick run measures a small workload for a short time".to_owned()),
        (false, refusal) => refusal,
    };
    let mut preface = vec![machine(busy), asked(options)];
    if !core::two() {
        preface.push("Nothing is pinned: there are not two cores to pin to.".to_owned());
    }
    if let Err(why) = core::pin(core::BENCH) {
        preface.push(format!("The bench itself is not pinned: {why}."));
    }
    let began = Instant::now();
    let here = PEERS.iter().filter(|peer| tool::find(peer.name).is_ok());
    let budget = here.fold(BUDGET, |budget, _| budget + FOR_A_PEER);
    let lines = match Bed::make(options.clone(), budget) {
        Err(why) => vec![Line::failed("all", "the load server", &why)],
        Ok(mut bed) => {
            preface.push(workload(&bed));
            measure(&mut bed)
        }
    };
    preface.push(format!(
        "The run took {:.0} s.",
        Instant::now().ms_since(began) / 1000.0
    ));
    let table = Table {
        preface,
        lines,
        withheld,
    };
    println!("{}", table.text());
    match write(&table, options) {
        Ok(()) if table.sound() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

type Row = (&'static [&'static str], Server, fn(&mut Bed) -> Vec<Line>);

/// Which load server a row is measured on. After minutes of a thousand events a second one has so much to write anew for
/// the next who lists that it answers nothing meanwhile.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Server {
    Same,
    Fresh,
}

const ORDER: [Row; 10] = [
    (&["B1", "B2", "B10"], Server::Same, rows::start::lines),
    (&["B1"], Server::Same, rows::slow_link::lines),
    (&["B5", "B9"], Server::Same, rows::idle::lines),
    (&["B3", "B4", "B6"], Server::Same, rows::fleet_churn::lines),
    (&["B7"], Server::Fresh, rows::growth::lines),
    (&["B11"], Server::Fresh, rows::gate::lines),
    (&["B8"], Server::Fresh, rows::releases::lines),
    (&["B10"], Server::Same, rows::resume::lines),
    (&["B12"], Server::Same, rows::forecast::lines),
    (&["B10"], Server::Same, rows::cut::lines),
];

fn measure(bed: &mut Bed) -> Vec<Line> {
    let mut lines = Vec::new();
    for (names, server, row) in ORDER {
        if !bed.options.wants(names) {
            continue;
        }
        let began = Instant::now();
        if bed.until.left().is_zero() {
            let late = |name: &&'static str| Line::failed(name, "everything", "the run had no time left for it");
            lines.extend(names.iter().filter(|name| bed.options.wants(&[name])).map(late));
        } else {
            let ready = match server {
                Server::Same => Ok(()),
                Server::Fresh => bed.renew(),
            };
            match ready {
                Ok(()) => lines.extend(row(bed)),
                Err(why) => lines.extend(names.iter().map(|name| Line::failed(name, "a fresh load server", &why))),
            }
        }
        let seconds = Instant::now().ms_since(began) / 1000.0;
        eprintln!("measured {} in {seconds:.0} s", names.join(", "));
    }
    lines.sort_by_key(|line| line.row.trim_start_matches('B').parse::<u32>().unwrap_or(0));
    lines
}

fn machine(busy: Option<f64>) -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("an unknown processor", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let busy = busy.map_or_else(|| "unknown".to_owned(), |busy| format!("{busy:.2}"));
    format!("Machine: {model}, {cores} cores; busy before the start: {busy} cores.")
}

fn asked(options: &Options) -> String {
    let found = |name: &&str| match tool::find(name) {
        Ok(_) => format!("{name} here"),
        Err(why) => format!("{name} {why}"),
    };
    let peers: Vec<String> = LOOKED_FOR.iter().map(found).collect();
    format!(
        "Figures are medians of {} turns, figure and control in turn, unless a line says p50, p99 or max. Terminal 120×40. Peers: {}.",
        options.repeat,
        peers.join(", ")
    )
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a workload")]
fn workload(bed: &Bed) -> String {
    use super::raw::Format::{Json, Protobuf};
    let rate = |told: Result<super::raw::Transfer, String>| match told {
        Ok(transfer) => format!(
            "{:.0} MB in {:.0} ms, first page after {:.1} ms",
            transfer.bytes as f64 / 1e6,
            transfer.ms(),
            transfer.first_page_ms()
        ),
        Err(why) => why,
    };
    format!(
        "Workload: {} objects. The load server's raw rate: JSON {}; protobuf {}; protobuf in gzip {}.",
        bed.served.objects(),
        rate(bed.raw(Json, "identity")),
        rate(bed.raw(Protobuf, "identity")),
        rate(bed.raw(Protobuf, "gzip"))
    )
}

fn write(table: &Table, options: &Options) -> Result<(), String> {
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&table.json()).map_err(|error| error.to_string())?;
        std::fs::write(file, text + "\n").map_err(|error| format!("{}: {error}", file.display()))?;
    }
    if options.write_docs {
        let document = Path::new(DOCUMENT);
        let trouble = |error: std::io::Error| format!("{}: {error}", document.display());
        let text = std::fs::read_to_string(document).map_err(trouble)?;
        std::fs::write(document, splice(&text, &table.markdown())?).map_err(trouble)?;
    }
    Ok(())
}
