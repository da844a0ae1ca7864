"""The families whose algorithms have pages of their own."""
from vocabularies import byte_bpe, wordpiece

FAMILIES = {
    "BertTokenizer": (wordpiece, {}),
    "BertTokenizerFast": (wordpiece, {}),
    "GPT2Tokenizer": (byte_bpe, {}),
    "GPT2TokenizerFast": (byte_bpe, {}),
}
