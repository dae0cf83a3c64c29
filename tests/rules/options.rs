//! Options are read, and wrong ones refused.

use crate::options::*;

fn read(line: &str) -> Result<Options, String> {
    Options::read(line.split_whitespace().map(str::to_owned))
}

#[test]
fn options_are_read_and_wrong_ones_are_refused() {
    assert_eq!(read("--bench"), Ok(Options::default()));
    let options = read("--only b1,B10 --quick --repeat 5 --json out.json").unwrap();
    assert_eq!(options.only, ["B1", "B10"]);
    assert!(options.quick && !options.anyway && options.repeat == 5);
    assert!(options.wants(&["B9", "B10"]) && !options.wants(&["B11"]));
    for wrong in ["--only B13", "--repeat 0", "--repeat x", "--json", "--fast"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
