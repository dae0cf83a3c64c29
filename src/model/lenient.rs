//! Reading what API servers really send: `null` where a list or an object may be absent.

use serde::{Deserialize, Deserializer};

/// `null` reads as the default value, like an absent field.
pub fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}
