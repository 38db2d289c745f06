"""How often ``Summary.check`` finds an error that was put in, and doubts what was left as it stood.

    python -m benchmarks.check_quality DATA_FOLDER [EVERY]

The folder is as for ``citation_quality.py``, which measures support and numbers; with EVERY, each
EVERY-th meeting and paper is taken. Free summaries are what people wrote of a meeting or a paper;
sentences are those of the source itself without their last word. Into copies of them are put:

- a name of another document of the same kind, which their own does not have, in place of one name
  of a sentence; and a name of the same document, which the check does not look for;
- a negation ("not" after the first auxiliary verb), or one negation is removed;
- a sentence again at the end of the text: its two halves exchanged, or a quarter of its words left
  out;
- another value for one quantity of a sentence, in a copy of the document that is a source beside
  it. For false alarms it is an equal copy, and another document.

Each row says how many sentences were changed, the share that was found, and of the same sentences
unchanged the share that has the same finding.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.citation_quality import (
    Texts,
    checked,
    is_changed,
    load,
    other_number,
    papers,
    sentences_at,
    share,
)
from docsum_nb.documents.claims import name_spans
from docsum_nb.documents.quantities import quantities
from docsum_nb.documents.sentences import sentence_spans
from docsum_nb.documents.terms import words
from docsum_nb.records import Chunk
from docsum_nb.results import Check, Summary

_OF_A_TEXT = 12  # sentences of a source that are taken
_COPIED = 5  # sentences of a text that are repeated
_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|can|could|will|would|should|must|may|might|does|did|do|has|have|had)\b"
)
_NEGATION = re.compile(r"\s+(?:not|never)\b|(?<=\bcan)not\b|n['’]t\b")
_OTHER_NEGATION = re.compile(r"(?i)\b(?:no|none|neither|nor|without|nobody|nothing)\b")


@dataclass(frozen=True)
class Change:
    """Another text for a part of a text."""

    start: int
    end: int
    text: str


def changed_sentences(
    text: str, change: Callable[[str], Change | None]
) -> tuple[str, list[int], list[int]]:
    """Return a text with changed sentences, and where these start before and after."""
    parts: list[str] = []
    before, after, last, length = [], [], 0, 0
    for start, end in sentence_spans(text):
        made = change(text[start:end])
        if made is None:
            continue
        kept = text[last : start + made.start] + made.text
        before.append(start)
        after.append(length + start - last)
        parts.append(kept)
        length += len(kept)
        last = start + made.end
    return "".join(parts) + text[last:], before, after


def measured(
    texts: Texts, kind: str, change: Callable[[int], Callable[[str], Change | None]]
) -> str:
    """Return how often a kind of finding is at changed sentences, and at the same unchanged."""
    count = caught = alarms = 0
    for at, (text, chunks) in enumerate(texts):
        wrong, before, after = changed_sentences(text, change(at))
        if before:
            count += len(before)
            caught += _with_finding(checked(wrong, chunks), after, kind)
            alarms += _with_finding(checked(text, chunks), before, kind)
    return _row(count, caught, alarms)


def _with_finding(check: Check, starts: list[int], kind: str) -> int:
    return sum(
        any(each.kind == kind for each in sentence.findings)
        for sentence in sentences_at(check, starts)
    )


def _row(count: int, caught: int, alarms: int) -> str:
    return f"{count:5} changed: found {share(caught, count)}; unchanged: {share(alarms, count)}"


def other_names(texts: Texts, *, same: bool) -> Callable[[int], Callable[[str], Change | None]]:
    """Return what replaces a name by one of the same or of another document."""
    names = [
        sorted({each for chunk in chunks for each in _names(chunk.text)}) for _, chunks in texts
    ]
    chosen = random.Random(1)

    def of_text(at: int) -> Callable[[str], Change | None]:
        known = names[at if same else (at + len(texts) // 2) % len(texts)]
        if not same:
            own = {term for chunk in texts[at][1] for term in words(chunk.text)}
            known = [each for each in known if not own & set(words(each))]

        def change(sentence: str) -> Change | None:
            found = name_spans(sentence)
            if not found or not known:
                return None
            start, end, _ = chosen.choice(found)
            other = chosen.choice(known)
            return None if other == sentence[start:end] else Change(start, end, other)

        return change

    return of_text


def _names(text: str) -> Iterator[str]:
    for low, high in sentence_spans(text):
        sentence = text[low:high]
        yield from (sentence[start:end] for start, end, _ in name_spans(sentence))


def denied(sentence: str) -> Change | None:
    """Insert a negation into a sentence without any."""
    found = _AUXILIARY.search(sentence)
    if found is None or _NEGATION.search(sentence) or _OTHER_NEGATION.search(sentence):
        return None
    return Change(found.end(), found.end(), " not")


def affirmed(sentence: str) -> Change | None:
    """Remove the only negation of a sentence."""
    found = list(_NEGATION.finditer(sentence))
    if len(found) != 1 or _OTHER_NEGATION.search(sentence):
        return None
    return Change(found[0].start(), found[0].end(), "")


def exchanged(sentence: str, _: random.Random) -> str:
    """Return a sentence with its halves exchanged."""
    parts = sentence.strip().rstrip(".!?").split()
    half = len(parts) // 2
    return " ".join([*parts[half:], *parts[:half]]).capitalize() + "."


def shortened(sentence: str, chosen: random.Random) -> str:
    """Return a sentence without a quarter of its words."""
    parts = sentence.strip().rstrip(".!?").split()
    kept = sorted(chosen.sample(range(len(parts)), len(parts) * 3 // 4))
    return " ".join(parts[place] for place in kept).capitalize() + "."


def repetitions(texts: Texts, copied: Callable[[str, random.Random], str]) -> str:
    """Return how often a repeated sentence is found, and a sentence that is not repeated."""
    chosen = random.Random(2)
    count = caught = kept = alarms = 0
    for text, _ in texts:
        spans = [(a, b) for a, b in sentence_spans(text) if len(text[a:b].split()) >= 8]
        some = chosen.sample(spans, min(_COPIED, len(spans)))
        copies = [copied(text[a:b], chosen) for a, b in some]
        check = Summary("\n\n".join([text, *copies]), "").check()
        for each in check.sentences:
            found = any(finding.kind == "repeated" for finding in each.findings)
            if each.start > len(text):
                count, caught = count + 1, caught + found
            else:
                kept, alarms = kept + 1, alarms + found
    return f"{count:5} repeated: found {share(caught, count)}; {kept} others: {share(alarms, kept)}"


def quoted(texts: Texts) -> Texts:
    """Return sentences of each source as its summary, without their last word."""
    found: Texts = []
    for _, chunks in texts:
        text = "".join(chunk.text for chunk in chunks)
        spans = _taken(text, numbers=False)
        found.append(
            ("\n\n".join(" ".join(text[a:b].split()[:-1]) + "." for a, b in spans), chunks)
        )
    return found


def _taken(text: str, *, numbers: bool) -> list[tuple[int, int]]:
    spans = [
        (a, b)
        for a, b in sentence_spans(text)
        if 60 < b - a < 400 and (not numbers or any(_replaced(text[a:b])))
    ]
    return spans[:: max(1, len(spans) // _OF_A_TEXT)]


def _replaced(sentence: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the numbers that may be replaced."""
    for each in quantities(sentence):
        if is_changed(each) and sentence[each.end - 1].isdecimal() and not each.dates:
            yield each.start, each.end


def contradictions(texts: Texts) -> str:
    """Return how often another value is found, and contradictions where there are none."""
    chosen = random.Random(3)
    count = caught = alarms = strangers = 0
    for at, (_, chunks) in enumerate(texts):
        text = "".join(chunk.text for chunk in chunks)
        spans = _taken(text, numbers=True)
        wrong, values = text, []
        for low, high in spans:
            start, end = chosen.choice(list(_replaced(text[low:high])))
            value = text[low + start : low + end]
            other = other_number(value, chosen)
            wrong = wrong[: low + start] + other + wrong[low + end :]
            values.append({value, other})
        summary = "\n\n".join(" ".join(text[a:b].split()) for a, b in spans)
        stranger = texts[(at + len(texts) // 2) % len(texts)][1]
        found, equal, unlike = (
            checked(summary, [*chunks, *others]).conflicts
            for others in (_copy(chunks, wrong), _copy(chunks, text), stranger)
        )
        pairs = [{each.value, each.other_value} for each in found]
        count += len(values)
        caught += sum(each in pairs for each in values)
        alarms += len(equal)
        strangers += len(unlike)
    return (
        f"{count:5} changed: found {share(caught, count)}; in an equal copy {alarms}, "
        f"in another document {strangers}"
    )


def _copy(chunks: list[Chunk], text: str) -> list[Chunk]:
    """Return the chunks of a copy of a document, whose text has the same length."""
    return [
        replace(each, document=f"copy of {each.document}", text=text[each.start : each.end])
        for each in chunks
    ]


def main(folder: Path, every: int = 1) -> None:
    """Print a table for each kind of text."""
    meetings = [load(path) for path in sorted(folder.glob("qmsum-val/*.json"))[::every]]
    free: dict[str, Texts] = {
        "papers": papers(sorted(folder.glob("scisummnet/*/"))[::every], abstracts=True),
        "meetings": [("\n\n".join(each.text for each in own), chunks) for chunks, own in meetings],
    }
    for kind, texts in free.items():
        summaries = {f"free summaries of {kind}": texts, f"sentences of {kind}": quoted(texts)}
        for title, each in summaries.items():
            print(f"\n{title}")
            print(f"  repeated, halves exchanged {repetitions(each, exchanged)}")
            print(f"  repeated, words left out   {repetitions(each, shortened)}", flush=True)
            for shown, finding, change in (
                ("name of another document", "name", other_names(texts, same=False)),
                ("name of the same document", "name", other_names(texts, same=True)),
                ("negation inserted", "negation", lambda _: denied),
                ("negation removed", "negation", lambda _: affirmed),
            ):
                print(f"  {shown:26} {measured(each, finding, change)}", flush=True)
        print(f"\nsentences with numbers of {kind}, and a copy of their source")
        print(f"  another value {contradictions(texts)}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m benchmarks.check_quality DATA_FOLDER [EVERY]")
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
