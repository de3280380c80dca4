//! `cargo xtask new-distro`: the smallest file that works, and its test cells.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use onegpu::data::DataDirs;
use onegpu::diag::{Diagnostic, Result};
use onegpu::distro::Distro;
use toml::Value;

use crate::check_distros;
use crate::golden::Golden;
use crate::process::{failure, root};

/// Make distros/ID.toml for a distro that is like another, and its test cells
#[derive(Args)]
pub struct NewDistro {
    /// ID of its /etc/os-release
    #[arg(value_parser = id)]
    id: String,
    /// The distro that it is like: the first of its ID_LIKE that has a file
    #[arg(long, value_name = "ID")]
    like: String,
    /// NAME of its /etc/os-release [default: ID with a capital letter]
    #[arg(long)]
    name: Option<String>,
    /// Write the file only; its cells come with `cargo xtask golden --regenerate`
    #[arg(long)]
    only_file: bool,
}

/// os-release(5): lower-case letters, digits, `.`, `_` and `-`.
fn id(text: &str) -> std::result::Result<String, String> {
    let fine = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    match text.bytes().all(fine) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        true => Ok(text.to_owned()),
        false => Err("an ID of os-release is of a-z 0-9 . _ - and begins with a letter or digit".into()),
    }
}

impl NewDistro {
    pub fn run(self) -> Result<ExitCode> {
        let path = root().join("distros").join(format!("{}.toml", self.id));
        self.write(root(), &path)?;
        if check_distros::run()? != ExitCode::SUCCESS {
            fs::remove_file(&path).map_err(failure)?;
            return Err(Diagnostic::machine(format!("{} was taken back", path.display())));
        }
        println!("wrote distros/{}.toml", self.id);
        if !self.only_file {
            Golden::anew()?;
        }
        println!(
            "\nNow say in it what differs from {like}, each value with its source (distros/README.md), then\n  \
             cargo xtask check-distros\n  cargo xtask golden --regenerate\n  \
             cargo run -- render templates/example.toml --distro {id} -o out",
            like = self.like,
            id = self.id
        );
        Ok(ExitCode::SUCCESS)
    }

    fn write(&self, root: &Path, path: &Path) -> Result<()> {
        // The checkout's own files decide, not those that are built into this program.
        let parent = Distro::load(&DataDirs::only(Some(root)), &self.like)?;
        if path.exists() {
            return Err(Diagnostic::input(format!("distros/{}.toml is there already", self.id)));
        }
        let text = text(&self.id, self.name.as_deref(), &self.like, &parent.name);
        fs::write(path, text).map_err(failure)
    }
}

fn text(id: &str, name: Option<&str>, like: &str, parent: &str) -> String {
    let mut chars = id.chars();
    let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    let word = |text: &str| Value::String(text.to_owned()).to_string();
    let (name, parent) = (name.unwrap_or(&capital), parent.replace(char::is_control, " "));
    format!(
        "# [own] so far, nothing is known to differ from {parent}\nid = {}\nname = {}\nlike = {}\n\
         tested = \"rendered\"\n",
        word(id),
        word(name),
        word(like)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(id: &str, like: &str, name: Option<&str>) -> Result<Distro> {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("distros")).unwrap();
        let path = dir.path().join(format!("distros/{id}.toml"));
        let new =
            NewDistro { id: id.into(), like: like.into(), name: name.map(str::to_owned), only_file: true };
        new.write(dir.path(), &path)?;
        assert!(new.write(dir.path(), &path).is_err(), "a file is not replaced");
        Distro::load(&DataDirs::only(Some(dir.path())), id)
    }

    #[test]
    fn the_file_is_a_distro() {
        let distro = made("garuda", "arch", Some("Garuda \"Linux\"\n")).unwrap();
        assert_eq!((distro.id.as_str(), distro.family.as_str()), ("garuda", "arch"));
        assert_eq!(distro.name, "Garuda \"Linux\"\n");
        assert_eq!(made("tuxedo", "ubuntu", None).unwrap().name, "Tuxedo");
        assert!(made("garuda", "no-such", None).is_err());
    }

    #[test]
    fn an_id_is_one_of_os_release() {
        assert!(id("opensuse-tumbleweed").is_ok() && id("7os").is_ok());
        for bad in ["", "../arch", "Arch", "a b", ".x", "-x"] {
            assert!(id(bad).is_err(), "{bad}");
        }
    }
}
