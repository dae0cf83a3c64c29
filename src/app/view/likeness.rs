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
    within(one.as_bytes(), other.as_bytes(), 2)
}

/// Asked of every tenant whenever a panel is laid out, so it follows no more than the ways that so many edits leave open.
fn within(one: &[u8], other: &[u8], edits: usize) -> bool {
    if one.len().abs_diff(other.len()) > edits {
        return false;
    }
    let same = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let rest = (one.split_at_checked(same), other.split_at_checked(same));
    let (Some((_, one)), Some((_, other))) = rest else {
        return false;
    };
    match (one, other) {
        ([], rest) | (rest, []) => rest.len() <= edits,
        ([_, ours @ ..], [_, theirs @ ..]) => edits
            .checked_sub(1)
            .is_some_and(|left| within(ours, theirs, left) || within(ours, other, left) || within(one, theirs, left)),
    }
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
            ("ab", "", true),
            ("abc", "", false),
            ("prod-eu-1", "prod-eu-12x", true),
            ("prod-eu-1", "prod-eu-12xy", false),
            ("hasan", "ahsan", true),
            ("xhasan", "hasanx", true),
            ("east-one", "west-two", false),
        ] {
            assert_eq!(near(one, other), alike, "{one} {other}");
        }
    }
}
