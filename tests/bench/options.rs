//! What was asked of the bench: which rows, how often, how large, where to.

use std::path::PathBuf;

pub(crate) const ROWS: [&str; 12] = [
    "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10", "B11", "B12",
];

pub(crate) const USAGE: &str = "\
cargo bench --bench cockpit -- [options]
  --only B1,B3     only these rows
  --quick          a smaller workload and shorter windows, to try it; gives no verdicts
  --repeat N       how often a figure and its control are measured, in turn (3)
  --anyway         measure on a loaded machine too; gives no verdicts
  --json FILE      the whole table as JSON
  --write-docs     the table into docs/performance.md";

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) only: Vec<&'static str>,
    pub(crate) quick: bool,
    pub(crate) repeat: usize,
    pub(crate) anyway: bool,
    pub(crate) json: Option<PathBuf>,
    pub(crate) write_docs: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: ROWS.to_vec(),
            quick: false,
            repeat: 3,
            anyway: false,
            json: None,
            write_docs: false,
        }
    }
}

impl Options {
    /// Cargo adds `--bench` to what a bench is called with.
    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value\n{USAGE}"))
            };
            match argument.as_str() {
                "--bench" => {}
                "--only" => options.only = named(&value()?)?,
                "--quick" => options.quick = true,
                "--anyway" => options.anyway = true,
                "--write-docs" => options.write_docs = true,
                "--json" => options.json = Some(value()?.into()),
                "--repeat" => {
                    let text = value()?;
                    let times = text.parse().ok().filter(|times| (1..=50).contains(times));
                    options.repeat = times.ok_or_else(|| format!("--repeat {text}: 1 to 50"))?;
                }
                other => return Err(format!("{other}: unknown\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Whether any of these rows is wanted.
    pub(crate) fn wants(&self, rows: &[&str]) -> bool {
        rows.iter().any(|row| self.only.contains(row))
    }
}

fn named(list: &str) -> Result<Vec<&'static str>, String> {
    let known = |name: &str| ROWS.into_iter().find(|row| row.eq_ignore_ascii_case(name));
    list.split(',')
        .map(|name| known(name.trim()).ok_or_else(|| format!("--only {name}: there are {}", ROWS.join(", "))))
        .collect()
}
