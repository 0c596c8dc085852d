//! Damaged files: cut anywhere, they still get help, and nothing falls.

use std::path::Path;

use copydesk_language::schemas::{self, Schema};
use copydesk_language::{File, FileKind, parse};

use crate::corpora::{corpus, texts};

/// How many files, and how large ones.
const MOST_FILES: usize = 60;
const LARGEST: usize = 4_000;

fn labels(schema: &Schema, text: &str, offset: usize) -> Vec<String> {
    let path = Path::new("x.yaml");
    let tree = parse(path, text);
    let file = File { path, text, tree: &tree, kind: FileKind::Other };
    let _ = schemas::check(&file, schema);
    let _ = schemas::hover(&file, schema, offset);
    schemas::complete(&file, schema, offset).into_iter().map(|one| one.label).collect()
}

#[test]
fn every_fiftieth_cut_is_still_helped() {
    let Some(store) = corpus("schemastore") else { return };
    let (mut cuts, mut asked, mut helped) = (0, 0, 0);
    let mut files = 0;
    for (name, text) in texts(&store.join("test"), &[".yaml", ".yml"]) {
        let Some((folder, _)) = name.split_once('/') else { continue };
        let url = format!("https://json.schemastore.org/{folder}.json");
        let loaded = Schema::load(&url, &mut |url| {
            let name = url.strip_prefix("https://json.schemastore.org/").ok_or("it is remote")?;
            std::fs::read_to_string(store.join("schemas/json").join(name)).map_err(|error| error.to_string())
        });
        let Ok(schema) = loaded else { continue };
        if text.len() > LARGEST {
            continue;
        }
        files += 1;
        if files > MOST_FILES {
            break;
        }
        for at in (0..text.len()).step_by(50) {
            let Some(cut) = text.get(..at) else { continue };
            cuts += 1;
            let _ = labels(&schema, cut, cut.len());
            // A new line beside the last whole one, in the cut text and in the whole one.
            let Some(end) = cut.rfind('\n') else { continue };
            let line = cut[..end].rfind('\n').map_or(0, |start| start + 1);
            let last = &cut[line..end];
            let indent = last.len() - last.trim_start().len();
            let is_key = last.trim_start().starts_with(|c: char| c.is_alphabetic()) && last.contains(": ");
            if !is_key {
                continue;
            }
            let new = " ".repeat(indent);
            let damaged = format!("{}{new}\n{}", &cut[..=end], &cut[end + 1..]);
            let whole = format!("{}{new}\n{}", &text[..=end], &text[end + 1..]);
            let offset = end + 1 + indent;
            if !labels(&schema, &whole, offset).is_empty() {
                asked += 1;
                helped += usize::from(!labels(&schema, &damaged, offset).is_empty());
            }
        }
    }
    eprintln!("{cuts} cuts of {} files: help at {helped} of {asked} places", files.min(MOST_FILES));
    assert!(asked > 100, "{asked}");
    assert!(helped * 100 >= asked * 95, "help at {helped} of {asked} places");
}
