//! Who runs this, for the journal: the user who logged in, whose rights they work with, and where they came from.

use std::path::Path;

/// What the operating system says.
#[derive(Clone, Debug, Default)]
struct Facts {
    /// The user whose rights these are.
    user: String,
    /// The user who logged in, which `su` and `sudo` do not change (proc(5), `loginuid`).
    login: Option<String>,
    /// Who called `sudo`.
    sudo: Option<String>,
    /// Where the SSH connection comes from.
    peer: Option<String>,
}

/// Who runs this: `lena`, `lena as root (sudo) from 10.1.2.3`.
pub fn who() -> String {
    let uid = rustix::process::getuid().as_raw();
    let said = || ["LOGNAME", "USER"].iter().find_map(|name| std::env::var(name).ok());
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let login = std::fs::read_to_string("/proc/self/loginuid").ok().and_then(|text| text.trim().parse().ok());
    describe(&Facts {
        // The environment can say anything; it is asked only where the number has no name on this host.
        user: named(&passwd, uid).or_else(said).unwrap_or_else(|| format!("uid {uid}")),
        login: login.filter(|login| *login != u32::MAX).map(|login| {
            let env = (login == uid).then(said).flatten();
            named(&passwd, login).or(env).unwrap_or_else(|| format!("uid {login}"))
        }),
        sudo: std::env::var("SUDO_USER").ok(),
        peer: peer(),
    })
}

fn describe(facts: &Facts) -> String {
    let mut said = match (&facts.sudo, &facts.login) {
        (Some(by), Some(login)) if login != by && login != &facts.user => {
            format!("{login} as {} (sudo by {by})", facts.user)
        }
        (Some(by), _) if *by != facts.user => format!("{by} as {} (sudo)", facts.user),
        (_, Some(login)) if *login != facts.user => format!("{login} as {}", facts.user),
        _ => facts.user.clone(),
    };
    if let Some(peer) = &facts.peer {
        said.push_str(" from ");
        said.push_str(peer);
    }
    said
}

/// The name of a user (passwd(5)).
fn named(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// Where the SSH connection comes from. `sudo` clears the environment, so the processes above are asked as well.
fn peer() -> Option<String> {
    let own = ["SSH_CONNECTION", "SSH_CLIENT"].iter().find_map(|name| std::env::var(name).ok());
    own.as_deref().and_then(first_word).or_else(|| above(std::os::unix::process::parent_id()))
}

fn above(mut pid: u32) -> Option<String> {
    // Session, shell, sudo, perhaps tmux: more are not looked through.
    for _ in 0..16 {
        if pid <= 1 {
            return None;
        }
        let proc = Path::new("/proc").join(pid.to_string());
        if let Ok(environment) = std::fs::read(proc.join("environ"))
            && let Some(peer) = in_environment(&environment)
        {
            return Some(peer);
        }
        // Field 4 of stat(5); the name in field 2 may hold blanks and brackets.
        let stat = std::fs::read_to_string(proc.join("stat")).ok()?;
        pid = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
    }
    None
}

fn in_environment(environment: &[u8]) -> Option<String> {
    let value = environment.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(b"SSH_CONNECTION="))?;
    first_word(std::str::from_utf8(value).ok()?)
}

fn first_word(text: &str) -> Option<String> {
    text.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(user: &str, login: Option<&str>, sudo: Option<&str>, peer: Option<&str>) -> String {
        let own = |text: Option<&str>| text.map(str::to_owned);
        describe(&Facts { user: user.into(), login: own(login), sudo: own(sudo), peer: own(peer) })
    }

    #[test]
    fn who_is_at_work_is_told_behind_sudo_and_su() {
        assert_eq!(facts("lena", Some("lena"), None, None), "lena");
        assert_eq!(facts("lena", None, None, Some("10.1.2.3")), "lena from 10.1.2.3");
        assert_eq!(facts("root", Some("lena"), Some("lena"), Some("::1")), "lena as root (sudo) from ::1");
        assert_eq!(facts("ops", Some("lena"), None, None), "lena as ops", "su tells nobody, the kernel does");
        assert_eq!(facts("root", Some("lena"), Some("ops"), None), "lena as root (sudo by ops)");
    }

    #[test]
    fn names_and_addresses_are_read_as_the_system_writes_them() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nlena:x:1000:1000::/home/lena:/bin/sh\n";
        assert_eq!((named(passwd, 1000).as_deref(), named(passwd, 7)), (Some("lena"), None));
        assert_eq!(in_environment(b"A=1\0SSH_CONNECTION=10.1.2.3 55 10.0.0.1 22\0B=2").as_deref(), Some("10.1.2.3"));
        assert_eq!(in_environment(b"A=1\0"), None);
    }
}
