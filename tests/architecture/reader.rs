//! Reads one module's items into [`Facts`].

use proc_macro2::{Span, TokenStream};
use syn::visit::{self, Visit};
use syn::{Attribute, Ident, ImplItem, Item, ItemMacro, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility};

use crate::facts::{Binding, Child, ChildBody, Facts, Import, MacroCall, PathUse};
use crate::tokens;

pub fn read(items: &[Item], test: bool) -> Facts {
    let mut reader = Reader { facts: Facts::default(), test, body: 0 };
    for item in items {
        reader.visit_item(item);
    }
    reader.facts
}

struct Reader {
    facts: Facts,
    test: bool,
    /// How many blocks of functions are open: items in them are not the module's.
    body: usize,
}

// === impl Reader ===

impl Reader {
    fn within(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let before = self.test;
        self.test |= attributes.iter().any(is_test);
        visit(self);
        self.test = before;
    }

    fn define(&mut self, name: &Ident) {
        if self.body == 0 {
            self.facts.items.insert(tokens::text(name));
        }
    }

    fn define_type(&mut self, name: &Ident, visibility: &Visibility) {
        self.define(name);
        if self.body == 0 && !self.test && !matches!(visibility, Visibility::Inherited) {
            self.facts.public_types.push((tokens::text(name), line(name.span())));
        }
    }

    fn record(&mut self, path: Vec<String>, line: usize) {
        self.facts.uses.entry(PathUse { path, test: self.test }).or_insert(line);
    }

    fn record_tokens(&mut self, stream: &TokenStream) {
        for (path, line) in tokens::paths(stream.clone()) {
            self.record(path, line);
        }
    }

    fn import(&mut self, tree: &UseTree, prefix: &[String], reexport: bool) {
        let leaf =
            |path: Vec<String>, binding, at| Import { path, binding, reexport, test: self.test, line: at };
        let joined = |name: &Ident| match tokens::text(name).as_str() {
            "self" if !prefix.is_empty() => prefix.to_vec(),
            text => [prefix, &[text.to_owned()]].concat(),
        };
        let leaf = match tree {
            UseTree::Path(path) => return self.import(&path.tree, &joined(&path.ident), reexport),
            UseTree::Group(group) => {
                return group.items.iter().for_each(|item| self.import(item, prefix, reexport));
            }
            UseTree::Name(name) => {
                let path = joined(&name.ident);
                let binding = Binding::Name(path.last().expect("a leaf has a name").clone());
                leaf(path, binding, line(name.ident.span()))
            }
            UseTree::Rename(rename) => {
                let binding = match tokens::text(&rename.rename).as_str() {
                    "_" => Binding::Anonymous,
                    text => Binding::Name(text.to_owned()),
                };
                leaf(joined(&rename.ident), binding, line(rename.ident.span()))
            }
            UseTree::Glob(glob) => leaf(prefix.to_vec(), Binding::Glob, line(glob.star_token.spans[0])),
        };
        self.facts.imports.push(leaf);
    }

    fn child(&mut self, module: &ItemMod) {
        let body = match &module.content {
            Some((_, items)) => ChildBody::Inline(read(items, self.test)),
            None => ChildBody::File(module.attrs.iter().find_map(path_attribute)),
        };
        let name = tokens::text(&module.ident);
        self.facts.children.push(Child { name, test: self.test, line: line(module.ident.span()), body });
    }

    fn item_macro(&mut self, item: &ItemMacro) {
        let body = &item.mac.tokens;
        if let Some(name) = &item.ident {
            self.define(name);
            if tokens::defines_type_of_caller(body) {
                self.facts.type_macros.insert(tokens::text(name));
            }
        } else if let Some(name) = item.mac.path.segments.last() {
            let (name, first_name) = (tokens::text(&name.ident), tokens::first_name(body.clone()));
            self.facts.macro_calls.push(MacroCall { name, first_name, test: self.test });
        }
        let types = tokens::public_types(body.clone());
        self.facts.items.extend(types.iter().map(|(name, _)| name.clone()));
        if !self.test {
            self.facts.public_types.extend(types);
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        self.within(attributes(item), |reader| {
            match item {
                Item::Const(item) => reader.define(&item.ident),
                Item::Enum(item) => reader.define_type(&item.ident, &item.vis),
                Item::Fn(item) => reader.define(&item.sig.ident),
                Item::Macro(item) => reader.item_macro(item),
                Item::Mod(item) => return reader.child(item),
                Item::Static(item) => reader.define(&item.ident),
                Item::Struct(item) => reader.define_type(&item.ident, &item.vis),
                Item::Trait(item) => reader.define_type(&item.ident, &item.vis),
                Item::Type(item) => reader.define_type(&item.ident, &item.vis),
                Item::Union(item) => reader.define_type(&item.ident, &item.vis),
                _ => {}
            }
            visit::visit_item(reader, item);
        });
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        // `::name` is a crate of its own.
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes: &[Attribute] = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => &[],
        };
        self.within(attributes, |reader| visit::visit_impl_item(reader, item));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.body += 1;
        visit::visit_block(self, block);
        self.body -= 1;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| tokens::text(&segment.ident)).collect();
            self.record(segments, line(path.segments[0].ident.span()));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.record_tokens(&call.tokens);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        match &attribute.meta {
            Meta::List(list) => self.record_tokens(&list.tokens),
            Meta::NameValue(pair) => self.visit_expr(&pair.value),
            Meta::Path(_) => {}
        }
    }

    // `pub(super)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

fn line(span: Span) -> usize {
    span.start().line
}

/// `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn is_test(attribute: &Attribute) -> bool {
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            tokens::mention(list.tokens.clone(), &["test"])
                && !tokens::mention(list.tokens.clone(), &["not", "any"])
        }
        _ => false,
    }
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) if pair.path.is_ident("path") => {
            Some(text.value())
        }
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
