//! A deserializer without data: it makes up the smallest value of whatever it is asked for.

use std::fmt::{self, Display};

use serde::de::{self, Deserializer, Visitor};

use super::{
    access::{Elements, Fields, OneEntry, Variant},
    record::Record,
};

/// Types nested deeper than this are described down to here.
const DEPTH: usize = 32;

/// How often a name may stand inside itself: a recursive type does so for ever, `Page<Page<T>>` does so once.
const AGAIN: usize = 3;

/// That a made-up value was refused; the text is never shown.
#[derive(Debug)]
pub(super) struct Refused;

impl Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the type refuses a made-up value")
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
    pub(super) place: String,
    /// How many places there are around this one.
    depth: usize,
    /// The names of the structs and enums among them.
    within: Vec<&'static str>,
    in_option: bool,
}

impl<'r> Probe<'r> {
    pub(super) fn root(record: &'r mut Record) -> Self {
        Self {
            record,
            place: "$".to_owned(),
            depth: 0,
            within: Vec::new(),
            in_option: false,
        }
    }

    pub(super) fn inner(&mut self, step: &str) -> Probe<'_> {
        Probe {
            place: format!("{}{step}", self.place),
            depth: self.depth + 1,
            within: self.within.clone(),
            in_option: false,
            record: self.record,
        }
    }

    fn note(&mut self, fact: &str) {
        self.note_with(|| fact.to_owned());
    }

    fn note_with(&mut self, fact: impl FnOnce() -> String) {
        self.record.note(&self.place, fact);
    }

    /// A value that can be nil inside an option, which is nil too when there is none.
    fn may_be_nil(&mut self) {
        if self.in_option {
            self.record.note_ambiguous();
        }
    }

    /// A type may contain itself without a name, in lists or maps.
    fn limit(&mut self) -> Result<(), Refused> {
        if self.depth < DEPTH {
            return Ok(());
        }
        self.record.note_ambiguous();
        self.note("deeper");
        Err(Refused)
    }

    fn enter(&mut self, name: &'static str) -> Result<(), Refused> {
        self.limit()?;
        let again = self.within.iter().filter(|outer| **outer == name).count();
        if again > 0 {
            // Its values may be nested without an end.
            self.record.note_ambiguous();
        }
        if again >= AGAIN {
            self.note_with(|| format!("again {name}"));
            return Err(Refused);
        }
        self.within.push(name);
        Ok(())
    }
}

/// Numbers and the like: note the type, offer one, which fits `NonZero` types too.
macro_rules! scalars {
    ($($method:ident $visit:ident $value:expr, $fact:literal;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
            self.note($fact);
            visitor.$visit($value)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Refused;

    scalars! {
        deserialize_bool visit_bool true, "bool";
        deserialize_i8 visit_i8 1, "i8";
        deserialize_i16 visit_i16 1, "i16";
        deserialize_i32 visit_i32 1, "i32";
        deserialize_i64 visit_i64 1, "i64";
        deserialize_i128 visit_i128 1, "i128";
        deserialize_u8 visit_u8 1, "u8";
        deserialize_u16 visit_u16 1, "u16";
        deserialize_u32 visit_u32 1, "u32";
        deserialize_u64 visit_u64 1, "u64";
        deserialize_u128 visit_u128 1, "u128";
        deserialize_f32 visit_f32 1.0, "f32";
        deserialize_f64 visit_f64 1.0, "f64";
        deserialize_char visit_char 'a', "char";
        deserialize_str visit_str "", "str";
        deserialize_string visit_str "", "str";
        deserialize_bytes visit_bytes &[], "bytes";
        deserialize_byte_buf visit_bytes &[], "bytes";
        deserialize_identifier visit_str "", "identifier";
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        // What an untagged or tagged enum makes of a value is hidden from here.
        self.record.note_ambiguous();
        self.note("any");
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.note("ignored");
        visitor.visit_unit()
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.may_be_nil();
        self.note("unit");
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.may_be_nil();
        self.note_with(|| format!("unit struct {name}"));
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        self.may_be_nil();
        self.note("option");
        let inner = format!("{}?", self.place);
        if self.record.is_blocked(&inner) {
            return visitor.visit_none();
        }
        let mut some = self.inner("?");
        some.in_option = true;
        let result = visitor.visit_some(some);
        if result.is_err() {
            self.record.block(&inner);
        }
        result
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("newtype {name}"));
        self.enter(name)?;
        let in_option = self.in_option;
        let mut inner = self.inner(".0");
        inner.in_option = in_option;
        visitor.visit_newtype_struct(inner)
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        self.note("seq");
        let left = usize::from(!self.record.is_blocked(&format!("{}[]", self.place)));
        visitor.visit_seq(Elements {
            probe: self,
            left,
            index: None,
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        mut self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.limit()?;
        self.note_with(|| format!("tuple {len}"));
        visitor.visit_seq(Elements {
            probe: self,
            left: len,
            index: Some(0),
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("tuple struct {name} {len}"));
        self.enter(name)?;
        visitor.visit_seq(Elements {
            probe: self,
            left: len,
            index: Some(0),
        })
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refused> {
        self.limit()?;
        // So is what a flattened struct makes of its fields.
        self.record.note_ambiguous();
        self.note("map");
        let left = !self.record.is_blocked(&format!("{}{{}}", self.place));
        visitor.visit_map(OneEntry { probe: self, left })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("struct {name} {fields:?}"));
        self.enter(name)?;
        visitor.visit_map(Fields {
            probe: self,
            names: fields,
            next: 0,
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.note_with(|| format!("enum {name} {variants:?}"));
        self.enter(name)?;
        let index = self.record.choose_variant(&self.place, variants.len());
        let variant = variants.get(index).copied().ok_or(Refused)?;
        visitor.visit_enum(Variant {
            probe: self,
            name: variant,
            index,
        })
    }
}
