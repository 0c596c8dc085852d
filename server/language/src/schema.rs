//! The JSON Schemas of the files people write, made from [`types`](crate::types).
//!
//! They are made in memory, self-contained, in draft 2020-12. `schemas/` in the repository holds their print, for
//! editors without Copydesk; a test keeps the two equal. Nothing here reads a file.

use std::sync::OnceLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::types::{
    Action, Agent, Chat, HooksFile, Instructions, KeystoneConfig, Layer, McpFile, Plugin, Prompt, Skill,
    Workflow,
};

/// The names that [`schema`] knows.
pub const SCHEMAS: &[&str] =
    &["workflow", "agent", "action", "config", "prompt", "skill", "mcp", "chat", "plugin", "hooks"];

/// The schema of a kind of file by its name in [`SCHEMAS`].
pub fn schema(name: &str) -> Option<Value> {
    Some(match name {
        "workflow" => workflow().clone(),
        "agent" => agent().clone(),
        "action" => action().clone(),
        "config" => config().clone(),
        "prompt" => prompt().clone(),
        "skill" => skill().clone(),
        "mcp" => mcp().clone(),
        "chat" => chat().clone(),
        "plugin" => plugin().clone(),
        "hooks" => hooks().clone(),
        _ => return None,
    })
}

/// How a schema is written to a file: indented, with a newline at the end.
pub fn print(schema: &Value) -> String {
    format!("{schema:#}\n")
}

macro_rules! generated {
    ($($(#[$doc:meta])* $name:ident = $kind:ty, $nulls:expr;)*) => {
        $($(#[$doc])* pub(crate) fn $name() -> &'static Value {
            static SCHEMA: OnceLock<Value> = OnceLock::new();
            SCHEMA.get_or_init(|| generate::<$kind>(stringify!($name), $nulls))
        })*
    };
}

generated! {
    workflow = Workflow, Nulls::Refused;
    agent = Agent, Nulls::Refused;
    action = Action, Nulls::Refused;
    config = copydesk_base::config::Config, Nulls::Accepted;
    keystone_config = KeystoneConfig, Nulls::Accepted;
    prompt = Prompt, Nulls::Accepted;
    skill = Skill, Nulls::Refused;
    mcp = McpFile, Nulls::Refused;
    plugin = Plugin, Nulls::Refused;
    hooks = HooksFile, Nulls::Refused;
    chat = Chat, Nulls::Accepted;
    instructions = Instructions, Nulls::Accepted;
    layer = Layer, Nulls::Accepted;
}

/// What an optional key with nothing behind it is: an error, or the same as no key.
#[derive(Clone, Copy, PartialEq)]
enum Nulls {
    Refused,
    Accepted,
}

fn generate<T: JsonSchema>(name: &str, nulls: Nulls) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), format!("{HOME}{name}.schema.json").into());
    }
    tidy(&mut schema, nulls);
    schema
}

/// Where the committed schemas are found by those who have no Copydesk.
pub(crate) const HOME: &str = "https://raw.githubusercontent.com/copydesk/copydesk/main/schemas/";

/// Joins the lines of descriptions, which are broken where the source is, and takes `null` from the optional keys of
/// files in which a key without a value is a slip.
fn tidy(schema: &mut Value, nulls: Nulls) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text =
                    text.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n");
            }
            // `uint64` and its like say how Rust keeps a number, which is nobody's business.
            if map.get("type").is_some_and(|kind| !kind.is_object()) {
                map.remove("format");
            }
            if nulls == Nulls::Refused {
                without_null(map);
            }
            for value in map.values_mut() {
                tidy(value, nulls);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| tidy(item, nulls)),
        _ => {}
    }
}

fn without_null(map: &mut serde_json::Map<String, Value>) {
    if let Some(Value::Array(kinds)) = map.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if let [only] = kinds.as_slice() {
            let only = only.clone();
            map.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = map.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        map.remove("anyOf");
        for (key, value) in only {
            map.entry(key).or_insert(value);
        }
    }
}
