//! The shape in which serde writes a type, as far as the type's name tells it.

use std::any::type_name;

/// Elements. Serde implements `Serialize` for arrays up to this length.
const LONGEST: usize = 32;

/// The shape in which serde writes a type of the language or of its standard library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, `bool`, `char`, text, or the unit.
    Plain(&'static str),
    Option(Box<Self>),
    /// A list of any length.
    List(Box<Self>),
    Tuple(Vec<Self>),
    Map(Box<Self>, Box<Self>),
    /// Any other type: its `Serialize` may write any of these shapes.
    Unknown,
}

impl Kind {
    pub(super) fn of<T: ?Sized>() -> Self {
        let mut name = Name(type_name::<T>());
        let kind = name.kind();
        match (kind, name.0) {
            (Some(kind), "") => kind,
            _ => Self::Unknown,
        }
    }

    fn may_be_number(&self) -> bool {
        match self {
            Self::Plain(name) => !matches!(*name, "bool" | "char" | "str" | "()"),
            Self::Unknown => true,
            _ => false,
        }
    }

    /// Whether values of both types may be encoded alike.
    pub(super) fn may_be(&self, other: &Self) -> bool {
        let all = |kinds: &[Self], others: &[Self]| {
            kinds.len() == others.len()
                && kinds
                    .iter()
                    .zip(others)
                    .all(|(kind, other)| kind.may_be(other))
        };
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::Plain(a), Self::Plain(b)) => a == b,
            (Self::Option(a), Self::Option(b)) | (Self::List(a), Self::List(b)) => a.may_be(b),
            (Self::Map(a, b), Self::Map(c, d)) => a.may_be(c) && b.may_be(d),
            (Self::Tuple(a), Self::Tuple(b)) => all(a, b),
            // A tuple of numbers of one type is encoded as a list.
            (Self::Tuple(parts), Self::List(item)) | (Self::List(item), Self::Tuple(parts)) => {
                item.may_be_number()
                    && parts
                        .iter()
                        .all(|part| part.may_be_number() && part.may_be(item))
            }
            _ => false,
        }
    }
}

/// Serde writes an array as a tuple. If its elements are numbers, the encoder makes a list of it.
fn array(item: Kind, length: usize) -> Kind {
    if item.may_be_number() {
        Kind::List(Box::new(item))
    } else if length <= LONGEST {
        Kind::Tuple(vec![item; length])
    } else {
        Kind::Unknown
    }
}

/// The rest of a type's name, still to be parsed.
struct Name(&'static str);

impl Name {
    /// Parses one type; `None` where the syntax is not understood.
    fn kind(&mut self) -> Option<Kind> {
        if self.take("&") {
            self.take("mut ");
            return self.kind();
        }
        if self.take("[") {
            let item = self.kind()?;
            if self.take("]") {
                return Some(Kind::List(Box::new(item)));
            }
            let (length, rest) = self.0.strip_prefix("; ")?.split_once(']')?;
            self.0 = rest;
            return Some(array(item, length.parse().ok()?));
        }
        if self.take("(") {
            let parts = self.types(")")?;
            return Some(match &*parts {
                [] => Kind::Plain("()"),
                _ => Kind::Tuple(parts),
            });
        }
        let end = self.0.find(['<', '>', ',', ')', ']', ';', ' ']);
        let (path, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        self.0 = rest;
        let arguments = if self.take("<") {
            self.types(">")?
        } else {
            Vec::new()
        };
        Some(of_path(path, arguments))
    }

    /// Parses types up to and including `end`.
    fn types(&mut self, end: &str) -> Option<Vec<Kind>> {
        let mut kinds = Vec::new();
        while !self.take(end) {
            if self.0.starts_with('\'') {
                // Lifetimes are skipped: they don't change the encoding.
                self.0 = &self.0[self.0.find([',', '>'])?..];
            } else {
                kinds.push(self.kind()?);
            }
            if !self.take(", ") {
                self.take(",");
            }
        }
        Some(kinds)
    }

    fn take(&mut self, token: &str) -> bool {
        let rest = self.0.strip_prefix(token);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }
}

fn of_path(path: &'static str, mut arguments: Vec<Kind>) -> Kind {
    let mut arguments = arguments.drain(..).map(Box::new);
    let mut next = || arguments.next().unwrap_or_else(|| Box::new(Kind::Unknown));
    match path {
        "bool" | "char" | "f32" | "f64" | "u8" | "u16" | "u32" | "u64" | "u128" | "i8" | "i16"
        | "i32" | "i64" | "i128" | "str" => Kind::Plain(path),
        "usize" => Kind::Plain("u64"),
        "isize" => Kind::Plain("i64"),
        "alloc::string::String" => Kind::Plain("str"),
        "core::option::Option" => Kind::Option(next()),
        "alloc::boxed::Box"
        | "alloc::rc::Rc"
        | "alloc::sync::Arc"
        | "alloc::borrow::Cow"
        | "core::cmp::Reverse"
        | "core::num::wrapping::Wrapping"
        | "core::num::saturating::Saturating"
        | "core::num::nonzero::NonZero"
        | "core::cell::Cell"
        | "core::cell::RefCell" => *next(),
        "alloc::vec::Vec"
        | "alloc::collections::vec_deque::VecDeque"
        | "alloc::collections::linked_list::LinkedList"
        | "alloc::collections::binary_heap::BinaryHeap"
        | "alloc::collections::btree::set::BTreeSet"
        | "std::collections::hash::set::HashSet" => Kind::List(next()),
        "alloc::collections::btree::map::BTreeMap" | "std::collections::hash::map::HashMap" => {
            Kind::Map(next(), next())
        }
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        borrow::Cow,
        cell::{Cell, RefCell},
        collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
        num::{NonZeroU32, Saturating},
    };

    use serde::Serialize;

    use super::*;
    use crate::key::large::encode;

    fn written<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
        let mut out = Vec::new();
        encode(value, &mut out).expect("it can be written");
        out
    }

    /// Each type's name, kind, and one encoded value: an empty list would not show the type of its elements.
    macro_rules! zoo {
        ($($type:ty = $value:expr;)*) => {
            vec![$((stringify!($type), Kind::of::<$type>(), written::<$type>(&$value))),*]
        };
    }

    #[derive(Serialize)]
    #[serde(transparent)]
    struct Mine(f32);

    mod f32_like {
        #[derive(super::Serialize)]
        #[serde(transparent)]
        #[expect(non_camel_case_types, reason = "named like the language's")]
        pub(super) struct f32(pub(super) f64);
    }

    #[test]
    fn types_that_may_not_be_each_other_are_never_written_alike() {
        let zoo = zoo! {
            bool = true; char = 'a'; () = (); u8 = 1; u16 = 1; u32 = 1; u64 = 1; u128 = 1; usize = 1;
            i8 = 1; i16 = 1; i32 = 1; i64 = 1; i128 = 1; isize = 1; f32 = 1.0; f64 = 1.0;
            &f32 = &1.0; &&mut f32 = &&mut 1.0; Box<f32> = Box::new(1.0); Box<&f64> = Box::new(&1.0);
            String = "a".to_owned(); &str = "a"; str = *"a"; Box<str> = "a".into(); Cow<'static, str> = "a".into();
            Option<u8> = Some(1); Option<Option<u8>> = Some(Some(1)); &Option<f32> = &Some(1.0);
            Vec<u8> = vec![1]; &[u8] = &[1][..]; [u8; 1] = [1]; (u8,) = (1,); VecDeque<u8> = [1].into();
            BTreeSet<u8> = [1].into(); HashSet<u8> = [1].into(); Vec<f32> = vec![1.0]; [f32; 1] = [1.0];
            Vec<f64> = vec![1.0]; &[f64; 1] = &[1.0]; Vec<Vec<f32>> = vec![vec![1.0]]; [[f32; 1]; 1] = [[1.0]];
            Vec<[f64; 1]> = vec![[1.0]]; Vec<String> = vec!["a".into()]; [&str; 1] = ["a"]; (&str,) = ("a",);
            (u8, f32) = (1, 1.0); (u8, f64) = (1, 1.0); (u8, (u8, f32)) = (1, (1, 1.0));
            BTreeMap<String, f32> = [("a".into(), 1.0)].into(); HashMap<&str, f32> = [("a", 1.0)].into();
            HashMap<String, f64> = [("a".into(), 1.0)].into(); Vec<Option<f32>> = vec![Some(1.0)];
            Vec<(String, f32)> = vec![("a".into(), 1.0)]; Mine = Mine(1.0); Vec<Mine> = vec![Mine(1.0)];
            f32_like::f32 = f32_like::f32(1.0); NonZeroU32 = NonZeroU32::MIN; Result<u8, u8> = Ok(1);
            Cow<'static, [u16]> = vec![1_u16].into(); Vec<Cow<'static, str>> = vec!["a".into()];
            Saturating<u16> = Saturating(1); Cell<u16> = Cell::new(1); RefCell<u16> = RefCell::new(1);
        };
        let mut told_apart = 0;
        for (a, kind_a, written_a) in &zoo {
            assert!(kind_a.may_be(kind_a), "{a}");
            for (b, kind_b, written_b) in &zoo {
                let may_be = kind_a.may_be(kind_b);
                assert_eq!(may_be, kind_b.may_be(kind_a), "{a} {b}");
                assert!(may_be || written_a != written_b, "{a} {b}");
                let are_known = [kind_a, kind_b].iter().all(|kind| !has_unknown(kind));
                told_apart += usize::from(are_known && !may_be);
                assert!(!are_known || !may_be || written_a == written_b, "{a} {b}");
            }
        }
        assert!(told_apart > 1000, "{told_apart}");
        let unknown = zoo.iter().filter(|(_, kind, _)| has_unknown(kind));
        let names: Vec<_> = unknown.map(|(name, ..)| *name).collect();
        assert_eq!(
            names,
            ["Mine", "Vec<Mine>", "f32_like::f32", "Result<u8, u8>"]
        );
    }

    fn has_unknown(kind: &Kind) -> bool {
        format!("{kind:?}").contains("Unknown")
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        struct Closed;
        fn of<T>(_: &T) -> Kind {
            Kind::of::<T>()
        }
        let closure = |_: &Closed| ();
        assert_eq!(of(&closure), Kind::Unknown);
        for kind in [
            Kind::of::<dyn Fn(u8) -> u8>(),
            Kind::of::<&dyn Send>(),
            Kind::of::<fn(u8) -> u8>(),
            Kind::of::<*const u8>(),
            Kind::of::<Mine>(),
            Kind::of::<f32_like::f32>(),
        ] {
            assert_eq!(kind, Kind::Unknown);
        }
    }
}
