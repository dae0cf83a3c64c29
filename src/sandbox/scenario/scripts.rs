//! What commands in a scenario's pods answer, read from its header.

use super::ScenarioError;
use super::page::{Node, Shape};
use crate::sandbox::exec::Script;
use std::time::Duration;

pub(super) fn read(file: &str, node: Option<&Node>) -> Result<Vec<Script>, ScenarioError> {
    let Some(node) = node else {
        return Ok(Vec::new());
    };
    let Shape::List(items) = &node.shape else {
        return Err(node.wrong(file, "`exec` is no list", "write each command after a dash"));
    };
    items.iter().map(|item| script(file, item)).collect()
}

fn script(file: &str, node: &Node) -> Result<Script, ScenarioError> {
    for (name, _) in node.entries() {
        if !["pod", "command", "out", "bytes", "said", "exit", "takes", "then"].contains(&name.text.as_str()) {
            return Err(name.wrong(
                file,
                format!("a command has no field \"{}\"", name.text),
                "use pod, command, out, bytes, said, exit, takes and then",
            ));
        }
    }
    let text = |node: &Node, field: &str| node.text(field).unwrap_or_default().to_owned();
    let number = |field: &str| match node.field(field) {
        None => Ok(0),
        Some(value) => match &value.shape {
            Shape::Scalar(number) => number.as_u64(),
            Shape::List(_) | Shape::Map(_) => None,
        }
        .ok_or_else(|| value.wrong(file, format!("`{field}` is no number"), "write a whole number")),
    };
    let command = node.field("command").map(Node::texts).unwrap_or_default();
    if command.is_empty() {
        return Err(node.wrong(file, "there is no command", "write `command: [program, argument]`"));
    }
    let then = node.field("then").map(|then| {
        let command = then.field("command").map(Node::texts).unwrap_or_default();
        (command, text(then, "out"))
    });
    Ok(Script {
        pod: text(node, "pod"),
        command,
        out: text(node, "out"),
        bytes: number("bytes")?,
        said: text(node, "said"),
        exit: i32::try_from(number("exit")?).unwrap_or(1),
        takes: Duration::from_secs(number("takes")?),
        then,
    })
}
