//! Files that look like settings and are not read: there is one file for each layer, and people write others beside it.

use std::path::{Path, PathBuf};

use copydesk_base::{Code, Span};

use super::{FileState, LayerFile, LayerName, Origin, Problem};

/// How people write the settings of other programs.
const ENDINGS: [&str; 4] = ["yaml", "yml", "toml", "json"];

/// Says of each such file which one is read instead.
pub(super) fn unread(files: &[LayerFile]) -> Vec<Problem> {
    let ours = files.iter().filter(|file| matches!(file.layer, LayerName::User | LayerName::Workspace));
    ours.flat_map(|file| beside(&file.path).map(|path| told(file, path))).collect()
}

/// The files of other endings that are there.
fn beside(read: &Path) -> impl Iterator<Item = PathBuf> {
    let read = read.to_owned();
    let others = ENDINGS.iter().map(move |ending| (read.with_extension(ending), read.clone()));
    others.filter(|(path, read)| path != read && path.is_file()).map(|(path, _)| path)
}

fn told(file: &LayerFile, path: PathBuf) -> Problem {
    let name = file.path.file_name().unwrap_or_default().to_string_lossy();
    let instead = match file.state {
        FileState::Absent => {
            format!("settings are YAML and stand in {name} beside it, which is not there yet")
        }
        _ => format!("{name} beside it is read instead"),
    };
    Problem {
        origin: Origin { layer: file.layer, path: Some(path), line: None },
        span: Span::at(0),
        code: Code::UnknownSetting,
        severity: Code::UnknownSetting.severity(),
        message: format!("this file is not read; {instead}"),
        below: None,
        stops: false,
    }
}
