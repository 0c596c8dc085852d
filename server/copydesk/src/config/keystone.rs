//! Keystone's config, read as it is and said in our words.
//!
//! Providers, models and mappings are taken over; the deny lists for shell and engines become deny rules. The other
//! keys are about Keystone itself and mean nothing here.

use copydesk_base::{Code, Severity};
use serde_json::{Map, Value, json};

use super::Problem;
use super::layer::Layer;
use super::value::{KeyPath, Located};

/// Our settings for Keystone's.
pub(super) fn translated(keystone: Located, problems: &mut Vec<Problem>, layer: &Layer) -> Located {
    let mut ours = Located::default();
    let text = |key: &str| keystone.value.get(key).and_then(Value::as_str);
    if let Some(model) = text("default_model") {
        let is_whole = model.contains(['/', ':']);
        let model = match text("default_provider") {
            Some(provider) if !is_whole => format!("{provider}/{model}"),
            _ => model.to_owned(),
        };
        ours.value.insert("default_model".to_owned(), model.into());
        keep_place(&keystone, &mut ours, &["default_model"], &["default_model"]);
    }
    if let Some(mappings) = keystone.value.get("model_mappings") {
        ours.value.insert("model_mappings".to_owned(), mappings.clone());
        keep_place(&keystone, &mut ours, &["model_mappings"], &["model_mappings"]);
    }
    let mut providers = Map::new();
    for (name, provider) in keystone.value.get("providers").and_then(Value::as_object).into_iter().flatten() {
        keep_place(&keystone, &mut ours, &["providers", name], &["providers", name]);
        match self::provider(provider) {
            Ok(provider) => {
                providers.insert(name.clone(), provider);
            }
            Err(reason) => {
                let span = keystone.places.get(&path(&["providers", name])).copied().unwrap_or_default();
                let message = format!("provider '{name}' does not count: {reason}");
                problems.push(Problem {
                    severity: Severity::Warning,
                    ..layer.problem_at(span, Code::UnknownValue, message)
                });
            }
        }
    }
    if !providers.is_empty() {
        ours.value.insert("providers".to_owned(), Value::Object(providers));
    }
    let mut deny = Vec::new();
    for list in ["shell", "engines"] {
        let denied = keystone.value.get(list).and_then(|list| list.get("denylist"));
        for (at, word) in denied.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let target = deny.len().to_string();
            keep_place(
                &keystone,
                &mut ours,
                &[list, "denylist", &at.to_string()],
                &["permissions", "deny", &target],
            );
            // Something that is no text stays as it is: reading it as a rule fails, and that must be seen.
            deny.push(word.as_str().map_or_else(|| word.clone(), |word| format!("Bash({word}:*)").into()));
        }
    }
    if !deny.is_empty() {
        ours.value.insert("permissions".to_owned(), json!({ "deny": deny }));
    }
    ours
}

fn provider(keystone: &Value) -> Result<Value, String> {
    let text = |key: &str| keystone.get(key).and_then(Value::as_str);
    if text("script").is_some() || text("type") == Some("script") {
        return Err("providers that are scripts are refused".to_owned());
    }
    let named = text("type").or_else(|| text("package")).unwrap_or("");
    let kind = match named.trim_start_matches("@ai-sdk/") {
        "anthropic" => "anthropic",
        "openai" | "openai-chat" | "openai-compatible" | "openai-compat" | "groq" | "mistral"
        | "deepseek" => "openai-chat",
        "openai-responses" => "openai-responses",
        "azure" | "azure-openai" => "azure-openai",
        "ollama" | "ollama-ai-provider" => "ollama",
        "" => return Err("it has no type".to_owned()),
        other => {
            return Err(format!(
                "type '{other}' is not known here; add it to .copydesk/config.yaml with a kind"
            ));
        }
    };
    let mut ours = Map::new();
    ours.insert("kind".to_owned(), kind.into());
    for key in ["base_url", "api_key_env", "default_model", "api_version"] {
        if let Some(value) = text(key) {
            if value.contains("${") {
                return Err(format!("'{key}' is filled in from the environment, which is not done here"));
            }
            ours.insert(key.to_owned(), value.into());
        }
    }
    Ok(Value::Object(ours))
}

fn keep_place(from: &Located, to: &mut Located, there: &[&str], here: &[&str]) {
    if let Some(span) = from.places.get(&path(there)) {
        to.places.insert(path(here), *span);
    }
}

fn path(words: &[&str]) -> KeyPath {
    words.iter().map(|word| (*word).to_owned()).collect()
}
