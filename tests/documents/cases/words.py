"""Transcripts, sentences that are not quoted, and texts in scripts with combining marks."""

from __future__ import annotations

from tests.documents.case import Case

PROSE = (
    "The council met on Monday and spoke about the old bridge for three hours. "
    "The bridge will be closed for repairs until the end of the year, the mayor said."
)
SURROUNDINGS = {
    "cookies": "We use cookies and similar tools to improve your experience on this site.",
    "cookies-german": "Diese Seite verwendet Cookies, um Ihnen alle Inhalte zu zeigen.",
    "archived": "Archived from the original of the newspaper on 8 July 2020.",
    "licence": "Text is available under the Creative Commons Attribution-ShareAlike License.",
    "copyright": "Copyright 2020 The Authors of this very long and very useful document.",
    "rights": "No part may be copied without asking the publisher, all rights reserved.",
    "authors": "Jane Bromley, Isabelle Guyon, Yann LeCun, Eduard Sackinger, and Roopak Shah.",
    "users": "Kitty_22, Moonlight7, Bookworm, Starfire9, Dragonfly, Nightowl, Sunny_1, and Rose.",
    "figures": "The results 43.9 65.3 77.1 84.4 are shown for all systems in Table 5: Scores.",
    "commit": "html: Add description list support and optimize list handling (#3615).",
    "commit-hash": "Fix the reading of nested lists in all of the documents (a178bbb).",
    "navigation": "Next: Using the tool, Previous: Installing the tool, Up: Top of the manual.",
    "menu": "Home page | About the company | Contact the office | Imprint of the site.",
    "dots": "The history of the old bridge over the river ........ 12",
    "reference": "In Proceedings of the Conference on Bridges, the author describes it all.",
    "skip": "Skip to main content of this page about the bridges of the town.",
    "newsletter": "Subscribe to our free and very useful weekly newsletter about the town.",
    "mail": "Subject: The meeting of the council about the bridge on Monday.",
    "signature": "Sent from my telephone while I was on the way to the meeting.",
    "clause": "In the case of a first party, a second party of the contract; and.",
    "redistribution": "Redistributions of source code must keep the notice above this list.",
    "package": "Requires-Dist: an installed package; sys_platform == the system of the bridge.",
    "project": "Project-URL: Homepage, https://bridge.example Author: The council of the town.",
    "call": 'Library("handbook").add("docs") # the private documentation of the council',
    "command": "./configure --prefix=the_folder of the town --with-bridges of stone and of wood",
    "confidential": "This message and its files are confidential and meant for the council only.",
    "recipient": "If you are not the intended recipient, please delete all of its words.",
    "github": "Reply to this email directly, view it on GitHub, or unsubscribe from it.",
    "outlook": "Von: Anna Weber Gesendet: Dienstag, im Oktober 2026 An: Carl Ng Betreff: Bridge",
    "discord": "Join our community of builders of bridges on Discord, on any day of the week.",
    "index": "addKey addTemplate applySet compile_pattern getFunction() loadDocument matchAll keys",
    "rows": "keys - of a door sets - of names rows - of seats imports - of grain posts - of wood",
    "doctest": ">>> the_bridge.closed_for(the_winter) of the council is true in all of May.",
    "picture": "[The bridge in the winter, with its closed gates and walls](images/bridge.png)",
    "endorsing": "Neither the name of the council nor those of its bridges may endorse products.",
    "release": "Version 1.49 (in June of the year) Small changes of the bridge for its users.",
    "requirements": "-r bridge-requirements.txt walls>=7.2.6 gates towers of the old town",
    "statement": "if bridge.exists('old gate'): print(\"This is the old bridge of the town.\")",
    "signed": "Best regards, Ana -- Ana Ruiz | Head of Bridges | Harbor Authority of the Town",
    "sponsors": "Please consider sponsoring the makers of this bridge, who build it for nothing.",
    "subscription": "The bridge is available as part of the Tidelift Subscription for towns.",
    "followers": "Follow us on Mastodon, for the news of the bridge and of its town.",
    "debian": "On Debian systems, the full text of the license of the bridge is in a folder.",
    "usage": "Usage: bridge close [--for a whole winter] [--with its gates] gate of the town",
    "synopsis": "bridge [-c the gates] [-o all the roads] [--winter] one or more of the towns",
    "makefile": "html: all the pages of the bridge $(SPHINXBUILD) -b html for the whole council",
    "makefile-echo": "@true @echo the bridge was built @echo all the pages are in the town hall.",
    "script": 'set the gate of the bridge while [ "$gate" = open ]; do close all gates; done',
    "warranty": "It is given to you without warranty of any kind by its makers.",
}
CASES = [
    *(
        Case(
            f"not-quoted-{name}",
            "a.txt",
            f"{line}\n\n{PROSE}\n",
            (line,),
            quoted=(PROSE,),
            unquoted=(line,),
        )
        for name, line in SURROUNDINGS.items()
    ),
    Case(
        "marks-of-transcribers",
        "a.txt",
        "Are we {disfmarker} we are not allowed to dim the lights in the {vocalsound} room?",
        ("{disfmarker}",),
        quoted=("Are we we are not allowed to dim the lights in the room?",),
        unquoted=("{disfmarker}",),
    ),
    Case(
        "quoted-although-alike",
        "a.txt",
        "The licensee of the quarry pays 40,000 a year. Unsubscribe from an observable to free it. "
        "What is confidential stays so under the contract. "
        "The board may consider sponsoring a team. Usage: the traffic rose [1] by a third in May. "
        "Tourists follow us on foot. Please consider donating blood before the holidays. "
        "In any case $300 in damages was awarded to the owner of the mill. "
        "The judge asked if [ the witness ] then left the room by the other door. "
        "The gaps were small [-0.3, 0.2] [-0.1, 0.4] [-0.5, 0.1] in all of the three groups. "
        "Usage: water [flags are explained below] rose by a third in May. "
        "If the tenant pays late (see 4.2): notice (in writing) is due.\n\n"
        "In no event shall the tenant sublet the rooms.\n",
        quoted=(
            "The licensee of the quarry pays 40,000 a year.",
            "Unsubscribe from an observable to free it.",
            "What is confidential stays so under the contract.",
            "The board may consider sponsoring a team.",
            "Usage: the traffic rose [1] by a third in May.",
            "Tourists follow us on foot.",
            "Please consider donating blood before the holidays.",
            "In any case $300 in damages was awarded to the owner of the mill.",
            "The judge asked if [ the witness ] then left the room by the other door.",
            "The gaps were small [-0.3, 0.2] [-0.1, 0.4] [-0.5, 0.1] in all of the three groups.",
            "Usage: water [flags are explained below] rose by a third in May.",
            "If the tenant pays late (see 4.2): notice (in writing) is due.",
            "In no event shall the tenant sublet the rooms.",
        ),
    ),
    Case(
        "what-stands-before-a-sentence",
        "a.md",
        "- The bridge is closed for the winter.\n\n"
        "See {ref}`the plan` of the council for its walls.\n",
        quoted=(
            "The bridge is closed for the winter.",
            "See the plan of the council for its walls.",
        ),
        unquoted=("- The", "{ref}"),
    ),
    Case(
        "fields-of-data",
        "a.json",
        '[{"speaker": "Ann", "content": "The bridge is closed for the winter."}, '
        '{"speaker": "Bob", "content": "The council will build a new one in May."}]',
        quoted=("The bridge is closed for the winter.",),
        unquoted=("content:",),
    ),
    Case("only-a-licence", "a.txt", SURROUNDINGS["licence"], quoted=(SURROUNDINGS["licence"],)),
    Case(
        "srt",
        "a.srt",
        "1\n00:00:01,000 --> 00:00:02,000\nThe council met\n\n"
        "2\n00:00:02,000 --> 00:00:04,000\n<i>on Monday.</i>\n",
        ("[0:00:01] The council met on Monday.",),
        ("-->", "<i>", "00:00:02"),
        silent=True,
    ),
    Case(
        "vtt-voices",
        "a.vtt",
        "WEBVTT\n\nNOTE made by hand\n\nfirst\n00:01.000 --> 00:02.000 align:start position:0%\n"
        "<v Ann Smith>Good &amp; well\n\n00:02.500 --> 01:00:04.000\n<v.loud Bob>Yes",
        ("[0:00:01] Ann Smith: Good & well", "[0:00:02] Bob: Yes"),
        ("position", "WEBVTT", "made by hand", "first"),
        ("1 blocks of notes or styles",),
    ),
    Case(
        "vtt-rolling",
        "a.vtt",
        "WEBVTT\nKind: captions\n\n00:00:00.000 --> 00:00:02.000\nso<00:00:01.000><c> today</c>\n\n"
        "00:00:02.000 --> 00:00:04.000\nso today\nwe<c> talk</c>\n",
        ("[0:00:00] so today we talk",),
        ("today so", "Kind"),
        ("1 repeated lines",),
    ),
    Case(
        "srt-names-and-pause",
        "a.srt",
        "1\n00:00:01,000 --> 00:00:02,000\nAnn: Hello there\n\n2\n00:00:02,000 --> 00:00:03,000\n"
        "{\\an8}- Bob: Hi\n\n3\n01:10:03,000 --> 01:10:04,000\nMuch later\n",
        ("[0:00:01] Ann: Hello there", "[0:00:02] Bob: Hi", "[1:10:03] Much later"),
        ("an8",),
    ),
    Case("srt-damaged", "a.srt", "Just words, no times.\n", ("Just words, no times.",)),
    Case(
        "srt-stray",
        "a.srt",
        "1\n00:00:01,000 --> 00:00:02,000\nHello\n\nwords without a time\n",
        ("Hello words without a time",),
    ),
    Case(
        "chat",
        "chat.txt",
        "[10:02] Ann: the bridge is closed until the end of the year i think\n"
        "[10:03] Bob: who told you so when you were at the town hall\n"
        "[10:04] Ann: the mayor did so in the meeting last monday\n",
        quoted=("[10:02] Ann: the bridge is closed", "year i think [10:03] Bob: who"),
        silent=True,
    ),
    Case(
        "chat-whatsapp",
        "chat.txt",
        "12/03/2021, 10:02 - Messages and calls are end-to-end encrypted. Tap to learn more.\n"
        "12/03/2021, 10:02 - Ann: the bridge is closed until the end of the year i think\n"
        "12/03/2021, 10:03 - Bob: who told you so when you were at the town hall\n"
        "12/03/2021, 10:04 - Ann: the mayor did so in the meeting last monday\n",
        quoted=("Ann: the bridge is closed until the end of the year i think",),
    ),
    *(
        Case(f"prose-{name}", "a.txt", f"{text}\n", (text,), quoted=(text,))
        for name, text in {
            "hindi": "समिति की बैठक सोमवार को हुई और बजट पास हुआ।",
            "tamil": "குழு கூட்டம் திங்கட்கிழமை நடந்தது.",
            "arabic": "بَدَأَ الِاجْتِمَاعُ يَوْمَ الِاثْنَيْنِ.",
            "urdu": "کابینہ کا اجلاس پیر کو ہوا۔",
            "amharic": "ስብሰባው ሰኞ ዕለት ተካሄደ።",
            "burmese": "အစည်းအဝေးကို တနင်္လာနေ့တွင် ကျင်းပခဲ့သည်။",
            "decomposed": "Die Mu\u0308nchner Bru\u0308cke ist alt.",
            "soft-hyphens": "Das Donau\u00addampf\u00adschiff fährt heute.",
        }.items()
    ),
]
