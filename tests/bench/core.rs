//! Which processor a process runs on: the load server and this bench on the first, the tool under test on the second,
//! so that they never take time from each other.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Where the load server and the bench itself run.
pub(crate) const BENCH: usize = 0;
/// Where the tool under test runs.
pub(crate) const TOOL: usize = 1;

/// Pins this thread, and whatever it starts from now on.
pub(crate) fn pin(core: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).map_err(|error| format!("core {core} cannot be had: {error}"))
}

/// Starts something from a thread that is pinned to this core: a child inherits it, and the caller stays where it is.
/// Where the core cannot be had it starts unpinned; [`two`] has said so before.
pub(crate) fn on<T: Send>(core: usize, start: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let pinned = scope.spawn(move || {
            if pin(core).is_err() {
                // said once, at the beginning of the table
            }
            start()
        });
        pinned.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Whether there are two cores to pin to.
pub(crate) fn two() -> bool {
    sched_getaffinity(None).is_ok_and(|set| set.is_set(BENCH) && set.is_set(TOOL))
}
