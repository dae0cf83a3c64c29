//! Who is bound to a `ClusterRole`: it lives in no namespace, and whoever takes it away takes it from all of them.

use super::{document, text};
use crate::cluster::connect::Connection;
use crate::cluster::paths;
use crate::model::survey::{Asked, Binding};
use serde_json::Value;

const LISTS: [(&str, &str); 2] = [
    ("RoleBinding", "/apis/rbac.authorization.k8s.io/v1/rolebindings"),
    (
        "ClusterRoleBinding",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    ),
];
/// Pages of 500 bindings that are read of a list; of a longer one it is said that it was not read.
const PAGES: usize = 20;

pub(super) async fn asked(connection: &Connection) -> Asked<Binding> {
    let mut found = Vec::new();
    for (kind, path) in LISTS {
        let mut more = String::new();
        for page in 0.. {
            if page == PAGES {
                return Asked::Unknown {
                    why: format!("there are more than {} of {kind}", 500 * PAGES).into(),
                };
            }
            let mut pairs = vec![("limit", "500")];
            if !more.is_empty() {
                pairs.push(("continue", more.as_str()));
            }
            let list = match document(connection, &format!("{path}{}", paths::query(&pairs))).await {
                Ok(Some(list)) => list,
                Ok(None) => break,
                Err(why) => return Asked::Unknown { why },
            };
            let items = list.get("items").and_then(Value::as_array).into_iter().flatten();
            found.extend(items.filter_map(|item| binding(kind, item)));
            text(&list, "/metadata/continue").clone_into(&mut more);
            if more.is_empty() {
                break;
            }
        }
    }
    Asked::Seen(found)
}

/// One that is bound to a `ClusterRole`; a binding to a Role is its namespace's own affair.
fn binding(kind: &str, item: &Value) -> Option<Binding> {
    (text(item, "/roleRef/kind") == "ClusterRole").then(|| Binding {
        kind: kind.into(),
        namespace: text(item, "/metadata/namespace").into(),
        name: text(item, "/metadata/name").into(),
        role: text(item, "/roleRef/name").into(),
    })
}
