//! The control that costs nothing to write: kube's own reflector on k8s-openapi's full types, one a kind, in a process
//! of its own. Helm's Secrets are left out, in its favour: whole, they would be several times everything else.

use super::clock::Instant;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kube::runtime::{WatchStreamExt as _, reflector, watcher};
use kube::{Api, Client, Config, Resource};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::io::Read as _;
use std::process::ExitCode;
use tokio::task::JoinSet;

/// What it prints when every list is in.
#[derive(Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) ready_ns: u64,
    objects: usize,
}

/// `naive URL`: reflects everything, prints one line when all lists are in, and goes on until standard input ends.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let url = arguments.first().map(|url| url.parse());
    let Some(Ok(url)) = url else {
        eprintln!("naive: needs the server's address");
        return ExitCode::from(2);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("naive: {error}");
            return ExitCode::FAILURE;
        }
    };
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        drop(std::io::stdin().read_to_end(&mut nothing));
        std::process::exit(0);
    });
    match runtime.block_on(reflect_all(Config::new(url))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("naive: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn reflect_all(config: Config) -> Result<(), kube::Error> {
    let client = Client::try_from(config)?;
    let mut kept = JoinSet::new();
    let mut ready = JoinSet::new();
    macro_rules! reflect {
        ($($kind:ty),*) => { $( reflect::<$kind>(&client, &mut kept, &mut ready); )* };
    }
    reflect!(
        Namespace,
        Node,
        StorageClass,
        PersistentVolume,
        VolumeAttachment,
        PersistentVolumeClaim,
        Pod,
        Job,
        CronJob,
        StatefulSet,
        Deployment,
        ReplicaSet,
        DaemonSet
    );
    let mut objects = 0;
    while let Some(count) = ready.join_next().await {
        objects += count.unwrap_or(0);
    }
    let line = Line {
        ready_ns: Instant::now().0,
        objects,
    };
    println!("{}", serde_json::to_string(&line).unwrap_or_default());
    while kept.join_next().await.is_some() {}
    Ok(())
}

/// One reflector; `ready` ends with how many objects its first list had.
fn reflect<K>(client: &Client, kept: &mut JoinSet<()>, ready: &mut JoinSet<usize>)
where
    K: Resource<DynamicType = ()> + Clone + Debug + DeserializeOwned + Send + Sync + 'static,
{
    let (store, writer) = reflector::store::<K>();
    let events = watcher(Api::<K>::all(client.clone()), watcher::Config::default());
    let reflected = events.default_backoff().reflect(writer);
    kept.spawn(async move {
        let mut reflected = std::pin::pin!(reflected);
        while futures::StreamExt::next(&mut reflected).await.is_some() {}
    });
    ready.spawn(async move {
        match store.wait_until_ready().await {
            Ok(()) => store.state().len(),
            Err(_gone) => 0,
        }
    });
}
