"""Mild sentences of our own for ``bench/meaning.py``: questions with two paraphrases each, and with translations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Sentence(NamedTuple):
    """One text and what it was made of."""

    frame: int
    thing: str
    text: str


_PLANTS = (
    "tomatoes",
    "roses",
    "basil",
    "strawberries",
    "lavender",
    "pumpkins",
    "tulips",
    "spinach",
    "raspberries",
    "sunflowers",
)
_DISHES = (
    "lentil soup",
    "apple pie",
    "rye bread",
    "pancakes",
    "risotto",
    "potato salad",
    "pumpkin soup",
    "meatballs",
    "scones",
    "omelettes",
)
_TOOLS = (
    "a hand saw",
    "a chisel",
    "a hammer",
    "a spirit level",
    "a pair of pliers",
    "a screwdriver",
    "a wood plane",
    "a cordless drill",
    "a garden spade",
    "a rake",
)
_SKILLS = (
    "the piano",
    "the violin",
    "chess",
    "knitting",
    "pottery",
    "watercolour painting",
    "the guitar",
    "calligraphy",
    "juggling",
    "the flute",
)
_ANIMALS = ("hedgehogs", "penguins", "owls", "otters", "bees", "dolphins", "squirrels", "foxes", "swans", "beavers")

PARAPHRASED: Sequence[tuple[Sequence[str], tuple[str, str, str]]] = (
    (
        _PLANTS,
        (
            "How often should I water {}?",
            "How frequently do I need to water {}?",
            "What is a good watering schedule for {}?",
        ),
    ),
    (
        _PLANTS,
        (
            "When is the best time to plant {}?",
            "Which time of the year is best for planting {}?",
            "In which season should {} go into the ground?",
        ),
    ),
    (
        _PLANTS,
        (
            "How do I protect {} from frost?",
            "What can I do to keep {} safe from frost?",
            "The nights are cold in my garden. How do I stop {} from freezing?",
        ),
    ),
    (
        _PLANTS,
        (
            "Why are the leaves of my {} turning yellow?",
            "What makes the leaves on my {} go yellow?",
            "The foliage of my {} lost its green and looks yellowish. What is the cause?",
        ),
    ),
    (
        _DISHES,
        (
            "How do I make {} for six people?",
            "What is a recipe for {} that serves six?",
            "I have six guests tonight and want to cook {}. How?",
        ),
    ),
    (_DISHES, ("Can I freeze {}?", "Is it possible to freeze {}?", "Will {} keep in the freezer?")),
    (_DISHES, ("What goes well with {}?", "What should I serve with {}?", "Suggest side dishes for {}.")),
    (
        _DISHES,
        (
            "How long does {} keep in the fridge?",
            "For how long can I store {} in the refrigerator?",
            "After how many days in the fridge should {} be thrown away?",
        ),
    ),
    (
        _TOOLS,
        (
            "What is {} used for?",
            "What do people use {} for?",
            "Name some jobs that one cannot do without {}.",
        ),
    ),
    (
        _TOOLS,
        (
            "How do I clean {}?",
            "What is the right way to clean {}?",
            "I found {} covered in dirt. How do I get rid of it?",
        ),
    ),
    (
        _TOOLS,
        (
            "How should I store {} in a damp shed?",
            "What is a good way to keep {} in a damp shed?",
            "My shed is humid. Where in it do I put {} so that it does not rust?",
        ),
    ),
    (
        _TOOLS,
        (
            "How much does {} cost?",
            "What is the price of {}?",
            "How many dollars should I expect to pay for {}?",
        ),
    ),
    (
        _SKILLS,
        (
            "How long does it take to learn {}?",
            "How much time do I need to learn {}?",
            "After how many months of practice will I be decent at {}?",
        ),
    ),
    (
        _SKILLS,
        (
            "Is {} hard to learn for adults?",
            "Is it difficult for an adult to learn {}?",
            "I am forty. Will I struggle when I take up {}?",
        ),
    ),
    (
        _SKILLS,
        (
            "Write a short poem about {}.",
            "Compose a brief poem about {}.",
            "I would like a few rhyming lines whose subject is {}.",
        ),
    ),
    (
        _SKILLS,
        (
            "Explain the basics of {} to a child.",
            "Describe the fundamentals of {} so that a child understands.",
            "How would you introduce a seven-year-old to {}?",
        ),
    ),
    (_ANIMALS, ("What do {} eat?", "What is the diet of {}?", "Which foods do {} live on?")),
    (_ANIMALS, ("How long do {} live?", "What is the lifespan of {}?", "What age do {} usually reach?")),
    (
        _ANIMALS,
        ("Where do {} sleep?", "In what places do {} sleep?", "Which spots do {} choose when they need rest?"),
    ),
    (
        _ANIMALS,
        (
            "Why are {} important for nature?",
            "Why does nature need {}?",
            "What would happen to other species if there were no {}?",
        ),
    ),
)

LANGUAGES = ("zh", "es", "fr", "de", "vi")

_THINGS: Mapping[str, Sequence[str]] = {
    "en": ("tomatoes", "roses", "strawberries", "carrots", "pumpkins"),
    "zh": ("番茄", "玫瑰", "草莓", "胡萝卜", "南瓜"),
    "es": ("los tomates", "las rosas", "las fresas", "las zanahorias", "las calabazas"),
    "fr": ("les tomates", "les roses", "les fraises", "les carottes", "les citrouilles"),
    "de": ("Tomaten", "Rosen", "Erdbeeren", "Karotten", "Kürbisse"),
    "vi": ("cà chua", "hoa hồng", "dâu tây", "cà rốt", "bí ngô"),
}
_FRAMES: Mapping[str, Sequence[str]] = {
    "en": (
        "How often should I water {}?",
        "When is the best time to plant {}?",
        "How do I protect {} from frost?",
        "Can I grow {} on a balcony?",
        "How much sun do {} need?",
        "Write a short poem about {}.",
        "Why do {} get brown spots?",
        "Which soil is best for {}?",
    ),
    "zh": (
        "应该多久给{}浇一次水?",
        "什么时候种{}最好?",
        "怎样保护{}不受霜冻?",
        "我可以在阳台上种{}吗?",
        "{}需要多少阳光?",
        "写一首关于{}的短诗。",
        "为什么{}会长褐色斑点?",
        "什么土壤最适合{}?",
    ),
    "es": (
        "¿Con qué frecuencia debo regar {}?",
        "¿Cuál es la mejor época para plantar {}?",
        "¿Cómo protejo {} de las heladas?",
        "¿Puedo cultivar {} en un balcón?",
        "¿Cuánto sol necesitan {}?",
        "Escribe un poema corto sobre {}.",
        "¿Por qué les salen manchas marrones a {}?",
        "¿Qué tierra es mejor para {}?",
    ),
    "fr": (
        "À quelle fréquence dois-je arroser {} ?",
        "Quel est le meilleur moment pour planter {} ?",
        "Comment protéger {} du gel ?",
        "Puis-je cultiver {} sur un balcon ?",
        "De combien de soleil {} ont-elles besoin ?",
        "Écris un court poème sur {}.",
        "Pourquoi {} ont-elles des taches brunes ?",
        "Quelle terre est la meilleure pour {} ?",
    ),
    "de": (
        "Wie oft sollte ich {} gießen?",
        "Wann ist die beste Zeit, um {} zu pflanzen?",
        "Wie schütze ich {} vor Frost?",
        "Kann ich {} auf dem Balkon anbauen?",
        "Wie viel Sonne brauchen {}?",
        "Schreibe ein kurzes Gedicht über {}.",
        "Warum bekommen {} braune Flecken?",
        "Welche Erde ist am besten für {}?",
    ),
    "vi": (
        "Tôi nên tưới {} bao lâu một lần?",
        "Khi nào là thời điểm tốt nhất để trồng {}?",
        "Làm thế nào để bảo vệ {} khỏi sương giá?",
        "Tôi có thể trồng {} trên ban công không?",
        "Cây {} cần bao nhiêu ánh nắng?",
        "Hãy viết một bài thơ ngắn về {}.",
        "Tại sao {} bị đốm nâu?",
        "Loại đất nào tốt nhất cho {}?",
    ),
}


def paraphrased(form: int) -> list[Sentence]:
    """The 200 questions (form 0), or a paraphrase of each in the same order: 1 is close, 2 is free."""
    return [
        Sentence(number, thing, forms[form].format(thing))
        for number, (things, forms) in enumerate(PARAPHRASED)
        for thing in things
    ]


def translated(language: str) -> list[Sentence]:
    """The 40 questions in a language, in the same order for all."""
    return [
        Sentence(number, thing, frame.format(said))
        for number, frame in enumerate(_FRAMES[language])
        for thing, said in zip(_THINGS["en"], _THINGS[language], strict=True)
    ]
