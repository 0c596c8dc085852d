//! The processes above this one, as /proc has them: whether one of them is a copydesk that runs agents.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use copydesk_permission::sandbox::LAUNCHER;

/// The commands under which agents run. `tour` starts a server of its own and is no run.
const RUNNING: [&str; 8] = ["lsp", "ask", "run", "resume", "mcp", "acp", "undo", LAUNCHER];

/// No tree of processes is deeper.
const DEEPEST: usize = 256;

pub(super) fn is_below_run() -> bool {
    let Ok(own) = std::fs::metadata("/proc/self/exe") else { return false };
    let mut process = std::os::unix::process::parent_id();
    for _ in 0..DEEPEST {
        // In a sandbox the first process is a launcher of ours.
        if process == 0 {
            return false;
        }
        let folder = Path::new("/proc").join(process.to_string());
        if is_copydesk(&folder, &own) && is_running_agents(&folder) {
            return true;
        }
        let Some(parent) = parent(&folder) else { return false };
        process = parent;
    }
    true
}

fn is_copydesk(folder: &Path, own: &std::fs::Metadata) -> bool {
    let exe = folder.join("exe");
    let is_same = std::fs::metadata(&exe).is_ok_and(|exe| (exe.dev(), exe.ino()) == (own.dev(), own.ino()));
    // An older build, replaced while it runs, still has the name.
    let has_name = std::fs::read_link(&exe)
        .is_ok_and(|exe| exe.file_name().and_then(|name| name.to_str()).is_some_and(is_our_name));
    is_same || has_name
}

fn is_our_name(name: &str) -> bool {
    matches!(name, "copydesk" | "copydesk (deleted)")
}

fn is_running_agents(folder: &Path) -> bool {
    let Ok(arguments) = std::fs::read(folder.join("cmdline")) else { return true };
    is_running_command(&arguments)
}

/// Whether a command line, its words ended by zero bytes, starts one of the commands that run agents.
fn is_running_command(arguments: &[u8]) -> bool {
    let mut words = arguments.split(|byte| *byte == 0).skip(1);
    words.any(|word| RUNNING.iter().any(|command| command.as_bytes() == word))
}

fn parent(folder: &Path) -> Option<u32> {
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // The name in parentheses may hold anything; behind the last one come the state and the parent.
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_told_by_their_command() {
        for (line, expected) in [
            ("copydesk\0lsp\0--stdio\0", true),
            ("copydesk\0ask\0--mode\0plan\0fix it\0", true),
            ("copydesk\0tour\0", false),
            ("copydesk\0check\0workflows\0", false),
            ("copydesk\0", false),
        ] {
            assert_eq!(is_running_command(line.as_bytes()), expected, "{line:?}");
        }
    }
}
