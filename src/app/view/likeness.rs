//! Names that read alike: at a gate, a tenant that differs from another by a letter or two is said to
//! (`reference/safety-and-performance.md` A5 fault 32).

use crate::app::state::State;
use crate::app::text;

/// Other tenants whose names differ from this one by two letters or fewer.
pub(super) fn look_alikes(state: &State, namespace: &str) -> Vec<String> {
    state
        .derived
        .tenants
        .iter()
        .filter(|tenant| !namespace.is_empty() && !tenant.namespaces.iter().any(|own| own == namespace))
        .filter(|tenant| near(&tenant.name, namespace))
        .take(3)
        .map(|tenant| {
            format!(
                "▲ this is {}; another tenant is called {}",
                text::ascii(namespace),
                text::ascii(&tenant.name)
            )
        })
        .collect()
}

/// Whether two names are at most two single-letter edits apart.
fn near(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let mut row: Vec<usize> = (0..=one.len()).collect();
    if one.len().abs_diff(other.chars().count()) > 2 {
        return false;
    }
    for (at, theirs) in other.chars().enumerate() {
        let mut next = vec![at + 1];
        for (column, ours) in one.iter().enumerate() {
            let replaced = row.get(column).copied().unwrap_or(usize::MAX) + usize::from(*ours != theirs);
            let dropped = row.get(column + 1).copied().unwrap_or(usize::MAX).saturating_add(1);
            let added = next.last().copied().unwrap_or(usize::MAX).saturating_add(1);
            next.push(replaced.min(dropped).min(added));
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn names_that_read_alike_are_near() {
        for (one, other, alike) in [
            ("hasan-prod", "hasan-prd", true),
            ("tenant-l", "tenant-1", true),
            ("hasan-prod", "hasan-stage", false),
            ("acme", "beta", false),
            ("ab", "ab", true),
        ] {
            assert_eq!(near(one, other), alike, "{one} {other}");
        }
    }
}
