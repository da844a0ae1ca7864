"Calls of `generate` and its relatives, the same for this library and for the one that recorded them (see data/record_generation.py)."
import torch

IDS = [[5, 17, 23, 8, 17, 23, 8, 40]]
TWO = [[5, 17, 23, 8, 17, 23], [9, 9, 31, 60, 2, 11]]
OTHER = [[44, 71, 3, 12]]

# name -> model, seed (None: no draws), settings; `assistant` and `negative` are replaced by the assistant model and by ids
CALLS = {
    "assisted": dict(assistant=True, max_new_tokens=20),
    "assisted_ends": dict(assistant=True, max_new_tokens=20, eos_token_id=[2, 89, 9]),
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
    "guidance_processors": dict(guidance_scale=1.7, repetition_penalty=1.5, no_repeat_ngram_size=2, max_new_tokens=12),
    "guidance_two": dict(ids=TWO, guidance_scale=1.7, max_new_tokens=12),
    "guidance_two_negative": dict(ids=TWO, guidance_scale=1.7, negative=OTHER * 2, max_new_tokens=12),
    "t5_assisted": dict(model="t5", assistant=True, max_new_tokens=20),
    "t5_assisted_sample": dict(model="t5", assistant=True, seed=6, do_sample=True, max_new_tokens=20),
    "t5_lookup": dict(model="t5", prompt_lookup_num_tokens=3, max_new_tokens=20),
}


def limit(lib, length):
    return lib.StoppingCriteriaList([lib.MaxLengthCriteria(length)])


def beams(ids, n):
    return torch.tensor(ids).repeat_interleave(n, 0)


# the loops by their names: name -> (seed, a function of the library and a model)
BY_NAME = {
    "greedy_search": (None, lambda lib, m: m.greedy_search(
        torch.tensor(TWO), logits_processor=lib.LogitsProcessorList([lib.MinLengthLogitsProcessor(9, 2)]), stopping_criteria=limit(lib, 15))),
    "greedy_search_ends": (None, lambda lib, m: m.greedy_search(torch.tensor(TWO), stopping_criteria=limit(lib, 15), eos_token_id=[2, 31])),
    "sample": (7, lambda lib, m: m.sample(
        torch.tensor(TWO), logits_warper=lib.LogitsProcessorList([lib.TopKLogitsWarper(9), lib.TemperatureLogitsWarper(0.7)]),
        stopping_criteria=limit(lib, 15))),
    "contrastive_search": (None, lambda lib, m: m.contrastive_search(
        torch.tensor(TWO), penalty_alpha=0.6, top_k=4, stopping_criteria=limit(lib, 15))),
    "beam_search": (None, lambda lib, m: m.beam_search(
        beams(TWO, 3), lib.BeamSearchScorer(batch_size=2, num_beams=3, device="cpu"),
        logits_processor=lib.LogitsProcessorList([lib.RepetitionPenaltyLogitsProcessor(1.5)]), stopping_criteria=limit(lib, 15))),
    "beam_search_many": (None, lambda lib, m: m.beam_search(
        beams(TWO, 3), lib.BeamSearchScorer(2, 3, "cpu", length_penalty=0.5, do_early_stopping=True, num_beam_hyps_to_keep=2),
        stopping_criteria=limit(lib, 15), eos_token_id=[2, 31])),
    "beam_sample": (8, lambda lib, m: m.beam_sample(
        beams(TWO, 3), lib.BeamSearchScorer(2, 3, "cpu"), logits_warper=lib.LogitsProcessorList([lib.TopKLogitsWarper(9)]),
        stopping_criteria=limit(lib, 15))),
    "group_beam_search": (None, lambda lib, m: m.group_beam_search(
        beams(TWO, 4), lib.BeamSearchScorer(2, 4, "cpu", num_beam_groups=2, max_length=15),
        logits_processor=lib.LogitsProcessorList([lib.HammingDiversityLogitsProcessor(2.5, num_beams=4, num_beam_groups=2)]),
        stopping_criteria=limit(lib, 15))),
    "constrained_beam_search": (None, lambda lib, m: m.constrained_beam_search(
        beams(TWO, 4), lib.ConstrainedBeamSearchScorer(
            batch_size=2, num_beams=4, device="cpu", constraints=[lib.PhrasalConstraint([50, 14]), lib.PhrasalConstraint([77])]),
        stopping_criteria=limit(lib, 15))),
}


def call_by_name(lib, models, name):
    "The ids of one loop of GPT-2"
    seed, run = BY_NAME[name]
    model = models["gpt2"]
    model.generation_config.pad_token_id = 0
    if seed is not None: torch.manual_seed(seed)
    with torch.no_grad(): return run(lib, model).tolist()


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
