//! The person's decisions: kept by workspace, replaced whole, taken back.

use std::path::Path;
use std::time::Duration;

use copydesk_base::{Timestamp, Usage};
use copydesk_store::{
    Accounts, Conversation, Holder, KeyPlace, Passed, Reservation, Taken, TrustedFile, UserStore,
};

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
    let call =
        Usage { input_tokens: 100, output_tokens: 20, requests: 1, usd: Some(0.25), ..Usage::default() };
    user.spend(20_000, call).await.unwrap();
    other.spend(20_000, Usage { usd: None, ..call }).await.unwrap();
    user.spend(20_001, Usage { usd: None, ..call }).await.unwrap();
    let day =
        Usage { input_tokens: 200, output_tokens: 40, requests: 2, usd: Some(0.25), ..Usage::default() };
    assert_eq!(other.spent(20_000).await, Ok(day));
    assert_eq!(user.spent(20_001).await, Ok(Usage { usd: None, ..call }));
    // A provider's nonsense neither fails nor wraps around.
    let nonsense = Usage {
        input_tokens: u64::MAX,
        output_tokens: u64::MAX,
        requests: 1,
        usd: Some(f64::NAN),
        ..Usage::default()
    };
    for _ in 0..3 {
        user.spend(20_002, nonsense).await.unwrap();
    }
    let kept = user.spent(20_002).await.unwrap();
    assert!(kept.input_tokens >= 1 << 53 && kept.usd.is_none(), "{kept:?}");
}

const HOLDER: Holder = Holder {
    process: 7,
    at: Timestamp(1_000),
    is_alive: |process| process < 100,
    conversation: None,
    model: String::new(),
};

async fn take(user: &UserStore, holder: Holder, limit: u64, wanted: u64) -> Result<Reservation, u64> {
    let usage = Usage { input_tokens: wanted, requests: 1, usd: Some(0.5), ..Usage::default() };
    let decide = move |Accounts { day: taken, .. }: Accounts| {
        let used = taken.spent.input_tokens + taken.reserved.input_tokens;
        if used + wanted > limit { Err(used) } else { Ok(((), usage)) }
    };
    let reserved = user.reserve(20_000, holder, decide).await;
    reserved.unwrap_or_else(|error| panic!("{error}")).map(|((), reservation)| reservation)
}

#[tokio::test]
async fn what_a_model_took_beyond_what_it_was_allowed_is_known_to_all_for_a_day() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    let passed = |told, received, sent| Passed { told, received, sent, is_silent: false };
    let silent = |passed| Passed { is_silent: true, ..passed };
    for (model, more) in [
        ("p/m", passed(1_000, 4_000, 0)),
        ("p/m", passed(0, 0, 70)),
        ("p/m", silent(passed(0, 0, 0))),
        ("p/m", passed(500, 3_000, 50)),
        ("q/m", passed(256, 9_000, 0)),
    ] {
        user.pass(model, 20_000, more).await.unwrap();
    }
    let check = async |day, model: &str, expect: Passed| {
        let holder = Holder { model: model.to_owned(), ..HOLDER };
        let look = |accounts: Accounts| Err::<((), Usage), _>(accounts.passed);
        // Another process.
        let known = UserStore::at(home.path()).reserve(day, holder, look).await.unwrap();
        assert_eq!(known.map(|_| ()), Err(expect), "{model} on {day}");
    };
    check(20_000, "p/m", silent(passed(1_000, 4_000, 70))).await;
    check(20_000, "q/m", passed(256, 9_000, 0)).await;
    check(20_000, "r/m", Passed::default()).await;
    check(20_001, "p/m", Passed::default()).await;
}

#[tokio::test]
async fn of_many_that_look_at_once_no_more_than_fit_get_through() {
    let home = tempfile::tempdir().unwrap();
    let users: Vec<UserStore> = (0..8).map(|_| UserStore::at(home.path())).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for user in users {
        tasks.spawn(async move { take(&user, HOLDER, 100, 30).await });
    }
    let mut through = 0;
    while let Some(taken) = tasks.join_next().await {
        match taken.unwrap() {
            Ok(_) => through += 1,
            Err(used) => assert_eq!(used, 90, "three were first"),
        }
    }
    assert_eq!(through, 3);
}

#[tokio::test]
async fn what_was_reserved_is_replaced_by_what_was_used_and_the_dead_hold_nothing() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    let first = take(&user, HOLDER, 100, 90).await.unwrap();
    assert_eq!(take(&user, HOLDER, 100, 20).await, Err(90));
    let used = Usage { input_tokens: 5, output_tokens: 1, requests: 1, usd: Some(0.25), ..Usage::default() };
    user.settle(first, 20_000, used, Duration::from_mins(2)).await.unwrap();
    assert_eq!(user.spent(20_000).await, Ok(used));
    let look = |accounts: Accounts| Err::<((), Usage), _>(Box::new(accounts.day));
    let taken = user.reserve(20_000, HOLDER, look).await.unwrap();
    let expect = Taken { spent: used, reserved: Usage::default(), time: Duration::from_mins(2) };
    assert_eq!(
        taken.map(|_| ()),
        Err(Box::new(expect)),
        "what was at work is counted, and nothing is held any more"
    );
    let dead = Holder { process: 200, ..HOLDER };
    assert!(take(&user, dead, 100, 90).await.is_ok(), "it lives as far as it knows itself");
    assert_eq!(take(&user, HOLDER, 100, 20).await, Err(95), "it may have been billed before it died");
    let spent = user.spent(20_000).await.unwrap();
    assert_eq!((spent.input_tokens, spent.requests, spent.usd), (95, 2, Some(0.75)));
    let slow = take(&user, HOLDER, 100, 5).await.unwrap();
    let much_later = Holder { at: Timestamp(4_000_000), ..HOLDER };
    assert_eq!(
        take(&user, much_later, 100, 5).await,
        Err(100),
        "nothing is reserved for ever, and it counts"
    );
    user.settle(slow, 20_000, used, Duration::ZERO).await.unwrap();
    assert_eq!(user.spent(20_000).await.unwrap().input_tokens, 100, "and counts once");
}

#[tokio::test]
async fn a_conversation_has_used_what_its_journal_says_and_what_others_do_meanwhile() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    let usage = |requests, usd| Usage { input_tokens: 10 * requests, requests, usd, ..Usage::default() };
    let of = |session: &str, requests, usd| {
        let spent = usage(requests, usd);
        let conversation = Conversation { session: session.into(), spent, time: Duration::from_mins(1) };
        Holder { conversation: Some(conversation), ..HOLDER }
    };
    let take = async |holder: Holder| {
        let decide = move |accounts: Accounts| Ok::<_, ()>((accounts.conversation, usage(1, Some(0.5))));
        user.reserve(20_000, holder, decide).await.unwrap().unwrap()
    };
    let (taken, first) = take(of("ses-a", 2, None)).await;
    let minute = Duration::from_mins(1);
    assert_eq!(taken, Taken { spent: usage(2, None), reserved: Usage::default(), time: minute });
    // What is under way may stand in the journal already, and does not count twice.
    let (taken, second) = take(of("ses-a", 3, Some(0.5))).await;
    assert_eq!(taken, Taken { spent: usage(2, None), reserved: usage(1, Some(0.5)), time: minute });
    let (taken, other) = take(of("ses-b", 0, None)).await;
    assert_eq!(taken, Taken { time: minute, ..Taken::default() }, "another conversation");
    let settle =
        async |reservation| user.settle(reservation, 20_000, usage(1, Some(0.25)), minute).await.unwrap();
    assert_eq!(settle(first).await, usage(2, None), "what it had used before");
    assert_eq!(settle(second).await, usage(3, Some(0.25)));
    assert_eq!(settle(other).await, Usage::default());
    let (taken, _) = take(of("ses-a", 2, None)).await;
    assert_eq!(
        taken,
        Taken { spent: usage(4, Some(0.5)), reserved: Usage::default(), time: Duration::from_mins(3) }
    );
    // The journal knows more where a program that did not count here has worked.
    let (taken, _) = take(of("ses-c", 2, None)).await;
    assert_eq!(taken.spent, usage(2, None));
    // Of one that is gone only the day knows.
    let day = user.spent(20_000).await.unwrap();
    user.forget_conversations(vec!["ses-a".into(), "ses-none".into()]).await.unwrap();
    assert_eq!(user.spent(20_000).await, Ok(day));
    let (taken, _) = take(of("ses-a", 0, None)).await;
    assert_eq!(taken, Taken { time: minute, ..Taken::default() });
    let (taken, _) = take(of("ses-c", 0, None)).await;
    assert_eq!((taken.spent, taken.reserved), (usage(2, None), usage(1, Some(0.5))));
}

#[tokio::test]
async fn estimates_follow_what_a_model_reports_within_bounds() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    let check = async |model: &str, counts: &[(u64, u64)], expect: f64| {
        for (estimated, reported) in counts {
            user.measure(model, *estimated, *reported).await.unwrap();
        }
        let measured = user.measured(model).await.unwrap();
        assert!((measured.ratio() - expect).abs() < 0.01, "{model}: {measured:?}");
        assert_eq!(measured.requests, counts.len() as u64);
        assert_eq!(user.measured_blocking(model), Ok(measured));
    };
    check("p/unknown", &[], 1.0).await;
    check("p/more", &[(100, 130), (1_000, 1_300)], 1.3).await;
    check("p/absurd", &[(100, 9_000_000)], 4.0).await;
    check("p/nothing", &[(100, 0)], 0.25).await;
    check("p/changed", &[[(100, 100); 5].as_slice(), [(100, 200); 100].as_slice()].concat(), 2.0).await;
}

#[test]
fn places_of_keys_are_noted_by_provider_and_address() {
    let home = tempfile::tempdir().unwrap();
    let user = UserStore::at(home.path());
    assert_eq!(user.stored_keys_blocking(), Ok(vec![]));
    assert!(!user.path().exists(), "asking makes nothing");
    let (here, there) = ("https://a.example", "https://b.example");
    user.note_key_blocking("work", there, KeyPlace::File).unwrap();
    user.note_key_blocking("work", here, KeyPlace::File).unwrap();
    user.note_key_blocking("work", here, KeyPlace::Keyring).unwrap();
    let shown = |user: &UserStore| {
        let keys = user.stored_keys_blocking().unwrap();
        keys.into_iter().map(|key| (key.provider, key.address, key.place)).collect::<Vec<_>>()
    };
    let of = |address: &str, place| ("work".to_owned(), address.to_owned(), place);
    assert_eq!(shown(&user), [of(here, KeyPlace::Keyring), of(there, KeyPlace::File)]);
    assert_eq!(user.forget_key_blocking("work", here), Ok(true));
    assert_eq!(user.forget_key_blocking("work", here), Ok(false));
    assert_eq!(shown(&user), [of(there, KeyPlace::File)]);
}
