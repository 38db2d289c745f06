"""Sentences of many languages end where a reader ends them: ``|`` stands before a beginning."""

from __future__ import annotations

import pytest

from docsum_nb.documents.sentences import sentence_spans

CASES = {
    "English": """
Dr. Smith came at 5 p.m. today. |He left!
Mr. and Mrs. Jones live in St. Louis. |They like it.
See No. 5 vs. No. 6 for details. |Then stop.
The application Ser. No. 09/123,456 was filed. |It was granted.
J. K. Rowling wrote it. |J.R.R. Tolkien did not.
Look at https://www.example.com/a.b?c=d for more. |Or do not.
He paused ... and went on. |Then he left.
Pi is about 3.14 in most books. |It never ends.
Use fruit, e.g. apples or pears. |Eat it.
Cheap things, i.e. Apples and pears, sell. |Others do not.
"It works." |She smiled.
"Really?" he asked. |"Yes!" |She nodded.
He said "Stop!" and ran. |Nobody followed.
The U.S. Army came. |It left.
She lives in the U.S. |He lives in France.
They moved to Washington, D.C. |It was hot.
Apple Inc. announced it. |Google Inc. did too.
He works for Acme Corp. |They pay well.
See Fig. 3 and Eq. 4 below. |Both matter.
Smith et al. (2019) found it. |We did not.
It was found by Smith et al. |We did not find it.
Gen. Lee met Col. Sanders. |They ate.
The case Roe v. Wade was decided. |It was 1973.
Prof. A. B. Meyer spoke. |We listened.
It cost $5.50 in Jan. 2020. |It costs more now.
Section 5.2.1 applies. |Section 5.3 does not.
Take vitamin C. |It helps.
This is plan B. |We have no plan C.
What?! |No way.
Why? |Because I say so. |Go!
Version 2.0 came out. |Python 3.11 did as well.
Mail me at a.b@example.com today. |I will answer.
Open file.txt and read it. |Close it.
He was born ca. 1850 in Bonn. |He died there.
They sell books, pens, etc. |We buy them.
They sell books, pens, etc. to anyone. |We buy them.
(He was late.) |She was not.
First line\\n\\n|Second line
1. Open the door. |2. Close the door.
We need:\\n|- eggs\\n|- milk\\n|- bread
We need:\\n|* eggs\\n|* milk
We were late… but we came. |It was fine.
The train leaves at 9 a.m. from here. |Be there.
The train leaves at 9 a.m. |Be there at eight.
Lt. Col. Brown and Sgt. Pepper met. |They sang.
He has a Ph.D. in physics. |She has one too.
Pages pp. 5-9 were torn. |Vol. 2 was not.
Sen. Smith and Rep. Jones voted. |It passed.
The Rev. Green prayed. |All stood.
Mt. Everest is high. |Ft. Worth is not.
""",
    "German": """
Am 3. Mai 2020 kam er an. |Er blieb.
Nach Art. 5 Abs. 2 gilt das. |So ist es.
Das ist z. B. Brot oder Käse. |Wir essen es.
Das gilt z.B. Dienstags nicht. |Sonst schon.
Dr. Meier und Prof. Dr. Schulz kamen. |Sie gingen.
Es kostet ca. 3 Mio. Euro bzw. mehr. |Das ist viel.
Er lebte im 19. Jahrhundert. |Sie auch.
Die 3. Auflage erschien. |Sie war teuer.
Das ist der 2. Weltkrieg gewesen. |Er endete.
Ludwig XIV. regierte lange. |Er starb.
Wir kauften Äpfel, Birnen usw. |Dann gingen wir.
Die Hauptstr. 5 ist gesperrt. |Fahren Sie um.
Vgl. Abb. 3 und Tab. 4. |Dort steht es.
Das war d. h. Geld. |Wir hatten keins.
Er kam um 10.30 Uhr. |Sie kam später.
„Komm!“, rief er. |Sie kam nicht.
Hr. Müller und Fr. Schmidt sprachen. |Alle hörten zu.
Der Preis stieg um 2,5 Mrd. Euro. |Das war neu.
Nr. 7 lebt. |Nr. 8 nicht.
Vom 1. Januar bis zum 31. Dezember gilt es. |Dann nicht.
Er wohnt bei St. Pölten. |Sie nicht.
""",
    "Russian": """
В г. Москве, на ул. Ленина, живут люди. |Они довольны.
Он пришёл, т. е. вернулся. |Все рады.
А. С. Пушкин родился в 1799 г. в Москве. |Он был поэтом.
Это случилось в 1812 г. |Война началась.
См. рис. 5 и табл. 3. |Там всё есть.
Купили хлеб, молоко и т. д. |Потом ушли.
По ст. 15 закона это так. |Суд согласился.
Проф. Иванов читал лекцию. |Студенты слушали.
Цена 5 тыс. рублей. |Это дорого.
«Иди!» — сказал он. |Она пошла.
Что это? |Это дом.
Он жил на пр. Мира, д. 5. |Потом уехал.
Институт им. Баумана открыт. |Все знают.
""",
    "Ukrainian": """
Він живе на вул. Шевченка. |Вона ні.
Це сталося у 1991 р. в Києві. |Усі раділи.
""",
    "French": """
M. Dupont est arrivé. |Il est reparti.
Voir p. ex. l'art. 5 de la loi. |C'est la fin.
Mme Curie et Mlle Durand parlent. |Elles rient.
Le Dr. Martin habite av. Foch. |Il est vieux.
« Viens ! » dit-il. |Elle vint.
Est-ce vrai ? |Oui.
Il a acheté du pain, etc. |Puis il est parti.
Voir chap. 3 et fig. 4. |Tout y est.
J.-P. Sartre écrivait. |Il fumait.
Cela coûte 3,5 M. d'euros. |C'est cher.
""",
    "Spanish": """
El Sr. López viajó a EE. UU. en enero. |Vive en la Av. Libertador. |Fin.
La Sra. García y el Dr. Ruiz llegaron. |Se fueron.
¿Quién es? |No lo sé.
¡Ven aquí! |Te espero.
Viajó a EE. UU. |El presidente habló.
Véase la pág. 5 y el art. 3. |Está claro.
El núm. 7 ganó. |El 8 perdió.
Ud. y Uds. son iguales. |Lo sé.
Compró pan, leche, etc. |Luego se fue.
Murió en el año 44 a. C. en Roma. |Era viejo.
""",
    "Italian": """
Il sig. Rossi è qui. |Vedi art. 5. |Fine.
La sig.ra Bianchi e il dott. Verdi arrivano. |Parlano.
L'avv. Neri parla. |Tutti ascoltano.
Cfr. pag. 7 e fig. 2. |È chiaro.
Comprò pane, latte, ecc. |Poi andò via.
Perché? |Non lo so.
Il prof. G. Verdi insegna. |È bravo.
""",
    "Portuguese": """
O Sr. Silva chegou. |A Dra. Ana saiu.
A Profa. Costa e o Dr. Lima falaram. |Foi bom.
Ver pág. 8 e art. 9. |Está certo.
Comprou pão, leite, etc. |Depois saiu.
Quem é? |Não sei.
A Av. Paulista é longa. |Gosto dela.
""",
    "Dutch": """
Dhr. Jansen kwam o.a. gisteren. |Hij ging.
Mevr. De Vries en drs. Bakker spraken. |Het was goed.
Zie blz. 5 en nr. 7. |Daar staat het.
Hij kocht brood, melk, enz. |Toen ging hij.
Dat is bijv. Amsterdam of Utrecht. |Mooi.
Waarom? |Daarom.
""",
    "Polish": """
Prof. Kowalski mieszka przy ul. Długiej. |To jest np. dom.
Zob. str. 5 i rys. 3. |Tam jest wszystko.
Dr hab. Nowak mówi. |Wszyscy słuchają.
Kupił chleb, mleko itd. |To było tanie.
Kościół św. Anny stoi. |Jest stary.
Dlaczego? |Nie wiem.
W dniu 3. maja było święto. |Nie padało.
""",
    "Czech": """
Dne 5. května 1945 skončila válka. |Lidé slavili.
Prof. Novák mluvil. |Všichni poslouchali.
""",
    "Nordic": """
Den 3. maj 2020 kom han. |Han gik igen.
Hann kom 17. juni heim. |Allir fögnuðu.
Se bl.a. kapitel 5. |Där står det.
""",
    "Turkish": """
Prof. Dr. Yılmaz konuştu. |Herkes dinledi.
Neden? |Bilmiyorum.
""",
    "Hungarian": """
Az 1848. március 15. napja ünnep. |Mindenki tudja.
""",
    "Finnish": """
Hän tuli 3. toukokuuta 2020. |Hän lähti.
""",
    "Greek": """
Πού είσαι; |Είμαι εδώ.
Ο κ. Παπαδόπουλος ήρθε. |Έφυγε.
Τρώμε φρούτα, π.χ. Μήλα. |Ωραία.
Γιατί; |Δεν ξέρω. |Ίσως αύριο.
Ο Δρ. Νίκου μίλησε. |Όλοι άκουσαν.
""",
    "Chinese": """
他来了。|我走了。
你好吗？|我很好！|谢谢。
他说：“你好。”|然后走了。
“快走。”他说。|我们走了。
价格是3.5元。|不贵。
我们……等等。|好吧。
這是第一句。|這是第二句。
""",
    "Japanese": """
「はい。」と言った。|彼は帰った。
今日は晴れです。|明日は雨です。
「行こう！」と叫んだ。|誰も来なかった。
本当ですか？|はい。
「もう遅い。」って言われた。|帰ろう。
『坊っちゃん。』という本だ。|面白い。
価格は3.5円です。|安い。
""",
    "Korean": """
저는 갔다. |그는 왔다.
뭐 해요? |공부해요.
가격은 3.5원이다. |싸다.
2020. 5. 3. 회의가 열렸다. |모두 왔다.
""",
    "Hindi": """
वह गया। |मैं आया। |यह है।
क्या हुआ? |कुछ नहीं।
कीमत 3.5 रुपये है। |सस्ता है।
डॉ. शर्मा आए। |वे बैठे।
""",
    "Bengali": """
সে গেল। |আমি এলাম।
কী হয়েছে? |কিছু না।
""",
    "Marathi": """
तो गेला. |मी आलो.
""",
    "Tamil": """
அவர் வந்தார். |நான் போனேன்.
ஏன்? |தெரியாது.
""",
    "Telugu": """
అతను వచ్చాడు. |నేను వెళ్ళాను.
""",
    "Urdu": """
وہ گیا۔ |میں آیا۔
کیا ہوا؟ |کچھ نہیں۔
""",
    "Arabic": """
هل أنت هنا؟ |نعم أنا هنا.
ذهب الولد. |جاءت البنت.
السعر 3.5 دينار. |رخيص.
قال: "تعال!" |ثم ذهب.
""",
    "Persian": """
او رفت. |من آمدم.
چرا؟ |نمی‌دانم.
""",
    "Hebrew": """
הוא הלך. |אני באתי.
מה קרה? |כלום.
ד"ר כהן בא. |הוא ישב.
""",
    "Amharic": """
እሱ ሄደ። |እኔ መጣሁ።
ምን ሆነ? |ምንም።
""",
    "Burmese": """
သူသွားသည်။ |ငါလာသည်။
""",
    "Khmer": """
គាត់ទៅ។ |ខ្ញុំមក។
""",
    "Armenian": """
Նա գնաց։ |Ես եկա։
""",
    "Georgian": """
ის წავიდა. |მე მოვედი.
""",
    "Thai": """
สวัสดีครับ ผมชื่อสมชาย
""",
    "Vietnamese": """
Ông ấy đến. |Tôi đi.
TS. Nguyễn Văn A nói. |Mọi người nghe.
Tại sao? |Tôi không biết.
""",
    "Indonesian": """
Dr. Budi datang. |Dia pergi.
Mengapa? |Saya tidak tahu.
""",
    "Transcripts": """
Ann: hello there\\n|Bob: hi\\n|Ann: shall we begin\\n|Bob: yes
[10:02] Ann: hello there\\n|[10:03] Bob: hi\\n|[10:04] Ann: go on
12/03/2021, 10:02 - Ann: hey\\n|12/03/2021, 10:03 - Bob: hi\\nso\\n|12/03/2021, 10:04 - Ann: ok
[12.03.21, 10:02:11] Ann: hallo\\n|[12.03.21, 10:03:12] Bob: ja\\n|[12.03.21, 10:04:01] Ann: gut
10:02:33 Ann Smith: hello\\n|10:02:40 Bob: hi\\n|10:03:01 Ann Smith: so
I SAID SO\\nand it was so\\nor not so
Name: Ann\\nStreet: Main\\nTown: Bonn
i think so. |we should do it. |ok then. |it is fine. |bye
""",
}
PARAMS = [
    pytest.param(line.replace("\\n", "\n"), id=f"{language}-{number}")
    for language, lines in CASES.items()
    for number, line in enumerate(lines.strip().splitlines(), start=1)
]


@pytest.mark.parametrize("marked", PARAMS)
def test_sentences(marked: str) -> None:
    text = marked.replace("|", "")
    found = [text[start:end] for start, end in sentence_spans(text)]
    assert "|".join(found) == marked
    assert "".join(found) == text


def test_there_are_enough() -> None:
    assert len(PARAMS) >= 200
