//! `copydesk schema`: the JSON Schemas of the files people write, for editors without Copydesk.

use std::path::PathBuf;

use anyhow::Context;
use copydesk_language::{SCHEMAS, print_schema, schema};
use serde_json::{Map, json};

use super::Outcome;
use crate::out;

/// Prints or writes the JSON Schemas of workflow, agent, action and config files
#[derive(clap::Args)]
pub(super) struct Arguments {
    /// workflow, agent, action or config; all of them unless given
    name: Option<String>,
    /// Write NAME.schema.json files into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let names: Vec<&str> = match &arguments.name {
        Some(name) if !SCHEMAS.contains(&name.as_str()) => {
            out::note(format!("error: there is no schema '{name}'; known are {}", SCHEMAS.join(", ")));
            return Ok(Outcome::WrongUsage);
        }
        Some(name) => vec![name],
        None => SCHEMAS.to_vec(),
    };
    let schemas = names.iter().filter_map(|name| Some((*name, schema(name)?)));
    if let Some(folder) = &arguments.out {
        std::fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
        let mut written = Vec::new();
        for (name, schema) in schemas {
            let path = folder.join(format!("{name}.schema.json"));
            std::fs::write(&path, print_schema(&schema))
                .with_context(|| format!("failed to write {}", path.display()))?;
            written.push(path.display().to_string());
        }
        if arguments.json {
            out::json(&json!({ "schema": "copydesk.schema/1", "written": written }))?;
        } else {
            out::line(written.join("\n"))?;
        }
    } else if arguments.json {
        let schemas: Map<_, _> = schemas.map(|(name, schema)| (name.to_owned(), schema)).collect();
        out::json(&json!({ "schema": "copydesk.schema/1", "schemas": schemas }))?;
    } else if arguments.name.is_some() {
        for (_, schema) in schemas {
            out::text(print_schema(&schema))?;
        }
    } else {
        out::line(SCHEMAS.join("\n"))?;
    }
    Ok(Outcome::Fine)
}
