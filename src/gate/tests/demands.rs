//! What a runbook adds to a gate, and that it takes nothing away.

use super::super::{Demand, Fresh, ItemState, Panel, SignOff, clear};
use super::{QUIET, anna, answer, at, claim_world, cluster, delete_claim, item, job, look, resense, world};
use crate::forecast::{Tier, forecast};
use crate::journal::{self, Intent as _, Opened, Saved};
use crate::laws::Conditions;
use crate::model::{Act, Key, Kind, World};
use crate::runbook::{Resolved, Run, Source, parse, resolve};

const TEXT: &str = "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: own, title: Own, version: '1' }
tenant: { namespace: hasan-prod }
parameters:
  claim: { type: name, default: data-vault-0 }
steps:
  - id: end
    title: end
    act: { delete: { target: 'pvc/${claim}', propagation: Background } }
    gate:
      tier: T3
      sensed: [jobs.none-active]
      attested: ['${claim} is not needed']
      typed: 'end ${claim}'
    verify: { all: [act.done], within: 1m, onTimeout: stop }
  - id: agreed
    title: agreed
    gate:
      sensed: [jobs.none-active]
      attested: ['${claim} is gone for good']
      typed: '${claim}'
";

fn run(text: &str) -> Run {
    let runbook = parse(&Source::new("own.yaml", text)).unwrap_or_else(|faults| panic!("{}", faults.text()));
    let resolved: Resolved = resolve(&runbook, &[]).unwrap();
    Run::begin(resolved, "anna", at(0)).unwrap()
}

fn demand(text: &str, step: &str) -> Demand {
    let run = run(text);
    Demand::of(&run, run.named(step).unwrap())
}

fn opened(world: &World, act: &Act, demand: Option<Demand>) -> Panel {
    let told = forecast(world, act, &Conditions::default(), at(0), QUIET);
    Panel::demanded(told, look(world), &cluster(), &anna(), 1, demand)
}

fn typing(panel: &mut Panel, text: &str, start: u64) {
    for (beat, letter) in (0_u64..).zip(text.chars()) {
        panel.input(letter, at(start + beat * 50));
    }
}

#[test]
fn the_items_of_the_runbook_stand_among_those_of_the_act() {
    let world = claim_world("Retain", &[]);
    let act = delete_claim(&world);
    let plain = opened(&world, &act, None);
    let panel = opened(&world, &act, Some(demand(TEXT, "end")));
    // nothing is lost
    for own in plain.items() {
        assert!(panel.items().iter().any(|item| item.id == own.id), "{}", own.id);
    }
    assert_eq!(
        panel.items().len(),
        plain.items().len() + 3,
        "sensed, signed, the second person"
    );
    assert_eq!((plain.tier(), panel.tier()), (Tier::T2, Tier::T3));
    assert_eq!(item(&panel, "runbook.sensed-1").state, ItemState::True);
    assert_eq!(item(&panel, "runbook.attested-1").title, "data-vault-0 is not needed");
    // sensed first, then what is signed, the second person last
    let persons: Vec<bool> = panel.items().iter().map(super::super::Item::asks_person).collect();
    assert!(persons.is_sorted(), "{persons:?}");
    assert_eq!(panel.items().last().map(|item| item.id), Some("second-person"));
    assert_ne!(plain.digest(), panel.digest());
    assert_ne!(plain.shown(), panel.shown());
}

#[test]
fn what_the_runbook_senses_shuts_the_gate_and_voids_what_was_answered() {
    let world = claim_world("Retain", &[]);
    let text = TEXT.replace("      tier: T3\n", "");
    let mut panel = opened(&world, &delete_claim(&world), Some(demand(&text, "end")));
    typing(&mut panel, "enddata-vault-0", 800);
    answer(&mut panel, &world, 2_000);
    assert_eq!(panel.closed(at(3_500)), Vec::<String>::new());
    let busy = claim_world("Retain", &[(Kind::Job, job())]);
    assert!(resense(&mut panel, &busy, at(3_600)), "it changed");
    assert_eq!(item(&panel, "runbook.sensed-1").state, ItemState::False);
    assert_eq!(item(&panel, "runbook.attested-1").state, ItemState::Unattested);
    assert_eq!(panel.typed().map(super::super::Challenge::typed), Some(""));
    assert!(panel.approve(at(4_500)).is_err());
}

#[test]
fn the_text_is_typed_before_the_fact_and_neither_is_spared() {
    let world = claim_world("Retain", &[]);
    let text = TEXT.replace("      tier: T3\n", "");
    let mut panel = opened(&world, &delete_claim(&world), Some(demand(&text, "end")));
    answer(&mut panel, &world, 800);
    // the fact went where the text was asked for
    assert!(
        panel
            .closed(at(3_000))
            .iter()
            .any(|why| why.starts_with("what step end asks for")),
        "{:?}",
        panel.closed(at(3_000))
    );
    for _ in 0..40 {
        panel.erase(at(3_000));
    }
    typing(&mut panel, "enddata-vault-0", 3_100);
    assert!(
        panel.closed(at(4_500)).iter().any(|why| why.starts_with("the ")),
        "the fact is asked for, too: {:?}",
        panel.closed(at(4_500))
    );
}

/// A raised tier is part of what was shown; what is read afresh is raised alike.
#[test]
fn a_raised_tier_is_cleared_as_it_was_shown() {
    let world = claim_world("Retain", &[]);
    let text = TEXT.replace("tier: T3", "tier: T2").replace(
        "delete: { target: 'pvc/${claim}', propagation: Background }",
        "annotate: { target: 'pvc/${claim}', key: helm.sh/resource-policy, value: keep }",
    );
    let act = Act::Annotate {
        target: delete_claim(&world).target().clone(),
        annotation: "helm.sh/resource-policy".into(),
        value: Some("keep".into()),
    };
    let mut panel = opened(&world, &act, Some(demand(&text, "end")));
    assert_eq!(panel.tier(), Tier::T2, "raised from T1");
    assert!(panel.forecast().because.starts_with("raised by the runbook from T1"));
    typing(&mut panel, "enddata-vault-0", 800);
    answer(&mut panel, &world, 2_000);
    let approved = panel.approve(at(3_500)).unwrap_or_else(|why| panic!("{why:?}"));
    assert!(approved.answers()["runbook"]["step"] == "end", "{}", approved.answers());
    let key = act.target().key.clone();
    let told = forecast(&world, &act, &Conditions::default(), at(3_500), QUIET);
    let fresh = Fresh {
        objects: [key.clone(), Key::cluster(Kind::PersistentVolume, "pv-1")]
            .map(|key| (key.clone(), world.get(&key).map(|object| object.as_ref().clone())))
            .to_vec(),
        cluster: cluster(),
        forecast: told,
    };
    let dir = tempfile::tempdir().unwrap();
    let Opened::Settled(mut journal) = journal::open(&dir.path().join("j"), &anna(), at(0)).unwrap() else {
        panic!("a new journal has no doubts");
    };
    let saved = Saved::new().with(key, "kind: x\n".to_owned());
    let logged = journal.record(approved, &saved, at(3_600)).unwrap();
    assert!(clear(logged, &fresh, at(3_700)).is_ok());
}

#[test]
fn what_is_shown_has_one_digest_however_it_is_answered() {
    let world = claim_world("Retain", &[]);
    let mut panel = opened(&world, &delete_claim(&world), Some(demand(TEXT, "end")));
    let (shown, digest) = (panel.shown(), panel.digest());
    answer(&mut panel, &world, 800);
    assert_eq!(panel.shown(), shown);
    assert_ne!(panel.digest(), digest, "an approval is bound to the answers, too");
    let other = opened(
        &world,
        &delete_claim(&world),
        Some(demand(&TEXT.replace("not needed", "needed"), "end")),
    );
    assert_ne!(other.shown(), shown, "another text");
}

#[test]
fn a_step_that_does_nothing_is_signed_when_it_is_so_and_voided_when_it_is_not() {
    let calm = world(&[]);
    let mut sign_off = SignOff::open(demand(TEXT, "agreed"), look(&calm), &anna());
    let shown = sign_off.shown();
    assert!(
        !sign_off.attest(1, at(100)),
        "keys that were meant for what stood there before"
    );
    assert!(!sign_off.attest(0, at(800)), "a sensed item is not signed");
    assert!(sign_off.attest(1, at(800)));
    let closed = sign_off.sign(at(900)).unwrap_err();
    assert!(closed.iter().any(|why| why.contains("is not typed")), "{closed:?}");
    sign_off.type_in("data-vault-0");
    assert_eq!(sign_off.shown(), shown);
    assert_eq!(
        sign_off.sign(at(1_000)).unwrap(),
        [
            "true: jobs.none-active (no unfinished Job)",
            "attested: data-vault-0 is gone for good",
            "typed: data-vault-0"
        ]
    );
    let busy = world(&[(Kind::Job, job())]);
    assert!(sign_off.resense(look(&busy)), "what was answered is void");
    assert!(sign_off.sign(at(3_000)).is_err());
    assert_ne!(sign_off.shown(), shown);
}
