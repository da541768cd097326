//! The free names of an expression, and whether a `return`, `?` or `.await` leaves it.

use syn::{
    Arm, Block, Expr, ExprAsync, ExprAwait, ExprClosure, ExprForLoop, ExprIf, ExprLet, ExprPath,
    ExprReturn, ExprTry, ExprWhile, ExprYield, Ident, Item, Local, Macro, PatIdent,
    ext::IdentExt as _,
    visit::{self, Visit},
};

use crate::words::{may_leave, selves, words};

/// The findings in one expression.
#[derive(Default)]
pub(crate) struct Free {
    /// The single names that it uses and does not bind itself, and each `self`.
    pub(crate) names: Vec<Ident>,
    /// Words in calls of macros that may be such names, those in texts that are formatted included, without `r#`. What they mean
    /// only the macro knows.
    pub(crate) in_macros: Vec<String>,
    /// A `?`, a `return` or an `.await` in it belongs to the function around it. A closure or an `async` block keeps its own.
    pub(crate) leaves: bool,
}

impl Free {
    pub(crate) fn of(expr: &Expr) -> Self {
        let mut search = Search::default();
        search.visit_expr(expr);
        search.free
    }

    /// Whether it may use `name`, which has no `r#`.
    pub(crate) fn may_use(&self, name: &str) -> bool {
        self.names.iter().any(|used| used.unraw() == name)
            || self.in_macros.iter().any(|used| used == name)
    }
}

/// Walks in the order in which names are bound.
#[derive(Default)]
struct Search {
    free: Free,
    /// The names that the expression has bound where the walk is.
    bound: Vec<String>,
    /// How many closures and `async` blocks are around.
    bodies: usize,
}

impl Search {
    /// Forgets afterwards what `walk` has bound.
    fn scope(&mut self, walk: impl FnOnce(&mut Self)) {
        let outside = self.bound.len();
        walk(self);
        self.bound.truncate(outside);
    }

    /// A closure, or an `async` block.
    fn body(&mut self, walk: impl FnOnce(&mut Self)) {
        self.bodies += 1;
        self.scope(walk);
        self.bodies -= 1;
    }

    fn leave(&mut self) {
        self.free.leaves |= self.bodies == 0;
    }

    fn tokens(&mut self, tokens: &proc_macro2::TokenStream) {
        if may_leave(tokens.clone()) {
            self.leave();
        }
        self.free.names.extend(selves(tokens.clone()));
        let words = words(tokens.clone()).into_iter();
        let free = words.filter(|word| !self.bound.contains(word));
        self.free.in_macros.extend(free);
    }
}

impl Visit<'_> for Search {
    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Verbatim(tokens) => self.tokens(tokens),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_path(&mut self, expr: &ExprPath) {
        let name = expr.path.get_ident();
        let free = name.filter(|name| {
            let name = name.unraw();
            !self.bound.iter().any(|bound| name == bound)
        });
        self.free.names.extend(free.cloned());
    }

    fn visit_macro(&mut self, call: &Macro) {
        self.tokens(&call.tokens);
    }

    /// Of all items only a call of a macro sees the variables around it.
    fn visit_item(&mut self, item: &Item) {
        if let Item::Macro(item) = item {
            self.visit_macro(&item.mac);
        }
    }

    fn visit_pat_ident(&mut self, pat: &PatIdent) {
        self.bound.push(pat.ident.unraw().to_string());
        visit::visit_pat_ident(self, pat);
    }

    fn visit_block(&mut self, block: &Block) {
        self.scope(|search| visit::visit_block(search, block));
    }

    fn visit_local(&mut self, local: &Local) {
        if let Some(init) = &local.init {
            self.visit_local_init(init);
        }
        self.visit_pat(&local.pat);
    }

    fn visit_expr_let(&mut self, expr: &ExprLet) {
        self.visit_expr(&expr.expr);
        self.visit_pat(&expr.pat);
    }

    fn visit_expr_if(&mut self, expr: &ExprIf) {
        self.scope(|search| {
            search.visit_expr(&expr.cond);
            search.visit_block(&expr.then_branch);
        });
        if let Some((_, otherwise)) = &expr.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, expr: &ExprWhile) {
        self.scope(|search| visit::visit_expr_while(search, expr));
    }

    fn visit_expr_for_loop(&mut self, expr: &ExprForLoop) {
        self.visit_expr(&expr.expr);
        self.scope(|search| {
            search.visit_pat(&expr.pat);
            search.visit_block(&expr.body);
        });
    }

    fn visit_arm(&mut self, arm: &Arm) {
        self.scope(|search| visit::visit_arm(search, arm));
    }

    fn visit_expr_closure(&mut self, expr: &ExprClosure) {
        self.body(|search| visit::visit_expr_closure(search, expr));
    }

    fn visit_expr_async(&mut self, expr: &ExprAsync) {
        self.body(|search| visit::visit_expr_async(search, expr));
    }

    fn visit_expr_try(&mut self, expr: &ExprTry) {
        self.leave();
        visit::visit_expr_try(self, expr);
    }

    fn visit_expr_return(&mut self, expr: &ExprReturn) {
        self.leave();
        visit::visit_expr_return(self, expr);
    }

    fn visit_expr_await(&mut self, expr: &ExprAwait) {
        self.leave();
        visit::visit_expr_await(self, expr);
    }

    fn visit_expr_yield(&mut self, expr: &ExprYield) {
        self.leave();
        visit::visit_expr_yield(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use super::Free;

    fn found(expr: &str) -> Free {
        let parsed = syn::parse_str(expr);
        Free::of(&parsed.unwrap_or_else(|error| panic!("{expr}: {error}")))
    }

    #[test]
    fn what_an_expression_binds_is_not_free() {
        let cases = [
            ("label.len()", true),
            ("{ let label = 1; rev() + label }", false),
            ("{ let label = label.len(); label }", true),
            ("{ ({ let label = 1; label }) + label }", true),
            ("{ let label = 1; format!(\"{label}\") }", false),
            ("format!(\"{label:?}\")", true),
            ("format!(\"{}\", self.label)", false),
            ("(|label: u32| label + 1)(2)", false),
            ("(|n: u32| label + n)(2)", true),
            ("match rev() { label => label }", false),
            ("match rev() { 0 => label, label => label }", true),
            ("if let Some(label) = rev() { label } else { 1 }", false),
            ("if let Some(label) = rev() { 2 } else { label }", true),
            ("if let Some(label) = label { 2 } else { 1 }", true),
            ("while let Some(label) = rev() { drop(label) }", false),
            ("for label in 0..3 { drop(label) }", false),
            ("for label in label { drop(label) }", true),
            ("{ let Some(n) = rev() else { return label }; n }", true),
            ("{ fn two(label: u32) -> u32 { label } two(1) }", false),
            ("{ macro_rules! two { () => { label } } two!() }", true),
            ("Point { label }", true),
            ("Point { label: 1 }.label", false),
            ("module::label", false),
        ];
        for (expr, expected) in cases {
            assert_eq!(found(expr).may_use("label"), expected, "{expr}");
        }
    }

    #[test]
    fn what_leaves_an_expression_is_found() {
        let cases = [
            ("rev()?", true),
            ("rev().await", true),
            ("{ if rev() == 0 { return 1 } rev() }", true),
            ("name!(rev()?)", true),
            ("name!({ return 1 })", true),
            ("(|| Some(rev()?))()", false),
            ("(|| { return rev() })()", false),
            ("(|| name!(rev()?))()", false),
            ("(|| 1)() + rev()?", true),
            ("block_on(async { rev().await? })", false),
            ("block_on(async { 1 }.await)", true),
            ("loop { break rev() }", false),
            ("'a: { break 'a rev() }", false),
            ("{ for n in 0..3 { continue } rev() }", false),
            (
                "{ fn one() -> Option<u32> { rev()?; return None } one() }",
                false,
            ),
        ];
        for (expr, expected) in cases {
            assert_eq!(found(expr).leaves, expected, "{expr}");
        }
    }
}
