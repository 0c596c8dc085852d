//! The words of tools and languages that files name.

/// The tools that are built in, with a line for a person. Others come from tool servers.
pub const TOOLS: &[(&str, &str)] = &[
    ("read", "Reads a file, or a part of it."),
    ("grep", "Searches texts by a pattern."),
    ("glob", "Finds files by a pattern."),
    ("list", "Lists a folder."),
    ("symbols", "Finds names of functions, types and steps."),
    ("map", "Shows the definitions of a folder that matter most."),
    ("diagnostics", "Reads what is wrong in the files."),
    ("references", "Finds where a name is used."),
    ("rename", "Gives a name another one, in every file."),
    ("edit", "Replaces a piece of a file."),
    ("write", "Writes a whole file."),
    ("bash", "Runs a command."),
    ("todo", "Keeps a list of what is to be done."),
    ("output", "Reads what a command in the background printed."),
    ("finding", "Marks what a review found, at its line."),
    ("ask_user", "Asks a person."),
    ("agent", "Has another agent do a piece of work."),
];

/// Keystone's standard tools, as its files name them.
pub const KEYSTONE_TOOLS: &[(&str, &str)] = &[
    ("read_file", "Reads a file."),
    ("read_file_lines", "Reads a part of a file."),
    ("write_file", "Writes a whole file."),
    ("append_file", "Adds to the end of a file."),
    ("list_files", "Lists a folder."),
    ("search_files", "Finds files by a pattern."),
    ("search_content", "Searches texts by a pattern."),
    ("run_command", "Runs a command."),
    ("ast_grep_search", "Finds code by its structure."),
    ("ast_grep_replace", "Replaces code by its structure."),
    ("fetch", "Fetches an address."),
];

/// All tools that have a name of ours or of Keystone's.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    TOOLS.iter().chain(KEYSTONE_TOOLS).copied()
}

/// Whether a tool of this name exists, in whatever case it is written.
pub fn is_tool(name: &str) -> bool {
    all().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

/// What people call a language, and the id that editors have for it.
pub const LANGUAGE_IDS: &[(&str, &str)] = &[
    ("js", "javascript"),
    ("node", "javascript"),
    ("ts", "typescript"),
    ("jsx", "javascriptreact"),
    ("tsx", "typescriptreact"),
    ("py", "python"),
    ("python3", "python"),
    ("rs", "rust"),
    ("rb", "ruby"),
    ("golang", "go"),
    ("c++", "cpp"),
    ("c#", "csharp"),
    ("cs", "csharp"),
    ("sh", "shellscript"),
    ("bash", "shellscript"),
    ("shell", "shellscript"),
    ("yml", "yaml"),
    ("md", "markdown"),
    ("objc", "objective-c"),
    ("docker", "dockerfile"),
    ("kt", "kotlin"),
    ("ps1", "powershell"),
    ("tex", "latex"),
];
