//! A client of Vault's that writes a secret and reads it back every 100 ms, whatever becomes of the peers, and remembers what
//! was acknowledged. And who watches who leads.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{PEERS, Shared, Vaults};

const EVERY: Duration = Duration::from_millis(100);
/// A client asks another peer after so long.
const PATIENCE: Duration = Duration::from_secs(1);

pub(crate) struct Client {
    so_far: Arc<SoFar>,
    writing: JoinHandle<Figures>,
    watching: JoinHandle<Vec<usize>>,
}

#[derive(Default)]
struct SoFar {
    over: AtomicBool,
    acknowledged: AtomicUsize,
    refused: AtomicUsize,
}

/// What became of what it wrote.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    /// What was acknowledged, by its name.
    written: Vec<u64>,
    /// Tries that nobody acknowledged.
    pub(crate) refused: usize,
    /// The longest time between two acknowledged writes.
    pub(crate) gap: Duration,
    /// Acknowledged, and gone or another when it was read, at once or at the end.
    pub(crate) lost: Vec<String>,
    /// Who led, one after the other.
    pub(crate) leaders: Vec<usize>,
    pub(crate) span: Duration,
}

impl Client {
    pub(super) fn start(shared: Arc<Shared>, token: String) -> Self {
        let so_far = Arc::new(SoFar::default());
        let (theirs, watched) = (Arc::clone(&so_far), Arc::clone(&shared));
        let watching = std::thread::spawn(move || watch(&watched, &theirs.over));
        let theirs = Arc::clone(&so_far);
        let writing = std::thread::spawn(move || write(&shared, &token, &theirs));
        Self {
            so_far,
            writing,
            watching,
        }
    }

    /// Waits until writes are acknowledged that were not before.
    pub(crate) fn until_it_writes(&self, vaults: &Vaults) {
        let before = self.so_far.acknowledged.load(Ordering::Relaxed);
        vaults.until("writes that are acknowledged", || {
            let now = self.so_far.acknowledged.load(Ordering::Relaxed);
            if now >= before + 5 {
                Ok(())
            } else {
                Err(format!("{} of 5", now - before))
            }
        });
    }

    /// Waits until nobody has acknowledged anything for a number of tries, all peers asked more than once.
    pub(crate) fn until_it_cannot_write(&self, vaults: &Vaults) {
        let counts = || {
            let acknowledged = self.so_far.acknowledged.load(Ordering::Relaxed);
            (acknowledged, self.so_far.refused.load(Ordering::Relaxed))
        };
        let mut since = counts();
        vaults.until("an outage", || {
            let now = counts();
            if now.0 != since.0 {
                since = now;
            }
            if now.1 >= since.1 + 2 * PEERS {
                Ok(())
            } else {
                Err(format!("{now:?} after {since:?}"))
            }
        });
    }

    /// Ends it, and reads everything it was told is written from the peer that leads.
    pub(crate) fn finish(self, vaults: &Vaults) -> Figures {
        self.so_far.over.store(true, Ordering::Relaxed);
        let mut figures = self.writing.join().expect("a client that ends");
        figures.leaders = self.watching.join().expect("a watcher that ends");
        vaults.until("a leader to read from", || vaults.leader().ok_or("none".to_owned()));
        for number in &figures.written {
            let path = format!("/v1/kv/{number}");
            let read = vaults.until("an answer", || match vaults.led("GET", &path, &json!(null)) {
                Err(why) if !why.contains("404") => Err(why),
                answer => Ok(answer),
            });
            if !read.as_ref().is_ok_and(|read| read["data"]["value"] == value(*number)) {
                figures.lost.push(format!("{number} at the end: {read:?}"));
            }
        }
        figures
    }
}

impl Figures {
    pub(crate) fn written(&self) -> usize {
        self.written.len()
    }

    /// How often another peer led than before.
    pub(crate) fn changes(&self) -> usize {
        self.leaders.len().saturating_sub(1)
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} writes acknowledged in {:.0} s, {} tries not; {} lost; longest gap {:.1} s; {} leader changes",
            self.written(),
            self.span.as_secs_f32(),
            self.refused,
            self.lost.len(),
            self.gap.as_secs_f32(),
            self.changes(),
        )
    }
}

/// What stands under a number.
fn value(number: u64) -> String {
    format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn write(shared: &Shared, token: &str, so_far: &SoFar) -> Figures {
    let began = Instant::now();
    let mut figures = Figures::default();
    let (mut peer, mut last, mut number) = (0, began, 0);
    while !so_far.over.load(Ordering::Relaxed) {
        let turn = Instant::now();
        number += 1;
        let path = format!("/v1/kv/{number}");
        let secret = json!({"value": value(number)});
        match shared.ask(peer, PATIENCE, ("PUT", &path), token, Some(&secret)) {
            Ok(_) => {
                figures.gap = figures.gap.max(last.elapsed());
                last = Instant::now();
                figures.written.push(number);
                so_far.acknowledged.fetch_add(1, Ordering::Relaxed);
                // no answer is no loss: everything is read again at the end
                match shared.ask(peer, PATIENCE, ("GET", &path), token, None) {
                    Ok(read) if read["data"]["value"] != value(number) => {
                        figures.lost.push(format!("{number}: {read}"));
                    }
                    Err(why) if why.contains(": 404") => figures.lost.push(format!("{number}: {why}")),
                    Ok(_) | Err(_) => {}
                }
            }
            Err(_why) => {
                figures.refused += 1;
                so_far.refused.fetch_add(1, Ordering::Relaxed);
                peer = (peer + 1) % PEERS;
            }
        }
        std::thread::park_timeout(EVERY.saturating_sub(turn.elapsed()));
    }
    figures.gap = figures.gap.max(last.elapsed());
    figures.span = began.elapsed();
    figures
}

fn watch(shared: &Shared, over: &AtomicBool) -> Vec<usize> {
    let mut leaders: Vec<usize> = Vec::new();
    while !over.load(Ordering::Relaxed) {
        for peer in 0..PEERS {
            // one that leads no more may not know it for a moment; it is not counted twice for that
            if leaders.last() != Some(&peer) && shared.leads(peer) {
                let before = leaders.last().copied();
                if before.is_none_or(|before| !shared.leads(before)) {
                    leaders.push(peer);
                }
            }
        }
        std::thread::park_timeout(EVERY);
    }
    leaders
}
