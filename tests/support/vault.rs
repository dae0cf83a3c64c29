//! Real Vaults behind the pods `vault-0` to `vault-2` of a StatefulSet on the plane: one process a pod, on a disk that belongs to
//! the volume its claim is bound to, so that a new volume is an empty disk. It knows the API server and the processes, and
//! nothing of Pilothouse.
//!
//! Every peer has a loopback address of its own, where it listens on Vault's own ports, and is called by a name, as on a cluster;
//! the kit's Vault looks such names up in a list. kwok leads the port-forward of a pod to its peer's address.

pub(crate) mod client;
mod hand;
mod manifest;
mod network;
mod wire;

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) use client::Client;
use hand::Slot;
pub(crate) use manifest::set;
pub(crate) use network::Network;

use super::plane::ControlPlane;
use super::process::Room;
use super::wait;

pub(crate) const PEERS: usize = 3;
/// What Vault does of its own accord, it does within this, on a machine that also builds something.
const LIMIT: Duration = Duration::from_mins(2);
/// One answer, of a Vault that is well.
const ANSWER: Duration = Duration::from_secs(10);
const API: u16 = 8200;

/// How the peers of a set come by their raft ids (`reference/raft.md` §5b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids {
    /// The pod's name: `setNodeId: true`.
    Fixed,
    /// Made up, and kept on the volume: the chart's default.
    OfTheDisk,
}

/// Three Vaults in a namespace, and the hand that starts and stops them with their pods, until the value is gone.
pub(crate) struct Vaults {
    threads: Vec<std::thread::JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// What the threads share.
struct Shared {
    namespace: String,
    ids: Ids,
    network: [Ipv4Addr; PEERS],
    program: PathBuf,
    /// The plane's door to its API server.
    door: PathBuf,
    over: AtomicBool,
    /// A peer that comes up sealed is unsealed, as auto-unseal would.
    unseals: AtomicBool,
    /// These are ended, and not started.
    held: [AtomicBool; PEERS],
    /// These are not started.
    kept_down: [AtomicBool; PEERS],
    /// The key share and the root token; in memory only.
    keys: OnceLock<(String, String)>,
    slots: Mutex<[Slot; PEERS]>,
    // dropped last: the processes write to it
    room: Room,
}

impl Vaults {
    /// Makes the set on this class, waits for its pods, initialises the first Vault, and waits until three vote.
    pub(crate) fn start(plane: &ControlPlane, namespace: &str, class: &str, ids: Ids) -> Self {
        let shared = Arc::new(Shared {
            namespace: namespace.to_owned(),
            ids,
            network: plane.vault_network().of(namespace),
            program: plane.programs().kit.program("vault"),
            door: plane.door_socket().to_owned(),
            over: AtomicBool::new(false),
            unseals: AtomicBool::new(true),
            held: Default::default(),
            kept_down: Default::default(),
            keys: OnceLock::new(),
            slots: Mutex::default(),
            room: Room::new("pilothouse-vaults-").unwrap_or_else(|why| panic!("{why}")),
        });
        for mut object in [manifest::service(), set(class, ids)] {
            object["metadata"]["namespace"] = json!(namespace);
            plane.create(&object);
        }
        let begin = |work: fn(&Shared)| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || work(&shared))
        };
        let vaults = Self {
            threads: vec![begin(hand::tend), begin(hand::unseal)],
            shared,
        };
        vaults.initialise();
        vaults
    }

    fn initialise(&self) {
        let asked = json!({"secret_shares": 1, "secret_threshold": 1});
        self.until("three Vaults that answer", || {
            // before every peer is there the first one would be asked while it still looks for the others
            (0..PEERS).try_for_each(|peer| self.asked_without(peer, "GET", "/v1/sys/seal-status").map(drop))
        });
        // it elects itself on the way
        let made = self.shared.ask(0, LIMIT, ("PUT", "/v1/sys/init"), "", Some(&asked));
        let made = made.unwrap_or_else(|why| panic!("{why}\n{}", self.tails()));
        let word = |pointer: &str| {
            made.pointer(pointer)
                .and_then(Value::as_str)
                .expect("a word")
                .to_owned()
        };
        self.shared
            .keys
            .set((word("/keys/0"), word("/root_token")))
            .expect("initialised once");
        self.until_voters();
        self.until("a place for secrets", || {
            self.led("POST", "/v1/sys/mounts/kv", &json!({"type": "kv"}))
        });
    }

    /// Waits until all peers vote and answer.
    pub(crate) fn until_voters(&self) {
        self.until("three voters", || {
            let told = self.led("GET", "/v1/sys/storage/raft/configuration", &Value::Null)?;
            let servers = told.pointer("/data/config/servers").and_then(Value::as_array);
            let servers = servers.ok_or("no servers")?;
            let voters = servers.iter().filter(|server| server["voter"] == true).count();
            for peer in 0..PEERS {
                let status = self.asked_without(peer, "GET", "/v1/sys/seal-status")?;
                if status["sealed"] != false {
                    return Err(format!("vault-{peer} is sealed: {status}"));
                }
            }
            if (voters, servers.len()) == (PEERS, PEERS) {
                Ok(Value::Null)
            } else {
                Err(told.to_string())
            }
        });
    }

    /// The token that may all.
    pub(crate) fn root(&self) -> &str {
        &self.shared.keys.get().expect("initialised").1
    }

    /// Asks one peer with the root token.
    pub(crate) fn ask(&self, peer: usize, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = (!body.is_null()).then_some(body);
        self.shared.ask(peer, ANSWER, (method, path), self.root(), body)
    }

    /// Asks the peer that leads.
    pub(crate) fn led(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        self.ask(self.leader().ok_or("nobody leads")?, method, path, body)
    }

    fn asked_without(&self, peer: usize, method: &str, path: &str) -> Result<Value, String> {
        self.shared.ask(peer, ANSWER, (method, path), "", None)
    }

    /// Which peer says that it leads; the first of them.
    pub(crate) fn leader(&self) -> Option<usize> {
        (0..PEERS).find(|peer| self.shared.leads(*peer))
    }

    /// Makes a policy of these paths with `read`, and a token of it and of nothing else but the default policy.
    pub(crate) fn token_for(&self, name: &str, paths: &[&str]) -> String {
        let rules = paths
            .iter()
            .map(|path| format!("path \"{path}\" {{ capabilities = [\"read\"] }}"));
        let rules = rules.collect::<Vec<_>>().join("\n");
        let policy = format!("/v1/sys/policies/acl/{name}");
        self.led("PUT", &policy, &json!({"policy": rules})).expect("a policy");
        let made = self.led(
            "POST",
            "/v1/auth/token/create",
            &json!({"policies": [name], "ttl": "1h"}),
        );
        let made = made.expect("a token");
        made["auth"]["client_token"].as_str().expect("a token").to_owned()
    }

    pub(crate) fn revoke(&self, token: &str) {
        self.led("POST", "/v1/auth/token/revoke", &json!({"token": token}))
            .expect("revoked");
    }

    /// The process stops in its tracks: it takes connections and says nothing.
    pub(crate) fn freeze(&self, peer: usize) {
        self.process(peer, super::process::Supervised::freeze);
    }

    pub(crate) fn thaw(&self, peer: usize) {
        self.process(peer, super::process::Supervised::thaw);
    }

    fn process(&self, peer: usize, act: fn(&super::process::Supervised)) {
        match &self.shared.slots()[peer] {
            Slot::Running { process, .. } => act(process),
            slot => panic!("vault-{peer} does not run: {slot:?}"),
        }
    }

    /// Once it has ended it is not started again.
    pub(crate) fn keep_down(&self, peer: usize) {
        self.shared.kept_down[peer].store(true, Ordering::Relaxed);
    }

    /// Ends the process and keeps it from being started; its pod knows nothing of it.
    pub(crate) fn hold(&self, peer: usize) {
        self.shared.held[peer].store(true, Ordering::Relaxed);
        self.until("its process to end", || match &self.shared.slots()[peer] {
            Slot::Empty => Ok(Value::Null),
            slot => Err(format!("{slot:?}")),
        });
    }

    pub(crate) fn release(&self, peer: usize) {
        self.shared.held[peer].store(false, Ordering::Relaxed);
        self.shared.kept_down[peer].store(false, Ordering::Relaxed);
    }

    /// Empties the disk under a peer, as a new file system would, and starts it again.
    pub(crate) fn wipe(&self, peer: usize) {
        let disk = match &self.shared.slots()[peer] {
            Slot::Running { disk, .. } => self.shared.disk(disk),
            slot => panic!("vault-{peer} does not run: {slot:?}"),
        };
        self.hold(peer);
        std::fs::remove_dir_all(disk).expect("a disk");
        self.release(peer);
    }

    /// Whether peers that come up sealed are unsealed.
    pub(crate) fn unsealing(&self, on: bool) {
        self.shared.unseals.store(on, Ordering::Relaxed);
    }

    /// A client that writes a secret and reads it back every 100 ms, until it is told to finish.
    pub(crate) fn client(&self) -> Client {
        Client::start(Arc::clone(&self.shared), self.root().to_owned())
    }

    /// Waits until Vault says something.
    pub(crate) fn until<T>(&self, what: &str, look: impl FnMut() -> Result<T, String>) -> T {
        wait::until(what, LIMIT, look).unwrap_or_else(|why| panic!("{why}\n{}", self.tails()))
    }

    /// What each process said last.
    pub(crate) fn tails(&self) -> String {
        let slots = self.shared.slots();
        let tail = |(peer, slot): (usize, &Slot)| match slot {
            Slot::Running { process, .. } => format!("---- vault-{peer}\n{}", process.tail(12)),
            slot => format!("---- vault-{peer}: {slot:?}"),
        };
        slots.iter().enumerate().map(tail).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Vaults {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            if thread.join().is_err() {
                eprintln!("a thread of the Vaults in {} panicked", self.shared.namespace);
            }
        }
        // the threads are gone, so these are the last
        *self.shared.slots() = Default::default();
    }
}

impl Shared {
    fn slots(&self) -> MutexGuard<'_, [Slot; PEERS]> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory of a volume's disk.
    fn disk(&self, volume: &str) -> PathBuf {
        self.room.path("disks").join(volume)
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    fn ask(
        &self,
        peer: usize,
        limit: Duration,
        (method, path): (&str, &str),
        token: &str,
        body: Option<&Value>,
    ) -> Result<Value, String> {
        let (status, answer) = wire::ask((self.network[peer], API), limit, (method, path), token, body)?;
        if (200..300).contains(&status) {
            Ok(answer)
        } else {
            Err(format!("{method} {path} of vault-{peer}: {status} {answer}"))
        }
    }

    fn leads(&self, peer: usize) -> bool {
        let said = self.ask(peer, Duration::from_millis(300), ("GET", "/v1/sys/leader"), "", None);
        said.is_ok_and(|said| said["is_self"] == true)
    }
}
