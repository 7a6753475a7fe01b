"""Texts with invisible characters, and what must become of them. The law: each row is one rule."""

from typing import Final

ENGLAND: Final = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
_HIDDEN: Final = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore this")
_HIDDEN_SELECTORS: Final = "".join(chr(0xE0100 + byte) for byte in b"ignore this")

KEPT: Final = (
    # Emoji (UTS #51).
    "👩🏽‍💻 🏳️‍🌈 👨‍👩‍👧 ❤️‍🔥 🧑🏿‍❤️‍💋‍🧑🏻 🏴‍☠️ ⛓️‍💥 🙂‍↔️ 👁️‍🗨️",
    "1️⃣ #️⃣ *⃣ ☎️ ☎︎ ©️ ™︎ 🇰🇷 ↗︎ ㊗️ 〰️",
    ENGLAND,
    ENGLAND.replace("\U000e0065\U000e006e\U000e0067", "\U000e0073\U000e0063\U000e0074"),
    ENGLAND.replace("\U000e0065\U000e006e\U000e0067", "\U000e0077\U000e006c\U000e0073"),
    # Persian, Urdu, Kurdish: also after a letter that does not join, beside Latin, alone at an end.
    "می\u200cخواهم خانه\u200cها کار\u200cها PDF\u200cها ۱۲\u200cام می\u200c",
    "ه\u200d \u200dه ب\u064e\u200cا",
    # Scripts of India and Sri Lanka.
    "ශ්\u200dරී ක්\u200dෂ", "ന\u0d4d\u200d അവന്\u200d", "র\u200d্যা ক্\u200dষ",
    "क्\u200dष क्\u200cष", "க்\u200cஷ", "ಕ\u0ccd\u200cಷ", "ᡥᠠ\u200d",
    # Southeast Asia.
    "ភាសា\u200bខ្មែរ", "ภาษา\u200bไทย", "ພາສາ\u200b(ລາວ)", "မြန်မာ\u200bစာ",
    "\u1000\ufe00\u1031",
    # Mongolian.
    "ᠠ\u180b ᡳ\u180f ᠠ\u180b\u200d ᠪ\u180eᠠ ᠭ\u180b\u180eᠠ",
    # East Asia.
    "葛\U000e0100 辻\U000e0101 \U00020bb7\U000e0100 豈\ufe00 。\ufe01 \u201c\ufe00",
    # Old Hangul.
    "\u1112\u1161\u11ab \u1100\u1160 \u115f\u1161 \u115f\u1160\u11a8 \ua960\u1160",
    # Marks of direction.
    "\u200fC++\u200f.", "\u061c5", "+\u200e972", "(abc)\u200e שלום", "שלום \u200e-5",
    "ok 🎉\ufe0f\u200f", "a\u200f", "\u200e",
    # Other scripts and symbols.
    "\u05d1\u05b8\u034f\u05bd", "o\u0360\u034f\u0301",
    "0\ufe00 \u2229\ufe00 \u2205\ufe00 𝒜\ufe01 ꡖ\ufe00",
    "\U00013091\ufe00 \U00013092\ufe06 \U00013000\U00013430\U00013001",
    "\U0001bc00\U0001bca2\U0001bc01",
    # Visible, or white space.
    "\u0600\u0661 \u06dd \u070f \u0890 \u08e2 \U000110bd",
    "\u2800\u2800⣿ a\u2028b\u2029c \ufffc \ufffd",
    "a\xa0b\u2009c\u202fd\u3000e\u1680f\u205fg\u200ah \ue200cite\ue201 \U0010fffd\uffff\u0378",
)  # fmt: skip
"""Texts that do not change."""

CHANGED: Final = (
    # Controls.
    ("a\0b\x1bc\x7fd\x80e\x85f\x9b", "a\ufffdb\ufffdc\ufffdd\ufffde\ufffdf\ufffd"),
    ("\x0b\x0c\t\n", "\ufffd\ufffd\t\n"),
    # Never kept.
    ("a\xadb", "ab"), ("a\u17b4b\u1780\u17b5", "ab\u1780"), ("a\u202ab\u202ec\u202cd", "abcd"),
    ("a\u2060b\u2061c\u2064d\u2065e", "abcde"), ("a\u2066b\u2069c\u206ad\u206f", "abcd"),
    ("a\u3164b\uffa0", "ab"), ("\ufeffa\ufeff", "a"), ("a\ufff0b\ufff9c\ufffad\ufffb", "abcd"),
    ("\U0001d173a\U0001d17a\U0001d15f\U0001d165\U0001d175", "a\U0001d15f\U0001d165"),
    ("a\U000e0001b\U000e0fffc\U000e01f0", "abc"), ("0\ufe07\u4e00\ufe0d", "0\u4e00"),
    # Zero-width characters beside letters that have no use for them.
    ("pass\u200bword", "password"), ("pass\u200cword", "password"), ("pass\u200dword", "password"),
    ("가\u200b나\u200d다", "가나다"), ("日\u200b本", "日本"), ("https://a\u200b.b", "https://a.b"),
    ("1\u200d2 \u200b\u200c\u200d", "12 "), ("a\u034fb", "ab"), ("a\u1160b\u115f", "ab"),
    ("\u115f\u1160", ""), ("\u115f\u115f\u1161", "\u115f\u1161"), ("a\u180eb ᠠ\u180e", "ab ᠠ"),
    ("a\U0001bca0b", "ab"),
    # Joiners of emoji need an emoji on both sides.
    ("👩\u200d", "👩"), ("👩\u200d x", "👩 x"), ("\u200d💻", "💻"), ("x\ufe0f\u200d💻", "x💻"),
    ("\ufe0f\u200d💻", "💻"), ("\u180b\u200d.", "."),
    # Several in a row.
    ("👩\u200d\u200d💻", "👩💻"), ("می\u200c\u200c\u200dخواهم", "می\u200cخواهم"),
    ("a\u200c\u200cخ", "aخ"), ("ข\u200b\u200b\u200bข", "ข\u200bข"),
    (".\u200e\u200f\u061c.", ".\u200e."),
    ("❤\ufe0f\ufe0f\ufe0e", "❤\ufe0f"), ("😀" + _HIDDEN_SELECTORS, "😀"),
    ("葛\U000e0100\U000e0101", "葛\U000e0100"), ("ᠠ\u180b\u180c", "ᠠ\u180b"),
    ("ب\u200c\ufe0f\u200cب", "ب\u200cب"),
    # Selectors after what has no variants.
    ("a\ufe0f b\ufe00 c\U000e0100 가\ufe0f", "a b c 가"), ("\ufe0f", ""), ("😀\ufe00", "😀"),
    ("1\ufe00 a\u180b \U00013091\ufe07", "1 a \U00013091"), ("豈\ufe03", "豈"),
    # Marks of direction between letters or digits.
    ("a\u200eb\u200fc\u061cd", "abcd"), ("1\u200f2", "12"), ("ש\u200fa", "שa"),
    # Tags.
    ("hi" + _HIDDEN, "hi"), ("🏴" + _HIDDEN + "\U000e007f", "🏴"), (ENGLAND[:-1], "🏴"),
    ("🏴\U000e0075\U000e0073\U000e0074\U000e0078\U000e007f", "🏴"), (ENGLAND[1:], ""),
    (ENGLAND[0] + ENGLAND, ENGLAND[0] + ENGLAND), (ENGLAND + ENGLAND[1:], ENGLAND),
)  # fmt: skip
"""Texts, and what becomes of them."""
