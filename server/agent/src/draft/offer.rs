//! Putting drafts to the person: from here on each is an edit like any other, with what the checks said beside it.

use std::sync::Arc;

use copydesk_base::change::{CheckVerdict, Checked};
use copydesk_base::host::Presence;
use copydesk_base::{Effect, path};

use super::Settled;
use crate::error::AgentError;
use crate::run::Turn;
use crate::tools::{Came, Changed, Pinned, changed, plan};

/// What a model is told of edits that do not fit any more.
const AGAIN: &str = "What was refused because the text changed is not made. Read the file as it is now and edit it anew, or say \
                     why that is not needed.\n";

/// Offers every draft in the order of its path, and forgets it.
pub(super) async fn offer(turn: &mut Turn, checked: Checked) -> Result<Settled, AgentError> {
    let drafts = std::mem::take(&mut *turn.draft.kept.lock());
    turn.draft.is_new = false;
    turn.draft.rounds = 0;
    let mut text = match checked.verdict {
        CheckVerdict::Passed => format!("The edits were put to the person: {}.\n", checked.words),
        _ => format!("The edits were put to the person as they are: {}.\n", checked.words),
    };
    let (mut refused, mut unfit) = (false, false);
    for (file, one) in drafts {
        let pinned = Pinned { path: file.clone(), base: one.base, before: one.before };
        let plan = plan(turn, &one.call, pinned, &one.after);
        if plan.hunks.is_empty() {
            continue;
        }
        let plan = Arc::new(copydesk_base::ChangePlan { checked: Some(checked.clone()), ..plan });
        let shown = path::shown(&turn.settings.root, &file);
        let effect = Effect::Write { path: file };
        let Changed { output, came } = changed(turn, &one.call, effect, plan.clone(), &shown).await?;
        text.push_str(&output.text);
        text.push('\n');
        match came {
            Came::Whole => {
                turn.unmade.remove(&plan.path);
            }
            Came::Refused => refused = true,
            Came::Unfit(reason) => {
                unfit = true;
                turn.unmade.insert(plan.path.clone(), reason);
            }
        }
    }
    if unfit {
        text.push_str(AGAIN);
    }
    // Where nobody answers, asking again would change nothing.
    let refused = refused && turn.world.host.presence() == Presence::Somebody;
    Ok(Settled::Offered { text, is_open: refused || unfit })
}
