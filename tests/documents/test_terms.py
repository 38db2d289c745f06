"""Words of all scripts, in one form however they were typed."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import docsum_nb as ds
from docsum_nb.documents.marks import MARKS
from docsum_nb.documents.prose import prose_sentences
from docsum_nb.documents.terms import has_words, letter_count, term_spans, words

_CHARACTERS = st.text(
    alphabet=st.sampled_from("aé'’-‑ \u0301\u00ad\u200b中が\u3099ส\u0e31मि्ـ.1\ufb01")
)


def test_marks_are_those_of_unicode() -> None:
    """Every combining mark of this Python's Unicode is in the ranges, and no letter is."""
    marks = re.compile(f"[{MARKS}]")
    assigned = [chr(at) for at in (*range(0x300, 0x1E950), *range(0xE0100, 0xE01F0))]
    if unicodedata.unidata_version < "14":
        pytest.skip("an older Unicode")
    missed = [each for each in assigned if unicodedata.category(each)[0] == "M"]
    new = sum(not marks.match(each) for each in missed)
    assert new <= 60  # of versions after 14
    assert not [each for each in assigned if each.isalnum() and marks.match(each)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("समिति की बैठक", ["समिति", "की", "बैठक"]),
        ("বাংলা ভাষা", ["বাংলা", "ভাষা"]),
        ("தமிழ் மொழி", ["தமிழ்", "மொழி"]),
        ("తెలుగు లిపి", ["తెలుగు", "లిపి"]),
        ("ಕನ್ನಡ ಭಾಷೆ", ["ಕನ್ನಡ", "ಭಾಷೆ"]),
        ("മലയാളം", ["മലയാളം"]),
        ("සිංහල", ["සිංහල"]),
        ("كِتَابٌ كتاب", ["كتاب", "كتاب"]),
        ("شَـــجَر", ["شجر"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("שָׁלוֹם", ["שלום"]),
        ("สวัสดี", ["สวั", "วัส", "สดี"]),
        ("မြန်မာ", ["မြန်", "န်မာ"]),
        ("ខ្មែរ", ["ខ្មែ", "មែរ"]),
        ("Mu\u0308nchner Bru\u0308cke", ["münchner", "brücke"]),
        ("か\u3099く", ["がく"]),
        ("Tiê\u0301ng Việt", ["tiếng", "việt"]),
        ("Donau\u00addampf\u00adschiff", ["donaudampfschiff"]),
        ("zero\u200bwidth \ufeffmark", ["zerowidth", "mark"]),
        ("\u202bשלום\u202c", ["שלום"]),
        ("don’t re‑run", ["don't", "re-run"]),
        ("ﬁne １２", ["fine", "12"]),
        ("Pythonで書く", ["python", "で書", "書く"]),
        ("2020年", ["2020", "年"]),
        ("\u0301\u0301 …", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found
    assert has_words(text) == bool(found)


@given(_CHARACTERS)
def test_spans_belong_to_the_terms(text: str) -> None:
    """The terms with spans are those without, and each span lies in the text."""
    spans = list(term_spans(text))
    assert [term for _, _, term in spans] == words(text)
    assert all(0 <= start < end <= len(text) for start, end, _ in spans)
    assert 0 <= letter_count(text) <= len(text)


@given(st.text(alphabet=st.sampled_from("aeou ñé中nч\u0301\u0308.")))
def test_composed_and_decomposed_texts_have_the_same_words(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert words(composed) == words(unicodedata.normalize("NFD", composed))


def test_a_page_of_hindi_is_prose() -> None:
    """Vowel signs count as letters, so that sentences of Hindi, Tamil and Thai may be quoted."""
    for text in (
        "समिति की बैठक सोमवार को हुई और बजट पास हुआ।",
        "குழு கூட்டம் திங்கட்கிழமை நடந்தது.",
        "মন্ত্রিসভার বৈঠক সোমবার হয়েছে।",
        "بَدَأَ الِاجْتِمَاعُ يَوْمَ الِاثْنَيْنِ.",
        "کابینہ کا اجلاس پیر کو ہوا۔",
        "ስብሰባው ሰኞ ዕለት ተካሄደ።",
        "Ժողովը տեղի ունեցավ երկուշաբթի։",
        "အစည်းအဝေးကို တနင်္လာနေ့တွင် ကျင်းပခဲ့သည်။",
    ):
        (sentence,) = prose_sentences(text)
        assert text[sentence.start : sentence.end] == text


def test_what_was_typed_otherwise_is_found(tmp_path: Path) -> None:
    """A library finds decomposed, hyphenated and vowelled words, and marks them in the text."""
    library = ds.Library(tmp_path / "library")
    library.add(
        {
            "decomposed": unicodedata.normalize("NFD", "Die Münchner Brücke ist alt."),
            "soft": "Das Donau\u00addampf\u00adschiff fährt heute.",
            "vowels": "قَرَأَ الطَّالِبُ الكِتَابَ.",
            "hindi": "समिति की बैठक हुई।",
            "thai": "คณะกรรมการประชุมวันจันทร์",
        }
    )
    wanted = {
        "Münchner Brücke": "decomposed",
        "Donaudampfschiff": "soft",
        "الكتاب": "vowels",
        "बैठक": "hindi",
        "ประชุม": "thai",
    }
    for query, name in wanted.items():
        hit = library.search(query)[0]
        assert hit.name == name
        marked = [hit.passage[start:end] for start, end in hit.marks]
        assert words(" ".join(marked)) == words(query)


@pytest.mark.long
@pytest.mark.parametrize(
    "unit", ["\u0301", "\u200b", "a\u0301\u0323\u0301", "中\u0301", "é'", "ａ", "ส\u0e31", "é-中"]
)
def test_a_megabyte_of_one_character_ends(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert len(words(text)) <= len(text)
