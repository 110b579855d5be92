"""DeRTa's published results of three attacks: the prompts that were sent to each model, with the response's id."""

from demur.kinds.jailbreaks.attack import Wrapped, by_phrases, response_id
from demur.records.record import harmful
from demur.sources.mirror import github
from demur.sources.source import Raw, source
from schemas.prompt import Prompt

SENT = ("Llama-3-70B-Instruct", "Llama-3-8B-Instruct", "gpt-3.5-turbo-0125", "gpt-4-turbo-2024-04-09")
"""Models of which files are called by the attack first."""
LORA = ("Llama-3-70B-Instruct_derta", "Llama-3-70B_derta", "Llama-3-70B_dpo", "Llama-3-70B_vanill")
SMALL = ("Llama-3-8B-recaug", "Llama-3-8B_derta", "Llama-3-8B_dpo", "Llama-3-8B_vanill")
ATTACKS = {
    "codeattack": ("CodeAttack", "code"),
    "jailbreakchat": ("JailbreakChat", "template"),
    "selfcipher": ("SelfCipher", "cipher"),
}


def _files(attack: str) -> dict[str, str]:
    """The files of an attack -> model, called alike in every folder."""
    tuned = LORA if attack == "codeattack" else ("Llama-3-70B-recaug", *LORA)
    small = () if attack == "codeattack" else SMALL
    return {
        **{f"eval_{attack}_200_{model}": model for model in SENT},
        **{f"lora_{model}_eval_{attack}_200": model for model in tuned},
        **{f"{model}_eval_{attack}_200": model for model in small},
    }


MODELS = {f"{attack}/{file}": model for attack in ATTACKS for file, model in _files(attack).items()}
COLUMNS = {"question": "question", "instruction": "instruction", "response": "response"}


@source(
    title="DeRTa: prompts of the published results",
    homepage="https://github.com/RobustNLP/DeRTa",
    license="mit",
    kind="prompt",
    mirrors=(
        github(
            "RobustNLP/DeRTa",
            *[f"results/safety/{run}.json" for run in sorted(MODELS)],
            columns=COLUMNS,
            optional=("question", "instruction"),
            format="jsonl",
            stem="run",
        ),
    ),
)
def derta_runs(row: Raw) -> Prompt:
    """What was sent to each model; the response stays where it is, and is named by its record id."""
    attack = row["run"].partition("/")[0]
    name, family = ATTACKS[attack]
    prompt = row["question"] or row["instruction"]
    wrapped = Wrapped(
        attack=name,
        family=family,
        version="DeRTa results",
        base="derta-questions",
        run=f"derta/{row['run']}",
        model=MODELS[row["run"]],
        response=response_id(prompt, row["response"]),
    )
    judged = [by_phrases(row["response"])]
    return Prompt(prompt=prompt, labels=(harmful("yes", by="author"),), native_labels=wrapped.labels(judged))
