//! A step: the keys every step has, and the kind that its `type` names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Artifact, Blueprint, Condition, Dynamic, Engine, Expression, File, Git, Human, Join, Limit, Llm, Memory,
    Plan, Request, Scalar, Script, Shell, Sleep, SubWorkflow, Templated, Wait,
};

/// One step of a workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    #[serde(flatten)]
    pub common: Common,
    #[serde(flatten)]
    pub kind: StepKind,
}

/// The step that a tool of an agent runs. Its `id` may be left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionStep(pub Step);

/// The keys of every step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Common {
    /// The step's name, unique in the workflow. Others refer to it in `needs` and as `steps.ID`.
    pub id: String,
    /// Steps that must be done before this one starts. A `steps.ID` in an expression counts as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Run the step only if this is true; otherwise it is skipped. `${{ }}` may be left out.
    #[serde(rename = "if", skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// Stop the step after so many milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub timeout: Option<Templated<f64>>,
    /// Try again when the step fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Let an agent mend the step when it fails, and try again.
    #[serde(rename = "auto_heal", alias = "autoHeal", skip_serializing_if = "Option::is_none")]
    pub auto_heal: Option<AutoHeal>,
    /// Let a model rewrite the step after a failure, with the error before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reflexion: Option<Reflexion>,
    /// Go on when the step fails. Its error is then `steps.ID.error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_failure: Option<Templated<bool>>,
    /// Do the step only once for each value of this key. A text: write `${{ }}` around expressions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Where the key counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_scope: Option<IdempotencyScope>,
    /// Forget the key after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub idempotency_ttl_seconds: Option<Templated<u64>>,
    /// Run the step once for each item of this list, as `item` and `index`. `${{ }}` may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foreach: Option<Expression>,
    /// How many rounds of `foreach` may run at the same time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Limit>,
    /// The pool whose limit the step shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Stop before this step when the run is debugged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breakpoint: Option<Templated<bool>>,
    /// Run the step for every combination of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<Strategy>,
    /// An expression over `stdout` or `output` whose value becomes the step's output. `${{ }}` may be left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transform: Option<Expression>,
    /// Keep what this step did as an example for later runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learn: Option<Templated<bool>>,
    /// Use the result of an earlier run with the same inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memoize: Option<Templated<bool>>,
    /// Forget the remembered result after so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub memoize_ttl_seconds: Option<Templated<u64>>,
    /// A JSON Schema that the step's inputs must satisfy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_schema: Option<Map<String, Value>>,
    /// A JSON Schema that the step's output must satisfy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<Map<String, Value>>,
    /// How often a model may try again when its output does not satisfy `outputSchema`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_retries: Option<Templated<u64>>,
    /// How an output that does not satisfy `outputSchema` is mended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repair_strategy: Option<RepairStrategy>,
    /// A step that undoes this one when the run is rolled back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Box<Step>>,
    /// Stop the other rounds of `foreach` when one fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_fast: Option<Templated<bool>>,
    /// **Deprecated**: it grants nothing any more. Commands are judged by the permission rules; take the key away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("deprecated" = true))]
    pub allow_insecure: Option<Templated<bool>>,
}

/// Trying again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Retry {
    /// How often to try again. 0 unless set.
    #[schemars(extend("default" = 0))]
    pub count: Option<Templated<u64>>,
    /// How the wait between two tries grows.
    pub backoff: Backoff,
    /// The first wait, in milliseconds. 1000 unless set.
    #[schemars(extend("default" = 1000))]
    pub base_delay: Option<Templated<u64>>,
}

/// How the wait between two tries grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Backoff {
    /// Once, twice, three times the first wait.
    #[default]
    Linear,
    /// Once, twice, four times the first wait.
    Exponential,
}

/// Mending a failed step by an agent.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutoHeal {
    /// The agent that mends.
    pub agent: String,
    /// The model it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How often it may try. 1 unless set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 1, "exclusiveMinimum" = 0))]
    pub max_attempts: Option<Templated<u64>>,
}

/// Rewriting a failed step by a model.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reflexion {
    /// How often it may try. 3 unless set.
    #[schemars(extend("default" = 3, "exclusiveMinimum" = 0))]
    pub limit: Option<Templated<u64>>,
    /// What the model should know.
    pub hint: Option<String>,
}

/// Where an idempotency key counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IdempotencyScope {
    /// Within this run.
    Run,
    /// Over all runs.
    Global,
}

/// Many runs of one step.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(extend("required" = ["matrix"]))]
pub struct Strategy {
    /// The values of each axis; the step runs for every combination, as `item.AXIS`.
    pub matrix: BTreeMap<String, Vec<Scalar>>,
}

/// How an output that does not satisfy its schema is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RepairStrategy {
    /// Ask the model again.
    Reask,
    /// Show the model its output and the errors.
    Repair,
    /// Repair first, then ask again.
    Hybrid,
}

macro_rules! kinds {
    ($($word:literal $variant:ident($kind:ty),)*) => {
        /// What a step does, by its `type`.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "type", rename_all = "lowercase")]
        pub enum StepKind {
            $($variant(Box<$kind>),)*
        }

        impl StepKind {
            /// The words of `type`, in the order of the documentation.
            pub const WORDS: &'static [&'static str] = &[$($word,)*];
        }

        /// Each kind's word, its own schema written out, and the reference to that schema.
        fn kinds(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema, Schema)> {
            vec![$(($word, <$kind>::json_schema(generator), generator.subschema_for::<$kind>()),)*]
        }
    };
}

kinds! {
    "shell" Shell(Shell),
    "llm" Llm(Llm),
    "plan" Plan(Plan),
    "workflow" Workflow(SubWorkflow),
    "file" File(File),
    "request" Request(Request),
    "human" Human(Human),
    "sleep" Sleep(Sleep),
    "script" Script(Script),
    "engine" Engine(Engine),
    "memory" Memory(Memory),
    "join" Join(Join),
    "blueprint" Blueprint(Blueprint),
    "artifact" Artifact(Artifact),
    "wait" Wait(Wait),
    "git" Git(Git),
    "dynamic" Dynamic(Dynamic),
}

impl JsonSchema for Step {
    fn schema_name() -> Cow<'static, str> {
        "Step".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        step_schema(generator, "One step of a workflow.", &["id", "type"])
    }
}

impl JsonSchema for ExecutionStep {
    fn schema_name() -> Cow<'static, str> {
        "ExecutionStep".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        step_schema(generator, "The step that a tool runs.", &["type"])
    }
}

/// The common keys, `type` with its words, and for each word the schema of its kind. Keys that neither names are
/// refused by `unevaluatedProperties`.
fn step_schema(generator: &mut SchemaGenerator, description: &str, required: &[&str]) -> Schema {
    let common = Common::json_schema(generator).to_value();
    let mut properties = common.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(Value::Object(id)) = properties.get_mut("id") {
        id.remove("default");
    }
    if let Some(healing) = properties.get("auto_heal").cloned() {
        properties.insert("autoHeal".to_owned(), healing);
    }
    let kinds = kinds(generator);
    let words: Vec<Value> = kinds
        .iter()
        .map(|(word, schema, _)| {
            json!({"const": word, "description": schema.get("description").cloned().unwrap_or_default()})
        })
        .collect();
    properties.insert(
        "type".to_owned(),
        json!({"description": "What the step does.", "type": "string", "oneOf": words}),
    );
    let branches: Vec<Value> = kinds
        .iter()
        .map(|(word, _, reference)| {
            json!({
                "if": {"properties": {"type": {"const": word}}, "required": ["type"]},
                "then": reference
            })
        })
        .collect();
    let mut schema = Map::new();
    schema.insert("description".to_owned(), json!(description));
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), json!(required));
    schema.insert("allOf".to_owned(), Value::Array(branches));
    schema.insert("unevaluatedProperties".to_owned(), json!(false));
    schema.into()
}
