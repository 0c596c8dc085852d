//! What is wrong, exactly where, and how to mend it.

use std::fmt;
use std::path::PathBuf;

use crate::Span;

/// One finding about one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Bytes of the text it is about.
    pub span: Span,
    pub code: Code,
    pub severity: Severity,
    /// Short common words: what is wrong, what to do next. No trailing full stop.
    pub message: String,
    /// Other places that explain it, the first `id` of a duplicate for one.
    pub related: Vec<Related>,
    /// Mends, best first. Computed without a model.
    pub fixes: Vec<Fix>,
}

impl Diagnostic {
    /// A finding with the severity that its code always has.
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            span,
            code,
            severity: code.severity(),
            message: message.into(),
            related: vec![],
            fixes: vec![],
        }
    }

    #[must_use]
    pub fn with_fix(mut self, fix: Fix) -> Self {
        self.fixes.push(fix);
        self
    }

    #[must_use]
    pub fn with_related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { path: None, span, message: message.into() });
        self
    }
}

/// Another place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The file; `None` is the same text.
    pub path: Option<PathBuf>,
    pub span: Span,
    pub message: String,
}

/// A mend: edits of the same text, none overlapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as a menu says it: `change to 'run'`.
    pub title: String,
    pub edits: Vec<TextEdit>,
    pub safety: Safety,
}

/// Whether a mend may be made without anybody looking at it: by `check --fix`, by *fix all*.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Safety {
    /// A person chooses: it guesses, adds or takes something away.
    #[default]
    Suggested,
    /// There is one way to mend it, and nothing is lost by it.
    Safe,
}

impl Fix {
    /// A mend that a person chooses.
    pub fn new(title: impl Into<String>, edits: Vec<TextEdit>) -> Self {
        Self { title: title.into(), edits, safety: Safety::Suggested }
    }

    /// The same, as safe as `safety` says.
    #[must_use]
    pub fn with_safety(mut self, safety: Safety) -> Self {
        self.safety = safety;
        self
    }

    /// A mend that may be made unseen. It must change nothing but the one wrong thing, and delete no text of the
    /// person's.
    pub fn safe(title: impl Into<String>, edits: Vec<TextEdit>) -> Self {
        Self::new(title, edits).with_safety(Safety::Safe)
    }
}

impl TextEdit {
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Puts `text` at `offset`.
    pub fn insert(offset: usize, text: impl Into<String>) -> Self {
        Self::new(Span::at(offset), text)
    }
}

/// Replaces the bytes of `span` by `text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    pub span: Span,
    pub text: String,
}

/// How bad it is, in the protocol's own steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    Info,
    Hint,
}

impl Severity {
    /// The word of `check --json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Hint => "hint",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $severity:ident;)*) => {
        /// What kind of finding it is. The word is stable: settings, pages and people refer to it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, for the documentation and its tests.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The kebab-case word.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The severity that findings of this code have.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The text is no YAML (or no JSON, no TOML) from here on.
    YamlSyntax = "yaml-syntax", Error;
    JsonSyntax = "json-syntax", Error;
    TomlSyntax = "toml-syntax", Error;
    DuplicateKey = "duplicate-key", Error;
    UnknownKey = "unknown-key", Error;
    MissingKey = "missing-key", Error;
    TypeMismatch = "type-mismatch", Error;
    UnknownValue = "unknown-value", Error;
    DuplicateStep = "duplicate-step", Error;
    /// Two tools of one name, given to one model.
    DuplicateTool = "duplicate-tool", Error;
    UnknownStep = "unknown-step", Error;
    DependencyCycle = "dependency-cycle", Error;
    ExpressionSyntax = "expression-syntax", Error;
    UndeclaredInput = "undeclared-input", Error;
    /// An expression without `${{ }}` where it is taken literally.
    BareExpression = "bare-expression", Warning;
    /// A name that expressions cannot start from, or not there.
    UnknownRoot = "unknown-root", Error;
    /// A field that no value of that type has.
    UnknownProperty = "unknown-property", Error;
    /// A method or function that is not part of the language, or no function at all.
    UnknownMethod = "unknown-method", Error;
    /// An argument that a function cannot take.
    WrongArgument = "wrong-argument", Error;
    /// A comparison that can only have one outcome.
    ConstantCondition = "constant-condition", Warning;
    /// A constant expression without a value.
    FailingExpression = "failing-expression", Error;
    /// Text around an expression where the expression's own value is meant.
    MixedExpression = "mixed-expression", Warning;
    /// A secret in a place that people or logs see.
    ExposedSecret = "exposed-secret", Warning;
    /// `steps.a-b` reads as a subtraction.
    HyphenatedStep = "hyphenated-step", Error;
    PendingApproval = "pending-approval", Warning;
    Proposal = "proposal", Info;
    StaleEdit = "stale-edit", Warning;
    /// An agent that reviewed says so.
    ReviewFinding = "review-finding", Info;
    /// The answer of a chat document ended with its server.
    CutAnswer = "cut-answer", Info;
    UntrustedSetting = "untrusted-setting", Warning;
    UnknownSetting = "unknown-setting", Warning;
    /// A permission rule that cannot be understood. Of a deny rule it is an error: nobody is protected by it.
    MalformedRule = "malformed-rule", Warning;
    /// Another rule of the same list says all that it says.
    ShadowedRule = "shadowed-rule", Warning;
    /// Something stricter always decides before it.
    UnreachableRule = "unreachable-rule", Warning;
    /// A rule that allows where nothing can be granted.
    GrantingRule = "granting-rule", Warning;
    UnknownAgent = "unknown-agent", Error;
    UnknownWorkflow = "unknown-workflow", Warning;
    UnknownPool = "unknown-pool", Warning;
    /// An input that the called workflow does not have.
    UnknownInput = "unknown-input", Error;
    /// An output that the called workflow does not have.
    UnknownOutput = "unknown-output", Error;
    /// An MCP server, a provider or another name that the config does not give.
    UnknownName = "unknown-name", Warning;
    /// A model that calls no tools, where somebody works with them.
    ToollessModel = "toolless-model", Warning;
    /// A model that sees no images, where words name one.
    BlindModel = "blind-model", Warning;
    /// An external program that the allow-list does not name.
    EngineNotAllowed = "engine-not-allowed", Warning;
    /// Workflows that call one another in a circle.
    WorkflowCycle = "workflow-cycle", Error;
    /// A key that does nothing where it stands.
    UselessKey = "useless-key", Warning;
    DeprecatedKey = "deprecated-key", Warning;
    /// A text that has not the form it must have: a pattern, a format, a length.
    FormatMismatch = "format-mismatch", Error;
    /// Another rule of a schema that a value breaks.
    SchemaMismatch = "schema-mismatch", Error;
    /// A schema that cannot be used, or not wholly. It says nothing about the file.
    SchemaUnavailable = "schema-unavailable", Info;
    UnusedInput = "unused-input", Hint;
    /// A step or a list of steps that can never run.
    NeverRuns = "never-runs", Warning;
    /// A time to sleep whose unit only Copydesk knows.
    SleepUnit = "sleep-unit", Info;
    /// A secret written out in a file.
    PlainSecret = "plain-secret", Warning;
    /// A key that goes to another machine where everybody on the way can read it.
    ClearTextKey = "clear-text-key", Warning;
    /// A key that goes to a service that its variable does not name.
    StrayKey = "stray-key", Warning;
    /// A name that differs from the place the file has.
    MisplacedName = "misplaced-name", Warning;
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
