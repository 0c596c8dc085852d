//! The scripts that a config names for the stand-in: whether there is one that can be played, for the editor and for
//! `copydesk check` alike. `language` looks at no disk.

use copydesk_agent::script;
use copydesk_base::{Code, Diagnostic, Severity};
use copydesk_language::{File, FileKind};
use copydesk_text::Node;

/// The scripts of a config that cannot be played, each marked where it is named.
pub fn check_scripts(file: &File<'_>) -> Vec<Diagnostic> {
    let Some(folder) =
        file.path.parent().filter(|_| file.kind == FileKind::Config && file.path.is_absolute())
    else {
        return Vec::new();
    };
    let providers = file.tree.root().and_then(|root| root.get("providers"));
    let scripts = providers.map(Node::entries).unwrap_or_default().into_iter().filter_map(|provider| {
        let is_played = provider.value().get("kind").and_then(Node::as_str) == Some("offline");
        provider.value().get("scenario").filter(|_| is_played)
    });
    let unread = scripts.filter_map(|node| {
        let path = folder.join(node.as_str()?);
        let because = match script::at(&path) {
            Ok(_) => return None,
            Err(_) if path.is_dir() => format!("{} is a folder", path.display()),
            Err(_) if !path.exists() => format!("there is no file {}", path.display()),
            Err(wrong) => format!("this cannot be played: {wrong}"),
        };
        let message = format!("{because}, so this provider answers nothing");
        let mut finding = Diagnostic::new(Code::UnknownName, node.span(), message);
        finding.severity = Severity::Error;
        Some(finding)
    });
    unread.collect()
}
