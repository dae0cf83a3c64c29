//! Who asks, and what they may not do: users by bearer token, denials by verb and resource, the reviews they ask for.
//!
//! Everything is allowed that no denial forbids: the sandbox plays a cluster's answers, it guards nothing.

use super::fields::{at, put, text};
use super::resources::{RESOURCES, Resource, VERBS};
use super::status::StoreError;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The user of [`super::Sandbox::kubeconfig`], and of everybody who shows no token: kubectl sends none over plain HTTP
/// (`client-go/tools/clientcmd/client_config.go`, "only try to read the auth information if we are secure").
pub const OPERATOR: &str = "operator";

/// A person as the API server knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub name: String,
    pub groups: Vec<String>,
}

/// Forbids a verb on a resource. `*` stands for any verb, resource or user; a subresource is written `pods/eviction`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    pub user: String,
    pub verb: String,
    pub resource: String,
    /// Only in this namespace; everywhere, cluster scope included, when `None`.
    pub namespace: Option<String>,
}

impl Denial {
    /// Forbids a verb on a resource to everybody everywhere.
    pub fn of(verb: &str, resource: &str) -> Self {
        Self {
            user: "*".to_owned(),
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            namespace: None,
        }
    }
}

/// What one request wants to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    /// The plural, with `/subresource` where there is one.
    pub(super) resource: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

#[derive(Debug, Default)]
struct Rules {
    tokens: BTreeMap<String, User>,
    denials: Vec<Denial>,
}

/// Tokens and denials; clones share them, so that a test or a demo changes them while the server runs.
#[derive(Clone, Debug, Default)]
pub struct Access(Arc<Mutex<Rules>>);

impl Access {
    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a token known.
    pub fn admit(&self, token: &str, name: &str, groups: &[&str]) {
        let user = User {
            name: name.to_owned(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        };
        self.rules().tokens.insert(token.to_owned(), user);
    }

    pub fn deny(&self, denial: Denial) {
        self.rules().denials.push(denial);
    }

    /// Takes every denial back.
    pub fn allow_all(&self) {
        self.rules().denials.clear();
    }

    /// Who shows this `Authorization` header. An unknown token is 401.
    pub(super) fn identify(&self, header: Option<&str>) -> Result<User, StoreError> {
        let Some(header) = header else {
            return Ok(User {
                name: OPERATOR.to_owned(),
                groups: vec!["system:authenticated".to_owned()],
            });
        };
        let token = header.strip_prefix("Bearer ").unwrap_or_default();
        let found = self.rules().tokens.get(token).cloned();
        found.ok_or_else(|| StoreError::new(401, "Unauthorized", "Unauthorized"))
    }

    pub(super) fn allows(&self, user: &User, wish: &Wish<'_>) -> bool {
        let fits = |rule: &str, value: &str| rule == "*" || rule == value;
        !self.rules().denials.iter().any(|denial| {
            fits(&denial.user, &user.name)
                && fits(&denial.verb, wish.verb)
                && fits(&denial.resource, wish.resource)
                && denial
                    .namespace
                    .as_deref()
                    .is_none_or(|namespace| namespace == wish.namespace)
        })
    }

    /// Lets a request pass, or says no in the API server's words.
    pub(super) fn check(&self, user: &User, resource: &Resource, wish: &Wish<'_>) -> Result<(), StoreError> {
        if self.allows(user, wish) {
            return Ok(());
        }
        let place = match wish.namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let why = format!(
            "User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
            user.name, wish.verb, wish.resource, wish.group
        );
        Err(StoreError::forbidden(resource, wish.name, &why))
    }

    /// Answers the reviews a user asks about themselves; `None` when the path is no review.
    pub(super) fn review(&self, user: &User, path: &str, body: &Value) -> Option<Value> {
        let mut answer = body.clone();
        match path {
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" => {
                put(&mut answer, &["kind"], "SelfSubjectAccessReview");
                put(&mut answer, &["status"], json!({ "allowed": self.may(user, body) }));
            }
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews" => {
                put(&mut answer, &["kind"], "SelfSubjectRulesReview");
                let rules = self.resource_rules(user, text(body, &["spec", "namespace"]));
                let status = json!({
                    "resourceRules": rules,
                    "nonResourceRules": [{ "verbs": ["*"], "nonResourceURLs": ["*"] }],
                    "incomplete": false,
                });
                put(&mut answer, &["status"], status);
            }
            "/apis/authentication.k8s.io/v1/selfsubjectreviews" => {
                let told = json!({ "username": user.name, "groups": user.groups });
                return Some(json!({
                    "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {},
                    "status": { "userInfo": told },
                }));
            }
            _ => return None,
        }
        put(&mut answer, &["apiVersion"], "authorization.k8s.io/v1");
        if at(&answer, &["metadata"]).is_none() {
            put(&mut answer, &["metadata"], json!({}));
        }
        Some(answer)
    }

    fn may(&self, user: &User, review: &Value) -> bool {
        let said = |field: &str| text(review, &["spec", "resourceAttributes", field]);
        if at(review, &["spec", "resourceAttributes"]).is_none() {
            return true;
        }
        let resource = match said("subresource") {
            "" => said("resource").to_owned(),
            part => format!("{}/{part}", said("resource")),
        };
        let wish = Wish {
            verb: said("verb"),
            group: said("group"),
            resource: &resource,
            namespace: said("namespace"),
            name: said("name"),
        };
        self.allows(user, &wish)
    }

    /// The rules of a user in a namespace: one for everything, or what is left of each resource.
    fn resource_rules(&self, user: &User, namespace: &str) -> Vec<Value> {
        let mine = |denial: &Denial| denial.user == "*" || denial.user == user.name;
        if !self.rules().denials.iter().any(mine) {
            return vec![json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] })];
        }
        let left = RESOURCES.iter().filter_map(|resource| {
            let may = |verb: &&str| {
                let namespace = if resource.namespaced { namespace } else { "" };
                let (group, resource) = (resource.group, resource.plural);
                self.allows(
                    user,
                    &Wish {
                        verb,
                        group,
                        resource,
                        namespace,
                        name: "",
                    },
                )
            };
            let verbs: Vec<&str> = VERBS.into_iter().filter(may).collect();
            let rule = json!({ "verbs": verbs, "apiGroups": [resource.group], "resources": [resource.plural] });
            (!verbs.is_empty()).then_some(rule)
        });
        left.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;

    #[test]
    fn a_denial_is_told_in_the_servers_words() {
        let access = Access::default();
        access.admit("token", "erika", &["system:authenticated"]);
        let user = access.identify(Some("Bearer token")).unwrap();
        let volumes = by_path("", "v1", "persistentvolumes").unwrap();
        let wish = Wish {
            verb: "list",
            group: "",
            resource: "persistentvolumes",
            namespace: "",
            name: "",
        };
        access.check(&user, volumes, &wish).unwrap();
        access.deny(Denial::of("list", "persistentvolumes"));
        let refused = access.check(&user, volumes, &wish).unwrap_err();
        assert_eq!(
            refused.message,
            "persistentvolumes is forbidden: User \"erika\" cannot list resource \"persistentvolumes\" in API group \"\" \
             at the cluster scope"
        );
        assert_eq!(refused.code, 403);
        access.allow_all();
        access.check(&user, volumes, &wish).unwrap();
        assert_eq!(access.identify(Some("Bearer other")).unwrap_err().code, 401);
        assert_eq!(access.identify(None).unwrap().name, OPERATOR);
    }

    #[test]
    fn a_denial_of_one_namespace_leaves_the_others() {
        let access = Access::default();
        access.admit("token", "erika", &[]);
        let user = access.identify(Some("Bearer token")).unwrap();
        access.deny(Denial {
            user: "erika".into(),
            namespace: Some("a".into()),
            ..Denial::of("*", "pods")
        });
        let review = |namespace: &str| {
            let body = json!({ "spec": { "resourceAttributes": { "verb": "get", "resource": "pods", "namespace": namespace } } });
            let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
            access.review(&user, path, &body).unwrap()["status"]["allowed"].clone()
        };
        assert_eq!((review("a"), review("b")), (json!(false), json!(true)));
    }
}
