//! Tables of what tightens: postures of a kind, options in any order, unknown options, look-alikes of guarded names.

use crate::common::{check_all, policy, verdict};
use copydesk_base::config::Mode;
use copydesk_permission::{RuleVerdict, parse_rule};

#[test]
fn a_rule_without_parentheses_is_the_posture_of_a_kind() {
    let rules = ["allow Bash", "allow Edit(**)", "allow Network", "ask Destroy", "deny Network"];
    let policy = policy(Mode::Auto, &rules);
    check_all(
        &policy,
        "ask",
        &[
            "bash rm a",
            "bash rm -rf target",
            "bash find . -name '*.o' -delete",
            "bash find . -exec rm {} +",
            "bash ls | xargs rm",
            "bash git clean -fd",
            "bash git reset --hard HEAD",
            "bash git branch -D old",
            "bash git stash drop",
            "bash docker system prune",
            "bash make clean",
            "bash timeout 5 rm a",
            "bash bash -c 'rm a'",
        ],
    );
    check_all(
        &policy,
        "deny",
        &[
            "bash curl example.org",
            "bash git push",
            "bash npm install",
            "bash env curl x",
            "fetch https://example.org",
        ],
    );
    check_all(
        &policy,
        "allow",
        &["bash ls", "bash git status", "bash git branch", "bash cargo test", "write /project/a"],
    );
    let kept = crate::common::policy(Mode::Auto, &["allow Bash", "deny Destroy(src/**)"]);
    assert_eq!(verdict("bash rm src/a.rs", &kept).as_str(), "deny");
    assert_eq!(verdict("bash rm other.rs", &kept).as_str(), "allow");
    assert!(parse_rule(RuleVerdict::Allow, "Destroy", "test").is_err());
}

#[test]
fn options_in_any_order_are_one_deny_rule() {
    let rules = [
        "allow Bash",
        "deny Bash(rm -rf *)",
        "deny Bash(git push --force:*)",
        "deny Bash(git reset --hard:*)",
    ];
    let policy = policy(Mode::Auto, &rules);
    check_all(
        &policy,
        "deny",
        &[
            "bash rm -fr x",
            "bash rm -r -f x",
            "bash rm x -rf",
            "bash rm --recursive --force x",
            "bash rm -vfr -- x",
            "bash 'rm' -f -r x",
            "bash timeout 5 rm -f -r x",
            "bash ls | xargs rm -f -r",
            "bash find . -exec rm -f -r {} +",
            "bash busybox rm -rf x",
            "bash watch 'rm -r -f x'",
            "bash parallel 'rm -rf {}' ::: a",
            "bash flock lock rm -rf x",
            "bash ssh host 'rm -rf x'",
            "bash script -c 'rm -rf x' log",
            "bash git push origin main --force",
            "bash git push -f",
            "bash git -c a.b=c push --force",
            "bash git reset HEAD~1 --hard",
        ],
    );
    check_all(&policy, "allow", &["bash rm -r x", "bash git push origin main", "bash git reset HEAD~1"]);
}

#[test]
fn options_that_are_not_known_ask() {
    let rules = [
        "allow Bash(ls:*)",
        "allow Bash(grep:*)",
        "allow Bash(sort:*)",
        "allow Bash(git log:*)",
        "allow Bash(ls --frobnicate)",
    ];
    let policy = policy(Mode::Default, &rules);
    check_all(
        &policy,
        "ask",
        &[
            "bash ls --frobnicate a",
            "bash grep --frobnicate x y",
            "bash sort -Y a",
            "bash git log --frobnicate",
            "bash ls -la --exec=x",
        ],
    );
    check_all(
        &policy,
        "allow",
        &[
            "bash ls -la",
            "bash ls --frobnicate",
            "bash ls --color=never -1 src",
            "bash grep -rn --include='*.rs' x src",
            "bash grep -rnE -A3 x src",
            "bash sort -t, -k2n a",
            "bash sort -rn -k1,1 a",
            "bash git log --oneline --graph --all -20",
            "bash git log --since='2 weeks ago' --format='%h %s' -- src",
            "bash git log -S needle --stat --follow -- a.rs",
        ],
    );
}

#[test]
fn look_alikes_of_guarded_names_are_guarded() {
    let policy =
        policy(Mode::Auto, &["allow Bash", "allow Edit(**)", "allow Read(//**)", "deny Read(Private/**)"]);
    check_all(
        &policy,
        "ask",
        &[
            "write /project/.GIT/hooks/pre-commit",
            "write /project/.g\u{200c}it/config",
            "write /project/\u{ff0e}git/config",
            "write /project/.git./config",
            "write /project/.git /config",
            "write /project/.git::$INDEX_ALLOCATION/config",
            "write /project/GIT~1/config",
            "write /project/.vſcode/tasks.json",
            "write /project/Build.RS",
            "write /project/.ＧitHub/workflows/ci.yml",
        ],
    );
    check_all(
        &policy,
        "deny",
        &[
            "read /project/\u{ff0e}env",
            "read /project/.ｅｎｖ",
            "read /project/.EN\u{feff}V",
            "read /project/.env.",
            "read /people/ada/.SSH/id_ed25519",
            "read /people/ada/.ſſh/id_ed25519",
            "read /project/PRIVATE/a",
            "read /project/ｐrivate/a",
            "bash cat .ｅnv",
            "bash cat Server.PEM",
        ],
    );
    check_all(
        &policy,
        "allow",
        &["write /project/src/größe.rs", "read /project/naïve.md", "write /project/日本語/a.md"],
    );
}

#[test]
fn what_a_shell_is_fed_asks_and_is_denied_by_its_words() {
    let policy = policy(Mode::Auto, &["allow Bash", "deny Bash(rm:*)"]);
    check_all(
        &policy,
        "deny",
        &[
            "bash bash <<< 'rm a'",
            "bash echo 'rm b' | bash",
            "bash echo '/bin/rm b' | busybox sh",
            "bash fish -c 'rm a'",
            "bash valgrind rm a",
            "bash perf stat rm a",
            "bash pipenv run rm a",
            "bash nix-shell --run 'rm a'",
            "bash nodemon --exec 'rm a'",
            "bash cargo watch -s 'rm a'",
            "bash bash -o pipefail -c 'rm a'",
            "bash bash -euo pipefail -c 'rm a'",
        ],
    );
    check_all(&policy, "ask", &["bash echo ls | bash", "bash python3 <<< 'print(1)'"]);
    check_all(&policy, "allow", &["bash git rm a", "bash grep rm a", "bash python3 --version"]);
}

#[test]
fn a_habit_of_git_runs_no_program_of_the_repository() {
    let policy = policy(Mode::Default, &["allow Bash(git:*)", "allow Bash(tar:*)"]);
    check_all(
        &policy,
        "ask",
        &[
            "bash git log --show-signature",
            "bash git log --show-sig",
            "bash git log --format=%GK",
            "bash git log --format '%h %G?'",
            "bash git merge-index ./run.sh -a",
            "bash git checkout-index --prefix=../x -a",
            "bash git merge -s ./x b",
            "bash git mailsplit -o x y",
            "bash git foo",
            "bash tar -tf a --index-file=b",
            "bash tar -cf a --remove-files b",
        ],
    );
    check_all(&policy, "allow", &["bash git log -5", "bash git status -sb", "bash git show HEAD"]);
}

#[test]
fn what_arrives_in_a_folder_keeps_its_name() {
    let policy = policy(Mode::Auto, &["allow Bash"]);
    check_all(
        &policy,
        "ask",
        &[
            "bash cp x/build.rs .",
            "bash cp x/.vimrc .",
            "bash mv x/.gdbinit src",
            "bash cp -a evil/. .",
            "bash rsync -a evil/ .",
            "bash install -t . x/build.rs",
        ],
    );
    check_all(&policy, "allow", &["bash cp x/a.rs .", "bash mv a.rs src/b.rs", "bash cp -r docs target"]);
}
