//! What a person can ask for with one key: the built-in actions.

/// One action: a title for menus, a task for the model, and the tools it may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The word of commands and flags.
    pub name: String,
    /// What a menu says.
    pub title: String,
    /// What the model is told to do with the selected code; empty for `ask`, whose words are the person's.
    pub task: String,
    /// Names of the tools it may use.
    pub tools: Vec<String>,
    /// Language ids it is offered for; all where empty.
    pub languages: Vec<String>,
}

/// Name, title, task and tools of each built-in action.
pub const BUILT_IN: &[(&str, &str, &str, &[&str])] = &[
    ("ask", "Ask…", "", &["read", "grep", "edit", "write", "bash"]),
    (
        "explain",
        "Explain this",
        "Explain the selected code: what it does, why it is written this way, and what could surprise a reader. \
         Do not change any file.",
        &["read", "grep"],
    ),
    (
        "fix",
        "Fix this",
        "Fix the problem in the selected code. If problems are listed, fix those. Change as little as possible and \
         keep the style of the file.",
        &["read", "grep", "edit", "write", "bash"],
    ),
    (
        "document",
        "Document this",
        "Write or improve the documentation comment of the selected code, in the style of the file and its language. \
         Change comments only.",
        &["read", "grep", "edit"],
    ),
];

/// The built-in action of that name.
pub fn action(name: &str) -> Option<Action> {
    BUILT_IN.iter().find(|(word, ..)| *word == name).map(|(name, title, task, tools)| Action {
        name: (*name).to_owned(),
        title: (*title).to_owned(),
        task: (*task).to_owned(),
        tools: tools.iter().map(|tool| (*tool).to_owned()).collect(),
        languages: Vec::new(),
    })
}
