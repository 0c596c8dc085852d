//! `match` and `search`: texts taken as regular expressions, in time that grows with the text.
//!
//! The patterns are those of JavaScript but for looking around and referring back, which no bounded matcher has.

use regex::RegexBuilder;

use super::EvaluateError;
use super::call::Call;
use super::machine::{Machine, Outcome};
use super::numbers::count;
use super::texts::unit_of;
use crate::expression::value::Value;

/// The memory that one pattern may take when it is compiled.
const MAX_PATTERN: usize = 200_000;

/// `text.match(pattern)`: what was found and its groups, or `null`.
pub(super) fn find(machine: &mut Machine<'_>, text: &str, call: &Call<'_>) -> Outcome {
    let pattern = pattern(machine, call)?;
    let Some(found) = pattern.captures(text) else { return Ok(Value::NULL) };
    let groups = found.iter().map(|group| group.map_or(Value::UNDEFINED, |group| group.as_str().into()));
    machine.list(groups.collect(), call.span)
}

/// `text.search(pattern)`: where it is found, or -1.
pub(super) fn search(machine: &mut Machine<'_>, text: &str, call: &Call<'_>) -> Outcome {
    let found = pattern(machine, call)?.find(text);
    Ok(found.map_or(-1.0, |found| count(unit_of(text, found.start()))).into())
}

fn pattern(machine: &mut Machine<'_>, call: &Call<'_>) -> Result<regex::Regex, EvaluateError> {
    let source = if call.has(0) { call.text(0) } else { "".into() };
    // Compiling costs far more than a step of the walk.
    machine.work(2_000 + source.len() as u64 * 20, call.span)?;
    let pattern = RegexBuilder::new(&source).size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN).build();
    pattern.map_err(|_| EvaluateError::new(call.span, "this pattern cannot be read, or is too large"))
}
