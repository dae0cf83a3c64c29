//! Kubernetes quantities (`10Gi`, `500m`, `1e3`), as far as binding compares them.

use super::Text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A quantity as written. Compared by [`Quantity::bytes`]; an unreadable one compares with nothing.
/// Source: `apimachinery/pkg/api/resource/quantity.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quantity(pub Text);

impl Quantity {
    /// Whole bytes, rounded up as Kubernetes does; `None` when the text is no quantity.
    pub fn bytes(&self) -> Option<u64> {
        self.scaled(1.0)
    }

    /// In thousandths, rounded up: what tells `500m` from `1` and not from `0.5`.
    pub fn thousandths(&self) -> Option<u64> {
        self.scaled(1_000.0)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "negative and infinite values are refused first, and sizes of disks are far below 2^52 bytes"
    )]
    fn scaled(&self, scale: f64) -> Option<u64> {
        const SUFFIXES: [(&str, f64); 15] = [
            ("Ki", 1024.0),
            ("Mi", 1_048_576.0),
            ("Gi", 1_073_741_824.0),
            ("Ti", 1_099_511_627_776.0),
            ("Pi", 1_125_899_906_842_624.0),
            ("Ei", 1_152_921_504_606_846_976.0),
            ("n", 1e-9),
            ("u", 1e-6),
            ("m", 1e-3),
            ("k", 1e3),
            ("M", 1e6),
            ("G", 1e9),
            ("T", 1e12),
            ("P", 1e15),
            ("E", 1e18),
        ];
        let text = self.0.as_str();
        let (number, factor) = SUFFIXES
            .iter()
            .find_map(|(suffix, factor)| text.strip_suffix(suffix).map(|number| (number, *factor)))
            .unwrap_or((text, 1.0));
        let value = number.parse::<f64>().ok()? * factor * scale;
        (value.is_finite() && value >= 0.0).then(|| value.ceil() as u64)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number of pods, or a share of them: `1`, `25%`. Source: `apimachinery/pkg/util/intstr/intstr.go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    Count(u32),
    Percent(u32),
}

impl Share {
    /// Of so many pods, rounded up.
    pub const fn up(&self, whole: u32) -> u32 {
        match self {
            Self::Count(count) => *count,
            Self::Percent(percent) => whole.saturating_mul(*percent).div_ceil(100),
        }
    }

    /// Of so many pods, rounded down.
    pub const fn down(&self, whole: u32) -> u32 {
        match self {
            Self::Count(count) => *count,
            Self::Percent(percent) => whole.saturating_mul(*percent) / 100,
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Count(u32),
            Text(Text),
        }
        let refused = |text: &Text| serde::de::Error::custom(format!("{text:?} is neither a number nor a percentage"));
        match Written::deserialize(deserializer)? {
            Written::Count(count) => Ok(Self::Count(count)),
            Written::Text(text) => {
                let percent = text.strip_suffix('%').and_then(|number| number.parse().ok());
                percent.map(Self::Percent).ok_or_else(|| refused(&text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_compare_in_bytes() {
        for (text, bytes) in [
            ("10Gi", Some(10 << 30)),
            ("1G", Some(1_000_000_000)),
            ("1500m", Some(2)),
            ("1e3", Some(1_000)),
            ("0", Some(0)),
            ("", None),
            ("-1", None),
            ("lots", None),
        ] {
            assert_eq!(Quantity(text.into()).bytes(), bytes, "{text}");
        }
    }
}
