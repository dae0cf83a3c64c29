//! A loaded machine is seen, and refused.

use crate::quiet::*;

const BEFORE: &str = "cpu  1000 0 500 8000 500 0 0 0 0 0\ncpu0 500 0 250 4000 250 0 0 0 0 0\ncpu1 500 0 250 4000 250 0 0 0 0 0\nintr 1\n";

#[test]
fn busy_cores_are_counted_over_all_of_them() {
    let before = Spent::read(BEFORE).unwrap();
    // 400 ticks on two cores: 100 of user, 300 idle → a quarter of two cores
    let after = Spent::read(&BEFORE.replacen("1000 0 500 8000 500", "1100 0 500 8250 550", 1)).unwrap();
    assert_eq!(after.busy_since(before), Some(0.5));
    assert_eq!(before.busy_since(before), None, "no time has passed");
    assert_eq!(Spent::read("nothing"), None);
}

#[test]
fn a_loaded_machine_is_refused_and_an_unknown_one_too() {
    assert_eq!(refusal(Some(0.19)), None);
    assert!(refusal(Some(0.21)).unwrap().contains("0.21 cores"));
    assert!(refusal(None).is_some());
}
