//! Fields of a JSON object by path. Knows nothing of what they mean.

use serde_json::{Map, Value};

/// The value at a path, if every step of it is there.
pub(super) fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, step| value.get(step))
}

/// The text at a path; empty when absent or not text.
pub(super) fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    at(value, path).and_then(Value::as_str).unwrap_or_default()
}

/// The whole number at a path.
pub(super) fn number(value: &Value, path: &[&str]) -> Option<i64> {
    at(value, path).and_then(Value::as_i64)
}

/// Whether `true` stands at a path.
pub(super) fn is_true(value: &Value, path: &[&str]) -> bool {
    at(value, path).and_then(Value::as_bool) == Some(true)
}

/// The list at a path; empty when absent or not a list.
pub(super) fn list<'a>(value: &'a Value, path: &[&str]) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The texts of the list at a path.
pub(super) fn texts<'a>(value: &'a Value, path: &[&str]) -> Vec<&'a str> {
    list(value, path).iter().filter_map(Value::as_str).collect()
}

/// The fields of the object at a path, in their order.
pub(super) fn entries<'a>(value: &'a Value, path: &[&str]) -> impl Iterator<Item = (&'a String, &'a Value)> {
    at(value, path).and_then(Value::as_object).into_iter().flatten()
}

/// The value at a path for writing, with objects made on the way where there is none.
pub(super) fn slot<'a>(value: &'a mut Value, path: &[&str]) -> &'a mut Value {
    let mut here = value;
    for step in path {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(fields) = here else { return here };
        here = fields.entry((*step).to_owned()).or_insert(Value::Null);
    }
    here
}

/// Writes a value at a path.
pub(super) fn put(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    *slot(value, path) = new.into();
}

/// Writes a value at a path where nothing, or `null`, stands.
pub(super) fn put_default(value: &mut Value, path: &[&str], new: impl Into<Value>) {
    let slot = slot(value, path);
    if slot.is_null() {
        *slot = new.into();
    }
}

/// Takes away the field at a path; the order of the others stays.
pub(super) fn take(value: &mut Value, path: &[&str]) -> Option<Value> {
    let (last, way) = path.split_last()?;
    let mut here = value;
    for step in way {
        here = here.get_mut(step)?;
    }
    here.as_object_mut()?.shift_remove(*last)
}

/// Makes the field at a path of `target` what it is in `source`, absent included.
pub(super) fn copy(source: &Value, target: &mut Value, path: &[&str]) {
    match at(source, path) {
        Some(value) => put(target, path, value.clone()),
        None => drop(take(target, path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_is_read_written_and_taken_away() {
        let mut value = json!({ "a": 1, "b": { "c": ["x", 2] }, "d": null });
        assert_eq!(texts(&value, &["b", "c"]), ["x"]);
        assert_eq!(number(&value, &["a"]), Some(1));
        put(&mut value, &["e", "f"], "g");
        put_default(&mut value, &["d"], 4);
        put_default(&mut value, &["a"], 5);
        assert_eq!(take(&mut value, &["b"]), Some(json!({ "c": ["x", 2] })));
        assert_eq!(take(&mut value, &["nothing", "there"]), None);
        assert_eq!(value, json!({ "a": 1, "d": 4, "e": { "f": "g" } }));
        assert_eq!(value.to_string(), r#"{"a":1,"d":4,"e":{"f":"g"}}"#);
    }
}
