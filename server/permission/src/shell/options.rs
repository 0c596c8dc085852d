//! The options of common tools that only look and print: what is not here may be newer, another dialect's, or worse.
//!
//! A rule such as `Bash(sort:*)` means the tool as people know it. An option that is not known here asks, until a rule
//! spells the whole command out.

use super::words::Word;

/// What is known of one tool.
struct Known {
    names: &'static str,
    /// Letters that stand alone or together.
    flags: &'static str,
    /// Letters with a value, attached or in the next word.
    values: &'static str,
    /// Long options, without their values. One that ends in `*` stands for all that begin so.
    long: &'static str,
}

const fn known(names: &'static str, flags: &'static str, values: &'static str, long: &'static str) -> Known {
    Known { names, flags, values, long }
}

/// Long options that every one of them has.
const COMMON: &str = "help version color colour";

#[rustfmt::skip]
const KNOWN: &[Known] = &[
    known("cat", "AbeEnstTuvl", "", "show-all number-nonblank show-ends number squeeze-blank show-tabs show-nonprinting"),
    known("head tail", "qvzFfr0123456789", "cnbs", "bytes lines quiet silent verbose zero-terminated follow retry pid sleep-interval max-unchanged-stats"),
    known("wc", "clLmw", "", "bytes chars lines max-line-length words total"),
    known("ls dir vdir", "aAbBcCdDfFgGhHiklLmnNopqQrRsStuUvxXZ1@eOWTwI", "wTI", "all almost-all author escape block-size ignore-backups directory dired classify file-type format full-time group-directories-first no-group human-readable si dereference dereference-command-line* hide hyperlink indicator-style inode ignore kibibytes literal hide-control-chars show-control-chars quote-name quoting-style reverse recursive size sort time time-style tabsize width context zero numeric-uid-gid"),
    known("sort", "bdfghiMnRrVcCmsuz", "kt", "ignore-leading-blanks dictionary-order ignore-case general-numeric-sort ignore-nonprinting month-sort human-numeric-sort numeric-sort random-sort reverse sort version-sort check key merge stable field-separator unique zero-terminated parallel buffer-size debug batch-size"),
    known("uniq", "cdDiuz", "fsw", "count repeated all-repeated skip-fields group ignore-case skip-chars unique zero-terminated check-chars"),
    known("cut", "nsz", "bcdf", "bytes characters delimiter fields complement only-delimited output-delimiter zero-terminated"),
    known("tr", "cCdst", "", "complement delete squeeze-repeats truncate-set1"),
    known("grep egrep fgrep zgrep", "abcEFGHhIiLlnoPqRrsTUuvVwxyZz0123456789", "ABCDdefm", "regexp file extended-regexp fixed-strings basic-regexp perl-regexp ignore-case no-ignore-case invert-match word-regexp line-regexp count files-without-match files-with-matches max-count only-matching quiet silent no-messages byte-offset with-filename no-filename label line-number initial-tab null null-data after-context before-context context group-separator no-group-separator text binary-files devices directories exclude exclude-from exclude-dir include recursive dereference-recursive line-buffered binary unix-byte-offsets"),
    known("rg", "abcFHhIiLlNnoPpqSsuUvVwx.0", "ABCEefgMmTtjdr", "after-context auto-hybrid-regex before-context binary block-buffered byte-offset case-sensitive colors column context context-separator count count-matches crlf debug dfa-size-limit encoding engine field-context-separator field-match-separator file files files-with-matches files-without-match fixed-strings follow glob glob-case-insensitive heading hidden hyperlink-format iglob ignore* include-zero invert-match json line-buffered line-number line-regexp max-columns max-columns-preview max-count max-depth max-filesize mmap multiline multiline-dotall no-* null null-data one-file-system only-matching passthru path-separator pcre2 pretty quiet regex-size-limit regexp replace require-git search-binary-files smart-case sort sortr stats stop-on-nonmatch text threads trace trim type type-* unicode unrestricted vimgrep with-filename word-regexp generate"),
    known("diff", "aBbcdeEilNnpqrsTtuwyZ0123456789", "CDFIKLUWXxS", "normal brief report-identical-files context unified ed rcs side-by-side width left-column suppress-common-lines show-c-function show-function-line label expand-tabs initial-tab tabsize suppress-blank-empty recursive no-dereference new-file unidirectional-new-file ignore-* no-ignore-* exclude exclude-from starting-file from-file to-file text strip-trailing-cr ifdef *-group-format line-format speed-large-files minimal horizon-lines palette"),
    known("cmp", "bls", "in", "print-bytes ignore-initial verbose bytes quiet silent"),
    known("comm", "123iz", "", "check-order nocheck-order output-delimiter total zero-terminated"),
    known("du", "0abcDHhkLlmPSsx", "BdtX", "null all apparent-size block-size bytes total dereference* max-depth human-readable inodes count-links no-dereference separate-dirs si summarize threshold time time-style exclude exclude-from one-file-system"),
    known("df", "aHhiklPTv", "Btx", "all block-size human-readable si inodes local no-sync output portability sync total type print-type exclude-type"),
    known("stat", "LtfFlnqrsx", "cft", "dereference file-system format printf terse cached"),
    known("nl", "p", "bdfhilnsvw", "body-numbering section-delimiter footer-numbering header-numbering line-increment join-blank-lines number-format no-renumber number-separator starting-line-number number-width"),
    known("column", "teLnrxJd", "cosNORTHWlpi", "table output-width separator output-separator table-* json fillrows keep-empty-lines"),
    known("paste", "sz", "d", "delimiters serial zero-terminated"),
    known("fold", "bs", "w", "bytes spaces width"),
    known("tac", "br", "s", "before regex separator"),
    known("basename", "az", "s", "multiple suffix zero"),
    known("dirname", "z", "", "zero"),
    known("realpath readlink", "eEmfnLPsqvz", "", "canonicalize* no-newline logical physical quiet silent verbose relative-to relative-base strip no-symlinks zero"),
    known("seq", "w", "fs", "format separator equal-width"),
    known("md5sum sha1sum sha224sum sha256sum sha384sum sha512sum cksum", "bctwz", "al", "binary check tag text zero ignore-missing quiet status strict warn algorithm untagged raw base64 length"),
    known("xxd", "abeEipruzC", "clgnosR", "autoskip bits cols endian include len little-endian name offset plain ps postscript revert seek uppercase"),
    known("od hexdump", "abcdDefFhHiIlLoOsvxXBC", "AjNSstwn", "address-radix skip-bytes read-bytes endian strings format output-duplicates traditional width"),
    known("jq", "nrjacCsSeRM", "L", "null-input raw-input raw-output raw-output0 join-output ascii-output compact-output slurp sort-keys exit-status tab indent unbuffered arg argjson args jsonargs slurpfile rawfile from-file stream stream-errors seq color-output monochrome-output ascii build-configuration"),
    known("tree", "adfilxqNrtcUvnpughsDFACSXJQ", "LPIHT", "all noreport dirsfirst filesfirst filelimit gitignore gitfile matchdirs ignore-case prune du si inodes device charset sort timefmt metafirst fromfile"),
    known("file", "bhiLNnprsvz0kld", "Ff", "brief mime mime-type mime-encoding dereference no-dereference no-pad separator files-from keep-going list extension"),
    known("true false pwd whoami uname nproc date", "asnrvmpioPLuRI", "dfr", "all kernel-* nodename machine processor hardware-platform operating-system date file iso-8601 rfc-3339 rfc-email reference utc universal resolution ignore logical physical"),
];

/// Options of `git log`, `show`, `diff`, `status` and their kin that only choose and print; one that ends in `*` stands
/// for all that begin so. What runs or writes is looked for before (see `git`).
const GIT_LONG: &str = "abbrev* after all all-match ancestry-path anchored author* basic-regexp before binary bisect boundary branch* \
    break-rewrites cached cc check cherry* children clear-decorations color* combined* committer committed column* compact-* count \
    cumulative date* decorate* default dense diff-algorithm diff-filter diff-merges dirstat* dst-prefix encode-email-headers \
    encoding exclude* exit-code expand-tabs extended-regexp fetch-* find-* first-parent fixed-strings follow format* full-* \
    function-context glob graph grep* heads help histogram head ignore* indent-heuristic inter-hunk-context inverse invert-grep \
    irreversible-delete ita-* left-* line-prefix log-size long max-* merge* merges mailmap min-* minimal name-only name-status \
    no-* not notes null numstat objects* oneline order-file* output-indicator-* parents patch* patience perl-regexp pickaxe-* porcelain \
    pretty* quiet range-diff raw reflog* regexp-ignore-case relative* remerge-diff remote* remotes remove-empty renames rename-* \
    reverse right-only rotate-to root shortstat show-* simplify-* simplify since* since-as-filter single-worktree skip* source sparse \
    src-prefix standard-notes staged stat* submodule* summary tags* text theirs* topo-order unified* until unpacked untracked-files* use-mailmap \
    verbose walk-reflogs width word-diff* ws-error-highlight* zero short show-toplevel abbrev-ref symbolic symbolic-full-name verify \
    git-common-dir absolute-git-dir is-* sq local-env-vars contains no-contains list sort points-at exact-match always tags dirty \
    candidates match debug others stage deleted modified unmerged killed directory cached eol recurse-submodules error-unmatch \
    with-tree deduplicate full-name full-tree line-porcelain incremental score-debug numbered email group line-number \
    files-with-matches files-without-match name-status count and or max-depth heading break show-function word-regexp \
    after-context before-context context only-matching untracked index ignore-case invert-match cc batch batch-check textual \
    fork-point octopus independent is-ancestor perl-regexp stdin base-name tree t ahead-behind renames find-renames column";

/// Whether a word is an option that the tool is not known to have; always false for tools that are not known.
pub(super) fn is_unknown(name: &str, word: &Word) -> bool {
    let Some(tool) = KNOWN.iter().find(|tool| tool.names.split(' ').any(|one| one == name)) else {
        return false;
    };
    let text = word.text.as_str();
    if !text.starts_with('-') || text == "-" || text == "--" {
        return false;
    }
    if let Some(long) = text.strip_prefix("--") {
        let long = long.split('=').next().unwrap_or_default();
        return !names_one(tool.long, long) && !names_one(COMMON, long);
    }
    for letter in text.chars().skip(1) {
        if tool.values.contains(letter) {
            return false;
        }
        // Those that write or run have been looked for by name; they are no unknown ones.
        if !tool.flags.contains(letter) {
            return true;
        }
    }
    false
}

/// The same for what `git` takes behind a subcommand that only reads.
pub(super) fn is_unknown_to_git(word: &Word) -> bool {
    let Some(long) = word.text.strip_prefix("--") else { return false };
    let long = long.split('=').next().unwrap_or_default();
    !long.is_empty() && !names_one(GIT_LONG, long)
}

/// Whether a long option is one of a list, or an abbreviation of it.
fn names_one(list: &str, option: &str) -> bool {
    list.split_ascii_whitespace().any(|known| match (known.strip_suffix('*'), known.strip_prefix('*')) {
        (Some(start), _) => option.starts_with(start) || (option.len() > 2 && start.starts_with(option)),
        (_, Some(end)) => option.ends_with(end),
        _ => known == option || (option.len() > 2 && known.starts_with(option)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_in_the_table_is_unknown() {
        for (name, word, expected) in [
            ("ls", "-la", false),
            ("ls", "--frobnicate", true),
            ("ls", "--group-directories-first", false),
            ("ls", "-y", true),
            ("head", "-n20", false),
            ("head", "-20", false),
            ("sort", "-t,", false),
            ("sort", "-k2,3", false),
            ("grep", "-rnE", false),
            ("grep", "--include=*.rs", false),
            ("grep", "-A3", false),
            ("rg", "--type-add", false),
            ("rg", "--no-heading", false),
            ("rg", "--run", true),
            ("unknown", "--anything", false),
            ("cat", "-", false),
            ("cat", "--", false),
        ] {
            assert_eq!(is_unknown(name, &Word::plain(word)), expected, "{name} {word}");
        }
        for (word, expected) in [
            ("--oneline", false),
            ("--format=%h", false),
            ("--since=1", false),
            ("--frobnicate", true),
            ("-5", false),
        ] {
            assert_eq!(is_unknown_to_git(&Word::plain(word)), expected, "{word}");
        }
    }
}
