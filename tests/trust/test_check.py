"""What Summary.check finds in a summary with known faults, and in results of any kind."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from docsum_nb.documents.cite import cite
from docsum_nb.records import Chunk, ChunkSummary, Citation, DocumentSummary, Omission
from docsum_nb.results import Check, Summary
from tests.records.test_json_reading import SUMMARY
from tests.results.result_samples import EMPTY, HOSTILE, ORDINARY

MILL = (
    "The mill at Riverton employs 140 people and made 3.2 million tons of steel last year. "
    "Its furnace was rebuilt in March 2019 by Adele Brandt. The owners do not plan to sell the "
    "mill."
)
COUNCIL = (
    "The council of Riverton counts 190 people employed at the mill. The road to the harbor was "
    "closed for nine weeks. No plan exists for the old bridge."
)
HARBOR = "The harbor is dredged each autumn. Ships of the coast guard use the second pier."


def summary_of(text: str, **sources: str) -> Summary:
    chunks = [
        Chunk(name, 0, source, 0, len(source), len(source) // 4) for name, source in sources.items()
    ]
    return Summary(
        text,
        "scripted",
        citations=cite(text, chunks),
        documents=tuple(DocumentSummary(name, "About it.", 1, "scripted") for name in sources),
        chunks=tuple(ChunkSummary(each, "About it.", "scripted") for each in chunks),
    )


def checked(text: str) -> Check:
    return summary_of(text, mill=MILL, council=COUNCIL, harbor=HARBOR).check()


def kinds(check: Check) -> list[str]:
    return [each.kind for each in check.findings]


def test_a_true_summary_has_nothing_to_look_at() -> None:
    check = checked(
        "The mill made 3,200,000 tons of steel last year. Adele Brandt rebuilt its furnace in "
        "March 2019. The road to the harbor was closed for nine weeks."
    )
    assert kinds(check) == []
    assert [each.document for each in check.sentences] == ["mill", "mill", "council"]
    assert all(each.cited and each.support > 0.3 for each in check.sentences)
    assert check.unused == ("harbor",)
    assert check.compression == pytest.approx(2.5, abs=0.6)
    assert (check.redundancy, check.unchecked, check.conflicts) == (0.0, (), ())
    assert check.ok


@pytest.mark.parametrize(
    ("sentence", "kind", "what"),
    [
        ("The mill made 4.2 million tons of steel last year.", "number", "4.2"),
        ("The furnace of the mill was rebuilt in May 2019 by Brandt.", "date", "May 2019"),
        ("The mill's furnace was rebuilt in March 2019 by Adele Gruber.", "name", "Gruber"),
        ("The owners do plan to sell the mill.", "negation", None),
        ("Penguins raise their young in colonies on the ice.", "unsupported", None),
    ],
)
def test_each_fault_is_found(sentence: str, kind: str, what: str | None) -> None:
    """Whatever stands around the sentence, and where in the text it is."""
    text = f"The road to the harbor was closed for nine weeks. {sentence}"
    check = checked(text)
    (finding,) = check.findings
    assert finding.kind == kind
    assert text[finding.start : finding.end] == finding.text == (what or sentence)
    assert check.sentences[0].findings == ()
    assert not check.ok


def test_what_repeats_an_earlier_sentence_is_found() -> None:
    said = "The road to the harbor was closed for nine weeks."
    check = checked(f"{said} The mill made 3.2 million tons of steel last year. {said}")
    assert kinds(check) == ["repeated"]
    assert check.sentences[2].findings
    assert check.redundancy == pytest.approx(1 / 3)


def test_what_repeats_a_part_of_an_earlier_sentence_is_found() -> None:
    said = "The road to the harbor was closed for nine weeks while the old pipes were renewed."
    again = "The road to the harbor was closed while pipes were renewed."
    assert kinds(summary_of(f"{said} {again}", paper=said).check()) == ["repeated"]
    # Numbers are words, too, and two words are no sentence.
    other = "The road to the harbor was closed for two days while the bridge was renewed."
    assert kinds(summary_of(f"{said} {other}", paper=f"{said} {other}").check()) == []


def test_what_nearly_quotes_is_compared_with_what_it_quotes_wherever_that_is() -> None:
    """The sentences around it rest on another part of the document."""
    near = (
        "The council met on Monday about the budget of the harbor and the fees of the pilots. It "
        "raised the fees of the pilots and the budget of the harbor. The bridge was named by it. "
    )
    apart = "The river froze over in winter and the boats stayed in their sheds. " * 60
    quoted = "The engineers of the county inspected the bridge over the gorge and approved it."
    text = (
        "The council met on Monday about the budget of the harbor. The engineers of the county "
        "inspected the bridge over the gorge and have not approved it. It raised the fees of the "
        "pilots and the budget."
    )
    check = summary_of(text, minutes=f"{near}{apart}{quoted}").check()
    assert [each.kind for each in check.sentences[1].findings] == ["negation"]
    assert check.sentences[1].passage.endswith(quoted)


def test_documents_that_disagree_are_named() -> None:
    """One says that 140 people are employed at the mill, the other 190."""
    (conflict,) = checked("The mill at Riverton employs 140 people.").conflicts
    assert {conflict.document, conflict.other_document} == {"mill", "council"}
    assert {conflict.value, conflict.other_value} == {"140", "190"}
    assert "mill" in conflict.what


def test_numbers_of_neighboring_sentences_are_not_compared() -> None:
    """The year in which the mill opened is no number of its people."""
    first = "The mill opened in 1900. It employed 300 people. The river was dammed in 1905."
    other = "The mill employed 250 people. It closed in 1960."
    check = summary_of(f"{first} {other}", mill=f"{first} " * 3, council=other).check()
    assert [{each.value, each.other_value} for each in check.conflicts] == [{"300", "250"}]


def test_parts_that_are_not_used_are_named() -> None:
    chunks = [Chunk("mill", 0, MILL, 0, len(MILL), 9)]
    chunks += [
        Chunk("mill", 1, HARBOR, len(MILL), len(MILL) + len(HARBOR), 9, headings=("Harbor",))
    ]
    text = "The owners do not plan to sell the mill."
    summary = Summary(
        text,
        "m",
        citations=cite(text, chunks),
        chunks=tuple(ChunkSummary(each, "", "m") for each in chunks),
    )
    (use,) = summary.check().documents
    assert (use.citations, use.parts, use.unused) == (1, 2, ("mill, chunk 1 (Harbor)",))


def test_a_result_without_its_sources_is_compared_with_what_it_cites() -> None:
    """As other programs make one, or one whose chunks were taken out to be sent by mail."""
    whole = summary_of("The mill employs 140 people. It made 9 million tons.", mill=MILL)
    check = replace(whole, chunks=()).check()
    assert len(check.sentences) == 2
    assert "the cited passages only" in check.unchecked[0]
    assert not check.ok


def test_a_partial_result_and_omissions_are_said() -> None:
    check = replace(summary_of("", mill=MILL), omitted=(Omission("b.pdf", "no text"),)).check()
    assert check.unchecked == ("there is no final summary yet", "1 omission: see .omitted")
    assert check.sentences == ()


def test_it_is_the_same_from_json() -> None:
    """Also of a version that did not know of hashes."""
    summary = summary_of("The mill made 4.2 million tons. The harbor is dredged.", a=MILL, b=HARBOR)
    assert Summary.from_json(summary.to_json()).check() == summary.check()
    older = json.loads(summary.to_json())
    for each in older["documents"]:
        del each["sha256"]
    assert Summary.from_json(json.dumps(older)).check() == summary.check()


def test_headings_and_labels_are_no_claims() -> None:
    assert kinds(checked("Main points:\n\n- The harbor is dredged each autumn.")) == []


def test_display_and_frame() -> None:
    check = checked("The mill made 4.2 million tons of steel last year. Ships use the second pier.")
    text = check.to_text()
    for said in ("1 of 2 sentences cited", "4.2 is nowhere in mill", "not a proof", "council"):
        assert said in text
    assert "4.2 is nowhere in mill" in check.to_html()
    frame = check.to_frame()
    assert list(frame["cited"]) == [False, True]
    assert frame["findings"][0] == ("4.2 is nowhere in mill",)


@pytest.mark.parametrize("summary", [HOSTILE, EMPTY, ORDINARY])
def test_any_result_can_be_checked(summary: Summary) -> None:
    check = summary.check()
    assert check.to_text()
    assert check.to_html()


@given(SUMMARY)
def test_results_from_strangers_can_be_checked(summary: Summary) -> None:
    """Spans that point anywhere, chunks that are not theirs: no error."""
    check = summary.check()
    for each in check.sentences:
        assert summary.text[each.start : each.end] == each.text
    for finding in check.findings:
        assert summary.text[finding.start : finding.end] == finding.text


def test_order_of_documents_does_not_matter() -> None:
    text = "The mill made 3.2 million tons. Ships use the second pier of the harbor."
    one = summary_of(text, a=MILL, b=COUNCIL, c=HARBOR).check()
    other = summary_of(text, c=HARBOR, b=COUNCIL, a=MILL).check()
    assert one.sentences == other.sentences


def test_citations_that_somebody_wrote_are_not_trusted() -> None:
    """A citation does not make a sentence supported."""
    text = "Penguins raise their young in colonies on the ice."
    summary = summary_of(text, harbor=HARBOR)
    forged = Citation(1, 0, len(text), "harbor", HARBOR[:34], 0, 34, 1.0)
    assert kinds(replace(summary, citations=(forged,)).check()) == ["unsupported"]


def test_a_number_with_the_same_words_elsewhere_in_its_document_is_not_doubted() -> None:
    """The best passage is another one; a number that stands there with other words is."""
    numbers = "".join(f"Box {at} holds {at + 3} bolts. " for at in range(10, 90))
    source = (
        "The design team met young users of the remote control in the old laboratory. "
        f"{numbers} Of the people we asked, voice control pleases about 75 of every hundred users."
    )
    said = (
        "Marketing, whose survey of young consumers impressed the design team, reported that voice "
        "control pleases {} of them."
    )
    assert kinds(summary_of(said.format(75), mill=source).check()) != ["number"]
    assert "number" in kinds(summary_of(said.format(47), mill=source).check())


def test_a_number_of_its_document_is_doubted_if_the_passage_gives_another() -> None:
    """A passage with most of a sentence and no number says nothing against one from elsewhere."""
    numbers = "".join(f"Box {at} holds {at + 3} bolts. " for at in range(10, 90))
    passage = "The new parser reduces the errors on all arguments of the core {}test set."
    apart = "The river froze over in winter and the boats stayed in their sheds. " * 5
    source = (
        f"{passage} {apart} {numbers} {apart} Table four shows: errors on all arguments of the "
        "core test set fall by 32%."
    )
    said = "The new parser reduces the errors on all arguments of the core test set by {}%."
    assert kinds(summary_of(said.format(32), paper=source.format("")).check()) == []
    assert kinds(summary_of(said.format(57), paper=source.format("")).check()) == ["number"]
    other = summary_of(said.format(32), paper=source.format("57% ")).check()
    assert kinds(other) == ["number"]


def test_the_year_of_a_cited_work_is_part_of_its_name() -> None:
    source = "The twin-candidate model resolves anaphors by comparing two of them."
    for work in ("(Yang et al 2003)", "(Yang et al., 2003)", "(Smith and Eisner, 2005a)"):
        check = summary_of(f"The twin-candidate model {work} resolves anaphors.", paper=source)
        assert "number" not in kinds(check.check())
    check = summary_of("The twin-candidate model of 2003 resolves anaphors.", paper=source)
    assert "number" in kinds(check.check())
