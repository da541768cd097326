//! The settings of the attribute: its arguments by name, their literals checked.

use syn::{
    Error, Expr, Ident, LitInt, Token, ext::IdentExt as _, parse::Parser as _,
    punctuated::Punctuated,
};

use crate::{
    args::{Arg, ArgValue},
    crate_path::CratePath,
    errors::Errors,
    keys, literal,
};

/// The arguments of the attribute, each at most once.
#[derive(Default)]
pub(crate) struct Settings {
    /// The settings for the runtime, in the order in which they were written.
    pub(crate) given: Vec<Setting>,
    /// The parameters that stay out of the key.
    pub(crate) skip: Vec<Ident>,
    /// The expression that is part of the key.
    pub(crate) version: Option<Expr>,
    pub(crate) crate_path: CratePath,
}

/// One setting for the runtime.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) written: Expr,
    pub(crate) value: Value,
}

/// The value of a setting in the expansion.
pub(crate) enum Value {
    /// The expression as it was written.
    Written,
    /// `port = 6379`, as a literal with its type.
    Number(LitInt),
    /// `maxsize`: an expression that becomes a bound.
    MaxSize,
    /// `maxsize = 128`, as a literal with its type.
    Entries(LitInt),
    /// `maxsize = None`
    Unbounded,
    /// `timeout = "50ms"`
    Nanos(u64),
}

impl Settings {
    pub(crate) fn interpret(args: Vec<Arg>, errors: &mut Errors) -> Self {
        let mut settings = Self::default();
        // Kept apart from what is valid: a repeat counts even where the first was wrong.
        let mut seen: Vec<String> = Vec::new();
        for arg in args {
            let name = arg.key.to_string();
            if seen.contains(&name) {
                errors.at(&arg.key, format!("`{name}` is given twice; remove one"));
                continue;
            }
            settings.take(arg, &name, errors);
            seen.push(name);
        }
        settings
    }

    fn take(&mut self, Arg { key, value }: Arg, name: &str, errors: &mut Errors) {
        let Some(example) = keys::example(name) else {
            errors.at(&key, keys::unknown(name));
            return;
        };
        match (name, value) {
            ("skip", ArgValue::List(list)) => self.skip = names(&key, list, errors),
            ("skip", _) | (_, ArgValue::Missing | ArgValue::List(_)) => {
                errors.at(&key, format!("`{name}` is written `{example}`"));
            }
            ("version", ArgValue::Expr(expr)) => self.version = Some(expr),
            ("crate", ArgValue::Expr(expr)) => {
                self.crate_path = errors.keep(CratePath::parse(&expr)).unwrap_or_default();
            }
            (_, ArgValue::Expr(written)) => {
                // A wrong literal is still a setting, so that what it clashes with is reported too.
                let value = errors
                    .keep(literal::check(name, &written))
                    .unwrap_or(Value::Written);
                self.given.push(Setting {
                    key,
                    written,
                    value,
                });
            }
        }
    }
}

/// The names in `skip(…)`.
fn names(skip: &Ident, list: proc_macro2::TokenStream, errors: &mut Errors) -> Vec<Ident> {
    if list.is_empty() {
        errors.at(
            skip,
            "`skip` names at least one parameter, such as `skip(context)`",
        );
        return Vec::new();
    }
    let parser = Punctuated::<Ident, Token![,]>::parse_terminated_with;
    let parsed = (|input: syn::parse::ParseStream<'_>| parser(input, Ident::parse_any))
        .parse2(list.clone())
        .map_err(|_| {
            Error::new_spanned(
                list,
                "`skip` takes names of parameters, such as `skip(context)`",
            )
        });
    errors.keep(parsed).into_iter().flatten().collect()
}
