//! What an expression may be, and what in it cannot be right.
//!
//! [`infer`] walks a tree with a [`Scope`] of names. It gives the type of the whole, a [`Remark`] for each part that
//! is surely wrong, and, where an offset is watched, what is known about the place there: hover, completion and
//! signature help are answers of the same walk.
//!
//! Invariants
//! - Quiet where anything is unknown. A remark needs every branch of every type involved to be against it.
//! - One mistake, one remark: what follows from a wrong part is `Any`.

mod calls;
mod compare;
mod members;
mod otherwise;

use copydesk_base::{Code, Span};

use super::library::{self, Member, Method};
use super::scope::{Found, Scope};
use super::types::{Field, Literal, Type};
use super::{Expr, ExprKind};

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Inferred {
    pub(crate) ty: Type,
    pub(crate) remarks: Vec<Remark>,
    /// Names that an open schema allows and does not know: wrong only where they are nearly one that it knows.
    pub(crate) slips: Vec<Remark>,
    pub(crate) seen: Option<Seen>,
    /// The innermost call around the watched offset.
    pub(crate) call: Option<SeenCall>,
    /// The parameters of arrow functions that can be named at the watched offset.
    pub(crate) bound: Vec<(String, Type)>,
}

/// Something that is surely wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) span: Span,
    pub(crate) code: Code,
    /// What is wrong.
    pub(crate) message: String,
    /// What to do, unless a name is near enough to be meant.
    pub(crate) hint: String,
    /// The wrong name and where, and the names that would be right.
    pub(crate) name: Option<(String, Span)>,
    pub(crate) candidates: Vec<String>,
    /// A mend, where one is known: what it replaces and by what. Of several pieces the hint says what comes of them.
    pub(crate) mend: Vec<(Span, String)>,
}

/// What stands at the watched offset.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// A root, a parameter or a function.
    Name {
        span: Span,
        ty: Type,
    },
    /// The name behind a dot or between brackets; `of` is what is before it.
    Member {
        span: Span,
        of: Type,
        ty: Type,
        field: Option<Field>,
    },
    Method {
        span: Span,
        method: &'static Method,
        of: Type,
        ty: Type,
    },
    /// A member of `Math`, `JSON` and the like.
    Global {
        span: Span,
        member: &'static Member,
    },
    /// The name behind `Math.` that is none.
    Unnamed {
        global: String,
    },
    /// The other side of a comparison, which is being written.
    Against(Type),
}

/// A call around the watched offset.
#[derive(Clone, Debug)]
pub(crate) struct SeenCall {
    pub(crate) name: String,
    pub(crate) signature: library::Signature,
    /// Which argument the offset is in.
    pub(crate) active: usize,
}

/// Infers the type of an expression, with remarks.
pub(crate) fn infer(expr: &Expr, scope: &Scope<'_, '_>) -> Inferred {
    walk(expr, scope, None)
}

/// The same, and what is at an offset of the text that the tree was read from.
pub(crate) fn watch(expr: &Expr, scope: &Scope<'_, '_>, offset: usize) -> Inferred {
    walk(expr, scope, Some(offset))
}

fn walk(expr: &Expr, scope: &Scope<'_, '_>, watched: Option<usize>) -> Inferred {
    let mut walker = Walker { scope, watched, bound: Vec::new(), found: Inferred::default() };
    let ty = walker.value(expr);
    Inferred { ty, ..walker.found }
}

struct Walker<'e, 's, 'w, 't> {
    scope: &'s Scope<'w, 't>,
    watched: Option<usize>,
    bound: Vec<(&'e str, Type)>,
    found: Inferred,
}

impl<'e> Walker<'e, '_, '_, '_> {
    fn remark(&mut self, span: Span, code: Code, message: impl Into<String>, hint: &str) {
        self.found.remarks.push(Remark {
            span,
            code,
            message: message.into(),
            hint: hint.to_owned(),
            name: None,
            candidates: Vec::new(),
            mend: Vec::new(),
        });
    }

    fn is_watched(&self, span: Span) -> bool {
        self.watched.is_some_and(|offset| span.touches(offset))
    }

    fn see(&mut self, span: Span, seen: impl FnOnce() -> Seen) {
        if self.is_watched(span) {
            self.found.seen = Some(seen());
        }
    }

    fn see_bound(&mut self) {
        let bound = self.bound.iter().rev();
        self.found.bound = bound.map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect();
    }

    fn value(&mut self, expr: &'e Expr) -> Type {
        match &expr.kind {
            ExprKind::Number(number) => Type::Literal(Literal::number(*number)),
            ExprKind::Text(text) => Type::text(text),
            ExprKind::Bool(value) => Type::Literal(Literal::Bool(*value)),
            ExprKind::Null | ExprKind::Undefined => Type::Null,
            ExprKind::Missing => {
                if self.is_watched(expr.span) {
                    self.see_bound();
                }
                Type::Any
            }
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Call { .. } => {
                self.chain(expr)
            }
            ExprKind::Unary { operator, operand } => {
                self.value(operand);
                if *operator == "!" { Type::Bool } else { Type::Number }
            }
            ExprKind::Binary { .. } => self.operators(expr),
            ExprKind::Conditional { condition, then, otherwise } => {
                self.value(condition);
                Type::union([self.value(then), self.value(otherwise)])
            }
            ExprKind::List(items) => {
                let items: Vec<Type> = items.iter().map(|item| self.value(item)).collect();
                Type::array(Type::union(items))
            }
            ExprKind::Mapping(entries) => {
                let fields: Vec<(String, Field)> = entries
                    .iter()
                    .map(|(name, value)| (name.text.clone(), Field::new(self.value(value), "")))
                    .collect();
                Type::closed(fields)
            }
            ExprKind::Arrow { parameters, body } => {
                let message = "a function can only stand as an argument";
                self.remark(expr.span, Code::UnknownMethod, message, "write 'list.map(item => …)'");
                self.callback(parameters, body, &[]);
                Type::Any
            }
        }
    }

    /// A chain of operators of any length, from left to right.
    fn operators(&mut self, expr: &'e Expr) -> Type {
        let mut rest = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary { operator, left, right } = &first.kind {
            rest.push((first, *operator, &**left, &**right));
            first = left;
        }
        let mut ty = self.value(first);
        for (whole, operator, left, right) in rest.into_iter().rev() {
            let other = self.value(right);
            let is_open = matches!(right.kind, ExprKind::Missing) && compare::is_comparison(operator);
            if is_open && self.watched.is_some_and(|offset| offset >= left.span.end) {
                self.found.seen = Some(Seen::Against(ty.clone()));
            }
            ty = self.operator(whole, operator, (left, ty), (right, other));
        }
        ty
    }

    fn operator(
        &mut self,
        whole: &'e Expr,
        operator: &'static str,
        (left, l): (&'e Expr, Type),
        (right, r): (&'e Expr, Type),
    ) -> Type {
        match operator {
            "&&" => Type::union([l, r]),
            "||" => {
                self.or(left, right, &r);
                Type::union([l.present(), r])
            }
            "+" => sum(&l, &r),
            "-" | "*" | "/" | "%" => Type::Number,
            _ => {
                self.comparison(whole, operator, (left, &l), (right, &r));
                Type::Bool
            }
        }
    }

    /// Parameters bound to types, and the type of the body.
    fn callback(&mut self, parameters: &'e [super::Name], body: &'e Expr, types: &[Type]) -> Type {
        let before = self.bound.len();
        for (at, name) in parameters.iter().enumerate() {
            let ty = types.get(at).cloned().unwrap_or_default();
            self.see(name.span, || Seen::Name { span: name.span, ty: ty.clone() });
            self.bound.push((&name.text, ty));
        }
        let ty = self.value(body);
        self.bound.truncate(before);
        ty
    }

    /// A name that stands alone or at the start of a chain.
    fn name(&mut self, name: &'e str, span: Span) -> Type {
        if self.is_watched(span) {
            self.see_bound();
        }
        let bound = self.bound.iter().rev().find(|(bound, _)| *bound == name).map(|(_, ty)| ty.clone());
        let ty = match bound {
            Some(ty) => ty,
            None => match self.scope.root(name) {
                Found::Type(ty) => ty,
                Found::Absent(why) => {
                    let message = format!("there is no '{name}' here");
                    self.remark(span, Code::UnknownRoot, message, why);
                    Type::Any
                }
                Found::Unknown => match library::global(name) {
                    Some(global) if global.function().is_some() => Type::Function,
                    Some(_) => {
                        let message = format!("'{name}' is no value");
                        let hint = format!("write what of it is meant: '{name}.…'");
                        self.remark(span, Code::UnknownRoot, message, &hint);
                        Type::Any
                    }
                    None => {
                        self.unknown_root(name, span);
                        Type::Any
                    }
                },
            },
        };
        self.see(span, || Seen::Name { span, ty: ty.clone() });
        ty
    }

    /// `date.now()`: a name of the language in another case, which what is behind it tells.
    fn other_case(&mut self, name: &str, span: Span, links: &[&'e Expr]) -> bool {
        let Some((member, _)) = links.first().and_then(|link| members::fixed_name(link)) else {
            return false;
        };
        let is_it = |global: &&library::Global| {
            global.name != name
                && global.name.eq_ignore_ascii_case(name)
                && library::member(global.name, &member).is_some()
        };
        let Some(global) = library::GLOBALS.iter().find(is_it) else { return false };
        self.found.remarks.push(Remark {
            span,
            code: Code::UnknownRoot,
            message: format!("there is no '{name}' in expressions"),
            hint: format!("write '{}'", global.name),
            name: None,
            candidates: Vec::new(),
            mend: vec![(span, global.name.to_owned())],
        });
        for link in links {
            self.rest(link);
        }
        true
    }

    fn unknown_root(&mut self, name: &str, span: Span) {
        let is_here = |root: &&str| !matches!(self.scope.root(root), Found::Absent(_));
        let roots = super::ROOTS.iter().map(|(root, _)| *root).filter(is_here);
        let mut candidates: Vec<String> = roots.map(str::to_owned).collect();
        candidates.extend(self.bound.iter().map(|(name, _)| (*name).to_owned()));
        candidates.extend(library::GLOBALS.iter().map(|global| global.name.to_owned()));
        // The root is left out most of all.
        let declared = ["inputs", "steps"].into_iter().find(|root| self.scope.named(root, name).is_some());
        let meant = match name {
            "matrix" if self.scope.has_rounds() => Some("item"),
            "idx" | "i" if self.scope.has_rounds() => Some("index"),
            "needs" | "jobs" | "step" => Some("steps"),
            "params" | "parameters" => Some("inputs"),
            "secret" => Some("secrets"),
            "None" | "nil" | "NULL" => Some("null"),
            "True" | "TRUE" => Some("true"),
            "False" | "FALSE" => Some("false"),
            _ => None,
        };
        let meant = match declared {
            Some(root) => Some(format!("{root}.{name}")),
            None => meant.map(str::to_owned),
        };
        self.found.remarks.push(Remark {
            span,
            code: Code::UnknownRoot,
            message: format!("there is no '{name}' in expressions"),
            hint: "start from 'inputs', 'steps' or another root, or put quotes around a text".to_owned(),
            name: meant.is_none().then(|| (name.to_owned(), span)),
            candidates,
            mend: meant.map(|meant| (span, meant)).into_iter().collect(),
        });
    }
}

/// What `+` gives.
fn sum(left: &Type, right: &Type) -> Type {
    let joins = |ty: &Type| {
        ty.is_all(|ty| {
            matches!(ty, Type::Text | Type::Literal(Literal::Text(_)) | Type::Array(_) | Type::Object { .. })
        })
    };
    let counts = |ty: &Type| {
        ty.is_all(|ty| {
            matches!(
                ty,
                Type::Number | Type::Bool | Type::Null | Type::Literal(Literal::Number(_) | Literal::Bool(_))
            )
        })
    };
    if joins(left) || joins(right) {
        Type::Text
    } else if counts(left) && counts(right) {
        Type::Number
    } else {
        Type::union([Type::Text, Type::Number])
    }
}
