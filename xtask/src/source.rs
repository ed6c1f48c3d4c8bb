//! Reads Rust source just far enough for the house rules: what is code, what is comment or text,
//! and which lines are compiled only for tests. It is not a parser and does not try to be one.

/// The source with comments, strings and character literals replaced by spaces; lines stay where they are.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let length = blank_length(&chars, at);
        if length == 0 {
            code.push(chars[at]);
            at += 1;
            continue;
        }
        let end = (at + length).min(chars.len());
        code.extend(
            chars[at..end]
                .iter()
                .map(|&c| if c == '\n' { '\n' } else { ' ' }),
        );
        at = end;
    }
    code
}

/// For each line of `code` (see [`code_only`]), whether it belongs to an item under `#[cfg(test)]`.
pub(crate) fn test_lines(code: &str) -> Vec<bool> {
    let mut mask = vec![false; code.lines().count()];
    for start in test_attributes(code) {
        let end = item_end(code, start);
        let first = line_index(code, start);
        for line in mask.iter_mut().take(line_index(code, end) + 1).skip(first) {
            *line = true;
        }
    }
    mask
}

/// The names of modules declared as `#[cfg(test)] mod NAME;`, whose code lives in a file of its own.
pub(crate) fn test_modules_elsewhere(code: &str) -> Vec<String> {
    test_attributes(code)
        .filter_map(|start| {
            let item = code.get(start..=item_end(code, start))?;
            let (_, name) = item.strip_suffix(';')?.rsplit_once("mod ")?;
            Some(name.trim().to_owned())
        })
        .collect()
}

/// The lines, counted from one, on which `needle` stands in `code` as whole words.
pub(crate) fn lines_with(code: &str, needle: &str) -> Vec<usize> {
    let mut lines: Vec<usize> = code
        .match_indices(needle)
        .filter(|&(at, _)| stands_alone(code, at, needle))
        .map(|(at, _)| line_index(code, at) + 1)
        .collect();
    lines.dedup();
    lines
}

/// Whether `needle` stands in `code` as a whole word.
pub(crate) fn has_word(code: &str, needle: &str) -> bool {
    !lines_with(code, needle).is_empty()
}

/// What stands between the parentheses of every `name(…)` in `code`, with the line each opens on, counted from one.
pub(crate) fn arguments_of<'a>(code: &'a str, name: &str) -> Vec<(usize, &'a str)> {
    code.match_indices(name)
        .filter(|&(at, _)| stands_alone(code, at, name))
        .filter_map(|(at, _)| {
            let inside = code[at + name.len()..].strip_prefix('(')?;
            Some((
                line_index(code, at) + 1,
                &inside[..closing(inside, '(', ')')],
            ))
        })
        .collect()
}

fn test_attributes(code: &str) -> impl Iterator<Item = usize> {
    code.match_indices("#[cfg(")
        .filter(|&(at, opening)| is_test_only(&code[at + opening.len()..]))
        .map(|(at, _)| at)
}

/// Whether a condition holds in tests only: `test` alone, or as one of several that must all hold.
fn is_test_only(condition: &str) -> bool {
    let condition = &condition[..closing(condition, '(', ')')];
    let parts = condition.strip_prefix("all(").unwrap_or(condition);
    parts
        .split(',')
        .any(|part| part.trim().trim_end_matches(')') == "test")
        && !condition.starts_with("any(")
}

/// Where the item whose attributes start at `start` ends: at its closing brace, or at its semicolon.
fn item_end(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, character) in code[start..].char_indices() {
        let at = start + offset;
        match character {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return at,
            '{' if depth == 0 => return at + 1 + closing(&code[at + 1..], '{', '}'),
            _ => {}
        }
    }
    code.len().saturating_sub(1)
}

/// How far into `inside` the bracket closes that was opened just before it.
fn closing(inside: &str, open: char, close: char) -> usize {
    let mut depth = 1_usize;
    for (at, character) in inside.char_indices() {
        if character == open {
            depth += 1;
        } else if character == close {
            depth -= 1;
            if depth == 0 {
                return at;
            }
        }
    }
    inside.len()
}

fn stands_alone(code: &str, at: usize, needle: &str) -> bool {
    let part_of_name = |c: Option<char>| c.is_some_and(is_name);
    let before = part_of_name(code[..at].chars().next_back()) && needle.starts_with(is_name);
    let after = part_of_name(code[at + needle.len()..].chars().next()) && needle.ends_with(is_name);
    !before && !after
}

fn is_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn line_index(code: &str, at: usize) -> usize {
    code[..at.min(code.len())].matches('\n').count()
}

/// How many characters from `at` on are comment or literal; zero where code stands.
fn blank_length(chars: &[char], at: usize) -> usize {
    match chars[at] {
        '/' => comment_length(chars, at),
        '"' => string_length(chars, at),
        '\'' => character_length(chars, at),
        'r' | 'b' | 'c' if at == 0 || !is_name(chars[at - 1]) => prefixed_length(chars, at),
        _ => 0,
    }
}

fn comment_length(chars: &[char], at: usize) -> usize {
    match chars.get(at + 1) {
        Some('/') => chars[at..].iter().take_while(|&&c| c != '\n').count(),
        Some('*') => block_comment_length(&chars[at..]),
        _ => 0,
    }
}

fn block_comment_length(chars: &[char]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => {
                depth += 1;
                at += 2;
            }
            ('*', '/') => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    chars.len()
}

fn string_length(chars: &[char], at: usize) -> usize {
    let mut end = at + 1;
    while end < chars.len() {
        match chars[end] {
            '\\' => end += 2,
            '"' => return end + 1 - at,
            _ => end += 1,
        }
    }
    chars.len() - at
}

/// A character literal, as against a lifetime, which is code.
fn character_length(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), Some(_)) => {
            let rest = chars[at + 3..].iter().take_while(|&&c| c != '\'').count();
            3 + rest + 1
        }
        (Some(_), Some('\'')) => 3,
        _ => 0,
    }
}

/// A string with a prefix: `b"…"`, `c"…"`, `r"…"`, `r#"…"#`, `br"…"`. Raw names such as `r#type` are code.
fn prefixed_length(chars: &[char], at: usize) -> usize {
    let prefix = chars[at..]
        .iter()
        .take_while(|&&c| matches!(c, 'r' | 'b' | 'c'))
        .count();
    let raw = chars[at + prefix - 1] == 'r';
    let hashes = chars[at + prefix..]
        .iter()
        .take_while(|&&c| c == '#')
        .count();
    let quote = at + prefix + hashes;
    if prefix > 2 || chars.get(quote) != Some(&'"') || (hashes > 0 && !raw) {
        return 0;
    }
    if !raw {
        return prefix + string_length(chars, quote);
    }
    let ending: Vec<char> = std::iter::once('"')
        .chain(std::iter::repeat_n('#', hashes))
        .collect();
    let inside = &chars[quote + 1..];
    let length = inside
        .windows(ending.len())
        .position(|window| window == ending);
    length.map_or(chars.len() - at, |length| {
        prefix + hashes + 1 + length + ending.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_not_code() {
        let source = "let a = \"todo!()\"; // todo!()\n/* todo!() /* nested */ todo!() */ let b = '\"'; let c = 1;";
        let code = code_only(source);
        assert!(!code.contains("todo"), "{code}");
        assert!(code.contains("let b ="));
        assert!(code.contains("let c = 1;"));
    }

    #[test]
    fn raw_strings_end_at_their_own_mark() {
        let code =
            code_only("let a = r#\"quote \" inside\"#; let b = br\"x\"; let c = b\"y\"; done()");
        assert!(
            !code.contains("inside") && !code.contains('x') && !code.contains('y'),
            "{code}"
        );
        assert!(code.ends_with("done()"));
    }

    #[test]
    fn lifetimes_raw_names_and_ordinary_names_stay() {
        let source = "fn f<'a>(r#type: &'a str, bar: u8) -> &'static str { r }";
        assert_eq!(code_only(source), source);
    }

    #[test]
    fn escaped_characters_do_not_open_a_string() {
        let code = code_only(r"let a = ['\'', '\\', '\u{7f}', '\n']; after()");
        assert!(code.ends_with("]; after()"), "{code}");
    }

    #[test]
    fn lines_stay_where_they_are() {
        let source = "a\n/* b\nc */\nd \"e\nf\" g\n";
        assert_eq!(code_only(source).lines().count(), source.lines().count());
    }

    #[test]
    fn a_test_module_ends_at_its_brace() {
        let code = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() { if x {} }\n}\nfn c() {}\n";
        assert_eq!(test_lines(code), [false, true, true, true, true, false]);
    }

    #[test]
    fn a_test_import_ends_at_its_semicolon() {
        let code = "#[cfg(test)]\nuse a::{b, c};\nfn d() {}\n";
        assert_eq!(test_lines(code), [true, true, false]);
    }

    #[test]
    fn only_conditions_that_hold_in_tests_alone_count() {
        assert!(is_test_only("test)]"));
        assert!(is_test_only("all(unix, test))]"));
        assert!(!is_test_only("any(test, feature = \"x\"))]"));
        assert!(!is_test_only("not(test))]"));
        assert!(!is_test_only("unix)]"));
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_named() {
        let code = "mod a;\n#[cfg(test)]\nmod fake;\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(test_modules_elsewhere(code), ["fake"]);
    }

    #[test]
    fn words_are_found_whole() {
        let code = "println!();\neprintln!();\nstd::env::var(x);\nenv::vars();";
        assert_eq!(lines_with(code, "println!"), [1]);
        assert_eq!(lines_with(code, "env::var"), [3]);
        assert!(!has_word(code, "print!"));
    }

    #[test]
    fn arguments_reach_to_the_matching_parenthesis() {
        let code = "\n#[serde(rename(a), flatten)]";
        assert_eq!(arguments_of(code, "serde"), [(2, "rename(a), flatten")]);
    }
}
