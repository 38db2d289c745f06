"""Texts in many languages, ours, each with the code pages that it is usually written in."""

from __future__ import annotations

__all__ = ["TEXTS", "WIDE", "WIDE_TEXTS"]

TEXTS: dict[str, tuple[str, list[str]]] = {
    "german": (
        "Die Straße führt über die Brücke, und dahinter beginnt das "
        "schöne grüne Tal. Größere Häuser stehen nur am Rande.",
        ["cp1252", "iso-8859-1", "iso-8859-15", "cp850", "mac_roman"],
    ),
    "german short": (
        "Über uns",
        ["cp1252"],
    ),
    "german letter": (
        "Sehr geehrte Frau Müller,\nvielen Dank für Ihre Anfrage.",
        ["cp1252"],
    ),
    "french": (
        "L'été dernier, nous avons visité le château où la reine "
        "était née. Ça coûte très cher, à ce qu'il paraît, mais c'était formidable.",
        ["cp1252", "iso-8859-1", "iso-8859-15", "mac_roman"],
    ),
    "french short": (
        "Café à côté",
        ["cp1252"],
    ),
    "french euro": (
        "Le prix est de 5 € à l’hôtel ; « merci ».",
        ["cp1252"],
    ),
    "french oe": (
        "Le cœur de l'œuvre est là.",
        ["cp1252", "iso-8859-15"],
    ),
    "italian": (
        "La città è più bella di quanto si pensasse, perché c'è il "
        "mare. Lunedì andrò lì con la mia famiglia.",
        ["cp1252", "iso-8859-1"],
    ),
    "italian short": (
        "Perché no? È così.",
        ["cp1252"],
    ),
    "spanish": (
        "El niño comió una manzana en el jardín. ¿Dónde está la "
        "estación? ¡Mañana será otro día! Año nuevo, canción nueva.",
        ["cp1252", "iso-8859-1", "mac_roman"],
    ),
    "spanish short": (
        "¿Qué pasó?",
        ["cp1252"],
    ),
    "portuguese": (
        "A informação não está disponível; são três opções para a "
        "população. O coração do país é lá, às vezes.",
        ["cp1252", "iso-8859-1"],
    ),
    "danish": (
        "Rødgrød med fløde på en ø i åen, sagde den gamle mand. Børnene løb hjem, før sneen kom.",
        ["cp1252", "iso-8859-1"],
    ),
    "danish short": (
        "Københavns lufthavn",
        ["cp1252"],
    ),
    "swedish": (
        "Två sjömän åt köttbullar på bryggan i Göteborg. Därefter gick de hem över ängarna.",
        ["cp1252", "iso-8859-1"],
    ),
    "finnish": (
        "Äiti meni järvelle pesemään mattoja, ja isä jäi kotiin. "
        "Tänään sää on hyvä, mutta eilen satoi räntää.",
        ["cp1252", "iso-8859-1"],
    ),
    "dutch": (
        "Hij dacht dat de reünie in België was; het coördineren "
        "kostte één dag. Geïnteresseerden kunnen zich melden.",
        ["cp1252", "iso-8859-1"],
    ),
    "norwegian": (
        "Det er første gang på år at været er så dårlig. Vi går på "
        "tur når sola skinner over fjøset.",
        ["cp1252", "iso-8859-1"],
    ),
    "icelandic": (
        "Það er gott veður í dag, sagði konan. Börnin léku sér úti á "
        "túni og þau sungu lög um vorið.",
        ["cp1252", "iso-8859-1"],
    ),
    "catalan": (
        "L'avió arribà tard i la nostra cançó preferida sonà a la "
        "ràdio. Què és això? És molt bonic, però car.",
        ["cp1252", "iso-8859-1"],
    ),
    "english pound": (
        "It costs £5 million at 20 °C. It rained.",
        ["cp1252", "iso-8859-1"],
    ),
    "english quotes": (
        "“It’s late,” he said – and the café closed at ten…",
        ["cp1252", "mac_roman"],
    ),
    "english naive": (
        "A naïve résumé of the façade.",
        ["cp1252", "iso-8859-1"],
    ),
    "english section": (
        "See § 7 and © 2020, with µm ± 3 for the rest.",
        ["cp1252", "iso-8859-1"],
    ),
    "english one": (
        "The café is closed.",
        ["cp1252"],
    ),
    "english long": (
        "The harbour opened in 1901. Ships came from all over. " * 20 + "It costs £5 now.",
        ["cp1252"],
    ),
    "english half": (
        "Add ½ cup of sugar × 2 and stir.",
        ["cp1252"],
    ),
    "english tm": (
        "Widget™ is a trademark of ACME®.",
        ["cp1252"],
    ),
    "polish": (
        "Zażółć gęślą jaźń, powiedział mężczyzna. Wszyscy ludzie "
        "rodzą się wolni i równi pod względem swej godności i swych praw.",
        ["cp1250", "iso-8859-2"],
    ),
    "polish short": (
        "Książka jest na półce.",
        ["cp1250", "iso-8859-2"],
    ),
    "czech": (
        "Příliš žluťoučký kůň úpěl ďábelské ódy. Všichni lidé se "
        "rodí svobodní a sobě rovní co do důstojnosti a práv.",
        ["cp1250", "iso-8859-2"],
    ),
    "slovak": (
        "Kŕdeľ šťastných ďatľov učí pri ústí Váhu mĺkveho koňa obhrýzať kôru a žrať čerstvé mäso.",
        ["cp1250", "iso-8859-2"],
    ),
    "hungarian": (
        "Minden emberi lény szabadon születik és egyenlő méltósága "
        "és joga van. Árvíztűrő tükörfúrógép, mondta a nő.",
        ["cp1250", "iso-8859-2"],
    ),
    "romanian": (
        "Toate fiinţele umane se nasc libere şi egale în demnitate "
        "şi în drepturi. Ele sînt înzestrate cu raţiune şi conştiinţă.",
        ["cp1250", "iso-8859-2"],
    ),
    "croatian": (
        "Sva ljudska bića rađaju se slobodna i jednaka u "
        "dostojanstvu i pravima. Čovjek žali što nije došao kući.",
        ["cp1250", "iso-8859-2"],
    ),
    "slovene": (
        "Vsi ljudje se rodijo svobodni in imajo enako dostojanstvo "
        "in enake pravice. Človek živi že sto let čez cesto.",
        ["cp1250", "iso-8859-2"],
    ),
    "turkish": (
        "Bütün insanlar hür, haysiyet ve haklar bakımından eşit "
        "doğarlar. Işıklar söndü, çocuklar güldü; yağmur yağıyordu.",
        ["cp1254", "iso-8859-9"],
    ),
    "russian": (
        "Все люди рождаются свободными и равными в своём достоинстве "
        "и правах. Они наделены разумом и совестью и должны поступать.",
        ["cp1251", "koi8-r", "iso-8859-5", "cp866", "mac_cyrillic"],
    ),
    "russian short": (
        "Привет, как дела?",
        ["cp1251", "koi8-r", "cp866"],
    ),
    "ukrainian": (
        "Всі люди народжуються вільними і рівними у своїй гідності "
        "та правах. Їжак їв яблука, а ґава літала.",
        ["cp1251", "koi8-u"],
    ),
    "bulgarian": (
        "Всички хора се раждат свободни и равни по достойнство и "
        "права. Те са надарени с разум и съвест.",
        ["cp1251"],
    ),
    "serbian": (
        "Сва људска бића рађају се слободна и једнака у достојанству и правима.",
        ["cp1251"],
    ),
    "greek": (
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην "
        "αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική.",
        ["cp1253", "iso-8859-7"],
    ),
    "greek short": (
        "Καλημέρα σας",
        ["cp1253", "iso-8859-7"],
    ),
    "hebrew": (
        "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון.",
        ["cp1255", "iso-8859-8"],
    ),
    "arabic": (
        "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. وقد "
        "وهبوا عقلا وضميرا وعليهم أن يعاملوا بعضهم بعضا.",
        ["cp1256", "iso-8859-6"],
    ),
    "persian": (
        "تمام افراد بشر آزاد به دنيا مي آيند و از لحاظ حيثيت و حقوق با هم برابرند.",
        ["cp1256"],
    ),
    "thai": (
        "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม",
        ["tis-620"],
    ),
    "lithuanian": (
        "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. "
        "Jiems suteiktas protas ir sąžinė, šiąnakt ąžuolas.",
        ["cp1257", "iso-8859-13"],
    ),
    "latvian": (
        "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā "
        "un tiesībās. Viņi ir apveltīti ar saprātu.",
        ["cp1257", "iso-8859-13"],
    ),
    "estonian": (
        "Kõik inimesed sünnivad vabadena ja võrdsetena oma "
        "väärikuselt ja õigustelt. Täna on ilm hea.",
        ["cp1257", "cp1252"],
    ),
    "japanese": (
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権"
        "利とについて平等である。今日は天気がとても良いので、散歩に行きました。",
        ["shift_jis", "cp932", "euc-jp", "iso2022_jp"],
    ),
    "japanese short": (
        "これは日本語です。",
        ["shift_jis", "euc-jp", "iso2022_jp"],
    ),
    "chinese": (
        "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
        ["gb18030", "gbk", "gb2312"],
    ),
    "chinese short": (
        "你好，世界。",
        ["gb18030"],
    ),
    "taiwan": (
        "人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。",
        ["big5"],
    ),
    "korean": (
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. "
        "인간은 천부적으로 이성과 양심을 부여받았다.",
        ["euc-kr", "cp949"],
    ),
    "korean short": (
        "안녕하세요, 세계.",
        ["euc-kr"],
    ),
}
WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
WIDE_TEXTS = (
    *("german", "english section", "russian", "japanese", "chinese", "korean", "hebrew", "thai"),
)
