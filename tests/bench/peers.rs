//! Other cockpits at a terminal, where they are on `PATH`: k9s and kdash. Each shows the pods of all namespaces and nothing
//! else, in its own favour; its picture is complete when its title counts them all.

use super::home::Home;
use super::process::{Memory, mib};
use super::served::Served;
use super::terminal::{Program, Terminal};
use super::tool;
use std::time::Duration;

/// How long a peer may take until its picture is complete.
const PICTURE: Duration = Duration::from_mins(3);

/// A program that shows what is in a cluster.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    /// With which it shows the pods of all namespaces and may change nothing.
    arguments: &'static [&'static str],
}

pub(crate) const PEERS: [Peer; 2] = [
    Peer {
        name: "k9s",
        arguments: &["--readonly", "--all-namespaces", "--command", "pods"],
    },
    // it begins with the pods of all namespaces
    Peer {
        name: "kdash",
        arguments: &[],
    },
];

/// A peer whose picture is complete.
pub(crate) struct Showing {
    terminal: Terminal,
    /// From its start until its title counted all pods, in milliseconds.
    pub(crate) ready: f64,
    /// Its directory lives as long as it runs.
    _home: Home,
}

impl Peer {
    /// Starts it on a server of so many pods and waits for its picture; `Err` says "not here" where it is not.
    pub(crate) fn open(self, served: &Served, pods: usize) -> Result<Showing, String> {
        let path = tool::find(self.name)?;
        let home = Home::new(&served.url)?;
        let terminal = Terminal::start(&Program {
            path: &path,
            arguments: self.arguments.iter().map(|word| (*word).to_owned()).collect(),
            environment: home.environment(),
        })?;
        // after a churn there are some more or fewer than there were
        let nearly = pods - pods / 50;
        let at = terminal.wait(&format!("{} to count {pods} pods", self.name), PICTURE, move |shown| {
            counted(&shown.text()).is_some_and(|counted| counted >= nearly)
        })?;
        Ok(Showing {
            ready: at.ms_since(terminal.started),
            terminal,
            _home: home,
        })
    }
}

/// The largest number in brackets, as titles count: `Pods(all)[25,000]`.
fn counted(text: &str) -> Option<usize> {
    let brackets = text.split('[').skip(1).filter_map(|rest| rest.split_once(']'));
    brackets
        .filter_map(|(number, _)| number.replace(',', "").parse().ok())
        .max()
}

impl Showing {
    pub(crate) fn pid(&self) -> u32 {
        self.terminal.pid()
    }

    /// Resident, in MiB.
    pub(crate) fn memory(&self) -> Result<f64, String> {
        Memory::of(self.pid()).map(|memory| mib(memory.now))
    }
}
