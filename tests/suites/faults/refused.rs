//! Answers that are none: statuses, limits, keys.

use copydesk_tests::model_server::{Format, Reply};

use crate::{Answers, Says, SaysOf, row, tell};

fn status(status: u16, message: &str) -> Reply {
    Reply::status(status, &format!("{{\"error\": {{\"message\": \"{message}\"}}}}"))
}

#[test]
fn what_passes_is_waited_for() {
    tell(|| {
        let hello = || Reply::text("Hello.");
        vec![
            row(
                "429 once",
                vec![status(429, "slow down").header("retry-after", "1"), hello()],
                2,
                Answers("Hello."),
            ),
            row("500 once", vec![status(500, "oops"), hello()], 2, Answers("Hello.")),
            row("529 twice", vec![status(529, "busy"), status(529, "busy"), hello()], 3, Answers("Hello.")),
            row("408, then 409", vec![status(408, ""), status(409, ""), hello()], 3, Answers("Hello.")),
        ]
    });
}

#[test]
fn what_stays_is_told() {
    tell(|| {
        vec![
            row(
                "429 always",
                vec![status(429, "slow down"); 3],
                3,
                Says(
                    "failed to reach the model: ADDRESS limits the rate of requests: slow down. Ask again in a minute, or choose another model.",
                ),
            ),
            row(
                "429 for long",
                vec![status(429, "slow down").header("retry-after", "3600")],
                1,
                Says(
                    "failed to reach the model: ADDRESS limits the rate of requests and asks to wait 60 minutes: slow down. Ask again in 60 minutes, or choose another model.",
                ),
            ),
            row(
                "500",
                vec![status(500, "oops"); 3],
                3,
                Says(
                    "failed to reach the model: ADDRESS answered with status 500: oops. Ask again; if it stays, the server's own status page or log says more.",
                ),
            ),
            row(
                "503",
                vec![status(503, "starting"); 3],
                3,
                Says(
                    "failed to reach the model: ADDRESS is overloaded: starting. Ask again in a minute, or choose another model.",
                ),
            ),
            row(
                "529",
                vec![status(529, "busy"); 3],
                3,
                Says(
                    "failed to reach the model: ADDRESS is overloaded: busy. Ask again in a minute, or choose another model.",
                ),
            ),
        ]
    });
}

#[test]
fn what_no_waiting_helps_is_told_at_once() {
    tell(|| {
        vec![
            row(
                "401",
                vec![status(401, "invalid key")],
                1,
                Says(
                    "failed to reach the model: ADDRESS refused access with status 401 (the key came from BENCH_KEY): invalid key. Put a valid key there and ask again; it is not tried again by itself.",
                ),
            ),
            row(
                "404",
                vec![status(404, "no such model")],
                1,
                SaysOf(|format| match format {
                    Format::Ollama => {
                        "failed to reach the model: ADDRESS does not know this address or the model 'm': no such model. Run 'ollama pull m', or wait until the pull that is under way has ended; 'copydesk models' shows what is there."
                    }
                    Format::Azure => {
                        "failed to reach the model: ADDRESS does not know this address or the model 'm': no such model. Check base_url, that a deployment has the model's name, and api_version; 'copydesk models' shows the deployments."
                    }
                    Format::OpenaiResponses | Format::Anthropic => {
                        "failed to reach the model: ADDRESS does not know this address or the model 'm': no such model. Check the model's name and base_url, and whether the server has this API: many have openai-chat only."
                    }
                    _ => {
                        "failed to reach the model: ADDRESS does not know this address or the model 'm': no such model. Check the model's name and base_url; 'copydesk models' shows which models it has."
                    }
                }),
            ),
            row(
                "403",
                vec![status(403, "Country, region, or territory not supported")],
                1,
                Says(
                    "failed to reach the model: ADDRESS refused access with status 403 (the key came from BENCH_KEY): Country, region, or territory not supported. This account may not do that there, and what it says tells why: change that in the account, or choose another key or another model.",
                ),
            ),
            row(
                "404 of a model that nobody serves so",
                vec![status(404, "No endpoints found matching your data policy.")],
                1,
                Says(
                    "failed to reach the model: ADDRESS answered with status 404: No endpoints found matching your data policy. The model is there, and nobody who serves it takes this request: change what it says in your account, or choose another model.",
                ),
            ),
            row(
                "429 of a request that is larger than the limit",
                vec![status(
                    429,
                    "Request too large for m on tokens per min (TPM): Limit 30000, Requested 45000. The input or output tokens must be reduced.",
                )],
                1,
                Says(
                    "failed to reach the model: ADDRESS answered with status 429: Request too large for m on tokens per min (TPM): Limit 30000, Requested 45000. The input or output tokens must be reduced. The server did not like the request: a smaller selection or another model may help; 'copydesk models' shows which it has.",
                ),
            ),
            row(
                "429 without credit",
                vec![Reply::status(
                    429,
                    r#"{"error": {"type": "insufficient_quota", "message": "check your plan"}}"#,
                )],
                1,
                Says(
                    "failed to reach the model: ADDRESS has no credit left for this key: check your plan. Add credit, or raise the limit, in the account of that provider, or choose another model.",
                ),
            ),
            row(
                "402",
                vec![status(402, "pay first")],
                1,
                Says(
                    "failed to reach the model: ADDRESS has no credit left for this key: pay first. Add credit, or raise the limit, in the account of that provider, or choose another model.",
                ),
            ),
            row(
                "400 without credit",
                vec![status(400, "Your credit balance is too low to access the API.")],
                1,
                Says(
                    "failed to reach the model: ADDRESS has no credit left for this key: Your credit balance is too low to access the API. Add credit, or raise the limit, in the account of that provider, or choose another model.",
                ),
            ),
            row(
                "400 with a bad key",
                vec![Reply::status(
                    400,
                    r#"[{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}]"#,
                )],
                1,
                Says(
                    "failed to reach the model: ADDRESS refused access with status 400 (the key came from BENCH_KEY): API key not valid. Please pass a valid API key. Put a valid key there and ask again; it is not tried again by itself.",
                ),
            ),
            row(
                "400 without the model",
                vec![status(400, "Model Not Exist")],
                1,
                Says(
                    "failed to reach the model: ADDRESS has no model 'm': Model Not Exist. Check the model's name; 'copydesk models' shows which models it has.",
                ),
            ),
            row(
                "400 of a server behind",
                vec![Reply::status(
                    400,
                    r#"{"error": {"message": "Provider returned error", "metadata": {"raw": "{\"error\": {\"message\": \"too many images.\"}}", "provider_name": "Google"}}}"#,
                )],
                1,
                Says(
                    "failed to reach the model: ADDRESS answered with status 400: Provider returned error: Google: too many images. The server did not like the request: a smaller selection or another model may help; 'copydesk models' shows which it has.",
                ),
            ),
            row(
                "200 with an error",
                vec![
                    Reply::stream(
                        r#"{"error": {"type": "invalid_request_error", "message": "no such option"}}"#,
                    )
                    .header("content-type", "application/json"),
                ],
                1,
                Says(
                    "failed to reach the model: the model server broke off with an error: no such option. The server did not like the request: a smaller selection or another model may help; 'copydesk models' shows which it has.",
                ),
            ),
            row(
                "400 too long",
                vec![status(400, "prompt is too long: 250000 tokens > 200000 maximum")],
                1,
                Says(
                    "failed to reach the model: ADDRESS answered with status 400: prompt is too long: 250000 tokens > 200000 maximum. The server did not like the request: a smaller selection or another model may help; 'copydesk models' shows which it has.",
                ),
            ),
        ]
    });
}
