//! The expansion: the signature as it was, and a body that hands the old one to the runtime.

mod again;
mod call;
mod key;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

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

/// The expansion of the attribute, which replaces `item`.
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
        Ok(()) => Expansion::new(&settings, &handler, digest(&item)).function(),
        Err(errors) => [errors, handler.untouched()].into_iter().collect(),
    }
}

/// The errors, and the item too, so that its uses do not fail as well.
fn beside(errors: Errors, item: TokenStream) -> TokenStream {
    let errors = errors.check().err();
    errors.into_iter().chain([item]).collect()
}

/// A hash that tells functions of one name apart: in two blocks, say, of which one may be gone in the next build.
fn digest(item: &TokenStream) -> u64 {
    let mut hasher = DefaultHasher::new();
    item.to_string().hash(&mut hasher);
    hasher.finish()
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
    /// A hash of the tokens of the function.
    digest: u64,
    /// `::redis_cache_runtime::__private`
    private: TokenStream,
}

impl<'a> Expansion<'a> {
    fn new(settings: &'a Settings, handler: &'a Handler, digest: u64) -> Self {
        let skipped = |name: &Ident| settings.skip.contains(name);
        let bindings = handler.bindings().into_iter();
        let unit = || parse_quote_spanned!(hygienic(handler.sig.ident.span())=> ());
        Self {
            settings,
            handler,
            keyed: bindings.filter(|binding| !skipped(&binding.name)).collect(),
            output: handler.output().map_or_else(unit, Clone::clone),
            digest,
            private: settings.crate_path.private(),
        }
    }

    fn function(&self) -> TokenStream {
        let statements = [
            self.borrowed(),
            self.start(),
            self.codec(),
            self.key(),
            self.call(),
        ];
        let statements = statements.into_iter().collect();
        self.handler.with_statements(&statements)
    }

    /// ```text
    /// let __settings: fn() -> Settings = || Settings::host(Settings::new(), "localhost");
    /// let __site = { static SITE: Site = Site::new("images, n", Origin::new(…)); &SITE };
    /// let __path = { fn here() {} path_of(&here) };
    /// ```
    ///
    /// Items are not hygienic: each is in a block of its own, where nothing of the user's can see
    /// it. Functions are named by their paths: a method of the same name may be in the user's scope, for every type.
    fn start(&self) -> TokenStream {
        let Self { private: p, .. } = self;
        let names = self.names();
        let is_method = self.handler.receiver().is_some();
        let digest = self.digest;
        let default = quote_spanned!(Span::mixed_site()=> #p::Settings::new());
        let settings = self
            .settings
            .given
            .iter()
            .fold(default, |settings, setting| {
                self.setting(&settings, setting)
            });
        quote_spanned! {Span::mixed_site()=>
            let __settings: fn() -> #p::Settings = || #settings;
            let __site = {
                static SITE: #p::Site = #p::Site::new(
                    #names,
                    #p::Origin::new(
                        ::core::option_env!("CARGO_PKG_NAME"),
                        ::core::option_env!("CARGO_PKG_VERSION"),
                        ::core::option_env!("CARGO_BIN_NAME"),
                        ::core::module_path!(),
                        #is_method,
                        #digest,
                    ),
                );
                &SITE
            };
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

    /// `Settings::maxsize(settings, maxsize(128usize))`
    fn setting(
        &self,
        settings: &TokenStream,
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
        quote_spanned!(span=> #p::Settings::#method(#settings, #value))
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
}
