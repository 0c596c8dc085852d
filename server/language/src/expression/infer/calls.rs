//! Calls: methods of what is before the dot, functions of nobody, and their arguments.

use copydesk_base::{Code, Span};

use super::members::{described, fixed_name, kind, kinds};
use super::otherwise::{instead, is_length, method_instead};
use super::{Remark, Seen, SeenCall, Walker};
use crate::expression::library::{self, Gives, Signature, Takes};
use crate::expression::types::{Field, Type};
use crate::expression::{Expr, ExprKind};

/// The kinds of value that have methods.
pub(super) const KINDS: &[&str] = &["string", "array", "number", "boolean", "object"];

impl<'e> Walker<'e, '_, '_, '_> {
    /// A method call: `receiver.name(arguments)`.
    pub(super) fn method(&mut self, receiver: &Type, name: &str, span: Span, call: &'e Expr) -> Type {
        let arguments: &'e [Expr] =
            if let ExprKind::Call { arguments, .. } = &call.kind { arguments } else { &[] };
        let open = receiver.is_open() || receiver.branches().iter().all(|ty| *ty == Type::Null);
        let found: Vec<(&'static library::Method, Type)> = if open {
            let known = KINDS.iter().filter_map(|kind| library::method(kind, name));
            known.map(|method| (method, Type::Any)).collect()
        } else {
            let branches = receiver.branches().iter();
            branches.filter_map(|ty| Some((library::method(kind(ty)?, name)?, ty.clone()))).collect()
        };
        let Some((first, _)) = found.first().cloned() else {
            if !name.is_empty() {
                self.unknown_method(receiver, name, span, call.span);
            }
            self.see(span, || Seen::Member { span, of: receiver.clone(), ty: Type::Any, field: None });
            self.each_argument(arguments);
            return Type::Any;
        };
        // With several kinds to choose from the arguments are read for the first one that can be meant.
        let list = found.iter().find_map(|(_, ty)| matches!(ty, Type::Array(_)).then(|| ty.clone()));
        let of = list.unwrap_or_else(|| found.first().map_or(Type::Any, |(_, ty)| ty.clone()));
        let callback = self.arguments(name, &first.signature, &of, arguments, call, span);
        let sure = found.iter().all(|(method, _)| method.signature.gives == first.signature.gives);
        let ty = if sure { gives(first.signature.gives, &of, &callback) } else { Type::Any };
        self.see(span, || Seen::Method { span, method: first, of: receiver.clone(), ty: ty.clone() });
        ty
    }

    /// `Number(…)`, `Math.max(…)`, `Math.PI`, or such a function as a value.
    pub(super) fn global(&mut self, name: &'e str, span: Span, links: &[&'e Expr]) -> (Type, usize) {
        let Some(global) = library::global(name) else { return (Type::Any, 0) };
        if self.is_watched(span) {
            self.see_bound();
        }
        self.see(span, || Seen::Name { span, ty: Type::Function });
        let call =
            |at: usize| links.get(at).filter(|link| matches!(link.kind, ExprKind::Call { .. })).copied();
        if let Some(call) = call(0) {
            let Some(signature) = &global.signature else {
                let message = format!("'{name}' is no function");
                let hint = format!("write what of it is meant: '{name}.…(…)'");
                self.remark(span, Code::UnknownMethod, message, &hint);
                self.rest(call);
                return (Type::Any, 1);
            };
            return (self.function(name, signature, call, span), 1);
        }
        let Some((member_name, member_span)) = links.first().and_then(|link| fixed_name(link)) else {
            return (Type::Any, links.len().min(1));
        };
        let Some(member) = library::member(name, &member_name) else {
            if self.is_watched(member_span) {
                self.found.seen = Some(Seen::Unnamed { global: name.to_owned() });
            }
            if !member_name.is_empty() {
                let candidates = library::members(name).map(|member| member.name().to_owned()).collect();
                self.found.remarks.push(Remark {
                    span: member_span,
                    code: Code::UnknownMethod,
                    message: format!("'{name}' has no '{member_name}'"),
                    hint: "see the guide to expressions for what there is".to_owned(),
                    name: Some((member_name, member_span)),
                    candidates,
                    mend: Vec::new(),
                });
            }
            if let Some(call) = call(1) {
                self.rest(call);
            }
            return (Type::Any, links.len().min(2));
        };
        self.see(member_span, || Seen::Global { span: member_span, member });
        if member.constant.is_some() {
            return (Type::Number, 1);
        }
        match call(1) {
            Some(call) => (self.function(member.path, &member.signature, call, member_span), 2),
            None => (Type::Function, 1),
        }
    }

    fn function(&mut self, name: &str, signature: &Signature, call: &'e Expr, span: Span) -> Type {
        let ExprKind::Call { arguments, .. } = &call.kind else { return Type::Any };
        let first = arguments.first().filter(|_| matches!(signature.gives, Gives::Values | Gives::Entries));
        let of = match first {
            // Asked for its type alone: the walk over the arguments remarks.
            Some(first) => {
                let remarks = self.found.remarks.len();
                let ty = self.value(first);
                self.found.remarks.truncate(remarks);
                ty
            }
            None => Type::Any,
        };
        let callback = self.arguments(name, signature, &of, arguments, call, span);
        gives(signature.gives, &of, &callback)
    }

    /// Reads the arguments, and gives the type of what a callback among them gives.
    fn arguments(
        &mut self,
        name: &str,
        signature: &Signature,
        of: &Type,
        arguments: &'e [Expr],
        call: &'e Expr,
        span: Span,
    ) -> Callback {
        self.see_call(name, signature, arguments, call, span);
        if arguments.len() < signature.needs {
            let message = format!("'{name}' needs {} here", count(signature.needs));
            let hint = format!("write '{name}{}'", signature.text);
            self.remark(span, Code::WrongArgument, message, &hint);
        }
        let mut callback = Callback::default();
        // What a sum starts with decides what its function is given.
        let start = signature.takes.first() == Some(&Takes::OfSum);
        let order: Vec<usize> =
            if start { (1..arguments.len()).chain([0]).collect() } else { (0..arguments.len()).collect() };
        for at in order {
            let Some(argument) = arguments.get(at) else { continue };
            let takes = signature.takes.get(at).copied().unwrap_or(Takes::Any);
            let item = of.item();
            let given = match takes {
                Takes::OfItem => vec![item, Type::Number, of.clone()],
                Takes::OfSum => {
                    let sum = callback.start.clone().unwrap_or_else(|| item.clone()).widened();
                    vec![sum, item, Type::Number, of.clone()]
                }
                Takes::OfTwo => vec![item.clone(), item],
                Takes::TextOrFunction => vec![Type::Text, Type::Number, Type::Text],
                _ => Vec::new(),
            };
            if let ExprKind::Arrow { parameters, body } = &argument.kind {
                if given.is_empty() {
                    let message = format!("'{name}' takes no function here");
                    self.remark(argument.span, Code::WrongArgument, message, "write a value");
                }
                callback.gives = Some(self.callback(parameters, body, &given));
                continue;
            }
            let ty = self.value(argument);
            self.fits(name, takes, &ty, argument);
            match takes {
                Takes::OfItem | Takes::OfSum | Takes::OfTwo => callback.gives = Some(of_function(argument)),
                _ if start => callback.start = Some(ty),
                _ => callback.values.push(ty),
            }
        }
        callback
    }

    fn fits(&mut self, name: &str, takes: Takes, ty: &Type, argument: &Expr) {
        let is_function = |ty: &Type| *ty == Type::Function;
        let wrong = match takes {
            _ if ty.is_open() || matches!(argument.kind, ExprKind::Missing) => return,
            Takes::OfItem | Takes::OfSum | Takes::OfTwo => (!ty.is_all(is_function)).then_some("a function"),
            Takes::List => ty.is_all(|ty| kind(ty).is_some_and(|kind| kind != "array")).then_some("a list"),
            Takes::Text | Takes::TextOrFunction => {
                ty.is_all(|ty| matches!(ty, Type::Object { .. } | Type::Array(_))).then_some("a text")
            }
            Takes::Number => {
                ty.is_all(|ty| matches!(ty, Type::Object { .. } | Type::Array(_))).then_some("a number")
            }
            Takes::Any => None,
        };
        let is_alone = matches!(takes, Takes::Any | Takes::Text | Takes::Number | Takes::List);
        if is_alone && ty.is_all(is_function) {
            let message = format!("'{name}' takes no function here");
            return self.remark(argument.span, Code::WrongArgument, message, "call the function");
        }
        if let Some(wanted) = wrong {
            let message = format!("'{name}' takes {wanted} here, not {}", described(ty));
            let hint = if wanted == "a function" { "write 'item => …'" } else { "give it another value" };
            self.remark(argument.span, Code::WrongArgument, message, hint);
        }
    }

    /// Walks the arguments of a call that is wrong by itself.
    pub(super) fn rest(&mut self, call: &'e Expr) {
        if let ExprKind::Call { arguments, .. } = &call.kind {
            self.each_argument(arguments);
        }
    }

    pub(super) fn each_argument(&mut self, arguments: &'e [Expr]) {
        for argument in arguments {
            self.argument(argument);
        }
    }

    /// One argument of a call that nothing is known about.
    fn argument(&mut self, argument: &'e Expr) {
        match &argument.kind {
            ExprKind::Arrow { parameters, body } => {
                self.callback(parameters, body, &[]);
            }
            _ => {
                self.value(argument);
            }
        }
    }

    fn unknown_method(&mut self, receiver: &Type, name: &str, span: Span, call: Span) {
        let is_field = receiver.field(name).is_some();
        let of: Vec<&str> = if receiver.is_open() { KINDS.to_vec() } else { kinds(receiver).collect() };
        let candidates =
            of.iter().flat_map(|kind| library::methods(kind)).map(|method| method.name.to_owned());
        let (message, hint) = if is_field {
            (format!("'{name}' is no method but a value"), "take the parentheses away".to_owned())
        } else if receiver.is_open() {
            (format!("there is no method '{name}'"), instead(name).to_owned())
        } else {
            (format!("{} has no method '{name}'", described(receiver)), instead(name).to_owned())
        };
        // The method that does the same, by the hint that names it; not one of another text.
        let named = hint.split_once("'.").filter(|(before, _)| !before.ends_with('\''));
        let meant = named.and_then(|(_, method)| Some(method.split_once('(')?.0.to_owned()));
        let mend = match meant {
            Some(meant) => Some((span, meant)),
            None if is_length(name) => Some((Span::new(span.start, call.end), "length".to_owned())),
            None => None,
        };
        let is_known = is_field || is_length(name);
        self.found.remarks.push(Remark {
            span,
            code: Code::UnknownMethod,
            message,
            hint,
            name: (!is_known).then(|| (name.to_owned(), span)),
            candidates: candidates.collect(),
            mend: mend.into_iter().collect(),
        });
    }

    pub(super) fn unknown_function(&mut self, name: &str, span: Span, call: &Expr) {
        let candidates = library::GLOBALS.iter().filter_map(library::Global::function);
        let meant = match name {
            "toJSON" | "toJson" | "json" | "stringify" => Some("JSON.stringify"),
            "fromJSON" | "fromJson" => Some("JSON.parse"),
            "int" => Some("parseInt"),
            "float" => Some("parseFloat"),
            "str" => Some("String"),
            "bool" => Some("Boolean"),
            "round" => Some("Math.round"),
            "max" => Some("Math.max"),
            "min" => Some("Math.min"),
            "floor" => Some("Math.floor"),
            "ceil" => Some("Math.ceil"),
            "abs" => Some("Math.abs"),
            "keys" => Some("Object.keys"),
            "quote" => Some("escape"),
            "not" => Some("!"),
            _ => None,
        };
        let method = method_instead(name, call);
        if let Some((hint, mend)) = method {
            return self.found.remarks.push(Remark {
                span,
                code: Code::UnknownMethod,
                message: format!("there is no function '{name}'"),
                hint,
                name: None,
                candidates: Vec::new(),
                mend,
            });
        }
        let hint = match name {
            "contains" => "write 'text.includes(…)'",
            "startsWith" | "endsWith" | "join" => "it is a method: write it behind a value and a dot",
            "len" | "length" | "size" => "write 'value.length'",
            "success" | "failure" | "always" | "cancelled" => {
                "compare a status: \"steps.ID.status == 'success'\""
            }
            "format" => "join texts with '+', or write several '${{ }}'",
            _ => "write a known function, or a method behind a value",
        };
        self.found.remarks.push(Remark {
            span,
            code: Code::UnknownMethod,
            message: format!("there is no function '{name}'"),
            hint: hint.to_owned(),
            name: meant.is_none().then(|| (name.to_owned(), span)),
            candidates: candidates.map(str::to_owned).collect(),
            mend: meant.map(|meant| (span, meant.to_owned())).into_iter().collect(),
        });
    }

    fn see_call(&mut self, name: &str, signature: &Signature, arguments: &[Expr], call: &Expr, span: Span) {
        let Some(offset) = self.watched.filter(|offset| *offset > span.end && *offset <= call.span.end)
        else {
            return;
        };
        let active = arguments.iter().filter(|argument| argument.span.end < offset).count();
        self.see_bound();
        self.found.call = Some(SeenCall { name: name.to_owned(), signature: *signature, active });
    }
}

/// What is known of a call's arguments.
#[derive(Default)]
struct Callback {
    gives: Option<Type>,
    /// The start of a sum.
    start: Option<Type>,
    values: Vec<Type>,
}

fn count(needs: usize) -> &'static str {
    match needs {
        1 => "an argument",
        2 => "two arguments",
        _ => "more arguments",
    }
}

/// What a function that is handed over by its name gives.
fn of_function(argument: &Expr) -> Type {
    let ExprKind::Name(name) = &argument.kind else { return Type::Any };
    let signature = library::global(name).and_then(|global| global.signature);
    signature.map_or(Type::Any, |signature| gives(signature.gives, &Type::Any, &Callback::default()))
}

fn gives(gives: Gives, of: &Type, callback: &Callback) -> Type {
    let mapped = || callback.gives.clone().unwrap_or_default();
    match gives {
        Gives::Any => Type::Any,
        Gives::Text => Type::Text,
        Gives::Number => Type::Number,
        Gives::Bool => Type::Bool,
        Gives::Texts => Type::array(Type::Text),
        Gives::Object => Type::open::<String>([]),
        Gives::Same => match of {
            Type::Any => Type::array(Type::Any),
            of => of.clone(),
        },
        Gives::Item => of.item(),
        Gives::Mapped => Type::array(mapped()),
        Gives::FlatMapped => Type::array(flat(&mapped())),
        Gives::Flat => Type::array(flat(&of.item())),
        Gives::Sum => {
            let start = callback.start.clone().unwrap_or_else(|| of.item());
            Type::union([start.widened(), mapped().widened()])
        }
        Gives::Joined => {
            let more = callback.values.iter().map(flat);
            Type::array(Type::union(std::iter::once(of.item()).chain(more)))
        }
        Gives::Values => Type::array(values_of(of)),
        Gives::Entries => Type::array(Type::array(Type::union([Type::Text, values_of(of)]))),
    }
}

/// The type of the items where it is a list, else of the value.
fn flat(ty: &Type) -> Type {
    Type::union(ty.branches().iter().map(|ty| match ty {
        Type::Array(item) => (**item).clone(),
        other => other.clone(),
    }))
}

fn values_of(ty: &Type) -> Type {
    Type::union(ty.branches().iter().flat_map(|ty| match ty {
        Type::Object { fields, rest } => {
            let fields = fields.values().map(|Field { ty, .. }| ty.clone());
            fields.chain(rest.as_deref().cloned()).collect()
        }
        Type::Array(item) => vec![(**item).clone()],
        _ => vec![Type::Any],
    }))
}
