//! Reading the corpus; the benchmark reads it too.

/// The commands, each as a model would send it.
pub(crate) fn commands() -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut blank_lines = 0;
    for line in include_str!("../corpus/commands.txt").lines() {
        if line.is_empty() {
            blank_lines += 1;
            continue;
        }
        match (line.strip_prefix("    "), commands.last_mut()) {
            (Some(rest), Some(command)) => {
                command.push_str(&"\n".repeat(blank_lines + 1));
                command.push_str(rest);
            }
            _ if line.starts_with("## ") => {}
            _ => commands.push(line.to_owned()),
        }
        blank_lines = 0;
    }
    commands
}
