//! Settings as data: files in, what is in force out. `layers` is who may say what, `misread` what becomes of what
//! nobody can read, `amounts` of prices and other numbers.

use std::fmt::Write;
use std::path::PathBuf;

use copydesk_store::UserStore;
use serde_json::Value;

use super::{Flags, Loaded, Nesting, Places, Sources, load, trustable};

mod amounts;
mod layers;
mod misread;

/// A machine with one user and one workspace.
struct Bench {
    folder: tempfile::TempDir,
    editor: Option<Value>,
    flags: Flags,
    nesting: Nesting,
    named: Option<PathBuf>,
}

const USER: &str = "home/.config/copydesk/config.yaml";
const WORKSPACE: &str = "work/.copydesk/config.yaml";
const KEYSTONE: &str = "work/.keystone/config.yaml";

impl Bench {
    fn new(files: &[(&str, &str)]) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            editor: None,
            flags: Flags::default(),
            nesting: Nesting::Outermost,
            named: None,
        };
        std::fs::create_dir_all(bench.root()).unwrap();
        for (path, text) in files {
            bench.write(path, text);
        }
        bench
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.base().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn base(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn root(&self) -> PathBuf {
        self.base().join("work")
    }

    fn places(&self) -> Places {
        let home = self.base().join("home").display().to_string();
        let named = self.named.as_ref().map(|path| self.base().join(path).display().to_string());
        let env = move |name: &str| match name {
            "HOME" => Some(home.clone()),
            "COPYDESK_CONFIG" => named.clone(),
            _ => None,
        };
        Places::find(&env, &self.root())
    }

    fn user(&self) -> UserStore {
        UserStore::at(&self.places().state)
    }

    fn with<T>(&self, work: impl FnOnce(&Sources<'_>) -> T) -> T {
        let (root, places) = (self.root(), self.places());
        work(&Sources {
            root: &root,
            places: &places,
            editor: self.editor.as_ref(),
            flags: self.flags.clone(),
            nesting: self.nesting,
        })
    }

    fn load(&self) -> Loaded {
        self.with(|sources| load(sources, &self.user()))
    }

    fn trust(&self) {
        self.user().trust_blocking(&self.root(), self.with(trustable)).unwrap();
    }

    /// What is in force, a line each, then what was reported; paths without the folder of the test.
    fn shown(&self) -> String {
        let loaded = self.load();
        let mut shown = String::new();
        for setting in &loaded.settings {
            let value = setting.value.as_str().map_or_else(|| setting.value.to_string(), str::to_owned);
            let _ = writeln!(shown, "{}: {value} # {}", setting.key, setting.origin);
        }
        for problem in &loaded.problems {
            let stop = if problem.stops { "!" } else { "" };
            let _ = writeln!(shown, "{}{stop} {problem}", problem.code);
        }
        shown.replace(&format!("{}/", self.base().display()), "")
    }
}

#[track_caller]
fn check(bench: &Bench, expected: &[&str]) {
    let shown = bench.shown();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines, expected, "\n{shown}");
}
