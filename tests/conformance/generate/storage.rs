//! Classes, volumes, claims and the pods on them: made by hand and provisioned, by drivers that attach, that do not, and
//! that are gone.

use pilothouse::model::Kind;
use pilothouse::model::storage::{DEFAULT_CLASS, EXTERNAL_PROVISIONER};

use super::Draw;
use crate::case::{DEFAULT, Deed, Line, Place, Verb};
use crate::manifest::{ATTACHING, PLAIN};
use crate::support::csi::DEAD_DRIVER;

use Kind::{PersistentVolume, PersistentVolumeClaim as Claim, Pod, StorageClass};

impl Draw {
    /// A class; one of four of them may be a target.
    fn add_class(&mut self, name: &str, line: Line) -> String {
        let line = self.finalizers(line, 40);
        if self.one_in(4) {
            self.put(line);
        } else {
            self.lines.push(line);
        }
        name.to_owned()
    }

    /// A class that provisions nothing.
    pub(super) fn class(&mut self) -> String {
        let class = self.fresh("class");
        let line = self.new_class(&class);
        self.add_class(&class, line)
    }

    fn new_class(&mut self, class: &str) -> Line {
        let binding = if self.one_in(4) {
            "WaitForFirstConsumer"
        } else {
            "Immediate"
        };
        Line::new(StorageClass, Place::cluster(class)).with("binding", binding)
    }

    /// A class whose driver makes the volumes.
    pub(super) fn provisioning_class(&mut self) -> String {
        let class = self.fresh("class");
        let driver = self.any(&[PLAIN, PLAIN, ATTACHING, ATTACHING, ATTACHING, DEAD_DRIVER]);
        let policy = self.any(&["Delete", "Delete", "Delete", "Retain", "Retain"]);
        let line = self
            .new_class(&class)
            .with("provisioner", driver)
            .with("policy", policy);
        self.add_class(&class, line)
    }

    pub(super) fn volume(&mut self, class: &str, size: u32) -> Line {
        let name = self.fresh("disk");
        let policy = self.any(&["Retain", "Retain", "Delete"]);
        let source = self.any(&["tmp", "tmp", "elsewhere", "nfs", "csi", "csi"]);
        let mut line = Line::new(PersistentVolume, Place::cluster(&name))
            .with("class", class)
            .with("size", size.to_string())
            .with("policy", policy)
            .with("source", source);
        if source == "csi" {
            let driver = self.any(&[PLAIN, ATTACHING, DEAD_DRIVER]);
            line = line.with("driver", driver);
            // left by a provisioner that was there once
            if driver == DEAD_DRIVER && policy == "Delete" && self.one_in(2) {
                return line.with("finalizers", EXTERNAL_PROVISIONER);
            }
        }
        self.finalizers(line, 20)
    }

    /// A claim, mostly with a volume that is its own, in one of the ways there are; gives back its name.
    pub(super) fn claim(&mut self, namespace: &str) -> String {
        let name = self.fresh("data");
        let claim = Line::new(Claim, Place::new(namespace, &name));
        let claim = if self.one_in(3) {
            let class = self.provisioning_class();
            self.expect(2, PersistentVolume, Place::new(namespace, &name));
            claim.with("class", class).with("size", "1")
        } else {
            self.bound_by_hand(claim)
        };
        let claim = self.finalizers(claim, 12);
        self.put(claim);
        name
    }

    fn bound_by_hand(&mut self, claim: Line) -> Line {
        let class = self.class();
        let own = claim.place.to_string();
        let claim = claim.with("class", class.as_str()).with("size", "1");
        let claim = match self.rng.u32(..8) {
            0 => claim, // stays Pending
            1 => {
                let volume = self.volume(&class, 1);
                let name = volume.place.name.clone();
                self.put(volume);
                claim.with("volume", name)
            }
            2 => {
                let volume = self.volume(&class, 1).with("reserved", own);
                self.put(volume);
                claim
            }
            3 => {
                let tier = self.any(&["fast", "fast", "slow"]);
                let volume = self.volume(&class, 1).with("tier", tier);
                self.put(volume);
                claim.with("selects", "fast")
            }
            _ => {
                let volume = self.volume(&class, 1);
                self.put(volume);
                claim
            }
        };
        if self.one_in(4) {
            let spare = self.volume(&class, 5);
            self.put(spare);
        }
        claim
    }

    pub(super) fn storage(&mut self, namespace: &str) {
        let claim = self.claim(namespace);
        let guarded = self.one_in(5).then(|| self.fresh("app"));
        for _ in 0..self.rng.u32(..3) {
            self.pod_of(namespace, &claim, None, guarded.as_deref());
        }
        if let Some(app) = guarded {
            self.budget(namespace, &app);
        }
    }

    pub(super) fn pod(&mut self, namespace: &str, claims: &str, owner: Option<String>) -> String {
        self.pod_of(namespace, claims, owner, None)
    }

    fn pod_of(&mut self, namespace: &str, claims: &str, owner: Option<String>, app: Option<&str>) -> String {
        let name = self.fresh("user");
        let mut pod = Line::new(Pod, Place::new(namespace, &name));
        if !claims.is_empty() {
            pod = pod.with("claims", claims);
        }
        if self.one_in(5) {
            pod = pod.with("ends", "completed");
        }
        if let Some(owner) = owner {
            pod = pod.with("owners", owner);
        }
        if let Some(app) = app {
            pod = pod.with("app", app);
        }
        let pod = self.finalizers(pod, 10);
        self.put(pod);
        name
    }

    /// A volume whose claim is long gone, or one that is reserved for a claim that is not there.
    pub(super) fn leftover(&mut self, namespace: &str) {
        let class = self.class();
        let name = self.fresh("gone");
        let how = self.any(&["claimed", "claimed", "reserved"]);
        let volume = self.volume(&class, 1).with(how, format!("{namespace}/{name}"));
        self.put(volume);
        if self.one_in(2) {
            let claim = Line::new(Claim, Place::new(namespace, &name))
                .with("class", class.as_str())
                .with("size", "1");
            self.put(claim);
        }
    }

    /// A claim without a class, and a class that becomes the default one after it or was so before. A fact of the whole
    /// cluster: such a case stands alone, and no other has claims without a class.
    pub(super) fn default_class(&mut self) -> Vec<Deed> {
        let class = self.fresh("class");
        let mut line = self.new_class(&class);
        let provisions = self.one_in(2);
        if provisions {
            line = line.with("provisioner", self.any(&[PLAIN, ATTACHING]));
        } else {
            let volume = self.volume(&class, 1);
            self.put(volume);
        }
        let late = !self.one_in(3);
        if !late {
            line = line.with("default", "true");
        }
        self.lines.push(line);
        let name = self.fresh("data");
        let claim = Line::new(Claim, Place::new("a", &name)).with("class", DEFAULT);
        self.put(claim);
        for _ in 0..self.rng.u32(..2) {
            self.pod("a", &name, None);
        }
        let mut acts = self.acts();
        if late {
            let first = Deed {
                verb: Verb::Annotate(DEFAULT_CLASS.to_owned(), Some("true".to_owned())),
                kind: StorageClass,
                place: Place::cluster(&class),
            };
            acts.insert(0, first);
            acts.truncate(3);
        }
        acts
    }
}
