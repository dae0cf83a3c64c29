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

/// Expressions that are well formed and often ill typed: what CEL can be asked at all.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("1".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("9223372036854775807".to_owned()),
        Just("0".to_owned()),
        Just("18446744073709551615u".to_owned()),
        Just("1.5".to_owned()),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just("'é€'".to_owned()),
        Just("'('".to_owned()),
        Just("[]".to_owned()),
        Just("{'a': 1}".to_owned()),
        Just("claims".to_owned()),
        Just("pods[0]".to_owned()),
        Just("volumes[0].name".to_owned()),
        Just("params.claim".to_owned()),
        Just("tenant.namespace".to_owned()),
        Just("jobs[-1]".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operators =
            proptest::sample::select(vec!["+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||", "in"]);
        let methods = proptest::sample::select(vec!["contains", "startsWith", "endsWith", "matches"]);
        let functions = proptest::sample::select(vec![
            "size", "string", "int", "uint", "double", "bool", "max", "min", "-", "!",
        ]);
        let macros = proptest::sample::select(vec!["all", "exists", "exists_one", "filter", "map"]);
        prop_oneof![
            (inner.clone(), operators, inner.clone()).prop_map(|(a, sign, b)| format!("({a} {sign} {b})")),
            (inner.clone(), methods, inner.clone()).prop_map(|(a, name, b)| format!("({a}).{name}({b})")),
            (functions, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            (inner.clone(), macros, inner.clone()).prop_map(|(a, name, b)| format!("({a}).{name}(x, {b} == x)")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            inner.prop_map(|a| format!("has(({a}).name)")),
        ]
    })
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

    /// Whatever is asked, the answer is yes, no or unknown.
    #[test]
    fn expressions_are_answered(expression in expression()) {
        super::asked::answered(&expression);
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
