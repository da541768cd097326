//! Whatever stands in the attribute and under it, the macro answers with tokens.

use cache_fuzz::{Result, Unstructured, fuzz, mutate};
use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

use crate::expand::handler_cache;

const WORDS: [&str; 30] = [
    "host",
    "port",
    "db",
    "url",
    "config",
    "maxsize",
    "shards",
    "name",
    "ttl",
    "timeout",
    "max_value_bytes",
    "skip",
    "version",
    "crate",
    "self",
    "Self",
    "n",
    "context",
    "None",
    "Some",
    "fn",
    "if",
    "r#type",
    "async",
    "namespace",
    "maxsiz",
    "true",
    "as",
    "std",
    "_",
];

const TEXTS: [&str; 8] = [
    "localhost",
    "redis://user:secret@localhost:6379/0",
    "rediss://[::1]:7000,rediss://b",
    "redis+unix:///run/redis.sock?db=1",
    "redis+sentinel://u:p@a:1,b/main/3?sentinel_user=s",
    "10m",
    "1.5ms",
    "images#3",
];

const PIECES: [&[u8]; 12] = [
    b"://",
    b"@",
    b":",
    b"/",
    b",",
    b"?",
    b"#",
    b"[",
    b"]",
    b".",
    b"ms",
    "\u{fc}".as_bytes(),
];

fn text(u: &mut Unstructured<'_>) -> Result<String> {
    let mut text = u.choose(&TEXTS)?.as_bytes().to_vec();
    if u.arbitrary()? {
        mutate(&mut text, &PIECES, u)?;
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn word(u: &mut Unstructured<'_>) -> Result<TokenTree> {
    let word = *u.choose(&WORDS)?;
    let ident = match word.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, Span::call_site()),
        None => Ident::new(word, Span::call_site()),
    };
    Ok(ident.into())
}

fn literal(u: &mut Unstructured<'_>) -> Result<TokenTree> {
    let literal = match u.int_in_range(0..=8)? {
        0..=3 => Literal::string(&text(u)?),
        4 => Literal::u64_unsuffixed(u.int_in_range(0..=70_000)?),
        5 => Literal::u64_unsuffixed(u.arbitrary()?),
        6 => Literal::u128_unsuffixed(u.arbitrary()?),
        7 => Literal::f64_unsuffixed(1.5),
        _ => Literal::byte_string(b"bytes"),
    };
    Ok(literal.into())
}

fn tree(depth: usize, u: &mut Unstructured<'_>) -> Result<TokenTree> {
    let one = |c| TokenTree::from(Punct::new(c, Spacing::Alone));
    Ok(match u.int_in_range(0..=9)? {
        0..=2 => word(u)?,
        3 | 4 => literal(u)?,
        5 => one('='),
        6 => one(','),
        7 => one(*u.choose(&['-', '!', '&', '.', ':', '<', '>', '?', '|', '#', ';'])?),
        8 => Punct::new(*u.choose(&[':', '=', '-', '.'])?, Spacing::Joint).into(),
        _ if depth == 3 => one(','),
        _ => {
            let delimiters = [
                Delimiter::Parenthesis,
                Delimiter::Brace,
                Delimiter::Bracket,
                Delimiter::None,
            ];
            Group::new(*u.choose(&delimiters)?, stream(depth + 1, u)?).into()
        }
    })
}

fn stream(depth: usize, u: &mut Unstructured<'_>) -> Result<TokenStream> {
    let len = u.int_in_range(0..=8)?;
    (0..len).map(|_| tree(depth, u)).collect()
}

/// `key = value` or `key(values)` mostly, so that more than the first token counts.
fn args(u: &mut Unstructured<'_>) -> Result<TokenStream> {
    let mut args = TokenStream::new();
    for _ in 0..u.int_in_range(0..=5)? {
        let key = word(u)?;
        let value = match u.int_in_range(0..=3)? {
            0 => stream(1, u)?,
            1 => tree(1, u)?.into(),
            _ => literal(u)?.into(),
        };
        args.extend(match u.int_in_range(0..=5)? {
            0 => quote! { #key(#value), },
            1 => value,
            _ => quote! { #key = #value, },
        });
    }
    Ok(args)
}

#[test]
fn any_arguments_leave_the_function_where_it_is() {
    let items = [
        quote! { fn handler(&self, n: u32, context: &Context) -> Result<u32, Error> { self.run(n) } },
        quote! { pub async fn handler((n, _): (u32, u8)) -> String { n.to_string() } },
    ];
    fuzz(1_000, |u| {
        let args = args(u)?;
        let item = u.choose(&items)?.clone();
        let said = args.to_string();
        let expanded = handler_cache(args, item);
        let methods = quote! { impl Handler { #expanded } };
        let parsed = syn::parse2::<syn::File>(methods);
        assert!(parsed.is_ok(), "{said}\n{expanded}");
        assert!(expanded.to_string().contains("fn handler"), "{said}");
        Ok(())
    });
}

#[test]
fn any_item_has_an_answer() {
    let items = [
        "fn handler<'a, T: Clone>(&'a self, n: T) -> Vec<T> where T: Copy { self.run(n) }",
        "#[inline] pub(crate) async fn handler(mut self: Arc<Self>, [a, b]: [u8; 2]) {}",
        "impl Handler { fn handler(&self) -> u8 { 1 } }",
    ];
    let words: [&[u8]; 14] = [
        b"fn", b"self", b"&", b"mut ", b"(", b")", b"{}", b"<", b">", b"->", b"impl ", b"const ",
        b"'a", b"...",
    ];
    fuzz(1_500, |u| {
        let mut item = u.choose(&items)?.as_bytes().to_vec();
        mutate(&mut item, &words, u)?;
        // What is no token stream never comes to a macro.
        if let Ok(item) = String::from_utf8_lossy(&item).parse() {
            handler_cache(TokenStream::new(), item);
        }
        handler_cache(TokenStream::new(), stream(0, u)?);
        Ok(())
    });
}
