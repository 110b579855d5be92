"""Files of released attacks -> what was attacked, and how: the tables of their sources."""

from __future__ import annotations

GUARD = "jailbroken_llama_guard1"
_READ = ("goal", "behavior", "prompt", "response", "jailbroken", GUARD, "number_of_queries")
_UNREAD = ("index", "category", "queries_to_jailbreak", "prompt_tokens", "response_tokens")
ARTIFACT_COLUMNS: dict[str, str | None] = {name: name for name in _READ} | dict.fromkeys(_UNREAD)
"""Columns of an artifact of JailbreakBench."""
VERDICTS = {True: "harmful", False: "harmless", None: "unparsed"}

_EVERY = ("gpt-3.5-turbo-1106", "gpt-4-0125-preview", "llama-2-7b-chat-hf", "vicuna-13b-v1.5")
JAILBREAKBENCH = {
    "DSN/white_box": ("llama-2-7b-chat-hf", "vicuna-13b-v1.5"),
    "GCG/transfer": ("gpt-3.5-turbo-1106", "gpt-4-0125-preview"),
    "GCG/white_box": ("llama-2-7b-chat-hf", "vicuna-13b-v1.5"),
    **dict.fromkeys(("JBC/manual", "PAIR/black_box", "prompt_with_random_search/black_box"), _EVERY),
}
JAILBREAKBENCH_FILES = [
    f"attack-artifacts/{attack}/{model}.json" for attack, models in JAILBREAKBENCH.items() for model in models
]
JAILBREAKBENCH_ATTACKS = {
    "DSN": ("DSN", "suffix", "2024-10-14"),
    "GCG": ("GCG", "suffix", "2024-03-18"),
    "JBC": ("JailbreakChat", "template", "2024-03-24"),
    "PAIR": ("PAIR", "rewriting", "2024-03-06"),
    "prompt_with_random_search": ("adaptive-random-search", "search", "2024-03-29"),
}
"""The first folder -> name, family, and the day that the files give."""

ADAPTIVE = {
    "exps_gemma-7b": "gemma-7b",
    "exps_gpt3.5_turbo": "gpt-3.5-turbo",
    "exps_gpt4_turbo": "gpt-4-turbo",
    "exps_llama2-13b": "llama-2-13b",
    "exps_llama2-13b_icl_one_shot": "llama-2-13b",
    "exps_llama2-70b": "llama-2-70b",
    "exps_llama2-7b_icl_one_shot": "llama-2-7b",
    "exps_llama2-7b_plain_init": "llama-2-7b",
    "exps_llama2_7b": "llama-2-7b",
    "exps_llama3-8b": "llama-3-8b",
    "exps_mistral-7b_simplified_template": "mistral-7b",
    "exps_nemotron-4-340b": "nemotron-4-340b",
    "exps_phi3": "phi-3",
    "exps_r2d2": "r2d2",
    "exps_vicuna": "vicuna-13b",
}
"""File -> model."""

DERTA_PROMPTS = {
    "safety_codeattack": ("CodeAttack", "code", "chat"),
    "safety_completionattack": ("CompletingAttack", "completion", "completion"),
    "safety_jailbreakchat": ("JailbreakChat", "template", "chat"),
    "safety_selfcipher": ("SelfCipher", "cipher", "chat"),
}
"""File -> name, family, and how the text is sent."""

AUTODAN = {
    "Llama-3-8B_derta_autodan_llama-3-8B-ours_50": "Llama-3-8B_derta",
    "Llama-3-8B_dpo_autodan_llama-3-8B-dpo_50": "Llama-3-8B_dpo",
    "Llama-3-8B_vanill_autodan_llama-3-8B-vanilla_50": "Llama-3-8B_vanill",
    "autodan_llama-3-70B-Instruct_50_Llama-3-70B-Instruct": "Llama-3-70B-Instruct",
    "autodan_llama-3-8B-Instruct_50_Llama-3-8B-Instruct": "Llama-3-8B-Instruct",
    "lora_Llama-3-70B-Instruct_ours_autodan_llama-3-70B-ins-ours_50": "Llama-3-70B-Instruct_derta",
    "lora_Llama-3-70B-recaug_autodan_llama-3-70B-recaug_50": "Llama-3-70B-recaug",
    "lora_Llama-3-70B_derta_autodan_llama-3-70B-ours_50": "Llama-3-70B_derta",
    "lora_Llama-3-70B_dpo_autodan_llama-3-70B-base-dpo_50": "Llama-3-70B_dpo",
    "lora_Llama-3-70B_vanill_autodan_llama-3-70B-vanilla_50": "Llama-3-70B_vanill",
}
"""File -> model, called as in the other folders."""

PAIR = {
    "PAIR_result-3-70B-ours": "Llama-3-70B_derta",
    "PAIR_result-3-8B-baseline": "Llama-3-8B_vanill",
    "PAIR_result_gpt-3.5-turbo-0125": "gpt-3.5-turbo-0125",
    "PAIR_result_gpt-4-turbo-2024-04-09": "gpt-4-turbo-2024-04-09",
    "PAIR_result_gpt-llama-3-70B-Instruct": "Llama-3-70B-Instruct",
    "PAIR_result_gpt-llama-3-8B-Instruct": "Llama-3-8B-Instruct",
    "PAIR_result_llama-3-70B-dpo": "Llama-3-70B_dpo",
    "PAIR_result_llama-3-70B-ins-ours": "Llama-3-70B-Instruct_derta",
    "PAIR_result_llama-3-70B-recaug": "Llama-3-70B-recaug",
    "PAIR_result_llama-3-70B-vanilla": "Llama-3-70B_vanill",
    "PAIR_result_llama-3-8B-dpo": "Llama-3-8B_dpo",
    "PAIR_result_llama-3-8B-ours": "Llama-3-8B_derta",
}
"""File -> model, called as in the other folders."""

_SENT = ("Llama-3-70B-Instruct", "Llama-3-8B-Instruct", "gpt-3.5-turbo-0125", "gpt-4-turbo-2024-04-09")
"""Models of which files are called by the attack first."""
_LORA = ("Llama-3-70B-Instruct_derta", "Llama-3-70B_derta", "Llama-3-70B_dpo", "Llama-3-70B_vanill")
_SMALL = ("Llama-3-8B-recaug", "Llama-3-8B_derta", "Llama-3-8B_dpo", "Llama-3-8B_vanill")
DERTA_ATTACKS = {
    "codeattack": ("CodeAttack", "code"),
    "jailbreakchat": ("JailbreakChat", "template"),
    "selfcipher": ("SelfCipher", "cipher"),
}


def _files(attack: str) -> dict[str, str]:
    """The files of an attack -> model, called alike in every folder."""
    tuned = _LORA if attack == "codeattack" else ("Llama-3-70B-recaug", *_LORA)
    small = () if attack == "codeattack" else _SMALL
    return {
        **{f"eval_{attack}_200_{model}": model for model in _SENT},
        **{f"lora_{model}_eval_{attack}_200": model for model in tuned},
        **{f"{model}_eval_{attack}_200": model for model in small},
    }


DERTA_RUNS = {f"{attack}/{file}": model for attack in DERTA_ATTACKS for file, model in _files(attack).items()}
