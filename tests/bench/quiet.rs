//! Is the machine quiet enough to judge by? Knows `/proc/stat`; knows nothing of what is measured.

use std::time::Duration;

/// Cores that others may keep busy before no verdict is printed (`safety-and-performance.md` B4: "load > 0.2").
pub(crate) const MOST: f64 = 0.2;
/// How long the machine is looked at.
pub(crate) const LOOK: Duration = Duration::from_secs(2);

/// Time spent since boot, over all cores, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spent {
    busy: u64,
    all: u64,
    cores: u64,
}

impl Spent {
    /// Reads the text of `/proc/stat`: `cpu user nice system idle iowait irq softirq steal …`, then a line a core.
    pub(crate) fn read(stat: &str) -> Option<Self> {
        let whole = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<u64> = whole
            .split_whitespace()
            .take(8)
            .map(|field| field.parse().ok())
            .collect::<Option<_>>()?;
        let all: u64 = ticks.iter().sum();
        let idle = ticks.get(3)? + ticks.get(4)?;
        let core = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
        Some(Self {
            busy: all - idle,
            all,
            cores: stat.lines().filter(core).count() as u64,
        })
    }

    /// How many cores were busy on average since an earlier reading; `None` when no time has passed.
    #[expect(clippy::cast_precision_loss, reason = "ticks of seconds, not of years")]
    pub(crate) fn busy_since(self, before: Self) -> Option<f64> {
        let all = self.all.checked_sub(before.all).filter(|ticks| *ticks > 0)?;
        let busy = self.busy.checked_sub(before.busy)?;
        Some(busy as f64 / all as f64 * self.cores as f64)
    }
}

/// How many cores are busy now, looked at for a short while; `None` where the machine does not tell.
pub(crate) fn busy() -> Option<f64> {
    let look = || Spent::read(&std::fs::read_to_string("/proc/stat").ok()?);
    let before = look()?;
    std::thread::sleep(LOOK);
    look()?.busy_since(before)
}

/// Why no verdict can be given on this machine; `None` when it is quiet.
pub(crate) fn refusal(busy: Option<f64>) -> Option<String> {
    match busy {
        Some(busy) if busy <= MOST => None,
        Some(busy) => Some(format!(
            "the machine is loaded: {busy:.2} cores were busy before the start, at most {MOST} may be"
        )),
        None => Some("this machine does not tell how busy it is (/proc/stat)".to_owned()),
    }
}
