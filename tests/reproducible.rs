//! The same profile gives the same bytes and modes: whatever the umask, time
//! zone, locale, user, folder, or the age of the data files.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const PROFILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/example.toml");

/// Path, mode and bytes of every file; a link's target for its bytes. Folders
/// are left out: they are the reader's own, with the reader's umask.
type Tree = BTreeMap<PathBuf, (u32, Vec<u8>)>;

fn tree(folder: &Path) -> Tree {
    fn walk(folder: &Path, base: &Path, out: &mut Tree) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(base).unwrap().to_owned();
            if meta.is_symlink() {
                let target = fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
                out.insert(name, (0o777, target));
            } else if meta.is_dir() {
                walk(&path, base, out);
            } else {
                out.insert(name, (meta.permissions().mode(), fs::read(&path).unwrap()));
            }
        }
    }
    let mut out = Tree::new();
    walk(folder, folder, &mut out);
    out
}

/// Renders the example by the program itself, with a shell's `umask` and the given environment.
fn render(umask: &str, cwd: &Path, environment: &[(&str, &str)], output: &str, more: &[&str]) -> Tree {
    let mut command = Command::new("sh");
    command.args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask]);
    command.args([env!("CARGO_BIN_EXE_onegpu"), "render", PROFILE, "--distro", "debian", "-o", output]);
    let done = command.args(more).envs(environment.iter().copied()).current_dir(cwd).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    tree(&cwd.join(output))
}

/// Asserts sameness file by file: a whole tree in a message helps nobody.
fn assert_same(one: &Tree, other: &Tree) {
    assert!(one.keys().eq(other.keys()), "other files: {:?} {:?}", one.keys(), other.keys());
    for (path, (mode, bytes)) in one {
        let (other_mode, other_bytes) = &other[path];
        assert_eq!(format!("{mode:o}"), format!("{other_mode:o}"), "mode of {}", path.display());
        assert!(bytes == other_bytes, "bytes of {}", path.display());
    }
}

#[test]
fn umask_time_zone_locale_user_and_folder_change_nothing() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = render("022", one.path(), &[("TZ", "UTC"), ("LC_ALL", "C")], "out", &[]);
    assert!(plain.len() > 10, "{:?}", plain.keys());
    let odd = [
        ("TZ", "Pacific/Kiritimati"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("LANG", "de_DE"),
        ("HOME", "/nonexistent"),
        ("USER", "somebody-else"),
        ("HOSTNAME", "elsewhere"),
        ("RAYON_NUM_THREADS", "1"),
        ("SOURCE_DATE_EPOCH", "1"),
    ];
    assert_same(&plain, &render("077", other.path(), &odd, "deep/er/out", &[]));
    assert_same(&plain, &render("000", other.path(), &odd, "again", &[]));
    assert_same(&plain, &render("022", one.path(), &[], "out", &[]));
}

#[test]
fn data_files_of_another_age_and_place_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let plain = render("022", folder.path(), &[], "plain", &[]);
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A copy has today's time stamps, as after `touch`.
    let from = [source.join("templates"), source.join("distros")];
    fs_extra::copy_items(&from, &data, &fs_extra::dir::CopyOptions::new()).unwrap();
    let more = ["--data-dir", data.to_str().unwrap()];
    assert_same(&plain, &render("022", folder.path(), &[], "copied", &more));
    // The copy was really read.
    let template = data.join("templates/review/packages.txt");
    fs::write(&template, "other\n").unwrap();
    let changed = render("022", folder.path(), &[], "changed", &more);
    assert_eq!(changed[Path::new("packages.txt")].1, b"other\n");
}
