//! The part of the expansion that hands the body to the runtime.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use super::{Expansion, again::Again, hygienic};
use crate::handler::{Binding, Body};

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
        let captured = self.captured();
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
    fn body(&self) -> TokenStream {
        let block = self.handler.body.as_ref().map(Body::block);
        quote_spanned!(Span::mixed_site()=> match () { () => #block })
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
