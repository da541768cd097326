//! The names in a pattern.

use syn::{
    Ident, Pat, PatIdent, PatOr,
    visit::{self, Visit},
};

/// The names that a pattern binds.
pub(crate) fn names_in(pat: &Pat) -> Vec<&Ident> {
    let identifiers = identifiers(pat).into_iter();
    identifiers.map(|pat| &pat.ident).collect()
}

/// The parts of a pattern that bind a name.
pub(crate) fn identifiers(pat: &Pat) -> Vec<&PatIdent> {
    struct Identifiers<'a>(Vec<&'a PatIdent>);

    impl<'a> Visit<'a> for Identifiers<'a> {
        fn visit_pat_ident(&mut self, pat: &'a PatIdent) {
            self.0.push(pat);
            visit::visit_pat_ident(self, pat);
        }

        /// Each arm binds the same names. By their texts they can't be compared: two names in a pattern may have one, where a
        /// macro has written it.
        fn visit_pat_or(&mut self, pat: &'a PatOr) {
            if let Some(first) = pat.cases.first() {
                self.visit_pat(first);
            }
        }
    }

    let mut identifiers = Identifiers(Vec::new());
    identifiers.visit_pat(pat);
    identifiers.0
}
