//! `copydesk prompt`: what a model is told before it says a word, and where each part comes from.

use std::sync::Arc;

use clap::Subcommand;
use copydesk_agent::{Ask, DiskFiles, Voice as Whose};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::terminal::{Terminal, Voice};
use super::{Outcome, ask};
use crate::config::Flags;
use crate::here::Here;
use crate::office::Office;
use crate::out;
use crate::render::visible;

/// Shows what a model would be told, with where each part comes from
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum What {
    /// Every part in the order of the request; secrets are placeholders, as they would be there
    Show {
        /// What would be asked
        prompt: Option<String>,
        /// The file it would be about, with a line or lines behind it: src/main.rs:10-20
        #[arg(long, value_name = "FILE[:LINE[-LINE]]")]
        file: Option<String>,
        /// The action that would be used
        #[arg(long, default_value = "ask")]
        action: String,
        /// The agent that would work
        #[arg(long, value_name = "NAME")]
        agent: Option<String>,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    let here = Here::find()?;
    let What::Show { prompt, file, action, agent } = &arguments.what;
    let ask = Ask {
        prompt: prompt.clone().unwrap_or_default(),
        action: action.clone(),
        agent: agent.clone(),
        place: file.as_deref().map(|file| ask::place(&here, file)).transpose()?,
        ..Ask::new(Whose::Person)
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (layers, notices) = runtime.block_on(async {
        let cancel = CancellationToken::new();
        let (host, _) = Terminal::new(&here, Voice::Silent);
        let desk = Office::new(here, Flags::default()).open(host, Arc::new(DiskFiles), &cancel);
        let layers = desk.prompt(&ask);
        desk.close().await;
        layers
    })?;
    for notice in &notices {
        out::note(visible(notice));
    }
    let layers: Vec<_> = layers.iter().filter(|layer| !layer.text.trim().is_empty()).collect();
    if arguments.json {
        let layers: Vec<_> =
            layers.iter().map(|layer| json!({
                "section": layer.section, "origin": layer.origin, "tokens": layer.tokens(), "cut": layer.cut, "text": layer.text,
            })).collect();
        out::json(&json!({"schema": "copydesk.prompt/1", "layers": layers}))?;
    } else {
        for layer in layers {
            let left_out =
                if layer.cut > 0 { format!(", {} bytes left out", layer.cut) } else { String::new() };
            let (origin, section, tokens) = (visible(&layer.origin), layer.section, layer.tokens());
            out::line(format!("── {origin} ({section}, ≈ {tokens} tokens{left_out})"))?;
            out::line(visible(layer.text.trim()))?;
        }
    }
    Ok(Outcome::Fine)
}
