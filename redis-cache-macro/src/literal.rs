//! Checks of the values that are literals. Other expressions pass: the compiler checks their type,
//! the runtime their range.

use std::{net::Ipv6Addr, ops::RangeInclusive, time::Duration};

use proc_macro2::Span;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitInt, LitStr, UnOp};

use crate::{
    fragment::ungrouped,
    grammar::{LONGEST_TIMEOUT, LONGEST_TTL, SHORTEST_TTL, duration, url},
    settings::Value,
};

/// The value of the setting `name`.
///
/// # Errors
///
/// If `value` is a literal of another type, or out of range.
pub(crate) fn check(name: &str, value: &Expr) -> syn::Result<Value> {
    match name {
        "host" => text(name, value, "\"localhost\"").and_then(|host| check_text(host, check_host)),
        "url" => text(name, value, "\"redis://localhost:6379\"")
            .and_then(|url| check_text(url, check_url)),
        "name" => {
            text(name, value, "\"predictions\"").and_then(|name| check_text(name, check_name))
        }
        "port" => port(value),
        "db" => db(value),
        "ttl" => span_of_time(name, value, "10m"),
        "timeout" => span_of_time(name, value, "50ms"),
        "max_value_bytes" => max_value_bytes(value),
        "maxsize" => maxsize(value),
        "shards" => shards(value),
        "config" => config(value),
        _ => Ok(Value::Written),
    }
}

/// A literal with its sign, or `None` for any other expression.
fn literal(value: &Expr) -> Option<(bool, &Lit)> {
    match ungrouped(value) {
        Expr::Lit(ExprLit { lit, .. }) => Some((false, lit)),
        Expr::Unary(ExprUnary {
            op: UnOp::Neg(_),
            expr,
            ..
        }) => Some((true, literal(expr)?.1)),
        Expr::Paren(paren) => literal(&paren.expr),
        _ => None,
    }
}

fn text<'a>(name: &str, value: &'a Expr, example: &str) -> syn::Result<Option<&'a LitStr>> {
    match literal(value) {
        Some((false, Lit::Str(text))) => Ok(Some(text)),
        Some(_) => {
            let message = format!("`{name}` is a string, such as `{name} = {example}`");
            Err(Error::new_spanned(value, message))
        }
        None => Ok(None),
    }
}

fn check_text(text: Option<&LitStr>, check: fn(&str) -> Result<(), String>) -> syn::Result<Value> {
    if let Some(text) = text {
        check(&text.value()).map_err(|message| Error::new(text.span(), message))?;
    }
    Ok(Value::Written)
}

fn port(value: &Expr) -> syn::Result<Value> {
    let most = u16::MAX.into();
    let port = number(value, 1..=most, "u16", "`port` is a number from 1 to 65535")?;
    Ok(port.map_or(Value::Written, Value::Number))
}

fn db(value: &Expr) -> syn::Result<Value> {
    let most = i64::MAX.unsigned_abs();
    let db = number(value, 0..=most, "i64", "`db` is a number, 0 or more")?;
    Ok(db.map_or(Value::Written, Value::Number))
}

fn shards(value: &Expr) -> syn::Result<Value> {
    let most = u16::MAX.into();
    let expected = "`shards` is a number from 1 to 65535";
    let shards = number(value, 1..=most, "u16", expected)?;
    Ok(shards.map_or(Value::Written, Value::Number))
}

fn config(value: &Expr) -> syn::Result<Value> {
    match literal(value) {
        Some((false, Lit::Str(_))) => Err(Error::new_spanned(
            value,
            "`config` is a `Config`; for a URL write `url = \"…\"`",
        )),
        Some(_) => Err(Error::new_spanned(
            value,
            "`config` is a `Config`, such as `config = redis_config()`",
        )),
        None => Ok(Value::Written),
    }
}

fn maxsize(value: &Expr) -> syn::Result<Value> {
    const EXPECTED: &str = "`maxsize` is a number of entries, or `None` for no bound";
    let value = ungrouped(value);
    if matches!(value, Expr::Path(path) if path.path.is_ident("None")) {
        return Ok(Value::Unbounded);
    }
    let entries = number(in_some(value), 0..=u64::MAX, "usize", EXPECTED)?;
    Ok(entries.map_or(Value::MaxSize, Value::Entries))
}

/// The `n` of `Some(n)`, and any other expression as it is.
fn in_some(value: &Expr) -> &Expr {
    match value {
        Expr::Call(call) if call.args.len() == 1 => match ungrouped(&call.func) {
            Expr::Path(path) if path.path.is_ident("Some") => &call.args[0],
            _ => value,
        },
        _ => value,
    }
}

/// The literal, of the type `suffix` where it does not say another, so that it needs no inference.
fn number(
    value: &Expr,
    range: RangeInclusive<u64>,
    suffix: &str,
    expected: &str,
) -> syn::Result<Option<LitInt>> {
    let Some((negative, literal)) = literal(value) else {
        return Ok(None);
    };
    let int = match literal {
        Lit::Int(int) if !negative => int,
        _ => return Err(Error::new_spanned(value, expected)),
    };
    match int.base10_parse() {
        Ok(number) if range.contains(&number) => {}
        _ => return Err(Error::new_spanned(value, expected)),
    }
    if !int.suffix().is_empty() {
        return Ok(Some(int.clone()));
    }
    let span = int.span().resolved_at(Span::mixed_site());
    Ok(Some(LitInt::new(
        &format!("{}{suffix}", int.base10_digits()),
        span,
    )))
}

fn check_url(url: &str) -> Result<(), String> {
    let checked = url::split(url);
    checked.map_or_else(|fault| Err(format!("`url` is wrong: {fault}")), |_| Ok(()))
}

fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("`host` is empty; leave it out for `localhost`".into());
    }
    if host.contains("://") {
        return Err(format!(
            "`host` is a name or an address; for a URL write `url = \"{host}\"`"
        ));
    }
    if host.starts_with('/') {
        return Err(format!(
            "`host` is not a path; for a socket write `url = \"redis+unix://{host}\"`"
        ));
    }
    if host.parse::<Ipv6Addr>().is_ok() {
        return Ok(());
    }
    if host.starts_with('[') {
        return Err("`host` is an IPv6 address without the brackets".into());
    }
    if let Some((name, port)) = host.split_once(':') {
        return Err(format!(
            "`host` has no port in it: write `host = \"{name}\", port = {port}`, or use `url`"
        ));
    }
    if host.contains(|c: char| c.is_whitespace() || c.is_control() || "/@?#".contains(c)) {
        return Err(
            "`host` is a name or an address, such as `localhost`; for more use `url`".into(),
        );
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("`name` is empty; leave it out for the path of the handler".into());
    }
    if name.contains(|c: char| c.is_control() || c == '{' || c == '}') {
        return Err("`name` has a `{`, a `}` or a control character in it".into());
    }
    if let Some((_, number)) = name.rsplit_once('#')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err("`name` ends in `#` and a number, as the names of shards do".into());
    }
    Ok(())
}

fn max_value_bytes(value: &Expr) -> syn::Result<Value> {
    const EXPECTED: &str = "`max_value_bytes` is a number of bytes, 1 or more";
    let bytes = number(value, 1..=u64::MAX, "usize", EXPECTED)?;
    Ok(bytes.map_or(Value::Written, Value::Number))
}

fn span_of_time(name: &str, value: &Expr, example: &str) -> syn::Result<Value> {
    let expected = format!(
        "write a number and one of `ns`, `us`, `ms`, `s`, `m`, `h`, `d`, such as `{name} = \"{example}\"`"
    );
    match literal(value) {
        Some((false, Lit::Str(text))) => match duration::parse(&text.value()) {
            Ok(nanos) if name == "ttl" && Duration::from_nanos(nanos) < SHORTEST_TTL => {
                Err(Error::new(
                    text.span(),
                    "`ttl` is at least 10 milliseconds: Redis counts in milliseconds, and the jitter takes a tenth",
                ))
            }
            Ok(nanos) if name == "ttl" && Duration::from_nanos(nanos) > LONGEST_TTL => {
                Err(Error::new(
                    text.span(),
                    "`ttl` is at most 100 years; leave it out for entries that never expire",
                ))
            }
            Ok(nanos) if name == "timeout" && Duration::from_nanos(nanos) > LONGEST_TIMEOUT => {
                Err(Error::new(text.span(), "`timeout` is at most an hour"))
            }
            Ok(nanos) => Ok(Value::Nanos(nanos)),
            Err(fault) => Err(Error::new(
                text.span(),
                format!("`{name}` {fault}; {expected}"),
            )),
        },
        Some(_) => Err(Error::new_spanned(
            value,
            format!("`{name}` has a unit; {expected}"),
        )),
        None => Ok(Value::Written),
    }
}
