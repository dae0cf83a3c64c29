//! The disks behind a slot's volumes: directories by a look, CSI disks by their drivers' books.

use std::collections::BTreeSet;

use pilothouse::model::storage::Volume;
use pilothouse::model::{Kind, World};

use super::Slot;
use crate::picture;

impl Slot {
    /// The handles of the volumes whose disk is not there, among the directories and in the books.
    pub(super) fn missing(&self, world: &World, books: &BTreeSet<String>) -> BTreeSet<String> {
        let mut missing = picture::without_disk(world);
        for volume in world
            .of_kind(Kind::PersistentVolume)
            .filter_map(|object| object.body.volume())
        {
            let csi = volume.spec.csi.as_ref();
            let kept = csi.filter(|csi| self.books.keeps(&csi.driver));
            if kept.is_some() && !books.contains(&volume.spec.handle()) {
                missing.insert(volume.spec.handle());
            }
        }
        missing
    }

    /// All CSI disks there are, by driver and handle.
    pub(super) async fn disks_now(&self) -> Result<BTreeSet<String>, String> {
        let books = self.books.clone();
        let read = tokio::task::spawn_blocking(move || books.volumes()).await;
        read.map_err(|error| error.to_string())?
    }

    /// Whether the disk behind a volume is there. What a driver without books has is out of everybody's sight.
    pub(super) fn has_disk(&self, volume: &Volume, books: &BTreeSet<String>) -> bool {
        match &volume.spec.csi {
            Some(csi) => !self.books.keeps(&csi.driver) || books.contains(&volume.spec.handle()),
            None => picture::directory(volume),
        }
    }
}
