//! What an act rests on, read through just now: GETs and lists from the store, never the watch's picture
//! (`reference/safety-and-performance.md` A5 faults 13, 15, 20, 41).

use super::{expect_ok, named};
use crate::cluster::body::Answer;
use crate::cluster::connect::Connection;
use crate::cluster::error::{ClusterError, Unreached};
use crate::cluster::identity;
use crate::cluster::page;
use crate::cluster::paths;
use crate::cluster::said;
use crate::cluster::wire::{self, JSON, METADATA, Question};
use crate::model::helm::Home;
use crate::model::{Act, ClusterIdentity, FeedId, Key, Kind, Now, Object, Pin, Scope, Text};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use http::StatusCode;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many objects are read at a time.
const ABREAST: usize = 8;

/// What is, as of `at`.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The act's target, everything named in the question, and every object found to bear on the act; `None`: not there.
    /// Sorted by key, each key once.
    pub objects: Vec<(Key, Option<Object>)>,
    pub cluster: ClusterIdentity,
    /// When the reading began: nothing in it is older.
    pub at: Now,
}

/// Reads the target and all of `rests_on`, and looks for what could not be named beforehand: pods that name the claim
/// since the panel was drawn, pods of the Job, the volume's claim and attachments. All of it, and the cluster's identity,
/// within `deadline`, on the connection that the act would take. Any object that is denied or cannot be read fails the
/// whole: unknown is no.
pub async fn fresh(
    connection: &Connection,
    act: &Act,
    rests_on: &[Key],
    deadline: Duration,
) -> Result<Reading, ClusterError> {
    let at = connection.clock().now();
    let reading = async {
        let cluster = identity::again(connection).await?;
        let mut reader = Reader {
            connection,
            deadline,
            found: BTreeMap::new(),
        };
        reader.get_all([act.target().key.clone()]).await?;
        reader.get_all(rests_on.iter().cloned()).await?;
        reader.around(&act.target().key).await?;
        if let Act::Helm { release, .. } = act {
            reader.records(release).await?;
        }
        Ok(Reading {
            objects: reader.found.into_iter().collect(),
            cluster,
            at,
        })
    };
    tokio::time::timeout(deadline, reading)
        .await
        .unwrap_or_else(|_elapsed| {
            Err(ClusterError::Unreachable {
                server: connection.identity().server.to_string(),
                context: connection.identity().context.to_string(),
                how: Unreached::Deadline { after: deadline },
            })
        })
}

struct Reader<'a> {
    connection: &'a Connection,
    deadline: Duration,
    found: BTreeMap<Key, Option<Object>>,
}

impl Reader<'_> {
    async fn ask(&self, path: &str, accept: &'static str) -> Result<Answer, ClusterError> {
        let clients = self.connection.clients();
        wire::ask(&clients.writing, Question::Get { path, accept }, self.deadline)
            .await
            .map_err(|trouble| self.connection.error(trouble))
    }

    /// Every record of a release: a newer one than was shown may have come.
    async fn records(&mut self, release: &Pin) -> Result<(), ClusterError> {
        let Some(home) = Home::at(&release.key) else {
            return Ok(());
        };
        let records = super::records(self.connection, &home).await?;
        self.found
            .extend(records.into_iter().map(|object| (object.key(), Some(object))));
        Ok(())
    }

    async fn get_all(&mut self, keys: impl IntoIterator<Item = Key>) -> Result<(), ClusterError> {
        let wanted: Vec<Key> = keys.into_iter().filter(|key| !self.found.contains_key(key)).collect();
        let reader = &*self;
        let got: Vec<(Key, Option<Object>)> = stream::iter(wanted)
            .map(|key| async move {
                let object = reader.get(&key).await?;
                Ok::<_, ClusterError>((key, object))
            })
            .buffer_unordered(ABREAST)
            .try_collect()
            .await?;
        self.found.extend(got);
        Ok(())
    }

    async fn get(&self, key: &Key) -> Result<Option<Object>, ClusterError> {
        let accept = if key.kind.is_record() { METADATA } else { JSON };
        let answer = self.ask(&paths::object(key), accept).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let what = named(key);
        let body = expect_ok(self.connection, &what, &answer)?;
        Object::decode(key.kind, body)
            .map(Some)
            .map_err(|error| ClusterError::Unreadable {
                what,
                why: said::plain(&error.to_string()),
            })
    }

    /// What bears on an act against this target without being named by it.
    async fn around(&mut self, target: &Key) -> Result<(), ClusterError> {
        let Some(Some(object)) = self.found.get(target).cloned() else {
            return Ok(());
        };
        let namespace = object.meta.namespace.clone();
        match target.kind {
            Kind::PersistentVolumeClaim => {
                let claim = target.name.clone();
                self.list(Kind::Pod, Some(&namespace), |pod| {
                    pod.body
                        .pod()
                        .is_some_and(|facts| facts.claims(&pod.meta).any(|named| named == claim))
                })
                .await?;
                let volume = object.body.claim().map(|claim| claim.spec.volume_name.clone());
                let volume = volume.filter(|name| !name.is_empty());
                self.get_all(volume.map(|name| Key::cluster(Kind::PersistentVolume, &name)))
                    .await
            }
            Kind::PersistentVolume => {
                let volume = target.name.clone();
                self.list(Kind::VolumeAttachment, None, |attachment| match &attachment.body {
                    crate::model::Body::VolumeAttachment(facts) => facts.spec.source.persistent_volume_name == volume,
                    _ => false,
                })
                .await?;
                let claim = object.body.volume().and_then(|volume| volume.spec.claim_ref.clone());
                self.get_all(claim.map(|claim| Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name)))
                    .await
            }
            Kind::Pod => {
                let claims: Vec<Key> = object.body.pod().map_or_else(Vec::new, |pod| {
                    pod.claims(&object.meta)
                        .map(|name| Key::new(Kind::PersistentVolumeClaim, &namespace, &name))
                        .collect()
                });
                self.get_all(claims).await
            }
            Kind::Job | Kind::StatefulSet | Kind::ReplicaSet | Kind::DaemonSet => {
                let uid = object.meta.uid.clone();
                self.list(Kind::Pod, Some(&namespace), |pod| {
                    pod.meta.owner_references.iter().any(|owner| owner.uid == uid)
                })
                .await
            }
            Kind::Namespace
            | Kind::Node
            | Kind::StorageClass
            | Kind::VolumeAttachment
            | Kind::CronJob
            | Kind::Deployment
            | Kind::PodDisruptionBudget
            | Kind::Release
            | Kind::ReleaseMap => Ok(()),
        }
    }

    /// Lists a kind from the store and keeps what bears on the act. An item that cannot be read might bear on it: an error.
    async fn list(
        &mut self,
        kind: Kind,
        namespace: Option<&Text>,
        bears: impl Fn(&Object) -> bool,
    ) -> Result<(), ClusterError> {
        let scope = namespace.map_or(Scope::Cluster, |namespace| Scope::Namespace(namespace.clone()));
        let feed = FeedId { kind, scope };
        let what = format!("the list of {feed}");
        let mut more = String::new();
        loop {
            let mut pairs = vec![("limit", "500")];
            if !more.is_empty() {
                pairs.push(("continue", more.as_str()));
            }
            let path = paths::collection(&feed) + &paths::query(&pairs);
            let answer = self.ask(&path, JSON).await?;
            let body = expect_ok(self.connection, &what, &answer)?;
            let unreadable = |why: String| ClusterError::Unreadable {
                what: what.clone(),
                why,
            };
            let page = page::decode(kind, body).map_err(unreadable)?;
            if let Some(malformed) = page.malformed.first() {
                return Err(unreadable(format!("{}: {}", named(&malformed.key), malformed.why)));
            }
            for object in page.objects {
                if bears(&object) {
                    self.found.insert(object.key(), Some(object));
                }
            }
            more = page.more;
            if more.is_empty() {
                return Ok(());
            }
        }
    }
}
