//! What Linux tells of a process is read by its names.

use crate::process::*;

#[test]
fn the_files_of_proc_are_read_by_their_names() {
    let status = "Name:\tVmRSS: odd\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\nvoluntary_ctxt_switches:\t77\nnonvoluntary_ctxt_switches:\t5\n";
    assert_eq!(
        Memory::read(status),
        Some(Memory {
            now: 1 << 20,
            peak: 2 << 20
        })
    );
    assert_eq!(field(status, "voluntary_ctxt_switches"), Some(77));
    assert_eq!(field(status, "VmSwap"), None);
    let stat = "42 (a) b) S 1 42 42 34816 42 4194304 1 0 0 0 250 50 0 0 20 0 3 0 1 1 1";
    assert_eq!(ticks(stat), Some(300));
}

#[test]
fn the_coarse_clock_counts_only_where_a_thread_has_ended() {
    let at = |running, ticks| Spent {
        running,
        ticks,
        waits: 0,
    };
    let close = |spent: f64, expected: f64| (spent - expected).abs() < 1e-9;
    assert!(close(at(25_000_000, 4).cpu_ms_since(at(5_000_000, 1)), 20.0));
    assert!(close(at(5_000_000, 101).cpu_ms_since(at(5_000_000, 1)), 1000.0));
}

#[test]
fn this_very_process_spends_time_and_memory() {
    let me = std::process::id();
    let spent = Spent::of(me).unwrap();
    assert!(spent.running > 0 || spent.ticks > 0);
    let memory = Memory::of(me).unwrap();
    assert!(memory.now > 0 && memory.peak >= memory.now);
    assert!(Spent::of(u32::MAX).is_err());
}
