//! Rules and mode, put to a command that was read.

use std::path::Path;

use copydesk_base::config::Mode;
use copydesk_base::{Because, Grade};

use super::arguments::{self, Findings, Standing};
use super::grant::{Grant, grant};
use super::screen::screen;
use super::words::Word;
use super::{
    Need, Passes, Redirect, Script, Simple, Unreadable, among, destroy, git, network, read, scope, shown,
};
use crate::glob::escape_command;
use crate::path::{self as paths, Access};
use crate::policy::{Answer, Policy, because, tainted};
use crate::rule::{Pattern, Rule, RuleVerdict, parse_rule};
use crate::secret::find_secrets;

/// A longer rule is a program, not a habit: it is approved once.
const LONGEST_RULE: usize = 2000;

/// The judgement of one command, with the rules that would allow what is still open.
struct Outcome {
    answer: Answer,
    open: Vec<String>,
}

/// Judges a command; answers the rules of *Always* too, where it asks and they would help.
pub(crate) fn judge(command: &str, cwd: &Path, policy: &Policy) -> (Answer, Vec<String>) {
    let script = match read(command, cwd, policy) {
        Ok(script) => script,
        Err(Unreadable(reason)) => {
            return (Answer::deny(format!("the command cannot be read safely: {reason}")), Vec::new());
        }
    };
    let outcome = decide(&script, policy);
    let always = match outcome.answer {
        Answer::Ask(_) => settling(&script, policy, outcome.open),
        _ => Vec::new(),
    };
    match outcome.answer {
        // What no rule can settle is not asked as if one could.
        Answer::Ask(because) if always.is_empty() => (Answer::Firm(because), always),
        answer => (answer, always),
    }
}

/// The rules that would allow what is still open in a command.
pub(crate) fn literal_rules(command: &str, cwd: &Path, policy: &Policy) -> Vec<String> {
    judge(command, cwd, policy).1
}

/// The rules, if they are enough: what *Always* promises must hold the next time.
fn settling(script: &Script, policy: &Policy, rules: Vec<String>) -> Vec<String> {
    if rules.iter().any(|rule| rule.len() > LONGEST_RULE) {
        return Vec::new();
    }
    let mut settled = policy.clone();
    let parsed = rules.iter().map(|rule| parse_rule(RuleVerdict::Allow, rule.as_str(), "remembered"));
    let Ok(parsed) = parsed.collect::<Result<Vec<Rule>, _>>() else { return Vec::new() };
    settled.rules.extend(parsed);
    if matches!(decide(script, &settled).answer, Answer::Allow(_)) { rules } else { Vec::new() }
}

fn decide(script: &Script, policy: &Policy) -> Outcome {
    let mut outcome =
        Outcome { answer: Answer::Allow(Because::of("it only steers the shell")), open: Vec::new() };
    let is_alone = script.simples.len() + script.redirects.len() == 1;
    let mut is_first = true;
    for simple in &script.simples {
        let answer = match judge_simple(simple, &Grant::None, policy).0 {
            Answer::Ask(_) if simple.findings(policy).is_fed => {
                Answer::Firm(Because::of("what it runs comes in at its standard input"))
            }
            Answer::Ask(because) => {
                outcome.open(format!("Bash({})", escape_command(&simple.text)));
                Answer::Ask(because)
            }
            answer => answer,
        };
        outcome.take(answer, Some(&simple.text), is_alone, is_first);
        is_first = false;
    }
    if let Some(rule) = among::fed(script, policy) {
        outcome.take(Answer::Deny(because(rule)), None, is_alone, is_first);
    }
    for redirect in &script.redirects {
        let answer = judge_redirect(redirect, policy, &mut outcome.open);
        outcome.take(answer, None, is_alone, is_first);
        is_first = false;
    }
    outcome
}

impl Outcome {
    fn open(&mut self, rule: String) {
        if !self.open.contains(&rule) {
            self.open.push(rule);
        }
    }

    /// Keeps the stricter answer; the first of its kind gives the reason.
    fn take(&mut self, answer: Answer, text: Option<&str>, is_alone: bool, is_first: bool) {
        if !is_first && rank(&answer) <= rank(&self.answer) {
            return;
        }
        let named = |because: Because| match text {
            Some(text) if !is_alone => {
                Because { reason: format!("{}: {}", shown(text), because.reason), ..because }
            }
            _ => because,
        };
        self.answer = match answer {
            Answer::Allow(because) => Answer::Allow(named(because)),
            Answer::Ask(because) => Answer::Ask(named(because)),
            Answer::Firm(because) => Answer::Firm(named(because)),
            Answer::Deny(because) => Answer::Deny(named(because)),
        };
    }
}

fn rank(answer: &Answer) -> u8 {
    match answer {
        Answer::Allow(_) => 0,
        Answer::Ask(_) => 1,
        Answer::Firm(_) => 2,
        Answer::Deny(_) => 3,
    }
}

fn judge_redirect(redirect: &Redirect, policy: &Policy, open: &mut Vec<String>) -> Answer {
    let target = &redirect.target;
    let mut findings = Findings::default();
    let stand_in = Simple::new(target.raw.clone(), Vec::new(), redirect.cwds.clone(), None);
    screen(target, &stand_in, policy, &mut findings);
    if let Some(because) = findings.deny {
        return Answer::Deny(because);
    }
    if arguments::is_device(&target.text) && target.is_literal() {
        return Answer::Allow(Because::of("nothing is kept there"));
    }
    if redirect.access == Access::Write && policy.mode == Mode::Plan {
        return Answer::deny("mode plan refuses every edit, redirections too");
    }
    let Some(places) = redirect.cwds.places(target, policy) else {
        return Answer::Firm(Because::of(format!("where {} lies is known only when it runs", target.raw)));
    };
    let mut worst = Answer::Allow(Because::of("it opens no file"));
    for place in places {
        let answer = paths::judge(redirect.access, &place, policy);
        if matches!(answer, Answer::Ask(_)) {
            let rule = match redirect.access {
                Access::Read => paths::read_rule(&place),
                Access::Write => paths::file_rule(&place),
            };
            open.extend(rule.filter(|rule| !open.contains(rule)));
        }
        if rank(&answer) > rank(&worst) {
            worst = answer;
        }
    }
    worst
}

/// Judges one simple command and what it wraps; also answers whether all of it only reads. `inherited` is what a
/// wrapper's own grant hands on.
fn judge_simple(simple: &Simple, inherited: &Grant, policy: &Policy) -> (Answer, bool) {
    let findings = simple.findings(policy);
    let mut only_reads = findings.only_steers || (simple.inner.is_empty() && findings.only_reads);
    if let Some(answer) = refusal(simple, findings, policy) {
        return (answer, only_reads);
    }
    let (need, reason) = match need_of(simple, findings, policy) {
        Ok(need) => need,
        Err(because) => return (Answer::Deny(because), only_reads),
    };
    let grant = grant(simple, findings, policy).or(inherited.clone());
    let handed_on = match (simple.passes, &grant) {
        (_, Grant::Literal(_)) | (Passes::Either | Passes::Outer, Grant::Rule(_)) => grant.clone(),
        _ => Grant::None,
    };
    let mut inner = Answer::Allow(Because::of("it wraps nothing"));
    let mut inner_only_reads = !simple.inner.is_empty();
    for (at, wrapped) in simple.inner.iter().enumerate() {
        let (answer, wrapped_only_reads) = judge_simple(wrapped, &handed_on, policy);
        inner_only_reads &= wrapped_only_reads;
        if at == 0 || rank(&answer) > rank(&inner) {
            inner = answer;
        }
    }
    only_reads |= inner_only_reads;
    let grant = match (&inner, simple.passes, grant) {
        (Answer::Allow(because), Passes::Either, Grant::None) if !simple.inner.is_empty() => {
            Grant::Rule(because.clone())
        }
        (_, _, grant) => grant,
    };
    let own = match weigh(simple, &grant, need, reason, policy) {
        Answer::Allow(_) if policy.mode == Mode::Plan && !only_reads => {
            Answer::Firm(Because::of("mode plan asks for every command that may do more than read"))
        }
        own => own,
    };
    (if rank(&inner) > rank(&own) { inner } else { own }, only_reads)
}

/// What is refused whatever allows it.
fn refusal(simple: &Simple, findings: &Findings, policy: &Policy) -> Option<Answer> {
    if let Some(rule) = speaking(RuleVerdict::Deny, simple, policy).or_else(|| among::wrapped(simple, policy))
    {
        return Some(Answer::Deny(because(rule)));
    }
    if let Some(because) = &findings.deny {
        return Some(Answer::Deny(because.clone()));
    }
    (findings.is_ruin && policy.mode == Mode::Bypass)
        .then(|| Answer::deny("mode bypass never takes the workspace, the home or the disk away"))
}

/// What it takes to allow a command, and why; an error is a file that is refused.
fn need_of(
    simple: &Simple,
    findings: &Findings,
    policy: &Policy,
) -> Result<(Need, Option<Because>), Because> {
    let care = findings.care.as_ref();
    let mut need =
        care.map_or((Need::Mode, None), |care| (care.need, Some(Because::of(care.reason.clone()))));
    for touch in &findings.touches {
        let wants = match paths::judge(touch.access, &touch.place, policy) {
            Answer::Deny(because) => return Err(because),
            Answer::Allow(_) => continue,
            Answer::Firm(because) => (Need::Person, because),
            Answer::Ask(because) => {
                let is_expected = touch.standing == Standing::Evident && policy.is_inside(&touch.place);
                (if is_expected { Need::Rule } else { Need::Literal }, because)
            }
        };
        if wants.0 > need.0 {
            need = (wants.0, Some(wants.1));
        }
    }
    if policy.taint == Grade::Recorded && !findings.only_steers && need.0 < Need::Literal {
        need = (Need::Literal, Some(tainted(policy, "every command asks")));
    }
    if policy.taint.is_strange() {
        if let Some(deed) = network::reached_by(simple).filter(|_| need.0 < Need::Literal) {
            need = (Need::Literal, Some(tainted(policy, &format!("{deed} asks"))));
        }
        if need.0 < Need::Person && !find_secrets(&simple.text).is_empty() {
            need = (Need::Person, Some(tainted(policy, "a secret among the words of a command asks")));
        }
    }
    if let Some(rule) = speaking(RuleVerdict::Ask, simple, policy) {
        need = (Need::Person, Some(because(rule)));
    }
    Ok(need)
}

/// The rule of that verdict, deny or ask, that a command meets in any reading.
fn speaking<'a>(verdict: RuleVerdict, simple: &Simple, policy: &'a Policy) -> Option<&'a Rule> {
    let readings = readings(simple);
    let words = plain_words(simple);
    policy.rules.iter().filter(|rule| rule.verdict == verdict).find(|rule| match rule.pattern.as_ref() {
        Pattern::Shell(wanted) => {
            readings.iter().any(|reading| wanted.matches(reading))
                || rule.loose.as_ref().is_some_and(|loose| loose.matches(&words))
        }
        Pattern::Destroy(wanted) => destroy::look(simple, policy).is_some_and(|places| {
            wanted.is_everywhere() || places.iter().any(|place| wanted.matches(place, policy))
        }),
        // A rule about one host is held against the addresses among the words; see `screen`.
        Pattern::Network(wanted) => wanted.is_every() && network::reached_by(simple).is_some(),
        _ => false,
    })
}

/// Puts what allows a command against what it takes.
fn weigh(simple: &Simple, grant: &Grant, need: Need, reason: Option<Because>, policy: &Policy) -> Answer {
    match grant.because() {
        Some(because) if grant.reaches().is_some_and(|reached| reached >= need) => {
            Answer::Allow(because.clone())
        }
        _ => {
            let because = reason.unwrap_or_else(|| Because::of(unallowed(simple, policy)));
            if need == Need::Person { Answer::Firm(because) } else { Answer::Ask(because) }
        }
    }
}

/// Why no rule allows a command.
fn unallowed(simple: &Simple, policy: &Policy) -> String {
    let text = shown(&simple.text);
    if let Some((word, rule)) = scope::short(simple, policy) {
        return format!("no rule allows {text}: {word} goes beyond what {rule} names");
    }
    match among::launcher(simple) {
        Some(launcher) => format!("no rule allows {text}; a rule must name what `{launcher}` runs"),
        None => format!("no rule allows {text}"),
    }
}

/// A word without its quotes, where that is known.
fn plain(word: &Word) -> String {
    if word.text.contains('\0') { word.raw.clone() } else { word.text.clone() }
}

/// The words without quotes, the program by its bare name in lower case.
fn plain_words(simple: &Simple) -> Vec<String> {
    let mut words: Vec<String> = simple.words.iter().map(plain).collect();
    if let Some(program) = words.first_mut() {
        *program = program.rsplit('/').next().unwrap_or_default().to_lowercase();
    }
    words
}

/// How a command may be read by rules that tighten: as written, without its quotes, and by the program's bare name.
fn readings(simple: &Simple) -> Vec<String> {
    let words: Vec<String> = simple.words.iter().map(plain).collect();
    let mut readings = vec![simple.text.clone()];
    let plain = words.join(" ");
    let program = words.first().map_or("", |name| name.rsplit('/').next().unwrap_or_default()).to_lowercase();
    if words.first().is_some_and(|name| *name != program) {
        let rest = plain.split_once(' ').map_or(String::new(), |(_, rest)| format!(" {rest}"));
        readings.push(format!("{program}{rest}"));
    }
    if plain != simple.text {
        readings.push(plain);
    }
    // `git -c a=b --no-pager push` is `git push`.
    let behind_options = git::look(&simple.words).operands.saturating_sub(1);
    if program == "git" && behind_options > 1 {
        readings.push(format!("git {}", words.get(behind_options..).unwrap_or_default().join(" ")));
    }
    readings
}
