//! The parts of a type: elements, entries, fields, variants. None has a value.

use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};

use super::probe::{Probe, Refused};

/// The first element of a list or tuple.
pub(super) struct First<'r>(Option<Probe<'r>>);

impl<'r> First<'r> {
    pub(super) const fn new(element: Probe<'r>) -> Self {
        Self(Some(element))
    }
}

impl<'de> SeqAccess<'de> for First<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        // A visitor that leaves out what it can't read asks until there is nothing left.
        let Some(mut element) = self.0.take() else {
            return Ok(None);
        };
        element.note_type::<T::Value>();
        refuse(seed.deserialize(element))
    }
}

/// One field of a struct, or the key of a map.
pub(super) struct Field<'r> {
    probe: Option<Probe<'r>>,
    name: Option<&'static str>,
}

impl<'r> Field<'r> {
    pub(super) const fn new(probe: Probe<'r>, name: &'static str) -> Self {
        Self {
            probe: Some(probe),
            name: Some(name),
        }
    }

    pub(super) const fn key(probe: Probe<'r>) -> Self {
        Self {
            probe: Some(probe),
            name: None,
        }
    }
}

impl<'de> MapAccess<'de> for Field<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        // As for an element.
        let Some(probe) = self.probe.take() else {
            return Ok(None);
        };
        let Some(name) = self.name.take() else {
            return refuse(seed.deserialize(probe.inner("{key}")));
        };
        self.probe = Some(probe.inner(&format!(".{name}")));
        let name: StrDeserializer<'static, Refused> = name.into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let mut value = self.probe.take().ok_or(Refused)?;
        value.note_type::<V::Value>();
        refuse(seed.deserialize(value))
    }
}

/// One variant of an enum.
pub(super) struct Variant<'r> {
    content: Probe<'r>,
    name: &'static str,
}

impl<'r> Variant<'r> {
    pub(super) const fn new(content: Probe<'r>, name: &'static str) -> Self {
        Self { content, name }
    }
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Refused;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Refused> {
        let name: StrDeserializer<'static, Refused> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Refused;

    fn unit_variant(mut self) -> Result<(), Refused> {
        self.content.note("unit");
        Err(Refused)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(
        mut self,
        seed: T,
    ) -> Result<T::Value, Refused> {
        self.content.note("newtype");
        self.content.note_type::<T::Value>();
        refuse(seed.deserialize(self.content.inner(".0")))
    }

    fn tuple_variant<V: Visitor<'de>>(
        mut self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.content.note_with(|| format!("tuple {len}"));
        visitor.visit_seq(First::new(self.content.inner(".0")))
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.content.note_with(|| format!("struct {fields:?}"));
        self.content.fields(fields, visitor)
    }
}

/// A type that makes a value of an error goes no further all the same.
fn refuse<T, U>(made: Result<T, Refused>) -> Result<U, Refused> {
    drop(made);
    Err(Refused)
}
