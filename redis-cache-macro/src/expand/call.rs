//! The part of the expansion that hands the body to the runtime.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use super::{Expansion, again::Again, hygienic};
use crate::handler::{Binding, Body, Unnamed};

impl Expansion<'_> {
    /// ```text
    /// Site::call(__site, __key, __codec, move || -> Output { body }, again)
    /// ```
    ///
    /// or
    ///
    /// ```text
    /// call_async(__key, __codec, move || async move { return edge; body }, again).await
    /// ```
    pub(super) fn call(&self) -> TokenStream {
        let Self {
            private: p, output, ..
        } = self;
        let Again { kept, closure } = self.again();
        let captured = [self.captured(), self.bound()];
        let captured: TokenStream = captured.into_iter().collect();
        let body = self.body();
        if self.handler.sig.asyncness.is_none() {
            return quote_spanned! {Span::mixed_site()=>
                #kept
                #p::Site::call(
                    __site,
                    __key,
                    __codec,
                    move || -> #output { #captured #body },
                    #closure,
                )
            };
        }
        let edge = self.return_edge();
        quote_spanned! {Span::mixed_site()=>
            #kept
            #p::call_async(
                __key,
                __codec,
                move || async move { #captured #edge #body },
                #closure,
            ).await
        }
    }

    /// `match () { () => { body } }`
    ///
    /// The braces are the user's own, with the edition that says when the temporaries of the last expression are dropped.
    /// After a statement, or as the value of one, the compiler would call such a block one too many.
    ///
    /// A `mut self` can't be bound in the closure, and the compiler says of what a closure holds that it is written to and never
    /// read: it is mentioned after the body, in a way that does not mind that it is gone.
    fn body(&self) -> TokenStream {
        let Self { output, .. } = self;
        let block = self.handler.body.as_ref().map(Body::block);
        let body = quote_spanned!(Span::mixed_site()=> match () { () => #block });
        match self.handler.receiver() {
            Some(receiver) if receiver.mutability.is_some() => {
                let this = &receiver.self_token;
                quote_spanned! {Span::mixed_site()=>
                    let __value: #output = #body;
                    let _ = #this;
                    __value
                }
            }
            _ => body,
        }
    }

    /// `let mut second = second; let third = third;`
    ///
    /// Parameters that are `mut` become variables, as they were: of one that a closure holds the compiler says other things. Those
    /// that are to be dropped before the first such one do so too. The others stay where they are, and a future has each once.
    fn bound(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let mut bound = TokenStream::new();
        let mut is_after = false;
        for binding in self.handler.captured() {
            let Binding {
                name,
                cfgs,
                mutability,
                ..
            } = &binding;
            is_after |= mutability.is_some() && !binding.is_reference;
            let is_bound = mutability.is_some() || (is_after && !binding.is_reference);
            if is_bound {
                bound.extend(quote_spanned! {hygienic(name.span())=>
                    #(#cfgs)* let #mutability #name = #name;
                    #(#cfgs)* { *#p::mention(&#name) = (); }
                });
            }
        }
        bound.extend(self.borrowed());
        bound
    }

    /// `let ref text = __unnamed1;`
    pub(super) fn borrowed(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let unnamed = self.handler.unnamed();
        unnamed
            .map(
                |Unnamed {
                     name,
                     pat,
                     borrows,
                     cfgs,
                 }| {
                    quote_spanned! {Span::mixed_site()=>
                        #(#cfgs)* let #pat = #name;
                        #(#cfgs)* { #(*#p::mention(&#borrows) = ();)* }
                    }
                },
            )
            .collect()
    }

    /// `*mention(&third) = (); *mention(&second) = (); *mention(&first) = ();`
    ///
    /// Moves the parameters into the closure, whole, in the order in which they are to be dropped: what a closure holds
    /// is dropped in the order in which it is mentioned, and after what its body declares.
    fn captured(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let mut captured: TokenStream = self
            .handler
            .captured()
            .iter()
            .rev()
            .filter(|binding| !binding.is_reference)
            .map(|Binding { name, cfgs, .. }| {
                quote_spanned!(hygienic(name.span())=> #(#cfgs)* { *#p::mention(&#name) = (); })
            })
            .collect();
        if let Some(receiver) = self.handler.receiver()
            && !is_reference(receiver)
        {
            let this = &receiver.self_token;
            captured.extend(quote_spanned!(hygienic(this.span)=> *#p::mention(&#this) = ();));
        }
        captured
    }

    /// ```text
    /// if let Some(__ret) = None::<Output> { return __ret; }
    /// ```
    ///
    /// Tells the compiler the type of an `async` block, which can't be written.
    fn return_edge(&self) -> TokenStream {
        let Self { output, .. } = self;
        quote_spanned! {hygienic(output.span())=>
            if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<#output> {
                return __ret;
            }
        }
    }
}

fn is_reference(receiver: &syn::Receiver) -> bool {
    matches!(receiver.kind, syn::ReceiverKind::Reference(..))
}
