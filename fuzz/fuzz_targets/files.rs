//! Whatever stands in a file of any kind, everything that an editor asks is answered on the text's characters.

#![no_main]

use std::path::Path;

use copydesk_base::Span;
use copydesk_language::schemas::{self, Schema};
use copydesk_language::{
    File, FormatStyle, WorkspaceIndex, check, complete, edited, folds, format, hints, hover, parse, selections,
    semantic_tokens, signature, summary, symbols,
};
use libfuzzer_sys::fuzz_target;

const PATHS: &[&str] = &[
    ".copydesk/workflows/a.yaml",
    ".copydesk/agents/a.md",
    ".copydesk/config.yaml",
    ".copydesk/prompts/p.md",
    ".mcp.json",
    "a.yaml",
    "a.json",
    "a.toml",
];

fuzz_target!(|input: (u8, u16, &str)| {
    let (which, at, text) = input;
    let path = Path::new(PATHS[usize::from(which) % PATHS.len()]);
    let offset = text.floor_char_boundary(usize::from(at) % (text.len() + 1));
    let tree = parse(path, text);
    let file = File::new(path, text, &tree);
    let index = WorkspaceIndex::default();
    let lies = |span: Span| assert!(text.get(span.start..span.end).is_some(), "{span:?}");
    for finding in check(&file, &index) {
        lies(finding.span);
        finding.fixes.iter().flat_map(|fix| &fix.edits).for_each(|edit| lies(edit.span));
    }
    complete(&file, &index, offset).iter().for_each(|proposal| lies(proposal.replace));
    signature(&file, &index, offset);
    hover(&file, &index, offset).iter().for_each(|found| lies(found.span));
    edited(text, &format(&file, FormatStyle::default()));
    symbols(&file);
    summary(&file);
    semantic_tokens(&file, None);
    hints(&file, &index, Span::new(0, text.len()));
    folds(&file);
    selections(&file, offset);
    // The same text beside a schema of others, and as a schema.
    let draft = Schema::load("http://json-schema.org/draft-07/schema#", &mut |_| Err("it is bundled".to_owned()));
    if let Ok(draft) = draft {
        schemas::check(&file, &draft).iter().for_each(|finding| lies(finding.span));
        schemas::complete(&file, &draft, offset).iter().for_each(|proposal| lies(proposal.replace));
        schemas::hover(&file, &draft, offset).iter().for_each(|found| lies(found.span));
    }
    if let Ok(schema) = Schema::load("file:///s.json", &mut |_| Ok(text.to_owned())) {
        schemas::check(&file, &schema);
        schemas::complete(&file, &schema, offset);
    }
});
