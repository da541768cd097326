//! Tells by a type's name whether a map or a set has no order of its own.

use std::any::type_name;

/// The modules of hash maps, their iterators included.
const HASH_MAPS: [&str; 2] = ["std::collections::hash::map::", "hashbrown::map::"];

/// The modules of hash sets, their iterators included.
const HASH_SETS: [&str; 2] = ["std::collections::hash::set::", "hashbrown::set::"];

/// A `BTreeMap` is sorted again, by encoded keys, so that a `HashMap` of the same entries is the same argument.
const TREE_MAP: &str = "alloc::collections::btree::map::BTreeMap<";

/// Adapters whose items come in the order of the inner iterator.
const ADAPTERS: [&str; 5] = [
    "core::iter::adapters::map::Map<",
    "core::iter::adapters::filter::Filter<",
    "core::iter::adapters::filter_map::FilterMap<",
    "core::iter::adapters::copied::Copied<",
    "core::iter::adapters::cloned::Cloned<",
];

/// Whether the encoder sorts the entries of a map that is serialized from an `I`.
///
/// Every other map keeps its order, because the handler may depend on it (`IndexMap`, JSON that preserves the order).
pub(super) fn map_is_sorted<I>() -> bool {
    let source = source(type_name::<I>());
    source.starts_with(TREE_MAP) || HASH_MAPS.iter().any(|module| source.starts_with(module))
}

/// Whether the encoder sorts the elements of a sequence that is serialized from an `I`.
pub(super) fn sequence_is_sorted<I>() -> bool {
    let source = source(type_name::<I>());
    HASH_SETS.iter().any(|module| source.starts_with(module))
}

/// The name of the collection, or of its own iterator, inside references and adapters.
fn source(mut name: &str) -> &str {
    loop {
        let inner = name
            .strip_prefix("&mut ")
            .or_else(|| name.strip_prefix('&'));
        let inner = inner.or_else(|| {
            let mut adapters = ADAPTERS.iter();
            adapters.find_map(|adapter| name.strip_prefix(adapter))
        });
        match inner {
            Some(inner) => name = inner,
            None => return name,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet, hash_map};

    use super::*;

    fn of<I>(_: &I) -> (bool, bool) {
        (map_is_sorted::<I>(), sequence_is_sorted::<I>())
    }

    #[test]
    fn what_has_no_order_is_known() {
        let map = HashMap::from([(1u8, 2u8)]);
        let set = HashSet::from([1u8]);
        assert_eq!(of(&&map), (true, false));
        assert_eq!(of(&map.iter()), (true, false));
        assert_eq!(of(&map.iter().map(|(k, v)| (v, k))), (true, false));
        assert_eq!(of(&&BTreeMap::from([(1u8, 2u8)])), (true, false));
        assert_eq!(of(&&set), (false, true));
        assert_eq!(of(&set.iter().copied()), (false, true));
        let maps: Vec<hash_map::Iter<'_, u8, u8>> = vec![map.iter()];
        assert_eq!(of(&maps), (false, false));
        let chained = map.iter().chain(&BTreeMap::new()).next().is_some();
        assert!(chained);
        assert_eq!(of(&map.iter().chain(&BTreeMap::new())), (false, false));
    }
}
