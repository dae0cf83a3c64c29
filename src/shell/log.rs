//! The program's own log: into the log screen, never onto the terminal under the cockpit.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Sends `tracing` and `log` records to the log screen. `PILOTHOUSE_LOG` takes a filter (`info,pilothouse=debug`).
/// The client library logs whole response bodies when one does not parse; those targets stay silent, whatever the
/// filter says, because a body may hold a secret.
pub(super) fn install() {
    let filter = EnvFilter::try_from_env("PILOTHOUSE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = ["kube_client=off", "hyper=off", "hyper_util=off", "rustls=warn"]
        .into_iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(filter, EnvFilter::add_directive);
    tui_logger::set_default_level(tui_logger::LevelFilter::Debug);
    let installed = tracing_subscriber::registry()
        .with(filter)
        .with(tui_logger::TuiTracingSubscriberLayer)
        .try_init();
    if installed.is_err() {
        tracing::debug!("a log subscriber is installed already");
    }
}
