//! The places of a source file that can be mutated, found by parsing it.

use std::collections::HashMap;
use std::ops::Range;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr};

/// Ranges are of bytes in the file.
#[derive(Clone, Debug)]
pub(crate) enum Site {
    /// The statements of a function that is no constant and returns a type with a name.
    Body(Range<usize>),
    Binary {
        left: Range<usize>,
        operator: Range<usize>,
        right: Range<usize>,
        kind: BinaryKind,
    },
    Unary {
        whole: Range<usize>,
        operator: Range<usize>,
        operand: Range<usize>,
    },
    Arm {
        matched: Range<usize>,
        pattern: Range<usize>,
        guard: Option<Range<usize>>,
    },
    Guard(Range<usize>),
    Field {
        name: String,
        value: Option<Range<usize>>,
        whole: Range<usize>,
        base: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryKind {
    /// `==`, `<`: looks at its operands.
    Comparison,
    /// `+`, `<<`: takes its operands.
    Arithmetic,
    /// `+=`.
    Assignment,
    And,
    Or,
}

/// Where a mutant of each kind begins → what is there.
#[derive(Default)]
pub(crate) struct Sites {
    pub(crate) bodies: HashMap<usize, Site>,
    pub(crate) operators: HashMap<usize, Site>,
    pub(crate) arms: HashMap<usize, Site>,
    pub(crate) guards: HashMap<usize, Site>,
    pub(crate) fields: HashMap<usize, Site>,
}

impl Sites {
    pub(crate) fn of(text: &str) -> syn::Result<Self> {
        let mut finder = Finder { text, sites: Self::default(), constant: 0 };
        finder.visit_file(&syn::parse_file(text)?);
        Ok(finder.sites)
    }
}

struct Finder<'a> {
    text: &'a str,
    sites: Sites,
    /// How many constants and constant functions are around: their values are computed before any switch is read.
    constant: usize,
}

impl Finder<'_> {
    fn function(&mut self, signature: &syn::Signature, block: &syn::Block, inside: impl FnOnce(&mut Self)) {
        if signature.constness.is_some() {
            self.in_constant(inside);
            return;
        }
        // Two ways to return from a function would be two types behind its `impl`.
        if !returns_impl(signature)
            && let (Some(first), Some(last)) = (block.stmts.first(), block.stmts.last())
        {
            let body = first.span().byte_range().start..last.span().byte_range().end;
            self.sites.bodies.insert(body.start, Site::Body(body));
        }
        // A function within a constant is an ordinary one again.
        let around = std::mem::take(&mut self.constant);
        inside(self);
        self.constant = around;
    }

    fn in_constant(&mut self, inside: impl FnOnce(&mut Self)) {
        self.constant += 1;
        inside(self);
        self.constant -= 1;
    }

    fn text(&self, range: Range<usize>) -> String {
        self.text.get(range).unwrap_or_default().to_owned()
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block, |finder| visit::visit_item_fn(finder, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block, |finder| visit::visit_impl_item_fn(finder, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig, block, |finder| visit::visit_trait_item_fn(finder, item));
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.in_constant(|finder| visit::visit_item_const(finder, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.in_constant(|finder| visit::visit_impl_item_const(finder, item));
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.in_constant(|finder| visit::visit_item_static(finder, item));
    }

    fn visit_expr_const(&mut self, item: &'ast syn::ExprConst) {
        self.in_constant(|finder| visit::visit_expr_const(finder, item));
    }

    fn visit_expr_binary(&mut self, binary: &'ast syn::ExprBinary) {
        if self.constant == 0
            && !holds_let(&binary.left)
            && !holds_let(&binary.right)
            && let Some(kind) = kind_of(&binary.op)
        {
            let operator = binary.op.span().byte_range();
            let site = Site::Binary {
                left: binary.left.span().byte_range(),
                operator: operator.clone(),
                right: binary.right.span().byte_range(),
                kind,
            };
            self.sites.operators.insert(operator.start, site);
        }
        visit::visit_expr_binary(self, binary);
    }

    fn visit_expr_unary(&mut self, unary: &'ast syn::ExprUnary) {
        if self.constant == 0 {
            let operator = unary.op.span().byte_range();
            let (whole, operand) = (unary.span().byte_range(), unary.expr.span().byte_range());
            self.sites.operators.insert(operator.start, Site::Unary { whole, operator, operand });
        }
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        let matched = expression.expr.span().byte_range();
        for arm in expression.arms.iter().filter(|_| self.constant == 0) {
            if arm.guard.as_ref().is_some_and(|(_, guard)| holds_let(guard)) {
                continue;
            }
            let pattern = arm.pat.span().byte_range();
            let guard = arm.guard.as_ref().map(|(_, guard)| guard.span().byte_range());
            if let Some(guard) = &guard {
                self.sites.guards.insert(guard.start, Site::Guard(guard.clone()));
            }
            self.sites.arms.insert(
                arm.span().byte_range().start,
                Site::Arm { matched: matched.clone(), pattern, guard },
            );
        }
        visit::visit_expr_match(self, expression);
    }

    fn visit_expr_struct(&mut self, expression: &'ast syn::ExprStruct) {
        if let Some(rest) = &expression.rest
            && self.constant == 0
        {
            let base = match self.text(rest.span().byte_range()) {
                // Which default is known from the struct only.
                text if text == "Default::default()" => {
                    format!("<{} as Default>::default()", self.text(expression.path.span().byte_range()))
                }
                text => text,
            };
            for field in &expression.fields {
                let whole = field.span().byte_range();
                let site = Site::Field {
                    name: self.text(field.member.span().byte_range()),
                    value: field.colon_token.map(|_| field.expr.span().byte_range()),
                    whole: whole.clone(),
                    base: base.clone(),
                };
                self.sites.fields.insert(whole.start, site);
            }
        }
        visit::visit_expr_struct(self, expression);
    }
}

fn returns_impl(signature: &syn::Signature) -> bool {
    struct Impl(bool);
    impl<'ast> Visit<'ast> for Impl {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Impl(false);
    found.visit_return_type(&signature.output);
    found.0
}

/// Whether it is part of a chain of `let`: its bindings go on beyond the operator, and it cannot be put into parentheses.
fn holds_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
            holds_let(&binary.left) || holds_let(&binary.right)
        }
        _ => false,
    }
}

fn kind_of(operator: &BinOp) -> Option<BinaryKind> {
    Some(match operator {
        BinOp::And(_) => BinaryKind::And,
        BinOp::Or(_) => BinaryKind::Or,
        BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) => {
            BinaryKind::Comparison
        }
        BinOp::Add(_)
        | BinOp::Sub(_)
        | BinOp::Mul(_)
        | BinOp::Div(_)
        | BinOp::Rem(_)
        | BinOp::BitAnd(_)
        | BinOp::BitOr(_)
        | BinOp::BitXor(_)
        | BinOp::Shl(_)
        | BinOp::Shr(_) => BinaryKind::Arithmetic,
        BinOp::AddAssign(_)
        | BinOp::SubAssign(_)
        | BinOp::MulAssign(_)
        | BinOp::DivAssign(_)
        | BinOp::RemAssign(_)
        | BinOp::BitAndAssign(_)
        | BinOp::BitOrAssign(_)
        | BinOp::BitXorAssign(_)
        | BinOp::ShlAssign(_)
        | BinOp::ShrAssign(_) => BinaryKind::Assignment,
        _ => return None,
    })
}
