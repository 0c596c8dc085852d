//! Patterns over paths: `//abs`, `~/home`, `/root-relative`, bare; `*` within one segment, `**` through many.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use copydesk_base::letter::shows_nothing;
use copydesk_base::path;
use globset::{GlobBuilder, GlobMatcher};
use icu_normalizer::ComposingNormalizerBorrowed;

use crate::policy::Policy;
use crate::zone;

/// Which way a pattern moves the verdict. What tightens also matches other cases of the same letters, and everything
/// below a folder that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    Loosening,
    Tightening,
}

/// The pattern of a `Read(…)` or `Edit(…)` rule.
#[derive(Clone, Debug)]
pub(crate) struct PlacePattern {
    anchor: Anchor,
    /// The components before the first wildcard.
    lead: PathBuf,
    rest: Rest,
    care: Care,
    /// A folder, and the one that it is a copy of: what holds there holds here.
    copy: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// The pattern of a rule without parentheses.
    Everywhere,
    Disk,
    Home,
    Root,
}

#[derive(Clone, Debug)]
enum Rest {
    /// The lead is the whole pattern.
    Nothing,
    /// `**`: the lead and all below it.
    All,
    Glob(GlobMatcher),
}

impl PlacePattern {
    pub(crate) fn everything(care: Care) -> Self {
        Self { anchor: Anchor::Everywhere, lead: PathBuf::new(), rest: Rest::All, care, copy: None }
    }

    pub(crate) fn parse(text: &str, care: Care) -> Result<Self, String> {
        let (anchor, text) = if let Some(rest) = text.strip_prefix("//") {
            (Anchor::Disk, rest)
        } else if text == "~" {
            (Anchor::Home, "")
        } else if let Some(rest) = text.strip_prefix("~/") {
            (Anchor::Home, rest)
        } else if text.starts_with('~') {
            return Err("only `~/` is known; write the other person's home as `//home/name`".to_owned());
        } else {
            (Anchor::Root, text.trim_start_matches('/'))
        };
        let segments: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let wild = segments.iter().position(|part| is_wild(part)).unwrap_or(segments.len());
        let lead = segments[..wild].iter().map(|part| unescape(part)).collect();
        let rest = match &segments[wild..] {
            [] => Rest::Nothing,
            ["**"] => Rest::All,
            rest if rest.contains(&"..") => return Err("`..` cannot stand behind a wildcard".to_owned()),
            rest => Rest::Glob(matcher(&rest.join("/"), care)?),
        };
        Ok(Self { anchor, lead, rest, care, copy: None })
    }

    /// The same, for a copy of a folder too.
    pub(crate) fn in_copy(&self, copy: &Path, of: &Path) -> Self {
        Self { copy: Some((copy.to_owned(), of.to_owned())), ..self.clone() }
    }

    /// Whether the pattern names a resolved path, or what that is a copy of.
    pub(crate) fn matches(&self, place: &Path, policy: &Policy) -> bool {
        let original = || {
            let (copy, of) = self.copy.as_ref()?;
            Some(of.join(place.strip_prefix(copy).ok()?))
        };
        self.matches_itself(place, policy)
            || original().is_some_and(|original| self.matches_itself(&original, policy))
    }

    fn matches_itself(&self, place: &Path, policy: &Policy) -> bool {
        let anchor = match self.anchor {
            Anchor::Everywhere => return true,
            Anchor::Disk => Path::new("/"),
            Anchor::Home => match &policy.home {
                Some(home) => home,
                None => return false,
            },
            Anchor::Root => &policy.root,
        };
        if self.lead.as_os_str().is_empty() && self.anchor == Anchor::Root {
            return self.matches_below(anchor, place);
        }
        let base = follow(anchor, &self.lead);
        match self.care {
            // A folder of the workspace that became a link outwards does not take its rules along.
            Care::Loosening if self.anchor == Anchor::Root && !policy.is_inside(&base) => false,
            Care::Loosening => self.matches_below(&base, place),
            Care::Tightening => {
                self.matches_below(&base, place) || self.matches_below(&anchor.join(&self.lead), place)
            }
        }
    }

    /// Whether every path that `narrow` matches is matched here too, links aside. May say no where nobody can tell.
    pub(crate) fn covers(&self, narrow: &Self) -> bool {
        if self.anchor == Anchor::Everywhere {
            return true;
        }
        let is_everywhere = |one: &Self| {
            one.anchor == Anchor::Disk && one.lead.as_os_str().is_empty() && matches!(one.rest, Rest::All)
        };
        if is_everywhere(self) {
            return true;
        }
        if self.anchor != narrow.anchor {
            return false;
        }
        let below = match self.care {
            Care::Loosening => narrow.lead.strip_prefix(&self.lead).ok().map(Path::to_path_buf),
            Care::Tightening => below_in_any_case(&self.lead, &narrow.lead),
        };
        let Some(below) = below else { return false };
        let is_one = matches!(narrow.rest, Rest::Nothing);
        match (&self.rest, &narrow.rest) {
            (Rest::All, _) => true,
            (Rest::Nothing, _) if self.care == Care::Tightening => true,
            (Rest::Nothing, _) => is_one && narrow.care == Care::Loosening && below.as_os_str().is_empty(),
            (Rest::Glob(wide), Rest::Glob(one)) => {
                below.as_os_str().is_empty()
                    && (wide.glob() == one.glob()
                        || (self.care == Care::Tightening
                            && wide.glob().glob() == one.glob().glob().to_lowercase()))
            }
            (Rest::Glob(wide), Rest::Nothing) => {
                (narrow.care == Care::Loosening || self.care == Care::Tightening)
                    && below.ancestors().any(|part| !part.as_os_str().is_empty() && wide.is_match(part))
                    && (self.care == Care::Tightening || wide.is_match(&below))
            }
            (Rest::Glob(wide), Rest::All) => {
                self.care == Care::Tightening
                    && below.ancestors().any(|part| !part.as_os_str().is_empty() && wide.is_match(part))
            }
        }
    }

    /// Whether the pattern is of a rule without parentheses.
    pub(crate) fn is_everywhere(&self) -> bool {
        self.anchor == Anchor::Everywhere
    }

    /// Whether the pattern names one file and no other.
    pub(crate) fn is_one(&self) -> bool {
        self.care == Care::Loosening
            && matches!(self.rest, Rest::Nothing)
            && !self.lead.as_os_str().is_empty()
    }

    /// Whether all that the pattern can match lies where `is_it` says; the lead alone decides.
    pub(crate) fn lies(&self, is_it: impl Fn(&Path) -> bool) -> bool {
        let is_whole = !matches!(self.rest, Rest::Glob(_)) && !self.lead.as_os_str().is_empty();
        is_whole && self.names(is_it)
    }

    /// Whether the pattern spells its folder out, rather than reaching it from above with a wildcard.
    pub(crate) fn names(&self, is_it: impl Fn(&Path) -> bool) -> bool {
        self.anchor != Anchor::Everywhere && is_it(&Path::new("/").join(&self.lead))
    }

    /// The folder before the first wildcard, as far as it is known without looking at the disk.
    pub(crate) fn folder(&self, policy: &Policy) -> Option<PathBuf> {
        let anchor = match self.anchor {
            Anchor::Everywhere | Anchor::Disk => Path::new("/"),
            Anchor::Home => policy.home.as_deref()?,
            Anchor::Root => &policy.root,
        };
        Some(anchor.join(&self.lead))
    }

    fn matches_below(&self, base: &Path, place: &Path) -> bool {
        let below = match self.care {
            Care::Loosening => place.strip_prefix(base).ok().map(Path::to_path_buf),
            Care::Tightening => below_in_any_case(base, place),
        };
        let Some(below) = below else { return false };
        match (&self.rest, self.care) {
            (Rest::All, _) | (Rest::Nothing, Care::Tightening) => true,
            (Rest::Nothing, Care::Loosening) => below.as_os_str().is_empty(),
            (Rest::Glob(glob), Care::Loosening) => below.to_str().is_some_and(|below| glob.is_match(below)),
            (Rest::Glob(glob), Care::Tightening) => {
                below.ancestors().any(|part| !part.as_os_str().is_empty() && glob.is_match(part))
            }
        }
    }
}

/// What of `place` lies below `base`, in lower case, where letters of either case are the same.
fn below_in_any_case(base: &Path, place: &Path) -> Option<PathBuf> {
    // Nearly every pair parts in plain letters early on; only the others are worth folding.
    let mut components = place.components();
    for wanted in base.components() {
        let found = components.next()?;
        let (wanted, found) = (wanted.as_os_str(), found.as_os_str());
        let is_same = wanted.eq_ignore_ascii_case(found)
            || (!(wanted.is_ascii() && found.is_ascii())
                && folded(Path::new(wanted)) == folded(Path::new(found)));
        if !is_same {
            return None;
        }
    }
    Some(folded(components.as_path()))
}

/// The path behind `relative` seen from a folder that is resolved already.
///
/// Nearly no component is a link; asking only for those below the folder is several times cheaper than resolving the
/// whole path, and the answer is the same.
pub(crate) fn follow(base: &Path, relative: &Path) -> PathBuf {
    let asked = base.join(relative);
    if let Some(known) = FOLLOWED.with_borrow(|followed| followed.get(&asked).cloned()) {
        return known;
    }
    let place = follow_anew(base, relative);
    FOLLOWED.with_borrow_mut(|followed| followed.insert(asked, place.clone()));
    place
}

thread_local! {
    /// What was resolved during this judgement: its rules and words name the same few folders again and again.
    static FOLLOWED: RefCell<HashMap<PathBuf, PathBuf>> = RefCell::new(HashMap::new());
}

/// Forgets what was resolved; every judgement looks at the disk as it is then.
pub(crate) fn look_anew() {
    FOLLOWED.with_borrow_mut(HashMap::clear);
    zone::look_anew();
}

fn follow_anew(base: &Path, relative: &Path) -> PathBuf {
    if relative.is_absolute() || base == Path::new("/") {
        return path::resolve(base, relative);
    }
    let mut place = base.to_path_buf();
    for part in relative.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => {
                place.push(part);
                if std::fs::read_link(&place).is_ok() {
                    return path::resolve(base, relative);
                }
            }
            _ => return path::resolve(base, relative),
        }
    }
    place
}

/// A path in lower case, for comparisons that must hold on disks that ignore case too.
pub(crate) fn folded(place: &Path) -> PathBuf {
    PathBuf::from(alike(&place.to_string_lossy()))
}

/// A name as the most forgiving disk compares it: in lower case, in one Unicode form, without letters that show
/// nothing.
pub(crate) fn alike(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let shown: String = name.chars().filter(|letter| !shows_nothing(*letter)).collect();
    let normal = ComposingNormalizerBorrowed::new_nfkc().normalize(&shown.to_lowercase()).to_lowercase();
    normal.chars().filter(|letter| !shows_nothing(*letter)).collect()
}

fn matcher(pattern: &str, care: Care) -> Result<GlobMatcher, String> {
    let pattern = if care == Care::Tightening { pattern.to_lowercase() } else { pattern.to_owned() };
    GlobBuilder::new(&pattern)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| error.kind().to_string())
}

fn is_wild(segment: &str) -> bool {
    let mut letters = segment.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '*' | '?' | '[' | '{' => return true,
            _ => {}
        }
    }
    false
}

fn unescape(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    let mut letters = segment.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => out.push(letters.next().unwrap_or('\\')),
            other => out.push(other),
        }
    }
    out
}
