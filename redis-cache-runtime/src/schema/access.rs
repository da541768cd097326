//! The parts of a made-up value: elements, entries, fields, variants.

use serde::de::{
    DeserializeSeed, EnumAccess, IntoDeserializer as _, MapAccess, SeqAccess, VariantAccess,
    Visitor, value::StrDeserializer,
};

use super::{
    probe::{Probe, Refused},
    record::variant_place,
};

/// The elements of a tuple, or the one made-up element of a sequence.
pub(super) struct Elements<'r> {
    pub(super) probe: Probe<'r>,
    pub(super) left: usize,
    /// `None` in a sequence, where all elements are alike.
    pub(super) index: Option<usize>,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let step = match &mut self.index {
            Some(index) => {
                *index += 1;
                format!(".{}", *index - 1)
            }
            None => "[]".to_owned(),
        };
        let result = seed.deserialize(self.probe.inner(&step));
        if result.is_err() {
            let place = format!("{}{step}", self.probe.place);
            self.probe.record.block(&place);
        }
        result.map(Some)
    }
}

/// The one made-up entry of a map.
pub(super) struct OneEntry<'r> {
    pub(super) probe: Probe<'r>,
    pub(super) left: bool,
}

impl OneEntry<'_> {
    fn part<'de, T: DeserializeSeed<'de>>(
        &mut self,
        step: &str,
        seed: T,
    ) -> Result<T::Value, Refused> {
        let result = seed.deserialize(self.probe.inner(step));
        if result.is_err() {
            let place = format!("{}{{}}", self.probe.place);
            self.probe.record.block(&place);
        }
        result
    }
}

impl<'de> MapAccess<'de> for OneEntry<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        if !std::mem::take(&mut self.left) {
            return Ok(None);
        }
        self.part("{key}", seed).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        self.part("{value}", seed)
    }
}

/// The fields of a struct, but for those that a pass could not make up.
pub(super) struct Fields<'r> {
    pub(super) probe: Probe<'r>,
    pub(super) names: &'static [&'static str],
    pub(super) next: usize,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        while let Some(field) = self.names.get(self.next) {
            self.next += 1;
            if !self
                .probe
                .record
                .is_blocked(&format!("{}.{field}", self.probe.place))
            {
                let name: StrDeserializer<'static, Refused> = (*field).into_deserializer();
                return seed.deserialize(name).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let field = self.names.get(self.next.wrapping_sub(1)).ok_or(Refused)?;
        let step = format!(".{field}");
        let result = seed.deserialize(self.probe.inner(&step));
        if result.is_err() {
            let place = format!("{}{step}", self.probe.place);
            self.probe.record.block(&place);
        }
        result
    }
}

/// One variant of an enum.
pub(super) struct Variant<'r> {
    pub(super) probe: Probe<'r>,
    pub(super) name: &'static str,
    pub(super) index: usize,
}

impl Variant<'_> {
    /// Runs `visit` on the variant's content, and notes when it can't be made up.
    fn content<T>(
        mut self,
        fact: &str,
        visit: impl FnOnce(Probe<'_>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let place = variant_place(&self.probe.place, self.index);
        self.probe.record.note(&place, || fact.to_owned());
        let result = visit(self.probe.inner(&format!("#{}", self.index)));
        if result.is_err() {
            self.probe.record.block(&place);
        }
        result
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

    fn unit_variant(self) -> Result<(), Refused> {
        self.content("unit", |_| Ok(()))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Refused> {
        self.content("newtype", |inner| seed.deserialize(inner))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refused> {
        self.content(&format!("tuple {len}"), |inner| {
            visitor.visit_seq(Elements {
                probe: inner,
                left: len,
                index: Some(0),
            })
        })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.content(&format!("struct {fields:?}"), |inner| {
            visitor.visit_map(Fields {
                probe: inner,
                names: fields,
                next: 0,
            })
        })
    }
}
