//! Every fault in the middle of work: once at the first request, once behind an edit, and for good behind an edit.
//!
//! What was edited before stays and is named, nothing is edited twice, and once the server is well again the
//! conversation goes on where it stood. Formats take turns: that each tells each fault is the business of the other
//! files.

use copydesk_tests::model_server::{End, Format, ModelServer, Reply};
use copydesk_tests::scene::{FILE, TEXT, done, triple, tripled};
use copydesk_tests::workspace::Workspace;
use serde_json::{Value, json};

use crate::{config, furnished};

/// When it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    Once,
    Late,
    /// Behind an edit, at every try from then on.
    Always,
}

/// What comes of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comes {
    /// The next try goes well; where it never does, the run fails with these words.
    Passes(&'static str),
    /// The run fails at once with these words.
    Ends(&'static str),
    /// The model has nothing to say: no answer, but behind work it is asked once more.
    Silence,
}

use Comes::{Ends, Passes, Silence};

struct Fault {
    name: &'static str,
    reply: Reply,
    timeouts: &'static str,
    comes: Comes,
    /// How often it is asked once more, where it stays.
    tries: usize,
}

fn status(status: u16, message: &str) -> Reply {
    Reply::status(status, &json!({"error": {"message": message}}).to_string())
}

fn faults() -> Vec<Fault> {
    let fault = |name, reply, comes| Fault { name, reply, timeouts: "{}", comes, tries: 3 };
    let patient = |fault: Fault, timeouts| Fault { timeouts, ..fault };
    let begun = || Reply::text("half an ans");
    let busy = || status(529, "busy");
    let cut = Passes("was cut off after");
    vec![
        fault(
            "429",
            status(429, "slow down").header("retry-after", "1"),
            Passes("limits the rate of requests"),
        ),
        fault(
            "429 for long",
            status(429, "slow down").header("retry-after", "3600"),
            Ends("asks to wait 60 minutes"),
        ),
        fault("500", status(500, "oops"), Passes("answered with status 500: oops")),
        fault("502", status(502, "oops"), Passes("answered with status 502: oops")),
        fault("503", status(503, "starting"), Passes("is overloaded: starting")),
        fault("529", busy(), Passes("is overloaded: busy")),
        fault("408", status(408, "late"), Passes("status 408: late")),
        fault("409", status(409, "twice"), Passes("status 409: twice")),
        fault("401", status(401, "invalid key"), Ends("refused access with status 401")),
        fault("403", status(403, "not yours"), Ends("refused access with status 403")),
        fault("404", status(404, "no such model"), Ends("does not know this address or the model 'm'")),
        fault("400", status(400, "no such field"), Ends("answered with status 400: no such field")),
        fault(
            "400 too long",
            status(400, "prompt is too long: 9 tokens > 8 maximum"),
            Ends("prompt is too long"),
        ),
        // A connection that was kept and is closed is replaced, and that is no try.
        Fault {
            tries: 4,
            ..fault("reset early", Reply::empty().end(End::ResetAtOnce), Passes("connection reset by peer"))
        },
        fault("reset in the middle", begun().say(&"x".repeat(5_000)).end(End::Reset(3_000)), cut),
        fault("reset in a call", edit().say(&"x".repeat(5_000)).end(End::Reset(3_000)), cut),
        fault("clean end", begun().end(End::Early), cut),
        fault("clean end behind a call", edit().end(End::Early), cut),
        fault("an error inside", begun().error("overloaded_error", "too many"), Passes("too many")),
        fault("a malformed event", Reply::stream("hello there\ndata: {\"a\":\n\n"), Ends("cannot be read")),
        fault("bad UTF-8", Reply::stream(&b"data: \xff\xfe\n\n"[..]), Ends("no UTF-8")),
        fault("packed", Reply::stream("packed").header("content-encoding", "gzip"), Ends("packed with gzip")),
        fault(
            "a web page",
            Reply::stream("<html>").header("content-type", "text/html"),
            Ends("it is text/html"),
        ),
        patient(
            fault("no head", Reply::empty().end(End::Silence), Ends("no answer from")),
            "{first_byte: 300ms}",
        ),
        patient(fault("a stall", begun().end(End::Stall), Passes("no further piece")), "{idle: 300ms}"),
        patient(fault("slow loris", begun().end(End::Drip), Passes("no whole event")), "{progress: 300ms}"),
        patient(
            fault("slow loris in the head", Reply::empty().end(End::HeadDrip), Passes("no whole beginning")),
            "{progress: 300ms}",
        ),
        patient(
            fault("pings", begun().end(End::Pings), Ends("only signs of life")),
            "{first_byte: 300ms, idle: 300ms}",
        ),
        fault("an empty reply", Reply::empty(), Silence),
    ]
}

/// The second edit of the work.
fn edit() -> Reply {
    Reply::tool("edit", &json!({"path": FILE, "old": "# What a shop", "new": "# All"}))
}

fn both() -> String {
    tripled().replace("# What a shop", "# All")
}

/// What a run came to: how it ended, the file, the edits that it names, and how often the server was asked.
type Outcome = (&'static str, String, Value, usize);

fn expected(fault: &Fault, when: When) -> Outcome {
    let edited = || json!([{"path": FILE, "applied": true}]);
    match (fault.comes, when) {
        (Passes(_), When::Once | When::Late) | (Silence, When::Late) => ("succeeded", both(), edited(), 4),
        (Passes(_), When::Always) => ("failed", tripled(), edited(), 1 + fault.tries),
        (Ends(_) | Silence, When::Once) => ("failed", TEXT.to_owned(), json!([]), 1),
        (Ends(_), When::Late | When::Always) => ("failed", tripled(), edited(), 2),
        (Silence, When::Always) => ("failed", tripled(), edited(), 3),
    }
}

fn tell(format: Format, fault: &Fault, when: When) {
    let name = format!("{}, {when:?}, {format:?}", fault.name);
    let broken = &fault.reply;
    let script = match when {
        When::Once => vec![broken.clone(), triple(), edit(), done()],
        When::Late => vec![triple(), broken.clone(), edit(), done()],
        When::Always => [vec![triple()], vec![broken.clone(); fault.tries]].concat(),
    };
    let model = ModelServer::start(format, script);
    let workspace = furnished(&model, format, fault.timeouts);
    let report = workspace.run(&["ask", "--json", "--apply", "--file", FILE, "make it three times"]).json();
    let status = if report["status"] == "succeeded" { "succeeded" } else { "failed" };
    let outcome: Outcome = (status, workspace.read(FILE), report["changes"].clone(), model.asked());
    assert_eq!(outcome, expected(fault, when), "{name}: {report}");
    let error = report["error"].as_str().unwrap_or_default();
    let words = match fault.comes {
        Passes(words) | Ends(words) => words,
        Silence => "nothing at all",
    };
    assert_eq!(error.contains(words), status == "failed", "{name}: {error}");
    if status == "failed" {
        goes_on(format, &workspace, &name);
    }
}

/// A server that is well again finishes the work, and is told what was done of it.
fn goes_on(format: Format, workspace: &Workspace, name: &str) {
    let is_tripled = workspace.read(FILE) == tripled();
    let rest = if is_tripled { vec![edit(), done()] } else { vec![triple(), edit(), done()] };
    let model = ModelServer::start(format, rest);
    std::fs::write(workspace.user_config(), config(&model, format, "{}")).expect("the config is written");
    let _ = workspace.run(&["ask", "--json", "--apply", "--continue", "go on"]).exits(0);
    assert_eq!((workspace.read(FILE), model.unused()), (both(), 0), "{name}, and on");
    let told = model.wait_request(0).text();
    assert_eq!(told.contains("changed: +1 -1 lines"), is_tripled, "{name}: what was done is told: {told}");
}

#[test]
fn every_fault_in_the_middle_of_work_leaves_what_was_done_and_nothing_twice() {
    let faults = faults();
    let tell_all = |when: When| {
        let turns = Format::ALL.iter().cycle().skip(when as usize);
        faults.iter().zip(turns).for_each(|(fault, format)| tell(*format, fault, when));
    };
    std::thread::scope(|scope| {
        for when in [When::Once, When::Late, When::Always] {
            scope.spawn(move || tell_all(when));
        }
    });
}
