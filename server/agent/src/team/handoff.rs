//! A handoff: another agent goes on with a conversation, with its own tools, bounds and model.
//!
//! What narrows the run itself (its action, its document, its parent) stays; only the agent's own bounds change, to
//! those of the one that goes on. The person's words stay what they are, and so does everything that was read.

use copydesk_base::Event;
use copydesk_provider::{Asker, Needs, Wish};

use crate::action::Action;
use crate::desk::Ask;
use crate::error::AgentError;
use crate::library::Agent;
use crate::run::Turn;
use crate::run::answer::Way;
use crate::team::role::{self, Calls};

/// Who goes on, and what they are told.
#[derive(Clone, Debug)]
pub(crate) struct Handoff {
    pub(crate) to: Agent,
    pub(crate) words: String,
}

/// Makes the handoff; what the one that goes on is told.
pub(crate) async fn take(
    turn: &mut Turn,
    ask: &Ask,
    action: &mut Action,
    way: &mut Way,
    handoff: Handoff,
) -> Result<String, AgentError> {
    let Handoff { to, words } = handoff;
    let from = turn.role.agent.as_ref().map(|agent| agent.name.clone()).unwrap_or_default();
    let mut events = vec![Event::HandedOver { from, to: to.name.clone() }];
    if let (Some(model), None) = (&to.model, &ask.model) {
        let wishes =
            [Wish { asker: Asker::Agent, model: Some(model.clone()), fallback: to.fallback.clone() }];
        let route = turn.settings.models.route_or_look(&wishes, Needs::default()).await?;
        let before = way.choice().model_ref();
        // It may have other tools; what it is asked says what it needs.
        *way = Way::begin(route, Needs::default(), turn.settings.models.health());
        let (to, reason) = (way.choice().model_ref(), format!("{} goes on", to.name));
        if before != to {
            events.push(Event::ModelSwitched { from: before, to, reason });
        }
    }
    turn.record(events).await?;
    turn.handed_over += 1;
    turn.model = way.choice().model_ref();
    let told = role::instructions(&to);
    let calls = if turn.parent.is_none() { Calls::Others } else { Calls::Nobody };
    let trusted = turn.world.user.trusted(&turn.outer().root).await.unwrap_or_default();
    let library = role::shelves(&*turn.world.files, &turn.shared.world, &trusted, turn.outer());
    turn.role = turn.role.handed_to(&library, to);
    action.tools = turn.role.tools(calls);
    let layers: String = turn
        .role
        .layers(&action.tools)
        .0
        .into_iter()
        .filter(|layer| layer.section == "handoffs")
        .map(|layer| layer.text)
        .collect();
    let words = if words.trim().is_empty() {
        String::new()
    } else {
        format!("Handed over with these words:\n{words}\n")
    };
    turn.tell(format!(
        "From here on another agent goes on with this conversation, and that is you. {told}{layers}{words}"
    ))
    .await
}
