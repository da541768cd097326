//! The content of a macro's fragment: `$value:expr`, `$ty:ty` and others come in groups without delimiters.

use syn::{Expr, Type};

/// The expression in any such groups.
pub(crate) fn ungrouped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungrouped(&group.expr),
        _ => expr,
    }
}

/// The type in any such groups, or in parentheses.
pub(crate) fn ungrouped_type(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped_type(&group.elem),
        Type::Paren(paren) => ungrouped_type(&paren.elem),
        _ => ty,
    }
}
