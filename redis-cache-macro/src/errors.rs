//! The mistakes found so far, so that one compile reports them all.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::Error;

/// Collects errors. Dropping it without asking for them panics, so that none is lost.
#[derive(Debug)]
pub(crate) struct Errors {
    found: Option<Vec<Error>>,
}

impl Errors {
    pub(crate) const fn new() -> Self {
        Self {
            found: Some(Vec::new()),
        }
    }

    /// Adds an error that is already made.
    pub(crate) fn push(&mut self, error: Error) {
        if let Some(found) = &mut self.found {
            found.push(error);
        }
    }

    /// Adds an error under `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Into<String>) {
        self.push(Error::new_spanned(tokens, message.into()));
    }

    /// The value of `result`, or nothing and its error is kept.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Ends the collection.
    ///
    /// # Errors
    ///
    /// A `compile_error!` for each error found, if any was.
    pub(crate) fn check(mut self) -> Result<(), TokenStream> {
        let found = self.found.take().unwrap_or_default();
        if found.is_empty() {
            return Ok(());
        }
        Err(found.iter().map(Error::to_compile_error).collect())
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(
            self.found.is_none() || std::thread::panicking(),
            "errors were never checked"
        );
    }
}
