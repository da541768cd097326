//! Whether a return type holds nothing that ends with the call, as far as that can be told from how it is written.
//!
//! A copy of such a value can be handed to another thread. Whether a type outlives the call can't be asked in an expansion
//! without demanding it, and what is not known here is compared where it is. A parameter of the `impl` around a method looks like any
//! other type: what is called as parameters usually are, or leads to an associated type, is taken for one.

use syn::{
    GenericParam, Ident, Lifetime, Macro, Path, QSelf, Signature, Type, TypeImplTrait,
    TypeReference, TypeTraitObject,
    visit::{self, Visit},
};

use crate::{fragment::ungrouped_type, signature::ok_of_result};

/// Whether values of `output`, or of the `Ok` side of a `Result`, surely outlive a call of the function.
pub(crate) fn outlives(sig: &Signature, output: &Type) -> bool {
    let parameters = sig
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) | GenericParam::Const(_) => None,
        });
    let mut search = Search {
        parameters: parameters.collect(),
        found: false,
    };
    search.visit_type(stored(output));
    !search.found
}

/// The `Ok` side of a `Result`.
fn stored(output: &Type) -> &Type {
    match ungrouped_type(output) {
        Type::Path(path) => ok_of_result(&path.path).unwrap_or(output),
        _ => output,
    }
}

/// Looks for types that may not outlive a call.
struct Search<'a> {
    parameters: Vec<&'a Ident>,
    found: bool,
}

impl Search<'_> {
    fn may_be_parameter(&self, path: &Path) -> bool {
        let Some(first) = path.segments.first() else {
            return true;
        };
        let name = first.ident.to_string();
        let is_parameter = path.leading_colon.is_none() && self.parameters.contains(&&first.ident);
        let leads_on = path.segments.len() > 1 && name.starts_with(char::is_uppercase);
        is_parameter || leads_on || name == "Self" || is_short(&name)
    }
}

/// `T`, `T1`, `TOut`, `OUT`.
fn is_short(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(char::is_uppercase)
        && characters
            .next()
            .is_none_or(|second| !second.is_lowercase())
}

impl Visit<'_> for Search<'_> {
    fn visit_path(&mut self, path: &Path) {
        // Its lifetime may be left out.
        let is_cow = path.segments.last().is_some_and(|last| last.ident == "Cow");
        self.found |= is_cow || self.may_be_parameter(path);
        visit::visit_path(self, path);
    }

    fn visit_qself(&mut self, _: &QSelf) {
        self.found = true;
    }

    fn visit_lifetime(&mut self, _: &Lifetime) {
        self.found = true;
    }

    fn visit_type_reference(&mut self, _: &TypeReference) {
        self.found = true;
    }

    fn visit_type_trait_object(&mut self, _: &TypeTraitObject) {
        self.found = true;
    }

    fn visit_type_impl_trait(&mut self, _: &TypeImplTrait) {
        self.found = true;
    }

    fn visit_macro(&mut self, _: &Macro) {
        self.found = true;
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::outlives;

    #[test]
    fn what_may_end_with_the_call_is_found() {
        let cases = [
            (quote!(Prediction), true),
            (quote!(Vec<Option<crate::model::Prediction>>), true),
            (quote!((u8, [f32; 3], ())), true),
            (quote!(Result<Prediction, Box<dyn Error + 'a>>), true),
            (quote!(io::Result<HashMap<String, Prediction>>), true),
            (quote!(std::result::Result<Prediction, &'a str>), true),
            (quote!(SearchResult<u32, Prediction>), true),
            (quote!(Cow<str>), false),
            (quote!(Cow<'static, str>), false),
            (quote!(Vec<Borrowed<'_>>), false),
            (quote!(Option<&str>), false),
            (quote!(Result<T, Error>), false),
            (quote!(SearchResult<u32, T>), false),
            (quote!(search::Result<u32, T>), false),
            (quote!(io::Result<T>), false),
            (quote!(Vec<Model>), false),
            (quote!(M::Output), false),
            (quote!(Handler::Output), false),
            (quote!(<Handler as Model>::Output), false),
            (quote!(Self), false),
            (quote!(Option<Box<dyn Fn()>>), false),
            (quote!(impl Serialize), false),
            (quote!(Vec<name!()>), false),
        ];
        for (output, expected) in cases {
            let sig = syn::parse2(quote!(fn handle<'a, Model>(&self) -> #output)).unwrap();
            let ty = syn::parse2(output.clone()).unwrap();
            assert_eq!(outlives(&sig, &ty), expected, "{output}");
        }
    }
}
