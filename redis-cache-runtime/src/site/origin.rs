//! Where a handler's code comes from, as the compiler names it.

use std::{
    any::{TypeId, type_name},
    hash::{Hash as _, Hasher},
};

/// Stands for a closure in a path, because a cache's name has no braces.
const CLOSURE: &str = "[closure]";

/// The compiler's name for a type that is not known where the code stands.
const UNKNOWN: &str = "_";

/// The beginning of the compiler's name for a trait object.
const DYN: &str = "dyn ";

/// Pointers, whose identity is that of their target.
const POINTERS: [&str; 6] = [
    "&mut ",
    "&",
    "alloc::boxed::Box<",
    "alloc::rc::Rc<",
    "alloc::sync::Arc<",
    "core::pin::Pin<",
];

/// The package and the module that an annotated method stands in.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// `None` where the compiler was not called by Cargo.
    package: Option<&'static str>,
    version: Option<&'static str>,
    /// The name of the binary or example; a library may have the same.
    program: Option<&'static str>,
    module: &'static str,
    /// Whether it has a `self`, and so stands in an `impl` or a trait.
    is_method: bool,
    /// The digest of the whole function as it is written.
    digest: u64,
}

impl Origin {
    /// The compiler's values where the attribute stands.
    #[must_use]
    pub const fn new(
        package: Option<&'static str>,
        version: Option<&'static str>,
        program: Option<&'static str>,
        module: &'static str,
        is_method: bool,
        digest: u64,
    ) -> Self {
        Self {
            package,
            version,
            program,
            module,
            is_method,
            digest,
        }
    }

    /// The name of the cache of the handler at `path`, where the attribute gives none: the path, preceded by the package where
    /// the crate has another name.
    pub(crate) fn cache_name(&self, path: &str) -> String {
        let first = path.trim_start_matches(['<', '&']);
        match self.package {
            Some(package) if first.split("::").next() != Some(&package.replace('-', "_")) => {
                format!("{package}::{path}")
            }
            _ => path.to_owned(),
        }
    }

    /// The marks that, beside its path, tell a handler without `name = …` from all others.
    ///
    /// One version of a package has one function of a name in a module, and one method of a name in each type of the module. All
    /// others may have namesakes: in two blocks, two arms, two `const _`. The compiler tells these apart by their order, for as
    /// long as the crate is built by the same compiler in the same way; so the digest of the function counts as well.
    pub(crate) fn marks(
        &self,
        path: &str,
        instance: Instance,
        instance_path: &str,
    ) -> [Vec<u8>; 4] {
        let text = |text: Option<&str>| text.unwrap_or_default().as_bytes().to_vec();
        let (package, version) = (text(self.package), text(self.version));
        let program = text(self.program);
        if instance_path == path && self.is_unique(path) {
            [package, version, program, Vec::new()]
        } else {
            let mut id = Written::default();
            instance.id.hash(&mut id);
            id.write(&self.digest.to_le_bytes());
            [package, version, program, id.0]
        }
    }

    /// Whether nothing else in the package can have this path.
    fn is_unique(&self, path: &str) -> bool {
        let Some((owner, _name)) = path.rsplit_once("::") else {
            return false;
        };
        let stands_in_module = |path: &str| {
            path.rsplit_once("::")
                .is_some_and(|(module, name)| module == self.module && is_word(name))
        };
        if !self.is_method {
            return owner == self.module;
        }
        match owner
            .strip_prefix('<')
            .and_then(|owner| owner.strip_suffix('>'))
        {
            None => stands_in_module(owner),
            Some(owner) => split_outside(owner, " as ").is_some_and(|(of_type, of_trait)| {
                stands_in_module(of_type) && stands_in_module(of_trait)
            }),
        }
    }
}

fn is_word(name: &str) -> bool {
    name != UNKNOWN
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || character == '_')
}

/// A hasher that keeps the bytes that are written into it.
#[derive(Default)]
struct Written(Vec<u8>);

impl Hasher for Written {
    fn finish(&self) -> u64 {
        0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// One instantiation of a method.
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
}

/// The type name of an item in a method's body, which holds the method's path, without its type arguments.
#[must_use]
pub fn path_of<T>(_item: &T) -> &'static str {
    type_name::<T>()
}

/// The type of a closure in a method's body, whose name holds the method's path with its type arguments.
#[must_use]
pub fn instance_of<T>(_closure: &T) -> Instance {
    Instance {
        id: typeid::of::<T>(),
        name: type_name::<T>(),
    }
}

/// How many closures are in a path.
pub(crate) fn closures(path: &str) -> usize {
    path.matches(CLOSURE).count()
}

/// Whether the type behind `self`, and so its identity, is not known where the code of the handler at `path` stands: in the
/// default body of a trait's method, in an `impl` for every type, and in one for a `dyn` type.
pub(crate) fn hides_identity(path: &str, instance_path: &str) -> bool {
    let Some((mut of_type, _)) = of_brackets(path) else {
        return matches!(of_brackets(instance_path), Some((_, Some(_trait))));
    };
    while let Some(inner) = POINTERS
        .iter()
        .find_map(|pointer| of_type.strip_prefix(pointer))
    {
        of_type = inner;
    }
    of_type.trim_end_matches('>') == UNKNOWN || of_type.starts_with(DYN)
}

/// The type and the trait of `<type as trait>::method`, the type of `<type>::method`.
fn of_brackets(path: &str) -> Option<(&str, Option<&str>)> {
    let inner = path.strip_prefix('<')?;
    let inner = &inner[..closing_bracket(inner)?];
    Some(match split_outside(inner, " as ") {
        Some((of_type, of_trait)) => (of_type, Some(of_trait)),
        None => (inner, None),
    })
}

/// The path of the method in the type name of a thing in its body: an item (`…::handle::here`) or a closure
/// (`…::handle::{{closure}}`), in an async method inside another closure.
///
/// `a::<impl b::T>::f` and `a::<impl b::Tr for b::T>::f`, which is how the compiler writes methods of an `impl` that
/// stands in another module than its type, become `b::T::f` and `<b::T as b::Tr>::f`.
pub(crate) fn handler_path(name: &str) -> String {
    let mut path = name.rsplit_once("::").map_or(name, |(path, _last)| path);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    let path = path.replace("{{closure}}", CLOSURE);
    without_impl(&path).unwrap_or(path)
}

fn without_impl(path: &str) -> Option<String> {
    let (_module, inner) = split_outside(path, "<impl ")?;
    let end = closing_bracket(inner)?;
    let (inner, rest) = (&inner[..end], &inner[end + 1..]);
    Some(match split_outside(inner, " for ") {
        Some((of_trait, of_type)) => format!("<{of_type} as {of_trait}>{rest}"),
        None => format!("{inner}{rest}"),
    })
}

/// The position of the bracket that closes the one opened before `text`.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut characters = outside(text);
    characters.find_map(|(at, character)| (character == '>').then_some(at))
}

/// Splits at the first `separator` outside of brackets: those inside belong to other types.
fn split_outside<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    outside(text).find_map(|(at, _)| Some((&text[..at], text[at..].strip_prefix(separator)?)))
}

/// The characters of `text` outside of brackets, with their positions; the opening brackets are among them.
fn outside(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut depth = 0;
    let mut previous = ' ';
    text.char_indices().filter(move |(_, character)| {
        let is_arrow = previous == '-';
        previous = *character;
        let depth_before = depth;
        match character {
            '<' => depth += 1,
            '>' if !is_arrow && depth > 0 => depth -= 1,
            // Closes a bracket that was opened before `text`.
            '>' if !is_arrow => return true,
            _ => {}
        }
        depth_before == 0 && !(is_arrow && *character == '>')
    })
}

#[cfg(test)]
mod tests {
    use super::{Origin, handler_path, hides_identity};

    #[test]
    fn paths_read_like_paths() {
        let cases = [
            ("c::free::here", "c::free"),
            ("c::free::{{closure}}", "c::free"),
            ("c::m::A::f::{{closure}}::here", "c::m::A::f"),
            ("c::m::A::f::{{closure}}::{{closure}}", "c::m::A::f"),
            ("c::main::{{closure}}::f::here", "c::main::[closure]::f"),
            ("c::<impl c::m::A>::f::here", "c::m::A::f"),
            (
                "c::<impl c::m::Tr for c::m::A>::f::here",
                "<c::m::A as c::m::Tr>::f",
            ),
            (
                "c::<impl c::m::G<fn() -> u8, 3>>::f::here",
                "c::m::G<fn() -> u8, 3>::f",
            ),
            (
                "c::f<c::m::One<c::x::<impl c::A>::run::Local>>::{{closure}}",
                "c::f<c::m::One<c::x::<impl c::A>::run::Local>>",
            ),
            (
                "<c::x::<impl c::A>::run::M as c::Tr<<u8 as c::T>::T>>::f::{{closure}}",
                "<c::x::<impl c::A>::run::M as c::Tr<<u8 as c::T>::T>>::f",
            ),
            (
                "c::x::<impl c::Tr<<u8 as c::T>::T> for fn() -> c::H<c::y::<impl c::Tr for c::A>::L>>::f::here",
                "<fn() -> c::H<c::y::<impl c::Tr for c::A>::L> as c::Tr<<u8 as c::T>::T>>::f",
            ),
            (
                "<c::m::A as c::m::Tr>::f::{{closure}}",
                "<c::m::A as c::m::Tr>::f",
            ),
        ];
        for (name, path) in cases {
            assert_eq!(handler_path(name), path);
        }
    }
    #[test]
    fn a_type_is_hidden_from_default_bodies_and_impls_for_every_type() {
        let cases = [
            ("c::Tr::m", "<c::A as c::Tr>::m", true),
            (
                "c::Tr::m",
                "<alloc::vec::Vec<c::A> as c::Tr<u8>>::m<u8>",
                true,
            ),
            ("<_ as c::Tr>::m", "<c::A as c::Tr>::m", true),
            ("<&_ as c::Tr>::m", "<&c::A as c::Tr>::m", true),
            (
                "<core::pin::Pin<alloc::sync::Arc<_>> as c::Tr>::m",
                "<core::pin::Pin<alloc::sync::Arc<c::A>> as c::Tr>::m",
                true,
            ),
            ("<c::A as c::Tr>::m", "<c::A as c::Tr>::m", false),
            ("<&c::A as c::Tr>::m", "<&c::A as c::Tr>::m", false),
            ("<c::H<_> as c::Tr>::m", "<c::H<u8> as c::Tr>::m", false),
            ("c::H<_>::m", "c::H<<u8 as c::Tr>::T>::m", false),
            ("c::A::m", "c::A::m<<u8 as c::Tr>::T>", false),
            ("c::Tr::m", "<c::x::<impl c::A>::run::M as c::Tr>::m", true),
            ("<dyn c::Tr>::m", "<dyn c::Tr>::m", true),
            ("<[u8]>::m", "<[u8]>::m", false),
            (
                "<alloc::boxed::Box<dyn c::Tr> as c::Other>::m",
                "<alloc::boxed::Box<dyn c::Tr> as c::Other>::m",
                true,
            ),
        ];
        for (path, instance, hides) in cases {
            assert_eq!(hides_identity(path, instance), hides, "{path}");
        }
    }

    #[test]
    fn only_paths_of_a_module_are_unique() {
        let origin = |is_method| Origin::new(Some("c"), Some("1.0.0"), None, "c::m", is_method, 0);
        let cases = [
            (false, "c::m::free", true),
            (false, "c::m::outer::inner", false),
            (false, "c::free", false),
            (false, "c::m::A::associated", false),
            (true, "c::m::A::method", true),
            (true, "c::m::f::A::method", false),
            (true, "c::m::_::A::method", false),
            (true, "<c::m::A as c::m::Tr>::method", true),
            (true, "<c::m::A as c::n::Tr>::method", false),
            (true, "<c::m::A as c::m::Tr<u8>>::method", false),
        ];
        for (is_method, path, unique) in cases {
            assert_eq!(origin(is_method).is_unique(path), unique, "{path}");
        }
    }

    #[test]
    fn the_package_is_in_a_name_that_does_not_tell_it() {
        let origin = Origin::new(Some("my-server"), Some("1.0.0"), None, "server", false, 0);
        let cases = [
            ("server::handle", "my-server::server::handle"),
            ("my_server::handle", "my_server::handle"),
            ("<my_server::A as x::Tr>::f", "<my_server::A as x::Tr>::f"),
            ("my_server_2::handle", "my-server::my_server_2::handle"),
        ];
        for (path, name) in cases {
            assert_eq!(origin.cache_name(path), name);
        }
    }
}
