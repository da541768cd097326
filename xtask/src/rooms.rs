//! The uses between the runtime's rooms, as `ARCHITECTURE.md` allows them and as the code has them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::paths;

/// The page, and the section of it that has the table.
const PAGE: &str = "ARCHITECTURE.md";
const SECTION: &str = "## Rooms";

const SOURCES: &str = "redis-cache-runtime/src";

/// The files above all rooms: the list of public items, and the items that expansions call.
const ABOVE: [&str; 2] = ["lib", "__private"];

/// Which rooms a room may use.
type Allowed = BTreeMap<String, BTreeSet<String>>;

/// One place where a room is used.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Use {
    line: usize,
    room: String,
}

/// Compares the code with the page.
///
/// # Errors
///
/// Names each file and line that uses a room which the page does not allow, each room that the page lacks, and each circle in the page
/// itself.
pub(crate) fn check() -> Result<()> {
    let page = paths::root().join(PAGE);
    let text = fs::read_to_string(&page).with_context(|| format!("{PAGE} can't be read"))?;
    let allowed = table(&text)?;
    if let Some(circle) = circle(&allowed) {
        bail!("{PAGE} allows a circle of rooms: {}", circle.join(" uses "));
    }
    let folder = paths::root().join(SOURCES);
    let mut seen = BTreeSet::new();
    let mut forbidden = String::new();
    for file in sources(&folder)? {
        let relative = file.strip_prefix(&folder)?;
        let room = room_of(relative);
        if ABOVE.contains(&&*room) {
            continue;
        }
        let source = fs::read_to_string(&file)?;
        let uses = uses(&source).with_context(|| format!("{} can't be read", file.display()))?;
        for used in uses.into_iter().filter(|used| used.room != room) {
            let may = allowed
                .get(&room)
                .is_some_and(|may| may.contains(&used.room));
            if !may {
                let (path, line, other) = (relative.display(), used.line, used.room);
                writeln!(
                    forbidden,
                    "{SOURCES}/{path}:{line}: `{room}` may not use `{other}`"
                )?;
            }
        }
        seen.insert(room);
    }
    ensure!(
        forbidden.is_empty(),
        "{forbidden}{PAGE}, \"{}\", says which rooms a room may use",
        SECTION.trim_start_matches(['#', ' '])
    );
    let rooms: BTreeSet<_> = allowed.into_keys().collect();
    let unknown: Vec<_> = seen.symmetric_difference(&rooms).cloned().collect();
    ensure!(
        unknown.is_empty(),
        "{PAGE} and {SOURCES} do not have the same rooms: {}",
        unknown.join(", ")
    );
    Ok(())
}

/// Reads the table: in the first column a room, in the last the rooms that it may use.
fn table(page: &str) -> Result<Allowed> {
    let (_, section) = page
        .split_once(SECTION)
        .with_context(|| format!("{PAGE} has no section {SECTION:?}"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut allowed = Allowed::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = row.trim_matches('|').split('|').collect();
        let [first, .., last] = cells[..] else {
            bail!("{PAGE}: a row of rooms has too few columns: {row}");
        };
        let [room] = names(first)[..] else {
            bail!("{PAGE}: a row of rooms begins with one room: {row}");
        };
        let may = names(last).into_iter().map(str::to_owned).collect();
        allowed.insert(room.to_owned(), may);
    }
    ensure!(!allowed.is_empty(), "{PAGE} has no table of rooms");
    Ok(allowed)
}

/// The texts between backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(|name| name.trim_end_matches('/'))
        .collect()
}

/// Rooms of which each may use the next, and the last the first; or none.
fn circle(allowed: &Allowed) -> Option<Vec<&str>> {
    let mut done = BTreeSet::new();
    allowed
        .keys()
        .find_map(|room| walk(allowed, room, &mut Vec::new(), &mut done))
}

fn walk<'a>(
    allowed: &'a Allowed,
    room: &'a str,
    path: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if let Some(at) = path.iter().position(|before| *before == room) {
        let mut circle = path[at..].to_vec();
        circle.push(room);
        return Some(circle);
    }
    if !done.contains(room) {
        path.push(room);
        for next in allowed.get(room).into_iter().flatten() {
            if let Some(circle) = walk(allowed, next, path, done) {
                return Some(circle);
            }
        }
        path.pop();
        done.insert(room);
    }
    None
}

/// All Rust files except those of tests.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The room that a file is in: the first folder, or the file itself.
fn room_of(relative: &Path) -> String {
    let first = relative.iter().next().map(Path::new);
    let stem = first.and_then(Path::file_stem);
    stem.map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The rooms that a file names by `crate::`, without its tests.
fn uses(source: &str) -> Result<BTreeSet<Use>> {
    let tokens: TokenStream = source
        .parse()
        .map_err(|error| anyhow::anyhow!("it is no Rust: {error}"))?;
    let mut uses = BTreeSet::new();
    collect(tokens, &mut uses);
    Ok(uses)
}

fn collect(tokens: TokenStream, uses: &mut BTreeSet<Use>) {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_attribute(&tokens[at..]) {
            at += 2;
            at += length_of_item(&tokens[at..]);
            continue;
        }
        if is_crate_path(&tokens[at..]) {
            named(&tokens[at + 3..], uses);
        }
        if let TokenTree::Group(group) = &tokens[at] {
            collect(group.stream(), uses);
        }
        at += 1;
    }
}

/// The names after `crate::`: one, or several in braces.
fn named(tokens: &[TokenTree], uses: &mut BTreeSet<Use>) {
    match tokens.first() {
        Some(TokenTree::Ident(room)) => {
            uses.insert(Use {
                line: room.span().start().line,
                room: room.to_string(),
            });
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let tokens: Vec<_> = group.stream().into_iter().collect();
            tokens
                .split(|token| is_punct(token, ','))
                .for_each(|item| named(item, uses));
        }
        _ => {}
    }
}

/// `#[cfg(test)]`
fn is_test_attribute(tokens: &[TokenTree]) -> bool {
    let [hash, TokenTree::Group(attribute), ..] = tokens else {
        return false;
    };
    let attribute = attribute.stream().to_string();
    is_punct(hash, '#') && attribute.replace(' ', "") == "cfg(test)"
}

/// `crate::`
fn is_crate_path(tokens: &[TokenTree]) -> bool {
    let [TokenTree::Ident(name), first, second, ..] = tokens else {
        return false;
    };
    *name == "crate" && is_punct(first, ':') && is_punct(second, ':')
}

fn is_punct(token: &TokenTree, punct: char) -> bool {
    matches!(token, TokenTree::Punct(token) if token.as_char() == punct)
}

/// An item ends with its braces, or with a semicolon.
fn length_of_item(tokens: &[TokenTree]) -> usize {
    let ends = |token: &TokenTree| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        other => is_punct(other, ';'),
    };
    let end = tokens.iter().position(ends);
    end.map_or(tokens.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
# Page
## Rooms
| room | holds | may use |
|---|---|---|
| `upper/` | much, by `lower` | `lower`, `leaf` |
| `lower/` | little | `leaf` |
| `leaf` | words | – |

## More
| `other` | – | `upper` |
";

    fn uses_of(source: &str) -> Vec<(usize, String)> {
        let uses = uses(source).unwrap();
        uses.into_iter()
            .map(|used| (used.line, used.room))
            .collect()
    }

    #[test]
    fn the_table_is_read() {
        let allowed = table(TABLE).unwrap();
        let rooms: Vec<_> = allowed.keys().map(String::as_str).collect();
        assert_eq!(rooms, ["leaf", "lower", "upper"]);
        assert_eq!(allowed["upper"].len(), 2);
        assert!(allowed["leaf"].is_empty());
        assert!(table("# Page").is_err());
        assert!(table("## Rooms\n").is_err());
    }

    #[test]
    fn a_circle_is_found() {
        assert_eq!(circle(&table(TABLE).unwrap()), None);
        let round = TABLE.replace("words | –", "words | `upper`");
        let found = table(&round).unwrap();
        assert_eq!(circle(&found).unwrap(), ["leaf", "upper", "leaf"]);
    }

    #[test]
    fn what_is_named_is_found_wherever_it_stands() {
        let source = "\
use crate::{
    one::{Inner, crate_like},
    two,
};
fn f() -> crate::three::T { vec![crate::four::F] }
macro_rules! m { () => { $crate::five::V } }
pub(crate) fn g(); // crate::comment
";
        let expected = [
            (2, "one"),
            (3, "two"),
            (5, "four"),
            (5, "three"),
            (6, "five"),
        ];
        let found = uses_of(source);
        let found: Vec<_> = found.iter().map(|(line, room)| (*line, &**room)).collect();
        assert_eq!(found, expected.map(|(line, room)| (line, room)));
    }

    #[test]
    fn tests_may_use_what_they_like() {
        let source = "#[cfg(test)] mod tests { use crate::one; }\n#[cfg(test)] use crate::two;\nuse crate::three;";
        assert_eq!(uses_of(source), [(3, "three".to_owned())]);
    }

    #[test]
    fn a_file_is_in_the_first_folder() {
        assert_eq!(room_of(Path::new("key/encoder/mod.rs")), "key");
        assert_eq!(room_of(Path::new("site.rs")), "site");
    }

    #[test]
    fn the_code_keeps_to_the_page() {
        check().unwrap();
    }
}
