//! Where does an object live in the API? Paths and queries, nothing sent.

use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::{FeedId, Key, Kind, Scope};
use std::fmt::Write as _;

/// `/api/v1`, `/apis/apps/v1`.
fn root(kind: Kind) -> String {
    match kind.group() {
        "" => "/api/v1".to_owned(),
        group => format!("/apis/{group}/v1"),
    }
}

/// The collection a feed lists and watches.
pub(super) fn collection(feed: &FeedId) -> String {
    match &feed.scope {
        Scope::Cluster => format!("{}/{}", root(feed.kind), feed.kind.plural()),
        Scope::Namespace(namespace) => {
            format!(
                "{}/namespaces/{}/{}",
                root(feed.kind),
                escaped(namespace),
                feed.kind.plural()
            )
        }
    }
}

/// One object.
pub(super) fn object(key: &Key) -> String {
    if key.kind.namespaced() {
        format!(
            "{}/namespaces/{}/{}/{}",
            root(key.kind),
            escaped(&key.namespace),
            key.kind.plural(),
            escaped(&key.name)
        )
    } else {
        format!("{}/{}/{}", root(key.kind), key.kind.plural(), escaped(&key.name))
    }
}

/// The selector that keeps a feed to what it may read: of Secrets and `ConfigMap`s, Helm's release records only. A Secret of
/// Helm's is known by its type, a `ConfigMap` by the label that helm itself selects them by (`driver/cfgmaps.go`).
pub(super) fn selector(kind: Kind) -> Option<(&'static str, String)> {
    match kind {
        Kind::Release => Some(("fieldSelector", format!("type={RELEASE_SECRET_TYPE}"))),
        Kind::ReleaseMap => Some(("labelSelector", "owner=helm".to_owned())),
        _ => None,
    }
}

/// `?a=b&c=d`, each value escaped.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (name, value) in pairs {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(name);
        query.push('=');
        query.push_str(&escaped(value));
    }
    query
}

/// Percent-encoding of everything but the unreserved characters (RFC 3986 §2.3): a name can never leave its segment.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // writing to a String cannot fail
            write!(out, "%{byte:02X}").unwrap_or_default();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_its_own_path_and_no_name_leaves_it() {
        assert_eq!(
            object(&Key::new(Kind::Job, "prod", "train-7f")),
            "/apis/batch/v1/namespaces/prod/jobs/train-7f"
        );
        assert_eq!(
            object(&Key::cluster(Kind::PersistentVolume, "pv-1")),
            "/api/v1/persistentvolumes/pv-1"
        );
        assert_eq!(
            object(&Key::new(Kind::Pod, "a/../b", "x?dryRun=All#")),
            "/api/v1/namespaces/a%2F..%2Fb/pods/x%3FdryRun%3DAll%23"
        );
        assert_eq!(collection(&FeedId::cluster(Kind::Release)), "/api/v1/secrets");
        assert_eq!(
            object(&Key::new(Kind::ReleaseMap, "shop", "sh.helm.release.v1.a.v1")),
            "/api/v1/namespaces/shop/configmaps/sh.helm.release.v1.a.v1"
        );
        assert_eq!(
            query(&[("fieldSelector", "type=helm.sh/release.v1"), ("limit", "5")]),
            "?fieldSelector=type%3Dhelm.sh%2Frelease.v1&limit=5"
        );
    }
}
