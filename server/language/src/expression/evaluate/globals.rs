//! The functions that belong to no value: `Number(…)`, `Math.max(…)`, `JSON.parse(…)`, `escape(…)`.

use std::sync::Arc;

use super::EvaluateError;
use super::call::Call;
use super::machine::{Machine, Outcome};
use super::numbers::count;
use super::texts::{length, unit};
use crate::expression::library;
use crate::expression::value::{
    Data, Grade, Layout, Value, json_text, leading_number, leading_whole, number_text,
};

/// Calls a function by its path, `Math.max` for one.
pub(super) fn call(machine: &mut Machine<'_>, call: Call<'_>) -> Outcome {
    let grade = call.grade();
    Ok(named(machine, &call)?.graded(grade))
}

fn named(machine: &mut Machine<'_>, call: &Call<'_>) -> Outcome {
    let span = call.span;
    let first = call.value(0);
    machine.work(1 + first.size() / 32, span)?;
    if let Some(function) = call.name.strip_prefix("Math.") {
        return math(function, call);
    }
    Ok(match call.name {
        "Boolean" => first.is_true().into(),
        "Number" if call.arguments.is_empty() => 0.0.into(),
        "Number" => first.to_number().into(),
        "String" if call.arguments.is_empty() => "".into(),
        "String" => Value::text(first.to_text()),
        "parseInt" | "Number.parseInt" => leading_whole(&first.to_text(), call.value(1).to_number()).into(),
        "parseFloat" | "Number.parseFloat" => leading_number(&first.to_text()).into(),
        "isNaN" => first.to_number().is_nan().into(),
        "isFinite" => first.to_number().is_finite().into(),
        "Number.isNaN" => matches!(first.data, Data::Number(number) if number.is_nan()).into(),
        "Number.isFinite" => matches!(first.data, Data::Number(number) if number.is_finite()).into(),
        "Number.isInteger" => matches!(first.data, Data::Number(number) if is_whole(number)).into(),
        "Number.isSafeInteger" => {
            matches!(first.data, Data::Number(number) if is_whole(number) && number.abs() <= 9_007_199_254_740_991.0)
                .into()
        }
        "escape" => escape(&first).into(),
        "String.fromCharCode" => {
            let units: Vec<u16> = (0..call.arguments.len())
                .map(|at| {
                    let code = library::to_i32(call.value(at).to_number());
                    u16::try_from(code & 0xffff).unwrap_or(0)
                })
                .collect();
            String::from_utf16_lossy(&units).into()
        }
        "Object.keys" | "Object.values" | "Object.entries" => entries(machine, call, &first)?,
        "Object.fromEntries" => from_entries(machine, call, &first)?,
        "JSON.stringify" => stringify(machine, call, &first)?,
        "JSON.parse" => parse(machine, call, &first)?,
        "Date.now" => match machine.context.now() {
            Some(now) => now.into(),
            None => return Err(EvaluateError::new(span, "the time is not known here")),
        },
        "Date.parse" => moment(&first.to_text()).unwrap_or(f64::NAN).into(),
        "Math" | "JSON" | "Object" | "Date" => {
            let message = format!("'{0}' cannot be called; write what of it is meant: '{0}.…(…)'", call.name);
            return Err(EvaluateError::new(span, message));
        }
        name => return Err(EvaluateError::new(span, format!("there is no function '{name}'"))),
    })
}

fn is_whole(number: f64) -> bool {
    number.is_finite() && number.fract() == 0.0
}

/// A value as one word of a shell command.
fn escape(value: &Value) -> String {
    let text = if value.is_nothing() { "".into() } else { value.to_text() };
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn math(function: &str, call: &Call<'_>) -> Outcome {
    let x = call.value(0).to_number();
    let numbers = || (0..call.arguments.len()).map(|at| call.value(at).to_number());
    let one = |calculate: fn(f64) -> f64| Ok(calculate(x).into());
    match function {
        "abs" => one(f64::abs),
        "ceil" => one(f64::ceil),
        "floor" => one(f64::floor),
        "trunc" => one(f64::trunc),
        // Halves go up, towards the larger number.
        "round" => one(|x| if (x.fract() + 0.5).abs() <= 0.0 { x.ceil() } else { x.round() }),
        "sign" => one(|x| if x == 0.0 || x.is_nan() { x } else { x.signum() }),
        "sqrt" => one(f64::sqrt),
        "cbrt" => one(f64::cbrt),
        "exp" => one(f64::exp),
        "log" => one(f64::ln),
        "log2" => one(f64::log2),
        "log10" => one(f64::log10),
        "sin" => one(f64::sin),
        "cos" => one(f64::cos),
        "tan" => one(f64::tan),
        "atan" => one(f64::atan),
        "atan2" => Ok(x.atan2(call.value(1).to_number()).into()),
        "pow" => Ok(power(x, call.value(1).to_number()).into()),
        "hypot" => Ok(numbers().fold(0.0_f64, f64::hypot).into()),
        "max" => Ok(numbers().fold(f64::NEG_INFINITY, |a, b| pick(a, b, a > b)).into()),
        "min" => Ok(numbers().fold(f64::INFINITY, |a, b| pick(a, b, a < b)).into()),
        name => Err(EvaluateError::new(call.span, format!("'Math' has no '{name}'"))),
    }
}

fn pick(a: f64, b: f64, first: bool) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if first {
        a
    } else {
        b
    }
}

/// One to the power of no number is no number, unlike in other languages.
fn power(x: f64, y: f64) -> f64 {
    if y.is_nan() || ((1.0..=1.0).contains(&x.abs()) && y.is_infinite()) { f64::NAN } else { x.powf(y) }
}

fn entries(machine: &mut Machine<'_>, call: &Call<'_>, of: &Value) -> Outcome {
    let fields: Vec<(Arc<str>, Value)> = match &of.data {
        Data::Undefined | Data::Null => {
            return Err(EvaluateError::new(call.span, "there is nothing to look into"));
        }
        Data::Object(object) => {
            object.iter().map(|(name, value)| (Arc::clone(name), value.clone())).collect()
        }
        Data::List(_) => {
            let items = of.as_list().unwrap_or(&[]).iter().enumerate();
            items.map(|(at, value)| (number_text(count(at)).into(), value.clone())).collect()
        }
        Data::Text(text) => {
            let size = length(text);
            machine.work(size as u64 * (1 + size as u64 / 64), call.span)?;
            (0..u32::try_from(size).unwrap_or(0))
                .filter_map(|at| Some((Arc::from(at.to_string()), unit(text, at)?.into())))
                .collect()
        }
        _ => Vec::new(),
    };
    let mut made = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        made.push(match call.name {
            "Object.keys" => Value::text(name),
            "Object.values" => value,
            _ => machine.list(vec![Value::text(name), value], call.span)?,
        });
    }
    machine.list(made, call.span)
}

fn from_entries(machine: &mut Machine<'_>, call: &Call<'_>, of: &Value) -> Outcome {
    let wrong = || EvaluateError::new(call.span, "'Object.fromEntries' takes a list of [name, value]");
    let mut fields = Vec::new();
    for entry in of.as_list().ok_or_else(wrong)? {
        let entry = entry.as_list().ok_or_else(wrong)?;
        let name = entry.first().cloned().unwrap_or(Value::UNDEFINED).to_text();
        if library::is_forbidden(&name) {
            return Err(EvaluateError::new(call.span, format!("'{name}' is out of bounds for expressions")));
        }
        fields.push((name, entry.get(1).cloned().unwrap_or(Value::UNDEFINED)));
    }
    machine.object(fields, call.span)
}

fn stringify(machine: &mut Machine<'_>, call: &Call<'_>, value: &Value) -> Outcome {
    let indent = call.value(2);
    let indent: String = match &indent.data {
        Data::Number(spaces) => " ".repeat(super::lists::whole(*spaces).min(10)),
        Data::Text(text) => text.chars().take(10).collect(),
        _ => String::new(),
    };
    let bytes = value.size().saturating_mul(1 + indent.len() as u64);
    machine.pay_text(usize::try_from(bytes).unwrap_or(usize::MAX), call.span)?;
    let layout = if indent.is_empty() { Layout::Line } else { Layout::Rows(&indent) };
    let chosen = call.value(1);
    let text = match chosen.as_list() {
        Some(names) => {
            let names: Vec<Arc<str>> = names.iter().map(Value::to_text).collect();
            json_text(&only(value, &names).map_err(|()| too_large(call))?, layout)
        }
        None if call.is_function(1) => {
            let message = "'JSON.stringify' takes no function here; map the value before";
            return Err(EvaluateError::new(call.span, message));
        }
        None => json_text(value, layout),
    };
    Ok(text.map_or(Value::UNDEFINED, Value::from))
}

/// A value without the fields that are not named.
fn only(value: &Value, names: &[Arc<str>]) -> Result<Value, ()> {
    let made = match &value.data {
        Data::List(_) => {
            let items: Result<Vec<Value>, ()> =
                value.as_list().unwrap_or(&[]).iter().map(|item| only(item, names)).collect();
            Value::list(items?)
        }
        Data::Object(object) => {
            let fields = names.iter().filter_map(|name| Some((Arc::clone(name), object.get(name)?)));
            let fields: Result<Vec<_>, ()> =
                fields.map(|(name, value)| Ok((name, only(value, names)?))).collect();
            Value::object(fields?)
        }
        _ => Ok(value.clone()),
    };
    made.map_err(|_| ())
}

fn parse(machine: &mut Machine<'_>, call: &Call<'_>, of: &Value) -> Outcome {
    let text = of.to_text();
    machine.pay_text(text.len() * 8, call.span)?;
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if of.grade == Grade::Secret => Ok(value.secret()),
        Ok(value) => Ok(value),
        Err(error) => Err(EvaluateError::new(call.span, format!("this is no JSON: {error}"))),
    }
}

fn too_large(call: &Call<'_>) -> EvaluateError {
    EvaluateError::new(call.span, "the value is too large or nested too deeply")
}

/// A date, or a date and time, as RFC 3339 writes them, in milliseconds since 1970. Without a zone it is UTC.
fn moment(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-').map(|part| part.parse::<u32>().ok());
    let year = parts.next()??;
    let month = parts.next().unwrap_or(Some(1))?;
    let day = parts.next().unwrap_or(Some(1))?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year > 9999 {
        return None;
    }
    let days = days(f64::from(year), f64::from(month), f64::from(day));
    Some((days * 86_400.0 + time.map_or(Some(0.0), seconds)?) * 1000.0)
}

/// The seconds of a day at `12:30:05.5Z` or `12:30+02:00`.
fn seconds(text: &str) -> Option<f64> {
    let zone = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone);
    let mut parts = clock.splitn(3, ':').map(|part| part.parse::<f64>().ok());
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0.0))?;
    if hours > 24.0 || minutes >= 60.0 || seconds >= 60.0 {
        return None;
    }
    let shift = match zone.split_at_checked(1) {
        None | Some(("Z" | "z", "")) => 0.0,
        Some((sign, shift)) => {
            let (hours, minutes) = shift.split_once(':').or_else(|| shift.split_at_checked(2))?;
            let shift = hours.parse::<f64>().ok()? * 3600.0 + minutes.parse::<f64>().ok()? * 60.0;
            if sign == "-" { -shift } else { shift }
        }
    };
    Some(hours * 3600.0 + minutes * 60.0 + seconds - shift)
}

/// Days since 1970 of a day in the Gregorian calendar.
fn days(year: f64, month: f64, day: f64) -> f64 {
    let year = if month <= 2.0 { year - 1.0 } else { year };
    let era = (year / 400.0).floor();
    let of_era = year - era * 400.0;
    let of_year =
        ((153.0 * (if month > 2.0 { month - 3.0 } else { month + 9.0 }) + 2.0) / 5.0).floor() + day - 1.0;
    let day_of_era = of_era * 365.0 + (of_era / 4.0).floor() - (of_era / 100.0).floor() + of_year;
    era * 146_097.0 + day_of_era - 719_468.0
}
