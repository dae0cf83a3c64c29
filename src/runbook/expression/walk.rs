//! What an expression is made of: its size and shape, the names it reads and the functions it calls.

use crate::runbook::parameter::{Parameters, meant};
use crate::runbook::projection::VARIABLES;
use crate::runbook::reading::{Reader, Said, listed, nearest};
use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use std::collections::BTreeSet;

/// Nodes of its tree, macros expanded.
const NODES: u64 = 600;
/// Nodes below one another: the evaluation goes as deep.
const TREE: u32 = 96;
/// `all`, `exists`, `map` and `filter` within one another.
const NESTED: u32 = 2;
/// Functions of CEL that may be called; operators come besides.
const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "max",
    "min",
];

/// What an expression is made of.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) nodes: u64,
    level: u32,
    lowest: u32,
    deepest: u32,
    /// Names bound by `all` and its kin, where the walk stands.
    bound: Vec<String>,
    pub(super) reads: BTreeSet<&'static str>,
    unknown: Vec<String>,
    functions: BTreeSet<String>,
    /// Fields asked of `params`.
    params: BTreeSet<String>,
}

impl Walk {
    pub(super) fn node(&mut self, node: &IdedExpr, depth: u32) {
        self.nodes += 1;
        self.level += 1;
        self.lowest = self.lowest.max(self.level);
        if self.nodes <= NODES {
            self.inner(node, depth);
        }
        self.level -= 1;
    }

    fn inner(&mut self, node: &IdedExpr, depth: u32) {
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => {
                if let Expr::Ident(name) = &select.operand.expr
                    && name == "params"
                    && !self.bound.contains(name)
                {
                    self.params.insert(select.field.clone());
                }
                self.node(&select.operand, depth);
            }
            Expr::Call(call) => {
                self.functions.insert(call.func_name.clone());
                if call.func_name == "matches" {
                    self.nodes += 1;
                }
                if let Some(target) = &call.target {
                    self.node(target, depth);
                }
                for argument in &call.args {
                    self.node(argument, depth);
                }
            }
            Expr::List(list) => {
                for element in &list.elements {
                    self.node(element, depth);
                }
            }
            Expr::Map(map) => self.entries(map.entries.iter().map(|entry| &entry.expr), depth),
            Expr::Struct(made) => self.entries(made.entries.iter().map(|entry| &entry.expr), depth),
            Expr::Comprehension(each) => {
                self.deepest = self.deepest.max(depth + 1);
                self.node(&each.iter_range, depth);
                self.node(&each.accu_init, depth);
                let before = self.bound.len();
                self.bound.push(each.iter_var.clone());
                self.bound.extend(each.iter_var2.clone());
                self.bound.push(each.accu_var.clone());
                self.node(&each.loop_cond, depth + 1);
                self.node(&each.loop_step, depth + 1);
                self.node(&each.result, depth + 1);
                self.bound.truncate(before);
            }
        }
    }

    fn entries<'e>(&mut self, entries: impl Iterator<Item = &'e EntryExpr>, depth: u32) {
        for entry in entries {
            match entry {
                EntryExpr::StructField(field) => self.node(&field.value, depth),
                EntryExpr::MapEntry(entry) => {
                    self.node(&entry.key, depth);
                    self.node(&entry.value, depth);
                }
            }
        }
    }

    fn name(&mut self, name: &str) {
        if name.starts_with('@') || self.bound.iter().any(|bound| bound == name) {
            return;
        }
        match VARIABLES.iter().find(|variable| variable.name == name) {
            Some(variable) => {
                self.reads.insert(variable.name);
            }
            None => self.unknown.push(name.to_owned()),
        }
    }

    pub(super) fn bounded(&self, reader: &mut Reader<'_>, said: &Said) -> bool {
        if self.nodes > NODES {
            reader.fault(
                &said.at,
                format!("the expression has more than {NODES} parts"),
                "make it several checks",
            );
            return false;
        }
        if self.lowest > TREE {
            reader.fault(
                &said.at,
                "the expression is too long in one piece",
                "make it several checks",
            );
            return false;
        }
        if self.deepest > NESTED {
            let told = format!("the expression goes through lists {} deep in one another", self.deepest);
            reader.fault(
                &said.at,
                told,
                format!("it may go {NESTED} deep: make it several checks"),
            );
            return false;
        }
        true
    }

    pub(super) fn known(&self, reader: &mut Reader<'_>, said: &Said, parameters: &Parameters) -> bool {
        let mut sound = true;
        let variables: Vec<&str> = VARIABLES.iter().map(|variable| variable.name).collect();
        for name in &self.unknown {
            let fix = match nearest(name, &variables) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there is {}", listed(&variables)),
            };
            let place = reader.source.within(&said.at, name);
            reader.fault(&place, format!("there is nothing named `{name}` to ask"), fix);
            sound = false;
        }
        for name in &self.functions {
            // operators are written with signs
            let operator = name.starts_with(['_', '!', '@', '-']);
            if !operator && !FUNCTIONS.contains(&name.as_str()) {
                let fix = match nearest(name, FUNCTIONS) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there is {}", listed(FUNCTIONS)),
                };
                let place = reader.source.within(&said.at, name);
                reader.fault(&place, format!("there is no function `{name}`"), fix);
                sound = false;
            }
        }
        for name in self.params.iter().filter(|name| parameters.get(name).is_none()) {
            let fix = match meant(name, parameters) {
                Some(near) => format!("did you mean `params.{near}`?"),
                None => "declare it under `parameters`".to_owned(),
            };
            let place = reader.source.within(&said.at, &format!("params.{name}"));
            reader.fault(&place, format!("there is no parameter `{name}`"), fix);
            sound = false;
        }
        sound
    }
}
