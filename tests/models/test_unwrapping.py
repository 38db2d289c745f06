"""What models put around an answer is taken off, and nothing else; what is no summary is caught."""

from __future__ import annotations

import pytest

from docsum_nb.models.unwrapping import unwrapped
from docsum_nb.models.validation import checked
from docsum_nb.records import Answer
from tests.models.model_samples import REQUEST

TEXT = "In 2021 the mill made 3.2 million tons of steel."
WRAPPED = [
    f"Here is the summary:\n\n{TEXT}",
    f"Sure! Here's a concise summary of the provided text:\n\n{TEXT}",
    f"**Below is a summary of the document in 60 words:**\n{TEXT}",
    f"```markdown\n{TEXT}\n```",
    f"```\n{TEXT}\n```\n",
    f'```json\n{{"summary": "{TEXT}"}}\n```',
    f'{{"summary": "{TEXT}"}}',
    f"{TEXT}\n\nLet me know if you'd like me to expand on any part!",
    f"{TEXT}\n\nI hope this helps!",
    f"{TEXT}<|im_end|>\n<|im_start|>user\nThank you!",
    f"{TEXT}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nThank you!",
    f"### Assistant:\n{TEXT}",
]
OWN = [
    TEXT,
    f"{TEXT}\n\nThe harbor:\n- is closed",
    f"Here is where the mill stands: Riverton.\n{TEXT}",
    f"Use it so:\n```python\nprint(1)\n```\n{TEXT}",
    "```\na\n```\nand\n```\nb\n```",
    '{"summary": "a", "points": "b"}',
    '{"tons": "3.2 million"}',
    '{"summary": ["a"]}',
    "{not JSON}",
    "Let me know if you can come, she wrote.",
    "Here is the summary:\n",
    "",
    "The mark <|im_end|> ends a turn, and <|im_start|> begins the next.",
    "HTML strikes <s>coal</s> out, and goes on.",
]
NONE = [
    "Es tut mir leid, aber dabei kann ich Ihnen nicht helfen.",
    "Je suis désolé, mais je ne peux pas répondre à cette demande.",
    "Lo siento, pero no puedo ayudar con esa solicitud.",
    "抱歉，我无法提供该内容的摘要。",
    "申し訳ありませんが、そのご要望にはお応えできません。",
    "It looks like you haven't provided the text yet. Please share it.",
    "Please provide the text you would like me to summarize.",
    "[Insert summary here]",
    "TBD",
    "```\n...\n```",
]
REPORTS = [
    "Es tut mir leid, schrieb der Bürgermeister den Familien nach dem Brand in der Mühle.",
    "The letter says that it looks like you have not provided the text of the law.",
    "Lo siento, dijo el alcalde a las familias del puente.",
    "The text here is of the mill.",
    "A summary.",
    "Summary of the text.",
]


@pytest.mark.parametrize("text", WRAPPED)
def test_what_is_around_an_answer_is_taken_off(text: str) -> None:
    assert unwrapped(text) == TEXT
    answer, flaw = checked(Answer(text, "m"), REQUEST)
    assert (answer.text, flaw) == (TEXT, None)


@pytest.mark.parametrize("text", OWN)
def test_what_is_of_the_answer_stays(text: str) -> None:
    assert unwrapped(text) == text


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_summary_is_caught(text: str) -> None:
    _, flaw = checked(Answer(text, "m"), REQUEST)
    assert flaw is not None
    assert flaw.kind in ("refused", "blank")


@pytest.mark.parametrize("text", REPORTS)
def test_what_reports_such_words_is_a_summary(text: str) -> None:
    _, flaw = checked(Answer(text, "m"), REQUEST)
    assert flaw is None or flaw.kind == "language"
