//! Every label of the pages in both languages, as a typed catalogue: a template that names a label which does not
//! exist does not compile, and no label can exist in one language only.

use zhishou_domain::Lang;

/// The labels in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Lang);

/// The labels of a part of the pages.
macro_rules! labels {
    ($($key:ident: $zh:literal, $en:literal;)+) => {
        impl super::Words {
            $(
                #[doc = $en]
                pub(crate) const fn $key(self) -> &'static str {
                    self.0.pick($zh, $en)
                }
            )+
        }

        /// Every label: key, Chinese, English.
        #[cfg(test)]
        pub(super) const ALL: &[(&str, &str, &str)] = &[$((stringify!($key), $zh, $en)),+];
    };
}

mod accounts;
mod bookings;
mod devices;
mod frame;
mod incidents;
mod meetings;
mod records;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_there_in_both_languages() {
        let parts = [
            accounts::ALL,
            bookings::ALL,
            devices::ALL,
            frame::ALL,
            incidents::ALL,
            meetings::ALL,
            records::ALL,
        ];
        for (key, zh, en) in parts.iter().copied().flatten() {
            assert!(!zh.is_empty() && !en.is_empty(), "{key}");
            let has_han = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(has_han || *key == "other_language", "{key}: {zh}");
            let en_has_han = en.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(!en_has_han || *key == "other_language", "{key}: {en}");
        }
    }
}
