//! Which pieces of a layer have the shape of the config types. What does not fit is reported and left out, and only
//! that.

use copydesk_base::config::{Config, HOOK_EVENTS, Mode, variable_in};
use copydesk_base::{Code, Severity};
use copydesk_language::{counts_whole, is_meant, loses_guard, loses_limit, matcher_is_readable, needs_value};
use copydesk_text::de::wanted;
use serde_json::{Map, Value};

use super::value::KeyPath;

/// Bytes of a text of a provider that is quoted; what is longer may be a key.
const LONGEST_NAME: usize = 15;

/// A piece that does not count.
pub(super) struct Misfit {
    pub(super) path: KeyPath,
    pub(super) code: Code,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) stops: bool,
}

/// The part of `map` that fits.
pub(super) fn fitting(map: Map<String, Value>, misfits: &mut Vec<Misfit>) -> Map<String, Value> {
    match sift(&mut Vec::new(), Value::Object(map), misfits) {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn sift(path: &mut KeyPath, value: Value, misfits: &mut Vec<Misfit>) -> Option<Value> {
    if value.is_null() && !path.is_empty() {
        // A key without a value is a key that is not set, but where the shape of the config wants one.
        let matters = loses_limit(&words(path)) || loses_guard(&words(path)) || price_of(path).is_some();
        let is_misspelt = matters && try_as_config(path, &value).is_err_and(|wrong| is_unknown(path, &wrong));
        misfits.extend(is_misspelt.then(|| unknown(path)));
        // A model of which nothing is said says nothing of its price.
        let is_name = matches!(words(path)[..], ["providers", _, "models"] | ["providers", _, "models", _]);
        if needs_value(&words(path)) && !is_name {
            let misfit = misfit(path, &value, "it has no value");
            let stops = misfit.stops && !is_empty_section(path);
            misfits.push(Misfit { stops, ..misfit });
        }
        return None;
    }
    if is_programs_own(path) {
        return Some(value);
    }
    // The types take it for a key that says nothing yet, and who wrote it meant one.
    if matches!(words(path)[..], ["providers", _, "key"]) && value.as_object().is_some_and(says_nothing) {
        misfits.push(misfit(path, &value, "it has no command, and nothing else"));
        return None;
    }
    if is_no_event(path) {
        misfits.push(unknown(path));
        return None;
    }
    if value.is_array() && takes_keys(path) {
        misfits.push(misfit(path, &value, "keys with values are needed, and this is a list"));
        return None;
    }
    let value = match value {
        Value::Array(items) if counts_whole(&words(path)) => {
            let amiss: fn(&Value) -> Option<String> = if path[0] == "hooks" { amiss } else { |_| None };
            return Some(Value::Array(each(path, items, misfits, amiss)));
        }
        value => value,
    };
    let wrong = match try_as_config(path, &value) {
        // Unset keys inside must go as well: merged, they would hide a weaker layer's value.
        Ok(()) if !(has(&value, &is_unset) || value.is_object() && has(&value, &Value::is_array)) => {
            return Some(value);
        }
        Ok(()) if value.is_array() => return Some(value),
        Ok(()) => None,
        // It lacks what stands beside it; whether that is there is seen where both are.
        Err(wrong) if wrong.starts_with("missing field") && !value.is_object() => return Some(value),
        Err(wrong) => Some(wrong),
    };
    let Value::Object(children) = value else {
        misfits.extend(wrong.map(|wrong| misfit(path, &value, &wrong)));
        return None;
    };
    if wrong.as_deref().is_some_and(|wrong| is_unknown(path, wrong)) {
        misfits.push(unknown(path));
        return None;
    }
    let mut kept = Map::new();
    let before = misfits.len();
    for (key, child) in children {
        path.push(key);
        let child = sift(path, child, misfits);
        if let (Some(key), Some(child)) = (path.pop(), child) {
            kept.insert(key, child);
        }
    }
    let kept = Value::Object(kept);
    match try_as_config(path, &kept) {
        Ok(()) => Some(kept),
        Err(wrong) => {
            if misfits.len() == before {
                misfits.push(misfit(path, &kept, &wrong));
            }
            None
        }
    }
}

/// Whether it says nothing, or may say nothing where something is needed.
fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// Whether nothing stands below a key but names without values, which nobody knows: one may be the key itself.
fn says_nothing(key: &Map<String, Value>) -> bool {
    key.iter()
        .all(|(name, value)| value.is_null() && !matches!(name.as_str(), "command" | "cache" | "timeout"))
}

/// The items of a list that fit; one that does not takes none of the others with it. `amiss` knows more than the types.
fn each(
    path: &mut KeyPath,
    items: Vec<Value>,
    misfits: &mut Vec<Misfit>,
    amiss: impl Fn(&Value) -> Option<String>,
) -> Vec<Value> {
    let mut kept = Vec::new();
    for (at, item) in items.into_iter().enumerate() {
        match try_as_config(path, &Value::Array(vec![item.clone()]))
            .and_then(|()| amiss(&item).map_or(Ok(()), Err))
        {
            Ok(()) => kept.push(item),
            Err(wrong) => {
                path.push(at.to_string());
                misfits.push(misfit(path, &item, &wrong));
                path.pop();
            }
        }
    }
    kept
}

/// Why a hook that can be read would not do what it is there for.
fn amiss(hook: &Value) -> Option<String> {
    let is_empty = hook["command"].as_str().is_none_or(|command| command.trim().is_empty());
    if is_empty {
        return Some("its command is empty".to_owned());
    }
    let matcher = hook["matcher"].as_str().map(str::trim).filter(|matcher| !matches!(*matcher, "" | "*"))?;
    matcher_is_readable(matcher)
        .err()
        .map(|reason| format!("its matcher '{matcher}' cannot be read: {reason}"))
}

/// Reads a config that holds nothing but this value at its place.
fn try_as_config(path: &KeyPath, value: &Value) -> Result<(), String> {
    let nested = path.iter().rev().fold(value.clone(), |value, key| serde_json::json!({ key: value }));
    serde_json::from_value::<Config>(nested).map(drop).map_err(|error| error.to_string())
}

/// Whether keys with values belong there: a list in their place would be read by its order, which nobody means.
fn takes_keys(path: &KeyPath) -> bool {
    match try_as_config(path, &Value::Object(Map::new())) {
        Ok(()) => true,
        Err(wrong) => wrong.starts_with("missing field"),
    }
}

/// Settings of an external program, which may be anything.
fn is_programs_own(path: &KeyPath) -> bool {
    matches!(words(path)[..], ["engines", "allowlist", _, _, ..])
}

/// Whether such a value stands somewhere below the keys of this one, or is it.
fn has(value: &Value, such: &impl Fn(&Value) -> bool) -> bool {
    such(value) || value.as_object().is_some_and(|map| map.values().any(|child| has(child, such)))
}

/// Whether it is the last key of the path that nobody knows.
fn is_unknown(path: &KeyPath, wrong: &str) -> bool {
    path.last().is_some_and(|key| wrong.starts_with(&format!("unknown field `{key}`")))
}

fn unknown(path: &KeyPath) -> Misfit {
    let stops = loses_limit(&words(path)) || loses_guard(&words(path));
    let code = if stops { Code::UnknownKey } else { Code::UnknownSetting };
    Misfit {
        path: path.clone(),
        code,
        severity: code.severity(),
        message: format!("'{}' is no setting and does not count", path.join(".")),
        stops,
    }
}

fn misfit(path: &KeyPath, value: &Value, wrong: &str) -> Misfit {
    if is_unknown(path, wrong) {
        return unknown(path);
    }
    let key = path.join(".");
    let bypass = key == "permissions.mode" && value == Mode::Bypass.as_str();
    let wrong = if let (["providers", _, "key"], Some(text)) = (&words(path)[..], value.as_str()) {
        of_key(text)
    } else if value.as_str().is_some_and(is_endless) {
        "a number is needed that can be counted with".to_owned()
    } else {
        unquoted(path, value, plain(wrong))
    };
    let message = if bypass {
        "mode 'bypass' is refused from every file; it is a flag of the command line only".to_owned()
    } else {
        format!("'{key}' does not count: {wrong}")
    };
    Misfit {
        path: path.clone(),
        code: if wrong.starts_with("unknown variant") { Code::UnknownValue } else { Code::TypeMismatch },
        severity: Severity::Error,
        message,
        stops: !bypass && (could_forbid(path) || chooses(path) || is_number(path)),
    }
}

/// What to write in the place of a lone text that says where a key comes from. It may be the key, and is not repeated.
fn of_key(text: &str) -> String {
    match variable_in(text) {
        Some(name) => format!("a variable is named by api_key_env: {name}"),
        None => {
            "a command that prints the key stands in key.command, the name of a variable in api_key_env; a key itself \
             does not belong in a file"
                .to_owned()
        }
    }
}

/// What was wrong, without a text of a provider that may be a key: one that stands at a place where keys do not belong
/// is repeated nowhere.
fn unquoted(path: &KeyPath, value: &Value, wrong: String) -> String {
    match value.as_str() {
        Some(text) if path.first().is_some_and(|key| key == "providers") && text.len() > LONGEST_NAME => {
            wrong.replace(text, "…")
        }
        _ => wrong,
    }
}

/// Whether the value could have been a deny or ask rule, a stricter mode, a limit, a hook that refuses, or walls that
/// must stand.
fn could_forbid(path: &KeyPath) -> bool {
    matches!(
        words(path)[..],
        [] | ["permissions" | "sandbox"]
            | ["permissions", "deny" | "ask" | "mode", ..]
            | ["sandbox", "required"]
            | ["budgets" | "hooks", ..]
    )
}

/// Whether the value says which model is asked, where, with which key, and whether another one may be.
fn chooses(path: &KeyPath) -> bool {
    matches!(
        words(path)[..],
        ["default_model" | "providers"]
            | ["models", ..]
            | ["providers", _, "base_url" | "api_key_env" | "key"]
            | ["providers", _, "key", "command"]
    )
}

/// Whether it holds settings that choose, all of which may be commented out: then nothing is lost but what was not meant.
fn is_empty_section(path: &KeyPath) -> bool {
    matches!(
        words(path)[..],
        ["providers" | "models"] | ["models", "cache"] | ["providers", _, "timeouts" | "key"]
    )
}

/// Whether the value is a number or a time that holds a model, its provider or the answers that are kept within limits.
fn is_number(path: &KeyPath) -> bool {
    matches!(
        words(path)[..],
        ["providers", _, "concurrency" | "timeouts"]
            | ["providers", _, "timeouts", _]
            | ["providers", _, "key", "cache" | "timeout"]
            | ["providers", _, "models", _, "output_limit" | "context_window"]
            | ["models", "cache", "ttl" | "megabytes"]
    )
}

/// Whether there is no such point of an agent's life, so that no hook would ever be called there.
fn is_no_event(path: &KeyPath) -> bool {
    matches!(words(path)[..], ["hooks", name] if !HOOK_EVENTS.iter().any(|(event, _)| *event == name))
}

/// Whether a text is what YAML has for a number without end, or a number that is too large to be one.
fn is_endless(text: &str) -> bool {
    let name = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    matches!(name.as_str(), ".inf" | ".nan") || text.parse().is_ok_and(f64::is_infinite)
}

/// What was wrong, as somebody says it who does not program.
fn plain(wrong: &str) -> String {
    let rest = wrong.strip_prefix("invalid type: ").or_else(|| wrong.strip_prefix("invalid value: "));
    let Some((found, expected)) = rest.and_then(|rest| rest.rsplit_once(", expected ")) else {
        return wrong.replace('`', "'");
    };
    let wanted = wanted(expected);
    let is = match wanted {
        "keys with values" => " are",
        _ if wanted.contains(',') => ", is",
        _ => " is",
    };
    let value = found.split_once('`').and_then(|(_, rest)| rest.strip_suffix('`'));
    let found = match (found, value) {
        ("sequence", _) => "a list",
        ("map", _) => "a mapping",
        (_, Some(value)) => value,
        (found, None) => found.strip_prefix("string ").unwrap_or(found),
    };
    format!("{wanted}{is} needed, and this is {}", found.replace('`', "'"))
}

/// The provider, and the model or all of them, whose price is not known where this does not count.
pub(super) fn price_of(path: &KeyPath) -> Option<(&str, Option<&str>)> {
    match words(path)[..] {
        ["providers", provider, key] if is_meant(key, "models") || is_meant(key, "price") => {
            Some((provider, None))
        }
        ["providers", provider, "models", model] => Some((provider, Some(model))),
        ["providers", provider, "models", model, key, ..] if is_meant(key, "price") => {
            Some((provider, Some(model)))
        }
        _ => None,
    }
}

fn words(path: &KeyPath) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}
