"""Vocabulary of the built-in model: sixteen words in groups that exclude each other.

Each group is one measure of the training pictures: a head that is `turned-left` cannot be `facing`.
"""

from collections.abc import Mapping

GROUPS: Mapping[str, tuple[str, ...]] = {
    "pose": ("facing", "turned-left", "turned-right"),
    "mouth": ("smiling", "serious"),
    "backdrop tone": ("dark-backdrop", "light-backdrop"),
    "backdrop pattern": ("plain-backdrop", "busy-backdrop"),
    "backdrop colour": ("warm-backdrop", "cool-backdrop", "green-backdrop"),
    "clothes": ("dark-clothes", "light-clothes"),
    "side light": ("lit-left", "lit-right"),
}
# The model's own order; prompts keep it, so that the same meaning is always the same prompt.
VOCABULARY: tuple[str, ...] = tuple(word for words in GROUPS.values() for word in words)
GROUP_OF: Mapping[str, str] = {word: group for group, words in GROUPS.items() for word in words}
FIELD_OF_GROUP: Mapping[str, str] = {  # whose say a group is; the pose is nobody's, only words turn the head
    "mouth": "expression",
    "backdrop tone": "backdrop",
    "backdrop pattern": "backdrop",
    "backdrop colour": "backdrop",
    "clothes": "wardrobe",
    "side light": "light",
}
MAX_PROMPT_WORDS = 14  # the text encoder has 16 places, two of them for start and end
