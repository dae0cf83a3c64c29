//! The kubelet's hand: a pod that runs has a process, a pod that is deleted goes when its process has ended. And whoever unseals.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::door;
use super::super::process::Supervised;
use super::{API, Ids, PEERS, Shared};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// What the pods' template gives a process to end by itself.
const GRACE: Duration = Duration::from_secs(5);
const MOMENT: Duration = Duration::from_millis(500);

/// What runs for one pod.
#[derive(Debug, Default)]
pub(super) enum Slot {
    #[default]
    Empty,
    Running {
        pod: String,
        disk: String,
        process: Supervised,
    },
    /// It was told to end.
    Ending { process: Supervised, since: Instant },
}

/// Starts and ends the processes, until it is over.
pub(super) fn tend(shared: &Shared) {
    let mut trouble = String::new();
    while !shared.is_over() {
        // an API server that is away changes nothing for what runs
        if let Err(why) = look(shared)
            && why != trouble
        {
            eprintln!("the Vaults of {}: {why}", shared.namespace);
            trouble = why;
        }
        std::thread::park_timeout(PAUSE);
    }
}

fn look(shared: &Shared) -> Result<(), String> {
    let (pods, claims) = (list(shared, "pods")?, list(shared, "persistentvolumeclaims")?);
    for peer in 0..PEERS {
        let name = format!("vault-{peer}");
        let pod = find(&pods, &name);
        let held = shared.held[peer].load(Ordering::Relaxed);
        let going = pod.is_some_and(|pod| pod["metadata"]["deletionTimestamp"].is_string());
        let runs = pod
            .filter(|pod| !held && !going && pod["status"]["phase"] == "Running")
            .and_then(|pod| pod["metadata"]["uid"].as_str());
        let volume = find(&claims, &format!("data-{name}")).and_then(|claim| claim["spec"]["volumeName"].as_str());
        let mut slots = shared.slots();
        let slot = &mut slots[peer];
        *slot = match std::mem::take(slot) {
            Slot::Empty => match (runs, volume) {
                (Some(pod), Some(volume)) if !shared.kept_down[peer].load(Ordering::Relaxed) => {
                    start(shared, peer, pod, volume)?
                }
                _ => Slot::Empty,
            },
            Slot::Running { pod, disk, process } if runs == Some(pod.as_str()) => Slot::Running { pod, disk, process },
            Slot::Running { process, .. } => {
                process.terminate();
                let since = Instant::now();
                Slot::Ending { process, since }
            }
            Slot::Ending { process, since } if since.elapsed() < GRACE && process.is_alive() => {
                Slot::Ending { process, since }
            }
            // what has not ended by itself is killed
            Slot::Ending { .. } => Slot::Empty,
        };
        if going && matches!(slot, Slot::Empty) {
            drop(slots);
            let path = format!("/api/v1/namespaces/{}/pods/{name}", shared.namespace);
            door::merge(
                &shared.door,
                &path,
                &json!({"metadata": {"labels": {"kit/lingers": null}}}),
            )?;
        }
    }
    Ok(())
}

fn list(shared: &Shared, resource: &str) -> Result<Vec<Value>, String> {
    let path = format!("/api/v1/namespaces/{}/{resource}", shared.namespace);
    let (status, body) = door::ask(&shared.door, "GET", &path, "")?;
    if status != 200 {
        return Err(format!("GET {path}: {status} {body}"));
    }
    let mut list: Value = serde_json::from_str(&body).map_err(|error| format!("GET {path}: {error}"))?;
    Ok(list["items"].as_array_mut().map(std::mem::take).unwrap_or_default())
}

fn find<'a>(objects: &'a [Value], name: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["metadata"]["name"] == name)
}

fn start(shared: &Shared, peer: usize, pod: &str, volume: &str) -> Result<Slot, String> {
    let disk = shared.disk(volume);
    std::fs::create_dir_all(&disk).map_err(|error| format!("no disk: {error}"))?;
    let name = |peer: usize| format!("vault-{peer}.vault-internal");
    let address = shared.network[peer];
    let id = match shared.ids {
        Ids::Fixed => json!({"node_id": format!("vault-{peer}")}),
        Ids::OfTheDisk => json!({}),
    };
    let mut raft = json!({
        "path": disk,
        "retry_join": (0..PEERS).map(|peer| json!({"leader_api_addr": format!("http://{}:{API}", name(peer))})).collect::<Vec<_>>(),
    });
    if let (Some(raft), Some(id)) = (raft.as_object_mut(), id.as_object()) {
        raft.extend(id.clone());
    }
    let config = json!({
        "disable_mlock": true,
        "api_addr": format!("http://{}:{API}", name(peer)),
        "cluster_addr": format!("https://{}:8201", name(peer)),
        "listener": {"tcp": {
            "address": format!("{address}:{API}"), "cluster_address": format!("{address}:8201"), "tls_disable": true,
        }},
        "storage": {"raft": raft},
    });
    let file = shared.room.path(&format!("vault-{peer}.json"));
    std::fs::write(&file, config.to_string()).map_err(|error| format!("no configuration: {error}"))?;
    let hosts: Vec<String> = (0..PEERS)
        .map(|peer| format!("{}={}", name(peer), shared.network[peer]))
        .collect();
    let arguments = [
        "-i".to_owned(),
        format!("HOME={}", shared.room.path("").display()),
        format!("KIT_HOSTS={}", hosts.join(",")),
        shared.program.display().to_string(),
        "server".to_owned(),
        format!("-config={}", file.display()),
    ];
    // env gives its place, and its pid, to the program
    let process = Supervised::start(
        &shared.room,
        &format!("vault-{peer}"),
        std::path::Path::new("/usr/bin/env"),
        &arguments,
    )?;
    Ok(Slot::Running {
        pod: pod.to_owned(),
        disk: volume.to_owned(),
        process,
    })
}

/// Gives the key to whoever is sealed, until it is over.
pub(super) fn unseal(shared: &Shared) {
    while !shared.is_over() {
        std::thread::park_timeout(PAUSE);
        let Some((key, _)) = shared.keys.get() else { continue };
        if !shared.unseals.load(Ordering::Relaxed) {
            continue;
        }
        for peer in 0..PEERS {
            // who does not answer is asked again
            let said = shared.ask(peer, MOMENT, ("GET", "/v1/sys/seal-status"), "", None);
            if said.is_ok_and(|said| said["sealed"] == true && said["initialized"] == true) {
                let given = json!({"key": key});
                shared
                    .ask(peer, MOMENT * 10, ("PUT", "/v1/sys/unseal"), "", Some(&given))
                    .map_or_else(drop, drop);
            }
        }
    }
}
