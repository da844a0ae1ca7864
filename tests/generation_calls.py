"Calls of `generate` and its relatives, the same for this library and for the one that recorded them (see data/record_generation.py)."
import torch

IDS = [[5, 17, 23, 8, 17, 23, 8, 40]]
TWO = [[5, 17, 23, 8, 17, 23], [9, 9, 31, 60, 2, 11]]
OTHER = [[44, 71, 3, 12]]

# name -> model, seed (None: no draws), settings; `assistant` and `negative` are replaced by the assistant model and by ids
CALLS = {
    "assisted": dict(assistant=True, max_new_tokens=20),
    "assisted_ends": dict(assistant=True, max_new_tokens=20, eos_token_id=[2, 38, 9]),
    "assisted_processors": dict(assistant=True, max_new_tokens=20, repetition_penalty=1.3, min_new_tokens=6, no_repeat_ngram_size=2),
    "assisted_max_length": dict(assistant=True, max_length=11),
    "assisted_sample": dict(assistant=True, seed=0, do_sample=True, max_new_tokens=20),
    "assisted_sample_cool": dict(assistant=True, seed=1, do_sample=True, max_new_tokens=20, temperature=0.6, top_k=20),
    "assisted_sample_nucleus": dict(assistant=True, seed=2, do_sample=True, max_new_tokens=20, top_p=0.8, top_k=0),
    "assisted_constant": dict(assistant=dict(num_assistant_tokens=3, num_assistant_tokens_schedule="constant"), seed=3, do_sample=True, max_new_tokens=20),
    "lookup": dict(prompt_lookup_num_tokens=3, max_new_tokens=20),
    "lookup_sample": dict(prompt_lookup_num_tokens=3, seed=4, do_sample=True, max_new_tokens=20),
    "guidance": dict(guidance_scale=1.7, max_new_tokens=12),
    "guidance_weak": dict(guidance_scale=0.4, max_new_tokens=12),
    "guidance_negative": dict(guidance_scale=2.5, negative=OTHER, max_new_tokens=12),
    "guidance_sample": dict(guidance_scale=1.5, seed=5, do_sample=True, max_new_tokens=12),
    "guidance_two": dict(ids=TWO, guidance_scale=1.7, max_new_tokens=12),
    "guidance_two_negative": dict(ids=TWO, guidance_scale=1.7, negative=OTHER * 2, max_new_tokens=12),
    "t5_assisted": dict(model="t5", assistant=True, max_new_tokens=20),
    "t5_assisted_sample": dict(model="t5", assistant=True, seed=6, do_sample=True, max_new_tokens=20),
    "t5_lookup": dict(model="t5", prompt_lookup_num_tokens=3, max_new_tokens=20),
}


def call(models, name):
    "The ids of one call; `models` has 'gpt2', 'gpt2 assistant' and the like"
    settings = dict(CALLS[name])
    kind, seed, ids = settings.pop("model", "gpt2"), settings.pop("seed", None), torch.tensor(settings.pop("ids", IDS))
    if (assistant := settings.pop("assistant", None)):
        settings["assistant_model"] = models[f"{kind} assistant"]
        defaults = dict(num_assistant_tokens=5, num_assistant_tokens_schedule="heuristic")
        for field, value in {**defaults, **(assistant if isinstance(assistant, dict) else {})}.items():
            setattr(settings["assistant_model"].generation_config, field, value)
    if "negative" in settings: settings["negative_prompt_ids"] = torch.tensor(settings.pop("negative"))
    if seed is not None: torch.manual_seed(seed)
    return models[kind].generate(ids, pad_token_id=0, **settings).tolist()
