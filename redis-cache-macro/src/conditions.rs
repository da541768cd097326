//! The conditions under which a parameter is there.

use proc_macro2::{TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Meta, Token, parse::Parser as _, parse_quote, punctuated::Punctuated};

/// The `#[cfg]`s, and those that a `#[cfg_attr]` stands for.
pub(crate) fn cfgs(attrs: &[Attribute]) -> Vec<Attribute> {
    let mut cfgs = Vec::new();
    for attr in attrs {
        if attr.path().is_ident("cfg") {
            cfgs.push(attr.clone());
        } else {
            let conditions = conditions(&attr.meta).into_iter();
            cfgs.extend(conditions.map(|condition| parse_quote!(#[cfg(#condition)])));
        }
    }
    cfgs
}

/// What has to hold so that an attribute doesn't remove what it is on: `any(not(a), b)` for `cfg_attr(a, cfg(b))`.
fn conditions(meta: &Meta) -> Vec<TokenStream> {
    let Meta::List(list) = meta else {
        return Vec::new();
    };
    if list.path.is_ident("cfg") {
        return vec![list.tokens.clone()];
    }
    if !list.path.is_ident("cfg_attr") {
        return Vec::new();
    }
    let is_comma =
        |tree: &TokenTree| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',');
    let mut trees = list.tokens.clone().into_iter();
    let outer: TokenStream = trees.by_ref().take_while(|tree| !is_comma(tree)).collect();
    let attrs = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(trees.collect());
    let inner = attrs.iter().flatten().flat_map(conditions);
    inner
        .map(|inner| quote!(any(not(#outer), #inner)))
        .collect()
}
