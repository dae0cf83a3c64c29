//! Any text at all: cut, flipped or made up, it is read or refused, and never ends the program.

use crate::runbook::{SHIPPED, Source, parse, read_values};
use proptest::prelude::*;

fn survives(text: &str) {
    let source = Source::new("any.yaml", text);
    if let Err(faults) = parse(&source) {
        assert!(!faults.text().is_empty());
        assert!(!faults.to_string().is_empty());
        for line in faults.lines() {
            assert!(line.line >= 1 && line.column >= 1);
        }
    }
    if let Err(faults) = read_values(&source) {
        assert!(!faults.text().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn made_up(text in "\\PC{0,200}") {
        survives(&text);
    }

    #[test]
    fn made_of_our_own_words(words in proptest::collection::vec(0..60_usize, 0..80)) {
        let all: Vec<&str> = SHIPPED.iter().flat_map(|(_, text)| text.split_inclusive([' ', '\n'])).take(400).collect();
        let head = "apiVersion: pilothouse.dev/v1\nkind: Runbook\n";
        let text: String = words.iter().filter_map(|at| all.get(at * 7 % all.len())).copied().collect();
        survives(&format!("{head}{text}"));
    }

    #[test]
    fn cut_and_flipped(which in 0..SHIPPED.len(), at in 0..10_000_usize, byte in proptest::num::u8::ANY, cut in proptest::bool::ANY) {
        let text = SHIPPED[which].1;
        let mut bytes = text.as_bytes().to_vec();
        let at = at % bytes.len();
        if cut {
            bytes.truncate(at);
        } else if let Some(held) = bytes.get_mut(at) {
            *held = byte;
        }
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn expressions(expression in "[a-z().'=!&|<>+\\[\\]{}, 0-9\\-\"?:]{0,120}") {
        let quoted = expression.replace('\'', "''");
        survives(&format!(
            "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: {{ name: x, title: x, version: '1' }}
tenant: {{ namespace: x }}
steps: [{{ id: x, title: x, gate: {{ sensed: [{{ title: x, cel: '{quoted}' }}] }} }}]
"
        ));
    }
}
