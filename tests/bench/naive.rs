//! The control that costs nothing to write: kube's own reflector on k8s-openapi's full types, one a kind, in a process
//! of its own. Helm's Secrets are left out, in its favour: whole, they would be several times everything else.

use super::clock::Instant;
use super::control::Ready;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::{StorageClass, VolumeAttachment};
use kube::runtime::{WatchStreamExt as _, reflector, watcher};
use kube::{Api, Client, Config, Resource};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use tokio::task::JoinSet;

/// Reflects everything, prints one line when all lists are in, and goes on.
pub(crate) async fn reflect_all(url: &str) -> Result<(), String> {
    let url = url.parse().map_err(|error| format!("{url} is no address: {error}"))?;
    let client = Client::try_from(Config::new(url)).map_err(|error| error.to_string())?;
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
    let ready_ns = Instant::now().0;
    println!("{}", Ready { ready_ns, objects });
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
