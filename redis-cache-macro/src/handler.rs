//! The annotated function: all of it parsed but the body, whose tokens are never touched.

use std::borrow::Cow;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, format_ident};
use syn::{
    Attribute, Error, FnArg, Ident, Pat, PatType, Receiver, ReturnType, Signature, Token, Type,
    Visibility,
    ext::IdentExt as _,
    parse::{Parse, ParseStream, Parser as _},
    parse_quote,
};

use crate::{
    conditions::cfgs,
    fragment::ungrouped_type,
    pattern::{identifiers, names_in},
};

/// The words that may stand between the visibility and the `fn` of what syn takes for a signature.
const QUALIFIERS: [&str; 4] = ["const", "async", "unsafe", "extern"];

/// A function or method.
pub(crate) struct Handler {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// `None`: a `;` stands in its place.
    pub(crate) body: Option<Body>,
}

/// The body of a function.
pub(crate) struct Body {
    /// The span of the braces.
    pub(crate) span: Span,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) statements: TokenStream,
}

/// A name that a parameter binds.
pub(crate) struct Binding<'a> {
    pub(crate) name: Cow<'a, Ident>,
    /// The `#[cfg]`s under which the parameter is there.
    pub(crate) cfgs: Vec<Attribute>,
    /// `mut name: Type`, or `ref mut name: Type`
    pub(crate) mutability: Option<Token![mut]>,
    /// The parameter is an unnamed one.
    pub(crate) is_borrowed: bool,
    /// The parameter is a reference: there is nothing to drop.
    pub(crate) is_reference: bool,
    /// The first and the last token of the parameter's type, or the name where it is one of a pattern.
    pub(crate) place: (Span, Span),
}

/// A parameter whose pattern binds no value, only borrows.
pub(crate) struct Unnamed<'a> {
    /// The name that it is given.
    pub(crate) name: Ident,
    pub(crate) pat: &'a Pat,
    /// The names in the pattern.
    pub(crate) borrows: Vec<&'a Ident>,
    pub(crate) cfgs: Vec<Attribute>,
}

impl<'a> Binding<'a> {
    fn new(name: Cow<'a, Ident>, parameter: &'a PatType) -> Self {
        let is_whole = matches!(&*parameter.pat, Pat::Ident(pat) if pat.subpat.is_none());
        Self {
            place: if is_whole {
                ends(parameter.ty.to_token_stream(), name.span())
            } else {
                (name.span(), name.span())
            },
            name,
            cfgs: cfgs(&parameter.attrs),
            mutability: mutability(parameter),
            is_borrowed: is_unnamed(parameter),
            is_reference: is_reference(parameter),
        }
    }

    /// Whether both can be there at once: not so under two `#[cfg]`s, which are taken for opposite ones.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        let written = |binding: &Self| {
            let cfgs = binding.cfgs.iter();
            cfgs.map(|cfg| cfg.to_token_stream().to_string())
                .collect::<Vec<_>>()
        };
        self.cfgs.is_empty() || other.cfgs.is_empty() || written(self) == written(other)
    }
}

impl Parse for Handler {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        check_function(&input.fork())?;
        let sig = input.parse()?;
        let body = if input.parse::<Option<Token![;]>>()?.is_some() {
            None
        } else {
            Some(input.parse()?)
        };
        Ok(Self {
            attrs,
            vis,
            sig,
            body,
        })
    }
}

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let group = braced(input.parse()?)?;
        let split = |content: ParseStream<'_>| {
            Ok((content.call(Attribute::parse_inner)?, content.parse()?))
        };
        let (attrs, statements) = split.parse2(group.stream())?;
        // Tokens that were never taken apart keep what the compiler knows of the macros that made
        // them.
        let statements = if attrs.is_empty() {
            group.stream()
        } else {
            statements
        };
        Ok(Self {
            span: group.span(),
            attrs,
            statements,
        })
    }
}

impl Handler {
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        self.sig.receiver()
    }

    /// The return type as it was written.
    pub(crate) fn output(&self) -> Option<&Type> {
        match &self.sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty),
        }
    }

    /// The parameters but for the receiver.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = &PatType> {
        self.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(parameter) => Some(parameter),
            FnArg::Receiver(_) => None,
        })
    }

    /// Every name that a parameter binds, in order.
    pub(crate) fn bindings(&self) -> Vec<Binding<'_>> {
        let mut bindings = self.named();
        bindings.retain(|binding| matches!(binding.name, Cow::Borrowed(_)));
        bindings
    }

    /// The values that the body has: as [`bindings`](Self::bindings), and in place of those of an unnamed parameter the name
    /// that it is given.
    pub(crate) fn captured(&self) -> Vec<Binding<'_>> {
        let mut captured = self.named();
        captured.retain(|binding| !binding.is_borrowed || matches!(binding.name, Cow::Owned(_)));
        captured
    }

    /// Every name that a parameter binds, each unnamed parameter by the name that it is given before those that borrow from it.
    fn named(&self) -> Vec<Binding<'_>> {
        let mut captured: Vec<Binding<'_>> = Vec::new();
        for (at, input) in self.sig.inputs.iter().enumerate() {
            let FnArg::Typed(parameter) = input else {
                continue;
            };
            if is_unnamed(parameter) {
                let name = Cow::Owned(name_of_unnamed(at));
                captured.push(Binding::new(name, parameter));
            }
            let names = names_in(&parameter.pat).into_iter();
            captured.extend(names.map(|name| Binding::new(Cow::Borrowed(name), parameter)));
        }
        captured
    }

    /// The unnamed parameters that are more than a `_`.
    pub(crate) fn unnamed(&self) -> impl Iterator<Item = Unnamed<'_>> {
        let inputs = self.sig.inputs.iter().enumerate();
        inputs.filter_map(|(at, input)| match input {
            FnArg::Typed(parameter)
                if is_unnamed(parameter) && !matches!(*parameter.pat, Pat::Wild(_)) =>
            {
                Some(Unnamed {
                    name: name_of_unnamed(at),
                    pat: &parameter.pat,
                    borrows: names_in(&parameter.pat),
                    cfgs: cfgs(&parameter.attrs),
                })
            }
            _ => None,
        })
    }

    /// The second `#[handler_cache]` and those after it.
    pub(crate) fn repeats(&self) -> impl Iterator<Item = &Attribute> {
        self.attrs.iter().filter(|attr| is_ours(attr))
    }

    /// The function as it was written, without the repeats.
    pub(crate) fn untouched(&self) -> TokenStream {
        let mut tokens = self.head(&self.sig, |attr| !is_ours(attr));
        match &self.body {
            None => <Token![;]>::default().to_tokens(&mut tokens),
            Some(body) => body.around(&body.statements).to_tokens(&mut tokens),
        }
        tokens
    }

    /// The function with other statements in its body, and names for its unnamed parameters. What is `mut` is so where the body
    /// has it.
    pub(crate) fn with_statements(&self, statements: &TokenStream) -> TokenStream {
        let mut sig = self.sig.clone();
        for (at, input) in sig.inputs.iter_mut().enumerate() {
            let FnArg::Typed(parameter) = input else {
                continue;
            };
            if is_unnamed(parameter) {
                let name = name_of_unnamed(at);
                let mutability = mutability(parameter);
                *parameter.pat = parse_quote!(#mutability #name);
            } else if mutability(parameter).is_some()
                && let Pat::Ident(pat) = &mut *parameter.pat
            {
                pat.mutability = None;
            }
        }
        let mut tokens = self.head(&sig, |_| true);
        if let Some(body) = &self.body {
            body.around(statements).to_tokens(&mut tokens);
        }
        tokens
    }

    fn head(&self, sig: &Signature, keep: impl Fn(&Attribute) -> bool) -> TokenStream {
        let mut tokens = TokenStream::new();
        tokens.append_all(self.attrs.iter().filter(|attr| keep(attr)));
        self.vis.to_tokens(&mut tokens);
        sig.to_tokens(&mut tokens);
        tokens
    }
}

impl Body {
    /// The braces as they were written, with other statements behind the inner attributes.
    fn around(&self, statements: &TokenStream) -> Group {
        let mut content = TokenStream::new();
        content.append_all(&self.attrs);
        content.extend(statements.clone());
        braces(self.span, content)
    }

    /// The statements alone, between the braces as they were written.
    pub(crate) fn block(&self) -> Group {
        braces(self.span, self.statements.clone())
    }
}

/// Where the tokens begin and end.
fn ends(tokens: TokenStream, default: Span) -> (Span, Span) {
    let mut spans = tokens.into_iter().map(|tree| tree.span());
    let first = spans.next().unwrap_or(default);
    (first, spans.last().unwrap_or(first))
}

fn is_reference(parameter: &PatType) -> bool {
    matches!(ungrouped_type(&parameter.ty), Type::Reference(_))
}

/// Nothing binds the value itself, which has to be dropped with the others: `_` or `ref name`.
fn is_unnamed(parameter: &PatType) -> bool {
    let mut identifiers = identifiers(&parameter.pat).into_iter();
    !is_reference(parameter) && identifiers.all(|pat| pat.by_ref.is_some())
}

/// Whether the value is `mut` where one name has it whole, or where the parameter is unnamed.
fn mutability(parameter: &PatType) -> Option<Token![mut]> {
    match &*parameter.pat {
        pat if is_unnamed(parameter) => identifiers(pat).into_iter().find_map(|pat| pat.mutability),
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => pat.mutability,
        _ => None,
    }
}

fn name_of_unnamed(at: usize) -> Ident {
    format_ident!("__unnamed{at}", span = Span::mixed_site())
}

/// The braces of a body, which is a group in a group where a macro's `$body:block` made it.
fn braced(tree: TokenTree) -> syn::Result<Group> {
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            braced(syn::parse2(group.stream())?)
        }
        other => Err(Error::new(other.span(), "expected the body of a function")),
    }
}

fn braces(span: Span, content: TokenStream) -> Group {
    let mut group = Group::new(Delimiter::Brace, content);
    group.set_span(span);
    group
}

fn is_ours(attr: &Attribute) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| last.ident == "handler_cache")
}

/// The error for an item that is not a function, or a function with an unknown modifier.
fn check_function(input: ParseStream<'_>) -> syn::Result<()> {
    let start = input.fork();
    let mut modifier = None;
    while !input.peek(Token![fn]) {
        let Ok(word) = input.call(Ident::parse_any) else {
            return Err(not_a_function(&start));
        };
        let qualifier = QUALIFIERS.iter().any(|known| word == known);
        if word == "extern" && input.peek(syn::LitStr) {
            input.parse::<TokenTree>()?;
        }
        if !qualifier {
            modifier.get_or_insert(word);
        }
    }
    match modifier {
        None => Ok(()),
        Some(word) => Err(Error::new(
            word.span(),
            format!("a `{word} fn` can't be cached"),
        )),
    }
}

fn not_a_function(input: ParseStream<'_>) -> Error {
    let item = input.fork();
    let word = item
        .call(Ident::parse_any)
        .map(|word| word.to_string())
        .unwrap_or_default();
    input.error(match word.as_str() {
        "impl" | "trait" => {
            format!("`#[handler_cache]` goes on a function; put it on methods inside this `{word}`")
        }
        "struct" | "enum" | "union" | "mod" | "static" | "const" | "type" | "use" => {
            format!("`#[handler_cache]` goes on a function, not on a `{word}`")
        }
        _ => "`#[handler_cache]` goes on a function".into(),
    })
}
