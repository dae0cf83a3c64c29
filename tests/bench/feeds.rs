//! The limit of the cockpit's own transport: its feeds, what they bring decoded as the cockpit decodes it and thrown away, in a
//! process of its own. What the cockpit takes beyond that is for keeping, judging and drawing.

use super::clock::Instant;
use super::control::Ready;
use super::home::Home;
use pilothouse::cluster::{Clock, ConnectOptions, Scopes, connect, observe};
use pilothouse::model::{Kind, Observation};
use pilothouse::shell::QUIET;
use tokio::sync::mpsc;

/// Batches that may wait, as in the cockpit.
const BACKLOG: usize = 64;

/// Follows every feed, prints one line when all lists are in, and goes on.
pub(crate) async fn follow(url: String) -> Result<(), String> {
    let home = Home::new(&url)?;
    let options = ConnectOptions {
        kubeconfig: Some(home.kubeconfig()),
        ..ConnectOptions::default()
    };
    let connection = connect(&options, Clock::system())
        .await
        .map_err(|error| error.to_string())?;
    let (sink, mut observations) = mpsc::channel(BACKLOG);
    let watches = observe(&connection, &Scopes::default(), QUIET, sink);
    let (mut objects, mut lists) = (0, 0);
    while let Some(batch) = observations.recv().await {
        for observation in batch {
            match observation {
                Observation::Applied { .. } => objects += 1,
                Observation::ListEnded { .. } => {
                    lists += 1;
                    if lists == Kind::ALL.len() {
                        let ready_ns = Instant::now().0;
                        println!("{}", Ready { ready_ns, objects });
                    }
                }
                _ => {}
            }
        }
    }
    drop(watches);
    Err("the feeds have ended".to_owned())
}
