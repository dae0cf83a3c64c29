//! A user's own check: a CEL expression on the projection of the tenant, compiled when the runbook is read.
//!
//! The only file that knows the CEL library. What an expression may cost is bounded before it runs: its length and shape
//! when it is read, and shape times size of the tenant when it is asked.

use super::check::Found;
use super::parameter::{Parameters, meant};
use super::projection::{self, VARIABLES};
use super::reading::{Reader, Said, listed, nearest};
use super::template::Values;
use super::tenancy::Tenancy;
use crate::model::Kind;
use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::parser::PrattParser;
use cel::{Context, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of an expression.
const LENGTH: usize = 2048;
/// Nodes of its tree, macros expanded.
const NODES: u64 = 600;
/// What the parser may make of it before it gives up.
const PARSED: usize = 4_000;
/// Nodes below one another: the evaluation goes as deep.
const TREE: u32 = 96;
/// Parentheses and operators within one another.
const DEPTH: u16 = 48;
/// `all`, `exists`, `map` and `filter` within one another.
const NESTED: u32 = 2;
/// Steps that one evaluation may come to.
const COST: u64 = 20_000_000;
/// What `matches` weighs: it compiles a pattern each time.
const PATTERN: u64 = 2_000;
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

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    text: String,
    tree: Arc<IdedExpr>,
    /// Which of [`VARIABLES`] it reads.
    reads: BTreeSet<&'static str>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

impl Expression {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn read(reader: &mut Reader<'_>, said: &Said, parameters: &Parameters) -> Option<Self> {
        let text = said.text.trim();
        if text.len() > LENGTH {
            let told = format!("the expression has {} bytes", text.len());
            reader.fault(
                &said.at,
                told,
                format!("it has at most {LENGTH}; make it several checks"),
            );
            return None;
        }
        if let Some(at) = text.find("${") {
            let place = reader.source.within(&said.at, text.get(at..).unwrap_or_default());
            reader.fault(
                &place,
                "parameters are not pasted into an expression",
                "a value could become code: write params.name",
            );
            return None;
        }
        // of the library's two parsers the one that bounds how deep it goes while it reads
        let tree = match PrattParser::new()
            .max_recursion_depth(DEPTH)
            .max_expression_node_count(PARSED)
            .parse(text)
        {
            Ok(tree) => tree,
            Err(errors) => {
                for error in &errors.errors {
                    let place = erroneous(reader, said, text, error.pos);
                    let why = error.msg.lines().next().unwrap_or_default().trim();
                    reader.fault(
                        &place,
                        format!("the expression cannot be read: {why}"),
                        "see docs/runbooks.md, Own checks",
                    );
                }
                if errors.errors.is_empty() {
                    reader.fault(
                        &said.at,
                        "the expression cannot be read",
                        "see docs/runbooks.md, Own checks",
                    );
                }
                return None;
            }
        };
        let mut walk = Walk::default();
        walk.node(&tree, 0);
        let mut sound = walk.bounded(reader, said);
        sound &= walk.known(reader, said, parameters);
        sound.then(|| Self {
            text: text.to_owned(),
            tree: Arc::new(tree),
            reads: walk.reads,
        })
    }

    /// Asks the facts. Where a kind it reads cannot be seen, nothing is said.
    pub fn judge(&self, tenancy: Tenancy<'_>, values: &Values) -> Found {
        let kinds = self.reads.iter().flat_map(|name| projection::kinds(name));
        let blind = kinds.copied().find_map(|kind: Kind| {
            let namespace = if kind.namespaced() { tenancy.namespace } else { "" };
            tenancy.look.gap(kind, namespace)
        });
        if let Some(gap) = blind {
            return Found::untold(gap);
        }
        let mut context = Context::default();
        let mut longest = 16;
        for name in &self.reads {
            let value = projection::of(name, tenancy, values);
            longest = longest.max(projection::longest(&value));
            match cel::to_value(&value) {
                Ok(value) => context.add_variable_from_value(*name, value),
                Err(error) => return Found::untold(format!("{name} cannot be shown to it: {error}")),
            }
        }
        let cost = cost(&self.tree, longest as u64);
        if cost > COST {
            return Found::untold(format!(
                "it would take {cost} steps on this tenant, and may take {COST}"
            ));
        }
        match Value::resolve(&self.tree, &context) {
            Ok(Value::Bool(true)) => Found::yes("true"),
            Ok(Value::Bool(false)) => Found::no("false"),
            Ok(other) => Found::untold(format!(
                "it came to {}, which is neither true nor false",
                other.type_of()
            )),
            Err(error) => Found::untold(error.to_string().lines().next().unwrap_or_default().to_owned()),
        }
    }
}

/// Where in the file an error of the expression stands.
fn erroneous(reader: &Reader<'_>, said: &Said, text: &str, (line, column): (isize, isize)) -> Range<usize> {
    let index = |number: isize| usize::try_from(number.saturating_sub(1)).unwrap_or(0);
    let rest = text
        .lines()
        .nth(index(line))
        .and_then(|line| {
            line.char_indices()
                .nth(index(column))
                .and_then(|(at, _)| line.get(at..))
        })
        .unwrap_or_default();
    reader.source.within(&said.at, rest)
}

/// What an expression is made of.
#[derive(Debug, Default)]
struct Walk {
    nodes: u64,
    level: u32,
    lowest: u32,
    deepest: u32,
    /// Names bound by `all` and its kin, where the walk stands.
    bound: Vec<String>,
    reads: BTreeSet<&'static str>,
    unknown: Vec<String>,
    functions: BTreeSet<String>,
    /// Fields asked of `params`.
    params: BTreeSet<String>,
}

impl Walk {
    fn node(&mut self, node: &IdedExpr, depth: u32) {
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

    fn bounded(&self, reader: &mut Reader<'_>, said: &Said) -> bool {
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

    fn known(&self, reader: &mut Reader<'_>, said: &Said, parameters: &Parameters) -> bool {
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

/// How many steps an evaluation comes to at most, where the longest list has so many items.
fn cost(node: &IdedExpr, longest: u64) -> u64 {
    let all = |nodes: &[&IdedExpr]| {
        nodes
            .iter()
            .fold(0_u64, |sum, node| sum.saturating_add(cost(node, longest)))
    };
    let inner = match &node.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) => 0,
        Expr::Select(select) => cost(&select.operand, longest),
        Expr::Call(call) => {
            let parts: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
            // comparing two lists, or looking for an item, goes through them
            let own = if call.func_name == "matches" { PATTERN } else { 0 };
            let through = matches!(call.func_name.as_str(), "_==_" | "_!=_" | "@in" | "_+_" | "contains");
            all(&parts)
                .saturating_add(own)
                .saturating_add(if through { longest } else { 0 })
        }
        Expr::List(list) => all(&list.elements.iter().collect::<Vec<_>>()),
        Expr::Map(map) => map
            .entries
            .iter()
            .fold(0, |sum: u64, entry| sum.saturating_add(of_entry(&entry.expr, longest))),
        Expr::Struct(made) => made
            .entries
            .iter()
            .fold(0, |sum: u64, entry| sum.saturating_add(of_entry(&entry.expr, longest))),
        Expr::Comprehension(each) => {
            // lists can be joined: a range of n parts is at most n lists long
            let rounds = longest.saturating_mul(parts(&each.iter_range));
            let one = all(&[&each.loop_cond, &each.loop_step]);
            all(&[&each.iter_range, &each.accu_init, &each.result]).saturating_add(rounds.saturating_mul(one))
        }
    };
    inner.saturating_add(1)
}

fn of_entry(entry: &EntryExpr, longest: u64) -> u64 {
    match entry {
        EntryExpr::StructField(field) => cost(&field.value, longest),
        EntryExpr::MapEntry(entry) => cost(&entry.key, longest).saturating_add(cost(&entry.value, longest)),
    }
}

/// How many lists an expression can join: its nodes.
fn parts(node: &IdedExpr) -> u64 {
    let mut walk = Walk::default();
    walk.node(node, 0);
    walk.nodes
}
