//! Tenants: which namespaces and releases belong together, by the operator's own rule.

use super::{Kind, Text, World};
use std::collections::BTreeMap;

/// How tenants are told apart; chosen in the configuration or by flags.
#[derive(Clone, Debug)]
pub enum TenantRule {
    /// Each namespace whose name matches is a tenant (`hasan-*`; `*,!kube-*`).
    Pattern(Globs),
    /// Namespaces that carry this label belong to the tenant its value names.
    Label(Text),
    /// Each Helm release whose name matches is a tenant, living in the release's namespace.
    Release(Globs),
}

/// Name patterns; those that began with `!` exclude.
#[derive(Clone, Debug, Default)]
pub struct Globs {
    include: Vec<globset::GlobMatcher>,
    exclude: Vec<globset::GlobMatcher>,
}

impl Globs {
    /// Reads `GLOB[,GLOB…]`, each optionally with a leading `!`. Only exclusions: everything else is included.
    pub fn parse(text: &str) -> Result<Self, globset::Error> {
        let mut globs = Self::default();
        for pattern in text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()) {
            match pattern.strip_prefix('!') {
                Some(excluded) => globs.exclude.push(globset::Glob::new(excluded)?.compile_matcher()),
                None => globs.include.push(globset::Glob::new(pattern)?.compile_matcher()),
            }
        }
        Ok(globs)
    }

    pub fn matches(&self, name: &str) -> bool {
        (self.include.is_empty() || self.include.iter().any(|glob| glob.is_match(name)))
            && !self.exclude.iter().any(|glob| glob.is_match(name))
    }
}

/// One tenant: a name and the namespaces that are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub name: Text,
    pub namespaces: Vec<Text>,
    /// Set when the tenant is one release among several in its namespace.
    pub release: Option<Text>,
}

impl TenantRule {
    /// All tenants the world holds, sorted by name.
    pub fn tenants(&self, world: &World) -> Vec<Tenant> {
        let mut found: BTreeMap<Text, Tenant> = BTreeMap::new();
        let mut add = |name: &Text, namespace: &Text, release: Option<Text>| {
            let tenant = found.entry(name.clone()).or_insert_with(|| Tenant {
                name: name.clone(),
                namespaces: Vec::new(),
                release,
            });
            if !tenant.namespaces.contains(namespace) {
                tenant.namespaces.push(namespace.clone());
            }
        };
        match self {
            Self::Pattern(patterns) => {
                for namespace in world.namespaces() {
                    if patterns.matches(&namespace) {
                        add(&namespace, &namespace, None);
                    }
                }
            }
            Self::Label(label) => {
                for object in world.of_kind(Kind::Namespace) {
                    if let Some(tenant) = object.meta.labels.get(label) {
                        add(&tenant.into(), &object.meta.name, None);
                    }
                }
            }
            Self::Release(patterns) => {
                for object in world.records() {
                    if let Some(release) = object.body.release()
                        && patterns.matches(&release.name)
                    {
                        add(&release.name, &object.meta.namespace, Some(release.name.clone()));
                    }
                }
            }
        }
        found.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_include_and_exclude() {
        for (globs, name, matches) in [
            ("*", "hasan-prod", true),
            ("!kube-*", "hasan-prod", true),
            ("!kube-*", "kube-system", false),
            ("*-prod,!bmw-*", "hasan-prod", true),
            ("*-prod,!bmw-*", "bmw-prod", false),
            ("*-prod", "hasan-stg", false),
        ] {
            assert_eq!(Globs::parse(globs).unwrap().matches(name), matches, "{globs} on {name}");
        }
        assert!(Globs::parse("[").is_err());
    }
}
