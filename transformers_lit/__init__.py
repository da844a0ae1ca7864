"A complete Transformers library that is also a book."
__version__ = "0.1.0"

from .core.lazy import attach

__getattr__, __dir__ = attach(__name__, {"logging": "transformers_lit.core.logging"})
