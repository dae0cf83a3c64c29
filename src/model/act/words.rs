//! How people write the parts of an act: on the command line and after `:` alike.

use super::Draft;
use crate::model::quantity::Quantity;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Propagation, Text};

/// `helm.sh/resource-policy=keep` sets, `helm.sh/resource-policy-` removes, as with kubectl.
pub fn annotation(word: &str) -> Option<(Text, Option<Text>)> {
    if let Some((key, value)) = word.split_once('=') {
        return (!key.is_empty()).then(|| (key.into(), Some(value.into())));
    }
    let key = word.strip_suffix('-')?;
    (!key.is_empty()).then(|| (key.into(), None))
}

/// `hasan-prod/mysql-pvc`: a namespace and a name.
pub fn placed(word: &str) -> Option<(Text, Text)> {
    let (namespace, name) = word.split_once('/')?;
    let whole = !namespace.is_empty() && !name.is_empty() && !name.contains('/');
    whole.then(|| (namespace.into(), name.into()))
}

/// `retain`, `Delete`.
pub fn policy(word: &str) -> Option<ReclaimPolicy> {
    match word.to_ascii_lowercase().as_str() {
        "retain" => Some(ReclaimPolicy::Retain),
        "delete" => Some(ReclaimPolicy::Delete),
        _ => None,
    }
}

/// `background`, `Foreground`, `orphan`.
pub fn propagation(word: &str) -> Option<Propagation> {
    [Propagation::Background, Propagation::Foreground, Propagation::Orphan]
        .into_iter()
        .find(|known| known.word().eq_ignore_ascii_case(word))
}

/// `RWO` and its kin, or in full.
pub fn access_mode(word: &str) -> Text {
    match word {
        "RWO" => "ReadWriteOnce",
        "ROX" => "ReadOnlyMany",
        "RWX" => "ReadWriteMany",
        "RWOP" => "ReadWriteOncePod",
        whole => whole,
    }
    .into()
}

impl Draft {
    /// Takes in one word of a new claim: `size=10Gi`, `volume=pv-1`, `class=ebs`, `modes=RWO,RWX`, `mode=Block`,
    /// `label=k=v`, `annotation=k=v`. Returns whether it is one.
    pub fn take(&mut self, word: &str) -> bool {
        let Some((field, value)) = word.split_once('=') else {
            return false;
        };
        match field {
            "size" => self.storage = Quantity(value.into()),
            "volume" => self.volume_name = value.into(),
            "class" => self.storage_class_name = Some(value.into()),
            "modes" => self.access_modes = value.split(',').map(access_mode).collect(),
            "mode" => self.volume_mode = Some(value.into()),
            "label" | "annotation" => {
                let Some((key, value)) = value.split_once('=') else {
                    return false;
                };
                if field == "label" {
                    self.labels = self.labels.with(key, Some(value));
                } else {
                    self.annotations = self.annotations.with(key, Some(value));
                }
            }
            _ => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_acts_as_people_write_them() {
        assert_eq!(
            annotation("helm.sh/resource-policy=keep"),
            Some(("helm.sh/resource-policy".into(), Some("keep".into())))
        );
        assert_eq!(annotation("a=b=c"), Some(("a".into(), Some("b=c".into()))));
        assert_eq!(annotation("helm.sh/hook-"), Some(("helm.sh/hook".into(), None)));
        assert_eq!((annotation("a"), annotation("-"), annotation("=x")), (None, None, None));
        assert_eq!(placed("shop/data"), Some(("shop".into(), "data".into())));
        assert_eq!((placed("data"), placed("/x"), placed("a/b/c")), (None, None, None));
        assert_eq!(policy("RETAIN"), Some(ReclaimPolicy::Retain));
        assert_eq!(policy("recycle"), None);
        assert_eq!(propagation("orphan"), Some(Propagation::Orphan));
        let mut draft = Draft::default();
        for word in [
            "size=1Gi",
            "volume=pv-1",
            "class=",
            "modes=RWO,ReadOnlyMany",
            "label=a=b",
        ] {
            assert!(draft.take(word), "{word}");
        }
        assert!(!draft.take("colour=red") && !draft.take("size") && !draft.take("label=a"));
        assert_eq!(draft.lacks(), None);
        assert_eq!(
            draft.storage_class_name,
            Some(Text::default()),
            "no class is not the default class"
        );
        assert_eq!(draft.access_modes, ["ReadWriteOnce", "ReadOnlyMany"]);
        assert_eq!(draft.labels.get("a").map(Text::as_str), Some("b"));
    }
}
