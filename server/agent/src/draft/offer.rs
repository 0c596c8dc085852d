//! Putting drafts to the person: from here on each is an edit like any other, with what the checks said beside it.

use std::fmt::Write;
use std::sync::Arc;

use copydesk_base::change::{CheckVerdict, Checked};
use copydesk_base::host::Presence;
use copydesk_base::{Effect, path};

use super::Settled;
use crate::changes::apply::There;
use crate::changes::way::{Came, Changed, Pinned, changed, plan};
use crate::error::AgentError;
use crate::run::Turn;

/// What a model is told of edits that do not fit any more.
const AGAIN: &str = "What was refused because the text changed is not made. Read the file as it is now and edit it anew, or say \
                     why that is not needed.\n";

/// Why a change is not made that fits by half only.
const HALF: &str = "the text changed while it was checked, and a part of it does not fit any more";

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
        let shown = path::shown(&turn.settings.root, &file);
        let is_half = There::look(&turn.world, &file).is_ok_and(|there| one.fits_by_half(there.text()));
        let checked = if is_half {
            let words = format!(
                "not checked as it stands: {shown} changed meanwhile, and a part does not fit any more"
            );
            let _ = writeln!(text, "{words}.");
            Checked { verdict: CheckVerdict::NotRun, words }
        } else {
            checked.clone()
        };
        let pinned = Pinned { path: file.clone(), base: one.base, before: one.before };
        let plan = plan(turn, &one.call, pinned, &one.after);
        if plan.hunks.is_empty() {
            continue;
        }
        let plan = Arc::new(copydesk_base::ChangePlan { checked: Some(checked), ..plan });
        let effect = Effect::Write { path: file };
        let Changed { output, came, .. } = changed(turn, &one.call, effect, plan.clone(), &shown).await?;
        text.push_str(&output.text);
        text.push('\n');
        match came {
            Came::Whole => {
                turn.unmade.remove(&plan.path);
            }
            Came::Refused if is_half => {
                unfit = true;
                turn.unmade.insert(plan.path.clone(), HALF.to_owned());
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
    let refused = refused && turn.presence() == Presence::Somebody;
    Ok(Settled::Offered { text, is_open: refused || unfit })
}
