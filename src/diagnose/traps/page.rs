//! `docs/traps.md`: the catalogue as a page. Knows words only.

use super::{Needs, Teller, Told, catalogue};
use std::fmt::Write as _;

/// The page, whole.
pub fn markdown() -> String {
    let count = |word: &str| catalogue().filter(|trap| trap.told.word() == word).count();
    let mut page = format!(
        "# Traps\n\nMade from the catalogue in `src/diagnose/traps` by `tests/documents.rs`; `pilothouse traps --catalogue` prints \
         the same.\n\nOf the sixty, {} are told by rules on what is, in a tenant's screen and by `pilothouse traps`; {} by whoever stands \
         in front of the act that would step into them, with the test that shows it, for no fact shows them before. What a rule rests on besides the watches is in brackets: where that was not looked at, the list says so, and never \"clean\".\n",
        count("rule"),
        count("act")
    );
    for trap in catalogue() {
        // writing to a String cannot fail
        write!(page, "\n## {}. {}\n\n", trap.number, trap.name).unwrap_or_default();
        write!(
            page,
            "- **Looks at** {}\n- **Remedy** {}\n- **Source** {}\n",
            trap.looks_at, trap.remedy, trap.source
        )
        .unwrap_or_default();
        page.push_str(&told(trap.told));
    }
    page
}

fn told(told: Told) -> String {
    let mut lines = String::new();
    if let Told::Rules { rules, needs, .. } = told {
        let rules: Vec<String> = rules.iter().map(|rule| format!("`{rule}`")).collect();
        lines = format!("- **Told by** {}{}\n", rules.join(", "), rests_on(needs));
    }
    if let Some(Teller {
        whom,
        test: (file, name),
    }) = told.teller()
    {
        let told = if lines.is_empty() { "Told" } else { "Also told" };
        writeln!(lines, "- **{told} at the act** by {whom} (`{file}`, `{name}`)").unwrap_or_default();
    }
    lines
}

const fn rests_on(needs: Needs) -> &'static str {
    match needs {
        Needs::Watches => "",
        Needs::Records => " [records]",
        Needs::Objects => " [records, and the objects they name]",
        Needs::Survey => " [asked once of the cluster]",
        Needs::Peers => " [asked of its peers]",
    }
}
