//! Typed values of parameters: how each type is written, and which texts are none of it.

use crate::model::quantity::Quantity;
use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What a parameter holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Any text on one line.
    String,
    /// A whole number.
    Int,
    Bool,
    /// `90s`, `10m`, `1h30m`.
    Duration,
    /// `10Gi`, as Kubernetes writes sizes.
    Quantity,
    /// The name of a Kubernetes object: lower-case letters, digits, `-` and `.` (RFC 1123).
    Name,
    /// One of these words.
    Enum(Vec<String>),
}

/// A value of one of these types.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    Text(String),
    Int(i64),
    Bool(bool),
    #[serde(serialize_with = "written")]
    Duration(Duration),
    Quantity(Quantity),
}

fn written<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&spelled(*duration))
}

impl Type {
    /// The words of `type`, with the type each means.
    pub(super) const WORDS: [(&'static str, Self); 7] = [
        ("string", Self::String),
        ("int", Self::Int),
        ("bool", Self::Bool),
        ("duration", Self::Duration),
        ("quantity", Self::Quantity),
        ("name", Self::Name),
        ("enum", Self::Enum(Vec::new())),
    ];

    pub const fn word(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Bool => "bool",
            Self::Duration => "duration",
            Self::Quantity => "quantity",
            Self::Name => "name",
            Self::Enum(_) => "enum",
        }
    }

    /// Reads a value as somebody writes it; `Err` says what such a value is.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let value = match self {
            Self::String => {
                let one_line = !text.chars().any(char::is_control);
                one_line
                    .then(|| Value::Text(text.to_owned()))
                    .ok_or("a text is written on one line")?
            }
            Self::Int => text.parse().map(Value::Int).map_err(|_error| "it is a whole number")?,
            Self::Bool => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return Err("it is true or false".to_owned()),
            },
            Self::Duration => duration(text).map(Value::Duration)?,
            Self::Quantity => {
                let quantity = Quantity(text.into());
                let sound = quantity.bytes().is_some();
                sound
                    .then_some(Value::Quantity(quantity))
                    .ok_or("it is a size, as in 10Gi")?
            }
            Self::Name => {
                let sound = is_name(text);
                sound
                    .then(|| Value::Text(text.to_owned()))
                    .ok_or("a name has lower-case letters, digits, `-` and `.`, at most 253, and begins and ends with a letter or digit")?
            }
            Self::Enum(words) => {
                let known = words.iter().any(|word| word == text);
                known
                    .then(|| Value::Text(text.to_owned()))
                    .ok_or_else(|| format!("it is one of {}", words.join(", ")))?
            }
        };
        Ok(value)
    }
}

impl Value {
    /// What `min` and `max` compare; `None` where nothing is more than another.
    pub(super) fn rank(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(i128::from(*number)),
            Self::Duration(span) => i128::try_from(span.as_millis()).ok(),
            Self::Quantity(quantity) => quantity.bytes().map(i128::from),
            Self::Text(_) | Self::Bool(_) => None,
        }
    }

    /// The value as an expression of a user's own check reads it: durations in seconds, sizes in bytes.
    pub(super) fn projected(&self) -> serde_json::Value {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Int(number) => (*number).into(),
            Self::Bool(flag) => (*flag).into(),
            Self::Duration(span) => i64::try_from(span.as_secs()).unwrap_or(i64::MAX).into(),
            Self::Quantity(quantity) => i64::try_from(quantity.bytes().unwrap_or(0)).unwrap_or(i64::MAX).into(),
        }
    }
}

/// As it is written into a text.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => number.fmt(f),
            Self::Bool(flag) => flag.fmt(f),
            Self::Duration(span) => f.write_str(&spelled(*span)),
            Self::Quantity(quantity) => quantity.fmt(f),
        }
    }
}

/// The longest wait a runbook may ask for: a week.
pub const LONGEST: Duration = Duration::from_hours(7 * 24);

/// `10m`, `1h30m`, `90s`: more than nothing and at most a week.
pub fn duration(text: &str) -> Result<Duration, String> {
    let shape = || "it is a duration, as in 90s, 10m or 1h30m".to_owned();
    let mut rest = text;
    let mut span = Duration::ZERO;
    for (unit, seconds) in [('h', 3600_u64), ('m', 60), ('s', 1)] {
        let Some((number, after)) = rest.split_once(unit) else {
            continue;
        };
        let digits = !number.is_empty() && number.chars().all(|letter| letter.is_ascii_digit());
        let number: u64 = number.parse().ok().filter(|_| digits).ok_or_else(shape)?;
        span = span.saturating_add(Duration::from_secs(number.saturating_mul(seconds)));
        rest = after;
    }
    if !rest.is_empty() || text.is_empty() {
        return Err(shape());
    }
    if span.is_zero() || span > LONGEST {
        return Err("it is more than nothing and at most 168h".to_owned());
    }
    Ok(span)
}

/// `1h30m`.
pub fn spelled(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts = [(seconds / 3600, "h"), (seconds % 3600 / 60, "m"), (seconds % 60, "s")];
    let written: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if written.is_empty() {
        format!("{}ms", span.as_millis())
    } else {
        written.concat()
    }
}

/// A DNS subdomain, as the names of most Kubernetes objects are. Source: `apimachinery/pkg/util/validation`,
/// `IsDNS1123Subdomain`.
pub(super) fn is_name(text: &str) -> bool {
    let part = |part: &str| {
        let ends = |letter: Option<char>| letter.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        ends(part.chars().next())
            && ends(part.chars().next_back())
            && part
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    text.len() <= 253 && text.split('.').all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_takes_its_own_and_nothing_else() {
        let path = || Type::Enum(vec!["keep".to_owned(), "retain".to_owned()]);
        for (kind, text, printed) in [
            (Type::String, "any text, even $${x}", Some("any text, even $${x}")),
            (Type::String, "two\nlines", None),
            (Type::Int, "-3", Some("-3")),
            (Type::Int, "3.5", None),
            (Type::Bool, "true", Some("true")),
            (Type::Bool, "yes", None),
            (Type::Duration, "90s", Some("1m30s")),
            (Type::Duration, "1h30m", Some("1h30m")),
            (Type::Duration, "PT5M", None),
            (Type::Duration, "5m1h", None),
            (Type::Duration, "5 m", None),
            (Type::Duration, "5", None),
            (Type::Duration, "m", None),
            (Type::Duration, "", None),
            (Type::Duration, "99999999999999999999h", None),
            (Type::Duration, "-5m", None),
            (Type::Duration, "0s", None),
            (Type::Duration, "300h", None),
            (Type::Quantity, "10Gi", Some("10Gi")),
            (Type::Quantity, "much", None),
            (Type::Name, "mysql-pvc.1", Some("mysql-pvc.1")),
            (Type::Name, "MySQL", None),
            (Type::Name, "a/b", None),
            (Type::Name, "-a", None),
            (path(), "keep", Some("keep")),
            (path(), "lose", None),
        ] {
            let read = kind.read(text).ok().map(|value| value.to_string());
            assert_eq!(read.as_deref(), printed, "{kind:?} {text:?}");
        }
    }
}
