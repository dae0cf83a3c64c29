//! Which cluster is this, and who are we to it? Asked when a connection is made, and again before each write
//! (`reference/safety-and-performance.md` A5 fault 20).

use super::body::Answer;
use super::connect::{Connection, ServerVersion};
use super::error::ClusterError;
use super::said;
use super::wire::{self, JSON, METADATA, Question, Review};
use crate::model::{ClusterIdentity, Text, Uid};
use http::StatusCode;
use kube::{Client, Config};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::Duration;

/// How long one question about identity may take.
const DEADLINE: Duration = Duration::from_secs(10);

pub(super) struct Known {
    pub(super) identity: ClusterIdentity,
    pub(super) version: Option<ServerVersion>,
}

/// Asks the server for its version, its `kube-system` uid and our name. `user` is the kubeconfig's name for us, taken,
/// marked as unverified, where the server knows no `SelfSubjectReview` (before 1.26).
pub(super) async fn ask(client: &Client, config: &Config, context: &str, user: &str) -> Result<Known, ClusterError> {
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let asker = Asker {
        client,
        config,
        server: &server,
        context,
    };
    let version = asker.version().await?;
    let user = asker.user(user).await?;
    let kube_system = asker.kube_system().await?;
    Ok(Known {
        identity: ClusterIdentity {
            context: said::plain(context).into(),
            server: server.as_str().into(),
            ca: fingerprint(config.root_cert.as_deref()).into(),
            kube_system,
            user,
        },
        version,
    })
}

/// The identity as it is now, through the writing client's own connection.
pub(super) async fn again(connection: &Connection) -> Result<ClusterIdentity, ClusterError> {
    let known = connection.identity();
    let user = known.user.strip_prefix(UNVERIFIED).unwrap_or(&known.user);
    let clients = connection.clients();
    let now = ask(&clients.writing, connection.config(), &known.context, user).await?;
    Ok(now.identity)
}

/// Marks a name that the server did not confirm.
const UNVERIFIED: &str = "unverified:";

struct Asker<'a> {
    client: &'a Client,
    config: &'a Config,
    server: &'a str,
    context: &'a str,
}

impl Asker<'_> {
    async fn put(&self, question: Question<'_>) -> Result<Answer, ClusterError> {
        let answer = wire::ask(self.client, question, DEADLINE)
            .await
            .map_err(|trouble| trouble.at(self.config, self.context))?;
        if answer.status == StatusCode::UNAUTHORIZED {
            return Err(ClusterError::Unauthenticated {
                server: self.server.to_owned(),
                context: self.context.to_owned(),
                said: said::words(&answer.body),
            });
        }
        Ok(answer)
    }

    async fn get(&self, path: &str, accept: &'static str) -> Result<Answer, ClusterError> {
        self.put(Question::Get { path, accept }).await
    }

    fn stranger(&self, why: String) -> ClusterError {
        ClusterError::NotKubernetes {
            server: self.server.to_owned(),
            why,
        }
    }

    /// Also tells an API server from anything else that speaks HTTP.
    async fn version(&self) -> Result<Option<ServerVersion>, ClusterError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            minor: String,
            git_version: String,
        }
        let answer = self.get("/version", JSON).await?;
        if answer.status == StatusCode::OK {
            return serde_json::from_slice::<Version>(&answer.body)
                .map(|version| {
                    let digits: String = version.minor.chars().take_while(char::is_ascii_digit).collect();
                    Some(ServerVersion {
                        minor: digits.parse().unwrap_or(0),
                        git: said::plain(&version.git_version),
                    })
                })
                .map_err(|error| self.stranger(format!("its /version is not that of Kubernetes: {error}")));
        }
        if said::Status::read(&answer.body).is_some() {
            return Ok(None);
        }
        Err(self.stranger(format!("it answers /version with {}", answer.status.as_u16())))
    }

    async fn user(&self, fallback: &str) -> Result<Text, ClusterError> {
        #[derive(Deserialize)]
        struct Subject {
            status: SubjectStatus,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct SubjectStatus {
            user_info: UserInfo,
        }
        #[derive(Deserialize)]
        struct UserInfo {
            username: Text,
        }
        for version in ["v1", "v1beta1", "v1alpha1"] {
            let answer = self.put(Question::Review(Review::Subject { version })).await?;
            if answer.status.is_success() {
                let subject: Subject =
                    serde_json::from_slice(&answer.body).map_err(|error| ClusterError::Unreadable {
                        what: "our own name (SelfSubjectReview)".to_owned(),
                        why: said::plain(&error.to_string()),
                    })?;
                return Ok(subject.status.user_info.username);
            }
            if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
                return Err(self.unexpected("our own name (SelfSubjectReview)", &answer));
            }
            if answer.status != StatusCode::NOT_FOUND {
                break;
            }
        }
        let name = if fallback.is_empty() { self.context } else { fallback };
        Ok(format!("{UNVERIFIED}{}", said::plain(name)).into())
    }

    /// Empty when we may not see it.
    async fn kube_system(&self) -> Result<Uid, ClusterError> {
        #[derive(Deserialize)]
        struct Named {
            metadata: Identified,
        }
        #[derive(Deserialize)]
        struct Identified {
            uid: Uid,
        }
        let answer = self.get("/api/v1/namespaces/kube-system", METADATA).await?;
        if answer.status == StatusCode::OK {
            return serde_json::from_slice::<Named>(&answer.body)
                .map(|namespace| namespace.metadata.uid)
                .map_err(|error| ClusterError::Unreadable {
                    what: "namespace kube-system".to_owned(),
                    why: said::plain(&error.to_string()),
                });
        }
        if answer.status.is_server_error() || answer.status == StatusCode::TOO_MANY_REQUESTS {
            return Err(self.unexpected("namespace kube-system", &answer));
        }
        Ok(Uid::default())
    }

    fn unexpected(&self, what: &str, answer: &Answer) -> ClusterError {
        ClusterError::Answer {
            what: format!("the question about {what} to {}", self.server),
            status: answer.status.as_u16(),
            said: said::words(&answer.body),
        }
    }
}

/// SHA-256 over the certificates of the CA bundle, in hex; empty without one.
fn fingerprint(bundle: Option<&[Vec<u8>]>) -> String {
    let Some(bundle) = bundle.filter(|bundle| !bundle.is_empty()) else {
        return String::new();
    };
    let mut hash = Sha256::new();
    for certificate in bundle {
        hash.update(certificate);
    }
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        // writing to a String cannot fail
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    hex
}
