//! A helper that works in a worktree: its way back to the person's workspace, and a look at what it would run there.
//!
//! Nobody is asked about what a helper does to files in its copy, so none of them is a text that anybody accepted. A
//! rule of the person's is about the files that they know: it lets no command run over others (`sh run.sh`, `make`,
//! `npm test`). Where walls stand and the network is closed, what such a command does comes back as edits and as
//! nothing else, and it may run. Git's own state is the repository's, not the copy's: without walls, whatever changes
//! it is asked about.

use std::path::Path;

use copydesk_base::config::Mode;
use copydesk_base::{Because, Effect, Question, Verdict};
use copydesk_permission::sandbox::{Network, State};
use copydesk_permission::{Policy, RuleVerdict, effects_of, judge, parse_rule};

use crate::gate::render;
use crate::process::quarters::network_for;
use crate::run::Turn;
use crate::settings::Settings;
use crate::team::helper;
use crate::team::worktree::Worktree;

/// How many changed files a question names.
const MOST_NAMED: usize = 5;

/// What a helper in a worktree keeps of where it comes from.
pub(crate) struct Apart {
    pub(crate) worktree: Worktree,
    /// The settings of the run that it works for: those of the person's workspace.
    pub(crate) outer: Settings,
}

/// What a command in a worktree would do with what nobody accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unaccepted {
    /// For the person, behind where it would run.
    pub(crate) words: String,
    /// Whether it would reach more than the copy.
    reaches_out: bool,
}

impl Unaccepted {
    /// A verdict with that in mind. No rule is stored for such a command: it would be one for other files.
    pub(crate) fn weigh(&self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Allow(_) if self.reaches_out => {
                let because =
                    Because::of(format!("it is in a helper's own copy of the workspace{}", self.words));
                Verdict::Ask(Question { because, always: vec![] })
            }
            Verdict::Ask(question) => Verdict::Ask(Question { always: vec![], ..question }),
            verdict => verdict,
        }
    }
}

/// What a command would do with texts that the run itself made and nobody accepted, and what a command that goes on
/// would do with such a text that comes now; none where it only reads, or where there are no such texts. Mode bypass is
/// the person's word for that.
pub(crate) async fn unaccepted(turn: &Turn, effect: &Effect) -> Option<Unaccepted> {
    let apart = turn.apart.as_ref()?;
    let policy = turn.policy();
    if policy.mode == Mode::Bypass {
        return None;
    }
    let has_walls = !matches!(turn.settings.walls().state, State::Off | State::Unsupported);
    let (command, cwd) = match effect {
        Effect::Execute { command, cwd } => (command, cwd),
        Effect::Write { .. } => return beside(turn, &policy, has_walls),
        _ => return None,
    };
    if only_reads(effect, &policy) {
        return None;
    }
    if !has_walls && changes_git(command, cwd, &policy) {
        let words = "; it changes git's state, which is your repository's: branches, stash, what is staged"
            .to_owned();
        return Some(Unaccepted { words, reaches_out: true });
    }
    let written = helper::written(&turn.changes);
    let files = match apart.worktree.changes(&turn.settings, &written).await {
        Ok(changes) => {
            let texts = changes.texts.into_iter().map(|text| text.path);
            let others = changes.left.into_iter().map(|(file, _)| file).chain(changes.ignored);
            let home = &apart.outer.root;
            let name = |file: std::path::PathBuf| copydesk_base::path::shown(home, &file);
            texts.chain(others).map(name).collect()
        }
        // Nobody knows what was changed.
        Err(reason) => vec![format!("unknown: {reason}")],
    };
    if files.is_empty() {
        return None;
    }
    let is_closed = network_for(effect, &policy) == Network::Closed;
    Some(Unaccepted {
        words: format!("; it may run what the helper changed and nobody accepted ({})", listed(&files)),
        reaches_out: !(has_walls && is_closed),
    })
}

/// The command in the background that may run what is written now, and would reach more than the copy.
fn beside(turn: &Turn, policy: &Policy, has_walls: bool) -> Option<Unaccepted> {
    let command = turn.jobs.running().find(|command| {
        let effect = Effect::Execute { command: (*command).to_owned(), cwd: turn.settings.root.clone() };
        !(only_reads(&effect, policy) || has_walls && network_for(&effect, policy) == Network::Closed)
    })?;
    let command = render::harmless(command).replace('\n', " ");
    let words = format!("; a command in the background may run it ({command})");
    Some(Unaccepted { words, reaches_out: true })
}

/// Whether a command has git do more than look.
fn changes_git(command: &str, cwd: &Path, policy: &Policy) -> bool {
    effects_of(command, cwd, policy).atoms.into_iter().any(|atom| {
        let is_git = atom.words.first().is_some_and(|name| name.rsplit('/').next() == Some("git"));
        is_git && !only_reads(&Effect::Execute { command: atom.text, cwd: cwd.to_owned() }, policy)
    })
}

/// Whether a command does nothing but read, by the word of policy: mode plan lets only such a one start, whatever rules
/// allow.
pub(crate) fn only_reads(effect: &Effect, policy: &Policy) -> bool {
    let mut planning = Policy { mode: Mode::Plan, ..policy.clone() };
    planning.rules.extend(parse_rule(RuleVerdict::Allow, "Bash", "reading"));
    matches!(judge(effect, &planning), Verdict::Allow(_))
}

fn listed(files: &[String]) -> String {
    let shown: Vec<String> =
        files.iter().take(MOST_NAMED).map(|file| render::harmless(file).replace('\n', " ")).collect();
    match files.len().saturating_sub(MOST_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use copydesk_base::Grade;

    use super::*;
    use crate::bench::Bench;

    #[test]
    fn a_command_that_reads_is_told_from_one_that_may_run_a_file() {
        let settings = Bench::settings_alone();
        for (mode, rules) in [(Mode::Default, vec!["Bash"]), (Mode::Auto, vec![])] {
            let mut policy = settings.policy(mode, Grade::Typed, &[]);
            policy
                .rules
                .extend(rules.iter().map(|rule| parse_rule(RuleVerdict::Allow, *rule, "test").unwrap()));
            for (command, expect) in [
                ("cat run.sh", true),
                ("grep -n x a.py | head -3", true),
                ("git log --oneline", true),
                ("sh run.sh", false),
                ("./run.sh", false),
                ("cat a.py && make", false),
                ("cargo test", false),
                ("git stash", false),
                ("git branch x", false),
                ("echo x > a.py", false),
            ] {
                let effect = Effect::Execute { command: command.to_owned(), cwd: settings.root.clone() };
                assert_eq!(only_reads(&effect, &policy), expect, "{mode:?} {command}");
            }
        }
    }

    #[test]
    fn what_reaches_out_is_asked_about_and_stores_no_rule() {
        let own = |reaches_out| Unaccepted { words: "; it may run x".to_owned(), reaches_out };
        let allow = || Verdict::Allow(Because::of("rule"));
        let ask = |always: &[&str]| {
            let always = always.iter().map(|rule| (*rule).to_owned()).collect();
            Verdict::Ask(Question { because: Because::of("no rule"), always })
        };
        let deny = || Verdict::Deny(Because::of("rule"));
        for (verdict, reaches_out, expect) in [
            (allow(), false, "allow"),
            (allow(), true, "ask"),
            (ask(&["Bash(make)"]), false, "ask"),
            (ask(&["Bash(make)"]), true, "ask"),
            (deny(), true, "deny"),
        ] {
            let weighed = own(reaches_out).weigh(verdict);
            assert_eq!(weighed.as_str(), expect);
            if let Verdict::Ask(question) = weighed {
                assert_eq!(question.always, Vec::<String>::new());
            }
        }
    }
}
