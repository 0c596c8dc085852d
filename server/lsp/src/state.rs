//! What one connection knows: the client's rungs, the documents, the workspace and its desk.
//!
//! Set once by `initialize`; after that only the documents change, and only in the intake.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use copydesk_agent::{Desk, DiskFiles};
use copydesk_base::{Files, path};
use copydesk_language::{KnownModel, Trust};
use copydesk_text::document::Change;
use serde::de::DeserializeOwned;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_lsp::Client;
use tower_lsp::gen_lsp_types as lsp;
use tower_lsp::jsonrpc::Request;

use crate::Backstage;
use crate::capabilities::Ladder;
use crate::convert;
use crate::diagnostics::{self, Publisher, Unopened};
use crate::documents::Documents;
use crate::files::EditorFiles;
use crate::host::{EditorHost, chats};
use crate::known::Known;
use crate::methods::semantic_tokens;
use crate::outgoing::Mark;
use crate::schemas::Library;
use crate::scripts::Scripts;
use crate::snapshot::Snapshot;
use crate::suggesting::{self, Suggesting};
use crate::workspace::Workspace;

/// How long a shutdown waits for a client to take what is said of the runs that it ended.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// One connection.
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) backstage: Backstage,
    pub(crate) documents: Arc<Documents>,
    pub(crate) tracker: TaskTracker,
    /// What speaks of runs: each ends when it has said how its run ended.
    pub(crate) speakers: TaskTracker,
    pub(crate) cancel: CancellationToken,
    session: OnceLock<Session>,
    shut_down: AtomicBool,
    /// Passes when what was said before it stands in the writer's queue.
    mark: Mark,
    trust: Known<Trust>,
    /// As they were when the settings changed last.
    models: Known<Arc<[KnownModel]>>,
    /// What was last said about the words of each document.
    pub(crate) tokens: semantic_tokens::Answered,
    /// How many answers about the editor's settings are waited for.
    pub(crate) settings_under_way: watch::Sender<u32>,
}

/// What `initialize` settled.
pub(crate) struct Session {
    pub(crate) ladder: Ladder,
    /// Canonical.
    pub(crate) root: PathBuf,
    pub(crate) desk: Desk,
    pub(crate) host: Arc<EditorHost>,
    pub(crate) publisher: Publisher,
    pub(crate) workspace: Workspace,
    /// The schemas of files that are none of ours.
    pub(crate) library: Library,
    /// Those that configs name.
    pub(crate) scripts: Scripts,
    pub(crate) suggesting: Suggesting,
}

impl State {
    pub(crate) fn new(
        client: Client,
        backstage: Backstage,
        cancel: CancellationToken,
        tracker: TaskTracker,
        mark: Mark,
    ) -> Arc<Self> {
        Arc::new(Self {
            client,
            backstage,
            documents: Arc::new(Documents::new()),
            tracker,
            speakers: TaskTracker::new(),
            cancel,
            session: OnceLock::new(),
            shut_down: AtomicBool::new(false),
            mark,
            trust: Known::default(),
            models: Known::default(),
            tokens: semantic_tokens::Answered::default(),
            settings_under_way: watch::Sender::new(0),
        })
    }

    /// What `initialize` settled; `None` before it.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.get()
    }

    /// Settles the session: root, desk and the tasks that show what happens.
    pub(crate) fn settle(self: &Arc<Self>, params: &lsp::InitializeParams) -> &Session {
        let ladder = Ladder::read(&params.capabilities);
        let root = named_root(params).unwrap_or_else(|| (self.backstage.fallback_root)());
        let root = path::resolve(Path::new("/"), &root);
        let session = self.session.get_or_init(|| {
            let host = EditorHost::new(self.client.clone(), self.documents.clone(), ladder.clone());
            let files: Arc<dyn Files> =
                Arc::new(EditorFiles { documents: self.documents.clone(), disk: DiskFiles });
            let desk = (self.backstage.open)(&root, host.clone(), files, &self.cancel);
            let publisher = Publisher::new();
            let workspace = Workspace::new(&root, &(self.backstage.user_places)(&root));
            let (library, scripts) = (Library::new(&root), Scripts::new(&root));
            let suggesting = Suggesting::new(&ladder, || desk.suggests());
            Session { ladder, root, desk, host, publisher, workspace, library, scripts, suggesting }
        });
        if let Some(process) = params.process_id {
            self.tracker.spawn(crate::parent::watch(process, self.cancel.clone()));
        }
        self.tracker.spawn(crate::diagnostics::work(self.clone()));
        self.tracker.spawn(crate::host::work(self.clone()));
        self.tracker.spawn(crate::workspace::work(self.clone()));
        session
    }

    /// Whether the workspace's own settings count. May read files: not for the intake.
    pub(crate) fn trust(&self) -> Trust {
        let Some(session) = self.session.get() else { return Trust::Untrusted };
        self.trust.get(|| (self.backstage.trust_state)(&session.root))
    }

    /// The models that can be asked, as they were when the settings changed last. May read files: not for the intake.
    pub(crate) fn models(&self) -> Arc<[KnownModel]> {
        let Some(session) = self.session.get() else { return Arc::default() };
        self.models.get(|| (self.backstage.model_names)(&session.root).into())
    }

    /// Has the trust and the settings looked up again when they are next needed: after `copydesk.trust`, and when a
    /// settings file changed.
    pub(crate) fn doubt_trust(&self) {
        self.trust.doubt();
        self.models.doubt();
        if let Some(session) = self.session.get() {
            session.library.doubt_rules();
        }
    }

    /// Some files changed: the open ones whose schema is made of them, or that name them as a script, are looked at
    /// again. Never waits.
    pub(crate) fn sources_changed(self: &Arc<Self>, touched: &[PathBuf]) {
        let Some(session) = self.session.get() else { return };
        let mut users = session.library.users_of(touched);
        users.extend(session.scripts.users_of(touched));
        if !users.is_empty() {
            diagnostics::mark_touched(self, &users, Unopened::Leave);
        }
    }

    /// Whether requests and documents are taken.
    pub(crate) fn is_serving(&self) -> bool {
        self.session.get().is_some() && !self.is_shut_down()
    }

    pub(crate) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Acquire)
    }

    /// Ends runs and child processes, and has it said of each run that was begun on the screen, before this is
    /// answered; requests are refused from now on.
    pub(crate) async fn shut_down(&self) {
        self.shut_down.store(true, Ordering::Release);
        self.close().await;
        self.speakers.close();
        // A client that takes no token keeps nobody waiting.
        let said = async {
            self.speakers.wait().await;
            self.mark.passed(&self.client).await;
        };
        let _ = tokio::time::timeout(LAST_WORDS, said).await;
    }

    pub(crate) async fn close(&self) {
        if let Some(session) = self.session.get() {
            session.desk.close().await;
        }
    }

    /// Documents and settings as they are at this moment.
    pub(crate) fn snapshot(self: &Arc<Self>) -> Option<Snapshot> {
        let session = self.session.get()?;
        Some(Snapshot {
            documents: self.documents.clone(),
            all: self.documents.all(),
            own: None,
            ladder: session.ladder.clone(),
            state: self.clone(),
            view: session.desk.view().borrow().clone(),
            desk: session.desk.clone(),
        })
    }

    /// Applies a document notification, synchronously. Whether it was one.
    pub(crate) fn document_notification(self: &Arc<Self>, request: &Request) -> bool {
        let Some(session) = self.session.get() else { return false };
        let touched = match request.method() {
            "textDocument/didOpen" => params(request).map(|params: lsp::DidOpenTextDocumentParams| {
                let document = params.text_document;
                let language = serde_json::to_value(&document.language_id).unwrap_or_default();
                let language = language.as_str().unwrap_or_default();
                self.documents.open(document.uri.0.clone(), language, document.version, &document.text);
                document.uri.0
            }),
            "textDocument/didChange" => params(request).map(|params: lsp::DidChangeTextDocumentParams| {
                let id = params.text_document;
                let uri = id.text_document_identifier.uri.0;
                let changes: Vec<Change> = params.content_changes.into_iter().map(change).collect();
                self.documents.change(&uri, id.version, &changes, session.ladder.encoding);
                if let Some(open) = self.documents.get(&uri)
                    && let Some(path) = &open.path
                {
                    session.desk.text_changed(path, || open.document.text().clone());
                }
                uri
            }),
            "textDocument/didClose" => params(request).map(|params: lsp::DidCloseTextDocumentParams| {
                self.documents.close(&params.text_document.uri.0);
                self.tokens.forget(&params.text_document.uri.0);
                params.text_document.uri.0
            }),
            "textDocument/didSave" => params(request).map(|params: lsp::DidSaveTextDocumentParams| {
                self.documents.saved(&params.text_document.uri.0);
                params.text_document.uri.0
            }),
            _ => return false,
        };
        if let Some(uri) = touched {
            if diagnostics::is_settings(&uri) {
                self.doubt_trust();
                if request.method() == "textDocument/didSave" {
                    suggesting::look_again(self);
                }
            }
            if let Some(path) = convert::path_of(&uri).map(|path| path::resolve(Path::new("/"), &path)) {
                self.sources_changed(&[path]);
            }
            // What the disk has counts only for what is not open; typing does not change it.
            if let Some(path) =
                convert::path_of(&uri).filter(|_| request.method() != "textDocument/didChange")
            {
                let path = path::resolve(Path::new("/"), &path);
                if request.method() == "textDocument/didClose" {
                    session.desk.forget_suggestions(&path);
                }
                session.workspace.touched(path);
            }
            match request.method() {
                "textDocument/didOpen" => {
                    self.tracker.spawn(chats::look(self.clone(), uri.clone()));
                    session.publisher.mark_opened(uri);
                }
                "textDocument/didSave" if !session.ladder.watches_files => {
                    session.workspace.refresh();
                    session.publisher.mark(uri);
                }
                _ => session.publisher.mark(uri),
            }
        } else {
            tracing::warn!(method = request.method(), "a notification does not read as what it says it is");
        }
        true
    }
}

fn params<T: DeserializeOwned>(request: &Request) -> Option<T> {
    // By reference: a large document's text is copied once, into the document.
    T::deserialize(request.params()?).ok()
}

fn change(event: lsp::TextDocumentContentChangeEvent) -> Change {
    match event {
        lsp::TextDocumentContentChangeEvent::TextDocumentContentChangePartial(part) => {
            Change { range: Some(convert::from_range(part.range)), text: part.text }
        }
        lsp::TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole) => {
            Change { range: None, text: whole.text }
        }
    }
}

/// The first workspace folder, else the root.
fn named_root(params: &lsp::InitializeParams) -> Option<PathBuf> {
    let value = serde_json::to_value(params).unwrap_or_default();
    let folder = value
        .pointer("/workspaceFolders/0/uri")
        .or_else(|| value.get("rootUri"))
        .and_then(serde_json::Value::as_str)
        .and_then(convert::path_of);
    let plain = || value.get("rootPath").and_then(serde_json::Value::as_str).map(PathBuf::from);
    // An empty word names nothing.
    folder.or_else(plain).filter(|folder| folder.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn the_root_is_the_one_that_was_named() {
        for (named, expect) in [
            (json!({}), None),
            (json!({"workspaceFolders": null, "rootUri": null, "rootPath": null}), None),
            (json!({"rootPath": ""}), None),
            (json!({"rootPath": "somewhere"}), None),
            (json!({"rootPath": "/a"}), Some("/a")),
            (json!({"rootUri": "file:///b", "rootPath": "/a"}), Some("/b")),
            (json!({"rootUri": "file:///"}), Some("/")),
            (
                json!({"workspaceFolders": [{"uri": "file:///c", "name": "c"}], "rootUri": "file:///b"}),
                Some("/c"),
            ),
        ] {
            let mut params = named.clone();
            params["capabilities"] = json!({});
            params.as_object_mut().unwrap().entry("rootUri").or_insert(Value::Null);
            params.as_object_mut().unwrap().entry("processId").or_insert(Value::Null);
            let params: lsp::InitializeParams = serde_json::from_value(params).unwrap();
            assert_eq!(named_root(&params).as_deref(), expect.map(Path::new), "{named}");
        }
    }
}
