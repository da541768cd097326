//! What the attribute expands to, as files. After a change: `UPDATE_EXPECT=1 cargo test -p
//! redis-cache-macro`.

mod fuzz;
mod keys;

use expect_test::{ExpectFile, expect_file};
use proc_macro2::{TokenStream, TokenTree};
use quote::quote;

use crate::expand::handler_cache;

#[expect(
    clippy::needless_pass_by_value,
    reason = "called with what `expect_file!` makes"
)]
fn assert_expands(args: TokenStream, item: TokenStream, expected: ExpectFile) {
    let expansion = handler_cache(args.clone(), item.clone());
    assert_calls_no_method(expansion.clone(), &[args, item].into_iter().collect());
    let file = syn::parse2(expansion).unwrap();
    expected.assert_eq(&prettyplease::unparse(&file));
}

/// As [`assert_expands`], for what only stands in an `impl`.
#[expect(
    clippy::needless_pass_by_value,
    reason = "called with what `expect_file!` makes"
)]
fn assert_method_expands(args: TokenStream, item: TokenStream, expected: ExpectFile) {
    let method = handler_cache(args.clone(), item.clone());
    assert_calls_no_method(method.clone(), &[args, item].into_iter().collect());
    let file = syn::parse2(quote! { impl Handler { #method } }).unwrap();
    expected.assert_eq(&prettyplease::unparse(&file));
}

/// A method that is called could be one of a trait in the user's scope, which has methods of any name for every type. Those
/// that are picked by type have names that nobody else uses.
fn assert_calls_no_method(expansion: TokenStream, input: &TokenStream) {
    let written = input.to_string();
    let mut after_dot = false;
    for tree in expansion {
        if let TokenTree::Ident(word) = &tree
            && after_dot
        {
            let word = word.to_string();
            let ours = word == "await" || word.starts_with("__handler_cache_");
            assert!(ours || written.contains(&word), "calls `{word}`");
        }
        after_dot = matches!(&tree, TokenTree::Punct(punct) if punct.as_char() == '.');
        if let TokenTree::Group(group) = tree {
            assert_calls_no_method(group.stream(), input);
        }
    }
}

#[test]
fn bare_function() {
    assert_expands(
        quote! {},
        quote! { fn double(n: u32) -> u32 { n * 2 } },
        expect_file!["snapshots/bare_function.rs"],
    );
}

#[test]
fn unit() {
    assert_expands(
        quote! {},
        quote! { fn nothing() {} },
        expect_file!["snapshots/unit.rs"],
    );
}

#[test]
fn sync_method() {
    assert_method_expands(
        quote! {
            host = "localhost", port = 6379, db = 0, maxsize = 128, name = "images", timeout = "50ms",
            skip(context), version = self.rev()
        },
        quote! {
            /// Handles.
            #[inline]
            pub fn handle(&self, images: &[u8], mut n: u32, context: &Context) -> Result<Prediction, HandleError> {
                n += 1;
                self.model.predict(images, n, context)
            }
        },
        expect_file!["snapshots/sync_method.rs"],
    );
}

#[test]
fn async_method() {
    assert_method_expands(
        quote! { url = "redis://localhost", maxsize = None },
        quote! {
            pub(crate) async fn handle(self: Arc<Self>, text: &str) -> Option<String> {
                let text = self.model.predict(text).await?;
                Some(text)
            }
        },
        expect_file!["snapshots/async_method.rs"],
    );
}

#[test]
fn settings_from_expressions() {
    assert_expands(
        quote! { host = host(), maxsize = SIZE, timeout = Duration::from_secs(1) },
        quote! { fn double(n: u32) -> u32 { n * 2 } },
        expect_file!["snapshots/settings_from_expressions.rs"],
    );
}

#[test]
fn patterns() {
    assert_expands(
        quote! { skip(b) },
        quote! {
            fn handle(
                (a, mut b): (u32, u32),
                Json(Point { x, y: height, .. }): Json<Point>,
                whole @ [first, ..]: [u8; 2],
                ref text: String,
                _: &Context,
                _unused: u8,
                (Ok(n) | Err(n)): Result<u32, u32>,
            ) -> u32 {
                0
            }
        },
        expect_file!["snapshots/patterns.rs"],
    );
}

#[test]
fn conditional_parameters() {
    assert_expands(
        quote! {},
        quote! {
            fn handle(n: u32, #[cfg(feature = "scale")] scale: f32, #[allow(unused)] last: u32) -> u32 { n }
        },
        expect_file!["snapshots/conditional_parameters.rs"],
    );
}

#[test]
fn generics() {
    assert_method_expands(
        quote! {},
        quote! {
            fn handle<'a, T: Serialize, const N: usize>(
                &'a mut self,
                values: [T; N],
                other: impl AsRef<str> + Serialize,
            ) -> Answer<Cow<'a, str>>
            where
                T: Clone,
            {
                unreachable!()
            }
        },
        expect_file!["snapshots/generics.rs"],
    );
}

#[test]
fn inner_attributes() {
    assert_expands(
        quote! {},
        quote! {
            fn handle(n: u32) -> u32 {
                #![allow(unused_variables)]
                let unused = n;
                n
            }
        },
        expect_file!["snapshots/inner_attributes.rs"],
    );
}

#[test]
fn crate_path() {
    assert_expands(
        quote! { crate = crate::facade::cache, maxsize = 4 },
        quote! { fn double(n: u32) -> u32 { n * 2 } },
        expect_file!["snapshots/crate_path.rs"],
    );
}

#[test]
fn mistakes_leave_the_item() {
    assert_expands(
        quote! { prot = 6379, maxsize = -1 },
        quote! {
            #[handler_cache]
            #[inline]
            fn double(n: u32) -> &str { n * 2 }
        },
        expect_file!["snapshots/mistakes_leave_the_item.rs"],
    );
}

#[test]
fn not_a_function() {
    assert_expands(
        quote! { port = 0 },
        quote! { struct Handler; },
        expect_file!["snapshots/not_a_function.rs"],
    );
}
