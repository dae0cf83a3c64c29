//! The kit's kubelet, kwok: how it is called, how its pods come and go, where a port-forward into one of them leads, and what an
//! exec runs. There is no container: a command runs on this machine, with what leads it to the plane's own database in its environment.

use std::fmt::Write as _;

use super::kit::Kit;
use super::launch::words;
use super::persons::write_private;
use super::postgres;
use super::process::Room;
use super::vault::Network;

/// How it is called beside its kubeconfig, and the files it is told by.
///
/// The API server's own certificate serves: it asks no kubelet who it is.
pub(super) fn arguments(
    room: &Room,
    kit: &Kit,
    [port, database]: [u16; 2],
    vaults: &Network,
) -> Result<Vec<String>, String> {
    let stages = room.path("stages.yaml");
    write_private(&stages, include_str!("stages.yaml"))?;
    let execs = room.path("execs.yaml");
    write_private(&execs, &exec(kit, database))?;
    let forwards = room.path("forwards.yaml");
    write_private(&forwards, &vaults.forwards())?;
    let certificate = room.path("certificates");
    let mut arguments = words("--manage-all-nodes --node-ip=127.0.0.1");
    arguments.extend([
        format!("--node-port={port}"),
        format!("--server-address=127.0.0.1:{port}"),
        format!("--tls-cert-file={}", certificate.join("apiserver.crt").display()),
        format!("--tls-private-key-file={}", certificate.join("apiserver.key").display()),
        format!("--config={}", stages.display()),
        format!("--config={}", execs.display()),
        format!("--config={}", forwards.display()),
    ]);
    Ok(arguments)
}

/// Any command in any pod.
fn exec(kit: &Kit, database: u16) -> String {
    let mut text =
        "apiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterExec\nmetadata: { name: local }\nspec:\n  execs:\n  - \
                    local:\n      envs:\n"
            .to_owned();
    for (name, value) in postgres::environment(kit, database) {
        // writing to a String cannot fail
        writeln!(text, "      - {{ name: {name}, value: {value:?} }}").unwrap_or_default();
    }
    text
}
