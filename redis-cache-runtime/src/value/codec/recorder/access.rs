//! The parts of a value: elements, entries, fields, variants.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::{
    deserializer::{Recorder, within},
    kind::Kind,
    recording::Recording,
    visitor::Watch,
};
use crate::process::nesting::Nesting;

/// One part.
struct Part<'r, S> {
    seed: S,
    recording: &'r Recording,
    nesting: Nesting,
    credit: usize,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Part<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, inner: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Recorder {
            inner,
            recording: self.recording,
            nesting: self.nesting,
            credit: self.credit,
        })
    }
}

impl<'r, S> Part<'r, S> {
    #[inline]
    fn new<'de>(seed: S, recording: &'r Recording, nesting: Nesting) -> Self
    where
        S: DeserializeSeed<'de>,
    {
        Self {
            seed,
            recording,
            nesting,
            credit: size_of::<S::Value>(),
        }
    }
}

/// Takes memory for a part: what lies inside its container has been paid for, as far as it reaches.
#[inline]
fn pay<T, E: de::Error>(recording: &Recording, inline: &mut usize) -> Result<(), E> {
    let size = size_of::<T>();
    match inline.checked_sub(size) {
        Some(left) => {
            *inline = left;
            Ok(())
        }
        None => recording.spend(size - std::mem::take(inline)),
    }
}

/// The elements of a list or tuple.
pub(super) struct Elements<'r, A> {
    pub(super) inner: A,
    pub(super) recording: &'r Recording,
    pub(super) nesting: Nesting,
    /// Memory that is there already.
    pub(super) inline: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        let part = Part::new(seed, self.recording, self.nesting);
        let element = self.inner.next_element_seed(part)?;
        if element.is_some() {
            pay::<T::Value, _>(self.recording, &mut self.inline)?;
        }
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner
            .size_hint()
            .map(|len| self.recording.believe(len))
    }
}

/// The entries of a map, or the fields of a struct.
pub(super) struct Entries<'r, 'm, A> {
    pub(super) inner: A,
    pub(super) recording: &'r Recording,
    pub(super) nesting: Nesting,
    pub(super) inline: usize,
    /// How many fields of a struct have not come yet.
    pub(super) missing: &'m mut usize,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, '_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let part = Part::new(seed, self.recording, self.nesting);
        let key = self.inner.next_key_seed(part)?;
        if key.is_some() {
            *self.missing = self.missing.saturating_sub(1);
            pay::<K::Value, _>(self.recording, &mut self.inline)?;
        }
        Ok(key)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        let part = Part::new(seed, self.recording, self.nesting);
        let value = self.inner.next_value_seed(part)?;
        pay::<V::Value, _>(self.recording, &mut self.inline)?;
        Ok(value)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner
            .size_hint()
            .map(|len| self.recording.believe(len))
    }
}

/// A variant that is to be chosen, and then its content.
pub(super) struct Variants<'r, A> {
    pub(super) inner: A,
    pub(super) recording: &'r Recording,
    pub(super) nesting: Nesting,
    pub(super) credit: usize,
}

impl<'de, 'r, A: EnumAccess<'de>> EnumAccess<'de> for Variants<'r, A> {
    type Error = A::Error;
    type Variant = Variants<'r, A::Variant>;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), A::Error> {
        let seed = Part::new(seed, self.recording, self.nesting);
        let (value, variant) = self.inner.variant_seed(seed)?;
        let content = Variants {
            inner: variant,
            recording: self.recording,
            nesting: self.nesting,
            credit: self.credit,
        };
        Ok((value, content))
    }
}

impl<'de, 'r, A: VariantAccess<'de>> Variants<'r, A> {
    fn watch<V>(self, visitor: V, fields: usize) -> (A, Watch<'r, V>) {
        let watch = Watch {
            visitor,
            recording: self.recording,
            nesting: self.nesting,
            credit: self.credit,
            fields,
        };
        (self.inner, watch)
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variants<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.recording.note(Kind::UnitVariant);
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.recording.note(Kind::NewtypeVariant);
        let nesting = within(self.nesting.container())?;
        let part = Part::new(seed, self.recording, nesting);
        nesting.run(|| self.inner.newtype_variant_seed(part))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.recording.note_len(Kind::TupleVariant, len);
        let (inner, watch) = self.watch(visitor, 0);
        inner.tuple_variant(len, watch)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.recording
            .note_names::<()>(Kind::StructVariant, "", fields);
        let (inner, watch) = self.watch(visitor, fields.len());
        inner.struct_variant(fields, watch)
    }
}
