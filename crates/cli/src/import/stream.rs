//! A list that comes through a pipe: put aside in a file that has no name, so that it can be
//! checked before it is used. What never ends a record is refused, and not put aside for ever.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use super::json::{Elements, Trouble};
use super::{Kind, LOOKED_AT, MAX_LINE, skip_byte_order_mark};

/// Reads a list to its end, or says why that cannot be done.
pub(super) fn put_aside(mut input: impl Read) -> Result<(File, Kind), String> {
    let failed = |error: io::Error| error.to_string();
    let mut start = Vec::new();
    let looked_at = input.by_ref().take(LOOKED_AT as u64);
    { looked_at }.read_to_end(&mut start).map_err(failed)?;
    let kind = Kind::of(&start)?;
    let mut file = tempfile::tempfile().map_err(failed)?;
    let copied = Copied {
        input: start.chain(input),
        file: &file,
    };
    let mut reader = BufReader::with_capacity(LOOKED_AT, copied);
    match kind {
        Kind::Csv { line_end } => lines(reader, line_end)?,
        Kind::Ndjson => lines(reader, b'\n')?,
        Kind::JsonArray => {
            skip_byte_order_mark(&mut reader).map_err(failed)?;
            elements(Elements::new(reader))?;
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok((file, kind))
}

/// Writes what it reads.
struct Copied<'a, R> {
    input: R,
    file: &'a File,
}

impl<R: Read> Read for Copied<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.file.write_all(&buffer[..length])?;
        Ok(length)
    }
}

fn lines(mut reader: impl BufRead, end: u8) -> Result<(), String> {
    let (mut line, mut length) = (1_u64, 0);
    loop {
        let ready = match reader.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(ready) => ready,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.to_string()),
        };
        let ended = ready.iter().position(|it| *it == end);
        let part = ended.map_or(ready.len(), |at| at + 1);
        reader.consume(part);
        length += part;
        if length > MAX_LINE {
            return Err(format!("line {line}: is longer than 1 MiB"));
        }
        if ended.is_some() {
            (line, length) = (line + 1, 0);
        }
    }
}

fn elements<R: BufRead>(mut elements: Elements<R>) -> Result<(), String> {
    loop {
        match elements.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(problem) => match problem.trouble {
                // The same will be met when the list is read, and named as for any other list.
                Trouble::Syntax => return Ok(()),
                Trouble::Stream => {
                    return Err(format!("line {}: {}", problem.line, problem.problem));
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Repeats a byte for ever, and fails the test when much more is read than is needed to refuse it.
    struct Endless {
        byte: u8,
        left: usize,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(self.byte);
            self.left = self.left.checked_sub(buffer.len()).unwrap();
            Ok(buffer.len())
        }
    }

    #[test]
    fn a_line_or_an_element_that_never_ends_is_refused_with_its_line() {
        let row = "account,order,created_at,amount,currency\n";
        for (start, byte, said) in [
            ("", 0, "line 1: is longer than 1 MiB"),
            (row, b'x', "line 2: is longer than 1 MiB"),
            ("a,b\rc,d\r", b'x', "line 3: is longer than 1 MiB"),
            ("{}\n{}\n", b' ', "line 3: is longer than 1 MiB"),
            (
                "[\n{\"order\": \"",
                b'x',
                "line 2: an element begins here and is longer than 1 MiB",
            ),
            (
                "\u{feff}[{},\n",
                b' ',
                "line 1: more than 1 MiB of blanks come after this",
            ),
        ] {
            let endless = Endless {
                byte,
                left: 4 * MAX_LINE,
            };
            let refused = put_aside(start.as_bytes().chain(endless)).unwrap_err();
            assert_eq!(refused, said, "{start:?}");
        }
    }

    #[test]
    fn all_of_a_list_that_ends_is_put_aside_as_it_came() {
        let long_array = format!("\u{feff}[{}{{}}]\n", "{},".repeat(2 * MAX_LINE / 3));
        let long_csv = "account,order\n".repeat(MAX_LINE / 7);
        for list in [long_array.as_str(), &long_csv, "{}\n{}", "[{}", "[{}] x"] {
            let (mut file, _) = put_aside(list.as_bytes()).unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert!(text == list, "{} of {}", text.len(), list.len());
        }
    }
}
