//! Which object an operator means by `pvc/shared-data`, `pvc shared-data` or `release/eks`.
//!
//! Parses and looks up; judges nothing.

use super::Exit;
use super::page::escaped;
use crate::diagnose::Look;
use crate::laws::Conditions;
use crate::model::helm::{Driver, Home, Twofold};
use crate::model::{Act, Key, Kind, Now, World};
use std::fmt;
use std::time::Duration;

/// Why there is no such object to speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetError {
    /// The text does not name a kind and a name.
    Shape {
        text: String,
    },
    UnknownKind {
        word: String,
        near: Option<&'static str>,
    },
    /// The kind lives in namespaces and none was given.
    NoNamespace {
        kind: Kind,
    },
    /// The kind is complete in sight, and this one is not there.
    NotFound {
        key: Key,
        near: Vec<String>,
    },
    /// Two releases bear the name.
    Twofold(Twofold),
    /// The kind is not in sight: nobody can say whether it exists.
    Unseen {
        key: Key,
        why: String,
    },
}

impl TargetError {
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Unseen { .. } => Exit::Unknown,
            Self::Shape { .. }
            | Self::UnknownKind { .. }
            | Self::NoNamespace { .. }
            | Self::NotFound { .. }
            | Self::Twofold(_) => Exit::BadInput,
        }
    }
}

impl std::error::Error for TargetError {}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shape { text } => write!(
                f,
                "{:?} does not name an object; write KIND/NAME or KIND NAME, as in pvc/shared-data, and the namespace with -n",
                escaped(text)
            ),
            Self::UnknownKind { word, near } => {
                write!(f, "{:?} is no kind Pilothouse reads", escaped(word))?;
                if let Some(near) = near {
                    write!(f, " (did you mean {near}?)")?;
                }
                write!(f, "; it reads {}", known_kinds())
            }
            Self::NoNamespace { kind } => write!(
                f,
                "a {} lives in a namespace; say which one with -n NAMESPACE",
                kind.short()
            ),
            Self::NotFound { key, near } => {
                write!(f, "{}{} does not exist", escaped(&key.to_string()), place(key))?;
                if near.is_empty() {
                    Ok(())
                } else {
                    write!(f, "; there is {}", escaped(&near.join(", ")))
                }
            }
            Self::Twofold(twofold) => write!(
                f,
                "{}; {}/NAME names the one in ConfigMaps, and its record the other",
                escaped(&twofold.to_string()),
                Kind::ReleaseMap
            ),
            Self::Unseen { key, why } => write!(
                f,
                "nobody can say whether {}{} exists: {}",
                escaped(&key.to_string()),
                place(key),
                escaped(why)
            ),
        }
    }
}

fn place(key: &Key) -> String {
    if key.namespace.is_empty() {
        String::new()
    } else {
        format!(" in {}", escaped(&key.namespace))
    }
}

fn known_kinds() -> String {
    Kind::ALL.map(Kind::short).join(", ")
}

/// Reads `KIND/NAME` or `KIND NAME`; kinds as kubectl knows them, in singular, plural, short or with their group
/// (`jobs.batch/x`). The namespace counts only for kinds that live in one; an empty one is none.
pub fn parse_target(text: &str, namespace: &str) -> Result<Key, TargetError> {
    let shape = || TargetError::Shape { text: text.to_owned() };
    let trimmed = text.trim();
    let (word, name) = trimmed
        .split_once('/')
        .or_else(|| trimmed.split_once(char::is_whitespace))
        .ok_or_else(shape)?;
    let (word, name) = (word.trim(), name.trim());
    if word.is_empty() || name.is_empty() || name.contains(['/', ' ', '\t']) {
        return Err(shape());
    }
    let kind = kind_of(word).ok_or_else(|| TargetError::UnknownKind {
        word: word.to_owned(),
        near: nearest(word),
    })?;
    if kind.namespaced() && namespace.is_empty() {
        return Err(TargetError::NoNamespace { kind });
    }
    Ok(Key::new(kind, namespace, name))
}

fn kind_of(word: &str) -> Option<Kind> {
    Kind::from_word(word).or_else(|| {
        let (bare, group) = word.split_once('.')?;
        Kind::from_word(bare).filter(|kind| group == kind.group() || group.ends_with(&format!(".{}", kind.group())))
    })
}

/// The known word most like this one, if any is like it at all.
fn nearest(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    Kind::ALL
        .into_iter()
        .flat_map(|kind| [kind.short(), kind.plural()].map(|known| (likeness(&word, known), kind.short())))
        .filter(|(far, _)| *far <= 2)
        .min()
        .map(|(_, short)| short)
}

/// How far a word is from a known one; letters swapped are the nearest mistake.
fn likeness(word: &str, known: &str) -> usize {
    let letters = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    if letters(word) == letters(known) {
        0
    } else {
        strsim::levenshtein(word, known)
    }
}

/// Finds the object in the world. `release/eks` means its newest revision, wherever helm keeps its records. An absence is only called one where the kind is
/// complete in sight.
pub fn locate(world: &World, key: &Key, now: Now, quiet: Duration) -> Result<Key, TargetError> {
    if world.get(key).is_some() || world.malformed().any(|malformed| malformed.key == *key) {
        return Ok(key.clone());
    }
    if key.kind.is_record() {
        let home = if key.kind == Kind::ReleaseMap {
            Some(Home::new(&key.namespace, &key.name, Driver::ConfigMap))
        } else {
            Home::called(world, &key.namespace, &key.name).map_err(TargetError::Twofold)?
        };
        if let Some(newest) = home.and_then(|home| home.newest(world)) {
            return Ok(newest.key());
        }
    }
    let conditions = Conditions::default();
    let look = Look {
        world,
        conditions: &conditions,
        now,
        quiet,
    };
    // a release may be kept in either kind of record
    let kinds = if key.kind == Kind::Release {
        &Kind::RECORDS[..]
    } else {
        std::slice::from_ref(&key.kind)
    };
    match kinds.iter().find_map(|kind| look.gap(*kind, &key.namespace)) {
        Some(why) => Err(TargetError::Unseen { key: key.clone(), why }),
        None => Err(TargetError::NotFound {
            near: near(world, key),
            key: key.clone(),
        }),
    }
}

/// Names of the same kind that are like this one, or the same name elsewhere.
fn near(world: &World, key: &Key) -> Vec<String> {
    let mut names: Vec<(usize, String)> = world
        .of_kind(key.kind)
        .filter_map(|object| {
            let elsewhere = object.meta.namespace != key.namespace;
            let far = strsim::levenshtein(&key.name, &object.meta.name);
            match (elsewhere, far) {
                (true, 0) => Some((0, format!("{} in {}", object.key(), object.meta.namespace))),
                (false, 1..=3) => Some((far, object.key().to_string())),
                _ => None,
            }
        })
        .collect();
    names.sort();
    names.into_iter().take(3).map(|(_, name)| name).collect()
}

/// An act, pinned to the object that is there now under its target's name.
pub fn pinned(world: &World, mut act: Act, now: Now, quiet: Duration) -> Result<Act, TargetError> {
    let key = locate(world, &act.target().key, now, quiet)?;
    let Some(object) = world.get(&key) else {
        return Err(TargetError::Unseen {
            key,
            why: "it cannot be read".to_owned(),
        });
    };
    *act.target_mut() = object.pin();
    Ok(act)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::fixture::{QUIET, denied, hasan_prod, now};

    /// Deleting it in the background, of whichever object is there.
    fn deleting(key: Key) -> Act {
        let target = crate::model::Pin {
            key,
            uid: crate::model::Uid::default(),
            resource_version: crate::model::ResourceVersion::default(),
        };
        Act::Delete {
            target,
            propagation: crate::model::Propagation::Background,
        }
    }

    #[test]
    fn every_way_to_name_an_object() {
        for (text, namespace, kind, name) in [
            ("pvc/shared-data", "shop", Kind::PersistentVolumeClaim, "shared-data"),
            ("pvc shared-data", "shop", Kind::PersistentVolumeClaim, "shared-data"),
            (
                "  PersistentVolumeClaim   shared-data ",
                "shop",
                Kind::PersistentVolumeClaim,
                "shared-data",
            ),
            ("jobs.batch/train", "shop", Kind::Job, "train"),
            ("sts.apps/vault", "shop", Kind::StatefulSet, "vault"),
            ("pv/efs-data", "", Kind::PersistentVolume, "efs-data"),
            ("release/eks", "shop", Kind::Release, "eks"),
        ] {
            let key = parse_target(text, namespace).unwrap();
            assert_eq!((key.kind, key.name.as_str()), (kind, name), "{text}");
        }
        // a cluster-scoped object has no namespace, whatever is said
        assert_eq!(parse_target("pv/x", "shop").unwrap().namespace, "");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_way_on() {
        for (text, namespace, said) in [
            (
                "shared-data",
                "shop",
                "\"shared-data\" does not name an object; write KIND/NAME",
            ),
            ("pvc/", "shop", "does not name an object"),
            ("pvc/a/b", "shop", "does not name an object"),
            (
                "pcv/a",
                "shop",
                "\"pcv\" is no kind Pilothouse reads (did you mean pvc?); it reads namespace, pvc, pv, pod, job",
            ),
            ("ingress/a", "shop", "\"ingress\" is no kind Pilothouse reads; it reads"),
            ("jobs.apps/a", "shop", "is no kind Pilothouse reads"),
            (
                "pvc/a",
                "",
                "a pvc lives in a namespace; say which one with -n NAMESPACE",
            ),
        ] {
            let error = parse_target(text, namespace).unwrap_err();
            assert!(error.to_string().contains(said), "{text}: {error}");
            assert_eq!(error.exit(), Exit::BadInput);
        }
    }

    #[test]
    fn absence_is_not_claimed_of_what_is_not_seen() {
        let world = hasan_prod();
        let claim = |name: &str| parse_target(&format!("pvc/{name}"), "shop").unwrap();
        assert_eq!(
            locate(&world, &claim("mysql-pvc"), now(), QUIET),
            Ok(claim("mysql-pvc"))
        );
        let missing = locate(&world, &claim("mysql-pcv"), now(), QUIET).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "pvc/mysql-pcv in shop does not exist; there is pvc/mysql-pvc"
        );
        let blind = denied(&world, Kind::PersistentVolumeClaim);
        let unseen = locate(&blind, &claim("mysql-pvc"), now(), QUIET).unwrap_err();
        assert_eq!(unseen.exit(), Exit::Unknown);
        assert!(unseen.to_string().contains("denied: forbidden"), "{unseen}");
        let release = parse_target("release/eks", "shop").unwrap();
        assert_eq!(
            locate(&world, &release, now(), QUIET).unwrap().name,
            "sh.helm.release.v1.eks.v7"
        );
    }

    #[test]
    fn a_release_is_found_wherever_its_records_are_and_not_where_two_bear_its_name() {
        use crate::diagnose::fixture::with;
        let map = |name: &str| {
            format!(
                "
- {{kind: ConfigMap, apiVersion: v1, metadata: {{name: sh.helm.release.v1.{name}.v9, namespace: shop, labels: {{owner: helm, name: {name}, version: '9', status: deployed}}}}}}"
            )
        };
        let world = with(hasan_prod(), &(map("map") + &map("eks")));
        let found = |text: &str| locate(&world, &parse_target(text, "shop").unwrap(), now(), QUIET);
        assert_eq!(found("release/map").unwrap().kind, Kind::ReleaseMap);
        assert_eq!(
            found("release-configmap/eks").unwrap().name,
            "sh.helm.release.v1.eks.v9"
        );
        let twofold = found("release/eks").unwrap_err();
        assert_eq!(twofold.exit(), Exit::BadInput);
        assert!(twofold.to_string().contains("is there twice in shop"), "{twofold}");
        let blind = denied(&world, Kind::ReleaseMap);
        let unseen = locate(&blind, &parse_target("release/map", "shop").unwrap(), now(), QUIET).unwrap_err();
        assert_eq!(unseen.exit(), Exit::Unknown, "it may be in a ConfigMap: {unseen}");
    }

    #[test]
    fn a_deletion_is_pinned_to_what_is_there() {
        let key = parse_target("job/train-0", "shop").unwrap();
        let act = pinned(&hasan_prod(), deleting(key), now(), QUIET).unwrap();
        assert_eq!(act.to_string(), "delete job/train-0 (Background)");
        assert_eq!(act.target().uid, crate::model::Uid::new("uid-train-0"));
    }
}
