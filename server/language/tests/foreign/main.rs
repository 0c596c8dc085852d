//! Files of others beside schemas of others: every test is a schema, a text and what is said about it. And the
//! published cases of others for languages like ours.

#![expect(clippy::needless_raw_string_hashes, reason = "`UPDATE_EXPECT=1` writes them so")]

mod branches;
#[path = "../../../text/tests/chance/mod.rs"]
mod chance;
mod checking;
mod corpora;
mod cost;
mod damage;
mod expressions;
mod helping;
mod loading;
#[path = "../marked/mod.rs"]
mod marked;
mod rarer;
mod remembering;
mod suite;
mod support;
mod toml;
