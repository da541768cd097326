//! The expansion: the signature as it was, and a body that hands the old one to the runtime.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{Ident, Type, parse_quote_spanned, spanned::Spanned as _};

use crate::{
    args::Arg,
    errors::Errors,
    handler::{Binding, Handler},
    outlives::outlives,
    settings::{Setting, Settings, Value},
    validate,
};

/// The whole attribute: what takes the place of `item`.
pub(crate) fn handler_cache(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let args = Arg::parse_all(args, &mut errors);
    let settings = Settings::interpret(args, &mut errors);
    let Some(handler) = errors.keep(syn::parse2::<Handler>(item.clone())) else {
        validate::endpoint(&settings, &mut errors);
        return beside(errors, item);
    };
    validate::validate(&settings, &handler, &mut errors);
    match errors.check() {
        Ok(()) => Expansion::new(&settings, &handler).function(),
        Err(errors) => [errors, handler.untouched()].into_iter().collect(),
    }
}

/// The errors, and the item too, so that what uses it does not fail as well.
fn beside(errors: Errors, item: TokenStream) -> TokenStream {
    let errors = errors.check().err();
    errors.into_iter().chain([item]).collect()
}

/// The location of `span`, where no name of the user's can be captured.
fn hygienic(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

struct Expansion<'a> {
    settings: &'a Settings,
    handler: &'a Handler,
    /// The names in the key.
    keyed: Vec<Binding<'a>>,
    output: Type,
    /// `::redis_cache_runtime::__private`
    private: TokenStream,
}

impl<'a> Expansion<'a> {
    fn new(settings: &'a Settings, handler: &'a Handler) -> Self {
        let skipped = |name: &Ident| settings.skip.contains(name);
        let bindings = handler.bindings().into_iter();
        let unit = || parse_quote_spanned!(hygienic(handler.sig.ident.span())=> ());
        Self {
            settings,
            handler,
            keyed: bindings.filter(|binding| !skipped(binding.name)).collect(),
            output: handler.output().map_or_else(unit, Clone::clone),
            private: settings.crate_path.private(),
        }
    }

    fn function(&self) -> TokenStream {
        let statements = [self.start(), self.codec(), self.key(), self.call()];
        let statements = statements.into_iter().collect();
        self.handler.with_statements(&statements)
    }

    /// ```text
    /// let __settings: fn() -> Settings = || Settings::new().host("localhost");
    /// let __site = { static SITE: Site = Site::new("images, n"); &SITE };
    /// let __path = { fn here() {} path_of(&here) };
    /// ```
    ///
    /// Items are not hygienic: each is in a block of its own, where nothing of the user's can see
    /// it.
    fn start(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let names = self.names();
        let given = self
            .settings
            .given
            .iter()
            .map(|setting| self.setting(setting));
        quote_spanned! {Span::mixed_site()=>
            let __settings: fn() -> #p::Settings = || #p::Settings::new() #(#given)*;
            let __site = { static SITE: #p::Site = #p::Site::new(#names); &SITE };
            let __path = { fn here() {} #p::path_of(&here) };
        }
    }

    /// The names of the keyed arguments that are always there.
    fn names(&self) -> String {
        let always = self.keyed.iter().filter(|binding| binding.cfgs.is_empty());
        always
            .map(|binding| binding.name.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// `.maxsize(maxsize(128usize))`
    fn setting(
        &self,
        Setting {
            key,
            written,
            value,
        }: &Setting,
    ) -> TokenStream {
        let Self { private: p, .. } = self;
        let span = hygienic(key.span());
        let method = Ident::new(&key.to_string(), span);
        let value = match value {
            Value::Written => written.to_token_stream(),
            Value::Number(number) => number.to_token_stream(),
            Value::MaxSize => quote_spanned!(span=> #p::maxsize(#written)),
            Value::Entries(entries) => quote_spanned!(span=> #p::maxsize(#entries)),
            Value::Unbounded => quote_spanned!(span=> #p::MaxSize::Unbounded),
            Value::Nanos(nanos) => {
                quote_spanned!(span=> ::core::time::Duration::from_nanos(#nanos))
            }
        };
        quote_spanned!(span=> .#method(#value))
    }

    /// ```text
    /// let __returned = Returned::<Output>::NEW;
    /// let __stored = { use ReturnedWhole as _; __returned.__handler_cache_stored() };
    /// let __comparison = { use {ComparedThere as _, …}; (&&&__stored).__handler_cache_comparison() };
    /// let __codec = { use ReturnedWhole as _; __returned.__handler_cache_codec(__comparison) };
    /// ```
    ///
    /// All bounds on the return type are on the last call, all of which lies at the return type:
    /// its error is shown there.
    fn codec(&self) -> TokenStream {
        let Self {
            private: p, output, ..
        } = self;
        let span = hygienic(output.span());
        let there = outlives(&self.handler.sig, output)
            .then(|| quote_spanned!(span=> use #p::{ComparedThere as _, SentThere as _};));
        quote_spanned! {span=>
            let __returned = #p::Returned::<#output>::NEW;
            let __stored = { use #p::ReturnedWhole as _; __returned.__handler_cache_stored() };
            let __comparison = {
                #there
                use #p::{ComparedByBytes as _, ComparedHere as _};
                (&&&__stored).__handler_cache_comparison()
            };
            let __codec = {
                use #p::ReturnedWhole as _;
                __returned.__handler_cache_codec(__comparison)
            };
        }
    }

    /// ```text
    /// let mut __key = __site.key(__path, instance_of(&|| ()), __settings, &__codec);
    /// // then the receiver, the version and the arguments
    /// ```
    fn key(&self) -> TokenStream {
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
            let #mutable __key = __site.key(__path, #p::instance_of(&|| ()), __settings, &__codec);
            #fed
        }
    }

    /// ```text
    /// { use ReceiverAnonymous as _; Receiver::new(&self).feed(&mut __key); }
    /// ```
    fn receiver(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let Some(receiver) = self.handler.receiver() else {
            return TokenStream::new();
        };
        let this = &receiver.self_token;
        quote_spanned! {hygienic(this.span)=>
            { use #p::ReceiverAnonymous as _; #p::Receiver::new(&#this).feed(&mut __key); }
        }
    }

    /// `__key.version(&(self.version));`
    fn version(&self) -> TokenStream {
        let Some(version) = &self.settings.version else {
            return TokenStream::new();
        };
        quote_spanned!(hygienic(version.span())=> __key.version(&(#version));)
    }

    /// ```text
    /// { use {PartFast as _, PartSerde as _}; let __part = Part::new(&images); (&__part).feed(&mut __key); }
    /// ```
    ///
    /// Of a parameter under a `#[cfg]` the name is fed too: which names there are is not known
    /// here.
    fn part(&self, Binding { name, cfgs }: &Binding<'_>) -> TokenStream {
        let Self { private: p, .. } = self;
        let span = hygienic(name.span());
        let label = (!cfgs.is_empty()).then(|| {
            let label = name.to_string();
            quote_spanned!(span=> (&#p::Part::new(#label)).feed(&mut __key);)
        });
        let quiet = name.to_string().starts_with('_').then(|| {
            quote_spanned! {span=>
                #[allow(clippy::used_underscore_binding, reason = "the key uses it, not the handler")]
            }
        });
        quote_spanned! {span=>
            #(#cfgs)* #quiet {
                use #p::{PartFast as _, PartSerde as _};
                #label
                let __part = #p::Part::new(&#name);
                (&__part).feed(&mut __key);
            }
        }
    }

    /// ```text
    /// __site.call(__key.finish(), __codec, move || -> Output { body })
    /// ```
    ///
    /// or
    ///
    /// ```text
    /// let __body = pin!(async move { return edge { body } });
    /// __site.call_async(__key.finish(), __codec, __body).await
    /// ```
    ///
    /// The body's future stays where it is made: each future that it were moved into would hold
    /// room for it twice.
    fn call(&self) -> TokenStream {
        let Self { output, .. } = self;
        let body = self.handler.body.as_ref();
        if self.handler.sig.asyncness.is_none() {
            let block = body.map(|body| body.block(body.span));
            return quote_spanned! {Span::mixed_site()=>
                __site.call(__key.finish(), __codec, move || -> #output #block)
            };
        }
        // A block after a statement, in braces of the user's own, looks to the compiler like one
        // too many.
        let block = body.map(|body| body.block(hygienic(body.span)));
        let edge = self.return_edge();
        quote_spanned! {Span::mixed_site()=>
            let __key = __key.finish();
            let __body = ::core::pin::pin!(async move { #edge #block });
            __site.call_async(__key, __codec, __body).await
        }
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
