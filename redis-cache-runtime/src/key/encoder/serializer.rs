//! The serializer that writes the encoding.

use serde::ser::{self, Serialize};

use super::{EncodeError, Encoder, Fields, List, Map, Marker, Number, begin_numbers, order, plain};

/// The number types that can be part of a run.
macro_rules! numbers {
    ($($method:ident $type:ident $number:ident;)*) => {$(
        #[inline]
        fn $method(self, v: $type) -> Result<(), EncodeError> {
            Number::$number.write(v.to_le_bytes(), self.out);
            Ok(())
        }
    )*};
}

impl<'a> ser::Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = List<'a>;
    type SerializeTuple = List<'a>;
    type SerializeTupleStruct = List<'a>;
    type SerializeTupleVariant = List<'a>;
    type SerializeMap = Map<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    fn is_human_readable(&self) -> bool {
        false
    }

    numbers! {
        serialize_i8 i8 I8;
        serialize_i16 i16 I16;
        serialize_i32 i32 I32;
        serialize_i64 i64 I64;
        serialize_u8 u8 U8;
        serialize_u16 u16 U16;
        serialize_u32 u32 U32;
        serialize_u64 u64 U64;
        serialize_f32 f32 F32;
        serialize_f64 f64 F64;
    }

    fn serialize_i128(mut self, v: i128) -> Result<(), EncodeError> {
        self.mark(Marker::I128);
        self.out.extend_from_slice(&v.to_be_bytes());
        Ok(())
    }

    fn serialize_u128(mut self, v: u128) -> Result<(), EncodeError> {
        self.mark(Marker::U128);
        self.out.extend_from_slice(&v.to_be_bytes());
        Ok(())
    }

    fn serialize_bool(self, v: bool) -> Result<(), EncodeError> {
        let marker = if v {
            rmp::Marker::True
        } else {
            rmp::Marker::False
        };
        self.out.push(marker.to_u8());
        Ok(())
    }

    fn serialize_char(mut self, v: char) -> Result<(), EncodeError> {
        self.mark(Marker::Char);
        Number::U32.write(u32::from(v).to_le_bytes(), self.out);
        Ok(())
    }

    fn serialize_str(mut self, v: &str) -> Result<(), EncodeError> {
        self.text(v)
    }

    fn serialize_bytes(mut self, v: &[u8]) -> Result<(), EncodeError> {
        if self.place.strict {
            self.mark(Marker::Bytes);
        }
        begin_numbers(Number::U8, v.len(), self.out)?;
        self.out.extend_from_slice(v);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.out.push(rmp::Marker::Null.to_u8());
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(mut self, value: &T) -> Result<(), EncodeError> {
        self.mark(Marker::Some);
        self.content(value)
    }

    fn serialize_unit(mut self) -> Result<(), EncodeError> {
        self.mark(Marker::Unit);
        Ok(())
    }

    fn serialize_unit_struct(mut self, name: &'static str) -> Result<(), EncodeError> {
        self.mark(Marker::Named);
        self.text(name)?;
        self.mark(Marker::Unit);
        Ok(())
    }

    fn serialize_unit_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.variant(name, variant)?;
        self.mark(Marker::Unit);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.mark(Marker::Named);
        self.text(name)?;
        self.content(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        self.variant(name, variant)?;
        self.place.inner()?.serialize(value, self.out)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<List<'a>, EncodeError> {
        self.sequence()
    }

    fn collect_seq<I>(self, items: I) -> Result<(), EncodeError>
    where
        I: IntoIterator<Item: Serialize>,
    {
        if order::sequence_is_sorted::<I>() {
            return self.collect_sorted(items);
        }
        match Number::referred::<I::Item>() {
            Some(number) => plain::write(number, items, self.out),
            None => self.collect(items),
        }
    }

    fn serialize_tuple(self, _len: usize) -> Result<List<'a>, EncodeError> {
        self.tuple_or_array()
    }

    fn serialize_tuple_struct(
        mut self,
        name: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.mark(Marker::Named);
        self.text(name)?;
        self.announced_tuple()
    }

    fn serialize_tuple_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<List<'a>, EncodeError> {
        self.variant(name, variant)?;
        self.announced_tuple()
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Map<'a>, EncodeError> {
        self.map(false)
    }

    fn collect_map<K, V, I>(self, entries: I) -> Result<(), EncodeError>
    where
        K: Serialize,
        V: Serialize,
        I: IntoIterator<Item = (K, V)>,
    {
        let mut map = self.map(order::map_is_sorted::<I>())?;
        for (key, value) in entries {
            ser::SerializeMap::serialize_entry(&mut map, &key, &value)?;
        }
        ser::SerializeMap::end(map)
    }

    fn serialize_struct(
        mut self,
        name: &'static str,
        _len: usize,
    ) -> Result<Fields<'a>, EncodeError> {
        self.mark(Marker::Struct);
        self.text(name)?;
        self.fields()
    }

    fn serialize_struct_variant(
        mut self,
        name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Fields<'a>, EncodeError> {
        self.variant(name, variant)?;
        self.mark(Marker::Struct);
        self.fields()
    }
}
