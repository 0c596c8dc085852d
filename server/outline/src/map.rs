//! A map of many files: the definitions that matter most, as many as fit.
//!
//! A file gives weight to those whose definitions it uses, and has what others give it, as pages of the web have by
//! their links; what the person looks at or names begins with more. A name that many files define says little about any
//! of them. A definition has the weight that comes over its name.
//!
//! Everything is added up in the order of the files and of names, so that the same files give the same map.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::{Outline, SymbolKind};

/// A file of the map.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// As it is shown.
    pub path: &'a str,
    pub outline: &'a Outline,
    /// What it begins with; 1 for a file like any other, more for one that somebody looks at.
    pub weight: f64,
}

/// How much of a file's weight goes on along its uses; the rest is given out anew.
const PASSED_ON: f64 = 0.85;
/// How often weight is passed on. After so many times little changes.
const ROUNDS: usize = 16;
/// A name that more files define is nobody's.
const MOST_OWNERS: usize = 8;
/// What a definition has that nobody uses, of its file's weight.
const UNUSED: f64 = 0.01;

/// A map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    /// A line for each file, with its definitions below it.
    pub text: String,
    /// The files that are in it, by their places, in its order.
    pub files: Vec<usize>,
}

/// The map, in at most so many bytes: files by weight, in each its definitions by line. Empty where nothing fits.
pub fn map(files: &[Part<'_>], most: usize) -> Map {
    let mut order = weighed(files);
    order.sort_by(|a, b| b.weight.partial_cmp(&a.weight).unwrap_or(Ordering::Equal).then(a.cmp_place(b)));
    let mut shown: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    // Files in the order in which they came up.
    let mut came: Vec<usize> = Vec::new();
    let mut left = most;
    for one in order {
        let part = &files[one.file];
        let there = shown.get(&one.file);
        let is_there = |at: &usize| there.is_some_and(|there| there.contains(at));
        let wanted: Vec<usize> =
            chain(part.outline, one.symbol).into_iter().filter(|at| !is_there(at)).collect();
        let head = if there.is_some() { 0 } else { part.path.len() + 2 };
        let cost = head + wanted.iter().map(|at| line(part.outline, *at).len()).sum::<usize>();
        if cost > left {
            break;
        }
        left -= cost;
        if there.is_none() {
            came.push(one.file);
        }
        shown.entry(one.file).or_default().extend(wanted);
    }
    let mut text = String::new();
    for &file in &came {
        text.push_str(&format!("{}:\n", files[file].path));
        for at in shown.get(&file).into_iter().flatten() {
            text.push_str(&line(files[file].outline, *at));
        }
    }
    Map { text, files: came }
}

/// A definition and what it weighs.
struct Weighed {
    file: usize,
    symbol: usize,
    weight: f64,
}

impl Weighed {
    fn cmp_place(&self, other: &Self) -> Ordering {
        (self.file, self.symbol).cmp(&(other.file, other.symbol))
    }
}

/// A definition and those that it stands in, the outermost first.
fn chain(outline: &Outline, symbol: usize) -> Vec<usize> {
    let mut chain = Vec::new();
    let mut next = Some(symbol);
    while let Some(at) = next {
        chain.push(at);
        next = outline.symbols.get(at).and_then(|symbol| symbol.container);
    }
    chain.reverse();
    chain
}

fn line(outline: &Outline, at: usize) -> String {
    let symbol = &outline.symbols[at];
    let depth = chain(outline, at).len();
    format!("{:indent$}{}: {}\n", "", symbol.line + 1, symbol.signature, indent = depth)
}

/// Whether others can name it: nothing inside of a function, and an `impl` only with what is in it.
fn is_public(outline: &Outline, at: usize) -> bool {
    let symbols = &outline.symbols;
    let is_inside = || {
        let holders = chain(outline, at);
        holders.iter().rev().skip(1).any(|holder| symbols[*holder].kind.is_code())
    };
    symbols[at].kind != SymbolKind::Implementation && !is_inside()
}

/// What every definition weighs.
fn weighed(files: &[Part<'_>]) -> Vec<Weighed> {
    let owners = owners(files);
    let uses: Vec<Vec<(&str, f64)>> =
        files.iter().enumerate().map(|(at, file)| uses(at, file, &owners)).collect();
    let total: f64 = files.iter().map(|file| file.weight).sum();
    let begin: Vec<f64> =
        files.iter().map(|file| if total > 0.0 { file.weight / total } else { 0.0 }).collect();
    let mut weights = begin.clone();
    for _ in 0..ROUNDS {
        let mut next: Vec<f64> = vec![0.0; files.len()];
        let mut kept = 0.0;
        for (at, uses) in uses.iter().enumerate() {
            if uses.is_empty() {
                kept += weights[at];
            }
            for (name, share) in uses {
                let owners = &owners[name];
                let each = weights[at] * share / parts(owners, Some(at));
                owners.iter().filter(|owner| **owner != at).for_each(|owner| next[*owner] += each);
            }
        }
        for (at, weight) in next.iter_mut().enumerate() {
            *weight = PASSED_ON * (*weight + kept * begin[at]) + (1.0 - PASSED_ON) * begin[at];
        }
        weights = next;
    }
    let mut named: BTreeMap<&str, f64> = BTreeMap::new();
    for (at, uses) in uses.iter().enumerate() {
        for (name, share) in uses {
            *named.entry(name).or_default() += weights[at] * share;
        }
    }
    let mut all = Vec::new();
    for (file, part) in files.iter().enumerate() {
        for (symbol, one) in part.outline.symbols.iter().enumerate() {
            if !is_public(part.outline, symbol) {
                continue;
            }
            let name = one.name.as_str();
            let by_others = named.get(name).zip(owners.get(name));
            let used = by_others.map_or(0.0, |(weight, owners)| weight / parts(owners, None));
            // What nobody else uses still says what its file is about.
            let count = part.outline.symbols.len().max(1);
            let own = weights[file] * UNUSED / float(count);
            all.push(Weighed { file, symbol, weight: used * part.weight.max(1.0) + own * part.weight });
        }
    }
    all
}

/// Which files define a name, where few enough do.
fn owners<'a>(files: &[Part<'a>]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut owners: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, file) in files.iter().enumerate() {
        for (symbol, one) in file.outline.symbols.iter().enumerate() {
            let of_name = owners.entry(one.name.as_str()).or_default();
            if is_public(file.outline, symbol) && of_name.last() != Some(&at) {
                of_name.push(at);
            }
        }
    }
    owners.retain(|_, files| !files.is_empty() && files.len() <= MOST_OWNERS);
    owners
}

/// The names of others that a file uses, each with its share of all of them.
fn uses<'a>(at: usize, file: &Part<'a>, owners: &BTreeMap<&str, Vec<usize>>) -> Vec<(&'a str, f64)> {
    let of_others =
        |name: &str| owners.get(name).is_some_and(|owners| owners.iter().any(|owner| *owner != at));
    let uses = file.outline.uses.iter().filter(|(name, _)| of_others(name));
    // Ten uses say more than one, but not ten times as much.
    let mut uses: Vec<(&str, f64)> =
        uses.map(|(name, count)| (name.as_str(), f64::from(*count).sqrt())).collect();
    let total: f64 = uses.iter().map(|(_, share)| share).sum();
    for (_, share) in &mut uses {
        *share /= total;
    }
    uses
}

/// Among how many files a name's weight is divided.
fn parts(owners: &[usize], without: Option<usize>) -> f64 {
    float(owners.iter().filter(|owner| Some(**owner) != without).count().max(1))
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
