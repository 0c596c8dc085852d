//! Permission rules in the files that are being written: found by `language`, understood by `permission`.
//!
//! Neither of the two knows the other, so what one finds is handed to the other here, for the editor and for
//! `copydesk check` alike.

use std::path::Path;

use copydesk_base::{Code, Diagnostic, Severity};
use copydesk_language::{File, FileKind, RuleAt, RuleKind, Trust, rules_in};
use copydesk_permission::{RuleFinding, RuleHome, RuleLine, RuleProblem, RuleVerdict, lint};

/// What is wrong with the rules of a file. An agent or an action grants nothing; a workspace's own config does not
/// before it is trusted, which is told there of the setting as a whole.
pub fn check_rules(file: &File<'_>, trust: Trust) -> Vec<Diagnostic> {
    let rules = rules_in(file);
    let home = match (file.kind, trust) {
        (FileKind::Config, Trust::Trusted) => RuleHome::User,
        (FileKind::Config, Trust::Untrusted) if !is_of_workspace(file.path) => RuleHome::User,
        _ => RuleHome::Workspace,
    };
    let lines: Vec<RuleLine> = rules
        .iter()
        .map(|rule| RuleLine { verdict: verdict(rule.kind), text: rule.text.clone(), home })
        .collect();
    // What a layer allows counts where nothing stricter speaks, and the order of its rules is its own program's.
    let is_told = |finding: &RuleFinding| match file.kind {
        FileKind::Config => finding.problem != RuleProblem::Granting,
        FileKind::Layer => finding.problem == RuleProblem::Malformed,
        _ => true,
    };
    lint(&lines).into_iter().filter(is_told).filter_map(|finding| told(&rules, finding)).collect()
}

/// Whether a config lies in a workspace, and not with the person's own.
fn is_of_workspace(path: &Path) -> bool {
    [".copydesk/config.yaml", ".keystone/config.yaml"].iter().any(|end| path.ends_with(end))
}

const fn verdict(kind: RuleKind) -> RuleVerdict {
    match kind {
        RuleKind::Allow => RuleVerdict::Allow,
        RuleKind::Ask => RuleVerdict::Ask,
        RuleKind::Deny => RuleVerdict::Deny,
    }
}

/// One finding where its rule stands.
fn told(rules: &[RuleAt], finding: RuleFinding) -> Option<Diagnostic> {
    let rule = rules.get(finding.at)?;
    let code = match finding.problem {
        RuleProblem::Malformed => Code::MalformedRule,
        RuleProblem::Shadowed => Code::ShadowedRule,
        RuleProblem::Unreachable => Code::UnreachableRule,
        RuleProblem::Granting => Code::GrantingRule,
    };
    let mut diagnostic = Diagnostic::new(code, rule.span, finding.message);
    if code == Code::MalformedRule && rule.kind != RuleKind::Allow {
        // Nobody is protected by it, and whoever wrote it believes that they are: no agent runs beside such a config.
        diagnostic.severity = Severity::Error;
    }
    if let Some(other) = finding.other.and_then(|at| rules.get(at)) {
        diagnostic = diagnostic.with_related(other.span, format!("{} decides", other.text.trim()));
    }
    let fix = match code {
        Code::MalformedRule => &rule.spelling,
        _ => &rule.removal,
    };
    diagnostic.fixes.extend(fix.clone());
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_base::TextEdit;
    use copydesk_text::yaml;

    /// Checks what is found in a config, as `line: code → fixed text's line count`.
    fn check(path: &str, trust: Trust, text: &str, expected: &[(&str, Code, Severity)]) -> Vec<Diagnostic> {
        let tree = yaml::parse(text);
        let file = File { path: Path::new(path), text, tree: &tree, kind: FileKind::Config };
        let found = check_rules(&file, trust);
        let shown: Vec<(&str, Code, Severity)> =
            found.iter().map(|one| (one.span.of(text), one.code, one.severity)).collect();
        assert_eq!(shown, expected, "{text}");
        found
    }

    const TEXT: &str = "permissions:\n  deny:\n    - Bash(rm\n    - Bash(git push:*)\n  allow:\n    - \"Bash(git push origin main)\"\n    - Bash(cargo:*)\n    - Bash(cargo test:*)\n";

    #[test]
    fn a_rule_that_was_to_hold_an_agent_back_is_an_error_where_it_is_malformed() {
        check(
            ".copydesk/config.yaml",
            Trust::Trusted,
            "permissions:\n  ask: [\"Bash(\"]\n  allow: [\"Read(\"]\n",
            &[
                ("Bash(", Code::MalformedRule, Severity::Error),
                ("Read(", Code::MalformedRule, Severity::Warning),
            ],
        );
    }

    #[test]
    fn rules_are_marked_exactly_where_they_stand() {
        let found = check(
            "/people/ada/.config/copydesk/config.yaml",
            Trust::Untrusted,
            TEXT,
            &[
                ("Bash(rm", Code::MalformedRule, Severity::Error),
                ("Bash(git push origin main)", Code::UnreachableRule, Severity::Warning),
                ("Bash(cargo test:*)", Code::ShadowedRule, Severity::Warning),
            ],
        );
        assert_eq!(found[1].related[0].span.of(TEXT), "Bash(git push:*)");
        let [fix] = found[2].fixes.as_slice() else { panic!("one mend: {found:?}") };
        let TextEdit { span, text } = &fix.edits[0];
        let mended = format!("{}{text}{}", &TEXT[..span.start], &TEXT[span.end..]);
        assert_eq!(mended, TEXT.replace("    - Bash(cargo test:*)\n", ""));
    }

    #[test]
    fn a_repository_grants_nothing_before_it_is_trusted() {
        let text = "permissions:\n  allow: [\"Bash(make:*)\"]\n  deny: [\"Bash(rm:*)\"]\n";
        let path = "/w/.copydesk/config.yaml";
        // The setting is told to be ignored, which is enough.
        check(path, Trust::Untrusted, text, &[]);
        check(path, Trust::Trusted, text, &[]);
    }
}
