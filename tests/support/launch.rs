//! How the programs of the control plane are called: their flags and their ports, all on loopback.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use super::process::Room;

/// What follows the API server besides the kubelet, and how it is called beside its kubeconfig.
pub(super) const FOLLOWERS: [(&str, &str); 2] = [
    (
        "kube-controller-manager",
        // The binder looks at everything again every second, not every 15, so that two quiet seconds mean rest.
        // A node whose kubelet is late on a machine that also builds something is not a dead one.
        "--leader-elect=false --use-service-account-credentials=false --secure-port=0 \
         --controllers=*,-serviceaccount-token-controller --pvclaimbinder-sync-period=1s \
         --node-monitor-grace-period=5m --kube-api-qps=2000 --kube-api-burst=4000",
    ),
    (
        "kube-scheduler",
        "--leader-elect=false --secure-port=0 --kube-api-qps=2000 --kube-api-burst=4000",
    ),
];

pub(super) fn etcd_arguments(room: &Room, client: u16, peer: u16) -> Vec<String> {
    let (client, peer) = (format!("http://127.0.0.1:{client}"), format!("http://127.0.0.1:{peer}"));
    vec![
        format!("--data-dir={}", room.path("etcd").display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        "--unsafe-no-fsync".to_owned(),
    ]
}

pub(super) fn api_server_arguments(room: &Room, etcd: u16, port: u16) -> Vec<String> {
    let signing_key = room.path("signing.key");
    let mut arguments = words(
        "--bind-address=127.0.0.1 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none \
         --service-cluster-ip-range=10.0.0.0/24 --service-account-issuer=https://kubernetes.default.svc \
         --disable-admission-plugins=ServiceAccount --authorization-mode=RBAC --allow-privileged",
    );
    arguments.extend([
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", room.path("certificates").display()),
        format!("--token-auth-file={}", room.path("tokens.csv").display()),
        format!("--service-account-key-file={}", signing_key.display()),
        format!("--service-account-signing-key-file={}", signing_key.display()),
    ]);
    arguments
}

pub(super) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Ports nobody listens on, below the range the system hands out for outgoing connections.
///
/// Out of that range a port could be gone when the API server comes back to it: one of the many clients that keep
/// trying to reach it may have been given that very port as its own end.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N], String> {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 10_000;
    // What was found is not found again in this process: two control planes may be starting, and neither listens yet.
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Test binaries that start at the same time look in different places first.
    let offset = u16::try_from(std::process::id() * 7 % u32::from(COUNT)).unwrap_or_default();
    let free = |_| {
        let port = FIRST + (offset + TAKEN.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok().then_some(port)
    };
    let ports: Vec<u16> = (0..COUNT).filter_map(free).take(N).collect();
    <[u16; N]>::try_from(ports).map_err(|found| format!("no {N} free ports on loopback, only {found:?}"))
}
