//! The project's own files as the house rules see them: read once, without git, because a fresh machine may have none.

use std::fs;
use std::path::Path;

use crate::source;

/// Every file of the project, generated folders apart.
#[derive(Debug, Default)]
pub(crate) struct Files(Vec<File>);

/// One file, with its path from the root of the project, separated by `/`.
#[derive(Debug)]
pub(crate) struct File {
    /// Path from the root.
    pub(crate) path: String,
    /// The text; empty where the file is not UTF-8.
    pub(crate) text: String,
    /// For Rust, the text without comments and literals; empty otherwise.
    pub(crate) code: String,
    /// Whether its owner may run it.
    pub(crate) executable: bool,
    test_module: bool,
}

impl Files {
    /// Reads the project below `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let mut files = Vec::new();
        for path in paths(root)? {
            let full = root.join(&path);
            let bytes = fs::read(&full).map_err(|error| format!("cannot read {path}: {error}"))?;
            let text = String::from_utf8(bytes).unwrap_or_default();
            files.push(File {
                executable: is_executable(&full),
                ..File::new(&path, &text)
            });
        }
        Ok(Self::new(files))
    }

    fn new(mut files: Vec<File>) -> Self {
        let modules: Vec<String> = files
            .iter()
            .flat_map(File::test_modules_elsewhere)
            .collect();
        for file in &mut files {
            file.test_module = modules
                .iter()
                .any(|module| is_in_module(&file.path, module));
        }
        Self(files)
    }

    /// All of them, by path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &File> {
        self.0.iter()
    }

    /// The Rust sources.
    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.iter().filter(|file| file.is_rust())
    }

    /// The manifests of the members, as against the one at the root.
    pub(crate) fn member_manifests(&self) -> impl Iterator<Item = &File> {
        self.iter()
            .filter(|file| file.path.ends_with("/Cargo.toml") && file.member().is_some())
    }

    /// The file at `path`, if there is one.
    pub(crate) fn get(&self, path: &str) -> Option<&File> {
        self.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file or a folder of the project.
    pub(crate) fn exists(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        path.is_empty()
            || self
                .iter()
                .any(|file| file.path == path || file.path.starts_with(&folder))
    }

    /// A project made up for a test.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self::new(
            files
                .iter()
                .map(|(path, text)| File::new(path, text))
                .collect(),
        )
    }
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        let rust = Path::new(path)
            .extension()
            .is_some_and(|extension| extension == "rs");
        Self {
            path: path.to_owned(),
            code: if rust {
                source::code_only(text)
            } else {
                String::new()
            },
            text: text.to_owned(),
            executable: false,
            test_module: false,
        }
    }

    /// Whether this is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.has_extension("rs")
    }

    /// Whether the path ends in `.extension`.
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|own| own == extension)
    }

    /// The member it belongs to: `core` for `crates/core/…`, `xtask` for `xtask/…`.
    pub(crate) fn member(&self) -> Option<&str> {
        let (top, rest) = self.path.split_once('/')?;
        match top {
            "crates" => rest.split_once('/').map(|(member, _)| member),
            "xtask" => Some(top),
            _ => None,
        }
    }

    /// Whether the whole file is there for tests, or shows how the crate is used.
    pub(crate) fn is_test(&self) -> bool {
        self.test_module
            || self
                .path
                .split('/')
                .any(|part| matches!(part, "tests" | "tests.rs" | "benches" | "examples"))
    }

    /// Whether a program wrote it, as its first comment then says.
    pub(crate) fn is_generated(&self) -> bool {
        let comment = self.text.lines().take_while(|line| line.starts_with("//"));
        comment
            .into_iter()
            .any(|line| line.to_lowercase().contains("do not edit by hand"))
    }

    /// The code that goes into the crate as others use it: tests are left out, lines stay where they are.
    pub(crate) fn shipped_code(&self) -> String {
        if self.is_test() {
            return String::new();
        }
        let mask = source::test_lines(&self.code);
        self.code
            .lines()
            .zip(mask)
            .map(|(line, test)| {
                if test {
                    "\n".to_owned()
                } else {
                    format!("{line}\n")
                }
            })
            .collect()
    }

    /// Where the modules live that this file declares for tests only, without the ending `.rs`.
    fn test_modules_elsewhere(&self) -> Vec<String> {
        let stem = self.path.trim_end_matches(".rs");
        let base = match stem.rsplit_once('/') {
            Some((folder, "lib" | "main" | "mod")) => folder,
            Some(_) | None => stem,
        };
        source::test_modules_elsewhere(&self.code)
            .iter()
            .map(|name| format!("{base}/{name}"))
            .collect()
    }
}

fn is_in_module(path: &str, module: &str) -> bool {
    path.strip_prefix(module)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

/// The paths of all files below `root`, sorted; build output, version control and editors' folders are not ours.
pub(crate) fn paths(root: &Path) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let at = root.join(&folder);
        let entries =
            fs::read_dir(&at).map_err(|error| format!("cannot list {}: {error}", at.display()))?;
        for entry in entries {
            let entry = entry.map_err(|error| format!("cannot list {}: {error}", at.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry
                .file_type()
                .map_err(|error| format!("cannot look at {name}: {error}"))?;
            let path = if folder.is_empty() {
                name.clone()
            } else {
                format!("{folder}/{name}")
            };
            if kind.is_dir() && !matches!(name.as_str(), "target" | ".git" | ".idea" | ".vscode") {
                folders.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0)
}

/// Elsewhere there is no such bit to lose.
#[cfg(not(unix))]
fn is_executable(_path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_knows_its_member() {
        let files = Files::of(&[
            ("crates/core/src/lib.rs", ""),
            ("xtask/src/main.rs", ""),
            ("README.md", ""),
        ]);
        let members: Vec<_> = files.iter().map(File::member).collect();
        assert_eq!(members, [Some("core"), Some("xtask"), None]);
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_tests() {
        let files = Files::of(&[
            ("crates/a/src/lib.rs", "#[cfg(test)]\nmod fake;\nmod real;"),
            ("crates/a/src/fake.rs", ""),
            ("crates/a/src/fake/deep.rs", ""),
            ("crates/a/src/real.rs", "#[cfg(test)]\nmod inner;"),
            ("crates/a/src/real/inner.rs", ""),
            ("crates/a/tests/it/main.rs", ""),
        ]);
        let tests: Vec<_> = files.iter().map(File::is_test).collect();
        assert_eq!(tests, [false, true, true, false, true, true]);
    }

    #[test]
    fn shipped_code_has_neither_tests_nor_comments() {
        let files = Files::of(&[(
            "src/a.rs",
            "//! a\nfn a() {}\n#[cfg(test)]\nmod tests {\n}\n",
        )]);
        let shipped = files.get("src/a.rs").unwrap().shipped_code();
        assert_eq!(shipped.trim(), "fn a() {}");
        assert_eq!(shipped.lines().count(), 5);
    }

    #[test]
    fn folders_exist_like_files() {
        let files = Files::of(&[("docs/design.md", "")]);
        assert!(files.exists("docs") && files.exists("docs/") && files.exists("docs/design.md"));
        assert!(!files.exists("doc") && !files.exists("docs/other.md"));
    }

    #[test]
    fn build_output_is_not_read() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("target/debug")).unwrap();
        fs::create_dir_all(root.path().join("docs")).unwrap();
        fs::write(root.path().join("target/debug/x.rs"), "").unwrap();
        fs::write(root.path().join("docs/a.md"), "").unwrap();
        assert_eq!(paths(root.path()).unwrap(), ["docs/a.md"]);
    }
}
