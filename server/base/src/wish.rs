//! Who names a model, or those who answer instead, and whose word counts.
//!
//! One order for everybody: whoever asks a model, and whoever explains in a file who would be asked, both call
//! [`model`] and [`chain`].

/// Who names a model, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asker {
    /// A flag of the command line, or an argument of an editor's command.
    Flag,
    /// A step of a workflow.
    Step,
    /// An agent or an action.
    Agent,
    /// A workflow, for all of its steps.
    Workflow,
    /// What the person chose for this session.
    Session,
    /// The setting `completion.model`, for suggestions while somebody types.
    Completion,
}

/// Somebody's wish: a model, a chain of others, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    pub asker: Asker,
    pub model: Option<String>,
    /// Model refs to try when the first one cannot answer. An empty chain is a wish too: nobody else.
    pub fallback: Option<Vec<String>>,
}

/// The models that answer instead, and who says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain<'a> {
    /// `fallback of the config`; empty where nobody says anything.
    pub said: String,
    pub names: &'a [String],
}

impl Asker {
    /// As the reason of a choice: `asked for by name`.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Flag => "asked for by name",
            Self::Step => "the step names it",
            Self::Agent => "the action or agent names it",
            Self::Workflow => "the workflow names it",
            Self::Session => "chosen for this session",
            Self::Completion => "completion.model of the config",
        }
    }

    /// As the reason of a chain of fallbacks.
    pub const fn chain(self) -> &'static str {
        match self {
            Self::Flag => "fallbacks asked for by name",
            Self::Step => "the step names its fallbacks",
            Self::Agent => "the action or agent names its fallbacks",
            Self::Workflow => "the workflow names its fallbacks",
            Self::Session => "fallbacks chosen for this session",
            // Nobody waits for a second model.
            Self::Completion => "fallbacks of completion.model",
        }
    }
}

impl Wish {
    /// A wish for a model, where there is one.
    pub const fn model(asker: Asker, model: Option<String>) -> Self {
        Self { asker, model, fallback: None }
    }
}

/// The model of the strongest that names one.
pub fn model(wishes: &[Wish]) -> Option<(Asker, &str)> {
    let named = |wish: &'_ Wish| wish.model.as_deref().is_some_and(|model| !model.trim().is_empty());
    let wish = wishes.iter().filter(|wish| named(wish)).min_by_key(|wish| wish.asker)?;
    Some((wish.asker, wish.model.as_deref()?.trim()))
}

/// The chain of the strongest that names one; else that of the provider who is asked first, else the config's.
pub fn chain<'a>(
    wishes: &'a [Wish],
    provider: Option<(&str, &'a [String])>,
    config: &'a [String],
) -> Chain<'a> {
    let said = |wish: &'a Wish| Some((wish.asker, wish.fallback.as_deref()?));
    if let Some((asker, names)) = wishes.iter().filter_map(said).min_by_key(|(asker, _)| *asker) {
        return Chain { said: asker.chain().to_owned(), names };
    }
    match provider {
        Some((name, names)) => Chain { said: format!("providers.{name}.fallback"), names },
        None if config.is_empty() => Chain::default(),
        None => Chain { said: "fallback of the config".to_owned(), names: config },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(asker: Asker, model: Option<&str>, fallback: Option<&[&str]>) -> Wish {
        let fallback = fallback.map(|names| names.iter().map(|&name| name.to_owned()).collect());
        Wish { asker, model: model.map(str::to_owned), fallback }
    }

    #[test]
    fn the_strongest_word_counts_for_the_model_and_for_the_chain_apart() {
        let config = ["config/m".to_owned()];
        let provider = ["provider/m".to_owned()];
        let check = |wishes: &[Wish], first: Option<(Asker, &str)>, said: &str, names: &[&str]| {
            assert_eq!(model(wishes), first, "{wishes:?}");
            let got = chain(wishes, Some(("p", &provider)), &config);
            assert_eq!(
                (got.said.as_str(), got.names),
                (said, &names.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()[..]),
                "{wishes:?}"
            );
        };
        let session = wish(Asker::Session, Some("s/m"), None);
        let workflow = wish(Asker::Workflow, None, Some(&["w/m"]));
        let agent = wish(Asker::Agent, Some("a/m"), Some(&["a/n", "a/o"]));
        let step = wish(Asker::Step, Some(" t/m "), Some(&[]));
        let flag = wish(Asker::Flag, Some("f/m"), None);
        let of_provider = "providers.p.fallback";
        check(&[], None, of_provider, &["provider/m"]);
        check(std::slice::from_ref(&session), Some((Asker::Session, "s/m")), of_provider, &["provider/m"]);
        let of_workflow = "the workflow names its fallbacks";
        check(&[session.clone(), workflow.clone()], Some((Asker::Session, "s/m")), of_workflow, &["w/m"]);
        let of_agent = "the action or agent names its fallbacks";
        check(&[workflow.clone(), agent.clone()], Some((Asker::Agent, "a/m")), of_agent, &["a/n", "a/o"]);
        let of_step = "the step names its fallbacks";
        check(&[agent.clone(), workflow.clone(), step.clone()], Some((Asker::Step, "t/m")), of_step, &[]);
        check(&[session, workflow, agent, step, flag], Some((Asker::Flag, "f/m")), of_step, &[]);
        check(&[wish(Asker::Flag, Some("  "), None)], None, of_provider, &["provider/m"]);
        assert_eq!(chain(&[], None, &config).said, "fallback of the config");
        assert_eq!(chain(&[], None, &[]), Chain::default());
        assert_eq!(
            chain(&[], Some(("p", &[])), &config).names,
            &[] as &[String],
            "an empty chain means nobody else"
        );
    }
}
