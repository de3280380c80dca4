//! What the tests with real clients share: a key that gpg holds, a repository that onegpu
//! wrote, a server on loopback, and bytes that change on the way.

#![allow(dead_code, reason = "each client's test takes what it needs")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use onegpu::data::EXAMPLE_PROFILE;

/// The machine's name in all tests.
pub const MACHINE: &str = "attic";
/// What is installed.
pub const PACKAGES: [&str; 2] = ["onegpu-host", "onegpu-guest-win11"];

/// A repository below a folder, and the key that it is signed with.
pub struct Repository {
    home: tempfile::TempDir,
    root: PathBuf,
    profile: PathBuf,
}

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--homedir"])
            .arg(self.home.path())
            .args(["--kill", "all"])
            .status();
    }
}

impl Repository {
    /// In `folder`, whose `repo` it is; others than the owner have to be able to read it.
    pub fn new(folder: &Path) -> Self {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
        let home = tempfile::tempdir().unwrap();
        let repository =
            Self { home, root: folder.join("repo"), profile: folder.join(format!("{MACHINE}.toml")) };
        repository.write_profile(1);
        let key = ["--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "test@example.org"];
        ran(repository.gpg().args(key).args(["rsa3072", "sign", "never"]));
        repository
    }

    /// Where the repositories lie.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The machine's on this distro.
    pub fn of(&self, distro: &str) -> PathBuf {
        self.root.join(MACHINE).join(distro)
    }

    /// A profile whose packages need nothing that Debian's root for tests has not.
    pub fn write_profile(&self, revision: u32) {
        let plain = EXAMPLE_PROFILE.replace("audio = \"pipewire\"", "audio = \"none\"");
        let (before, after) = plain.split_once("[[guest]]").unwrap();
        fs::write(&self.profile, format!("{before}[package]\nrevision = {revision}\n\n[[guest]]{after}"))
            .unwrap();
    }

    /// Packages for `distro` go into it.
    pub fn publish(&self, distro: &str, url: Option<&str>, signed: bool) -> String {
        let mut command = self.onegpu();
        command.arg("package").arg(&self.profile).args(["--distro", distro, "--repo"]).arg(&self.root);
        command.args(url.iter().flat_map(|url| ["--url", url]));
        command.args(signed.then_some(["--key", "test@example.org"]).iter().flatten());
        ran(&mut command)
    }

    /// The program, which finds the key.
    pub fn onegpu(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        command.env("GNUPGHOME", self.home.path());
        command
    }

    pub fn gpg(&self) -> Command {
        let mut command = Command::new("gpg");
        command.env("GNUPGHOME", self.home.path());
        command
    }

    pub fn fingerprint(&self) -> String {
        let list = ran(self.gpg().args(["--with-colons", "--list-secret-keys"]));
        list.lines()
            .find_map(|line| line.strip_prefix("fpr:::::::::"))
            .unwrap()
            .trim_end_matches(':')
            .to_owned()
    }

    /// Both ways to it: what the client's file says, and how it is called.
    pub fn ways(&self) -> [(&'static str, Option<String>); 2] {
        [("file", None), ("http", Some(serve(&self.root)))]
    }
}

/// One file of a folder whose name ends so.
pub fn named(folder: &Path, ending: &str) -> PathBuf {
    let mut found: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false if path.to_string_lossy().ends_with(ending) => found.push(path),
                false => {}
            }
        }
    }
    assert_eq!(found.len(), 1, "{ending}: {found:?}");
    found.remove(0)
}

/// Changes one bit, `part` of the way into the file, as long as `during` lasts.
pub fn spoiled<T>(path: &Path, part: f64, during: impl FnOnce() -> T) -> T {
    let good = fs::read(path).unwrap();
    let mut bad = good.clone();
    let at = ((good.len() - 1) as f64 * part) as usize;
    // Not a line's end, which text signatures do not count, nor the one that fills up an `ar`: what is next.
    let counts = |at: &usize| good[*at] != b'\n';
    let at = (at..good.len()).find(counts).or_else(|| (0..at).rfind(counts)).unwrap();
    bad[at] ^= 1;
    fs::write(path, bad).unwrap();
    let out = during();
    fs::write(path, good).unwrap();
    out
}

/// Runs a command that has to succeed; what it said.
pub fn ran(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(out.status.success(), "{command:?}: {}", text(&out));
    text(&out)
}

/// Runs a command that has to fail; what it said.
pub fn refused(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(!out.status.success(), "{command:?} took it: {}", text(&out));
    assert_ne!(out.status.code(), Some(124), "{command:?} hangs: {}", text(&out));
    text(&out)
}

pub fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// Serves a folder over HTTP on loopback until the test ends; its address.
pub fn serve(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = folder.to_path_buf();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let folder = folder.clone();
            std::thread::spawn(move || answer(&folder, &stream));
        }
    });
    url
}

/// Answers the requests of one connection.
fn answer(folder: &Path, mut stream: &TcpStream) {
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(request)) = lines.next() {
        let mut since = None;
        for header in lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            if let Some((name, value)) = header.split_once(": ")
                && name.eq_ignore_ascii_case("if-modified-since")
            {
                since = httpdate::parse_http_date(value).ok();
            }
        }
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or("/"));
        let path = percent_encoding::percent_decode_str(path.trim_start_matches('/'))
            .decode_utf8_lossy()
            .into_owned();
        let path = folder.join(path);
        let (status, body, time) = match (fs::read(&path), path.metadata().and_then(|meta| meta.modified())) {
            (Ok(_), Ok(time)) if since.is_some_and(|since| time <= since) => {
                ("304 Not Modified", Vec::new(), Some(time))
            }
            (Ok(body), Ok(time)) => ("200 OK", body, Some(time)),
            _ => ("404 Not Found", Vec::new(), None),
        };
        let modified = time
            .map_or(String::new(), |time| format!("Last-Modified: {}\r\n", httpdate::fmt_http_date(time)));
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n{modified}\r\n", body.len());
        let body = if method == "HEAD" { &[][..] } else { &body };
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_err() {
            return;
        }
    }
}
