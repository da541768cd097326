//! The rules between the arguments, and between them and the function.

use syn::Ident;

use crate::{
    errors::Errors,
    free::Free,
    grammar::DEFAULT_MAXSIZE,
    handler::{Binding, Handler},
    settings::{Settings, Value},
    signature,
};

/// The arguments that are parts of `url`.
const IN_URL: [&str; 3] = ["host", "port", "db"];

/// The arguments that are parts of `config`.
const IN_CONFIG: [&str; 4] = ["url", "host", "port", "db"];

pub(crate) fn validate(settings: &Settings, handler: &Handler, errors: &mut Errors) {
    endpoint(settings, errors);
    shards(settings, errors);
    skipped(settings, handler, errors);
    evaluated_once(settings, handler, errors);
    signature::validate(handler, errors);
}

/// The endpoint is given once. The error is under the later of two arguments that clash.
pub(crate) fn endpoint(settings: &Settings, errors: &mut Errors) {
    if settings.given.iter().any(|setting| setting.key == "config") {
        clashes(settings, "config", &IN_CONFIG, errors);
    } else {
        clashes(settings, "url", &IN_URL, errors);
    }
}

fn clashes(settings: &Settings, whole: &str, parts: &[&str], errors: &mut Errors) {
    let keys = || settings.given.iter().map(|setting| &setting.key);
    let Some(place_of_whole) = keys().position(|key| key == whole) else {
        return;
    };
    for (place, key) in keys().enumerate() {
        if parts.iter().any(|other| key == other) {
            let later = keys().nth(place.max(place_of_whole));
            errors.at(
                later,
                format!("`{whole}` is the whole endpoint; remove `{key}`, or put it in `{whole}`"),
            );
        }
    }
}

/// Each shard has a part of the bound, and a part of one entry is none.
fn shards(settings: &Settings, errors: &mut Errors) {
    let number = |name: &str| -> Option<usize> {
        let setting = settings.given.iter().find(|setting| setting.key == name)?;
        match &setting.value {
            Value::Number(number) | Value::Entries(number) => number.base10_parse().ok(),
            _ => None,
        }
    };
    let Some(shards) = number("shards") else {
        return;
    };
    let bounded = settings
        .given
        .iter()
        .any(|setting| setting.key == "maxsize");
    let maxsize = if bounded {
        number("maxsize")
    } else {
        Some(DEFAULT_MAXSIZE)
    };
    if let Some(maxsize @ 1..) = maxsize
        && maxsize < shards
    {
        let setting = settings
            .given
            .iter()
            .find(|setting| setting.key == "shards");
        errors.at(
            setting.map(|setting| &setting.written),
            format!("`shards` is at most `maxsize`, which is {maxsize}: each shard holds a part of the entries"),
        );
    }
}

fn skipped(settings: &Settings, handler: &Handler, errors: &mut Errors) {
    let bindings = handler.bindings();
    for (place, name) in settings.skip.iter().enumerate() {
        if name == "self" {
            errors.at(
                name,
                "`self` is never in the key by itself, only what its `CacheIdentity` gives; remove it from \
                 `skip`",
            );
        } else if is_ambiguous(name, &bindings) {
            let function = &handler.sig.ident;
            errors.at(
                name,
                format!(
                    "`{function}` has two names `{name}`, one of them from a macro, and `skip` can't tell them apart; rename \
                     one"
                ),
            );
        } else if settings.skip[..place].contains(name) {
            errors.at(name, format!("`{name}` is skipped twice; remove one"));
        } else if bindings.iter().all(|binding| *binding.name != *name) {
            let function = &handler.sig.ident;
            let known: Vec<_> = bindings
                .iter()
                .map(|binding| format!("`{}`", binding.name))
                .collect();
            errors.at(
                name,
                if known.is_empty() {
                    format!("`{function}` has no parameters to skip")
                } else {
                    format!(
                        "`{name}` is not a parameter of `{function}`; it has {}",
                        known.join(", ")
                    )
                },
            );
        }
    }
}

/// Whether two names of this text are there at once: where a macro writes one of them, the compiler tells them apart.
fn is_ambiguous(name: &Ident, bindings: &[Binding<'_>]) -> bool {
    let fitting: Vec<_> = bindings
        .iter()
        .filter(|binding| *binding.name == *name)
        .collect();
    let mut places = fitting.iter().enumerate();
    places.any(|(at, one)| fitting[..at].iter().any(|other| one.is_beside(other)))
}

/// The settings belong to the cache, not to a call: no call's `self` or arguments are there yet.
fn evaluated_once(settings: &Settings, handler: &Handler, errors: &mut Errors) {
    let bindings = handler.bindings();
    for setting in &settings.given {
        for name in Free::of(&setting.written).names {
            let what = if name == "self" {
                "`self`".into()
            } else if bindings.iter().any(|binding| *binding.name == name) {
                format!("the parameter `{name}`")
            } else {
                continue;
            };
            let key = &setting.key;
            let hint = if key == "name" || key == "maxsize" {
                "; what sets calls apart goes in `version`"
            } else {
                ""
            };
            errors.at(
                &name,
                format!(
                    "`{key}` is evaluated once, before the first call: it can't see {what}{hint}"
                ),
            );
        }
    }
}
