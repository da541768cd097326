//! The part of the expansion that asks once more, after the body, what the receiver and the version are.

use proc_macro2::{Spacing, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::{Expr, Ident, Receiver, ReceiverKind, spanned::Spanned as _};

use super::{Expansion, hygienic};
use crate::{
    fragment::{ungrouped, ungrouped_type},
    handler::Binding,
};

/// Words that leave the expression in which they stand: a closure can't hold it.
const LEAVING: [&str; 5] = ["await", "return", "break", "continue", "yield"];

/// What is asked once more.
pub(super) struct Again {
    /// Statements that keep what the body takes with it.
    pub(super) kept: TokenStream,
    /// The closure that asks.
    pub(super) closure: TokenStream,
}

impl Expansion<'_> {
    /// ```text
    /// let __this = if CallKey::is_identified(&__key) { keep(&self) } else { None };
    /// let __kept0 = keep(&model);
    /// ```
    ///
    /// and
    ///
    /// ```text
    /// move |__key| {
    ///     if let Some(__this) = &__this { feed(__this, __key); }
    ///     if let (Some(model),) = (__kept0,) { KeyBuilder::version(__key, &(model.revision)); }
    /// }
    /// ```
    ///
    /// A `&self` is simply copied into the closure. Of what the body has for itself nothing can be asked, and nobody else
    /// can change it.
    pub(super) fn again(&self) -> Again {
        let Self { private: p, .. } = self;
        let version = self
            .settings
            .version
            .as_ref()
            .filter(|version| can_be_asked(version));
        let tokens = version.map(Expr::to_token_stream).unwrap_or_default();
        let names_self = words(tokens.clone()).iter().any(|word| word == "self");
        let (keep_self, receiver) = self.receiver_again(names_self);
        let (keep_rest, version) = match version {
            Some(version) => self.version_again(version, names_self),
            None => Default::default(),
        };
        let closure = if receiver.is_empty() && version.is_empty() {
            quote_spanned!(Span::mixed_site()=> |_: &mut #p::KeyBuilder| {})
        } else {
            quote_spanned!(Span::mixed_site()=> move |__key: &mut #p::KeyBuilder| { #receiver #version })
        };
        Again {
            kept: [keep_self, keep_rest].into_iter().collect(),
            closure,
        }
    }

    /// What keeps the receiver, and what feeds it.
    fn receiver_again(&self, names_self: bool) -> (TokenStream, TokenStream) {
        let Self { private: p, .. } = self;
        let Some(receiver) = self.handler.receiver() else {
            return Default::default();
        };
        let this = &receiver.self_token;
        let span = hygienic(this.span);
        if is_shared(receiver) {
            return (
                TokenStream::new(),
                self.feed_receiver(span, &quote_spanned!(span=> &#this)),
            );
        }
        if is_exclusive(receiver) {
            return Default::default();
        }
        let keep = self.keep(span, &this.to_token_stream());
        let keep = if names_self {
            keep
        } else {
            quote_spanned! {span=>
                if #p::CallKey::is_identified(&__key) { #keep } else { ::core::option::Option::None }
            }
        };
        let feed = self.feed_receiver(span, &quote_spanned!(span=> __this));
        (
            quote_spanned!(span=> let __this = #keep;),
            quote_spanned! {span=>
                if let ::core::option::Option::Some(__this) = &__this { #feed }
            },
        )
    }

    /// What keeps the parameters that the version names, and what feeds the version.
    fn version_again(&self, version: &Expr, names_self: bool) -> (TokenStream, TokenStream) {
        let Self { private: p, .. } = self;
        let span = hygienic(version.span());
        let mut tokens = version.to_token_stream();
        let mut kept = TokenStream::new();
        let (mut names, mut places) = (Vec::new(), Vec::new());
        if names_self
            && let Some(receiver) = self.handler.receiver()
            && !is_shared(receiver)
        {
            // A text that a macro formats can't be given another word.
            if is_exclusive(receiver) || formats_self(&tokens) {
                return Default::default();
            }
            let this = Ident::new("__this", Span::mixed_site());
            tokens = with_self(tokens, &this);
            names.push(this.clone());
            places.push(this);
        }
        let used = words(tokens.clone());
        let bindings = self.handler.bindings();
        let asked = bindings
            .iter()
            .filter(|binding| used.iter().any(|word| *binding.name == word));
        for (at, Binding { name, cfgs, .. }) in asked.enumerate() {
            // Whether it is there at all is not known here.
            if !cfgs.is_empty() {
                return Default::default();
            }
            let place = format_ident!("__kept{at}", span = Span::mixed_site());
            let keep = self.keep(hygienic(name.span()), &name.to_token_stream());
            kept.extend(quote_spanned!(Span::mixed_site()=> let #place = #keep;));
            names.push(name.clone().into_owned());
            places.push(place);
        }
        let feed = quote_spanned!(span=> #p::KeyBuilder::version(__key, &(#tokens)););
        let feed = if names.is_empty() {
            feed
        } else {
            quote_spanned! {span=>
                if let (#(::core::option::Option::Some(#names),)*) = (#(#places,)*) {
                    #(*#p::mention(&#names) = ();)*
                    #feed
                }
            }
        };
        (kept, feed)
    }

    fn keep(&self, span: Span, value: &TokenStream) -> TokenStream {
        let Self { private: p, .. } = self;
        quote_spanned! {span=> {
            use #p::{KeptCopy as _, KeptNot as _};
            (&#p::Kept::new(&#value)).__handler_cache_keep()
        }}
    }

    fn feed_receiver(&self, span: Span, receiver: &TokenStream) -> TokenStream {
        let Self { private: p, .. } = self;
        quote_spanned! {span=> {
            use #p::ReceiverAnonymous as _;
            #p::Receiver::new(#receiver).__handler_cache_feed(__key);
        }}
    }
}

/// `&self`, or a `self` of a type that is written as a shared reference.
fn is_shared(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Reference(_, _, mutability) => mutability.is_none(),
        ReceiverKind::Typed(_, ty) => {
            matches!(ungrouped_type(ty), syn::Type::Reference(of) if of.mutability.is_none())
        }
        _ => false,
    }
}

/// `&mut self`: nobody else changes it while the body runs.
fn is_exclusive(receiver: &Receiver) -> bool {
    matches!(&receiver.kind, ReceiverKind::Reference(_, _, Some(_)))
}

/// Whether a closure can hold the expression, and its value can be another one later.
fn can_be_asked(version: &Expr) -> bool {
    if matches!(ungrouped(version), Expr::Lit(_)) {
        return false;
    }
    let leaves = |tree: &TokenTree| match tree {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(word) => LEAVING.iter().any(|leaving| word == leaving),
        _ => false,
    };
    !any(version.to_token_stream(), &leaves)
}

fn any(tokens: TokenStream, is_it: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => any(group.stream(), is_it),
        tree => is_it(&tree),
    })
}

/// Whether a text among them may format `self`.
fn formats_self(tokens: &TokenStream) -> bool {
    let formats = |tree: &TokenTree| match tree {
        TokenTree::Literal(literal) => formatted(&literal.to_string()).any(|word| word == "self"),
        _ => false,
    };
    any(tokens.clone(), &formats)
}

/// The words that may name a variable, also those in the texts that a macro formats.
fn words(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    let trees: Vec<_> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => words.extend(self::words(group.stream())),
            TokenTree::Literal(literal) => words.extend(formatted(&literal.to_string())),
            TokenTree::Ident(word) if !is_part_of_path(&trees, at) => words.push(word.to_string()),
            _ => {}
        }
    }
    words
}

/// Whether the word at `at` is a field, a method, or a segment of a longer path.
fn is_part_of_path(trees: &[TokenTree], at: usize) -> bool {
    let punct = |at: Option<usize>, what| {
        let tree = at.and_then(|at| trees.get(at));
        matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == what)
    };
    let before = |steps| at.checked_sub(steps);
    let after_dot = punct(before(1), '.') && !punct(before(2), '.');
    let joint_colon = matches!(
        trees.get(at + 1),
        Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint
    );
    after_dot || joint_colon || punct(before(1), ':') && punct(before(2), ':')
}

/// What stands in braces in a text: `{name}`, `{name:?}`.
fn formatted(text: &str) -> impl Iterator<Item = String> {
    text.split('{').skip(1).map(|rest| {
        let end = rest
            .find(|character: char| !character.is_alphanumeric() && character != '_')
            .unwrap_or(rest.len());
        rest[..end].to_owned()
    })
}

/// The tokens with another word for `self`.
fn with_self(tokens: TokenStream, this: &Ident) -> TokenStream {
    let trees: Vec<_> = tokens.into_iter().collect();
    let renamed = |(at, tree): (usize, &TokenTree)| match tree {
        TokenTree::Group(group) => {
            let mut renamed =
                proc_macro2::Group::new(group.delimiter(), with_self(group.stream(), this));
            renamed.set_span(group.span());
            renamed.into()
        }
        TokenTree::Ident(word) if word == "self" && !is_part_of_path(&trees, at) => {
            let mut this = this.clone();
            this.set_span(hygienic(word.span()));
            this.into()
        }
        tree => tree.clone(),
    };
    trees.iter().enumerate().map(renamed).collect()
}
