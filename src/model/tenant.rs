//! Tenants: which namespaces and releases belong together, by the operator's own rule.

use super::{Kind, Text, World};
use std::collections::BTreeMap;

/// How tenants are told apart; chosen in the configuration or by flags.
#[derive(Clone, Debug)]
pub enum TenantRule {
    /// Each namespace whose name matches one of the patterns is a tenant (`hasan-*`, `*`).
    Pattern(Vec<globset::GlobMatcher>),
    /// Namespaces that carry this label belong to the tenant its value names.
    Label(Text),
    /// Each Helm release whose name matches is a tenant, living in the release's namespace.
    Release(Vec<globset::GlobMatcher>),
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
                    if patterns.iter().any(|pattern| pattern.is_match(namespace.as_str())) {
                        add(&namespace, &namespace, None);
                    }
                }
            }
            Self::Label(label) => {
                for object in world.of_kind(Kind::Namespace) {
                    if let Some(tenant) = object.meta.labels.get(label) {
                        add(tenant, &object.meta.name, None);
                    }
                }
            }
            Self::Release(patterns) => {
                for object in world.of_kind(Kind::Release) {
                    if let Some(release) = object.body.release()
                        && patterns.iter().any(|pattern| pattern.is_match(release.name.as_str()))
                    {
                        add(&release.name, &object.meta.namespace, Some(release.name.clone()));
                    }
                }
            }
        }
        found.into_values().collect()
    }
}
