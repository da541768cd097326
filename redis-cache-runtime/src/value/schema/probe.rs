//! A deserializer without data: it records the requests of a type, and refuses each request for a value.

use std::{
    any::type_name,
    fmt::{self, Display},
};

use serde::de::{self, Deserializer, Visitor};

use super::{
    access::{Field, First, Variant},
    record::Record,
};
use crate::key::type_name::short_name;

/// Types nested deeper than this are described down to here.
const DEPTH: usize = 32;

/// How often a name may stand inside itself: a recursive type does so for ever, `Page<Page<T>>` does so once.
const AGAIN: usize = 3;

/// There is no value; the text is never shown.
#[derive(Debug)]
pub(super) struct Refused;

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no value")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }
}

/// One place of the type that is being described.
#[derive(Debug)]
pub(super) struct Probe<'r> {
    pub(super) record: &'r mut Record,
    place: String,
    /// The number of places around this one.
    depth: usize,
    /// The names of the structs and enums among them.
    within: Vec<&'static str>,
}

impl<'r> Probe<'r> {
    pub(super) fn root(record: &'r mut Record) -> Self {
        Self {
            record,
            place: "$".to_owned(),
            depth: 0,
            within: Vec::new(),
        }
    }

    pub(super) fn inner(self, step: &str) -> Self {
        Self {
            place: self.place + step,
            depth: self.depth + 1,
            ..self
        }
    }

    pub(super) fn note(&mut self, fact: &str) {
        self.note_with(|| fact.to_owned());
    }

    pub(super) fn note_with(&mut self, fact: impl FnOnce() -> String) {
        self.record.note(&self.place, fact);
    }

    /// Notes the name of the type that stands here: one that converts what it reads asks for no more than what it reads does.
    pub(super) fn note_type<T>(&mut self) {
        let place = format!("{}:", self.place);
        self.record.note(&place, || short_name(type_name::<T>()));
    }

    /// A type may contain itself without a name, in lists or maps.
    fn limit(&mut self) -> Result<(), Refused> {
        if self.depth < DEPTH {
            return Ok(());
        }
        self.note("deeper");
        Err(Refused)
    }

    fn enter(&mut self, name: &'static str) -> Result<(), Refused> {
        self.limit()?;
        let again = self.within.iter().filter(|outer| **outer == name).count();
        if again >= AGAIN {
            self.note_with(|| format!("again {name}"));
            return Err(Refused);
        }
        self.within.push(name);
        Ok(())
    }

    /// Goes into one of the fields.
    pub(super) fn fields<'de, V: Visitor<'de>>(
        self,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        if names.is_empty() {
            return Err(Refused);
        }
        let chosen = self.record.choose(names.len());
        let name = names.get(chosen).copied().ok_or(Refused)?;
        visitor.visit_map(Field::new(self, name))
    }
}

/// Numbers and the like. The type that reads one may make another value of it, as `#[serde(with = …)]` does.
macro_rules! refused {
    ($($method:ident $fact:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, _visitor: V) -> Result<V::Value, Refused> {
            self.note_with(|| format!("{} by {}", $fact, short_name(type_name::<V>())));
            Err(Refused)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Refused;

    refused! {
        deserialize_any "any";
        deserialize_bool "bool";
        deserialize_i8 "i8";
        deserialize_i16 "i16";
        deserialize_i32 "i32";
        deserialize_i64 "i64";
        deserialize_i128 "i128";
        deserialize_u8 "u8";
        deserialize_u16 "u16";
        deserialize_u32 "u32";
        deserialize_u64 "u64";
        deserialize_u128 "u128";
        deserialize_f32 "f32";
        deserialize_f64 "f64";
        deserialize_char "char";
        deserialize_str "str";
        deserialize_string "str";
        deserialize_bytes "bytes";
        deserialize_byte_buf "bytes";
        deserialize_unit "unit";
        deserialize_identifier "identifier";
        deserialize_ignored_any "ignored";
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        _visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("unit struct {name}"));
        Err(Refused)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        self.note("option");
        visitor.visit_some(self.inner("?"))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("newtype struct {name}"));
        self.enter(name)?;
        visitor.visit_newtype_struct(self.inner(".0"))
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        self.note("seq");
        visitor.visit_seq(First::new(self.inner("[]")))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        mut self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.limit()?;
        self.note_with(|| format!("tuple {len} {}", short_name(type_name::<V::Value>())));
        visitor.visit_seq(First::new(self.inner(".0")))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("tuple struct {name} {len}"));
        self.enter(name)?;
        visitor.visit_seq(First::new(self.inner(".0")))
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        let name = short_name(type_name::<V::Value>());
        // There is no way to a value without a key: what is known of it are the parameters of the map's type.
        let parameters = name.find('<').map_or("", |start| &name[start..]);
        self.note_with(|| format!("map {parameters}"));
        visitor.visit_map(Field::key(self))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("struct {name} {fields:?}"));
        self.enter(name)?;
        self.fields(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("enum {name} {variants:?}"));
        self.enter(name)?;
        if variants.is_empty() {
            return Err(Refused);
        }
        let chosen = self.record.choose(variants.len());
        let variant = variants.get(chosen).copied().ok_or(Refused)?;
        visitor.visit_enum(Variant::new(self.inner(&format!("#{chosen}")), variant))
    }
}
