//! Files that the user names. Those of settings and secrets are regular files of a bounded size: a
//! pipe or a device may have no end, and may keep the program waiting for its beginning.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Where the text of a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file on a disk.
    Regular,
    /// A pipe that the shell has opened, such as its `<(…)`; opening it again waits for nothing.
    OpenPipe,
    /// A pipe that has to be opened, or a device.
    Other,
}

/// What kind of file a path names. It is looked at before it is opened: to open a pipe by its name
/// waits for its writer.
///
/// # Errors
/// Why it cannot be read, fit to follow "failed to read …: ".
pub(crate) fn source(path: &Path) -> Result<Source, String> {
    let kind = fs::metadata(path).map_err(|error| error.to_string())?;
    if kind.is_dir() {
        return Err("that is a folder; name a file in it".to_owned());
    }
    if kind.is_file() {
        return Ok(Source::Regular);
    }
    let of_shell = ["/dev/fd", "/proc/self/fd", "/dev/stdin"];
    if is_pipe(&kind) && of_shell.iter().any(|it| path.starts_with(it)) {
        return Ok(Source::OpenPipe);
    }
    Ok(Source::Other)
}

#[cfg(unix)]
fn is_pipe(kind: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;

    kind.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_pipe(_: &fs::Metadata) -> bool {
    false
}

/// Reads a text file of at most `most` bytes, without a byte order mark.
///
/// # Errors
/// Why it cannot be read, fit to follow "failed to read …: ". The text of the file is not quoted.
pub(crate) fn read(path: &Path, most: u64) -> Result<String, String> {
    match source(path)? {
        Source::Regular => {}
        Source::OpenPipe | Source::Other => {
            return Err("that is a pipe or a device; name a regular file".to_owned());
        }
    }
    let mut bytes = Vec::new();
    // What the system says of the size may be wrong, as under /proc.
    File::open(path)
        .and_then(|file| file.take(most + 1).read_to_end(&mut bytes))
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "it is longer than {most} bytes; is it the right file?"
        ));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_text_file_is_read_without_its_byte_order_mark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read_of = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            read(&path, 10)
        };
        assert_eq!(read_of(b"\xef\xbb\xbfs3cr3t\n"), Ok("s3cr3t\n".to_owned()));
        assert_eq!(read_of(b"0123456789"), Ok("0123456789".to_owned()));
        let long = read_of(b"0123456789a").unwrap_err();
        assert_eq!(long, "it is longer than 10 bytes; is it the right file?");
        assert_eq!(read_of(b"s\xff").unwrap_err(), "it is not UTF-8 text");
        let is_folder = read(folder.path(), 10).unwrap_err();
        assert_eq!(is_folder, "that is a folder; name a file in it");
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_refused_without_waiting_for_them() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        for path in [pipe.as_path(), Path::new("/dev/zero")] {
            let refused = read(path, 10).unwrap_err();
            assert_eq!(refused, "that is a pipe or a device; name a regular file");
        }
    }
}
