//! What policy decides, as tables: decisions, attacks, and properties that hold for every command.

mod attacks;
mod bounds;
mod common;
mod corpus;
mod corpus_file;
mod decisions;
mod extent;
mod guards;
mod harmless;
mod inventions;
#[cfg(unix)]
mod links;
mod openings;
mod programs;
mod properties;
mod reaches;
mod samples;
mod secrets;
mod started;
mod syntax;
mod taint;
mod traced;
