//! The bar of filters above a list. Everything in it stands in the URL.

use crate::{query::FilterQuery, words::Words};
use zhishou_storage::{Choices, Present};

/// One value of a filter.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) text: String,
    pub(crate) chosen: bool,
}

/// One filter.
#[derive(Clone, Debug)]
pub(crate) struct Select {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) options: Vec<Choice>,
}

impl Select {
    pub(crate) fn is_set(&self) -> bool {
        !self.is_own() && self.options.iter().any(|option| option.chosen)
    }

    /// Whether it says how a page is made, and always has a value.
    pub(crate) fn is_own(&self) -> bool {
        matches!(self.name, "period" | "by" | "policy" | "exclusion")
    }
}

/// The filters of a list.
#[derive(Clone, Debug)]
pub(crate) struct FilterBar {
    pub(crate) action: String,
    pub(crate) choices: Vec<Select>,
    pub(crate) trouble: bool,
    pub(crate) q: String,
    /// Parameters that have no control of their own and are kept.
    pub(crate) kept: Vec<(&'static str, String)>,
    pub(crate) is_set: bool,
}

/// Whether a list offers the present state as a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum States {
    /// For lists of devices.
    Offered,
    /// For lists of sites.
    Hidden,
}

impl FilterBar {
    pub(crate) fn new(
        action: &str,
        query: &FilterQuery,
        choices: Choices,
        states: States,
        t: Words,
    ) -> Self {
        let same =
            |names: Vec<String>| names.into_iter().map(|name| (name.clone(), name)).collect();
        let mut selects: Vec<Select> = Vec::new();
        let mut add = |name, label, present: &str, values: Vec<(String, String)>| {
            // A filter with nothing to choose from is only in the way.
            if values.len() < 2 && present.is_empty() {
                return;
            }
            let options = values.into_iter().map(|(value, text)| {
                let chosen = value == present;
                Choice { value, text, chosen }
            });
            selects.push(Select { name, label, options: options.collect() });
        };
        if states == States::Offered {
            let states = Present::ALL
                .into_iter()
                .map(|it| (it.code().to_owned(), super::present_word(it, t).to_owned()));
            add("state", t.state(), &query.state, states.collect());
        }
        add("street", t.street(), &query.street, named(choices.streets));
        add("department", t.department(), &query.department, named(choices.departments));
        let classes = choices
            .classes
            .into_iter()
            .map(|class| (class.code().to_owned(), class.name(t.0).to_owned()));
        add("class", t.class(), &query.class, classes.collect());
        add("maintainer", t.maintainer(), &query.maintainer, named(choices.maintainers));
        add(
            "police_station",
            t.police_station(),
            &query.police_station,
            same(choices.police_stations),
        );
        add("tag", t.tag(), &query.tag, same(choices.tags));
        let shown = |name: &str| name == "q" || name == "trouble";
        let kept: Vec<_> = query
            .pairs()
            .into_iter()
            .filter(|(name, _)| !shown(name) && selects.iter().all(|select| select.name != *name))
            .map(|(name, value)| (name, value.to_owned()))
            .collect();
        Self {
            action: action.to_owned(),
            choices: selects,
            trouble: !query.trouble.is_empty() && query.trouble != "0",
            q: query.q.clone(),
            kept,
            is_set: !query.pairs().is_empty(),
        }
    }
}

fn named<T: ToString>(rows: Vec<(T, String)>) -> Vec<(String, String)> {
    rows.into_iter().map(|(id, name)| (id.to_string(), name)).collect()
}
