//! The encrypted file of keys: what it gives back, and whom it refuses.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use copydesk_store::{Lock, Passphrase, SealedKeys};

const SECRET: &str = "sk-canary-0123456789";

fn at(home: &Path, passphrase: Option<&str>) -> SealedKeys {
    SealedKeys::at(home, passphrase.map(|words| Passphrase(words.to_owned())))
}

#[test]
fn keys_come_back_by_name_and_stand_in_no_file() {
    for (passphrase, lock) in [(None, Lock::KeyFile), (Some("correct horse"), Lock::Passphrase)] {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("new");
        let keys = at(&folder, passphrase);
        assert_eq!((keys.get("work"), keys.lock(), keys.delete("work")), (Ok(None), Ok(None), Ok(false)));
        assert!(!folder.exists(), "asking makes nothing");
        keys.set("work", SECRET).unwrap();
        keys.set("other", "o").unwrap();
        let again = at(&folder, passphrase);
        assert_eq!(again.get("work"), Ok(Some(SECRET.to_owned())));
        assert_eq!(again.lock(), Ok(Some(lock)));
        for entry in std::fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{entry:?}");
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
        }
        assert_eq!(folder.join("keys.key").exists(), lock == Lock::KeyFile);
        assert_eq!((again.delete("work"), again.get("work")), (Ok(true), Ok(None)));
        assert_eq!(again.get("other"), Ok(Some("o".to_owned())));
    }
}

#[test]
fn a_file_that_is_open_to_others_or_changed_is_refused_and_says_why() {
    let refused = |passphrase: Option<&str>, spoil: &dyn Fn(&Path), with: Option<&str>, words: &str| {
        let home = tempfile::tempdir().unwrap();
        at(home.path(), passphrase).set("work", SECRET).unwrap();
        spoil(home.path());
        let error = at(home.path(), with).get("work").unwrap_err().to_string();
        assert!(error.contains(words) && !error.contains(SECRET), "{words}: {error}");
    };
    let mode = |name: &'static str, mode: u32| {
        move |home: &Path| {
            std::fs::set_permissions(home.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let write = |name: &'static str, at: usize| {
        move |home: &Path| {
            let mut bytes = std::fs::read(home.join(name)).unwrap();
            bytes[at] ^= 1;
            std::fs::write(home.join(name), bytes).unwrap();
        }
    };
    refused(None, &mode("keys.sealed", 0o640), None, "chmod 600");
    refused(None, &mode("keys.sealed", 0o602), None, "chmod 600");
    refused(None, &mode("keys.key", 0o604), None, "keys.key: others may open it (mode 0604)");
    let anew = "; bring it back from a copy, or move it away and run 'copydesk auth set' for each provider";
    let lost = |what: &str| format!("{what}{anew}");
    refused(None, &write("keys.key", 3), None, &lost("it was changed, or its key was"));
    refused(None, &write("keys.sealed", 70), None, &lost("it was changed, or its key was"));
    refused(None, &write("keys.sealed", 3), None, &lost("it is no file of this version"));
    refused(
        None,
        &|home| std::fs::remove_file(home.join("keys.key")).unwrap(),
        None,
        &lost("keys.key is not there"),
    );
    refused(Some("a"), &|_| (), Some("b"), "COPYDESK_PASSPHRASE does not fit");
    refused(Some("a"), &|_| (), None, "set COPYDESK_PASSPHRASE");
    let turned = |home: &Path| {
        // The other way of locking, which somebody wrote in.
        let bytes = std::fs::read(home.join("keys.sealed")).unwrap();
        let head = b"copydesk.keys/1\npassphrase\n";
        let other = [b"copydesk.keys/1\nfile\n".as_slice(), &bytes[head.len()..]].concat();
        std::fs::write(home.join("keys.sealed"), other).unwrap();
        std::fs::write(home.join("keys.key"), "a").unwrap();
        mode("keys.key", 0o600)(home);
    };
    refused(Some("a"), &turned, None, "was changed");
}

#[test]
fn whoever_changes_it_at_the_same_moment_takes_nothing_from_anybody() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..8).map(|number| format!("p{number}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            // A handle of its own, as another process has.
            scope.spawn(|| at(folder.path(), None).set(name, "key").unwrap());
        }
    });
    let keys = at(folder.path(), None);
    let kept: Vec<&String> = names.iter().filter(|name| keys.get(name).unwrap().is_some()).collect();
    assert_eq!(kept, names.iter().collect::<Vec<_>>());
}
