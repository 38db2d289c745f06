"""Greetings, thanks and the like are not quoted; what says more is."""

from __future__ import annotations

import pytest

from docsum_nb.documents.furniture import is_furniture
from docsum_nb.documents.small_talk import is_small_talk


@pytest.mark.parametrize(
    "sentence",
    [
        "Anna: Good morning everyone, how are you all doing today?",
        "I'm fine, thanks, and you?",
        "Great, thanks. Can everybody hear me?",
        "Sorry, I was on mute.",
        "OK, let's get started then.",
        "That sounds good to me, thank you so much Ben.",
        "Bye, see you next week!",
        "I hope this email finds you well.",
        "Please let me know if you have any questions.",
        "Thanks Ann, looking forward to hearing from you.",
    ],
)
def test_courtesy_is_small_talk(sentence: str) -> None:
    """In a chat, a meeting or a letter, with or without a speaker's name."""
    assert is_small_talk(sentence)
    assert is_furniture(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Good morning, the pumps failed.",
        "Thank you for your help with the dues of the harbor.",
        "See you on Monday at the reactor.",
        "No problem was found in the second loop.",
        "We welcome everyone to the harbor.",
        "Have a nice day, and bring the keys.",
        "If you have any questions about dues, ask the master of the harbor.",
        "Yes, we do.",
        "We count {0} as true, {1,2}, {3,4} and {7,8,9} as false; {1,2,3,4} is missing.",
        "A berth costs US $ 40, and one for a week $ 200 with water.",
        "Permission is granted by the master to ships of the north, and there is no warranty.",
        "Struct S { float a; } is passed by value, and struct T; is not.",
    ],
)
def test_another_word_makes_a_sentence(sentence: str) -> None:
    """What says something is quoted for all the courtesy in it."""
    assert not is_small_talk(sentence)
    assert not is_furniture(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        'quiet "<INT>" { NoUpdate "<BOOL>"; NoProgress "<BOOL>"; }; Options { Arch "<S>"; };',
        "$ openssl x509 -text -in root.crt Certificate: Data: Version: 3 Serial Number: 66",
        "In an xterm, do: $ export LD_PRELOAD $ my-prog and anything else that you like.",
        'apt::mark::simulate "<BOOL>"; apt::color "<BOOL>";',
        "In no event will the authors be held liable for any damages arising from it.",
        "(gdb) break libfake.c:181 Breakpoint 1 at 0x4000ecc8: file libfake.c, line 181.",
        "install: for p in *.crt; do install -m 644 $$p $(CERTS)/$$p ; done",
        "Package: certs Architecture: all Depends: certs (>= 2013) Description: Certificates.",
    ],
)
def test_settings_sessions_fields_and_licences_are_furniture(sentence: str) -> None:
    """They are no prose, though they have as many letters."""
    assert is_furniture(sentence)
