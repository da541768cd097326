//! Types that are made up by chance, and their values.

use std::fmt;

use cache_fuzz::Unstructured;
use serde::{
    Deserialize as _, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor},
    ser::{SerializeMap as _, SerializeStruct as _, SerializeTuple as _},
};

const FIELDS: [&[&str]; 4] = [&["a", "b"], &["b", "a"], &["a", "c"], &["a", "b", "c"]];
const VARIANTS: [&[&str]; 3] = [&["A", "B"], &["B", "A"], &["A", "C"]];
const NAMES: [&str; 2] = ["One", "Two"];

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Type {
    U8,
    U32,
    I64,
    F32,
    F64,
    Bool,
    Text,
    Unit,
    Option(Box<Type>),
    List(Box<Type>),
    Map(Box<Type>),
    Tuple(Vec<Type>),
    Newtype(&'static str, Box<Type>),
    Struct(&'static str, &'static [&'static str], Vec<Type>),
    Enum(&'static str, &'static [&'static str], Vec<Type>),
    /// A number that is written as text and read from it.
    Converted,
}

/// A value of it, in its types: two are the same only if all of that is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    U8(u8),
    U32(u32),
    I64(i64),
    F32(f32),
    F64(f64),
    Bool(bool),
    Text(String),
    Unit,
    Option(Option<Box<Value>>),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    Tuple(Vec<Value>),
    Newtype(&'static str, Box<Value>),
    Struct(&'static str, Vec<(&'static str, Value)>),
    Enum(&'static str, &'static str, Box<Value>),
    Converted(u32),
}

pub(super) fn some_type(depth: u32, u: &mut Unstructured<'_>) -> cache_fuzz::Result<Type> {
    let leaf = depth == 3 || u.ratio(1, 3)?;
    let inner = |u: &mut Unstructured<'_>| some_type(depth + 1, u);
    let inners = |len: usize, u: &mut Unstructured<'_>| -> cache_fuzz::Result<Vec<Type>> {
        (0..len).map(|_| some_type(depth + 1, u)).collect()
    };
    let kind = if leaf {
        u.int_in_range(0..=8)?
    } else {
        u.int_in_range(9..=15)?
    };
    Ok(match kind {
        0 => Type::U8,
        1 => Type::U32,
        2 => Type::I64,
        3 => Type::F32,
        4 => Type::F64,
        5 => Type::Bool,
        6 => Type::Text,
        7 => Type::Unit,
        8 => Type::Converted,
        9 => Type::Option(Box::new(inner(u)?)),
        10 => Type::List(Box::new(inner(u)?)),
        11 => Type::Map(Box::new(inner(u)?)),
        12 => Type::Tuple(inners(2, u)?),
        13 => Type::Newtype(u.choose(&NAMES)?, Box::new(inner(u)?)),
        14 => {
            let fields = *u.choose(&FIELDS)?;
            Type::Struct(u.choose(&NAMES)?, fields, inners(fields.len(), u)?)
        }
        _ => {
            let variants = *u.choose(&VARIANTS)?;
            Type::Enum(u.choose(&NAMES)?, variants, inners(variants.len(), u)?)
        }
    })
}

impl Type {
    /// The type after a change to it, or to a part of it.
    pub(super) fn changed(&self, u: &mut Unstructured<'_>) -> cache_fuzz::Result<Self> {
        let mut changed = self.clone();
        let parts: Vec<&mut Type> = match &mut changed {
            Self::Option(inner)
            | Self::List(inner)
            | Self::Map(inner)
            | Self::Newtype(_, inner) => {
                vec![inner]
            }
            Self::Tuple(inner) | Self::Struct(_, _, inner) | Self::Enum(_, _, inner) => {
                inner.iter_mut().collect()
            }
            _ => Vec::new(),
        };
        if !parts.is_empty() && u.ratio(3, 4)? {
            let chosen = u.choose_index(parts.len())?;
            for (place, part) in parts.into_iter().enumerate() {
                if place == chosen {
                    *part = part.changed(u)?;
                }
            }
            return Ok(changed);
        }
        Ok(match (changed, u.int_in_range(0..=3)?) {
            (Self::Struct(name, fields, inner), 0) => {
                let others = FIELDS.iter().filter(|others| others.len() == fields.len());
                let others: Vec<_> = others.collect();
                Self::Struct(name, u.choose(&others)?, inner)
            }
            (Self::Enum(name, _, inner), 0) => Self::Enum(name, u.choose(&VARIANTS)?, inner),
            (Self::Option(inner) | Self::Newtype(_, inner), 1) => *inner,
            (changed, 2) => Self::Option(Box::new(changed)),
            (changed, 1) => Self::Newtype(u.choose(&NAMES)?, Box::new(changed)),
            _ => some_type(2, u)?,
        })
    }

    pub(super) fn value(&self, u: &mut Unstructured<'_>) -> cache_fuzz::Result<Value> {
        let list = |inner: &Self, u: &mut Unstructured<'_>| -> cache_fuzz::Result<Vec<Value>> {
            let len = u.int_in_range(0..=2)?;
            (0..len).map(|_| inner.value(u)).collect()
        };
        let all = |inner: &[Self], u: &mut Unstructured<'_>| -> cache_fuzz::Result<Vec<Value>> {
            inner.iter().map(|inner| inner.value(u)).collect()
        };
        Ok(match self {
            Self::U8 => Value::U8(u.arbitrary()?),
            Self::U32 => Value::U32(u.int_in_range(0..=300)?),
            Self::I64 => Value::I64(u.int_in_range(-2..=300)?),
            Self::F32 => Value::F32(u.int_in_range(0..=4u8)?.into()),
            Self::F64 => Value::F64(u.int_in_range(0..=4u8)?.into()),
            Self::Bool => Value::Bool(u.arbitrary()?),
            Self::Text => Value::Text((*u.choose(&["", "1", "A"])?).to_owned()),
            Self::Unit => Value::Unit,
            Self::Option(inner) => Value::Option(if u.arbitrary()? {
                Some(Box::new(inner.value(u)?))
            } else {
                None
            }),
            Self::List(inner) => Value::List(list(inner, u)?),
            Self::Map(inner) => {
                let values = list(inner, u)?.into_iter().zip(["a", "b"]);
                Value::Map(values.map(|(value, key)| (key.to_owned(), value)).collect())
            }
            Self::Tuple(inner) => Value::Tuple(all(inner, u)?),
            Self::Newtype(name, inner) => Value::Newtype(name, Box::new(inner.value(u)?)),
            Self::Struct(name, fields, inner) => {
                let values = all(inner, u)?;
                Value::Struct(name, fields.iter().copied().zip(values).collect())
            }
            Self::Enum(name, variants, inner) => {
                let chosen = u.choose_index(variants.len())?;
                Value::Enum(name, variants[chosen], Box::new(inner[chosen].value(u)?))
            }
            Self::Converted => Value::Converted(u.int_in_range(0..=9)?),
        })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::U8(n) => serializer.serialize_u8(*n),
            Self::U32(n) => serializer.serialize_u32(*n),
            Self::I64(n) => serializer.serialize_i64(*n),
            Self::F32(n) => serializer.serialize_f32(*n),
            Self::F64(n) => serializer.serialize_f64(*n),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Unit => serializer.serialize_unit(),
            Self::Option(None) => serializer.serialize_none(),
            Self::Option(Some(value)) => serializer.serialize_some(value),
            Self::List(values) => serializer.collect_seq(values),
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, value) in entries {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
            Self::Tuple(values) => {
                let mut tuple = serializer.serialize_tuple(values.len())?;
                for value in values {
                    tuple.serialize_element(value)?;
                }
                tuple.end()
            }
            Self::Newtype(name, value) => serializer.serialize_newtype_struct(name, value),
            Self::Struct(name, fields) => {
                let mut record = serializer.serialize_struct(name, fields.len())?;
                for (name, value) in fields {
                    record.serialize_field(name, value)?;
                }
                record.end()
            }
            Self::Enum(name, variant, value) => {
                serializer.serialize_newtype_variant(name, 0, variant, value)
            }
            Self::Converted(n) => serializer.serialize_str(&n.to_string()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &Type {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self {
            Type::U8 => u8::deserialize(deserializer).map(Value::U8),
            Type::U32 => u32::deserialize(deserializer).map(Value::U32),
            Type::I64 => i64::deserialize(deserializer).map(Value::I64),
            Type::F32 => f32::deserialize(deserializer).map(Value::F32),
            Type::F64 => f64::deserialize(deserializer).map(Value::F64),
            Type::Bool => bool::deserialize(deserializer).map(Value::Bool),
            Type::Text => String::deserialize(deserializer).map(Value::Text),
            Type::Unit => <()>::deserialize(deserializer).map(|()| Value::Unit),
            Type::Converted => {
                let text = String::deserialize(deserializer)?;
                text.parse().map(Value::Converted).map_err(Error::custom)
            }
            Type::Option(_) => deserializer.deserialize_option(self),
            Type::List(_) => deserializer.deserialize_seq(self),
            Type::Map(_) => deserializer.deserialize_map(self),
            Type::Tuple(inner) => deserializer.deserialize_tuple(inner.len(), self),
            Type::Newtype(name, _) => deserializer.deserialize_newtype_struct(name, self),
            Type::Struct(name, fields, _) => deserializer.deserialize_struct(name, fields, self),
            Type::Enum(name, variants, _) => deserializer.deserialize_enum(name, variants, self),
        }
    }
}

impl<'de> Visitor<'de> for &Type {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Option(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        match self {
            Type::Option(_) => Ok(Value::Option(None)),
            _ => Err(E::custom("not an option")),
        }
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self {
            Type::Option(inner) => {
                let value = inner.deserialize(deserializer)?;
                Ok(Value::Option(Some(Box::new(value))))
            }
            _ => Err(D::Error::custom("not an option")),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        match self {
            Type::Newtype(name, of) => Ok(Value::Newtype(name, Box::new(of.deserialize(inner)?))),
            _ => Err(D::Error::custom("not a newtype")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let missing = || A::Error::custom("too short");
        match self {
            Type::List(inner) => {
                let mut values = Vec::new();
                while let Some(value) = elements.next_element_seed(&**inner)? {
                    values.push(value);
                }
                Ok(Value::List(values))
            }
            Type::Tuple(inner) => {
                let values = inner
                    .iter()
                    .map(|inner| elements.next_element_seed(inner)?.ok_or_else(missing));
                Ok(Value::Tuple(values.collect::<Result<_, _>>()?))
            }
            _ => Err(A::Error::custom("not a list")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        match self {
            Type::Map(inner) => {
                let mut values = Vec::new();
                while let Some(key) = entries.next_key()? {
                    values.push((key, entries.next_value_seed(&**inner)?));
                }
                Ok(Value::Map(values))
            }
            Type::Struct(name, fields, inner) => {
                let mut values = Vec::new();
                while let Some(key) = entries.next_key::<String>()? {
                    let known = fields.iter().position(|field| *field == key);
                    let known = known.ok_or_else(|| A::Error::custom("an unknown field"))?;
                    values.push((fields[known], entries.next_value_seed(&inner[known])?));
                }
                if values.len() < fields.len() {
                    return Err(A::Error::custom("a field is missing"));
                }
                Ok(Value::Struct(name, values))
            }
            _ => Err(A::Error::custom("not a map")),
        }
    }

    fn visit_enum<A: EnumAccess<'de>>(self, chosen: A) -> Result<Value, A::Error> {
        let Type::Enum(name, variants, inner) = self else {
            return Err(A::Error::custom("not an enum"));
        };
        let (variant, content) = chosen.variant::<String>()?;
        let known = variants.iter().position(|known| *known == variant);
        let known = known.ok_or_else(|| A::Error::custom("an unknown variant"))?;
        let value = content.newtype_variant_seed(&inner[known])?;
        Ok(Value::Enum(name, variants[known], Box::new(value)))
    }
}
