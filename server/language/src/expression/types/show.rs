//! Types as people read them: `{ stdout: text, exitCode: number }`.

use std::fmt;

use super::{Field, Literal, Type};

/// How deep a type is written out; below that stands `…`.
const MAX_DEPTH: usize = 3;
/// How many fields or branches are written out.
const MAX_PARTS: usize = 12;
/// Longer words of a choice are cut.
const MAX_WORD: usize = 40;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, f, 0)
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => f.write_str(value),
            Self::Text(text) => {
                let line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
                let short: String = line.take(MAX_WORD).collect();
                let more = if text.chars().count() > MAX_WORD { "…" } else { "" };
                write!(f, "'{short}{more}'")
            }
        }
    }
}

fn write(ty: &Type, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
    match ty {
        Type::Any => f.write_str("any"),
        Type::Null => f.write_str("null"),
        Type::Bool => f.write_str("boolean"),
        Type::Number => f.write_str("number"),
        Type::Text => f.write_str("text"),
        Type::Function => f.write_str("function"),
        Type::Literal(literal) => write!(f, "{literal}"),
        Type::Array(item) if depth >= MAX_DEPTH => {
            f.write_str(if **item == Type::Any { "list" } else { "list of …" })
        }
        Type::Array(item) => match &**item {
            Type::Any => f.write_str("list"),
            Type::Union(_) => {
                f.write_str("list of (")?;
                write(item, f, depth + 1)?;
                f.write_str(")")
            }
            item => {
                f.write_str("list of ")?;
                write(item, f, depth + 1)
            }
        },
        Type::Object { fields, rest } if fields.is_empty() => match rest.as_deref() {
            None => f.write_str("{}"),
            Some(Type::Any) => f.write_str("object"),
            Some(rest) => {
                f.write_str("{ …: ")?;
                write(rest, f, depth + 1)?;
                f.write_str(" }")
            }
        },
        Type::Object { .. } if depth >= MAX_DEPTH => f.write_str("{ … }"),
        Type::Object { fields, rest } => {
            f.write_str("{ ")?;
            for (at, (name, Field { ty, optional, .. })) in fields.iter().take(MAX_PARTS).enumerate() {
                let comma = if at > 0 { ", " } else { "" };
                let mark = if *optional { "?" } else { "" };
                write!(f, "{comma}{name}{mark}: ")?;
                write(ty, f, depth + 1)?;
            }
            if fields.len() > MAX_PARTS || rest.is_some() {
                f.write_str(", …")?;
            }
            f.write_str(" }")
        }
        Type::Union(branches) => {
            for (at, ty) in branches.iter().take(MAX_PARTS).enumerate() {
                if at > 0 {
                    f.write_str(" | ")?;
                }
                write(ty, f, depth + 1)?;
            }
            if branches.len() > MAX_PARTS {
                f.write_str(" | …")?;
            }
            Ok(())
        }
    }
}
