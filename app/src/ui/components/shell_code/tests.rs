//! What is coloured how, and that nothing is lost on the way.

use super::*;

fn tokens(source: &str) -> Vec<(Kind, String)> {
    let mut found: Vec<(Kind, String)> = Vec::new();
    Scanner::new(source).run(&mut |kind, text| match found.last_mut() {
        Some((last, all)) if *last == kind => all.push_str(text),
        _ => found.push((kind, text.to_owned())),
    });
    found
}

/// The stretches of one kind.
fn of(kind: Kind, source: &str) -> Vec<String> {
    tokens(source).into_iter().filter(|(k, _)| *k == kind).map(|(_, text)| text).collect()
}

#[test]
fn words_of_the_grammar_are_marked_where_they_are_commands() {
    let source = "if test -f x; then echo if then; fi\nfor a in b in; do A=1 make; done";
    assert_eq!(of(Kind::Keyword, source), ["if", "then", "fi", "for", "in", "do", "done"]);
    assert_eq!(of(Kind::Builtin, source), ["test", "echo"]);
    assert_eq!(of(Kind::Variable, source), ["A"]);
}

#[test]
fn comments_begin_where_a_word_does() {
    assert_eq!(of(Kind::Comment, "#!/bin/sh\na#b # c\necho ${#x} '#' \"#\" \\# ;#d"), ["#!/bin/sh", "# c", "#d"]);
}

#[test]
fn strings_hold_variables_and_commands() {
    assert_eq!(
        tokens("echo \"a $b $(cd \"$d\") \\\" c\" 'x $y'"),
        [
            (Kind::Builtin, "echo"),
            (Kind::Plain, " "),
            (Kind::Text, "\"a "),
            (Kind::Variable, "$b"),
            (Kind::Text, " "),
            (Kind::Plain, "$("),
            (Kind::Builtin, "cd"),
            (Kind::Plain, " "),
            (Kind::Text, "\""),
            (Kind::Variable, "$d"),
            (Kind::Text, "\""),
            (Kind::Plain, ")"),
            (Kind::Text, " \\\" c\""),
            (Kind::Plain, " "),
            (Kind::Text, "'x $y'"),
        ]
        .map(|(kind, text)| (kind, text.to_owned()))
    );
}

#[test]
fn a_here_document_ends_with_its_word() {
    let source = "cat <<A <<-'B'\none $x\nA\n\ttwo $y\n\tB\necho $z\n";
    assert_eq!(of(Kind::Variable, source), ["$x", "$z"]);
    assert_eq!(of(Kind::Text, source), ["one ", "\n", "\ttwo $y\n"]);
    assert_eq!(of(Kind::Builtin, source), ["echo"]);
    assert!(of(Kind::Text, "cat <<< $x\necho $((1 << 2))\necho").is_empty());
}

#[test]
fn our_own_variables_are_known() {
    let source = "echo $LAUNCHWAY_REF ${LAUNCHWAY_SERVER:-x} \"$LAUNCHWAY_TAG\" $LAUNCHWAYS";
    assert_eq!(of(Kind::Variable, source), ["$LAUNCHWAY_REF", "${LAUNCHWAY_SERVER:-x}", "$LAUNCHWAYS"]);
    assert_eq!(of(Kind::Unknown, source), ["$LAUNCHWAY_TAG"]);
}

#[test]
fn nothing_typed_becomes_markup() {
    let typed = "echo '<img src=x onerror=\"alert(1)\">' & </pre><script>";
    let html = html(typed);
    assert_eq!(html.matches('<').count(), 2 * html.matches("</span>").count());
    assert!(html.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"), "{html}");
}

/// Nothing is lost or told twice, and the work grows with the length alone.
#[test]
fn whatever_is_typed_comes_back_whole_in_linear_time() {
    for part in [
        "${",
        "$(",
        "\"$(",
        "<<a ",
        "<<'a",
        "<<-\n",
        "'",
        "\"",
        "`",
        "\\",
        "$",
        "#",
        "# \n",
        "(",
        ")",
        "{ ",
        "a=",
        "中 ",
        "\"中\\中$中",
        "<<E\n$",
        "<<a\n${",
        "case x in a) ",
        "\r\n",
        "if ",
        "<<a\n<<b\n",
    ] {
        let source = part.repeat(8_000);
        let mut back = String::new();
        let mut scanner = Scanner::new(&source);
        scanner.run(&mut |_, text| back.push_str(text));
        assert_eq!(back, source, "{part:?}");
        assert!(scanner.looked <= 8 * source.len() + 8, "{part:?}: {} of {}", scanner.looked, source.len());
    }
}
