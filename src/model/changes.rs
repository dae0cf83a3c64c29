//! What has changed since somebody last looked: of which kinds, and, as long as they are few, which objects, so that looking
//! again costs what has changed and not what there is.

use super::{Key, Kinds, Object};
use std::sync::Arc;

/// So many objects are named one by one; where there are more, anything of their kinds may have changed.
const NAMED: usize = 32;

/// An object as it was and as it is. One that came was not there before, one that went is not there after.
#[derive(Clone, Debug)]
pub struct Changed {
    /// What a rule would have to read to tell the two apart.
    pub kinds: Kinds,
    before: Option<Arc<Object>>,
    after: Option<Arc<Object>>,
}

/// What has changed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Anything of these may have changed.
    whole: Kinds,
    /// Of all other kinds nothing has but these objects.
    objects: Vec<Changed>,
}

impl Changed {
    /// `None` where no rule and no screen can tell the two apart.
    pub fn between(before: Option<Arc<Object>>, after: Option<Arc<Object>>) -> Option<Self> {
        let kinds = match (&before, &after) {
            (Some(before), Some(after)) => before.difference(after),
            (Some(object), None) | (None, Some(object)) => object.kinds(),
            (None, None) => Kinds::NONE,
        };
        (kinds != Kinds::NONE).then_some(Self { kinds, before, after })
    }

    /// The object as it was and as it is, as far as it was and is there.
    pub fn states(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.before.iter().chain(&self.after)
    }

    pub fn key(&self) -> Option<Key> {
        self.states().next().map(|object| object.key())
    }
}

impl Changes {
    /// Anything of these kinds may have changed.
    pub const fn whole(&self) -> Kinds {
        self.whole
    }

    /// The objects that have changed besides.
    pub fn objects(&self) -> &[Changed] {
        &self.objects
    }

    /// All that has changed, by kind.
    pub fn kinds(&self) -> Kinds {
        let named = self.objects.iter().map(|changed| changed.kinds);
        named.fold(self.whole, Kinds::and)
    }

    /// These have changed as well.
    pub fn add(&mut self, more: &Self) {
        self.whole = self.whole.and(more.whole);
        self.objects.extend(more.objects.iter().cloned());
        if self.objects.len() > NAMED {
            self.whole = self.kinds();
        }
        let whole = self.whole;
        self.objects.retain(|changed| !changed.kinds.within(whole));
    }
}

impl From<Kinds> for Changes {
    fn from(whole: Kinds) -> Self {
        Self {
            whole,
            objects: Vec::new(),
        }
    }
}

impl From<Changed> for Changes {
    fn from(changed: Changed) -> Self {
        Self {
            whole: Kinds::NONE,
            objects: vec![changed],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::laws::fixture::objects;

    fn came(yaml: &str) -> Vec<Changes> {
        let made = objects(yaml).into_iter().map(Arc::new);
        made.filter_map(|object| Changed::between(None, Some(object)))
            .map(Changes::from)
            .collect()
    }

    #[test]
    fn few_objects_are_named_and_many_are_told_by_kind() {
        let pod = |n: usize| format!("{{apiVersion: v1, kind: Pod, metadata: {{name: p{n}, namespace: a}}}}");
        let pods: Vec<String> = (0..=NAMED).map(pod).collect();
        let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c, namespace: a}}";
        let mut changes = Changes::default();
        for change in came(&pods[1..].join("\n---\n")) {
            changes.add(&change);
        }
        assert_eq!((changes.whole(), changes.objects().len()), (Kinds::NONE, NAMED));
        let all = changes.kinds();
        assert!(all.overlaps(Kind::Pod.into()) && all.within(Kind::Pod.into()));
        changes.add(&came(&pods[0])[0]);
        assert_eq!((changes.whole(), changes.objects().len()), (all, 0));
        changes.add(&came(claim)[0]);
        changes.add(&came(&pods[0])[0]);
        assert_eq!(
            changes.objects()[0].key().map(|key| key.kind),
            Some(Kind::PersistentVolumeClaim)
        );
        changes.add(&Kinds::ALL.into());
        assert_eq!((changes.whole(), changes.objects().len()), (Kinds::ALL, 0));
    }

    #[test]
    fn what_nobody_can_tell_apart_has_not_changed() {
        let pod = objects("{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, resourceVersion: '1'}}");
        let mut later = pod[0].clone();
        later.meta.resource_version = crate::model::ResourceVersion::new("2");
        let (pod, later) = (Arc::new(pod[0].clone()), Arc::new(later));
        assert!(Changed::between(Some(pod), Some(later)).is_none());
        assert!(Changed::between(None, None).is_none());
    }
}
