//! Random values of serde's data model.

use cache_fuzz::{Result, Unstructured};
use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap as _, SerializeStruct as _, SerializeStructVariant as _, SerializeTuple as _,
        SerializeTupleStruct as _, SerializeTupleVariant as _,
    },
};

/// The deepest nesting of a random value.
const DEPTH: u32 = 4;

/// A value of serde's data model. Types of different shapes have different names, as in Rust.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    Unit,
    None,
    Bool(bool),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    /// Floats by their bits.
    F32(u32),
    F64(u64),
    Char(char),
    Text(String),
    Bytes(Vec<u8>),
    Some(Box<Value>),
    UnitStruct(&'static str),
    UnitVariant(&'static str),
    NewtypeStruct(&'static str, Box<Value>),
    NewtypeVariant(&'static str, Box<Value>),
    Seq(Vec<Value>),
    Tuple(Vec<Value>),
    TupleStruct(&'static str, Vec<Value>),
    TupleVariant(&'static str, Vec<Value>),
    Map(Vec<(Value, Value)>),
    Struct(&'static str, Vec<(&'static str, Value)>),
    StructVariant(&'static str, Vec<(&'static str, Value)>),
}

impl Value {
    pub(super) fn arbitrary(u: &mut Unstructured<'_>) -> Result<Self> {
        Self::at(0, u)
    }

    fn at(depth: u32, u: &mut Unstructured<'_>) -> Result<Self> {
        // An input that is used up gives the first choice each time, which ends the value.
        if depth == DEPTH || u.ratio(1, 3)? {
            return Self::leaf(u);
        }
        let inner = |u: &mut Unstructured<'_>| Self::at(depth + 1, u);
        let one = |u: &mut Unstructured<'_>| inner(u).map(Box::new);
        Ok(match u.int_in_range(0..=12)? {
            0 => Self::leaf(u)?,
            1 => Self::Some(one(u)?),
            2 => Self::NewtypeStruct(u.choose(&["Newtype", "Wrapper"])?, one(u)?),
            3 => Self::NewtypeVariant(u.choose(&["Newtype", "Wrapper"])?, one(u)?),
            4 => Self::Seq(list(u, inner)?),
            5 => Self::Tuple(list(u, inner)?),
            6 => Self::TupleStruct(u.choose(&["Pair", "Triple"])?, list(u, inner)?),
            7 => Self::TupleVariant(u.choose(&["Pair", "Triple"])?, list(u, inner)?),
            8 => Self::Map(map(u, inner)?),
            9 => Self::Struct(u.choose(&["Struct", "Record"])?, fields(u, inner)?),
            10 => Self::StructVariant(u.choose(&["Struct", "Record"])?, fields(u, inner)?),
            11 => Self::Seq(numbers(u)?),
            _ => Self::Tuple(numbers(u)?),
        })
    }

    /// Mostly small numbers and short texts, so that equal values come often.
    fn leaf(u: &mut Unstructured<'_>) -> Result<Self> {
        Ok(match u.int_in_range(0..=11)? {
            0 => Self::Unit,
            1 => Self::None,
            2 => Self::Bool(u.arbitrary()?),
            3 => Self::Char(*u.choose(&['a', 'b', '\0', '\u{1f980}'])?),
            4 => Self::Text((*u.choose(&["", "a", "b", "aa", "\u{cc}"])?).to_owned()),
            5 => Self::Text(u.arbitrary()?),
            6 => {
                let len = u.int_in_range(0..=3)?;
                Self::Bytes(u.bytes(len)?.to_vec())
            }
            7 => Self::UnitStruct(u.choose(&["Unit", "Nothing"])?),
            8 => Self::UnitVariant(u.choose(&["Unit", "Nothing"])?),
            _ => Self::number(u.int_in_range(0..=11)?, u)?,
        })
    }

    fn number(kind: u8, u: &mut Unstructured<'_>) -> Result<Self> {
        let small = u.ratio(3, 4)?;
        let bits: u128 = if small {
            u.int_in_range(0..=2)?
        } else {
            u.arbitrary()?
        };
        let [b0, b1, b2, b3, b4, b5, b6, b7, ..] = bits.to_le_bytes();
        let (two, four) = ([b0, b1], [b0, b1, b2, b3]);
        let eight = [b0, b1, b2, b3, b4, b5, b6, b7];
        Ok(match kind {
            0 => Self::U8(b0),
            1 => Self::U16(u16::from_le_bytes(two)),
            2 => Self::U32(u32::from_le_bytes(four)),
            3 => Self::U64(u64::from_le_bytes(eight)),
            4 => Self::I8(i8::from_le_bytes([b0])),
            5 => Self::I16(i16::from_le_bytes(two)),
            6 => Self::I32(i32::from_le_bytes(four)),
            7 => Self::I64(i64::from_le_bytes(eight)),
            8 => Self::F32(u32::from_le_bytes(four)),
            9 => Self::F64(u64::from_le_bytes(eight)),
            10 => Self::U128(bits),
            _ => Self::I128(i128::from_le_bytes(bits.to_le_bytes())),
        })
    }

    /// A value that differs from this one a little, or only in its form.
    pub(super) fn varied(&self, u: &mut Unstructured<'_>) -> Result<Self> {
        let mut varied = self.clone();
        let place = u.int_in_range(0..=8)?;
        if let Some(inner) = varied.child(place) {
            *inner = inner.varied(u)?;
            return Ok(varied);
        }
        Ok(match varied {
            Self::Bytes(bytes) => Self::Seq(bytes.into_iter().map(Self::U8).collect()),
            Self::Seq(items) => Self::Tuple(items),
            Self::Tuple(items) => Self::Seq(items),
            Self::Map(mut entries) => {
                entries.reverse();
                Self::Map(entries)
            }
            Self::U8(n) => Self::I8(n.cast_signed()),
            Self::F32(bits) => Self::U32(bits),
            Self::U32(bits) => Self::F32(bits),
            Self::F64(bits) => Self::F64(bits ^ (1 << 63)),
            Self::Some(value) => *value,
            Self::Text(mut text) => {
                text.push('a');
                Self::Text(text)
            }
            other => match u.int_in_range(0..=3)? {
                0 => Self::Some(Box::new(other)),
                1 => Self::Seq(vec![other]),
                2 => Self::Tuple(vec![other]),
                _ => Self::leaf(u)?,
            },
        })
    }

    fn child(&mut self, place: usize) -> Option<&mut Self> {
        match self {
            Self::Some(value) | Self::NewtypeStruct(_, value) | Self::NewtypeVariant(_, value) => {
                (place > 0).then_some(value)
            }
            Self::Seq(items)
            | Self::Tuple(items)
            | Self::TupleStruct(_, items)
            | Self::TupleVariant(_, items) => items.get_mut(place),
            Self::Map(entries) => {
                let (key, value) = entries.get_mut(place / 2)?;
                Some(if place.is_multiple_of(2) { key } else { value })
            }
            Self::Struct(_, fields) | Self::StructVariant(_, fields) => {
                fields.get_mut(place).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// One form for all values that are the same argument: unless `strict`, bytes and tuples of numbers become sequences.
    pub(super) fn canonical(self, strict: bool) -> Self {
        let one = |value: Box<Self>| Box::new(value.canonical(strict));
        let all = |items: Vec<Self>| -> Vec<Self> {
            let items = items.into_iter();
            items.map(|item| item.canonical(strict)).collect()
        };
        let named = |fields: Vec<(&'static str, Self)>| -> Vec<(&'static str, Self)> {
            let fields = fields.into_iter();
            fields
                .map(|(name, value)| (name, value.canonical(strict)))
                .collect()
        };
        match self {
            Self::Bytes(bytes) if !strict => Self::Seq(bytes.into_iter().map(Self::U8).collect()),
            Self::Some(value) => Self::Some(one(value)),
            Self::NewtypeStruct(name, value) => Self::NewtypeStruct(name, one(value)),
            Self::NewtypeVariant(name, value) => Self::NewtypeVariant(name, one(value)),
            Self::Seq(items) => Self::Seq(all(items)),
            Self::Tuple(items) if !strict && is_run(&items) => Self::Seq(all(items)),
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::TupleStruct(name, items) => Self::TupleStruct(name, all(items)),
            Self::TupleVariant(name, items) => Self::TupleVariant(name, all(items)),
            Self::Map(entries) => {
                let entries = entries.into_iter();
                let entries =
                    entries.map(|(key, value)| (key.canonical(strict), value.canonical(strict)));
                Self::Map(entries.collect())
            }
            Self::Struct(name, fields) => Self::Struct(name, named(fields)),
            Self::StructVariant(name, fields) => Self::StructVariant(name, named(fields)),
            leaf => leaf,
        }
    }
}

/// Whether all items are numbers of one type with at most 64 bits. True where there is no item.
fn is_run(items: &[Value]) -> bool {
    let is_number = |value: &Value| {
        matches!(
            value,
            Value::U8(_)
                | Value::U16(_)
                | Value::U32(_)
                | Value::U64(_)
                | Value::I8(_)
                | Value::I16(_)
                | Value::I32(_)
                | Value::I64(_)
                | Value::F32(_)
                | Value::F64(_)
        )
    };
    let kind = std::mem::discriminant::<Value>;
    let first = items.first().map(kind);
    items
        .iter()
        .all(|item| is_number(item) && Some(kind(item)) == first)
}

fn list<T>(
    u: &mut Unstructured<'_>,
    item: impl Fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let len = u.int_in_range(0..=3)?;
    (0..len).map(|_| item(u)).collect()
}

/// Up to 3 numbers of one type.
fn numbers(u: &mut Unstructured<'_>) -> Result<Vec<Value>> {
    let kind = u.int_in_range(0..=11)?;
    list(u, |u| Value::number(kind, u))
}

fn map(
    u: &mut Unstructured<'_>,
    inner: impl Fn(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<Vec<(Value, Value)>> {
    list(u, |u| Ok((inner(u)?, inner(u)?)))
}

/// Up to 3 fields, named in order: as in a struct whose later fields serde skips.
fn fields(
    u: &mut Unstructured<'_>,
    inner: impl Fn(&mut Unstructured<'_>) -> Result<Value>,
) -> Result<Vec<(&'static str, Value)>> {
    let values = list(u, inner)?;
    Ok(["first", "second", "third"]
        .into_iter()
        .zip(values)
        .collect())
}

/// Gives a run of numbers to `collect_seq` as a real list: the encoder has a shorter way for its item type.
macro_rules! sequence {
    ($serializer:expr, $items:expr, $($kind:ident)*) => {
        match $items.first() {
            $(Some(Value::$kind(_)) if is_run($items) => {
                let numbers = $items.iter().map(|item| match item {
                    Value::$kind(number) => *number,
                    _ => unreachable!("all are of one type"),
                });
                $serializer.collect_seq(&numbers.collect::<Vec<_>>())
            })*
            Some(Value::F32(_)) if is_run($items) => {
                let numbers = $items.iter().map(|item| match item {
                    Value::F32(bits) => f32::from_bits(*bits),
                    _ => unreachable!("all are of one type"),
                });
                $serializer.collect_seq(&numbers.collect::<Vec<_>>())
            }
            _ => $serializer.collect_seq($items),
        }
    };
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Unit => serializer.serialize_unit(),
            Self::None => serializer.serialize_none(),
            Self::Bool(v) => serializer.serialize_bool(*v),
            Self::U8(v) => serializer.serialize_u8(*v),
            Self::U16(v) => serializer.serialize_u16(*v),
            Self::U32(v) => serializer.serialize_u32(*v),
            Self::U64(v) => serializer.serialize_u64(*v),
            Self::U128(v) => serializer.serialize_u128(*v),
            Self::I8(v) => serializer.serialize_i8(*v),
            Self::I16(v) => serializer.serialize_i16(*v),
            Self::I32(v) => serializer.serialize_i32(*v),
            Self::I64(v) => serializer.serialize_i64(*v),
            Self::I128(v) => serializer.serialize_i128(*v),
            Self::F32(bits) => serializer.serialize_f32(f32::from_bits(*bits)),
            Self::F64(bits) => serializer.serialize_f64(f64::from_bits(*bits)),
            Self::Char(v) => serializer.serialize_char(*v),
            Self::Text(v) => serializer.serialize_str(v),
            Self::Bytes(v) => serializer.serialize_bytes(v),
            Self::Some(v) => serializer.serialize_some(v),
            Self::UnitStruct(name) => serializer.serialize_unit_struct(name),
            Self::UnitVariant(name) => serializer.serialize_unit_variant("Enum", 0, name),
            Self::NewtypeStruct(name, v) => serializer.serialize_newtype_struct(name, v),
            Self::NewtypeVariant(name, v) => {
                serializer.serialize_newtype_variant("Enum", 1, name, v)
            }
            Self::Seq(items) => sequence!(serializer, items, U8 U16 U64 I32 I64),
            Self::Tuple(items) => {
                let mut tuple = serializer.serialize_tuple(items.len())?;
                items.iter().try_for_each(|v| tuple.serialize_element(v))?;
                tuple.end()
            }
            Self::TupleStruct(name, items) => {
                let mut tuple = serializer.serialize_tuple_struct(name, items.len())?;
                items.iter().try_for_each(|v| tuple.serialize_field(v))?;
                tuple.end()
            }
            Self::TupleVariant(name, items) => {
                let len = items.len();
                let mut tuple = serializer.serialize_tuple_variant("Enum", 2, name, len)?;
                items.iter().try_for_each(|v| tuple.serialize_field(v))?;
                tuple.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                entries
                    .iter()
                    .try_for_each(|(key, v)| map.serialize_entry(key, v))?;
                map.end()
            }
            Self::Struct(name, fields) => {
                let mut record = serializer.serialize_struct(name, fields.len())?;
                fields
                    .iter()
                    .try_for_each(|(name, v)| record.serialize_field(name, v))?;
                record.end()
            }
            Self::StructVariant(name, fields) => {
                let len = fields.len();
                let mut record = serializer.serialize_struct_variant("Enum", 3, name, len)?;
                fields
                    .iter()
                    .try_for_each(|(name, v)| record.serialize_field(name, v))?;
                record.end()
            }
        }
    }
}
