//! Who wrote which field: `metadata.managedFields`, and server-side apply on top of it.
//!
//! Sources: `apimachinery/pkg/util/managedfields`, `structured-merge-diff`. Simpler here in three ways: the record has
//! no entry for controllers' own writes, maps are owned by their fields and never as such (no `.` in them), and an item's
//! own mark goes with its key.

mod merge;
mod owned;

use super::fields::{list, put, take, text};
use super::resources::Resource;
use super::status::StoreError;
use owned::{Owned, changed, difference, fields_of, removed};
use serde_json::{Value, json};

/// Who writes, with what and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manager {
    pub(super) name: String,
    pub(super) api_version: String,
    /// Empty for the object itself.
    pub(super) subresource: String,
    pub(super) time: String,
}

const UPDATE: &str = "Update";
const APPLY: &str = "Apply";

impl Manager {
    fn is(&self, entry: &Value, operation: &str) -> bool {
        text(entry, &["manager"]) == self.name
            && text(entry, &["operation"]) == operation
            && text(entry, &["subresource"]) == self.subresource
    }

    fn entry(&self, operation: &str, fields: &Owned) -> Value {
        let mut entry = json!({
            "manager": self.name,
            "operation": operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields.json(),
        });
        if !self.subresource.is_empty() {
            put(&mut entry, &["subresource"], self.subresource.clone());
        }
        entry
    }
}

fn entries(object: &Value) -> Vec<Value> {
    list(object, &["metadata", "managedFields"]).to_vec()
}

fn owned_by(entry: &Value) -> Owned {
    Owned::read(entry.get("fieldsV1").unwrap_or(&Value::Null))
}

fn write(object: &mut Value, entries: Vec<Value>) {
    if entries.is_empty() {
        take(object, &["metadata", "managedFields"]);
    } else {
        put(object, &["metadata", "managedFields"], entries);
    }
}

/// Takes fields away from every entry that `but` does not spare; an entry left with nothing goes.
fn strip(entries: &mut Vec<Value>, gone: &Owned, but: impl Fn(&Value) -> bool) {
    for entry in entries.iter_mut().filter(|entry| !but(entry)) {
        let left = difference(&owned_by(entry), gone);
        put(entry, &["fieldsV1"], left.json());
    }
    entries.retain(|entry| {
        entry
            .get("fieldsV1")
            .and_then(Value::as_object)
            .is_some_and(|left| !left.is_empty())
    });
}

/// Records an ordinary write: what changed belongs to its writer and to nobody else.
pub(super) fn track(resource: &Resource, old: Option<&Value>, new: &mut Value, by: &Manager) {
    let nothing = Value::Null;
    let before = old.unwrap_or(&nothing);
    let given = entries(new);
    // `managedFields: [{}]` asks to forget them all; an absent list keeps what there was.
    let reset = given.len() == 1 && given.first() == Some(&json!({}));
    let mut all = match (reset, given.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => old.map(entries).unwrap_or_default(),
        (false, false) => given,
    };
    let status_part = by.subresource == "status";
    let fresh = changed(resource, before, new, status_part);
    if reset || (fresh.is_empty() && old.is_some() && removed(resource, before, new).is_empty()) {
        return write(new, all);
    }
    strip(&mut all, &removed(resource, before, new), |_| false);
    strip(&mut all, &fresh, |entry| by.is(entry, UPDATE));
    if let Some(entry) = all.iter_mut().find(|entry| by.is(entry, UPDATE)) {
        let both = owned_by(entry).union(&fresh);
        *entry = by.entry(UPDATE, &both);
    } else if !fresh.is_empty() {
        all.push(by.entry(UPDATE, &fresh));
    }
    write(new, all);
}

/// Records the fields of an object that an apply is about to create.
pub(super) fn claim(resource: &Resource, object: &mut Value, config: &Value, by: &Manager) {
    let fields = fields_of(resource, config);
    write(object, vec![by.entry(APPLY, &fields)]);
}

/// Applies a configuration to a live object: what it says is set and owned, what it said before and says no longer goes,
/// what others own and it would change is a conflict, unless forced.
pub(super) fn apply(
    resource: &Resource,
    live: &Value,
    config: &Value,
    by: &Manager,
    force: bool,
) -> Result<Value, StoreError> {
    let mut all = entries(live);
    let wanted = fields_of(resource, config);
    let mut merged = live.clone();
    merge::into(resource, &mut merged, config);
    let touched = changed(resource, live, &merged, false).intersection(&wanted);
    let others: Vec<&Value> = all.iter().filter(|entry| !by.is(entry, APPLY)).collect();
    let conflicts: Vec<(String, Vec<String>)> = others
        .iter()
        .map(|entry| (described(entry, by), owned_by(entry).intersection(&touched).paths()))
        .filter(|(_, paths)| !paths.is_empty())
        .collect();
    if !conflicts.is_empty() && !force {
        return Err(refused(&conflicts));
    }
    let before = all
        .iter()
        .find(|entry| by.is(entry, APPLY))
        .map(owned_by)
        .unwrap_or_default();
    let elsewhere = others
        .iter()
        .fold(Owned::default(), |sum, entry| sum.union(&owned_by(entry)));
    let dropped = difference(&difference(&before, &wanted), &elsewhere);
    merge::remove(&mut merged, &dropped);
    strip(&mut all, &touched, |entry| by.is(entry, APPLY));
    let unchanged = wanted == before && merged == *live;
    match all.iter_mut().find(|entry| by.is(entry, APPLY)) {
        Some(_) if unchanged => {}
        Some(entry) => *entry = by.entry(APPLY, &wanted),
        None => all.push(by.entry(APPLY, &wanted)),
    }
    write(&mut merged, all);
    Ok(merged)
}

/// How a conflict names another manager.
fn described(entry: &Value, by: &Manager) -> String {
    let part = match text(entry, &["subresource"]) {
        "" => String::new(),
        part => format!(" with subresource \"{part}\""),
    };
    let (version, time) = (text(entry, &["apiVersion"]), text(entry, &["time"]));
    let using = match text(entry, &["operation"]) {
        UPDATE => format!(" using {version} at {time}"),
        _ if version != by.api_version => format!(" using {version}"),
        _ => String::new(),
    };
    format!("\"{}\"{part}{using}", text(entry, &["manager"]))
}

fn refused(conflicts: &[(String, Vec<String>)]) -> StoreError {
    let count: usize = conflicts.iter().map(|(_, paths)| paths.len()).sum();
    let noun = if count == 1 { "conflict" } else { "conflicts" };
    let told: Vec<String> = conflicts
        .iter()
        .map(|(manager, paths)| match paths.as_slice() {
            [path] => format!("conflict with {manager}: {path}"),
            several => format!("conflicts with {manager}:\n- {}", several.join("\n- ")),
        })
        .collect();
    let causes: Vec<Value> = conflicts
        .iter()
        .flat_map(|(manager, paths)| {
            paths.iter().map(move |path| {
                json!({ "reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": path })
            })
        })
        .collect();
    let message = format!("Apply failed with {count} {noun}: {}", told.join("\n"));
    let mut error = StoreError::new(409, "Conflict", message);
    error.details = Some(Box::new(json!({ "causes": causes })));
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;

    fn by(name: &str) -> Manager {
        Manager {
            name: name.to_owned(),
            api_version: "v1".to_owned(),
            subresource: String::new(),
            time: "2026-11-20T10:00:00Z".to_owned(),
        }
    }

    fn maps() -> &'static Resource {
        by_path("", "v1", "configmaps").unwrap()
    }

    fn config(data: &Value) -> Value {
        json!({ "kind": "ConfigMap", "apiVersion": "v1", "metadata": { "name": "a" }, "data": data })
    }

    #[test]
    fn another_appliers_field_is_a_conflict_until_forced() {
        let mut live = config(&json!({ "k": "v" }));
        let mine = live.clone();
        claim(maps(), &mut live, &mine, &by("m"));
        assert_eq!(
            live["metadata"]["managedFields"][0]["fieldsV1"],
            json!({ "f:data": { "f:k": {} } })
        );
        let other = config(&json!({ "k": "w" }));
        let refused = apply(maps(), &live, &other, &by("n"), false).unwrap_err();
        assert_eq!(
            refused.message,
            "Apply failed with 1 conflict: conflict with \"m\": .data.k"
        );
        assert_eq!(refused.code, 409);
        let forced = apply(maps(), &live, &other, &by("n"), true).unwrap();
        assert_eq!(forced["data"], json!({ "k": "w" }));
        let managers = forced["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(managers.len(), 1);
        assert_eq!(managers[0]["manager"], "n");
    }

    #[test]
    fn what_is_no_longer_applied_goes_unless_someone_else_owns_it() {
        let mut live = config(&json!({ "a": "1", "b": "2" }));
        let mine = live.clone();
        claim(maps(), &mut live, &mine, &by("m"));
        let shared = apply(maps(), &live, &config(&json!({ "a": "1" })), &by("n"), false).unwrap();
        let left = apply(maps(), &shared, &config(&json!({ "c": "3" })), &by("m"), false).unwrap();
        assert_eq!(left["data"], json!({ "a": "1", "c": "3" }));
        let again = apply(maps(), &left, &config(&json!({ "c": "3" })), &by("m"), false).unwrap();
        assert_eq!(again, left, "applying the same again changes nothing, not even a date");
    }

    #[test]
    fn an_update_takes_the_fields_it_changes() {
        let mut live = config(&json!({ "a": "1", "b": "2" }));
        let mine = live.clone();
        claim(maps(), &mut live, &mine, &by("m"));
        let mut new = live.clone();
        new["data"] = json!({ "a": "9" });
        track(maps(), Some(&live), &mut new, &by("kubectl-edit"));
        let entries = new["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(
            entries.len(),
            1,
            "b is gone and a is taken over: nothing is left of the first manager"
        );
        assert_eq!(entries[0]["manager"], "kubectl-edit");
        assert_eq!(entries[0]["operation"], "Update");
        assert_eq!(entries[0]["fieldsV1"], json!({ "f:data": { "f:a": {} } }));
        let refused = apply(maps(), &new, &config(&json!({ "a": "1" })), &by("m"), false).unwrap_err();
        assert_eq!(
            refused.message,
            "Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1 at 2026-11-20T10:00:00Z: .data.a"
        );
    }

    #[test]
    fn items_of_a_list_are_owned_by_their_keys() {
        let pods = by_path("", "v1", "pods").unwrap();
        let pod = |image: &str| json!({ "metadata": { "name": "p", "finalizers": ["x/y"] }, "spec": { "containers": [{ "name": "c", "image": image }] } });
        let mut live = pod("1");
        let mine = live.clone();
        claim(pods, &mut live, &mine, &by("m"));
        live["spec"]["containers"]
            .as_array_mut()
            .unwrap()
            .insert(0, json!({ "name": "sidecar", "image": "s" }));
        let applied = apply(pods, &live, &pod("2"), &by("m"), false).unwrap();
        assert_eq!(
            applied["spec"]["containers"],
            json!([{ "name": "sidecar", "image": "s" }, { "name": "c", "image": "2" }])
        );
        let none = json!({ "metadata": { "name": "p" }, "spec": {} });
        let applied = apply(pods, &applied, &none, &by("m"), false).unwrap();
        assert_eq!(
            applied["spec"]["containers"],
            json!([{ "name": "sidecar", "image": "s" }])
        );
        assert_eq!(applied["metadata"].get("finalizers"), None);
    }
}
