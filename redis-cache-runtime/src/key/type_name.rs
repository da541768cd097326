//! Type names that stay the same when code moves between the modules of a program.

/// A type's name without the paths of modules, in its generic arguments too.
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
