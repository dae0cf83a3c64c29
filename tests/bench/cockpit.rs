//! The benchmark's root. `cockpit load …` is the load server.

mod bare;
mod load;
mod shapes;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((face, rest)) if face == "load" => load::serve(rest),
        _ => ExitCode::FAILURE,
    }
}
