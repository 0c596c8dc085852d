//! Back doors of build tools and test runners: options that name another program, other settings, or code that is not
//! the project's.
//!
//! `Bash(npm test:*)` and `Bash(go test:*)` mean the project's own tests, which run the project's code. `npm test
//! --script-shell=x` and `go test -exec x` run something else; so only a rule that spells them out allows them. What
//! stands behind `--` is for the tests.

use super::words::Word;

/// One line of the table.
struct Hatches {
    names: &'static str,
    /// Letters of options with a value, attached or in the next word, that are no hatch: what is behind them is data.
    values: &'static str,
    /// What is a hatch: `--name`, with one dash or two; `-x`, alone or among letters; `=-x`, this word only; `~text`,
    /// in any word; `/name`, where its value is a path; `@`, a word that begins so.
    openings: &'static str,
}

const fn row(names: &'static str, values: &'static str, hatches: &'static str) -> Hatches {
    Hatches { names, values, openings: hatches }
}

#[rustfmt::skip]
const TABLE: &[Hatches] = &[
    row("cargo", "pFj", "--config -Z"),
    row("go", "", "--exec --toolexec --vettool --overlay --modfile --pkgdir --compiler ~-extld ~-extar"),
    row("npm", "", "--script-shell --shell --node-options --userconfig --globalconfig --init-module --editor --viewer --browser --git --onload-script"),
    row("pnpm yarn", "", "--script-shell --shell --node-options --userconfig --pnpmfile --global-pnpmfile --use-node-version ~--config."),
    row("bun", "", "--preload --require --import --config --shell --tsconfig-override -r -c"),
    row("node nodejs tsx ts-node", "C", "--eval --print --require --import --loader --experimental-loader --env-file --env-file-if-exists --experimental-config-file --openssl-config --inspect --inspect-brk --compiler -r -e -p"),
    row("deno", "", "--config --import-map --preload --allow-run --allow-all --allow-ffi --cert -c -A"),
    row("jest", "tuw", "--config --globalSetup --globalTeardown --setupFiles --setupFilesAfterEnv --testRunner --runner --resolver --transform --testEnvironment --watchPlugins --preset --snapshotSerializers --testSequencer --dependencyExtractor --haste --rootDir --testResultsProcessor --prettierPath --filter /reporters -c"),
    row("vitest", "t", "--config --globalSetup --runner --configLoader --root --browser.provider /reporter /environment -c -r"),
    row("mocha", "fgtbuRs", "--require --config --opts --import --loader --package --node-option /reporter -r -n"),
    row("playwright cypress", "", "--config --config-file --project --browser /reporter -c -C"),
    row("eslint prettier stylelint", "", "--config --rulesdir --plugin --parser --plugin-search-dir --resolve-plugins-relative-to --custom-syntax --custom-formatter /format /f -c"),
    row("pytest py.test", "kmnrW", "--config-file --override-ini --pdbcls --pastebin --basetemp --confcutdir --log-file -p -c -o @"),
    row("tox", "e", "--conf --override --workdir --root -c -x"),
    row("nox", "skt", "--noxfile -f"),
    row("mypy", "", "--config-file --python-executable --install-types"),
    row("ansible-lint", "", "--rules-dir -r -R -c"),
    row("golangci-lint oxlint", "", "--config --js-plugins -c"),
    row("ruff", "", "--config"),
    row("rubocop standardrb haml-lint cookstyle", "f", "--require --config --plugin -r -c"),
    row("phpstan psalm php-cs-fixer rector phpcs", "", "--configuration --config --autoload-file --bootstrap --standard -c -a"),
    row("markdownlint markdownlint-cli2", "", "--config --rules --configPointer -c -r"),
    row("tflint", "", "--config --chdir -c"),
    row("detekt ktlint", "", "--plugins --ruleset -R"),
    row("pyright basedpyright", "", "--pythonpath --venvpath"),
    row("clang-tidy", "", "--load --config-file ~-fplugin"),
    row("ava", "", "--config --require"),
    row("helm", "", "--post-renderer --kubeconfig"),
    row("kubectl oc", "", "--server --token --as -s"),
    row("pip pip3", "", "--python"),
    row("nx", "", "--runner --tasksRunner"),
    row("mix", "", "--require --formatter -r"),
    row("zig", "", "--build-file --build-runner"),
    row("flake8", "", "--config --append-config"),
    row("pylint", "", "--rcfile --load-plugins --init-hook"),
    row("coverage pre-commit", "m", "--rcfile --config -c"),
    row("cmake", "SBGDUAT", "--toolchain -P -C -E ~_LAUNCHER ~CMAKE_C_COMPILER ~CMAKE_CXX_COMPILER ~CMAKE_MAKE_PROGRAM ~TOOLCHAIN ~CMAKE_PROJECT"),
    row("ctest", "RELj", "--script --build-and-test --test-command -S -D -T"),
    row("meson", "", "--native-file --cross-file --wrapper --wrap --gdb-path"),
    row("gradle gradlew", "PDx", "--init-script --build-file --settings-file --gradle-user-home --include-build --project-dir --project-cache-dir -I -b -c -g -p ~java.home ~javaagent ~org.gradle.jvmargs"),
    row("mvn mvnw", "", "=-f --file =-s --settings =-gs --global-settings =-t --toolchains =-l ~exec: ~-Dexec. ~-DargLine ~-Djvm ~maven.ext ~javaagent ~-Dmaven.repo ~multiModuleProjectDirectory"),
    row("dotnet msbuild", "", "--logger --settings --test-adapter-path --diag =-s ~CustomBefore ~CustomAfter ~DirectoryBuild"),
    row("bazel bazelisk", "", "--run_under --bazelrc --override_repository --override_module --shell_executable --host_javabase"),
    row("rspec", "eft", "--require --options --default-path -r -I -O"),
    row("rake", "", "--require --rakefile --rakelib --libdir --execute --execute-print --execute-continue -r -f -R -I -e -p -E"),
    row("ruby perl", "", "-r -I -e -M -m -E -S"),
    row("phpunit", "", "--bootstrap --configuration --include-path --extension --printer --loader -c -d"),
    row("php", "", "--define --run --php-ini --process-code --process-file -d -c -r -B -R -F -E"),
    row("just", "", "--justfile --shell --shell-arg --shell-command --command --chooser --working-directory -f -c -d"),
    row("task", "", "--taskfile --dir -t -d"),
    row("gcc g++ cc c++ clang clang++ rustc", "", "--config ~linker ~-fplugin ~-wrapper ~-specs ~-B/ ~-load @"),
    row("javac", "", "--processor-path ~-processorpath ~-J @"),
    row("swift", "", "--package-path --toolchain --sdk ~load-plugin"),
];

/// Programs that start the tools of a project, and the word before those; none for some.
const LAUNCHERS: &[(&str, &str)] =
    &[("bundle pnpm yarn npm", "exec"), ("uv poetry pipenv pdm rye hatch", "run"), ("npx bunx uvx pipx", "")];

/// Which take a part of a long option for the whole.
const ABBREVIATES: &str =
    "npm rspec rake mypy tox rubocop isort flake8 autopep8 autoflake codespell bandit git";

/// The word that opens a hatch, if one does.
pub(super) fn opened<'a>(name: &str, words: &'a [Word]) -> Option<&'a str> {
    let (started, behind) = peeled(words);
    let (name, words) = if behind.len() < words.len() { (started, behind) } else { (name, words) };
    // What a build hands on to the tool that it starts.
    if name == "cmake" && words.get(1).is_some_and(|word| word.text == "--build") {
        let handed = words.iter().position(|word| word.text == "--")? + 1;
        return words[handed..].first().map(|word| word.text.as_str());
    }
    let row = TABLE.iter().find(|row| is_among(name, row.names))?;
    let end = words.iter().position(|word| matches!(word.text.as_str(), "--" | "-args" | "--args"));
    let words = &words[..end.unwrap_or(words.len())];
    (1..words.len()).find_map(|at| {
        let (text, next) = (words[at].text.as_str(), words.get(at + 1).map_or("", |word| word.text.as_str()));
        let mut hatches = row.openings.split_ascii_whitespace();
        hatches.any(|hatch| opens(hatch, name, row.values, text, next)).then_some(text)
    })
}

/// The tool that a command is there to start, by its bare name, and the words from there on: `eslint` for `npx eslint
/// .`.
pub(super) fn peeled(words: &[Word]) -> (&str, &[Word]) {
    let name = words.first().map_or("", |word| word.text.rsplit('/').next().unwrap_or_default());
    // A module by its name: `python -m pytest`.
    if name.starts_with("python") && words.get(1).is_some_and(|word| word.text == "-m") && words.len() > 2 {
        return peeled(&words[2..]);
    }
    match behind_launcher(name, words) {
        Some(behind) if !behind.is_empty() => peeled(behind),
        _ => (name, words),
    }
}

/// The words of the program that a launcher of a project's own tools starts.
fn behind_launcher<'a>(name: &str, words: &'a [Word]) -> Option<&'a [Word]> {
    let (_, verb) = LAUNCHERS.iter().find(|(names, _)| is_among(name, names))?;
    let behind = match verb {
        &"" => &words[1..],
        verb => words.get(1).filter(|word| word.text == *verb).map(|_| &words[2..])?,
    };
    let start = behind.iter().position(|word| !word.text.starts_with('-'))?;
    Some(&behind[start..])
}

/// Whether a word is what one of a table's openings says.
pub(super) fn opens(hatch: &str, name: &str, values: &str, text: &str, next: &str) -> bool {
    let (option, value) = text.split_once('=').map_or((text, next), |(option, value)| (option, value));
    let bare = option.trim_start_matches('-');
    let is_option = bare.len() < option.len();
    if let Some(exact) = hatch.strip_prefix('=') {
        return option == exact;
    }
    if let Some(part) = hatch.strip_prefix('~') {
        return text.contains(part);
    }
    if let Some(long) = hatch.strip_prefix('/') {
        return is_option && bare == long && value.contains(['/', '.']);
    }
    if let Some(long) = hatch.strip_prefix("--") {
        // Some tools take `--globalSetup`, `--global-setup` and `--GLOBALSETUP` for the same.
        let is_same = |one: &str, other: &str| {
            let letters = |text: &str| text.replace('-', "").to_ascii_lowercase();
            one == other || (one.len() > 3 && letters(one) == letters(other))
        };
        let is_part =
            is_among(name, ABBREVIATES) && bare.len() > 1 && long.starts_with(bare) && bare != "global";
        return is_option && (is_same(bare, long) || is_part);
    }
    if hatch == "@" {
        return text.starts_with('@');
    }
    let letter = hatch.trim_start_matches('-');
    let cluster = text.strip_prefix('-').filter(|letters| !letters.starts_with('-'));
    let Some((before, behind)) = cluster.and_then(|letters| letters.split_once(letter)) else { return false };
    // Behind a letter with a value comes data; `-p no:cacheprovider` of pytest only takes something away.
    let value = if behind.is_empty() { next } else { behind };
    before.chars().all(char::is_alphabetic)
        && !before.contains(|letter: char| values.contains(letter))
        && !value.starts_with("no:")
}

/// Whether a name is one of a list with blanks between.
pub(super) fn is_among(name: &str, list: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_names_another_program_or_other_settings_opens() {
        for (command, expected) in [
            ("npm test --script-shell=./x", Some("--script-shell=./x")),
            ("npm test -script-shell ./x", Some("-script-shell")),
            ("npm --scr=./x test", Some("--scr=./x")),
            ("npm test -- --script-shell=./x", None),
            ("npm run build --silent", None),
            ("pnpm -r build", None),
            ("pnpm --config.script-shell=./x test", Some("--config.script-shell=./x")),
            ("go test -exec ./x ./...", Some("-exec")),
            ("go test --exec=./x", Some("--exec=./x")),
            ("go build -toolexec=./x", Some("-toolexec=./x")),
            ("go build -ldflags=-extld=./x", Some("-ldflags=-extld=./x")),
            ("go test -run TestExec -v ./...", None),
            ("go test ./... -args -exec x", None),
            ("cargo test --config build.runner='x'", Some("--config")),
            ("cargo -Zunstable-options test", Some("-Zunstable-options")),
            ("cargo check -p my-config", None),
            ("cargo test -- --config x", None),
            ("pytest -p evil", Some("-p")),
            ("pytest -vp evil", Some("-vp")),
            ("pytest -pevil", Some("-pevil")),
            ("pytest -p no:cacheprovider", None),
            ("pytest -k parser -x", None),
            ("pytest -kparser", None),
            ("pytest --override-ini=addopts=-pevil", Some("--override-ini=addopts=-pevil")),
            ("pytest @args", Some("@args")),
            ("python3 -m pytest -q -p evil", Some("-p")),
            ("python3 -m pytest -q tests", None),
            ("python3 x.py -p evil", None),
            ("jest --runInBand --ci", None),
            ("jest --globalSetup=./x", Some("--globalSetup=./x")),
            ("vitest run --reporter=verbose", None),
            ("vitest --run --reporter ./x.js", Some("--reporter")),
            ("node --test", None),
            ("node --test --import=./x", Some("--import=./x")),
            ("mvn -q -DskipTests package", None),
            ("mvn test -Dtest=A -pl core -am", None),
            ("mvn -Dexec.executable=./x exec:exec", Some("-Dexec.executable=./x")),
            ("gradlew test --init-script x", Some("--init-script")),
            ("gradlew test -Pname=value", None),
            ("cmake -DCMAKE_BUILD_TYPE=Release -S . -B build", None),
            ("cmake -DCMAKE_C_COMPILER_LAUNCHER=./x .", Some("-DCMAKE_C_COMPILER_LAUNCHER=./x")),
            ("cmake -P x.cmake", Some("-P")),
            ("eslint -f json .", None),
            ("eslint -f ./x.js .", Some("-f")),
            ("bundle exec rspec -r ./x", Some("-r")),
            ("bundle exec rspec spec/a.rb", None),
            ("uv run pytest -p evil", Some("-p")),
            ("uv run -q pytest -k a", None),
            ("npx jest --globalSetup ./x", Some("--globalSetup")),
            ("npm exec -- jest --ci", None),
            ("jest --global-setup ./x", Some("--global-setup")),
            ("ruff check --config fix=true .", Some("--config")),
            ("bundle exec rubocop -r ./x", Some("-r")),
            ("rubocop -fa", None),
            ("npx pyright --pythonpath ./x", Some("--pythonpath")),
            ("npm test", None),
            ("cmake --build build --target test", None),
            ("cmake --build build -- SHELL=./x", Some("SHELL=./x")),
            ("helm template --post-renderer ./x y", Some("--post-renderer")),
            ("mvn test exec:exec", Some("exec:exec")),
            ("just test", None),
            ("just --shell ./x test", Some("--shell")),
            ("ls --config x", None),
        ] {
            let words: Vec<Word> = command.split(' ').map(Word::plain).collect();
            assert_eq!(opened(&words[0].text, &words), expected, "{command}");
        }
    }
}
