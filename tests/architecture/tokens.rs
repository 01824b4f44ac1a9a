//! Paths and type definitions among tokens that are not parsed: arguments of macros and attributes, bodies of
//! `macro_rules!`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// A path's segments, and the line that it begins in.
pub type TokenPath = (Vec<String>, usize);

/// The text of an identifier, `type` for `r#type`.
pub fn text(ident: &Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

/// Every sequence `a::b::c`, also of one segment, and each path of `a::{b, c}`.
pub fn paths(tokens: TokenStream) -> Vec<TokenPath> {
    let mut found = Vec::new();
    scan(tokens, &[], &mut found);
    found
}

/// `struct X`, `enum X` … after `pub`, with the lines.
pub fn public_types(tokens: TokenStream) -> Vec<(String, usize)> {
    let (mut found, mut public) = (Vec::new(), false);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "pub" => {
                public = true;
                tokens.next_if(|next| is_group(next, Delimiter::Parenthesis));
                continue;
            }
            TokenTree::Ident(word) if public && is_type_keyword(&word) => {
                if let Some(TokenTree::Ident(name)) = tokens.peek() {
                    found.push((text(name), name.span().start().line));
                }
            }
            TokenTree::Group(group) => found.extend(public_types(group.stream())),
            _ => {}
        }
        public = false;
    }
    found
}

/// Of a `macro_rules!` body: the macro defines a public type that is named by its caller, `pub enum $name`.
pub fn defines_type_of_caller(body: &TokenStream) -> bool {
    let flat: Vec<TokenTree> = body.clone().into_iter().collect();
    flat.windows(3).any(|window| match window {
        [TokenTree::Ident(public), TokenTree::Ident(word), TokenTree::Punct(dollar)] => {
            public == "pub" && is_type_keyword(word) && dollar.as_char() == '$'
        }
        _ => false,
    }) || flat
        .iter()
        .any(|token| matches!(token, TokenTree::Group(group) if defines_type_of_caller(&group.stream())))
}

/// The first identifier outside of attributes and visibility: the name that such a caller gives.
pub fn first_name(tokens: TokenStream) -> Option<(String, usize)> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word != "pub" && !is_type_keyword(&word) => {
            Some((text(&word), word.span().start().line))
        }
        _ => None,
    })
}

/// Whether one of the words is among the identifiers, at any depth.
pub fn mention(tokens: TokenStream, words: &[&str]) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => words.iter().any(|word| ident == word),
        TokenTree::Group(group) => mention(group.stream(), words),
        _ => false,
    })
}

fn scan(tokens: TokenStream, prefix: &[String], found: &mut Vec<TokenPath>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(ident) if starts_path(&tokens[..at]) => {
                let mut path = prefix.to_vec();
                path.push(text(ident));
                while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(next), ..] =
                    &tokens[at + 1..]
                    && one.as_char() == ':'
                    && two.as_char() == ':'
                {
                    path.push(text(next));
                    at += 3;
                }
                match &tokens[at + 1..] {
                    [TokenTree::Punct(one), TokenTree::Punct(two), group @ TokenTree::Group(inner), ..]
                        if one.as_char() == ':'
                            && two.as_char() == ':'
                            && is_group(group, Delimiter::Brace) =>
                    {
                        scan(inner.stream(), &path, found);
                        at += 3;
                    }
                    _ => found.push((path, ident.span().start().line)),
                }
            }
            TokenTree::Group(group) => scan(group.stream(), &[], found),
            _ => {}
        }
        at += 1;
    }
}

/// A field (`.x`), a lifetime (`'x`), a macro's variable (`$x`, but not `$crate`) and what follows `::` don't.
fn starts_path(before: &[TokenTree]) -> bool {
    match before {
        [.., TokenTree::Punct(one), TokenTree::Punct(two)]
            if one.as_char() == '.' && two.as_char() == '.' =>
        {
            true
        }
        [.., TokenTree::Punct(one), TokenTree::Punct(two)]
            if one.as_char() == ':' && two.as_char() == ':' =>
        {
            false
        }
        [.., TokenTree::Punct(last)] => !matches!(last.as_char(), '.' | '\''),
        _ => true,
    }
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn is_type_keyword(word: &Ident) -> bool {
    ["struct", "enum", "union", "trait", "type"].iter().any(|keyword| word == keyword)
}
