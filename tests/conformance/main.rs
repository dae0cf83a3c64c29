//! Random small worlds and random acts, on the real control plane, on the sandbox and in the forecast: three ends, compared.
//!
//! `cargo test` plays the written cases of `cases/` and a fixed number of seeds. For more:
//!
//! ```text
//! cargo test --test conformance -- --cases 10000 --parallel 60     as many as one likes; goes on where the last run ended
//! cargo test --test conformance -- --seed 17                       one case, told at length
//! cargo test --test conformance -- --file CASE                     a written one
//! cargo test --test conformance -- --seed 17 --shrink              made small where it goes wrong, and kept in cases/
//! cargo test --test conformance -- --report                        what was found so far
//! cargo test --test conformance -- --write-docs                    count it for good: into tally.toml and docs/fidelity.md
//! ```

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test harness: failing loudly is its job"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

use crew::{Crew, Job, KEPT, Name};
use support::kit::Kit;
use support::plane::ControlPlane;

mod api;
mod case;
mod compare;
mod crew;
mod documents;
mod generate;
mod holders;
mod manifest;
mod mirror;
#[path = "../support/picture.rs"]
mod picture;
mod rules;
mod shrink;
mod slot;
#[path = "../support/support.rs"]
mod support;
mod tally;
mod twin;

/// Seeds that every `cargo test` plays: 0, 1, 2 …
const BOUNDED: u64 = 120;
/// And this one, because none of those deletes a node, which is seldom drawn: it takes a minute.
const NODE_GOES: u64 = 139;

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of a command line")]
#[derive(clap::Parser, Debug)]
#[command(about = "Forecast, sandbox and real control plane, compared on random cases")]
struct Arguments {
    /// Play this many new seeds
    #[arg(long)]
    cases: Option<u64>,
    /// Cases under way at once
    #[arg(long, default_value_t = 24)]
    parallel: usize,
    /// Play one seed and tell everything
    #[arg(long)]
    seed: Option<u64>,
    /// Play one written case and tell everything
    #[arg(long)]
    file: Option<PathBuf>,
    /// With --seed or --file: play it this often
    #[arg(long, default_value_t = 1)]
    times: usize,
    /// Print a seed's case and play nothing
    #[arg(long)]
    show: Option<u64>,
    /// The first new seed; without it, the one after the last that was drawn
    #[arg(long)]
    from: Option<u64>,
    /// With --cases: only seeds that draw releases
    #[arg(long)]
    releases: bool,
    /// The book, in which cases are told until they are counted
    #[arg(long)]
    tally: Option<PathBuf>,
    /// Make failing cases as small as they get, and keep them in tests/conformance/cases
    #[arg(long, conflicts_with = "times")]
    shrink: bool,
    /// Print what was found so far
    #[arg(long)]
    report: bool,
    /// Count what was found so far into tests/conformance/tally.toml and docs/fidelity.md, and put the book aside
    #[arg(long)]
    write_docs: bool,
    /// What `cargo test` hands to every test program
    #[arg(hide = true)]
    filters: Vec<String>,
    #[arg(long, hide = true)]
    list: bool,
    #[arg(long, hide = true)]
    exact: bool,
    #[arg(long, hide = true)]
    nocapture: bool,
    #[arg(long, short, hide = true)]
    quiet: bool,
    #[arg(long, hide = true)]
    ignored: bool,
    #[arg(long, hide = true)]
    include_ignored: bool,
    #[arg(long, hide = true)]
    test_threads: Option<usize>,
    #[arg(long, hide = true)]
    skip: Vec<String>,
    #[arg(long, hide = true)]
    format: Option<String>,
    #[arg(long, hide = true)]
    color: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let house = Path::new(env!("CARGO_MANIFEST_DIR"));
    let book = arguments.tally.clone();
    let book = book.unwrap_or_else(|| house.join("target/conformance/tally.jsonl"));
    if arguments.list {
        println!("conformance: test");
        return ExitCode::SUCCESS;
    }
    if let Some(seed) = arguments.show {
        print!("{}", generate::case(seed));
        return ExitCode::SUCCESS;
    }
    if arguments.report {
        return outcome(report(&book));
    }
    if arguments.write_docs {
        return outcome(documents::write(&book, &today()));
    }
    let named = |filter: &String| "conformance".contains(filter.as_str());
    let skipped = arguments.ignored || arguments.skip.iter().any(named);
    if skipped || !arguments.filters.is_empty() && !arguments.filters.iter().any(named) {
        return ended(0, 0, 1);
    }
    match Kit::find() {
        Ok(kit) => match play(kit, &arguments, &book) {
            Ok(code) => code,
            Err(why) => {
                println!("{why}");
                ExitCode::FAILURE
            }
        },
        Err(missing) => {
            println!("{}", missing.message("the conformance suite"));
            let asked = arguments.cases.is_some() || arguments.seed.is_some() || arguments.file.is_some();
            if asked || std::env::var_os("CI").is_some() {
                return ExitCode::FAILURE;
            }
            ended(0, 0, 1)
        }
    }
}

fn ended(passed: usize, failed: usize, ignored: usize) -> ExitCode {
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out\n"
    );
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn outcome(result: Result<(), String>) -> ExitCode {
    result.map_or_else(
        |why| {
            println!("{why}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

/// `2026-11-21`.
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn report(book: &Path) -> Result<(), String> {
    let (entries, rules, tally) = (tally::read(book), rules::digest(), documents::read()?);
    let these = entries.values().filter(|entry| entry.rules == rules);
    println!(
        "the rules of this tree are {rules}; with them {} of the {} counted cases were played\n",
        tally.with_rules(&rules),
        tally.all().cases
    );
    let (counts, these) = (tally::count(entries.values()), tally::count(these));
    println!(
        "not counted yet: {} cases, {} acts; {} cases with the rules of this tree\n\n{}",
        counts.cases,
        counts.acts,
        these.cases,
        tally::table(&these.rows)
    );
    let void = entries.values().filter(|entry| entry.void.is_some()).count();
    println!("{void} cases ended early, because an act had no target any more or both servers refused");
    for entry in entries.values() {
        for step in entry.steps.iter().filter(|step| step.verdict != "agreed") {
            println!("\nseed {}: {} {}\n{}", entry.seed, step.verdict, step.act, step.note);
        }
    }
    Ok(())
}

/// The written cases, which come first.
fn written() -> Result<Vec<Job>, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(KEPT);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "case"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read_case(path)).collect()
}

fn read_case(path: &Path) -> Result<Job, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let case = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
    let house = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = Name::Written(path.strip_prefix(house).unwrap_or(path).to_owned());
    Ok(Job { name, case })
}

fn drawn(seed: u64) -> Job {
    Job {
        name: Name::Seed(seed),
        case: generate::case(seed),
    }
}

fn play(kit: Kit, arguments: &Arguments, book: &Path) -> Result<ExitCode, String> {
    let one = match (arguments.seed, &arguments.file) {
        (Some(seed), _) => Some(drawn(seed)),
        (None, Some(file)) => Some(read_case(file)?),
        (None, None) => None,
    };
    let mut jobs = Vec::new();
    let loud = one.is_some();
    match (one, arguments.cases) {
        (Some(job), _) => jobs.extend(std::iter::repeat_n(job, arguments.times)),
        (None, Some(many)) => {
            let first = tally::first(documents::read()?.next_seed, &tally::read(book), arguments.from)?;
            let drawn_here = |seed: &u64| !arguments.releases || generate::is_of_releases(*seed);
            let seeds = (first..).filter(drawn_here);
            jobs.extend(seeds.take(usize::try_from(many).unwrap_or(usize::MAX)).map(drawn));
        }
        (None, None) => {
            documents::check()?;
            let bounded: Vec<Job> = (0..BOUNDED).chain([NODE_GOES]).map(drawn).collect();
            let lacking = generate::lacks(&bounded.iter().map(|job| &job.case).collect::<Vec<_>>());
            if !lacking.is_empty() {
                return Err(format!("no seed of the bounded ones has {}", lacking.join(", ")));
            }
            // what takes longest begins first
            let (slow, quick): (Vec<Job>, Vec<Job>) = written()?
                .into_iter()
                .chain(bounded)
                .partition(|job| job.case.is_slow());
            jobs.extend(slow.into_iter().chain(quick));
        }
    }
    let began = std::time::Instant::now();
    let plane = ControlPlane::start(kit).map_err(|why| format!("the control plane did not start: {why}"))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let crew = Crew {
        parallel: arguments.parallel.min(jobs.len()).max(1),
        book: arguments.cases.is_some().then(|| book.to_owned()),
        loud,
        shrinks: arguments.shrink,
    };
    let ended_with = runtime.block_on(crew.run(&plane, jobs));
    runtime.shutdown_timeout(Duration::from_secs(5));
    let counted = ended_with.map_err(|why| format!("{why}\n{}", plane.tails()))?;
    println!("{}\nall after {:.0} s", counted.told, began.elapsed().as_secs_f32());
    Ok(ended(counted.right, counted.wrong + counted.given_up, 0))
}
