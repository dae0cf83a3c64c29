//! What the user may do, of what a migration does in a namespace.

use crate::cluster::connect::Connection;
use crate::cluster::read::reviewed;
use crate::model::Text;
use crate::model::survey::{Asked, Right};
use futures::future::join_all;
use serde_json::json;

/// Verb, group, resource, subresource, and how the two are written in one.
type Act = (&'static str, &'static str, &'static str, &'static str, &'static str);

static ACTS: [Act; 8] = [
    ("create", "", "persistentvolumeclaims", "", "persistentvolumeclaims"),
    ("delete", "", "persistentvolumeclaims", "", "persistentvolumeclaims"),
    ("delete", "", "pods", "", "pods"),
    ("create", "", "pods", "eviction", "pods/eviction"),
    ("delete", "batch", "jobs", "", "jobs.batch"),
    ("patch", "apps", "statefulsets", "", "statefulsets.apps"),
    ("delete", "", "secrets", "", "secrets"),
    ("patch", "", "persistentvolumes", "", "persistentvolumes"),
];
/// A tenant has a few namespaces; of more it is not asked. The acts of one are asked abreast.
const NAMESPACES: usize = 16;

pub(super) async fn asked(connection: &Connection, namespaces: &[Text]) -> Asked<Right> {
    if namespaces.len() > NAMESPACES {
        return Asked::Unknown {
            why: format!("more than {NAMESPACES} namespaces").into(),
        };
    }
    let mut rights = Vec::new();
    for home in namespaces {
        // a loop and no closure: futures of a closure that takes text by reference cannot be sent between threads
        let mut questions = Vec::with_capacity(ACTS.len());
        for act in &ACTS {
            questions.push(one(connection, home.clone(), act));
        }
        for answer in join_all(questions).await {
            match answer {
                Ok(right) => rights.push(right),
                Err(why) => return Asked::Unknown { why },
            }
        }
    }
    Asked::Seen(rights)
}

async fn one(connection: &Connection, home: Text, act: &'static Act) -> Result<Right, Text> {
    let (verb, group, resource, subresource, named) = *act;
    let scope = if resource == "persistentvolumes" {
        ""
    } else {
        home.as_str()
    };
    let attributes = json!({
        "verb": verb, "group": group, "version": "v1", "resource": resource, "subresource": subresource,
        "namespace": scope,
    });
    let what = format!("the question whether we may {verb} {named}");
    let permission = reviewed(connection, &what, &attributes)
        .await
        .map_err(|error| Text::from(super::words(&error)))?;
    Ok(Right {
        home,
        verb,
        resource: named,
        allowed: permission.allowed,
    })
}
