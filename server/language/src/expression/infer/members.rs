//! Fields, items, and names that stand before a dot.

use copydesk_base::{Code, Span};

use super::otherwise::{instead, is_length};
use super::{Remark, Seen, Walker};
use crate::expression::library::{self, article};
use crate::expression::scope::knows_not;
use crate::expression::types::{Field, Type};
use crate::expression::value::index_of;
use crate::expression::{Expr, ExprKind, given_name, is_name};
use crate::types::InputKind;

/// What a field of some type is.
pub(super) enum Property {
    /// A type, and the field itself where it is declared.
    Known(Type, Option<Field>),
    /// No value of the type has it.
    None,
}

impl<'e> Walker<'e, '_, '_, '_> {
    /// A name or a value with members, items and calls behind it.
    pub(super) fn chain(&mut self, expr: &'e Expr) -> Type {
        let (base, links) = expr.chain();
        let (mut ty, mut at) = self.start(base, &links);
        while let Some(link) = links.get(at) {
            let called = links.get(at + 1).filter(|next| matches!(next.kind, ExprKind::Call { .. }));
            (ty, at) = match (&link.kind, called) {
                (ExprKind::Call { arguments, .. }, _) => {
                    let message = "this is no function";
                    let span = callee_span(link);
                    self.remark(span, Code::UnknownMethod, message, "take the parentheses away");
                    self.each_argument(arguments);
                    (Type::Any, at + 1)
                }
                (_, Some(call)) => {
                    let ty = if let Some((name, span)) = fixed_name(link) {
                        self.method(&ty, &name, span, call)
                    } else {
                        self.index_value(link);
                        self.rest(call);
                        Type::Any
                    };
                    (ty, at + 2)
                }
                (_, None) => (self.member(&ty, link), at + 1),
            };
        }
        ty
    }

    /// The type that a chain starts with, and how many of its links that took.
    fn start(&mut self, base: &'e Expr, links: &[&'e Expr]) -> (Type, usize) {
        let ExprKind::Name(name) = &base.kind else { return (self.value(base), 0) };
        let is_bound = self.bound.iter().any(|(bound, _)| bound == name);
        if let (false, Some(first)) = (is_bound, links.first()) {
            if matches!(name.as_str(), "inputs" | "steps") && given_name(links, 0).is_some() {
                self.see(base.span, || Seen::Name { span: base.span, ty: Type::Any });
                if self.is_watched(base.span) {
                    self.see_bound();
                }
                return self.named(name, first);
            }
            let called = matches!(first.kind, ExprKind::Call { .. });
            if library::global(name).is_some() && knows_not(name) {
                return self.global(name, base.span, links);
            }
            if knows_not(name) && self.other_case(name, base.span, links) {
                return (Type::Any, links.len());
            }
            if called && knows_not(name) {
                self.unknown_function(name, base.span, first);
                self.rest(first);
                return (Type::Any, 1);
            }
        }
        (self.name(name, base.span), 0)
    }

    /// `inputs.NAME` and `steps.ID`, without making the type of all of them. Names that are not declared are the
    /// business of whoever knows the file.
    fn named(&mut self, root: &str, link: &'e Expr) -> (Type, usize) {
        let Some((name, span)) = fixed_name(link) else { return (Type::Any, 1) };
        let field = self.scope.named(root, &name);
        let ty = field.as_ref().map_or(Type::Any, |field| field.ty.clone());
        if self.is_watched(span) {
            let of = self.scope.whole(root);
            self.found.seen = Some(Seen::Member { span, of, ty: ty.clone(), field });
        }
        (ty, 1)
    }

    fn index_value(&mut self, link: &'e Expr) -> Type {
        match &link.kind {
            ExprKind::Index { index, .. } => self.value(index),
            _ => Type::Any,
        }
    }

    fn member(&mut self, of: &Type, link: &'e Expr) -> Type {
        let Some((name, span)) = fixed_name(link) else {
            let index = self.index_value(link);
            if let ExprKind::Index { index, .. } = &link.kind
                && matches!(index.kind, ExprKind::Missing)
                && self.is_watched(index.span)
            {
                let span = index.span;
                self.found.seen = Some(Seen::Member { span, of: of.clone(), ty: Type::Any, field: None });
            }
            return at_index(of, &index);
        };
        let (ty, field) = match property(of, &name) {
            Property::Known(ty, field) => {
                if field.is_none() && !name.is_empty() && is_open(of) {
                    self.slip(of, &name, span);
                }
                (ty, field)
            }
            Property::None => {
                if !name.is_empty() {
                    self.unknown_property(of, &name, span, link);
                }
                (Type::Any, None)
            }
        };
        if self.is_watched(span) {
            self.found.seen = Some(Seen::Member { span, of: of.clone(), ty: ty.clone(), field });
        }
        ty
    }

    fn slip(&mut self, of: &Type, name: &str, span: Span) {
        self.found.slips.push(Remark {
            span,
            code: Code::UnknownProperty,
            message: format!("its schema does not name '{name}'"),
            hint: String::new(),
            name: Some((name.to_owned(), span)),
            candidates: of.fields().map(|(name, _)| name.to_owned()).collect(),
            mend: Vec::new(),
        });
    }

    fn unknown_property(&mut self, of: &Type, name: &str, span: Span, link: &Expr) {
        let method = kinds(of).find_map(|kind| library::method(kind, name));
        if method.is_some() {
            let message = format!("'{name}' is a method");
            self.found.remarks.push(Remark {
                span,
                code: Code::UnknownProperty,
                message,
                hint: format!("call it: '{name}(…)'"),
                name: None,
                candidates: Vec::new(),
                mend: method
                    .filter(|method| method.signature.needs == 0)
                    .map(|_| (Span::at(span.end), "()".to_owned()))
                    .into_iter()
                    .collect(),
            });
            return;
        }
        let fields: Vec<String> = of.fields().map(|(name, _)| name.to_owned()).collect();
        let inner = of.item();
        let in_items = !matches!(inner, Type::Any) && inner.field(name).is_some();
        // A step has its `stdout` in its `output`.
        let through =
            of.fields().find(|(_, field)| field.ty.field(name).is_some()).map(|(through, _)| through);
        let is_dotted = matches!(link.kind, ExprKind::Member { .. });
        let like = if is_dotted && fields.is_empty() { method_like(of, name) } else { None };
        let mend = match &link.kind {
            _ if like.is_some() => like.clone().map(|text| (span, text)),
            ExprKind::Member { .. } if in_items => Some((span, format!("map(item => item.{name})"))),
            ExprKind::Member { .. } if through.is_some_and(is_name) => {
                through.map(|through| (span, format!("{through}.{name}")))
            }
            ExprKind::Member { object, .. } | ExprKind::Index { object, .. } if fields.is_empty() => {
                Some((Span::new(object.span.end, link.span.end), String::new()))
            }
            _ => None,
        };
        let hint = if in_items {
            format!("it is a list; take it from each item: '.map(item => item.{name})'")
        } else if let Some(text) = &like {
            format!("write '.{text}'")
        } else if fields.is_empty() {
            "take it away".to_owned()
        } else {
            format!("it has {}", some_names(&fields))
        };
        let mut candidates = fields;
        candidates.extend(
            kinds(of).filter(|kind| matches!(*kind, "string" | "array")).map(|_| "length".to_owned()),
        );
        self.found.remarks.push(Remark {
            span,
            code: Code::UnknownProperty,
            message: format!("{} has no '{name}'", described(of)),
            hint,
            name: (!in_items && like.is_none()).then(|| (name.to_owned(), span)),
            candidates,
            mend: mend.into_iter().collect(),
        });
    }
}

/// What a text or a list has in the place of a property of other languages: `.size` is `.length`.
fn method_like(of: &Type, name: &str) -> Option<String> {
    if is_length(name) {
        return kinds(of).all(|kind| matches!(kind, "string" | "array")).then(|| "length".to_owned());
    }
    let method = instead(name).strip_prefix("write '.")?.strip_suffix("()'")?;
    kinds(of).any(|kind| library::method(kind, method).is_some()).then(|| format!("{method}()"))
}

/// The name behind a dot, or the text between brackets.
pub(super) fn fixed_name(link: &Expr) -> Option<(String, Span)> {
    link.written_name().map(|member| (member.name.text, member.name.span))
}

/// The kinds of value that a type is made of; nothing is none.
pub(super) fn kinds(ty: &Type) -> impl Iterator<Item = &'static str> {
    ty.branches().iter().filter_map(kind)
}

/// The kind of one branch, by the word that methods are listed under.
pub(super) fn kind(ty: &Type) -> Option<&'static str> {
    ty.input_kind().map(InputKind::word)
}

/// A type in a sentence.
pub(super) fn described(ty: &Type) -> String {
    let mut kinds: Vec<&str> = kinds(ty).map(article).collect();
    kinds.dedup();
    match kinds.as_slice() {
        [] => "this".to_owned(),
        [one] => (*one).to_owned(),
        many => many.join(" or "),
    }
}

fn some_names(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(6).map(|name| format!("'{name}'")).collect();
    let more = if names.len() > shown.len() { " and others" } else { "" };
    format!("{}{more}", shown.join(", "))
}

/// The type of a field, over all branches that may have it.
pub(super) fn property(of: &Type, name: &str) -> Property {
    let mut types = Vec::new();
    let mut field = None;
    let mut only_nothing = true;
    for branch in of.branches() {
        match branch {
            Type::Any => return Property::Known(Type::Any, None),
            // A field of nothing is nothing.
            Type::Null => continue,
            Type::Object { fields, rest } => match (fields.get(name), rest) {
                (Some(known), _) => {
                    field = field.or_else(|| Some(known.clone()));
                    let ty = known.ty.clone();
                    types.push(if known.optional { ty.or_null() } else { ty });
                }
                (None, Some(rest)) => types.push((**rest).clone()),
                (None, None) => {}
            },
            Type::Array(_) if name == "length" => types.push(Type::Number),
            Type::Array(item) if index_of(name).is_some() => types.push((**item).clone()),
            ty if ty.is_text() && name == "length" => types.push(Type::Number),
            ty if ty.is_text() && index_of(name).is_some() => types.push(Type::Text),
            _ => {}
        }
        only_nothing = false;
    }
    if types.is_empty() && !only_nothing {
        return Property::None;
    }
    Property::Known(Type::union(types), field)
}

/// Whether a value has fields that are known, and may have any others.
fn is_open(of: &Type) -> bool {
    let has_more = |ty: &Type| matches!(ty, Type::Object { fields, rest: Some(rest) } if !fields.is_empty() && **rest == Type::Any);
    of.branches().iter().any(has_more) && of.branches().iter().all(|ty| *ty == Type::Null || has_more(ty))
}

/// What `of[index]` is.
fn at_index(of: &Type, index: &Type) -> Type {
    let by_number = index.is_number();
    let present = of.branches().iter().filter(|ty| **ty != Type::Null || of.branches().len() == 1);
    Type::union(present.map(|branch| match branch {
        Type::Array(item) if by_number => (**item).clone(),
        ty if ty.is_text() && by_number => Type::Text,
        Type::Object { fields, rest: None } if fields.len() <= 32 && index.is_text() => {
            Type::union(fields.values().map(|field| field.ty.clone()))
        }
        Type::Object { fields, rest: Some(rest) } if fields.is_empty() => (**rest).clone(),
        _ => Type::Any,
    }))
}

fn callee_span(call: &Expr) -> Span {
    match &call.kind {
        ExprKind::Call { callee, .. } => callee.span,
        _ => call.span,
    }
}
