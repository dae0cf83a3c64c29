//! A control that goes on: started with the server's address, it prints one line when it has everything, and ends with its
//! standard input.

use super::{feeds, naive};
use std::io::Read as _;
use std::process::ExitCode;

/// `naive URL` or `feeds URL`.
pub(crate) fn run(which: &str, arguments: &[String]) -> ExitCode {
    let Some(url) = arguments.first().cloned() else {
        eprintln!("{which}: needs the server's address");
        return ExitCode::from(2);
    };
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        drop(std::io::stdin().read_to_end(&mut nothing));
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let ended = match runtime {
        Ok(runtime) if which == "naive" => runtime.block_on(naive::reflect_all(&url)),
        // as a task: the cockpit runs as one, too
        Ok(runtime) => runtime
            .block_on(runtime.spawn(feeds::follow(url)))
            .unwrap_or_else(|error| Err(error.to_string())),
        Err(error) => Err(error.to_string()),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{which}: {why}");
            ExitCode::FAILURE
        }
    }
}
