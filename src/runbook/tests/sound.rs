//! What is read: the shipped runbooks, the skeleton, and each field's meaning.

use crate::forecast::Tier;
use crate::runbook::deed::Slot;
use crate::runbook::step::{OnTimeout, Undo};
use crate::runbook::{Runbook, SHIPPED, Source, Values, parse, shipped, skeleton};
use std::time::Duration;

fn read(text: &str) -> Runbook {
    let source = Source::new("test.yaml", text);
    parse(&source).unwrap_or_else(|faults| panic!("{}", faults.text()))
}

#[test]
fn every_shipped_runbook_is_sound_and_named_as_its_file() {
    for (name, _) in SHIPPED {
        let source = shipped(name).unwrap();
        let runbook = parse(&source).unwrap_or_else(|faults| panic!("{}", faults.text()));
        assert_eq!(runbook.name, *name);
        assert!(!runbook.description.is_empty(), "{name}");
        for parameter in runbook.parameters.iter() {
            assert!(!parameter.description.is_empty(), "{name}: {}", parameter.name);
        }
    }
    let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
    assert!(names.is_sorted(), "{names:?}");
    assert!(shipped("no-such").is_none());
}

#[test]
fn a_new_runbook_is_sound_as_it_stands() {
    let runbook = read(&skeleton("my-runbook"));
    assert_eq!(runbook.name, "my-runbook");
    assert_eq!(runbook.steps.len(), 2);
    let verify = runbook.steps[0].verify.as_ref().unwrap();
    assert_eq!(verify.within, Slot::Parameter("settle".to_owned()));
    assert_eq!(verify.on_timeout, OnTimeout::Stop);
}

#[test]
fn what_is_left_out_means_something() {
    let runbook = read(
        "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: mark, title: Mark a claim, version: '1' }
tenant: { namespace: shop }
steps:
  - id: mark
    title: Mark it
    act: { annotate: { target: pvc/data, key: helm.sh/resource-policy, value: keep } }
  - id: ask
    title: Ask somebody
    gate: { tier: T2, attested: ['It is so, and $${this} is no parameter'] }
",
    );
    let [mark, ask] = runbook.steps.as_slice() else {
        panic!()
    };
    let verify = mark.verify.as_ref().unwrap();
    assert_eq!(verify.within, Slot::Fixed(Duration::from_mins(2)));
    assert_eq!((&mark.undo, mark.floor()), (&Undo::Unsaid, Tier::T1));
    assert!(ask.verify.is_none());
    assert_eq!(ask.floor(), Tier::T2);
    assert_eq!(
        ask.gate.attested[0].fill(&Values::default()),
        "It is so, and ${this} is no parameter"
    );
    // the digest is that of the text, as sha256sum says it
    assert_eq!(runbook.digest.len(), 64);
    assert_ne!(runbook.digest, read(&format!("{}\n", runbook.source.text)).digest);
}
