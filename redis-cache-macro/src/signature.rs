//! The rules for the function itself.

use quote::ToTokens as _;
use syn::{
    GenericArgument, GenericParam, Pat, Path, PathArguments, PathSegment, Safety, Type,
    TypeImplTrait, TypeParamBound, TypeReference,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::{errors::Errors, fragment::ungrouped_type, handler::Handler};

/// Types of the standard library that own what they hold, so that a reference inside is one in the
/// result.
const CONTAINERS: [&str; 10] = [
    "Option", "Vec", "VecDeque", "Box", "Rc", "Arc", "HashMap", "BTreeMap", "HashSet", "BTreeSet",
];

pub(crate) fn validate(handler: &Handler, errors: &mut Errors) {
    repeats(handler, errors);
    body(handler, errors);
    qualifiers(handler, errors);
    patterns(handler, errors);
    if !async_trait(handler, errors) {
        output(handler, errors);
    }
}

fn repeats(handler: &Handler, errors: &mut Errors) {
    for repeat in handler.repeats() {
        errors.at(
            repeat,
            "a function has one `#[handler_cache]`; put the arguments into one list",
        );
    }
}

fn body(handler: &Handler, errors: &mut Errors) {
    if handler.body.is_none() {
        errors.at(
            &handler.sig.ident,
            "there is no body to cache; put `#[handler_cache]` on the method in each `impl`, or on one \
             with a default body",
        );
    }
}

fn qualifiers(handler: &Handler, errors: &mut Errors) {
    let sig = &handler.sig;
    if let Some(constness) = &sig.constness {
        errors.at(constness, "a `const fn` can't ask a cache; remove `const`");
    }
    if let Safety::Unsafe(unsafety) = &sig.safety {
        errors.at(
            unsafety,
            "an `unsafe fn` can't be cached; put `#[handler_cache]` on a safe function that calls it",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            "an `extern fn` can't be cached; put `#[handler_cache]` on a function that it calls",
        );
    }
    if let Some(variadic) = &sig.variadic {
        errors.at(variadic, "a key can't be made of C-variadic arguments");
    }
}

/// A macro in a pattern hides the names it binds, so that they would be missing from the key.
fn patterns(handler: &Handler, errors: &mut Errors) {
    struct Macros<'a>(&'a mut Errors);

    impl Visit<'_> for Macros<'_> {
        fn visit_pat(&mut self, pat: &Pat) {
            if let Pat::Macro(hidden) = pat {
                self.0.at(
                    hidden,
                    "a macro hides the names it binds; bind the parameter to a name and take it apart \
                     in the body",
                );
            }
            visit::visit_pat(self, pat);
        }
    }

    for parameter in handler.parameters() {
        Macros(errors).visit_pat(&parameter.pat);
    }
}

/// `#[async_trait]` expands before the attributes of its methods.
fn async_trait(handler: &Handler, errors: &mut Errors) -> bool {
    let found = handler.sig.generics.params.iter().any(|param| {
        matches!(param, GenericParam::Lifetime(param) if param.lifetime.ident == "async_trait")
    });
    if found {
        errors.at(
            &handler.sig.ident,
            "`#[async_trait]` has already turned this method into one that returns a boxed future; use a \
             native `async fn` in the trait, or put `#[handler_cache]` on a method of the type that \
             this one calls",
        );
    }
    found
}

fn output(handler: &Handler, errors: &mut Errors) {
    let Some(ty) = handler.output().map(ungrouped_type) else {
        return;
    };
    if matches!(ty, Type::Never(_)) {
        errors.at(ty, "a function that never returns has no result to cache");
        return;
    }
    ImplTraits(errors).visit_type(ty);
    stored(ty, errors);
}

struct ImplTraits<'a>(&'a mut Errors);

impl Visit<'_> for ImplTraits<'_> {
    fn visit_type_impl_trait(&mut self, ty: &TypeImplTrait) {
        self.0.at(
            ty,
            if mentions_future(&ty.bounds) {
                "a future can't be stored; make this an `async fn` that returns what it gives"
            } else {
                "the cache has to know which type to read back; name the type in place of `impl …`"
            },
        );
    }
}

/// Reports references, futures and iterators where a stored value would have to be one. Elsewhere, as in the error of a
/// `Result` or a function pointer, they do no harm.
fn stored(ty: &Type, errors: &mut Errors) {
    match ungrouped_type(ty) {
        ty if is_boxed_future(ty) => errors.at(
            ty,
            "a future can't be stored; make this an `async fn` that returns what it gives",
        ),
        ty if is_boxed_iterator(ty) => errors.at(
            ty,
            "an iterator can't be stored; return what it yields as a `Vec`",
        ),
        Type::Reference(reference) => {
            let instead = owned(reference);
            errors.at(
                reference,
                format!("a stored result can't borrow; return {instead} instead"),
            );
        }
        Type::Tuple(tuple) => tuple.elems.iter().for_each(|ty| stored(ty, errors)),
        Type::Array(array) => stored(&array.elem, errors),
        Type::Slice(slice) => stored(&slice.elem, errors),
        Type::Path(path) => {
            stored_arguments(&path.path).for_each(|ty| stored(ty, errors));
        }
        _ => {}
    }
}

/// The generic arguments of which a stored value holds some.
fn stored_arguments(path: &Path) -> impl Iterator<Item = &Type> {
    let container = path
        .segments
        .last()
        .filter(|last| CONTAINERS.iter().any(|container| last.ident == container));
    let all = container.into_iter().flat_map(type_arguments);
    ok_of_result(path).into_iter().chain(all)
}

/// The `Ok` side of a `Result` of the standard library, or of an alias that leaves the error out (`io::Result<T>`).
///
/// What else is called like it (`SearchResult<Id, T>`, `search::Result<Id, T>`) may hold all that it names, in any order.
pub(crate) fn ok_of_result(path: &Path) -> Option<&Type> {
    let last = path.segments.last().filter(|last| last.ident == "Result")?;
    let before = path.segments.iter().rev().nth(1);
    let is_standard = before.is_none_or(|module| module.ident == "result");
    let mut arguments = type_arguments(last);
    let ok = arguments.next()?;
    (is_standard || arguments.next().is_none()).then_some(ok)
}

fn type_arguments(segment: &PathSegment) -> impl Iterator<Item = &Type> {
    let arguments = match &segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    };
    arguments
        .into_iter()
        .flatten()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
}

/// The owned type to write for a reference.
fn owned(reference: &TypeReference) -> String {
    match ungrouped_type(&reference.elem) {
        Type::Path(path) if path.path.is_ident("str") => "`String`".into(),
        Type::Slice(slice) => match ungrouped_type(&slice.elem) {
            Type::Path(elem) if elem.path.get_ident().is_some() => {
                format!("`Vec<{}>`", elem.to_token_stream())
            }
            _ => "a `Vec`".into(),
        },
        Type::Path(path) if path.path.get_ident().is_some() => {
            format!("`{}`", path.to_token_stream())
        }
        _ => "an owned value".into(),
    }
}

/// `Pin<Box<dyn Future<…>>>`
fn is_boxed_future(ty: &Type) -> bool {
    inside(ty, "Pin")
        .and_then(|ty| inside(ty, "Box"))
        .is_some_and(
            |ty| matches!(ungrouped_type(ty), Type::TraitObject(object) if mentions_future(&object.bounds)),
        )
}

/// `Box<dyn Iterator<…>>`
fn is_boxed_iterator(ty: &Type) -> bool {
    inside(ty, "Box").is_some_and(
        |ty| matches!(ungrouped_type(ty), Type::TraitObject(object) if mentions(&object.bounds, "Iterator")),
    )
}

/// The `T` of `Wrapper<T>`.
fn inside<'a>(ty: &'a Type, wrapper: &str) -> Option<&'a Type> {
    let Type::Path(path) = ungrouped_type(ty) else {
        return None;
    };
    let last = path
        .path
        .segments
        .last()
        .filter(|last| last.ident == wrapper)?;
    type_arguments(last).next()
}

fn mentions_future<S>(bounds: &Punctuated<TypeParamBound, S>) -> bool {
    mentions(bounds, "Future")
}

fn mentions<S>(bounds: &Punctuated<TypeParamBound, S>, name: &str) -> bool {
    bounds.iter().any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == name),
        _ => false,
    })
}
