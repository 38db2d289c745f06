"""The LexRank of sumy, in an environment of its own under ``build/sumy``, for ``quality.py``.

Run by the environment's interpreter, this file reads lists of sentences from standard input, a JSON
list a line, and prints the places of each list's sentences, the most central first. sumy gets the
same sentences as the other methods, with its stemmer and its stop words for English. Its tokenizer
needs data of NLTK's that are downloaded; the words are split by NLTK's rules without them, and
filtered as sumy filters them. The matrix of similarities is computed by numpy: sumy's own takes a
minute for a long meeting. It is sumy's formula, and is compared with its matrix on the first text,
if that is short.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("sumy==0.13.0", "numpy==2.4.6")
_FEW = 400  # sentences of a text, whose matrix is compared with sumy's own
_ENVIRONMENT = Path(__file__).parent.parent / "build" / "sumy"
_PYTHON = _ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def start() -> subprocess.Popen[str]:
    """Start the process that ranks sentences; its environment is made if it is not there."""
    ready = _ENVIRONMENT / ".ready"
    if not ready.exists() or ready.read_text() != str(PACKAGES):
        uv = [sys.executable, "-m", "uv"]
        subprocess.run(
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(_ENVIRONMENT)],
            check=True,
        )
        subprocess.run(
            [*uv, "pip", "install", "--quiet", "--python", str(_PYTHON), *PACKAGES], check=True
        )
        ready.write_text(str(PACKAGES))
    return subprocess.Popen(
        [str(_PYTHON), __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ranked(process: subprocess.Popen[str], sentences: list[str]) -> list[int]:
    """Return the places of sentences, the most central first."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(sentences) + "\n")
    process.stdin.flush()
    places: list[int] = json.loads(process.stdout.readline())
    return places


def main() -> None:
    """Rank the sentences of each line of standard input."""
    import numpy
    from nltk.tokenize import NLTKWordTokenizer
    from sumy.models.dom import Sentence
    from sumy.nlp.stemmers import Stemmer
    from sumy.nlp.tokenizers import Tokenizer
    from sumy.summarizers.lex_rank import LexRankSummarizer
    from sumy.utils import get_stop_words

    class Words:
        """Splits sentences into words as sumy does, without NLTK's data for sentences."""

        def to_words(self, sentence: str) -> tuple[str, ...]:
            words = NLTKWordTokenizer().tokenize(sentence)
            return tuple(filter(Tokenizer._is_word, words))

    class Faster(LexRankSummarizer):
        """Computes sumy's matrix by numpy."""

        def _create_matrix(self, sentences: Any, threshold: float, tfs: Any, idfs: Any) -> Any:
            places = {term: place for place, term in enumerate(idfs)}
            weights = numpy.zeros((len(sentences), len(places)))
            for row, tf in enumerate(tfs):
                for term, frequency in tf.items():
                    weights[row, places[term]] = frequency * idfs[term]
            norms = numpy.linalg.norm(weights, axis=1, keepdims=True)
            weights = numpy.divide(weights, norms, out=weights, where=norms > 0)
            matrix = (weights @ weights.T > threshold).astype(float)
            return matrix / numpy.maximum(1, matrix.sum(axis=1, keepdims=True))

        @staticmethod
        def _compute_idf(sentences: Any) -> Any:
            return LexRankSummarizer._compute_idf(list(map(frozenset, sentences)))

    summarizer = Faster(Stemmer("english"))
    summarizer.stop_words = get_stop_words("english")
    for number, line in enumerate(sys.stdin):
        words = [summarizer._to_words_set(Sentence(each, Words())) for each in json.loads(line)]
        given = (words, summarizer.threshold, summarizer._compute_tf(words))
        idf = summarizer._compute_idf(words)
        matrix = summarizer._create_matrix(*given, idf)
        if number == 0 and len(words) < _FEW:
            own = LexRankSummarizer._create_matrix(summarizer, *given, idf)
            assert numpy.allclose(matrix, own), "the matrix is not that of sumy"
        scores = summarizer.power_method(matrix, summarizer.epsilon).tolist()
        print(json.dumps(sorted(range(len(scores)), key=lambda at: -scores[at])), flush=True)


if __name__ == "__main__":
    main()
