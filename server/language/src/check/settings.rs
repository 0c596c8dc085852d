//! What a workspace's own config may not set before a person trusts it.
//!
//! A repository grants nothing: of its settings only those count that tighten, and the schema choices. Everything
//! else is ignored, and marked so that nobody wonders why.

use copydesk_base::config::Mode;
use copydesk_base::{Code, Diagnostic};
use copydesk_text::{Entry, Node};

use super::Findings;
use crate::file::is_workspace_config;
use crate::{Trust, WorkspaceIndex};

pub(super) fn check(findings: &mut Findings<'_>, index: &WorkspaceIndex) {
    if index.trust == Trust::Trusted || !is_workspace_config(findings.file.path) {
        return;
    }
    let Some(root) = findings.tree().root() else { return };
    let known = findings.shapes.root().mapping();
    for entry in root.entries() {
        let name = entry.key().scalar_text().unwrap_or("");
        if known.is_some_and(|known| known.key(None, name).is_none()) {
            continue;
        }
        match name {
            "$schema" | "schemas" | "budgets" => {}
            "permissions" => permissions(findings, entry.value()),
            _ => ignored(findings, entry, name),
        }
    }
}

fn permissions(findings: &mut Findings<'_>, node: Node<'_>) {
    for entry in node.entries() {
        let name = entry.key().scalar_text().unwrap_or("");
        match name {
            "mode" => {
                let mode = entry.value().scalar_text().and_then(Mode::parse);
                if mode.is_some_and(|mode| mode > Mode::Default && mode != Mode::Bypass) {
                    ignored(findings, entry, "permissions.mode");
                }
            }
            "allow" | "additional_directories" | "prompt_timeout" => {
                ignored(findings, entry, &format!("permissions.{name}"));
            }
            // `deny` and `ask` tighten, and what does not exist has its own finding.
            _ => {}
        }
    }
}

fn ignored(findings: &mut Findings<'_>, entry: Entry<'_>, name: &str) {
    let message =
        format!("'{name}' is ignored until you trust this workspace; read it, then run 'copydesk trust'");
    findings.add(Diagnostic::new(Code::UntrustedSetting, entry.key().span(), message));
}
