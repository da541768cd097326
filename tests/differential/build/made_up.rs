//! Types that are made up by chance, out of all that serde's derives know.

use fastrand::Rng;

/// How deep a type is at most.
const DEEPEST: u32 = 4;

pub(crate) const FIELDS: [&str; 4] = ["a", "b", "c", "d"];
pub(crate) const VARIANTS: [&str; 4] = ["A", "B", "C", "D"];

/// A variant of the second build that no handler answers with: the builds have the same answers, of other types.
pub(crate) const NEW: &str = "New";

/// A type's name in Rust, where a value of it is one piece.
pub(crate) const LEAVES: [&str; 19] = [
    "bool",
    "u8",
    "u32",
    "u64",
    "u128",
    "i16",
    "i64",
    "f32",
    "f64",
    "char",
    "String",
    "()",
    "Even",
    "Nibble",
    "Celsius",
    "std::net::IpAddr",
    "std::time::Duration",
    "std::num::NonZeroU16",
    "uuid::Uuid",
];

#[derive(Clone, Debug)]
pub(crate) enum Type {
    Leaf(&'static str),
    Option(Box<Type>),
    List(Box<Type>),
    /// An array of two elements.
    Array(Box<Type>),
    /// By text.
    Map(Box<Type>),
    /// By number.
    Numbered(Box<Type>),
    Tuple(Vec<Type>),
    Result(Box<[Type; 2]>),
    Struct(Struct),
    Enum(Enum),
    /// The enum of this number, that it stands in, perhaps.
    Again(u32),
}

#[derive(Clone, Debug)]
pub(crate) struct Struct {
    pub(crate) number: u32,
    pub(crate) fields: Fields,
}

#[derive(Clone, Debug)]
pub(crate) enum Fields {
    Unit,
    Unnamed(Vec<Type>),
    Named(Vec<Field>),
}

#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) of: Type,
    pub(crate) how: How,
}

/// How serde writes and reads a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum How {
    Plain,
    Renamed,
    /// Left out where it is the default, which is this number. Of type `u32`.
    Default(u32),
    /// As text. Of type `u32`.
    AsText,
    /// Its value is lost. Of type `f64`.
    Rounded,
    /// Its value is lost. Of type `u32`.
    Skipped,
    /// Of type [`Type::Map`] of a leaf.
    Flattened,
}

#[derive(Clone, Debug)]
pub(crate) struct Enum {
    pub(crate) number: u32,
    pub(crate) tag: Tag,
    pub(crate) variants: Vec<(&'static str, Fields)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Tag {
    External,
    Internal,
    Adjacent,
    None,
}

/// A handler in its two builds.
#[derive(Debug)]
pub(crate) struct Handler {
    pub(crate) input: Type,
    pub(crate) outputs: [Type; 2],
}

/// The properties of a type's parts.
pub(crate) enum Part<'a> {
    Type(&'a Type),
    How(How),
    Tag(Tag),
}

impl Type {
    pub(crate) fn is_leaf(&self, name: &str) -> bool {
        matches!(self, Self::Leaf(leaf) if *leaf == name)
    }

    /// Tells `visit` of the type, its fields, its enums, and all parts of them.
    pub(crate) fn visit(&self, visit: &mut dyn FnMut(Part<'_>)) {
        visit(Part::Type(self));
        match self {
            Self::Leaf(_) | Self::Again(_) => {}
            Self::Option(of)
            | Self::List(of)
            | Self::Array(of)
            | Self::Map(of)
            | Self::Numbered(of) => of.visit(visit),
            Self::Tuple(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Result(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Struct(of) => of.fields.visit(visit),
            Self::Enum(of) => {
                visit(Part::Tag(of.tag));
                of.variants
                    .iter()
                    .for_each(|(_, fields)| fields.visit(visit));
            }
        }
    }

    /// Whether every answer of this type is stored.
    pub(crate) fn is_stored(&self) -> bool {
        // An `Err` is no answer.
        self.comes_back() && !matches!(self, Self::Result(_))
    }

    /// Whether every value comes back equal, in any type around it.
    ///
    /// serde reads an untagged enum as the first variant that fits, and keeps flattened fields and enums with their tag inside
    /// in a type that has no numbers of 128 bits. An option of a value that is written as nothing is read as `None`.
    pub(crate) fn comes_back(&self) -> bool {
        let (mut lost, mut aside, mut wide) = (false, false, false);
        self.visit(&mut |part| match part {
            Part::Type(Self::Option(of)) => lost |= of.may_be_nothing(),
            Part::Type(of) => wide |= of.is_leaf("u128"),
            Part::How(How::Rounded | How::Skipped) | Part::Tag(Tag::None) => lost = true,
            Part::How(How::Flattened) | Part::Tag(Tag::Internal | Tag::Adjacent) => aside = true,
            Part::How(_) | Part::Tag(Tag::External) => {}
        });
        !(lost || aside && wide)
    }

    fn may_be_nothing(&self) -> bool {
        match self {
            Self::Option(_) | Self::Again(_) => true,
            Self::Struct(of) => match &of.fields {
                Fields::Unit => true,
                Fields::Unnamed(parts) => parts.len() == 1 && parts[0].may_be_nothing(),
                Fields::Named(_) => false,
            },
            // Of an enum whose variants serde can't tell apart.
            Self::Enum(of) => of.tag == Tag::None,
            _ => self.is_leaf("()"),
        }
    }
}

impl Fields {
    fn visit(&self, visit: &mut dyn FnMut(Part<'_>)) {
        match self {
            Self::Unit => {}
            Self::Unnamed(parts) => parts.iter().for_each(|part| part.visit(visit)),
            Self::Named(fields) => {
                for field in fields {
                    visit(Part::How(field.how));
                    field.of.visit(visit);
                }
            }
        }
    }
}

pub(crate) struct MakeUp {
    pub(crate) random: Rng,
    /// The number of the next struct or enum.
    next: u32,
}

impl MakeUp {
    pub(crate) fn with_seed(seed: u64) -> Self {
        let random = Rng::with_seed(seed);
        Self { random, next: 0 }
    }

    pub(crate) fn handler(&mut self) -> Handler {
        // An argument that serde writes as another one is taken for it, which the README says.
        let input = loop {
            let input = self.some_type(2);
            if input.comes_back() {
                break input;
            }
        };
        let output = self.some_type(0);
        let mut changed = output.clone();
        for _ in 0..self.random.u32(0..=3) {
            self.change(&mut changed);
        }
        Handler {
            input,
            outputs: [output, changed],
        }
    }

    pub(crate) fn some_type(&mut self, depth: u32) -> Type {
        if depth >= DEEPEST || self.random.u32(0..=(4 * depth)) > 4 {
            return self.leaf();
        }
        let deeper = depth + 1;
        match self.random.u32(0..14) {
            0 | 1 => Type::Option(Box::new(self.some_type(deeper))),
            2 => Type::List(Box::new(self.some_type(deeper))),
            3 => Type::Array(Box::new(self.some_type(deeper))),
            4 => Type::Map(Box::new(self.some_type(deeper))),
            5 => Type::Numbered(Box::new(self.some_type(deeper))),
            6 => Type::Tuple(vec![self.some_type(deeper), self.some_type(deeper)]),
            7 => Type::Result(Box::new([self.some_type(deeper), self.some_type(deeper)])),
            8..=10 => Type::Struct(Struct {
                number: self.number(),
                fields: self.fields(deeper),
            }),
            _ => Type::Enum(self.some_enum(deeper)),
        }
    }

    pub(crate) fn leaf(&mut self) -> Type {
        Type::Leaf(LEAVES[self.random.usize(..LEAVES.len())])
    }

    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn fields(&mut self, depth: u32) -> Fields {
        match self.random.u32(0..8) {
            0 => Fields::Unit,
            1 => Fields::Unnamed(vec![self.some_type(depth)]),
            2 => Fields::Unnamed(vec![self.some_type(depth), self.some_type(depth)]),
            _ => self.named_fields(depth),
        }
    }

    pub(crate) fn named_fields(&mut self, depth: u32) -> Fields {
        let mut names = FIELDS;
        self.random.shuffle(&mut names);
        let number = self.random.usize(1..=3);
        Fields::Named(
            names[..number]
                .iter()
                .map(|name| self.field(name, depth))
                .collect(),
        )
    }

    fn field(&mut self, name: &'static str, depth: u32) -> Field {
        let (how, of) = match self.random.u32(0..16) {
            0 => (How::Renamed, self.some_type(depth)),
            1 => (How::Default(self.random.u32(1..=2)), Type::Leaf("u32")),
            2 => (How::AsText, Type::Leaf("u32")),
            3 if self.random.u8(0..4) == 0 => (How::Rounded, Type::Leaf("f64")),
            4 if self.random.u8(0..4) == 0 => (How::Skipped, Type::Leaf("u32")),
            // At most one field that takes the entries left over: two would take the same.
            5 if name == "d" => (How::Flattened, Type::Map(Box::new(self.leaf()))),
            _ => (How::Plain, self.some_type(depth)),
        };
        Field { name, of, how }
    }

    fn some_enum(&mut self, depth: u32) -> Enum {
        let number = self.number();
        let tag = match self.random.u32(0..8) {
            0 => Tag::None,
            1 => Tag::Internal,
            2 => Tag::Adjacent,
            _ => Tag::External,
        };
        let mut names = VARIANTS;
        self.random.shuffle(&mut names);
        let variants = names[..self.random.usize(2..=3)].iter().enumerate();
        let variants = variants.map(|(place, name)| {
            let fields = match tag {
                // An enum with its tag inside has names inside.
                Tag::Internal if self.random.bool() => Fields::Unit,
                Tag::Internal => self.named_fields(depth),
                Tag::None => Fields::Unnamed(vec![self.leaf()]),
                Tag::External if place == 1 && self.random.bool() => {
                    Fields::Unnamed(vec![Type::Again(number)])
                }
                Tag::External | Tag::Adjacent => self.fields(depth),
            };
            (*name, fields)
        });
        Enum {
            number,
            tag,
            variants: variants.collect(),
        }
    }
}
