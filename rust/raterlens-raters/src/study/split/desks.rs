//! Subjects take their seats: iterative stratification.

use std::collections::BTreeMap;

use super::super::{StudyCase, StudyFile};

/// How many subjects each part gets: its share, rounded by the largest remainders, and at least one if it has a share.
pub(super) fn seats(wanted: [f64; 3], subjects: usize) -> [f64; 3] {
    let exact = wanted.map(|share| share * subjects as f64);
    let mut seats = exact.map(|n| if n > 0.0 { n.floor().max(1.0) } else { 0.0 });
    // Which part is furthest below its share, and which furthest above it.
    let extreme = |seats: &[f64; 3], sign: f64| {
        let off = |n: &usize| match (exact.get(*n), seats.get(*n)) {
            (Some(_), Some(seats)) if sign < 0.0 && *seats < 1.5 => f64::MIN,
            (Some(exact), Some(seats)) => sign * (exact - seats),
            _ => f64::MIN,
        };
        let order = |a: &usize, b: &usize| off(a).total_cmp(&off(b)).then(b.cmp(a));
        (0..3).max_by(order).unwrap_or(0)
    };
    loop {
        let open = subjects as f64 - seats.iter().sum::<f64>();
        if open.abs() < 0.5 {
            return seats;
        }
        let part = extreme(&seats, open.signum());
        if let Some(n) = seats.get_mut(part) {
            *n += open.signum();
        }
    }
}

/// A person with the properties that are to be spread evenly.
#[derive(Debug)]
pub(super) struct Subject<'a> {
    pub(super) cases: Vec<&'a str>,
    /// How often each property occurs.
    tokens: BTreeMap<String, u32>,
}

pub(super) fn subjects(study: &StudyFile) -> Vec<Subject<'_>> {
    let mut found: BTreeMap<&str, Subject<'_>> = BTreeMap::new();
    for case in &study.cases {
        let subject = found.entry(case.subject()).or_insert_with(|| Subject {
            cases: Vec::new(),
            tokens: BTreeMap::from([(person(case), 1)]),
        });
        subject.cases.push(&case.name);
        if let Some(level) = case.attributes.get("level") {
            *subject.tokens.entry(format!("level {level}")).or_default() += 1;
        }
    }
    found.into_values().collect()
}

/// Sex and age group together.
fn person(case: &StudyCase) -> String {
    let of = |name: &str| case.attributes.get(name).map_or("", String::as_str);
    format!("person {} {}", of("sex"), of("age_group"))
}

/// One part while it is filled: what it still wants.
#[derive(Debug)]
pub(super) struct Desk {
    subjects: f64,
    tokens: BTreeMap<String, f64>,
}

impl Desk {
    pub(super) fn new(share: f64, seats: f64, subjects: &[Subject<'_>]) -> Self {
        let mut tokens = BTreeMap::new();
        for (token, count) in subjects.iter().flat_map(|s| &s.tokens) {
            *tokens.entry(token.clone()).or_default() += share * f64::from(*count);
        }
        Self {
            subjects: seats,
            tokens,
        }
    }

    pub(super) fn take(&mut self, subject: &Subject<'_>) {
        self.subjects -= 1.0;
        for (token, count) in &subject.tokens {
            if let Some(wanted) = self.tokens.get_mut(token) {
                *wanted -= f64::from(*count);
            }
        }
    }
}

/// The next subject to be placed: the first that has the rarest property among those waiting; and that property.
pub(super) fn next_subject(waiting: &[&Subject<'_>]) -> Option<(usize, Option<String>)> {
    let mut left: BTreeMap<&str, u32> = BTreeMap::new();
    for token in waiting.iter().flat_map(|s| s.tokens.keys()) {
        *left.entry(token).or_default() += 1;
    }
    let rarest = left.iter().min_by_key(|(token, n)| (**n, **token));
    let Some((token, _)) = rarest else {
        return (!waiting.is_empty()).then_some((0, None));
    };
    let at = waiting.iter().position(|s| s.tokens.contains_key(*token));
    at.map(|at| (at, Some((*token).to_owned())))
}

/// Of the parts that have a seat left, that which wants the property most; of equal ones that which wants subjects most.
pub(super) fn best_desk(desks: &[Desk; 3], token: Option<&str>) -> usize {
    let wants = |desk: &Desk| {
        let of_token = token.and_then(|t| desk.tokens.get(t)).copied();
        (of_token.unwrap_or_default(), desk.subjects)
    };
    let mut best: Option<(usize, (f64, f64))> = None;
    for (n, desk) in desks
        .iter()
        .enumerate()
        .filter(|(_, desk)| desk.subjects > 0.5)
    {
        let here = wants(desk);
        let more = |there: (f64, f64)| {
            here.0 > there.0 + 1e-9 || ((here.0 - there.0).abs() <= 1e-9 && here.1 > there.1 + 1e-9)
        };
        if best.is_none_or(|(_, there)| more(there)) {
            best = Some((n, here));
        }
    }
    best.map_or(0, |(n, _)| n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seats_by_hand() {
        let shares = [0.64, 0.16, 0.2];
        assert_eq!(seats(shares, 28), [18.0, 4.0, 6.0]);
        assert_eq!(seats(shares, 6), [4.0, 1.0, 1.0]);
        assert_eq!(seats(shares, 3), [1.0, 1.0, 1.0]);
        assert_eq!(seats([0.98, 0.01, 0.01], 10), [8.0, 1.0, 1.0]);
        assert_eq!(seats([0.5, 0.5, 0.0], 2), [1.0, 1.0, 0.0]);
    }
}
