//! The arguments between the parentheses of the attribute, with their spans. Nothing is judged here.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Error, Expr, Ident, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
    token,
};

use crate::errors::Errors;

/// One argument as it was written.
pub(crate) struct Arg {
    pub(crate) key: Ident,
    pub(crate) value: ArgValue,
}

/// The tokens after the key.
pub(crate) enum ArgValue {
    /// Nothing, or an `=` with nothing behind it.
    Missing,
    /// `= expr`
    Expr(Expr),
    /// `(tokens)`
    List(TokenStream),
}

impl Arg {
    /// All arguments that can be read; for each of the others an error.
    pub(crate) fn parse_all(tokens: TokenStream, errors: &mut Errors) -> Vec<Self> {
        let parser = |input: ParseStream<'_>| Ok(Self::parse_list(input, errors));
        // The parser takes all tokens and never fails.
        parser.parse2(tokens).unwrap_or_default()
    }

    fn parse_list(input: ParseStream<'_>, errors: &mut Errors) -> Vec<Self> {
        let mut args = Vec::new();
        while !input.is_empty() {
            let ahead = input.fork();
            match Self::parse(&ahead) {
                Ok(arg) => {
                    input.advance_to(&ahead);
                    args.push(arg);
                }
                Err(error) => {
                    errors.push(error);
                    skip_to_comma(input);
                }
            }
            if input.is_empty() {
                break;
            }
            if input.parse::<Token![,]>().is_err() {
                errors.push(input.error("expected `,` between the arguments"));
                if !starts_argument(input) {
                    skip_to_comma(input);
                    let _: Option<Token![,]> = input.parse().ok();
                }
            }
        }
        args
    }

    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let Ok(key) = input.call(Ident::parse_any) else {
            return Err(input.error("expected an argument such as `maxsize = 128`"));
        };
        let value = if input.peek(token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            ArgValue::List(content.parse()?)
        } else if ends_argument(input) {
            ArgValue::Missing
        } else {
            ArgValue::after_equals(&key, input)?
        };
        Ok(Self { key, value })
    }
}

impl ArgValue {
    fn after_equals(key: &Ident, input: ParseStream<'_>) -> syn::Result<Self> {
        if input.parse::<Token![=]>().is_err() {
            return Err(input.error(format!("expected `=` after `{key}`")));
        }
        if ends_argument(input) {
            return Ok(Self::Missing);
        }
        expression(key, input).map(Self::Expr)
    }
}

/// An error at the end of the input would land on the whole attribute, so any error is put under
/// the value instead.
fn expression(key: &Ident, input: ParseStream<'_>) -> syn::Result<Expr> {
    let whole = input.fork();
    input.parse().map_err(|error| {
        let value = skip_to_comma(&whole);
        Error::new_spanned(
            value,
            format!("the value of `{key}` is not an expression: {error}"),
        )
    })
}

fn ends_argument(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

fn starts_argument(input: ParseStream<'_>) -> bool {
    input.peek(Ident::peek_any) && (input.peek2(Token![=]) || input.peek2(token::Paren))
}

/// Takes the tokens before the next comma.
fn skip_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !ends_argument(input) {
        let Ok(tree) = input.parse::<TokenTree>() else {
            break;
        };
        skipped.extend([tree]);
    }
    skipped
}
