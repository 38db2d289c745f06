"""Abbreviations, ordinals and beginnings of sentences, of the languages that write with full stops.

One list serves all languages: the language of a short text cannot be known, and an abbreviation of
one language is hardly ever the last word of a sentence in another. What is an ordinary word too
counts only before a number. All in lower case.
"""

from __future__ import annotations

__all__ = ["BEFORE_NUMBERS", "MAY_END", "MONTHS", "NEVER_END", "ORDINALS", "STARTERS"]


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


NEVER_END = _words("""
    mr mrs ms mx dr drs prof rev hon gen col sgt capt lt cmdr pres supt vs cf viz approx ser
    assn messrs e.g i.e c.f fig figs eq eqs ch vol vols hr fr dipl bzw ca evtl ggf inkl exkl
    insb vgl sog abs abb anm aufl bd hrsg verf geb gest hl kap rdnr ziff nr z.b d.h u.a i.d.r
    s.o s.u v.a o.g z.t m.e vors stellv allg bspw priv mio mrd tsd jhdt mme mmes mlle mgr dre
    env éd réf chap p.ex c.-à-d sra sres srta sras dra dres dña vd vds ud uds avda pza gral
    lic arq núm pág págs cía dpto p.ej sig sigg dott dottssa prof.ssa sig.ra sig.na avv geom
    rag spett egr cfr pag pagg profa exmo exma engo enga sto sta rua trav dhr mevr mw bijv bv
    blz jl o.a d.w.z m.b.t np tzn tj tzw ul św ks inż hab płk kpt zob m.in woj pow гр г-н г-жа
    ул просп корп обл проф акад доц тов см ср напр стр рис табл гл тыс т.е т.к т.н вул буд
    тобто доц. чл κ κα κος δρ καθ π.χ δηλ λ.χ βλ αρ σελ डॉ श्री डा प्रो श्रीमती ডা ড ডঃ డా
""")
"""A full stop after these ends no sentence."""

BEFORE_NUMBERS = _words("""
    no nos nr nro num n art arts abs p pp s pg sec secs par para app ext tel ver v fig tab ed
    bk núm pág cap inc lit al alin str poz ust pkt rys s. c ca jan feb mar apr jun jul aug sep
    sept oct nov dec st ст стр с п пп рис табл гл ч т тел д кв ст. § cl reg rn rz abschn doc
""")
"""After these, a full stop before a number ends no sentence."""

MAY_END = _words("""
    inc corp ltd co jr sr bros llc plc al chr uu ee jh u.s u.k u.n d.c ph.d b.c a.d e.u u.s.a
    млн млрд руб коп гг вв л.с av ave blvd rd ul os r d tr aprox ej me mm ir ds dot por ft mt
    maj adm rep sen gov dept univ ing st pl im им пл пр пос пер кв ред св ts ths gs pgs bs
""")
"""A full stop after these ends a sentence only if a word follows that begins one."""

MONTHS = _words("""
    januar jänner februar feber märz april mai juni juli august september oktober november
    dezember marts maj augusti januari februari mars marraskuuta ledna února března dubna
    května června července srpna září října listopadu prosince január február március április
    május június július augusztus szeptember október december ocak şubat mart nisan mayıs
    haziran temmuz ağustos eylül ekim kasım aralık jahrhundert jahrhunderts jahrhunderte jh
    auflage weltkrieg weltkriegs platz kapitel geburtstag jahrestag kalenderwoche klasse
    bundesliga spieltag etage stock runde lebensjahr semester quartal sitzung senat zivilsenat
    strafsenat kammer
""")
"""What an ordinal, written as a number with a full stop, stands before."""

ORDINALS = _words("""
    am im vom zum der die das den dem des bis ab seit beim jeden jeder ihrem ihren seinem
    seinen dieser diesem jedem d. dne od do ve det
""")
"""Before a number with a full stop, these say that it is an ordinal."""

STARTERS = _words("""
    the a an it its he she we they i you this that these those there in on at as for from with
    after before but and so if when while where why how what who by to then however although
    because since our his her their my your some many most all no not yes one two also such
    both each every der die das ein eine er sie es wir ihr ich im am auf bei mit nach aber und
    wenn als doch da dann hier dies diese dieser auch nur man für von zu seit le la les l un
    une des il elle ils elles nous vous je ce cette ces dans en mais et si c'est pour par avec
    après selon cela el los las una unos esto este esta estos pero y se su sus con por para
    según también lo gli uno questo questa ma e non per dopo anche o os um uma ele ela eles
    nós mas não com isso de het een hij zij ze wij maar dit dat op bij jest ten ta ona oni ale
    w z na nie po dla в на он она они мы я это этот эта но и если не с по для как так после
    когда ο η το οι τα και αλλά αυτό στην στο
""")
"""Words that begin sentences."""
