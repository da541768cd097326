//! The part of the expansion that writes the key.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use super::{Expansion, hygienic};
use crate::handler::Binding;

impl Expansion<'_> {
    /// ```text
    /// let __key = {
    ///     let mut __key = Site::key(__site, __path, instance_of(&|| ()), __settings, &__codec);
    ///     // then the receiver, the version and the arguments
    ///     KeyBuilder::finish(__key)
    /// };
    /// ```
    ///
    /// In a block, so that no future holds what the key is made with.
    pub(super) fn key(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let parts = self
            .keyed
            .iter()
            .map(|binding| self.part(binding))
            .collect();
        let fed: TokenStream = [self.receiver(), self.version(), parts]
            .into_iter()
            .collect();
        let mutable = (!fed.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> mut));
        quote_spanned! {Span::mixed_site()=>
            let __key = {
                let #mutable __key =
                    #p::Site::key(__site, __path, #p::instance_of(&|| ()), __settings, &__codec);
                #fed
                #p::KeyBuilder::finish(__key)
            };
        }
    }

    /// ```text
    /// { use ReceiverAnonymous as _; Receiver::new(&self).__handler_cache_feed(&mut __key); }
    /// ```
    fn receiver(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let Some(receiver) = self.handler.receiver() else {
            return TokenStream::new();
        };
        let this = &receiver.self_token;
        quote_spanned! {hygienic(this.span)=>
            { use #p::ReceiverAnonymous as _; #p::Receiver::new(&#this).__handler_cache_feed(&mut __key); }
        }
    }

    /// `KeyBuilder::version(&mut __key, &(self.version));`
    fn version(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let Some(version) = &self.settings.version else {
            return TokenStream::new();
        };
        quote_spanned! {hygienic(version.span())=>
            #p::KeyBuilder::version(&mut __key, &(#version));
        }
    }

    /// ```text
    /// {
    ///     use {PartFast as _, PartSerde as _};
    ///     *match Part::new(&images) { __part => (&__part).__handler_cache_feed(&mut __key) } = ();
    /// }
    /// ```
    ///
    /// All bounds are on the last call, on what lies from the first token of the parameter's type to the last: its error is
    /// shown there. Of a parameter under a `#[cfg]` the name is fed too: which names there are is not known here.
    fn part(
        &self,
        Binding {
            name, cfgs, place, ..
        }: &Binding<'_>,
    ) -> TokenStream {
        let Self { private: p, .. } = self;
        let span = hygienic(name.span());
        let (first, last) = (hygienic(place.0), hygienic(place.1));
        let label = (!cfgs.is_empty()).then(|| {
            let label = name.to_string();
            quote_spanned!(span=> *(&#p::Part::new(#label)).__handler_cache_feed(&mut __key) = ();)
        });
        let reference = quote_spanned!(first=> &);
        let part = quote_spanned!(last=> __part);
        let feed = quote_spanned!(first=> (#reference #part).__handler_cache_feed(&mut __key));
        quote_spanned! {span=>
            #(#cfgs)* {
                use #p::{PartFast as _, PartSerde as _};
                #label
                *match #p::Part::new(&#name) { __part => #feed } = ();
            }
        }
    }
}
