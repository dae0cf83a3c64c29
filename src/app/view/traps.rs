//! The traps of a tenant, one by one: what is wrong, the evidence, the remedy and where it is known from; and what could not be
//! judged. "None" is said only where everything was looked at.

use super::explain::evidence;
use super::fleet::Judged;
use super::{Look, explain};
use crate::app::screen::Visit;
use crate::app::state::Reading;
use crate::app::words::{Line, Page, RowId, Span, Tone, glyph, tone};
use crate::diagnose::{Finding, Severity, Unjudged, traps, unjudged};
use crate::model::Tenant;
use crate::model::time::short_span;

/// So many values are shown of what a finding rests on.
const EVIDENCE: usize = 8;

/// The page.
pub fn page(
    look: Look<'_>,
    tenant: &Tenant,
    judged: Option<&Judged>,
    visit: &Visit,
    reading: Option<&Reading>,
    width: usize,
) -> Page {
    let mut page = Page::titled(format!("traps of {}", tenant.name));
    let left = unjudged(look, tenant);
    let findings: Vec<&Finding> = judged.map(|judged| judged.diagnosis.findings()).unwrap_or_default();
    let trapped = findings.iter().filter(|finding| is_trap(finding)).count();
    page.push(summary(trapped, &left));
    page.push(Line::toned(read(look, tenant, reading), Tone::Dim));
    untold(&mut page, &left, width);
    for (at, finding) in findings.into_iter().enumerate() {
        if visit.filter.is_empty() || visit.admits(&reads_like(finding)) {
            page.blank();
            one(&mut page, finding, at, width);
        }
    }
    page
}

fn is_trap(finding: &Finding) -> bool {
    !finding.traps.is_empty() && finding.severity > Severity::Clean
}

fn summary(trapped: usize, left: &[Unjudged]) -> Line {
    let found = match trapped {
        0 => "no trap was found".to_owned(),
        1 => "1 trap".to_owned(),
        many => format!("{many} traps"),
    };
    match (trapped, left.is_empty()) {
        (0, true) => Line::toned("✓ no trap of those that are sensed", Tone::Ok),
        (0, false) => Line::toned(format!("? {found}, and not all was judged"), Tone::Unknown),
        (_, true) => Line::toned(found, Tone::Strong),
        (_, false) => Line::toned(format!("{found}, and not all was judged"), Tone::Strong),
    }
}

/// When records, API services, webhooks, `GitOps` objects and rights were read.
fn read(look: Look<'_>, tenant: &Tenant, reading: Option<&Reading>) -> String {
    let under_way = reading.is_some_and(|(of, fetch)| *of == tenant.name && fetch.answer.is_none());
    let at = look.conditions.survey.at;
    match (under_way, at) {
        (true, _) => "reading the records of its releases and what the cluster says besides…".to_owned(),
        (false, Some(at)) => format!(
            "records and cluster read {} ago; r reads them again",
            short_span(at.mono.age(look.now.mono))
        ),
        (false, None) => "r reads the records of its releases and what the cluster says besides".to_owned(),
    }
}

fn reads_like(finding: &Finding) -> String {
    let trap = traps::of(finding).map_or_else(String::new, |trap| format!("{} {}", trap.number, trap.name));
    format!("{} {} {} {trap}", finding.object, finding.sentence, finding.rule)
}

fn one(page: &mut Page, finding: &Finding, at: usize, width: usize) {
    let trap = traps::of(finding);
    let number = trap.map_or_else(|| " –".to_owned(), |trap| format!("{:>2}", trap.number));
    let name = trap.map_or_else(|| finding.rule.replace('_', " "), |trap| trap.name.to_owned());
    page.push(
        Line::of([
            Span::new(format!("{} ", glyph(finding.severity)), tone(finding.severity)),
            Span::dim(format!("{number} ")),
            Span::new(format!("{}  ", finding.object), Tone::Accent),
            Span::new(name, Tone::Strong),
        ])
        .standing_for(RowId::Mention(finding.object.clone(), at)),
    );
    page.sentence(5, &finding.sentence, Tone::Plain, width);
    page.sentence(5, &finding.reason.text, Tone::Dim, width);
    let told = finding.reason.evidence.len();
    let mut reason = finding.reason.clone();
    reason.evidence.truncate(EVIDENCE);
    evidence(page, 5, &reason, width);
    if told > EVIDENCE {
        page.sentence(
            7,
            &format!("… and {} more; x explains", told - EVIDENCE),
            Tone::Dim,
            width,
        );
    }
    if let Some(trap) = trap {
        page.sentence(5, &format!("remedy: {}", trap.remedy), Tone::Plain, width);
        page.sentence(5, &format!("source: {}", trap.source), Tone::Dim, width);
    }
}

fn untold(page: &mut Page, left: &[Unjudged], width: usize) {
    let lines: Vec<String> = left
        .iter()
        .map(|left| {
            let numbers: Vec<String> = left.traps.iter().map(u8::to_string).collect();
            format!("{} (traps {})", left.why, numbers.join(", "))
        })
        .collect();
    explain::unknowns(page, &lines, width);
}
