//! The account as Markdown.

use super::super::escaped;
use super::{Account, Deed, Told};
use jiff::Timestamp;
use std::fmt::Write as _;

impl Account {
    /// The whole account as a page of Markdown.
    pub fn markdown(&self) -> String {
        let mut page = Page::default();
        page.line(&format!("# {} of {}", safe(&self.runbook), safe(&self.namespace)));
        page.blank();
        match self.loose.as_slice() {
            [] => page.line("Nothing was waived, left out or is in doubt."),
            loose => {
                page.line("**Waived, left out, stopped or in doubt:**");
                page.blank();
                for told in loose {
                    page.line(&format!("- {}", safe(told)));
                }
            }
        }
        page.blank();
        self.head(&mut page);
        self.inventory(&mut page);
        page.heading("What is left to do");
        if self.left.is_empty() {
            page.line("Nothing.");
        } else {
            let rows = self
                .left
                .iter()
                .map(|left| vec![date(left.due), date(left.since), safe(&left.what)]);
            page.table(&["by", "since", "what"], rows.collect());
        }
        page.heading("Steps");
        for (at, step) in self.steps.iter().enumerate() {
            told(&mut page, at + 1, step);
        }
        page.heading("Timeline");
        let rows = self.timeline.iter().map(|line| {
            let step = line.step.as_deref().unwrap_or("–");
            vec![time(line.at), safe(step), safe(&line.by), safe(&line.what)]
        });
        page.table(&["when (UTC)", "step", "by", "what"], rows.collect());
        page.0
    }

    fn head(&self, page: &mut Page) {
        let release = self.release.as_deref().unwrap_or("–");
        let facts = [
            ("how it stands", safe(&self.standing)),
            ("run", format!("`{}`", safe(&self.run))),
            (
                "runbook",
                format!(
                    "{} {}, sha256 `{}`",
                    safe(&self.runbook),
                    safe(&self.version),
                    self.digest
                ),
            ),
            (
                "tenant",
                format!("namespace {}, release {}", safe(&self.namespace), safe(release)),
            ),
            ("cluster", safe(self.cluster.as_deref().unwrap_or("nothing was sent"))),
            ("began", format!("{} by {}", time(self.began), safe(&self.by))),
            ("last record", time(self.last)),
        ];
        let rows = facts.into_iter().map(|(what, told)| vec![what.to_owned(), told]);
        page.table(&["", ""], rows.collect());
        if self.parameters.is_empty() {
            return;
        }
        page.heading("Values it ran with");
        let rows = self
            .parameters
            .iter()
            .map(|setting| vec![safe(&setting.name), safe(&setting.text), safe(&setting.origin)]);
        page.table(&["name", "value", "from"], rows.collect());
    }

    fn inventory(&self, page: &mut Page) {
        let Some(inventory) = &self.inventory else { return };
        page.heading("Claims and volumes, as they were taken down");
        let rows = inventory.claims.iter().map(|entry| {
            vec![
                safe(&entry.claim),
                safe(&entry.becomes),
                safe(&entry.volume),
                safe(&entry.handle),
                safe(&entry.size.0),
            ]
        });
        page.table(&["claim", "is now", "volume", "disk", "size"], rows.collect());
    }
}

fn told(page: &mut Page, at: usize, step: &Told) {
    page.line(&format!("### {at}. {}: {}", safe(&step.id), safe(&step.title)));
    page.blank();
    let seen = if step.seen.is_empty() {
        String::new()
    } else {
        format!(": {}", safe(&step.seen))
    };
    page.line(&format!("**{}**{seen}", step.state));
    page.blank();
    for deed in &step.acts {
        act(page, deed);
    }
}

fn act(page: &mut Page, deed: &Deed) {
    page.line(&format!("- `{}`", safe(&deed.act)));
    if let (Some(by), Some(asked)) = (&deed.approved_by, deed.asked) {
        let tier = deed.tier.as_deref().unwrap_or("–");
        page.line(&format!("  - approved by {} at {}, {tier}", safe(by), time(asked)));
    }
    if !deed.signed.is_empty() {
        page.line(&format!("  - signed: {}", safe(&deed.signed.join("; "))));
    }
    if !deed.forecast.is_empty() {
        page.line(&format!("  - forecast: {}", safe(&some(&deed.forecast))));
    }
    page.line(&format!("  - came: {}", safe(&deed.came)));
    for kept in &deed.saved {
        page.line(&format!(
            "  - saved before: {} in `{}`, sha256 `{}`",
            safe(&kept.object),
            safe(&kept.file),
            kept.sha256
        ));
    }
    page.blank();
}

/// The first twelve of many.
fn some(told: &[String]) -> String {
    let first: Vec<&str> = told.iter().take(12).map(String::as_str).collect();
    match told.len().saturating_sub(12) {
        0 => first.join(", "),
        more => format!("{}, and {more} more", first.join(", ")),
    }
}

#[derive(Default)]
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        // writing to a String cannot fail
        writeln!(self.0, "{line}").unwrap_or_default();
    }

    fn blank(&mut self) {
        if !self.0.ends_with("\n\n") {
            self.line("");
        }
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        self.line(&format!("## {text}"));
        self.blank();
    }

    fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        self.line(&format!("| {} |", head.join(" | ")));
        self.line(&format!("|{}", "---|".repeat(head.len())));
        for row in rows {
            self.line(&format!("| {} |", row.join(" | ")));
        }
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// Text from a cluster or a person, that neither a terminal nor Markdown takes for anything else.
fn safe(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in escaped(&text.replace(['\n', '\r'], " ")).chars() {
        if matches!(letter, '|' | '<' | '*' | '`' | '[' | ']' | '\\') {
            safe.push('\\');
        }
        safe.push(letter);
    }
    safe
}
