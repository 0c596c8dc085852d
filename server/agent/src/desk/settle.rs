//! How a question ends: by the person here, by their word in another process, by its clock. What was decided is written
//! first, and then told.

use std::path::PathBuf;
use std::sync::Arc;

use copydesk_base::host::Shown;
use copydesk_base::{ApprovalId, Event};
use copydesk_permission::{Rule, RuleVerdict, parse_rule};
use copydesk_store::PendingRow;
use tokio::time::Instant;

use super::board::Settlement;
use super::task::Task;
use super::{Decision, Settled};
use crate::error::AgentError;

/// Why something is refused that the person does not want.
const NO: &str = "the person said no";

/// For how long the rules of *Always* count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Stored,
    /// In this process.
    Here,
}

impl Task {
    pub(super) async fn decide(
        &mut self,
        approval: &ApprovalId,
        decision: Decision,
        by: &str,
        feedback: Option<String>,
    ) -> Result<Settled, AgentError> {
        match decision {
            Decision::Show => {
                self.board.show(approval)?;
                self.wait_without_a_clock(approval).await;
                let Some(pending) = self.board.pending.get(approval) else {
                    return Err(AgentError::UnknownApproval(approval.to_string()));
                };
                let shown = match &pending.change {
                    Some(plan) => Shown::Change {
                        id: plan.id.clone(),
                        path: plan.path.clone(),
                        diff: copydesk_text::rebase::unified(
                            &plan.before,
                            &plan.after(),
                            &pending.shown_path(plan),
                        ),
                    },
                    None => Shown::Approval {
                        id: approval.clone(),
                        title: pending.view.text.lines().next().unwrap_or_default().to_owned(),
                        text: full_text(&pending.view.effect.clean(&pending.redactor), &pending.view.always),
                    },
                };
                self.world.host.show(shown);
                Ok(Settled::default())
            }
            Decision::Once => {
                self.board.may_allow(approval)?;
                self.settle(approval, Settlement::Once, "once", by).await;
                Ok(Settled { settled: vec![approval.clone()] })
            }
            Decision::Always => self.always(approval, by, Kept::Stored).await,
            Decision::Deny => {
                let said = feedback.filter(|text| !text.trim().is_empty());
                let reason = match &said {
                    Some(said) => format!("{NO}: {said}"),
                    None => NO.to_owned(),
                };
                if !self.board.pending.contains_key(approval) {
                    return Err(AgentError::UnknownApproval(approval.to_string()));
                }
                let settlement = Settlement::Denied { by: by.to_owned(), reason, said };
                self.settle(approval, settlement, "deny", by).await;
                Ok(Settled { settled: vec![approval.clone()] })
            }
        }
    }

    /// Tells other processes too that this one waits for ever now.
    async fn wait_without_a_clock(&self, approval: &ApprovalId) {
        let Some(pending) = self.board.pending.get(approval) else { return };
        let row = PendingRow {
            approval: approval.clone(),
            run: pending.view.run.clone(),
            summary: pending.view.text.clone(),
            always: pending.view.always.clone(),
            asked: pending.view.asked,
            expires: None,
        };
        if let Err(error) = self.world.journal.ask(row).await {
            tracing::warn!(%error, "an approval's waiting could not be noted");
        }
    }

    /// Keeps the rules that the question showed, then settles it and every other pending one that they allow.
    pub(super) async fn always(
        &mut self,
        approval: &ApprovalId,
        by: &str,
        kept: Kept,
    ) -> Result<Settled, AgentError> {
        self.board.may_allow(approval)?;
        if self.board.pending.get(approval).is_some_and(|pending| pending.view.always.is_empty()) {
            return Err(AgentError::NotOffered);
        }
        let rules = self.remember(approval, kept).await?;
        let mut settled = vec![approval.clone()];
        settled.extend(self.board.allowed_by(&rules).into_iter().filter(|id| id != approval));
        for id in &settled {
            self.settle(id, Settlement::Always, "always", by).await;
        }
        Ok(Settled { settled })
    }

    /// Keeps the rules that a question showed; they count at once.
    async fn remember(&mut self, approval: &ApprovalId, kept: Kept) -> Result<Vec<Rule>, AgentError> {
        let Some(pending) = self.board.pending.get(approval) else {
            return Err(AgentError::UnknownApproval(approval.to_string()));
        };
        let run = pending.view.run.clone();
        let mut rules = Vec::new();
        let places: Vec<(PathBuf, String)> =
            pending.view.always.iter().map(|rule| (pending.root_for(rule), rule.clone())).collect();
        for (root, text) in places {
            match parse_rule(RuleVerdict::Allow, &text, "remembered") {
                Ok(rule) => {
                    if kept == Kept::Stored {
                        self.world.user.remember(&root, &text, &run).await?;
                    }
                    rules.push(rule);
                }
                Err(error) => tracing::warn!(%error, "a rule that Always would store does not parse"),
            }
        }
        self.remembered.send_modify(|known| Arc::make_mut(known).extend(rules.iter().cloned()));
        Ok(rules)
    }

    /// Writes how a question ended, then tells whoever waits. Where another process was first, its decision stands.
    pub(super) async fn settle(
        &mut self,
        approval: &ApprovalId,
        settlement: Settlement,
        decision: &str,
        by: &str,
    ) {
        let closing = (settlement, decision.to_owned(), by.to_owned());
        if self.board.put_off(approval, &closing) {
            return;
        }
        let Some(pending) = self.board.pending.get(approval) else { return };
        let (run, redactor) = (pending.view.run.clone(), pending.redactor.clone());
        let (mut settlement, mut decision, mut by) = closing;
        let mut written = Ok(());
        match self.world.journal.settle(approval, &decision, &by).await {
            Ok(stands) if stands.decision != decision && is_open_to_others(&decision) => {
                settlement = match stands.decision.as_str() {
                    "once" => Settlement::Once,
                    "always" => match self.remember(approval, Kept::Stored).await {
                        Ok(_) => Settlement::Always,
                        Err(error) => Settlement::Failed(error.to_string()),
                    },
                    _ => {
                        let (by, reason) = ("person".to_owned(), NO.to_owned());
                        Settlement::Denied { by, reason, said: None }
                    }
                };
                (decision, by) = (stands.decision, stands.by);
            }
            Ok(_) => {}
            Err(error) => written = Err(error.into()),
        }
        if written.is_ok() {
            let event = Event::ApprovalSettled { approval: approval.clone(), decision, by };
            written = self.recorder.record(&run, vec![event], &redactor).await;
        }
        if let Err(error) = written {
            settlement = Settlement::Failed(error.to_string());
        }
        self.board.settle(approval, &settlement);
    }

    pub(super) async fn expire(&mut self) {
        for approval in self.board.expired(Instant::now()) {
            let reason = "nobody answered in time".to_owned();
            let settlement = Settlement::Denied { by: "timeout".to_owned(), reason, said: None };
            self.settle(&approval, settlement, "expired", "timeout").await;
        }
    }

    /// Takes in what `copydesk approve` wrote from another process; whether there was anything.
    pub(super) async fn hear_elsewhere(&mut self) -> bool {
        let changed = self.world.journal.changed_elsewhere().await;
        if !matches!(changed, Ok(true)) && !self.listen_again {
            return false;
        }
        self.listen_again = changed.is_err();
        let answers = match self.world.journal.answers().await {
            Ok(answers) => answers,
            Err(error) => {
                tracing::warn!(%error, "decisions of other processes cannot be read");
                self.listen_again = true;
                return false;
            }
        };
        let mut heard = false;
        for (approval, answer) in answers {
            // Whoever decides there was shown the whole.
            if !self.board.note_shown(&approval) {
                continue;
            }
            heard = true;
            let decision = match answer.decision.as_str() {
                "once" => Decision::Once,
                "always" => Decision::Always,
                _ => Decision::Deny,
            };
            if let Err(error) = self.decide(&approval, decision, "person", None).await {
                tracing::warn!(%error, %approval, "a decision of another process was not taken");
                self.listen_again = true;
            }
        }
        heard
    }
}

/// Whether another process's decision may stand in place of this one: what has happened already cannot be undecided.
fn is_open_to_others(decision: &str) -> bool {
    !matches!(decision, "canceled" | "reviewed")
}

/// The whole of an effect, for reading, with the rules that *Always* would store.
fn full_text(effect: &copydesk_base::Effect, always: &[String]) -> String {
    use copydesk_base::Effect;
    let mut text = match effect {
        Effect::Execute { command, cwd } => format!("In {}:\n\n{command}\n", cwd.display()),
        Effect::Follow { path, line, text } => format!("{}:{}\n\n{text}\n", path.display(), line + 1),
        other => format!("{}\n", other.summary(std::path::Path::new("/"))),
    };
    if !always.is_empty() {
        text += &format!("\nAlways allow stores:\n{}\n", always.join("\n"));
    }
    crate::gate::render::harmless(&text)
}
