//! Where a run stops: what it may use up, and how long it may go around in circles.

use std::time::Duration;

use copydesk_base::Usage;
use copydesk_base::config::Budget;
use copydesk_provider::ToolCall;

use crate::error::AgentError;

/// Requests of one run, unless the budget says less.
const MOST_REQUESTS: u64 = 60;
/// The same tool call with the same arguments, one after the other, before the run is stopped.
const MOST_REPEATS: usize = 6;

/// Says no before a request that would go past a limit.
pub(crate) fn check(budget: &Budget, usage: &Usage, elapsed: Duration) -> Result<(), AgentError> {
    let requests = budget.requests.unwrap_or(MOST_REQUESTS);
    if usage.requests >= requests {
        return Err(AgentError::Budget(format!(
            "the run has used its {requests} requests (budgets.run.requests)"
        )));
    }
    let tokens = usage.input_tokens + usage.output_tokens;
    if budget.tokens.is_some_and(|limit| tokens >= limit) {
        return Err(AgentError::Budget(format!("the run has used {tokens} tokens (budgets.run.tokens)")));
    }
    let spent = usage.usd.unwrap_or(0.0);
    if budget.usd.is_some_and(|limit| spent >= limit) {
        return Err(AgentError::Budget(format!("the run has cost ${spent:.2} (budgets.run.usd)")));
    }
    let limit = budget.minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
    if limit.is_some_and(|limit| elapsed >= limit) {
        return Err(AgentError::Budget("the run has used its time (budgets.run.minutes)".to_owned()));
    }
    Ok(())
}

/// Notices a model that calls for the same thing again and again.
#[derive(Default)]
pub(crate) struct Repeats {
    last: Vec<(String, String)>,
    times: usize,
}

impl Repeats {
    /// Notes the calls of one answer; too many alike in a row are an error.
    pub(crate) fn note(&mut self, calls: &[ToolCall]) -> Result<(), AgentError> {
        let these: Vec<(String, String)> =
            calls.iter().map(|call| (call.name.clone(), call.arguments.raw.clone())).collect();
        self.times = if these == self.last { self.times + 1 } else { 1 };
        self.last = these;
        if self.times > MOST_REPEATS {
            return Err(AgentError::Budget(format!(
                "the model called for the same thing {MOST_REPEATS} times in a row"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use copydesk_provider::Arguments;

    #[test]
    fn a_limit_that_is_reached_names_its_setting() {
        let usage = Usage { input_tokens: 90, output_tokens: 10, requests: 3, usd: Some(0.5) };
        let check = |budget: Budget| {
            check(&budget, &usage, Duration::from_mins(2)).map_err(|error| error.to_string())
        };
        assert_eq!(check(Budget::default()), Ok(()));
        for (budget, named) in [
            (Budget { requests: Some(3), ..Budget::default() }, "budgets.run.requests"),
            (Budget { tokens: Some(100), ..Budget::default() }, "budgets.run.tokens"),
            (Budget { usd: Some(0.5), ..Budget::default() }, "budgets.run.usd"),
            (Budget { minutes: Some(2.0), ..Budget::default() }, "budgets.run.minutes"),
        ] {
            assert!(check(budget).unwrap_err().contains(named), "{named}");
        }
        assert_eq!(check(Budget { tokens: Some(101), minutes: Some(2.1), ..Budget::default() }), Ok(()));
    }

    #[test]
    fn going_around_in_circles_ends() {
        let call =
            |raw: &str| ToolCall { id: "1".into(), name: "read".into(), arguments: Arguments::read(raw) };
        let mut repeats = Repeats::default();
        for _ in 0..MOST_REPEATS {
            assert!(repeats.note(&[call("{}")]).is_ok());
        }
        assert!(repeats.note(&[call("{}")]).is_err());
        assert!(repeats.note(&[call("{\"path\":\"a\"}")]).is_ok(), "something else starts the count anew");
    }
}
