//! `zhishou serve`.

use super::{Failure, Outcome, block_on, probe::stop_on_signal, read_config};
use crate::{
    ambient::SystemClock,
    cli::ServeArgs,
    output,
    wiring::{descriptors, first_login, platform::Platform, service::Service},
};
use zhishou_domain::{Clock, Lang};

pub(super) fn run(args: &ServeArgs, lang: Lang) -> Result<Outcome, Failure> {
    let mut config = read_config(args.platform.config.as_deref(), lang)?;
    if let Some(listen) = args.listen {
        config.server.listen = listen.to_string();
        config.server.check().map_err(|error| Failure::Usage(error.render(lang)))?;
    }
    let Some(address) = config.server.address() else {
        return Err(Failure::Usage(config.server.listen));
    };
    descriptors::raise();
    block_on(async {
        let stop = stop_on_signal()?;
        let platform = Platform::open_with(config, &args.platform.data, lang).await?;
        let service = Service::bind(platform, address, lang).await?;
        let one_time = first_login::administrator(service.store(), SystemClock.now()).await?;
        if let Some(password) = one_time {
            let note = lang.pick("首次启动，一次性密码只显示这一次，登录后须修改", "first start: this one-time password is shown only once and must be changed at login");
            output::line(note);
            announce_login(first_login::ADMINISTRATOR, &password, lang);
        }
        output::line(&format!("{}: http://{}/", lang.pick("打开", "open"), service.address()?));
        service.run(stop).await?;
        Ok(Outcome::Good)
    })
}

/// Prints a login to open.
pub(super) fn announce_login(user: &str, password: &str, lang: Lang) {
    output::line(&format!("{}: {user}", lang.pick("用户", "user")));
    output::line(&format!("{}: {password}", lang.pick("密码", "password")));
}
