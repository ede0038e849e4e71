//! Filters as they stand in the URL. What is empty is not set; what cannot be read is an error that
//! names the parameter, not a silent "all".

use crate::failure::Failure;
use axum::extract::MatchedPath;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use std::str::FromStr;
use zhishou_domain::{DeviceKind, MeetingId, PointClass};
use zhishou_storage::{Filter, Present};

/// Longest text of a search or a name, characters.
const LONGEST: usize = 100;

/// The meeting of an address; one that cannot be there is not found.
pub(crate) fn meeting(id: &str) -> Result<MeetingId, Failure> {
    id.parse().map_err(|_| Failure::not_found())
}

/// The parameters of lists and figures.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct FilterQuery {
    pub(crate) street: String,
    pub(crate) site: String,
    pub(crate) department: String,
    pub(crate) class: String,
    pub(crate) maintainer: String,
    pub(crate) parent: String,
    pub(crate) police_station: String,
    pub(crate) tag: String,
    pub(crate) kind: String,
    pub(crate) q: String,
    pub(crate) state: String,
    pub(crate) trouble: String,
    pub(crate) after: String,
}

impl FilterQuery {
    /// The filter it stands for.
    pub(crate) fn filter(&self) -> Result<Filter, Failure> {
        Ok(Filter {
            street: id("street", &self.street)?,
            site: id("site", &self.site)?,
            department: id("department", &self.department)?,
            class: word("class", &self.class, PointClass::from_code)?,
            maintainer: id("maintainer", &self.maintainer)?,
            parent: id("parent", &self.parent)?,
            police_station: text("police_station", &self.police_station)?,
            tag: text("tag", &self.tag)?,
            kind: word("kind", &self.kind, DeviceKind::from_code)?,
            text: text("q", &self.q)?,
            present: word("state", &self.state, Present::from_code)?,
            trouble: !matches!(self.trouble.as_str(), "" | "0"),
        })
    }

    /// Every parameter that is set, but for the place in the list.
    pub(crate) fn pairs(&self) -> Vec<(&'static str, &str)> {
        let all = [
            ("street", &self.street),
            ("site", &self.site),
            ("department", &self.department),
            ("class", &self.class),
            ("maintainer", &self.maintainer),
            ("parent", &self.parent),
            ("police_station", &self.police_station),
            ("tag", &self.tag),
            ("kind", &self.kind),
            ("q", &self.q),
            ("state", &self.state),
            ("trouble", &self.trouble),
        ];
        let set = all.into_iter().filter(|(_, value)| !value.is_empty());
        set.map(|(name, value)| (name, value.as_str())).collect()
    }

    /// `path` with these parameters and `more`; those in `more` replace, empty ones remove.
    pub(crate) fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            if !more.iter().any(|(other, _)| *other == name) {
                query.append_pair(name, value);
            }
        }
        for (name, value) in more.iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(name, value);
        }
        let query = query.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// An identity; none where nothing is given.
pub(crate) fn id<T: FromStr>(name: &'static str, value: &str) -> Result<Option<T>, Failure> {
    if value.is_empty() {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| {
        Failure::bad_input(format!("{name}：不是有效的标识"), format!("{name}: not an identity"))
    })
}

/// The act at the end of a route: each has a route of its own, for each asks for a role.
pub(crate) fn act_of<T>(
    route: &MatchedPath,
    from_code: fn(&str) -> Option<T>,
) -> Result<T, Failure> {
    named(route.as_str().rsplit('/').next().unwrap_or_default(), from_code)
}

/// What a word of a path names; where it names nothing there is no such page.
pub(crate) fn named<T>(word: &str, from_code: fn(&str) -> Option<T>) -> Result<T, Failure> {
    from_code(word).ok_or_else(Failure::not_found)
}

pub(crate) fn word<T>(
    name: &'static str,
    value: &str,
    from_code: fn(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    if value.is_empty() {
        return Ok(None);
    }
    from_code(value).map(Some).ok_or_else(|| {
        Failure::bad_input(format!("{name}：没有这个取值"), format!("{name}: unknown value"))
    })
}

/// A date; none where nothing is given.
pub(crate) fn day(name: &'static str, text: &str) -> Result<Option<NaiveDate>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    // Dates that no store keeps are no mistake of a finger.
    let day = text.parse::<NaiveDate>().ok().filter(|day| (1970..=9999).contains(&day.year()));
    day.map(Some).ok_or_else(|| {
        Failure::bad_input(
            format!("{name}：应为 2026-03-31 这样的日期"),
            format!("{name}: a date such as 2026-03-31"),
        )
    })
}

fn text(name: &'static str, value: &str) -> Result<Option<String>, Failure> {
    let value = typed(name, value, LONGEST)?;
    Ok((!value.is_empty()).then_some(value))
}

/// What was typed, trimmed, of `longest` characters at most.
pub(crate) fn typed(name: &str, value: &str, longest: usize) -> Result<String, Failure> {
    let value = value.trim();
    if value.chars().count() > longest {
        return Err(Failure::bad_input(
            format!("{name}：超过 {longest} 个字符"),
            format!("{name}: longer than {longest} characters"),
        ));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parameters_are_not_set_and_bad_ones_are_named() {
        let empty = FilterQuery::default();
        assert_eq!(empty.filter().unwrap(), Filter::default());
        let bad = FilterQuery { class: "9".into(), ..FilterQuery::default() };
        assert_eq!(bad.filter().unwrap_err().detail, "class: unknown value");
        let bad = FilterQuery { site: "x' OR 1".into(), ..FilterQuery::default() };
        assert_eq!(bad.filter().unwrap_err().detail, "site: not an identity");
    }

    #[test]
    fn links_keep_what_is_set() {
        let query = FilterQuery { q: "a&b".into(), class: "1".into(), ..FilterQuery::default() };
        assert_eq!(query.link("/", &[("after", "x")]), "/?class=1&q=a%26b&after=x");
        assert_eq!(query.link("/devices", &[("q", "")]), "/devices?class=1");
        assert_eq!(FilterQuery::default().link("/", &[]), "/");
    }
}
