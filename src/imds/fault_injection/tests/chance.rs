//! Chance: numbers that look random, are spread as they should be, and are the same again.

use proptest::prelude::*;

use super::*;

/// The first outputs of the reference implementation for the seed 0.
#[test]
fn random_numbers_are_those_of_the_paper() {
    let gamma = 0x9e37_79b9_7f4a_7c15_u64;
    let expected =
        [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f, 0xf88b_b8a8_724c_81ec];
    let found = [0, 1, 2, 3].map(|step| mix(gamma.wrapping_mul(step)));
    assert_eq!(found, expected);
}

#[test]
fn chance_is_about_right_and_the_same_again() {
    for (probability, seed) in [(0.0, 1), (0.01, 1), (0.3, 1), (0.3, 2), (0.5, 3), (0.99, 4), (1.0, 5)] {
        let hits = Run::default().hits(&[chance(probability, seed)], 10_000);
        let found = hits.iter().filter(|hit| **hit).count();
        // Five standard deviations: the hash is fixed, so this passes always or never.
        let expected = 10_000.0 * probability;
        let allowed = 5.0 * (expected * (1.0 - probability)).sqrt();
        #[expect(clippy::cast_precision_loss, reason = "at most 10,000")]
        let off = (found as f64 - expected).abs();
        assert!(off <= allowed, "{found} of 10,000 with probability {probability} and seed {seed}");
        assert_eq!(hits, Run::default().hits(&[chance(probability, seed)], 10_000), "the same run again");
    }
}

#[test]
fn seeds_and_rules_have_chances_of_their_own() {
    let alone = |fault: Fault| Run::default().hits(&[fault], 200);
    assert_ne!(alone(chance(0.5, 1)), alone(chance(0.5, 2)), "two seeds");
    let run = Run::default();
    let second = |_| {
        let never = Fault { count: Some(0), ..chance(0.5, 1) };
        run.decide(&[never, chance(0.5, 1)], &TestRequest::default()).rule.is_some()
    };
    assert_ne!(alone(chance(0.5, 1)), (0..200).map(second).collect::<Vec<_>>(), "two rules");
}

proptest! {
    #[test]
    fn latencies_are_spread_between_their_ends(seed: u64, min in 0_u64..1_000, span in 100_u64..1_000) {
        let faults = [Fault { seed, ..Fault::always(late(min, min + span)) }];
        let run = Run::default();
        let mut quarters = [0; 4];
        for _ in 0..400 {
            let latency = run.decide(&faults, &TestRequest::default()).latency.expect("each request is late");
            let above = latency.checked_sub(Duration::from_millis(min)).expect("not below the minimum");
            prop_assert!(above <= Duration::from_millis(span));
            quarters[usize::try_from(above.as_micros() * 4 / (u128::from(span) * 1_000 + 1)).expect("0 to 3")] += 1;
        }
        prop_assert!(quarters.iter().all(|count| (40..=180).contains(count)), "{quarters:?}");
    }

    #[test]
    fn a_run_can_be_repeated(seed: u64, probability in 0.0..=1.0, requests in 0_usize..100) {
        let faults = [chance(probability, seed)];
        prop_assert_eq!(Run::default().hits(&faults, requests), Run::default().hits(&faults, requests));
    }
}
