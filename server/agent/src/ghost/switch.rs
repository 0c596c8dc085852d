//! Whether suggestions are on, with which model, and why.

use copydesk_base::config::Completion;
use copydesk_provider::{Asker, Choice, InfillFormat, Models, Wish, is_metered};

/// On, or off for a reason.
#[derive(Clone, Debug, PartialEq)]
pub enum Switch {
    On(Box<On>),
    /// A sentence for the person, and what to do where they want it; both for `doctor`.
    Off {
        because: String,
        advice: String,
        /// Settings that ask for suggestions cannot give any.
        is_amiss: bool,
    },
}

/// The model that is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct On {
    pub choice: Choice,
    /// How it is asked to fill a hole; in words where absent.
    pub format: Option<InfillFormat>,
    /// Nobody named the format, so that it may turn out to be wrong.
    pub is_guessed: bool,
}

/// What these settings come to.
pub fn of(settings: &Completion, models: &Models) -> Switch {
    let off =
        |because: String, advice: &str| Switch::Off { because, advice: advice.to_owned(), is_amiss: false };
    let amiss =
        |because: String, advice: &str| Switch::Off { because, advice: advice.to_owned(), is_amiss: true };
    let Completion { enabled, model, format } = settings;
    match (enabled, model) {
        (Some(false), _) => return off("completion.enabled is false".to_owned(), ""),
        (None, None) => return off("no model is named for it".to_owned(), ""),
        _ => {}
    }
    let wish = Wish::model(Asker::Completion, model.clone());
    let choice = match models.route(&[wish]) {
        Ok(route) => route.first,
        Err(error) => return amiss(error.to_string(), &error.advice()),
    };
    if choice.offline && !models.has_script(&choice.provider) {
        return amiss(
            "no model is configured".to_owned(),
            "Name one under completion.model, for example ollama/qwen2.5-coder:1.5b.",
        );
    }
    if enabled.is_none() && is_metered(&choice) {
        return off(
            format!("{} may cost something or is on another machine", choice.model_ref()),
            "Set completion.enabled to true if it shall be asked while you type.",
        );
    }
    let wanted = format.unwrap_or_default();
    match InfillFormat::of(&choice, wanted) {
        Ok(format) => {
            let is_guessed = wanted == copydesk_base::config::CompletionFormat::Auto;
            Switch::On(Box::new(On { choice, format, is_guessed }))
        }
        Err(sentence) => amiss(sentence, ""),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use copydesk_base::config::{CompletionFormat, Provider, ProviderKind};
    use copydesk_provider::{ModelsConfig, NoKeys};

    use super::*;

    #[test]
    fn it_is_on_where_nobody_bills_or_somebody_said_so() {
        let provider = |kind, base_url: &str| Provider {
            kind,
            base_url: Some(base_url.to_owned()),
            default_model: Some("m".to_owned()),
            ..Provider::default()
        };
        let config = ModelsConfig {
            providers: [
                ("far".to_owned(), provider(ProviderKind::Anthropic, "https://a.example")),
                ("here".to_owned(), provider(ProviderKind::Ollama, "http://127.0.0.1:1")),
                ("offline".to_owned(), Provider::default()),
            ]
            .into(),
            ..ModelsConfig::default()
        };
        let models = Models::new(&config, Arc::new(NoKeys));
        let check = |enabled, model: Option<&str>, format, expect: Result<&str, &str>| {
            let settings = Completion { enabled, model: model.map(str::to_owned), format };
            let told = match of(&settings, &models) {
                Switch::On(on) => Ok(on.choice.model_ref()),
                Switch::Off { because, .. } => Err(because),
            };
            match (&told, expect) {
                (Ok(model), Ok(expect)) => assert_eq!(model, expect),
                (Err(because), Err(part)) => assert!(because.contains(part), "{because}"),
                _ => panic!("{settings:?}: {told:?}"),
            }
        };
        check(None, None, None, Err("no model is named"));
        check(Some(false), Some("here/m"), None, Err("is false"));
        check(None, Some("here/m"), None, Ok("here/m"));
        check(None, Some("far/m"), None, Err("far/m may cost something"));
        check(Some(true), Some("far/m"), None, Ok("far/m"));
        check(Some(true), None, None, Ok("far/m"));
        check(Some(true), Some("far/m"), Some(CompletionFormat::Mistral), Err("kind anthropic"));
        check(Some(true), Some("nowhere/m"), None, Err("nowhere/m"));
        check(Some(true), Some("offline/stand-in"), None, Err("no model is configured"));
    }
}
