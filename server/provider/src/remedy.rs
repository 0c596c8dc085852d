//! What to do about a 404: whose server knows neither the address nor, where one is named, the model.

use copydesk_base::config::{ProviderKind, path_of_request};

use crate::endpoint::Endpoint;
use crate::failure::Speaks;
use crate::listing;
use crate::wire::Wire;

/// What may help, too, where the answer looks as if its server spoke another API than the config says. Gateways pass on
/// errors of others, so it is no more than that.
pub(crate) fn of_another(kind: ProviderKind, speaks: Speaks) -> Option<String> {
    let (api, write) = match (kind, speaks) {
        (ProviderKind::Anthropic | ProviderKind::Ollama, Speaks::Openai) => {
            ("OpenAI's", "kind: openai-chat, and /v1 at the end of base_url")
        }
        (
            ProviderKind::OpenaiChat | ProviderKind::OpenaiResponses | ProviderKind::Ollama,
            Speaks::Anthropic,
        ) => ("Anthropic's", "kind: anthropic, without /v1 at the end of base_url"),
        _ => return None,
    };
    Some(format!("Its answer looks like {api} API: if that is what it speaks, write {write}."))
}

/// One sentence or two for a person. `model` is empty where a list was asked for.
pub(crate) fn remedy(endpoint: &Endpoint, wire: Wire, model: &str) -> String {
    let base_url = endpoint.base_url.as_str();
    let has_path = url::Url::parse(base_url).is_ok_and(|url| url.path() != "/");
    let names = if model.is_empty() { "" } else { "the model's name and " };
    if let ProviderKind::AzureOpenai = endpoint.kind
        && base_url.contains("/openai")
    {
        return "Take /openai and what stands behind it from base_url: for kind azure-openai it is added."
            .to_owned();
    }
    if let Some(at) = path_of_request(base_url) {
        return format!("Take {} from the end of base_url: it is added.", &base_url[at..]);
    }
    if let Wire::Infill(_) = wire {
        return format!(
            "Check {names}base_url. If its server has no such API, take completion.format away or set it to what it has."
        );
    }
    match endpoint.kind {
        ProviderKind::Ollama if has_path => {
            "Take the path from base_url: for kind ollama it has none, as in http://127.0.0.1:11434.".to_owned()
        }
        ProviderKind::Ollama => match listing::pull(endpoint.kind, model) {
            Some(pull) => format!(
                "Run '{pull}', or wait until the pull that is under way has ended; 'copydesk models' shows what is \
                 there."
            ),
            None => "Check that base_url is the address of an Ollama server.".to_owned(),
        },
        ProviderKind::OpenaiChat | ProviderKind::OpenaiResponses if !has_path => {
            let kind = endpoint.kind.as_str();
            format!("Check {names}base_url: most servers of kind {kind} want /v1 at its end.")
        }
        ProviderKind::Anthropic if base_url.ends_with("/v1") => {
            "Take /v1 from the end of base_url: for kind anthropic it is added.".to_owned()
        }
        ProviderKind::OpenaiResponses | ProviderKind::Anthropic if !endpoint.is_usual() => {
            format!("Check {names}base_url, and whether the server has this API: many have openai-chat only.")
        }
        _ if model.is_empty() => "Check base_url; not every server lists its models.".to_owned(),
        ProviderKind::AzureOpenai => {
            "Check base_url, that a deployment has the model's name, and api_version; 'copydesk models' shows the \
             deployments."
                .to_owned()
        }
        _ => format!("Check {names}base_url; 'copydesk models' shows which models it has."),
    }
}

#[cfg(test)]
mod tests {
    use copydesk_base::config::Provider;

    use super::*;
    use crate::InfillFormat;

    #[test]
    fn what_to_do_about_a_404_depends_on_kind_and_address() {
        let check = |kind, base_url: Option<&str>, model, expect| {
            let provider = Provider { kind, base_url: base_url.map(str::to_owned), ..Provider::default() };
            let endpoint = Endpoint::configured("x", &provider);
            assert_eq!(remedy(&endpoint, Wire::of(kind).unwrap(), model), expect, "{kind:?} {base_url:?}");
        };
        let name = "Check the model's name and base_url; 'copydesk models' shows which models it has.";
        check(ProviderKind::Anthropic, None, "m", name);
        check(ProviderKind::OpenaiResponses, None, "m", name);
        check(ProviderKind::OpenaiChat, Some("https://models.example/v1"), "m", name);
        check(
            ProviderKind::OpenaiChat,
            Some("http://127.0.0.1:1234/"),
            "m",
            "Check the model's name and base_url: most servers of kind openai-chat want /v1 at its end.",
        );
        check(
            ProviderKind::OpenaiResponses,
            Some("http://127.0.0.1:1234"),
            "",
            "Check base_url: most servers of kind openai-responses want /v1 at its end.",
        );
        check(
            ProviderKind::OpenaiResponses,
            Some("https://models.example/v1"),
            "m",
            "Check the model's name and base_url, and whether the server has this API: many have openai-chat only.",
        );
        check(
            ProviderKind::Anthropic,
            Some("https://models.example"),
            "m",
            "Check the model's name and base_url, and whether the server has this API: many have openai-chat only.",
        );
        check(
            ProviderKind::Anthropic,
            Some("https://api.anthropic.com/v1"),
            "m",
            "Take /v1 from the end of base_url: for kind anthropic it is added.",
        );
        check(
            ProviderKind::AzureOpenai,
            Some("https://azure.example"),
            "m",
            "Check base_url, that a deployment has the model's name, and api_version; 'copydesk models' shows the \
             deployments.",
        );
        check(
            ProviderKind::AzureOpenai,
            Some("https://azure.example/openai/deployments/m/chat/completions"),
            "m",
            "Take /openai and what stands behind it from base_url: for kind azure-openai it is added.",
        );
        check(
            ProviderKind::Ollama,
            None,
            "m",
            "Run 'ollama pull m', or wait until the pull that is under way has ended; 'copydesk models' shows what is \
             there.",
        );
        check(
            ProviderKind::Ollama,
            Some("http://127.0.0.1:11434/v1"),
            "m",
            "Take the path from base_url: for kind ollama it has none, as in http://127.0.0.1:11434.",
        );
        let chat = |base_url, model, expect| check(ProviderKind::OpenaiChat, Some(base_url), model, expect);
        chat("https://models.example/v1", "", "Check base_url; not every server lists its models.");
        chat(
            "https://models.example/v1/chat/completions",
            "m",
            "Take /chat/completions from the end of base_url: it is added.",
        );
        let endpoint = Endpoint::local("x", ProviderKind::Ollama, "http://127.0.0.1:11434");
        assert_eq!(
            remedy(&endpoint, Wire::Infill(InfillFormat::Mistral), "m"),
            "Check the model's name and base_url. If its server has no such API, take completion.format away or set it \
             to what it has."
        );
    }
}
