class GenerationMixin:
    def can_generate(self): return False
