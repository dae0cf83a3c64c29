//! The commands after `:`, found by their beginning.

pub mod acts;
pub mod unstick;

use crate::app::screen::{Part, Screen};
use crate::app::state::State;
use crate::model::Kind;

/// What a line after `:` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Fleet,
    Tenant(String),
    Part(Part),
    /// The traps of the tenant on the way here.
    Traps,
    Kind(Kind),
    Open(Screen),
    Theme(String),
    /// A run of a shipped runbook: its name, and values.
    Run(String),
    /// The way out of an object: as it was named, or nothing for the one under the cursor.
    Unstick(String),
    /// An act: leads to its panel.
    Act(acts::Asked),
    Quit,
    /// Nothing is called that.
    Unknown(String),
}

/// The words, in the order they are offered; the shortest way to type each is its beginning.
const WORDS: &[&str] = &[
    "fleet",
    "tenant ",
    "pvc",
    "volumes",
    "jobs",
    "finalizers",
    "raft",
    "releases",
    "findings",
    "traps",
    "pods",
    "pv",
    "log",
    "journal",
    "doubts",
    "help",
    "theme ",
    "run",
    "unstick ",
    "quit",
    "statefulsets",
    "deployments",
    "cronjobs",
    "nodes",
    "namespaces",
    "storageclasses",
    "volumeattachments",
];

/// Reads a line.
pub fn read(line: &str) -> Order {
    let line = line.trim();
    let (word, rest) = line
        .split_once(' ')
        .map_or((line, ""), |(word, rest)| (word, rest.trim()));
    let word = if Kind::from_word(word).is_some() || matches!(word, "q" | "q!") {
        word
    } else {
        WORDS
            .iter()
            .map(|known| known.trim_end())
            .find(|known| !word.is_empty() && known.starts_with(word))
            .unwrap_or(word)
    };
    // acts are known by their whole word, or by a beginning that no other command has
    let verb = acts::Verb::ALL.into_iter().find(|verb| {
        let whole = verb.word().trim_end();
        word == whole
            || (word.len() >= 3 && whole.starts_with(word) && !WORDS.contains(&word) && Kind::from_word(word).is_none())
    });
    if let Some(verb) = verb {
        return Order::Act(acts::read(verb, rest));
    }
    match word {
        "fleet" => Order::Fleet,
        "tenant" if !rest.is_empty() => Order::Tenant(rest.to_owned()),
        "pvc" | "volumes" => Order::Part(Part::Volumes),
        "jobs" | "job" => Order::Part(Part::Jobs),
        "finalizers" => Order::Part(Part::Finalizers),
        "raft" => Order::Part(Part::Raft),
        "releases" | "release" => Order::Part(Part::Releases),
        "findings" => Order::Part(Part::Findings),
        "traps" => Order::Traps,
        "log" => Order::Open(Screen::Log),
        "journal" => Order::Open(Screen::Steps),
        "doubts" => Order::Open(Screen::Doubts),
        "help" => Order::Open(Screen::Help),
        "run" if rest.is_empty() => Order::Open(Screen::Run),
        "run" => Order::Run(rest.to_owned()),
        "unstick" => Order::Unstick(rest.to_owned()),
        "theme" if !rest.is_empty() => Order::Theme(rest.to_owned()),
        "quit" | "q" | "q!" => Order::Quit,
        other => Kind::from_word(other).map_or_else(|| Order::Unknown(line.to_owned()), Order::Kind),
    }
}

/// What would complete the line: the rest of the first word, or of the first tenant, that begins like it.
pub fn completion(state: &State, typed: &str) -> String {
    if typed.is_empty() {
        return String::new();
    }
    if typed.starts_with("unstick ") {
        let whole = unstick::completions(state, typed).into_iter();
        return first(whole, typed);
    }
    let begun = typed.split_once(' ').and_then(|(word, _)| {
        let mut verbs = acts::Verb::ALL.into_iter();
        verbs.find(|verb| verb.word().trim_end() == word)
    });
    if let Some(verb) = begun {
        return first(acts::completions(state, verb, typed), typed);
    }
    let names = state
        .derived
        .tenants
        .iter()
        .map(|tenant| format!("tenant {}", tenant.name));
    let words = WORDS.iter().copied().chain(acts::Verb::ALL.map(acts::Verb::word));
    let words = words.map(str::to_owned).filter(|word| word.len() > typed.len());
    first(words.chain(names), typed)
}

/// The rest of the first that begins like what was typed.
fn first(whole: impl IntoIterator<Item = String>, typed: &str) -> String {
    let mut rests = whole.into_iter();
    rests
        .find_map(|whole| whole.strip_prefix(typed).map(str::to_owned))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_beginning() {
        for (line, order) in [
            ("fl", Order::Fleet),
            ("tenant hasan-prod", Order::Tenant("hasan-prod".to_owned())),
            ("t acme", Order::Tenant("acme".to_owned())),
            ("pvc", Order::Part(Part::Volumes)),
            ("jo", Order::Part(Part::Jobs)),
            ("jou", Order::Open(Screen::Steps)),
            ("pv", Order::Kind(Kind::PersistentVolume)),
            ("sts", Order::Kind(Kind::StatefulSet)),
            ("pods", Order::Kind(Kind::Pod)),
            ("theme light", Order::Theme("light".to_owned())),
            ("q", Order::Quit),
            ("run", Order::Open(Screen::Run)),
            ("run unstick namespace=x", Order::Run("unstick namespace=x".to_owned())),
            ("scale sts/x 2", Order::Act(acts::read(acts::Verb::Scale, "sts/x 2"))),
            ("unst", Order::Unstick(String::new())),
            ("unstick pvc/x", Order::Unstick("pvc/x".to_owned())),
            ("uninstall x", Order::Act(acts::read(acts::Verb::Uninstall, "x"))),
            ("evi", Order::Act(acts::read(acts::Verb::Evict, ""))),
            ("st", Order::Kind(Kind::StatefulSet)),
            ("tenant", Order::Unknown("tenant".to_owned())),
            ("rm -rf", Order::Unknown("rm -rf".to_owned())),
            ("", Order::Unknown(String::new())),
        ] {
            assert_eq!(read(line), order, "{line}");
        }
    }
}
