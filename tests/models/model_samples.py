"""What the tests of models share: a question, and an client on a loopback server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from docsum_nb.events import Event, TextStreamed
from docsum_nb.ledger import Ledger
from docsum_nb.models import Model, ModelClient, SummaryStream, open_model
from docsum_nb.records import Answer, Request
from docsum_nb.testing import Reply, ScriptedServer
from tests.support.controls import StandaloneControl
from tests.support.loops import on_loop

REQUEST = Request("role", "instructions", "text", 50, 150)


class Asking:
    """A client on a loopback server, with the events of its run."""

    def __init__(
        self, server: ScriptedServer, ledger: Ledger | None = None, **options: Any
    ) -> None:
        fallbacks = options.pop("fallbacks", ())
        budget = options.pop("budget", None)
        self.events: list[Event] = []
        settings = [
            Model(name, base_url=server.base_url, **options)
            for name in ("openai/first", *fallbacks)
        ]
        self.control = StandaloneControl(self.events)
        self.client = ModelClient(
            [open_model(each) for each in settings],
            ledger=ledger,
            control=self.control,
            budget=budget,
        )

    def ask(self, request: Request = REQUEST) -> Answer:
        return on_loop(self.client.ask(request))

    def stream(self, request: Request = REQUEST) -> Answer:
        """Ask for a text that is streamed."""
        return on_loop(self.streaming(request))

    async def streaming(self, request: Request = REQUEST) -> Answer:
        self.client.stream = SummaryStream(self.control, label="summary")
        answer = await self.client.ask(request, final=True)
        self.client.stream.end(answer.text)
        return answer

    @property
    def shown(self) -> list[TextStreamed]:
        return [event for event in self.events if isinstance(event, TextStreamed)]


def shown_text(events: Iterable[Event]) -> str:
    """Return the text as it stands after the events."""
    text = ""
    for event in events:
        if isinstance(event, TextStreamed):
            text = event.text if event.begins else text + event.text
    return text


def failing_first(times: int, **reply: Any) -> Any:
    return lambda call: Reply("no", **reply) if call.number < times else Reply("yes")
