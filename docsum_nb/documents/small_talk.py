"""Sentences of conversations and letters that carry nothing but courtesy.

A sentence is one if it is made of the listed phrases and fillers altogether; a single other word
makes it a sentence like any other. English only. Refuses nothing.
"""

from __future__ import annotations

import re

__all__ = ["is_small_talk"]

_LONGEST = 160  # characters
_LABEL = re.compile(r"[A-Z][\w.'’ -]{0,40}:\s+")
_BETWEEN = r"(?:[\s,.!?;:…–—-]++|$)"
_NAME = r"(?:,?\s(?-i:[A-Z][a-z]{1,20}))?"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
# It is used with `match` only, at most once for each word.
_PHRASE = re.compile(
    rf"""(?:
    (?:good\ (?:morning|afternoon|evening|night|day)|hello|hi|hey|morning|welcome)
        (?:\ (?:everyone|everybody|all|there|team|guys|folks|again))?{_NAME}
    | how\ (?:are|is)\ (?:you|everyone|everybody|things|it)(?:\ all)?(?:\ doing|\ going)?
        (?:\ today)?
    | (?:i'm|i’m|i\ am|we're|we\ are)\ (?:fine|good|great|ok|okay|well) | and\ you
    | nice\ to\ meet\ you
    | (?:can|could)\ (?:you|everyone|everybody|anyone|you\ guys|people)(?:\ all)?\ hear\ me
    | (?:i|we)\ can\ (?:all\ )?hear\ you | just\ fine | loud\ and\ clear
    | (?:sorry,?\ )?(?:i\ was|i'm|i’m|you're|you’re|you\ are)\ (?:still\ )?(?:on\ mute|muted)
    | let's\ get\ (?:started|going) | let’s\ get\ (?:started|going) | shall\ we\ (?:start|begin)
    | (?:thanks|thank\ you|many\ thanks)(?:\ (?:very|so))?(?:\ much)?(?:\ a\ lot)?
        (?:\ (?:everyone|everybody|all|again|guys|folks|you))?{_NAME}
        (?:\ for\ (?:joining|coming|that|your\ (?:time|help|patience)|having\ me))?
    | (?:that\ )?sounds\ (?:good|great|fine|perfect)(?:\ to\ me)?
    | no\ (?:problem|worries)(?:\ at\ all)? | not\ at\ all | my\ pleasure | you're\ welcome
    | (?:have|enjoy)\ (?:a|your|the)\ (?:(?:great|nice|good|lovely|rest\ of\ (?:the|your))\ )?
        (?:day|weekend|evening|week|afternoon)
    | see\ you(?:\ all)?(?:\ (?:soon|later|tomorrow|next\ (?:week|time)|then|there|on\ {_WEEKDAY}))?
        {_NAME}
    | (?:bye|goodbye)(?:\ bye)?(?:\ (?:everyone|everybody|all))?{_NAME} | take\ care
    | talk\ to\ you\ (?:soon|later|tomorrow)
    | (?:i\ think\ )?that's\ (?:it|all)(?:\ for\ (?:today|now))?(?:\ from\ me)?
    ){_BETWEEN}""",
    re.X | re.I,
)
_FILLER = re.compile(
    r"(?:all\ right|oh|ok|okay|alright|right|so|well|yes|yeah|yep|no|great|awesome|cool|perfect"
    r"|excellent|wonderful|lovely|nice|sure|fine|haha|lol|wow|sorry|then|cheers|finally|everyone"
    rf"|everybody|all|guys|folks|team|again|today|now|and|i'm|very|much){_BETWEEN}",
    re.I,
)
_LETTERS = re.compile(
    r"""
    ^(?:i\ |we\ )?hope\ (?:this|that|all|you|everyone|everything)\b[^\n]{0,40}
        \b(?:finds?\ you|(?:is|are|'re|’re)\ (?:doing\ |going\ )?well)\b[^\n]{0,30}$
    | ^[^\n]{0,40}\blook(?:ing)?\ forward\ to\ (?:hearing\ from|your\ (?:reply|response|answer))
        \b[^\n]{0,30}$
    | ^(?:please\ )?(?:let\ (?:me|us)\ know|feel\ free\ to\ (?:ask|contact|call|reach\ out)|do(?:n't
        |n’t|\ not)\ hesitate\ to\ (?:ask|contact|call|reach\ out))(?:\ (?:me|us|to\ (?:me|us)))?
        \ (?:if|should)\ (?:you|there)\b[^\n]{0,30}\b(?:questions?|concerns?|comments?)\W{0,3}$
    """,
    re.X | re.I,
)


def is_small_talk(sentence: str) -> bool:
    """Return whether a sentence is nothing but a greeting, thanks, or the like.

    Args:
        sentence: On one line, without markup; the name of a speaker may stand before it.
    """
    if len(sentence) > _LONGEST:
        return False
    label = _LABEL.match(sentence)
    at, talk = label.end() if label else 0, False
    if _LETTERS.search(sentence[at:]):
        return True
    while at < len(sentence):
        found = _PHRASE.match(sentence, at)
        talk = talk or found is not None
        found = found or _FILLER.match(sentence, at)
        if found is None:
            return False
        at = found.end()
    return talk
