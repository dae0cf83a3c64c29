//! A short list that objects share: tens of thousands of them have the same finalizers, the same owners, the same modes.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// Things in order. A copy shares them until one of the two is changed.
#[derive(PartialEq, Eq, Hash)]
pub struct List<T>(Arc<[T]>);

impl<T> List<T> {
    /// Takes the other for its own where both hold the same, so that it is kept once.
    pub(super) fn share(&mut self, other: &Self)
    where
        T: PartialEq,
    {
        if self == other {
            self.0 = Arc::clone(&other.0);
        }
    }
}

impl<T: Clone> List<T> {
    /// Adds one at the end.
    pub fn push(&mut self, one: T) {
        *self = self.iter().cloned().chain([one]).collect();
    }

    /// Keeps those that the function wants.
    pub fn retain(&mut self, wanted: impl FnMut(&T) -> bool) {
        let keeps: Vec<bool> = self.iter().map(wanted).collect();
        if !keeps.iter().all(|keeps| *keeps) {
            let held = self.iter().zip(keeps);
            *self = held.filter(|(_, keeps)| *keeps).map(|(one, _)| one.clone()).collect();
        }
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> AsRef<[T]> for List<T> {
    fn as_ref(&self) -> &[T] {
        &self.0
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for List<T> {
    /// Without an allocation, as most lists are empty.
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: fmt::Debug> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(list: Vec<T>) -> Self {
        if list.is_empty() {
            Self::default()
        } else {
            Self(list.into())
        }
    }
}

impl<T> FromIterator<T> for List<T> {
    fn from_iter<I: IntoIterator<Item = T>>(things: I) -> Self {
        things.into_iter().collect::<Vec<T>>().into()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::from)
    }
}

impl<T: Serialize> Serialize for List<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_shares_until_one_of_the_two_is_changed() {
        let mut one: List<u8> = vec![1, 2].into();
        let copy = one.clone();
        one.push(3);
        assert_eq!((&*one, &*copy), (&[1, 2, 3][..], &[1, 2][..]));
        one.retain(|number| *number > 1);
        assert_eq!(&*one, [2, 3]);
        one.retain(|_| false);
        assert_eq!(one, List::default());
    }

    #[test]
    fn what_is_equal_is_kept_once() {
        let (mut one, other): (List<u8>, List<u8>) = (vec![1].into(), vec![1].into());
        assert_ne!(one.as_ptr(), other.as_ptr());
        one.share(&other);
        assert_eq!(one.as_ptr(), other.as_ptr());
        let mut another: List<u8> = vec![2].into();
        another.share(&other);
        assert_eq!(&*another, [2]);
    }
}
