//! `trueup man`: the man page, from the same definitions as `--help`.

use anyhow::bail;
use clap::CommandFactory;
use clap_mangen::Man;

use super::{Cli, Exit, out};

/// What `--help` has no room for.
const MORE: &str = "\
.SH FILES
.TP
.I trueup.toml
The configuration: the current directory's, else the one in your configuration directory (usually ~/.config/trueup). See
.BR \"trueup help config\" .
.TP
.I keys.toml, themes/*.toml, connectors/*.toml
In the configuration directory: your own keys, looks and connectors.
.TP
.I journal.db
In the state directory (usually ~/.local/state/trueup): what was intended and what came of it, links, staged changes.
.SH ENVIRONMENT
.TP
.B TRUEUP_CONFIG, TRUEUP_DATA_DIR, TRUEUP_LANGUAGE
As --config, --data-dir and --language.
.TP
.B NO_COLOR
Where it is set, no colours are used unless a theme is asked for.
.TP
.B LC_ALL, LC_MESSAGES, LANG
The language of the screen where nothing else says it.
.SH EXIT STATUS
0 all true, 1 something out of true, 2 wrong usage or configuration, 3 a system could not be read completely, 4 a push did
not fully succeed or was refused. See
.BR \"trueup help exit\" .
.SH SEE ALSO
.BR \"trueup help\" ,
.BR \"trueup demo\"
";

/// Prints the man page of the program, or of one command.
///
/// # Errors
/// When there is no such command.
pub fn run(name: Option<&str>) -> anyhow::Result<Exit> {
    let page = page(name)?;
    out::text(&String::from_utf8_lossy(&page))?;
    Ok(Exit::True)
}

fn page(name: Option<&str>) -> anyhow::Result<Vec<u8>> {
    let mut whole = Cli::command();
    whole.build();
    let mut page = Vec::new();
    let Some(name) = name else {
        let man = Man::new(whole);
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        man.render_subcommands_section(&mut page)?;
        page.extend_from_slice(MORE.as_bytes());
        return Ok(page);
    };
    let Some(command) = whole.find_subcommand(name) else {
        bail!("there is no command `{name}`; `trueup --help` lists them");
    };
    Man::new(command.clone()).title(format!("trueup-{name}")).render(&mut page)?;
    Ok(page)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_page_has_its_sections_and_every_command() {
        let page = String::from_utf8(page(None).unwrap()).unwrap();
        for section in
            ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "SUBCOMMANDS", "FILES", "ENVIRONMENT", "EXIT STATUS"]
        {
            let quoted = page.contains(&format!(".SH \"{section}\""));
            assert!(quoted || page.contains(&format!(".SH {section}\n")), "{section}");
        }
        for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            assert!(page.contains(command.get_name()), "{}", command.get_name());
        }
        assert!(super::page(Some("push")).is_ok() && super::page(Some("nothing")).is_err());
    }
}
