//! `zhishou user add|role|maintainer|liaison|passwd|list`.

use super::{Failure, Outcome, block_on};
use crate::{
    ambient::{SystemClock, shell_login},
    cli::{PlatformArgs, UserCommand},
    output,
    wiring::{first_login, platform::Platform},
};
use zhishou_domain::{Clock, Lang, Role};

pub(super) fn run(command: &UserCommand, lang: Lang) -> Result<Outcome, Failure> {
    match command {
        UserCommand::Add { name, role, platform } => block_on(add(name, *role, platform, lang)),
        UserCommand::Role { name, role, platform } => {
            block_on(set_role(name, *role, platform, lang))
        }
        UserCommand::Maintainer { name, maintainer, platform } => {
            block_on(set_maintainer(name, maintainer.as_deref(), platform, lang))
        }
        UserCommand::Liaison { name, off, platform } => {
            block_on(set_liaison(name, !off, platform, lang))
        }
        UserCommand::Passwd { name, platform } => block_on(passwd(name, platform, lang)),
        UserCommand::List { platform } => block_on(list(platform, lang)),
    }
}

async fn add(name: &str, role: Role, args: &PlatformArgs, lang: Lang) -> Result<Outcome, Failure> {
    let is_name = !name.trim().is_empty()
        && name.chars().count() <= 64
        && name.chars().all(|c| c.is_alphanumeric() || "._-@".contains(c));
    if !is_name {
        let rule = lang.pick(
            "用户名须为 1 至 64 个字母、数字或 . _ - @",
            "a name is 1 to 64 letters, digits or . _ - @",
        );
        return Err(Failure::Usage(format!("{name:?}: {rule}")));
    }
    let platform = Platform::open_existing(args, lang).await?;
    let (password, hash) = first_login::one_time_password().await?;
    let now = SystemClock.now();
    let made = platform.store.create_user(name, role, &hash, true, now, &shell_login()).await;
    platform.store.close().await;
    if made.map_err(|error| Failure::ours(&error))?.is_none() {
        let taken = lang.pick("用户名已存在", "the name is taken");
        return Err(Failure::Usage(format!("{name}: {taken}")));
    }
    show(name, &password, lang);
    output::line(&format!("{}: {}", lang.pick("角色", "role"), role.name(lang)));
    Ok(Outcome::Good)
}

async fn set_role(
    name: &str,
    role: Role,
    args: &PlatformArgs,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let platform = Platform::open_existing(args, lang).await?;
    let set = platform.store.set_role(name, role, SystemClock.now(), &shell_login()).await;
    platform.store.close().await;
    if !set.map_err(|error| Failure::ours(&error))? {
        return Err(nobody(name, lang));
    }
    output::line(&format!("{name}: {}", role.name(lang)));
    Ok(Outcome::Good)
}

async fn set_maintainer(
    name: &str,
    maintainer: Option<&str>,
    args: &PlatformArgs,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let platform = Platform::open_existing(args, lang).await?;
    let (now, by, unit) = (SystemClock.now(), shell_login(), maintainer.map(str::to_owned));
    let set = platform.store.set_maintainer(name, unit, now, &by).await;
    platform.store.close().await;
    if !set.map_err(|error| Failure::ours(&error))? {
        let missing = lang.pick("没有这个用户或运维单位", "there is no such user or maintainer");
        return Err(Failure::Usage(format!("{name}: {missing}")));
    }
    let none = lang.pick("不属于运维单位", "of no maintainer");
    output::line(&format!("{name}: {}", maintainer.unwrap_or(none)));
    Ok(Outcome::Good)
}

async fn set_liaison(
    name: &str,
    is_liaison: bool,
    args: &PlatformArgs,
    lang: Lang,
) -> Result<Outcome, Failure> {
    let platform = Platform::open_existing(args, lang).await?;
    let set = platform.store.set_liaison(name, is_liaison, SystemClock.now(), &shell_login()).await;
    platform.store.close().await;
    if !set.map_err(|error| Failure::ours(&error))? {
        let missing = lang.pick(
            "没有这个用户，或其属于运维单位",
            "there is no such user, or they belong to a maintainer",
        );
        return Err(Failure::Usage(format!("{name}: {missing}")));
    }
    let words = match is_liaison {
        true => lang.pick("公安联络员", "liaison"),
        false => lang.pick("不是公安联络员", "no liaison"),
    };
    output::line(&format!("{name}: {words}"));
    Ok(Outcome::Good)
}

fn nobody(name: &str, lang: Lang) -> Failure {
    Failure::Usage(format!("{name}: {}", lang.pick("没有这个用户", "there is no such user")))
}

async fn passwd(name: &str, args: &PlatformArgs, lang: Lang) -> Result<Outcome, Failure> {
    let platform = Platform::open_existing(args, lang).await?;
    let (password, hash) = first_login::one_time_password().await?;
    let found = platform.store.user_by_login(name).await.map_err(|error| Failure::ours(&error))?;
    let Some(user) = found else { return Err(nobody(name, lang)) };
    let line = first_login::reset_line(shell_login(), SystemClock.now(), user.login);
    let set = platform.store.set_password(user.id, &hash, true, None, line).await;
    platform.store.close().await;
    set.map_err(|error| Failure::ours(&error))?;
    show(name, &password, lang);
    Ok(Outcome::Good)
}

async fn list(args: &PlatformArgs, lang: Lang) -> Result<Outcome, Failure> {
    let platform = Platform::open_existing(args, lang).await?;
    let users = platform.store.users().await.map_err(|error| Failure::ours(&error))?;
    let zone = platform.config.district.zone();
    platform.store.close().await;
    for user in users {
        let last = user.last_login.map_or("–".to_owned(), |at| at.rfc3339(zone));
        output::line(&format!("{}\t{}\t{last}", user.login, user.role.name(lang)));
    }
    Ok(Outcome::Good)
}

/// Prints a one-time password, once: it is kept nowhere but as a hash.
fn show(name: &str, password: &str, lang: Lang) {
    output::line(&format!("{}: {name}", lang.pick("用户", "user")));
    output::line(&format!("{}: {password}", lang.pick("一次性密码", "one-time password")));
}
