//! What policy decides, as tables: decisions, attacks, and properties that hold for every command.

mod attacks;
mod common;
mod corpus;
mod decisions;
mod properties;
