//! The person's decisions: kept by workspace, replaced whole, taken back.

use std::path::Path;

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
