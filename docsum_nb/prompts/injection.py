"""Words in a document that are addressed to a model, such as "ignore all previous instructions".

Decides what is reported of a document. Nothing is removed for it: the words stay text, and stand in
the prompt as data. Only wordings that hardly occur otherwise are known, in the most common
languages: an alarm at every other document would not be read. Refuses nothing; linear time.
"""

from __future__ import annotations

import re

from docsum_nb.characters import clean

__all__ = ["orders_in"]

_MOST_SHOWN = 80
_GAP = r"[\s*_\"'“”»«>,-]{1,5}"


def _words(*parts: str) -> str:
    """Join patterns of words; a part that begins with a question mark is optional."""
    joined = ""
    for part in parts:
        joined += f"(?:(?:{part[1:]}){_GAP})?" if part.startswith("?") else f"(?:{part}){_GAP}"
    return joined.removesuffix(_GAP)


_BEFORE = r"previous|prior|preceding|above|earlier|foregoing|former"
_ORDERS = r"instructions?|prompts?|directions|rules|commands|guidelines|directives|orders"
_WORDINGS = (
    _words(
        r"\b(?:ignore|disregard|forget|override|bypass)",
        "?all|any|every",
        "?of",
        "?the|your|these|those|my",
        "?other",
        _BEFORE,
        "?system",
        _ORDERS,
    ),
    _words(
        r"\b(?:ignore|disregard|forget)",
        "?all|everything",
        "?of",
        "the|your|all",
        rf"(?:{_ORDERS}|text|content)",
        r"above|before|so far|you (?:were|have been|got)",
    ),
    _words(
        r"\byou are now",
        "?in|a|an|the",
        r"(?:unrestricted|developer|jailbroken|jailbreak|dan|god|admin|debug|unfiltered|evil)",
        r"(?:mode|ai|assistant|model|chatbot|bot)",
    ),
    r"(?m:^[ \t>#*]{0,8}(?:system|assistant)(?: prompt| message)?)"
    r"\**:\**[ \t]{0,3}you (?:are|must)\b",
    _words(
        r"\b(?:reveal|print|repeat|output|show|disclose|leak)",
        "?me|us",
        r"your",
        r"(?:system prompt|hidden instructions|initial instructions|system message)",
    ),
    r"<\|im_start\|>\s{0,3}system|<<SYS>>|<\|start_header_id\|>\s{0,3}system",
    _words(
        r"\b(?:ignorier(?:e|en sie)?|vergiss|vergessen sie|missachte)",
        "?alle",
        "?deine|ihre|die",
        r"(?:vorherigen|bisherigen|obigen|vorangegangenen|vorigen|früheren)",
        r"(?:anweisungen|instruktionen|befehle|vorgaben|anordnungen)",
    ),
    _words(
        r"\b(?:ignor(?:e|ez|er)|oubli(?:e|ez|er))",
        "?toutes",
        "?les|vos|tes",
        "instructions|consignes|directives",
        "précédentes|antérieures|ci-dessus",
    ),
    _words(
        r"\b(?:ignor[ae]d?|olvid[ae]d?)",
        "?todas",
        "?las|tus|sus",
        "instrucciones|indicaciones|órdenes",
        "anteriores|previas",
    ),
    _words(r"\b(?:ignora|dimentica)", "?tutte", "?le|tue", "istruzioni", "precedenti"),
    _words(r"\b(?:ignore|esqueça)", "?todas", "?as|suas", "instruções", "anteriores|prévias"),
    _words(r"\b(?:negeer|vergeet)", "?alle", "?de|je", "vorige|eerdere|voorgaande", "instructies"),
    _words(r"\b(?:zignoruj|ignoruj)", "?wszystkie", "poprzednie|wcześniejsze", "instrukcje"),
    _words(
        r"(?:проигнорируй|игнорируй|забудь)(?:те)?",
        "?все",
        "предыдущие|прежние",
        "инструкции|указания",
    ),
    _words(r"önceki", "?tüm", "talimatları|komutları", "(?:yok say|unut|görmezden gel)"),
    _words(r"تجاهل", "?جميع|كل", "التعليمات|الأوامر", "السابقة"),
    _words(r"पिछले", "?सभी", "निर्देशों|आदेशों", "को", "(?:अनदेखा|नज़रअंदाज़|भूल)"),
    r"(?:忽略|无视|忽視|無視|忘记|忘記)(?:你|所有|之前|以上|上述|前面|先前|此前|全部|的|一切){1,5}(?:指令|指示|命令|提示)",
    r"(?:以前|これまで|上記|前|すべて|全て)の(?:すべての|全ての)?(?:指示|命令)を(?:すべて|全て)?(?:無視|忘れ)",
    r"(?:이전|위|앞)의? ?(?:모든 ?)?(?:지시|명령|지침)(?:사항)?(?:을|를)? ?(?:모두 )?(?:무시|잊)",
)
_ORDER = re.compile("|".join(_WORDINGS), re.IGNORECASE)
_TRIGGERS = (
    *("ignor", "disregard", "forget", "override", "bypass", "you are now", "system:", "system**:"),
    *(
        "system prompt",
        "system message",
        "assistant:",
        "hidden instructions",
        "<<sys>>",
        "|>system",
    ),
    *(
        "initial instructions",
        "vergiss",
        "vergessen sie",
        "missachte",
        "oubli",
        "olvid",
        "dimentica",
    ),
    *("esqueça", "negeer", "vergeet", "игнорируй", "забудь", "önceki", "تجاهل", "पिछले"),
    *("忽", "无视", "無視", "忘", "忘れ", "무시", "잊"),
)
"""One of them stands in each wording; looking for these takes no time."""
_AROUND = 160
_MOST_LOOKED_AT = 300
"""Places in one text: a text that holds these words more often is about something else."""


def orders_in(text: str) -> str | None:
    """Return the first words of a text that are addressed to a model, on one line.

    Args:
        text: A document. Invisible characters between the letters do not hide them.

    Returns:
        At most 80 characters; ``None`` if there are none.
    """
    shown = clean(text)
    lowered = shown.lower()
    if len(lowered) != len(shown):  # a few letters become two; places would not fit
        shown = lowered
    left = _MOST_LOOKED_AT
    for trigger in _TRIGGERS:
        at = lowered.find(trigger)
        while at >= 0 and left:
            left -= 1
            # A line begins at most as far before it as words may stand between the two.
            start = max(0, at - _AROUND, lowered.rfind("\n", 0, at) + 1 if ":" in trigger else 0)
            found = _ORDER.search(shown, start, at + _AROUND)
            if found is not None:
                return " ".join(found[0].split())[:_MOST_SHOWN]
            at = lowered.find(trigger, at + _AROUND // 2)
    return None
