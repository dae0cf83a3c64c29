//! A real Kubernetes control plane on loopback: what runs, how it is reached, how its API server is stopped and frozen.
//!
//! The controllers are the real ones. The kubelet is not: kwok moves pods through the stages of `stages.yaml`, so a
//! pod "runs" as soon as it is scheduled, whatever its volumes are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};

use super::csi::{Driver, Drivers, Publishing};
use super::door::{Api, Door};
use super::kit::Kit;
use super::kubelet;
use super::launch::{FOLLOWERS, api_server_arguments, etcd_arguments, free_ports, words};
use super::persons::{Person, Tokens, signing_key, write_private};
use super::postgres::Postgres;
use super::process::{Room, Supervised};
use super::run::{Programs, Ran};
use super::vault::Network;
use super::wait;

/// Everything that has to come up comes up within this, on a machine that also builds something.
const START: Duration = Duration::from_mins(2);
/// The lines of each log a failed test shows.
const TAIL: usize = 15;

/// The node all pods of the plane run on.
pub(crate) const NODE: &str = "node-0";

// Fields are dropped in this order: processes first, the room they write to last.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    door: Option<Door>,
    csi: OnceLock<Drivers>,
    postgres: OnceLock<Postgres>,
    followers: Vec<Supervised>,
    api_server: Mutex<Option<Supervised>>,
    etcd: Supervised,
    api_server_arguments: Vec<String>,
    server: String,
    /// Where the kubelet and the database listen.
    ports: [u16; 2],
    vaults: Network,
    kit: Kit,
    room: Room,
}

impl ControlPlane {
    /// Starts everything, and answers when a pod has been scheduled and runs.
    pub(crate) fn start(kit: Kit) -> Result<Self, String> {
        let room = Room::new("pilothouse-plane-")?;
        let [client, peer, api, kubelet, database] = free_ports()?;
        let etcd = Supervised::start(
            &room,
            "etcd",
            &kit.program("etcd"),
            &etcd_arguments(&room, client, peer),
        )?;

        let tokens = Tokens::draw()?;
        write_private(&room.path("tokens.csv"), &tokens.file())?;
        write_private(&room.path("signing.key"), &signing_key()?)?;
        let mut plane = Self {
            door: None,
            csi: OnceLock::new(),
            postgres: OnceLock::new(),
            followers: Vec::new(),
            api_server: Mutex::new(None),
            etcd,
            api_server_arguments: api_server_arguments(&room, client, api),
            server: format!("https://127.0.0.1:{api}"),
            ports: [kubelet, database],
            vaults: Network::claim()?,
            kit,
            room,
        };
        plane
            .bring_up(&tokens)
            .map_err(|why| format!("{why}\n{}", plane.tails()))?;
        Ok(plane)
    }

    fn bring_up(&mut self, tokens: &Tokens) -> Result<(), String> {
        self.launch_api_server()?;
        self.write_kubeconfigs(tokens)?;
        self.wait_for_api_server()?;
        self.open_door()?;
        self.start_followers()?;
        self.furnish()?;
        self.wait_for_a_running_pod()
    }

    /// Kills the API server. Everything else keeps running and keeps trying to reach it.
    pub(crate) fn stop_api_server(&self) {
        drop(self.api_server().take());
    }

    /// Starts the API server again on its port and with its etcd; answers when it is ready.
    pub(crate) fn start_api_server(&self) {
        self.launch_api_server()
            .and_then(|()| self.wait_for_api_server())
            .unwrap_or_else(|why| panic!("{why}\n{}", self.tails()));
    }

    /// Lets the API server hang: connections stay open, nothing is answered.
    pub(crate) fn freeze_api_server(&self) {
        self.api_server().as_ref().expect("an API server that runs").freeze();
    }

    pub(crate) fn thaw_api_server(&self) {
        self.api_server().as_ref().expect("an API server that runs").thaw();
    }

    /// The two CSI drivers that all trials share, started by the first that asks: one that attaches and one that does not.
    pub(crate) fn csi(&self) -> &Drivers {
        self.csi.get_or_init(|| Drivers {
            attaching: self.csi_driver("disk.kit", Publishing::Attach),
            plain: self.csi_driver("share.kit", Publishing::None),
        })
    }

    /// The handles of all disks that the shared CSI drivers have; none before they are asked for.
    pub(crate) fn disks(&self) -> BTreeSet<String> {
        self.csi.get().map(Drivers::volumes).unwrap_or_default()
    }

    /// The database that an exec into any pod is led to, started by the first trial that asks.
    pub(crate) fn postgres(&self) -> &Postgres {
        let [_, port] = self.ports;
        self.postgres.get_or_init(|| {
            Postgres::start(&self.room, &self.kit, port).unwrap_or_else(|why| panic!("{why}\n{}", self.tails()))
        })
    }

    /// Where Vaults listen.
    pub(super) fn vault_network(&self) -> &Network {
        &self.vaults
    }

    /// A CSI driver of one's own, with its provisioner, until the value is gone.
    pub(crate) fn csi_driver(&self, name: &str, publishing: Publishing) -> Driver {
        self.register_driver(name, publishing);
        Driver::start(
            &self.room,
            &self.kit,
            &self.kubeconfig(Person::Machinery),
            name,
            publishing,
        )
        .unwrap_or_else(|why| panic!("{why}\n{}", self.tails()))
    }

    /// Starts the provisioner of a driver that [`Driver::stop_provisioner`] ended.
    pub(crate) fn start_provisioner(&self, driver: &Driver) {
        driver
            .launch(&self.room)
            .unwrap_or_else(|why| panic!("{why}\n{}", driver.tails()));
    }

    /// `https://127.0.0.1:PORT`
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// The file that lets `person` in.
    pub(crate) fn kubeconfig(&self, person: Person) -> PathBuf {
        self.room.path(&format!("{}.kubeconfig", person.name()))
    }

    /// A path in the plane's own directory, which is removed at the end.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.room.path(name)
    }

    /// Runs kubectl as Anna.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Ran {
        self.run(Person::Anna, "kubectl", arguments, "")
    }

    /// Runs the newest Helm 3 as Anna.
    pub(crate) fn helm3(&self, arguments: &[&str]) -> Ran {
        self.run(Person::Anna, "helm3", arguments, "")
    }

    /// Runs the newest Helm 4 as Anna.
    pub(crate) fn helm4(&self, arguments: &[&str]) -> Ran {
        self.run(Person::Anna, "helm4", arguments, "")
    }

    /// Runs a program of the kit as somebody, in an environment that holds nothing of the machine's own.
    pub(crate) fn run(&self, person: Person, program: &str, arguments: &[&str], input: &str) -> Ran {
        self.run_on(&self.kubeconfig(person), program, arguments, input)
    }

    /// The same on any cluster that a kubeconfig leads to.
    pub(crate) fn run_on(&self, kubeconfig: &Path, program: &str, arguments: &[&str], input: &str) -> Ran {
        self.run_with(kubeconfig, program, arguments, input, &[])
    }

    /// The kit's programs, for whoever outlives a borrow of the plane.
    pub(crate) fn programs(&self) -> Programs {
        Programs {
            kit: self.kit.clone(),
            home: self.room.path("home"),
        }
    }

    /// The same with some variables of its environment set otherwise.
    pub(crate) fn run_with(
        &self,
        kubeconfig: &Path,
        program: &str,
        arguments: &[&str],
        input: &str,
        variables: &[(&str, &str)],
    ) -> Ran {
        self.programs().run(kubeconfig, program, arguments, input, variables)
    }

    /// Creates an object as Anna and gives back what the server made of it.
    pub(crate) fn create(&self, object: &Value) -> Value {
        self.api()
            .create("default", object)
            .unwrap_or_else(|why| panic!("{why}\n{object}"))
    }

    /// The object or list at an API path, or nothing if there is none.
    pub(crate) fn get(&self, path: &str) -> Option<Value> {
        self.api().get(path).unwrap_or_else(|why| panic!("{why}"))
    }

    /// The API server as Anna.
    pub(crate) fn api(&self) -> &Api {
        &self.door.as_ref().expect("a control plane that has started").api
    }

    /// The socket behind which `kubectl proxy` is Anna, in plain HTTP.
    pub(crate) fn door_socket(&self) -> &Path {
        &self.door.as_ref().expect("a control plane that has started").socket
    }

    /// What the programs said last, for a test that failed.
    pub(crate) fn tails(&self) -> String {
        let api_server = self.api_server();
        let tail = |process: &Supervised| {
            let state = if process.is_alive() { "running" } else { "ENDED" };
            format!("---- {} ({state})\n{}", process.name, process.tail(TAIL))
        };
        self.all(api_server.as_ref()).map(tail).collect::<Vec<_>>().join("\n")
    }

    fn all<'all>(&'all self, api_server: Option<&'all Supervised>) -> impl Iterator<Item = &'all Supervised> {
        let door = self.door.as_ref().map(|door| &door.process);
        let csi = self.csi.get().into_iter().flat_map(Drivers::processes);
        std::iter::once(&self.etcd)
            .chain(api_server)
            .chain(door)
            .chain(&self.followers)
            .chain(csi)
    }

    fn api_server(&self) -> std::sync::MutexGuard<'_, Option<Supervised>> {
        // A test that panicked while it held the lock left nothing half done here.
        self.api_server
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn launch_api_server(&self) -> Result<(), String> {
        let program = self.kit.program("kube-apiserver");
        let process = Supervised::start(&self.room, "kube-apiserver", &program, &self.api_server_arguments)?;
        *self.api_server() = Some(process);
        Ok(())
    }

    /// The API server makes its own certificate; nobody can have a kubeconfig before that.
    fn write_kubeconfigs(&self, tokens: &Tokens) -> Result<(), String> {
        let certificate = self.room.path("certificates/apiserver.crt");
        let authority = self.wait_for("the API server's certificate", || {
            let pem = fs::read(&certificate).map_err(|error| error.to_string())?;
            if pem.ends_with(b"-----END CERTIFICATE-----\n") {
                Ok(pem)
            } else {
                Err("half of it".to_owned())
            }
        })?;
        for person in Person::ALL {
            let kubeconfig = tokens.kubeconfig(person, &self.server, &authority);
            write_private(&self.kubeconfig(person), &kubeconfig)?;
        }
        Ok(())
    }

    fn wait_for_api_server(&self) -> Result<(), String> {
        self.wait_for("a ready API server", || {
            let ran = self.run(Person::Machinery, "kubectl", &["get", "--raw", "/readyz"], "");
            if ran.success { Ok(()) } else { Err(ran.stderr) }
        })
    }

    fn open_door(&mut self) -> Result<(), String> {
        let kubeconfig = self.kubeconfig(Person::Anna);
        let door = Door::open(&self.room, &self.kit.program("kubectl"), &kubeconfig)?;
        self.wait_for("the door", || door.api.get("/version").map(drop))?;
        self.door = Some(door);
        Ok(())
    }

    fn start_followers(&mut self) -> Result<(), String> {
        let kubeconfig = self.kubeconfig(Person::Machinery).display().to_string();
        let kwok = kubelet::arguments(&self.room, &self.kit, self.ports, &self.vaults)?;
        let others = FOLLOWERS.map(|(name, flags)| (name, words(flags)));
        for (name, mut arguments) in others.into_iter().chain([("kwok", kwok)]) {
            arguments.push(format!("--kubeconfig={kubeconfig}"));
            self.followers.push(Supervised::start(
                &self.room,
                name,
                &self.kit.program(name),
                &arguments,
            )?);
        }
        Ok(())
    }

    /// The node, and what the viewer may see beyond the built-in role.
    fn furnish(&self) -> Result<(), String> {
        let cluster_wide = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "view-cluster"},
            "rules": [
                {"apiGroups": [""], "resources": ["nodes", "persistentvolumes"], "verbs": ["get", "list", "watch"]},
                {"apiGroups": ["storage.k8s.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
            ],
        });
        let bind = |role: &str| {
            json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
                "metadata": {"name": format!("viewer-{role}")},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": Person::Viewer.name()}],
            })
        };
        let room = json!({"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "1000"});
        // A kubelet says so of its node, or the attach/detach controller leaves it alone.
        let attaching = json!({"volumes.kubernetes.io/controller-managed-attach-detach": "true"});
        let node = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": NODE, "annotations": attaching,
                "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"},
            },
            "status": {"allocatable": room, "capacity": room},
        });
        let csi_node = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "CSINode",
            "metadata": {"name": NODE}, "spec": {"drivers": []},
        });
        for object in [cluster_wide, bind("view"), bind("view-cluster"), node, csi_node] {
            let ran = self.run(
                Person::Machinery,
                "kubectl",
                &["create", "-f", "-"],
                &object.to_string(),
            );
            if !ran.success {
                return Err(ran.to_string());
            }
        }
        Ok(())
    }

    /// What a driver's deployment and its part on the node would write.
    fn register_driver(&self, name: &str, publishing: Publishing) {
        self.create(&json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": name},
            "spec": {"attachRequired": publishing == Publishing::Attach, "podInfoOnMount": false},
        }));
        let on_node = json!({"spec": {"drivers": [{"name": name, "nodeID": NODE, "topologyKeys": []}]}});
        self.kubectl(&["patch", "csinode", NODE, "--patch", &on_node.to_string()])
            .ok();
    }

    /// A pod that runs proves the controller manager (it takes the node's taint away), the scheduler and kwok at once.
    fn wait_for_a_running_pod(&self) -> Result<(), String> {
        let pod = json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "first", "namespace": "kube-system"},
            "spec": {"containers": [{"name": "main", "image": "none"}]},
        });
        let ran = self.run(Person::Machinery, "kubectl", &["create", "-f", "-"], &pod.to_string());
        if !ran.success {
            return Err(ran.to_string());
        }
        let path = "/api/v1/namespaces/kube-system/pods/first";
        self.wait_for("a running pod", || {
            let status = &self.get(path).ok_or("no pod")?["status"];
            if status["phase"] == "Running" {
                Ok(())
            } else {
                Err(status.to_string())
            }
        })?;
        let ran = self.kubectl(&["delete", "--raw", path]);
        if ran.success { Ok(()) } else { Err(ran.to_string()) }
    }

    /// Waits for something that can never come once a process has ended, so does not wait on then.
    fn wait_for<T>(&self, what: &str, mut look: impl FnMut() -> Result<T, String>) -> Result<T, String> {
        wait::until(what, START, || match self.ended() {
            Some(name) => Ok(Err(format!("{what}: {name} has ended"))),
            None => look().map(Ok),
        })?
    }

    fn ended(&self) -> Option<String> {
        let api_server = self.api_server();
        self.all(api_server.as_ref())
            .find(|process| !process.is_alive())
            .map(|process| process.name.clone())
    }
}
