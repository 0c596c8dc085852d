//! The methods of texts. Places and lengths count in UTF-16, as everywhere in JavaScript.

use std::sync::Arc;

use super::EvaluateError;
use super::call::Call;
use super::lists::{range, whole};
use super::machine::{Machine, Outcome};
use super::numbers::count;
use super::patterns;
use crate::expression::value::{Value, is_space, to_i32, trim};

/// The longest text that a method may make.
const MAX_TEXT: usize = 16_000_000;

/// Calls a method of a text.
pub(super) fn call(machine: &mut Machine<'_>, text: &Arc<str>, call: &Call<'_>) -> Outcome {
    let span = call.span;
    machine.pay_text(text.len(), span)?;
    Ok(match call.name {
        "toString" => Value::text(Arc::clone(text)),
        "toUpperCase" => text.to_uppercase().into(),
        "toLowerCase" => text.to_lowercase().into(),
        "trim" => trim(text).into(),
        "trimStart" => text.trim_start_matches(is_space).into(),
        "trimEnd" => text.trim_end_matches(is_space).into(),
        "slice" => {
            let (from, to) = range(call, length(text));
            cut(text, from, to.max(from)).into()
        }
        "substring" => {
            let end = length(text);
            let from = whole(call.whole(0)).min(end);
            let to = if call.has(1) { whole(call.whole(1)).min(end) } else { end };
            cut(text, from.min(to), from.max(to)).into()
        }
        "substr" => {
            let end = length(text);
            let start = call.whole(0);
            let from = whole(if start < 0.0 { start + count(end) } else { start }).min(end);
            let size = if call.has(1) { whole(call.whole(1)) } else { end };
            cut(text, from, from.saturating_add(size).min(end)).into()
        }
        "at" => {
            let at = call.whole(0);
            let at = if at < 0.0 { at + count(length(text)) } else { at };
            let found =
                if at < 0.0 { None } else { unit(text, u32::try_from(whole(at)).unwrap_or(u32::MAX)) };
            found.map_or(Value::UNDEFINED, Value::from)
        }
        "charAt" => {
            let at = call.whole(0);
            let found =
                if at < 0.0 { None } else { unit(text, u32::try_from(whole(at)).unwrap_or(u32::MAX)) };
            found.unwrap_or_default().into()
        }
        "charCodeAt" => {
            let at = call.whole(0);
            let found = if at < 0.0 { None } else { text.encode_utf16().nth(whole(at)) };
            found.map_or(f64::NAN, f64::from).into()
        }
        "codePointAt" => {
            let at = call.whole(0);
            if at < 0.0 || whole(at) >= length(text) {
                return Ok(Value::UNDEFINED);
            }
            let code = text.get(byte_of(text, whole(at))..).and_then(|rest| rest.chars().next());
            code.map_or(Value::UNDEFINED, |c| f64::from(u32::from(c)).into())
        }
        "concat" => {
            let mut joined = text.to_string();
            for at in 0..call.arguments.len() {
                joined.push_str(&call.text(at));
                machine.pay_text(joined.len(), span)?;
            }
            joined.into()
        }
        "includes" => {
            let from = byte_of(text, whole(call.whole(1)));
            text.get(from..).is_some_and(|rest| rest.contains(&*call.text(0))).into()
        }
        "startsWith" => {
            let from = byte_of(text, whole(call.whole(1)));
            text.get(from..).is_some_and(|rest| rest.starts_with(&*call.text(0))).into()
        }
        "endsWith" => {
            let end = if call.has(1) { byte_of(text, whole(call.whole(1))) } else { text.len() };
            text.get(..end).is_some_and(|rest| rest.ends_with(&*call.text(0))).into()
        }
        "indexOf" => {
            let from = byte_of(text, whole(call.whole(1)));
            let found = text.get(from..).and_then(|rest| rest.find(&*call.text(0)));
            found.map_or(-1.0, |at| count(unit_of(text, from + at))).into()
        }
        "lastIndexOf" => {
            let wanted = call.text(0);
            let last = call.value(1).to_number();
            let end = if last.is_nan() {
                text.len()
            } else {
                byte_of(text, whole(last)).saturating_add(wanted.len())
            };
            let mut end = end.min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            let found = text.get(..end).and_then(|rest| rest.rfind(&*wanted));
            found.map_or(-1.0, |at| count(unit_of(text, at))).into()
        }
        "padStart" | "padEnd" => pad(machine, text, call)?,
        "split" => split(machine, text, call)?,
        "replace" | "replaceAll" => replace(machine, text, call)?,
        "match" => patterns::find(machine, text, call)?,
        "search" => patterns::search(machine, text, call)?,
        "localeCompare" => {
            let other = call.text(0);
            machine.pay_text(other.len(), span)?;
            f64::from(compare(text, &other)).into()
        }
        name => return Err(EvaluateError::new(span, format!("a text has no method '{name}'"))),
    })
}

/// How long a text is.
pub(super) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.encode_utf16().count() }
}

/// One unit of a text as a text. Half a character is shown as `�`.
pub(super) fn unit(text: &str, at: u32) -> Option<String> {
    let at = usize::try_from(at).ok()?;
    let unit =
        if text.is_ascii() { u16::from(*text.as_bytes().get(at)?) } else { text.encode_utf16().nth(at)? };
    Some(String::from_utf16_lossy(&[unit]))
}

fn cut(text: &str, from: usize, to: usize) -> String {
    if text.is_ascii() {
        return text.get(from..to).unwrap_or("").to_owned();
    }
    let units: Vec<u16> = text.encode_utf16().skip(from).take(to - from).collect();
    String::from_utf16_lossy(&units)
}

/// The byte where a unit starts; the end of the text behind its last one.
fn byte_of(text: &str, unit: usize) -> usize {
    if text.is_ascii() {
        return unit.min(text.len());
    }
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= unit {
            return at;
        }
        units += c.len_utf16();
    }
    text.len()
}

pub(super) fn unit_of(text: &str, byte: usize) -> usize {
    text.get(..byte).map_or(0, length)
}

fn pad(machine: &mut Machine<'_>, text: &Arc<str>, call: &Call<'_>) -> Outcome {
    let filler = if call.has(1) { call.text(1) } else { " ".into() };
    let wanted = whole(call.whole(0));
    let missing = wanted.saturating_sub(length(text));
    if missing == 0 || filler.is_empty() {
        return Ok(Value::text(Arc::clone(text)));
    }
    if wanted > MAX_TEXT {
        return Err(too_long(call));
    }
    machine.pay_text(missing, call.span)?;
    let units: Vec<u16> = filler.encode_utf16().cycle().take(missing).collect();
    let padding = String::from_utf16_lossy(&units);
    Ok(if call.name == "padStart" { format!("{padding}{text}") } else { format!("{text}{padding}") }.into())
}

fn split(machine: &mut Machine<'_>, text: &Arc<str>, call: &Call<'_>) -> Outcome {
    // As an unsigned whole of 32 bits: -1 is as good as no limit.
    let limit = if call.has(1) {
        usize::try_from(to_i32(call.value(1).to_number()).cast_unsigned()).unwrap_or(usize::MAX)
    } else {
        usize::MAX
    };
    let parts: Vec<Value> = if call.has(0) {
        let between = call.text(0);
        if between.is_empty() {
            machine.work(text.len() as u64, call.span)?;
            let units: Vec<u16> = text.encode_utf16().take(limit).collect();
            units.into_iter().map(|unit| String::from_utf16_lossy(&[unit]).into()).collect()
        } else {
            text.split(&*between).take(limit).map(Value::from).collect()
        }
    } else {
        vec![Value::text(Arc::clone(text))]
    };
    machine.list(parts.into_iter().take(limit).collect(), call.span)
}

fn replace(machine: &mut Machine<'_>, text: &Arc<str>, call: &Call<'_>) -> Outcome {
    let wanted = call.text(0);
    let most = if call.name == "replace" { 1 } else { usize::MAX };
    let mut made = String::new();
    let mut at = 0;
    let places: Vec<usize> = if wanted.is_empty() {
        text.char_indices().map(|(at, _)| at).chain([text.len()]).take(most).collect()
    } else {
        text.match_indices(&*wanted).map(|(at, _)| at).take(most).collect()
    };
    for place in places {
        let behind = place + wanted.len();
        let by = if call.is_function(1) {
            let given = [
                Value::text(Arc::clone(&wanted)),
                count(unit_of(text, place)).into(),
                Value::text(Arc::clone(text)),
            ];
            machine.call_back(call, 1, &given)?.to_text().to_string()
        } else {
            expand(&call.text(1), text, place, behind)
        };
        made.push_str(text.get(at..place).unwrap_or(""));
        made.push_str(&by);
        machine.pay_text(by.len() + 16, call.span)?;
        if made.len() > MAX_TEXT {
            return Err(too_long(call));
        }
        at = behind;
    }
    made.push_str(text.get(at..).unwrap_or(""));
    Ok(made.into())
}

/// A replacement with its marks filled in: `$&` is what was found, `` $` `` and `$'` what is around it, `$$` a dollar.
fn expand(by: &str, text: &str, from: usize, to: usize) -> String {
    let mut made = String::with_capacity(by.len());
    let mut rest = by;
    while let Some(at) = rest.find('$') {
        made.push_str(&rest[..at]);
        let (part, marks) = match rest.as_bytes().get(at + 1) {
            Some(b'$') => ("$", 2),
            Some(b'&') => (text.get(from..to).unwrap_or(""), 2),
            Some(b'`') => (text.get(..from).unwrap_or(""), 2),
            Some(b'\'') => (text.get(to..).unwrap_or(""), 2),
            _ => ("$", 1),
        };
        made.push_str(part);
        rest = &rest[at + marks..];
    }
    made + rest
}

/// The order of two texts for people: letters first without regard to their case, then small ones before large ones.
fn compare(a: &str, b: &str) -> i8 {
    let folded = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<char>>();
    let case = |text: &str| text.chars().map(char::is_uppercase).collect::<Vec<bool>>();
    folded(a).cmp(&folded(b)).then_with(|| case(a).cmp(&case(b))) as i8
}

fn too_long(call: &Call<'_>) -> EvaluateError {
    EvaluateError::new(call.span, "the text would be too long")
}
