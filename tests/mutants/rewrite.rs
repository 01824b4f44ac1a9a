//! Puts the mutants of a file into its text, each behind `crate::mutant::on(NUMBER)`.
//!
//! Only by insertions around what is there, so that mutants nest: `a < b` becomes
//! `(match (&(a), &(b)) { (l, r) => if on(1) { *l == *r } else { *l < *r } })`.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::catalogue::{Genre, Mutant, Place};
use crate::sites::{BinaryKind, Site, Sites};

/// Text with its mutants. `regions` are of bytes of the text: whose alternative is there. `wrapped` are the places that a
/// mutant surrounds, its own text included.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) regions: Vec<(Range<usize>, u32)>,
    pub(crate) wrapped: Vec<(Range<usize>, Vec<u32>)>,
    /// Mutants whose place is in a constant, in a chain of `let`, a function's that returns `impl …`, or on the left of an assignment that is one itself.
    pub(crate) unplaced: Vec<u32>,
}

/// A text whose parts belong to a mutant, or to none.
type Parts = Vec<(Option<u32>, String)>;

/// The mutants of a place, with their numbers.
type Group<'a> = (Site, Vec<(u32, &'a Mutant)>);

struct Edit {
    /// Empty for an insertion.
    replaced: Range<usize>,
    /// At the same place ends come first, the inner ones before the outer; then beginnings, the outer ones first; then what
    /// is replaced.
    order: (u8, i64),
    parts: Parts,
    /// Which wrapper it begins or ends.
    wrapper: usize,
}

struct Editor<'a> {
    text: &'a str,
    edits: Vec<Edit>,
    wrappers: Vec<Vec<u32>>,
}

pub(crate) fn rewrite(text: &str, mutants: &[(u32, &Mutant)]) -> syn::Result<Rewritten> {
    let sites = Sites::of(text)?;
    let lines = line_starts(text);
    let mut unplaced = Vec::new();
    // Mutants of one place share its wrapper.
    let mut grouped: BTreeMap<(usize, u8), Group<'_>> = BTreeMap::new();
    for &(number, mutant) in mutants {
        let start = offset(text, &lines, mutant.span.start);
        let (kind, found) = match mutant.genre {
            Genre::FnValue => (0, sites.bodies.get(&start)),
            Genre::BinaryOperator | Genre::UnaryOperator => (1, sites.operators.get(&start)),
            Genre::MatchArm => (2, sites.arms.get(&start)),
            Genre::MatchArmGuard => (3, sites.guards.get(&start)),
            Genre::StructField => (4, sites.fields.get(&start)),
        };
        match found {
            Some(site) => grouped
                .entry((start, kind))
                .or_insert_with(|| (site.clone(), Vec::new()))
                .1
                .push((number, mutant)),
            None => unplaced.push(number),
        }
    }
    let mut editor = Editor { text, edits: Vec::new(), wrappers: Vec::new() };
    for (site, mutants) in grouped.values() {
        editor.site(site, mutants);
    }
    let mut rewritten = editor.apply();
    rewritten.unplaced.extend(unplaced);
    Ok(rewritten)
}

fn on(number: u32) -> String {
    format!("crate::mutant::on({number})")
}

fn plain(text: &str) -> Parts {
    vec![(None, text.to_owned())]
}

/// `if on(1) { … } else if on(2) { … } else { original }`
fn alternatives(
    mutants: &[(u32, &Mutant)],
    original: &str,
    alternative: impl Fn(&Mutant) -> String,
) -> Parts {
    let mut parts = Vec::new();
    for (number, mutant) in mutants {
        parts.push((Some(*number), format!("if {} {{ {} }} else ", on(*number), alternative(mutant))));
    }
    parts.push((None, format!("{{ {original} }}")));
    parts
}

impl Editor<'_> {
    fn site(&mut self, site: &Site, mutants: &[(u32, &Mutant)]) {
        self.wrappers.push(mutants.iter().map(|(number, _)| *number).collect());
        match site {
            Site::Body(body) => self.body(body, mutants),
            Site::Binary { left, operator, right, kind } => {
                self.binary(left, operator, right, *kind, mutants);
            }
            Site::Unary { whole, operator, operand } => self.unary(whole, operator, operand, mutants),
            Site::Arm { matched, pattern, guard } => self.arm(matched, pattern, guard.as_ref(), mutants),
            Site::Guard(guard) => self.guard(guard, mutants),
            Site::Field { name, value, whole, base } => {
                self.field(name, value.as_ref(), whole, base, mutants);
            }
        }
    }

    fn body(&mut self, body: &Range<usize>, mutants: &[(u32, &Mutant)]) {
        let parts = mutants
            .iter()
            .map(|(number, mutant)| {
                (Some(*number), format!("if {} {{ return {}; }} ", on(*number), mutant.replacement))
            })
            .collect();
        // Before whatever its first statement begins with.
        self.begin(body.start, extent(body) + 1, parts);
        // An error within the function may be due to what it returns now.
        self.end(body.end, extent(body) + 1, Parts::new());
    }

    fn binary(
        &mut self,
        left: &Range<usize>,
        operator: &Range<usize>,
        right: &Range<usize>,
        kind: BinaryKind,
        mutants: &[(u32, &Mutant)],
    ) {
        let whole = left.start..right.end;
        let sign = self.text.get(operator.clone()).unwrap_or_default();
        match kind {
            BinaryKind::Comparison | BinaryKind::Arithmetic => {
                let (by, of) = if kind == BinaryKind::Comparison { ("&", "*") } else { ("", "") };
                self.begin(whole.start, extent(&whole), plain(&format!("(match ({by}(")));
                self.replace(operator, plain(&format!("), {by}(")));
                let mut end = plain(")) { (l__, r__) => ");
                end.extend(alternatives(mutants, &format!("{of}l__ {sign} {of}r__"), |mutant| {
                    format!("{of}l__ {} {of}r__", mutant.replacement)
                }));
                end.extend(plain(" })"));
                self.end(whole.end, extent(&whole), end);
            }
            BinaryKind::Assignment => {
                let place = self.text.get(left.clone()).unwrap_or_default().to_owned();
                // The left side goes: what is mutated within it is mutated where it is read elsewhere.
                self.replace(&(left.start..right.start), plain("{ let r__ = "));
                let mut end = plain("; ");
                end.extend(alternatives(mutants, &format!("{place} {sign} r__;"), |mutant| {
                    format!("{place} {} r__;", mutant.replacement)
                }));
                end.extend(plain(" }"));
                self.end(whole.end, extent(&whole), end);
            }
            BinaryKind::And | BinaryKind::Or => {
                let Some(&(number, _)) = mutants.first() else { return };
                self.begin(whole.start, extent(&whole), plain("(match ("));
                let goes_on = if kind == BinaryKind::And { "!=" } else { "==" };
                self.replace(
                    operator,
                    vec![(Some(number), format!(") {{ l__ => if l__ {goes_on} {} {{ ", on(number)))],
                );
                self.end(whole.end, extent(&whole), plain(" } else { l__ } })"));
            }
        }
    }

    fn unary(
        &mut self,
        whole: &Range<usize>,
        operator: &Range<usize>,
        operand: &Range<usize>,
        mutants: &[(u32, &Mutant)],
    ) {
        let sign = self.text.get(operator.clone()).unwrap_or_default();
        self.replace(operator, plain("(match ("));
        let mut end = plain(") { v__ => ");
        end.extend(alternatives(mutants, &format!("{sign}v__"), |_| "v__".to_owned()));
        end.extend(plain(" })"));
        self.end(operand.end, extent(whole), end);
    }

    fn arm(
        &mut self,
        matched: &Range<usize>,
        pattern: &Range<usize>,
        guard: Option<&Range<usize>>,
        mutants: &[(u32, &Mutant)],
    ) {
        let Some(&(number, _)) = mutants.first() else { return };
        // What is not covered without the arm is an error at the value that is matched.
        self.begin(matched.start, extent(matched) + 3, Parts::new());
        match guard {
            Some(guard) => {
                self.begin(
                    guard.start,
                    extent(guard) + 2,
                    vec![(Some(number), format!("!{} && (", on(number)))],
                );
                self.end(guard.end, extent(guard) + 2, vec![(Some(number), ")".to_owned())]);
            }
            None => {
                self.end(pattern.end, extent(pattern), vec![(Some(number), format!(" if !{}", on(number)))]);
            }
        }
    }

    fn guard(&mut self, guard: &Range<usize>, mutants: &[(u32, &Mutant)]) {
        let mut begin = plain("(");
        for (number, mutant) in mutants {
            let test = if mutant.replacement == "true" {
                format!("{} || ", on(*number))
            } else {
                format!("!{} && ", on(*number))
            };
            begin.push((Some(*number), format!("{test}(")));
        }
        begin.extend(plain("("));
        self.begin(guard.start, extent(guard) + 1, begin);
        let mut end = plain("))");
        end.extend(mutants.iter().map(|(number, _)| (Some(*number), ")".to_owned())));
        self.end(guard.end, extent(guard) + 1, end);
    }

    fn field(
        &mut self,
        name: &str,
        value: Option<&Range<usize>>,
        whole: &Range<usize>,
        base: &str,
        mutants: &[(u32, &Mutant)],
    ) {
        let Some(&(number, _)) = mutants.first() else { return };
        let choice = (Some(number), format!("if {} {{ ({base}).{name} }} else ", on(number)));
        match value {
            Some(value) => {
                self.begin(value.start, extent(value) + 1, vec![choice, (None, "{ ".to_owned())]);
                self.end(value.end, extent(value) + 1, plain(" }"));
            }
            None => self
                .replace(whole, vec![(None, format!("{name}: ")), choice, (None, format!("{{ {name} }}"))]),
        }
    }

    fn begin(&mut self, at: usize, extent: i64, parts: Parts) {
        self.edit(at..at, (1, -extent), parts);
    }

    fn end(&mut self, at: usize, extent: i64, parts: Parts) {
        self.edit(at..at, (0, extent), parts);
    }

    fn replace(&mut self, replaced: &Range<usize>, parts: Parts) {
        self.edit(replaced.clone(), (2, 0), parts);
    }

    fn edit(&mut self, replaced: Range<usize>, order: (u8, i64), parts: Parts) {
        self.edits.push(Edit { replaced, order, parts, wrapper: self.wrappers.len() - 1 });
    }

    fn apply(mut self) -> Rewritten {
        self.edits.sort_by_key(|edit| (edit.replaced.start, edit.order));
        let mut rewritten = Rewritten::default();
        let mut wrapped: Vec<Option<Range<usize>>> = vec![None; self.wrappers.len()];
        let mut copied = 0;
        for edit in &self.edits {
            // Within what an outer edit replaced: an assignment's left side.
            if edit.replaced.start < copied {
                continue;
            }
            rewritten.text.push_str(self.text.get(copied..edit.replaced.start).unwrap_or_default());
            copied = edit.replaced.end;
            let start = rewritten.text.len();
            for (number, part) in &edit.parts {
                let begin = rewritten.text.len();
                rewritten.text.push_str(part);
                if let Some(number) = number {
                    rewritten.regions.push((begin..rewritten.text.len(), *number));
                }
            }
            let range = wrapped[edit.wrapper].get_or_insert(start..start);
            range.end = rewritten.text.len();
        }
        rewritten.text.push_str(self.text.get(copied..).unwrap_or_default());
        for (range, numbers) in wrapped.into_iter().zip(self.wrappers) {
            match range {
                Some(range) => rewritten.wrapped.push((range, numbers)),
                None => rewritten.unplaced.extend(numbers),
            }
        }
        rewritten
    }
}

fn extent(range: &Range<usize>) -> i64 {
    i64::try_from(range.len()).unwrap_or(i64::MAX)
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn offset(text: &str, lines: &[usize], place: Place) -> usize {
    let start = lines.get(place.line - 1).copied().unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(place.column - 1).map_or(rest.len(), |(at, _)| at)
}
