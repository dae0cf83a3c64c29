//! A user's own check: a CEL expression on the projection of the tenant, compiled when the runbook is read.
//!
//! The only file that knows the CEL library. What an expression may cost is bounded before it runs: its length and shape
//! when it is read, and shape times size of the tenant when it is asked.

mod walk;

use super::parameter::Parameters;
use super::projection;
use super::reading::{Reader, Said};
use super::template::Values;
use super::tenancy::Tenancy;
use crate::diagnose::Found;
use crate::model::Kind;
use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::parser::PrattParser;
use cel::{Context, Value};
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use walk::Walk;

/// Bytes of an expression.
const LENGTH: usize = 2048;
/// What the parser may make of it before it gives up.
const PARSED: usize = 4_000;
/// Parentheses and operators within one another.
const DEPTH: u16 = 48;
/// Steps that one evaluation may come to.
const COST: u64 = 20_000_000;
/// Characters of why an evaluation failed that are told.
const WHY: usize = 160;
/// What `matches` weighs: it compiles a pattern each time.
const PATTERN: u64 = 2_000;

/// A compiled expression.
#[derive(Clone)]
pub struct Expression {
    text: String,
    tree: Arc<IdedExpr>,
    /// Which of [`projection::VARIABLES`] it reads.
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

    /// The kinds it reads.
    pub fn kinds(&self) -> Vec<Kind> {
        self.reads
            .iter()
            .flat_map(|name| projection::kinds(name))
            .copied()
            .collect()
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
            Err(error) => {
                // the library prints whole lists
                let why = error.to_string();
                Found::untold(
                    why.lines()
                        .next()
                        .unwrap_or_default()
                        .chars()
                        .take(WHY)
                        .collect::<String>(),
                )
            }
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
