//! The path of the runtime in an expansion.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{Error, Expr, ExprPath, Path};

use crate::fragment::ungrouped;

/// The path of the runtime crate: `::redis_cache_runtime`, or the path of `crate = …`.
#[derive(Default)]
pub(crate) struct CratePath(Option<Path>);

impl CratePath {
    /// Takes a path without generic arguments that means the same wherever it is written.
    pub(crate) fn parse(value: &Expr) -> syn::Result<Self> {
        let Expr::Path(ExprPath {
            qself: None, path, ..
        }) = ungrouped(value)
        else {
            return Err(Error::new_spanned(
                value,
                "`crate` is a path without quotes, such as `crate = ::redis_cache_runtime`",
            ));
        };
        if path
            .segments
            .iter()
            .any(|segment| !segment.arguments.is_none())
        {
            return Err(Error::new_spanned(
                path,
                "the path of a crate has no generic arguments",
            ));
        }
        if !is_absolute(path) {
            let written = path.to_token_stream().to_string().replace(' ', "");
            let tail = trim_relative(&written);
            return Err(Error::new_spanned(
                path,
                format!(
                    "this path means something else in another module; write \
                     `crate = ::{tail}` for a crate or `crate = crate::{tail}` for a module of this one"
                ),
            ));
        }
        Ok(Self(Some(path.clone())))
    }

    /// The module of the items that an expansion may name.
    pub(crate) fn private(&self) -> TokenStream {
        let default = || quote_spanned!(Span::mixed_site()=> ::redis_cache_runtime);
        let path = self.0.as_ref().map_or_else(default, Path::to_token_stream);
        quote_spanned!(Span::mixed_site()=> #path::__private)
    }
}

fn is_absolute(path: &Path) -> bool {
    let first = path.segments.first();
    path.leading_colon.is_some()
        || first.is_some_and(|first| first.ident == "crate" || first.ident == "$crate")
}

/// `path` without the `self::` and `super::` at its front.
fn trim_relative(path: &str) -> &str {
    let mut tail = path;
    while let Some(rest) = tail
        .strip_prefix("self::")
        .or_else(|| tail.strip_prefix("super::"))
    {
        tail = rest;
    }
    tail
}
