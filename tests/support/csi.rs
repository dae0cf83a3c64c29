//! CSI drivers on a control plane: the bookkeeping driver of the kit, the real provisioner, and the real attacher where
//! the driver attaches. The driver's list of volumes is the evidence of what was destroyed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::door::ask;
use super::kit::Kit;
use super::launch::words;
use super::process::{Room, Supervised};
use super::wait;

/// A driver that is not there after so long does not come.
const START: Duration = Duration::from_mins(1);

/// A failed call is tried again soon and never rarer than every second, so that two quiet seconds mean rest; a driver
/// that hangs is given up after two.
const PROVISIONER: &str = "--leader-election=false --retry-interval-start=200ms --retry-interval-max=1s --timeout=2s \
                           --kube-api-qps=200 --kube-api-burst=400 --worker-threads=20";
const ATTACHER: &str = "--leader-election=false --retry-interval-start=200ms --retry-interval-max=1s --timeout=2s \
                        --kube-api-qps=200 --kube-api-burst=400";

/// The driver of volumes whose provisioner does not run. It attaches nothing.
pub(crate) const DEAD_DRIVER: &str = "nobody.example.com";

/// Whether a driver attaches its volumes to nodes (`PUBLISH_UNPUBLISH_VOLUME`), which guards their disks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publishing {
    Attach,
    None,
}

/// What a driver does when it is told to destroy a volume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Obey,
    Fail,
    Hang,
}

/// The drivers that all trials of a plane share.
#[derive(Debug)]
pub(crate) struct Drivers {
    /// `disk.kit`: its volumes are attached to nodes.
    pub(crate) attaching: Driver,
    /// `share.kit`: its volumes are not, so nothing guards them.
    pub(crate) plain: Driver,
}

/// One driver with its provisioner.
#[derive(Debug)]
pub(crate) struct Driver {
    name: String,
    // The provisioner and the attacher are gone before the driver they talk to.
    provisioner: Mutex<Option<Supervised>>,
    attacher: Option<Supervised>,
    process: Supervised,
    books: PathBuf,
    launch: Launch,
}

/// The drivers' lists of volumes, read and written apart from the drivers. Clones lead to the same.
#[derive(Clone, Debug)]
pub(crate) struct Books(Vec<(String, PathBuf)>);

/// How the provisioner is called, to call it again.
#[derive(Debug)]
struct Launch {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Drivers {
    /// The handles of all volumes there are.
    pub(crate) fn volumes(&self) -> BTreeSet<String> {
        let mut volumes = self.attaching.volumes();
        volumes.extend(self.plain.volumes());
        volumes
    }

    pub(crate) fn books(&self) -> Books {
        let drivers = [&self.attaching, &self.plain].into_iter();
        Books(
            drivers
                .map(|driver| (driver.name.clone(), driver.books.clone()))
                .collect(),
        )
    }

    pub(super) fn processes(&self) -> impl Iterator<Item = &Supervised> {
        [&self.attaching, &self.plain]
            .into_iter()
            .flat_map(|driver| std::iter::once(&driver.process).chain(&driver.attacher))
    }
}

impl Books {
    /// All volumes there are, each as its driver's name and its handle.
    pub(crate) fn volumes(&self) -> Result<BTreeSet<String>, String> {
        self.0.iter().try_fold(BTreeSet::new(), |mut all, (name, books)| {
            all.extend(volumes(books)?.iter().map(|handle| format!("{name} {handle}")));
            Ok(all)
        })
    }

    /// Makes a disk of this driver that no provisioner knows of; of a driver that has no books nothing is made.
    pub(crate) fn make(&self, driver: &str, handle: &str) -> Result<(), String> {
        self.0
            .iter()
            .filter(|(name, _)| name == driver)
            .try_for_each(|(_, books)| put(books, "volumes", handle, ""))
    }

    /// Whether a driver of this name keeps books.
    pub(crate) fn keeps(&self, driver: &str) -> bool {
        self.0.iter().any(|(name, _)| name == driver)
    }
}

impl Driver {
    pub(super) fn start(
        room: &Room,
        kit: &Kit,
        kubeconfig: &Path,
        name: &str,
        publishing: Publishing,
    ) -> Result<Self, String> {
        let attach = publishing == Publishing::Attach;
        let socket = room.path(&format!("{name}.sock"));
        let books = room.path(&format!("{name}.books"));
        let arguments = [
            format!("--name={name}"),
            format!("--attach={attach}"),
            format!("--socket={}", socket.display()),
            format!("--books={}", books.display()),
        ];
        let process = Supervised::start(room, &format!("{name}-driver"), &kit.program("csi-driver"), &arguments)?;
        wait::until(&format!("the books of {name}"), START, || volumes(&books))
            .map_err(|why| format!("{why}\n{}", process.tail(20)))?;
        let called = |flags: &str| {
            let mut arguments = words(flags);
            arguments.push(format!("--csi-address={}", socket.display()));
            arguments.push(format!("--kubeconfig={}", kubeconfig.display()));
            arguments
        };
        let attacher = attach
            .then(|| {
                let program = kit.program("csi-attacher");
                Supervised::start(room, &format!("{name}-attacher"), &program, &called(ATTACHER))
            })
            .transpose()?;
        let driver = Self {
            name: name.to_owned(),
            provisioner: Mutex::new(None),
            attacher,
            process,
            books,
            launch: Launch {
                program: kit.program("csi-provisioner"),
                arguments: called(PROVISIONER),
            },
        };
        driver.launch(room)?;
        Ok(driver)
    }

    /// What classes and volumes call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The handles of the volumes there are.
    pub(crate) fn volumes(&self) -> BTreeSet<String> {
        volumes(&self.books).unwrap_or_else(|why| panic!("{why}"))
    }

    /// Makes a disk that no provisioner knows of, as an administrator would.
    pub(crate) fn make(&self, handle: &str) {
        self.put("volumes", handle, "");
    }

    /// What the driver is to do from now on when it is told to destroy this volume.
    pub(crate) fn order(&self, handle: &str, order: Order) {
        let word = match order {
            Order::Obey => "obey",
            Order::Fail => "fail",
            Order::Hang => "hang",
        };
        self.put("orders", handle, word);
    }

    /// Kills the provisioner. The driver and its volumes stay.
    pub(crate) fn stop_provisioner(&self) {
        drop(self.provisioner().take());
    }

    pub(super) fn launch(&self, room: &Room) -> Result<(), String> {
        let Launch { program, arguments } = &self.launch;
        let name = format!("{}-provisioner", self.name);
        *self.provisioner() = Some(Supervised::start(room, &name, program, arguments)?);
        Ok(())
    }

    /// The last lines its programs printed, for a trial that failed.
    pub(crate) fn tails(&self) -> String {
        let provisioner = self.provisioner();
        std::iter::once(&self.process)
            .chain(&self.attacher)
            .chain(provisioner.as_ref())
            .map(|process| format!("---- {}\n{}", process.name, process.tail(15)))
            .collect::<Vec<_>>()
            .join("\n")
    }

    fn put(&self, what: &str, handle: &str, body: &str) {
        put(&self.books, what, handle, body).unwrap_or_else(|why| panic!("{why}"));
    }

    fn provisioner(&self) -> MutexGuard<'_, Option<Supervised>> {
        // A trial that panicked while it held the lock left nothing half done here.
        self.provisioner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(books: &Path, what: &str, handle: &str, body: &str) -> Result<(), String> {
    let path = format!("/{what}/{handle}");
    match ask(books, "PUT", &path, body)? {
        (204, _) => Ok(()),
        (status, said) => Err(format!("PUT {path}: {status} {said}")),
    }
}

fn volumes(books: &Path) -> Result<BTreeSet<String>, String> {
    let (status, body) = ask(books, "GET", "/volumes", "")?;
    if status != 200 {
        return Err(format!("GET /volumes: {status} {body}"));
    }
    serde_json::from_str(&body).map_err(|error| format!("GET /volumes: {error}: {body}"))
}
