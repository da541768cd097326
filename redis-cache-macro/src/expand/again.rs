//! The part of the expansion that evaluates the receiver's identity and the version once more, after the body.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::{Expr, Ident, Receiver, ReceiverKind, ext::IdentExt as _, spanned::Spanned as _};

use super::{Expansion, hygienic};
use crate::{
    fragment::{ungrouped, ungrouped_type},
    free::Free,
    handler::Binding,
    words::{formats_self, is_part_of_path},
};

/// The second evaluation.
pub(super) struct Again {
    /// Statements that keep copies of parameters that the body takes.
    pub(super) kept: TokenStream,
    /// The closure that evaluates.
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
    /// A `&self` is simply copied into the closure. A parameter that only the body has can't be evaluated again, and no other code
    /// can change it.
    pub(super) fn again(&self) -> Again {
        let Self { private: p, .. } = self;
        let version = self
            .settings
            .version
            .as_ref()
            // A literal stays what it is.
            .filter(|version| !matches!(ungrouped(version), Expr::Lit(_)))
            .map(|version| (version, Free::of(version)))
            // A closure can't hold the others.
            .filter(|(_, free)| !free.leaves);
        let names_self = version
            .as_ref()
            .is_some_and(|(_, free)| free.may_use("self"));
        let (keep_self, receiver) = self.receiver_again(names_self);
        let (keep_rest, version) = match version {
            Some((version, free)) => self.version_again(version, &free),
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

    /// The statement that keeps the receiver, and the one that feeds it.
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

    /// The statements that keep the parameters of the version, and the one that feeds the version.
    fn version_again(&self, version: &Expr, free: &Free) -> (TokenStream, TokenStream) {
        let Self { private: p, .. } = self;
        let span = hygienic(version.span());
        let mut tokens = version.to_token_stream();
        let mut kept = TokenStream::new();
        let (mut names, mut places) = (Vec::new(), Vec::new());
        if free.may_use("self")
            && let Some(receiver) = self.handler.receiver()
            && !is_shared(receiver)
        {
            // A text that a macro formats can't be given another word.
            if is_exclusive(receiver) || formats_self(tokens.clone()) {
                return Default::default();
            }
            let this = Ident::new("__this", Span::mixed_site());
            tokens = with_self(tokens, &this);
            names.push(this.clone());
            places.push(this);
        }
        let bindings = self.handler.bindings();
        let asked = bindings
            .iter()
            .filter(|binding| free.may_use(&binding.name.unraw().to_string()));
        for (at, binding) in asked.enumerate() {
            let Binding { name, cfgs, .. } = binding;
            // Whether it is there at all is not known here, or it borrows from what the body has.
            if !cfgs.is_empty() || binding.is_borrowed {
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
