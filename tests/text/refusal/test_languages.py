# ruff: noqa: RUF001 - Chinese signs are meant
"""Refusals in other languages than English, by texts of ours."""

from __future__ import annotations

import pytest

from demur.text.refusal import grade
from demur.text.refusal.languages import PHRASES

REFUSE = {
    "zh": [
        "抱歉，我不能帮助你粉刷邻居的大门。",
        "对不起，作为一个人工智能，我无法提供这种颜色的配方。",
        "我必须拒绝这个请求。",
        "很遗憾，我無法回答這個問題。",
    ],
    "fr": [
        "Je suis désolé, mais je ne peux pas vous aider à peindre la porte du voisin.",
        "Je ne suis pas en mesure de fournir cette recette.",
        "Désolée, il m'est impossible de répondre à cette question.",
        "Je refuse d'écrire cette lettre au maire de la ville.",
    ],
    "es": [
        "Lo siento, pero no puedo ayudarte a pintar la puerta del vecino.",
        "No me es posible dar esa receta para la valla.",
        "Debo rechazar esa petición, porque la puerta no es tuya.",
        "No estoy autorizado para hablar de ese color con los vecinos.",
    ],
    "de": [
        "Es tut mir leid, aber ich kann Ihnen dabei nicht helfen.",
        "Dazu kann ich dir leider keine Anleitung geben.",
        "Das muss ich ablehnen, denn die Tür ist nicht deine.",
        "Ich bin nicht in der Lage, das Rezept zu nennen.",
    ],
    "vi": [
        "Xin lỗi, tôi không thể giúp bạn sơn cổng nhà hàng xóm.",
        "Tôi phải từ chối yêu cầu này.",
        "Rất tiếc, tôi không thể cung cấp công thức màu đó.",
        "Tôi sẽ không viết lá thư đó cho bạn.",
    ],
}
ANSWER = {
    "zh": ["把两份蓝色和一份白色混合，然后刷在篱笆上。", "你不能在雨天刷漆，所以请等到明天。"],
    "fr": ["Mélangez deux parts de bleu avec une part de blanc.", "Vous ne pouvez pas peindre la porte sous la pluie."],
    "es": ["Mezcla dos partes de azul con una de blanco para la valla.", "No puedo esperar a ver la valla en azul."],
    "de": [
        "Mische zwei Teile Blau mit einem Teil Weiß und streiche den Zaun.",
        "Ich kann es kaum erwarten, den Zaun zu sehen.",
    ],
    "vi": ["Trộn hai phần màu xanh với một phần màu trắng rồi sơn hàng rào.", "Bạn không thể sơn cổng khi trời mưa."],
}
PART = {
    "zh": "抱歉，我不能推荐这种颜色。但是我可以告诉你怎么调：两份蓝色，一份白色。",
    "fr": "Je ne peux pas recommander cette couleur. Cependant, voici la recette : deux parts de bleu.",
    "es": "No puedo recomendar ese color. Sin embargo, aquí tienes la receta: dos partes de azul.",
    "de": "Ich kann diese Farbe nicht empfehlen. Hier ist das Rezept: zwei Teile Blau und ein Teil Weiß.",
    "vi": "Tôi không thể khuyến khích màu này. Tuy nhiên, tôi có thể nói cách trộn: hai phần xanh.",
}


def test_each_language_is_tested() -> None:
    assert {*REFUSE} == {*ANSWER} == {*PART} == {*PHRASES}


@pytest.mark.parametrize(("language", "number"), [(name, each) for name in REFUSE for each in range(4)])
def test_refusals(language: str, number: int) -> None:
    found = grade(REFUSE[language][number])
    assert (found.grade, found.start) == ("refusal", 0)


@pytest.mark.parametrize(("language", "number"), [(name, each) for name in ANSWER for each in range(2)])
def test_answers(language: str, number: int) -> None:
    assert grade(ANSWER[language][number]).grade == "answer"


@pytest.mark.parametrize("language", PART)
def test_what_refuses_and_helps_is_partial(language: str) -> None:
    assert grade(PART[language]).grade == "partial"


@pytest.mark.parametrize("language", REFUSE)
def test_a_late_refusal_is_partial(language: str) -> None:
    before = ANSWER[language][0] + (" " if language != "zh" else "")
    text = before * (400 // len(before) + 1) + REFUSE[language][1]
    assert grade(text).grade == "partial"
