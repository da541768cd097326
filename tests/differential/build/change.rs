//! Changes that a developer makes to a type from one build to the next.

use crate::made_up::{Enum, FIELDS, Field, Fields, How, LEAVES, MakeUp, NEW, Struct, Tag, Type};

/// How deep a part is that takes another's place: it is no deep one.
const DEPTH: u32 = 3;

impl MakeUp {
    /// Changes a type, or a part of it.
    pub(crate) fn change(&mut self, of: &mut Type) {
        let inside = self.random.u32(0..4) > 0;
        match of {
            Type::Option(of)
            | Type::List(of)
            | Type::Array(of)
            | Type::Map(of)
            | Type::Numbered(of)
                if inside =>
            {
                self.change(of);
            }
            Type::Tuple(parts) if inside => self.change_one(parts),
            Type::Result(parts) if inside => self.change_one(&mut **parts),
            Type::Struct(Struct { fields, .. }) if inside => self.change_fields(fields),
            Type::Enum(of) if inside => self.change_enum(of),
            _ => *of = self.another(of.clone()),
        }
    }

    fn change_one(&mut self, parts: &mut [Type]) {
        let chosen = self.random.usize(..parts.len());
        self.change(&mut parts[chosen]);
    }

    /// The type in another one's place.
    fn another(&mut self, of: Type) -> Type {
        match (of, self.random.u32(0..6)) {
            (Type::Option(of) | Type::List(of), 0) => *of,
            (Type::Leaf(leaf), 1..=4) => {
                let numbers = &LEAVES[1..9];
                if numbers.contains(&leaf) {
                    Type::Leaf(numbers[self.random.usize(..numbers.len())])
                } else {
                    self.leaf()
                }
            }
            (of, 0..=2) => Type::Option(Box::new(of)),
            (of, 3) => Type::List(Box::new(of)),
            // The type around it decides where it ends.
            (Type::Again(number), _) => Type::Again(number),
            _ => self.some_type(DEPTH),
        }
    }

    fn change_fields(&mut self, fields: &mut Fields) {
        match fields {
            Fields::Unit => *fields = self.named_fields(DEPTH),
            Fields::Unnamed(parts) => self.change_one(parts),
            Fields::Named(fields) => {
                let chosen = self.random.usize(..fields.len());
                match self.random.u32(0..6) {
                    0 => self.random.shuffle(fields),
                    1 => self.rename(fields, chosen),
                    2 => self.add(fields),
                    _ => self.change_field(&mut fields[chosen]),
                }
            }
        }
    }

    fn change_field(&mut self, field: &mut Field) {
        match field.how {
            How::Plain if field.of.is_leaf("u32") => {
                field.how = [How::AsText, How::Default(1)][self.random.usize(..2)];
            }
            How::Plain => self.change(&mut field.of),
            How::Default(number) => field.how = How::Default(3 - number),
            How::Renamed | How::AsText | How::Rounded | How::Skipped => field.how = How::Plain,
            How::Flattened => {
                let Type::Map(of) = &mut field.of else {
                    unreachable!("what is flattened is a map")
                };
                **of = self.leaf();
            }
        }
    }

    fn rename(&mut self, fields: &mut [Field], chosen: usize) {
        if let Some(name) = free(fields)
            && !matches!(fields[chosen].how, How::Flattened)
        {
            fields[chosen].name = name;
        } else {
            self.random.shuffle(fields);
        }
    }

    fn add(&mut self, fields: &mut Vec<Field>) {
        let Some(name) = free(fields) else {
            return self.random.shuffle(fields);
        };
        fields.push(Field {
            name,
            of: Type::Leaf("u32"),
            how: How::Default(2),
        });
    }

    fn change_enum(&mut self, of: &mut Enum) {
        let chosen = self.random.usize(..of.variants.len());
        match (self.random.u32(0..6), of.tag) {
            (0, _) => self.random.shuffle(&mut of.variants),
            (1, _) => {
                let place = self.random.usize(..=of.variants.len());
                if of.variants.iter().all(|(name, _)| *name != NEW) {
                    of.variants.insert(place, (NEW, Fields::Unit));
                }
            }
            (2, Tag::Internal) => of.tag = Tag::Adjacent,
            (2, Tag::Adjacent) => of.tag = Tag::External,
            (_, Tag::None) => {
                let leaf = self.leaf();
                of.variants[chosen].1 = Fields::Unnamed(vec![leaf]);
            }
            (_, Tag::Internal) => match &mut of.variants[chosen].1 {
                Fields::Unit => {}
                fields => self.change_fields(fields),
            },
            (_, Tag::External | Tag::Adjacent) => self.change_fields(&mut of.variants[chosen].1),
        }
    }
}

fn free(fields: &[Field]) -> Option<&'static str> {
    // The last field may be flattened, and then takes the others' entries.
    let mut names = FIELDS[..3].iter().copied();
    names.find(|name| fields.iter().all(|field| field.name != *name))
}
