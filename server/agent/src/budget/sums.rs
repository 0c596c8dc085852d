//! What a conversation has used: in all, by model and by whoever was asked, exactly as providers reported it.
//!
//! Read off its records and kept nowhere else. A try that broke is paid for too, so it has a record of its own; what is
//! summed by model is therefore what is summed in all.

use std::collections::BTreeMap;
use std::time::Duration;

use copydesk_base::{CallId, Event, Record, SessionId, Usage};

use crate::desk::Desk;

/// The sums of some runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sums {
    pub all: Usage,
    /// From the beginning of each run to its last work.
    pub time: Duration,
    /// By `provider/model`.
    pub models: BTreeMap<String, Usage>,
    /// By the agent that worked, and where none was named by the action.
    pub agents: BTreeMap<String, Usage>,
}

impl Sums {
    /// The sums of whole runs, each with its records in order.
    pub fn of<'r>(runs: impl IntoIterator<Item = &'r [Record]>) -> Self {
        let mut sums = Self::default();
        for records in runs {
            sums.add(records);
        }
        sums
    }

    /// Adds a run; of one that was cut short, what it said until then.
    pub fn add(&mut self, records: &[Record]) {
        let (mut model, mut agent) = (String::new(), String::new());
        let mut called: BTreeMap<&CallId, &String> = BTreeMap::new();
        let mut run = Usage::default();
        let mut finished = None;
        let add = |sums: &mut BTreeMap<String, Usage>, name: &str, usage: Usage| {
            if usage != Usage::default() {
                sums.entry(name.to_owned()).or_default().add(usage);
            }
        };
        for record in records {
            match &record.event {
                Event::RunStarted { model: first, action, agent: named, .. } => {
                    model.clone_from(first);
                    agent.clone_from(if named.is_empty() { action } else { named });
                }
                Event::ModelSwitched { to, .. } => model.clone_from(to),
                Event::HandedOver { to, .. } => agent.clone_from(to),
                Event::ModelAnswered { usage, .. } => {
                    self.models.entry(model.clone()).or_default().add(*usage);
                    add(&mut self.agents, &agent, *usage);
                    run.add(*usage);
                }
                Event::TryLost { model, usage } => {
                    self.models.entry(model.clone()).or_default().add(*usage);
                    add(&mut self.agents, &agent, *usage);
                    run.add(*usage);
                }
                Event::AgentCalled { call, agent, .. } => {
                    called.insert(call, agent);
                }
                Event::AgentReturned { call, usage, models, .. } => {
                    for (model, usage) in models {
                        add(&mut self.models, model, *usage);
                    }
                    add(&mut self.agents, called.get(call).map_or("helper", |agent| agent.as_str()), *usage);
                    run.add(*usage);
                }
                Event::RunFinished { usage, .. } => finished = Some(*usage),
                _ => {}
            }
        }
        self.all.add(finished.unwrap_or(run));
        // What was noted later, an undo for one, is no work of the run.
        let is_work = |record: &&Record| {
            use Event::{ModelAnswered, RunFinished, ToolReturned};
            matches!(record.event, RunFinished { .. } | ModelAnswered { .. } | ToolReturned { .. })
        };
        if let (Some(first), Some(last)) = (records.first(), records.iter().rfind(is_work)) {
            self.time += last.at.since(first.at);
        }
    }
}

/// What was used, in one line for a person.
pub fn used(usage: &Usage) -> String {
    let money = usage.usd.map_or(String::new(), |usd| format!(", ${usd:.4}"));
    let estimated = if usage.estimated { ", some of it estimated" } else { "" };
    let Usage { input_tokens, output_tokens, requests, .. } = usage;
    format!("{input_tokens} tokens in, {output_tokens} out, {requests} requests{money}{estimated}")
}

impl Desk {
    /// What a conversation of this workspace has used; nothing where there is none of that name, or where it has more
    /// than `most` turns.
    pub async fn sums(&self, session: &SessionId, most: usize) -> Option<Sums> {
        let journal = &self.shared.world.journal;
        let rows = journal.session(session).await.ok()?;
        if rows.is_empty() || rows.len() > most {
            return None;
        }
        let mut sums = Sums::default();
        for row in rows {
            sums.add(&journal.records(&row.run).await.ok()?);
        }
        Some(sums)
    }
}
