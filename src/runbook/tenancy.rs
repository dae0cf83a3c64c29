//! The tenant a runbook is about, as one look at the world sees it: its namespace, its release, and what is foreign to it.

use super::inventory::Inventory;
use super::saved::Saved;
use crate::diagnose::Look;
use crate::laws::ownership::{self, Root};
use crate::model::helm::{Home, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::{Kind, Object};
use std::sync::Arc;

/// A tenant in sight.
#[derive(Clone, Copy, Debug)]
pub struct Tenancy<'a> {
    pub look: Look<'a>,
    pub namespace: &'a str,
    /// The Helm release; `None` where the runbook names none.
    pub release: Option<&'a str>,
    /// What a step of the run took down, before anything went.
    pub inventory: Option<&'a Inventory>,
    /// The newest raft snapshot that the run took.
    pub saved: Option<&'a Saved>,
    /// In a plan: a step before takes one.
    pub saving: bool,
}

impl<'a> Tenancy<'a> {
    /// The tenant's objects of a kind, by name.
    pub(super) fn objects(self, kind: Kind) -> impl Iterator<Item = &'a Arc<Object>> {
        self.look.world.in_namespace(kind, self.namespace)
    }

    /// The volumes that the tenant's claims name, and those whose `claimRef` names a claim of the tenant, there or gone.
    pub(super) fn volumes(self) -> Vec<Arc<Object>> {
        let world = self.look.world;
        let named = self
            .objects(Kind::PersistentVolumeClaim)
            .filter_map(|claim| claim.body.claim())
            .filter_map(|claim| {
                world.get(&crate::model::Key::cluster(
                    Kind::PersistentVolume,
                    &claim.spec.volume_name,
                ))
            });
        let mut all: Vec<Arc<Object>> = named
            .chain(world.volumes_claimed_in(self.namespace))
            .map(Arc::clone)
            .collect();
        all.sort_by(|one, other| one.meta.name.cmp(&other.meta.name));
        all.dedup_by(|one, other| one.meta.name == other.meta.name);
        all
    }

    /// The tenant's release, wherever helm keeps its records; nothing where none is in sight. An error says why it cannot be
    /// told which one is meant.
    pub(super) fn home(self) -> Result<Option<Home>, String> {
        let Some(release) = self.release else {
            return Ok(None);
        };
        Home::called(self.look.world, self.namespace, release).map_err(|twofold| {
            format!("{twofold}: a runbook knows a release by its name. Uninstall the other one in the cockpit, its row under the cursor")
        })
    }

    /// The newest revision of the tenant's release.
    pub(super) fn newest(self) -> Result<Option<&'a Arc<Object>>, String> {
        let home = self.home()?;
        Ok(home.and_then(|home| home.newest(self.look.world)))
    }

    /// What cannot be seen of the tenant's release: of one that is there, of the records of its own kind alone; of one that is
    /// not, wherever there might be some.
    pub(super) fn blind(self) -> Option<String> {
        let gap = |kind: Kind| self.look.gap(kind, self.namespace);
        match self.home() {
            Ok(Some(home)) => gap(home.driver.kind()),
            Ok(None) | Err(_) => Kind::RECORDS.into_iter().find_map(gap),
        }
    }

    /// The object is not the release's: neither it nor its root owner carries the release's mark. Where the runbook names
    /// no release, whatever carries no release's mark is foreign.
    pub(super) fn foreign(self, object: &Object) -> bool {
        if self.marked(object) {
            return false;
        }
        match ownership::root(self.look.world, object) {
            Root::Known(root) => !self.marked(&root),
            Root::Itself | Root::Foreign(_) | Root::Dangling(_) => true,
        }
    }

    /// Helm's mark of this release on the very object; hooks carry no mark, and are the chart's all the same.
    fn marked(self, object: &Object) -> bool {
        let annotations = &object.meta.annotations;
        if annotations.get("helm.sh/hook").is_some() {
            return true;
        }
        let own = |release: &str| self.release.is_none_or(|wanted| wanted == release);
        let placed = annotations.get(RELEASE_NAMESPACE).is_none_or(|at| at == self.namespace);
        annotations.get(RELEASE_NAME).is_some_and(own) && placed
    }
}
