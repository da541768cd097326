//! Handlers as Rust.

use std::fmt::Write as _;

use crate::made_up::{Enum, Field, Fields, Handler, How, NEW, Struct, Tag, Type};

const DERIVES: &str = "#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]\n";

/// A module for each handler, and a table of all.
pub(crate) fn handlers(handlers: &[Handler]) -> String {
    let mut out = String::new();
    let mut table = String::new();
    for (number, handler) in handlers.iter().enumerate() {
        let [first, second] = &handler.outputs;
        let is_stored = first.is_stored() && second.is_stored();
        _ = writeln!(out, "mod t{number} {{\nuse super::*;");
        items(&handler.input, &mut out);
        _ = writeln!(out, "type Input = {};", rust(&handler.input));
        build("first", number, first, &mut out);
        build("second", number, second, &mut out);
        out.push_str("}\n");
        _ = writeln!(
            table,
            "Handler {{ name: \"t{number}\", is_stored: {is_stored}, calls: [t{number}::first::call, t{number}::second::call] }},"
        );
    }
    _ = write!(out, "const HANDLERS: &[Handler] = &[\n{table}];\n");
    out
}

/// Handlers are blocking and async ones in turns.
fn build(name: &str, number: usize, output: &Type, out: &mut String) {
    _ = writeln!(out, "pub(super) mod {name} {{\nuse super::*;");
    items(output, out);
    let output = rust(output);
    let (keyword, observe, call) = match number % 2 {
        0 => ("", "observe", "|| handle(&input)"),
        _ => ("async ", "observe_async", "handle(&input)"),
    };
    let (before, after) = match number % 2 {
        0 => ("", ""),
        _ => ("pollster::block_on(", ")"),
    };
    _ = write!(
        out,
        "#[handler_cache(name = crate::named(\"t{number}\"), maxsize = 1000, timeout = \"5s\")]
        {keyword}fn handle(input: &Input) -> {output} {{ body(input) }}
        fn body(input: &Input) -> {output} {{ Make::make(Place::of(input)) }}
        pub(in crate::handlers) fn call(n: u64) -> Called {{
            let input: Input = Make::make(Place::new(n));
            let (answer, outcome) = {before}{observe}({call}){after};
            Called::new(&answer, &body(&input), outcome)
        }}
        }}\n"
    );
}

/// The structs and enums that a type is made of.
fn items(of: &Type, out: &mut String) {
    match of {
        Type::Leaf(_) | Type::Again(_) => {}
        Type::Option(of)
        | Type::List(of)
        | Type::Array(of)
        | Type::Map(of)
        | Type::Numbered(of) => items(of, out),
        Type::Tuple(parts) => parts.iter().for_each(|part| items(part, out)),
        Type::Result(parts) => parts.iter().for_each(|part| items(part, out)),
        Type::Struct(of) => {
            field_items(&of.fields, out);
            some_struct(of, out);
        }
        Type::Enum(of) => {
            of.variants
                .iter()
                .for_each(|(_, fields)| field_items(fields, out));
            some_enum(of, out);
        }
    }
}

fn field_items(fields: &Fields, out: &mut String) {
    match fields {
        Fields::Unit => {}
        Fields::Unnamed(parts) => parts.iter().for_each(|part| items(part, out)),
        Fields::Named(fields) => fields.iter().for_each(|field| items(&field.of, out)),
    }
}

fn some_struct(Struct { number, fields }: &Struct, out: &mut String) {
    let end = match fields {
        Fields::Named(_) => "",
        Fields::Unit | Fields::Unnamed(_) => ";",
    };
    let (declared, made) = (declaration(fields), make(fields));
    _ = write!(
        out,
        "{DERIVES}pub(crate) struct S{number}{declared}{end}
        impl Make for S{number} {{ fn make(at: Place) -> Self {{ _ = at; Self{made} }} }}\n"
    );
}

fn some_enum(of: &Enum, out: &mut String) {
    let number = of.number;
    let tag = match of.tag {
        Tag::External => "",
        Tag::Internal => "#[serde(tag = \"tag\")]\n",
        Tag::Adjacent => "#[serde(tag = \"tag\", content = \"content\")]\n",
        Tag::None => "#[serde(untagged)]\n",
    };
    _ = writeln!(out, "{DERIVES}{tag}pub(crate) enum E{number} {{");
    for (name, fields) in &of.variants {
        _ = writeln!(out, "{name}{},", declaration(fields));
    }
    // By name, so that the choice does not depend on their order.
    let names = of.variants.iter().map(|(name, _)| *name);
    let names: Vec<_> = names.filter(|name| *name != NEW).collect();
    _ = write!(
        out,
        "}}
        impl Make for E{number} {{ fn make(at: Place) -> Self {{ match at.one_of(&{names:?}) {{\n"
    );
    for (name, fields) in of.variants.iter().filter(|(name, _)| *name != NEW) {
        _ = writeln!(out, "\"{name}\" => Self::{name}{},", make(fields));
    }
    out.push_str("_ => unreachable!() } } }\n");
}

fn declaration(fields: &Fields) -> String {
    match fields {
        Fields::Unit => String::new(),
        Fields::Unnamed(parts) => {
            let parts: Vec<_> = parts.iter().map(rust).collect();
            format!("({})", parts.join(", "))
        }
        Fields::Named(fields) => {
            let fields: String = fields.iter().map(declared_field).collect();
            format!(" {{\n{fields}}}")
        }
    }
}

fn declared_field(Field { name, of, how }: &Field) -> String {
    let how = match how {
        How::Plain => String::new(),
        How::Renamed => format!("rename = \"{name}-renamed\""),
        How::Default(number) => format!(
            "default = \"with::default::<{number}>\", skip_serializing_if = \"with::is::<{number}>\""
        ),
        How::AsText => "with = \"with::text\"".to_owned(),
        How::Rounded => "serialize_with = \"with::rounded\"".to_owned(),
        How::Skipped => "skip".to_owned(),
        How::Flattened => "flatten".to_owned(),
    };
    format!("#[serde({how})] {name}: {},\n", rust(of))
}

fn make(fields: &Fields) -> String {
    match fields {
        Fields::Unit => String::new(),
        Fields::Unnamed(parts) => {
            let parts = 0..parts.len();
            let parts: Vec<_> = parts.map(|place| made("at", &place.to_string())).collect();
            format!("({})", parts.join(", "))
        }
        Fields::Named(fields) => {
            let fields = fields.iter().map(|Field { name, how, .. }| match how {
                How::Default(number) => format!("{name}: at.under(\"{name}\").often({number})"),
                _ => format!("{name}: {}", made("at", name)),
            });
            let fields: Vec<_> = fields.collect();
            format!(" {{ {} }}", fields.join(", "))
        }
    }
}

fn made(at: &str, under: &str) -> String {
    format!("Make::make({at}.under(\"{under}\"))")
}

fn rust(of: &Type) -> String {
    match of {
        Type::Leaf(name) => (*name).to_owned(),
        Type::Option(of) => format!("Option<{}>", rust(of)),
        Type::List(of) => format!("Vec<{}>", rust(of)),
        Type::Array(of) => format!("[{}; 2]", rust(of)),
        Type::Map(of) => format!("BTreeMap<String, {}>", rust(of)),
        Type::Numbered(of) => format!("BTreeMap<u32, {}>", rust(of)),
        Type::Tuple(parts) => {
            let parts: Vec<_> = parts.iter().map(rust).collect();
            format!("({})", parts.join(", "))
        }
        Type::Result(parts) => {
            let [ok, err] = &**parts;
            format!("Result<{}, {}>", rust(ok), rust(err))
        }
        Type::Struct(of) => format!("S{}", of.number),
        Type::Enum(of) => format!("E{}", of.number),
        Type::Again(number) => format!("Option<Box<E{number}>>"),
    }
}
