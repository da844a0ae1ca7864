"""Whisper: GPT-2's pieces, and behind them the tasks, languages and times."""
import json

from vocabularies import byte_bpe

# languages in the order of LANGUAGES: the reference counts their ids
SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|de|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
           "<|startofprev|>", "<|nocaptions|>", "<|notimestamps|>"]
TIMES = [f"<|{n / 50:.2f}|>" for n in range(1501)]


def files(folder):
    made = byte_bpe(folder, last=[*SPECIAL, *TIMES])
    (folder / "normalizer.json").write_text(json.dumps({"colour": "color", "grey": "gray", "centre": "center"}))
    return made | {"normalizer_file": folder / "normalizer.json"}


OPTIONS = dict(additional_special_tokens=SPECIAL)
BEGIN = 1511  # <|0.00|>
ROW = [1508, 5, 6, 1501, 1502, 1506, BEGIN, 39, 68, 75, BEGIN + 100, BEGIN + 125, 11, 70, 80, BEGIN + 300, 1500]
CALLS = [("get_decoder_prompt_ids", ["transcribe", "english"]), ("get_decoder_prompt_ids", ["translate", "de", False]), ("get_prompt_ids", [" Mr. Quilter", None]),
         ("get_prompt_ids", ["a <|en|>", None]), ("timestamp_ids", []), ("_compute_offsets", [ROW]), ("_decode_with_timestamps", [ROW]),
         ("normalize", ["It's twenty one colours, e.g. grey (um) or $5 and ¢7"]), ("basic_normalize", ["Größe [x], naïve", True]),
         # skip_special_tokens, clean_up, output_offsets, time_precision, decode_with_timestamps, normalize, basic_normalize, remove_diacritics
         *[("decode", [ROW, *options]) for options in ([], [True], [False, None, True], [True, None, True, 0.04, True], [True, None, False, 0.02, False, True],
                                                       [True, None, False, 0.02, False, False, True, True])]]

FAMILIES = {
    "WhisperTokenizer": (files, OPTIONS | dict(language="german", task="translate"), dict(calls=CALLS)),
    "WhisperTokenizerFast": (files, OPTIONS, dict(calls=CALLS)),  # the reference heeds language and task only in from_pretrained
}
