//! What copies and moves bring into a folder: `cp x/build.rs .` makes `./build.rs`.

use super::arguments::Findings;
use super::words::Word;
use super::{Need, Simple};
use crate::policy::Policy;
use crate::zone;

/// What is copied or moved into a folder stands there under its own name, and so does all that is in it.
pub(super) fn look(
    simple: &Simple,
    files: &[&Word],
    to_target: bool,
    policy: &Policy,
    findings: &mut Findings,
) {
    let name = simple.name().rsplit('/').next().unwrap_or_default();
    let Some((last, before)) = files.split_last() else { return };
    // Behind `-t` the folder may be any of them.
    let (sources, folders) = if to_target { (files, files) } else { (before, std::slice::from_ref(last)) };
    let is_recursive = simple.words.iter().any(|word| {
        let text = word.text.as_str();
        text.starts_with("--rec")
            || text.starts_with("--arch")
            || (text.starts_with('-') && !text.starts_with("--") && text.contains(['r', 'R', 'a']))
    });
    for source in sources {
        let base = source.text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let brings_content =
            matches!(base, "" | "." | "..") || (name == "rsync" && source.text.ends_with('/'));
        if brings_content && is_recursive {
            findings.care(Need::Person, "it brings all that is in a folder, what runs by itself too");
            continue;
        }
        for folder in folders.iter().filter_map(|folder| folder.path(policy)) {
            let target = format!("{}/{base}", folder.trim_end_matches('/'));
            let places = simple.cwds.places_of(&target).unwrap_or_default();
            if places.iter().any(|place| zone::is_guarded(place, policy)) {
                let reason = format!("{base} would stand where it is protected or runs by itself");
                findings.care(Need::Person, reason);
            }
        }
    }
}
