"""The user's language: what is said to people, said in it. Nothing is computed here, and nothing computes with it.

The program speaks English. A dictionary beside this module (`ja/*.yml`) holds each of its sentences, English and
translated; what it does not hold is said in English, a user's own rules for example. The language is a property of the
process, as its locale is: whoever owns the terminal says which one it is to be (`speak`), and whoever shows words to a
person says them (`say`). Verdicts, and all that programs read, stay English: in them sentences are `Sentence`s, which
`in_words` says only on their way to a person.
"""

from diagnostics.language.speaking import ENGLISH, LANGUAGES, current, in_words, language_of, say, speak
from engine.sentence import Sentence, listed

__all__ = ["ENGLISH", "LANGUAGES", "Sentence", "current", "in_words", "language_of", "listed", "say", "speak"]
