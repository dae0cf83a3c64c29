//! The comparison of instruction counts can fail: in both directions, for what is new and for what is gone.
//! Counting itself is `tests/bench/steady`, which needs valgrind; this does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "bench/instructions/ledger.rs"]
mod ledger;
#[path = "bench/instructions/report.rs"]
mod report;

use ledger::{Ledger, Verdict};
use std::collections::BTreeMap;

fn figures(figures: &[(&str, u64)]) -> BTreeMap<String, u64> {
    figures
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

fn ledger() -> Ledger {
    Ledger::parse(
        "[draw]\ninstructions = 1_000_000\ntolerance = 5.0\n\n[apply]\ninstructions = 200\ntolerance = 10.0\n",
    )
    .unwrap()
}

#[test]
fn an_entry_that_left_its_tolerance_fails_in_either_direction_and_is_named_with_both_figures() {
    for (draw, apply, good, said) in [
        (1_000_000, 200, true, "as kept"),
        (1_050_000, 220, true, "as kept"),
        (950_000, 180, true, "as kept"),
        (1_050_001, 200, false, "DEARER"),
        (2_000_000, 200, false, "+100.00 %"),
        (949_999, 200, false, "CHEAPER"),
    ] {
        let verdicts = ledger().compare(&figures(&[("draw", draw), ("apply", apply)]));
        assert_eq!(verdicts.values().all(Verdict::good), good, "{draw} {apply}");
        let words = verdicts["draw"].to_string();
        assert!(words.contains(said), "{words}");
        assert!(words.contains("1_000_000"), "{words}");
    }
}

#[test]
fn what_is_not_kept_or_no_longer_measured_fails() {
    let verdicts = ledger().compare(&figures(&[("draw", 1_000_000), ("new", 7)]));
    assert!(matches!(verdicts["new"], Verdict::Unkept { now: 7 }));
    assert!(matches!(verdicts["apply"], Verdict::Unmeasured { .. }));
    assert!(!verdicts["new"].good() && !verdicts["apply"].good() && verdicts["draw"].good());
}

#[test]
fn new_figures_are_kept_with_the_old_tolerances() {
    let new = figures(&[("apply", 300), ("draw", 2_000_000), ("new", 7)]);
    let text = ledger().rewritten(&new);
    let verdicts = Ledger::parse(&text).unwrap().compare(&new);
    assert!(verdicts.values().all(Verdict::good), "{text}");
    assert!(
        text.contains("[apply]\ninstructions = 300\ntolerance = 10.0\n"),
        "{text}"
    );
    assert!(text.contains("[new]\ninstructions = 7\ntolerance = 5.0\n"), "{text}");
}

#[test]
fn a_file_that_could_not_fail_is_refused() {
    for text in [
        "[draw]\ninstructions = 0\ntolerance = 5.0\n",
        "[draw]\ninstructions = 9\ntolerance = 0.0\n",
        "[draw]\ninstructions = 9\ntolerance = 100.0\n",
        "[draw]\ninstructions = 9\n",
        "[draw]\ninstructions = 9\ntolerance = 5.0\nslack = 2\n",
    ] {
        assert!(Ledger::parse(text).is_err(), "{text}");
    }
}

#[test]
fn the_kept_file_is_written_as_the_program_writes_it() {
    let text = include_str!("bench/instructions.toml");
    let kept = Ledger::parse(text).unwrap();
    let table: toml::Table = toml::from_str(text).unwrap();
    let figures = table.iter().map(|(name, entry)| {
        let count = entry["instructions"].as_integer().unwrap();
        (name.clone(), u64::try_from(count).unwrap())
    });
    assert_eq!(kept.rewritten(&figures.collect()), text);
}

#[test]
fn a_report_says_what_the_calls_of_each_function_cost() {
    let text = "\
fn=(7) bench::measured::draw
0 11
cfn=(8) core::fmt::write
calls=2 0
0 30

fn=(9) bench::main
0 4
cfn=(7)
calls=1 0
0 41
cob=(3)
cfn=(12) bench::measured::apply
calls=1 0
0 500
cfn=(7)
calls=1 0
0 9
summary: 554
";
    assert_eq!(
        report::read(text, "bench::measured"),
        figures(&[("draw", 50), ("apply", 500)])
    );
    assert_eq!(report::read(text, "other::measured"), figures(&[]));
}
