//! Medians, percentiles and ratios are what the table says they are.

use crate::figures::*;

fn of(values: &[f64]) -> Samples {
    values.iter().copied().collect()
}

#[test]
fn percentiles_are_measured_values_by_the_nearest_rank() {
    let hundred: Samples = (1..=100).rev().map(f64::from).collect();
    assert_eq!(hundred.percentile(0.50), Some(50.0));
    assert_eq!(hundred.percentile(0.99), Some(99.0));
    assert_eq!(hundred.percentile(1.0), Some(100.0));
    assert_eq!(hundred.percentile(0.0), Some(1.0));
    // 200 flips: p99 is the 198th, not the maximum
    let flips: Samples = (1..=200).map(f64::from).collect();
    assert_eq!(flips.percentile(0.99), Some(198.0));
    assert_eq!(flips.max(), Some(200.0));
    assert_eq!(of(&[]).percentile(0.5), None);
    assert_eq!(of(&[7.0]).percentile(0.99), Some(7.0));
}

#[test]
fn medians_and_spreads() {
    assert_eq!(of(&[3.0, 1.0, 2.0]).median(), Some(2.0));
    assert_eq!(of(&[4.0, 1.0, 2.0, 3.0]).median(), Some(2.5));
    assert_eq!(of(&[]).median(), None);
    assert_eq!(of(&[1.0, 2.0]).spread(), None);
    assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 5.0]).spread(), Some(2.0));
}

#[test]
fn ratios_are_taken_pair_by_pair() {
    // the second pair was measured while the machine was ten times slower: both were
    assert_eq!(ratio(&of(&[2.0, 30.0, 2.2]), &of(&[1.0, 10.0, 1.0])), Some(2.2));
    assert_eq!(ratio(&of(&[2.0]), &of(&[4.0, 4.0, 4.0])), Some(0.5));
    assert_eq!(ratio(&of(&[2.0]), &of(&[0.0])), None);
    assert_eq!(ratio(&of(&[]), &of(&[1.0])), None);
}
