//! `zhishou config check|schema|example`.

use super::{Failure, Outcome};
use crate::{cli::ConfigCommand, output};
use std::{fs, path::Path};
use zhishou_config::Config;
use zhishou_domain::Lang;

pub(super) fn run(command: &ConfigCommand, lang: Lang) -> Result<Outcome, Failure> {
    match command {
        ConfigCommand::Check { file } => {
            read(Some(file), lang)?;
            output::line(&format!(
                "{}: {}",
                file.display(),
                lang.pick("配置正确", "configuration is fine")
            ));
        }
        ConfigCommand::Schema => {
            let text = serde_json::to_string_pretty(&Config::schema());
            output::line(&text.map_err(|error| Failure::ours(&error))?);
        }
        ConfigCommand::Example => output::line(Config::example().trim_end()),
    }
    Ok(Outcome::Good)
}

/// Reads a configuration file, or the defaults where none is named. What is wrong with it is a
/// usage error that names the file.
pub(crate) fn read(file: Option<&Path>, lang: Lang) -> Result<Config, Failure> {
    let Some(file) = file else { return Ok(Config::default()) };
    let text =
        fs::read_to_string(file).map_err(|error| Failure::named(&file.display(), &error, lang))?;
    Config::parse(&text)
        .map_err(|error| Failure::Usage(format!("{}: {}", file.display(), error.render(lang))))
}
