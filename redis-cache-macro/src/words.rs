//! The words among tokens that only the compiler can take apart, or that nobody has.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use syn::ext::IdentExt as _;

/// Words that leave the expression in which they stand, or suspend it. A `break` or `continue` can't: no loop is around it.
const LEAVING: [&str; 3] = ["await", "return", "yield"];

/// Whether `is_it` holds of a token that is no group.
pub(crate) fn any(tokens: TokenStream, is_it: &impl Fn(&TokenTree) -> bool) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Group(group) => any(group.stream(), is_it),
        tree => is_it(&tree),
    })
}

/// Whether there is a `?`, a `return` or an `.await` among them.
pub(crate) fn may_leave(tokens: TokenStream) -> bool {
    any(tokens, &|tree| match tree {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Ident(word) => LEAVING.iter().any(|leaving| word == leaving),
        _ => false,
    })
}

/// Whether a text among them may format `self`.
pub(crate) fn formats_self(tokens: TokenStream) -> bool {
    any(tokens, &|tree| match tree {
        TokenTree::Literal(literal) => formatted(&literal.to_string()).any(|word| word == "self"),
        _ => false,
    })
}

/// The words that may name a variable, also those in the texts that a macro formats.
pub(crate) fn words(tokens: TokenStream) -> Vec<String> {
    let mut words = Vec::new();
    let trees: Vec<_> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => words.extend(self::words(group.stream())),
            TokenTree::Literal(literal) => words.extend(formatted(&literal.to_string())),
            TokenTree::Ident(word) if !is_part_of_path(&trees, at) => {
                words.push(word.unraw().to_string());
            }
            _ => {}
        }
    }
    words
}

/// Each `self` among the tokens.
pub(crate) fn selves(tokens: TokenStream) -> Vec<Ident> {
    tokens
        .into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Group(group) => selves(group.stream()),
            TokenTree::Ident(word) if word == "self" => vec![word],
            _ => Vec::new(),
        })
        .collect()
}

/// Whether the word at `at` is a field, a method, or a segment of a longer path.
pub(crate) fn is_part_of_path(trees: &[TokenTree], at: usize) -> bool {
    let punct = |at: Option<usize>, what| {
        let tree = at.and_then(|at| trees.get(at));
        matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == what)
    };
    let before = |steps| at.checked_sub(steps);
    let after_dot = punct(before(1), '.') && !punct(before(2), '.');
    let joint_colon = matches!(
        trees.get(at + 1),
        Some(TokenTree::Punct(punct)) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint
    );
    after_dot || joint_colon || punct(before(1), ':') && punct(before(2), ':')
}

/// The names in braces in a text: `{name}`, `{name:?}`.
fn formatted(text: &str) -> impl Iterator<Item = String> {
    text.split('{').skip(1).map(|rest| {
        let end = rest
            .find(|character: char| !character.is_alphanumeric() && character != '_')
            .unwrap_or(rest.len());
        rest[..end].to_owned()
    })
}
