//! Traps and their catalogue as text of a given width.

use super::super::page::Page;
use super::{CatalogueReport, TenantTraps, TrapLine, TrapsReport};
use crate::diagnose::{Severity, Unjudged};

impl TrapsReport {
    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        for (at, tenant) in self.tenants.iter().enumerate() {
            if at > 0 {
                page.blank();
            }
            of_tenant(&mut page, tenant);
        }
        if self.tenants.is_empty() {
            page.line("", "no tenant matches");
        }
        if !self.unclaimed.is_empty() {
            page.blank();
            page.line("", "volumes of no tenant");
            for line in &self.unclaimed {
                trap(&mut page, line);
            }
        }
        page.into_text()
    }
}

fn of_tenant(page: &mut Page, tenant: &TenantTraps) {
    let count = tenant.traps.len();
    let standing = match (count, tenant.unjudged.is_empty()) {
        (0, true) => "✓ stands in no trap that is sensed".to_owned(),
        (0, false) => "? no trap was found, and not all was judged".to_owned(),
        (1, _) => "stands in 1 trap".to_owned(),
        _ => format!("stands in {count} traps"),
    };
    page.line(&format!("{}  ", tenant.name), &standing);
    for line in &tenant.traps {
        trap(page, line);
    }
    for left in &tenant.unjudged {
        unjudged(page, left);
    }
}

fn trap(page: &mut Page, line: &TrapLine) {
    let mark = match line.severity {
        Severity::Blocked => "●",
        Severity::Warned => "▲",
        Severity::Clean => "✓",
    };
    page.line(
        &format!("  {mark} {:>2} ", line.number),
        &format!("{}: {}", line.name, line.sentence),
    );
    page.line("       because ", &line.reason.text);
    for seen in &line.reason.evidence {
        page.line("         ", &format!("{} {} = {}", seen.object, seen.field, seen.value));
    }
    page.line("       remedy  ", line.remedy);
    page.line("       source  ", line.source);
}

fn unjudged(page: &mut Page, left: &Unjudged) {
    let numbers: Vec<String> = left.traps.iter().map(u8::to_string).collect();
    page.line("  ? not judged: ", &left.why);
    if !numbers.is_empty() {
        page.line("       traps   ", &numbers.join(", "));
    }
}

impl CatalogueReport {
    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        for trap in &self.traps {
            page.line(&format!("{:>2} ", trap.number), trap.name);
            page.line("   looks at ", trap.looks_at);
            match trap.by {
                Some(whom) => page.line("   told at the act by ", whom),
                None => page.line("   told by  ", &trap.rules.join(", ")),
            }
        }
        page.into_text()
    }
}
