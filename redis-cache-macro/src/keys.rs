//! The names of the arguments, with an example of each.

/// The arguments of the attribute, in the order of the documentation.
const KEYS: [(&str, &str); 14] = [
    ("host", "host = \"localhost\""),
    ("port", "port = 6379"),
    ("db", "db = 0"),
    ("url", "url = \"redis://localhost:6379\""),
    ("config", "config = redis_config()"),
    ("maxsize", "maxsize = 128"),
    ("shards", "shards = 8"),
    ("name", "name = \"predictions\""),
    ("ttl", "ttl = \"10m\""),
    ("timeout", "timeout = \"50ms\""),
    ("max_value_bytes", "max_value_bytes = 1048576"),
    ("skip", "skip(context)"),
    ("version", "version = self.version"),
    ("crate", "crate = ::redis_cache_runtime"),
];

/// Words of other caches, with the argument of the same meaning.
const SYNONYMS: [(&str, &str); 9] = [
    ("namespace", "name"),
    ("prefix", "name"),
    ("database", "db"),
    ("size", "maxsize"),
    ("capacity", "maxsize"),
    ("expire", "ttl"),
    ("time", "ttl"),
    ("ignore", "skip"),
    ("exclude", "skip"),
];

/// Credentials are no arguments, so that no secret is written into source.
const CREDENTIALS: [&str; 8] = [
    "password",
    "passwd",
    "pass",
    "pwd",
    "user",
    "username",
    "credentials",
    "auth",
];

/// The argument `key` as one writes it, if there is such an argument.
pub(crate) fn example(key: &str) -> Option<&'static str> {
    KEYS.iter()
        .find(|(known, _)| *known == key)
        .map(|(_, example)| *example)
}

/// The error for an unknown argument `key`: it lists the known ones, or tells where credentials belong.
pub(crate) fn unknown(key: &str) -> String {
    if CREDENTIALS.contains(&key) {
        return format!(
            "`{key}` is not an argument: credentials don't belong in source; they go into the environment, \
             `HANDLER_CACHE_URL=redis://user:password@host:6379`, or into `config = …` by `Config::credentials`"
        );
    }
    let known: Vec<_> = KEYS.iter().map(|(known, _)| format!("`{known}`")).collect();
    let meant = nearest(key).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    format!(
        "unknown argument `{key}`{meant} (known are {})",
        known.join(", ")
    )
}

fn nearest(key: &str) -> Option<&'static str> {
    let synonym = SYNONYMS
        .iter()
        .find(|(other, _)| *other == key)
        .map(|(_, ours)| *ours);
    let typo = || {
        // In a word of three or four letters, two edits make any other word.
        let most = if key.len() <= 4 { 1 } else { 2 };
        let by_distance = KEYS.iter().map(|(known, _)| (distance(key, known), *known));
        by_distance
            .filter(|(edits, _)| *edits <= most)
            .min()
            .map(|(_, known)| known)
    };
    synonym.or_else(typo)
}

/// Edits that turn `a` into `b`: a letter more, less, changed, or two neighbours swapped.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = changed.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
