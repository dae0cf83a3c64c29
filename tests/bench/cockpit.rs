//! The benchmark, one command: `cargo bench --bench cockpit` (`docs/performance.md`).
//!
//! The release binary runs in a pseudo-terminal against the load server, and every figure stands beside a control that
//! was measured in the same run. This same executable is also the load server (`load …`), the controls that go on (`naive …`,
//! `feeds …`), the bare client (`raw …`) and the forecasts alone (`foresee …`), each in a process of its own.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::exit,
    clippy::indexing_slicing,
    reason = "a program that measures: it reads clocks and prints a table; what it indexes is JSON, where nothing is missing but null"
)]

mod bare;
mod bed;
mod clock;
mod control;
mod core;
#[path = "../support/encode.rs"]
mod encode;
mod feeds;
mod figures;
mod fleet;
mod foresee;
mod home;
mod load;
mod naive;
mod options;
mod panel;
mod peers;
mod process;
mod quiet;
mod raw;
mod rows;
mod run;
mod screen;
mod served;
mod session;
mod shapes;
mod table;
mod terminal;
mod tool;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (face, rest) = arguments
        .split_first()
        .map_or(("", &[][..]), |(face, rest)| (face.as_str(), rest));
    if let Some(which) = control::Which::named(face) {
        return control::run(which, rest);
    }
    match face {
        "load" => load::serve(rest),
        "foresee" => foresee::run(rest),
        "raw" => raw::run(rest),
        _ => match options::Options::read(arguments) {
            Ok(options) => run::run(&options),
            Err(why) => {
                eprintln!("{why}");
                ExitCode::from(2)
            }
        },
    }
}
