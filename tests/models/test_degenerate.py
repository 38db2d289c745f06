from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import docsum_nb as ds
from docsum_nb.events import Warned
from docsum_nb.ledger import Ledger
from docsum_nb.models.degenerate import echoes, is_blank, unlooped
from docsum_nb.models.language import language_of
from docsum_nb.models.truncated_prompt import unread_of
from docsum_nb.records import Omission
from docsum_nb.testing import Call, Reply, ScriptedServer
from tests.linear.growth import Case, measure
from tests.models.model_samples import REQUEST, Asking

SOURCE = " ".join(
    f"The ship{i} carries coal{i} to the harbour{i} of the north." for i in range(150)
)
ENGLISH = replace(
    REQUEST,
    instructions="Summarize the text below, which is log.txt, in at most 50 words. Write in the "
    "language of the text, in plain sentences, without an introduction of your own.",
    text=SOURCE,
)
GOOD = "Two hundred ships carry coal to the harbours of the north, each of them to its own."
ONCE = "The report is about three harbours of the north. "
GERMAN = (
    "Der Bericht handelt von den Schiffen, die mit der Kohle nach dem Norden fahren, und von dem "
    "Geld, das die Arbeiter im Hafen für ihre Arbeit nicht bekommen haben."
)


LOOPS = [
    (ONCE + "They carry coal and grain. " * 40, ONCE + "They carry coal and grain."),
    (ONCE + "They carry grain to the har" + "bours. They carry grain to the har" * 9,
     ONCE + "They carry grain to the harbours."),
    (ONCE + "the " * 300, ONCE.strip()),
    (ONCE + "\n- Coal is carried." * 40, ONCE + "\n- Coal is carried."),
    ("".join(f"{at}. The ships sail at dawn.\n" for at in range(1, 50)),
     "1. The ships sail at dawn."),
    (ONCE + "Coal is cheap. Grain is dear. Ships are slow. " * 12,
     ONCE + "Coal is cheap. Grain is dear. Ships are slow."),
    ("船は石炭を運ぶ。" * 30, "船は石炭を運ぶ。"),
    (ONCE + "-=" * 300, ONCE.strip()),
    (ONCE + "ha" * 400, ONCE.strip()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kept"), LOOPS)
def test_loop_is_found_and_its_first_round_kept(text: str, kept: str) -> None:
    """Lines, sentences, words, rounds of several sentences, signs; with and without spaces."""
    for cut in (True, False):
        found = unlooped(text, cut=cut)
        assert found is not None
        assert found.text == kept


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "The motion was carried. " * 4 + "The budget passed with nine votes against four.",
        "Exports: " + ", ".join(f"{year}: {year % 7} million" for year in range(1990, 2003)) + ".",
        " ".join(f"MARK-{at:03}." for at in range(120)),
        "\n".join(
            f"- {name}: carries coal"
            for name in ["Ada", "Bea", "Cleo", "Dora", "Eva", "Fay", "Gil", "Ida"]
        ),
        "| ship | load |\n|---|---|\n" + "\n".join(f"| {at} | coal |" for at in range(9)),
        "never " * 12 + "give up, says the song.",
        "| year | ships | state |\n|---|---|---|\n"
        + "\n".join(f"| {y} | {y % 17} | in service at the port |" for y in range(1980, 2020)),
        "\n".join(f"{at}. Motion {at} was carried with {at + 3} votes." for at in range(1, 30)),
        "The matrix:\n" + "\n".join(" ".join("0" * 9) for _ in range(9)),
        "All values are " + ", ".join(["0.0"] * 40) + ".",
        "\n".join(f"Q: Is {name} affected?\nA: No, it is not affected." for name in "ABCDEFGHIJ"),
        "\n".join(
            f"{name} came down to the shore.\nAnd the sea sang low, and the sea sang long."
            for name in ["Ada", "Bea", "Cleo", "Dora", "Eva", "Fay"]
        ),
        "",
    ],
)
def test_text_that_repeats_something_is_no_loop(text: str) -> None:
    """Refrains, figures, lists and tables are parts of summaries."""
    assert unlooped(text, cut=False) is None
    assert unlooped(f"{text} And then", cut=True) is None


def test_texts_that_people_wrote_are_no_loops() -> None:
    """The package's own documentation, paragraph by paragraph, as answers."""
    for page in Path("docs").rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        for paragraph in text.split("\n\n"):
            if re.search(r"\w", paragraph):
                assert unlooped(paragraph, cut=False) is None
                assert language_of(paragraph) in ("English", None)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "None", "```json\n[]\n```", '""', "N/A", "...", "- \n- "]
)
def test_answer_of_no_words_is_blank(text: str) -> None:
    """Lists, objects and words for nothing."""
    assert is_blank(text)
    assert not is_blank(f"{text} ships")
    assert not is_blank("=" * 300 + "\nShips carry coal.")


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        (ENGLISH.instructions, True),
        (f"Sure. {ENGLISH.instructions}\n\nText:", True),
        (SOURCE[:4000], True),
        (f"<text>\n{SOURCE[500:3000]}", True),
        (SOURCE[:300], False),
        (GOOD, False),
    ],
)
def test_copy_of_the_prompt_is_found(text: str, copied: bool) -> None:  # noqa: FBT001
    """Of the instructions, or of a piece of the text that is longer than a summary."""
    found = echoes(text, instructions=ENGLISH.instructions, source=SOURCE, max_words=50)
    assert found is copied


def test_answer_that_repeats_the_question_is_no_copy(server: ScriptedServer) -> None:
    """The question is part of the instructions."""
    asked = "Who may terminate the agreement with a notice period of thirty days?"
    said = "The tenant may terminate the agreement with a notice period of thirty days."
    server.script = lambda call: Reply(said)
    request = replace(ENGLISH, instructions=f"Answer. The question: {asked}", question=asked)
    answer = Asking(server).ask(request)
    assert (answer.text, answer.flaws, len(server.calls)) == (said, (), 1)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (GOOD, "English"),
        (GERMAN, "German"),
        ("Le navire transporte le charbon vers le port, et les ouvriers attendent dans la rue que "
         "les salaires soient payés par la ville.", "French"),
        ("El barco lleva el carbón al puerto y los obreros esperan en la calle a que se paguen los "
         "salarios de la semana.", "Spanish"),
        ("Корабль везёт уголь в порт, где рабочие ждут зарплату за неделю.", "Cyrillic"),
        ("船は石炭を港へ運び、労働者は週給を待っている。港は北にあり、冬は凍る。", "Japanese"),
        ("这艘船把煤运到港口，工人们在街上等待发放工资。港口在北方，冬天会结冰。", "Chinese"),
        ("배는 석탄을 항구로 나르고 노동자들은 주급을 기다린다. 항구는 북쪽에 있고 춥다. "
         "배는 느리고 짐은 무겁다.", "Korean"),
        ("Coal, grain, ore.", None),
        ("MARK-001 MARK-002 x = y + 1; print(x)", None),
        ("".join(f"| {port} | yes | no | no |\n" for port in "ABCDEFGH"), None),
    ],
)  # fmt: skip
def test_language_is_known_or_left_open(text: str, language: str | None) -> None:
    """By script, or by the commonest words; never guessed."""
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("reply", "reason", "text"),
    [
        (Reply(ONCE + "They carry coal. " * 40, finish_reason="length"), "repeated itself",
         ONCE + "They carry coal."),
        (Reply(ENGLISH.instructions), "copies the text or the instructions", ENGLISH.instructions),
        (Reply("[]"), "holds no words", "[]"),
        (Reply(GERMAN), "German instead of English", GERMAN),
    ],
)  # fmt: skip
@pytest.mark.parametrize("streamed", [False, True])
def test_degenerate_answer_is_asked_for_once_more_and_reported(
    server: ScriptedServer,
    tmp_path: Path,
    reply: Reply,
    reason: str,
    text: str,
    streamed: bool,  # noqa: FBT001
) -> None:
    """The second answer counts if it is better; else what is wrong goes with it, stored as well."""
    server.script = lambda call: Reply(GOOD) if call.number else reply
    asking = Asking(server)
    ask = asking.stream if streamed else asking.ask
    assert (ask(ENGLISH).text, len(server.calls)) == (GOOD, 2)
    assert server.calls[0].prompt != server.calls[1].prompt

    server.calls.clear()
    server.script = lambda call: reply
    ledger = Ledger(tmp_path / "l")
    for _ in range(2):
        answer = Asking(server, ledger).ask(ENGLISH)
        assert (answer.text, answer.finish_reason, len(server.calls)) == (text, "stop", 2)
        assert [reason in flaw for flaw in answer.flaws] == [True]


def test_loop_that_litellm_breaks_off_is_one(server: ScriptedServer) -> None:
    """After a hundred equal pieces of a stream it raises; what was written is kept."""
    server.script = lambda call: Reply(ONCE + " ".join(["on"] * 400))
    asking = Asking(server)
    answer = asking.stream()
    assert answer.text.startswith(ONCE.strip())
    assert len(answer.text) < 100
    assert "repeated itself" in answer.flaws[0]
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("instructions", "question"),
    [
        ("Summarize it in German.", None),
        (ENGLISH.instructions, "Was steht in dem Text über Schiffe?"),
    ],
)
def test_other_language_that_was_asked_for_is_right(
    server: ScriptedServer, instructions: str, question: str | None
) -> None:
    """By a prompt of the user's own, or by the question."""
    server.script = lambda call: Reply(GERMAN)
    request = replace(ENGLISH, instructions=instructions, question=question)
    answer = Asking(server).ask(request)
    assert (answer.flaws, len(server.calls)) == ((), 1)


@pytest.mark.parametrize(
    ("read", "sent", "found"),
    [
        (2048, 5522, True),
        (4096, 5522, True),
        (4095, 5522, True),
        (100, 5522, True),
        (4000, 5522, False),
        (5000, 5522, False),
        (4096, 4300, False),
        (5522, 5522, False),
        (9000, 5522, False),
    ],
)
def test_prompt_that_was_cut_is_known_by_the_usage(read: int, sent: int, found: bool) -> None:  # noqa: FBT001
    """By a count that no vocabulary has, or by a window's size; not by what may be a vocabulary."""
    text = "coal and grain " * (sent // 3)
    assert (unread_of([text], read=read, sent=sent, answer=400) is not None) is found


def test_count_beside_a_window_is_no_cut_after_a_longer_prompt() -> None:
    """A server that has read more has no such window: its vocabulary is another one."""
    for words, longest, found in ((4_000, 4096, True), (4_000, 4100, False), (40_000, 4100, True)):
        text = "coal " * words
        unread = unread_of([text], read=4095, sent=5522, answer=400, longest=longest)
        assert (unread is not None) is found


def cutting(window: int) -> object:
    """Answer as a server that cuts prompts to a window."""

    def script(call: Call) -> Reply:
        tokens = len(call.prompt.split()) * 4 // 3
        usage = {"prompt_tokens": min(tokens, window), "completion_tokens": 9, "total_tokens": 9}
        choice = {"message": {"role": "assistant", "content": GOOD}, "finish_reason": "stop"}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        return Reply(raw=json.dumps({**body, "choices": [{"index": 0, **choice}], "usage": usage}))

    return script


@pytest.mark.parametrize("window", [2048, 4096])
def test_server_that_cuts_prompts_is_reported(
    server: ScriptedServer, tmp_path: Path, window: int
) -> None:
    """As Ollama does: a warning at the first, every such chunk among the omissions, also later."""
    server.script = cutting(window)  # type: ignore[assignment]
    text = {
        "log": SOURCE * 16,
        "note": "A short note on ships and on what they carry to the north.",
    }
    model = ds.Model("openai/x", base_url=server.base_url, context_window=32_000)
    for fresh in (True, False):
        events: list[object] = []
        run = ds.summarize(
            text, model=model, ledger=tmp_path / "l", show=False, on_event=events.append
        )
        summary = run.result(60)
        chunks = [each.chunk.label for each in summary.chunks if each.chunk.tokens > 5000]
        assert len(chunks) >= 3
        unread = [each for each in summary.omitted if "read only about" in each.reason]
        assert sorted(each.what for each in unread) == sorted(chunks)
        assert f"{window:,} of the" in unread[0].reason
        messages = [each.message for each in events if isinstance(each, Warned)]
        warned = [each for each in messages if "read only" in each]
        if fresh:
            assert [re.findall(r"num_ctx': (\d+)", each) for each in warned] == [["8192"]]
    assert all(isinstance(each, Omission) for each in summary.omitted)


@pytest.mark.parametrize("seed", ["a b ", "a", "- x\n", "ab. ", "1. x\n", "船", "<a> ", "- ", "é "])
def test_rules_take_linear_time(seed: str) -> None:
    """Any text that repeats itself a million times."""

    def look(text: str) -> None:
        unlooped(text, cut=True)
        echoes(text, instructions=text[:100_000], source=text, max_words=50)
        language_of(text)
        is_blank(text)

    case = Case(seed, look, lambda size: seed * (size // len(seed)))
    assert measure(case, longest=256_000, enough_s=0.2).is_linear
