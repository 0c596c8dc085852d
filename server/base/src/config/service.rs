//! Services that people have keys of: the variables and names that go with each, and where each is reached.
//!
//! A provider without a `base_url` is asked at its kind's own service. A key of another one does not go there: whose it
//! is, its variable says, or the provider's `quirks` or name. Nor does a question that is for a server on this machine.

use super::ProviderKind;

/// A service on the net that wants a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The variable that people set for it.
    pub variable: &'static str,
    /// As people call a provider of it.
    pub name: &'static str,
    pub kind: ProviderKind,
    pub base_url: &'static str,
    /// In lower case: what stands in names of variables with its keys.
    words: &'static [&'static str],
}

/// The own service of kind `anthropic`.
pub const ANTHROPIC: Service = Service {
    variable: "ANTHROPIC_API_KEY",
    name: "anthropic",
    kind: ProviderKind::Anthropic,
    base_url: "https://api.anthropic.com",
    words: &["anthropic", "claude"],
};

/// The own service of the kinds `openai-chat` and `openai-responses`.
pub const OPENAI: Service = Service {
    variable: "OPENAI_API_KEY",
    name: "openai",
    kind: ProviderKind::OpenaiResponses,
    base_url: "https://api.openai.com/v1",
    words: &["openai"],
};

/// Services that need a line of config beside their key.
pub const SERVICES: &[Service] = &[
    chat("OPENROUTER_API_KEY", "openrouter", "https://openrouter.ai/api/v1", &["openrouter"]),
    chat(
        "GEMINI_API_KEY",
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        &["gemini", "google"],
    ),
    chat("MISTRAL_API_KEY", "mistral", "https://api.mistral.ai/v1", &["mistral"]),
    chat("DEEPSEEK_API_KEY", "deepseek", "https://api.deepseek.com", &["deepseek"]),
    chat("GROQ_API_KEY", "groq", "https://api.groq.com/openai/v1", &["groq"]),
    chat("TOGETHER_API_KEY", "together", "https://api.together.xyz/v1", &["together"]),
    chat("XAI_API_KEY", "xai", "https://api.x.ai/v1", &["xaiapi", "xaikey"]),
    chat("FIREWORKS_API_KEY", "fireworks", "https://api.fireworks.ai/inference/v1", &["fireworks"]),
    chat("CEREBRAS_API_KEY", "cerebras", "https://api.cerebras.ai/v1", &["cerebras"]),
    chat("PERPLEXITY_API_KEY", "perplexity", "https://api.perplexity.ai", &["perplexity"]),
    chat("NVIDIA_API_KEY", "nvidia", "https://integrate.api.nvidia.com/v1", &["nvidia"]),
    chat("MOONSHOT_API_KEY", "moonshot", "https://api.moonshot.ai/v1", &["moonshot"]),
    AZURE,
];

const AZURE: Service = Service {
    variable: "AZURE_OPENAI_API_KEY",
    name: "azure",
    kind: ProviderKind::AzureOpenai,
    // Each resource has its own.
    base_url: "https://NAME.openai.azure.com",
    words: &["azure"],
};

const fn chat(
    variable: &'static str,
    name: &'static str,
    base_url: &'static str,
    words: &'static [&'static str],
) -> Service {
    Service { variable, name, kind: ProviderKind::OpenaiChat, base_url, words }
}

/// Servers on one's own machine: what is asked of them stays there, so none of them is the service of its kind.
const LOCAL: &[Service] = &[
    chat("", "lmstudio", "http://127.0.0.1:1234/v1", &[]),
    chat("", "ollama", "http://127.0.0.1:11434/v1", &[]),
    chat("", "vllm", "http://127.0.0.1:8000/v1", &[]),
    chat("", "llamacpp", "http://127.0.0.1:8080/v1", &[]),
    chat("", "local", "http://127.0.0.1:1234/v1", &[]),
    chat("", "localhost", "http://127.0.0.1:1234/v1", &[]),
];

impl Service {
    /// Whether a variable with such a name holds a key of it.
    fn has_key_in(&self, variable: &str) -> bool {
        let letters = letters(variable);
        self.words.iter().any(|word| letters.contains(word))
    }
}

/// A name as it is compared: `LM_Studio`, `lm-studio` and `lmstudio` are one.
fn letters(name: &str) -> String {
    let letters = name.chars().filter(|sign| !matches!(sign, '_' | '-' | '.' | ' '));
    letters.map(|sign| sign.to_ascii_lowercase()).collect()
}

impl ProviderKind {
    /// An address of this kind, as people write it.
    pub const fn like(self) -> &'static str {
        match self {
            Self::Anthropic => ANTHROPIC.base_url,
            Self::OpenaiChat | Self::OpenaiResponses | Self::Offline => "http://127.0.0.1:1234/v1",
            Self::AzureOpenai => AZURE.base_url,
            Self::Ollama => "http://127.0.0.1:11434",
        }
    }

    /// The service on the net that a provider of this kind is where it has no `base_url`.
    pub const fn service(self) -> Option<Service> {
        match self {
            Self::Anthropic => Some(ANTHROPIC),
            Self::OpenaiChat | Self::OpenaiResponses => Some(OPENAI),
            Self::AzureOpenai | Self::Ollama | Self::Offline => None,
        }
    }
}

/// Why a provider without a `base_url` should have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Astray {
    /// What it is asked with is of another service.
    Of(Service),
    /// Its variable does not say whose key it holds.
    Unsure,
}

/// Whether a provider without a `base_url` would send a key, or a question, to a service that it is not for: by the
/// variable that its config names, and where that does not tell, by the server that its `quirks` or its name says. One
/// of a server on this machine stays here, whatever its variable is.
pub fn astray(
    name: &str,
    kind: ProviderKind,
    variable: Option<&str>,
    quirks: Option<&str>,
) -> Option<Astray> {
    let own = kind.service()?;
    let others = || [ANTHROPIC, OPENAI].into_iter().chain(SERVICES.iter().copied()).filter(|one| *one != own);
    let names = [quirks, Some(name)].map(|word| word.map(letters));
    let is_called = |service: &Service| names.iter().flatten().any(|name| name == service.name);
    // Azure's are called by both: AZURE_OPENAI_API_KEY.
    if let Some(service) = others().rfind(|one| variable.is_some_and(|name| one.has_key_in(name))) {
        return Some(Astray::Of(service));
    }
    if let Some(service) = LOCAL.iter().copied().find(is_called) {
        // They have both of OpenAI's APIs.
        let kind = if kind == ProviderKind::OpenaiResponses { kind } else { service.kind };
        return Some(Astray::Of(Service { kind, ..service }));
    }
    if variable.is_some_and(|name| own.has_key_in(name)) {
        return None;
    }
    others().find(is_called).map(Astray::Of).or(variable.map(|_| Astray::Unsure))
}

impl Astray {
    /// What to do, as a fragment behind a semicolon.
    pub fn advice(self, kind: ProviderKind) -> String {
        match self {
            Self::Of(service) if service.kind == kind => {
                format!("write base_url: \"{}\", or the address that it is for", service.base_url)
            }
            Self::Of(service) => format!(
                "write kind: {} and base_url: \"{}\", or the address that it is for",
                service.kind.as_str(),
                service.base_url
            ),
            Self::Unsure => {
                let own = kind.service().map_or("", |own| own.base_url);
                format!("write the base_url that it is for, also if that is \"{own}\"")
            }
        }
    }

    /// Whether it is the variable that tells, rather than what the provider is called.
    pub fn is_by(self, variable: &str) -> bool {
        match self {
            Self::Of(service) => service.has_key_in(variable),
            Self::Unsure => true,
        }
    }

    /// What is wrong, as a sentence without its end.
    pub fn reason(self, kind: ProviderKind, variable: Option<&str>) -> String {
        let own = kind.service().map_or("", |own| own.base_url);
        match (self, variable.filter(|name| self.is_by(name))) {
            (Self::Of(service), Some(variable)) => {
                format!(
                    "{variable} is a key of {}, and without 'base_url' it would go to {own}",
                    service.name
                )
            }
            (Self::Of(service), None) => {
                format!("without 'base_url' this would be asked at {own}, which is not {}", service.name)
            }
            (Self::Unsure, variable) => {
                format!("without 'base_url' the key in {} goes to {own}", variable.unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_service_is_known_by_its_variable_or_by_what_its_provider_is_called() {
        use ProviderKind::{Anthropic, AzureOpenai, Ollama, OpenaiChat, OpenaiResponses};
        for (name, kind, variable, expect) in [
            ("router", OpenaiChat, Some("OPENROUTER_API_KEY"), Some("openrouter")),
            ("router", OpenaiResponses, Some("MY_OPENROUTER_KEY"), Some("openrouter")),
            ("work", OpenaiChat, Some("AZURE_OPENAI_API_KEY"), Some("azure")),
            ("work", OpenaiChat, Some("ANTHROPIC_API_KEY"), Some("anthropic")),
            ("work", Anthropic, Some("OPENAI_API_KEY"), Some("openai")),
            ("work", Anthropic, Some("AZURE_OPENAI_API_KEY"), Some("azure")),
            ("work", OpenaiChat, Some("google_key"), Some("gemini")),
            ("groq", OpenaiChat, Some("WORK_KEY"), Some("groq")),
            ("work", OpenaiChat, Some("XAI_API_KEY"), Some("xai")),
            ("work", OpenaiResponses, Some("OUR_XAI_KEY"), Some("xai")),
            ("xai", OpenaiChat, None, Some("xai")),
            ("work", OpenaiChat, Some("FIREWORKS_API_KEY"), Some("fireworks")),
            ("work", OpenaiChat, Some("CEREBRAS_API_KEY"), Some("cerebras")),
            ("work", OpenaiChat, Some("PERPLEXITY_API_KEY"), Some("perplexity")),
            ("work", OpenaiChat, Some("NVIDIA_API_KEY"), Some("nvidia")),
            ("work", OpenaiChat, Some("MOONSHOT_API_KEY"), Some("moonshot")),
            ("Mistral", OpenaiChat, None, Some("mistral")),
            ("groq", OpenaiChat, Some("OPENAI_API_KEY"), None),
            ("work", OpenaiChat, Some("WORK_KEY"), Some("unsure")),
            ("work", OpenaiChat, Some("OPENAI_KEY_OF_WORK"), None),
            ("work", OpenaiResponses, Some("OPEN_AI_KEY"), None),
            ("work", Anthropic, Some("CLAUDE_KEY"), None),
            ("work", OpenaiChat, None, None),
            // A server of one's own, whatever the variable is.
            ("lmstudio", OpenaiChat, None, Some("lmstudio")),
            ("LM-Studio", OpenaiResponses, Some("OPENAI_API_KEY"), Some("lmstudio")),
            ("ollama", OpenaiChat, None, Some("ollama")),
            ("vllm", OpenaiChat, Some("WORK_KEY"), Some("vllm")),
            ("llama.cpp", OpenaiChat, None, Some("llamacpp")),
            ("llama-cpp", Anthropic, None, Some("llamacpp")),
            ("local", OpenaiResponses, None, Some("local")),
            ("localhost", OpenaiChat, None, Some("localhost")),
            ("local", OpenaiChat, Some("OPENROUTER_API_KEY"), Some("openrouter")),
            ("my-ollama/lm-studio", OpenaiChat, None, Some("lmstudio")),
            ("work/vllm", OpenaiChat, Some("OPENAI_API_KEY"), Some("vllm")),
            ("work/deepseek", OpenaiChat, Some("WORK_KEY"), Some("deepseek")),
            ("work/deepseek", OpenaiChat, Some("OPENAI_API_KEY"), None),
            ("work/openai", OpenaiChat, None, None),
            ("local", Ollama, None, None),
            // They have no service of their own that a key could go to.
            ("work", AzureOpenai, Some("OPENROUTER_API_KEY"), None),
            ("work", Ollama, Some("OPENROUTER_API_KEY"), None),
        ] {
            // Behind the name: its quirks.
            let (called, quirks) =
                name.split_once('/').map_or((name, None), |(name, quirks)| (name, Some(quirks)));
            let got = astray(called, kind, variable, quirks).map(|astray| match astray {
                Astray::Of(service) => service.name,
                Astray::Unsure => "unsure",
            });
            assert_eq!(got, expect, "{name} {kind:?} {variable:?}");
        }
    }
}
