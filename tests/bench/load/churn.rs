//! Workload C: so many events a second, evenly, most of them to few tenants, as in a living cluster.
//!
//! Of a hundred, 80 are pods that lose or regain their readiness, 15 are claims and Jobs, 5 are pods that come or go. None
//! makes a Job active or not and none concerns a pod a Job waits for: those change only by a flip, so that a flip can be
//! told apart on a screen.

use super::Server;
use pilothouse::model::Kind;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// How many pods of each tenant come and go.
const VISITORS: u64 = 8;

/// Tenants by chance, the nth with 1/n of the first one's.
#[derive(Debug)]
struct Zipf {
    /// Sums of the weights up to each rank.
    sums: Vec<u64>,
}

impl Zipf {
    fn of(tenants: usize) -> Self {
        let mut sum = 0;
        let sums = (1..=u64::try_from(tenants).unwrap_or(1)).map(|rank| {
            sum += 1_000_000 / rank;
            sum
        });
        Self { sums: sums.collect() }
    }

    /// The tenant that a draw falls on. The busiest are spread over the alphabet.
    fn tenant(&self, draw: u64) -> usize {
        let all = self.sums.last().copied().unwrap_or(1).max(1);
        let rank = self.sums.partition_point(|sum| *sum <= draw % all);
        (rank * 337 + 211) % self.sums.len().max(1)
    }
}

/// Starts it, in place of the one before; 0 events a second end it.
pub(super) fn start(server: &Arc<Server>, rate: u64, span: Option<Duration>) {
    let turn = server.churns.fetch_add(1, Ordering::Relaxed) + 1;
    if rate == 0 {
        return;
    }
    let server = Arc::clone(server);
    tokio::spawn(async move {
        let zipf = Zipf::of(server.cluster.tenants().len());
        let mut began = Instant::now();
        let until = span.map(|span| began + span);
        let mut made: u64 = 0;
        let mut drawn: u64 = 0;
        while server.churns.load(Ordering::Relaxed) == turn && until.is_none_or(|until| Instant::now() < until) {
            let next = began + Duration::from_nanos(made.saturating_mul(1_000_000_000) / rate);
            let now = Instant::now();
            if next > now {
                tokio::time::sleep_until(next).await;
                continue;
            }
            if now - next > Duration::from_secs(1) {
                // the thread was busy with something else: what was missed is not made up for
                began = now;
                made = 0;
            }
            one(&server, &zipf, drawn);
            server.stats.churned.fetch_add(1, Ordering::Relaxed);
            made += 1;
            drawn += 1;
            // late or not, whoever asks meanwhile is answered: one thread does everything here
            tokio::task::yield_now().await;
        }
    });
}

/// One event.
fn one(server: &Server, zipf: &Zipf, number: u64) {
    let cluster = &server.cluster;
    let tenant = zipf.tenant(cluster.draw("churn tenant", number));
    let draw = cluster.draw("churn object", number);
    let mut live = server.live();
    match cluster.draw("churn", number) % 100 {
        0..80 => {
            if let Some(n) = among(&cluster.lively(Kind::Pod, tenant), draw) {
                live.turn(Kind::Pod, n, 1, None);
            }
        }
        80..88 => {
            if let Some(n) = among(&cluster.lively(Kind::PersistentVolumeClaim, tenant), draw) {
                live.turn(Kind::PersistentVolumeClaim, n, 1, None);
            }
        }
        88..95 => {
            if let Some(n) = among(&cluster.lively(Kind::Job, tenant), draw) {
                // two turns: another resource version, and the same state
                live.turn(Kind::Job, n, 2, None);
            }
        }
        _ => {
            let slot = cluster.free_slot(tenant) + usize::try_from(draw % VISITORS).unwrap_or(0);
            live.visit(cluster.visitor(tenant, slot), None);
        }
    }
}

fn among(all: &[usize], draw: u64) -> Option<usize> {
    let at = usize::try_from(draw).ok()?.checked_rem(all.len())?;
    all.get(at).copied()
}
