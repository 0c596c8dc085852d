//! The methods of lists. None of them changes the list; what would, in JavaScript, gives a new one.

use std::cmp::Ordering;

use copydesk_base::Span;

use super::EvaluateError;
use super::call::Call;
use super::chain::item;
use super::machine::{Machine, Outcome};
use super::numbers::count;
use crate::expression::value::{Data, Value, joined};

/// Calls a method of a list.
pub(super) fn call(machine: &mut Machine<'_>, list: &Value, call: &Call<'_>) -> Outcome {
    let items = list.as_list().unwrap_or(&[]);
    let span = call.span;
    machine.work(1 + items.len() as u64 / 8, span)?;
    let grade = list.grade.max(call.grade());
    match call.name {
        "map" => {
            let mapped = each(machine, list, call)?;
            machine.list(mapped, span)
        }
        "flatMap" => {
            let mapped = each(machine, list, call)?;
            let mut flat = Vec::new();
            flatten(machine, &mapped, 1.0, &mut flat, span)?;
            machine.list(flat, span)
        }
        "filter" => {
            let mut kept = Vec::new();
            for (at, value) in items.iter().enumerate() {
                if round(machine, list, call, at)?.is_true() {
                    kept.push(value.clone());
                }
            }
            machine.list(kept, span)
        }
        "find" | "findLast" | "findIndex" | "findLastIndex" => {
            let found = search(machine, list, call)?;
            Ok(match (call.name, found) {
                ("find" | "findLast", Some(at)) => items.get(at).cloned().unwrap_or(Value::UNDEFINED),
                ("find" | "findLast", None) => Value::UNDEFINED,
                (_, Some(at)) => Value::from(count(at)).graded(grade),
                (_, None) => Value::from(-1.0).graded(grade),
            })
        }
        "some" | "every" => {
            let wanted = call.name == "some";
            for at in 0..items.len() {
                if round(machine, list, call, at)?.is_true() == wanted {
                    return Ok(Value::from(wanted).graded(grade));
                }
            }
            Ok(Value::from(!wanted).graded(grade))
        }
        "reduce" | "reduceRight" => reduce(machine, list, call),
        "sort" => {
            let sorted = sort(machine, items.to_vec(), call)?;
            machine.list(sorted, span)
        }
        "reverse" => machine.list(items.iter().rev().cloned().collect(), span),
        "slice" => {
            let (from, to) = range(call, items.len());
            machine.list(items.get(from..to.max(from)).unwrap_or(&[]).to_vec(), span)
        }
        "concat" => {
            let mut all = items.to_vec();
            for at in 0..call.arguments.len() {
                let value = call.value(at);
                match value.as_list() {
                    Some(more) => all.extend_from_slice(more),
                    None => all.push(value),
                }
                machine.work(all.len() as u64 / 8, span)?;
            }
            machine.list(all, span)
        }
        "flat" => {
            let depth = if call.has(0) { call.whole(0) } else { 1.0 };
            let mut flat = Vec::new();
            flatten(machine, items, depth, &mut flat, span)?;
            machine.list(flat, span)
        }
        "at" => {
            let at = call.whole(0);
            Ok(item(list, if at < 0.0 { at + count(items.len()) } else { at }))
        }
        "join" | "toString" => {
            let between = if call.has(0) && call.name == "join" { call.text(0) } else { ",".into() };
            let bytes = list.size().saturating_add(items.len() as u64 * between.len() as u64);
            machine.pay_text(usize::try_from(bytes).unwrap_or(usize::MAX), span)?;
            Ok(Value::text(joined(items, &between)).graded(grade))
        }
        "includes" => {
            let wanted = call.value(0);
            let from = start(call, 1, items.len());
            Ok(Value::from(items.iter().skip(from).any(|value| value.is_same(&wanted))).graded(grade))
        }
        "indexOf" => {
            let wanted = call.value(0);
            let from = start(call, 1, items.len());
            let found = items.iter().skip(from).position(|value| value.strictly_equals(&wanted));
            Ok(Value::from(found.map_or(-1.0, |at| count(at + from))).graded(grade))
        }
        "lastIndexOf" => {
            let wanted = call.value(0);
            let end = if call.has(1) {
                let at = call.whole(1);
                let at = if at < 0.0 { at + count(items.len()) } else { at };
                whole(at + 1.0).min(items.len())
            } else {
                items.len()
            };
            let found =
                items.get(..end).unwrap_or(&[]).iter().rposition(|value| value.strictly_equals(&wanted));
            Ok(Value::from(found.map_or(-1.0, count)).graded(grade))
        }
        name => Err(EvaluateError::new(span, format!("a list has no method '{name}'"))),
    }
}

/// One round of a callback: the item, its number, the list.
fn round(machine: &mut Machine<'_>, list: &Value, call: &Call<'_>, at: usize) -> Outcome {
    let value = item(list, count(at));
    machine.call_back(call, 0, &[value, count(at).into(), list.clone()])
}

fn each(machine: &mut Machine<'_>, list: &Value, call: &Call<'_>) -> Result<Vec<Value>, EvaluateError> {
    (0..list.as_list().map_or(0, <[Value]>::len)).map(|at| round(machine, list, call, at)).collect()
}

fn search(machine: &mut Machine<'_>, list: &Value, call: &Call<'_>) -> Result<Option<usize>, EvaluateError> {
    let length = list.as_list().map_or(0, <[Value]>::len);
    for step in 0..length {
        let at = if call.name.starts_with("findLast") { length - 1 - step } else { step };
        if round(machine, list, call, at)?.is_true() {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn reduce(machine: &mut Machine<'_>, list: &Value, call: &Call<'_>) -> Outcome {
    let length = list.as_list().map_or(0, <[Value]>::len);
    let mut order: Vec<usize> = (0..length).collect();
    if call.name == "reduceRight" {
        order.reverse();
    }
    let mut order = order.into_iter();
    let mut sum = if call.arguments.len() > 1 {
        call.value(1)
    } else {
        let Some(first) = order.next() else {
            let message = format!("'{}' of an empty list needs a value to start with", call.name);
            return Err(EvaluateError::new(call.span, message));
        };
        item(list, count(first))
    };
    for at in order {
        let value = item(list, count(at));
        sum = machine.call_back(call, 0, &[sum, value, count(at).into(), list.clone()])?;
    }
    Ok(sum)
}

fn flatten(
    machine: &mut Machine<'_>,
    items: &[Value],
    depth: f64,
    flat: &mut Vec<Value>,
    span: Span,
) -> Result<(), EvaluateError> {
    machine.work(items.len() as u64, span)?;
    for value in items {
        match value.as_list() {
            // No value is nested deeper than `MAX_DEPTH`, so this ends.
            Some(inner) if depth >= 1.0 => flatten(machine, inner, depth - 1.0, flat, span)?,
            _ => flat.push(value.clone()),
        }
    }
    Ok(())
}

/// In order: by text, or by a function of two items. What is nothing comes last.
///
/// A merge sort of our own, since the comparison may fail, and may be as inconsistent as its author likes.
fn sort(machine: &mut Machine<'_>, items: Vec<Value>, call: &Call<'_>) -> Result<Vec<Value>, EvaluateError> {
    let (mut items, nothing): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|value| !matches!(value.data, Data::Undefined));
    if call.is_function(0) {
        items = merge_sort(items, &mut |a, b| {
            let order = machine.call_back(call, 0, &[a.clone(), b.clone()])?.to_number();
            Ok(order <= 0.0 || order.is_nan())
        })?;
    } else {
        let mut keyed = Vec::with_capacity(items.len());
        for value in items {
            machine.pay_text(usize::try_from(value.size()).unwrap_or(usize::MAX), call.span)?;
            keyed.push((value.to_text(), value));
        }
        machine.work(keyed.len() as u64, call.span)?;
        keyed.sort_by(|(a, _), (b, _)| by_units(a, b));
        items = keyed.into_iter().map(|(_, value)| value).collect();
    }
    items.extend(nothing);
    Ok(items)
}

fn by_units(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

type Before<'f> = dyn FnMut(&Value, &Value) -> Result<bool, EvaluateError> + 'f;

fn merge_sort(mut items: Vec<Value>, before: &mut Before<'_>) -> Result<Vec<Value>, EvaluateError> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = merge_sort(items.split_off(items.len() / 2), before)?;
    let left = merge_sort(items, before)?;
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if before(a, b)? { left.next() } else { right.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

/// Where an optional argument says to start, counted from the end if it is negative.
fn start(call: &Call<'_>, at: usize, length: usize) -> usize {
    relative(call.whole(at), length)
}

/// The two arguments of `slice` as places in something of that length.
pub(super) fn range(call: &Call<'_>, length: usize) -> (usize, usize) {
    let from = relative(call.whole(0), length);
    let to = if call.has(1) { relative(call.whole(1), length) } else { length };
    (from, to)
}

fn relative(at: f64, length: usize) -> usize {
    let at = if at < 0.0 { at + count(length) } else { at };
    whole(at).min(length)
}

/// A number as a place: nothing is below 0.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` stops at the ends, as it should"
)]
pub(super) fn whole(at: f64) -> usize {
    at.max(0.0) as usize
}
