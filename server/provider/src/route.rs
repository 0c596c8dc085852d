//! The way of a request: who is asked first, who may answer instead, and when somebody is passed over.
//!
//! A [`Route`] is plain data made from [`Wish`]es and the config. Whoever walks it asks [`Route::next`] for the next
//! model and says each time why the last one was left; nothing is left in silence. Policies of cost and latency have
//! their place here: they would reorder what [`Route::next`] picks from.

use crate::choice::{Choice, ChooseError, Needs};
use crate::health::Health;
use crate::retry::may_switch;
use crate::{CallError, error};

/// Whether another model than the chosen one may answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Only the chosen one.
    Strict,
    /// Its fallbacks too, and each switch is told.
    #[default]
    Flagged,
}

/// Who answers a request, and who instead.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    pub first: Choice,
    /// In order; never the first one again.
    pub fallbacks: Vec<Choice>,
    /// Who says so: `fallback of the config`; empty where nobody does.
    pub chain: String,
    /// Names of the chain that lead nowhere, and why.
    pub broken: Vec<(String, ChooseError)>,
    pub strictness: Strictness,
    /// The name that leads nowhere in whose place the first one answers.
    pub unserved: Option<Left>,
}

/// A model that was left for the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// `provider/model`, or as it was written.
    pub model: String,
    pub because: String,
}

/// Where a walk ends at somebody who is troubled, and nobody is left.
#[derive(Debug)]
pub struct Stuck {
    /// The number of the last one.
    pub at: usize,
    pub passed: Vec<Left>,
    /// What troubles it.
    pub error: CallError,
}

impl Route {
    /// Everybody who may answer, in order.
    pub fn choices(&self) -> impl Iterator<Item = &Choice> {
        let fallbacks = if self.strictness == Strictness::Strict { &[][..] } else { &self.fallbacks };
        std::iter::once(&self.first).chain(fallbacks)
    }

    /// The one to begin with, and those before it that are passed over. Where everybody should be passed over, nobody
    /// is.
    pub fn start(&self, health: &Health) -> (usize, Vec<Left>) {
        let (at, passed) = self.from(0, health).unwrap_or((0, Vec::new()));
        (at, self.unserved.iter().cloned().chain(passed).collect())
    }

    /// The one that a request with these needs comes to where everybody whose turn it is answers, and those before it
    /// that are passed over. The error is that of the last one, where nobody can take it.
    pub fn first_fit(&self, needs: Needs, health: &Health) -> Result<(usize, Vec<Left>), CallError> {
        self.walk(health, |choice| choice.lacks(needs)).map_err(|stuck| stuck.error)
    }

    /// The one that a request comes to where everybody answers whom nothing troubles, and those before it that are
    /// passed over.
    pub fn walk(
        &self,
        health: &Health,
        trouble: impl Fn(&Choice) -> Option<CallError>,
    ) -> Result<(usize, Vec<Left>), Box<Stuck>> {
        let (mut at, mut passed) = self.start(health);
        while let Some(error) = self.choices().nth(at).and_then(&trouble) {
            let Some((next, left)) = self.next(at, &error, health) else {
                return Err(Box::new(Stuck { at, passed, error }));
            };
            at = next;
            passed.extend(left);
        }
        Ok((at, passed))
    }

    /// The one to ask when the choice at `at` failed, and those in between that are passed over; `None` where the error
    /// stands. The failed one itself is the first of those left.
    pub fn next(&self, at: usize, error: &CallError, health: &Health) -> Option<(usize, Vec<Left>)> {
        if let CallError::Recorded { switch: Some(switch), .. } = error {
            let next = self.choices().position(|choice| choice.model == switch.to)?;
            let provider = &self.first.provider;
            let replayed = |left: &Left| Left { model: format!("{provider}/{}", left.model), ..left.clone() };
            return Some((next, switch.left.iter().map(replayed).collect()));
        }
        if !may_switch(error) {
            return None;
        }
        let failed = self.choices().nth(at)?;
        let left = Left { model: failed.model_ref(), because: error.to_string() };
        // Whoever is unwell is still better than nobody.
        let (next, passed) =
            self.from(at + 1, health).or_else(|| self.choices().nth(at + 1).map(|_| (at + 1, Vec::new())))?;
        Some((next, std::iter::once(left).chain(passed).collect()))
    }

    fn from(&self, at: usize, health: &Health) -> Option<(usize, Vec<Left>)> {
        let mut passed = Vec::new();
        for (number, choice) in self.choices().enumerate().skip(at) {
            match unwell(choice, health) {
                None => return Some((number, passed)),
                Some(because) => passed.push(Left { model: choice.model_ref(), because }),
            }
        }
        None
    }
}

/// Why a route passes over a model.
fn unwell(choice: &Choice, health: &Health) -> Option<String> {
    let state = health.of(&choice.circuit());
    if state.is_open() {
        return Some(state.words());
    }
    let (wait, because) = health.limited(&choice.provider)?;
    (wait > crate::retry::LONGEST_WAIT)
        .then(|| format!("its rate is limited for {} more: {because}", error::span(wait)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use copydesk_base::config::{OneOrMany, Provider, ProviderKind};
    use copydesk_base::{Asker, Wish};

    use super::*;
    use crate::{Models, ModelsConfig, NoKeys};

    fn models(strict: bool, chain: &[&str]) -> Models {
        models_by("a/m", strict, chain)
    }

    fn models_by(default: &str, strict: bool, chain: &[&str]) -> Models {
        let provider = |fallback: Option<&[&str]>| Provider {
            kind: ProviderKind::OpenaiChat,
            base_url: Some("http://127.0.0.1:9/v1".to_owned()),
            default_model: Some("m".to_owned()),
            fallback: fallback
                .map(|chain| OneOrMany::Many(chain.iter().map(|&name| name.to_owned()).collect())),
            ..Provider::default()
        };
        let providers = [
            ("a", provider(None)),
            ("b", provider(None)),
            ("c", provider(Some(&["a"]))),
            ("d", provider(Some(&[]))),
        ];
        let config = ModelsConfig {
            default_model: Some(default.to_owned()),
            providers: providers.map(|(name, provider)| (name.to_owned(), provider)).into(),
            fallback: chain.iter().map(|&name| name.to_owned()).collect(),
            strictness: if strict { Strictness::Strict } else { Strictness::Flagged },
            ..ModelsConfig::default()
        };
        Models::new(&config, Arc::new(NoKeys))
    }

    fn wish(asker: Asker, model: Option<&str>, chain: Option<&[&str]>) -> Wish {
        let fallback = chain.map(|chain| chain.iter().map(|&name| name.to_owned()).collect());
        Wish { asker, model: model.map(str::to_owned), fallback }
    }

    fn refs(route: &Route) -> Vec<String> {
        route.choices().map(Choice::model_ref).collect()
    }

    #[test]
    fn the_strongest_wish_counts_for_the_model_and_for_the_chain() {
        let models = models(false, &["b/m", "nobody/x", "a/m"]);
        let check = |wishes: &[Wish], expect: &[&str], why: &str, chain: &str| {
            let route = models.route(wishes).unwrap();
            let got = (refs(&route), route.first.why.as_str(), route.chain.as_str());
            assert_eq!(got, (expect.iter().map(|&name| name.to_owned()).collect(), why, chain), "{wishes:?}");
        };
        let config = "fallback of the config";
        check(&[], &["a/m", "b/m"], "default_model of the config", config);
        let session = wish(Asker::Session, Some("b/s"), None);
        let agent = wish(Asker::Agent, Some("a/g"), Some(&["c/x", "b"]));
        let step = wish(Asker::Step, Some("b/t"), None);
        let flag = wish(Asker::Flag, Some("a/f"), None);
        let only = std::slice::from_ref(&session);
        check(only, &["b/s", "b/m", "a/m"], "chosen for this session: b/s", config);
        let of_agent = "the action or agent names its fallbacks";
        check(
            &[session.clone(), agent.clone()],
            &["a/g", "c/x", "b/m"],
            "the action or agent names it: a/g",
            of_agent,
        );
        check(
            &[session.clone(), agent.clone(), step.clone()],
            &["b/t", "c/x", "b/m"],
            "the step names it: b/t",
            of_agent,
        );
        check(&[flag, session, agent, step], &["a/f", "c/x", "b/m"], "asked for by name: a/f", of_agent);
        check(
            &[wish(Asker::Flag, Some("c"), None)],
            &["c/m", "a/m"],
            "asked for by name: c",
            "providers.c.fallback",
        );
        check(
            &[wish(Asker::Flag, Some("d"), None)],
            &["d/m"],
            "asked for by name: d",
            "providers.d.fallback",
        );
        check(
            &[wish(Asker::Step, None, Some(&[]))],
            &["a/m"],
            "default_model of the config",
            "the step names its fallbacks",
        );
        let broken = models.route(&[]).unwrap().broken;
        assert_eq!(broken.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["nobody/x"]);
    }

    #[test]
    fn whoever_cannot_be_chosen_is_replaced_where_nobody_typed_the_name() {
        let chained = || models(false, &["b/m", "c/m"]);
        let unknown = [wish(Asker::Agent, Some("corp/big"), None)];
        let route = chained().route(&unknown).unwrap();
        assert_eq!(refs(&route), ["b/m", "c/m"]);
        assert_eq!(route.first.requested.as_deref(), Some("corp/big"));
        let because = "no provider serves 'corp/big'; known are a, b, c, d, anthropic, openai, ollama, lmstudio, offline";
        assert_eq!(route.start(&Health::default()), (0, vec![left("corp/big", because)]));
        let of_default = models_by("nobody", false, &["b/m"]).route(&[]).unwrap();
        assert_eq!(
            (refs(&of_default), of_default.first.requested.as_deref()),
            (vec!["b/m".to_owned()], Some("nobody"))
        );
        for (models, wishes) in [
            (chained(), [wish(Asker::Flag, Some("corp/big"), None)]),
            (models(true, &["b/m"]), unknown.clone()),
            (models(false, &["corp/small"]), unknown.clone()),
            (chained(), [wish(Asker::Agent, Some("corp/big"), Some(&[]))]),
        ] {
            assert!(models.route(&wishes).is_err(), "{wishes:?}");
        }
    }

    fn gone() -> CallError {
        CallError::Unreachable { address: "x".into(), reason: "gone".into() }
    }

    fn refused() -> CallError {
        CallError::Refused { address: "x".into(), status: 401, key: "k".into(), message: String::new() }
    }

    fn left(model: &str, because: impl Into<String>) -> Left {
        Left { model: model.to_owned(), because: because.into() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_route_is_walked_past_those_who_are_unwell() {
        let models = models(false, &["b/m", "c/m"]);
        let route = models.route(&[]).unwrap();
        let health = Health::default();
        assert_eq!(route.start(&health), (0, vec![]));
        assert_eq!(route.next(0, &gone(), &health), Some((1, vec![left("a/m", gone().to_string())])));
        assert_eq!(route.next(0, &refused(), &health), Some((1, vec![left("a/m", refused().to_string())])));
        assert_eq!(route.next(0, &CallError::Canceled, &health), None);
        assert_eq!(route.next(2, &gone(), &health), None, "the chain ends");
        let fail = |model: &str| {
            let circuit = format!("{model} at http://127.0.0.1:9/v1");
            (0..3).for_each(|_| health.failed(&circuit, &gone()));
        };
        fail("b/m");
        let (next, passed) = route.next(0, &gone(), &health).unwrap();
        assert_eq!((next, passed.len(), passed[1].model.as_str()), (2, 2, "b/m"));
        fail("a/m");
        let (first, passed) = route.start(&health);
        assert_eq!((first, passed.len()), (2, 2));
        fail("c/m");
        assert_eq!(route.start(&health), (0, vec![]), "where nobody is well, the order holds");
        assert_eq!(route.next(0, &gone(), &health).map(|(next, _)| next), Some(1));
        let limited = Health::default();
        limited.limit("a", 8, std::time::Duration::from_secs(61), "no tokens are left");
        assert_eq!(
            route.start(&limited),
            (1, vec![left("a/m", "its rate is limited for 61 seconds more: no tokens are left")])
        );
    }

    #[test]
    fn whoever_lacks_what_a_request_needs_is_passed_over() {
        let health = Health::default();
        let toolless = |names: &[&str]| {
            let mut route = models(false, &["b/m"]).route(&[]).unwrap();
            for choice in std::iter::once(&mut route.first).chain(&mut route.fallbacks) {
                choice.facts.tools = Some(!names.contains(&choice.model_ref().as_str()));
            }
            route
        };
        let (tools, none) = (Needs { tools: true, ..Needs::default() }, Needs::default());
        let because = |model: &str| CallError::Toolless { model: model.to_owned() };
        let passed = vec![left("a/m", because("a/m").to_string())];
        for (names, needs, expect) in [
            (&[][..], tools, Ok((0, vec![]))),
            (&["a/m"], none, Ok((0, vec![]))),
            (&["a/m"], tools, Ok((1, passed))),
            (&["a/m", "b/m"], tools, Err(because("b/m"))),
        ] {
            assert_eq!(toolless(names).first_fit(needs, &health), expect, "{names:?}");
        }
    }

    #[test]
    fn a_strict_choice_is_the_only_one() {
        let route = models(true, &["b/m"]).route(&[]).unwrap();
        assert_eq!(refs(&route), ["a/m"]);
        for error in [gone(), refused()] {
            assert_eq!(route.next(0, &error, &Health::default()), None);
        }
    }
}
