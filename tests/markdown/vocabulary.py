"""The strings that generated Markdown documents are made of, chosen to break parsers."""

from typing import Final

# Strings rather than characters, so that constructs appear more often than by chance.
SOUP: Final = (
    *"*_`~[]()!<>#-+=|:\\&;$\"'.,/@^{}1a bZ\t\n\n\n   ",
    *("**", "***", "__", "~~", "``", "```", "````", "~~~", "$$", "\\(", "\\)", "\\[", "\\]"),
    *("![", "](", "][", "[^", "[^1]", "[a]", "[a]: /u", "[^1]: n", "[ ] ", "[x] ", "[!NOTE]"),
    *("> ", "- ", "* ", "1. ", "1) ", "# ", "    ", "---", "===", "***", "|---|", "| a | b |\n"),
    *("<b>", "</b>", "<!--", "-->", "<https://a.b>", "<a@b.c>", "https://a.b", "www.a.b", "a@b.c"),
    *(
        "<br>",
        "<br />",
        "<sub>",
        "</sub>",
        "<SUP>",
        "</sup>",
        "<kbd>",
        "</kbd>",
        '<a b="',
        "mailto:",
    ),
    *("https://가.b/", "/가(", ")가", "_가", "。", "「", "」"),
    *("&amp;", "&#35;", "&#x22;", "&copy", "&", "\\\n", "  \n", "\r\n", "\r", "\x00", "\ufeff"),
    *("\u00a0", "가", "、", "“", "é", "👩‍💻", "🇰🇷", "\u200d", "\u202e", "\ud83d", "\ude00"),
    *("【1†s】", "【", "】", "[^1^]", "[1][2]"),
)

WORDS: Final = (
    *("a", "foo", "bar", "word", "the", "Hello", "x1", "snake_case_name", "2*3*4", "*.py", "I'm"),
    *(
        "$5",
        "$10",
        "10%",
        "a.b",
        "http",
        "한국어",
        "글자",
        "日本",
        "مرحبا",
        "👨‍👩‍👧",
        "🇫🇷",
        "é",
        "“q”",
    ),
    *("1.", "2)", "-", "+", "#", "=", ">", ":", "|", "\\", "&", "<", "!", "[", "]", "(", ")"),
    *("*", "_", "`", "~", "^", "$", "**", "__", "~~", "``", "$$", "://", "@"),
)
LABELS: Final = (
    "a",
    "b",
    "foo",
    "Foo Bar",
    "foo\nbar",
    "1",
    "ẞ",
    "a*b",
    "a\\]b",
    "x `y`",
    " ",
    "!",
)
NOTES: Final = ("1", "2", "note", "a b", "x", "^", "1^", "a-z")
CITATIONS: Final = (
    *("[1]", "[1][2]", "[doc1][doc2]", "[doc1][doc2][a]", "[^1^]", "[^1^][^2^]", "![1]", "[[1]]"),
    *(
        "[a [1] b](u)",
        "![a [1] b](u)",
        "[[1]](u)",
        "[1](u)",
        "[1][]",
        "[Your Name]",
        "[x]",
        "[a_b]",
    ),
    *(
        "【1†source】",
        "【1†a_b_c】",
        "【1】",
        "【중요】",
        "【1†",
        "【",
        "】",
        "†",
        "【1†*a*】",
        "[【1†s】](u)",
    ),
)
PRODUCTS: Final = (
    *("2*3", "a*b + c*d", "(3/4)*0", "(a)*(b)", "(1+x)**2", "2 *3 4", "π*r²", "价*量", "x*(-1)"),
    *(
        "∫_0^1",
        "Σ_{i=1}^n",
        "the _id of",
        "a._b",
        "\\mathbf{x}_i",
        "|x|_2",
        "f'_x",
        "_a_b",
        "__init__",
        "*args, **kwargs",
        "(*a_b) *ar",
        "~~**a**~~b",
        "b_*a*_ **_a_**b",
    ),
)
URLS: Final = (
    *("/u", "https://a.b/c?d=e&f=g", "<u v>", "<>", "", "a(b)c", "a(b", "javascript:alert(1)"),
    *("JaVaScRiPt:x", "data:text/html,x", "mailto:a@b.c", "#f", "u\\)v", "%20ü", "&quot;", "한글"),
)
TITLES: Final = (' "t"', " 't'", " (t)", ' "a\nb"', ' "a\\"b"', ' "open', ' "a" b', "  ", '\n"t"')
LOOKALIKES: Final = (
    *("https://a.b", "http://a.b/c_d_e", "https://a.b/(c)", "https://a.b/c).", "https://a.b/&amp;"),
    *(
        "www.a.b",
        "www.a",
        "WWW.A.B",
        "ftp://a.b",
        "a@b.c",
        "a.b+c@d-e.f_g",
        "a@b",
        "@b.c",
        "a@b.c-",
    ),
    *(
        "https://a.b/c가",
        "https://a.b/가_(나)다",
        "http://가.나/다?라=마#바",
        "https://a.b。",
        "www.a.b가",
    ),
    *(
        "https://a.b/c(가)",
        "https://가1나/다:라.마",
        "(https://a.b)가",
        "https://a.b/「가」",
        "a@b.c가",
    ),
    *(
        "a@1.2.3",
        "a@1.2.3-b.c",
        "a@1.x",
        "a@192.168.0.1",
        "MailTo:a@b.c",
        "xmailto:a@b.c",
        "mailto:a",
    ),
    *("mailto:", "mailto:_a@b.c", "tel:1", "<tel:+1>"),
    *(
        "https://a.b/c[1]",
        "www.a.b/c[^1][x2]가",
        "https://a가.b/나",
        "www.a가.나",
        "https://가.b/를",
    ),
    *(
        "ssh://a@b.c",
        "x://a:b-c@d.e",
        "git@b.c:d/e",
        "a@b.c:",
        "mailto:a@b.c:d",
        "@a@b.c",
        "sip:a@b.c",
    ),
    *("https://", "https:/", "xhttps://a.b", "mailto:a@b.c", "https://a.b*", "**https://a.b**"),
    *("<https://a.b>", "<https://a b>", "<a@b.c>", "<a@b", "<https://a", "<x:y>", "<1:2>", "<m:>"),
)
ENTITIES: Final = (
    *("&amp;", "&lt;b&gt;", "&copy;", "&nbsp;", "&quot;", "&#42;", "&#x2A;", "&#0;", "&#99999999;"),
    *("&am", "&amp", "&;", "&#;", "&#x;", "&nope;", "&CounterClockwiseContourIntegral;", "&#10;"),
    *("&#45; a", "&#96;", "&lbrack;a&rbrack;", "&ast;x&ast;", "&", "&&amp;", "&#xD800;"),
)
TAGS: Final = (
    *(
        "<b>",
        "</b>",
        "<br/>",
        "<a href='x'>",
        "<script>",
        "<!-- c -->",
        "<!--",
        "<?p?>",
        "<![CDATA[",
    ),
    *("<br>", "<BR/>", "<br />", "<br  >", "<br x>", "</br>", "<sub>", "</sub>", "<sup>", "</SUP>"),
    *(
        "<kbd>",
        "</kbd>",
        "<sub x>",
        '<a href="https://a.b/c">',
        "<a href='*a*' b",
        "<a b=https://c>",
    ),
    *("<a b=\"c\" d='e' f g>", '<a b="c\nd">', '<a b="a@b.c', "<a b", "<a b=", "<a-b c_d=e />"),
    *("<div", "<b", "</", "<", '<b a="`">', "<x y='*'>", "<img src=x onerror=y>", "<details>"),
)
MATHS: Final = (
    *("$x$", "$x_1*y*z$", "$$x$$", "$ x$", "$x $", "$x", "$$x", "\\(x\\)", "\\(x", "\\[x\\]", "$5"),
    *("\\[\nx\n\\]", "$$\nx_1\n$$", "$$\nx", "$`x`$", "a$b$c", "$a\\$b$", "\\\\(x\\\\)", "$$$x$$$"),
    *(
        "\\[x=1\\]",
        "\\[ x \\]",
        "\\[x^2",
        "\\[ \\[x_1\\]",
        "\\(two words\\)",
        "변수$x$는",
        "$$x$$5",
        "l: $$",
    ),
    *(
        "l: \\[\nx=1\n\\]",
        "$$x\n= 1$$",
        "\\[x=\n1\\] (1)",
        "$5는 10$",
        '$a": "$',
        "$two words$",
        "$$a b$$.",
        "\\[a=b\\](c)",
        "\\[x_1\\](2)",
        "\\[opt\\] \\[a=opt\\]",
        "echo $$\necho $$",
        "$$x $$ $$ a $$",
    ),
)
RUNS: Final = "*_`~-=#+>|[]!(<$\\&:.^"
ALERTS: Final = ("NOTE", "TIP", "IMPORTANT", "WARNING", "CAUTION", "note", "HUH", "NOTE x", "")
INFOS: Final = ("", "", "py", "python", " js", "c++", "a b", "a`b", "&amp;", "\\*", "html {1}", "~")
ENDINGS: Final = ("\n", "\n\n", "\n\n", "\n\n\n", " \n\n", "\n \n", "\n\t\n", "  \n", "\\\n", "")
INDENTS: Final = ("", "", "", " ", "  ", "   ", "    ", "     ", "\t", " \t", "  \t", "        ")
BULLETS: Final = (
    "-",
    "*",
    "+",
    "1.",
    "2.",
    "1)",
    "0.",
    "9.",
    "10.",
    "123456789.",
    "1234567890.",
    "a.",
)
GAPS: Final = (" ", " ", " ", "  ", "    ", "     ", "\t", "")
