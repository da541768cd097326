//! Names of types as the builds of one program share them.

/// The names in the name of a type, without the modules that they stand in: code may move.
pub(crate) fn short_name(name: &str) -> String {
    let mut short = String::new();
    let mut begin = 0;
    let mut rest = name;
    while let Some(next) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("::") {
            short.truncate(begin);
            rest = after;
            continue;
        }
        short.push(next);
        if !next.is_alphanumeric() && !matches!(next, '_' | '{' | '}' | '#') {
            begin = short.len();
        }
        rest = &rest[next.len_utf8()..];
    }
    short
}
