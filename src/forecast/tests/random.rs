//! Random small worlds: the laws come to rest, forecasts answer, and twice the same question gets the same answer.

use super::{QUIET, forecast, now};
use crate::laws::fixture::random::random_world;
use crate::laws::fixture::world;
use crate::laws::{Conditions, Settled, settle};
use crate::model::{Act, Propagation};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_laws_come_to_rest(yaml in random_world()) {
        let world = world(&yaml);
        let run = |conditions: &Conditions| {
            let mut end = world.clone();
            let mut heard = Vec::new();
            let settled = settle(&mut end, conditions, &mut |_, reaction| heard.push(reaction.clone()));
            (settled, heard, end)
        };
        let (settled, heard, mut end) = run(&Conditions::default());
        prop_assert_eq!(settled, Settled::AtRest, "{:#?}", heard.iter().rev().take(12).collect::<Vec<_>>());
        let (_, again, _) = run(&Conditions::default());
        prop_assert_eq!(heard, again);
        let mut more = Vec::new();
        settle(&mut end, &Conditions::default(), &mut |_, reaction| more.push(reaction.clone()));
        prop_assert!(more.is_empty(), "a world at rest stays at rest: {more:#?}");
    }

    #[test]
    fn every_question_gets_the_same_answer_twice(yaml in random_world(), which in any::<prop::sample::Index>(), way in 0..3_usize) {
        let world = world(&yaml);
        let objects: Vec<_> = world.objects().cloned().collect();
        let target = which.get(&objects).pin();
        let propagation = [Propagation::Background, Propagation::Foreground, Propagation::Orphan][way];
        let acts = [
            Act::Delete { target: target.clone(), propagation },
            Act::ClearClaimRef { volume: target.clone() },
        ];
        for act in acts {
            let first = forecast(&world, &act, &Conditions::default(), now(), QUIET);
            let second = forecast(&world, &act, &Conditions::default(), now(), QUIET);
            prop_assert_eq!(&first, &second);
            prop_assert!(first.entries.iter().any(|entry| entry.object == target.key), "the target is told");
            for entry in &first.entries {
                prop_assert!(!entry.sentence().is_empty());
            }
        }
    }
}
