//! The table: what was measured, against what, and what that means. Knows no measurement.

use super::figures::{Samples, ratio};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Which number of the samples is the figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Median,
    P50,
    P99,
    Max,
}

impl Of {
    fn pick(self, samples: &Samples) -> Option<f64> {
        match self {
            Self::Median => samples.median(),
            Self::P50 => samples.percentile(0.5),
            Self::P99 => samples.percentile(0.99),
            Self::Max => samples.max(),
        }
    }
}

/// What must hold. A ratio is to the line's first control.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// The figure itself, in its own unit.
    AtMost(f64),
    Below(f64),
    RatioAtMost(f64),
    /// Told for its own sake; nothing was promised.
    None,
}

/// Something else, measured in the same run.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    pub(crate) name: String,
    /// Or why there is no measurement: `not here`.
    pub(crate) samples: Result<Samples, String>,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) row: &'static str,
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) of: Of,
    pub(crate) samples: Result<Samples, String>,
    pub(crate) controls: Vec<Control>,
    pub(crate) target: Target,
    pub(crate) note: String,
}

/// What a line comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Met,
    Missed,
    /// Nothing was promised.
    Told,
    /// Measured, but not to be judged: a loaded machine, a small workload.
    Withheld,
    /// No figure, and why.
    Failed(String),
}

impl Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "MISSED",
            Self::Told => "–",
            Self::Withheld => "no verdict",
            Self::Failed(_) => "FAILED",
        }
    }
}

impl Line {
    pub(crate) fn new(row: &'static str, what: &str, unit: &'static str, of: Of, samples: Samples) -> Self {
        Self {
            row,
            what: what.to_owned(),
            unit,
            of,
            samples: Ok(samples),
            controls: Vec::new(),
            target: Target::None,
            note: String::new(),
        }
    }

    pub(crate) fn failed(row: &'static str, what: &str, why: &str) -> Self {
        Self {
            samples: Err(why.to_owned()),
            ..Self::new(row, what, "", Of::Median, Samples::default())
        }
    }

    #[must_use]
    pub(crate) fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    #[must_use]
    pub(crate) fn against(mut self, name: &str, samples: Result<Samples, String>) -> Self {
        self.controls.push(Control {
            name: name.to_owned(),
            samples,
        });
        self
    }

    #[must_use]
    pub(crate) fn note(mut self, note: &str) -> Self {
        note.clone_into(&mut self.note);
        self
    }

    pub(crate) fn figure(&self) -> Option<f64> {
        self.of.pick(self.samples.as_ref().ok()?)
    }

    fn ratio_to(&self, control: &Control) -> Option<f64> {
        let (figure, other) = (self.samples.as_ref().ok()?, control.samples.as_ref().ok()?);
        if self.of == Of::Median {
            ratio(figure, other)
        } else {
            let other = self.of.pick(other).filter(|other| *other > 0.0)?;
            Some(self.of.pick(figure)? / other)
        }
    }

    pub(crate) fn verdict(&self, withheld: bool) -> Verdict {
        let figure = match &self.samples {
            Err(why) => return Verdict::Failed(why.clone()),
            Ok(samples) => match self.of.pick(samples) {
                Some(figure) => figure,
                None => return Verdict::Failed("nothing was measured".to_owned()),
            },
        };
        let met = match self.target {
            Target::None => return Verdict::Told,
            Target::AtMost(most) => figure <= most,
            Target::Below(limit) => figure < limit,
            Target::RatioAtMost(most) => match self.controls.first().and_then(|control| self.ratio_to(control)) {
                Some(ratio) => ratio <= most,
                None => return Verdict::Failed("its control was not measured".to_owned()),
            },
        };
        match (withheld, met) {
            (true, _) => Verdict::Withheld,
            (false, true) => Verdict::Met,
            (false, false) => Verdict::Missed,
        }
    }

    fn target_words(&self) -> String {
        match self.target {
            Target::AtMost(most) => format!("≤ {} {}", number(most), self.unit),
            Target::Below(limit) => format!("< {} {}", number(limit), self.unit),
            Target::RatioAtMost(most) => format!("≤ {} ×", number(most)),
            Target::None => "–".to_owned(),
        }
    }

    /// The cells of this line and, below it, of its further controls.
    fn cells(&self, withheld: bool) -> Vec<[String; 9]> {
        let verdict = self.verdict(withheld);
        let figure = self.figure().map_or_else(|| "–".to_owned(), number);
        let spread = self
            .samples
            .as_ref()
            .ok()
            .filter(|_| self.of == Of::Median)
            .and_then(Samples::spread);
        let first = [
            self.row.to_owned(),
            self.what.clone(),
            figure,
            spread.map_or_else(|| "–".to_owned(), |spread| format!("± {}", number(spread))),
            self.unit.to_owned(),
        ];
        let mut lines: Vec<[String; 9]> = Vec::new();
        let none = [None];
        let controls: Vec<Option<&Control>> = self.controls.iter().map(Some).collect();
        for control in if controls.is_empty() {
            none.as_slice()
        } else {
            &controls
        } {
            let lead = lines.is_empty();
            let own = |at: usize| {
                if lead {
                    first.get(at).cloned().unwrap_or_default()
                } else {
                    String::new()
                }
            };
            lines.push([
                own(0),
                own(1),
                own(2),
                own(3),
                own(4),
                control.map_or_else(|| "–".to_owned(), |control| self.told(control)),
                control
                    .and_then(|control| self.ratio_to(control))
                    .map_or_else(|| "–".to_owned(), |ratio| format!("{} ×", number(ratio))),
                if lead { self.target_words() } else { String::new() },
                if lead { verdict.word().to_owned() } else { String::new() },
            ]);
        }
        lines
    }

    fn told(&self, control: &Control) -> String {
        match &control.samples {
            Err(why) => format!("{}: {why}", control.name),
            Ok(samples) => {
                let figure = self.of.pick(samples).map_or_else(|| "–".to_owned(), number);
                format!("{}: {figure} {}", control.name, self.unit)
            }
        }
    }

    fn json(&self, withheld: bool) -> Value {
        let verdict = self.verdict(withheld);
        json!({
            "row": self.row,
            "what": self.what,
            "unit": self.unit,
            "statistic": format!("{:?}", self.of).to_lowercase(),
            "figure": self.figure(),
            "samples": self.samples.as_ref().map(|samples| samples.0.clone()).unwrap_or_default(),
            "controls": self.controls.iter().map(|control| json!({
                "name": control.name,
                "figure": control.samples.as_ref().ok().and_then(|samples| self.of.pick(samples)),
                "samples": control.samples.as_ref().map(|samples| samples.0.clone()).unwrap_or_default(),
                "missing": control.samples.as_ref().err(),
                "ratio": self.ratio_to(control),
            })).collect::<Vec<_>>(),
            "target": self.target_words(),
            "verdict": verdict.word(),
            "why": if let Verdict::Failed(why) = &verdict { Some(why) } else { None },
            "note": self.note,
        })
    }
}

/// All lines, and what stands above and below them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// How it was measured: machine, workload, repeats.
    pub(crate) preface: Vec<String>,
    pub(crate) lines: Vec<Line>,
    /// Why there are no verdicts; `None` when there are.
    pub(crate) withheld: Option<String>,
}

const TITLES: [&str; 9] = [
    "row", "what", "figure", "IQR", "unit", "control", "ratio", "target", "verdict",
];

impl Table {
    /// No line failed or missed what was promised.
    pub(crate) fn sound(&self) -> bool {
        let verdicts = self.lines.iter().map(|line| line.verdict(self.withheld.is_some()));
        verdicts
            .into_iter()
            .all(|verdict| !matches!(verdict, Verdict::Missed | Verdict::Failed(_)))
    }

    pub(crate) fn text(&self) -> String {
        let mut cells = vec![TITLES.map(str::to_owned)];
        for line in &self.lines {
            cells.extend(line.cells(self.withheld.is_some()));
        }
        let mut widths = [0_usize; TITLES.len()];
        for row in &cells {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let mut text = String::new();
        for told in &self.preface {
            text.extend([told, "\n"]);
        }
        text.push('\n');
        for row in &cells {
            let padded: Vec<String> = row
                .iter()
                .zip(widths)
                .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
                .collect();
            text.extend([padded.join("  ").trim_end(), "\n"]);
        }
        for told in self.remarks() {
            text.extend(["\n", &told, "\n"]);
        }
        text
    }

    /// What the cells have no room for: notes, failures, why nothing is judged.
    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        for line in &self.lines {
            if let Verdict::Failed(why) = line.verdict(self.withheld.is_some()) {
                remarks.push(format!("{} {}: failed: {why}", line.row, line.what));
            }
            if !line.note.is_empty() {
                remarks.push(format!("{} {}: {}", line.row, line.what, line.note));
            }
        }
        remarks.extend(self.withheld.iter().map(|why| format!("No verdict is given: {why}.")));
        remarks
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "apiVersion": "pilothouse.dev/bench/v1",
            "preface": self.preface,
            "withheld": self.withheld,
            "lines": self.lines.iter().map(|line| line.json(self.withheld.is_some())).collect::<Vec<_>>(),
        })
    }

    /// The same for a document.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for told in &self.preface {
            text.extend([told, "  \n"]);
        }
        let plain = |cell: &String| cell.replace('|', "\\|").replace('\n', " ");
        writeln!(text, "\n| {} |\n|{}", TITLES.join(" | "), "---|".repeat(TITLES.len())).unwrap_or_default();
        for line in &self.lines {
            for row in line.cells(self.withheld.is_some()) {
                let cells: Vec<String> = row.iter().map(plain).collect();
                writeln!(text, "| {} |", cells.join(" | ")).unwrap_or_default();
            }
        }
        text.push('\n');
        for told in self.remarks() {
            // a failure may carry a whole screen
            let first = told.lines().next().unwrap_or_default();
            text.extend(["- ", first, "\n"]);
        }
        text
    }
}

pub(crate) const BEGIN: &str = "<!-- written by cargo bench --bench cockpit -- --write-docs -->\n";
pub(crate) const END: &str = "<!-- end of what it wrote -->\n";

/// The document with this table in place of the one it held.
pub(crate) fn splice(document: &str, table: &str) -> Result<String, String> {
    let missing = || {
        format!(
            "the document has no line {:?} and {:?} after it",
            BEGIN.trim(),
            END.trim()
        )
    };
    let (head, rest) = document.split_once(BEGIN).ok_or_else(missing)?;
    let (_, tail) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{head}{BEGIN}\n{table}\n{END}{tail}"))
}

/// Three figures that tell, never in powers of ten.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1000.0 || size == 0.0 {
        let digits = format!("{value:.0}");
        let grouped = digits.trim_start_matches('-').as_bytes().rchunks(3).rev();
        let parts: Vec<&str> = grouped.filter_map(|part| std::str::from_utf8(part).ok()).collect();
        let sign = if digits.starts_with('-') { "-" } else { "" };
        format!("{sign}{}", parts.join(","))
    } else if size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        let text = format!("{value:.*}", if size >= 0.1 { 2 } else { 4 });
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}
