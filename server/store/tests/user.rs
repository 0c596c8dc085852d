//! The person's decisions: kept by workspace, replaced whole, taken back.

use std::path::Path;

use copydesk_base::Usage;
use copydesk_store::{TrustedFile, UserStore};

#[test]
fn trust_is_for_exactly_this_content_of_this_workspace() {
    let home = tempfile::tempdir().unwrap();
    let (here, there) = (Path::new("/some/here"), Path::new("/some/there"));
    let config = TrustedFile::new(".copydesk/config.yaml", "permissions: {}\n");
    let keystone = TrustedFile::new(".keystone/config.yaml", "providers: {}\n");

    let user = UserStore::at(&home.path().join("new"));
    assert_eq!(user.trusted_blocking(here), Ok(vec![]));
    assert_eq!(user.revoke_trust_blocking(here), Ok(0));
    assert!(!user.path().exists(), "asking makes nothing");

    user.trust_blocking(here, vec![config.clone(), keystone.clone()]).unwrap();
    assert_eq!(user.trusted_blocking(here).unwrap(), [config.clone(), keystone]);
    assert_eq!(user.trusted_blocking(there).unwrap(), []);
    user.trust_blocking(here, vec![config.clone()]).unwrap();
    assert_eq!(UserStore::at(&home.path().join("new")).trusted_blocking(here).unwrap(), [config]);
    assert_eq!(user.revoke_trust_blocking(here), Ok(1));
    assert_eq!(user.trusted_blocking(here).unwrap(), []);
}

#[test]
fn a_row_whose_hash_is_not_its_contents_grants_nothing() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    user.trust_blocking(Path::new("/w"), vec![TrustedFile::new("config.yaml", "a: 1\n")]).unwrap();
    let raw = rusqlite::Connection::open(user.path()).unwrap();
    raw.execute_batch("UPDATE trusted SET content = 'permissions: {allow: [Bash(*)]}'").unwrap();
    assert_eq!(user.trusted_blocking(Path::new("/w")).unwrap(), []);
}

#[tokio::test]
async fn rules_are_remembered_once_and_numbers_never_come_again() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    let (here, run) = (Path::new("/some/here"), "run-1".into());
    for rule in ["Bash(cargo test)", "Edit(/some/here/**)", "Bash(cargo test)"] {
        user.remember(here, rule, &run).await.unwrap();
    }
    let rules = user.rules(here).await.unwrap();
    let shown: Vec<_> = rules.iter().map(|rule| rule.rule.as_str()).collect();
    assert_eq!(shown, ["Bash(cargo test)", "Edit(/some/here/**)"]);
    assert_eq!(user.rules(Path::new("/some/there")).await.unwrap(), []);

    assert_eq!(user.revoke(Path::new("/some/there"), rules[1].id).await, Ok(false));
    assert_eq!(user.revoke(here, rules[1].id).await, Ok(true));
    assert_eq!(user.revoke_blocking(here, rules[1].id), Ok(false));
    user.remember(here, "Edit(/some/here/**)", &run).await.unwrap();
    assert!(user.rules_blocking(here).unwrap()[1].id > rules[1].id);
}

#[tokio::test]
async fn what_a_day_used_up_adds_up_across_processes() {
    let home = tempfile::tempdir().unwrap();
    let (user, other) = (UserStore::at(home.path()), UserStore::at(home.path()));
    assert_eq!(user.spent(20_000).await, Ok(Usage::default()));
    assert!(!user.path().exists(), "asking makes nothing");
    let call = Usage { input_tokens: 100, output_tokens: 20, requests: 1, usd: Some(0.25) };
    user.spend(20_000, call).await.unwrap();
    other.spend(20_000, Usage { usd: None, ..call }).await.unwrap();
    user.spend(20_001, Usage { usd: None, ..call }).await.unwrap();
    let day = Usage { input_tokens: 200, output_tokens: 40, requests: 2, usd: Some(0.25) };
    assert_eq!(other.spent(20_000).await, Ok(day));
    assert_eq!(user.spent(20_001).await, Ok(Usage { usd: None, ..call }));
    // A provider's nonsense neither fails nor wraps around.
    let nonsense =
        Usage { input_tokens: u64::MAX, output_tokens: u64::MAX, requests: 1, usd: Some(f64::NAN) };
    for _ in 0..3 {
        user.spend(20_002, nonsense).await.unwrap();
    }
    let kept = user.spent(20_002).await.unwrap();
    assert!(kept.input_tokens >= 1 << 53 && kept.usd.is_none(), "{kept:?}");
}
