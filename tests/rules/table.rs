//! The table says what was measured, and judges only what it may.

use crate::figures::Samples;
use crate::table::*;
use serde_json::Value;

fn of(values: &[f64]) -> Samples {
    values.iter().copied().collect()
}

fn line() -> Line {
    Line::new("B1", "first complete picture", "s", Of::Median, of(&[1.2, 1.1, 1.3]))
        .target(Target::RatioAtMost(1.2))
        .against("raw", Ok(of(&[1.0, 1.0, 1.0])))
        .against("k9s", Err("not here".to_owned()))
}

#[test]
fn a_verdict_is_given_only_where_something_was_promised_and_measured() {
    assert_eq!(line().verdict(false), Verdict::Met);
    assert_eq!(line().target(Target::RatioAtMost(1.19)).verdict(false), Verdict::Missed);
    assert_eq!(line().target(Target::AtMost(1.2)).verdict(false), Verdict::Met);
    assert_eq!(line().target(Target::Below(1.2)).verdict(false), Verdict::Missed);
    assert_eq!(line().target(Target::None).verdict(false), Verdict::Told);
    assert_eq!(line().verdict(true), Verdict::Withheld);
    let failed = Line::failed("B1", "x", "the server went away").target(Target::AtMost(1.0));
    assert_eq!(failed.verdict(true), Verdict::Failed("the server went away".to_owned()));
    let alone = Line::new("B1", "x", "s", Of::P99, of(&[1.0])).target(Target::RatioAtMost(1.0));
    assert!(
        matches!(alone.verdict(false), Verdict::Failed(_)),
        "no control, no verdict"
    );
    let empty = Line::new("B1", "x", "s", Of::P99, of(&[])).target(Target::AtMost(1.0));
    assert!(matches!(empty.verdict(false), Verdict::Failed(_)));
}

#[test]
fn the_table_says_what_is_missing_and_why_it_does_not_judge() {
    let mut table = Table {
        preface: vec!["two cores".to_owned()],
        lines: vec![
            line().note("by hand"),
            Line::failed("B3", "event", "no such key\nwith a screen"),
        ],
        withheld: None,
    };
    let text = table.text();
    for told in [
        "two cores",
        "1.2 ×",
        "≤ 1.2 ×",
        "k9s: not here",
        "FAILED",
        "no such key",
        "by hand",
    ] {
        assert!(text.contains(told), "{told} is not in\n{text}");
    }
    assert!(!text.contains("no verdict"));
    table.withheld = Some("the machine is loaded".to_owned());
    assert!(table.text().contains("No verdict is given: the machine is loaded."));
    assert!(!table.text().contains(" met"));
    let json = table.json();
    assert_eq!(json["lines"][0]["ratio"], Value::Null);
    assert_eq!(json["lines"][0]["controls"][0]["ratio"], 1.2);
    assert_eq!(json["lines"][0]["verdict"], "no verdict");
    assert_eq!(json["lines"][1]["verdict"], "FAILED");
}

#[test]
fn a_document_gets_the_table_and_keeps_all_else() {
    let document = format!("# a\n{BEGIN}old\n{END}## b\n");
    let once = splice(&document, "new").unwrap();
    assert_eq!(once, format!("# a\n{BEGIN}\nnew\n{END}## b\n"));
    assert_eq!(splice(&once, "new").unwrap(), once);
    assert!(splice("# a\n", "new").is_err());
    assert!(splice(&format!("{END}{BEGIN}"), "new").is_err());
}

#[test]
fn markdown_keeps_a_screen_out_of_its_cells() {
    let table = Table {
        lines: vec![Line::failed("B3", "a|b", "no\n│ a screen │")],
        ..Table::default()
    };
    let text = table.markdown();
    assert!(text.contains("a\\|b") && !text.contains("a screen"), "{text}");
}

#[test]
fn numbers_are_readable() {
    for (value, told) in [
        (1_234_567.8, "1,234,568"),
        (1000.0, "1,000"),
        (123.4, "123"),
        (12.34, "12.3"),
        (1.2, "1.2"),
        (1.0, "1"),
        (0.034, "0.034"),
        (0.0, "0"),
        (-1500.0, "-1,500"),
    ] {
        assert_eq!(number(value), told);
    }
}
