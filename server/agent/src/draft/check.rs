//! Running the checks of a project on what was drafted, and what they said.
//!
//! A check is a command like any other: judged, asked about, walled in and written down. It differs in what it sees, a
//! copy of the workspace with the drafts in it, and in what it leaves behind, which is nothing.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use copydesk_base::change::{CheckVerdict, Checked};
use copydesk_base::config::Check;
use copydesk_base::{Because, Effect, Event, Grade, Verdict, path};
use globset::Glob;

use super::matcher::Matcher;
use super::shadow::{self, Shadow};
use crate::error::AgentError;
use crate::gate::{Permit, Why, judged, permit, verdict};
use crate::process::{Ended, Finished};
use crate::run::Turn;

/// How long a check may take where its settings say nothing.
const USUAL: Duration = Duration::from_mins(2);
/// The most bytes of one check's output that the model gets: the end, where errors stand.
const OUTPUT: usize = 3 * 1024;
/// The longest list of names in a question, in characters.
const WORDS: usize = 120;

/// What one check said.
#[derive(Clone, Debug)]
pub(crate) struct CheckResult {
    /// What people call it.
    pub(crate) check: String,
    pub(crate) verdict: CheckVerdict,
    /// How it ended, or why it did not run.
    pub(crate) note: String,
    pub(crate) problems: Vec<String>,
    output: String,
}

/// What all checks said.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub(super) results: Vec<CheckResult>,
}

impl Report {
    /// The worst of them: one that failed, else one that did not run.
    pub(super) fn verdict(&self) -> CheckVerdict {
        let has = |verdict| self.results.iter().any(|one| one.verdict == verdict);
        [CheckVerdict::Failed, CheckVerdict::NotRun]
            .into_iter()
            .find(|verdict| has(*verdict))
            .unwrap_or(CheckVerdict::Passed)
    }

    /// In a few words, for the person.
    pub(super) fn checked(&self) -> Checked {
        let verdict = self.verdict();
        let those = |verdict| self.results.iter().filter(move |one| one.verdict == verdict);
        let words = match verdict {
            CheckVerdict::Passed if self.results.is_empty() => "no check is for these files".to_owned(),
            CheckVerdict::Passed => "checks pass".to_owned(),
            CheckVerdict::Failed => {
                let names: Vec<String> = those(verdict)
                    .map(|one| match one.problems.len() {
                        0 => one.check.clone(),
                        1 => format!("{} (1 problem)", one.check),
                        count => format!("{} ({count} problems)", one.check),
                    })
                    .collect();
                format!("checks still fail: {}", names.join(", "))
            }
            CheckVerdict::NotRun => {
                let names: Vec<String> =
                    those(verdict).map(|one| format!("{}: {}", one.check, one.note)).collect();
                format!("not checked: {}", names.join(", "))
            }
        };
        Checked { verdict, words: words.chars().take(WORDS).collect() }
    }

    /// What failed, for the model.
    pub(super) fn for_model(&self, round: u32, most: u32) -> String {
        let mut text = format!(
            "The checks do not pass on your edits (try {round} of {most}), so nobody was shown them yet. Mend the edits, or \
             say why that cannot be done.\n"
        );
        for one in self.results.iter().filter(|one| one.verdict != CheckVerdict::Passed) {
            let _ = writeln!(text, "\ncheck `{}`: {}", one.check, one.note);
            for problem in &one.problems {
                let _ = writeln!(text, "{problem}");
            }
            if !one.output.is_empty() {
                let _ = writeln!(text, "It printed:\n{}", one.output);
            }
        }
        text
    }
}

/// Runs every check that the drafts are a matter of, one behind the other, on one copy.
pub(super) async fn run(turn: &mut Turn, round: u32) -> Result<Report, AgentError> {
    let touched: Vec<String> = {
        let kept = turn.draft.kept.lock();
        kept.keys().map(|file| path::shown(&turn.settings.root, file)).collect()
    };
    let checks: Vec<Check> =
        turn.settings.checks.iter().filter(|check| is_for(check, &touched)).cloned().collect();
    let mut report = Report::default();
    let mut shadow = None;
    for check in checks {
        let result = one(turn, &check, &mut shadow).await?;
        turn.record(vec![result.event(round)]).await?;
        report.results.push(result);
    }
    // What nobody can read might have failed.
    if let Some(reason) = turn.settings.checks_misread.clone() {
        let result = CheckResult::without_output("checks", CheckVerdict::NotRun, reason);
        turn.record(vec![result.event(round)]).await?;
        report.results.push(result);
    }
    Ok(report)
}

impl CheckResult {
    fn without_output(check: &str, verdict: CheckVerdict, note: String) -> Self {
        Self { check: check.to_owned(), verdict, note, problems: vec![], output: String::new() }
    }

    fn event(&self, round: u32) -> Event {
        Event::Checked {
            check: self.check.clone(),
            round,
            verdict: self.verdict,
            note: self.note.clone(),
            problems: self.problems.clone(),
        }
    }
}

/// Whether one of the touched files is among those that a check is for; any is, where none is touched. A glob that does
/// not parse excludes nothing.
fn is_for(check: &Check, touched: &[String]) -> bool {
    let globs: Vec<_> = check.files.iter().filter_map(|text| Glob::new(text).ok()).collect();
    globs.is_empty()
        || touched.is_empty()
        || globs.iter().any(|glob| {
            let matcher = glob.compile_matcher();
            touched.iter().any(|file| {
                let name = Path::new(file).file_name().unwrap_or_default();
                matcher.is_match(file) || matcher.is_match(name)
            })
        })
}

async fn one(turn: &mut Turn, check: &Check, shadow: &mut Option<Shadow>) -> Result<CheckResult, AgentError> {
    let result = |verdict, note| CheckResult::without_output(check.title(), verdict, note);
    let matcher = match Matcher::of(check.matcher.as_deref()) {
        Ok(matcher) => matcher,
        Err(reason) => return Ok(result(CheckVerdict::NotRun, reason)),
    };
    let effect = Effect::Execute { command: check.command.clone(), cwd: turn.settings.root.clone() };
    let call = turn.shared.call_id();
    // Once is once for a run: a check that is asked about in each round is asked about too often.
    // What no person answered is judged anew each time: the run may have read a stranger's words since.
    let is_question = matches!(verdict(turn, &effect), Verdict::Ask(_));
    if !is_question || !turn.draft.permitted.contains(&check.command) {
        if let Permit::Refused(reason) = permit(turn, &call, effect.clone(), None).await? {
            let reason = reason.rsplit_once(": ").map_or(reason.as_str(), |(_, reason)| reason).to_owned();
            return Ok(result(CheckVerdict::NotRun, reason));
        }
        if is_question {
            turn.draft.permitted.insert(check.command.clone());
        }
    } else {
        let because = Because::of("the person allowed it earlier in this run");
        judged(turn, &call, &effect, "allow", Why::of(because, "person")).await?;
    }
    turn.record(vec![Event::EffectStarted { call: call.clone(), effect: effect.clone() }]).await?;
    let limit = check.timeout.map_or(USUAL, |limit| limit.0);
    let (finished, roots) = match shadow::command(turn, shadow, &effect, limit).await {
        Ok(ran) => ran,
        Err(reason) => {
            let event = Event::EffectFinished { call, ok: false, note: reason.clone() };
            turn.record(vec![event]).await?;
            return Ok(result(CheckVerdict::NotRun, reason));
        }
    };
    let Finished { ended, output } = finished;
    let note = ended.told(limit);
    turn.record(vec![Event::EffectFinished { call, ok: ended == Ended::Exit(0), note: note.clone() }])
        .await?;
    let verdict = match ended {
        Ended::Exit(0) => CheckVerdict::Passed,
        Ended::Canceled => return Err(AgentError::Canceled),
        Ended::Failed(_) => CheckVerdict::NotRun,
        Ended::Exit(_) | Ended::Signal(_) | Ended::TimedOut | Ended::Stopped(_) => CheckVerdict::Failed,
    };
    if verdict == CheckVerdict::Passed {
        return Ok(result(verdict, note));
    }
    turn.reads(Grade::Tool, &format!("the output of {}", check.command)).await?;
    let output = turn.shared.hidden(&output, &turn.settings.redactor);
    let roots: Vec<&Path> = roots.iter().map(std::path::PathBuf::as_path).collect();
    let (files, root) = (turn.world.files.clone(), turn.settings.root.clone());
    let is_there = |file: &Path| {
        let file = path::resolve(&root, file);
        path::is_inside(&root, &file) && (file.is_file() || files.is_open(&file))
    };
    let problems = matcher.problems(&output, &roots, is_there);
    let start = output.ceil_char_boundary(output.len().saturating_sub(OUTPUT));
    let output = output[start..].trim_end().to_owned();
    Ok(CheckResult { problems, output, ..result(verdict, note) })
}

#[cfg(test)]
mod tests {
    use CheckVerdict::{Failed, NotRun, Passed};

    use super::*;

    #[test]
    fn a_check_is_for_the_files_that_it_names() {
        let check = |files: &[&str]| Check {
            files: files.iter().map(|text| (*text).to_owned()).collect(),
            ..Check::default()
        };
        for (files, touched, expect) in [
            (&[][..], "a.py", true),
            (&["*.py"], "src/a.py", true),
            (&["src/**"], "src/a.py", true),
            (&["*.rs", "lib/**"], "src/a.py", false),
            (&["[", "*.rs"], "src/a.py", false),
            (&["["], "src/a.py", true),
        ] {
            assert_eq!(is_for(&check(files), &[touched.to_owned()]), expect, "{files:?} {touched}");
        }
    }

    #[test]
    fn the_worst_is_said() {
        let result = |check: &str, verdict, problems: usize| CheckResult {
            check: check.to_owned(),
            verdict,
            note: "exit code 1".to_owned(),
            problems: vec!["a.c:1: x".to_owned(); problems],
            output: "out".to_owned(),
        };
        for (results, words) in [
            (vec![], "no check is for these files"),
            (vec![result("a", Passed, 0)], "checks pass"),
            (vec![result("a", Passed, 0), result("b", NotRun, 0)], "not checked: b: exit code 1"),
            (
                vec![
                    result("a", Failed, 2),
                    result("b", NotRun, 0),
                    result("c", Failed, 0),
                    result("d", Failed, 1),
                ],
                "checks still fail: a (2 problems), c, d (1 problem)",
            ),
        ] {
            assert_eq!(Report { results }.checked().words, words);
        }
        let told = Report { results: vec![result("a", Failed, 1), result("b", Passed, 0)] }.for_model(2, 3);
        assert!(told.contains("(try 2 of 3)"), "{told}");
        assert!(told.ends_with("\ncheck `a`: exit code 1\na.c:1: x\nIt printed:\nout\n"), "{told}");
    }
}
