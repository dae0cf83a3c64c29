//! The status as text: feeds first, then a line a tenant, then what was found.

use super::super::page::Page;
use super::{StatusReport, TenantLine};
use crate::diagnose::{self, Finding, Severity};
use crate::model::time::short_span;
use std::time::Duration;

impl StatusReport {
    /// The report as text of at most this many columns (words longer than a line excepted).
    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        if let Some(cluster) = &self.cluster {
            page.line(
                "",
                &format!(
                    "{} ({}) as {}, {}",
                    cluster.context, cluster.server, cluster.user, self.at
                ),
            );
        }
        self.feed_lines(&mut page);
        page.blank();
        let of = |severity| {
            self.tenants
                .iter()
                .filter(|tenant| tenant.verdict.severity == severity)
                .count()
        };
        page.line(
            "",
            &format!(
                "tenants {}: {} {} blocked, {} {} warned, {} {} clean",
                self.tenants.len(),
                glyph(Severity::Blocked),
                of(Severity::Blocked),
                glyph(Severity::Warned),
                of(Severity::Warned),
                glyph(Severity::Clean),
                of(Severity::Clean)
            ),
        );
        let rows: Vec<Vec<String>> = self.tenants.iter().map(TenantLine::row).collect();
        page.table(0, &rows);
        for tenant in self.tenants.iter().filter(|tenant| !tenant.findings.is_empty()) {
            page.blank();
            page.line("", &tenant.name);
            told(&mut page, &tenant.findings);
        }
        if !self.unclaimed.is_empty() {
            page.blank();
            page.line("", "volumes that no tenant claims");
            told(&mut page, &self.unclaimed);
        }
        page.into_text()
    }

    fn feed_lines(&self, page: &mut Page) {
        let live = self.feeds.iter().filter(|feed| feed.state == "live").count();
        let oldest = self
            .feeds
            .iter()
            .filter(|feed| feed.state == "live")
            .map(|feed| feed.age_seconds)
            .max()
            .unwrap_or(0);
        page.line(
            "",
            &format!(
                "feeds {live}/{} live, oldest {}",
                self.feeds.len(),
                short_span(Duration::from_secs(oldest))
            ),
        );
        for feed in self.feeds.iter().filter(|feed| feed.state != "live") {
            let age = if feed.state == "stale" {
                format!(" for {}", short_span(Duration::from_secs(feed.age_seconds)))
            } else {
                String::new()
            };
            page.line("  ? ", &format!("{} {}{age}: {}", feed.feed, feed.state, feed.why));
        }
    }
}

impl TenantLine {
    fn row(&self) -> Vec<String> {
        let number = |count: Option<usize>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
        let claims = match self.counts.claims_terminating {
            Some(0) | None => format!("{} PVCs", number(self.counts.claims)),
            Some(dying) => format!("{} PVCs, {dying} ✗", number(self.counts.claims)),
        };
        vec![
            format!("{} {}", glyph(self.verdict.severity), word(self.verdict.severity)),
            self.name.to_string(),
            format!("{} pods", number(self.counts.pods)),
            claims,
            format!("{} jobs", number(self.counts.jobs_active)),
            self.releases
                .iter()
                .map(|release| format!("{} r{} {}", release.name, release.revision, release.status))
                .collect::<Vec<_>>()
                .join(", "),
            self.verdict.sentence.clone(),
        ]
    }
}

/// One line for each rule that found something.
fn told(page: &mut Page, findings: &[Finding]) {
    for verdict in diagnose::gathered(findings) {
        page.line(&format!("  {} ", glyph(verdict.severity)), &verdict.sentence);
    }
}

const fn glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocked => "●",
        Severity::Warned => "▲",
        Severity::Clean => "✓",
    }
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocked => "blocked",
        Severity::Warned => "warned",
        Severity::Clean => "clean",
    }
}
