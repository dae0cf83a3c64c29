//! What a tenant's claims stand on, before and after: claim and volume by uid, and the disk by the driver's own books.

use std::collections::BTreeMap;

use crate::trial::{Trial, text, uid};

/// One claim with its volume and disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) claim: String,
    pub(crate) volume: String,
    pub(crate) volume_uid: String,
    pub(crate) handle: String,
}

/// By the claim's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Disks(pub(crate) BTreeMap<String, Disk>);

impl Disks {
    /// Fails unless each claim is bound, to a volume that says so too, on a disk that is in the books.
    pub(crate) fn of(trial: &Trial<'_>, claims: &[&str]) -> Self {
        let books = trial.plane.disks();
        let disk = |name: &&str| {
            let claim = trial.claim(name).unwrap_or_else(|| panic!("no claim {name}"));
            let volume = text(&claim["spec"]["volumeName"]);
            let object = trial
                .volume(volume)
                .unwrap_or_else(|| panic!("{name}: no volume {volume}"));
            let told = format!("{name}: {}\n{}", claim["status"], object);
            assert_eq!(claim["status"]["phase"], "Bound", "{told}");
            assert_eq!(object["status"]["phase"], "Bound", "{told}");
            let bound = &object["spec"]["claimRef"];
            assert_eq!(
                (text(&bound["namespace"]), text(&bound["name"]), text(&bound["uid"])),
                (trial.namespace.as_str(), *name, uid(&claim)),
                "{told}"
            );
            let handle = text(&object["spec"]["csi"]["volumeHandle"]).to_owned();
            assert!(books.contains(&handle), "{name}: the disk is destroyed: {told}");
            let disk = Disk {
                claim: uid(&claim).to_owned(),
                volume: volume.to_owned(),
                volume_uid: uid(&object).to_owned(),
                handle,
            };
            ((*name).to_owned(), disk)
        };
        Self(claims.iter().map(disk).collect())
    }

    /// Each claim by its name on the very volume it stood on, whichever object the claim is now.
    pub(crate) fn assert_the_same_volumes(&self, after: &Self) {
        let without_claim = |disks: &Self| -> Vec<(String, Disk)> {
            let disks = disks.0.iter().map(|(name, disk)| {
                let claim = String::new();
                (name.clone(), Disk { claim, ..disk.clone() })
            });
            disks.collect()
        };
        assert_eq!(without_claim(self), without_claim(after));
    }

    pub(crate) fn volume(&self, claim: &str) -> &str {
        &self.0[claim].volume
    }

    /// Every disk is in the driver's books, and every volume object there with its uid, whatever became of the claims.
    pub(crate) fn assert_all_there(&self, trial: &Trial<'_>) {
        let books = trial.plane.disks();
        for (name, disk) in &self.0 {
            assert!(books.contains(&disk.handle), "{name}: the disk is destroyed");
            let volume = trial
                .volume(&disk.volume)
                .unwrap_or_else(|| panic!("{name}: no volume {}", disk.volume));
            assert_eq!(uid(&volume), disk.volume_uid, "{name}: {volume}");
        }
    }
}
