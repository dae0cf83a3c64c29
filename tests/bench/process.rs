//! What a process costs, as Linux tells it: processor time, memory, wake-ups. Knows `/proc` and nothing else.

use std::fs;

/// Processor time and wake-ups of all threads of a process so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Nanoseconds that the living threads were on a processor (`schedstat`): exact.
    pub(crate) running: u64,
    /// utime + stime in ticks of 10 ms: coarse, but with the threads that have ended.
    pub(crate) ticks: u64,
    /// Times a thread gave the processor up by itself: each is followed by one wake-up.
    pub(crate) waits: u64,
}

/// How far the coarse clock may run ahead of the exact one before a thread must have ended.
const COARSE_MS: f64 = 30.0;

impl Spent {
    pub(crate) fn of(pid: u32) -> Result<Self, String> {
        let stat = format!("/proc/{pid}/stat");
        let text = fs::read_to_string(&stat).map_err(|error| format!("{stat}: {error}"))?;
        let ticks = ticks(&text).ok_or_else(|| format!("{stat} tells no processor time"))?;
        let mut spent = Self {
            ticks,
            ..Self::default()
        };
        let tasks = format!("/proc/{pid}/task");
        for task in fs::read_dir(&tasks)
            .map_err(|error| format!("{tasks}: {error}"))?
            .flatten()
        {
            // a thread may end between the listing and the reading
            let running = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
            spent.running += first_number(&running).unwrap_or(0);
            spent.waits += field(&status, "voluntary_ctxt_switches").unwrap_or(0);
        }
        Ok(spent)
    }

    #[expect(clippy::cast_precision_loss, reason = "minutes in nanoseconds")]
    pub(crate) fn cpu_ms_since(self, before: Self) -> f64 {
        let exact = self.running.saturating_sub(before.running) as f64 / 1e6;
        let coarse = self.ticks.saturating_sub(before.ticks) as f64 * 10.0;
        if coarse > exact + COARSE_MS { coarse } else { exact }
    }

    #[expect(clippy::cast_precision_loss, reason = "a count of one measurement")]
    pub(crate) fn waits_since(self, before: Self) -> f64 {
        self.waits.saturating_sub(before.waits) as f64
    }
}

/// Resident memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) now: u64,
    pub(crate) peak: u64,
}

impl Memory {
    pub(crate) fn of(pid: u32) -> Result<Self, String> {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        Self::read(&status).ok_or_else(|| format!("{path} tells no VmRSS"))
    }

    pub(crate) fn read(status: &str) -> Option<Self> {
        Some(Self {
            now: field(status, "VmRSS")? * 1024,
            peak: field(status, "VmHWM")? * 1024,
        })
    }
}

/// Bytes as MiB.
#[expect(clippy::cast_precision_loss, reason = "memory of one machine")]
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

/// `Name:   123 kB` of a status file.
pub(crate) fn field(status: &str, name: &str) -> Option<u64> {
    let found = |line: &'_ str| line.strip_prefix(name)?.strip_prefix(':').and_then(first_number);
    status.lines().find_map(found)
}

/// utime + stime of `/proc/<pid>/stat`, whose second field may contain spaces and parentheses.
pub(crate) fn ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}
