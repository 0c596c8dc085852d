//! Why no model could be chosen, and what to do about it, in words for a person.
//!
//! A [`ChooseError`] names the setting that says so with its place, where one is known.

use crate::discover::{self, Unused};

/// Why no model could be chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    #[error("no provider serves '{wanted}'; known are {known}")]
    Unknown { wanted: String, known: String },
    #[error("'{wanted}' names no model, and provider '{provider}' has no default_model")]
    NoModel { wanted: String, provider: String },
    /// It stands in a config and does not count.
    #[error("no provider serves '{wanted}': {because}")]
    Misread { wanted: String, because: String },
    /// Providers are configured, none names a model, and none can be asked what it serves.
    #[error("no default_model is set, and {}", discover::told(unused))]
    Unusable {
        unused: Vec<Unused>,
        /// The built-in ones whose key is there, which are not asked in their place: model refs, each with its key's
        /// place.
        keyed: Vec<(String, String)>,
    },
    #[error("model_mappings sends '{wanted}' to '{provider}', which is no provider; known are {known}")]
    BadMapping { wanted: String, provider: String, known: String },
    /// A setting says so that stands there.
    #[error("{place}: {error}")]
    At { place: String, error: Box<ChooseError> },
}

impl ChooseError {
    /// What to do next, as one sentence for a person.
    pub fn advice(&self) -> String {
        match self {
            Self::Unknown { .. } => {
                "Write provider/model with one of these providers, or add yours under 'providers'.".to_owned()
            }
            Self::NoModel { provider, .. } => {
                format!("Write {provider}/MODEL, or set providers.{provider}.default_model.")
            }
            Self::Misread { .. } => discover::CORRECT.to_owned(),
            Self::Unusable { unused, keyed } => {
                let mut advice: Vec<String> = unused.iter().map(|unused| unused.advice.clone()).collect();
                advice.dedup();
                advice.extend(keyed.iter().map(|(model, origin)| {
                    format!("The key in {origin} is for another: to use that, set default_model: {model}.")
                }));
                advice.join(" ")
            }
            Self::BadMapping { .. } => "Correct model_mappings in config.yaml.".to_owned(),
            Self::At { error, .. } => error.advice(),
        }
    }

    /// With the place of the setting that says so, where one is known and the error names none.
    pub(crate) fn at(self, place: Option<&String>) -> Self {
        match (self, place) {
            (error @ (Self::At { .. } | Self::Misread { .. } | Self::Unusable { .. }), _) | (error, None) => {
                error
            }
            (error, Some(place)) => Self::At { place: place.clone(), error: Box::new(error) },
        }
    }
}
